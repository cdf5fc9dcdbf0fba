"""The traps that other tools fall into (each with the tool and the symptom in the first column),
and the test that would find us in it.

trap                                                     test
lifelines moves tied ends past censorings
test_ties_at_the_horizon_are_counted_exactly an answer that depends on the seed or the sample size
test_the_same_shares_at_any_size R survival 3.5 ignores clusters with several causes
test_clusters_widen_errors_of_causes_too weights that vary inside a cluster (R, older versions)
test_weights_that_vary_inside_a_cluster_enter_row_by_row
                                                         test_jackknife_error_is_the_derivative_by_the_persons_weight
R survival 3.5 treats an estimated start as known
test_estimated_start_is_not_treated_as_known
                                                         test_estimated_start_has_the_error_of_a_share
weights of people taken for numbers of rows
test_doubling_all_weights_leaves_errors_alone no errors with weights (statsmodels)
test_weighted_causes_have_errors meaning of entry (lifelines, scikit-survival)
test_a_row_is_first_at_risk_in_the_month_after_its_entry
                                                         test_a_spell_split_in_two_rows_counts_once
a start in the month of an exit (order inside a month)
test_an_exit_in_the_month_of_a_start_belongs_to_the_row_before_the_start other variances differ in
the third digit (comprisk)     test_greenwood_and_jackknife_agree_when_every_row_stands_for_itself
Efron on heavily tied months
test_cloglog_recovers_the_hazard_ratio_where_ties_are_heavy quadratic cost in ties (R, lifelines:
Cox with clusters) test_clustered_cox_with_heavy_ties_is_quick negative or zero durations, exit
before entry, undeclared causes, negative weights, no spells           test_spell_columns all
censored, one person, zero weights                   test_curves
"""

import re
import time
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from evalkit.survival import (
    aalen_johansen,
    cox,
    discrete_hazard,
    kaplan_meier,
    state_occupation,
    time_lost,
)

EXACT = 1e-12
STEP = 1e-5  # of a numerical derivative; its own error is about the square
MONTE_CARLO = 4  # standard errors
SAME_FIT = 1e-7  # years times slopes lose that much where the sandwich adds up


