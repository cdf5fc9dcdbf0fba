"""What the rates of the method must satisfy, and interventions' own prices: the household's split,
decay, and the ranges of the tornado.
"""

from collections import Counter
from collections.abc import Iterator

from evalkit.economics.prices.rules.rule import Rule
from evalkit.errors import nearest
from evalkit.line.actors import ACTOR_NAMES
from evalkit.line.price_book import OTHER_PARTICIPANTS, PriceBook

# Shares are written with a few decimals.
SPLIT_TOLERANCE = 1e-6


def _unfit_substitutes(book: PriceBook) -> Iterator[str]:
    counts = Counter(entry.intervention_id for entry in book.interventions)
    yield from (
        f"intervention {name} (stands twice)" for name, count in counts.items() if count > 1
    )
    units = {record.key: record.unit for record in book.prices}
    for entry in book.interventions:
        intervention = f"intervention {entry.intervention_id}"
        for replaced, substitute in entry.prices.items():
            unknown = [key for key in (replaced, substitute) if key not in units]
            yield from (f"{intervention}, {key} ({nearest(key, units)})" for key in unknown)
            if not unknown and units[replaced] != units[substitute]:
                yield (
                    f"{intervention}, {substitute} ({units[substitute]} in place of "
                    f"{units[replaced]})"
                )


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
        "Interventions' own prices that do not fit",
        _unfit_substitutes,
        "An intervention's own price takes another's place in the same postings.",
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
        "Sensitivity ranges that do not fit",
        _unfit_sensitivity,
        "A record with a range of its own is varied over that; a rate of the method over what is "
        "declared for it.",
        "give low <= value <= high for a fixed record.",
    ),
)
