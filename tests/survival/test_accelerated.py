"""Accelerated failure times: a maximum found otherwise, the truth where it was planted, and spells
that a model cannot be fitted to.
"""

import numpy as np
import polars as pl
import pytest
from lifelines.datasets import load_rossi
from scipy.optimize import minimize
from scipy.special import expit, ndtr

from evalkit import survival
from evalkit.errors import EstimationError

SPELL = {"time": "week", "event": "arrest"}
SAME = 2e-5  # where the two minimisers stop, in log time ratios
FAMILIES = ("weibull", "log_normal", "log_logistic")
# Share still there at a time, by family, of the log time less its location, and of the log shape.
STILL_THERE = {
    "weibull": lambda z, shape: np.exp(-np.exp(z * np.exp(shape))),
    "log_normal": lambda z, shape: ndtr(-z / np.exp(shape)),
    "log_logistic": lambda z, shape: expit(-z * np.exp(shape)),
}


@pytest.fixture(scope="module")
def rossi() -> pl.DataFrame:
    late = pl.col("week") > 20
    return pl.from_pandas(load_rossi()).with_columns(
        entry=pl.when(late & (pl.col("age") > 30)).then(10).otherwise(0),
        people=1 + pl.col("prio") % 3,
    )


def log_likelihood(point, rows: pl.DataFrame, names, family, entry, weight) -> float:
    """Of ends within a week, of those who had stayed to their entry."""
    x = np.column_stack([np.ones(rows.height), rows.select(names).cast(pl.Float64).to_numpy()])
    place, shape = x @ point[:-1], point[-1]

    def stay(times):
        with np.errstate(divide="ignore"):
            return STILL_THERE[family](np.log(times) - place, shape)

    end, left = rows["week"].to_numpy().astype(float), rows["arrest"].to_numpy() == 1
    chance = np.where(left, stay(end - 1) - stay(end), stay(end))
    weights = rows[weight].to_numpy() if weight else np.ones(rows.height)
    before = stay(rows[entry].to_numpy().astype(float)) if entry else 1.0
    return float((weights * (np.log(chance) - np.log(before))).sum())


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("more", [{}, {"entry": "entry"}, {"weight": "people"}])
def test_the_maximum_is_that_of_another_minimiser(rossi, family, more):
    names = ["fin", "age"]
    fit = survival.accelerated_failure_time(rossi, **SPELL, covariates=names, family=family, **more)

    found = np.array(
        [fit.parameters["estimate"][0], *fit.terms["estimate"], fit.parameters["estimate"][1]]
    )
    asked = (rossi, names, family, more.get("entry"), more.get("weight"))
    other = minimize(
        lambda point: -log_likelihood(point, *asked),
        found + 0.05,
        method="Nelder-Mead",
        options={"xatol": 1e-8, "fatol": 1e-11, "maxiter": 20_000, "maxfev": 20_000},
    )

    np.testing.assert_allclose(found, other.x, atol=SAME)
    if not more:
        assert fit.log_likelihood == pytest.approx(-other.fun, abs=1e-6)
        assert fit.aic == pytest.approx(2 * 4 + 2 * other.fun, abs=1e-5)


def test_errors_are_those_of_the_curvature(rossi):
    names = ["fin", "age"]
    fit = survival.accelerated_failure_time(rossi, **SPELL, covariates=names)
    point = np.array(
        [fit.parameters["estimate"][0], *fit.terms["estimate"], fit.parameters["estimate"][1]]
    )
    step = 1e-4 * np.eye(4)

    def curve(a, b):
        ends = [
            log_likelihood(point + s * step[a] + t * step[b], rossi, names, "weibull", None, None)
            for s, t in ((1, 1), (1, -1), (-1, 1), (-1, -1))
        ]
        return (ends[0] - ends[1] - ends[2] + ends[3]) / (4 * 1e-8)

    information = -np.array([[curve(a, b) for b in range(4)] for a in range(4)])
    errors = np.sqrt(np.diag(np.linalg.inv(information)))[1:3]

    np.testing.assert_allclose(fit.terms["std_error"], errors, rtol=1e-3)
    np.testing.assert_allclose(np.sqrt(np.diag(fit.covariance)), fit.terms["std_error"])


def test_a_weight_of_two_is_two_people_in_the_estimate(rossi):
    twice = pl.concat([rossi, rossi.filter(pl.col("people") == 2)])
    doubled = rossi.with_columns(w=pl.when(pl.col("people") == 2).then(2).otherwise(1))

    by_rows = survival.accelerated_failure_time(twice, **SPELL, covariates="fin + age")
    by_weight = survival.accelerated_failure_time(
        doubled, **SPELL, covariates="fin + age", weight="w"
    )

    np.testing.assert_allclose(by_weight.terms["estimate"], by_rows.terms["estimate"], atol=SAME)


