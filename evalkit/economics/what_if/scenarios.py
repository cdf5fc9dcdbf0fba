"""Scenarios: one question per file (params/scenarios/), as changes to a what-if cohort and to the
price book, and the number that they move.
"""

from pathlib import Path
from typing import Literal

import numpy as np
import polars as pl
from pydantic import Field

from evalkit.economics.ledger.cash_flow import CashFlow, cash_flow
from evalkit.economics.ledger.ledger import refuse_unknown_states
from evalkit.economics.prices.price_book_file import declare_price_book, load_price_book
from evalkit.economics.results.payback import NEVER, return_months
from evalkit.economics.what_if.arms import (
    WhatIf,
    cohort_path,
    load_what_if,
    refuse_unfit,
    refuse_wait,
)
from evalkit.economics.what_if.given import (
    Change,
    Given,
    given_faults,
    rule_in_words,
    rule_of,
)
from evalkit.errors import ParameterError, first_few, nearest
from evalkit.line.actors import ACTOR_NAMES, PERSPECTIVES_WITH_MUNICIPALITY, PUBLIC_PURSE
from evalkit.line.calendar import Break
from evalkit.line.price_book import Posting, PriceBook, PriceRecord
from evalkit.records import Record, load
from evalkit.vocabulary import Grade, Text, least_sure

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


def run_scenario(path: Path | str) -> pl.DataFrame:
    """A scenario's numbers before and after its changes, per participant.

    Parameters
    ----------
    path : Path or str
        A file of params/scenarios/.

    Returns
    -------
    DataFrame
        scenario, number (of `NUMBERS`), before, after, at_low and at_high (after, at the ends of
        what the scenario gives; empty where it gives nothing), change, is_named (the number the
        scenario is about), currency, price_year, grade, rule (the dated rule in words, or empty).
        Money is the present value; pays_ACTOR is what an actor pays for the intervention itself;
        return_month is the public purse's, empty if never.

    Raises
    ------
    ParameterError
        If a field is faulty, a change names a price, posting, state or phase that is not there, or
        the changed cohort cannot be followed; names the file.
    LedgerError
        If the changed book does not balance, or has no livelihood for a state.
    """
    path = Path(path)
    scenario = load(path, Scenario)
    cohort, book = (
        load_what_if(path.parent / scenario.what_if),
        load_price_book(path.parent / scenario.price_book),
    )
    rule = rule_of(scenario.rule, path.parent / scenario.calendar)
    _refuse_unknown(scenario, cohort, book, rule, str(path))
    refuse_wait(scenario.wait_months, cohort, str(path))
    given = scenario.given
    sides = {"before": _numbers(_flow(cohort, book))} | {
        side: _after(scenario, cohort, book, share, str(path))
        for side, share in (
            ("after", given.share if given else 0.0),
            *((("at_low", given.low), ("at_high", given.high)) if given else ()),
        )
    }
    columns = ("before", "after", "at_low", "at_high")
    table = pl.DataFrame(
        [
            (scenario.scenario, name, *(sides.get(side, {}).get(name) for side in columns))
            for name in NUMBERS
        ],
        schema={"scenario": pl.String, "number": pl.String} | dict.fromkeys(columns, pl.Float64),
        orient="row",
    )
    return table.with_columns(
        (pl.col("number") == scenario.number).alias("is_named"),
        pl.lit(rule_in_words(rule) if isinstance(rule, Break) else None, pl.String).alias("rule"),
        (pl.col("after") - pl.col("before")).alias("change"),
        pl.lit(book.currency).alias("currency"),
        pl.lit(book.price_year, dtype=pl.Int32).alias("price_year"),
        pl.lit(least_sure((scenario.grade, cohort.grade, book.grade))).alias("grade"),
    )


