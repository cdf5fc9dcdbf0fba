"""The design matrix of a protocol's covariates: what was known of people before time zero."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

import numpy as np
import polars as pl

from evalkit.effects.trials.earlier_participation import EarlierParticipation, participation_columns
from evalkit.effects.trials.measured import Measured
from evalkit.effects.trials.spline import calendar_columns, natural_spline
from evalkit.effects.trials.state_panel import StatePanel
from evalkit.errors import ProtocolError, nearest
from evalkit.line.adjustment import Covariate
from evalkit.line.delivered import delivered
from evalkit.line.protocol import Protocol
from evalkit.months import month_number, month_number_expr

_TIME_OF = {
    "household_member": "month",
    "assessment": "date",
    "follow_up": "date",
    "activity_plan": "start",
    "activity_month": "month",
}
# Tables of which the rows of one time are parts of one value.
_ADDED_UP = ("activity_month",)


@dataclass(frozen=True)
class Known:
    """What is known of people before their trials.

    panel : their states. person : the table of that name. episodes : those that count as earlier
    participation. delivered : by name, the tables in which the latest value is looked up.
    is_before_spell : whether earlier participation is counted up to the beginning of the spell, not
    of the trial. measured : further covariates, month by month.
    """

    panel: StatePanel
    person: pl.DataFrame
    first_month: date
    episodes: pl.DataFrame
    delivered: Mapping[str, pl.DataFrame] = field(default_factory=dict)
    is_before_spell: bool = False
    measured: Measured | None = None

    def earlier(self, of: str) -> EarlierParticipation:
        return EarlierParticipation(
            self.episodes, self.panel.people, of=of, origin=month_number(self.first_month)
        )


def design_matrix(
    rows: pl.DataFrame, known: Known, protocol: Protocol
) -> tuple[tuple[str, ...], np.ndarray]:
    """Names and values (n_rows, n_terms) of the covariates at each row's trial month, the first
    column a constant; without calendar time.
    """
    columns: dict[str, np.ndarray] = {"constant": np.ones(len(rows))}
    for covariate in protocol.covariates:
        columns |= zip(covariate.terms, _columns_of(covariate, rows, known, protocol), strict=True)
    if known.measured is not None:
        measured = known.measured.columns_of(rows)
        _refuse_twice(sorted({*columns, *protocol.calendar_terms} & measured.keys()), protocol)
        columns |= measured
    return tuple(columns), np.column_stack(list(columns.values()))


def _refuse_twice(terms: Sequence[str], protocol: Protocol) -> None:
    if terms:
        raise ProtocolError(
            f"{len(terms)} covariate{'s are' if len(terms) > 1 else ' is'} named twice.",
            where=f"terms {', '.join(terms)}; protocol {protocol.protocol} and covariates",
            why="Two covariates would have a term of the same name, and one would be lost.",
            fix="leave it out of one of them, or give the column another name.",
        )


def calendar_design(months: np.ndarray, protocol: Protocol, *, last: int) -> np.ndarray:
    """Calendar time's columns (n_rows, n_terms) for a model of the months from the first trial to
    `last`: the curve, then a step for each break, 1 from its month on.
    """
    span = {"first": protocol.eligibility.from_month, "last": last}
    curve = protocol.calendar_curve
    steps = [(months >= month).astype(float) for month in protocol.calendar_steps.values()]
    return np.column_stack(
        [
            calendar_columns(months, **span, n_terms=len(curve))
            if curve
            else np.empty((len(months), 0)),
            *steps,
        ]
    )


def _columns_of(
    covariate: Covariate, rows: pl.DataFrame, known: Known, protocol: Protocol
) -> tuple[np.ndarray, ...]:
    """The columns of a covariate, in the order of its terms."""
    if covariate.kind == "person":
        what = f'covariate "{covariate.name}"'
        return (
            person_values(
                rows,
                known.person,
                covariate.needed("column"),
                what=what,
                protocol=protocol,
                equals=covariate.equals,
            ).to_numpy(),
        )
    if covariate.kind == "district":
        return tuple(
            (rows["district"] == district).cast(pl.Float64).to_numpy()
            for district in covariate.districts[1:]
        )
    if covariate.kind == "elapsed":
        return _elapsed(rows, covariate)
    if covariate.kind == "season":
        return _season(rows, covariate, known.first_month)
    if covariate.kind == "participation":
        months = rows["trial_month"].to_numpy()
        months = months - rows["elapsed_months"].to_numpy() if known.is_before_spell else months
        earlier = known.earlier(protocol.intervention_of(covariate.needed("of")))
        if covariate.measure == "share":
            return (earlier.share(rows, months, known.panel.known_before(rows, months)),)
        return participation_columns(covariate, earlier, rows, months)
    if covariate.kind == "latest":
        return _latest(rows, covariate, known, protocol)
    return (known.panel.share_before(rows, known.panel.states.index(covariate.needed("outcome"))),)


def about_people(protocol: Protocol, terms: tuple[str, ...]) -> list[int]:
    """The design's columns that are not about the district."""
    of_district = {
        term
        for covariate in protocol.covariates
        if covariate.kind == "district"
        for term in covariate.terms
    }
    return [column for column, term in enumerate(terms) if term not in of_district]


