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
        ended), n_persons.
    """
    keys = ["district", "max_gap_months"]
    counted = spells.group_by(keys).agg(
        n_spells=pl.len().cast(pl.Int32),
        n_ended=pl.col("is_ended").sum().cast(pl.Int32),
        n_persons=pl.col("person_id").n_unique().cast(pl.Int32),
    )
    of_keys = medians.select(*keys, median_months="estimate")
    return counted.join(of_keys, on=keys, how="left").sort(keys)
