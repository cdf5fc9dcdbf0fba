"""A sequence of target trials: each month, those on support and not yet in the intervention start
it, or do not.

Immortal time is impossible by construction: a person enters the trial of month m by what was known
in month m - 1, is assigned by what happens in month m, and is followed from the start of month m in
both arms. One person enters many trials; errors are clustered by household. Sianesi (2004), Rev.
Econ. Stat. 86:133; Hernan & Robins (2016), Am. J. Epidemiol. 183:758.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cached_property
from typing import Any

import numpy as np
import polars as pl

from evalkit.effects.pictures import plot
from evalkit.effects.trials.covariates import (
    Known,
    calendar_design,
    design_matrix,
    person_values,
)
from evalkit.effects.trials.eligibility import months_of_choice
from evalkit.effects.trials.measured import Measured
from evalkit.effects.trials.next_step import with_next_step
from evalkit.effects.trials.replicates import ClusterWeights, Replicates
from evalkit.effects.trials.state_panel import StatePanel
from evalkit.effects.trials.stays import PARTICIPATION, participation_months
from evalkit.errors import EstimationError, ProtocolError, first_few
from evalkit.images import Sketch
from evalkit.line.protocol import Protocol
from evalkit.line.states import members_of
from evalkit.months import month_number, month_of_number
from evalkit.results import Result


@dataclass(frozen=True, repr=False)
class Waiting(Result):
    """Every month in which somebody could start, from the first trial to the end of the last
    follow-up: the data of the chance of starting later.

    With a grace period and no comparison *never* they end with the last trial's grace period.

    rows : person_id, cluster_id, trial_month, elapsed_months, started (bool), weight; sorted by
    person and month. design : (n_rows, n_terms) covariates of that month; the knots of calendar
    time lie between the first and the last of these months.
    """

    rows: pl.DataFrame
    design: np.ndarray

    @property
    def table(self) -> pl.DataFrame:
        """One row per month: `trial_month`, `n_waiting`, `n_starters`."""
        counts = {"n_waiting": pl.len(), "n_starters": pl.col("started").sum()}
        return self.rows.group_by("trial_month").agg(**counts).sort("trial_month")

    @property
    def headline(self) -> str:
        """How many wait how long, in a line."""
        n_persons = self.rows["person_id"].n_unique()
        return f"{self.rows.height:,} months of waiting of {n_persons:,} people"


@dataclass(frozen=True, repr=False)
class Trials(Result):
    """Person-trials: covariates before time zero and states after it.

    Attributes
    ----------
    rows : DataFrame
        One row per person and trial month: person_id, cluster_id (the household where known, else
        the person), district, trial_month, arm (treated|comparison), elapsed_months (null: start
        unknown), planned_months (of the episode that starts; null if not known), next_start
        (follow-up month in which a person of the comparison starts after all; null: not within the
        extract), weight (survey weight, 1 where none).
    design : ndarray
        Covariates of the propensity, the first column a constant; shape (n_rows, n_terms).
    terms : tuple of str
        Names of the design's columns.
    outcomes : ndarray
        Position of each month's state in `states`; shape (n_rows, follow_up_months).
    states : tuple of str
        The protocol's outcomes, and "unknown" where some month of somebody's follow-up is
        not known.
    waiting
        The months in which people could start; None where nothing is compared with never and there
        is no grace period.
    participation
        `participation_months` of everybody, in every intervention of the register.
    replicates
        The people's replicate weights, shared by all trials made of these.
    past : ndarray
        Months in the primary outcome in the second reading's window before the present period of
        support, NaN where it is not on record; shape (n_rows,). None: of nobody.
    """

    rows: pl.DataFrame
    design: np.ndarray
    terms: tuple[str, ...]
    outcomes: np.ndarray
    states: tuple[str, ...]
    protocol: Protocol
    waiting: Waiting | None = None
    participation: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=PARTICIPATION))
    replicates: Replicates = field(default_factory=Replicates, repr=False, compare=False)
    past: np.ndarray | None = None

    @property
    def table(self) -> pl.DataFrame:
        """One row per trial: `trial_month`, `n_eligible` and `n_starters` (people)."""
        is_start = pl.col("arm") == "treated"
        counts = {"n_eligible": pl.len(), "n_starters": is_start.sum()}
        return self.rows.group_by("trial_month").agg(**counts).sort("trial_month")

    @property
    def headline(self) -> str:
        """Who is compared over how long, in a line."""
        rule, n_persons = self.protocol.eligibility, self.rows["person_id"].n_unique()
        return (
            f"Trials of {self.protocol.intervention_id}, months {rule.from_month} to "
            f"{rule.to_month}: {self.rows.height:,} person-trials of {n_persons:,} persons, "
            f"{self.n_starters:,} start; adjusted for {first_few(self.terms[1:], 4) or 'nothing'}"
        )

    def plot(self, **labels: Any) -> Sketch:
        """Those who start, by trial month."""
        return plot(self.table, **labels)

    @cached_property
    def is_treated(self) -> np.ndarray:
        """(n_rows,) bool."""
        return (self.rows["arm"] == "treated").to_numpy()

    @cached_property
    def is_in_primary(self) -> np.ndarray:
        """Whether people are in the primary outcome, (n_rows, follow_up_months) bool."""
        members = members_of(self.protocol.primary_outcome)
        return np.array([state in members for state in self.states])[self.outcomes]

    @property
    def required_waiting(self) -> Waiting:
        """The months of waiting, which never and a grace period need.

        Raises
        ------
        EstimationError
            If the trials hold none.
        """
        if self.waiting is None:
            raise EstimationError(
                "The trials hold no months of waiting.",
                where=f"protocol {self.protocol.protocol}, comparisons",
                why="Who starts later is weighted for by the chance of it in every month of "
                "waiting.",
                fix="name never among the protocol's comparisons, or declare grace_months, and "
                "emulate the trials again.",
            )
        return self.waiting

    @property
    def has_both_arms(self) -> bool:
        """Whether somebody starts and somebody does not: else there is nothing to compare."""
        return bool(self.is_treated.any() and not self.is_treated.all())

    @property
    def n_starters(self) -> int:
        """People who start; somebody who starts twice is one."""
        return self.rows.filter(pl.col("arm") == "treated")["person_id"].n_unique()

    def cluster_weights(self, *, n_draws: int, seed: int) -> ClusterWeights:
        """Replicate weights of the rows' households."""
        return self.replicates.of_rows(self.rows, n_draws=n_draws, seed=seed)

    def keep(self, mask: np.ndarray) -> "Trials":
        """The rows where the mask is true."""
        return replace(
            self,
            rows=self.rows.filter(pl.Series(mask)),
            design=self.design[mask],
            outcomes=self.outcomes[mask],
            past=None if self.past is None else self.past[mask],
        )

    def of_district(self, district: str) -> "Trials":
        """The rows of one district."""
        return self.keep((self.rows["district"] == district).to_numpy())


