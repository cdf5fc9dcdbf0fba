"""The check of proportional hazards: against lifelines, and on data with a known drift."""

import numpy as np
import polars as pl
import pytest

from evalkit.errors import EstimationError
from evalkit.survival import proportional_hazards_test

AGREES = 1e-4  # relative; lifelines stops its Newton steps earlier and centres covariates otherwise
COLUMNS = {"time": "months", "event": "ended", "covariates": ["x", "z"]}


@pytest.fixture(scope="module")
def drifting() -> pl.DataFrame:
    """The hazard ratio of x falls after time 1; that of z stays. Times without ties."""
    rng = np.random.default_rng(12)
    n = 1500
    x, z = (rng.integers(0, 2, n) for _ in range(2))
    early = rng.exponential(1 / (0.5 * np.exp(1.0 * x + 0.5 * z)))
    late = 1 + rng.exponential(1 / (0.5 * np.exp(-0.5 * x + 0.5 * z)))
    leaves = np.where(early < 1, early, late)
    months = np.minimum(leaves, 4.0)
    return pl.DataFrame(
        {"months": months, "ended": leaves < 4, "x": x, "z": z, "group": rng.integers(0, 2, n)}
    )


@pytest.mark.parametrize("transform", ["rank", "identity", "log"])
def test_statistics_agree_with_lifelines(transform, drifting):
    from lifelines import CoxPHFitter
    from lifelines.statistics import proportional_hazard_test

    theirs = drifting.select("months", "ended", "x", "z").to_pandas()
    fitted = CoxPHFitter().fit(theirs, "months", "ended")
    expected = proportional_hazard_test(fitted, theirs, time_transform=transform).summary

    table = proportional_hazards_test(drifting, **COLUMNS, transform=transform)

    assert table["statistic"].to_list()[:2] == pytest.approx(
        expected["test_statistic"].loc[["x", "z"]].tolist(), rel=AGREES
    )
    assert table["p_value"].to_list()[:2] == pytest.approx(
        expected["p"].loc[["x", "z"]].tolist(), rel=1e-2, abs=1e-12
    )


def test_drift_is_found_where_it_is_and_not_elsewhere(drifting):
    table = proportional_hazards_test(drifting, **COLUMNS)

    p_values = dict(table.select("term", "p_value").iter_rows())
    assert p_values["x"] < 1e-6 < 0.01 < p_values["z"]
    assert p_values["all terms"] < 1e-6
    assert table["slope"][0] < 0


def test_one_covariate_and_all_terms_are_the_same_test(drifting):
    table = proportional_hazards_test(drifting, **COLUMNS | {"covariates": ["x"]})

    assert table["statistic"][0] == pytest.approx(table["statistic"][1], rel=1e-12)


def test_weights_of_two_are_rows_twice_with_breslow_ties(drifting):
    # Efron's formula depends on the number of tied rows, Breslow's does not.
    weighted = proportional_hazards_test(
        drifting.with_columns(w=pl.lit(2.0)),
        **COLUMNS,
        weight="w",
        ties="breslow",
        transform="identity",
    )

    twice = proportional_hazards_test(
        pl.concat([drifting, drifting]), **COLUMNS, ties="breslow", transform="identity"
    )

    assert weighted["statistic"].to_list() == pytest.approx(twice["statistic"].to_list(), rel=1e-9)


def test_tied_ends_give_the_same_answer_in_any_order(drifting):
    in_steps = drifting.with_columns(months=pl.col("months").mul(4).ceil())

    shuffled = proportional_hazards_test(
        in_steps.sample(fraction=1, shuffle=True, seed=1), **COLUMNS
    )

    assert shuffled["statistic"].to_list() == pytest.approx(
        proportional_hazards_test(in_steps, **COLUMNS)["statistic"].to_list(), rel=1e-9
    )


def test_strata_and_entry_are_accepted(drifting):
    table = proportional_hazards_test(
        drifting.with_columns(entry=0.0), **COLUMNS, strata=["group"], entry="entry"
    )

    assert table["statistic"].is_finite().all()


def test_an_unknown_scale_is_refused(drifting, four_lines):
    with pytest.raises(EstimationError) as refusal:
        proportional_hazards_test(drifting, **COLUMNS, transform="cubic")

    assert four_lines(refusal.value)[1] == "transform = cubic"


@pytest.mark.parametrize("transform", ["rank", "identity", "log"])
def test_ends_at_one_time_are_refused(transform, four_lines):
    spells = pl.DataFrame(
        {"months": [1, 1, 2, 2], "ended": [True, True, False, False], "x": [0.0, 1.0, 0.0, 1.0]}
    )

    with pytest.raises(EstimationError) as refusal:
        proportional_hazards_test(
            spells, time="months", event="ended", covariates=["x"], transform=transform
        )

    assert four_lines(refusal.value)[1] == 'column "months": all ends fall on one time'
