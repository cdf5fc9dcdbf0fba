"""The published table: what charts and pages may show, with its provenance and the rules it has
passed.

A row's status is `ok`, `suppressed` (its values are withheld, null) or `not_estimable` (there was
nothing to withhold). `row_id` numbers the rows of the whole table in key order, so that any number
in a page can be traced to published/NAME. Only disclosure makes a `Published`: the constructor asks
for a seal that no other room holds.
"""

import html
from collections.abc import Mapping, Sequence
from dataclasses import InitVar, dataclass
from types import MappingProxyType

import polars as pl

from evalkit.errors import DisclosureError, ParameterError, nearest

STATUSES = ("ok", "suppressed", "not_estimable")
SEAL = object()

# The rules by code; a record names them as "code" or "code:number", and pages translate them by the
# key "rule.CODE".
RULE_TEXTS: Mapping[str, str] = MappingProxyType(
    {
        "rounded": "Numbers of persons, spells and episodes are rounded to the nearest {n}; 0 "
        "stands for 0, 1 or 2.",
        "shares_of": "Shares are computed from the rounded numbers, of wholes of {n} or more.",
        "curve_of": "Curves are shown of {n} persons or more, in steps of five of them.",
        "quoted_months": "Curves are shown at quoted months.",
        "min_persons": "Estimates that rest on fewer than {n} persons are withheld.",
        "one_person": "Means and estimates are rounded to a step not below what one person can "
        "change them by.",
        "not_about_persons": "Nothing else in the table is about persons.",
    }
)

_REPR_ROWS = 20


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
        The rules applied, as codes of `RULE_TEXTS` ("min_persons:5").
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
                why="The record vouches that small numbers are withheld; made elsewhere it would "
                "vouch for nothing.",
                fix="use protect_counts, protect_curve or protect_estimates, or read_published.",
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
        notes = [
            f"{self.data.height} rows. Unit: {self.unit}. Source: {self.source} (grade "
            f"{self.grade})."
        ]
        notes.append(
            f"{self.n_suppressed} values withheld." if self.n_suppressed else "No value withheld."
        )
        notes.extend(rule_in_words(rule) for rule in self.rules)
        body = "".join(
            f"<tr>{''.join(f'<td>{_cell(value)}</td>' for value in row)}</tr>"
            for row in self.data.head(_REPR_ROWS).rows()
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
        why="Charts and pages accept Published tables only, so that small numbers cannot slip out.",
        fix="pass the table through protect_counts, protect_curve or protect_estimates first.",
    )


def rule_in_words(rule: str) -> str:
    """A rule's code as an English sentence."""
    code, _, value = rule.partition(":")
    return RULE_TEXTS[code].format(n=value)


def _is_one_of(column: str, value: object) -> pl.Expr:
    if isinstance(value, Sequence) and not isinstance(value, str):
        return pl.col(column).is_in(list(value))
    return pl.col(column).eq(value)


def _cell(value: object) -> str:
    if value is None:
        return "–"
    return f"{value:.4g}" if isinstance(value, float) else html.escape(str(value))
