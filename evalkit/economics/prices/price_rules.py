"""What a price book must satisfy before anything is valued with it. One rule, one message; all
faults of a rule are named at once.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from math import inf
from typing import TYPE_CHECKING

from evalkit.economics.prices.option_rules import OPTION_RULES, RATE_UNITS, Rule
from evalkit.errors import LedgerError, first_few, nearest
from evalkit.line.actors import ACTOR_NAMES, RESOURCES
from evalkit.tables import STATES

if TYPE_CHECKING:
    from evalkit.economics.prices.price_book import Posting, PriceBook
    from evalkit.params import PriceRecord

TIME_UNITS = ("months",)
MONEY_UNITS = ("per month", "per start")
_UNIT_OF_DRIVER = {
    "state_months": "per month",
    "displaced_months": "per month",
    "programme_months": "per month",
    "programme_starts": "per start",
}
_STATE_DRIVERS = ("state_months", "displaced_months")
_OUTCOMES = set(STATES["outcome"])


def refuse_faulty(book: "PriceBook", file: str) -> None:
    """Raise for the first rule that the book breaks, naming all records that break it.

    Raises
    ------
    LedgerError
        Names the file and the records, never the rest of the book.
    """
    for rule in (*_RULES, *OPTION_RULES):
        faults = list(rule.find(book))
        if faults:
            raise LedgerError(
                f"{rule.what}: {len(faults)}.",
                where=f"{file}: {first_few(faults, 6)}",
                why=rule.why,
                fix=rule.fix,
            )


def _repeated(book: "PriceBook") -> Iterator[str]:
    for kind, names in (
        ("price", [record.key for record in book.prices]),
        ("posting", [posting.posting for posting in book.postings]),
        ("livelihood", [livelihood.state for livelihood in book.livelihoods]),
    ):
        yield from (f"{kind} {name}" for name, count in Counter(names).items() if count > 1)


def _unnamed(book: "PriceBook") -> Iterator[str]:
    named = [(f"price {r.key}", r.name) for r in book.prices] + [
        (f"posting {p.posting}", p.name) for p in book.postings
    ]
    yield from (
        f"{what} ({language})"
        for what, name in named
        for language in ("en", "sv")
        if not name.get(language, "").strip()
    )


def _unknown_units(book: "PriceBook") -> Iterator[str]:
    units = (*RATE_UNITS, *MONEY_UNITS, *TIME_UNITS)
    yield from (
        f"price {r.key} ({nearest(r.unit, units)})" for r in book.prices if r.unit not in units
    )


def _incomparable(book: "PriceBook") -> Iterator[str]:
    for record in book.prices:
        if _is_money(record):
            missing = [
                name
                for name, value in (
                    ("currency", record.currency),
                    ("price year", record.price_year),
                )
                if value is None
            ]
            if missing:
                yield f"price {record.key} (no {' and no '.join(missing)})"
        elif record.currency is not None:
            yield f"price {record.key} (a {record.unit} with a currency)"


def _other_currency(book: "PriceBook") -> Iterator[str]:
    for record in filter(_is_money, book.prices):
        if record.currency != book.currency:
            yield f"price {record.key} ({record.currency}; the book is in {book.currency})"


def _other_year(book: "PriceBook") -> Iterator[str]:
    for record in filter(_is_money, book.prices):
        if record.price_year != book.price_year:
            yield (
                f"price {record.key} ({record.price_year}; the book is in prices of "
                f"{book.price_year})"
            )


def _negative(book: "PriceBook") -> Iterator[str]:
    yield from (
        f"price {record.key}"
        for record in book.prices
        if not all(0 <= end < inf for end in _ends(record))
    )


def _above_one(book: "PriceBook") -> Iterator[str]:
    yield from (
        f"price {record.key} ({record.unit})"
        for record in book.prices
        if record.unit in RATE_UNITS and not max(_ends(record)) <= 1
    )


def _outside(book: "PriceBook") -> Iterator[str]:
    for record in book.prices:
        kind, low, high = (
            record.distribution.kind,
            record.distribution.low,
            record.distribution.high,
        )
        if kind == "fixed" and (low, high) != (None, None):
            yield f"price {record.key} (fixed, yet with a range)"
        if kind != "fixed" and (low is None or high is None):
            yield f"price {record.key} ({kind} without both ends)"
        elif kind != "fixed" and not (low <= record.value <= high and low < high):
            yield f"price {record.key} ({kind})"


def _unknown_actors(book: "PriceBook") -> Iterator[str]:
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


def _unbalanced(book: "PriceBook") -> Iterator[str]:
    for posting in book.postings:
        n_actors = len({posting.paid_by, posting.received_by} - {RESOURCES})
        if posting.kind == "transfer" and n_actors != 2:
            yield f"posting {posting.posting} (a transfer has two different actors)"
        if posting.kind == "real_resource" and (
            n_actors != 1 or RESOURCES not in (posting.paid_by, posting.received_by)
        ):
            yield (
                f"posting {posting.posting} (a real resource has one actor, and resources on "
                "the "
                "other side)"
            )


def _unknown_prices(book: "PriceBook") -> Iterator[str]:
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
            for state, one in appraisal.displacement_by_state.items()
            for name, key in one.model_dump().items()
        ),
    ):
        if key not in known:
            yield f"appraisal {role}, {key} ({nearest(key, known)})"
        elif book.records[key].unit not in RATE_UNITS:
            yield (
                f"appraisal {role}, {key} (a rate is needed, this is "
                f"{'money' if _is_money(book.records[key]) else book.records[key].unit})"
            )


def _unfit_amounts(book: "PriceBook") -> Iterator[str]:
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
            if _unit_of(term, book) != _UNIT_OF_DRIVER[posting.driver]:
                yield (
                    f"posting {posting.posting}, {' * '.join(term)} (one price "
                    f"{_UNIT_OF_DRIVER[posting.driver]} is needed)"
                )


def _unit_of(term: tuple[str, ...], book: "PriceBook") -> str | None:
    """The unit of a product: its one price in money; a price per month times a number of months is
    one per start.
    """
    money = [book.records[key].unit for key in term if _is_money(book.records[key])]
    n_times = sum(book.records[key].unit in TIME_UNITS for key in term)
    if len(money) != 1 or n_times > 1 or (n_times and money != ["per month"]):
        return None
    return "per start" if n_times else money[0]


def _unfit_drivers(book: "PriceBook") -> Iterator[str]:
    for posting in book.postings:
        if (posting.driver in _STATE_DRIVERS) != (posting.state is not None):
            yield (
                f"posting {posting.posting} ({posting.driver} "
                f"{'needs a' if posting.state is None else 'takes no'} state)"
            )
        if (
            posting.interventions or posting.other_than
        ) and posting.driver not in _UNIT_OF_DRIVER.keys() - {*_STATE_DRIVERS}:
            yield f"posting {posting.posting} ({posting.driver} is not about interventions)"
        if posting.interventions and posting.other_than:
            yield f"posting {posting.posting} (either interventions or other_than)"
        if not posting.arms or len(set(posting.arms)) != len(posting.arms):
            yield f"posting {posting.posting} (arms must name each arm once)"
        if posting.driver in ("displaced_months", "net_public_outlay") and len(posting.arms) != 2:
            yield f"posting {posting.posting} ({posting.driver} compares both arms)"


def _unfit_states(book: "PriceBook") -> Iterator[str]:
    declared = {livelihood.state for livelihood in book.livelihoods}
    for state in sorted(declared - _OUTCOMES):
        yield f"livelihood {state} ({nearest(state, _OUTCOMES)})"
    for posting in book.postings:
        if posting.state is not None and posting.state not in declared:
            yield f"posting {posting.posting}, {posting.state} (no livelihood is declared for it)"


def _empty_livelihoods(book: "PriceBook") -> Iterator[str]:
    for livelihood in book.livelihoods:
        if livelihood.paid_by is not None and not any(
            posting.driver == "state_months"
            and (posting.state, posting.paid_by, posting.received_by)
            == (livelihood.state, livelihood.paid_by, "person")
            for posting in book.postings
        ):
            yield f"livelihood {livelihood.state} (no posting from {livelihood.paid_by} to person)"


def _without_loser(book: "PriceBook") -> Iterator[str]:
    displacing = [posting for posting in book.postings if posting.driver == "displaced_months"]
    if not displacing:
        yield "no posting driven by displaced_months"
    for state in sorted({posting.state for posting in displacing}):
        if (
            _central_amount(book, [p for p in displacing if p.state == state], "displaced_others")
            >= 0
        ):
            yield f"state {state} (displaced_others do not lose at the prices' own values)"


def _without_bearer(book: "PriceBook") -> Iterator[str]:
    bearing = [posting for posting in book.postings if posting.driver == "net_public_outlay"]
    if len(bearing) != 1:
        yield f"{len(bearing)} postings driven by net_public_outlay (one is needed)"
    for posting in bearing:
        if (posting.paid_by, posting.kind) != ("taxpayers", "real_resource"):
            yield f"posting {posting.posting} (taxpayers must bear it, as a real resource)"
    for posting in book.postings:
        if posting not in bearing and "taxpayers" in (posting.paid_by, posting.received_by):
            yield f"posting {posting.posting} (taxpayers bear nothing but the excess burden)"


def _central_amount(book: "PriceBook", postings: "Iterable[Posting]", actor: str) -> float:
    total = 0.0
    for posting in postings:
        for term in posting.terms:
            product = 1.0
            for key in term:
                product *= book.records[key].value
            total += product * sum(sign for side, sign in posting.sides if side == actor)
    return total


def _is_money(record: "PriceRecord") -> bool:
    return record.unit not in (*RATE_UNITS, *TIME_UNITS)


def _ends(record: "PriceRecord") -> list[float]:
    return [
        value
        for value in (record.value, record.distribution.low, record.distribution.high)
        if value is not None
    ]


def _keys(terms: tuple[tuple[str, ...], ...]) -> list[str]:
    return [key for term in terms for key in term]


# In this order: a later rule may rely on what an earlier one has refused.
_RULES = (
    Rule(
        "Names that stand more than once",
        _repeated,
        "Only one could be used, and nobody would know which.",
        "keep one of each.",
    ),
    Rule(
        "Names missing in a language",
        _unnamed,
        "The report is written in both languages.",
        "write the name in en and in sv.",
    ),
    Rule(
        "Prices with an unknown unit",
        _unknown_units,
        f"Money is priced {' or '.join(MONEY_UNITS)}; a rate is a {' or a '.join(RATE_UNITS)}. "
        "Postings multiply by these units.",
        "write one of these units, and convert the value if needed.",
    ),
    Rule(
        "Prices that cannot be compared",
        _incomparable,
        "An amount without currency and price year cannot be added to another; a rate has no "
        "currency.",
        "declare currency and price_year on every amount, and on no rate a currency.",
    ),
    Rule(
        "Prices in another currency",
        _other_currency,
        "One ledger adds up one currency.",
        "take them from dated records by reference, with a file of exchange rates under defaults, "
        "or keep a book a currency.",
    ),
    Rule(
        "Prices of another year",
        _other_year,
        "Amounts of different years differ by inflation alone.",
        "convert them to the book's price year by a price index.",
    ),
    Rule(
        "Prices that are negative or not finite",
        _negative,
        "A price is an amount; who pays and who receives is said by the posting.",
        "turn paid_by and received_by round instead.",
    ),
    Rule(
        "Rates above one", _above_one, "A share lies between 0 and 1.", "write 20 per cent as 0.20."
    ),
    Rule(
        "Distributions that do not contain their value",
        _outside,
        "Draws around a range that leaves out the value would contradict the point estimate.",
        "give low <= value <= high with low < high for uniform and triangular, and no range for "
        "fixed.",
    ),
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
)
