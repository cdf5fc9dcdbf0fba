"""The tables about the city rather than its people: interventions, places and costs, accounts,
population, needs, outreach, actions.

Population, needs and places are scaled to the simulated people (`sample_share`); the accounts are
the whole city's, as the source has them.
"""

from datetime import date

import numpy as np
import polars as pl

from evalkit.line.delivered import delivered
from evalkit.simulate.city.city import City
from evalkit.simulate.city.programme import CityProgramme
from evalkit.simulate.city.sections import Accounts, CityIntervention, District
from evalkit.simulate.population.offers import offer
from evalkit.simulate.population.streams import named_normal
from evalkit.simulate.register.person_tables import month_dates
from evalkit.vocabulary import SENDER_LANGUAGE, TABLE_LANGUAGE, in_language

_FIXED_COST_SHARE = 0.6
_COST_SPREAD = 0.12
_COST_RANGE_TKR = (20.0, 85.0)
_HOLIDAY_JOBS = "holiday_jobs"
_MISBOOKED_CODE = "4500"
_AGAIN = "_2"


def sample_share(city: City, n_people: int) -> float:
    """The simulated people as a share of the whole city."""
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
    return tables | ({"account": account(city, city.accounts)} if city.accounts else {})


def capacity(city: City, share: float) -> pl.DataFrame:
    """Places of all districts together and their cost per month, by intervention and month, in the
    currency and price year of the city's amounts.

    The fixed cost is for all places, the variable cost for one filled place.
    """
    table = places_by_district(city, share)
    months = pl.DataFrame(
        {"position": np.arange(city.n_months), "month": month_dates(city, np.arange(city.n_months))}
    )
    mean_cost = (pl.col("exact_places") * pl.col("place_cost")).sum() / pl.col("exact_places").sum()
    monthly = (
        table.join(months, how="cross")
        .filter(pl.col("position") >= pl.col("opened"))
        .group_by("intervention_id", "month")
        .agg(places=pl.col("exact_places").sum().round().clip(1).cast(pl.Int32), cost=mean_cost)
    )
    return monthly.select(
        "intervention_id",
        "month",
        "places",
        fixed_cost=(_FIXED_COST_SHARE * pl.col("cost") * pl.col("places")).round(2),
        variable_cost=((1 - _FIXED_COST_SHARE) * pl.col("cost")).round(2),
        currency=pl.lit(city.amounts.currency),
        price_year=pl.lit(city.amounts.price_year),
    ).sort("intervention_id", "month")


def places_by_district(city: City, share: float) -> pl.DataFrame:
    """Where an intervention's places lie: divided among the districts that offer it by their
    recipients and how readily they offer it.

    Returns
    -------
    DataFrame
        intervention_id, district, exact_places (not rounded), place_cost (SEK per month), opened
        (first month, 0-based).
    """
    rows = []
    for intervention in city.interventions:
        sizes = np.array([row.recipients * offer(intervention, row) for row in city.districts.rows])
        for row, share_of_places in zip(city.districts.rows, sizes / sizes.sum(), strict=True):
            if share_of_places > 0:
                rows.append(
                    (
                        intervention.intervention_id,
                        row.name,
                        intervention.places * share * share_of_places,
                        _place_cost(city, intervention, row) / 12,
                        max(intervention.offered_in.get(row.name, 0), 0),
                    )
                )
    return pl.DataFrame(
        rows,
        schema=["intervention_id", "district", "exact_places", "place_cost", "opened"],
        orient="row",
    )


def account(city: City, accounts: Accounts) -> pl.DataFrame:
    """Budget and bookings by district, year and posting. SEK, whole city.

    Districts divide each posting by their recipients. A district that misbooks puts its holiday
    jobs under the code of the activity where the young people worked: the posting and its cost area
    say so, its account code does not.
    """
    weights = np.array([row.recipients for row in city.districts.rows], dtype=float)
    rows = []
    for posting in accounts.postings:
        for row, share in zip(city.districts.rows, weights / weights.sum(), strict=True):
            is_misbooked = posting.posting == _HOLIDAY_JOBS and row.name in accounts.misbooked
            booked_code = _MISBOOKED_CODE if is_misbooked else posting.account
            for side, code, amount in (
                ("budget", posting.account, posting.budget_msek),
                ("booked", booked_code, posting.booked_msek),
            ):
                again = accounts.entered_twice.get(row.name) == posting.posting
                rows += [
                    (
                        row.name,
                        accounts.year,
                        f"{posting.posting}_{side}{ending}",
                        side,
                        code,
                        posting.cost_area,
                        amount * share * 1e6,
                    )
                    for ending in ("", *((_AGAIN,) if again and side == "booked" else ()))
                ]
    columns = ["district", "year", "posting_id", "side", "account_code", "cost_area", "amount"]
    return pl.DataFrame(rows, schema=columns, orient="row").with_columns(
        pl.col("amount").round(2), currency=pl.lit(city.amounts.currency)
    )


