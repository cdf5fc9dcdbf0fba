"""Cells become values: columns renamed, codes carried over, text typed. A cell that cannot be typed
is flagged, never emptied in silence.

Text is typed in two steps: the plain form for all cells at once (numbers with a decimal comma too),
then, only where cells were left over, the forms that Swedish spreadsheets write: `1 234,50` with
any kind of space, U+2212 as minus, a midnight behind a date, dates as the serial numbers of Excel.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import accumulate

import polars as pl

from evalkit.intake.checking.meaning import as_meant, with_unknown
from evalkit.intake.contracts.contract import ContractColumn
from evalkit.intake.contracts.mapping import TableMapping
from evalkit.intake.reading.codes import Coded, code_texts, stacked
from evalkit.intake.reading.delivered import LINE, OWN_COLUMNS, Delivered

_ISO_LENGTH = 10
# Cells looked at to tell how numbers are written.
_SAMPLE = 1000
_SPACES = " \u00a0\u202f\u2009"
_SPACED_NUMBER = rf"^[-+\u2212]?[0-9]{{1,3}}([{_SPACES}][0-9]{{3}})*([,.][0-9]+)?$"
_COMMA_NUMBER = r"^[-+\u2212]?[0-9]+([,.][0-9]+)?$"
_TRUTHS = {
    "true": True,
    "1": True,
    "yes": True,
    "ja": True,
    "false": False,
    "0": False,
    "no": False,
    "nej": False,
}
_MIDNIGHT = r"[T ]00:00(:00(\.0+)?)?$"
# Excel counts days from 30 December 1899; five digits between these limits are days from 1954 to
# 2091.
_EXCEL_EPOCH, _FIRST_SERIAL, _LAST_SERIAL = pl.date(1899, 12, 30), 20_000, 69_999
_SERIAL = "^[2-6][0-9]{4}$"


def unreadable_flag(column: str) -> str:
    """The column that flags cells which could not be read as the type of a column."""
    return f"_unreadable_{column}"


@dataclass(frozen=True)
class TypedCells:
    """The cells of a table as values.

    rows : the declared columns, _line, _file, _is_whole, and a flag `_unreadable_COLUMN` for each
    column. given : the columns that were delivered. texts : the delivered columns of text as
    numbers. unreadable : the columns with cells that are not of their type. notes : what was
    assumed about dates.
    """

    rows: pl.DataFrame
    given: tuple[str, ...]
    texts: dict[str, Coded]
    unreadable: tuple[str, ...]
    notes: tuple[str, ...]


def type_cells(
    delivered: Delivered, columns: Sequence[ContractColumn], mapping: TableMapping
) -> TypedCells:
    """Give the columns of a file the types of the contract. Columns that were not delivered are
    empty. One that may be left out and is empty in every row, as in a template, was left out.
    """
    typed, flags, notes, texts = [], {}, [], {}
    sources = {c.name: mapping.source_of(c, delivered.columns) for c in columns}
    sources |= {c.name: None for c in columns if _is_left_empty(delivered, sources[c.name], c)}
    absent = [column for column in columns if sources[column.name] is None]
    for column in columns:
        source = sources[column.name]
        if source is None:
            continue
        value = _plain_cells(delivered, source, column, mapping)
        if value is None:
            raw, coded = _raw_cells(delivered, source, column, mapping)
            plain = raw if _is_typed(raw, column) else _plain_values(raw, column, mapping)
            value, note = _with_left_over(
                raw, plain, column, has_decimal_comma=delivered.has_decimal_comma
            )
            notes += [note] if note else []
            if value.null_count() > raw.null_count():
                flags[unreadable_flag(column.name)] = (raw.is_not_null() & value.is_null()).alias(
                    unreadable_flag(column.name)
                )
            elif column.kind == "string":
                texts[column.name] = coded or code_texts(value)
        if column.name in mapping.unknown and column.kind == "string":
            value, n_codes, n_rows = with_unknown(value, column, mapping)
            texts[column.name] = code_texts(value)
            notes.append(
                f'column "{column.name}": {n_rows:,} rows hold one of {n_codes:,} codes that are '
                f"not on the list; they count as {mapping.unknown[column.name]}"
            )
        value = as_meant(value, column, mapping)
        typed.append(_in_chunks_of(delivered.cells[LINE], value.alias(column.name)))
    # Constants stay constants: a column that was not delivered takes no room.
    constants = [pl.lit(None, column.dtype).alias(column.name) for column in absent]
    constants += [
        pl.lit(False).alias(flag)
        for column in columns
        if (flag := unreadable_flag(column.name)) not in flags
    ]
    rows = (
        delivered.cells.select(OWN_COLUMNS)
        .hstack([*typed, *flags.values()])
        .with_columns(constants)
    )
    unreadable = tuple(column.name for column in columns if unreadable_flag(column.name) in flags)
    given = tuple(column.name for column in columns if column not in absent)
    return TypedCells(rows, given, texts, unreadable, tuple(notes))


def joined(files: Sequence[TypedCells]) -> TypedCells:
    """All files of a table as one."""
    if len(files) == 1:
        return files[0]
    order = files[0].rows.columns
    shared = [name for name in files[0].texts if all(name in file.texts for file in files)]
    return TypedCells(
        # Relaxed, because each reader numbers its lines as narrowly as it can.
        rows=pl.concat(
            [file.rows.select(order) for file in files], how="vertical_relaxed", rechunk=False
        ),
        given=tuple({name for file in files for name in file.given}),
        texts={name: stacked([file.texts[name] for file in files]) for name in shared},
        unreadable=tuple({name for file in files for name in file.unreadable}),
        notes=tuple(note for file in files for note in file.notes),
    )


def _is_left_empty(delivered: Delivered, source: str | None, column: ContractColumn) -> bool:
    return (
        source is not None
        and column.is_required
        and column.may_be_absent
        and delivered.cells[source].null_count() == delivered.cells.height
    )


def _in_chunks_of(other: pl.Series, column: pl.Series) -> pl.Series:
    """The column, cut where another of its table is: where columns are cut differently, polars
    copies them whenever it looks at the table.
    """
    lengths = other.chunk_lengths()
    if column.chunk_lengths() == lengths:
        return column
    whole = column.rechunk()
    return pl.concat(
        [
            whole.slice(end - length, length)
            for length, end in zip(lengths, accumulate(lengths), strict=True)
        ],
        rechunk=False,
    )


def _plain_cells(
    delivered: Delivered, source: str, column: ContractColumn, mapping: TableMapping
) -> pl.Series | None:
    """A column of texts as values of another type, where every cell is written in the plain form;
    else None.
    """
    cells = delivered.cells[source]
    if cells.dtype != pl.String or column.kind == "string" or _codes_of(column, mapping):
        return None
    # Where the gate has told the texts apart already, each need be typed only once.
    coded = delivered.coded(source) if delivered.is_coded(source) else None
    texts = coded.values if coded else cells
    has_comma = (
        column.kind == "number"
        and delivered.has_decimal_comma
        and texts.head(_SAMPLE).str.contains(",", literal=True).any()
    )
    values = _plain_values(texts.alias(column.name), column, mapping, has_comma=has_comma)
    if values.null_count() > texts.null_count():
        return None
    return replace(coded, values=values).cells if coded else values


def _raw_cells(
    delivered: Delivered, source: str, column: ContractColumn, mapping: TableMapping
) -> tuple[pl.Series, Coded | None]:
    """The delivered column under our name (see `_raw`), and as numbers where it was delivered as
    text.
    """
    cells = delivered.cells[source]
    as_raw = _raw(source, cells.dtype, column, mapping)
    if cells.dtype != pl.String:
        return delivered.cells.select(as_raw).to_series(), None
    coded = delivered.coded(source)
    is_bare = coded.values.str.len_bytes().min() != 0 and coded.values.str.strip_chars().equals(
        coded.values
    )
    # Mostly there is nothing to strip or to carry over, which the few values show.
    if is_bare and not _codes_of(column, mapping):
        return cells.alias(column.name), coded
    raw_values = coded.values.to_frame(source).select(as_raw).to_series()
    if raw_values.equals(coded.values):
        return cells.alias(column.name), coded
    coded = coded.with_values(raw_values)
    return coded.cells.alias(column.name), coded


def _raw(source: str, dtype: pl.DataType, column: ContractColumn, mapping: TableMapping) -> pl.Expr:
    """The delivered column under our name: text without spaces around it, empty text as null, codes
    and Swedish labels as our codes.
    """
    cells = pl.col(source)
    codes = _codes_of(column, mapping)
    # A month written as 202601 is a number to workbooks.
    if dtype.is_numeric() and (codes or column.name in mapping.formats):
        cells, dtype = _number_as_text(cells), pl.String()
    elif isinstance(dtype, pl.Categorical | pl.Enum):
        cells, dtype = cells.cast(pl.String), pl.String()
    if dtype == pl.String:
        cells = cells.str.strip_chars()
        cells = pl.when(cells != "").then(cells)
        cells = cells.replace(codes) if codes else cells
    return cells.alias(column.name)


def _codes_of(column: ContractColumn, mapping: TableMapping) -> dict[str, str]:
    return {label: str(value) for value, label in column.labels.items()} | mapping.codes.get(
        column.name, {}
    )


def _is_typed(raw: pl.Series, column: ContractColumn) -> bool:
    # What is not finite makes the sum so; a sum too large to be held says nothing yet.
    return raw.dtype == column.dtype and (
        column.kind != "number" or math.isfinite(raw.sum()) or bool(raw.is_finite().all())
    )


def _plain_values(
    cells: pl.Series, column: ContractColumn, mapping: TableMapping, *, has_comma: bool = False
) -> pl.Series:
    value = _plain_value(cells.dtype, column, mapping, has_comma=has_comma)
    # Lazily, so that what the expression names twice is done once; streamed, so that no copy of the
    # whole column is made on the way.
    return cells.to_frame().lazy().select(value).collect(engine="streaming").to_series()


def _plain_value(
    dtype: pl.DataType, column: ContractColumn, mapping: TableMapping, *, has_comma: bool
) -> pl.Expr:
    cells = pl.col(column.name)
    if dtype == pl.String:
        return _from_text(
            _with_point(cells) if has_comma else cells, column, mapping.formats.get(column.name)
        )
    return _from_typed(cells, dtype, column)


def _from_text(text: pl.Expr, column: ContractColumn, date_format: str | None) -> pl.Expr:
    if column.kind == "date" and date_format:
        whole = text if "%d" in date_format else text + "-01"
        return whole.str.to_date(
            date_format if "%d" in date_format else f"{date_format}-%d", strict=False
        )
    if column.kind == "date":
        return pl.when(text.str.len_bytes() == _ISO_LENGTH).then(
            text.str.to_date("%Y-%m-%d", strict=False)
        )
    if column.kind == "boolean":
        return text.str.to_lowercase().replace_strict(
            _TRUTHS, default=None, return_dtype=pl.Boolean
        )
    if column.kind == "number":
        return _finite(text)
    return text if column.kind == "string" else text.cast(column.dtype, strict=False)


def _finite(text: pl.Expr) -> pl.Expr:
    number = text.cast(pl.Float64, strict=False)
    return pl.when(number.is_finite()).then(number)


def _with_point(text: pl.Expr) -> pl.Expr:
    return text.str.replace(",", ".", literal=True)


def _from_typed(cells: pl.Expr, dtype: pl.DataType, column: ContractColumn) -> pl.Expr:
    # A cast that does not come back to the same value has lost something: 2.5 as an integer, a time
    # of day as a date.
    if column.kind == "string" and dtype.is_numeric():
        return _number_as_text(cells)
    if column.kind == "date" and dtype.is_numeric():
        return pl.lit(None, pl.Date).alias(column.name)
    if column.kind == "boolean":
        return cells.cast(pl.Float64, strict=False).replace_strict(
            {1.0: True, 0.0: False}, default=None, return_dtype=pl.Boolean
        )
    value = cells.cast(column.dtype, strict=False)
    if column.kind == "number":
        return pl.when(value.is_finite()).then(value)
    if column.kind == "integer":
        return pl.when(value.cast(pl.Float64) == cells.cast(pl.Float64, strict=False)).then(value)
    if column.kind == "date":
        return pl.when(
            value.cast(pl.Datetime("us")) == cells.cast(pl.Datetime("us"), strict=False)
        ).then(value)
    return value


def _number_as_text(cells: pl.Expr) -> pl.Expr:
    # SPSS, Stata and Excel hold whole numbers as 3.0; as a code or an id that is 3.
    whole = cells.cast(pl.Int64, strict=False)
    return (
        pl.when(whole.cast(pl.Float64) == cells.cast(pl.Float64))
        .then(whole.cast(pl.String))
        .otherwise(cells.cast(pl.String))
    )


def _with_left_over(
    raw: pl.Series, value: pl.Series, column: ContractColumn, *, has_decimal_comma: bool
) -> tuple[pl.Series, str | None]:
    """The values with those cells added that the plain form left over, and what had to be
    assumed.
    """
    if value.null_count() == raw.null_count():
        return value, None
    left_over = pl.DataFrame({"raw": raw, "value": value})
    if column.kind == "date":
        return _dates(left_over, column.name, raw.dtype)
    if raw.dtype != pl.String or column.kind in ("string", "boolean"):
        return value, None
    text = pl.col("raw").str.replace_all("\u2212", "-", literal=True)
    form = f"{_SPACED_NUMBER}|{_COMMA_NUMBER}" if has_decimal_comma else r"^[-+]?[0-9]+(\.[0-9]+)?$"
    digits = _with_point(text.str.replace_all(f"[{_SPACES}]", ""))
    number = pl.when(text.str.contains(form)).then(digits).cast(column.dtype, strict=False)
    # What the plain form takes with a comma in a whole column is taken in any cell.
    with_comma = (
        [_finite(_with_point(text))] if column.kind == "number" and has_decimal_comma else []
    )
    return left_over.select(
        pl.coalesce("value", *with_comma, number).alias(column.name)
    ).to_series(), None


def _dates(left_over: pl.DataFrame, name: str, dtype: pl.DataType) -> tuple[pl.Series, str | None]:
    if dtype == pl.String:
        text = pl.col("raw").str.replace(_MIDNIGHT, "")
        iso = pl.when(text.str.contains(r"^\d{4}-\d{2}-\d{2}$")).then(
            text.str.to_date("%Y-%m-%d", strict=False)
        )
        left_over = left_over.with_columns(value=pl.coalesce("value", iso))
        is_serial = pl.col("raw").str.contains(_SERIAL)
    else:
        is_serial = (
            pl.col("raw").is_between(_FIRST_SERIAL, _LAST_SERIAL)
            if dtype.is_numeric()
            else pl.lit(False)
        )
    n_serial = left_over.select((pl.col("value").is_null() & is_serial).sum()).item()
    n_filled = left_over["raw"].count()
    if not n_serial:
        return left_over["value"], None
    if n_serial < n_filled:
        return (
            left_over["value"],
            f'column "{name}": {n_serial:,} cells look like Excel serial numbers among written '
            "dates; they were refused",
        )
    days = pl.col("raw").cast(pl.Float64).floor().cast(pl.Int64)
    serial = left_over.select((_EXCEL_EPOCH + pl.duration(days=days)).cast(pl.Date)).to_series()
    return serial, f'column "{name}": Excel serial numbers, taken as days from 30 December 1899'