def make(n: int, rng: np.random.Generator, horizon: int = 12) -> pl.DataFrame:
    leaves = rng.geometric(0.08, n)
    cause = pl.Series(rng.choice(["studies", "work"], n).tolist())
    spells = pl.DataFrame(
        {
            "months": np.minimum(leaves, horizon),
            "person": rng.integers(0, n // 2, n),
            "w": rng.uniform(0.5, 2, n),
        }
    )
    return spells.with_columns(cause=pl.when(pl.Series(leaves <= horizon)).then(cause))


@pytest.fixture(scope="module")
def spells() -> pl.DataFrame:
    return make(4000, np.random.default_rng(3))


def test_every_trap_of_the_list_has_its_test():
    folder = Path(__file__).parents[1]
    written = {
        name
        for file in folder.glob("*/test_*.py")
        for name in (file.stem, *re.findall(r"^def (test_\w+)", file.read_text(), re.M))
    }

    assert set(re.findall(r"test_\w+", __doc__)) <= written


def test_ties_at_the_horizon_are_counted_exactly(spells):
    # Everybody still there is censored in month 12, in which others leave: without earlier
    # censoring the shares are plain shares.
    curves = aalen_johansen(spells, time="months", event="cause")

    shares = [(spells["cause"] == cause).sum() / spells.height for cause in ("studies", "work")]
    assert curves.filter(pl.col("time") == 12)["estimate"].to_list() == pytest.approx(
        shares, abs=EXACT
    )


def test_the_same_shares_at_any_size(spells):
    once = aalen_johansen(spells[:200], time="months", event="cause")

    often = aalen_johansen(pl.concat([spells[:200]] * 300), time="months", event="cause")

    assert often["estimate"].to_list() == pytest.approx(once["estimate"].to_list(), abs=EXACT)


def test_clusters_widen_errors_of_causes_too(spells):
    twins = pl.concat([spells, spells])

    clustered = aalen_johansen(
        twins.with_row_index("row").with_columns(twin=pl.col("row") % spells.height),
        time="months",
        event="cause",
        cluster="twin",
    )

    alone = aalen_johansen(spells, time="months", event="cause")
    assert clustered["std_error"].to_list() == pytest.approx(
        alone["std_error"].to_list(), abs=EXACT
    )
    assert (
        aalen_johansen(twins, time="months", event="cause")["std_error"][5]
        < 0.8 * clustered["std_error"][5]
    )


def test_weights_that_vary_inside_a_cluster_enter_row_by_row(spells):
    few = spells[:60].with_columns(person=pl.int_range(60) // 3)
    curves = aalen_johansen(few, time="months", event="cause", weight="w", cluster="person")

    slopes = []
    for person in range(20):
        heavier, lighter = (
            aalen_johansen(
                few.with_columns(
                    w=pl.when(person=person).then(pl.col("w") * factor).otherwise("w")
                ),
                time="months",
                event="cause",
                weight="w",
            )["estimate"]
            for factor in (1 + STEP, 1 - STEP)
        )
        slopes.append((heavier - lighter).to_numpy() / (2 * STEP))

    assert np.sqrt((np.array(slopes) ** 2).sum(axis=0)) == pytest.approx(
        curves["std_error"].fill_null(0).to_numpy(), abs=STEP
    )


def test_estimated_start_is_not_treated_as_known():
    stays = pl.DataFrame(
        {
            "person": range(100),
            "start": 0,
            "stop": 2,
            "now": ["support"] * 70 + ["work"] * 30,
            "next": ["work"] * 20 + [None] * 80,
        }
    )
    columns = {
        "id": "person",
        "start": "start",
        "stop": "stop",
        "from_state": "now",
        "to_state": "next",
    }

    errors = {
        p0: state_occupation(stays, **columns, p0=p0)
        .filter(state="work", time=0)["std_error"]
        .item()
        for p0 in ("fixed", "estimated")
    }

    assert errors == {"fixed": 0.0, "estimated": pytest.approx(np.sqrt(0.3 * 0.7 / 100), abs=EXACT)}


def test_a_row_is_first_at_risk_in_the_month_after_its_entry():
    late = pl.DataFrame(
        {"months": [2, 2, 3, 3], "entry": [0, 0, 0, 2], "ended": [True, False, True, False]}
    )

    curve = kaplan_meier(late, time="months", event="ended", entry="entry")

    assert curve["n_at_risk"].to_list() == [3, 3, 3, 2]
    assert curve["estimate"].to_list() == pytest.approx([1, 1, 2 / 3, 1 / 3], abs=EXACT)


def test_an_exit_in_the_month_of_a_start_belongs_to_the_row_before_the_start():
    # Left in month 3, in which an intervention was to begin: events come first, so nothing was
    # started. Another began at 3 and left in 4.
    rows = pl.DataFrame(
        {
            "entry": [0, 0, 3, 0],
            "months": [3, 3, 4, 4],
            "trained": [0, 0, 1, 0],
            "ended": [True, False, True, False],
        }
    )

    curves = kaplan_meier(rows, time="months", event="ended", entry="entry", by=["trained"])

    at_three = curves.filter(time=3).select("trained", "n_at_risk", "n_events")
    assert at_three.rows() == [(0, 3, 1), (1, 0, 0)]


def test_doubling_all_weights_leaves_errors_alone(spells):
    single = aalen_johansen(spells, time="months", event="cause", weight="w")

    doubled = aalen_johansen(
        spells.with_columns(pl.col("w") * 2), time="months", event="cause", weight="w"
    )

    assert doubled["std_error"].to_list() == pytest.approx(single["std_error"].to_list(), abs=EXACT)


def test_weighted_causes_have_errors(spells):
    curves = aalen_johansen(spells, time="months", event="cause", weight="w")

    assert (curves.filter(pl.col("time") > 0)["std_error"] > 0).all()


def test_greenwood_and_jackknife_agree_when_every_row_stands_for_itself(spells):
    censored = spells.with_columns(cause=pl.when(pl.int_range(pl.len()) % 3 > 0).then("cause"))

    errors = [
        aalen_johansen(censored, time="months", event="cause", variance=kind)["std_error"]
        for kind in ("greenwood", "robust")
    ]

    lost = [
        time_lost(censored, time="months", event="cause", horizon=[3, 9], variance=kind)[
            "std_error"
        ]
        for kind in ("greenwood", "robust")
    ]
    assert errors[0].to_list() == pytest.approx(errors[1].to_list(), abs=EXACT)
    assert lost[0].to_list() == pytest.approx(lost[1].to_list(), abs=EXACT)


def test_cloglog_recovers_the_hazard_ratio_where_ties_are_heavy():
    rng = np.random.default_rng(8)
    x = rng.integers(0, 2, 20_000)
    months = np.ceil(rng.exponential(1 / (0.8 * np.exp(0.7 * x)))).astype(int)
    table = pl.DataFrame({"months": np.minimum(months, 4), "ended": months <= 4, "x": x})

    fit = discrete_hazard(
        table,
        time="months",
        event="ended",
        covariates=["x"],
        link="cloglog",
        band_starts=(1, 2, 3, 4),
    )

    row = fit.terms.filter(term="x")
    assert abs(row["estimate"].item() - 0.7) < MONTE_CARLO * row["std_error"].item()


@pytest.mark.parametrize("cluster", [None, "person"])
def test_discrete_hazard_of_years_is_that_of_years_from_their_middle(cluster):
    """Who is pensioned is told by the year of birth almost alone: a steep slope, whose intercept at
    year 0 is hundreds away from every month's.
    """
    rng = np.random.default_rng(11)
    years = rng.integers(1950, 2003, 4_000)
    table = make(4_000, rng).with_columns(year=pl.Series(years), middle=pl.Series(years - 1977))
    is_old = (pl.col("year") < 1960) & pl.col("cause").is_not_null()
    table = table.with_columns(cause=pl.when(is_old).then(pl.lit("pension")).otherwise("cause"))
    asked = {"time": "months", "event": "cause", "cluster": cluster, "band_starts": (1, 6)}

    of_years = discrete_hazard(table, **asked, covariates=["year"])
    of_middle = discrete_hazard(table, **asked, covariates=["middle"])

    slopes = [fit.terms[2::3].select("estimate", "std_error") for fit in (of_years, of_middle)]
    assert np.allclose(*slopes, rtol=SAME_FIT, atol=0)
    assert of_years.log_likelihood == pytest.approx(of_middle.log_likelihood, rel=SAME_FIT)


def test_clustered_cox_with_heavy_ties_is_quick():
    table = make(50_000, np.random.default_rng(9)).with_columns(
        x=pl.int_range(pl.len()) % 2, ended=pl.col("cause").is_not_null()
    )
    begin = time.process_time()

    cox(table, time="months", event="ended", covariates=["x"], weight="w", cluster="person")

    # Tools whose cost grows with rows times ties need minutes here.
    assert time.process_time() - begin < 5
