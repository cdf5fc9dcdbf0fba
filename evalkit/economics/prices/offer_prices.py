"""What a start and a month of a place cost, of every intervention of the register whose price is
known.
"""

import polars as pl

from evalkit.economics.prices.book_of_run import price_book_of_run
from evalkit.economics.prices.place_costs import start_costs
from evalkit.line.columns import schema_of
from evalkit.params import Run
from evalkit.tables import read_delivered


def offer_prices(run: Run, occupied: pl.DataFrame, lengths: pl.DataFrame) -> pl.DataFrame:
    """Prices of the run's book, with each intervention's own price of a place where places and
    their costs were delivered.

    Parameters
    ----------
    run : Run
        The run.
    occupied : DataFrame
        As in `place_costs`.
    lengths : DataFrame
        intervention_id, months_per_start (`spells.months_per_start`); a start of an intervention
        that nobody starts has no cost.

    Returns
    -------
    DataFrame
        One row per intervention of the register: intervention_id, cost (money per start),
        price_per_month (money per place and month), currency. A price is empty where the book has
        none; no rows where the run names no price book.
    """
    empty = pl.DataFrame(schema=schema_of("intervention_id", "cost", "price_per_month", "currency"))
    if run.params.value.price_book is None:
        return empty
    book = price_book_of_run(run, occupied)
    register = read_delivered(run.run_dir, "intervention").select("intervention_id")
    of_months = [
        start_costs(book, register.with_columns(months_per_start=pl.lit(months))).select(
            "intervention_id", pl.col("cost").alias(name)
        )
        for name, months in (("start_alone", 0.0), ("with_a_month", 1.0))
    ]
    known = (
        of_months[0]
        .join(of_months[1], on="intervention_id")
        .join(start_costs(book, lengths), on="intervention_id", how="left")
    )
    per_month = pl.col("with_a_month") - pl.col("start_alone")
    return known.select(
        "intervention_id",
        cost=pl.when(pl.col("cost") > 0).then("cost"),
        price_per_month=pl.when(per_month > 0).then(per_month),
        currency=pl.lit(book.currency),
    ).sort("intervention_id")