def trials_of_tables(
    spells: pl.DataFrame,
    episodes: pl.DataFrame,
    *,
    protocol: Protocol,
    state_intervals: pl.DataFrame,
    person: pl.DataFrame,
    first_month: date,
    delivered: Mapping[str, pl.DataFrame] | None = None,
    earlier: pl.DataFrame | None = None,
    measured: Measured | None = None,
) -> Trials:
    """The trials of every month that the protocol declares, with covariates before and states after
    time zero.

    Parameters
    ----------
    spells, episodes, state_intervals, person : DataFrame
        The tables of the same names (evalkit.line.tables). State intervals at the level of
        outcomes. Where the spells have no cluster_id, each person is a cluster.
    protocol : Protocol
        The declared trial.
    first_month : date
        The extract's first month: month 1 of the protocol.
    delivered : mapping of str to DataFrame, optional
        By name, the tables that covariates of kind latest ask for.
    earlier : DataFrame, optional
        Episodes that count as earlier participation, up to the beginning of the spell. When not
        given: `episodes`, up to the trial month.
    measured : Measured, optional
        Covariates beside those of the protocol, month by month.

    Returns
    -------
    Trials
        Rows sorted by person and trial month.

    Raises
    ------
    ProtocolError
        If nobody is eligible, a covariate or survey weight cannot be had for everybody
        (`person_values`), a person's state is not known for the whole follow-up, or a state occurs
        that is not among the protocol's outcomes ("unknown" is followed as a state of its own).
    """
    origin, eligibility = month_number(first_month), protocol.eligibility
    is_never = "never" in protocol.comparisons
    last = eligibility.to_month + (
        protocol.follow_up_months - 1 if is_never else protocol.grace_months
    )
    months = months_of_choice(spells, episodes, protocol, origin=origin, last=last)
    in_trial = (
        months.select((pl.col("trial_month") <= eligibility.to_month) & pl.col("is_open"))
        .to_series()
        .to_numpy()
    )
    if not in_trial.any():
        raise ProtocolError(
            "Nobody is eligible for any trial.",
            where=f"protocol {protocol.protocol}, eligibility",
            why="No one is on support in the month before any declared trial month.",
            fix="check the trial months against the extract's first month (month 1) and its "
            "length.",
        )
    months = _with_survey_weight(months, person, protocol)
    panel = StatePanel(state_intervals, months["person_id"].unique().sort(), protocol)
    history, is_before_spell = (episodes, False) if earlier is None else (earlier, True)
    asked = months.filter(pl.Series(in_trial))
    outcomes = with_next_step(
        panel.follow_up(asked, protocol), asked, history, protocol=protocol, origin=origin
    )
    known = Known(panel, person, first_month, history, delivered or {}, is_before_spell, measured)
    terms, design = design_matrix(months, known, protocol)
    if protocol.leavers_in_month_one != "stay":
        is_still_there = months["is_still_on_support"].to_numpy()
        # To start one must not have left, and under the comparison other everybody starts.
        has_started = (months["arm"] == "treated").to_numpy() | ("other" in protocol.comparisons)
        kept = is_still_there | has_started
        if protocol.leavers_in_month_one == "excluded_in_both":
            # Not in the trial, yet a start of which the chance of starting later knows.
            outcomes, in_trial = outcomes[is_still_there[in_trial]], in_trial & is_still_there
        months, design, outcomes, in_trial = (
            months.filter(pl.Series(kept)),
            design[kept],
            outcomes[kept[in_trial]],
            in_trial[kept],
        )
    rows = months.filter(pl.Series(in_trial)).drop("is_still_on_support", "is_open")
    own_design = _with_calendar(design[in_trial], rows, protocol, eligibility.to_month)
    waiting = None
    if is_never or protocol.grace_months:
        columns = ("person_id", "cluster_id", "trial_month", "elapsed_months", "weight")
        waiting = Waiting(
            months.select(*columns, started=pl.col("arm") == "treated"),
            _with_calendar(design, months, protocol, last),
        )
    terms, taking_part = (*terms, *protocol.calendar_terms), participation_months(episodes, origin)
    return Trials(
        *(rows, own_design, terms, outcomes, panel.states, protocol, waiting, taking_part),
        past=panel.past_before_support(rows, protocol),
    )


