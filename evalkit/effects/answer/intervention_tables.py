"""An intervention's effects as tables: what was estimated, and what of it is told, with the people
behind each row, before gate 2.
"""

from dataclasses import dataclass

import polars as pl

from evalkit.draws import spanned
from evalkit.effects.answer.one_person import (
    shown_paths,
    states_told_together,
    with_change,
    with_change_of_readings,
)
from evalkit.effects.answer.reported import primary_draws, primary_rows, reported_draws
from evalkit.effects.answer.second_draws import (
    effect_span,
    largest_monthly_part,
    with_change_of_second,
)
from evalkit.effects.answer.status import with_starters
from evalkit.effects.answer.summary import effect_curves, effect_summary
from evalkit.effects.answer.timing import effect_timing
from evalkit.effects.districts.ranking import district_ranks
from evalkit.effects.trust.bounds import effect_readings
from evalkit.line.protocol import Protocol
from evalkit.line.tables import published
from evalkit.results import Tables

_EFFECT = ("district", "intervention_id", "estimand")
# Readings that are differences of the table `effect_summary`.
_OF_SUMMARY = ("corrected", "none_work", "none_work_months")


@dataclass(frozen=True, repr=False, eq=False)
class InterventionEffects(Tables):
    """Draws (table `effect_draws`) and statuses (`effect_status`) of the city and its districts,
    raw and, where pooled, shrunk.

    events: shares that reached an event, in the shape of the draws with column event; raw only.
    programmes: the table `effect_programme_draws`. people: the table `effect_people`. second: the
    table `second_draws`, of the primary comparison. past: the table `second_past`.
    """

    draws: pl.DataFrame
    status: pl.DataFrame
    events: pl.DataFrame
    programmes: pl.DataFrame
    people: pl.DataFrame
    second: pl.DataFrame
    past: pl.DataFrame

    @property
    def table(self) -> pl.DataFrame:
        """What can be said where: the statuses."""
        return self.status

    @property
    def tables(self) -> dict[str, pl.DataFrame]:
        """The tables that later stations read, by their names."""
        return {
            "effect_draws": self.draws,
            "effect_status": self.status,
            "effect_programme_draws": self.programmes,
            "second_draws": self.second,
        }


@dataclass(frozen=True, repr=False, eq=False)
class InterventionSummaries(Tables):
    """The tables of the same names before gate 2, with the people behind them."""

    effect_summary: pl.DataFrame
    effect_curves: pl.DataFrame
    effect_span: pl.DataFrame


def timings(effects: InterventionEffects, protocol: Protocol) -> pl.DataFrame:
    """Lock-in, break-even and lasting work: the table `effect_timing` before gate 2, with the
    starters behind it.
    """
    timing = effect_timing(reported_draws(effects.draws), effects.events, protocol)
    return with_starters(timing, effects.status)


def summaries(effects: InterventionEffects, protocol: Protocol) -> InterventionSummaries:
    """Months, curves, and both readings of the months in the primary outcome.

    Where there are two readings of the primary comparison, the estimates are those of the plain one
    and the ranges of differences hold both.
    """
    draws, second = reported_draws(effects.draws), reported_draws(effects.second)
    together = states_told_together(effects.people)
    curves, curves_second = (
        effect_curves(reading, together=together) for reading in (draws, second)
    )
    months, months_second = (effect_summary(reading, protocol) for reading in (draws, second))
    span = effect_span(months, months_second, effects.past, protocol)
    curves = spanned(
        curves,
        curves_second.filter(pl.col("arm") == "difference"),
        keys=[*_EFFECT, "state", "arm", "month"],
    )
    months = spanned(months, months_second, keys=[*_EFFECT, "outcome"])
    part = largest_monthly_part(second, primary_outcome=protocol.primary_outcome)
    paths, months = (
        rows.join(part, on=_EFFECT, how="left", maintain_order="left")
        for rows in (shown_paths(curves, effects.people), with_change(months, effects.people))
    )
    of_month = pl.when(pl.col("outcome").str.ends_with("_share_at_end")).then("monthly_part")
    paths, months = (
        with_change_of_second(rows, effects.past, protocol, part=of_row).drop("monthly_part")
        for rows, of_row in ((paths, pl.col("monthly_part")), (months, of_month))
    )
    of_primary = months.filter(
        (pl.col("outcome") == f"months_{protocol.primary_outcome}")
        & (pl.col("estimand") == protocol.primary_estimand)
    ).select(*_EFFECT, "person_change", "range_change")
    span = span.join(of_primary, on=_EFFECT, how="left", maintain_order="left")
    return InterventionSummaries(
        with_starters(months, effects.status).drop("one_person"),
        paths,
        with_starters(span, effects.status).drop("one_person"),
    )


def readings(effects: InterventionEffects, protocol: Protocol) -> pl.DataFrame:
    """Readings of the primary comparison, naive and corrected: the table `effect_readings` before
    gate 2, with the starters behind it.

    A reading that is a number of `effect_summary` too has its range, which holds both readings of
    the effect; the ranges of the others are those of the plain one.
    """
    primary = primary_draws([effects.draws], [protocol])
    if primary.is_empty():
        return published("effect_readings").empty()
    read, second = effect_readings(primary, protocol), primary_draws([effects.second], [protocol])
    part = largest_monthly_part(second, primary_outcome=protocol.primary_outcome)
    if not second.is_empty():
        of_summary = effect_readings(second, protocol).filter(pl.col("reading").is_in(_OF_SUMMARY))
        read = spanned(read, of_summary, keys=[*_EFFECT, "reading"])
    changed = with_change_of_readings(
        with_starters(read, effects.status), effects.people, protocol
    ).join(part, on=_EFFECT, how="left", maintain_order="left")
    of_month = pl.when(~pl.col("reading").str.ends_with("_months")).then("monthly_part")
    changed = with_change_of_second(changed, effects.past, protocol, part=of_month)
    is_known = pl.col("reading").is_in(_OF_SUMMARY)
    return changed.with_columns(
        range_change=pl.when(is_known).then("range_change").otherwise("person_change")
    ).drop("monthly_part")


def ranks(
    effects: InterventionEffects, protocol: Protocol, *, standardised: pl.DataFrame, seed: int
) -> pl.DataFrame:
    """The districts' ranks under the primary comparison: the table `district_ranks` before gate 2,
    with the starters behind it.

    Parameters
    ----------
    standardised : DataFrame
        The intervention's table `standardised_draws`.
    """
    ranked = district_ranks(
        primary_rows(effects.draws, [protocol]), protocol, seed=seed, standardised=standardised
    )
    return with_starters(ranked, effects.status)
