"""Cells become values: columns renamed, codes carried over, text typed. A cell that cannot be typed is flagged, never emptied in silence."""

from collections.abc import Sequence

import polars as pl

from evalkit.intake.contract import Column
from evalkit.intake.mapping import TableMapping
from evalkit.intake.readers import OWN_COLUMNS, Delivered

_ISO_DATE = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$"


def unreadable_flag(column: str) -> str:
    """The name of the flag that says a cell of the column held something that is not of its type."""
    return f"_unreadable_{column}"


def type_cells(delivered: Delivered, columns: Sequence[Column], mapping: TableMapping) -> pl.LazyFrame:
    """The declared columns of a file with the contract's types; undelivered columns are empty.

    Returns
    -------
    LazyFrame
        The declared columns, one flag `_unreadable_COLUMN` each, and _line, _file, _is_whole.
    """
    cells = delivered.cells
    values, flags = [], []
    for column in columns:
        source = mapping.columns.get(column.name, column.name)
        if source not in cells.columns:
            values.append(pl.lit(None, column.dtype).alias(column.name))
            flags.append(pl.lit(False).alias(unreadable_flag(column.name)))
            continue
        raw = _recoded(pl.col(source), cells.schema[source], mapping.codes.get(column.name, {}))
        is_text = cells.schema[source] == pl.String
        value = _from_text(raw, column, delivered.has_decimal_comma) if is_text else _from_typed(raw, column)
        values.append(value.alias(column.name))
        flags.append((raw.is_not_null() & value.is_null()).alias(unreadable_flag(column.name)))
    return cells.lazy().select(*values, *flags, *OWN_COLUMNS)


def _recoded(raw: pl.Expr, dtype: pl.DataType, codes: dict[str, str]) -> pl.Expr:
    if dtype != pl.String:
        return raw
    text = raw.str.strip_chars()
    text = pl.when(text != "").then(text)
    return text.replace(codes) if codes else text


def _from_text(text: pl.Expr, column: Column, has_decimal_comma: bool) -> pl.Expr:
    if column.kind == "date":
        return pl.when(text.str.contains(_ISO_DATE)).then(text.str.to_date("%Y-%m-%d", strict=False))
    if column.kind == "number":
        number = (text.str.replace(",", ".", literal=True) if has_decimal_comma else text).cast(pl.Float64, strict=False)
        return pl.when(number.is_finite()).then(number)
    return text.cast(column.dtype, strict=False)


def _from_typed(raw: pl.Expr, column: Column) -> pl.Expr:
    # A cast that does not come back to the same value has lost something: 2.5 as an integer, a time of day as a date.
    value = raw.cast(column.dtype, strict=False)
    if column.kind == "number":
        return pl.when(value.is_finite()).then(value)
    if column.kind == "integer":
        return pl.when(value.cast(pl.Float64) == raw.cast(pl.Float64, strict=False)).then(value)
    if column.kind == "date":
        return pl.when(value.cast(pl.Datetime("us")) == raw.cast(pl.Datetime("us"), strict=False)).then(value)
    return value
