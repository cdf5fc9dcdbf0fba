"""Loops: returns to a state or an agency that was left before."""

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalkit.spells import count_loops, loop_counts

STATES = ["support", "work", "sickness_benefit", "pension", "studies", "unknown", "out"]


def intervals_of(**states):
    rows = [
        (person, "Norr", at, at + 1, state)
        for person, path in states.items()
        for at, state in enumerate(path)
    ]
    return pl.DataFrame(
        rows,
        schema=["person_id", "district", "start_month", "stop_month", "from_state"],
        orient="row",
    )


@pytest.mark.parametrize(
    ("path", "level", "expected"),
    [
        (["support", "work"], "state", (1, 0)),
        (["support", "work", "support"], "state", (2, 1)),
        (["support", "work", "support", "work"], "state", (3, 2)),
        (["work", "unknown", "work"], "state", (0, 0)),
        (["support", "sickness_benefit", "pension", "support"], "state", (3, 1)),
        (["support", "sickness_benefit", "pension", "support"], "agency", (3, 1)),
        (["support", "programme", "subsidised_work", "support"], "agency", (2, 1)),
        (["programme", "support", "subsidised_work"], "state", (2, 0)),
        (["programme", "support", "subsidised_work"], "agency", (2, 1)),
        (["support", "out"], "state", (0, 0)),
    ],
)
def test_loops_are_returns_to_where_somebody_has_been(path, level, expected):
    loops = count_loops(intervals_of(A=path), level=level)

    assert loops.select("n_moves", "n_returns").row(0) == expected


@given(path=st.lists(st.sampled_from(STATES), min_size=1, max_size=12))
def test_returns_follow_a_count_by_hand(path):
    known = [state for state in path if state not in ("unknown", "out")]
    stays = [state for at, state in enumerate(known) if at == 0 or state != known[at - 1]]
    by_hand = sum(state in stays[:at] for at, state in enumerate(stays))

    loops = count_loops(intervals_of(A=path), level="state")

    assert loops["n_returns"].sum() == by_hand


def test_loop_counts_are_of_people_ever_on_support():
    table = loop_counts(
        intervals_of(
            A=["support", "work"],
            B=["support", "work", "support", "work", "support"],
            C=["work", "studies", "work"],
        )
    )

    city = table.filter((pl.col("district") == "all") & (pl.col("level") == "state")).select(
        "n_returns", "n_persons", "share"
    )
    assert city.rows() == [
        ("0", 1, 0.5),
        ("1", 0, 0.0),
        ("2", 0, 0.0),
        ("3+", 1, 0.5),
        ("all", 2, 1.0),
    ]
