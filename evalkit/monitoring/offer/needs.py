"""Need against offer: how many need what, beside how many started something that answers it."""

from collections.abc import Mapping
from datetime import date

import polars as pl

from evalkit.line.offer_codes import AnsweredNeed, OfferCodes
from evalkit.line.tables import published
from evalkit.monitoring.areas import in_areas
from evalkit.monitoring.offer.last_year import N_MONTHS, codes_of, first_of_last_year
from evalkit.months import add_months
from evalkit.params import RunFile

_KEYS = ["district", "need"]


def need_answers(tables: Mapping[str, pl.DataFrame], codes: OfferCodes) -> pl.DataFrame:
    """Which interventions of the register answer which need.

    Parameters
    ----------
    tables : mapping of DataFrame
        intervention and capacity as delivered; either may be empty.
    codes : OfferCodes
        What answers each need (`line.offer_codes`).

    Returns
    -------
    DataFrame
        The table need_answers: need, intervention_id, places (of all districts together, in the
        last month with a count; null where none was delivered), value_grade (how sure it is that it
        answers the need).
    """
    intervention = tables["intervention"]
    content, groups = (codes_of(intervention, name) for name in ("content", "target_groups"))
    rows = [
        (one.need, name, one.grade)
        for one in codes.needs
        for name in _answering(one, intervention, content, groups)
    ]
    answers = pl.DataFrame(rows, schema=["need", "intervention_id", "value_grade"], orient="row")
    last = tables["capacity"].sort("month").group_by("intervention_id").last()
    return (
        answers.cast(pl.String)
        .join(
            last.select("intervention_id", pl.col("places").cast(pl.Float64)),
            "intervention_id",
            how="left",
        )
        .select("need", "intervention_id", "places", "value_grade")
        .sort("need", "intervention_id")
    )


def need_offer(
    tables: Mapping[str, pl.DataFrame],
    starts: pl.DataFrame,
    *,
    codes: OfferCodes,
    params: RunFile,
) -> pl.DataFrame:
    """The needs that staff have counted, beside those who started something that answers them.

    Parameters
    ----------
    tables : mapping of DataFrame
        need, intervention and capacity as delivered; any may be empty.
    starts : DataFrame
        person_id, intervention_id, month, district (`spells.placed_starts`).
    codes : OfferCodes
        What answers each need.
    params : RunFile
        Which months are known, and which districts are pooled.

    Returns
    -------
    DataFrame
        The table need_offer. One row per area (and "all") and need: calendar_month (the last month
        with a count), n_persons (with the need, each district's last count), n_starters (people who
        started something that answers it, once each, in the district of the first start, in the
        twelve months from counted_from to counted_through: those that begin with the last count, or
        the last ones known; null where nothing answers it), n_interventions (of the register that
        answer it; null where no register was delivered).
    """
    rules, need = params.monitoring, tables["need"]
    if need.is_empty():
        return published("need_offer").empty()
    answers = need_answers(tables, codes)
    is_last = pl.col("month") == pl.col("month").max().over("district")
    needed = (
        in_areas(need.filter(is_last), rules)
        .group_by(_KEYS)
        .agg(pl.col("n_persons").sum().cast(pl.Int32), calendar_month=pl.col("month").max())
    )
    counted_from, counted_through = _months_beside(need, params.extract.follow_up_through)
    begun = starts.filter(pl.col("month").is_between(counted_from, counted_through))
    # Once each, where they started first: districts add up to all.
    first = (
        begun.join(answers, on="intervention_id")
        .sort("month", "intervention_id")
        .unique(["person_id", "need"], keep="first", maintain_order=True)
    )
    started = in_areas(first, rules).group_by(_KEYS).agg(n_starters=pl.len())
    n_answers = answers.group_by("need").agg(n_interventions=pl.len())
    is_known = pl.lit(not tables["intervention"].is_empty())
    rows = (
        needed.join(n_answers, on="need", how="left")
        .join(started, on=_KEYS, how="left")
        .with_columns(
            n_interventions=pl.when(is_known).then(pl.col("n_interventions").fill_null(0)),
            n_starters=pl.when(pl.col("n_interventions") > 0).then(
                pl.col("n_starters").fill_null(0)
            ),
            counted_from=pl.lit(counted_from),
            counted_through=pl.lit(counted_through),
        )
        .with_columns(pl.col("n_interventions", "n_starters").cast(pl.Int32))
    )
    return rows.select(published("need_offer").columns).sort(_KEYS)


def _months_beside(need: pl.DataFrame, through: date) -> tuple[date, date]:
    """The twelve months that begin with the last count of the needs; the last ones known where they
    are not all known.
    """
    last_count = pl.Series(need["month"]).max()
    first = (
        min(last_count, first_of_last_year(through)) if isinstance(last_count, date) else through
    )
    return first, add_months(first, N_MONTHS - 1)


def _answering(
    need: AnsweredNeed, intervention: pl.DataFrame, content: pl.DataFrame, groups: pl.DataFrame
) -> list[str]:
    """The interventions that answer a need: by kind or content, and by target group where groups
    are named.
    """
    by_kind = intervention.filter(pl.col("kind").is_in(need.kinds))["intervention_id"]
    by_content = content.filter(pl.col("code").is_in(need.codes))["intervention_id"]
    for_group = groups.filter(pl.col("code").is_in(need.groups))["intervention_id"]
    named = {*by_kind, *by_content}
    return sorted(named & {*for_group} if need.groups else named)
