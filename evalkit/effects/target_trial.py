"""A sequence of target trials: each month, those on support and not yet in the intervention start it, or do not.

Immortal time is impossible by construction: a person enters the trial of month m by what was known in month m - 1, is assigned by what
happens in month m, and is followed from the start of month m in both arms. One person enters many trials; errors are clustered by person.
Sianesi (2004), Rev. Econ. Stat. 86:133; Hernan & Robins (2016), Am. J. Epidemiol. 183:758.
"""

from dataclasses import dataclass
from datetime import date

import numpy as np
import polars as pl

from evalkit.effects.protocol import Covariate, Protocol
from evalkit.errors import ProtocolError, nearest
from evalkit.months import month_number, month_number_expr
from evalkit.tables import STATES

UNKNOWN = "unknown"


@dataclass(frozen=True)
class Trials:
    """Person-trials with what was known before and what came after.

    rows : one row per person and trial month: person_id, district, trial_month, arm (treated|comparison), elapsed_months (null: start
        unknown), weight (survey weight, 1 where none).
    design : (n_rows, n_terms) covariates of the propensity, the first column a constant.
    terms : names of the design's columns.
    outcomes : (n_rows, follow_up_months) position of each month's state in `states`.
    states : the protocol's outcomes, and "unknown" where some month of somebody's follow-up is not known.
    """

    rows: pl.DataFrame
    design: np.ndarray
    terms: tuple[str, ...]
    outcomes: np.ndarray
    states: tuple[str, ...]
    protocol: Protocol

    @property
    def is_treated(self) -> np.ndarray:
        return (self.rows["arm"] == "treated").to_numpy()

    def keep(self, mask: np.ndarray) -> "Trials":
        """The rows where the mask is true."""
        return Trials(self.rows.filter(pl.Series(mask)), self.design[mask], self.terms, self.outcomes[mask], self.states, self.protocol)

    def of_district(self, district: str) -> "Trials":
        """The rows of one district."""
        return self.keep((self.rows["district"] == district).to_numpy())


def emulate_trials(
    spells: pl.DataFrame,
    episodes: pl.DataFrame,
    *,
    protocol: Protocol,
    state_intervals: pl.DataFrame,
    person: pl.DataFrame,
    first_month: date,
) -> Trials:
    """The trials of every month that the protocol declares, with covariates before and states after time zero.

    Parameters
    ----------
    spells, episodes, state_intervals, person : DataFrame
        The tables of the same names (evalkit.tables). State intervals at the level of outcomes.
    protocol : Protocol
        The declared trial.
    first_month : date
        The extract's first month: month 1 of the protocol.

    Returns
    -------
    Trials
        Rows sorted by person and trial month.

    Raises
    ------
    ProtocolError
        If nobody is eligible, a covariate is missing from the person table or unknown for somebody, a person's state is not known for the
        whole follow-up, or a state occurs that is not among the protocol's outcomes ("unknown" is followed as a state of its own).
    """
    rows = _assign(_eligible(spells, episodes, protocol, month_number(first_month)), episodes, protocol, month_number(first_month))
    if rows.is_empty():
        raise ProtocolError(
            "Nobody is eligible for any trial.",
            where=f"protocol {protocol.protocol}, eligibility",
            why="No one is on support in the month before any declared trial month.",
            fix="check the trial months against the extract's first month (month 1) and its length.",
        )
    rows = _with_survey_weight(rows, person, protocol)
    panel = _StatePanel(state_intervals, rows["person_id"].unique().sort(), protocol)
    outcomes = panel.follow_up(rows, protocol)
    terms, design = _design(rows, panel, person, protocol, first_month)
    trials = Trials(rows, design, terms, outcomes, panel.states, protocol)
    if protocol.leavers_in_month_one == "excluded":
        stays = outcomes[:, 0] == panel.states.index(protocol.eligibility.state_before)
        trials = trials.keep(stays | trials.is_treated)
    return trials


def has_eligible(spells: pl.DataFrame, episodes: pl.DataFrame, *, protocol: Protocol, first_month: date) -> bool:
    """Whether anybody is eligible for any of the protocol's trials."""
    return not _eligible(spells, episodes, protocol, month_number(first_month)).is_empty()


def _eligible(spells: pl.DataFrame, episodes: pl.DataFrame, protocol: Protocol, origin: int) -> pl.DataFrame:
    """One row per person and trial month: on support in the month before, and not then in the intervention."""
    first, last = protocol.eligibility.from_month, protocol.eligibility.to_month
    months = spells.select(
        "person_id",
        "district",
        spell_start=month_number_expr("start") - origin + 1,
        is_start_known="is_start_known",
        lowest=pl.max_horizontal(month_number_expr("start") - origin + 2, pl.lit(first)),
        highest=pl.min_horizontal(month_number_expr("end") - origin + 1, pl.lit(last)),
    ).filter(pl.col("lowest") <= pl.col("highest"))
    rows = (
        months.with_columns(trial_month=pl.int_ranges("lowest", pl.col("highest") + 1, dtype=pl.Int32))
        .explode("trial_month")
        .with_columns(elapsed_months=pl.when("is_start_known").then(pl.col("trial_month") - pl.col("spell_start")))
    )
    running = _episode_months(episodes, protocol, origin)
    in_programme = rows.join(running, on="person_id").filter(
        (pl.col("episode_start") < pl.col("trial_month")) & (pl.col("trial_month") <= pl.col("episode_end"))
    )
    return rows.join(in_programme.select("person_id", "trial_month"), on=["person_id", "trial_month"], how="anti")


