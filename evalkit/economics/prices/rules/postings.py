"""What the postings of a book must satisfy: who pays whom, at which prices, driven by what, and who
bears what.
"""

from collections.abc import Iterable, Iterator
from math import prod

from evalkit.economics.prices.rules.rule import Rule
from evalkit.errors import nearest
from evalkit.line.actors import ACTOR_NAMES, RESOURCES
from evalkit.line.price_book import (
    PROGRAMME_DRIVERS,
    RATE_UNITS,
    STATE_DRIVERS,
    TIME_UNITS,
    UNIT_OF_DRIVER,
    Posting,
    PriceBook,
)
from evalkit.line.states import OUTCOMES


def _unknown_actors(book: PriceBook) -> Iterator[str]:
    for posting in book.postings:
        for actor in {posting.paid_by, posting.received_by} - {*ACTOR_NAMES, RESOURCES}:
            yield (
                f"posting {posting.posting}, {actor} ({nearest(actor, [*ACTOR_NAMES, RESOURCES])})"
            )
    for livelihood in book.livelihoods:
        if livelihood.paid_by is not None and livelihood.paid_by not in ACTOR_NAMES:
            yield (
                f"livelihood {livelihood.state}, {livelihood.paid_by} "
                f"({nearest(livelihood.paid_by, ACTOR_NAMES)})"
            )


def _unbalanced(book: PriceBook) -> Iterator[str]:
    for posting in book.postings:
        n_actors = len({posting.paid_by, posting.received_by} - {RESOURCES})
        if posting.kind == "transfer" and n_actors != 2:
            yield f"posting {posting.posting} (a transfer has two different actors)"
        if posting.kind == "real_resource" and (
            n_actors != 1 or RESOURCES not in (posting.paid_by, posting.received_by)
        ):
            yield (
                f"posting {posting.posting} (a real resource has one actor, and resources on "
                "the other side)"
            )


def _unknown_prices(book: PriceBook) -> Iterator[str]:
    known = set(book.records)
    for posting in book.postings:
        yield from (
            f"posting {posting.posting}, {key or 'nothing'} ({nearest(key, known)})"
            for key in _keys(posting.terms)
            if key not in known
        )
    appraisal = book.appraisal
    for role, key in (
        ("discount_rate", appraisal.discount_rate),
        ("cost_of_public_funds", appraisal.cost_of_public_funds),
        *(
            (f"displacement.{name}", key)
            for name, key in appraisal.displacement.model_dump().items()
        ),
        *(
            (f"displacement_by_state.{state}.{name}", key)
            for state, displacement in appraisal.displacement_by_state.items()
            for name, key in displacement.model_dump().items()
        ),
    ):
        if key not in known:
            yield f"appraisal {role}, {key} ({nearest(key, known)})"
        elif book.records[key].unit not in RATE_UNITS:
            yield (
                f"appraisal {role}, {key} (a rate is needed, this is "
                f"{'money' if book.records[key].is_money else book.records[key].unit})"
            )


def _unfit_amounts(book: PriceBook) -> Iterator[str]:
    for posting in book.postings:
        if posting.driver == "net_public_outlay":
            if posting.terms:
                yield (
                    f"posting {posting.posting} (its amount is the outlay times the cost of "
                    "public funds; it takes no prices)"
                )
            continue
        if not posting.terms:
            yield f"posting {posting.posting} (no amount)"
        for term in posting.terms:
            if _unit_of(term, book) != UNIT_OF_DRIVER[posting.driver]:
                yield (
                    f"posting {posting.posting}, {' * '.join(term)} (one price "
                    f"{UNIT_OF_DRIVER[posting.driver]} is needed)"
                )


def _unfit_drivers(book: PriceBook) -> Iterator[str]:
    for posting in book.postings:
        if (posting.driver in STATE_DRIVERS) != (posting.state is not None):
            yield (
                f"posting {posting.posting} ({posting.driver} "
                f"{'needs a' if posting.state is None else 'takes no'} state)"
            )
        names_some = posting.interventions or posting.other_than
        if names_some and posting.driver not in PROGRAMME_DRIVERS:
            yield f"posting {posting.posting} ({posting.driver} is not about interventions)"
        if posting.interventions and posting.other_than:
            yield f"posting {posting.posting} (either interventions or other_than)"
        if not posting.arms or len(set(posting.arms)) != len(posting.arms):
            yield f"posting {posting.posting} (arms must name each arm once)"
        if posting.driver in ("displaced_months", "net_public_outlay") and len(posting.arms) != 2:
            yield f"posting {posting.posting} ({posting.driver} compares both arms)"


def _unfit_states(book: PriceBook) -> Iterator[str]:
    declared = {livelihood.state for livelihood in book.livelihoods}
    for state in sorted(declared - set(OUTCOMES)):
        yield f"livelihood {state} ({nearest(state, OUTCOMES)})"
    for posting in book.postings:
        if posting.state is not None and posting.state not in declared:
            yield f"posting {posting.posting}, {posting.state} (no livelihood is declared for it)"