def plain_columns(protocol: Protocol, terms: tuple[str, ...]) -> list[int]:
    """The design's columns of which products are made: neither the constant, nor about the
    district, nor a bend of a curve.
    """
    return [
        column
        for column in about_people(protocol, terms)
        if column > 0 and "_curve_" not in terms[column]
    ]


def person_values(
    rows: pl.DataFrame,
    person: pl.DataFrame,
    column: str,
    *,
    what: str,
    protocol: Protocol,
    equals: str | None = None,
) -> pl.Series:
    """A column of the person table at each row, as numbers (1 where it is `equals`, if that is
    given).

    Raises
    ------
    ProtocolError
        If the column is not there, is a text without `equals`, or is not known for somebody.
    """
    where = f"protocol {protocol.protocol}, column {column}"
    known = person.select(
        "person_id",
        value=_as_number(person, column, equals, what=what, table_name="person", where=where),
    )
    values = rows.join(known, on="person_id", how="left", maintain_order="left")["value"]
    if values.null_count():
        raise ProtocolError(
            f"The {what} is unknown for {values.null_count()} of {len(rows)} person-trials.",
            where=where,
            why="Leaving these people out, or guessing, would change who is compared.",
            fix='deliver the value, give "not stated" a category of its own, or leave the column '
            "out of the protocol.",
        )
    return values


def _as_number(
    table: pl.DataFrame, column: str, equals: str | None, *, what: str, table_name: str, where: str
) -> pl.Expr:
    """A column as numbers: 1 where it is `equals`, if that is given."""
    if column not in table.columns:
        raise ProtocolError(
            f"The {what} is not in the {table_name} table.",
            where=where,
            why="It must have been measured before time zero and delivered.",
            fix=nearest(column, table.columns),
        )
    is_text = table[column].dtype == pl.String
    if is_text != (equals is not None):
        raise ProtocolError(
            f"The {what} is {'a text' if is_text else 'a number and is asked to equal a text'}.",
            where=where,
            why="A model and a weight need numbers.",
            fix="name the text that counts as 1 (equals), one covariate for each."
            if is_text
            else "leave out equals.",
        )
    value = pl.col(column) == equals if is_text else pl.col(column)
    return value.cast(pl.Float64).fill_nan(None)


def _elapsed(rows: pl.DataFrame, covariate: Covariate) -> tuple[np.ndarray, ...]:
    """Months on support so far in the declared form, 0 where the start is unknown; then whether it
    is unknown.
    """
    is_unknown = rows["elapsed_months"].is_null().to_numpy()
    months = rows["elapsed_months"].fill_null(0).to_numpy()
    if covariate.form == "log":
        shapes = np.log1p(months)[:, None]
    elif covariate.form == "bands":
        band = np.searchsorted(covariate.starts, months, side="right")
        shapes = (band[:, None] == np.arange(1, len(covariate.starts) + 1)).astype(float)
    else:
        shapes = natural_spline(months, np.array(covariate.knots))
    return (*np.where(is_unknown[:, None], 0.0, shapes).T, is_unknown.astype(float))


def _latest(
    rows: pl.DataFrame, covariate: Covariate, known: Known, protocol: Protocol
) -> tuple[np.ndarray, ...]:
    """The last value known before the trial month, 0 where none is; then whether none is."""
    name, column = covariate.needed("table"), covariate.needed("column")
    table, time = known.delivered.get(name), _TIME_OF[name]
    where = f"protocol {protocol.protocol}, column {column}"
    if table is None:
        raise ProtocolError(
            f'The table of the covariate "{covariate.name}" was not handed on.',
            where=f"{where}, table {name}",
            why="The last value known before a trial is looked up in it.",
            fix="hand it on under `delivered`, or to PersonTables.",
        )
    value = _as_number(
        table,
        column,
        covariate.equals,
        what=f'covariate "{covariate.name}"',
        table_name=name,
        where=where,
    )
    of_area = (
        table
        if covariate.life_area is None
        else table.filter(pl.col("life_area") == covariate.life_area)
    )
    order = [key for key in delivered()[name].keys if key in of_area.columns and key != "person_id"]
    month = (month_number_expr(time) - month_number(known.first_month) + 1).cast(pl.Int32)
    values = of_area.sort(time, *order).select("person_id", value=value, month=month).drop_nulls()
    if name in _ADDED_UP:
        values = values.group_by("person_id", "month").agg(pl.sum("value")).sort("month")
    latest = (
        rows.select("person_id", month="trial_month")
        .with_row_index("row")
        .sort("month")
        .join_asof(
            values,
            on="month",
            by="person_id",
            strategy="backward",
            allow_exact_matches=False,
            check_sortedness=False,
        )
        .sort("row")["value"]
    )
    return latest.fill_null(0.0).to_numpy(), latest.is_null().cast(pl.Float64).to_numpy()


def _season(rows: pl.DataFrame, covariate: Covariate, first_month: date) -> tuple[np.ndarray, ...]:
    """0/1 for each group of calendar months but the last; a group begins at a month of `starts` and
    runs to the next.
    """
    calendar_month = (rows["trial_month"].to_numpy() - 1 + first_month.month - 1) % 12 + 1
    starts = sorted(covariate.starts)
    group = (
        np.searchsorted(starts, calendar_month, side="right") - 1
    )  # before the first start: -1, the last group of the year before
    group = np.where(group < 0, len(starts) - 1, group)
    return tuple((group == number).astype(float) for number in range(len(starts) - 1))
