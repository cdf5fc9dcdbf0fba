"""What the gap rule decides: the spells under every length of gap that is bridged, beside each
other.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import polars as pl

from evalkit.line.delivered import as_delivered
from evalkit.params import RunFile
from evalkit.spells.extent import Extent
from evalkit.spells.support import build_support_spells
from evalkit.tables import with_city

GAPS_MONTHS = (0, 1, 2, 3)


def spells_by_gap(
    tables: Mapping[str, pl.DataFrame], params: RunFile, *, gaps_months: Sequence[int] = GAPS_MONTHS
) -> pl.DataFrame:
    """The support spells under each gap rule, for the districts and for the city, one below the
    other.

    Parameters
    ----------
    tables : mapping of DataFrame
        The admitted tables.
    params : RunFile
        The extract's months and whether everybody began at the first; its own gap rule is not used.
    gaps_months : sequence of int
        Longest unpaid gaps bridged. Months, >= 0.

    Returns
    -------
    DataFrame
        The columns of support_spells, max_gap_months and is_ended, of spells whose beginning is
        known; every row stands once in its district and once in the city ("all"). A longer gap ends
        follow-up earlier, and leaves fewer beginnings known.
    """
    people = [
        as_delivered(tables, name)
        for name in ("income_support", "household_member", "livelihood", "person")
    ]
    extent = Extent.of_run(params)
    built = [
        build_support_spells(
            *people,
            extent=replace(extent, max_gap_months=gap),
            participation=tables.get("participation"),
        ).with_columns(max_gap_months=pl.lit(gap, pl.Int32))
        for gap in gaps_months
    ]
    spells = (
        pl.concat(built)
        .filter("is_start_known")
        .with_columns(is_ended=pl.col("exit").is_not_null())
    )
    return with_city(spells)


def gap_sensitivity(spells: pl.DataFrame, medians: pl.DataFrame) -> pl.DataFrame:
    """The number of spells, the number that ended and the median length, by the longest gap that is
    bridged.

    Parameters
    ----------
    spells : DataFrame
        As `spells_by_gap` gives it.
    medians : DataFrame
        Median months by district and max_gap_months (`estimate`), as `survival.median_months` gives
        them for these spells.

    Returns
    -------
    DataFrame
        district, max_gap_months, n_spells, n_ended, median_months (null where fewer than half have
        ended), n_persons: the smallest number of people that a shown number, or its difference from
        the row of the next shorter gap, speaks about.
    """
    keys = ["district", "max_gap_months"]
    is_ended = pl.col("is_ended")
    counted = spells.group_by(keys).agg(
        n_spells=pl.len().cast(pl.Int32),
        n_ended=is_ended.sum().cast(pl.Int32),
        n_people=pl.col("person_id").n_unique(),
        n_with_ended=pl.col("person_id").filter(is_ended).n_unique(),
        n_with_running=pl.col("person_id").filter(~is_ended).n_unique(),
    )
    touched = _people_touched(spells)
    with_medians = counted.join(touched, on=keys, how="left").join(
        medians.select(*keys, median_months="estimate"), on=keys, how="left"
    )
    sizes = [
        pl.when(pl.col(size) > 0).then(size)
        for size in ("n_people", "n_with_ended", "n_with_running", "n_touched")
    ]
    return (
        with_medians.with_columns(n_persons=pl.min_horizontal(sizes).cast(pl.Int32))
        .select(*keys, "n_spells", "n_ended", "median_months", "n_persons")
        .sort(keys)
    )


def _people_touched(spells: pl.DataFrame) -> pl.DataFrame:
    """How many people have other numbers of spells, or of ended spells, than under the next shorter
    gap.
    """
    per_person = spells.group_by("district", "max_gap_months", "person_id").agg(
        n=pl.len(), n_ended=pl.col("is_ended").sum()
    )
    gaps = spells["max_gap_months"].unique().sort()
    shorter = dict(zip(gaps[1:], gaps[:-1], strict=True))
    earlier = per_person.with_columns(
        pl.col("max_gap_months").replace_strict(
            {value: key for key, value in shorter.items()}, default=None, return_dtype=pl.Int32
        )
    ).drop_nulls("max_gap_months")
    later = per_person.filter(pl.col("max_gap_months").is_in(list(shorter)))
    both = later.join(
        earlier, on=["district", "max_gap_months", "person_id"], how="full", coalesce=True
    )
    differs = pl.col("n").ne_missing(pl.col("n_right")) | pl.col("n_ended").ne_missing(
        pl.col("n_ended_right")
    )
    return both.filter(differs).group_by("district", "max_gap_months").agg(n_touched=pl.len())
