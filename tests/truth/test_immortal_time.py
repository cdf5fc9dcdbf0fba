"""A world in which the intervention changes nothing, and who starts depends on what also decides
how fast people leave.

Comparing those who ever started with those who never did makes a useless intervention look harmful:
to start, one must first not have left. The sequence of target trials must find nothing.

In this world a month's exits come before its starts, so nobody who leaves in month m can start in
it. Comparing starters with them would be immortal time of one month; the protocol therefore leaves
them out (leavers_in_month_one: excluded).

Measured: seeds 0-19 with 20 000 people give a mean of -0.0028 with a Monte Carlo error of 0.0012,
and so they do with the true chances of starting in place of the fitted ones (-0.0026): it is these
seeds' luck, not the estimate. A hundred seeds give -0.0003 (0.0006), and 1 500 worlds of 3 000
people +0.0002 (0.0004): there is no small-sample bias to be seen.
"""

from datetime import date

import numpy as np
import polars as pl
import pytest

from evalkit.effects import (
    effect_draws,
    effect_summary,
    estimate_effect,
    fit_propensity,
    trials_of_tables,
)
from evalkit.effects.weighting.propensity import fit_censoring
from evalkit.line.protocol import Protocol
from evalkit.months import month_of_number_expr

FIRST_MONTH = date(2020, 1, 1)
N_MONTHS = 60
FOLLOW_UP = 24
SEEDS_QUICK, SEEDS_PROOF = range(5), range(20)
MONTE_CARLO_ERRORS = 3

PROTOCOL = Protocol.model_validate(
    {
        "protocol": "null",
        "intervention_id": "course",
        "title": {"en": "Null"},
        "question": {"en": "What does a course change that changes nothing?"},
        "eligibility": {"from_month": 2, "to_month": 25},
        "leavers_in_month_one": "excluded",
        "follow_up_months": FOLLOW_UP,
        "outcomes": ["work", "support"],
        "covariates": [{"name": f"x{k}", "kind": "person", "column": f"x{k}"} for k in range(2)]
        + [
            {"name": "season", "kind": "season", "starts": [3, 6, 9, 12]},
            {"name": "elapsed", "kind": "elapsed"},
        ],
    }
)


def null_city(n_people: int, seed: int, *, is_start_first: bool = False) -> dict[str, pl.DataFrame]:
    """Months to work and to the course's start, both hastened by x0; the course itself does
    nothing. Whoever would start and leave in the same month starts only where starts come first.
    """
    rng = np.random.default_rng(seed)
    covariates = rng.normal(size=(n_people, 2))
    exit_rate = 0.05 * np.exp(0.4 * covariates[:, 0])
    start_rate = 0.03 * np.exp(0.5 * covariates[:, 0] - 0.3 * covariates[:, 1])
    exit_month = np.minimum(np.ceil(rng.exponential(1 / exit_rate)).astype(int), N_MONTHS)
    start_month = np.ceil(rng.exponential(1 / start_rate)).astype(int)
    origin = FIRST_MONTH.year * 12
    people = pl.DataFrame(
        {
            "person_id": [f"p{k:06d}" for k in range(n_people)],
            "exit": exit_month,
            "start": start_month,
            "x0": covariates[:, 0],
            "x1": covariates[:, 1],
        }
    ).with_columns(district=pl.lit("North"), weight=pl.lit(1.0))
    support = people.select(
        "person_id",
        "district",
        start_month=pl.lit(0),
        stop_month="exit",
        from_state=pl.lit("support"),
    )
    work = people.filter(pl.col("exit") < N_MONTHS).select(
        "person_id",
        "district",
        start_month="exit",
        stop_month=pl.lit(N_MONTHS),
        from_state=pl.lit("work"),
    )
    dated = people.with_columns(
        spell_start=pl.lit(FIRST_MONTH),
        spell_end=month_of_number_expr(pl.col("exit") + origin),
        course=month_of_number_expr(pl.col("start") + origin),
    )
    return {
        "people": people,
        "person": people.select("person_id", "x0", "x1"),
        "state_intervals": pl.concat(
            [
                support.cast({"start_month": pl.Int64, "stop_month": pl.Int64}),
                work.cast({"start_month": pl.Int64, "stop_month": pl.Int64}),
            ]
        ),
        "spells": dated.select(
            "person_id",
            "district",
            start="spell_start",
            end="spell_end",
            is_start_known=pl.lit(True),
        ),
        "episodes": dated.filter(pl.col("start") < pl.col("exit") + is_start_first).select(
            "person_id",
            intervention_id=pl.lit("course"),
            start="course",
            end=pl.lit(None, dtype=pl.Date),
        ),
    }


