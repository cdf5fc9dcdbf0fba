from datetime import date

import numpy as np
import polars as pl
import pytest

from evalkit.effects import trials_of_tables
from evalkit.errors import ProtocolError


def test_emulate_trials_enters_a_person_every_eligible_month(world):
    trials = world.trials({"a": "sstw", "b": "sssw", "c": "wsse"})

    rows = trials.rows.select("person_id", "trial_month", "arm").rows()

    # On support in the month before, trial months 2 and 3: a in both (starts in 3), b in both, c
    # only in 3.
    assert rows == [
        ("a", 2, "comparison"),
        ("a", 3, "treated"),
        ("b", 2, "comparison"),
        ("b", 3, "comparison"),
        ("c", 3, "comparison"),
    ]


def test_emulate_trials_follows_both_arms_from_the_same_month(world):
    trials = world.trials({"a": "sstw", "b": "sssw"})

    names = [[trials.protocol.outcomes[code] for code in row] for row in trials.outcomes]

    assert names == [
        ["support", "training"],
        ["training", "work"],
        ["support", "support"],
        ["support", "work"],
    ]


def test_emulate_trials_never_enters_someone_already_in_the_intervention(world):
    """Support paid during the course must not make a participant eligible again."""
    tables = world.tables({"a": "ssss", "b": "ssss"})
    course = pl.DataFrame(
        {
            "person_id": ["a"],
            "intervention_id": ["course"],
            "start": [world.first_month.replace(month=2)],
            "end": [None],
        },
        schema_overrides={"end": pl.Date},
    )
    trials = trials_of_tables(
        tables["spells"],
        course,
        protocol=world.protocol(),
        state_intervals=tables["state_intervals"],
        person=tables["person"],
        first_month=world.first_month,
    )

    assert trials.rows.filter(pl.col("person_id") == "a").select("trial_month", "arm").rows() == [
        (2, "treated")
    ]


def test_elapsed_months_are_unknown_when_the_spell_runs_at_the_first_month(world):
    trials = world.trials(
        {"a": "ssss", "b": "wsss"}, covariates=[{"name": "months_on_support", "kind": "elapsed"}]
    )

    assert trials.rows["elapsed_months"].to_list() == [None, None, 1]
    assert trials.design[:, 2].tolist() == [1.0, 1.0, 0.0]
    assert trials.design[2, 1] == pytest.approx(np.log(2))


def test_history_counts_only_months_before_time_zero(world):
    share = {"name": "past_work", "kind": "history_share", "outcome": "work"}

    trials = world.trials({"a": "wsww", "b": "wssw"}, covariates=[share])

    # Trial month 3 of a sees months 1-2 (one of two in work); trial month 3 of b likewise; nobody
    # sees month 3.
    assert trials.design[:, 1].tolist() == [0.5, 0.5]


def test_season_groups_wrap_around_the_year(world):
    season = {"name": "season", "kind": "season", "starts": [3, 9]}

    trials = world.trials({"a": "ssss"}, covariates=[season])

    # February belongs to the group that began in September (the baseline), March to the one that
    # begins in March.
    assert trials.design[:, 1].tolist() == [0.0, 1.0]


def test_each_district_but_the_first_is_a_term_of_its_own(world):
    district = {"name": "district", "kind": "district", "districts": ["North", "South", "East"]}

    trials = world.trials(
        {"a": "ssss", "b": "ssss"}, districts={"b": "South"}, covariates=[district]
    )

    assert trials.terms == ("constant", "lives_in_South", "lives_in_East")
    assert trials.design[:, 1:].tolist() == [[0, 0], [0, 0], [1, 0], [1, 0]]


def test_leavers_excluded_keeps_those_who_stay_and_those_who_start(world):
    lives = {"a": "stww", "b": "swww", "c": "ssww"}

    trials = world.trials(
        lives, leavers_in_month_one="excluded", eligibility={"from_month": 2, "to_month": 2}
    )

    assert trials.rows.select("person_id", "arm").rows() == [("a", "treated"), ("c", "comparison")]


def test_leavers_who_start_something_else_are_compared_with(world):
    """To start the other intervention they must not have left either."""
    tables = world.tables({"a": "swww", "b": "swww", "c": "swww"})
    start = {"start": date(2020, 2, 1), "end": date(2020, 3, 1)}
    courses = [("a", "course"), ("b", "other_course")]

    trials = trials_of_tables(
        tables["spells"],
        pl.DataFrame(
            [{"person_id": who, "intervention_id": what, **start} for who, what in courses]
        ).with_columns(planned_months=pl.lit(None, dtype=pl.Int32)),
        protocol=world.protocol(
            leavers_in_month_one="excluded",
            comparisons=["other"],
            other_intervention_id="other_course",
            eligibility={"from_month": 2, "to_month": 2},
        ),
        state_intervals=tables["state_intervals"],
        person=tables["person"],
        first_month=world.first_month,
    )

    assert trials.rows.select("person_id", "arm").rows() == [("a", "treated"), ("b", "comparison")]


