from collections.abc import Callable
from datetime import date

import polars as pl
import pytest

from evalkit.line.delivered import delivered
from evalkit.line.tables import table
from evalkit.monitoring import Followed
from evalkit.monitoring_rules import MonitoringRules
from evalkit.months import month_number

FIRST, LAST = date(2020, 1, 1), date(2023, 12, 1)
STEPS = {"outreach": 1, "training": 2, "coaching": 4}


@pytest.fixture(scope="session")
def followed() -> Followed:
    """Four years, all of which are known."""
    return Followed(MonitoringRules(), first=month_number(FIRST), last=month_number(LAST))


@pytest.fixture(scope="session")
def make() -> Callable[..., dict[str, pl.DataFrame]]:
    """Tables of a few people: rows of delivered tables as records, and what they lived in as
    (person, state, first month, stop) with months from January 2020 (0).
    """

    def tables(
        *, lived: list[tuple[str, str, int, int]] = (), steps: dict = STEPS, **rows: list[dict]
    ) -> dict[str, pl.DataFrame]:
        people = {row["person_id"] for row in rows.get("participation", [])}
        given = {
            "person": [{"person_id": one, "district": "North"} for one in sorted(people)],
            "intervention": [
                {"intervention_id": name, "name": name.capitalize(), "ladder_step": step}
                for name, step in steps.items()
            ],
        } | rows
        made = {
            name: pl.DataFrame(given.get(name, []), schema=declared.schema)
            for name, declared in delivered().items()
        }
        intervals = [
            {
                "person_id": person,
                "start_month": start,
                "district": "North",
                "stop_month": stop,
                "from_state": state,
            }
            for person, state, start, stop in lived
        ]
        return made | {
            "state_intervals": pl.DataFrame(intervals, schema=table("state_intervals").schema)
        }

    return tables
