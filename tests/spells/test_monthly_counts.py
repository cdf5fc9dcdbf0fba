from datetime import date

import polars as pl
import pytest

from evalkit.line.tables import table
from evalkit.params import RunFile
from evalkit.spells import monthly_counts


@pytest.fixture
def params():
    return RunFile.model_validate(
        {
            "run": "town",
            "title": {"sv": "Stad", "en": "Town"},
            "districts": ["Harbour", "Hill"],
            "seed": 1,
            "spells": {"max_gap_months": 1},
            "extract": {"folder": "town", "first_month": "2018-01", "data_through": "2019-12"},
        }
    )


def rows(name, *given):
    schema = table(name).schema
    return pl.DataFrame([dict.fromkeys(schema) | row for row in given], schema=schema)


@pytest.fixture
def counts(params):
    """Anna is on support from March to May 2018 and goes to work, Ben from November 2019 on; Anna
    starts coaching in April 2018, and Ben before the extract.
    """
    anna, ben = {"person_id": "anna"}, {"person_id": "ben"}
    tables = {
        "support_spells": rows(
            "support_spells",
            anna
            | {"district": "Hill", "start": date(2018, 3, 1), "end": date(2018, 6, 1)}
            | {"exit": "work"},
            ben | {"district": "Harbour", "start": date(2019, 10, 1)},
        ),
        "episodes": rows(
            "episodes",
            anna | {"intervention_id": "coaching", "start": date(2018, 4, 16)},
            ben | {"intervention_id": "coaching", "start": date(2017, 12, 1)},
        ),
        "person": rows("person", anna | {"district": "Hill"}, ben | {"district": "Harbour"}),
        "intervention": rows("intervention", {"intervention_id": "coaching"}),
    }
    return monthly_counts(tables, params)


def _months(counts, district, quantity):
    """The months in which something was counted, as month and year, with how many."""
    some = counts.filter(district=district, quantity=quantity).filter(pl.col("n") > 0)
    return {
        (number % 12 + 1, number // 12): n for number, n in some.select("month_no", "n").iter_rows()
    }


def test_a_start_counts_in_its_month_and_none_before_the_extract(counts):
    assert _months(counts, "Hill", "starts") == {(4, 2018): 1}
    assert _months(counts, "Harbour", "starts") == {}


def test_an_exit_to_work_counts_in_the_first_month_without_support(counts):
    assert _months(counts, "Hill", "exits_to_work") == {(6, 2018): 1}


def test_months_on_support_end_with_the_last_month_with_known_exits(counts):
    assert _months(counts, "Hill", "months_on_support") == {(m, 2018): 1 for m in (3, 4, 5)}
    assert _months(counts, "Harbour", "months_on_support") == {(10, 2019): 1, (11, 2019): 1}


def test_every_month_of_every_series_has_a_row_and_all_is_the_sum(counts):
    assert counts.height == 3 * 3 * 23
    by_month = counts.group_by("quantity", "month_no").agg(
        all=pl.col("n").filter(pl.col("district") == "all").sum(),
        parts=pl.col("n").filter(pl.col("district") != "all").sum(),
    )
    assert by_month["all"].equals(by_month["parts"])


def test_people_behind_are_those_of_the_last_twelve_months(counts):
    behind = counts.group_by("district", "quantity").agg(pl.col("n_persons").first())
    some = behind.filter(pl.col("n_persons") > 0).sort("district")
    assert some.rows() == [
        ("Harbour", "months_on_support", 1),
        ("all", "months_on_support", 1),
    ]
    assert counts.filter(district="all")["n_people"].unique().to_list() == [2]
