"""The table of outreach: young people whose entries are simulated, and groups whose steps are
planted.
"""

import polars as pl

from evalkit.simulate.city.city import City
from evalkit.simulate.city.sections import District, OutreachWork
from evalkit.simulate.register.city_tables import residents_of
from evalkit.simulate.register.person_tables import month_dates

_ENTERED_OF_KNOWN, _ENTERED_OF_REACHED = 0.22, 0.55


def outreach_entries(city: City, participation: pl.DataFrame) -> pl.DataFrame:
    """Young people who entered through outreach, by district and month."""
    is_outreach = pl.col("intervention_id").str.contains("outreach")
    return (
        participation.filter(is_outreach, pl.col("start") >= city.first_month)
        .group_by(district="home_district", month="start")
        .agg(n_entered=pl.len().cast(pl.Int32))
    )


def outreach(city: City, entries: list[pl.DataFrame], share: float) -> pl.DataFrame:
    """Young people known, reached and entered: entered are counted, the steps before follow from
    assumed shares. Then the groups whose steps the city declares, of the residents of its share.
    """
    added = pl.concat(entries).group_by("district", "month").agg(pl.col("n_entered").sum())
    young = added.select(
        "district",
        "month",
        target_group=pl.lit("neet"),
        n_known=(pl.col("n_entered") / _ENTERED_OF_KNOWN).round().cast(pl.Int32),
        n_reached=(pl.col("n_entered") / _ENTERED_OF_REACHED).round().cast(pl.Int32),
        n_entered="n_entered",
    ).sort("district", "month")
    return pl.concat([young, *(_planted(city, work, share) for work in city.outreach)])


def _planted(city: City, work: OutreachWork, share: float) -> pl.DataFrame:
    """A group's steps: the same in each month from the first on."""
    rows = [
        (row.name, month, work.target_group, *_steps(city, row, work, share))
        for row in city.districts.rows
        if row.name in work.started
        for month in range(work.started[row.name], city.n_months)
    ]
    schema = {
        "district": pl.String,
        "month": pl.Int64,
        "target_group": pl.String,
        **dict.fromkeys(("n_known", "n_reached", "n_entered"), pl.Int32),
    }
    table = pl.DataFrame(rows, schema=schema, orient="row")
    return table.with_columns(month=month_dates(city, table["month"].to_numpy()))


def _steps(
    city: City, district: District, work: OutreachWork, share: float
) -> tuple[int, int, int]:
    residents = sum(
        count
        for sex, ages, count in residents_of(city, district, share)
        if sex == work.sex and ages in work.age_groups
    )
    known = round(work.known_share * residents)
    reached = round(work.reached_of_known * known)
    return known, reached, round(work.entered_of_reached * reached)
