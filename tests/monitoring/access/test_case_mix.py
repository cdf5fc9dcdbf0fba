"""Planted access: unequal access is found, equal access is not called unequal."""

import numpy as np
import polars as pl
import pytest

from evalkit.monitoring.access import case_mix, group_differences
from evalkit.monitoring_rules import MonitoringRules

RULES = MonitoringRules()
N_SEEDS = 20


def access_funnel(people, *, seed):
    return case_mix.access_funnel(case_mix.cells_of(people, RULES), seed=seed)


def access_groups(people):
    return group_differences.access_groups(case_mix.cells_of(people, RULES))


def _by_need(district, is_woman, has_need):
    return 0.2 if has_need else 0.5


def _women_half_as_often_in_c(district, is_woman, has_need):
    return _by_need(district, is_woman, has_need) * (0.5 if is_woman and district == "C" else 1)


def _passed_over(table):
    lower = pl.col("more_often_upper") < 0
    rows = table.filter(lower, pl.col("characteristic") == "sex")
    return list(rows.select("district", "group").iter_rows())


def _needs_of(district):
    """In A nearly everybody has the need with which few start, in H nearly nobody."""
    return 0.9 - 0.1 * "ABCDEFGH".index(district)


def test_a_difference_that_is_only_case_mix_vanishes_when_adjusted(made_people):
    people = made_people(_by_need, needs=_needs_of, n=2_000)

    funnel = access_funnel(people, seed=1).filter(pl.col("district") != "all")

    assert funnel["observed"].max() - funnel["observed"].min() > 0.15
    assert funnel["adjusted"].max() - funnel["adjusted"].min() < 0.06


def test_districts_that_work_alike_are_outside_no_more_often_than_the_limits_say(made_people):
    """20 seeds of 8 districts are 160: at most 15 lie outside limits of 95 per cent, and 2 outside
    those of 99.8, in 99 of 100 such trials.
    """
    verdicts = pl.concat(
        access_funnel(made_people(_by_need, needs=_needs_of, n=300, seed=seed), seed=seed)[
            "verdict"
        ]
        for seed in range(N_SEEDS)
    )

    assert verdicts.is_in(["outside_95", "outside_998"]).sum() <= 15
    assert (verdicts == "outside_998").sum() <= 2


def test_a_district_where_people_start_more_rarely_than_expected_lies_outside(made_people):
    people = made_people(lambda d, *kind: _by_need(d, *kind) * (0.6 if d == "B" else 1), n=1_500)

    rows = access_funnel(people, seed=1).filter(pl.col("district") == "B")

    row = rows.row(0, named=True)
    assert row["verdict"] == "outside_998" and row["observed"] < row["expected"]
    assert row["rank_lower"] == row["rank_upper"] == row["n_districts"] == 8


def test_women_who_start_half_as_often_at_the_same_needs_are_found(made_people):
    found = [
        _passed_over(access_groups(made_people(_women_half_as_often_in_c, seed=seed)))
        for seed in range(N_SEEDS)
    ]

    assert all(("C", "female") in passed for passed in found)


def test_the_planted_difference_is_what_is_told(made_people):
    """All else alike, women in C start 0.5 times as often: 0.19 of 0.38 fewer."""
    estimates = []
    for seed in range(N_SEEDS):
        table = access_groups(made_people(_women_half_as_often_in_c, seed=seed))
        estimates.append(table.filter(district="C", group="female")["more_often"].item())

    error = np.std(estimates, ddof=1) / N_SEEDS**0.5
    assert np.mean(estimates) == pytest.approx(-0.19, abs=3 * error)


def test_nobody_is_said_to_be_passed_over_where_nobody_is(made_people):
    """Sex, need and year differ in how many there are; the ranges of an area hold together in 95 of
    100 areas. 20 seeds of 8 areas are 160: at most 15 of them are wrong in 99 of 100 such trials.
    """
    wrong = 0
    for seed in range(N_SEEDS):
        table = access_groups(made_people(lambda *_: 0.4, n=300, seed=seed))
        is_told = (pl.col("more_often_lower") > 0) | (pl.col("more_often_upper") < 0)
        wrong += table.filter(is_told, pl.col("district") != "all")["district"].n_unique()

    assert wrong <= 15


def test_the_ranges_of_an_area_hold_together(made_people):
    """Two characteristics of two groups each are two comparisons."""
    row = (
        access_groups(made_people(lambda *_: 0.4))
        .filter(district="A", group="female")
        .row(0, named=True)
    )
    alone = (
        access_groups(made_people(lambda *_: 0.4).with_columns(obstacle=pl.lit("not_known")))
        .filter(district="A", group="female")
        .row(0, named=True)
    )

    width, width_alone = (one["more_often_upper"] - one["more_often_lower"] for one in (row, alone))
    # Sidak: 2.236 and 1.960 standard errors.
    assert width / width_alone == pytest.approx(2.236 / 1.960, rel=0.01)


def test_a_group_of_which_nobody_starts_is_told(made_people):
    people = made_people(lambda d, w, n: 0.0 if w and d == "C" else 0.4, n=120)

    row = access_groups(people).filter(district="C", group="female")

    assert row["more_often_upper"].item() < 0 and np.isfinite(row["more_often_lower"].item())


def test_groups_of_few_and_areas_where_all_are_alike_are_not_compared(made_people):
    def chance(district, is_woman, has_need):
        return {"A": 0.0, "B": 1.0}.get(district, 0.4)

    people = made_people(chance, n=60, districts="ABCD", needs=lambda d: 0.05)

    table = access_groups(people)

    assert set(table["district"]) == {"C", "D", "all"}
    assert set(table["characteristic"]) == {"sex"}


def test_nothing_is_adjusted_where_nobody_starts(made_people):
    people = made_people(lambda *_: 0.0, n=30)

    assert access_funnel(people, seed=1).is_empty()
    assert access_groups(people).is_empty()


def test_no_area_has_a_rank_where_there_are_three(made_people):
    funnel = access_funnel(made_people(_by_need, districts="ABC"), seed=1)

    assert funnel["rank"].null_count() == 4
