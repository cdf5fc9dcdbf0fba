"""Curves beyond the follow-up: what is known in closed form, a maximum found otherwise, and truths
that nobody is followed long enough to see.
"""

import numpy as np
import polars as pl
import pytest
from scipy.optimize import minimize

from evalkit import survival
from evalkit.errors import EstimationError

FIT = 2e-4  # lifelines stops where the likelihood is flat to about this, in shares and parameters
EXACT = 1e-10  # sums of a few floats
SAMPLING = 0.6  # months to month 120, of 20 000 spells followed for 36
SPELLS = {"time": "months", "event": "ended"}


def spells(*rows, **columns) -> pl.DataFrame:
    """Rows of (months, ended), with more columns beside."""
    return pl.DataFrame(list(rows), schema=["months", "ended"], orient="row").with_columns(
        **{name: pl.Series(values) for name, values in columns.items()}
    )


FEW = spells((1, True), (1, True), (2, False), (3, True), (4, True), (5, False), (6, True))


def curve(curves: pl.DataFrame, family: str) -> np.ndarray:
    return curves.filter(pl.col("family") == family)["estimate"].to_numpy()


def drawn(times: np.ndarray, last: int) -> pl.DataFrame:
    """Spells of these lengths, followed to the last month."""
    months = np.ceil(times)
    return pl.DataFrame({"months": np.minimum(months, last).astype(int), "ended": months <= last})


def test_an_exponential_leaves_ends_over_months_at_risk_each_month():
    fitted = survival.parametric_curves(FEW, **SPELLS, horizons=[12], families=["exponential"])

    # 5 ends in 1 + 1 + 2 + 3 + 4 + 5 + 6 = 22 months at risk.
    stay = 1 - 5 / 22
    assert curve(fitted.curves, "exponential") == pytest.approx(stay ** np.arange(13), abs=FIT)
    months = fitted.months.filter(pl.col("family") == "exponential")["estimate"].item()
    assert months == pytest.approx((1 - stay**12) / (1 - stay), abs=10 * FIT)
    assert fitted.criteria["log_likelihood"].item() == pytest.approx(
        5 * np.log(1 - stay) + 17 * np.log(stay), abs=FIT
    )


def test_entry_and_weights_count_in_an_exponential():
    rows = FEW.with_columns(
        entry=pl.Series([0, 0, 1, 0, 2, 3, 0]), w=pl.Series([1, 2, 1, 3] + [1] * 3)
    )

    fitted = survival.parametric_curves(
        rows, **SPELLS, entry="entry", weight="w", horizons=[4], families=["exponential"]
    )

    # Ends 1 + 2 + 3 + 1 + 1 = 8; months at risk 1 + 2 + 1 + 9 + 2 + 2 + 6 = 23.
    assert curve(fitted.curves, "exponential") == pytest.approx((15 / 23) ** np.arange(5), abs=FIT)


def test_weibull_is_where_the_grouped_likelihood_is_highest():
    rows = drawn(np.random.default_rng(7).weibull(0.7, 400) * 9, last=24)
    months, ended = rows["months"].to_numpy(), rows["ended"].to_numpy()

    def stay(log_scale: float, log_shape: float, time: np.ndarray) -> np.ndarray:
        return np.exp(-((time / np.exp(log_scale)) ** np.exp(log_shape)))

    def loss(at: np.ndarray) -> float:
        left = stay(*at, months - 1) - stay(*at, months)
        return -np.log(np.where(ended, left, stay(*at, months))).sum()

    best = minimize(loss, [2.0, 0.0], method="Nelder-Mead", options={"xatol": 1e-9, "fatol": 1e-9})
    fitted = survival.parametric_curves(rows, **SPELLS, horizons=[60], families=["weibull"])

    assert curve(fitted.curves, "weibull") == pytest.approx(stay(*best.x, np.arange(61)), abs=FIT)
    assert fitted.criteria["aic"].item() == pytest.approx(2 * best.fun + 4, abs=FIT)
    assert fitted.criteria["bic"].item() == pytest.approx(2 * best.fun + 2 * np.log(400), abs=FIT)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("family", "draw", "share"),
    [
        (
            "log_normal",
            lambda rng, n: np.exp(2 + 1.2 * rng.standard_normal(n)),
            lambda t: 1 - _normal((np.log(t) - 2) / 1.2),
        ),
        (
            "log_logistic",
            lambda rng, n: 8 * (1 / rng.uniform(size=n) - 1) ** (1 / 1.4),
            lambda t: 1 / (1 + (t / 8) ** 1.4),
        ),
    ],
)
def test_the_family_that_is_true_fits_best_and_goes_on_truly(family, draw, share):
    rows = drawn(draw(np.random.default_rng(3), 20_000), last=36)
    truth = 1 + share(np.arange(1, 120)).sum()

    fitted = survival.parametric_curves(
        rows,
        **SPELLS,
        horizons=[120],
        families=["exponential", "weibull", "log_normal", "log_logistic"],
    )

    best = fitted.criteria.filter(pl.col("aic_above_best") == 0)["family"].item()
    months = dict(fitted.months.select("family", "estimate").iter_rows())
    assert best == family
    assert months[family] == pytest.approx(truth, abs=SAMPLING)
    assert abs(months["exponential"] - truth) > 2 * SAMPLING


