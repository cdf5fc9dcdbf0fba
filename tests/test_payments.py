"""A month is on support by decisions on support alone, as far as they are not taken back."""

from datetime import date

import polars as pl
import pytest

from evalkit.line.tables import table
from evalkit.payments import support_months

MONTH = date(2026, 3, 1)


def payments(*rows):
    """Payments of one month, as (decision, amount)."""
    return pl.DataFrame(
        [
            {"household_id": "H", "month": MONTH, "decision": decision, "amount": amount}
            for decision, amount in rows
        ],
        schema={
            name: kind
            for name, kind in table("income_support").schema.items()
            if name in ("household_id", "month", "decision", "amount")
        },
    )


@pytest.mark.parametrize("lazy", [False, True])
@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([(None, 100.0)], True),
        ([(None, None)], True),
        ([(None, 0.0)], False),
        ([("support", 100.0)], True),
        ([("support", 0.0)], False),
        ([("advance", 100.0)], False),
        ([("repayable", 100.0)], False),
        ([("waiver", 100.0)], False),
        ([("recovery", 100.0)], False),
        ([("advance", 100.0), ("support", 1.0)], True),
        # What is taken back is counted by its size, with a minus sign or without.
        ([("support", 100.0), ("recovery", -100.0)], False),
        ([("support", 100.0), ("recovery", 100.0)], False),
        ([("support", 100.0), ("recovery", -99.0)], True),
        ([("support", 100.0), ("recovery", 101.0)], False),
        ([("support", 60.0), (None, 60.0), ("recovery", -100.0)], True),
        # Nobody knows what is left of an amount that was not delivered.
        ([("support", None), ("recovery", -100.0)], True),
        ([("support", 100.0), ("recovery", None)], True),
    ],
)
def test_a_month_is_on_support_where_something_of_support_is_left(rows, expected, lazy):
    table_of_rows = payments(*rows)

    months = support_months(table_of_rows.lazy() if lazy else table_of_rows).collect()

    assert months.unique().height == expected


def test_a_table_without_decisions_holds_support_alone():
    rows = payments((None, 100.0)).drop("decision")

    assert support_months(rows).collect().rows() == [("H", MONTH)]
