"""What a planned trial takes and shows, as the tables that leave: power, plan and schedule."""

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import polars as pl

from evalkit.disclosure.rounding import BASE, step_above, to_step
from evalkit.effects.design.lottery import lottery
from evalkit.effects.design.power import detectable_by_formula
from evalkit.effects.design.schedule import schedule
from evalkit.effects.design.steps import stepped_start
from evalkit.effects.design.waiting_list import waiting_list
from evalkit.effects.trials.target_trial import Trials, eligible_per_year
from evalkit.effects.weighting.contrast import MARGIN
from evalkit.errors import EstimationError
from evalkit.line.estimands import ESTIMANDS
from evalkit.line.protocol import Protocol
from evalkit.line.tables import published
from evalkit.results import Tables
from evalkit.tables import CITY

_A_YEAR = 12
_OF_EXITS = ("work", "any_work")


class Known(NamedTuple):
    """What the run knows of the intervention, as it is published: the cost of a start, and the
    months gained by today's estimate with its standard error; None where it is not known.
    """

    cost_per_start: float | None = None
    observed: float | None = None
    observed_error: float | None = None


NOTHING_KNOWN = Known()


def known_of_tables(
    offers: pl.DataFrame, effect_span: pl.DataFrame, protocol: Protocol
) -> tuple[Known, str]:
    """What a run's published tables know of an intervention, all districts together, and the
    currency of its cost ("" where there is none).

    Parameters
    ----------
    offers, effect_span : DataFrame
        The published tables; the estimate is the plain one of starting now rather than waiting,
        where that is the primary comparison.
    """
    of_it = (pl.col("district") == CITY) & (pl.col("intervention_id") == protocol.intervention_id)
    costs = offers.filter(of_it).select("cost", "currency").drop_nulls()
    # Whoever is not drawn waits and may start later, as in the comparison wait and in no other.
    is_told = of_it & (pl.col("estimand") == ESTIMANDS["wait"])
    effects = effect_span.filter(is_told)
    error = (pl.col("plain_upper") - pl.col("plain_lower")) / (2 * MARGIN)
    plain = effects.select("plain", error=error).drop_nulls()
    cost, currency = costs.row(0) if costs.height else (None, "")
    return Known(cost, *(plain.row(0) if plain.height else ())), currency


@dataclass(frozen=True, repr=False, eq=False)
class TrialDesign(Tables):
    """The tables design_power, design_plan and design_schedule, as gate 2 takes them."""

    design_power: pl.DataFrame
    design_plan: pl.DataFrame
    design_schedule: pl.DataFrame

    @property
    def headline(self) -> str:
        """What is found in 80 % of such trials, in a line."""
        plan = dict(self.design_plan.select("measure", "value").iter_rows())
        least = plan.get("detectable_months")
        found = "nothing that was tried is" if least is None else f"{least:g} months are"
        trial, intervention = self.design_plan.select("trial", "intervention_id").row(0)
        return f"{trial} of {intervention}: {found} found in 80 % of such trials"


def lottery_design(
    trials: Trials,
    *,
    n_places: int,
    n_months: int,
    n_applicants: int | None = None,
    known: Known = NOTHING_KNOWN,
    **simulation: Any,
) -> TrialDesign:
    """A waiting-list lottery: in each month lots decide who of those who ask gets a place.

    Parameters
    ----------
    trials : Trials
        The intervention's.
    n_places : int
        How many start in each month. People.
    n_months : int
        In how many months lots are drawn.
    n_applicants : int, optional
        How many ask for a place in each month.
    known : Known
        What the run knows of the intervention.
    **simulation
        asked_months, n_replications, seed and progress of `lottery`.

    Returns
    -------
    TrialDesign
        In the schedule, a district's part of each month's places as its people are a part of those
        who could start.

    Raises
    ------
    EstimationError
        As `waiting_list` and `lottery`.
    """
    people = waiting_list(trials, n_months=n_months)
    tried = lottery(people, n_places=n_places, n_applicants=n_applicants, **simulation)
    plan = tried.plan.row(0, named=True)
    follow_up = people.follow_up_months
    measures = {
        "drawn": plan["n_drawn"],
        "waiting": plan["n_waiting"],
        "could_be_asked": _in_fives(people.n_eligible),
        "months_of_lots": n_months,
        "months_followed": follow_up,
        "months_until_known": n_months - 1 + follow_up,
    }
    by_district = _eligible_by_district(trials, n_months)
    parts = _divided(n_places, by_district)
    districts = pl.DataFrame({"district": list(parts), "places": list(parts.values())})
    return _design(
        trials,
        "lottery",
        tried.power,
        plan,
        measures | _shown(plan, known) | _cost(known, plan["n_drawn"]),
        districts.with_columns(from_month=pl.lit(1, pl.Int32)),
        n_persons=people.n_persons,
    )


