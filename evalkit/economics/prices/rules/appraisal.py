"""What the rates of the method must satisfy, and interventions' own prices: the household's split,
decay, and the ranges of the tornado.
"""

from collections import Counter
from collections.abc import Iterator

from evalkit.economics.prices.rules.rule import Rule
from evalkit.errors import nearest
from evalkit.line.actors import ACTOR_NAMES
from evalkit.line.price_book import (
    EQUALISATION_LAG_MONTHS,
    OTHER_PARTICIPANTS,
    Posting,
    PriceBook,
)

# Shares are written with a few decimals.
SPLIT_TOLERANCE = 1e-6


def _unfit_substitutes(book: PriceBook) -> Iterator[str]:
    owners = [
        *((f"intervention {entry.intervention_id}", entry.prices) for entry in book.interventions),
        *((f"district {entry.district}", entry.prices) for entry in book.districts),
    ]
    counts = Counter(owner for owner, _ in owners)
    yield from (f"{owner} (stands twice)" for owner, count in counts.items() if count > 1)
    units = {record.key: record.unit for record in book.prices}
    for owner, prices in owners:
        for replaced, substitute in prices.items():
            unknown = [key for key in (replaced, substitute) if key not in units]
            yield from (f"{owner}, {key} ({nearest(key, units)})" for key in unknown)
            if not unknown and units[replaced] != units[substitute]:
                yield f"{owner}, {substitute} ({units[substitute]} in place of {units[replaced]})"


def _unfit_split(book: PriceBook) -> Iterator[str]:
    split = book.appraisal.household_split
    for actor, key in split.items():
        if actor not in (*ACTOR_NAMES, OTHER_PARTICIPANTS):
            yield f"household_split, {actor} ({nearest(actor, (*ACTOR_NAMES, OTHER_PARTICIPANTS))})"
        if key not in book.records:
            yield f"household_split {actor}, {key} ({nearest(key, book.records)})"
        elif book.records[key].unit != "share" or book.records[key].distribution.kind != "fixed":
            yield f"household_split {actor}, {key} (a fixed share is needed)"
    if split and all(key in book.records for key in split.values()):
        total = sum(book.records[key].value for key in split.values())
        if abs(total - 1) > SPLIT_TOLERANCE:
            yield f"household_split (the shares come to {total:.4g})"


def _unfit_decay(book: PriceBook) -> Iterator[str]:
    key = book.appraisal.half_life
    if key is None:
        return
    if key not in book.records:
        yield f"appraisal half_life, {key} ({nearest(key, book.records)})"
    elif (
        book.records[key].unit != "months"
        or (book.records[key].distribution.low or book.records[key].value) <= 0
    ):
        yield f"appraisal half_life, {key} (months above zero are needed)"


def _unfit_equalisation(book: PriceBook) -> Iterator[str]:
    declared = book.appraisal.income_equalisation
    taking = [posting for posting in book.postings if posting.role == "equalisation"]
    if declared is None:
        yield from (
            f"posting {posting.posting} (appraisal income_equalisation is missing)"
            for posting in taking
        )
        return
    for what, key in declared.model_dump().items():
        if key not in book.records:
            yield f"income_equalisation {what}, {key} ({nearest(key, book.records)})"
        elif book.records[key].unit != "share":
            yield f"income_equalisation {what}, {key} (a share is needed)"
    own_taxes = [entry.prices.get(declared.tax, declared.tax) for entry in book.districts]
    for key in dict.fromkeys((declared.tax, *own_taxes)):
        record = book.records.get(key)
        if record and (record.distribution.low or record.value) <= 0:
            yield f"income_equalisation tax, {key} (a rate above zero is needed)"
    if not taking:
        yield "income_equalisation (no posting with the role equalisation)"
    for posting in taking:
        yield from _unlawful(posting, declared.county_rate)


def _unlawful(posting: Posting, county_rate: str) -> Iterator[str]:
    if any(county_rate not in term for term in posting.terms):
        yield f"posting {posting.posting} (each product needs {county_rate})"
    if posting.delay_months != EQUALISATION_LAG_MONTHS:
        yield (
            f"posting {posting.posting} (delay_months {posting.delay_months}, not "
            f"{EQUALISATION_LAG_MONTHS})"
        )


def _unfit_sensitivity(book: PriceBook) -> Iterator[str]:
    for key, (low, high) in book.appraisal.sensitivity.items():
        if key not in book.records:
            yield f"appraisal sensitivity, {key} ({nearest(key, book.records)})"
        elif (
            not 0 <= low <= book.records[key].value <= high
            or low == high
            or book.records[key].distribution.kind != "fixed"
        ):
            yield (
                f"appraisal sensitivity, {key} (a fixed record, and ends around its value, are "
                "needed)"
            )


APPRAISAL_RULES = (
    Rule(
        "Own prices that do not fit",
        _unfit_substitutes,
        "An intervention's or a district's own price takes another's place in the same postings.",
        "name two prices of the book with the same unit.",
    ),
    Rule(
        "A household split that does not add up",
        _unfit_split,
        "A household's money goes to its members, all of it and no more.",
        "give fixed shares that sum to one.",
    ),
    Rule(
        "A decay that cannot be used",
        _unfit_decay,
        "What is left of an effect halves every so many months.",
        "name a price in months.",
    ),
    Rule(
        "Income equalisation that does not follow the law",
        _unfit_equalisation,
        "A krona of tax base brings the municipality its own rate, and costs the county rate two "
        "years later.",
        "name the tax rate and the county rate under appraisal.income_equalisation, and post the "
        "tax base times the county rate with delay_months: 24.",
    ),
    Rule(
        "Sensitivity ranges that do not fit",
        _unfit_sensitivity,
        "A record with a range of its own is varied over that; a rate of the method over what is "
        "declared for it.",
        "give low <= value <= high for a fixed record.",
    ),
)