def _normal(z: np.ndarray) -> np.ndarray:
    from scipy.special import ndtr

    return ndtr(z)


@pytest.mark.slow
def test_every_family_follows_what_is_observed_where_data_are_plenty():
    rows = drawn(np.random.default_rng(5).weibull(1.0, 20_000) * 10, last=36)

    fitted = survival.parametric_curves(rows, **SPELLS, horizons=[36])

    # Exponential times are within all families but these two.
    within = fitted.criteria.filter(~pl.col("family").is_in(["log_normal", "log_logistic"]))
    observed = curve(fitted.curves, "observed")
    for family in within["family"]:
        assert curve(fitted.curves, family) == pytest.approx(observed, abs=0.01), family


@pytest.mark.parametrize("shape", [0.6, 1.5])
def test_a_wider_family_fits_at_least_as_well_as_one_that_it_holds(shape):
    rows = drawn(np.random.default_rng(11).weibull(shape, 500) * 12, last=30)

    criteria = survival.parametric_curves(rows, **SPELLS, horizons=[30]).criteria

    fit = dict(criteria.select("family", "log_likelihood").iter_rows())
    assert fit["weibull"] >= fit["exponential"] - FIT
    assert fit["spline"] >= fit["weibull"] - FIT
    assert fit["generalised_gamma"] >= max(fit["weibull"], fit["log_normal"]) - FIT


def test_observed_months_are_those_of_the_restricted_mean():
    rows = FEW.with_columns(w=pl.Series([1.0, 2, 0.5, 1, 1, 3, 1]))

    fitted = survival.parametric_curves(
        rows, **SPELLS, weight="w", horizons=[3, 6, 9], families=["exponential"]
    )

    mean = survival.restricted_mean(rows, **SPELLS, weight="w", horizon=6)["estimate"].item()
    observed = fitted.months.filter(pl.col("family") == "observed")
    assert observed["horizon"].to_list() == [3, 6]
    assert observed["estimate"][1] == pytest.approx(mean, abs=EXACT)


def test_groups_are_fitted_apart_whatever_the_size_of_their_weights():
    groups = pl.concat(
        [FEW.with_columns(arm=pl.lit(arm), w=pl.lit(w)) for arm, w in (("a", 1.0), ("b", 9.0))]
    )
    groups = groups.filter((pl.col("arm") == "a") | (pl.col("months") > 1))

    both = survival.parametric_curves(
        groups, **SPELLS, weight="w", by=["arm"], horizons=[12], families=["weibull"]
    )
    alone = survival.parametric_curves(
        groups.filter(pl.col("arm") == "b"), **SPELLS, horizons=[12], families=["weibull"]
    )

    of_b = both.curves.filter(pl.col("arm") == "b").drop("arm")
    assert curve(of_b, "weibull") == pytest.approx(curve(alone.curves, "weibull"), abs=FIT)
    assert both.criteria.filter(pl.col("arm") == "b")["aic"].item() == pytest.approx(
        alone.criteria["aic"].item(), abs=FIT
    )


