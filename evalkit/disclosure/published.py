"""The published table: what charts and pages may show, with its provenance and the rules it has
passed.

A row's status is `ok`, `suppressed` (its values are withheld, null) or `not_estimable` (there was
nothing to withhold). `row_id` numbers the rows of the whole table in key order, so that any number
in a page can be traced to published/NAME. Only disclosure makes a `Published`: the constructor asks
for a seal that no other room holds.
"""

import html
from collections.abc import Sequence
from dataclasses import InitVar, dataclass
from typing import TYPE_CHECKING

import polars as pl

from evalkit.errors import DisclosureError, ParameterError, nearest
from evalkit.line.columns import is_counted

if TYPE_CHECKING:
    from evalkit.words import Words

STATUSES = ("ok", "suppressed", "not_estimable")
ADDED_COLUMNS = ("row_id", "status")
SEAL = object()

# The rules by code; a record names them as "code" or "code:number".
RULES = (
    *("rounded", "shares_of", "curve_of", "quoted_months"),
    *("min_persons", "one_person", "not_about_persons"),
)

_REPR_ROWS, _LANGUAGE = 20, "en"


@dataclass(frozen=True, eq=False, repr=False)
class Published:
    """A table that has passed disclosure control.

    Attributes
    ----------
    data : DataFrame
        `row_id` (Int32, 0.. in key order), the keys, the values, `status`. Withheld values are
        null.
    name : str
        The table's name: published/NAME.parquet.
    keys : tuple of str
        The columns that identify a row.
    unit : str
        What a value is counted in.
    source, grade : str
        Where the numbers come from, and how sure they are (H, M, L).
    rules : tuple of str
        The rules applied, as codes of `RULES` ("min_persons:20").
    n_suppressed : int
        How many values of the whole table are withheld.
    sha256 : str
        Of the whole table's Parquet bytes.
    """

    data: pl.DataFrame
    name: str
    keys: tuple[str, ...]
    unit: str
    source: str
    grade: str
    rules: tuple[str, ...]
    n_suppressed: int
    sha256: str
    seal: InitVar[object] = None

    def __post_init__(self, seal: object) -> None:
        if seal is not SEAL:
            raise DisclosureError(
                "A Published table can only be made by disclosure control.",
                where=f"Published(name={self.name!r})",
                why="The record vouches that its numbers tell of nobody; made elsewhere it vouches "
                "for nothing.",
                fix="use protect_counts, protect_curve or protect_estimates, or read_published.",
            )

    @property
    def counted(self) -> frozenset[str]:
        """The columns with numbers of people, in which 0 stands for 0, 1 or 2."""
        named = {*self.keys, *ADDED_COLUMNS}
        columns = self.data.schema.items()
        return frozenset(
            name for name, kind in columns if name not in named and is_counted(name, kind)
        )

    def where(self, **key_values: object) -> "Published":
        """The rows with these key values; row numbers, name and provenance stay those of the whole
        table.

        Parameters
        ----------
        **key_values
            A key column and its value, or several values in a list.

        Raises
        ------
        ParameterError
            If a name is not one of the table's keys.
        """
        unknown = [column for column in key_values if column not in self.keys]
        if unknown:
            raise ParameterError(
                f"The published table {self.name} has no such key.",
                where=f'"{unknown[0]}": {nearest(unknown[0], self.keys)}',
                why="Rows are chosen by key columns only.",
                fix=f"choose by: {', '.join(self.keys)}.",
            )
        chosen = self.data.filter(
            [_is_one_of(column, value) for column, value in key_values.items()]
        )
        return Published(
            data=chosen,
            name=self.name,
            keys=self.keys,
            unit=self.unit,
            source=self.source,
            grade=self.grade,
            rules=self.rules,
            n_suppressed=self.n_suppressed,
            sha256=self.sha256,
            seal=SEAL,
        )

    def __repr__(self) -> str:
        return (
            f"Published {self.name}: {self.data.height} rows by {', '.join(self.keys)}; "
            f"{self.n_suppressed} values withheld"
        )

    def _repr_html_(self) -> str:
        from evalkit.words import words

        own_words = words(_LANGUAGE)
        notes = [
            f"{self.data.height} rows. Unit: {self.unit}. Source: {self.source} (grade "
            f"{self.grade})."
        ]
        notes.append(
            f"{self.n_suppressed} values withheld." if self.n_suppressed else "No value withheld."
        )
        notes.extend(rule_in_words(rule, own_words) for rule in self.rules)
        zeros = dict.fromkeys(self.counted, own_words.people(0))
        body = "".join(
            f"<tr>{''.join(f'<td>{_cell(row[name], zeros.get(name))}</td>' for name in row)}</tr>"
            for row in self.data.head(_REPR_ROWS).iter_rows(named=True)
        )
        more = (
            f"<p>The first {_REPR_ROWS} of {self.data.height:,} rows; data holds them all.</p>"
            if self.data.height > _REPR_ROWS
            else ""
        )
        head = "".join(
            f'<th scope="col">{html.escape(column)}</th>' for column in self.data.columns
        )
        caption = (
            f"<caption><b>{html.escape(self.name)}</b>. {html.escape(' '.join(notes))}</caption>"
        )
        return f"<table>{caption}<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>{more}"


def require_published(table: object, *, where: str) -> Published:
    """The table itself, if it is `Published`: the check that every chart and page begins with.

    Raises
    ------
    DisclosureError
        If it is anything else; nothing of its content is named.
    """
    if isinstance(table, Published):
        return table
    raise DisclosureError(
        "A table that has not passed disclosure control was about to be shown.",
        where=f"{where}: got {type(table).__name__}",
        why="Charts and pages accept Published tables only, so that nobody can be told from one.",
        fix="pass the table through protect_counts, protect_curve or protect_estimates first.",
    )


def rule_in_words(rule: str, words: "Words") -> str:
    """A rule as a sentence in the reader's language: "min_persons:20"."""
    code, _, number = rule.partition(":")
    return words.text(f"rule.{code}", **({"n": number} if number else {}))


def _is_one_of(column: str, value: object) -> pl.Expr:
    if isinstance(value, Sequence) and not isinstance(value, str):
        return pl.col(column).is_in(list(value))
    return pl.col(column).eq(value)


def _cell(value: object, zero: str | None) -> str:
    if value is None:
        return "–"
    if value == 0 and zero:
        return zero
    return f"{value:.4g}" if isinstance(value, float) else html.escape(str(value))
