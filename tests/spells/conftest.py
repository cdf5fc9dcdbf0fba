"""Admitted tables for tests of spells: the Northern Ireland extract, and small ones made of month
numbers.
"""

from datetime import date
from pathlib import Path

import polars as pl
import pytest

from evalkit.intake import admit
from evalkit.line.tables import table
from evalkit.months import add_months

ROOT = Path(__file__).parents[2]
FIRST = date(2026, 1, 1)


@pytest.fixture(scope="session")
def northern_ireland() -> dict[str, pl.DataFrame]:
    return admit(
        ROOT / "tests/data/northern_ireland",
        ROOT / "data_contracts",
        districts=["Belfast", "N.Eastern", "S.Eastern", "Southern", "Western"],
        mapping=ROOT / "data_contracts/mappings/northern_ireland.yaml",
        first_month=date(1993, 7, 1),
        data_through=date(1999, 6, 1),
    ).tables


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


@pytest.fixture
def month():
    """Month k of the small tables, counted from January 2026 = 1, as a date."""
    return lambda k: None if k is None else add_months(FIRST, k - 1)


@pytest.fixture
def paid_tables(month):
    """Tables in which person P is paid in the given months, by person; each person is a household
    of one.
    """

    def build(paid: dict[str, list[int]], states: list[tuple] = ()) -> dict[str, pl.DataFrame]:
        months = [(person, month(k)) for person, paid_in in paid.items() for k in paid_in]
        return {
            "income_support": _table(
                "income_support", [(f"H{person}", k, None, "Norr") for person, k in months]
            ),
            "household_member": _table(
                "household_member",
                [(f"H{person}", person, k, "lead", None) for person, k in months],
            ),
            "livelihood": _table(
                "livelihood",
                [(person, month(start), month(end), state) for person, start, end, state in states],
            ),
            "person": _table("person", [(person, "Norr", None, None, None) for person in paid]),
        }

    return build


def _table(name: str, rows: list[tuple]) -> pl.DataFrame:
    columns = table(name).schema
    return pl.DataFrame(
        [row + (None,) * (len(columns) - len(row)) for row in rows], schema=columns, orient="row"
    )
