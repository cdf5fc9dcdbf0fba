"""Which area a posting was booked on, and where the rules put it."""

import polars as pl
import pytest

from evalkit.monitoring.accounts.postings import mapped_postings, moved_postings


def areas(table: pl.DataFrame) -> list[tuple]:
    return table.select("booked_area", "recoded_area", "rule").rows()


@pytest.mark.parametrize(
    ("code", "area"),
    [("7100", "training"), ("7150", "sheltered"), ("7300", "holiday"), ("9999", "not_mapped")],
)
def test_an_account_belongs_to_the_area_that_names_it_closest(account, reading, code, area):
    rows = mapped_postings(account(("a", "booked", code, None, 1.0)), reading())

    assert areas(rows) == [(area, area, None)]


def test_without_a_chart_the_senders_area_holds(account, reading):
    rows = account(("a", "booked", "1", "training", 1.0), ("b", "booked", "1", None, 1.0))

    mapped = mapped_postings(rows, reading(areas=[], rules=[]))

    assert mapped["recoded_area"].to_list() == ["training", "not_mapped"]


def test_a_rule_moves_what_it_describes_and_nothing_else(account, reading):
    rows = account(
        ("misbooked", "booked", "4500", "holiday", 10.0),
        ("host's own", "booked", "4500", "parks", 20.0),
        ("no area given", "booked", "4500", None, 30.0),
        ("its budget", "budget", "4500", "holiday", 40.0),
        ("right at once", "booked", "7300", "holiday", 50.0),
    )

    mapped = mapped_postings(rows, reading())

    assert areas(mapped) == [
        ("parks", "holiday", "at_hosts"),
        ("parks", "parks", None),
        ("parks", "parks", None),
        ("parks", "parks", None),
        ("holiday", "holiday", None),
    ]


@pytest.mark.parametrize(
    ("more", "is_moved"),
    [
        ({"from_year": 2013}, False),
        ({"to_year": 2012}, True),
        ({"posting": "Summer"}, True),
        ({"posting": "winter"}, False),
        ({"activities": ["88*"]}, True),
        ({"activities": ["99"]}, False),
    ],
)
def test_a_rule_holds_where_all_that_it_says_holds(account, reading, rule, more, is_moved):
    rows = account(("summer 12", "booked", "4500", "holiday", 1.0, {"activity_code": "881"}))

    (moved,) = mapped_postings(rows, reading(rules=[rule(**more)]))["rule"]

    assert (moved is not None) == is_moved


def test_of_two_rules_the_first_that_holds_decides(account, reading, rule):
    rules = [rule(to_year=2000), rule(key="second", to="training"), rule(key="third")]

    rows = mapped_postings(account(("a", "booked", "4500", "holiday", 1.0)), reading(rules=rules))

    assert areas(rows) == [("parks", "training", "second")]


def test_the_trail_holds_every_moved_posting_with_its_rule_and_its_grade(account, reading):
    rows = account(("a", "booked", "4500", "holiday", 7.5), ("b", "booked", "7300", "holiday", 1.0))

    (moved,) = moved_postings(mapped_postings(rows, reading()), reading()).to_dicts()

    assert moved == {
        "district": "Norr",
        "year": 2012,
        "posting_id": "a",
        "rule": "at_hosts",
        "account_code": "4500",
        "booked_area": "parks",
        "recoded_area": "holiday",
        "amount": 7.5,
        "currency": "SEK",
        "value_grade": "M",
    }
