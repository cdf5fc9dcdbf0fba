"""A page's table from a published one: which of its columns stand in it, under which heads, and
how each is written. How a number is written follows from the declaration of its column
(`evalkit.line.columns`) and of its table, unless a view says otherwise.
"""

from collections.abc import Callable, Collection, Hashable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from markupsafe import Markup

from evalkit.line.columns import COLUMNS
from evalkit.line.published import PUBLISHED
from evalkit.report.parts.document import Brief, DataTable
from evalkit.report.parts.numbers import (
    BALANCE,
    CHANGE_MONTHS,
    COUNT,
    MONTHS,
    PROBABILITY,
    SHARE,
    YEAR,
    Form,
    Row,
    gain_form,
    key_number,
    money_form,
)
from evalkit.report.parts.place import ABOUT, EVIDENCE, METHOD, Place
from evalkit.tables import slug
from evalkit.words import capitalise

Cell = Markup | str
# How a number is written, the same in every row or by the row.
Writing = Form | Callable[[Row], Form]

NOTHING = "–"


@dataclass(frozen=True)
class Column:
    """A column of a page's table.

    Attributes
    ----------
    head : str
        The key of its head in the words; without a dot, a key below the view's own.
    write : callable
        The cell of a row, from the brief and the row.
    names : tuple of str
        The columns of the published table that it shows.
    text : str
        The head itself, where it is no key: the name of a group.
    """

    head: str
    write: Callable[[Brief, Any], Cell]
    names: tuple[str, ...] = ()
    text: str = ""


@dataclass(frozen=True)
class View:
    """How a published table stands in a page.

    Attributes
    ----------
    of : str
        The published table.
    caption : str
        The key of its caption.
    heads : str
        Where the keys of its heads begin: "stay" for "stay.exit".
    columns : tuple of Column
        From left to right; the first is the head of each row.
    is_open : bool
        Whether it is seen at once; others unfold.
    is_sortable : bool
        Whether it sorts by its heads: its rows stand in no order of their own.
    has_note : bool
        Whether its source and grade stand below; not where each row has its own.
    """

    of: str
    caption: str
    heads: str
    columns: tuple[Column, ...]
    is_open: bool = False
    is_sortable: bool = False
    has_note: bool = True

    def with_columns(self, *columns: Column) -> "View":
        """The view with further columns, for tables whose columns are values: arms, exits."""
        return replace(self, columns=(*self.columns, *columns))

    def tables(self, brief: Brief, rows: Sequence[Any], **values: Any) -> tuple[DataTable, ...]:
        """The page's table of some rows of the published table; nothing without rows.

        `values` fill the placeholders of caption and heads.
        """
        if not rows:
            return ()
        return (
            DataTable(
                caption=brief.words.html(self.caption, **values),
                head=tuple(self._head(brief, column, values) for column in self.columns),
                rows=tuple(
                    tuple(column.write(brief, row) for column in self.columns) for row in rows
                ),
                note=brief.note(self.of) if self.has_note else "",
                is_open=self.is_open,
                is_sortable=self.is_sortable,
            ),
        )

    def _head(self, brief: Brief, column: Column, values: dict[str, Any]) -> str:
        head = column.head if "." in column.head else f"{self.heads}.{column.head}"
        return column.text or capitalise(brief.words.text(head, **values))


def word(name: str, prefix: str = "", *, head: str = "") -> Column:
    """A value in the reader's word for it."""
    return Column(
        head or name, lambda brief, row: brief.words.label(f"{prefix}{row[name]}"), (name,)
    )


def plain(name: str, *, head: str = "") -> Column:
    """A text as it stands in the table."""
    return Column(head or name, lambda brief, row: row[name], (name,))


def verdict() -> Column:
    """A row's verdict in words, or the mark that it is withheld."""

    def write(brief: Brief, row: Row) -> Cell:
        if not row.has("verdict"):
            return brief.words.text("mark.suppressed")
        return brief.words.label(f"verdict.{row['verdict']}")

    return Column("verdict", write, ("verdict",))


def district(*, head: str = "district") -> Column:
    """A row's district, which links to its page."""
    return Column(head, lambda brief, row: link_to(brief, row["district"]), ("district",))


