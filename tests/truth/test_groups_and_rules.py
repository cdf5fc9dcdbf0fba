"""A simulated city in which the intervention helps one half of the people and not the other, and
both are known in closed form.

Groups declared beforehand must be found each with its own effect; the rule learned must name those
who gain, and be worth what placing them is worth. Where everybody gains alike a rule judged on the
people it was learned from would look useful; judged on others it must be worth nothing.

In a month exits come before starts, so the protocol leaves those who leave in the trial month out
of the comparison.
"""

from datetime import date

import numpy as np
import polars as pl
import pytest

from evalkit.effects import PersonTables, fit_propensity
from evalkit.effects.answer.groups import group_effects
from evalkit.effects.answer.targeting import targeting
from evalkit.effects.districts.pooling import primary_differences
from evalkit.effects.weighting.start_now import StartNow
from evalkit.line.protocol import Protocol
from evalkit.months import month_of_number_expr

FIRST_MONTH = date(2020, 1, 1)
N_MONTHS, FOLLOW_UP, FACTOR = 40, 18, 3.0
MONTE_CARLO_ERRORS = 3
# People in a city and cities: the twin in the suite, and the proof.
QUICK, PROOF = (3_000, range(3)), (12_000, range(100, 130))

PROTOCOL = Protocol.model_validate(
    {
        "protocol": "groups",
        "intervention_id": "course",
        "title": {"en": "Groups"},
        "question": {"en": "Whom does the course help?"},
        "eligibility": {"from_month": 2, "to_month": 20},
        "comparisons": ["wait"],
        "follow_up_months": FOLLOW_UP,
        "outcomes": ["work", "support"],
        "covariates": [
            {"name": name, "kind": "person", "column": name} for name in ("x", "near", "odd")
        ],
        "subgroups": [
            {"name": "near", "title": {"en": "Near work"}, "column": "near", "at_least": 1},
            {"name": "far", "title": {"en": "Far from work"}, "column": "near", "below": 1},
            {"name": "odd", "title": {"en": "Odd"}, "column": "odd", "at_least": 1},
        ],
        "refusal": {"min_starters": 10, "min_effective_sample_size": 10},
    }
)


def city(
    n_people: int, seed: int, *, factors: tuple[float, float]
) -> tuple[PersonTables, pl.DataFrame]:
    """Near (half of the people) and x hasten both work and the start; the course multiplies the
    chance of work by the factor of far or near.
    """
    rng = np.random.default_rng(seed)
    people = pl.DataFrame(
        {"person_id": [f"p{k:06d}" for k in range(n_people)], "x": rng.normal(size=n_people)}
        | {name: rng.integers(0, 2, n_people).astype(float) for name in ("near", "odd")}
    )
    to_work, to_course, factor = rates(people, factors)
    left, begun = np.full(n_people, N_MONTHS), np.full(n_people, N_MONTHS)
    for month in range(1, N_MONTHS):
        leaves = (left == N_MONTHS) & (
            rng.random(n_people) < np.where(begun < month, factor * to_work, to_work)
        )
        left[leaves] = month
        begun[(left == N_MONTHS) & (begun == N_MONTHS) & (rng.random(n_people) < to_course)] = month
    people = people.with_columns(left=left, begun=begun, district=pl.lit("North"))
    return _tables(people), people


