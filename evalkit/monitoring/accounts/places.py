"""What a place costs for each that ends, and from how many places on an own operation is cheaper
than places bought from others.
"""

from datetime import date

import polars as pl

from evalkit.line.accounts import AccountsFile
from evalkit.line.states import STATES
from evalkit.line.tables import published
from evalkit.months import add_months
from evalkit.tables import CITY

# Of a normal distribution: the range holds 95 of 100.
_Z = 1.959964
_MONTHS = 12
ENDED, ENDED_SOMEWHERE = "ended", "ended_somewhere"
# What somebody ends to: a state of life that is none of support, or the job centre.
_SOMEWHERE = (
    *STATES.filter(pl.col("state_class").is_in(["self_support", "step", "programme", "transfer"]))[
        "state"
    ],
    "job_centre",
)
_MONEY = ("currency", "price_year")


def cost_range_per_end(
    cost: tuple[float, float], ended_share: tuple[float, float]
) -> tuple[float, float]:
    """Between what an ended place costs where only ranges are known of what a place costs and of
    the share who end: the cheapest place with the most ends, and the dearest with the fewest.
    """
    return cost[0] / ended_share[1], cost[1] / ended_share[0]


def reported_places(reading: AccountsFile) -> pl.DataFrame:
    """What reports' ranges give for an ended place.

    Returns
    -------
    DataFrame
        The table reported_places. Which cost goes with which share is not known, so the range holds
        every pairing.
    """
    rows = [
        (
            *(one.year, one.currency, *one.cost_per_place, *one.ended_share),
            *cost_range_per_end(one.cost_per_place, one.ended_share),
        )
        for one in reading.places
    ]
    return pl.DataFrame(rows, schema=published("reported_places").schema, orient="row")


def place_ends(
    capacity: pl.DataFrame,
    participation: pl.DataFrame,
    occupied: pl.DataFrame,
    *,
    data_through: date,
) -> pl.DataFrame:
    """What places have cost for each that ended, in the last twelve months known.

    Parameters
    ----------
    capacity, participation : DataFrame
        Delivered tables.
    occupied : DataFrame
        intervention_id, month, n_occupied: people in places, month by month.
    data_through : date
        The last month known. Month.

    Returns
    -------
    DataFrame
        The table place_ends before gate 2: per intervention, all ends and those to work, studies,
        a benefit, a pension or the job centre, where a reason for the end is registered. `estimate`
        is the cost of all months over the ends; its range is that of the number of ends, counted as
        a Poisson process of people, each with all of their ends (clustered). What a place costs is
        taken as known. `person_change` is the most that one person moves any of the numbers by.
    """
    first, stop = add_months(data_through, 1 - _MONTHS), add_months(data_through, 1)
    costs = _costs(capacity, occupied, first, data_through)
    ends = participation.filter(pl.col("end") > first, pl.col("end") <= stop)
    somewhere = ends.filter(pl.col("end_reason").is_in(_SOMEWHERE))
    by_person = pl.concat(
        rows.group_by("intervention_id", "person_id")
        .agg(n=pl.len().cast(pl.Float64))
        .with_columns(measure=pl.lit(measure))
        for measure, rows in ((ENDED, ends), (ENDED_SOMEWHERE, somewhere))
    )
    n, most = pl.col("n").sum(), pl.col("n").max()
    counted = by_person.group_by("intervention_id", "measure").agg(
        n_persons=pl.len().cast(pl.Int32),
        n_ends=n,
        n_most=most,
        spread=(pl.col("n") ** 2).sum().sqrt() / n,
    )
    estimate, upper = pl.col("cost") / pl.col("n_ends"), pl.col("ci_upper")
    moved = pl.col("n_most") / (pl.col("n_ends") - pl.col("n_most"))
    # Every intervention with both, so that no row tells by being there that somebody ended.
    grid = costs.join(pl.DataFrame({"measure": [ENDED, ENDED_SOMEWHERE]}), how="cross")
    return (
        grid.join(counted, on=["intervention_id", "measure"], how="left")
        .with_columns(
            estimate=estimate,
            ci_lower=estimate * (-_Z * pl.col("spread")).exp(),
            ci_upper=estimate * (_Z * pl.col("spread")).exp(),
            counted_from=pl.lit(first),
            counted_through=pl.lit(data_through),
        )
        .with_columns(
            person_change=pl.when(pl.col("n_ends") > pl.col("n_most"))
            .then(upper * ((1 + _Z * pl.col("spread")) * moved + pl.col("of_a_person")))
            .otherwise(upper)
        )
        .select(list(published("place_ends").schema))
        .sort("intervention_id", "measure")
    )


