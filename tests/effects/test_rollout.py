from datetime import date

import numpy as np
import polars as pl
import pytest

from evalkit.effects import Adoption, rollout_effect, rollout_panel
from evalkit.effects.rollouts.group_time import NEVER, group_time_effects
from evalkit.errors import EstimationError

EXACT = 1e-12
N_PERMUTATIONS = 199
NAMES = [f"d{place:02d}" for place in range(12)]
ADOPTED = {"d00": 8, "d01": 8, "d02": 10, "d03": 12, "d04": 14}


def _panel(seed, *, effect=0.0, trend=0.0, at_risk=4_000, n_periods=20):
    """Twelve districts whose log rates differ by level and common shocks; adopters' rise by
    `effect`, and drift by `trend` a period all along.
    """
    rng = np.random.default_rng(seed)
    level, shock = rng.normal(0, 0.3, (12, 1)), rng.normal(0, 0.1, n_periods)
    adopted = np.array([ADOPTED.get(name, NEVER) for name in NAMES])[:, None]
    drift = trend * np.arange(n_periods) * (adopted < NEVER)
    log_rate = np.log(0.04) + level + shock + drift + effect * (np.arange(n_periods) >= adopted)
    count = rng.poisson(at_risk * np.exp(log_rate)).astype(float)
    place, period = (axis.ravel() for axis in np.indices(count.shape))
    months = np.full(count.size, float(at_risk))
    return pl.DataFrame(
        {
            "district": np.array(NAMES)[place],
            "period": period.astype(np.int32),
            "months_on_support": months,
            "n_exits_to_work": count.ravel(),
            "months_off_support": months,
            "n_entries": count.ravel(),
        }
    )


def _effect(panel, adopted=ADOPTED, n_permutations=N_PERMUTATIONS):
    return rollout_effect(
        panel, Adoption(adopted, {}), outcome="exit", n_permutations=n_permutations, seed=1
    )


def test_group_time_effects_by_hand():
    """A adopts in period 2 and rises by 3 beside B, which never adopts and rises by 1 a period."""
    values = np.array([[0.0, 1.0, 5.0], [0.0, 1.0, 2.0]])

    cells = group_time_effects(values, np.ones(2), np.array([2, NEVER]))

    assert list(zip(cells.cohort, cells.period, cells.effect, strict=True)) == [
        (2, 0, 0.0),
        (2, 2, 3.0),
    ]


def test_districts_that_have_adopted_are_no_controls():
    """B adopts in period 1 and leaps by 10; A, which adopts in period 2, is compared with C
    only.
    """
    values = np.array([[0.0, 0.0, 1.0], [0.0, 10.0, 10.0], [0.0, 0.0, 0.0]])

    cells = group_time_effects(values, np.ones(3), np.array([2, 1, NEVER]))

    effects = {(g, t): effect for g, t, effect, _ in zip(*cells, strict=True)}
    assert effects[(2, 2)] == 1.0 and effects[(1, 1)] == 10.0


def test_a_district_is_no_longer_looked_at_once_it_changes_otherwise():
    values = np.array([[0.0, 0.0, 1.0], [0.0, 0.0, 7.0], [0.0, 0.0, 0.0]])

    cells = group_time_effects(
        values, np.ones(3), np.array([2, NEVER, NEVER]), until=np.array([NEVER, 2, NEVER])
    )

    assert cells.effect[cells.period == 2].tolist() == [1.0]


def test_planted_effect_is_found_within_its_range():
    found = _effect(_panel(1, effect=0.3)).summary.row(0, named=True)

    assert found["ci_lower"] < 0.3 < found["ci_upper"]
    assert found["ci_lower"] > 0 and found["p_value"] < 0.05
    assert (found["verdict"], found["n_adopted"], found["n_districts"]) == ("estimated", 5, 12)


def test_a_trend_before_adoption_is_flagged():
    found = _effect(_panel(2, trend=0.03)).summary.row(0, named=True)

    assert found["verdict"] == "trend_before"
    assert found["trend_before"] == pytest.approx(0.03, abs=0.015)


@pytest.mark.slow
def test_no_trend_is_claimed_where_none_can_be_seen():
    """B's later adoption falls after another change, so that nobody is seen twice before adopting;
    in the permutations somebody is.
    """
    counts = [
        (d, p, 1e3, 50.0 + (7 * place + 5 * p) % 4, 2e3, 40.0)
        for place, d in enumerate("ABCDEF")
        for p in range(1, 6)
    ]
    columns = [
        "district",
        "period",
        "months_on_support",
        "n_exits_to_work",
        "months_off_support",
        "n_entries",
    ]
    panel = pl.DataFrame(counts, schema=columns, orient="row")

    found = rollout_effect(
        panel, Adoption({"A": 2, "B": 4}, {"B": 3}), outcome="exit", n_permutations=99, seed=1
    ).summary.row(0, named=True)

    assert (found["trend_before"], found["p_trend"], found["verdict"]) == (None, None, "estimated")


def test_without_effect_or_trend_alarms_are_as_rare_as_declared():
    found = pl.concat([_effect(_panel(seed), n_permutations=39).summary for seed in range(15)])

    # Of 15 at 0.05, five or more have a chance of 0.06 %.
    assert (found["p_value"] < 0.05).sum() < 5
    assert (found["verdict"] == "trend_before").sum() < 5
    assert found.select(((pl.col("ci_lower") < 0) & (pl.col("ci_upper") > 0)).sum()).item() > 10


def test_effects_by_event_time_begin_at_adoption():
    table = _effect(_panel(1, effect=0.5)).by_event_time

    before, after = (
        table.filter(condition)["effect"]
        for condition in (pl.col("event_period") < -1, pl.col("event_period") >= 0)
    )
    assert after.mean() - before.mean() == pytest.approx(0.5, abs=0.1)
    assert -1 not in table["event_period"]


@pytest.mark.parametrize("adopted", [{}, {"d00": 99}, dict.fromkeys(NAMES, 5)])
def test_a_roll_out_without_anybody_to_compare_is_refused_in_four_lines(adopted):
    with pytest.raises(EstimationError) as caught:
        _effect(_panel(1), adopted=adopted)

    lines = str(caught.value).splitlines()
    assert "no district to follow" in lines[0] and "12 districts adopt" in lines[1]
    assert lines[2].strip().startswith("why:") and lines[3].strip().startswith("fix:")


def test_rollout_panel_counts_by_hand():
    """a: support in months 1 to 2 and work from month 3; b: support from month 4 to the end of
    month 5; both known for six months.
    """
    spells = pl.DataFrame(
        {
            "district": ["North", "North"],
            "start": [date(2020, 2, 1), date(2020, 5, 1)],
            "end": [date(2020, 4, 1), date(2020, 7, 1)],
            "exit": ["work", None],
            "is_start_known": [True, True],
        }
    )
    intervals = pl.DataFrame(
        {
            "district": ["North"] * 4,
            "start_month": [0, 1, 3, 0],
            "stop_month": [1, 3, 6, 4],
            "from_state": ["work", "support", "work", "studies"],
        }
    )

    panel = rollout_panel(
        spells, intervals, first_month=date(2020, 1, 1), n_months=6, period_months=3
    ).row(0, named=True)

    # Period 1 is months 3 to 5: a is at risk in month 3 and leaves in it; b comes in month 4, and
    # is at risk in month 5.
    assert (
        panel["period"],
        panel["months_on_support"],
        panel["n_exits_to_work"],
        panel["n_entries"],
    ) == (1, 2, 1, 1)
    assert panel["months_off_support"] == 3 + 1
