"""The next step: months on support told apart from it on, in both arms by one rule, by hand."""

from datetime import date

import polars as pl
import pytest
from pydantic import ValidationError

from evalkit.effects import refuse_unmet_steps, trials_of_tables
from evalkit.effects.answer.summary import effect_summary
from evalkit.effects.trials.events import EVENTS, event_months
from evalkit.effects.trials.next_step import step_months
from evalkit.errors import ProtocolError
from evalkit.line.protocol_parts import NextStep
from evalkit.line.states import aggregates_of
from evalkit.words import protocol_card, words

OUTCOMES = ["work", "studies", "subsidised_work", "next_step", "support", "training"]
STEP = {"ladder_step": 3, "holds_months": 1}
CLOSER = {
    "primary_outcome": "closer",
    "outcomes": OUTCOMES,
    "next_step": STEP,
    "follow_up_months": 6,
    "eligibility": {"from_month": 2, "to_month": 2},
}
LADDER = {"course": 1, "workshop": 2, "placement": 3, "job_centre": 4}


def episodes(*rows: tuple) -> pl.DataFrame:
    """Episodes of a person in an intervention from the first day of a month of 2020 up to that of
    another (None: it runs), and why it ended.
    """
    columns = [
        (person, name, date(2020, start, 1), end and date(2020, end, 1), None, LADDER[name], reason)
        for person, name, start, end, reason in rows
    ]
    schema = {
        "person_id": pl.String,
        "intervention_id": pl.String,
        "start": pl.Date,
        "end": pl.Date,
        "planned_months": pl.Int32,
        "ladder_step": pl.Int32,
        "end_reason": pl.String,
    }
    return pl.DataFrame(columns, schema=schema, orient="row")


@pytest.fixture
def paths(world):
    """States of the follow-up from month 2 on by person, a letter a month: n the next step."""

    def follow(lives: dict[str, str], taken: pl.DataFrame, **changes) -> dict[str, str]:
        tables = world.tables(lives)
        trials = trials_of_tables(
            tables["spells"],
            taken,
            protocol=world.protocol(**(CLOSER | changes)),
            state_intervals=tables["state_intervals"],
            person=tables["person"],
            first_month=world.first_month,
        )
        return {
            person: "".join(trials.states[code][0] for code in row)
            for person, row in zip(trials.rows["person_id"], trials.outcomes, strict=True)
        }

    return follow


def test_months_on_support_are_told_apart_from_the_step_on_in_both_arms(paths):
    lives = {"a": "sssssssw", "b": "sssssssw", "c": "ssssssss"}
    taken = episodes(
        ("a", "course", 2, 3, None),
        ("a", "placement", 4, 6, None),  # months 4 and 5, and one after
        ("b", "job_centre", 3, None, None),  # whoever waits takes the step too
        ("c", "workshop", 3, 7, None),  # not high enough
    )

    assert paths(lives, taken) == {"a": "ssnnns", "b": "snnnnn", "c": "ssssss"}


def test_only_months_on_support_are_told_apart(paths):
    taken = episodes(("a", "course", 2, 3, None), ("a", "placement", 3, 7, None))

    assert paths({"a": "sswwssss"}, taken) == {"a": "swwnnn"}


def test_a_step_that_runs_at_time_zero_has_not_been_taken_since(paths):
    taken = episodes(
        ("a", "placement", 1, 3, None),
        ("a", "job_centre", 4, 5, None),  # within the month that the first one still counts
        ("b", "placement", 1, 3, None),
        ("b", "job_centre", 6, 7, None),  # anew
    )

    assert paths({"a": "ssssssss", "b": "ssssssss"}, taken) == {"a": "ssssss", "b": "ssssnn"}


def test_a_step_in_the_month_of_the_start_counts(paths):
    taken = episodes(("a", "course", 2, 3, None), ("b", "placement", 2, 3, None))

    assert paths({"a": "ssssssss", "b": "ssssssss"}, taken)["b"] == "nnssss"


def test_a_hand_over_counts_from_the_first_month_without_the_intervention(paths):
    rule = STEP | {"end_reasons": ["job_centre"], "holds_months": 2}
    other = {"comparisons": ["other"], "other_intervention_id": "workshop"}
    taken = episodes(
        ("a", "course", 2, 4, "job_centre"),
        ("b", "workshop", 2, 5, "job_centre"),
        ("c", "workshop", 2, 5, "dropped_out"),
    )

    found = paths(
        {"a": "ssssssss", "b": "ssssssss", "c": "ssssssss"}, taken, next_step=rule, **other
    )

    assert found == {"a": "ssnnss", "b": "sssnns", "c": "ssssss"}


def test_times_on_the_step_that_touch_are_one():
    taken = episodes(
        ("a", "placement", 1, 2, None),
        ("a", "job_centre", 3, 4, None),
        ("a", "placement", 9, None, None),
    )
    origin = 2020 * 12

    months = step_months(taken, NextStep(ladder_step=3, holds_months=1), origin)

    assert months.rows()[0] == ("a", 1, 5)
    assert months["start"].to_list() == [1, 9]
    assert months["stop"][1] > 1_000


def test_a_month_in_the_middle_of_which_the_step_ends_still_is_one():
    taken = episodes(("a", "placement", 1, 3, None)).with_columns(end=date(2020, 3, 16))

    months = step_months(taken, NextStep(ladder_step=3, holds_months=0), 2020 * 12)

    assert months.rows() == [("a", 1, 4)]


