"""Cells: what one of them is read as does not depend on how the others of its column are written,
nor on who looked at it before.
"""

import math
from datetime import date

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from evalkit.intake.checking.cells import _in_chunks_of, type_cells
from evalkit.intake.contracts.contract import ContractColumn
from evalkit.intake.contracts.mapping import TableMapping
from evalkit.intake.reading.readers import read_delivered

NUMBERS = {
    "12.5": 12.5,
    "12,5": 12.5,
    "007": 7.0,
    "-3": -3.0,
    "\u22123,25": -3.25,
    "1 234,50": 1234.5,
    "1\u00a0234": 1234.0,
    " 4,5 ": 4.5,
    "1,5e3": 1500.0,
    ",5": 0.5,
    "": None,
    "abc": None,
    "inf": None,
    "1.234,5": None,
    "1,2,3": None,
}
DATES = {
    "2026-01-01": date(2026, 1, 1),
    " 2026-02-01": date(2026, 2, 1),
    "2026-03-01 00:00:00": date(2026, 3, 1),
    "": None,
    "2026-02-30": None,
    "1 maj": None,
}


def _column_of(folder, kind, texts):
    path = folder / "table.csv"
    path.write_text("id;value\n" + "".join(f"a;{text}\n" for text in texts), encoding="utf-8")
    return read_delivered(path), [ContractColumn("value", kind)]


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@pytest.mark.parametrize(
    ("kind", "read_as"), [("number", NUMBERS), ("date", DATES)], ids=["numbers", "dates"]
)
@given(data=st.data(), is_coded=st.booleans())
def test_type_cells_reads_each_cell_whatever_stands_in_the_others(
    tmp_path, kind, read_as, data, is_coded
):
    texts = data.draw(st.lists(st.sampled_from(list(read_as)), min_size=1, max_size=8))
    delivered, columns = _column_of(tmp_path, kind, texts)
    if is_coded:
        delivered.coded("value")

    typed = type_cells(delivered, columns, TableMapping())

    assert typed.rows["value"].to_list() == [read_as[text] for text in texts]
    is_unreadable = [read_as[text] is None and text != "" for text in texts]
    assert typed.rows["_unreadable_value"].to_list() == is_unreadable
    assert typed.unreadable == (("value",) if any(is_unreadable) else ())


@pytest.mark.parametrize(
    "amounts", [[0.0, -1.5], [math.inf, 1.0], [math.nan, None], [1.7e308, 1.7e308]], ids=str
)
def test_type_cells_takes_numbers_that_are_not_finite_for_unreadable(tmp_path, amounts):
    pl.DataFrame({"value": amounts}, schema={"value": pl.Float64}).write_parquet(
        tmp_path / "table.parquet"
    )

    typed = type_cells(
        read_delivered(tmp_path / "table.parquet"),
        [ContractColumn("value", "number")],
        TableMapping(),
    )

    is_finite = [amount is not None and math.isfinite(amount) for amount in amounts]
    assert typed.rows["value"].to_list() == [
        amount if finite else None for amount, finite in zip(amounts, is_finite, strict=True)
    ]
    assert typed.rows["_unreadable_value"].to_list() == [
        amount is not None and not math.isfinite(amount) for amount in amounts
    ]


def test_in_chunks_of_cuts_a_column_where_the_other_is_cut():
    other = pl.concat([pl.Series([1, 2, 3]), pl.Series([4]), pl.Series([5, 6])], rechunk=False)
    column = pl.concat([pl.Series(["a"]), pl.Series(["b", "c", "d", "e", None])], rechunk=False)

    cut = _in_chunks_of(other, column)

    assert cut.chunk_lengths() == [3, 1, 2]
    assert cut.to_list() == ["a", "b", "c", "d", "e", None]
