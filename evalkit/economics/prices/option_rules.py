"""What the optional parts of a price book must satisfy: interventions' own prices, the household's
split, decay and delays.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, NamedTuple

from evalkit.errors import nearest
from evalkit.line.actors import ACTOR_NAMES

if TYPE_CHECKING:
    from evalkit.economics.prices.price_book import PriceBook

RATE_UNITS = ("share", "share per year")
# Shares are written with a few decimals.
SPLIT_TOLERANCE = 1e-6
# Beside the actors who receive a household's money: what stands in the ledger of its other
# participants.
COUNTED_ELSEWHERE = "other_participants"


class Rule(NamedTuple):
    """One rule of a price book: what is wrong, how the faults are found, why it matters and how to
    mend them.
    """

    what: str
    find: "Callable[[PriceBook], Iterator[str]]"
    why: str
    fix: str


def _unfit_substitutes(book: "PriceBook") -> Iterator[str]:
    counts = Counter(one.intervention_id for one in book.interventions)
    yield from (
        f"intervention {name} (stands twice)" for name, count in counts.items() if count > 1
    )
    for one in book.interventions:
        for replaced, own in one.prices.items():
            for key in (replaced, own):
                if key not in book.records:
                    yield (
                        f"intervention {one.intervention_id}, {key} ({nearest(key, book.records)})"
                    )
            if {replaced, own} <= set(book.records) and book.records[replaced].unit != book.records[
                own
            ].unit:
                yield (
                    f"intervention {one.intervention_id}, {own} ({book.records[own].unit} in "
                    f"place of {book.records[replaced].unit})"
                )


def _unfit_split(book: "PriceBook") -> Iterator[str]:
    split = book.appraisal.household_split
    for actor, key in split.items():
        if actor not in (*ACTOR_NAMES, COUNTED_ELSEWHERE):
            yield f"household_split, {actor} ({nearest(actor, (*ACTOR_NAMES, COUNTED_ELSEWHERE))})"
        if key not in book.records:
            yield f"household_split {actor}, {key} ({nearest(key, book.records)})"
        elif book.records[key].unit != "share" or book.records[key].distribution.kind != "fixed":
            yield f"household_split {actor}, {key} (a fixed share is needed)"
    if split and all(key in book.records for key in split.values()):
        total = sum(book.records[key].value for key in split.values())
        if abs(total - 1) > SPLIT_TOLERANCE:
            yield f"household_split (the shares come to {total:.4g})"


def _unfit_decay(book: "PriceBook") -> Iterator[str]:
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


def _unfit_sensitivity(book: "PriceBook") -> Iterator[str]:
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


def _unfit_roles(book: "PriceBook") -> Iterator[str]:
    for posting in book.postings:
        is_of_programmes = posting.driver in ("programme_months", "programme_starts")
        if posting.role == "programme_cost" and not (
            is_of_programmes and posting.received_by == "resources"
        ):
            yield (
                f"posting {posting.posting} (a programme's cost is that of its months or "
                "starts, "
                "and uses resources up)"
            )
        if posting.role == "equalisation" and "city" not in (posting.paid_by, posting.received_by):
            yield (
                f"posting {posting.posting} (income equalisation is between the city and the state)"
            )
        if posting.driver == "net_public_outlay" and posting.delay_months:
            yield f"posting {posting.posting} (it follows the outlay; it has no delay of its own)"


OPTION_RULES = (
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
    Rule(
        "Roles that do not fit their posting",
        _unfit_roles,
        "Results are read off the postings' roles.",
        "mend the role or the posting.",
    ),
)
