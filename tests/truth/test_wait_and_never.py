"""A world in which the course doubles the rate into work, those near work start it more often, and
later starts are common.

The two questions then have different answers, and both are known in closed form for those who
start: rather than waiting (who waits may start later) and rather than never. Estimating *never*
without the weights for later starts, or *wait* as if nobody started later, must miss.

A third question, start within two months of grace rather than not in them, is answered in the same
world.

In a month exits come before starts, so the protocol leaves those who leave in the trial month out
of the comparison.
"""

from datetime import date

import numpy as np
import polars as pl
import pytest

from evalkit.effects import (
    Trials,
    doubly_robust_months,
    effect_draws,
    effect_summary,
    estimate_effect,
    fit_propensity,
    trials_of_tables,
)
from evalkit.effects.weighting.propensity import fit_censoring
from evalkit.effects.weighting.strategies import weighting_of
from evalkit.line.protocol import Protocol
from evalkit.months import month_of_number_expr

FIRST_MONTH = date(2020, 1, 1)
N_MONTHS, FOLLOW_UP, FACTOR = 40, 18, 2.0
MONTE_CARLO_ERRORS = 3
SEEDS_QUICK, SEEDS_PROOF, N_CITIES = range(3), range(20), 60

PROTOCOL = Protocol.model_validate(
    {
        "protocol": "later",
        "intervention_id": "course",
        "title": {"en": "Later starts"},
        "question": {"en": "What does the course change?"},
        "eligibility": {"from_month": 2, "to_month": 12},
        "comparisons": ["wait", "never"],
        "follow_up_months": FOLLOW_UP,
        "outcomes": ["work", "support"],
        "covariates": [{"name": "x", "kind": "person", "column": "x"}],
    }
)
GRACE = PROTOCOL.model_copy(update={"grace_months": 2})


def city(n_people: int, seed: int) -> dict[str, pl.DataFrame]:
    """Month by month: who is not at work yet goes there, and who stays and has not begun begins the
    course.
    """
    rng = np.random.default_rng(seed)
    x = rng.normal(size=n_people)
    to_work, to_course = rates(x)
    exit_month, start_month = np.full(n_people, N_MONTHS), np.full(n_people, N_MONTHS)
    for month in range(1, N_MONTHS):
        rate = np.where(start_month < month, FACTOR * to_work, to_work)
        leaves = (exit_month == N_MONTHS) & (rng.random(n_people) < rate)
        exit_month[leaves] = month
        starts = (
            (exit_month == N_MONTHS)
            & (start_month == N_MONTHS)
            & (rng.random(n_people) < to_course)
        )
        start_month[starts] = month
    return tables(x, exit_month, start_month)


