"""Numbers on their way into a page: each carries the published table, row and column that it stands
in.

Nothing else in this room turns a value of a table into text, so no number can reach a page without
its address. A value that is withheld or could not be estimated becomes a mark with the same
address. A published 0 of people stands for 0, 1 or 2 of them and is written so.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import polars as pl
from markupsafe import Markup, escape

from evalkit.disclosure import Published, require_published
from evalkit.line.columns import is_counted
from evalkit.words import Words, money_digits

Kind = Literal[
    "number",
    "people",
    "signed",
    "percent",
    "signed_percent",
    "probability",
    "hundredths",
    "fewer",
    "points",
    "money",
    "gain",
    "thousands",
    "year",
    "duration",
    "millions",
    "in_millions",
]


@dataclass(frozen=True)
class Form:
    """How a number is written: its kind, its decimals (negative: rounded to tens, hundreds) and,
    for money, its currency.

    people (a published number of them) to the nearest five; number and signed as they are;
    percent, signed_percent (with a plus), probability (a bound near 0 and 1), hundredths (a share
    without the sign), fewer (hundredths of a loss, without its minus) and points (hundredths with a
    plus) times 100; money and gain (with a plus) as amounts; thousands without their unit; year
    without separators; duration (months) as a length of time in words; millions an amount in
    millions with its currency, in_millions without.
    """

    kind: Kind = "number"
    digits: int = 0
    currency: str = ""

    def __str__(self) -> str:
        return ":".join([self.kind, str(self.digits), *([self.currency] if self.currency else [])])


COUNT, MONTHS, CHANGE_MONTHS = Form(), Form("number", 1), Form("signed", 1)
PEOPLE = Form("people")
SHARE, PROBABILITY, POINTS = Form("percent"), Form("probability"), Form("points")
BALANCE, YEAR, DURATION = Form("number", 2), Form("year"), Form("duration")
RANGE = ("ci_lower", "ci_upper")
_ROUNDS_TO_ZERO = 0.005
MILLION = 1e6
# Kinds whose decimals say how finely a number is known, with what it is multiplied by.
_DECIMALS: dict[Kind, float] = {
    "number": 1,
    "signed": 1,
    "percent": 100,
    "signed_percent": 100,
    "hundredths": 100,
    "points": 100,
}
_NUMBERS_OF_RANGE = ("estimate", "difference", "effect")
_IS_ZERO = 1e-9
_SCALES: dict[Kind, float] = {
    "hundredths": 100,
    "fewer": -100,
    "thousands": 1 / 1000,
    "in_millions": 1 / MILLION,
}
_LIMIT_KINDS: dict[Kind, tuple[Kind, Kind]] = {
    "signed": ("number", "number"),
    "points": ("hundredths", "hundredths"),
    "percent": ("hundredths", "percent"),
    "signed_percent": ("hundredths", "percent"),
    "gain": ("money", "money"),
    "millions": ("in_millions", "in_millions"),
}


@dataclass(frozen=True)
class Row:
    """One row of a published table with its address and the table's grade."""

    table: str
    row_id: int
    status: str
    grade: str
    values: Mapping[str, Any] = field(repr=False)

    @property
    def family(self) -> str:
        """The table as it is declared: "exits" of "exits-belfast"."""
        return self.table.partition("-")[0]

    def __getitem__(self, column: str) -> Any:
        return self.values[column]

    def get(self, column: str) -> Any:
        """The value of a column, or None if the table has no such column."""
        return self.values.get(column)

    def has(self, *columns: str) -> bool:
        """Whether every one of the columns can be shown in this row."""
        return self.status == "ok" and all(
            self.values.get(column) is not None for column in columns
        )


class PageTables:
    """The published tables of a page, found by family: `exits` finds `exits` and `exits-belfast`
    alike. Sections ask for rows often, by the same few columns, so the rows of a district are gone
    through once for each set of columns that they are asked by. Pages of the same tables share
    them.
    """

    def __init__(self, tables: Mapping[str, Published], *, where: str):
        published = [
            require_published(table, where=f"{where}, table {name}")
            for name, table in tables.items()
        ]
        self._tables = [
            table for _, table in sorted({table.name: table for table in published}.items())
        ]
        self._families: dict[str, list[Published]] = {}
        self._rows: dict[tuple[str, str | None], list[Row]] = {}
        self._found: dict[tuple[str | None, ...], dict[tuple, list[Row]]] = {}

    def all(self) -> list[Published]:
        """Every table once, by name."""
        return list(self._tables)

    def family(self, family: str) -> list[Published]:
        """The tables of a family: the city's and the districts' own."""
        if family not in self._families:
            self._families[family] = [
                table
                for table in self._tables
                if table.name == family or table.name.startswith(f"{family}-")
            ]
        return list(self._families[family])

    def rows(self, family: str, **key_values: Any) -> list[Row]:
        """The rows of a family of tables with these values, in the order of their tables' keys."""
        district = key_values.pop("district", None)
        columns = sorted(key_values)
        wanted = tuple(key_values[column] for column in columns)
        return [
            row
            for table in self.family(family)
            for row in self._by(table, district, columns).get(wanted, ())
        ]

    def row(self, family: str, **key_values: Any) -> Row | None:
        """The first row with these values, or None."""
        return next(iter(self.rows(family, **key_values)), None)

    def _by(
        self, table: Published, district: str | None, columns: Sequence[str]
    ) -> dict[tuple, list[Row]]:
        """A table's rows of a district (or all) by their values in some columns; none where it
        lacks one of them.
        """
        place = (table.name, district, *columns)
        if place not in self._found:
            found = self._found[place] = {}
            if set(columns) <= set(table.data.columns):
                for row in self._rows_of(table, district):
                    values = tuple(row.values[column] for column in columns)
                    found.setdefault(values, []).append(row)
        return self._found[place]

    def _rows_of(self, table: Published, district: str | None) -> list[Row]:
        """A table's rows of a district (or all), each with its address, in the order of its
        keys.
        """
        if district is not None and "district" not in table.data.columns:
            return []
        place = (table.name, district)
        if place not in self._rows:
            chosen = (
                table.data
                if district is None
                else table.data.filter(pl.col("district") == pl.lit(district))
            )
            self._rows[place] = [
                Row(table.name, values["row_id"], values["status"], table.grade, values)
                for values in chosen.iter_rows(named=True)
            ]
        return self._rows[place]