def _intervention(city: City) -> pl.DataFrame:
    copied = ("intervention_id", "kind", "planned_months", "ladder_step", "content")
    columns = {
        name: [getattr(intervention, name) for intervention in city.interventions]
        for name in (*copied, "target_groups")
    }
    names = [in_language(entry.name, SENDER_LANGUAGE) for entry in city.interventions]
    providers = [intervention.provider for intervention in city.interventions]
    return pl.DataFrame(columns).select(
        "intervention_id",
        pl.Series("name", names),
        pl.exclude("intervention_id"),
        pl.Series("provider_district", providers, dtype=pl.String),
    )


def _place_cost(city: City, intervention: CityIntervention, district: District) -> float:
    spread = 1 + _COST_SPREAD * np.clip(
        named_normal(city.city, "cost", intervention.intervention_id, district.name), -2, 2
    )
    return 1000 * float(np.clip(intervention.cost_per_place_tkr * spread, *_COST_RANGE_TKR))


def _population(city: City, share: float) -> pl.DataFrame:
    """Everybody, then by sex and age where the city says who lives there."""
    rows = [
        (row.name, year, *cell)
        for row in city.districts.rows
        for year in _years(city)
        for cell in residents_of(city, row, share)
    ]
    schema = ["district", "year", "sex", "age_group", "n_persons"]
    return pl.DataFrame(rows, schema=schema, orient="row")


def _years(city: City) -> range:
    return range(city.first_month.year, city.first_month.year + city.n_months // 12)


def residents_of(city: City, district: District, share: float) -> list[tuple[str, str, int]]:
    """How many live in a district, by sex and age group; all of them first."""
    count = 100 * share * district.recipients / district.recipients_percent
    cells = [("all", "all", round(count))]
    if residents := city.residents:
        women = residents.female_share
        cells += [
            (sex, ages, round(count * of_age * of_sex))
            for ages, of_age in residents.age_groups.items()
            for sex, of_sex in (("female", women), ("male", 1 - women))
        ]
    return cells


def _need(city: City, share: float) -> pl.DataFrame:
    """Counted once, in the first month of the year of the districts' table."""
    counted = date(city.districts.year, 1, 1)
    rows = [
        (row.name, counted, need, round(share * share_in_need * row.recipients))
        for row in city.districts.rows
        for need, share_in_need in city.needs.items()
    ]
    return pl.DataFrame(rows, schema=delivered()["need"].schema, orient="row")


def _action(city: City) -> pl.DataFrame:
    """The roll-outs, all of which still run in the last month, and the programme's actions."""
    rows: list[dict[str, object]] = [
        {
            "district": district,
            "action_id": rollout.action,
            "theme": rollout.theme,
            "start": month,
            "status": "running",
            "kind": "way_of_working",
            "title": in_language(rollout.name, SENDER_LANGUAGE),
            "title_en": in_language(rollout.name, TABLE_LANGUAGE),
        }
        for rollout in city.rollouts
        for district, month in rollout.adopted.items()
    ]
    rows += _planned(city.programme, city.district_names) if city.programme else []
    schema = delivered()["action"].schema
    months = {"start": pl.Int64, "end": pl.Int64}
    table = pl.DataFrame(rows, schema={**schema, **months}, orient="row")
    return table.with_columns(_as_dates(city, table[name]) for name in months)


def _as_dates(city: City, months: pl.Series) -> pl.Series:
    """Months counted from the first as their first days; none where there is none."""
    dates = month_dates(city, months.fill_null(0).to_numpy())
    return pl.Series(months.name, dates, dtype=pl.Date).set(months.is_null(), None)


def _planned(place: CityProgramme, districts: list[str]) -> list[dict[str, object]]:
    """The actions of a programme, those that it shares once in each of its districts; money that is
    set aside for some of them together is divided evenly.
    """
    programme = place.programme
    if programme is None:
        return []
    rows: list[dict[str, object]] = [
        {
            "district": district,
            "action_id": action.action_id,
            "theme": action.theme,
            "start": place.start,
            "end": place.end_of(action.action_id),
            "status": place.status_of(action.action_id),
            "kind": "local" if action.district else "general",
            "title": in_language(action.title, SENDER_LANGUAGE),
            "title_en": in_language(action.title, TABLE_LANGUAGE),
            "responsible": action.responsible,
            "target_group": action.target_group,
            "interventions": place.uses.get(action.action_id),
        }
        for action in programme.actions
        for district in ([action.district] if action.district else programme.districts)
        if district in districts
    ]
    if money := programme.money:
        paid = [row for row in rows if row["action_id"] in money.actions]
        for row in paid:
            row |= {"amount": round(money.amount / len(paid), 2), "currency": money.currency}
    return rows
