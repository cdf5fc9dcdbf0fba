"""The price book: prices and rates with sources, and the rules by which a life is posted between
actors, as data.

A posting says what drives it, who pays, who receives and how much. Its driver is one of
  state_months       months in a state, in the arms named (discounted to the month's middle);
  programme_months   months in which people take part in interventions, of each at its own price
  (discounted to the month's middle); programme_starts   their starts in interventions, of each at
  its own price (discounted to the month's beginning); displaced_months   months in a state times
  the share that displaces somebody else; net_public_outlay  what the public purse lays out in all
  other postings, times the cost of public funds.
Its kind is a transfer between two actors, or a real resource, whose other side is `resources`. Its
amount is a sum of products of price keys, for example "wage + wage * employer_contribution".
Society's money has one currency and one price year.

A price is stated in the book, or taken from the dated parameters that the book names under
`defaults` (evalkit/economics/prices/references.py).
"""

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, PrivateAttr

from evalkit.economics.prices.dated import load_dated
from evalkit.economics.prices.price_rules import refuse_faulty
from evalkit.economics.prices.references import Factor, PriceByReference, resolve
from evalkit.errors import ParameterError
from evalkit.line.actors import RESOURCES
from evalkit.params import PriceRecord
from evalkit.records import Record, load, validate
from evalkit.vocabulary import Grade, Text, least_sure

Arm = Literal["treated", "comparison"]
Driver = Literal[
    "state_months", "programme_months", "programme_starts", "displaced_months", "net_public_outlay"
]
PROGRAMME_DRIVERS = ("programme_months", "programme_starts")
Kind = Literal["transfer", "real_resource"]
# What a posting is in the results: the cost of programmes, or municipal tax that income
# equalisation takes.
Role = Literal["programme_cost", "equalisation"]
Scenario = Literal["zero", "central", "high"]


class Livelihood(Record):
    """Who pays a person's living in a state (null: nobody in this ledger); every state of an effect
    needs one.
    """

    state: str
    paid_by: str | None
    note: str = ""


class Posting(Record):
    """One rule of the ledger: what drives it, from whom to whom, of which kind, how much.

    A posting on programmes is about every intervention, or about those of `interventions` alone, or
    about all but `other_than`.
    """

    posting: str
    name: Text
    driver: Driver
    state: str | None = None
    paid_by: str
    received_by: str
    kind: Kind
    amount: str = ""
    arms: tuple[Arm, ...] = ("treated", "comparison")
    role: Role | None = None
    delay_months: int = Field(0, ge=0, le=120)
    interventions: tuple[str, ...] = ()
    other_than: tuple[str, ...] = ()
    note: str = ""

    def pays_for(self, intervention_id: str) -> bool:
        """Whether a posting on programmes is about an intervention."""
        return intervention_id not in self.other_than and (
            not self.interventions or intervention_id in self.interventions
        )

    @property
    def terms(self) -> tuple[tuple[str, ...], ...]:
        """The amount as a sum of products: ('wage',), ('wage', 'employer_contribution')."""
        return (
            tuple(tuple(key.strip() for key in term.split("*")) for term in self.amount.split("+"))
            if self.amount.strip()
            else ()
        )

    @property
    def sides(self) -> tuple[tuple[str, int], ...]:
        """Its rows in the ledger: the actor and the sign of the amount for that actor; `resources`
        has none.
        """
        return tuple(
            (actor, sign)
            for actor, sign in ((self.paid_by, -1), (self.received_by, 1))
            if actor != RESOURCES
        )


class Displacement(Record):
    """The keys of the share of new work months that displaces somebody else: none, expected,
    high.
    """

    zero: str
    central: str
    high: str


class Appraisal(Record):
    """The keys of the rates that belong to the method rather than to a posting.

    `displacement_by_state` holds for the kinds of job it names, `displacement` for all others.
    Without a half-life nothing is projected. `household_split` names the shares of a household's
    money by actor, and what stands in the ledger of its other participants (`other_participants`,
    posted nowhere here); they sum to one. `sensitivity` gives the ends between which a rate of the
    method, which is not drawn, is varied in the tornado.
    """

    discount_rate: str
    cost_of_public_funds: str
    displacement: Displacement
    displacement_by_state: dict[str, Displacement] = Field(default_factory=dict)
    half_life: str | None = None
    household_split: dict[str, str] = Field(default_factory=dict)
    sensitivity: dict[str, tuple[float, float]] = Field(default_factory=dict)

    def displacement_in(self, state: str | None) -> Displacement:
        """The displacement that holds for work in a state."""
        return self.displacement_by_state.get(state, self.displacement)


class InterventionPrices(Record):
    """An intervention's own prices: which of the book's prices stand for which in its ledger."""

    intervention_id: str
    prices: dict[str, str]