def test_the_next_step_is_support_where_leaving_and_coming_back_are_counted(world):
    tables = world.tables({"a": "ssssswws", "b": "ssssssss"})
    taken = episodes(("a", "course", 2, 3, None), ("a", "placement", 3, 5, None))
    trials = trials_of_tables(
        tables["spells"],
        taken,
        protocol=world.protocol(**(CLOSER | {"follow_up_months": 7})),
        state_intervals=tables["state_intervals"],
        person=tables["person"],
        first_month=world.first_month,
    )

    reached = dict(zip(EVENTS, event_months(trials)[:, 0], strict=True))

    # s n n n w w s: three months on the step are three closer; two at work are no lasting exit.
    assert reached["sustained_work"].tolist() == [False, False, False, True, True, True, True]
    assert not reached["sustained_exit"].any()
    assert reached["worked"].tolist() == [False, False, False, False, True, True, True]
    assert reached["returned_to_support"].tolist() == [False] * 6 + [True]


def test_aggregates_of_the_next_step_are_told_where_it_is():
    plain = ("work", "studies", "support")

    assert set(aggregates_of(plain)) == {"any_work", "without_support"}
    told = aggregates_of((*plain, "next_step"))
    assert told["closer"] == ("work", "studies", "next_step")
    assert told["any_support"] == ("support", "next_step")
    assert told["without_support"] == ("work", "studies")


def test_months_closer_and_on_support_are_summed(world):
    draws = pl.DataFrame(
        [
            ("North", "course", "x", arm, 0, state, month, share)
            for arm, shares in {"comparison": (0.2, 0.1, 0.7), "treated": (0.2, 0.3, 0.5)}.items()
            for state, share in zip(("work", "next_step", "support"), shares, strict=True)
            for month in (1, 2)
        ],
        schema=[
            "district",
            "intervention_id",
            "estimand",
            "arm",
            "draw",
            "state",
            "month",
            "probability",
        ],
        orient="row",
    )
    protocol = world.protocol(**(CLOSER | {"follow_up_months": 2}))

    found = dict(effect_summary(draws, protocol).select("outcome", "difference").iter_rows())

    assert found["months_closer"] == pytest.approx(0.4)
    assert found["months_support"] == pytest.approx(-0.4)
    assert found["months_any_support"] == pytest.approx(0.0)
    assert found["closer_share_at_end"] == pytest.approx(0.2)


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"next_step": None}, "go together"),
        ({"primary_outcome": "work"}, "go together"),
        ({"primary_outcome": "next_step"}, "straight to work would count against"),
        ({"primary_outcome": "any_support"}, "must be work, studies, a step or one of"),
        ({"outcomes": [name for name in OUTCOMES if name != "next_step"]}, "missing: next_step"),
        ({"next_step": STEP | {"end_reasons": ["job_centre"]}}, "goes with the comparison other"),
        (
            {"eligibility": {"from_month": 2, "to_month": 2, "state_before": "training"}},
            "state_before must be support",
        ),
    ],
)
def test_a_protocol_that_contradicts_itself_about_the_step_is_refused(world, changes, fault):
    with pytest.raises(ValidationError, match=fault):
        world.protocol(**(CLOSER | changes))


@pytest.mark.parametrize(
    ("taken", "fault"),
    [
        (episodes(("a", "course", 2, 3, None)), "nobody has started an intervention of step 3"),
        (
            episodes(("a", "course", 2, 3, None), ("a", "job_centre", 2, 3, None)).with_columns(
                ladder_step=pl.lit(3)
            ),
            "course is on step 3",
        ),
        (
            episodes(("a", "course", 2, 3, None), ("a", "job_centre", 2, 3, None)).with_columns(
                ladder_step=pl.when(pl.col("intervention_id") != "course").then("ladder_step")
            ),
            "course is on no step",
        ),
    ],
)
def test_a_step_that_nobody_takes_or_that_is_compared_itself_is_refused(world, taken, fault):
    with pytest.raises(ProtocolError) as caught:
        refuse_unmet_steps(taken, world.protocol(**CLOSER))

    lines = str(caught.value).splitlines()
    assert len(lines) == 4
    assert fault in lines[1]


def test_a_reason_for_which_nothing_ended_is_refused(world):
    rule = STEP | {"end_reasons": ["jobcentre"]}
    other = {"comparisons": ["other"], "other_intervention_id": "workshop"}
    taken = episodes(("a", "course", 2, 3, "job_centre"), ("b", "placement", 2, 3, None))

    with pytest.raises(ProtocolError, match=r"nothing ended for jobcentre .*job_centre"):
        refuse_unmet_steps(taken, world.protocol(**(CLOSER | other | {"next_step": rule})))


def test_a_protocol_without_a_step_asks_for_none(world):
    refuse_unmet_steps(world.tables({"a": "ssts"})["episodes"], world.protocol())


def test_episodes_that_do_not_tell_of_steps_are_refused(world):
    with pytest.raises(ProtocolError, match="missing: ladder_step, end_reason"):
        world.trials({"a": "sssssssw", "b": "sstsssss"}, **CLOSER)


def test_the_card_says_what_the_step_is(world):
    card = dict(protocol_card(world.protocol(**CLOSER)).iter_rows())

    assert card["primary outcome"] == "share closer to work, months closer to work"
    assert "step 3 of the ladder or higher" in card["next step"]


@pytest.mark.parametrize(
    ("language", "told"),
    [
        ("en", "months on income support without a next step"),
        ("sv", "månader med ekonomiskt bistånd utan nästa steg"),
    ],
)
def test_months_on_support_without_the_step_are_called_so(language, told):
    assert words(language).about("closer").text("months_support") == told
    assert words(language).about("work").text("months_support") != told