def test_leavers_excluded_in_both_keeps_nobody_who_leaves_in_the_month_of_the_start(world):
    tables = world.tables({"a": "ssww", "b": "swww", "c": "sssw", "d": "ssss"})
    start = {"start": date(2020, 2, 1), "end": date(2020, 3, 1), "intervention_id": "course"}
    courses = pl.DataFrame([{"person_id": name, **start} for name in ("a", "b")])

    trials = trials_of_tables(
        tables["spells"],
        courses.with_columns(planned_months=pl.lit(None, dtype=pl.Int32)),
        protocol=world.protocol(
            leavers_in_month_one="excluded_in_both",
            comparisons=["wait", "never"],
            eligibility={"from_month": 2, "to_month": 2},
        ),
        state_intervals=tables["state_intervals"],
        person=tables["person"],
        first_month=world.first_month,
    )

    # b starts in month 2 and is off support in it; later starts still know of b's.
    assert trials.rows.select("person_id", "arm").rows() == [
        ("a", "treated"),
        ("c", "comparison"),
        ("d", "comparison"),
    ]
    assert len(trials.outcomes) == len(trials.design) == len(trials.rows)
    assert "b" in trials.required_waiting.rows["person_id"]


def test_months_that_are_not_known_are_a_state_of_their_own(world):
    tables = world.tables({"a": "sstw", "b": "sssw"})
    hidden = tables["state_intervals"].with_columns(
        pl.when((pl.col("person_id") == "b") & (pl.col("from_state") == "work"))
        .then(pl.lit("unknown"))
        .otherwise("from_state")
        .alias("from_state")
    )

    trials = trials_of_tables(
        tables["spells"],
        tables["episodes"],
        protocol=world.protocol(),
        state_intervals=hidden,
        person=tables["person"],
        first_month=world.first_month,
    )

    assert trials.states == (*world.protocol().outcomes, "unknown")
    assert trials.states[trials.outcomes[-1, -1]] == "unknown"


def test_future_states_do_not_change_assignment_or_covariates(world):
    """Immortal time cannot enter: what happens after time zero changes outcomes only."""
    covariates = [
        {"name": "elapsed", "kind": "elapsed"},
        {"name": "past", "kind": "history_share", "outcome": "support"},
    ]
    one, other = (
        world.trials(
            {"a": "sst" + end, "b": "sss" + end},
            covariates=covariates,
            eligibility={"from_month": 2, "to_month": 3},
        )
        for end in ("w", "e")
    )

    assert one.rows.equals(other.rows)
    assert np.array_equal(one.design, other.design)


@pytest.mark.parametrize(
    ("lives", "changes", "words"),
    [
        ({"a": "wwww"}, {}, "Nobody is eligible"),
        ({"a": "ssss"}, {"follow_up_months": 3}, "not followed for 3 months"),
        ({"a": "ssst"}, {"outcomes": ["work", "support"]}, "that the protocol does not follow"),
        (
            {"a": "ssss"},
            {"covariates": [{"name": "sex", "kind": "person", "column": "sex"}]},
            "not in the person table",
        ),
    ],
)
def test_emulate_trials_says_in_four_lines_what_it_cannot_do(world, lives, changes, words):
    with pytest.raises(ProtocolError) as caught:
        world.trials(lives, **changes)

    lines = str(caught.value).splitlines()
    assert words in lines[0]
    assert [line.split(":")[0].strip() for line in lines[1:]] == ["where", "why", "fix"]


def test_a_covariate_unknown_for_some_is_refused_with_the_count(world):
    tables = world.tables({"a": "ssss", "bb": "ssst"})
    person = tables["person"].with_columns(age=pl.when(pl.col("person_id") == "a").then("age"))

    with pytest.raises(ProtocolError, match="unknown for 2 of 4 person-trials"):
        trials_of_tables(
            tables["spells"],
            tables["episodes"],
            protocol=world.protocol(
                covariates=[{"name": "age", "kind": "person", "column": "age"}]
            ),
            state_intervals=tables["state_intervals"],
            person=person,
            first_month=world.first_month,
        )
