"""A scenario as its file says it (params/scenarios/), and what it may change of a cohort and a
price book.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Literal

from pydantic import Field

from evalkit.economics.what_if.arms import WhatIf
from evalkit.economics.what_if.given import Change, Given, given_faults
from evalkit.errors import ParameterError, first_few, nearest
from evalkit.line.actors import ACTOR_NAMES, PERSPECTIVES_WITH_MUNICIPALITY
from evalkit.line.calendar import Break
from evalkit.line.price_book import Posting, PriceBook, PriceRecord
from evalkit.records import Record
from evalkit.vocabulary import Grade, Text

NUMBERS = (
    *PERSPECTIVES_WITH_MUNICIPALITY,
    "work_months",
    "return_month",
    "value_of_testing",
    *(f"pays_{actor}" for actor in ACTOR_NAMES),
)


class PriceChange(Change):
    """A price's new value, what it is multiplied by, or that what is given is taken off."""

    value: float | None = Field(None, ge=0, description="The new value, in the price's own unit.")
    times: float | None = Field(None, ge=0, description="What the value is multiplied by.")


class RateChange(Change):
    """A changed transition probability in one phase of an arm."""

    arm: Literal["treated", "comparison"] = Field("treated", description="The arm.")
    phase: int = Field(1, ge=1, description="The phase of the arm, counted from 1.")
    start: str = Field(description="The state before.")
    to: str = Field(description="The state after.")
    value: float | None = Field(
        None, ge=0, le=1, description="The new probability a month. 0 to 1."
    )


class TestFirst(Record):
    """A test before the start. Those who would not gain move as the comparison does."""

    share_who_gain: float = Field(
        ge=0, le=1, description="The share of people who would gain from starting. 0 to 1."
    )
    sensitivity: float = Field(
        ge=0, le=1, description="The share of those who would gain whom the test finds. 0 to 1."
    )
    specificity: float = Field(
        ge=0,
        le=1,
        description="The share of those who would not gain whom the test leaves out. 0 to 1.",
    )
    cost: float = Field(
        ge=0, description="What a test costs the public purse, in the price book's money."
    )


class Scenario(Record):
    """A question, what is changed to answer it, and the number that the change moves."""

    scenario: str = Field(description="The scenario's name.")
    title: Text = Field(description="What pages call it, by language.")
    question: Text = Field(description="The question, by language.")
    assumption: Text = Field(description="What is assumed to answer it, by language.")
    source: str = Field(description="From whom the changes are.")
    grade: Grade = Field(
        description="How sure: H read at the responsible authority or in an official table, M "
        "second-hand or derived, L general knowledge or illustrative."
    )
    number: str = Field(
        description="The number that the scenario is about, as `evalkit scenario` prints them."
    )
    what_if: Path = Field(
        Path("../what_if/long_term_support.yaml"),
        description="The cohort that is changed, relative to this file.",
    )
    price_book: Path = Field(
        Path("../unit_costs/stockholm.yaml"),
        description="The price book that is changed, relative to this file.",
    )
    prices: dict[str, PriceChange] = Field(
        default_factory=dict, description="Changes of prices, by key."
    )
    new_prices: tuple[PriceRecord, ...] = Field(
        (), description="Prices that the book does not have."
    )
    new_postings: tuple[Posting, ...] = Field(
        (), description="Postings that the book does not have."
    )
    payers: dict[str, dict[str, float]] = Field(
        default_factory=dict,
        description="Shares by actor of what one actor pays in the book, by posting.",
    )
    rates: tuple[RateChange, ...] = Field(
        (), description="Changes of the cohort's transition probabilities."
    )
    wait_months: int = Field(
        0, ge=0, description="How long the treated wait before they start. Months."
    )
    test_first: TestFirst | None = Field(None, description="A test before the start.")
    rule: str | None = Field(
        None, description="The dated rule that it is about, by its key in the calendar file."
    )
    calendar: Path = Field(
        Path("../calendar/sweden.yaml"),
        description="The file of dated rules, relative to this file.",
    )
    given: Given | None = Field(
        None, description="The share that the rule's text does not hold, with its range."
    )

    @property
    def changes(self) -> dict[str, Change]:
        """Changes of prices and rates, by the name that messages use."""
        return {f"prices.{key}": change for key, change in self.prices.items()} | {
            f"rates {number}": change for number, change in enumerate(self.rates, start=1)
        }


def refuse_unknown(
    scenario: Scenario, cohort: WhatIf, book: PriceBook, rule: Break | str | None, file: str
) -> None:
    """Refuse a scenario that changes what its cohort and its price book do not hold.

    Raises
    ------
    ParameterError
        Naming the file and every such change.
    """
    faults = [
        *_price_faults(scenario, book),
        *given_faults(scenario.given, scenario.changes, rule),
        *_payer_faults(scenario, book),
        *_rate_faults(scenario, cohort),
    ]
    if scenario.number not in NUMBERS:
        faults.append(f"number, {scenario.number} ({nearest(scenario.number, NUMBERS)})")
    if faults:
        raise ParameterError(
            f"A scenario changes what is not there: {len(faults)}.",
            where=f"{file}: {first_few(faults, 4)}",
            why="A change without effect would be read as an answer.",
            fix="mend the names; prices and postings are the book's, phases the cohort's.",
        )


def _price_faults(scenario: Scenario, book: PriceBook) -> Iterator[str]:
    for key, change in scenario.prices.items():
        if key not in book.records:
            yield f"prices.{key} ({nearest(key, book.records)})"
        ways = (change.value is not None, change.times is not None, change.lowered_by_given)
        if sum(ways) != 1:
            yield f"prices.{key} (one of value, times and lowered_by_given)"


def _payer_faults(scenario: Scenario, book: PriceBook) -> Iterator[str]:
    postings = [posting.posting for posting in book.postings]
    for name, shares in scenario.payers.items():
        if name not in postings:
            yield f"payers.{name} ({nearest(name, postings)})"
        if abs(sum(shares.values()) - 1) > 1e-9:
            yield f"payers.{name} (shares come to {sum(shares.values()):g})"


def _rate_faults(scenario: Scenario, cohort: WhatIf) -> Iterator[str]:
    for number, change in enumerate(scenario.rates, start=1):
        phases = getattr(cohort, change.arm)
        if (change.value is not None) + change.lowered_by_given != 1:
            yield f"rates {number} (one of value and lowered_by_given)"
        if change.phase > len(phases):
            yield f"rates (phase {change.phase} of {change.arm})"
        elif change.start not in cohort.states:
            yield f"rates (start {change.start}: {nearest(change.start, cohort.states)})"
        elif change.lowered_by_given and change.to not in phases[change.phase - 1].transitions.get(
            change.start, {}
        ):
            yield f"rates {number} (nobody goes from {change.start} to {change.to} there)"
