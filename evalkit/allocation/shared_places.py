"""Places shared between districts: who borrows of whom at which internal price, and what becomes
possible only together.
"""

import polars as pl

from evalkit.allocation.portfolio import Portfolio
from evalkit.disclosure.rounding import nearest_five, step_above, to_step
from evalkit.errors import ParameterError, first_few

_MONTHS = 12
BOOKING_COLUMNS = (
    "month",
    "home_district",
    "provider_district",
    "intervention_id",
    "n_place_months",
)


def settlement_list(bookings: pl.DataFrame, prices: pl.DataFrame) -> pl.DataFrame:
    """What each district owes another for places used in a month: the user pays the internal price
    of the place.

    Parameters
    ----------
    bookings : DataFrame
        month, home_district (who sends and pays), provider_district, intervention_id,
        n_place_months. Own places are left out.
    prices : DataFrame
        intervention_id, price_per_month (money per place and month), currency.

    Returns
    -------
    DataFrame
        calendar_month, home_district (who pays), provider_district (who is paid), intervention_id,
        n_place_months, price_per_month, amount, currency; sorted by the first four. Over all
        districts what is paid is what is received.

    Raises
    ------
    ParameterError
        If an intervention that is used has no price, or a number is negative.
    """
    used = bookings.select(BOOKING_COLUMNS).filter(
        pl.col("home_district") != pl.col("provider_district")
    )
    unpriced = (
        used.join(prices, on="intervention_id", how="anti")["intervention_id"].unique().sort()
    )
    if len(unpriced) or (used["n_place_months"] < 0).any() or (prices["price_per_month"] < 0).any():
        raise ParameterError(
            "Places that cannot be settled." if len(unpriced) else "Negative places or prices.",
            where=f"settlement_list: {first_few(unpriced, 6) or 'arguments bookings and prices'}",
            why="The user pays a place at its internal price; without a price nobody knows how "
            "much.",
            fix="give a price per place and month for every intervention that is shared.",
        )
    return (
        used.join(
            prices.select("intervention_id", "price_per_month", "currency"), on="intervention_id"
        )
        .group_by(
            pl.col("month").alias("calendar_month"),
            "home_district",
            "provider_district",
            "intervention_id",
            "price_per_month",
            "currency",
        )
        .agg(pl.col("n_place_months").sum())
        .select(
            "calendar_month",
            "home_district",
            "provider_district",
            "intervention_id",
            "n_place_months",
            "price_per_month",
            (pl.col("n_place_months") * pl.col("price_per_month")).alias("amount"),
            "currency",
        )
        .sort("calendar_month", "home_district", "provider_district", "intervention_id")
    )


def yearly_settlement(settled: pl.DataFrame, bookings: pl.DataFrame) -> pl.DataFrame:
    """What is owed over all months together, as it may be shown: to a step that nobody's year in a
    place moves it by, since with the price an amount tells the months.

    Parameters
    ----------
    settled : DataFrame
        `settlement_list`, of at most a year.
    bookings : DataFrame
        As there, with n_persons (`spells.shared_places`).

    Returns
    -------
    DataFrame
        The table settlement before gate 2, with n_persons.
    """
    by = ["home_district", "provider_district", "intervention_id"]
    # That a row is listed would tell that somebody is in it.
    people = (
        bookings.group_by(by)
        .agg(pl.col("n_persons").max())
        .filter(nearest_five(pl.col("n_persons")) > 0)
    )
    owed = settled.group_by(*by, "price_per_month", "currency").agg(pl.col("amount").sum())
    step = step_above(_MONTHS * owed["price_per_month"].to_numpy())
    return (
        owed.with_columns(
            amount=pl.Series(to_step(owed["amount"].to_numpy(), step), dtype=pl.Float64),
            counted_from=pl.lit(settled["calendar_month"].min(), pl.Date),
            counted_through=pl.lit(settled["calendar_month"].max(), pl.Date),
        )
        .join(people, on=by)
        .sort(by)
    )


def place_exchange(portfolio: Portfolio, prices: pl.DataFrame) -> pl.DataFrame:
    """What an allocation with shared places means for each district: places lent and borrowed, and
    what that comes to at the internal price.

    Parameters
    ----------
    portfolio : Portfolio
        Allocated with `is_pooled`.
    prices : DataFrame
        intervention_id, price_per_start (money per start).

    Returns
    -------
    DataFrame
        district, intervention_id, n_own (starts of its own people), n_used (starts in its places),
        n_lent (less borrowed), price_per_start, receives (money; negative: pays), shadow_price.
        Over districts, what is received is what is paid.
    """
    lent = pl.col("n_used") - pl.col("n_own") + 0.0  # minus zero is zero
    return portfolio.places.join(
        prices.select("intervention_id", "price_per_start"), on="intervention_id", how="left"
    ).select(
        "district",
        "intervention_id",
        "n_own",
        "n_used",
        lent.alias("n_lent"),
        "price_per_start",
        (lent * pl.col("price_per_start") + 0.0).alias("receives"),
        "shadow_price",
    )


def joint_measures(alone: Portfolio, together: Portfolio) -> pl.DataFrame:
    """Which interventions more districts can offer when places are shared than when each district
    is on its own.

    Parameters
    ----------
    alone, together : Portfolio
        The same offers allocated without and with `is_pooled`; `smallest_group` says how many
        starts a provider needs.

    Returns
    -------
    DataFrame
        intervention_id, n_districts_alone, n_districts_together, n_starts_alone, n_starts_together,
        is_only_together (nobody could run it alone).
    """

    def counted(portfolio: Portfolio, name: str) -> pl.DataFrame:
        return portfolio.starts.group_by("intervention_id").agg(
            pl.col("district")
            .filter(pl.col("n_starts") > 0)
            .n_unique()
            .alias(f"n_districts_{name}"),
            pl.col("n_starts").sum().alias(f"n_starts_{name}"),
        )

    both = (
        counted(alone, "alone")
        .join(counted(together, "together"), on="intervention_id")
        .sort("intervention_id")
    )
    only_together = (pl.col("n_districts_alone") == 0) & (pl.col("n_districts_together") > 0)
    return both.with_columns(only_together.alias("is_only_together")).select(
        "intervention_id",
        "n_districts_alone",
        "n_districts_together",
        "n_starts_alone",
        "n_starts_together",
        "is_only_together",
    )
