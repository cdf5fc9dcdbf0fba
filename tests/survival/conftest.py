"""A few spells for the tests of this room."""

import polars as pl
import pytest


@pytest.fixture
def spells() -> pl.DataFrame:
    """Eight spells of five persons in two districts."""
    return pl.DataFrame(
        {
            "person": ["p1", "p1", "p2", "p3", "p3", "p4", "p5", "p5"],
            "district": ["north", "north", "north", "south", "south", "south", "south", "north"],
            "entry": [0, 0, 0, 0, 1, 0, 0, 2],
            "months": [2, 3, 1, 4, 3, 2, 5, 5],
            "cause": ["work", None, "studies", "work", None, "work", None, "studies"],
            "weight": [1.0, 2.0, 0.5, 1.0, 1.0, 2.5, 1.0, 1.0],
        }
    ).with_columns(ended=pl.col("cause").is_not_null())


@pytest.fixture
def four_lines():
    """The message of an error as (what, where, why, fix); fails when it has not exactly these
    lines.
    """

    def lines(error: BaseException) -> tuple[str, str, str, str]:
        what, where, why, fix = str(error).split("\n")
        return (
            what,
            where.removeprefix("  where: "),
            why.removeprefix("  why:   "),
            fix.removeprefix("  fix:   "),
        )

    return lines
