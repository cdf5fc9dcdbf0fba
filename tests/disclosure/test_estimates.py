"""Estimates: of enough people in each arm, to what one of them can change."""

import polars as pl
import pytest

from evalkit.disclosure import protect_estimates
from evalkit.disclosure.estimates import MIN_PERSONS


def _estimates(table, provenance, **options):
    keys = {"name": "e", "keys": ["district"], "values": ["estimate"], "n_persons": "n_starters"}
    return protect_estimates(table, **{**keys, **options}, **provenance)


def _table(**columns):
    return pl.DataFrame({"district": ["A", "B"], **columns}, strict=False)


def test_an_estimate_of_few_people_is_withheld_with_their_number(provenance):
    table = _table(estimate=[3.0, 4.0], n_starters=[MIN_PERSONS - 1, MIN_PERSONS])

    published = _estimates(table, provenance, values=["estimate", "n_starters"])

    assert published.data.drop("row_id").rows() == [
        ("A", None, None, "suppressed"),
        ("B", 4.0, 20, "ok"),
    ]
    assert published.rules == ("rounded:5", f"min_persons:{MIN_PERSONS}", "one_person")
    assert published.n_suppressed == 2


def test_each_arm_needs_enough_people(provenance):
    table = _table(estimate=[3.0, 4.0], n_starters=[19, 90], n_eligible=[900, 90])

    published = _estimates(table, provenance, n_persons=["n_starters", "n_eligible"])

    assert published.data["status"].to_list() == ["suppressed", "ok"]


def test_the_run_says_how_many_are_enough(provenance):
    table = _table(estimate=[3.0, 4.0], n_starters=[49, 50])

    published = _estimates(table, provenance, min_persons=50)

    assert published.data["status"].to_list() == ["suppressed", "ok"]
    assert "min_persons:50" in published.rules


def test_an_unknown_number_of_people_is_none(provenance):
    table = _table(estimate=[1.0, 2.0], n_starters=[None, 50])

    assert _estimates(table, provenance).data["status"].to_list() == ["suppressed", "ok"]


def test_the_influence_of_one_person_may_be_measured(provenance):
    table = _table(
        estimate=[4.1988] * 2,
        ci_lower=[2.2388] * 2,
        ci_upper=[6.1588] * 2,
        n_starters=[400] * 2,
        one_person=[0.6, None],
    )

    data = _estimates(
        table, provenance, values=["estimate", "ci_lower", "ci_upper"], one_person="one_person"
    ).data

    assert data.drop("row_id", "district", "status").rows() == [(4.0, 2.0, 7.0), (4.2, 2.2, 6.2)]


def test_everyone_the_same_has_no_range_and_is_rounded_all_the_same(provenance):
    same = {key: [7.3219, 0.0] for key in ("estimate", "ci_lower", "ci_upper")}

    data = _estimates(
        _table(**same, n_starters=[40, 40]),
        provenance,
        values=["estimate", "ci_lower", "ci_upper"],
    ).data

    assert data.drop("row_id", "district", "status").rows() == [(7.5, 7.0, 7.5), (0.0, 0.0, 0.0)]


def test_a_table_about_nobody_says_so_and_rounds_only_people(provenance):
    table = _table(value=[2.123456, 3.0], n_persons=[3, 46])

    published = _estimates(table, provenance, values=["value", "n_persons"], n_persons=None)

    assert published.data.select("value", "n_persons").rows() == [(2.123456, 5), (3.0, 45)]
    assert published.rules == ("rounded:5", "not_about_persons")
    assert published.n_suppressed == 0


def test_estimates_that_are_not_numbers_are_not_estimable(provenance):
    table = _table(estimate=[float("nan"), float("inf")], n_starters=[50, 50])

    assert _estimates(table, provenance).data["status"].to_list() == ["not_estimable"] * 2


def test_an_uncounted_verdict_shows_its_words_and_no_number(provenance):
    table = pl.DataFrame(
        [("A", "not_computed", 3, None), ("B", "estimated", 46, 46), ("C", "few", 4, 4)],
        schema={
            "district": pl.String,
            "verdict": pl.String,
            "n_starters": pl.Int32,
            "n_eligible": pl.Int32,
        },
        orient="row",
    )

    published = _estimates(
        table,
        provenance,
        values=["verdict", "n_starters"],
        n_persons="n_eligible",
        is_uncounted_shown=True,
    )

    assert published.data.drop("row_id").rows() == [
        ("A", "not_computed", None, "ok"),
        ("B", "estimated", 45, "ok"),
        ("C", None, None, "suppressed"),
    ]


@pytest.mark.parametrize("column", ["estimate", "n_starters"])
def test_an_empty_table_keeps_its_columns(provenance, column):
    table = _table(estimate=[1.0, 2.0], n_starters=[50, 50])

    assert (
        _estimates(table.clear(), provenance, values=[column]).data.schema
        == _estimates(table, provenance, values=[column]).data.schema
    )