def number(
    row: Row, column: str, form: Form, words: Words, *, unit: str = "", tag: str = "span"
) -> Markup:
    """A number of a published row as a span that carries its address; a mark where it is withheld
    or not estimable.

    Parameters
    ----------
    row : Row
        The published row.
    column : str
        Its column.
    form : Form
        How the number is written; numbers of people are always written as such.
    words : Words
        In which language.
    unit : str
        Written after the number, joined by a space that does not break; not written after a mark.
    tag : str
        Its element: "tspan" in a picture.

    Raises
    ------
    KeyError
        If the table has no such column.
    """
    value = row[column]
    # Disclosure control takes out every value that it withholds: what is there may be shown, beside
    # an estimate that could not be made too.
    is_shown = value is not None
    form = PEOPLE if is_counted(column) else _as_fine_as_known(form, row, column)
    mark = "not_estimable" if row.status == "not_estimable" else "suppressed"
    text = written(value, form, words) if is_shown else words.text(f"mark.{mark}")
    span = _addressed(
        "number" if is_shown else "mark",
        row,
        column,
        str(form) if is_shown else "withheld",
        text,
        tag,
    )
    return span + Markup("&nbsp;") + unit if unit and is_shown else span


def key_number(row: Row, column: str, words: Words, *, form: Form = COUNT) -> Markup:
    """A whole number among a row's keys (a month, a year), shown even where the row's values are
    withheld.
    """
    return _addressed("number", row, column, str(form), written(row[column], form, words))


def interval(row: Row, form: Form, words: Words, *, limits: tuple[str, str] = RANGE) -> Markup:
    """The range of a published row, both ends with their address; empty if the row has none to
    show.

    Ends carry no plus, and a per cent sign stands after the upper end only. `limits` are the
    columns of the two ends.
    """
    if not row.has(*limits):
        return Markup("")
    low, high = (
        number(row, limit, replace(form, kind=kind), words)
        for limit, kind in zip(limits, _LIMIT_KINDS.get(form.kind, (form.kind,) * 2), strict=True)
    )
    return words.html("unit.range", low=low, high=high)


def written(value: float, form: Form, words: Words) -> str:
    """A value as text in a form."""
    if form.kind in ("money", "gain"):
        return words.money(value, form.currency, form.digits, is_signed=form.kind == "gain")
    if form.kind == "people":
        return words.people(value)
    if form.kind == "millions":
        return words.millions(value, form.currency, form.digits)
    if form.kind in _SCALES:
        return words.number(_SCALES[form.kind] * value + 0.0, form.digits)
    if form.kind == "year":
        return f"{value:.0f}"
    if form.kind == "duration":
        return words.duration(int(value))
    return getattr(words, form.kind)(value, form.digits)


def _as_fine_as_known(form: Form, row: Row, column: str) -> Form:
    """The form without decimals that are zero in a number and its range: what was rounded to whole
    months is not written as if its tenths were known.
    """
    scale = _DECIMALS.get(form.kind)
    if scale is None or form.digits <= 0:
        return form
    name = column.removesuffix("_lower").removesuffix("_upper")
    related = (*_NUMBERS_OF_RANGE, *RANGE) if name in (*_NUMBERS_OF_RANGE, "ci") else ()
    names = dict.fromkeys((name, f"{name}_lower", f"{name}_upper", *related))
    known = [scale * value for other in names if (value := row.get(other)) is not None]
    digits = next(
        digits
        for digits in range(form.digits + 1)
        if digits == form.digits
        or all(abs(value - round(value, digits)) < _IS_ZERO for value in known)
    )
    return replace(form, digits=digits)


def points_form(row: Row) -> Form:
    """Percentage points without decimals, or with one where a limit would otherwise be rounded to
    zero and seem to touch it.
    """
    limits = [row.get(column) for column in RANGE]
    is_close = any(limit and abs(limit) < _ROUNDS_TO_ZERO for limit in limits)
    return Form("points", 1) if is_close else POINTS


def gain_form(row: Row, *columns: str) -> Form:
    """A gain (+) or cost (−) in the row's currency, rounded with its range: more digits would
    pretend to more knowledge (`money_digits`).
    """
    return replace(money_form(row, *(columns or ("estimate", *RANGE))), kind="gain")


def money_form(row: Row, *columns: str) -> Form:
    """An amount in the row's currency, rounded with the other amounts of these columns."""
    digits = money_digits(*(row.get(column) for column in columns))
    return Form("money", digits, row.get("currency") or "")


def _addressed(
    css_class: str, row: Row, column: str, form: str, text: str, tag: str = "span"
) -> Markup:
    address = (
        f'data-table="{escape(row.table)}" data-row="{row.row_id}" '
        f'data-col="{escape(column)}" data-form="{escape(form)}"'
    )
    return Markup(f'<{tag} class="{css_class}" {address}>{escape(text)}</{tag}>')
