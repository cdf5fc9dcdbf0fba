"""The tables about the city rather than its people: interventions, places and costs, accounts, population, needs, outreach, actions.

Population, needs and places are scaled to the simulated people (`sample_share`); the accounts are the whole city's, as the source has them.
"""

import numpy as np
import polars as pl

from evalkit.simulate.assumptions import City
from evalkit.simulate.offers import offer
from evalkit.simulate.register import month_dates
from evalkit.simulate.streams import named_normal

_FIXED_COST_SHARE = 0.6
_COST_SPREAD = 0.12
_COST_RANGE_TKR = (20.0, 85.0)
_ENTERED_OF_KNOWN, _ENTERED_OF_REACHED = 0.22, 0.55
_HOLIDAY_JOBS = "holiday_jobs"


def sample_share(city: City, n_people: int) -> float:
    """How large a part of the whole city the simulated people are."""
    return n_people / city.full_city_adults


def city_tables(city: City, n_people: int) -> dict[str, pl.DataFrame]:
    """The tables that follow from the assumptions and the number of people alone."""
    share = sample_share(city, n_people)
    tables = {
        "intervention": _intervention(city),
        "capacity": capacity(city, share),
        "population": _population(city, share),
        "need": _need(city, share),
        "action": _action(city),
    }
    return tables | ({"account": account(city)} if city.accounts else {})


def outreach_entries(city: City, participation: pl.DataFrame) -> pl.DataFrame:
    """Young people who entered through outreach, by district and year."""
    is_outreach = pl.col("intervention_id").str.contains("outreach")
    return (
        participation.filter(is_outreach, pl.col("start") >= city.first_month)
        .group_by(district="home_district", year=pl.col("start").dt.year())
        .agg(n_entered=pl.len().cast(pl.Int32))
    )


def outreach(entries: list[pl.DataFrame]) -> pl.DataFrame:
    """Young people known, reached and entered: entered are counted, the steps before follow from assumed shares."""
    added = pl.concat(entries).group_by("district", "year").agg(pl.col("n_entered").sum())
    return added.select(
        "district",
        "year",
        group=pl.lit("young people outside"),
        n_known=(pl.col("n_entered") / _ENTERED_OF_KNOWN).round().cast(pl.Int32),
        n_reached=(pl.col("n_entered") / _ENTERED_OF_REACHED).round().cast(pl.Int32),
        n_entered="n_entered",
    ).sort("district", "year")


def capacity(city: City, share: float) -> pl.DataFrame:
    """Places and their cost by intervention, providing district and month. SEK of the amounts' price year."""
    rows = []
    for one in city.interventions:
        sizes = np.array([row.recipients * offer(one, row) for row in city.districts.rows])
        for row, part in zip(city.districts.rows, sizes / sizes.sum(), strict=True):
            if part > 0:
                opened = max(one.offered_in.get(row.name, 0), 0)
                rows.append((one.intervention_id, row.name, one.places * share * part, _place_cost(city, one, row), opened))
    columns = ["intervention_id", "district", "exact_places", "cost_per_place", "opened"]
    table = pl.DataFrame(rows, schema=columns, orient="row").with_columns(places=pl.col("exact_places").round().clip(1).cast(pl.Int32))
    months = pl.DataFrame({"position": np.arange(city.n_months), "month": month_dates(city, np.arange(city.n_months))})
    monthly = pl.col("cost_per_place") * pl.col("places") / 12
    return (
        table.join(months, how="cross")
        .filter(pl.col("position") >= pl.col("opened"))
        .select(
            "intervention_id",
            "district",
            "month",
            "places",
            fixed_cost=(_FIXED_COST_SHARE * monthly).round(2),
            variable_cost=((1 - _FIXED_COST_SHARE) * monthly).round(2),
            currency=pl.lit(city.amounts.currency),
            price_year=pl.lit(city.amounts.price_year),
        )
        .sort("intervention_id", "district", "month")
    )


def account(city: City) -> pl.DataFrame:
    """Budget and bookings by district, year and posting. SEK, whole city.

    Districts divide each posting by their recipients. A district that misbooks puts its holiday jobs under the code of the activity where
    the young people worked: the posting says so, its account code does not.
    """
    accounts = city.accounts
    weights = np.array([row.recipients for row in city.districts.rows], dtype=float)
    rows = []
    for one in accounts.postings:
        for row, part in zip(city.districts.rows, weights / weights.sum(), strict=True):
            is_misbooked = one.posting == _HOLIDAY_JOBS and row.name in accounts.misbooked
            code = "4500" if is_misbooked else one.account
            for kind, amount in (("budget", one.budget_msek), ("booked", one.booked_msek)):
                rows.append((row.name, accounts.year, one.posting, kind, code if kind == "booked" else one.account, amount * part * 1e6))
    columns = ["district", "year", "posting", "kind", "account_code", "amount"]
    return pl.DataFrame(rows, schema=columns, orient="row").with_columns(pl.col("amount").round(2), currency=pl.lit(city.amounts.currency))


def _intervention(city: City) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "intervention_id": [one.intervention_id for one in city.interventions],
            "name": [one.name["sv"] for one in city.interventions],
            "kind": [one.kind for one in city.interventions],
            "planned_months": [one.planned_months for one in city.interventions],
            "name_en": [one.name["en"] for one in city.interventions],
            "step": [one.step for one in city.interventions],
            "content": [one.content for one in city.interventions],
            "target_group": [one.target_group for one in city.interventions],
            "provider": [one.provider or "district" for one in city.interventions],
        }
    )


def _place_cost(city: City, intervention, district) -> float:
    spread = 1 + _COST_SPREAD * np.clip(named_normal(city.city, "cost", intervention.intervention_id, district.name), -2, 2)
    return 1000 * float(np.clip(intervention.cost_per_place_tkr * spread, *_COST_RANGE_TKR))


def _population(city: City, share: float) -> pl.DataFrame:
    years = range(city.first_month.year, city.first_month.year + city.n_months // 12)
    people = [(row.name, round(100 * share * row.recipients / row.recipients_percent)) for row in city.districts.rows]
    return pl.DataFrame(
        [(name, year, count) for name, count in people for year in years], schema=["district", "year", "n_persons"], orient="row"
    )


def _need(city: City, share: float) -> pl.DataFrame:
    rows = [(row.name, need, round(share * part * row.recipients)) for row in city.districts.rows for need, part in city.needs.items()]
    schema = {"district": pl.String, "need": pl.String, "n_persons": pl.Int64}
    return pl.DataFrame(rows, schema=schema, orient="row").with_columns(year=pl.lit(city.districts.year))


def _action(city: City) -> pl.DataFrame:
    rows = [(name, one.action, one.name["sv"], one.theme, month) for one in city.rollouts for name, month in one.adopted.items()]
    schema = {"district": pl.String, "action": pl.String, "name": pl.String, "theme": pl.String, "adopted": pl.Int64}
    table = pl.DataFrame(rows, schema=schema, orient="row")
    return table.with_columns(start=month_dates(city, table["adopted"].to_numpy())).drop("adopted")