def link_to(brief: Brief, district: str) -> Markup:
    """A district's name as a link: from a decision page to its decision page, else to its
    evidence.
    """
    there = Place(EVIDENCE if brief.place.folder else "", slug(district))
    return Markup('<a href="{}">{}</a>').format(brief.place.link(there), district)


def link_to_method(brief: Brief, section: str) -> Markup:
    """The page of methods and sources by its name, as a link to one of its sections."""
    there = brief.place.link(Place(ABOUT, METHOD))
    return Markup('<a href="{}#{}">{}</a>').format(there, section, brief.words.text("page.method"))


def number(
    name: str, form: Writing | None = None, *, head: str = "", or_nothing: bool = False
) -> Column:
    """A number; where it is withheld a mark, or a dash if `or_nothing`: some rows have none."""

    def write(brief: Brief, row: Row) -> Cell:
        if or_nothing and not row.has(name):
            return NOTHING
        return brief.number(row, name, _form(form, row, name))

    return Column(head or name, write, (name,))


def with_range(
    name: str = "estimate", form: Writing | None = None, *, head: str = "", or_nothing: bool = False
) -> Column:
    """A number with its range in brackets; `or_nothing` as in `number`."""

    def write(brief: Brief, row: Row) -> Cell:
        if or_nothing and not row.has(name):
            return NOTHING
        return brief.in_brackets(row, name, _form(form, row, name))

    return Column(head or name, write, (name, "ci_lower", "ci_upper"))


def with_own_range(name: str, form: Writing | None = None, *, head: str = "") -> Column:
    """A change with its range in brackets, whose limits stand in columns of their own names; a dash
    where there is none.
    """
    lower, upper = f"{name}_lower", f"{name}_upper"

    def write(brief: Brief, row: Row) -> Cell:
        if row.status == "ok" and row.get(name) is None:
            return NOTHING
        return brief.in_brackets(row, name, _form(form, row, name), limits=(lower, upper))

    return Column(head or name, write, (name, lower, upper))


def limits(form: Writing | None = None, *, head: str = "range") -> Column:
    """The range of an estimate in a cell of its own."""
    return Column(
        head,
        lambda brief, row: brief.range_of(row, _form(form, row, "estimate")),
        ("ci_lower", "ci_upper"),
    )


def key(name: str, form: Form = COUNT, *, head: str = "") -> Column:
    """A whole number among the keys, which is shown even where the row's values are withheld."""
    return Column(
        head or name, lambda brief, row: key_number(row, name, brief.words, form=form), (name,)
    )


def cell(head: str, write: Callable[[Brief, Any], Cell], *names: str) -> Column:
    """A cell that the section writes itself, from the columns of these names."""
    return Column(head, write, names)


def of(name: Hashable, column: Column, head: str = "", *, text: str = "") -> Column:
    """A column of rows that are put beside each other (`pivoted`): that of the row of this name."""
    return Column(head, lambda brief, line: column.write(brief, line[name]), column.names, text)


def pivoted(
    rows: Iterable[Row], by: str, across: str, names: Collection[str]
) -> dict[Any, dict[str, Row]]:
    """Rows of a long table put beside each other: for each value of `by`, in ascending order, its
    rows by their value of `across`. A value that lacks a row of one of the names is left out.
    """
    lines: dict[Any, dict[str, Row]] = {}
    for row in rows:
        lines.setdefault(row[by], {})[row[across]] = row
    return {value: lines[value] for value in sorted(lines) if lines[value].keys() >= set(names)}


def form_of(row: Row, name: str) -> Form:
    """How a number is written, as its column and its table are declared.

    Raises
    ------
    KeyError
        If the column or the table is not declared.
    """
    column = COLUMNS[name]
    unit = column.unit or PUBLISHED[row.family].unit
    if column.form == "money":
        return money_form(row, name)
    if column.form == "gain":
        return CHANGE_MONTHS
    if column.form == "share":
        return PROBABILITY if unit == "probability" else SHARE
    if column.form in ("count", "months"):
        return YEAR if unit == "years" else COUNT
    if unit == "money":
        return gain_form(row)
    by_unit = {"months": MONTHS, "standard deviations": BALANCE, "rank": COUNT, "share": SHARE}
    return by_unit.get(unit, by_unit.get(unit.split()[0], COUNT))


def _form(form: Writing | None, row: Row, name: str) -> Form:
    if form is None:
        return form_of(row, name)
    return form if isinstance(form, Form) else form(row)