def steps_design(
    trials: Trials,
    panel: pl.DataFrame,
    *,
    n_places: int,
    n_months: int,
    step_months: int = 6,
    known: Known = NOTHING_KNOWN,
    seed: int,
    **simulation: Any,
) -> TrialDesign:
    """A stepped roll-out: all districts get the places, in an order that lots decide.

    Parameters
    ----------
    trials : Trials
        The intervention's.
    panel : DataFrame
        From `rollout_panel`, in periods of `step_months`.
    n_places : int
        How many start in each month when all districts have them, divided among the districts as
        those who could start are.
    n_months, step_months : int
        From the first districts' start to the last ones', and from one step to the next. Months.
    known : Known
        What the run knows of the intervention.
    **simulation
        asked_months, n_replications, n_permutations and progress of `stepped_start`.

    Raises
    ------
    EstimationError
        If the effect is not told in work, there are more places than people, no places, or as
        `stepped_start`.
    """
    protocol = trials.protocol
    if protocol.primary_outcome not in _OF_EXITS:
        raise EstimationError(
            "A stepped roll-out is judged by exits to work.",
            where=f"protocol {protocol.protocol}: primary_outcome {protocol.primary_outcome}",
            why="How many leave support for something else is not counted by district and period.",
            fix="draw lots among people (--lottery), which is read in any outcome.",
        )
    people = waiting_list(trials, n_months=min(_A_YEAR, _n_months(trials)))
    n_per_year = float(trials.rows.select(eligible_per_year(protocol)).item())
    if not 0 < n_places * _A_YEAR <= _in_fives(n_per_year):
        raise EstimationError(
            "There are more places than people, or none.",
            where=f"{n_places} places a month, {n_places * _A_YEAR} a year; about "
            f"{_in_fives(n_per_year)} people could start in a year",
            why="What a district gains is divided among those who could get a place.",
            fix="ask for one place a month or more, and for fewer in a year than could start.",
        )
    share = min(1.0, n_places * _A_YEAR / n_per_year)
    planned = trials.rows.select(pl.median("planned_months")).item()
    tried = stepped_start(
        panel,
        n_months=n_months,
        mean_months=float(np.average(people.values, weights=np.repeat(people.chance, people.size))),
        share_reached=share,
        lag_months=float(planned or 0.0),
        period_months=step_months,
        seed=seed,
        **simulation,
    )
    plan = tried.plan.row(0, named=True)
    by_district = _eligible_by_district(trials, people.n_months)
    districts = panel["district"].unique().sort().to_list()
    when = schedule(districts, tried.sizes, step_months=step_months, seed=seed)
    parts = _divided(n_places, {name: by_district.get(name, 0) for name in districts})
    when = when.with_columns(places=pl.col("district").replace_strict(parts))
    active = (n_months + 1 - pl.col("from_month")).clip(0)
    n_starts = round(when.select((pl.col("places") * active).sum()).item())
    measures = {
        "starts": n_starts,
        "districts": plan["n_districts"],
        "steps": plan["n_steps"],
        "share_reached": float(to_step(share, 0.01)),
        "months_until_known": step_months * (plan["n_steps"] - 1),
    }
    return _design(
        trials,
        "steps",
        tried.power,
        plan,
        measures | _shown(plan, known) | _cost(known, n_starts),
        when,
        n_persons=people.n_persons,
    )


def _shown(plan: dict[str, Any], known: Known) -> dict[str, float | None]:
    """What the trial shows, in steps that one person of the register does not move."""
    error, least = plan["std_error"], plan["detectable_months"]
    shown = {"std_error": error, "detectable_months": least}
    is_lottery = "sd_months" in plan
    if is_lottery:
        shown["sd_months"] = plan["sd_months"]
    if is_lottery and known.observed is not None and known.observed_error is not None:
        both = float(np.hypot(error, known.observed_error))
        shown |= {"bias_error": both, "bias_detectable": detectable_by_formula(both)}
    rounded = {
        name: None if value is None else float(to_step(value, step_above(value * _moved(plan))))
        for name, value in shown.items()
    }
    return rounded | ({} if known.observed is None else {"observed": known.observed})


def _moved(plan: dict[str, Any]) -> float:
    """How much one person of the register moves what a trial shows, as a share; at least a
    hundredth, since more figures than that are not known by simulation.
    """
    return max(plan["one_person"], 0.01)


def _cost(known: Known, n_starts: float) -> dict[str, float]:
    if known.cost_per_start is None:
        return {}
    cost = known.cost_per_start * n_starts
    return {"cost": float(to_step(cost, step_above(cost / 100)))}


def _design(
    trials: Trials,
    trial: str,
    power: pl.DataFrame,
    plan: dict[str, Any],
    measures: dict[str, Any],
    schedule_rows: pl.DataFrame,
    *,
    n_persons: int,
) -> TrialDesign:
    keys = [
        pl.lit(trials.protocol.intervention_id).alias("intervention_id"),
        pl.lit(trial).alias("trial"),
    ]
    n_eligible = pl.lit(n_persons, pl.Int32).alias("n_eligible")
    plan_rows = pl.DataFrame(
        [(name, None if value is None else float(value)) for name, value in measures.items()],
        schema={"measure": pl.String, "value": pl.Float64},
        orient="row",
    )
    return TrialDesign(
        _as_declared(power.with_columns(*keys, n_eligible), "design_power"),
        _as_declared(plan_rows.with_columns(*keys, n_eligible), "design_plan"),
        _as_declared(schedule_rows.with_columns(*keys), "design_schedule"),
    )


def _as_declared(rows: pl.DataFrame, name: str) -> pl.DataFrame:
    schema = published(name).schema
    return rows.select(list(schema)).cast(dict(schema))


def _n_months(trials: Trials) -> int:
    rule = trials.protocol.eligibility
    return rule.to_month - rule.from_month + 1


def _eligible_by_district(trials: Trials, n_months: int) -> dict[str, int]:
    """Different people who could start in the last months, in fives."""
    last = pl.col("trial_month") > trials.protocol.eligibility.to_month - n_months
    counted = trials.rows.filter(last).group_by("district").agg(pl.col("person_id").n_unique())
    return {name: _in_fives(n) for name, n in counted.sort("district").iter_rows()}


def _divided(n_places: int, people: dict[str, int]) -> dict[str, float]:
    """Places by district, in tenths, as the people are."""
    total = sum(people.values()) or 1
    return {name: round(n_places * n / total, 1) for name, n in people.items()}


def _in_fives(n: float) -> int:
    return int(to_step(n, BASE))
