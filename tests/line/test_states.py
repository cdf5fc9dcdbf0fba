"""Every state has all that is asked of one: a class, a payer where its class needs one, a priority
and a look, and what states of one outcome share is the same for all of them.
"""

from collections.abc import Iterator

import polars as pl
import pytest

from evalkit.line.actors import ACTOR_NAMES
from evalkit.line.states import (
    AGGREGATES,
    CLASSES_WITHOUT_PAYER,
    EFFECT_OUTCOMES,
    LIVELIHOOD_PRIORITY,
    LOOKS,
    OUTCOMES,
    STATES,
    STILL_ON_SUPPORT,
    WITHOUT_SUPPORT,
    members_of,
)

FILE = "evalkit/line/states.py"
CLASSES = ("self_support", "step", "programme", "transfer", "support", "out", "unknown")
LOOK = ("colour", "dash", "shape")
SHARED = ("state_class", "payer", "is_programme", *LOOK)


def faults(states: pl.DataFrame) -> list[str]:
    """Each fault by file and entry."""
    of_states = [f"{row['state']}: {fault}" for row in states.to_dicts() for fault in _faults(row)]
    repeated = [
        f"{state}: {column} stands more than once"
        for column in ("state", "priority")
        for state in states.filter(pl.col(column).is_duplicated())["state"]
    ]
    differing = [
        f"outcome {outcome}: its states differ in {column}"
        for column in SHARED
        for outcome, n_values in states.group_by("outcome").agg(pl.col(column).n_unique()).rows()
        if n_values > 1
    ]
    return [f"{FILE}, {fault}" for fault in (*of_states, *repeated, *differing)]


def _faults(row: dict) -> Iterator[str]:
    if row["state_class"] not in CLASSES:
        yield f"class {row['state_class']} is none of {', '.join(CLASSES)}"
    if (row["payer"] is None) != (row["state_class"] in CLASSES_WITHOUT_PAYER):
        yield f"payer {row['payer']} does not go with the class {row['state_class']}"
    if row["payer"] not in (None, *ACTOR_NAMES):
        yield f"payer {row['payer']} is no actor"
    yield from (f"no {column}" for column in ("priority", *LOOK) if row[column] is None)


def with_value(state: str, column: str, value: object) -> pl.DataFrame:
    is_changed = pl.col("state") == state
    kept = pl.when(~is_changed).then(column)
    given = pl.lit(value, dtype=STATES.schema[column])
    return STATES.with_columns(kept if value is None else kept.otherwise(given))


def test_every_state_has_what_a_state_needs():
    assert faults(STATES) == []


@pytest.mark.parametrize(
    ("state", "column", "value", "fault"),
    [
        ("pension", "payer", None, "pension: payer None does not go with the class transfer"),
        ("unknown", "payer", "state", "unknown: payer state does not go with the class unknown"),
        ("work", "payer", "boss", "work: payer boss is no actor"),
        ("support", "state_class", "aid", "support: class aid is none of"),
        ("work", "priority", None, "work: no priority"),
        ("work", "priority", 30, "work: priority stands more than once"),
        ("pension", "colour", None, "pension: no colour"),
        ("school", "colour", "#000000", "outcome studies: its states differ in colour"),
    ],
)
def test_a_faulty_state_is_named_with_its_file(state, column, value, fault):
    named = faults(with_value(state, column, value))

    assert any(text.startswith(f"{FILE}, {fault}") for text in named), named


def test_what_ends_everything_is_believed_first_and_the_unknown_last():
    out = STATES.filter(pl.col("state_class") == "out")["state"]

    assert set(LIVELIHOOD_PRIORITY[: len(out)]) == set(out)
    assert LIVELIHOOD_PRIORITY[-2:] == ("support", "unknown")


def test_each_outcome_has_one_look_and_open_spells_have_that_of_support():
    assert set(LOOKS) == {*EFFECT_OUTCOMES, STILL_ON_SUPPORT, *AGGREGATES}
    assert LOOKS[STILL_ON_SUPPORT] == LOOKS["support"]


def test_an_aggregate_holds_outcomes_and_is_none_itself():
    for aggregate, members in AGGREGATES.items():
        assert aggregate not in EFFECT_OUTCOMES
        assert set(members) < set(EFFECT_OUTCOMES)
        assert members_of(aggregate) == members
    assert members_of("work") == ("work",)
    assert "sheltered_work" not in AGGREGATES["any_work"]
    assert {*AGGREGATES[WITHOUT_SUPPORT], "support"} == set(OUTCOMES)