def _assign(eligible: pl.DataFrame, episodes: pl.DataFrame, protocol: Protocol, origin: int) -> pl.DataFrame:
    starts = _episode_months(episodes, protocol, origin).select("person_id", trial_month="episode_start").unique()
    return (
        eligible.join(starts.with_columns(arm=pl.lit("treated")), on=["person_id", "trial_month"], how="left")
        .with_columns(pl.col("arm").fill_null("comparison"))
        .select("person_id", "district", "trial_month", "arm", "elapsed_months")
        .sort("person_id", "trial_month")
    )


def _episode_months(episodes: pl.DataFrame, protocol: Protocol, origin: int) -> pl.DataFrame:
    """Start (inclusive) and end (exclusive) of the intervention's episodes as protocol months."""
    return episodes.filter(pl.col("intervention_id") == protocol.intervention_id).select(
        "person_id",
        episode_start=(month_number_expr("start") - origin + 1).cast(pl.Int32),
        episode_end=pl.coalesce(month_number_expr("end") - origin + 1, pl.lit(2**20)).cast(pl.Int32),
    )


def _with_survey_weight(rows: pl.DataFrame, person: pl.DataFrame, protocol: Protocol) -> pl.DataFrame:
    if protocol.survey_weight is None:
        return rows.with_columns(weight=pl.lit(1.0))
    weights = person.select("person_id", weight=pl.col(protocol.survey_weight).cast(pl.Float64))
    return rows.join(weights, on="person_id", how="left", maintain_order="left")


class _StatePanel:
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


def _design(rows, panel: _StatePanel, person: pl.DataFrame, protocol: Protocol, first_month: date) -> tuple[tuple[str, ...], np.ndarray]:
    columns: dict[str, np.ndarray] = {"constant": np.ones(len(rows))}
    for covariate in protocol.covariates:
        if covariate.kind == "person":
            columns[covariate.name] = _person_covariate(rows, person, covariate, protocol)
        elif covariate.kind == "elapsed":
            unknown = rows["elapsed_months"].is_null().to_numpy()
            columns[covariate.name] = np.where(unknown, 0.0, np.log1p(rows["elapsed_months"].fill_null(0).to_numpy()))
            columns[f"{covariate.name}_unknown"] = unknown.astype(float)
        elif covariate.kind == "season":
            columns |= _season(rows, covariate, first_month)
        else:
            columns[covariate.name] = panel.share_before(rows, panel.states.index(covariate.outcome))
    return tuple(columns), np.column_stack(list(columns.values()))


def _person_covariate(rows: pl.DataFrame, person: pl.DataFrame, covariate: Covariate, protocol: Protocol) -> np.ndarray:
    if covariate.column not in person.columns:
        raise ProtocolError(
            f'The covariate "{covariate.name}" is not in the person table.',
            where=f"protocol {protocol.protocol}, covariates; column {covariate.column}",
            why="A covariate must have been measured before time zero and delivered.",
            fix=f"{nearest(covariate.column, person.columns)}",
        )
    value = pl.col(covariate.column)
    value = (value == covariate.equals) if covariate.equals is not None else value
    known = person.select("person_id", value=value.cast(pl.Float64))
    values = rows.join(known, on="person_id", how="left", maintain_order="left")["value"]
    if values.null_count():
        raise ProtocolError(
            f'The covariate "{covariate.name}" is unknown for {values.null_count()} of {len(rows)} person-trials.',
            where=f"protocol {protocol.protocol}, covariates; column {covariate.column}",
            why="Leaving these people out, or guessing, would change who is compared.",
            fix='deliver the value, give "not stated" a category of its own, or leave the covariate out of the protocol.',
        )
    return values.to_numpy()


def _season(rows: pl.DataFrame, covariate: Covariate, first_month: date) -> dict[str, np.ndarray]:
    """0/1 for each group of calendar months but the last; a group begins at a month of `starts` and runs to the next."""
    calendar_month = (rows["trial_month"].to_numpy() - 1 + first_month.month - 1) % 12 + 1
    starts = sorted(covariate.starts)
    group = np.searchsorted(starts, calendar_month, side="right") - 1  # before the first start: -1, the last group of the year before
    group = np.where(group < 0, len(starts) - 1, group)
    return {f"{covariate.name}_from_{start}": (group == place).astype(float) for place, start in enumerate(starts[:-1])}
