"""Roll-outs of the simulated Stockholm: one whose effect is known, and one whose adopters were on
the way up before, which must be flagged.

The city is simulated five times over (216 000 adults). At its own size (43 200) the trend, 2 % a
half-year in four districts, two of them small, is seldom told from chance; `python
tests/truth/test_rollout.py` prints how often. The smaller twin is in tests/effects/test_rollout.py.
"""

import sys
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from evalkit.effects import Adoption, rollout_effect
from evalkit.simulate import live, load_city, rollout_truth
from evalkit.simulate.population.state import LATENT

CITIES = Path(__file__).parents[2] / "params" / "cities"
N_PEOPLE, CHUNK, TRUTH_PEOPLE = 216_000, 20_000, 43_200
PERIOD = 6
SEEDS, FRESH_SEEDS = (0, 1, 2), range(2_000, 2_020)
MONTE_CARLO_ERRORS = 3


def panel_of(city, n_people: int, seed: int) -> pl.DataFrame:
    """What `rollout_panel` counts, straight from the lives: support paid in the month before, and
    where people are in the month.
    """
    n_districts, n_months = len(city.district_names), city.n_months
    counts = {
        name: np.zeros((n_districts, n_months))
        for name in ("months_on_support", "n_exits_to_work", "months_off_support", "n_entries")
    }
    for first in range(0, n_people, CHUNK):
        lives = live(city, seed=seed, first=first, stop=min(first + CHUNK, n_people))
        for month in range(1, n_months):
            place, paid = lives.district[:, month - 1], lives.is_paid[:, month - 1]
            away = ~paid & (lives.observed[:, month - 1] <= LATENT.index("pension"))
            # A gap of up to two months is bridged: it is no entry.
            is_new = (
                away
                & lives.is_paid[:, month]
                & ~lives.is_paid[:, max(month - 3, 0) : month].any(axis=1)
            )
            what = (paid, paid & (lives.observed[:, month] == LATENT.index("work")), away, is_new)
            for name, mask in zip(counts, what, strict=True):
                counts[name][:, month] += np.bincount(place, weights=mask, minlength=n_districts)
    n_periods = n_months // PERIOD
    summed = {
        name: table.reshape(n_districts, n_periods, PERIOD).sum(axis=2).ravel()
        for name, table in counts.items()
    }
    keys = {
        "district": np.repeat(city.district_names, n_periods),
        "period": np.tile(np.arange(n_periods, dtype=np.int32), n_districts),
    }
    return pl.DataFrame(keys | summed).filter(pl.col("period") > 0)


def adoptions_of(city) -> dict[str, Adoption]:
    """Each roll-out's adopters; a district is no longer looked at once it adopts the other one."""
    dates = {
        one.action: {name: month // PERIOD for name, month in one.adopted.items()}
        for one in city.rollouts
    }
    return {
        action: Adoption(
            own,
            {
                name: when
                for other, table in dates.items()
                if other != action
                for name, when in table.items()
            },
        )
        for action, own in dates.items()
    }


def true_effect(city, seed: int) -> float:
    """The log ratio of rates with and without the activity requirement from its adoption on, over
    adopters' person-months.
    """
    truth = rollout_truth(city, seed=seed, n_people=TRUTH_PEOPLE).filter(
        pl.col("action") == "activity_requirement"
    )
    after = truth.filter(pl.col("month") >= pl.col("adopted_month"))
    rates = after.group_by("arm").agg(
        rate=(pl.col("rate_to_work") * pl.col("n_on_support")).sum() / pl.col("n_on_support").sum()
    )
    by_arm = dict(rates.iter_rows())
    return float(np.log(by_arm["with"] / by_arm["without"]))


def compared(city, seed: int) -> tuple[float, dict, dict, dict]:
    """One city: the truth, and what is found of the known roll-out, of the one with a trend, and of
    the known one's entries; printed.
    """
    adoptions, panel, truth = (
        adoptions_of(city),
        panel_of(city, N_PEOPLE, seed),
        true_effect(city, seed),
    )
    known, trended, entry = (
        rollout_effect(panel, adoptions[action], outcome=outcome, seed=seed).summary.row(
            0, named=True
        )
        for action, outcome in (
            ("activity_requirement", "exit"),
            ("joint_entrance", "exit"),
            ("activity_requirement", "entry"),
        )
    )
    print(
        f"seed {seed}: truth {truth:+.3f}, found {known['effect']:+.3f} ({known['ci_lower']:+.3f} "
        f"to {known['ci_upper']:+.3f}),"
        f" {known['verdict']}; entry {entry['effect']:+.3f} (planted -0.08); trend "
        f"{trended['trend_before']:+.4f},"
        f" p {trended['p_trend']:.3f}, {trended['verdict']}",
        flush=True,
    )
    return truth, known, trended, entry


@pytest.mark.prove
def test_the_roll_out_with_a_known_effect_is_found_and_the_one_with_a_trend_is_flagged():
    rows = [compared(load_city("stockholm", CITIES), seed) for seed in SEEDS]

    assert all(
        known["ci_lower"] < truth < known["ci_upper"] and known["ci_lower"] > 0
        for truth, known, _, _ in rows
    )
    assert all(known["verdict"] == "estimated" for _, known, _, _ in rows)
    assert all(entry["effect"] < 0 for _, _, _, entry in rows)
    assert sum(trended["verdict"] == "trend_before" for _, _, trended, _ in rows) >= 2


@pytest.mark.prove
def test_roll_outs_hold_what_they_say_on_twenty_fresh_seeds():
    """Seeds that nothing was tuned on: ranges hold the truth and false alarms are as rare as they
    say, within three Monte Carlo errors.
    """
    rows = [compared(load_city("stockholm", CITIES), seed) for seed in FRESH_SEEDS]

    margin = MONTE_CARLO_ERRORS * np.sqrt(0.05 * 0.95 / len(rows))
    covered, alarmed, flagged = (
        np.mean(found)
        for found in (
            [known["ci_lower"] < truth < known["ci_upper"] for truth, known, _, _ in rows],
            [known["verdict"] == "trend_before" for _, known, _, _ in rows],
            [trended["verdict"] == "trend_before" for _, _, trended, _ in rows],
        )
    )
    print(
        f"covered {covered:.2f}, false alarms {alarmed:.2f}, trends flagged {flagged:.2f} of "
        f"{len(rows)}"
    )
    assert covered >= 0.95 - margin
    assert alarmed <= 0.05 + margin
    assert flagged > 0.5


if __name__ == "__main__":
    own_size = load_city("stockholm", CITIES)
    for own_seed in range(int(sys.argv[1]) if len(sys.argv) > 1 else 5):
        summary = rollout_effect(
            panel_of(own_size, 43_200, own_seed),
            adoptions_of(own_size)["joint_entrance"],
            outcome="exit",
            seed=1,
        ).summary
        print(own_seed, summary.select("effect", "trend_before", "p_trend", "verdict").row(0))
