"""Strategies beyond one intervention: added to another (parallel), after another (a sequence), and
one against another. All are paid throughout.
"""

import polars as pl
import pytest

from evalkit.effects import trials_of_tables
from evalkit.months import add_months


@pytest.fixture
def arms(world):
    """Person-trials of people on support in all of ten months. Episodes: person, intervention,
    first month, month after the last.
    """

    def find(
        *episodes: tuple[str, str, int, int], state: str = "support", **changes
    ) -> list[tuple[str, int, str]]:
        people = sorted({who for who, *_ in episodes})
        tables = world.tables(dict.fromkeys(people, "s" * 10))
        dated = [
            (
                who,
                what,
                add_months(world.first_month, at - 1),
                add_months(world.first_month, over - 1),
            )
            for who, what, at, over in episodes
        ]
        schema = {
            "person_id": pl.String,
            "intervention_id": pl.String,
            "start": pl.Date,
            "end": pl.Date,
        }
        trials = trials_of_tables(
            tables["spells"],
            pl.DataFrame(dated, schema=schema, orient="row"),
            protocol=world.protocol(**changes),
            state_intervals=tables["state_intervals"].with_columns(from_state=pl.lit(state)),
            person=tables["person"],
            first_month=world.first_month,
        )
        return trials.rows.select("person_id", "trial_month", "arm").rows()

    return find


@pytest.mark.parametrize("leavers", ["stay", "excluded"])
@pytest.mark.parametrize("state", ["support", "training"])
def test_a_course_added_to_care_is_compared_with_care_alone(arms, leavers, state):
    """Support is paid on, so nobody leaves it, whichever state is on record for those in care."""
    episodes = [
        ("a", "care", 2, 9),
        ("a", "course", 4, 6),
        ("b", "care", 2, 5),
        ("c", "course", 4, 6),
    ]

    found = arms(
        *episodes,
        state=state,
        eligibility={"from_month": 4, "to_month": 5, "during": "care"},
        leavers_in_month_one=leavers,
    )

    assert found == [("a", 4, "treated"), ("b", 4, "comparison"), ("b", 5, "comparison")]


def test_a_course_after_a_step_begins_within_the_months_declared_and_not_while_the_step_goes_on(
    arms,
):
    episodes = [
        ("a", "step", 2, 4),
        ("a", "course", 5, 7),
        ("b", "step", 2, 4),
        ("c", "step", 2, 4),
        ("c", "step", 4, 8),
        ("d", "course", 5, 7),
    ]

    found = arms(
        *episodes, eligibility={"from_month": 4, "to_month": 7, "after": "step", "within_months": 2}
    )

    assert found == [
        ("a", 4, "comparison"),
        ("a", 5, "treated"),
        ("b", 4, "comparison"),
        ("b", 5, "comparison"),
    ]


def test_one_course_against_another_asks_those_who_are_in_neither(arms):
    """b goes on from one episode of the other course to the next, and d changes courses: neither
    stands at the choice between the two.
    """
    episodes = [
        ("a", "course", 4, 6),
        ("b", "other", 2, 5),
        ("b", "other", 4, 7),
        ("c", "other", 4, 6),
        ("d", "other", 2, 7),
        ("d", "course", 4, 6),
    ]

    found = arms(
        *episodes,
        eligibility={"from_month": 3, "to_month": 6},
        comparisons=["other"],
        other_intervention_id="other",
    )

    assert found == [("a", 4, "treated"), ("c", 4, "comparison")]
