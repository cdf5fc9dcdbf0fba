"""Small worlds for the effects room: people as strings of states, one letter a month."""

import itertools
from datetime import date

import polars as pl
import pytest

from evalkit.effects import Protocol, emulate_trials
from evalkit.months import add_months

FIRST_MONTH = date(2020, 1, 1)
LETTERS = {"s": "support", "w": "work", "t": "training", "e": "studies"}


def tables_of(lives: dict[str, str], districts: dict[str, str] | None = None) -> dict[str, pl.DataFrame]:
    """The tables of people whose months are written as letters: s support, w work, t training, e studies."""
    spells, episodes, intervals = [], [], []
    for person_id, life in lives.items():
        district = (districts or {}).get(person_id, "North")
        breaks = [0, *[month for month in range(1, len(life)) if life[month] != life[month - 1]], len(life)]
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
            schema={"person_id": pl.String, "district": pl.String, "start": pl.Date, "end": pl.Date, "is_start_known": pl.Boolean},
            orient="row",
        ),
        "episodes": pl.DataFrame(
            episodes,
            schema={"person_id": pl.String, "intervention_id": pl.String, "start": pl.Date, "end": pl.Date},
            orient="row",
        ).with_columns(planned_months=pl.lit(None, dtype=pl.Int32)),
        "state_intervals": pl.DataFrame(
            intervals, schema=["person_id", "district", "start", "stop", "from_state", "to_state", "weight"], orient="row"
        ),
        "person": pl.DataFrame({"person_id": list(lives), "age": [20.0 + len(name) for name in lives]}),
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
    return emulate_trials(
        tables_of(lives, districts)["spells"],
        tables_of(lives, districts)["episodes"],
        protocol=protocol_of(**changes),
        state_intervals=tables_of(lives, districts)["state_intervals"],
        person=tables_of(lives, districts)["person"],
        first_month=FIRST_MONTH,
    )


@pytest.fixture
def world():
    """tables_of, protocol_of and trials_of in one place."""

    class World:
        tables = staticmethod(tables_of)
        protocol = staticmethod(protocol_of)
        trials = staticmethod(trials_of)
        first_month = FIRST_MONTH

    return World