class PriceBook(Record):
    """Prices, livelihoods and postings in one currency and one price year, checked as a whole."""

    book: str
    title: Text
    note: Text | None = None
    currency: str
    price_year: int
    defaults: tuple[Path, ...] = ()
    appraisal: Appraisal
    livelihoods: tuple[Livelihood, ...]
    prices: tuple[PriceRecord, ...]
    postings: tuple[Posting, ...]
    interventions: tuple[InterventionPrices, ...] = ()

    _file: str = PrivateAttr("a price book")

    @property
    def file(self) -> str:
        """Where the book was read from, for messages."""
        return self._file

    @property
    def records(self) -> dict[str, PriceRecord]:
        """The price records by key."""
        return {record.key: record for record in self.prices}

    @property
    def grade(self) -> Grade:
        """The weakest grade among the records: what the value as a whole rests on."""
        return least_sure(record.grade for record in self.prices)

    @property
    def posting_names(self) -> dict[str, Text]:
        """What each posting is called, by language: labels for tables and figures."""
        return {posting.posting: posting.name for posting in self.postings}

    def own_prices(self, intervention_id: str) -> dict[str, str]:
        """Which key an intervention uses in place of another; empty if it has no prices of
        its own.
        """
        return next(
            (one.prices for one in self.interventions if one.intervention_id == intervention_id), {}
        )


class PriceBookFile(PriceBook):
    """A price book as its file may write it, for editors: prices stated, or taken from dated
    parameters.
    """

    prices: tuple[PriceRecord | PriceByReference, ...]


class _Content(BaseModel):
    """A file's content as it stands, before references are followed."""

    model_config = ConfigDict(extra="allow")


def load_price_book(path: Path | str) -> PriceBook:
    """Read a price book (params/unit_costs/NAME.yaml) and check that its ledger can balance.

    Parameters
    ----------
    path : Path or str
        A YAML file with the fields of `PriceBook`; a price with `default` is taken from the dated
        parameters named under `defaults`.

    Returns
    -------
    PriceBook
        Frozen, with every price resolved; `records.hash_of` gives its vintage, which does not
        depend on where the file lies.

    Raises
    ------
    ParameterError
        If a file is missing, a key is unknown, missing or of the wrong type, or a dated value does
        not exist for the year asked.
    LedgerError
        If a price lacks what makes it comparable (currency, price year, a value inside its
        distribution, not negative), or a posting names an unknown price, actor or state or does not
        balance; names the file and the records.
    """
    content = load(path, _Content).model_dump()
    return declare_price_book(content, where=str(path), folder=Path(path).parent)


def declare_price_book(content: dict, *, where: str, folder: Path | str = ".") -> PriceBook:
    """A price book from content already read; `where` names it in messages, `defaults` lie relative
    to `folder`.

    Checks and errors as `load_price_book`.
    """
    book = validate(_resolved(content, where=where, folder=Path(folder)), PriceBook, where=where)
    refuse_faulty(book, where)
    book._file = where
    return book


def book_references(path: Path | str) -> dict[str, tuple[str, ...]]:
    """Which dated parameters a book's file takes its prices from: by their key, the prices that use
    them.
    """
    found: dict[str, list[str]] = {}
    for price in load(path, _Content).model_dump().get("prices", ()):
        if isinstance(price, dict) and "default" in price:
            entry = validate(price, PriceByReference, where=f"{path}, price {price.get('key')}")
            factors = [
                one
                for one in (*entry.default.times, *entry.default.divided_by)
                if isinstance(one, Factor)
            ]
            for key in (entry.default.key, *(factor.key for factor in factors)):
                found.setdefault(key, []).append(entry.key)
    return {key: tuple(prices) for key, prices in found.items()}


def _resolved(content: dict, *, where: str, folder: Path) -> dict:
    """The content with every price that refers to a dated parameter filled in."""
    prices = content.get("prices")
    if not isinstance(prices, list | tuple) or not any(
        isinstance(price, dict) and "default" in price for price in prices
    ):
        return content
    missing = [f'"{key}"' for key in ("currency", "price_year") if content.get(key) is None]
    if missing:
        raise ParameterError(
            f"The book does not say in which money it counts: {len(missing)} missing.",
            where=f"{where}, {', '.join(missing)}",
            why="Prices from the dated parameters are moved to the book's currency and price year.",
            fix="declare currency (for example SEK) and price_year (for example 2023) at the top "
            "of the file.",
        )
    records = load_dated(folder / path for path in content.get("defaults", ()))
    return content | {"prices": [_filled(price, content, records, where) for price in prices]}


def _filled(price: object, content: dict, records: dict, where: str) -> object:
    if not isinstance(price, dict) or "default" not in price:
        return price
    entry = validate(price, PriceByReference, where=f"{where}, price {price.get('key')}")
    try:
        return resolve(
            entry,
            price_year=content.get("price_year"),
            currency=content.get("currency"),
            records=records,
        ).model_dump()
    except ParameterError as fault:
        raise ParameterError(
            fault.what,
            where=f"{where}, price {entry.key}: {fault.where}",
            why=fault.why,
            fix=fault.fix,
        ) from None
