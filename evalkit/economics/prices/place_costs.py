"""What a place costs: fixed and variable, by how far the places are used; and from that its
internal price and what a start costs.
"""

from math import prod

import numpy as np
import polars as pl

from evalkit.disclosure.rounding import step_above, to_step
from evalkit.errors import LedgerError, first_few
from evalkit.line.columns import schema_of
from evalkit.line.price_book import PriceBook
from evalkit.line.tables import published
from evalkit.params import Run
from evalkit.tables import has_table, read_table

_MONEY, _COSTS = ("currency", "price_year"), ("fixed_cost", "variable_cost")


def place_costs(capacity: pl.DataFrame, occupied: pl.DataFrame) -> pl.DataFrame:
    """Cost of a filled place in a month, on average and at the margin, by intervention and year.

    Parameters
    ----------
    capacity : DataFrame
        The table capacity: fixed_cost is for all places together, variable_cost for one filled
        place, both per month.
    occupied : DataFrame
        intervention_id, month, n_occupied (`spells.occupied_places`). In a month without a row,
        between the first and the last of any intervention, nobody filled a place.

    Returns
    -------
    DataFrame
        The table place_costs, one row per intervention and year: n_occupied (mean persons per
        month), places (mean), utilisation_share (filled over places; above 1 where more people were
        booked than there were places), cost_per_filled_place, cost_at_full_use, marginal_cost
        (money per month), currency, price_year. Years in which nobody filled a place have no row. A
        kind of cost that an intervention never has is none; months that lack one that it has
        otherwise are left out of the costs, which are empty where no month is left.

    Raises
    ------
    LedgerError
        If a cost lacks currency or price year, or an intervention mixes them; or a cost is
        negative.
    """
    _refuse_unfit(capacity)
    within = capacity.filter(
        pl.col("month").is_between(occupied["month"].min(), occupied["month"].max())
    )
    counts = occupied.select("intervention_id", "month", "n_occupied")
    months = within.join(counts, on=["intervention_id", "month"], how="left").with_columns(
        pl.col("n_occupied").fill_null(0),
        *(_of_the_intervention(column) for column in (*_MONEY, *_COSTS)),
    )
    priced = pl.all_horizontal(pl.col(column).is_not_null() for column in _COSTS)
    fixed, variable, n, places = (
        pl.col(column).filter(priced) for column in (*_COSTS, "n_occupied", "places")
    )
    by_year = months.group_by("intervention_id", *_MONEY, year=pl.col("month").dt.year()).agg(
        pl.col("n_occupied").mean().alias("mean_occupied"),
        pl.col("places").mean(),
        (pl.col("n_occupied").sum() / pl.col("places").sum()).alias("utilisation_share"),
        (fixed.sum() / _above_zero(n.sum())).alias("fixed"),
        (fixed.sum() / _above_zero(places.sum())).alias("fixed_at_full"),
        ((variable * n).sum() / _above_zero(n.sum())).alias("marginal_cost"),
    )
    return (
        by_year.filter(pl.col("mean_occupied") > 0)
        .with_columns(
            n_occupied=pl.col("mean_occupied").round().cast(pl.Int32),
            cost_per_filled_place=pl.col("fixed") + pl.col("marginal_cost"),
            cost_at_full_use=pl.col("fixed_at_full") + pl.col("marginal_cost"),
        )
        .select(list(published("place_costs").schema))
        .sort("intervention_id", "year")
    )


def _of_the_intervention(column: str) -> pl.Expr:
    """Currency and price year of every month, and no cost where the intervention never has that
    kind but has the other.
    """
    known = pl.col(column)
    if column in _MONEY:
        return known.drop_nulls().first().over("intervention_id").alias(column)
    never = known.is_null().all().over("intervention_id") & pl.any_horizontal(
        pl.col(*_COSTS).is_not_null().any().over("intervention_id")
    )
    return pl.when(never).then(0.0).otherwise(known).alias(column)


def _above_zero(amount: pl.Expr) -> pl.Expr:
    return pl.when(amount > 0).then(amount)