def _empty_livelihoods(book: PriceBook) -> Iterator[str]:
    for livelihood in book.livelihoods:
        if livelihood.paid_by is not None and not any(
            posting.driver == "state_months"
            and (posting.state, posting.paid_by, posting.received_by)
            == (livelihood.state, livelihood.paid_by, "person")
            for posting in book.postings
        ):
            yield f"livelihood {livelihood.state} (no posting from {livelihood.paid_by} to person)"


def _without_loser(book: PriceBook) -> Iterator[str]:
    displacing = [posting for posting in book.postings if posting.driver == "displaced_months"]
    if not displacing:
        yield "no posting driven by displaced_months"
    for state in sorted({posting.state for posting in displacing if posting.state is not None}):
        of_state = [posting for posting in displacing if posting.state == state]
        if _central_amount(book, of_state, "displaced_others") >= 0:
            yield f"state {state} (displaced_others do not lose at the prices' own values)"


def _without_bearer(book: PriceBook) -> Iterator[str]:
    bearing = [posting for posting in book.postings if posting.driver == "net_public_outlay"]
    if len(bearing) != 1:
        yield f"{len(bearing)} postings driven by net_public_outlay (one is needed)"
    for posting in bearing:
        if (posting.paid_by, posting.kind) != ("taxpayers", "real_resource"):
            yield f"posting {posting.posting} (taxpayers must bear it, as a real resource)"
    for posting in book.postings:
        if posting not in bearing and "taxpayers" in (posting.paid_by, posting.received_by):
            yield f"posting {posting.posting} (taxpayers bear nothing but the excess burden)"


def _unfit_roles(book: PriceBook) -> Iterator[str]:
    for posting in book.postings:
        is_of_programmes = posting.driver in PROGRAMME_DRIVERS
        if posting.role == "programme_cost" and not (
            is_of_programmes and posting.received_by == "resources"
        ):
            yield (
                f"posting {posting.posting} (a programme's cost is that of its months or starts, "
                "and uses resources up)"
            )
        if posting.role == "equalisation" and "city" not in (posting.paid_by, posting.received_by):
            yield (
                f"posting {posting.posting} (income equalisation is between the city and the state)"
            )
        if posting.driver == "net_public_outlay" and posting.delay_months:
            yield f"posting {posting.posting} (it follows the outlay; it has no delay of its own)"


def _unit_of(term: tuple[str, ...], book: PriceBook) -> str | None:
    """The unit of a product: its one price in money; a price per month times a number of months is
    one per start.
    """
    money = [book.records[key].unit for key in term if book.records[key].is_money]
    n_times = sum(book.records[key].unit in TIME_UNITS for key in term)
    if len(money) != 1 or n_times > 1 or (n_times and money != ["per month"]):
        return None
    return "per start" if n_times else money[0]


def _central_amount(book: PriceBook, postings: Iterable[Posting], actor: str) -> float:
    total = 0.0
    for posting in postings:
        for term in posting.terms:
            product = prod(book.records[key].value for key in term)
            total += product * sum(sign for side, sign in posting.sides if side == actor)
    return total


def _keys(terms: tuple[tuple[str, ...], ...]) -> list[str]:
    return [key for term in terms for key in term]


POSTING_RULES = (
    Rule(
        "Unknown actors",
        _unknown_actors,
        "Perspectives are made of the declared actors.",
        "use an actor of evalkit/line/actors.py.",
    ),
    Rule(
        "Postings that do not balance",
        _unbalanced,
        "What one actor pays another receives, or resources are used up or created; nothing comes "
        "from nowhere.",
        "name both sides, and the kind that fits them.",
    ),
    Rule(
        "Unknown prices",
        _unknown_prices,
        "A posting or a rate without a price has no amount.",
        "add the record, or mend the key.",
    ),
    Rule(
        "Amounts that cannot be posted",
        _unfit_amounts,
        "Each product has one price in money, in the unit of its driver, times rates.",
        "mend the amount or the driver.",
    ),
    Rule(
        "Postings whose driver does not fit",
        _unfit_drivers,
        "The driver says what is counted.",
        "mend driver, state or arms.",
    ),
    Rule(
        "States that cannot be posted",
        _unfit_states,
        "Every state is an outcome of evalkit/tables.py with a declared livelihood.",
        "declare the livelihood, or mend the state.",
    ),
    Rule(
        "Livelihoods that nobody pays",
        _empty_livelihoods,
        "Who pays a person's living in a state must show in the ledger.",
        "add the state_months posting from the payer to person.",
    ),
    Rule(
        "Displacement without a loser",
        _without_loser,
        "Work that displaces somebody else has a loser, who must be named and lose.",
        "add postings driven by displaced_months in which displaced_others lose their wage.",
    ),
    Rule(
        "A cost of public funds without its bearer",
        _without_bearer,
        "Raising public money costs more than the money itself, and taxpayers bear that.",
        "keep one posting driven by net_public_outlay, paid by taxpayers, received by resources.",
    ),
    Rule(
        "Roles that do not fit their posting",
        _unfit_roles,
        "Results are read off the postings' roles.",
        "mend the role or the posting.",
    ),
)
