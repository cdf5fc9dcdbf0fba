"""The list of those who could be asked, and what a trial takes and shows, from trials by hand."""

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from evalkit.effects import Protocol, emulate_trials, known_of_tables, lottery_design, steps_design
from evalkit.effects.design.trial_design import Known
from evalkit.effects.design.waiting_list import waiting_list
from evalkit.errors import EstimationError
from evalkit.line.tables import published

N_PEOPLE, N_MONTHS, FOLLOW_UP = 200, 14, 4


def _months(n_people=N_PEOPLE):
    """On support until a month of one's own, then in work. Every tenth starts a course in month 5;
    two people make a household.
    """
    who, month = (axis.ravel() for axis in np.indices((n_people, N_MONTHS)))
    return pl.DataFrame(
        {
            "person": [f"p{one:03d}" for one in who],
            "month": month + 1,
            "state": np.where(month >= 6 + who % 20, "work", "support"),
            "in_course": (who % 10 == 0) & (month == 4),
            "home": [f"h{one // 2:03d}" for one in who],
            "district": np.where(who < n_people // 4, "North", "South"),
        }
    )


def _trials(table=None, **protocol):
    declared = {"from_month": 3, "to_month": 8, "follow_up_months": FOLLOW_UP}
    return emulate_trials(
        _months() if table is None else table,
        **{"id": "person", "month": "month", "state": "state", "intervention": "in_course"},
        **{"cluster": "home", "district": "district"},
        protocol=Protocol("course", **{**declared, "comparisons": ["wait"], **protocol}),
    )


def test_the_list_holds_the_last_months_of_those_who_did_not_start():
    trials = _trials()
    people = waiting_list(trials, n_months=2)
    rows = trials.rows.filter((pl.col("trial_month") > 6) & (pl.col("arm") == "comparison"))

    assert people.size.sum() == len(rows) == len(people.values)
    assert len(people.size) == rows.select("cluster_id", "trial_month").n_unique()
    assert people.n_persons == rows["person_id"].n_unique()
    assert people.chance.sum() == pytest.approx(1.0)
    assert people.first.tolist() == [0, *np.cumsum(people.size)[:-1].tolist()]


def test_values_are_the_months_in_work_of_the_follow_up_by_household():
    """In the trial of month 8 a person who works from the 8th month on works in all four months
    of the follow-up, and with each later month in one less.
    """
    people = waiting_list(_trials(), n_months=1)

    assert set(people.values) == {0.0, 1.0, 2.0, 3.0}
    assert people.size.max() == 2


def test_more_months_than_trials_are_refused():
    with pytest.raises(EstimationError, match="more months than the register") as refused:
        waiting_list(_trials(), n_months=7)

    assert "ask for at most 6 months" in str(refused.value)


def test_a_lottery_between_two_interventions_is_refused():
    trials = _trials()
    other = trials.protocol.model_copy(update={"comparisons": ("other",)})

    with pytest.raises(EstimationError, match="Nobody waits") as refused:
        waiting_list(replace(trials, protocol=other), n_months=2)

    assert "comparisons: other" in str(refused.value)


def test_a_plan_says_what_it_takes_by_hand():
    """Five in each of four months: 20 start, 20 wait, and the last four months of the follow-up
    begin in month 4. A start costs 1 000.
    """
    tried = lottery_design(
        _trials(),
        n_places=5,
        n_months=4,
        n_replications=100,
        seed=1,
        known=Known(1_000.0, 1.2, 0.3),
    )
    plan = dict(tried.design_plan.select("measure", "value").iter_rows())

    assert (plan["drawn"], plan["waiting"]) == (20, 20)
    assert plan["months_until_known"] == 4 - 1 + FOLLOW_UP
    assert plan["cost"] == 20_000
    assert plan["observed"] == 1.2
    assert plan["bias_error"] == pytest.approx(np.hypot(plan["std_error"], 0.3), rel=0.05)
    assert plan["could_be_asked"] % 5 == 0
    for name, table in tried.tables.items():
        assert table.schema == published(name).schema


def test_places_are_divided_as_the_people_are():
    tried = lottery_design(_trials(), n_places=8, n_months=1, n_replications=100, seed=1)
    places = dict(tried.design_schedule.select("district", "places").iter_rows())

    assert sum(places.values()) == pytest.approx(8, abs=0.1)
    assert places["South"] == pytest.approx(3 * places["North"], rel=0.1)


def test_a_full_list_does_not_tell_how_many_there_are():
    """203 people could be asked: the list is as long as 205 people less those who start."""
    tried = lottery_design(
        _trials(_months(203)), n_places=150, n_months=1, n_replications=100, seed=1
    )

    plan = dict(tried.design_plan.select("measure", "value").iter_rows())
    assert (plan["drawn"] + plan["waiting"]) % 5 == 0


def test_steps_are_refused_where_the_effect_is_not_told_in_work():
    months = _months().with_columns(pl.col("state").replace("work", "studies"))
    trials = _trials(months, primary_outcome="studies")

    with pytest.raises(EstimationError, match="judged by exits to work") as refused:
        steps_design(trials, pl.DataFrame(), n_places=1, n_months=12, seed=1)

    assert "primary_outcome studies" in str(refused.value)


def test_today_is_the_plain_estimate_where_waiting_is_compared():
    trials = _trials()
    row = {"district": "all", "intervention_id": "course", "plain": 1.0}
    span = pl.DataFrame(
        [
            row
            | {"plain_lower": 0.0, "plain_upper": 2.0, "estimand": trials.protocol.primary_estimand}
        ]
    )
    offers = pl.DataFrame(
        [{"district": "all", "intervention_id": "course", "cost": 9.0, "currency": "SEK"}]
    )

    known, currency = known_of_tables(offers, span, trials.protocol)
    other, _ = known_of_tables(
        offers.clear(),
        span.with_columns(estimand=pl.lit("start_now_rather_than_never")),
        trials.protocol,
    )

    assert (known.cost_per_start, known.observed, currency) == (9.0, 1.0, "SEK")
    assert known.observed_error == pytest.approx(1 / 1.96, rel=1e-3)
    assert other == Known()
