import numpy as np
import polars as pl
import pytest

from evalkit.effects import fit_propensity
from evalkit.effects.trust.balance import largest_difference
from evalkit.effects.trust.unmodelled import unmodelled_likeness
from evalkit.effects.weighting.start_now import StartNow
from evalkit.months import add_months

EXACT = 1e-9


@pytest.fixture
def look(world):
    """The three checks by name, of trials whose propensity is fitted to their own terms."""

    def find(trials, episodes=()):
        dated = [
            (who, what, add_months(world.first_month, at - 1), None) for who, what, at in episodes
        ]
        schema = {
            "person_id": pl.String,
            "intervention_id": pl.String,
            "start": pl.Date,
            "end": pl.Date,
        }
        table = pl.DataFrame(dated, schema=schema, orient="row")
        weighting = StartNow.of(trials, fit_propensity(trials, n_draws=1, seed=1))
        found = unmodelled_likeness(weighting, table, first_month=world.first_month)
        imbalance = largest_difference(trials, weighting.weights)
        return {one.check: one for one in found}, imbalance

    return find


def test_a_spread_that_the_logit_cannot_see_is_warned_of_although_the_means_are_alike(arms, look):
    """Who is far out in x0, on either side, starts more often."""
    rng = np.random.default_rng(1)
    x = rng.normal(size=(3_000, 2))
    treated = rng.random(3_000) < 1 / (1 + np.exp(2 - 0.8 * x[:, 0] ** 2))

    found, imbalance = look(arms.of_arrays(x, treated, np.zeros((3_000, 1), int)))

    assert imbalance < 0.05
    assert found["max_abs_smd_products"].is_warned
    assert found["max_abs_smd_products"].term == "x0 × x0"


def test_a_product_with_a_yes_or_no_is_looked_at_and_one_of_two_such_is_not(arms, look):
    """x0 leads to the start among those with x1 = 1, and away from it among the others."""
    rng = np.random.default_rng(2)
    x = np.column_stack([rng.normal(size=4_000), rng.integers(0, 2, size=(4_000, 2))])
    treated = rng.random(4_000) < 1 / (1 + np.exp(2 - x[:, 0] * (2 * x[:, 1] - 1)))

    found, _ = look(arms.of_arrays(x, treated, np.zeros((4_000, 1), int)))

    assert found["max_abs_smd_products"].term == "x0 × x1"
    yes_no, _ = look(arms.of_arrays(x[:, 1:], treated, np.zeros((4_000, 1), int)))
    assert (
        yes_no["max_abs_smd_products"].term is None and not yes_no["max_abs_smd_products"].is_warned
    )


def test_the_largest_difference_of_calendar_time_by_hand(arms, look):
    """One of four treated in month 2 and three in month 3, of four compared two in each; nothing is
    adjusted for.
    """
    month = np.array([2, 3, 3, 3, 2, 2, 3, 3])
    trials = arms.of_arrays(np.zeros((8, 0)), np.arange(8) < 4, np.zeros((8, 1), int), month=month)

    calendar = look(trials)[0]["calendar_time"]

    # Means 2.75 and 2.5; variances 1/4 and 1/3.
    assert calendar.value == pytest.approx(0.25 / np.sqrt((1 / 4 + 1 / 3) / 2), abs=EXACT)
    assert calendar.limit > calendar.value


@pytest.mark.parametrize("is_adjusted", [False, True])
def test_starts_that_come_late_are_warned_of_until_the_model_holds_calendar_time(
    arms, look, is_adjusted
):
    rng = np.random.default_rng(3)
    month = rng.integers(2, 38, size=6_000)
    treated = rng.random(6_000) < 1 / (1 + np.exp(4 - 0.05 * month))
    terms = np.column_stack([rng.normal(size=6_000), *([month] if is_adjusted else [])])

    found, imbalance = look(arms.of_arrays(terms, treated, np.zeros((6_000, 1), int), month=month))

    assert imbalance < 0.05
    assert found["calendar_time"].is_warned != is_adjusted


@pytest.mark.parametrize(("when", "is_warned"), [(1, True), (2, False)])
def test_a_comparison_that_took_part_before_is_warned_of(arms, look, when, is_warned):
    """A quarter of the comparison began another course in month `when`; the trials are of month 2,
    whose own starts are no earlier ones.
    """
    rng = np.random.default_rng(4)
    treated = rng.random(1_000) < 0.2
    trials = arms.of_arrays(rng.normal(size=1_000), treated, np.zeros((1_000, 1), int))
    episodes = [(f"p{k:06d}", "other", when) for k in np.flatnonzero(~treated)[::4]]

    earlier = look(trials, episodes)[0]["earlier_participation"]

    assert earlier.is_warned == is_warned
    # Shares 0 and 1/4: the difference over the root of half the comparison's variance.
    assert earlier.value == pytest.approx(
        0.25 / np.sqrt(0.1875 / 2) if is_warned else 0.0, rel=0.02
    )


def test_few_false_warnings_where_everything_that_leads_to_the_start_is_held(arms, look):
    warned = [
        look(arms.confounded(600, seed=seed))[0]["max_abs_smd_products"].is_warned
        for seed in range(40)
    ]

    # Of 40 at alpha 0.05, seven or more have a chance of 0.3 %.
    assert sum(warned) < 7
