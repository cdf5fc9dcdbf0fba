"""An effect in one call, for whoever works with trials of their own: fitted, weighted, summed and
judged as a run does it, all districts together.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import polars as pl

from evalkit.effects.answer.effect_sums import effect_draws
from evalkit.effects.answer.estimate import weighted_effect
from evalkit.effects.answer.second_draws import effect_span, second_draws
from evalkit.effects.answer.status import with_starters
from evalkit.effects.answer.summary import effect_curves, effect_summary
from evalkit.effects.answer.timing import effect_timing
from evalkit.effects.pictures import plot
from evalkit.effects.trials.target_trial import Trials
from evalkit.effects.trust.balance import balance_table
from evalkit.effects.trust.refusal import refused_for_all
from evalkit.effects.trust.second_reading import NOTHING, second_reading
from evalkit.effects.weighting.cross_section import refuse_separated
from evalkit.effects.weighting.propensity import coefficients_of, fit_models
from evalkit.effects.weighting.start_now import StartNow
from evalkit.effects.weighting.strategies import weightings_of
from evalkit.errors import EstimationError
from evalkit.images import Sketch
from evalkit.line.states import WITHOUT_SUPPORT
from evalkit.results import Result
from evalkit.tables import CITY, conform

_OF_ONE = ("district", "intervention_id")


@dataclass(frozen=True, eq=False, repr=False)
class EffectEstimate(Result):
    """An effect of starting an intervention.

    Attributes
    ----------
    trials : Trials
        The person-trials.
    propensity : DataFrame
        The table `propensity`: coefficients of starting, by draw.
    weightings : tuple of StartNow
        The weights of each comparison, the primary one first.
    status : DataFrame
        Rows of the table `effect_status`: of each comparison whether an effect can be said, why
        not, and on how many people it rests.
    draws : DataFrame
        The table `effect_draws` of what can be said.
    events : DataFrame
        Shares that have reached an event, in the same shape.
    second : DataFrame
        The table `second_draws`: the draws of the primary comparison under the second reading;
        empty where the past shows nothing.
    past : DataFrame
        The table `second_past`: on how much of a past the second reading rests.

    Ranges are of the plain reading; `span` has both beside each other.
    """

    trials: Trials
    propensity: pl.DataFrame
    weightings: tuple[StartNow, ...]
    status: pl.DataFrame
    draws: pl.DataFrame
    events: pl.DataFrame
    second: pl.DataFrame
    past: pl.DataFrame

    @property
    def headline(self) -> str:
        """The months gained in the primary outcome, with their range, or why nothing can be
        said.
        """
        protocol, status = self.trials.protocol, self.status.row(0, named=True)
        about = (
            f"{protocol.intervention_id}: {status['n_starters']:,} start, {status['n_eligible']:,} "
            f"could; {protocol.primary_estimand.replace('_', ' ')}, {protocol.follow_up_months} "
            "months"
        )
        if status["status"] != "estimated":
            return f"{about}: cannot be said ({status['reason'].replace('_', ' ')})"
        outcome = f"months_{protocol.primary_outcome}"
        row = self.table.row(
            by_predicate=(pl.col("outcome") == outcome)
            & (pl.col("estimand") == protocol.primary_estimand),
            named=True,
        )
        of_what = protocol.primary_outcome.replace("_", " ")
        of = "" if protocol.primary_outcome == WITHOUT_SUPPORT else "of "
        gained = f"{about}: {row['difference']:+.2f} months {of}"
        limits = ""
        if row["ci_lower"] is not None:
            limits = f" (from {row['ci_lower']:+.2f} to {row['ci_upper']:+.2f}{self._of_both})"
        return f"{gained}{of_what}{limits}"

    @property
    def _of_both(self) -> str:
        """What the second reading makes of the range."""
        row = self.span.row(0, named=True)
        if row["verdict"] == NOTHING:
            return "; the past shows nothing"
        return f"; both readings: from {row['span_lower']:+.2f} to {row['span_upper']:+.2f}"

    @cached_property
    def span(self) -> pl.DataFrame:
        """The table `effect_span`: both readings of the months in the primary outcome, and the span
        of both. Empty where no effect can be said.
        """
        protocol = self.trials.protocol
        second = effect_summary(self.second, protocol)
        span = effect_span(self.summary, second, self.past, protocol)
        return with_starters(span, self.status)

    @cached_property
    def summary(self) -> pl.DataFrame:
        """The table `effect_summary`: months in each state and the share at the end, by arm."""
        return with_starters(effect_summary(self.draws, self.trials.protocol), self.status)

    @property
    def table(self) -> pl.DataFrame:
        """Months in each state and the share at the end, by comparison, the primary one first."""
        order = pl.Enum(self.trials.protocol.estimands)
        return self.summary.drop(_OF_ONE).sort(pl.col("estimand").cast(order), maintain_order=True)

    @cached_property
    def curves(self) -> pl.DataFrame:
        """The table `effect_curves`: shares in each state by month and arm, and the difference."""
        return with_starters(effect_curves(self.draws), self.status)

    @cached_property
    def timing(self) -> pl.DataFrame:
        """The table `effect_timing`: lock-in, break-even, lasting work."""
        timing = effect_timing(self.draws, self.events, self.trials.protocol)
        return with_starters(timing, self.status)

    @cached_property
    def balance(self) -> pl.DataFrame:
        """The table `balance` of the primary comparison: how alike the arms are before and after
        weighting.
        """
        return balance_table(self.weightings[0])

    def plot(self, **labels: Any) -> Sketch:
        """The primary outcome month by month: both arms, and their difference below, or the
        differences where there are several comparisons. Planned months lie on darker ground.

        Raises
        ------
        EstimationError
            If no effect can be said.
        """
        protocol = self.trials.protocol
        if self.draws.is_empty():
            raise EstimationError(
                "There is no effect to draw.",
                where=self.headline,
                why="What a protocol's limits refuse is not shown as if it were known.",
                fix="look at status for the reason, and at trials for who starts and who could.",
            )
        shown = self.curves.filter(pl.col("state") == protocol.primary_outcome)
        return plot(shown, **{"planned_months": protocol.planned_months} | labels)


def estimate(trials: Trials, *, n_draws: int = 500, seed: int = 1) -> EffectEstimate:
    """The effect of starting an intervention, from the trials of all districts together.

    The propensity is fitted, the comparisons weighted and their sums replicated by cluster, and
    what a protocol refuses is refused, by the functions of a run.

    Parameters
    ----------
    trials : Trials
        As `emulate_trials` gives them.
    n_draws : int
        Replicates, from which the ranges follow.
    seed : int
        Key of the replicate weights: the same seed gives the same numbers.

    Returns
    -------
    EffectEstimate

    Raises
    ------
    EstimationError
        If nobody starts, or everybody does, or a covariate separates those who start from those who
        do not; names the term.
    """
    draws: dict[str, Any] = {"n_draws": n_draws, "seed": seed}
    propensity = conform(fit_models(trials, **draws), "propensity")
    _refuse_separated(trials, propensity)
    weightings = weightings_of(trials, propensity)
    parts = weighted_effect(weightings, district=CITY, **draws)
    status = refused_for_all(parts.status, trials)
    said = status.filter(pl.col("status") == "estimated")["estimand"].to_list()
    sums, events = (
        table.filter(pl.col("estimand").is_in(said)) for table in (parts.sums, parts.events)
    )
    plain, protocol = effect_draws(sums), trials.protocol
    both = second_reading(trials, **draws)
    return EffectEstimate(
        trials,
        propensity,
        tuple(weightings),
        status,
        plain,
        effect_draws(events),
        second_draws(
            plain.filter(pl.col("estimand") == protocol.primary_estimand),
            both.second_shifts,
            primary_outcome=protocol.primary_outcome,
        ),
        both.second_past.filter(pl.col("district") == CITY),
    )


def _refuse_separated(trials: Trials, propensity: pl.DataFrame) -> None:
    refuse_separated(
        trials.design,
        trials.is_treated.astype(float),
        trials.rows["weight"].to_numpy(),
        coefficients_of(trials, propensity).point,
        names=trials.terms,
    )