def _after(
    scenario: Scenario, cohort: WhatIf, book: PriceBook, share: float, file: str
) -> dict[str, float | None]:
    """The numbers after a scenario's changes, with a share of what is lowered taken off."""
    changed = _changed_cohort(scenario, cohort, share, file)
    prices = changed_book(scenario, book, share=share, where=file)
    numbers = _numbers(_flow(changed, prices, scenario.wait_months))
    return numbers | _testing(scenario, changed, prices)


def run_scenarios(folder: Path | str) -> pl.DataFrame:
    """The named number of every scenario of a folder, before and after: as `run_scenario`, one row
    per file, with its title in each of its languages (title_en ...).
    """
    tables = []
    for path in sorted(Path(folder).glob("*.yaml")):
        title = load(path, Scenario).title
        titles = [pl.lit(title[language]).alias(f"title_{language}") for language in sorted(title)]
        tables.append(run_scenario(path).filter("is_named").with_columns(titles))
    return pl.concat(tables, how="diagonal")


def what_if_value(cohort: WhatIf, book: PriceBook, *, wait_months: int = 0) -> pl.DataFrame:
    """The numbers of a cohort: number, amount, currency, price_year; as in `run_scenario`.

    Raises
    ------
    ParameterError
        If the wait is longer than the cohort is followed.
    """
    refuse_wait(wait_months, cohort, f"what-if {cohort.what_if}")
    rows = list(_numbers(_flow(cohort, book, wait_months)).items())
    table = pl.DataFrame(rows, schema=["number", "amount"], orient="row")
    return table.with_columns(
        pl.lit(book.currency).alias("currency"),
        pl.lit(book.price_year, dtype=pl.Int32).alias("price_year"),
    )


def changed_book(
    scenario: Scenario, book: PriceBook, *, share: float = 0.0, where: str
) -> PriceBook:
    """The book with a scenario's prices, postings and payers, checked as any book; `share` is taken
    off what is lowered by what the scenario gives.
    """
    content = book.model_dump()
    for record in content["prices"]:
        change = scenario.prices.get(record["key"])
        if change:
            times = 1 - share if change.lowered_by_given else change.times
            record["value"] = change.value if times is None else record["value"] * times
            record["distribution"] = {"kind": "fixed"}
    sensitivity = content["appraisal"]["sensitivity"]
    content["appraisal"]["sensitivity"] = {
        key: ends for key, ends in sensitivity.items() if key not in scenario.prices
    }
    content["prices"] = [
        *content["prices"],
        *(record.model_dump() for record in scenario.new_prices),
    ]
    content["postings"] = [
        *content["postings"],
        *(posting.model_dump() for posting in scenario.new_postings),
    ]
    for name, shares in scenario.payers.items():
        _share_out(content, name, shares)
    return declare_price_book(content, where=where, folder=Path(book.file).parent)


def _share_out(content: dict, name: str, shares: dict[str, float]) -> None:
    """One posting becomes one for each payer, in the given shares."""
    posting = next(posting for posting in content["postings"] if posting["posting"] == name)
    shared = []
    for actor, share in shares.items():
        key = f"{name}.{actor}"
        name_of_share = {
            language: f"{text}: {share:.0%} {actor}" for language, text in posting["name"].items()
        }
        source, grade = "share of the scenario", "L"
        record = {
            "key": key,
            "name": name_of_share,
            "value": share,
            "unit": "share",
            "source": source,
            "grade": grade,
        }
        content["prices"].append(record)
        amount = " + ".join(f"{term.strip()} * {key}" for term in posting["amount"].split("+"))
        shared.append({**posting, "posting": key, "paid_by": actor, "amount": amount})
    kept = [posting for posting in content["postings"] if posting["posting"] != name]
    content["postings"] = kept + shared


def _changed_cohort(scenario: Scenario, cohort: WhatIf, share: float, file: str) -> WhatIf:
    content = cohort.model_dump()
    for change in scenario.rates:
        rates = content[change.arm][change.phase - 1]["transitions"].setdefault(change.start, {})
        lowered = rates.get(change.to, 0.0) * (1 - share)
        rates[change.to] = lowered if change.value is None else change.value
    changed = WhatIf.model_validate(content)
    refuse_unfit(changed, file)
    return changed


