"""What the allocation calls "as today", held against participation itself: the people who start in
a year, by district.
"""

import polars as pl
import pytest
from cities import DISTRICTS, four_districts, people_of, protocols

from evalkit.allocation import offers_from
from evalkit.allocation.offers import budgets_now
from evalkit.effects import trial_months
from evalkit.effects.answer.estimate import no_effect
from evalkit.months import add_months
from evalkit.spells import starts_by_district

COST = 1_000.0
# Nearly everybody who starts in the simulated city is on support the month before.
SHARE_OUTSIDE_TRIALS = 0.05
FROM_MONTH = 37


@pytest.fixture(scope="module")
def people():
    return people_of(7, 2_000)


@pytest.fixture(scope="module", params=[12, 36])
def protocol(request):
    coaching = next(one for one in protocols() if one.intervention_id == "jobbtorg_coaching")
    months = {"from_month": FROM_MONTH, "to_month": FROM_MONTH + request.param - 1}
    return coaching.model_copy(
        update={"eligibility": coaching.eligibility.model_copy(update=months)}
    )


@pytest.fixture(scope="module")
def offers(people, protocol):
    trials = people.trials(protocol)
    counted = pl.concat(
        [no_effect(trials.of_district(name), district=name).status for name in DISTRICTS]
    )
    status = counted.filter(pl.col("estimand") == protocol.estimands[0]).with_columns(
        status=pl.lit("estimated")
    )
    kind = {"intervention_id": [protocol.intervention_id]}
    started = starts_by_district(people.episodes, people.support_spells, people.person)
    months = trial_months([protocol], people.first_month)
    none = pl.DataFrame(kind | {"starts_per_year": [1.0]}).clear()
    return offers_from(
        status, pl.DataFrame(kind | {"cost": [COST]}), none, started=started, months=months
    )


def episodes_of(people, protocol):
    first = add_months(four_districts().first_month, protocol.eligibility.from_month - 1)
    last = add_months(four_districts().first_month, protocol.eligibility.to_month - 1)
    return people.episodes.filter(
        (pl.col("intervention_id") == protocol.intervention_id)
        & pl.col("start").is_between(first, last)
    )


def test_as_today_is_the_people_who_start_in_a_year(people, protocol, offers):
    n_years = (protocol.eligibility.to_month - FROM_MONTH + 1) / 12
    n_started = len(episodes_of(people, protocol)) / n_years

    assert offers["n_months_counted"].unique().to_list() == [12 * n_years]
    assert offers["n_now"].sum() == pytest.approx(n_started)
    assert int(people.trials(protocol).is_treated.sum()) / n_years == pytest.approx(
        n_started, rel=SHARE_OUTSIDE_TRIALS
    )
    assert sum(budgets_now(offers).values()) == pytest.approx(COST * n_started)


def test_those_who_may_start_in_a_year_are_the_people_eligible_in_that_year(
    people, protocol, offers
):
    rows = people.trials(protocol).rows
    years = [
        rows.filter((pl.col("trial_month") - first).is_between(0, 11))
        for first in range(FROM_MONTH, rows["trial_month"].max(), 12)
    ]
    by_year = [year.group_by("district").agg(pl.col("person_id").n_unique()) for year in years]
    expected = (
        pl.concat(by_year).group_by("district").agg(pl.col("person_id").mean()).sort("district")
    )

    assert offers["n_eligible"].to_list() == pytest.approx(expected["person_id"].to_list())
    assert (offers["n_eligible"] > offers["n_now"]).all()
