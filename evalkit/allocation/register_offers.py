"""The offers of the register as they are published: who starts, at what price, and how far the
places are used.
"""

import polars as pl

from evalkit.line.tables import published


def register_offers(
    counts: pl.DataFrame, *, prices: pl.DataFrame, places: pl.DataFrame, min_persons: int
) -> pl.DataFrame:
    """Every intervention of the register in every district, with or without a protocol.

    Parameters
    ----------
    counts : DataFrame
        One row per district and intervention (`spells.offer_counts`).
    prices : DataFrame
        intervention_id, cost (money per start), price_per_month (money per place and month),
        currency (`economics.offer_prices`); interventions without a row have no known price.
    places : DataFrame
        The table place_costs. The last year in which enough persons filled them holds, else the
        last one, for all districts together.
    min_persons : int
        Of a year in which fewer persons filled the places, their use is not shown. Persons.

    Returns
    -------
    DataFrame
        The table offers before gate 2, with what its guard reads.
    """
    is_enough = (pl.col("n_occupied") >= min_persons).fill_null(False)
    last = (
        places.sort(is_enough, "year")
        .group_by("intervention_id")
        .last()
        .select(
            "intervention_id",
            "places",
            utilisation_share=pl.when(is_enough).then("utilisation_share"),
        )
    )
    return (
        counts.join(last, on="intervention_id", how="left")
        .join(prices, on="intervention_id", how="left")
        .select(name for name in published("offers").schema if name != "completed_share")
        .sort("district", "intervention_id")
    )
