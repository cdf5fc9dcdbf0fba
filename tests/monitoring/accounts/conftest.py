"""A few postings, places and people, and how they are to be read."""

from datetime import date

import polars as pl
import pytest

from evalkit.line.accounts import AccountsFile
from evalkit.line.delivered import delivered

AREAS = [
    {"key": "training", "name": {"en": "training"}, "accounts": ["71*"]},
    {"key": "sheltered", "name": {"en": "sheltered work"}, "accounts": ["7150"]},
    {"key": "holiday", "name": {"en": "holiday jobs"}, "accounts": ["7300"]},
    {"key": "parks", "name": {"en": "parks"}, "accounts": ["45*"], "is_outside": True},
]
RULE = {
    "key": "at_hosts",
    "title": {"en": "booked at hosts"},
    "accounts": ["45*"],
    "stated_area": "holiday",
    "to": "holiday",
    "source": "a report",
    "grade": "M",
}


@pytest.fixture
def rule():
    """The rule with other keys."""
    return lambda **keys: RULE | keys


@pytest.fixture
def reading():
    def make(**keys):
        content = {"file": "made_up", "title": {"en": "Made up"}, "areas": AREAS, "rules": [RULE]}
        return AccountsFile(**(content | keys))

    return make


@pytest.fixture
def account():
    """Postings from (posting, side, account, area, amount) and what else differs."""

    def make(*rows, **others):
        names = ("posting_id", "side", "account_code", "cost_area", "amount")
        given = [
            dict(zip(names, row, strict=False)) | row[5]
            if len(row) > 5
            else dict(zip(names, row, strict=True))
            for row in rows
        ]
        start = {"district": "Norr", "year": 2012, "currency": "SEK", "activity_code": None}
        schema = delivered()["account"].schema
        return pl.DataFrame([start | others | row for row in given], schema=schema)

    return make


@pytest.fixture
def capacity():
    """A year's places of interventions: (intervention, places, fixed, variable)."""

    def make(*rows, year=2020, price_year=2020):
        return pl.DataFrame(
            [
                (name, date(year, month, 1), places, fixed, variable, "SEK", price_year)
                for name, places, fixed, variable in rows
                for month in range(1, 13)
            ],
            schema=delivered()["capacity"].schema,
            orient="row",
        )

    return make


@pytest.fixture
def participation():
    """Episodes from (person, intervention, start, end, end_reason, provider)."""

    def make(*rows):
        names = ("person_id", "intervention_id", "start", "end", "end_reason", "provider_district")
        given = [dict(zip(names, row, strict=True)) for row in rows]
        return pl.DataFrame(given, schema=delivered()["participation"].schema)

    return make