def trial_months(protocols: Sequence[Protocol], first_month: date) -> pl.DataFrame:
    """The months in which each protocol's people are counted: intervention_id, first_month,
    last_month (of its trials).
    """
    origin = month_number(first_month) - 1
    rows = [
        (
            protocol.intervention_id,
            month_of_number(origin + protocol.eligibility.from_month),
            month_of_number(origin + protocol.eligibility.to_month),
        )
        for protocol in protocols
    ]
    return pl.DataFrame(
        rows,
        schema={"intervention_id": pl.String, "first_month": pl.Date, "last_month": pl.Date},
        orient="row",
    )


def eligible_per_year(protocol: Protocol) -> pl.Expr:
    """Persons eligible per year, an aggregation of rows of trials: the mean of the whole years,
    counted back from the last trial month.

    Trials of less than a year count as one. A person eligible in two years counts in both, so over
    all trials together there are fewer persons.
    """
    rule = protocol.eligibility
    n_years = max(1, (rule.to_month - rule.from_month + 1) // 12)
    years_back = (rule.to_month - pl.col("trial_month")) // 12
    return (
        pl.struct("person_id", years_back=years_back).filter(years_back < n_years).n_unique()
        / n_years
    )


def has_eligible(
    spells: pl.DataFrame, episodes: pl.DataFrame, *, protocol: Protocol, first_month: date
) -> bool:
    """Whether anybody is eligible for any of the protocol's trials."""
    last, origin = protocol.eligibility.to_month, month_number(first_month)
    months = months_of_choice(spells, episodes, protocol, origin=origin, last=last)
    return bool(months["is_open"].any())


def _with_calendar(
    design: np.ndarray, rows: pl.DataFrame, protocol: Protocol, last: int
) -> np.ndarray:
    """The design with calendar time between the first trial and the last month of its model: no
    curve is drawn beyond its months.
    """
    return np.hstack([design, calendar_design(rows["trial_month"].to_numpy(), protocol, last=last)])


def _with_survey_weight(
    rows: pl.DataFrame, person: pl.DataFrame, protocol: Protocol
) -> pl.DataFrame:
    if protocol.survey_weight is None:
        return rows.with_columns(weight=pl.lit(1.0))
    weights = person_values(
        rows, person, protocol.survey_weight, what="survey weight", protocol=protocol
    )
    return rows.with_columns(weights.alias("weight"))
