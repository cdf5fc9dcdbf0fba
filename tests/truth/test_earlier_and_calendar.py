"""A course that changes nothing, in cities where who starts has rarely had help before and starts
late, while help lasts and work grows scarce.

Independent of the simulated cities. People come at any month of the first fifteen; four in ten get
help in their first month, which raises their chance of work for good and makes them start the
course less often. The chance of work falls and that of starting rises with the calendar. With both
adjusted for the estimate is nothing, as it should be; without either it is not, although all else
is balanced.
"""

from datetime import date

import numpy as np
import polars as pl
import pytest

from evalkit.effects import contrast, trials_of_tables
from evalkit.line.protocol import Protocol
from evalkit.months import add_months

FIRST_MONTH = date(2015, 1, 1)
N_PEOPLE, N_MONTHS, FOLLOW_UP = 3000, 30, 6
N_CITIES = 8
HELPED = {"name": "helped", "kind": "participation", "of": "help", "measure": "ever"}


def _chance(log_odds: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-log_odds))


def _city(seed: int) -> dict:
    """The tables of one city: months are counted from 1, a course lasts two months, work is for
    good.
    """
    rng = np.random.default_rng(seed)
    arrival = rng.integers(1, 16, N_PEOPLE)
    helped = rng.random(N_PEOPLE) < 0.4
    start, work = np.zeros(N_PEOPLE, int), np.full(N_PEOPLE, N_MONTHS + 1)
    for month in range(1, N_MONTHS + 1):
        year = (month - 10) / 12
        waits = (arrival < month) & (work > N_MONTHS)
        starts = (
            waits
            & (start == 0)
            & (rng.random(N_PEOPLE) < _chance(-3.6 + 1.2 * year - 1.2 * helped))
        )
        leaves = waits & (rng.random(N_PEOPLE) < _chance(-2.8 - 1.2 * year + 1.0 * helped))
        start[starts], work[leaves] = month, month
    people = pl.DataFrame(
        {
            "person_id": [f"p{k:05d}" for k in range(N_PEOPLE)],
            "arrival": arrival,
            "work": work,
            "start": start,
        }
    )
    people = people.with_columns(helped=pl.Series(helped), district=pl.lit("North"))
    return {
        "spells": people.select(
            "person_id",
            "district",
            start=_dates(people["arrival"]),
            end=_dates(people["work"]),
            is_start_known=pl.lit(True),
        ),
        "episodes": pl.concat(
            [
                _episodes(people.filter("helped"), "help", "arrival", 1),
                _episodes(people.filter(pl.col("start") > 0), "course", "start", 2),
            ]
        ),
        "state_intervals": pl.concat(
            [
                _intervals(people, "studies", pl.lit(1), pl.col("arrival")),
                _intervals(people, "support", pl.col("arrival"), pl.col("work")),
                _intervals(people, "work", pl.col("work"), pl.lit(N_MONTHS + 1)),
            ]
        ).filter(pl.col("start_month") < pl.col("stop_month")),
        "person": people.select("person_id"),
        "first_month": FIRST_MONTH,
    }


def _dates(months: pl.Series) -> pl.Series:
    return pl.Series([add_months(FIRST_MONTH, month - 1) for month in months])


def _episodes(people: pl.DataFrame, intervention_id: str, start: str, months: int) -> pl.DataFrame:
    dates = {"start": _dates(people[start]), "end": _dates(people[start] + months)}
    return people.select(
        "person_id",
        intervention_id=pl.lit(intervention_id),
        **dates,
        planned_months=pl.lit(months, dtype=pl.Int32),
    )


def _intervals(people: pl.DataFrame, state: str, start: pl.Expr, stop: pl.Expr) -> pl.DataFrame:
    return people.select(
        "person_id",
        "district",
        start_month=(start - 1).cast(pl.Int64),
        stop_month=(stop - 1).cast(pl.Int64),
        from_state=pl.lit(state),
    )


def _differences(**changes) -> np.ndarray:
    """Months in work gained by the course, in standard errors, of every city under a protocol."""
    declared = {
        "protocol": "course",
        "intervention_id": "course",
        "title": {"en": "A course"},
        "question": {"en": "What does a course change?"},
        "eligibility": {
            "from_month": 5,
            "to_month": N_MONTHS - FOLLOW_UP + 1,
            **changes.pop("eligibility", {}),
        },
        "comparisons": ["wait"],
        "leavers_in_month_one": "stay",
        "follow_up_months": FOLLOW_UP,
        "outcomes": ["work", "studies", "support"],
        "covariates": [{"name": "months", "kind": "elapsed"}, HELPED],
    }
    protocol = Protocol.model_validate(declared | changes)
    found = []
    for seed in range(N_CITIES):
        trials = trials_of_tables(**_city(seed), protocol=protocol)
        gained = contrast(trials, (trials.outcomes == 0).sum(axis=1))
        found.append(gained.difference[0] / gained.std_error[0])
    return np.array(found)


LIMIT = 3 / np.sqrt(
    N_CITIES
)  # three Monte Carlo errors of the mean of as many differences in standard errors


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {
            "eligibility": {"exclude_participation": [{"of": "help"}]},
            "covariates": [{"name": "months", "kind": "elapsed"}],
        },
    ],
    ids=["adjusted", "excluded"],
)
def test_a_course_that_changes_nothing_is_found_to_change_nothing(changes):
    errors = _differences(**changes)

    assert abs(errors.mean()) < LIMIT
    assert np.abs(errors).max() < 3.5


@pytest.mark.parametrize(
    "changes",
    [{"covariates": [{"name": "months", "kind": "elapsed"}]}, {"calendar": {"form": "none"}}],
    ids=["help", "calendar"],
)
def test_it_is_not_found_where_earlier_participation_or_calendar_time_is_left_out(changes):
    errors = _differences(**changes)

    assert errors.mean() < -LIMIT
