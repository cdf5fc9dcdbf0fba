"""The price book: prices and rates with sources, and the rules by which a life is posted between actors, as data.

A posting says what drives it, who pays, who receives and how much. Its driver is one of
  state_months       months in a state, in the arms named (discounted to the month's middle);
  start              a start of the intervention at time zero, treated arm only;
  displaced_months   months in a state times the share that displaces somebody else;
  net_public_outlay  what the public purse lays out in all other postings, times the cost of public funds.
Its kind is a transfer between two actors, or a real resource, whose other side is `resources`. Its amount is a sum of products of
price keys, for example "wage + wage * employer_contribution". Society's money has one currency and one price year.
"""

from pathlib import Path
from typing import Literal

from pydantic import PrivateAttr

from evalkit.economics.actors import RESOURCES
from evalkit.economics.price_rules import refuse_faulty
from evalkit.params import Grade, PriceRecord, Record, Text, load, validate

Arm = Literal["treated", "comparison"]
Driver = Literal["state_months", "start", "displaced_months", "net_public_outlay"]
Kind = Literal["transfer", "real_resource"]
Scenario = Literal["zero", "central", "high"]


class Livelihood(Record):
    """Who pays a person's living in a state (null: nobody in this ledger); every state of an effect needs one."""

    state: str
    paid_by: str | None
    note: str = ""


class Posting(Record):
    """One rule of the ledger: what drives it, from whom to whom, of which kind, how much."""

    posting: str
    name: Text
    driver: Driver
    state: str | None = None
    paid_by: str
    received_by: str
    kind: Kind
    amount: str = ""
    arms: tuple[Arm, ...] = ("treated", "comparison")
    note: str = ""

    @property
    def terms(self) -> tuple[tuple[str, ...], ...]:
        """The amount as a sum of products: ('wage',), ('wage', 'employer_contribution')."""
        return tuple(tuple(key.strip() for key in term.split("*")) for term in self.amount.split("+")) if self.amount.strip() else ()

    @property
    def sides(self) -> tuple[tuple[str, int], ...]:
        """Its rows in the ledger: the actor and the sign of the amount for that actor; `resources` has none."""
        return tuple((actor, sign) for actor, sign in ((self.paid_by, -1), (self.received_by, 1)) if actor != RESOURCES)


class Displacement(Record):
    """The keys of the share of new work months that displaces somebody else: none, expected, high."""

    zero: str
    central: str
    high: str


class Appraisal(Record):
    """The keys of the rates that belong to the method rather than to a posting."""

    discount_rate: str
    cost_of_public_funds: str
    displacement: Displacement


class PriceBook(Record):
    """Prices, livelihoods and postings in one currency and one price year, checked as a whole."""

    book: str
    title: Text
    note: Text | None = None
    currency: str
    price_year: int
    appraisal: Appraisal
    livelihoods: tuple[Livelihood, ...]
    prices: tuple[PriceRecord, ...]
    postings: tuple[Posting, ...]

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
        return max((record.grade for record in self.prices), key="HML".index)

    @property
    def posting_names(self) -> dict[str, Text]:
        """What each posting is called, by language: labels for tables and figures."""
        return {posting.posting: posting.name for posting in self.postings}


def load_price_book(path: Path | str) -> PriceBook:
    """Read a price book (params/unit_costs/NAME.yaml) and check that its ledger can balance.

    Parameters
    ----------
    path : Path or str
        A YAML file with the fields of `PriceBook`.

    Returns
    -------
    PriceBook
        Frozen; `params.hash_of` gives its vintage, which does not depend on where the file lies.

    Raises
    ------
    ParameterError
        If the file is missing, or a key is unknown, missing or of the wrong type.
    LedgerError
        If a price lacks what makes it comparable (currency, price year, a value inside its distribution, not negative), or a posting
        names an unknown price, actor or state or does not balance; names the file and the records.
    """
    return _checked(load(path, PriceBook), str(path))


def declare_price_book(content: dict, *, where: str) -> PriceBook:
    """A price book from content already read; `where` names it in messages. Checks and errors as `load_price_book`."""
    return _checked(validate(content, PriceBook, where=where), where)


def _checked(book: PriceBook, file: str) -> PriceBook:
    refuse_faulty(book, file)
    book._file = file
    return book
