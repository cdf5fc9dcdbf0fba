"""Trials of leaving an intervention, among those who take part in it: in each month before the
planned end they leave it and stay on support, or go on.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Any

import polars as pl

from evalkit.effects.trials.stays import episode_months
from evalkit.effects.trials.target_trial import Trials, Waiting, has_eligible, trials_of_tables
from evalkit.line.protocol import Protocol
from evalkit.line.states import OUTCOME_OF
from evalkit.months import month_number, month_of_number_expr

LEAVE = "leave"


def stop_trials(
    spells: pl.DataFrame,
    episodes: pl.DataFrame,
    *,
    protocol: Protocol,
    state_intervals: pl.DataFrame,
    person: pl.DataFrame,
    first_month: date,
    delivered: Mapping[str, pl.DataFrame] | None = None,
) -> Trials | None:
    """The sequence of trials among participants: leave the intervention for support this month, or
    go on. None if nobody is eligible.

    Parameters are those of `trials_of_tables`. A person who leaves for work does not leave early:
    they are treated as the protocol treats those who leave support in the trial month. At the
    planned end nobody is eligible. Earlier participation is what came before the stay; nobody is
    excluded for it. The rows' planned_months are those of the place that is left or kept.
    """
    origin = month_number(first_month)
    last = state_intervals.select(pl.max("stop_month")).item()
    homes = spells.sort("person_id", "start").unique("person_id", keep="first")
    home = homes.select(
        "person_id", "district", *(["cluster_id"] if "cluster_id" in spells.columns else [])
    )
    stays = _stays(episodes, protocol.intervention_id, origin, last).join(home, on="person_id")
    is_early = (pl.col("over") - pl.col("first") < pl.col("planned_months")).fill_null(True) & (
        pl.col("over") < last
    )
    leaving = stays.filter(is_early).join(
        _in_state(state_intervals, protocol.eligibility.state_before), on="person_id"
    )
    leaving = leaving.filter(
        pl.col("over").is_between(pl.col("from"), pl.col("to"), closed="left")
    ).select(
        "person_id",
        intervention_id=pl.lit(LEAVE),
        start="end",
        end=month_of_number_expr(pl.col("over") + origin + 1),
        planned_months=pl.lit(None, dtype=pl.Int32),
    )
    asked = _asked(protocol)
    if stays.is_empty() or not has_eligible(
        stays, leaving, protocol=asked, first_month=first_month
    ):
        return None
    others: dict[str, Any] = {
        "state_intervals": state_intervals,
        "person": person,
        "first_month": first_month,
        "delivered": delivered,
        "earlier": episodes,
    }
    trials = trials_of_tables(stays, leaving, protocol=asked, **others)
    plans = stays.select("person_id", "planned_months", began="first")
    stay = trials.rows.with_columns(
        began=pl.col("trial_month") - 1 - pl.col("elapsed_months")
    ).join(plans, on=["person_id", "began"], how="left", maintain_order="left", suffix="_of_stay")
    planned = stay["planned_months_of_stay"].alias("planned_months")
    return replace(trials, rows=trials.rows.with_columns(planned)).keep(
        (stay["elapsed_months"] < planned).fill_null(True).to_numpy()
    )


def dose_trials(trials: Trials, months: int) -> Trials:
    """The trials of leaving before a dose is reached, at places planned for so many months.

    A person who leaves at the dose or later has gone on until then.
    """
    rows = trials.rows
    is_asked = (rows["elapsed_months"] < months) & (
        rows["planned_months"].fill_null(months) >= months
    )
    before_dose = trials.keep(is_asked.to_numpy())
    reached = pl.col("elapsed_months") + pl.col("next_start") - 1 >= months
    waiting = trials.required_waiting
    is_choice = (waiting.rows["elapsed_months"] < months).to_numpy()
    return replace(
        before_dose,
        rows=before_dose.rows.with_columns(next_start=pl.when(~reached).then("next_start")),
        waiting=Waiting(waiting.rows.filter(pl.Series(is_choice)), waiting.design[is_choice]),
        protocol=before_dose.protocol.model_copy(update={"comparisons": ("never",)}),
    )


def _stays(episodes: pl.DataFrame, intervention_id: str, origin: int, last: int) -> pl.DataFrame:
    """Time in an intervention as spells of it: first and over in months from the extract's first
    (0), cut at its last.
    """
    return (
        episode_months(episodes, intervention_id, origin)
        .with_columns(
            first=pl.col("episode_start") - 1,
            over=pl.min_horizontal(pl.col("episode_end") - 1, pl.lit(last)),
        )
        .select(
            *("person_id", "first", "over"),
            planned_months=pl.col("planned_end") - pl.col("episode_start"),
            start=month_of_number_expr(pl.col("first") + origin),
            end=month_of_number_expr(pl.col("over") + origin),
            is_start_known=pl.lit(True),
        )
    )


def _asked(protocol: Protocol) -> Protocol:
    """The protocol of the stop trials."""
    eligibility = protocol.eligibility.model_copy(
        update={"during": None, "after": None, "exclude_participation": ()}
    )
    # "This" intervention is the one that is left, not the leaving.
    covariates = [
        covariate.model_copy(update={"of": protocol.intervention_of(covariate.of)})
        if covariate.of
        else covariate
        for covariate in protocol.covariates
    ]
    # A dose is reached by not leaving before it: never, until then.
    comparisons = ("wait", "never") if protocol.dose_months else ("wait",)
    changed = {
        "protocol": f"{protocol.protocol}_stop",
        "intervention_id": LEAVE,
        "comparisons": comparisons,
        "other_intervention_id": None,
        "dose_hours": None,
    }
    return protocol.model_copy(
        update={
            **changed,
            "grace_months": 0,
            "eligibility": eligibility,
            "covariates": tuple(covariates),
        }
    )


def _in_state(state_intervals: pl.DataFrame, state: str) -> pl.DataFrame:
    names = pl.col("from_state").replace(OUTCOME_OF)
    return state_intervals.filter(names == state).select(
        "person_id", **{"from": "start_month", "to": "stop_month"}
    )