def _flow(cohort: WhatIf, book: PriceBook, wait_months: int = 0) -> CashFlow:
    path = cohort_path(cohort, wait_months=wait_months)
    refuse_unknown_states(path.states, book)
    return cash_flow(path, book, {record.key: np.array([record.value]) for record in book.prices})


def _numbers(flow: CashFlow) -> dict[str, float | None]:
    month = int(return_months(flow.through_time(PUBLIC_PURSE).cumsum(axis=1))[0])
    return {
        **{
            name: float(flow.present_value(actors)[0])
            for name, actors in PERSPECTIVES_WITH_MUNICIPALITY.items()
        },
        "work_months": float(flow.work_months.sum()),
        "return_month": None if month == NEVER else float(month),
        "value_of_testing": 0.0,
        **{
            f"pays_{actor}": float(cost[0])
            for actor, cost in zip(ACTOR_NAMES, flow.programme_cost, strict=True)
        },
    }


def _testing(scenario: Scenario, cohort: WhatIf, book: PriceBook) -> dict[str, float]:
    """What testing first is worth to society over the best choice without a test: those who gain
    are worth the flow, the others cost a start for nothing."""
    if scenario.test_first is None:
        return {}
    test, rates = scenario.test_first, {record.key: record.value for record in book.prices}
    without_effect = cohort.model_copy(update={"treated": cohort.comparison})
    gain, loss = (
        float(_flow(arms, book, scenario.wait_months).present_value(ACTOR_NAMES)[0])
        for arms in (cohort, without_effect)
    )
    cost = test.cost * (1 + rates[book.appraisal.cost_of_public_funds])
    directly = test.share_who_gain * gain + (1 - test.share_who_gain) * loss
    tested = (
        test.share_who_gain * test.sensitivity * gain
        + (1 - test.share_who_gain) * (1 - test.specificity) * loss
        - cost
    )
    return {"value_of_testing": tested - max(directly, 0.0)}


def _refuse_unknown(
    scenario: Scenario, cohort: WhatIf, book: PriceBook, rule: Break | str | None, file: str
) -> None:
    postings = [posting.posting for posting in book.postings]
    faults = [
        f"prices.{key} ({nearest(key, book.records)})"
        for key in scenario.prices
        if key not in book.records
    ]
    faults += [
        f"prices.{key} (one of value, times and lowered_by_given)"
        for key, change in scenario.prices.items()
        if (change.value is not None) + (change.times is not None) + change.lowered_by_given != 1
    ]
    faults += [
        f"rates {number} (one of value and lowered_by_given)"
        for number, change in enumerate(scenario.rates, start=1)
        if (change.value is not None) + change.lowered_by_given != 1
    ]
    faults += given_faults(scenario.given, scenario.changes, rule)
    faults += [
        f"payers.{name} ({nearest(name, postings)})"
        for name in scenario.payers
        if name not in postings
    ]
    faults += [
        f"payers.{name} (shares come to {sum(s.values()):g})"
        for name, s in scenario.payers.items()
        if abs(sum(s.values()) - 1) > 1e-9
    ]
    faults += [
        f"rates (phase {change.phase} of {change.arm})"
        for change in scenario.rates
        if change.phase > len(getattr(cohort, change.arm))
    ]
    faults += [
        f"rates (start {change.start}: {nearest(change.start, cohort.states)})"
        for change in scenario.rates
        if change.start not in cohort.states
    ]
    faults += [
        f"rates {number} (nobody goes from {change.start} to {change.to} there)"
        for number, change in enumerate(scenario.rates, start=1)
        if change.lowered_by_given and not _has_rate(cohort, change)
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


def _has_rate(cohort: WhatIf, change: RateChange) -> bool:
    phases = getattr(cohort, change.arm)
    if change.phase > len(phases):
        return True  # told by itself
    return change.to in phases[change.phase - 1].transitions.get(change.start, {})
