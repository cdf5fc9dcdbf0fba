"""How many are expected, and how often the limits hold: by hand, and in registers whose rates are
known.
"""

import numpy as np
import pytest
from scipy import stats

from evalkit.monitoring.forecasts.predictive import Prediction, predict

LEVELS = (0.5, 0.8, 0.95)
N_MONTHS = 96
GAP = 2
# Of the cities of a proof; limits hold within so many standard errors of the share of cities.
N_CITIES = 120
N_ERRORS = 4


def test_what_never_changes_is_told_exactly():
    counts = np.array([[30.0] * N_MONTHS, [10.0] * N_MONTHS, [20.0] * N_MONTHS])

    told = predict(counts, windows=(3, 12), gap=GAP, of_city=0)

    assert told[3].mean == pytest.approx([90, 30, 60])
    assert told[12].mean == pytest.approx([360, 120, 240])
    lower, upper = told[12].limits(0.95)
    assert (upper - lower).max() < 0.1


def test_months_of_the_calendar_are_told_apart():
    year = np.array([30.0] * 6 + [10.0] * 6)
    counts = np.tile(year, 8)[None, :].repeat(2, axis=0)

    told = predict(counts, windows=(3,), gap=GAP, of_city=0)[3]

    # Month 96 is a January; after a gap of two come March to May.
    assert told.is_seasonal
    assert told.mean == pytest.approx([90, 90], rel=1e-6)


def test_limits_are_those_of_a_gamma_of_the_same_mean_and_variance():
    told = Prediction(np.array([100.0]), np.array([400.0]), np.inf, 12.0, is_seasonal=False)

    lower, upper = told.limits(0.8)

    # Mean 100 and variance 400: shape 25, scale 4.
    assert (lower[0], upper[0]) == pytest.approx(stats.gamma.ppf([0.1, 0.9], 25, scale=4))


def test_few_windows_make_limits_wider():
    few, many = (
        Prediction(np.array([100.0]), np.array([400.0]), freedom, 12.0, is_seasonal=False)
        for freedom in (4, np.inf)
    )

    assert np.diff(few.limits(0.95), axis=0) > np.diff(many.limits(0.95), axis=0)


def test_a_window_of_which_the_past_holds_fewer_than_three_is_not_told():
    counts = np.ones((2, 24 + GAP + 3 * 6))

    assert set(predict(counts, windows=(3, 6, 12), gap=GAP, of_city=0)) == {3, 6}
    assert predict(counts[:, :30], windows=(3, 6, 12), gap=GAP, of_city=0) == {}


def test_nobody_counted_is_told_as_nobody():
    counts = np.zeros((2, N_MONTHS))

    told = predict(counts, windows=(3,), gap=GAP, of_city=0)[3]

    assert told.mean.tolist() == [0, 0]
    assert [end.tolist() for end in told.limits(0.95)] == [[0, 0], [0, 0]]


def _register(kind: str, n_districts: int, n_months: int, rng: np.random.Generator) -> np.ndarray:
    """Counts of the city and of its districts, by a rate that is known."""
    base = np.exp(rng.normal(np.log(12), 0.7, n_districts))[:, None]
    shape = (n_districts, n_months)
    if kind == "stock":
        return _stock(base[:, 0], n_months, rng)
    rates = {
        "steady": np.ones(shape),
        "districts drift": np.exp(rng.normal(0, 0.02, shape).cumsum(axis=1)),
        "seasons": 1 + 0.5 * np.sin(np.arange(n_months) * np.pi / 6)[None, :],
    }
    counts = rng.poisson(base * rates[kind]).astype(float)
    return np.vstack([counts.sum(axis=0), counts])


def _stock(base: np.ndarray, n_months: int, rng: np.random.Generator) -> np.ndarray:
    """People on support of whom one in twenty leaves in a month, as many as enter."""
    people, months = rng.poisson(20 * base), []
    for _ in range(n_months):
        months.append(people.astype(float))
        people = rng.binomial(people, 0.95) + rng.poisson(base)
    counts = np.stack(months, axis=1)
    return np.vstack([counts.sum(axis=0), counts])


def _held(kind: str, n_cities: int, window: int, seed: int) -> np.ndarray:
    """(cities, levels) By city the share of its five districts whose count lay within."""
    rng = np.random.default_rng(seed)
    shares = []
    for _ in range(n_cities):
        counts = _register(kind, 5, N_MONTHS + GAP + window, rng)
        told = predict(counts[:, :N_MONTHS], windows=(3, 6, 12), gap=GAP, of_city=0)[window]
        came = counts[:, -window:].sum(axis=1)
        ends = [told.limits(level) for level in LEVELS]
        shares.append([((came >= lower) & (came <= upper))[1:].mean() for lower, upper in ends])
    return np.array(shares)


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["steady", "stock"])
def test_limits_hold_about_as_often_as_they_say(kind):
    held = _held(kind, 30, 12, seed=20261130)

    error = held.std(axis=0, ddof=1) / np.sqrt(len(held))
    assert (np.abs(held.mean(axis=0) - LEVELS) < N_ERRORS * error + 0.02).all()


@pytest.mark.prove
@pytest.mark.parametrize("kind", ["steady", "stock", "districts drift", "seasons"])
@pytest.mark.parametrize("window", [3, 12])
def test_limits_hold_as_often_as_they_say_in_many_registers(kind, window):
    held = _held(kind, N_CITIES, window, seed=20261201)

    error = held.std(axis=0, ddof=1) / np.sqrt(N_CITIES)
    assert (np.abs(held.mean(axis=0) - LEVELS) < N_ERRORS * error).all(), held.mean(axis=0)