def naive_difference(people: pl.DataFrame) -> float:
    """Share in work after 24 months, those who ever started on support minus those who never
    did.
    """
    started = pl.col("start") < pl.col("exit")
    shares = (
        people.group_by(started=started)
        .agg(left=(pl.col("exit") <= FOLLOW_UP).mean())
        .sort("started")["left"]
    )
    return shares[1] - shares[0]


def sequential_difference(
    city: dict[str, pl.DataFrame], protocol: Protocol = PROTOCOL, outcome: str = "work"
) -> float:
    trials = trials_of_tables(
        city["spells"],
        city["episodes"],
        protocol=protocol,
        state_intervals=city["state_intervals"],
        person=city["person"],
        first_month=FIRST_MONTH,
    )
    models = (fit_propensity, fit_censoring) if protocol.grace_months else (fit_propensity,)
    propensity = pl.concat([fit(trials, n_draws=1, seed=0) for fit in models])
    draws = effect_draws(
        estimate_effect(trials, district="all", propensity=propensity, n_draws=1, seed=0).sums
    )
    summary = effect_summary(draws, protocol)
    return summary.filter(pl.col("estimand") == protocol.estimands[0]).filter(
        pl.col("outcome") == f"{outcome}_share_at_end"
    )["difference"][0]


def check_null(n_people: int, seeds: range, protocol: Protocol = PROTOCOL) -> None:
    cities = [null_city(n_people, seed) for seed in seeds]
    naive = np.mean([naive_difference(city["people"]) for city in cities])
    effects = np.array([sequential_difference(city, protocol) for city in cities])

    error = effects.std(ddof=1) / np.sqrt(len(effects))
    print(
        f"naive {naive:+.3f}; sequential trials {effects.mean():+.4f}, Monte Carlo error "
        f"{error:.4f}, seeds {list(seeds)}"
    )
    assert naive == pytest.approx(-0.3, abs=0.06)
    assert abs(effects.mean()) < MONTE_CARLO_ERRORS * error


def test_sequential_trials_find_nothing_where_the_naive_figure_finds_harm():
    check_null(3_000, SEEDS_QUICK)


@pytest.mark.parametrize("is_start_first", [False, True])
def test_leavers_excluded_in_both_arms_find_nothing_whatever_comes_first(is_start_first):
    """Without support, which here is work. Left out of the comparison alone, they make a course
    that does nothing look like one that ends support where starts come first.
    """
    changes = {"primary_outcome": "without_support", "leavers_in_month_one": "excluded_in_both"}
    in_both = Protocol.model_validate(PROTOCOL.model_dump(exclude_defaults=True) | changes)
    in_one = in_both.model_copy(update={"leavers_in_month_one": "excluded"})
    cities = [null_city(3_000, seed, is_start_first=is_start_first) for seed in SEEDS_QUICK]

    both, one = (
        np.array([sequential_difference(city, protocol, "without_support") for city in cities])
        for protocol in (in_both, in_one)
    )

    error, of_rule = (values.std(ddof=1) / np.sqrt(len(values)) for values in (both, one - both))
    print(
        f"starts first: {is_start_first}; in both {both.mean():+.4f} ({error:.4f}), in one "
        f"{(one - both).mean():+.4f} more ({of_rule:.4f})"
    )
    assert abs(both.mean()) < MONTE_CARLO_ERRORS * error
    if is_start_first:
        assert (one - both).mean() > MONTE_CARLO_ERRORS * of_rule
    else:
        assert one == pytest.approx(both)


def test_a_grace_period_brings_no_immortal_time():
    check_null(
        1_500,
        SEEDS_QUICK,
        PROTOCOL.model_copy(update={"grace_months": 3, "comparisons": ("wait",)}),
    )


@pytest.mark.prove
def test_a_grace_period_brings_no_immortal_time_over_twenty_seeds():
    check_null(
        20_000,
        SEEDS_PROOF,
        PROTOCOL.model_copy(update={"grace_months": 3, "comparisons": ("wait",)}),
    )


@pytest.mark.prove
def test_sequential_trials_find_nothing_over_twenty_seeds():
    check_null(20_000, SEEDS_PROOF)
