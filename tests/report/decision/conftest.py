"""Published tables of decision pages, from a few columns of their rows, and the brief of a page."""

import re
from html import unescape

import polars as pl
import pytest
import yaml

from evalkit.disclosure import Published, protect_estimates
from evalkit.line.columns import schema_of
from evalkit.line.published import PUBLISHED
from evalkit.params import Run
from evalkit.report.parts.document import Brief
from evalkit.report.shell import brief_of
from evalkit.words import words_of_run

# So many people that what is shown is what was made up.
MANY = 1_000_000_000


@pytest.fixture(scope="session")
def published():
    """A published table as it is declared, from the columns that its rows name; the others are
    empty. Rows with `withheld` rest on too few people.
    """

    def make(name: str, rows: list[dict]) -> Published:
        table = PUBLISHED[name]
        names = [*table.keys, *table.values]
        unknown = {column for row in rows for column in row} - {*names, "withheld"}
        assert not unknown, unknown
        data = pl.DataFrame(
            [{column: row.get(column) for column in names} for row in rows],
            schema=schema_of(*names),
        )
        n_persons = pl.Series("n_guarded", [3 if row.get("withheld") else MANY for row in rows])
        return protect_estimates(
            data.with_columns(n_persons.cast(pl.Int32)),
            name=name,
            keys=list(table.keys),
            values=list(table.values),
            n_persons="n_guarded",
            unit=table.unit,
            source="made up for this test",
            grade="L",
        )

    return make


@pytest.fixture(scope="session")
def brief_with():
    """The brief of a district's page, or of the city's, with some tables."""

    def make(run: Run, *tables: Published, district: str = "all", language: str = "en") -> Brief:
        named = {table.name: table for table in tables}
        return brief_of(run, district, named, {}, words_of_run(run, language))

    return make


@pytest.fixture(scope="session")
def offered_tables(published):
    """The published tables of a district's first screen, from one record for each intervention:
    `id`, and what it has of `starts`, `cost`, `advice`, `reason`, `figures`, `months`, sums by
    perspective (`society`, `purse`, `district`: estimate, limits, probability), payers (`state`,
    `person`), `paid` (now and proposed by the district), `gain` (of the district, before it pays)
    and `back` (month, probability; to whom: `back_to`).
    """

    def make(*records: dict, district: str = "Norr") -> list[Published]:
        keys = [_keys(record, district) for record in records]
        both = list(zip(records, keys, strict=True))
        return [
            published("offers", [_offer(record, district) for record in records]),
            published("advice", [_advice(record, district) for record in records]),
            published("value_parts", [row for record, key in both for row in _sums(record, key)]),
            published(
                "effect_summary",
                [
                    key
                    | {"outcome": f"months_{record.get('outcome', 'work')}"}
                    | _named("difference", record["months"])
                    for record, key in both
                    if "months" in record
                ]
                + [
                    key
                    | {"outcome": f"{record.get('outcome', 'work')}_share_at_end"}
                    | _named("difference", (*record["end"], None))
                    for record, key in both
                    if "end" in record
                ],
            ),
            published(
                "value_payback",
                [
                    key
                    | {"perspective": record.get("back_to", "public_purse")}
                    | {"return_month": record["back"][0]}
                    | {"probability_returns": record["back"][1], "horizon_months": 60}
                    for record, key in both
                    if "back" in record
                ],
            ),
            published(
                "value_payers", [row for record, key in both for row in _payers(record, key)]
            ),
            published(
                "value_purse",
                [
                    key
                    | {"actor": "district", "estimate": record["gain"], "currency": "SEK"}
                    | {"paid_now": record["paid"][0], "paid_proposed": record["paid"][1]}
                    | {"gain_share": 0.3}
                    for record, key in both
                    if "paid" in record
                ],
            ),
        ]

    return make


@pytest.fixture
def run_towards_the_next_step(run_of_two):
    """The run of two with language practice judged by months closer to work."""
    path = run_of_two.path("second.yaml")
    declared = yaml.safe_load(path.read_text(encoding="utf-8"))
    outcomes = {"next_step": None, "subsidised_work": None, **dict.fromkeys(declared["outcomes"])}
    changes = {
        "primary_outcome": "closer",
        "outcomes": list(outcomes),
        "next_step": {"ladder_step": 3},
    }
    path.write_text(yaml.safe_dump(declared | changes, allow_unicode=True), encoding="utf-8")
    return run_of_two


@pytest.fixture(scope="session")
def plain():
    """The text of a part as a reader sees it, in one line."""

    def read(part) -> str:
        text = re.sub(r"<[^>]+>", " ", f"{part.heading} | {part.body}")
        return re.sub(r"\s+", " ", unescape(text).replace("\u00a0", " "))

    return read


@pytest.fixture(scope="session")
def forty_interventions():
    """Records of forty interventions without a protocol, none with an effect."""
    return [{"id": f"intervention_{number}"} for number in range(40)]


_WITH_PROTOCOL = ("work_training", "language_practice")
_PERSPECTIVES = {"society": "society", "purse": "public_purse", "district": "district"}


def _keys(record: dict, district: str) -> dict:
    is_city = record.get("figures", "own").startswith("city")
    return {
        "district": "all" if is_city else district,
        "intervention_id": record["id"],
        "estimand": "start_now_rather_than_wait" if record["id"] in _WITH_PROTOCOL else "",
    }


def _named(name: str, numbers: tuple) -> dict:
    names = (name, "ci_lower", "ci_upper", "probability_positive")
    return dict(zip(names, numbers, strict=False))


def _offer(record: dict, district: str) -> dict:
    return {
        "district": district,
        "intervention_id": record["id"],
        "name": record.get("name", record["id"].replace("_", " ")),
        "n_starts": record.get("starts", 40.0),
        "cost": record.get("cost"),
        "currency": "SEK" if record.get("cost") else None,
        "withheld": record.get("withheld", False),
    }


def _advice(record: dict, district: str) -> dict:
    society = record.get("society")
    return {
        "district": district,
        "intervention_id": record["id"],
        "advice": record.get("advice", "expand" if society else "cannot_be_said"),
        "advice_reason": record.get("reason", "gains_everywhere" if society else "not_computed"),
        "figures": record.get("figures", "own" if society else "none"),
        "probability_society": society[3] if society else None,
        "horizon_months": 60 if society else None,
        "currency": "SEK",
        **{name: record[name] for name in record if name.startswith(("trial_", "own_", "worth_"))},
        "withheld": record.get("withheld", False),
    }


def _sums(record: dict, key: dict) -> list[dict]:
    return [
        key
        | {"perspective": perspective, "part": "total", "horizon_months": 60, "currency": "SEK"}
        | _named("estimate", record[name])
        | {"withheld": record.get("withheld", False)}
        for name, perspective in _PERSPECTIVES.items()
        if name in record
    ]


def _payers(record: dict, key: dict) -> list[dict]:
    return [
        key
        | {"payer": payer, "horizon_months": 60, "currency": "SEK"}
        | _named("estimate", record[payer])
        for payer in ("person", "state")
        if payer in record
    ]
