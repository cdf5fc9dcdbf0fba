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
from evalkit.errors import ParameterError, first_few, nearest
from evalkit.line.actors import ACTOR_NAMES, PERSPECTIVES_WITH_MUNICIPALITY, PUBLIC_PURSE
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


class PriceChange(Record):
    """A price's new value, or what it is multiplied by."""

    value: float | None = Field(None, ge=0, description="The new value, in the price's own unit.")
    times: float | None = Field(None, ge=0, description="What the value is multiplied by.")


class RateChange(Record):
    """A changed transition probability in one phase of an arm."""

    arm: Literal["treated", "comparison"] = Field("treated", description="The arm.")
    phase: int = Field(1, ge=1, description="The phase of the arm, counted from 1.")
    start: str = Field(description="The state before.")
    to: str = Field(description="The state after.")
    value: float = Field(ge=0, le=1, description="The new probability a month. 0 to 1.")


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


def run_scenario(path: Path | str) -> pl.DataFrame:
    """A scenario's numbers before and after its changes, per participant.

    Parameters
    ----------
    path : Path or str
        A file of params/scenarios/.

    Returns
    -------
    DataFrame
        scenario, number (of `NUMBERS`), before, after, change, is_named (the number the scenario is
        about), currency, price_year, grade. Money is the present value; pays_ACTOR is what an actor
        pays for the intervention itself; return_month is the public purse's, empty if never.

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
    _refuse_unknown(scenario, cohort, book, str(path))
    refuse_wait(scenario.wait_months, cohort, str(path))
    before = _numbers(_flow(cohort, book))
    changed, prices = (
        _changed_cohort(scenario, cohort, str(path)),
        changed_book(scenario, book, where=str(path)),
    )
    after = _numbers(_flow(changed, prices, scenario.wait_months)) | _testing(
        scenario, changed, prices
    )
    rows = [
        (scenario.scenario, name, before.get(name), after.get(name), name == scenario.number)
        for name in NUMBERS
    ]
    columns = ["scenario", "number", "before", "after", "is_named"]
    table = pl.DataFrame(rows, schema=columns, orient="row")
    return table.with_columns(
        (pl.col("after") - pl.col("before")).alias("change"),
        pl.lit(book.currency).alias("currency"),
        pl.lit(book.price_year, dtype=pl.Int32).alias("price_year"),
        pl.lit(least_sure((scenario.grade, cohort.grade, book.grade))).alias("grade"),
    )


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


def changed_book(scenario: Scenario, book: PriceBook, *, where: str) -> PriceBook:
    """The book with a scenario's prices, postings and payers, checked as any book."""
    content = book.model_dump()
    for record in content["prices"]:
        change = scenario.prices.get(record["key"])
        if change:
            record["value"] = (
                record["value"] * (1.0 if change.times is None else change.times)
                if change.value is None
                else change.value
            )
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


def _changed_cohort(scenario: Scenario, cohort: WhatIf, file: str) -> WhatIf:
    content = cohort.model_dump()
    for change in scenario.rates:
        phase = content[change.arm][change.phase - 1]
        phase["transitions"].setdefault(change.start, {})[change.to] = change.value
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


def _refuse_unknown(scenario: Scenario, cohort: WhatIf, book: PriceBook, file: str) -> None:
    postings = [posting.posting for posting in book.postings]
    faults = [
        f"prices.{key} ({nearest(key, book.records)})"
        for key in scenario.prices
        if key not in book.records
    ]
    faults += [
        f"prices.{key} (one of value and times)"
        for key, change in scenario.prices.items()
        if (change.value is None) == (change.times is None)
    ]
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
    if scenario.number not in NUMBERS:
        faults.append(f"number, {scenario.number} ({nearest(scenario.number, NUMBERS)})")
    if faults:
        raise ParameterError(
            f"A scenario changes what is not there: {len(faults)}.",
            where=f"{file}: {first_few(faults, 4)}",
            why="A change without effect would be read as an answer.",
            fix="mend the names; prices and postings are the book's, phases the cohort's.",
        )
