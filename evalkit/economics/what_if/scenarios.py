"""Scenarios: one question per file (params/scenarios/), as changes to a what-if cohort and to the
price book, and the number that they move.
"""

from pathlib import Path

import numpy as np
import polars as pl

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
from evalkit.economics.what_if.given import rule_in_words, rule_of
from evalkit.economics.what_if.scenario_file import NUMBERS, Scenario, refuse_unknown
from evalkit.line.actors import ACTOR_NAMES, PERSPECTIVES_WITH_MUNICIPALITY, PUBLIC_PURSE
from evalkit.line.calendar import Break
from evalkit.line.price_book import PriceBook
from evalkit.records import load
from evalkit.vocabulary import least_sure


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
    refuse_unknown(scenario, cohort, book, rule, str(path))
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
