"""Whether anybody is left to compare with, where nearly all are in some intervention."""

from dataclasses import replace
from datetime import date

import numpy as np
import polars as pl
import pytest

from evalkit.effects import (
    PersonTables,
    district_effects,
    intervention_effects,
    intervention_weights,
)
from evalkit.effects.trust.refusal import reason_for_all
from evalkit.effects.trust.run_dry import comparison_left, dry_from
from evalkit.effects.weighting.propensity import fit_propensity
from evalkit.effects.weighting.start_now import StartNow
from evalkit.months import add_months
from evalkit.words import protocol_card

DRAWS = {"n_draws": 20, "seed": 4}
# a starts the course in month 3; from month 5 on everybody else is in the club.
LIVES = {"a": "sstttttttt", **dict.fromkeys("bcd", "s" * 10)}
TRIALS = {"from_month": 2, "to_month": 8}


def _with_club(world, lives, members, *, month=5, districts=None) -> PersonTables:
    tables = world.tables(lives, districts)
    club = pl.DataFrame(
        {
            "person_id": list(members),
            "intervention_id": "club",
            "start": add_months(world.first_month, month - 1),
            "end": pl.Series([None] * len(members), dtype=pl.Date),
            "planned_months": pl.Series([None] * len(members), dtype=pl.Int32),
        }
    )
    return PersonTables(
        tables["spells"],
        pl.concat([tables["episodes"], club.select(tables["episodes"].columns)]),
        tables["state_intervals"],
        tables["person"],
        world.first_month,
    )


def _left(trials) -> pl.DataFrame:
    weighting = StartNow.of(trials, fit_propensity(trials, n_draws=1, seed=1))
    return comparison_left(weighting, first_month=date(2020, 1, 1))


def test_the_share_in_no_intervention_by_hand(world):
    """Eligible and free of everything: 4 of 4 in month 2, 3 of 4 in month 3 (a starts), 3 of 3 in
    month 4, then none of 3. Each month stands with the two that follow.
    """
    people = _with_club(world, LIVES, "bcd")
    trials = people.trials(world.protocol(eligibility=TRIALS))

    left = _left(trials)

    assert left["share_unassigned"].to_list() == pytest.approx([10 / 11, 6 / 10, 3 / 9, 0, 0, 0, 0])
    assert left["effective_sample_size"].to_list() == pytest.approx([50 / 14, 3, 3, 0, 0, 0, 0])
    assert left["n_eligible"].to_list() == [4, 4, 3, 3, 3, 3, 3]
    assert left["n_unassigned"].to_list() == [4, 3, 3, 0, 0, 0, 0]
    assert left["calendar_month"].to_list() == [date(2020, month, 1) for month in range(2, 9)]
    assert left["verdict"].to_list() == ["passed"] * 3 + ["refused"] * 4
    assert dry_from(trials) == 5


@pytest.mark.parametrize(
    "changes",
    [
        {"refusal": {"min_share_unassigned": None}},
        {"eligibility": {"from_month": 2, "to_month": 6}},
        {"eligibility": {"from_month": 6, "to_month": 8, "during": "club"}},
        {"comparisons": ["other"], "other_intervention_id": "club"},
    ],
    ids=["not asked", "two months are too few", "added to the club", "beside the club"],
)
def test_a_comparison_that_is_left_is_not_refused(world, changes):
    people = _with_club(world, LIVES, "bcd")

    trials = people.trials(world.protocol(**({"eligibility": TRIALS} | changes)))

    assert dry_from(trials) is None


def test_a_comparison_that_recovers_has_not_run_dry(world):
    people = _with_club(world, LIVES, "bcd")
    ended = pl.when(pl.col("intervention_id") == "club").then(
        pl.lit(add_months(world.first_month, 7))
    )
    people = replace(people, episodes=people.episodes.with_columns(end=ended.otherwise("end")))

    trials = people.trials(
        world.protocol(eligibility=TRIALS | {"to_month": 10}, follow_up_months=1)
    )

    assert _left(trials)["share_unassigned"][3] == 0
    assert dry_from(trials) is None


def test_nobody_left_refuses_the_city_and_its_districts_and_the_months_before_do_not(world):
    """A city of 300 in which from month 10 on everybody is assigned the club."""
    rng = np.random.default_rng(8)
    lives = {f"p{k:03d}": "s" + "".join(rng.choice(list("sssstw"), size=19)) for k in range(300)}
    districts = {name: ("North", "South")[k % 2] for k, name in enumerate(lives)}
    people = _with_club(world, lives, lives, month=10, districts=districts)

    def reasons(to_month: int) -> set[tuple[str, str | None]]:
        rule = {"from_month": 2, "to_month": to_month}
        protocol = world.protocol(eligibility=rule, comparisons=["wait"], start_months=[3])
        weights = intervention_weights(people, protocol, **DRAWS)
        parts = [
            district_effects(
                people, [protocol], propensity=weights.propensity, district=one, **DRAWS
            )
            for one in ("North", "South")
        ]
        found = intervention_effects(
            pl.concat([part.sums for part in parts]),
            protocol,
            district_status=pl.concat([part.status for part in parts]),
            weights_status=weights.weights_status,
            effect_people=weights.effect_people,
            seed=DRAWS["seed"],
        )
        assert found.draws.is_empty() == (to_month > 9)
        assert weights.effect_moments["reason"].to_list() == ["run_dry" if to_month > 9 else None]
        return set(found.status.filter(source="raw").select("district", "reason").rows())

    assert reasons(14) == {(place, "run_dry") for place in ("all", "North", "South")}
    assert reasons(9) == {(place, None) for place in ("all", "North", "South")}


def test_what_is_refused_for_all_is_said_once(world):
    people = _with_club(world, LIVES, "bcd")

    trials = people.trials(world.protocol(eligibility=TRIALS))

    assert reason_for_all(trials) == "run_dry"
    beside = world.protocol(comparisons=["other"], other_intervention_id="club")
    assert "no intervention at all" not in dict(protocol_card(beside).iter_rows())["refused"]
