"""A run's value as it may be shown: what is made of several estimates agrees with those that are
shown, and nothing is told more finely than them.
"""

import numpy as np
import polars as pl
import pytest
from one_start import value_results
from second_reading import with_less_work

from evalkit.disclosure import protect_estimates
from evalkit.disclosure.rounding import RANGE_WIDTH, step_above, step_of_range
from evalkit.economics import postings_of_many
from evalkit.line.tables import published

KEYS = ["district", "intervention_id", "estimand"]


@pytest.fixture
def results(many_draws, rich_book):
    return value_results(many_draws, rich_book, seed=1, n_draws=120, horizon_months=36)


def _shown(results, n_starters=60, one_person=0.3):
    status = (
        results.parts.select(KEYS)
        .unique()
        .with_columns(
            source=pl.lit("raw"),
            subgroup=pl.lit("all"),
            n_starters=pl.lit(n_starters, pl.Int32),
            one_person_value=pl.lit(one_person),
        )
    )
    tables = results.for_publication(status)
    return {name: _let_out(name, rows) for name, rows in tables.items()}


def _let_out(name, rows):
    declared = published(name)
    return protect_estimates(
        rows,
        name=name,
        keys=declared.keys,
        values=declared.values,
        n_persons=declared.guard.count,
        one_person=declared.guard.one_person,
        change=declared.guard.change,
        changes=dict(declared.guard.changes),
        exact=declared.guard.exact,
        unit=declared.unit,
        source="made",
        grade="L",
    ).data


def _total(shown, perspective):
    return shown["value_parts"].filter(perspective=perspective, part="total").row(0, named=True)


def test_what_the_district_gains_is_what_it_pays_and_what_is_left(results):
    shown = _shown(results)

    left, purse = _total(shown, "district"), shown["value_purse"].filter(actor="district")
    (row,) = purse.iter_rows(named=True)
    for column in ("estimate", "ci_lower", "ci_upper"):
        assert row[column] == pytest.approx(left[column] + row["paid_now"])


def test_shares_of_the_gain_are_those_of_the_gains_that_are_shown(results):
    purse = _shown(results)["value_purse"]

    gains = purse["estimate"].clip(0)
    assert purse["gain_share"].to_list() == pytest.approx((gains / gains.sum()).round(2).to_list())


@pytest.mark.parametrize(
    ("n_starters", "months"),
    [
        (49, [36]),
        (50, [0, 3, 6, 9, 12, 18, 24, 30, 36]),
        (299, [0, 3, 6, 9, 12, 18, 24, 30, 36]),
        (300, list(range(37))),
    ],
)
def test_a_path_has_the_months_that_so_many_people_may_show(results, n_starters, months):
    curve = _shown(results, n_starters)["value_curve"]

    assert curve.filter(perspective="society")["month"].to_list() == months
    returned = _shown(results, n_starters)["value_payback"]["return_month"].drop_nulls()
    assert set(returned) <= {0, *months}


def test_money_is_back_when_the_curve_that_is_shown_says_so(results):
    shown = _shown(results)

    for row in shown["value_payback"].iter_rows(named=True):
        curve = shown["value_curve"].filter(perspective=row["perspective"]).sort("month")
        if curve.height and row["return_month"]:
            after = curve.filter(pl.col("month") >= row["return_month"])["estimate"]
            before = curve.filter(pl.col("month") < row["return_month"])["estimate"]
            assert (after >= 0).all() and before[-1] < 0


def test_an_option_costs_what_the_public_purse_is_shown_to_lose(results):
    shown = _shown(results)

    cost = shown["value_options"].filter(pl.col("option") != "none")["cost"].item()
    assert cost == -_total(shown, "public_purse")["estimate"]


@pytest.mark.parametrize("perspective", ["society", "district"])
def test_the_ends_of_a_price_stand_in_the_step_of_the_value(results, perspective):
    rows = _shown(results)["value_tornado"].filter(perspective=perspective)

    exact = results.parts.filter(perspective=perspective, part="total")
    limits = (exact[name].to_numpy() for name in ("ci_lower", "ci_upper"))
    step = step_of_range(*limits, np.array([0.3])).item()
    for column in ("value_at_low", "value_at_high"):
        multiples = rows[column].to_numpy() / step
        assert multiples == pytest.approx(np.round(multiples), abs=1e-9)
    assert rows["swing"].to_list() == (rows["value_at_high"] - rows["value_at_low"]).abs().to_list()


def test_a_value_changes_sign_within_a_price_s_range_only_where_its_ends_do(results):
    rows = _shown(results)["value_tornado"].drop_nulls(["switching_value", "high", "low"])

    for row in rows.iter_rows(named=True):
        is_within = row["low"] < row["switching_value"] < row["high"]
        assert is_within == (row["value_at_low"] * row["value_at_high"] < 0)
        assert row["swing"] > 0


def test_nothing_is_shown_of_fewer_than_twenty(results):
    for name, table in _shown(results, n_starters=19).items():
        assert set(table["status"]) <= {"suppressed", "not_estimable"}, name


@pytest.mark.parametrize(("n_starters", "postings"), [(299, ["all"]), (300, ["all", "wage"])])
def test_postings_are_told_of_three_hundred_people(n_starters, postings):
    actors = pl.DataFrame({"posting": ["all", "wage"], "n_starters": [n_starters] * 2})

    assert postings_of_many(actors)["posting"].to_list() == postings


def test_estimates_keep_their_step_and_ranges_of_both_readings_have_their_own(
    many_draws, rich_book, results
):
    given = {"seed": 1, "n_draws": 120, "horizon_months": 36}
    both = value_results(many_draws, rich_book, second=with_less_work(many_draws, 0.3), **given)
    plain, spanned = (_shown(found) for found in (results, both))

    for name in ("value_parts", "value_payers", "value_curve", "value_delay"):
        keys = published(name).keys
        before, after = (shown[name].sort(keys) for shown in (plain, spanned))
        assert after["estimate"].equals(before["estimate"]), name
        assert (after["ci_lower"] <= before["ci_lower"]).all(), name
    unrounded = both.parts.filter(perspective="society", part="total").row(0, named=True)
    row = _total(spanned, "society")
    step = step_above(0.3 * (unrounded["ci_upper"] - unrounded["ci_lower"]) / RANGE_WIDTH)
    for end in ("ci_lower", "ci_upper"):
        assert abs(row[end] / step - round(row[end] / step)) < 1e-9
    assert row["ci_lower"] <= unrounded["ci_lower"] < row["ci_lower"] + step
