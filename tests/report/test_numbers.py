"""A number cannot reach a page without its address; withheld values become marks with the same
address.
"""

import pytest

from evalkit.errors import DisclosureError
from evalkit.report.parts.numbers import (
    CHANGE_MONTHS,
    COUNT,
    POINTS,
    SHARE,
    Form,
    PageTables,
    Row,
    gain_form,
    interval,
    number,
    points_form,
)
from evalkit.words import words

EN = words("en")


def row(status="ok", **values):
    return Row("exits", 3, status, "M", values)


def test_number_carries_table_row_column_and_form():
    shown = number(row(share=0.256), "share", SHARE, EN)

    assert (
        shown == '<span class="number" data-table="exits" data-row="3" data-col="share" '
        'data-form="percent:0">26%</span>'
    )


def test_number_is_a_mark_when_withheld():
    shown = number(row("suppressed", count=None), "count", COUNT, EN, unit="people")

    assert (
        shown == '<span class="mark" data-table="exits" data-row="3" data-col="count" '
        'data-form="withheld">not shown</span>'
    )


def test_number_says_when_there_is_nothing_to_estimate():
    assert "cannot be estimated" in number(row("not_estimable", count=None), "count", COUNT, EN)


def test_number_is_a_mark_when_a_single_value_is_null():
    assert "not shown" in number(row(count=None, other=1), "count", COUNT, EN)


def test_number_shows_a_count_beside_an_estimate_that_could_not_be_made():
    beside = row("not_estimable", estimate=None, n_spells=40)

    assert "cannot be estimated" in number(beside, "estimate", COUNT, EN)
    assert number(beside, "n_spells", COUNT, EN).striptags() == "40"


def test_number_refuses_a_column_that_the_table_lacks():
    with pytest.raises(KeyError):
        number(row(count=1), "cuont", COUNT, EN)


def test_interval_writes_the_sign_of_per_cent_once_and_no_plus():
    percent = interval(row(ci_lower=0.1, ci_upper=0.2), SHARE, EN).striptags()
    points = interval(row(ci_lower=-0.1, ci_upper=0.2), POINTS, EN).striptags()

    assert (percent, points) == ("10 to 20%", "\u221210 to 20")


@pytest.mark.parametrize(("size", "digits"), [(60.0, 0), (4200.0, -1), (23000.0, -2)])
def test_gain_form_rounds_with_the_size_of_the_range(size, digits):
    assert gain_form(row(estimate=1.0, ci_lower=-size, ci_upper=2.0, currency="GBP")) == Form(
        "gain", digits, "GBP"
    )


@pytest.mark.parametrize(("upper", "digits"), [(-0.003, 1), (-0.2, 0), (0.0, 0)])
def test_points_form_keeps_a_limit_from_seeming_to_touch_zero(upper, digits):
    assert points_form(row(ci_lower=-0.3, ci_upper=upper)) == Form("points", digits)


def test_page_tables_hand_out_the_same_rows_again_whatever_became_of_the_first(tables):
    page_tables = PageTables(tables, where="test")
    first = page_tables.rows("exits", district="Norr")
    found = len(first)

    first.clear()

    assert found and len(page_tables.rows("exits", district="Norr")) == found
    assert {row["district"] for row in page_tables.rows("exits", district="Norr")} == {"Norr"}
    assert page_tables.rows("exits", district="nowhere") == []


def test_page_tables_find_a_family_in_its_districts_own_tables(tables):
    page_tables = PageTables(tables, where="test")

    rows = page_tables.rows("exit_curves", district="Norr", month=24)

    assert {(found.table, found["exit"]) for found in rows} == {
        ("exit_curves-norr", exit_) for exit_ in ("work", "studies", "training")
    }


def test_page_tables_tell_exits_from_exit_curves(tables):
    assert {table.name for table in PageTables(tables, where="test").family("exits")} == {"exits"}


def test_page_tables_refuse_what_is_not_published(tables):
    with pytest.raises(DisclosureError) as caught:
        PageTables({"exits": tables["exits"].data}, where="page of Norr")

    assert str(caught.value).splitlines()[1] == "  where: page of Norr, table exits: got DataFrame"


@pytest.mark.parametrize(
    ("values", "shown"),
    [
        ({"estimate": 4.0, "ci_lower": 2.0, "ci_upper": 7.0}, ("+4", "2 to 7")),
        ({"estimate": 4.0, "ci_lower": 2.5, "ci_upper": 7.0}, ("+4.0", "2.5 to 7.0")),
        ({"estimate": 4.26, "ci_lower": 2.0, "ci_upper": 7.0}, ("+4.3", "2.0 to 7.0")),
        ({"estimate": 0.0, "ci_lower": None, "ci_upper": None}, ("0", "")),
    ],
)
def test_a_number_has_no_decimals_that_are_zero_in_it_and_its_range(values, shown):
    written = row(**values)

    assert (
        number(written, "estimate", CHANGE_MONTHS, EN).striptags(),
        interval(written, CHANGE_MONTHS, EN).striptags(),
    ) == shown


def test_a_share_in_steps_of_two_points_has_no_tenths():
    in_steps = row(change=0.16, change_lower=0.12, change_upper=0.24)

    assert number(in_steps, "change", Form("percent", 1), EN).striptags() == "16%"
    assert number(row(share=0.163), "share", Form("percent", 1), EN).striptags() == "16.3%"


@pytest.mark.parametrize(("count", "shown"), [(0, "0–2"), (5, "5"), (1230, "1,230")])
def test_a_published_number_of_people_is_written_as_one_to_the_nearest_five(count, shown):
    html = number(row(n_persons=count), "n_persons", Form("number", 1), EN)

    assert html.striptags() == shown and 'data-form="people:0"' in html


def test_a_zero_of_months_is_none():
    assert number(row(horizon_months=0), "horizon_months", COUNT, EN).striptags() == "0"
