"""How many people and spells there are, and how the spells ended: the first numbers of every
report, districts beside the city.
"""

import polars as pl

from evalkit.line.states import STILL_ON_SUPPORT
from evalkit.tables import with_city

_MEASURES = (
    *("persons", "persons_with_support"),
    *("support_spells_start_known", "support_spells_start_unknown"),
)


def people_counts(person: pl.DataFrame, spells: pl.DataFrame) -> pl.DataFrame:
    """Counts of people and spells per district and for the city.

    Parameters
    ----------
    person, spells : DataFrame
        Tables `person` and `support_spells`.

    Returns
    -------
    DataFrame
        district, measure (persons, persons_with_support, support_spells_start_known,
        support_spells_start_unknown), count.
    """
    everyone, on_support = with_city(person), with_city(spells)
    is_known = pl.col("is_start_known")
    spells_of = (everyone, on_support, on_support.filter(is_known), on_support.filter(~is_known))
    counts = (pl.len(), pl.col("person_id").n_unique(), pl.len(), pl.len())
    measures = [
        _count(table, measure, count)
        for table, measure, count in zip(spells_of, _MEASURES, counts, strict=True)
    ]
    grid = (
        everyone.select("district").unique().join(pl.DataFrame({"measure": _MEASURES}), how="cross")
    )
    counted = grid.join(pl.concat(measures), on=["district", "measure"], how="left")
    return counted.with_columns(pl.col("count").fill_null(0)).sort("district", "measure")


def exit_counts(spells: pl.DataFrame) -> pl.DataFrame:
    """How the support spells of known beginning ended, per district and for the city;
    `people_counts` gives the number of the others.

    Returns
    -------
    DataFrame
        district, exit (an outcome, or still_on_support), n_spells, n_persons, n_whole (the
        district's spells), share (of these, 0-1). Every exit that occurs in the city has a row in
        every district.
    """
    ended = with_city(spells.filter("is_start_known")).with_columns(
        pl.col("exit").fill_null(STILL_ON_SUPPORT)
    )
    counted = ended.group_by("district", "exit").agg(
        n_spells=pl.len().cast(pl.Int32), n_persons=pl.col("person_id").n_unique().cast(pl.Int32)
    )
    grid = ended.select("district").unique().join(ended.select("exit").unique(), how="cross")
    filled = grid.join(counted, on=["district", "exit"], how="left").with_columns(
        pl.col("n_spells", "n_persons").fill_null(0)
    )
    return (
        filled.with_columns(n_whole=pl.col("n_spells").sum().over("district"))
        .with_columns(share=pl.col("n_spells") / pl.col("n_whole"))
        .sort("district", "exit")
    )


def _count(table: pl.DataFrame, measure: str, count: pl.Expr) -> pl.DataFrame:
    return (
        table.group_by("district")
        .agg(count=count.cast(pl.Int32))
        .select("district", measure=pl.lit(measure), count="count")
    )
