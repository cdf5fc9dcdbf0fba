"""A simulated city as one long table gives the trials and the effect of the line's four tables."""

import numpy as np
import polars as pl
import pytest
from cities import people_of, protocols

from evalkit import effects
from evalkit.months import month_number, month_number_expr, month_of_number_expr

pytestmark = pytest.mark.slow
SEED, N_PEOPLE, N_MONTHS = 3, 600, 240


@pytest.fixture(scope="module")
def people():
    return people_of(SEED, N_PEOPLE)


def _long(people: effects.PersonTables) -> pl.DataFrame:
    """The tables as one row per person and month, in no order."""
    first = month_number(people.first_month)
    keys = ["person_id", "month"]

    def months(start: pl.Expr, stop: pl.Expr) -> pl.Expr:
        return pl.int_ranges(start, stop, dtype=pl.Int32).alias("month")

    since = {name: month_number_expr(name) - first for name in ("start", "end")}
    states = people.state_intervals.select(
        "person_id", months(pl.col("start_month"), pl.col("stop_month")), state="from_state"
    ).explode("month")
    on_support = people.support_spells.select(
        "person_id", months(since["start"], since["end"]), paid=pl.lit(True)
    ).explode("month")
    begun = people.support_spells.filter("is_start_known").select(
        "person_id", month=since["start"], months_before=pl.lit(0)
    )
    courses = people.episodes.select(
        "person_id",
        "intervention_id",
        "planned_months",
        months(since["start"], since["end"].fill_null(N_MONTHS)),
    ).explode("month")
    homes = people.support_spells.group_by("person_id").agg(pl.first("cluster_id"))
    return (
        states.join(on_support, on=keys, how="left")
        .join(begun, on=keys, how="left")
        .join(courses, on=keys, how="left")
        .join(people.person.drop("weight"), on="person_id")
        .join(homes, on="person_id", how="left")
        .with_columns(
            pl.col("paid").fill_null(False),
            pl.col("cluster_id").fill_null(pl.col("person_id")),
            month=month_of_number_expr(pl.col("month") + first),
        )
        .sample(fraction=1, shuffle=True, seed=1)
    )


@pytest.mark.parametrize("place", [0, 1])
def test_a_city_as_one_long_table_gives_the_same_trials_and_effect(people, place):
    protocol = protocols()[place]
    expected = people.trials(protocol)

    trials = effects.emulate_trials(
        _long(people),
        id="person_id",
        month="month",
        state="state",
        intervention="intervention_id",
        protocol=protocol,
        on_support="paid",
        elapsed="months_before",
        planned="planned_months",
        district="district",
        cluster="cluster_id",
    )

    assert trials.rows.equals(expected.rows)
    assert trials.terms == expected.terms and trials.states == expected.states
    assert np.array_equal(trials.design, expected.design)
    assert np.array_equal(trials.outcomes, expected.outcomes)
    assert trials.required_waiting.rows.equals(expected.required_waiting.rows)
    assert np.array_equal(trials.required_waiting.design, expected.required_waiting.design)
    one, other = (effects.estimate(made, n_draws=4, seed=2) for made in (trials, expected))
    assert one.status.equals(other.status) and one.draws.equals(other.draws)
