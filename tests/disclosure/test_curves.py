"""Curves at quoted months in steps of five people, by hand and for any course of events."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalkit.disclosure import protect_curve
from evalkit.disclosure.curves import QUOTED_MONTHS
from evalkit.errors import DisclosureError


def _curve(curve, provenance, **options):
    options = {"by": ["district", "exit"], "time": "month", "n_persons": "n_persons", **options}
    return protect_curve(curve, name="exit_curves-a", **options, **provenance)


def _of(estimates, *, n=100, at_risk=None, months=None, **columns):
    months = list(range(len(estimates))) if months is None else months
    return pl.DataFrame(
        {
            "district": "A",
            "exit": "work",
            "month": months,
            "estimate": estimates,
            "n_at_risk": at_risk or [n] * len(estimates),
            "n_persons": n,
            **columns,
        },
        schema_overrides={"estimate": pl.Float64},
    )


# --- by hand


def test_a_curve_stands_at_quoted_months_in_fives_of_its_people(curve, provenance):
    # Fifty people: 6, 12 and 18 of them are gone at months 3, 6 and 9.
    published = _curve(curve, provenance, parts="exit")

    assert published.data.drop("row_id", "district", "exit").rows() == [
        (0, 0.0, 0.0, 0.0, 50, "ok"),
        (3, 0.1, 0.0, 0.2, 45, "ok"),
        (6, 0.2, 0.1, 0.3, 40, "ok"),
        (9, 0.4, 0.3, 0.5, 35, "ok"),
    ]
    assert published.rules == ("rounded:5", "curve_of:30", "quoted_months")


def test_no_change_of_a_single_month_can_be_read_off(curve, provenance):
    other = curve.with_columns(
        estimate=pl.when(pl.col("month") == 4).then(0.12).otherwise("estimate")
    )

    assert _curve(other, provenance).data.equals(_curve(curve, provenance).data)


def test_a_long_curve_goes_on_once_a_year_and_where_the_run_quotes_it(provenance):
    long = _of([0.0] * 3 + [0.4] * 60, n=1000)

    data = _curve(long, provenance, months=(15, 62, 70)).data

    assert data["month"].to_list() == [0, 3, 6, 9, 12, 15, 18, 24, 30, 36, 48, 60, 62]


def test_a_curve_without_month_zero_begins_at_its_first_quoted_month(curve, provenance):
    data = _curve(curve.filter(pl.col("month") > 0), provenance).data

    assert data["month"].to_list() == [3, 6, 9]


def test_a_month_without_a_row_has_the_value_before_it(provenance):
    data = _curve(_of([0.0, 0.2, 0.5], months=[0, 2, 7]), provenance).data

    assert data["month"].to_list() == [0, 3, 6]
    assert data["estimate"].to_list() == [0.0, 0.2, 0.2]


def test_curves_of_two_districts_end_each_by_itself(curve, provenance):
    short = curve.filter(pl.col("month") <= 4).with_columns(district=pl.lit("B"))

    data = _curve(pl.concat([short, curve]).reverse(), provenance).data

    assert data.select("district", "month").rows() == [
        *(("A", month) for month in (0, 3, 6, 9)),
        *(("B", month) for month in (0, 3)),
    ]


@pytest.mark.parametrize(("n", "statuses"), [(27, []), (28, ["ok", "ok"])])
def test_a_curve_is_shown_from_thirty_people_as_shown(provenance, n, statuses):
    data = _curve(_of([0.0, 0.1, 0.2, 0.3], n=n), provenance).data

    # Empty rows would tell for how long few were followed.
    assert data["status"].to_list() == statuses


def test_a_curve_ends_where_one_person_moves_it_by_more_than_a_step(provenance):
    # 100 people: a step is five of them. With 80 % left, one of 16 at risk moves it by a step.
    at_risk = [100, 100, 100, 16, 16, 16, 15, 15, 15, 40, 40, 40, 40]
    curve = _of([0.8] * 13, at_risk=at_risk)

    statuses = _curve(curve, provenance).data.select("month", "status").rows()

    assert statuses == [
        (0, "ok"),
        (3, "ok"),
        (6, "suppressed"),
        (9, "suppressed"),
        (12, "suppressed"),
    ]


def test_a_rising_curve_ends_by_those_whom_it_has_not_reached(provenance):
    rising = _of([0.0, 0.1, 0.15, 0.2], at_risk=[100, 50, 20, 15])
    falling = _of([1.0, 0.9, 0.85, 0.8], at_risk=[100, 50, 20, 15])

    for curve in (rising, falling):
        assert _curve(curve, provenance).data["status"].to_list() == ["ok", "suppressed"]


def test_people_who_enter_later_give_a_curve_only_once_they_are_enough(provenance):
    entered = _of([1.0, 1.0, 1.0, 0.9], at_risk=[100, 5, 10, 12])

    assert _curve(entered, provenance).data["status"].to_list() == ["ok", "suppressed"]


def test_parts_of_the_same_people_are_never_more_than_all(provenance):
    # 7.6 of 40 in each of five states: each would be 10 of 40.
    curve = pl.concat(
        [_of([0.2] * 4, n=40).with_columns(exit=pl.lit(name)) for name in "abcde"]
    ).with_columns(ci_lower=pl.lit(0.19), ci_upper=pl.lit(0.21))

    data = _curve(curve, provenance, parts="exit").data

    assert (
        data.group_by("month").agg(pl.col("estimate").sum())["estimate"].to_list()
        == [pytest.approx(1.0)] * 2
    )
    assert (data["ci_lower"] <= data["estimate"]).all()
    assert (data["estimate"] <= data["ci_upper"]).all()


def test_a_part_that_is_not_known_does_not_hold_up_the_others(provenance):
    curve = pl.concat(
        [
            _of([0.0, 0.95, None, 0.97], n=40),
            _of([0.0, 0.04, 0.05, None], n=40).with_columns(exit=pl.lit("studies")),
            _of([0.0, 0.04, 0.5, 0.5], n=40).with_columns(exit=pl.lit("training")),
        ]
    )

    data = _curve(curve, provenance, parts="exit", is_every_month=True).data

    sums = data.group_by("month").agg(pl.col("estimate").sum())["estimate"]
    assert (sums <= 1 + 1e-9).all()


def test_states_are_shown_in_every_month(curve, provenance):
    published = _curve(curve, provenance, parts="exit", is_every_month=True)

    assert published.data["month"].to_list() == list(range(11))
    assert "quoted_months" not in published.rules


def test_an_empty_curve_keeps_its_columns(curve, provenance):
    data = _curve(curve.clear(), provenance, parts="exit").data

    assert data.height == 0
    assert data.schema == _curve(curve, provenance, parts="exit").data.schema


def test_a_curve_without_its_people_is_refused(curve, provenance):
    with pytest.raises(DisclosureError, match="missing columns: n_persons"):
        _curve(curve.drop("n_persons"), provenance)


# --- any course of events


@st.composite
def _ways_out(draw):
    """People who leave in three ways, month by month."""
    n_left = draw(st.lists(st.tuples(*[st.integers(0, 9)] * 3), min_size=1, max_size=45))
    gone = np.array([(0, 0, 0), *n_left]).cumsum(axis=0)
    n = int(gone[-1].sum()) + draw(st.integers(1, 60))
    before = np.vstack([gone[:1], gone[:-1]]).sum(axis=1)
    return pl.concat(
        [
            pl.DataFrame(
                {
                    "exit": name,
                    "month": range(len(gone)),
                    "estimate": gone[:, column] / n,
                    "ci_lower": np.maximum(gone[:, column] / n - 0.05, 0),
                    "ci_upper": np.minimum(gone[:, column] / n + 0.05, 1),
                    "n_at_risk": n - before,
                    "n_persons": n,
                }
            )
            for column, name in enumerate("abc")
        ]
    ), n


@given(_ways_out())
def test_any_curve_is_in_fives_monotone_and_no_more_than_all(made):
    curve, n = made
    rounded = 5 * ((n + 2.5) // 5)

    data = protect_curve(
        curve,
        name="c",
        by=["exit"],
        time="month",
        n_persons="n_persons",
        parts="exit",
        **{"unit": "share", "source": "s", "grade": "L"},
    ).data
    shown = data.filter(status="ok")

    assert n >= 28 or shown.is_empty()
    assert set(shown["month"]) <= {*QUOTED_MONTHS}
    for values in (shown["estimate"], shown["ci_lower"], shown["ci_upper"]):
        fives = values * rounded / 5
        assert ((fives - fives.round()).abs() < 1e-9).all() or (values == 1).any()
    assert (shown["ci_lower"] <= shown["estimate"]).all()
    assert (shown["estimate"] <= shown["ci_upper"]).all()
    sums = shown.group_by("month").agg(pl.col("estimate").sum())["estimate"]
    assert (sums <= 1 + 1e-9).all()
    for _, one in shown.sort("month").group_by("exit"):
        assert (one["estimate"].diff().drop_nulls() >= -1e-9).all()


@pytest.mark.parametrize("n_left", [0, 1, 2])
def test_a_range_does_not_tell_nobody_from_one_or_two(provenance, n_left):
    share = n_left / 100
    curve = _of([0.0, share, 0.2], months=[0, 3, 6]).with_columns(
        ci_lower=pl.col("estimate") / 2, ci_upper=pl.col("estimate") * 3
    )

    data = _curve(curve, provenance, parts="exit").data

    ranges = data.select("month", "estimate", "ci_lower", "ci_upper").rows()
    assert ranges == [(0, 0.0, 0.0, 0.0), (3, 0.0, None, None), (6, 0.2, 0.1, 0.6)]
