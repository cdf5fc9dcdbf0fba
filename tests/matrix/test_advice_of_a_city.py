"""From the files of three thousand simulated people to the published offers and advice, through the
real notebooks.
"""

import line
import polars as pl
import pytest
import small_city as small

from evalkit.disclosure import read_published
from evalkit.economics.results.advice import GainProbabilities, advice_from, readings_of
from evalkit.spells import starts_by_district
from evalkit.tables import CITY, read_tables

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

N_PEOPLE = 3_000
COACHING, RESURS = "jobbtorg_coaching", "jobbtorg_resurs"
# Trials of the protocol: months 26 to 49 of an extract that begins in January 2012.
FIRST, LAST = pl.date(2014, 2, 1), pl.date(2016, 1, 1)
KEYS = ["district", "intervention_id"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("advice")
    small.write_small_city(folder / "city", small.DISTRICTS, n_people=N_PEOPLE)
    return folder


@pytest.fixture(scope="module")
def run(folder):
    prices = small.ROOT / "params" / "unit_costs" / "stockholm.yaml"
    asked = {
        "value": {"price_book": str(prices), "horizon_months": 36, "advice": {"min_starters": 150}},
        "effects": {"n_draws": 40},
        "wording": {"value.work_training": {"sv": "arbetsträning", "en": "work training"}},
    }
    file = small.write_run(folder, asked, [small.PROTOCOL], city=folder / "city")
    return line.run_line(file, out=folder / "runs", last="city/06_advice")


@pytest.fixture(scope="module")
def offers(run):
    return read_published(run.run_dir, "offers").data


@pytest.fixture(scope="module")
def advice(run):
    return read_published(run.run_dir, "advice").data


def test_every_intervention_of_the_register_is_offered_in_every_district(run, offers, advice):
    register = pl.read_parquet(run.run_dir / "work" / "intervention.parquet")["intervention_id"]

    expected = {
        (place, kind) for place in (*run.params.districts, CITY) for kind in register.to_list()
    }
    assert set(offers.select(KEYS).iter_rows()) == expected
    assert set(advice.select(KEYS).iter_rows()) == expected


def test_starts_a_year_are_those_of_the_delivered_participation(folder, offers):
    # Starts before the extract's first month are known of some alone.
    delivered = pl.read_parquet(folder / "city" / "participation.parquet")
    starts = delivered.with_columns(month=pl.col("start").dt.truncate("1mo")).filter(
        pl.col("month") >= pl.date(2012, 1, 1)
    )

    all_starts = starts.filter(intervention_id=RESURS).height / 10
    is_in_trials = pl.col("month").is_between(FIRST, LAST)
    in_trials = starts.filter(is_in_trials, intervention_id=COACHING).height / 2
    of_city = dict(offers.filter(district=CITY).select("intervention_id", "n_starts").iter_rows())
    # To the nearest five.
    assert of_city[RESURS] == pytest.approx(all_starts, abs=2.5)
    assert of_city[COACHING] == pytest.approx(in_trials, abs=2.5)
    assert {starts % 5 for starts in of_city.values()} == {0}


def test_starts_of_districts_are_those_that_allocation_counts(run, offers):
    started = starts_by_district(
        *read_tables(run.run_dir, "episodes", "support_spells", "person").values()
    )
    counted = (
        started.filter(pl.col("month").is_between(FIRST, LAST), intervention_id=COACHING)
        .group_by("district")
        .agg(pl.col("n_started").sum() / 2)
    )

    shown = offers.filter(pl.col("district") != CITY, intervention_id=COACHING)
    told = dict(shown.select("district", "n_starts").iter_rows())
    assert told == pytest.approx(dict(counted.iter_rows()), abs=2.5)
    assert {starts % 5 for starts in told.values()} == {0}


def test_places_and_prices_stand_where_they_are_known(offers):
    city = offers.filter(district=CITY)

    assert city.select("places", "cost", "price_per_month").null_count().row(0) == (0, 0, 0)
    # How far places are used is told of those that enough people filled.
    assert 0 < city["utilisation_share"].null_count() < city.height
    assert city["completed_share"].is_between(0, 1).all()


def test_advice_is_what_the_rule_says_of_the_published_value(run, advice):
    parts = read_published(run.run_dir, "value_parts").data.filter(intervention_id=COACHING)
    rules = run.params.value.advice

    for row in advice.filter(intervention_id=COACHING).iter_rows(named=True):
        place = row["district"] if row["figures"] in ("own", "pooled") else CITY
        sure = [
            parts.filter(district=place, perspective=perspective, part=part)
            for perspective, part in (
                ("society", "total"),
                ("public_purse", "total"),
                ("society", "observed"),
            )
        ]
        readings = sure[0].select("probability_plain", "probability_second").row(0)
        gains = GainProbabilities(
            *(rows["probability_positive"].item() for rows in sure), readings_of(*readings)
        )
        expected = advice_from(gains, row["trial_worth"], rules)
        assert (row["advice"], row["advice_reason"]) == expected


def test_a_district_with_few_starters_has_the_figures_of_the_city(run, advice):
    status = read_published(run.run_dir, "effect_status").data
    starters = dict(status.select("district", "n_starters").iter_rows())

    figures = dict(
        advice.filter(intervention_id=COACHING).select("district", "figures").iter_rows()
    )
    few = {place for place in small.DISTRICTS if starters[place] < 150}
    assert few
    assert {place for place, word in figures.items() if word == "city_few_starters"} == few


def test_nothing_is_said_of_an_intervention_without_a_protocol(advice):
    others = advice.filter(pl.col("intervention_id") != COACHING)

    assert others.select("advice", "advice_reason", "figures").unique().rows() == [
        ("cannot_be_said", "not_asked", "none")
    ]
