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

import polars as pl
from pydantic import Field, PrivateAttr, model_validator

from evalkit.line.actors import RESOURCES
from evalkit.records import Record
from evalkit.results import Result
from evalkit.vocabulary import TABLE_LANGUAGE, Grade, Text, in_language, least_sure

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
# Income equalisation looks at incomes two years back.
EQUALISATION_LAG_MONTHS = 24
# The row of the published prices that says what a municipality keeps of new tax.
KEPT_OF_TAX = "kept_of_tax"

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

    kind: Literal["fixed", "uniform", "triangular"] = Field(
        "fixed",
        description="fixed, uniform between low and high, or triangular with the value as its "
        "mode.",
    )
    low: float | None = Field(None, description="The lowest value, in the value's own unit.")
    high: float | None = Field(None, description="The highest value, in the value's own unit.")

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
    sure.
    """

    key: str = Field(description="The name by which amounts use it.")
    name: Text = Field(description="What pages call it, by language.")
    value: float = Field(description="How much, in the unit.")
    unit: str = Field(
        description="per month or per start (money), share or share per year, or months."
    )
    price_year: int | None = Field(None, description="The year of its prices; money only.")
    currency: str | None = Field(None, description="The currency; money only.")
    source: Text | str = Field(
        description="From whom: a name or an address once, words in each language."
    )
    grade: Grade = Field(
        description="How sure: H read at the responsible authority or in an official table, M "
        "second-hand or derived, L general knowledge or illustrative."
    )
    note: str = Field("", description="What whoever changes it should know.")
    distribution: Distribution = Field(Distribution(), description="How sure, as a range.")
    carried: tuple[str, ...] = Field(
        (),
        description="Filled in when a book is read: the series whose last value stands for a later "
        "year in it, with that value's period.",
    )

    @property
    def is_money(self) -> bool:
        """Whether the value is an amount; rates and times are none."""
        return self.unit not in (*RATE_UNITS, *TIME_UNITS)


class Factor(Record):
    """A dated value that scales another."""

    key: str = Field(description="The dated value's key.")
    year: int | Literal["price_year"] | None = Field(
        None,
        description="The year it is asked for, or price_year: the book's; none where no date "
        "applies.",
    )
    month: int | None = Field(
        None, ge=1, le=12, description="The month of the year, for what changes within it."
    )

    @model_validator(mode="after")
    def _dated(self) -> "Factor":
        if self.month is not None and self.year is None:
            raise ValueError("a month needs its year")
        return self


class Reference(Factor):
    """Where a price comes from: a dated value, times and divided by numbers or other dated
    values.
    """

    times: tuple[float | Factor, ...] = Field(
        (), description="Numbers, or dated values, that it is multiplied by."
    )
    divided_by: tuple[float | Factor, ...] = Field(
        (), description="Numbers, or dated values, that it is divided by."
    )


class PriceByReference(Record):
    """A price that a book takes from the dated parameters; what the book states itself (name, note,
    range) stands.
    """

    key: str = Field(description="The name by which amounts use it.")
    unit: str = Field(
        description="per month or per start (money), share or share per year, or months."
    )
    default: Reference = Field(description="Which dated value it is.")
    name: Text | None = Field(
        None,
        description="What pages call it, by language; without it as the dated value is called.",
    )
    note: str = Field("", description="What whoever changes it should know.")
    distribution: Distribution | None = Field(
        None, description="How sure, as a range; without it as the dated value says."
    )
    price_year: int | None = Field(
        None,
        description="The year of the money of the range that stands here; without it the book's.",
    )


class Livelihood(Record):
    """Who pays a person's living in a state; every state of an effect needs one."""

    state: str = Field(description="The state.")
    paid_by: str | None = Field(description="The actor who pays; null: nobody in this ledger.")
    note: str = Field("", description="What whoever changes it should know.")


class Posting(Record):
    """One rule of the ledger: what drives it, from whom to whom, of which kind, how much.

    A posting on programmes is about every intervention, or about those of `interventions` alone, or
    about all but `other_than`.
    """

    posting: str = Field(description="The posting's name.")
    name: Text = Field(description="What pages call it, by language.")
    driver: Driver = Field(
        description="What it is counted by: state_months, months in a state; programme_months "
        "and programme_starts, months and starts in interventions; displaced_months, months in "
        "a state times the share that displaces somebody else; net_public_outlay, what the "
        "public purse lays out in all other postings, times the cost of public funds."
    )
    state: str | None = Field(None, description="The state, where the driver is months in one.")
    paid_by: str = Field(description="The actor who pays, or resources.")
    received_by: str = Field(description="The actor who receives, or resources.")
    kind: Kind = Field(
        description="A transfer between two actors, or a real resource, whose other side is "
        "resources."
    )
    amount: str = Field(
        "", description='A sum of products of price keys, as "wage + wage * employer_contribution".'
    )
    arms: tuple[Arm, ...] = Field(
        ("treated", "comparison"), description="In which arms it is posted."
    )
    role: Role | None = Field(
        None,
        description="Whether it is the cost of programmes, or municipal tax that income "
        "equalisation takes.",
    )
    delay_months: int = Field(
        0, ge=0, le=120, description="How many months later it is paid. Months."
    )
    interventions: tuple[str, ...] = Field(
        (), description="The interventions that it is about; without any, every one."
    )
    other_than: tuple[str, ...] = Field((), description="The interventions that it is not about.")
    note: str = Field("", description="What whoever changes it should know.")

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
    """The share of new work months that displaces somebody else."""

    zero: str = Field(description="The key of the share where nobody is displaced.")
    central: str = Field(description="The key of the share that is expected.")
    high: str = Field(description="The key of the share that is high.")


