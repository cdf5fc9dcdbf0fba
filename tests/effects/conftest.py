"""Small worlds for the effects room: people as strings of states, one letter a month."""

import itertools
from datetime import date

import numpy as np
import polars as pl
import pytest

from evalkit.effects import Trials, trials_of_tables
from evalkit.line.protocol import Protocol
from evalkit.months import add_months

FIRST_MONTH = date(2020, 1, 1)
LETTERS = {"s": "support", "w": "work", "t": "training", "e": "studies"}


def tables_of(
    lives: dict[str, str], districts: dict[str, str] | None = None
) -> dict[str, pl.DataFrame]:
    """The tables of people whose months are written as letters: s support, w work, t training, e
    studies.
    """
    spells, episodes, intervals = [], [], []
    for person_id, life in lives.items():
        district = (districts or {}).get(person_id, "North")
        breaks = [
            0,
            *[month for month in range(1, len(life)) if life[month] != life[month - 1]],
            len(life),
        ]
        for start, stop in itertools.pairwise(breaks):
            state = LETTERS[life[start]]
            to_state = LETTERS[life[stop]] if stop < len(life) else None
            intervals.append((person_id, district, start, stop, state, to_state, 1.0))
            dates = add_months(FIRST_MONTH, start), add_months(FIRST_MONTH, stop)
            if state == "support":
                spells.append((person_id, district, *dates, start > 0))
            if state == "training":
                episodes.append((person_id, "course", *dates))
    return {
        "spells": pl.DataFrame(
            spells,
            schema={
                "person_id": pl.String,
                "district": pl.String,
                "start": pl.Date,
                "end": pl.Date,
                "is_start_known": pl.Boolean,
            },
            orient="row",
        ),
        "episodes": pl.DataFrame(
            episodes,
            schema={
                "person_id": pl.String,
                "intervention_id": pl.String,
                "start": pl.Date,
                "end": pl.Date,
            },
            orient="row",
        ).with_columns(planned_months=pl.lit(None, dtype=pl.Int32)),
        "state_intervals": pl.DataFrame(
            intervals,
            schema=[
                "person_id",
                "district",
                "start_month",
                "stop_month",
                "from_state",
                "to_state",
                "weight",
            ],
            orient="row",
        ),
        "person": pl.DataFrame(
            {"person_id": list(lives), "age": [20.0 + len(name) for name in lives]}
        ),
    }


def protocol_of(**changes) -> Protocol:
    """A protocol over trial months 2 to 3 with two months of follow-up, changed as asked."""
    declared = {
        "protocol": "course",
        "intervention_id": "course",
        "title": {"en": "A course"},
        "question": {"en": "What does starting a course change?"},
        "eligibility": {"from_month": 2, "to_month": 3},
        "comparisons": ["wait"],
        "leavers_in_month_one": "stay",
        "follow_up_months": 2,
        "outcomes": ["work", "studies", "support", "training"],
        "covariates": [],
        "refusal": {"min_starters": 1, "min_effective_sample_size": 1},
    }
    return Protocol.model_validate({**declared, **changes})


def trials_of(lives: dict[str, str], *, districts: dict[str, str] | None = None, **changes):
    return trials_of_tables(
        tables_of(lives, districts)["spells"],
        tables_of(lives, districts)["episodes"],
        protocol=protocol_of(**changes),
        state_intervals=tables_of(lives, districts)["state_intervals"],
        person=tables_of(lives, districts)["person"],
        first_month=FIRST_MONTH,
    )


@pytest.fixture(scope="session")
def world():
    """tables_of, protocol_of and trials_of in one place."""

    class World:
        tables = staticmethod(tables_of)
        protocol = staticmethod(protocol_of)
        trials = staticmethod(trials_of)
        first_month = FIRST_MONTH

    return World


def trials_of_arrays(
    covariates, is_treated, outcomes, *, person=None, district=None, month=None, protocol=None
) -> Trials:
    """Trials from arrays, one row per person-trial; outcomes (n, months) are positions among work,
    studies, support, training.
    """
    n = len(is_treated)
    rows = pl.DataFrame(
        {
            "person_id": pl.Series(
                [f"p{number:06d}" for number in (np.arange(n) if person is None else person)]
            ),
            "cluster_id": pl.Series(
                [f"p{number:06d}" for number in (np.arange(n) if person is None else person)]
            ),
            "district": pl.Series(np.full(n, "North") if district is None else district),
            "trial_month": pl.Series(np.full(n, 2) if month is None else month, dtype=pl.Int32),
            "arm": pl.Series(np.where(is_treated, "treated", "comparison")),
            "elapsed_months": pl.Series(np.ones(n), dtype=pl.Int32),
            "planned_months": pl.Series([None] * n, dtype=pl.Int32),
            "next_start": pl.Series([None] * n, dtype=pl.Int32),
            "weight": pl.Series(np.ones(n)),
        }
    )
    covariates = np.asarray(covariates, dtype=float).reshape(n, -1)
    terms = ("constant", *[f"x{place}" for place in range(covariates.shape[1])])
    protocol = protocol or protocol_of(follow_up_months=outcomes.shape[1])
    return Trials(
        rows,
        np.column_stack([np.ones(n), covariates]),
        terms,
        outcomes,
        protocol.outcomes,
        protocol,
    )


def confounded_trials(
    n: int, seed: int, *, effect: float = 0.0, slope: float = 0.8, **changes
) -> Trials:
    """Who has a high x0 starts more often and works more often; starting adds `effect` to the log
    odds of work in each of two months.
    """
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, 2))
    treated = rng.random(n) < 1 / (1 + np.exp(2 - slope * x[:, 0]))
    chance = 1 / (1 + np.exp(-(x[:, 0] - 0.5 + effect * treated)))
    working = rng.random((n, 2)) < chance[:, None]
    return trials_of_arrays(x, treated, np.where(working, 0, 2), protocol=protocol_of(**changes))


@pytest.fixture(scope="session")
def arms():
    """trials_of_arrays and confounded_trials in one place."""

    class Arms:
        of_arrays = staticmethod(trials_of_arrays)
        confounded = staticmethod(confounded_trials)
        protocol = staticmethod(protocol_of)

    return Arms