def make_or_buy(
    capacity: pl.DataFrame,
    place_costs: pl.DataFrame,
    reading: AccountsFile,
    *,
    data_through: date,
) -> pl.DataFrame:
    """From how many filled places on an own operation is cheaper than places bought from others.

    Parameters
    ----------
    capacity : DataFrame
        The delivered table.
    place_costs : DataFrame
        The published table: how far the places are used.
    reading : AccountsFile
        What places cost that are bought.
    data_through : date
        The last month known. Month.

    Returns
    -------
    DataFrame
        The table make_or_buy. Own places cost `fixed_cost` a month whatever their number filled,
        and `variable_cost` for each; at `break_even` filled places both are equal. Its limits
        follow from those of the price, empty where an own place is never cheaper. `cheaper`
        compares with the places that are filled. `cost_per_place` is that of a year if all are.
    """
    own = _own_costs(capacity, add_months(data_through, 1 - _MONTHS), data_through)
    used = (
        place_costs.sort("year")
        .group_by("intervention_id")
        .last()
        .select("intervention_id", "utilisation_share")
    )
    break_even = {
        "break_even": "price_per_month",
        "break_even_lower": "price_highest",
        "break_even_upper": "price_lowest",
    }
    is_comparable = (pl.col("currency") == pl.col("of_currency")) & (
        pl.col("price_year") == pl.col("of_year")
    )
    a_place = pl.when(pl.col("places") > 0).then(pl.col("fixed_cost") / pl.col("places"))
    a_place += pl.col("variable_cost")
    return (
        own.join(_prices(reading), on="intervention_id", how="left")
        .join(used, on="intervention_id", how="left")
        .with_columns(
            pl.when(is_comparable & (pl.col(at) > pl.col("variable_cost")))
            .then(pl.col("fixed_cost") / (pl.col(at) - pl.col("variable_cost")))
            .alias(name)
            for name, at in break_even.items()
        )
        .with_columns(cheaper=_cheaper(is_comparable), cost_per_place=_MONTHS * a_place)
        .select(list(published("make_or_buy").schema))
        .sort("intervention_id")
    )


def bought_places(
    capacity: pl.DataFrame,
    participation: pl.DataFrame,
    intervention: pl.DataFrame,
    *,
    districts: tuple[str, ...],
    data_through: date,
) -> pl.DataFrame:
    """How many of the people of the last twelve months known are in places of others than the
    districts.

    Parameters
    ----------
    capacity, participation, intervention : DataFrame
        Delivered tables. A place is that of the episode's provider, else of the intervention's,
        else of the person's own district.
    districts : tuple of str
        The run's districts.
    data_through : date
        The last month known. Month.

    Returns
    -------
    DataFrame
        The table bought_places before gate 2, one row for all and one for those in bought places,
        for every intervention that has places.
    """
    first, stop = add_months(data_through, 1 - _MONTHS), add_months(data_through, 1)
    provider = pl.coalesce("provider_district", "of_intervention", pl.lit(districts[0]))
    names = intervention.select("intervention_id", of_intervention="provider_district")
    people = (
        participation.filter(
            pl.col("start") < stop, pl.col("end").is_null() | (pl.col("end") > first)
        )
        .join(names, on="intervention_id", how="left")
        .with_columns(is_bought=~provider.is_in(districts))
    )
    answers = pl.concat(
        rows.group_by("intervention_id")
        .agg(n_persons=pl.col("person_id").n_unique().cast(pl.Int32))
        .with_columns(answer=pl.lit(answer))
        for answer, rows in ((CITY, people), ("yes", people.filter("is_bought")))
    )
    keys = ["intervention_id", "answer"]
    grid = capacity.select("intervention_id").unique()
    whole = pl.col("n_persons").filter(pl.col("answer") == CITY).first().over("intervention_id")
    return (
        grid.join(pl.DataFrame({"answer": [CITY, "yes"]}), how="cross")
        .join(answers, on=keys, how="left")
        .with_columns(pl.col("n_persons").fill_null(0))
        .with_columns(n_whole=whole)
        .with_columns(share=pl.col("n_persons") / pl.col("n_whole"))
        .select(list(published("bought_places").schema))
        .sort(keys)
    )