def rates(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Monthly chances of work (untreated) and of starting."""
    return 0.03 * np.exp(0.4 * x).clip(max=4), 1 / (1 + np.exp(3.0 - 0.7 * x))


def tables(
    x: np.ndarray, exit_month: np.ndarray, start_month: np.ndarray
) -> dict[str, pl.DataFrame]:
    origin = FIRST_MONTH.year * 12
    people = pl.DataFrame(
        {
            "person_id": [f"p{k:06d}" for k in range(len(x))],
            "x": x,
            "exit": exit_month,
            "start": start_month,
        }
    )
    people = people.with_columns(pl.lit("North").alias("district"))
    span = {"start_month": pl.Int64, "stop_month": pl.Int64}
    support = people.select(
        "person_id",
        "district",
        start_month=pl.lit(0),
        stop_month="exit",
        from_state=pl.lit("support"),
    ).cast(span)
    work = people.filter(pl.col("exit") < N_MONTHS).select(
        "person_id",
        "district",
        start_month="exit",
        stop_month=pl.lit(N_MONTHS),
        from_state=pl.lit("work"),
    )
    course = people.filter(pl.col("start") < N_MONTHS)
    return {
        "people": people,
        "person": people.select("person_id", "x"),
        "state_intervals": pl.concat([support, work.cast(span)]),
        "spells": people.select(
            "person_id",
            "district",
            start=pl.lit(FIRST_MONTH),
            end=month_of_number_expr(pl.col("exit") + origin),
            is_start_known=pl.lit(True),
        ),
        "episodes": course.select(
            "person_id",
            intervention_id=pl.lit("course"),
            start=month_of_number_expr(pl.col("start") + origin),
            end=pl.lit(None, dtype=pl.Date),
        ),
    }


def truth(people: pl.DataFrame) -> dict[str, float]:
    """Months in work within the follow-up, start now minus wait and minus never, for those who
    start in a trial month.
    """
    own = people.filter(
        pl.col("start").is_between(
            PROTOCOL.eligibility.from_month - 1, PROTOCOL.eligibility.to_month - 1
        )
    )
    to_work, to_course = rates(own["x"].to_numpy())
    now, never, waiting, begun = (
        np.ones(len(own)),
        np.ones(len(own)),
        np.ones(len(own)),
        np.zeros(len(own)),
    )
    months = {"now": 0.0, "never": 0.0, "wait": 0.0}
    for _ in range(1, FOLLOW_UP):
        now, never = now * (1 - FACTOR * to_work), never * (1 - to_work)
        waiting, begun = waiting * (1 - to_work), begun * (1 - FACTOR * to_work)
        waiting, begun = waiting * (1 - to_course), begun + waiting * to_course
        for name, still in (("now", now), ("never", never), ("wait", waiting + begun)):
            months[name] += 1 - still.mean()
    return {name: months["now"] - months[name] for name in ("wait", "never")}


def truth_with_grace(people: pl.DataFrame) -> dict[str, float]:
    """As `truth`, when a waiting list starts a third, then half of the rest, then all who are
    left.
    """
    own = people.filter(
        pl.col("start").is_between(
            PROTOCOL.eligibility.from_month - 1, PROTOCOL.eligibility.to_month - 1
        )
    )
    to_work, to_course = rates(own["x"].to_numpy())
    grace, months = GRACE.grace_months, dict.fromkeys(("start", "wait", "never"), 0.0)
    arms = {name: (np.ones(len(own)), np.zeros(len(own))) for name in months}
    for month in range(FOLLOW_UP):
        begins = {
            "start": 1 / (grace + 1 - month) if month <= grace else to_course,
            "wait": 0 if month <= grace else to_course,
            "never": 0,
        }
        for name in arms:
            stays = (1 - to_work, 1 - FACTOR * to_work) if month else (1, 1)
            waiting, begun = (own * share for own, share in zip(arms[name], stays, strict=True))
            arms[name] = waiting * (1 - begins[name]), begun + waiting * begins[name]
            months[name] += 1 - sum(arms[name]).mean()
    return {name: months["start"] - months[name] for name in ("wait", "never")}


def trials_of(world: dict[str, pl.DataFrame], protocol: Protocol) -> Trials:
    tables = {name: world[name] for name in ("spells", "episodes", "state_intervals", "person")}
    return trials_of_tables(**tables, protocol=protocol, first_month=FIRST_MONTH)


def estimated(
    world: dict[str, pl.DataFrame], *, is_weighted: bool = True, protocol: Protocol = PROTOCOL
) -> dict[str, float]:
    trials = trials_of(world, protocol)
    fitted = pl.concat([fit(trials, n_draws=1, seed=0) for fit in (fit_propensity, fit_censoring)])
    if not is_weighted:
        flat = pl.when(pl.col("model") == "censoring").then(
            pl.when(pl.col("term") == "constant").then(-20.0).otherwise(0.0)
        )
        fitted = fitted.with_columns(coefficient=flat.otherwise("coefficient"))
    draws = effect_draws(
        estimate_effect(trials, district="all", propensity=fitted, n_draws=1, seed=0).sums
    )
    summary = effect_summary(draws, protocol).filter(pl.col("outcome") == "months_work")
    return {
        name.removeprefix("start_now_rather_than_"): value
        for name, value in summary.select("estimand", "difference").iter_rows()
    }


def check_both(n_people: int, seeds: range, *, protocol: Protocol = PROTOCOL) -> None:
    worlds, true = (
        [city(n_people, seed) for seed in seeds],
        truth_with_grace if protocol.grace_months else truth,
    )
    found = [(estimated(world, protocol=protocol), true(world["people"])) for world in worlds]
    for name in ("wait", "never"):
        errors = np.array([one[name] - own[name] for one, own in found])
        monte_carlo = errors.std(ddof=1) / np.sqrt(len(errors))
        print(
            f"{name}: truth {found[0][1][name]:+.3f}, mean error {errors.mean():+.4f}, Monte Carlo "
            f"error {monte_carlo:.4f}"
        )
        assert abs(errors.mean()) < MONTE_CARLO_ERRORS * monte_carlo


def test_wait_and_never_are_both_found():
    check_both(1_200, SEEDS_QUICK)


@pytest.mark.prove
def test_wait_and_never_are_both_found_over_twenty_seeds():
    check_both(20_000, SEEDS_PROOF)


def test_a_grace_period_is_found():
    check_both(1_200, SEEDS_QUICK, protocol=GRACE)


@pytest.mark.prove
def test_a_grace_period_is_found_over_twenty_seeds():
    check_both(20_000, SEEDS_PROOF, protocol=GRACE)


def robust_errors(
    n_people: int, seeds: range, *, is_start_model_right: bool = True
) -> tuple[np.ndarray, np.ndarray]:
    """Doubly robust never minus the truth, and standard errors; with a wrong start model everybody
    is as likely to start.
    """
    errors = []
    for seed in seeds:
        world = city(n_people, seed)
        trials = trials_of(world, PROTOCOL)
        fitted = pl.concat(
            [fit(trials, n_draws=1, seed=0) for fit in (fit_propensity, fit_censoring)]
        )
        if not is_start_model_right:
            is_slope = (pl.col("model") == "propensity") & (pl.col("term") != "constant")
            fitted = fitted.with_columns(
                coefficient=pl.when(is_slope).then(0.0).otherwise("coefficient")
            )
        found = doubly_robust_months(weighting_of(trials, fitted, "never"), seed=0)
        errors.append((found.difference - truth(world["people"])["never"], found.std_error))
    return tuple(np.array(errors).T)


@pytest.mark.parametrize("is_start_model_right", [True, False])
def test_never_is_found_doubly_robustly(is_start_model_right):
    errors, _ = robust_errors(1_200, SEEDS_QUICK, is_start_model_right=is_start_model_right)

    monte_carlo = errors.std(ddof=1) / np.sqrt(len(errors))
    print(
        f"doubly robust never, start model right {is_start_model_right}: {errors.mean():+.4f}, "
        f"Monte Carlo error {monte_carlo:.4f}"
    )
    assert abs(errors.mean()) < MONTE_CARLO_ERRORS * monte_carlo


def test_the_closed_error_of_never_is_that_of_repeated_cities():
    errors, std_errors = robust_errors(500, range(100, 100 + N_CITIES))

    # A standard deviation of n has an error of 1 in sqrt(2 n).
    assert std_errors.mean() == pytest.approx(
        errors.std(ddof=1), rel=MONTE_CARLO_ERRORS / np.sqrt(2 * N_CITIES)
    )


@pytest.mark.prove
def test_never_is_found_doubly_robustly_over_twenty_seeds():
    errors, _ = robust_errors(20_000, SEEDS_PROOF)

    monte_carlo = errors.std(ddof=1) / np.sqrt(len(errors))
    print(f"doubly robust never: {errors.mean():+.4f}, Monte Carlo error {monte_carlo:.4f}")
    assert abs(errors.mean()) < MONTE_CARLO_ERRORS * monte_carlo


def test_never_is_missed_without_the_weights_for_later_starts():
    """Who has left for work can no longer start and so is never censored: without weights the
    comparison seems to work more than it would.
    """
    worlds = [city(1_200, seed) for seed in SEEDS_QUICK]

    gaps = np.array(
        [
            estimated(world, is_weighted=False)["never"] - estimated(world)["never"]
            for world in worlds
        ]
    )

    assert gaps.mean() < -MONTE_CARLO_ERRORS * gaps.std(ddof=1) / np.sqrt(len(gaps))
    assert gaps.mean() < -0.5
