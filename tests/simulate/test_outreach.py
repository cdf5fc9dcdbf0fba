"""Residents by sex and age, and outreach whose steps are planted."""

import polars as pl
import pytest

from evalkit.simulate import load_city
from evalkit.simulate.register.city_tables import city_tables, sample_share
from evalkit.simulate.register.outreach import outreach

N_PEOPLE = 8_000


@pytest.fixture(scope="module")
def city():
    return load_city("demo_city")


@pytest.fixture(scope="module")
def reached(city):
    entered = pl.DataFrame(
        {"district": ["Centrum"], "month": [city.first_month], "n_entered": [11]},
        schema_overrides={"n_entered": pl.Int32},
    )
    return outreach(city, [entered], sample_share(city, N_PEOPLE))


def test_residents_by_sex_and_age_add_up_to_all(city):
    population = city_tables(city, N_PEOPLE)["population"]

    by_cell = population.filter(pl.col("sex") != "all").group_by("district", "year")
    sums = by_cell.agg(pl.col("n_persons").sum()).sort("district", "year")
    whole = population.filter(pl.col("sex") == "all").sort("district", "year")

    n_cells = 2 * len(city.residents.age_groups)
    assert (sums["n_persons"] - whole["n_persons"]).abs().max() <= n_cells / 2
    assert set(population.filter(pl.col("sex") == "all")["age_group"]) == {"all"}


def test_steps_of_the_young_follow_from_who_entered(reached):
    young = reached.filter(pl.col("target_group") == "neet")

    assert young.select("n_known", "n_reached", "n_entered").rows() == [(50, 20, 11)]


def test_a_planted_group_is_reached_from_the_declared_month_on(city, reached):
    (work,) = city.outreach
    women = reached.filter(pl.col("target_group") == work.target_group)

    months = women.group_by("district").agg(pl.len(), pl.col("month").min())

    assert dict(months.select("district", "len").iter_rows()) == {
        name: city.n_months - first for name, first in work.started.items()
    }
    assert (women["n_reached"] <= women["n_known"]).all()
    assert (women["n_entered"] <= women["n_reached"]).all()


def test_a_planted_group_knows_its_share_of_the_residents(city, reached):
    (work,) = city.outreach
    population = city_tables(city, N_PEOPLE)["population"].filter(
        pl.col("year") == 2021,
        pl.col("sex") == work.sex,
        pl.col("age_group").is_in(work.age_groups),
    )
    residents = dict(population.group_by("district").agg(pl.col("n_persons").sum()).iter_rows())

    known = reached.filter(pl.col("target_group") == work.target_group).group_by("district")

    for district, n_known in known.agg(pl.col("n_known").first()).iter_rows():
        assert n_known == round(work.known_share * residents[district])