def _prices(reading: AccountsFile) -> pl.DataFrame:
    """What bought places cost, by intervention."""
    names = ("intervention_id", "price_per_month", "low", "high", "currency", "price_year")
    columns = {
        "intervention_id": pl.String,
        "price_per_month": pl.Float64,
        "price_lowest": pl.Float64,
        "price_highest": pl.Float64,
        "of_currency": pl.String,
        "of_year": pl.Int32,
    }
    rows = [tuple(getattr(one, name) for name in names) for one in reading.bought]
    return pl.DataFrame(rows, schema=columns, orient="row")


def _cheaper(is_comparable: pl.Expr) -> pl.Expr:
    filled = pl.col("places") * pl.col("utilisation_share")
    is_own_unknown = pl.any_horizontal(pl.col("fixed_cost", "variable_cost").is_null())
    return (
        pl.when(is_own_unknown)
        .then(pl.lit("cost_unknown"))
        .when(pl.col("price_per_month").is_null())
        .then(pl.lit("price_unknown"))
        .when(~is_comparable.fill_null(False))
        .then(pl.lit("not_comparable"))
        .when(pl.col("price_highest") <= pl.col("variable_cost"))
        .then(pl.lit("bought"))
        .when(filled.is_null())
        .then(pl.lit("use_unknown"))
        .when(filled < pl.col("break_even_lower"))
        .then(pl.lit("bought"))
        .when(filled > pl.col("break_even_upper"))
        .then(pl.lit("own"))
        .otherwise(pl.lit("unclear"))
    )


def _within(capacity: pl.DataFrame, first: date, last: date) -> pl.DataFrame:
    """The months of a year, with a kind of cost that an intervention never has, but has the other
    kind, as none.
    """
    known = pl.any_horizontal(
        pl.col("fixed_cost", "variable_cost").is_not_null().any().over("intervention_id")
    )
    return capacity.with_columns(
        pl.when(known & pl.col(name).is_null().all().over("intervention_id"))
        .then(0.0)
        .otherwise(name)
        .alias(name)
        for name in ("fixed_cost", "variable_cost")
    ).filter(pl.col("month").is_between(first, last))


def _own_costs(capacity: pl.DataFrame, first: date, last: date) -> pl.DataFrame:
    return (
        _within(capacity, first, last)
        .group_by("intervention_id")
        .agg(
            pl.col("places", "fixed_cost", "variable_cost").mean(),
            pl.col(*_MONEY).drop_nulls().first(),
        )
        .with_columns(pl.col("places").cast(pl.Float64))
    )


def _costs(capacity: pl.DataFrame, occupied: pl.DataFrame, first: date, last: date) -> pl.DataFrame:
    """What the places of a year have cost together, where every month is priced, and which part of
    it a person who fills a place all the year makes.
    """
    months = _within(capacity, first, last).join(
        occupied.select("intervention_id", "month", "n_occupied"),
        on=["intervention_id", "month"],
        how="left",
    )
    cost = pl.col("fixed_cost") + pl.col("variable_cost") * pl.col("n_occupied").fill_null(0)
    return (
        months.group_by("intervention_id")
        .agg(
            cost=pl.when(cost.is_not_null().all()).then(cost.sum()),
            variable=pl.col("variable_cost").sum(),
            **{name: pl.col(name).drop_nulls().first() for name in _MONEY},
        )
        .filter(pl.col("cost") > 0)
        .with_columns(of_a_person=pl.col("variable") / pl.col("cost"))
    )