def rates(
    people: pl.DataFrame, factors: tuple[float, float]
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Monthly chances of work without the course and of starting it, and what the course multiplies
    the former by.
    """
    x, near = people["x"].to_numpy(), people["near"].to_numpy()
    return (
        0.02 * np.exp(0.3 * x + 0.3 * near).clip(max=4),
        1 / (1 + np.exp(3.4 - 0.4 * x - 0.5 * near)),
        np.where(near == 1, factors[1], factors[0]),
    )


def truth(people: pl.DataFrame, factors: tuple[float, float]) -> dict[str, float]:
    """Months in work that starting now rather than waiting gives those who start in a trial month,
    by group.
    """
    rule = PROTOCOL.eligibility
    own = people.filter(pl.col("begun").is_between(rule.from_month - 1, rule.to_month - 1))
    to_work, to_course, factor = rates(own, factors)
    now, waiting, begun, gained = (
        np.ones(len(own)),
        np.ones(len(own)),
        np.zeros(len(own)),
        np.zeros(len(own)),
    )
    for _ in range(1, FOLLOW_UP):
        now, waiting, begun = (
            now * (1 - factor * to_work),
            waiting * (1 - to_work),
            begun * (1 - factor * to_work),
        )
        waiting, begun = waiting * (1 - to_course), begun + waiting * to_course
        gained += waiting + begun - now
    near, odd = own["near"].to_numpy() == 1, own["odd"].to_numpy() == 1
    return {
        name: float(gained[mask].mean())
        for name, mask in (("all", near | ~near), ("near", near), ("far", ~near), ("odd", odd))
    }


def _tables(people: pl.DataFrame) -> PersonTables:
    origin, span = FIRST_MONTH.year * 12, {"start_month": pl.Int64, "stop_month": pl.Int64}
    support = people.select(
        "person_id",
        "district",
        start_month=pl.lit(0),
        stop_month="left",
        from_state=pl.lit("support"),
    ).cast(span)
    work = people.filter(pl.col("left") < N_MONTHS)
    work = work.select(
        "person_id",
        "district",
        start_month="left",
        stop_month=pl.lit(N_MONTHS),
        from_state=pl.lit("work"),
    ).cast(span)
    end = month_of_number_expr(pl.col("left") + origin)
    return PersonTables(
        people.select(
            "person_id", "district", start=pl.lit(FIRST_MONTH), end=end, is_start_known=pl.lit(True)
        ),
        people.filter(pl.col("begun") < N_MONTHS).select(
            "person_id",
            intervention_id=pl.lit("course"),
            start=month_of_number_expr(pl.col("begun") + origin),
            end=pl.lit(None, dtype=pl.Date),
        ),
        pl.concat([support, work]),
        people.select("person_id", "x", "near", "odd"),
        FIRST_MONTH,
    )


def found_in(
    n_people: int, seed: int, factors: tuple[float, float]
) -> dict[str, float | str | None]:
    """Errors of each group's raw effect and of the rule's gain, and what the rule's first condition
    is.
    """
    tables, people = city(n_people, seed, factors=factors)
    trials, true = tables.trials(PROTOCOL), truth(people, factors)
    fitted = fit_propensity(trials, n_draws=20, seed=seed)
    draws = group_effects(trials, tables.person, propensity=fitted, n_draws=20, seed=seed).draws
    points = primary_differences(
        draws.filter((pl.col("source") == "raw") & (pl.col("draw") == 0)).with_columns(
            district="subgroup"
        ),
        "work",
    )
    errors = {
        name: difference - true[name]
        for name, difference in points.select("district", "difference").iter_rows()
    }
    learned = targeting(StartNow.of(trials, fitted), seed=seed)
    gain = learned.targeting_value.filter(policy="gain")["estimate"][0]
    first = learned.targeting_rule.row(0, named=True) if len(learned.targeting_rule) else None
    named = None if first is None else f"{first['covariate']} {first['side']}"
    return {
        **errors,
        "gain": gain - (true["near"] - true["all"]),
        "plain_gain": gain,
        "rule": named,
        "true_gain": true["near"] - true["all"],
    }


def check_centred(name: str, values: list[float]) -> None:
    mean, error = np.mean(values), np.std(values, ddof=1) / np.sqrt(len(values))
    print(f"{name}: mean error {mean:+.4f} months, Monte Carlo error {error:.4f}")
    assert abs(mean) < MONTE_CARLO_ERRORS * error


def check_groups_and_rule(n_people: int, seeds: range) -> None:
    found = [found_in(n_people, seed, (1.0, FACTOR)) for seed in seeds]

    print(
        f"seeds {seeds}, true gain of the rule {np.mean([one['true_gain'] for one in found]):.3f} "
        "months a place"
    )
    for name in ("all", "near", "far", "odd"):
        check_centred(name, [one[name] for one in found])
    assert [one["rule"] for one in found] == ["near is"] * len(found)
    check_centred("gain of the rule", [one["gain"] for one in found])


def check_no_rule_is_worth_anything(n_people: int, seeds: range) -> None:
    found = [found_in(n_people, seed, (1.0, 1.0)) for seed in seeds]

    print(
        f"seeds {seeds}: a rule in {sum(one['rule'] is not None for one in found)} of {len(found)} "
        "cities where nobody gains"
    )
    check_centred("gain where nobody gains", [one["plain_gain"] for one in found])


def test_groups_and_the_rule_are_found():
    check_groups_and_rule(*QUICK)


@pytest.mark.prove
def test_groups_and_the_rule_are_found_in_thirty_cities():
    check_groups_and_rule(*PROOF)


@pytest.mark.prove
def test_a_rule_is_worth_nothing_where_nobody_gains():
    check_no_rule_is_worth_anything(*PROOF)
