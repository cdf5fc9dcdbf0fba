"""What was known before time zero: states by person and month, and the design matrix that a protocol's covariates make of them."""

from datetime import date

import numpy as np
import polars as pl

from evalkit.errors import ProtocolError, nearest
from evalkit.protocol import Covariate, Protocol
from evalkit.tables import STATES

UNKNOWN = "unknown"


class StatePanel:
    """States by person and month as one byte each: only people who enter a trial, so that a register's panel stays small."""

    def __init__(self, intervals: pl.DataFrame, people: pl.Series, protocol: Protocol):
        outcome_of = dict(STATES.select("state", "outcome").iter_rows())
        own = intervals.join(pl.DataFrame({"person_id": people}).with_row_index("person_row"), on="person_id")
        names = own["from_state"].replace(outcome_of)
        found = set(names.unique())
        is_partly_unknown = UNKNOWN in found and UNKNOWN not in protocol.outcomes
        self.states = (*protocol.outcomes, UNKNOWN) if is_partly_unknown else protocol.outcomes
        undeclared = sorted(found - set(self.states))
        if undeclared:
            raise ProtocolError(
                f"{len(undeclared)} states occur that the protocol does not follow.",
                where=f"protocol {protocol.protocol}, outcomes; states: {', '.join(undeclared)}",
                why="In each arm the shares of all states must sum to one.",
                fix="add them to outcomes.",
            )
        self.people = people
        self.months = np.full((len(people), int(own["stop"].max())), -1, dtype=np.int8)
        position = {state: place for place, state in enumerate(self.states)}
        codes = names.replace_strict(position, return_dtype=pl.Int8).to_numpy()
        lengths = (own["stop"] - own["start"]).to_numpy()
        cells = np.repeat(own["start"].to_numpy() - np.concatenate([[0], np.cumsum(lengths)[:-1]]), lengths) + np.arange(lengths.sum())
        self.months[np.repeat(own["person_row"].to_numpy(), lengths), cells] = np.repeat(codes, lengths)

    def rows_of(self, rows: pl.DataFrame) -> np.ndarray:
        return self.people.search_sorted(rows["person_id"]).to_numpy()

    def follow_up(self, rows: pl.DataFrame, protocol: Protocol) -> np.ndarray:
        months = rows["trial_month"].to_numpy()[:, None] - 1 + np.arange(protocol.follow_up_months)[None, :]
        inside = months.max() < self.months.shape[1]
        outcomes = self.months[self.rows_of(rows)[:, None], np.minimum(months, self.months.shape[1] - 1)]
        n_short = len(rows) if not inside else int((outcomes < 0).any(axis=1).sum())
        if n_short:
            raise ProtocolError(
                f"{n_short} of {len(rows)} person-trials are not followed for {protocol.follow_up_months} months.",
                where=f"protocol {protocol.protocol}, follow_up_months; table state_intervals",
                why="A state that is not known would silently count as none of the outcomes.",
                fix="end the trial months earlier, or deliver a state (also unknown, moved, dead) for every month up to data_through.",
            )
        return outcomes

    def share_before(self, rows: pl.DataFrame, code: int) -> np.ndarray:
        """Share of the months observed before the trial month that were spent in a state."""
        counted = np.zeros((len(self.people), self.months.shape[1] + 1))
        np.cumsum(self.months == code, axis=1, out=counted[:, 1:])
        known = np.zeros_like(counted)
        np.cumsum(self.months >= 0, axis=1, out=known[:, 1:])
        place = self.rows_of(rows), rows["trial_month"].to_numpy() - 1
        return counted[place] / np.maximum(known[place], 1)


def design_matrix(
    rows: pl.DataFrame, panel: StatePanel, person: pl.DataFrame, protocol: Protocol, first_month: date
) -> tuple[tuple[str, ...], np.ndarray]:
    """Names and values (n_rows, n_terms) of the covariates at each row's trial month, the first column a constant."""
    columns: dict[str, np.ndarray] = {"constant": np.ones(len(rows))}
    for covariate in protocol.covariates:
        if covariate.kind == "person":
            what = f'covariate "{covariate.name}"'
            known = person_values(rows, person, covariate.column, what=what, protocol=protocol, equals=covariate.equals)
            columns[covariate.name] = known.to_numpy()
        elif covariate.kind == "district":
            columns |= {
                term: (rows["district"] == district).cast(pl.Float64).to_numpy()
                for term, district in zip(covariate.terms, covariate.districts[1:], strict=True)
            }
        elif covariate.kind == "elapsed":
            unknown = rows["elapsed_months"].is_null().to_numpy()
            columns[covariate.name] = np.where(unknown, 0.0, np.log1p(rows["elapsed_months"].fill_null(0).to_numpy()))
            columns[f"{covariate.name}_unknown"] = unknown.astype(float)
        elif covariate.kind == "season":
            columns |= _season(rows, covariate, first_month)
        else:
            columns[covariate.name] = panel.share_before(rows, panel.states.index(covariate.outcome))
    return tuple(columns), np.column_stack(list(columns.values()))


def about_people(protocol: Protocol, terms: tuple[str, ...]) -> list[int]:
    """The design's columns that are not about the district."""
    of_district = {term for one in protocol.covariates if one.kind == "district" for term in one.terms}
    return [place for place, term in enumerate(terms) if term not in of_district]


def person_values(
    rows: pl.DataFrame, person: pl.DataFrame, column: str, *, what: str, protocol: Protocol, equals: str | None = None
) -> pl.Series:
    """A column of the person table at each row, as numbers (1 where it is `equals`, if that is given).

    Raises
    ------
    ProtocolError
        If the column is not there, is a text without `equals`, or is not known for somebody.
    """
    where = f"protocol {protocol.protocol}, column {column}"
    if column not in person.columns:
        raise ProtocolError(
            f"The {what} is not in the person table.",
            where=where,
            why="It must have been measured before time zero and delivered.",
            fix=nearest(column, person.columns),
        )
    if equals is None and person[column].dtype == pl.String:
        raise ProtocolError(
            f"The {what} is a text.",
            where=where,
            why="A model and a weight need numbers.",
            fix="name the text that counts as 1 (equals), one covariate for each.",
        )
    value = pl.col(column) if equals is None else pl.col(column) == equals
    known = person.select("person_id", value=value.cast(pl.Float64).fill_nan(None))
    values = rows.join(known, on="person_id", how="left", maintain_order="left")["value"]
    if values.null_count():
        raise ProtocolError(
            f"The {what} is unknown for {values.null_count()} of {len(rows)} person-trials.",
            where=where,
            why="Leaving these people out, or guessing, would change who is compared.",
            fix='deliver the value, give "not stated" a category of its own, or leave the column out of the protocol.',
        )
    return values


def _season(rows: pl.DataFrame, covariate: Covariate, first_month: date) -> dict[str, np.ndarray]:
    """0/1 for each group of calendar months but the last; a group begins at a month of `starts` and runs to the next."""
    calendar_month = (rows["trial_month"].to_numpy() - 1 + first_month.month - 1) % 12 + 1
    starts = sorted(covariate.starts)
    group = np.searchsorted(starts, calendar_month, side="right") - 1  # before the first start: -1, the last group of the year before
    group = np.where(group < 0, len(starts) - 1, group)
    return {f"{covariate.name}_from_{start}": (group == place).astype(float) for place, start in enumerate(starts[:-1])}