class IncomeEqualisation(Record):
    """What income equalisation leaves a municipality of new tax: a krona of tax base brings its own
    rate t, and costs the county rate c two years later, so that 1 - c/t of the tax is kept.
    """

    tax: str = Field(description="The key of the municipality's own tax rate, t.")
    county_rate: str = Field(
        description="The key of the county rate, c: what equalisation takes of the tax base."
    )


class Appraisal(Record):
    """The rates that belong to the method rather than to a posting."""

    discount_rate: str = Field(description="The key of the discount rate, a share per year.")
    cost_of_public_funds: str = Field(
        description="The key of what a krona of public money costs society beyond itself, a share."
    )
    displacement: Displacement = Field(
        description="The displacement of all kinds of job that displacement_by_state does not name."
    )
    displacement_by_state: dict[str, Displacement] = Field(
        default_factory=dict, description="The displacement of single kinds of job, by state."
    )
    half_life: str | None = Field(
        None,
        description="The key of the months after which half of an effect is gone; without it "
        "nothing is projected.",
    )
    household_split: dict[str, str] = Field(
        default_factory=dict,
        description="The keys of the shares of a household's money by actor, and of what stands"
        " in the ledger of its other participants (other_participants, posted nowhere here); "
        "the shares sum to one.",
    )
    income_equalisation: IncomeEqualisation | None = Field(
        None,
        description="What income equalisation takes of municipal tax; needed where a posting has "
        "the role equalisation.",
    )
    sensitivity: dict[str, tuple[float, float]] = Field(
        default_factory=dict,
        description="Between which ends a rate of the method, which is not drawn, is varied in "
        "the tornado, by key.",
    )

    def displacement_in(self, state: str | None) -> Displacement:
        """The displacement that holds for work in a state."""
        if state is None:
            return self.displacement
        return self.displacement_by_state.get(state, self.displacement)


class InterventionPrices(Record):
    """An intervention's own prices: which of the book's prices stand for which in its ledger."""

    intervention_id: str = Field(description="The intervention.")
    prices: dict[str, str] = Field(
        description="Which of the book's prices stands for which in its ledger: its own key, by"
        " the book's."
    )


class DistrictPrices(Record):
    """A district's own prices, as a municipality's tax: which of the book's prices stand for which
    in the ledgers of its own effects. All districts together have the common ones.
    """

    district: str = Field(description="The district, as the run names it.")
    prices: dict[str, str] = Field(
        description="Which of the book's prices stands for which there: its own key, by the book's."
    )


class _Book(Record, Generic[Price]):
    """What a book and its file have in common: all fields, whatever its prices are."""

    book: str = Field(description="The book's name.")
    title: Text = Field(description="What pages call it, by language.")
    note: Text | None = Field(None, description="What pages say of it, by language.")
    currency: str = Field(description="The one currency of its money.")
    price_year: int = Field(
        description="The one year of its prices; amounts of other years are moved to it by the "
        "price index."
    )
    defaults: tuple[Path, ...] = Field(
        (),
        description="The files of dated parameters that prices are taken from, relative to the "
        "book.",
    )
    carry_forward: tuple[str, ...] = Field(
        (),
        description="Series of the dated parameters whose last value stands for later years too; "
        "every price made from one says so.",
    )
    appraisal: Appraisal = Field(description="The rates of the method.")
    livelihoods: tuple[Livelihood, ...] = Field(
        description="Who pays a person's living in each state."
    )
    prices: tuple[Price, ...] = Field(
        description="Prices and rates: stated, or taken from the dated parameters."
    )
    postings: tuple[Posting, ...] = Field(description="Who pays whom for what.")
    interventions: tuple[InterventionPrices, ...] = Field(
        (), description="Interventions with prices of their own."
    )
    districts: tuple[DistrictPrices, ...] = Field(
        (), description="Districts with prices of their own, as municipalities' tax rates."
    )


class PriceBook(Result, _Book[PriceRecord]):
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

    @property
    def table(self) -> pl.DataFrame:
        """One row per price or rate: `price` (its key), `value`, `low`, `high` (null when fixed),
        `unit`, `grade`, `source`.
        """
        rows = [
            {
                "price": record.key,
                "value": record.value,
                "low": record.distribution.low,
                "high": record.distribution.high,
                "unit": record.unit,
                "grade": record.grade,
                "source": in_language(record.source, TABLE_LANGUAGE),
            }
            for record in self.prices
        ]
        return pl.DataFrame(rows, infer_schema_length=None)

    @property
    def headline(self) -> str:
        """Which money the book is in and how much it knows, in a line."""
        return (
            f"Price book {self.book}: {self.currency} of {self.price_year}, {len(self.prices)} "
            f"prices and rates, {len(self.postings)} postings"
        )

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


def kept_of_tax_in(district: str) -> str:
    """The row of the published prices that says what a district with rates of its own keeps."""
    return f"{KEPT_OF_TAX}.{district}" if district else KEPT_OF_TAX
