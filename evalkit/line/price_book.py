"""The price book as data: prices and rates with sources, and the rules by which a life is posted
between actors.

A posting says what drives it, who pays, who receives and how much. Its driver is one of

  state_months       months in a state, in the arms named (discounted to the month's middle);
  programme_months   months in which people take part in interventions, of each at its own price
                     (discounted to the month's middle);
  programme_starts   their starts in interventions, of each at its own price (discounted to the
                     month's beginning);
  displaced_months   months in a state times the share that displaces somebody else;
  net_public_outlay  what the public purse lays out in all other postings, times the cost of public
                     funds.

Its kind is a transfer between two actors, or a real resource, whose other side is `resources`. Its
amount is a sum of products of price keys, for example "wage + wage * employer_contribution".
Society's money has one currency and one price year.

A price is stated in the book, or taken from the dated parameters that the book names under
`defaults`. Files are read, references followed and rules kept in evalkit/economics/prices/.
"""

from pathlib import Path
from typing import Generic, Literal, TypeVar

from pydantic import Field, PrivateAttr

from evalkit.line.actors import RESOURCES
from evalkit.records import Record
from evalkit.vocabulary import Grade, Text, least_sure

Arm = Literal["treated", "comparison"]
Driver = Literal[
    "state_months", "programme_months", "programme_starts", "displaced_months", "net_public_outlay"
]
STATE_DRIVERS = ("state_months", "displaced_months")
PROGRAMME_DRIVERS = ("programme_months", "programme_starts")
# The unit of the one price in money that a driver's amount is made of.
UNIT_OF_DRIVER = {
    "state_months": "per month",
    "displaced_months": "per month",
    "programme_months": "per month",
    "programme_starts": "per start",
}
MONEY_UNITS = ("per month", "per start")
RATE_UNITS = ("share", "share per year")
TIME_UNITS = ("months",)
Kind = Literal["transfer", "real_resource"]
# What a posting is in the results: the cost of programmes, or municipal tax that income
# equalisation takes.
Role = Literal["programme_cost", "equalisation"]
DisplacementScenario = Literal["zero", "central", "high"]
Price = TypeVar("Price")
# What of a household's money stands in the ledger of its other participants: beside the actors who
# receive it, a name in `Appraisal.household_split`.
OTHER_PARTICIPANTS = "other_participants"


class Distribution(Record):
    """How sure a value is: a fixed value, a range taken as uniform, or a triangle with the value as
    its mode.
    """

    kind: Literal["fixed", "uniform", "triangular"] = "fixed"
    low: float | None = None
    high: float | None = None

    @property
    def ends(self) -> tuple[float, float] | None:
        """Low and high; None where the value is fixed."""
        return None if self.low is None or self.high is None else (self.low, self.high)

    def fault(self, value: float) -> str | None:
        """Why a value cannot have this distribution; None if it can."""
        if self.kind == "fixed":
            return None if (self.low, self.high) == (None, None) else "fixed, yet with a range"
        if self.ends is None:
            return f"{self.kind} without both ends"
        low, high = self.ends
        return None if low <= value <= high and low < high else self.kind


class PriceRecord(Record):
    """A price or a rate: what it is, how much, in which unit, year and currency, from whom, how
    sure. A source that is a name or an address is written once; one in words, in each language.
    """

    key: str
    name: Text
    value: float
    unit: str
    price_year: int | None = None
    currency: str | None = None
    source: Text | str
    grade: Grade
    note: str = ""
    distribution: Distribution = Distribution()

    @property
    def is_money(self) -> bool:
        """Whether the value is an amount; rates and times are none."""
        return self.unit not in (*RATE_UNITS, *TIME_UNITS)


class Factor(Record):
    """A dated value that scales another."""

    key: str
    year: int | None = None


class Reference(Record):
    """Where a price comes from: a dated value, times and divided by numbers or other dated
    values.
    """

    key: str
    year: int | None = None
    times: tuple[float | Factor, ...] = ()
    divided_by: tuple[float | Factor, ...] = ()


class PriceByReference(Record):
    """A price that a book takes from the dated parameters; what the book states itself (name, note,
    range) stands.
    """

    key: str
    unit: str
    default: Reference
    name: Text | None = None
    note: str = ""
    distribution: Distribution | None = None


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
        if state is None:
            return self.displacement
        return self.displacement_by_state.get(state, self.displacement)


class InterventionPrices(Record):
    """An intervention's own prices: which of the book's prices stand for which in its ledger."""

    intervention_id: str
    prices: dict[str, str]


class _Book(Record, Generic[Price]):
    """What a book and its file have in common: all fields, whatever its prices are."""

    book: str
    title: Text
    note: Text | None = None
    currency: str
    price_year: int
    defaults: tuple[Path, ...] = ()
    appraisal: Appraisal
    livelihoods: tuple[Livelihood, ...]
    prices: tuple[Price, ...]
    postings: tuple[Posting, ...]
    interventions: tuple[InterventionPrices, ...] = ()


class PriceBook(_Book[PriceRecord]):
    """Prices, livelihoods and postings in one currency and one price year, checked as a whole."""

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

    def own_prices(self, intervention_id: str) -> dict[str, str]:
        """Which key an intervention uses in place of another; empty if it has no prices of
        its own.
        """
        by_intervention = {entry.intervention_id: entry.prices for entry in self.interventions}
        return by_intervention.get(intervention_id, {})


class PriceBookFile(_Book[PriceRecord | PriceByReference]):
    """A price book as its file may write it, for editors: prices stated, or taken from dated
    parameters.
    """
