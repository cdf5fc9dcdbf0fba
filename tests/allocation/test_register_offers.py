from datetime import date

import polars as pl
import pytest

from evalkit.allocation import register_offers
from evalkit.disclosure import protected
from evalkit.line.columns import schema_of
from evalkit.line.tables import published
from evalkit.params import Run, RunFile

COUNTS = pl.DataFrame(
    [
        (
            district,
            kind,
            kind.title(),
            n,
            n / 2,
            24,
            date(2018, 1, 1),
            date(2019, 12, 1),
            6.0,
            n,
            n // 2,
        )
        for kind, by_district in (
            ("train", {"Harbour": 40, "Hill": 30, "Marsh": 3, "all": 73}),
            ("coach", {"Harbour": 9, "Hill": 0, "Marsh": 8, "all": 17}),
        )
        for district, n in by_district.items()
    ],
    schema=schema_of(
        *("district", "intervention_id", "name", "n_persons", "n_starts", "n_months_counted"),
        *("counted_from", "counted_through", "mean_planned_months", "n_due", "n_kept"),
    ),
    orient="row",
)
PRICES = pl.DataFrame(
    {
        "intervention_id": ["train"],
        "cost": [42_000.0],
        "price_per_month": [7_000.0],
        "currency": ["SEK"],
    }
)
PLACES = pl.DataFrame(
    {
        "intervention_id": ["train", "train", "coach"],
        "year": [2018, 2019, 2019],
        "places": [30.0, 20.0, 10.0],
        "utilisation_share": [0.5, 0.8, 0.4],
        "n_occupied": [15, 16, 4],
    },
    schema_overrides={"year": pl.Int32, "n_occupied": pl.Int32},
)


@pytest.fixture
def run(tmp_path):
    params = RunFile.model_validate(
        {
            "run": "town",
            "title": {"sv": "Stad", "en": "Town"},
            "districts": ["Harbour", "Hill", "Marsh"],
            "seed": 1,
            "extract": {"folder": "town", "first_month": "2018-01", "data_through": "2019-12"},
        }
    )
    return Run(run_dir=tmp_path, run_file=tmp_path / "town.yaml", params=params)


def offers(prices=PRICES, places=PLACES):
    return register_offers(COUNTS, prices=prices, places=places, min_persons=5)


def test_places_and_use_are_those_of_the_last_year():
    (row,) = offers().filter(district="Hill", intervention_id="train").rows(named=True)

    assert (row["places"], row["utilisation_share"], row["cost"]) == (20.0, 0.8, 42_000.0)


def test_use_of_places_is_not_shown_when_few_persons_filled_them():
    few = offers().filter(intervention_id="coach")

    assert few["utilisation_share"].null_count() == few.height == 4
    assert few["places"].null_count() == 0


def test_offers_stand_without_prices_and_places():
    without = offers(PRICES.clear(), PLACES.clear())

    assert without.height == COUNTS.height
    assert without["n_starts"].null_count() == 0
    unknown = without.select("cost", "price_per_month", "places", "utilisation_share", "currency")
    assert unknown.null_count().row(0) == (8,) * 5


def test_gate_shows_every_offer_and_rounds_its_people(run):
    shown = protected(offers(), "offers", run).data

    rows = {(row["district"], row["intervention_id"]): row for row in shown.iter_rows(named=True)}
    assert shown["status"].unique().to_list() == ["ok"]
    of_city, marsh = rows["all", "train"], rows["Marsh", "train"]
    assert (of_city["n_persons"], of_city["n_starts"]) == (75, 35)
    assert (marsh["n_persons"], marsh["n_starts"]) == (5, 0)
    # 36 of 73, and of three nobody says how many stayed.
    assert (of_city["completed_share"], marsh["completed_share"]) == (0.47, None)
    assert (of_city["cost"], marsh["mean_planned_months"]) == (42_000, None)
    assert list(published("offers").columns) == shown.columns[1:-1]
