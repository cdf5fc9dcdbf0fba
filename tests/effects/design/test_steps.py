"""A stepped start of districts whose rates are known."""

import numpy as np
import polars as pl
import pytest

from evalkit.effects import Adoption, rollout_effect
from evalkit.effects.design import steps as of_steps
from evalkit.effects.design.schedule import group_sizes, schedule, smallest_p
from evalkit.effects.design.steps import stepped_start
from evalkit.effects.rollouts.group_time import NEVER
from evalkit.errors import EstimationError

CLOSE = 1e-9
N_REPLICATIONS = 400
NEAR_ERROR = 5 * (0.05 * 0.95 / N_REPLICATIONS) ** 0.5


def _panel(n_districts=12, n_periods=12, seed=1, at_risk=4_000):
    rng = np.random.default_rng(seed)
    rate = 0.03 * np.exp(rng.normal(0, 0.3, (n_districts, 1)) + rng.normal(0, 0.1, n_periods))
    exits = rng.poisson(at_risk * rate).astype(float)
    place, period = (axis.ravel() for axis in np.indices(exits.shape))
    months = np.full(exits.size, float(at_risk))
    return pl.DataFrame(
        {
            "district": [f"d{one:02d}" for one in place],
            "period": period.astype(np.int32),
            "months_on_support": months,
            "n_exits_to_work": exits.ravel(),
            "months_off_support": months,
            "n_entries": exits.ravel(),
        }
    )


def _tried(panel, **others):
    given = {"n_months": 24, "mean_months": 10.0, "share_reached": 1.0, "seed": 2}
    return stepped_start(panel, **{**given, "n_replications": N_REPLICATIONS, **others})


def test_effect_and_p_value_are_those_of_the_roll_out_estimator():
    """The same counts, adoption and orders, dealt from the same seed."""
    panel, adopted = _panel(), np.repeat([2, 3, 4, NEVER], 3)
    names = panel["district"].unique().sort().to_list()
    within = {name: int(one) for name, one in zip(names, adopted, strict=True) if one < NEVER}
    window = panel.filter(pl.col("period") < 5)
    told = rollout_effect(window, Adoption(within, {}), outcome="exit", n_permutations=99, seed=7)

    exits, months = (
        of_steps._by_period(window, names, name)
        for name in ("n_exits_to_work", "months_on_support")
    )
    weights, rng = np.full(12, 1 / 12), np.random.default_rng(7)
    orders = [of_steps._order(rng.permutation(adopted), 5, weights) for _ in range(99)]
    effect, p_value = of_steps._read(
        of_steps._Counts(exits, months),
        of_steps._order(adopted, 5, weights),
        of_steps._Orders.of(orders),
    )

    row = told.summary.row(0, named=True)
    assert effect == pytest.approx(row["effect"], abs=CLOSE)
    assert p_value == pytest.approx(row["p_value"], abs=CLOSE)


def test_where_there_is_no_effect_the_test_errs_in_five_of_a_hundred():
    none = _tried(_panel(n_periods=40)).power.row(0, named=True)

    assert none["power"] == pytest.approx(0.05, abs=NEAR_ERROR)


def test_larger_effects_and_longer_roll_outs_are_found_more_often():
    short, long = (
        _tried(_panel(), n_months=months, asked_months=(1.0, 3.0), n_replications=100).power[
            "power"
        ]
        for months in (12, 36)
    )

    assert short[2] > short[1]
    assert (long[1:] >= short[1:]).all()


def test_an_effect_that_comes_late_is_found_less_often():
    at_once, late = (
        _tried(_panel(), lag_months=lag, asked_months=(3.0,), n_replications=100).power["power"][1]
        for lag in (0, 12)
    )

    assert late < at_once


def test_the_error_in_months_is_that_of_the_rate_by_who_gets_a_place():
    all_of_them, few = (
        _tried(_panel(), share_reached=share, n_replications=1).plan for share in (1.0, 0.25)
    )

    assert few["std_error"][0] == pytest.approx(4 * all_of_them["std_error"][0])


def test_two_districts_are_refused_with_the_smallest_p_value_they_could_have():
    with pytest.raises(EstimationError, match="so few districts") as refused:
        _tried(_panel(n_districts=2), n_months=6)

    assert "2 orders in which they could start" in str(refused.value)
    assert "the smallest possible p-value is 0.50" in str(refused.value)


def test_a_roll_out_longer_than_the_register_is_refused():
    with pytest.raises(EstimationError, match="does not fit") as refused:
        _tried(_panel(n_periods=5), n_months=24)

    assert "ask for 6 to 18 months" in str(refused.value)


def test_a_roll_out_without_a_step_is_refused():
    with pytest.raises(EstimationError, match="does not fit"):
        _tried(_panel(), n_months=5)


def test_orders_by_hand():
    """Four districts in steps of their own have 24 orders; five in two steps ten."""
    assert smallest_p(group_sizes(4, 4)) == pytest.approx(1 / 24)
    assert group_sizes(5, 2) == [3, 2]
    assert smallest_p([3, 2]) == pytest.approx(1 / 10)
    assert group_sizes(3, 5) == [1, 1, 1]


def test_a_schedule_deals_each_district_once_by_its_seed():
    names = ["a", "b", "c", "d", "e"]
    first, again, other = (
        schedule(names, [2, 2, 1], step_months=6, seed=seed) for seed in (1, 1, 2)
    )

    assert first.equals(again)
    assert not first.equals(other)
    assert sorted(first["district"]) == names
    assert first["from_month"].to_list() == [1, 1, 7, 7, 13]


def test_exits_that_rise_by_half_are_read_as_such():
    """Every district has half as many exits more from its start on, and nothing else differs."""
    steps = np.repeat([2, 3, 4, NEVER], 3)
    order = of_steps._order(steps, 5, np.full(12, 1 / 12))
    rng = np.random.default_rng(3)
    others = of_steps._Orders.of(
        [of_steps._order(rng.permutation(steps), 5, np.full(12, 1 / 12)) for _ in range(99)]
    )
    level = rng.uniform(1_000, 2_000, (12, 1)) * np.ones(5)
    plain = of_steps._Counts(level, np.full((12, 5), 1e5))

    is_on = np.arange(5) >= steps[:, None]
    effect, p_value = of_steps._read(plain.with_exits(0.5 * level * is_on), order, others)

    assert effect == pytest.approx(np.log(1.5), abs=1e-3)
    assert p_value == pytest.approx(1 / 100)