def run_place_costs(run: Run, occupied: pl.DataFrame) -> pl.DataFrame:
    """`place_costs` of a run, in steps that one person in a place does not move; no rows where no
    capacity was delivered.

    Unit prices are public, and what stands ready is known: the exact cost of a filled place would
    tell how many months all places were filled.
    """
    if not has_table(run.run_dir, "capacity"):
        return published("place_costs").empty()
    costs = place_costs(read_table(run.run_dir, "capacity"), occupied)
    n, places = (costs[name].cast(pl.Float64).to_numpy() for name in ("n_occupied", "places"))
    steps = {"utilisation_share": step_above(1 / places)} | {
        name: step_above(costs[name].to_numpy() / np.maximum(n, 1))
        for name in ("cost_per_filled_place", "marginal_cost")
    }
    return costs.with_columns(
        pl.Series(name, to_step(costs[name].to_numpy(), step), nan_to_null=True)
        for name, step in steps.items()
    )


def start_costs(book: PriceBook, lengths: pl.DataFrame) -> pl.DataFrame:
    """What a start of each intervention is expected to cost: the months that it is used at the
    price of a place, and what a start itself costs.

    Parameters
    ----------
    book : PriceBook
        Its postings with the role programme_cost, at the prices' own values, without discounting.
    lengths : DataFrame
        intervention_id, months_per_start (`spells.months_per_start`).

    Returns
    -------
    DataFrame
        intervention_id, cost, currency; 0 where the book prices no programme.
    """
    values = {record.key: record.value for record in book.prices}
    postings = [posting for posting in book.postings if posting.role == "programme_cost"]
    rows = []
    for intervention, months in (
        lengths.select("intervention_id", "months_per_start").sort("intervention_id").iter_rows()
    ):
        substitutes = book.own_prices(intervention)
        paid = [
            (months if posting.driver == "programme_months" else 1.0)
            * prod(values[substitutes.get(key, key)] for key in term)
            for posting in postings
            if posting.pays_for(intervention)
            for term in posting.terms
        ]
        rows.append((intervention, float(sum(paid)), book.currency))
    return pl.DataFrame(
        rows,
        schema=schema_of("intervention_id", "cost", "currency"),
        orient="row",
    )


def place_prices(costs: pl.DataFrame) -> pl.DataFrame:
    """The internal price of a place per month, for settlements: the last known year's average cost
    of a filled place, by intervention.
    """
    last = (
        costs.drop_nulls("cost_per_filled_place")
        .sort("year")
        .group_by("intervention_id")
        .last()
        .sort("intervention_id")
    )
    return last.select(
        "intervention_id", pl.col("cost_per_filled_place").alias("price_per_month"), "currency"
    )


def _refuse_unfit(capacity: pl.DataFrame) -> None:
    paid = capacity.filter(pl.any_horizontal(pl.col(*_COSTS).is_not_null()))
    unnamed = (
        paid.filter(pl.any_horizontal(pl.col(*_MONEY).is_null()))["intervention_id"].unique().sort()
    )
    money = (
        paid.group_by("intervention_id")
        .agg(pl.struct(_MONEY).n_unique().alias("n"))
        .filter(pl.col("n") > 1)
    )
    negative = (
        capacity.filter((pl.col("fixed_cost") < 0) | (pl.col("variable_cost") < 0))[
            "intervention_id"
        ]
        .unique()
        .sort()
    )
    for what, names, fix in (
        (
            "Costs of places without currency or price year",
            unnamed,
            "ask the sender for the table with currency and price_year on every row.",
        ),
        (
            "Costs of places in mixed currencies or price years",
            money["intervention_id"].sort(),
            "ask the sender for one currency and one price year per intervention.",
        ),
        (
            "Costs of places that are negative",
            negative,
            "ask the sender for the costs; income from a place is no negative cost.",
        ),
    ):
        if len(names):
            raise LedgerError(
                f"{what}: {len(names)} interventions.",
                where=f"capacity: {first_few(names, 6)}",
                why="Amounts are compared in one currency and one year's prices, and a cost is not "
                "negative.",
                fix=fix,
            )
