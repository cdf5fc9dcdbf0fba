"""A handful of episodes that can be counted by hand, all of them known to the end of 2025."""

from datetime import date
from types import SimpleNamespace

import polars as pl
import pytest

from evalkit.line.delivered import as_delivered, delivered
from evalkit.line.tables import table
from evalkit.monitoring import PROCESS_TABLES
from evalkit.monitoring_rules import MonitoringRules

EXTRACT = SimpleNamespace(
    data_through=date(2025, 12, 1),
    follow_up_through=date(2025, 12, 1),
    first_month=date(2020, 1, 1),
)


def _filled(name: str, rows: list[dict]) -> pl.DataFrame:
    schema = delivered()[name].schema
    full = [dict.fromkeys(schema) | row for row in rows]
    return pl.DataFrame(full, schema=schema, orient="row") if full else as_delivered({}, name)


@pytest.fixture
def tables_of():
    """Delivered tables by name from their rows; what is not given is empty."""

    def make(**rows: list[dict]) -> dict[str, pl.DataFrame]:
        return {name: _filled(name, rows.get(name, [])) for name in PROCESS_TABLES}

    return make


@pytest.fixture
def params_of():
    """What the process asks of a run file: rules, and how far the extract reaches."""

    def make(**rules) -> SimpleNamespace:
        return SimpleNamespace(monitoring=MonitoringRules(**rules), extract=EXTRACT)

    return make


@pytest.fixture
def spells_of():
    """Support spells from (person, start, end, exit)."""

    def make(*rows: tuple) -> pl.DataFrame:
        columns = ("person_id", "start", "end", "exit")
        schema = {name: table("support_spells").schema[name] for name in columns}
        return pl.DataFrame(rows, schema=schema, orient="row")

    return make