def test_errors_by_cluster_are_those_of_people_counted_twice(rossi):
    """Each person's row twice in one cluster: the estimate and its error of each row once."""
    people = rossi.with_row_index("person")
    asked = {**SPELL, "covariates": "fin + age", "family": "log_normal", "cluster": "person"}

    once = survival.accelerated_failure_time(people, **asked)
    twice = survival.accelerated_failure_time(pl.concat([people, people]), **asked)
    by_weight = survival.accelerated_failure_time(
        people.with_columns(two=pl.lit(2)), **asked, weight="two"
    )

    for other in (twice, by_weight):
        np.testing.assert_allclose(other.terms["std_error"], once.terms["std_error"], rtol=1e-4)


def test_the_sandwich_is_that_of_lifelines(rossi):
    import lifelines

    rows = rossi.head(150).select("week", "arrest", "fin", "age").to_pandas()
    rows["lower"] = rows["week"] - rows["arrest"]
    rows["upper"] = np.where(rows["arrest"] == 1, rows["week"], np.inf)
    other = lifelines.LogNormalAFTFitter().fit_interval_censoring(
        rows[["lower", "upper", "fin", "age"]],
        *("lower", "upper"),
        robust=True,
        fit_options={"gtol": 1e-7},
    )

    fit = survival.accelerated_failure_time(
        rows.reset_index(),
        **SPELL,
        covariates=["fin", "age"],
        family="log_normal",
        cluster="index",
    )

    theirs = other.standard_errors_[[("mu_", "fin"), ("mu_", "age")]]
    np.testing.assert_allclose(fit.terms["std_error"], theirs, rtol=1e-4)


def test_a_planted_ratio_of_times_is_found_with_its_formula():
    draw = np.random.default_rng(20)
    age, trained = draw.uniform(20, 60, 8_000), draw.random(8_000) < 0.5
    home = np.array(["north", "south", "east"])[draw.integers(3, size=8_000)]
    times = 20 * 0.7**trained * np.exp(0.01 * (age - 40)) * 1.3 ** (home == "south")
    months = np.ceil(times * draw.weibull(1.4, 8_000))
    spells = pl.DataFrame(
        {
            "months": np.minimum(months, 36).astype(int),
            "ended": months <= 36,
            "age": age,
            "trained": trained,
            "home": home,
        }
    )

    fit = survival.accelerated_failure_time(
        spells, time="months", event="ended", covariates=["trained", "age", "home"]
    )

    terms = {row["term"]: row for row in fit.table.to_dicts()}
    planted = {"trained": np.log(0.7), "age": 0.01, "home: south": np.log(1.3), "home: north": 0}
    for term, truth in planted.items():
        # Four errors: a false alarm in one of 4 000 such tests.
        assert abs(terms[term]["estimate"] - truth) < 4 * terms[term]["std_error"]
    assert terms["trained"]["time_ratio"] == pytest.approx(0.7, abs=0.05)
    assert "Time ratios (weibull): 8,000 spells" in fit.headline
    assert "data:image/svg+xml" in fit.plot(title="Longer")._repr_html_()


BAD = {
    "a family that is not known": ({"family": "gompertz"}, "family"),
    "half months": ({"time": "half"}, "not whole months"),
    "a constant": ({"covariates": ["fin", "one"]}, "one"),
    "twice the same": ({"covariates": ["fin", "again"]}, "again"),
    "causes": ({"event": "cause"}, "cause"),
    "nobody leaves": ({"event": "never"}, "0 ends"),
    "no such column": ({"covariates": ["fim"]}, "fim"),
}


@pytest.mark.parametrize("fault", BAD)
def test_what_cannot_be_fitted_is_said_in_four_lines(rossi, fault, four_lines):
    asked, word = BAD[fault]
    rows = rossi.with_columns(
        half=pl.col("week") - 0.5,
        one=pl.lit(1),
        again=2 * pl.col("fin"),
        never=pl.lit(False),
        cause=pl.when(pl.col("arrest") == 1).then(
            pl.when(pl.col("age") > 25).then(pl.lit("a")).otherwise(pl.lit("b"))
        ),
    )

    with pytest.raises(EstimationError) as refusal:
        survival.accelerated_failure_time(rows, **SPELL | {"covariates": ["fin"]} | asked)

    assert word in " ".join(four_lines(refusal.value))