def test_a_lazy_table_gives_the_same_curves():
    fitted = [
        survival.parametric_curves(table, **SPELLS, horizons=[12], families=["log_normal"])
        for table in (FEW, FEW.lazy())
    ]

    assert fitted[0].curves.equals(fitted[1].curves)


def test_too_few_ends_for_a_family_give_no_curve():
    rows = spells((1, True), (2, True), (5, False), (6, False))

    fitted = survival.parametric_curves(
        rows, **SPELLS, horizons=[12], families=["exponential", "weibull", "spline"]
    )

    assert fitted.criteria["aic"].is_null().to_list() == [False, True, True]
    assert set(fitted.curves["family"]) == {"observed", "exponential"}


@pytest.mark.parametrize(
    ("rows", "options", "what"),
    [
        (spells((1.5, True), (2.0, True)), {}, "1 times are not whole months"),
        (FEW, {"horizons": [0]}, "horizons are not whole months"),
        (FEW, {"horizons": []}, "horizons are not whole months"),
        (FEW, {"families": ["gompertz"]}, "has a value that is not known"),
        (spells((1, "work"), (2, None)), {}, "names of causes"),
        (spells((0, True), (2, True)), {}, "end at time zero or before"),
    ],
)
def test_what_cannot_be_fitted_is_refused(rows, options, what):
    with pytest.raises(EstimationError, match=what):
        survival.parametric_curves(rows, **SPELLS, **({"horizons": [12]} | options))


def test_a_difference_goes_on_by_family_beside_the_declared_half_life():
    time = np.arange(13)
    shares = {
        ("a", "observed"): np.where(time <= 6, 0.9**time, np.nan),
        ("b", "observed"): np.where(time <= 6, 0.8**time, np.nan),
        ("a", "weibull"): 0.9**time,
        ("b", "weibull"): 0.8**time,
    }
    curves = pl.concat(
        pl.DataFrame({"arm": [arm] * 13, "family": [family] * 13, "time": time, "estimate": share})
        for (arm, family), share in shares.items()
    ).filter(pl.col("estimate").is_not_nan())

    table = survival.difference_beyond(
        curves, group="arm", reference="b", from_month=6, half_life_months=3
    )

    start = 0.9**6 - 0.8**6
    later = np.arange(1, 7)
    went_on = 0.9 ** (6 + later) - 0.8 ** (6 + later)
    declared, weibull = table.to_dicts()
    assert (declared["family"], declared["half_life_months"]) == ("declared", 3)
    assert declared["estimate"] == pytest.approx(start, abs=EXACT)
    assert declared["months_beyond"] == pytest.approx((start * 2 ** (-later / 3)).sum(), abs=EXACT)
    # 0.27 in month 6, and still 0.21 in month 12.
    assert weibull["half_life_months"] is None
    assert weibull["months_beyond"] == pytest.approx(went_on.sum(), abs=EXACT)


def test_half_of_a_difference_is_left_in_the_month_that_is_named():
    time = np.arange(25)
    curves = pl.concat(
        pl.DataFrame({"arm": arm, "family": "weibull", "time": time, "estimate": share})
        for arm, share in (
            ("a", np.where(time < 4, 1 - time / 5, 0.4 * 2.0 ** (-(time - 3) / 5))),
            ("b", 0.0 * time),
        )
    )

    table = survival.difference_beyond(
        curves, group="arm", reference="b", from_month=3, half_life_months=np.inf
    )

    assert table["half_life_months"].to_list() == [5]


@pytest.mark.parametrize(
    ("options", "what"),
    [
        ({"reference": "c"}, "reference is not among the groups"),
        ({"from_month": 12}, "follow-up ends outside the curves"),
    ],
)
def test_a_difference_that_cannot_be_followed_is_refused(options, what):
    rows = pl.concat([FEW.with_columns(arm=pl.lit(arm)) for arm in "ab"])
    fitted = survival.parametric_curves(
        rows, **SPELLS, by=["arm"], horizons=[12], families=["exponential"]
    )
    asked = {"group": "arm", "reference": "a", "from_month": 6, "half_life_months": 36}

    with pytest.raises(EstimationError, match=what):
        survival.difference_beyond(fitted.curves, **(asked | options))
