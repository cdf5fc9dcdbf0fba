"""How a city's accounts are to be read: which account belongs to which area of costs, which
postings belong elsewhere than they were booked, and what reports have printed of them
(params/accounts/).

A run names the file. Without one, postings stand under the area that their sender gave them.
"""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from evalkit.errors import ParameterError, nearest
from evalkit.params import Run
from evalkit.records import Record, load
from evalkit.tables import CITY
from evalkit.vocabulary import Grade, Text

NOT_MAPPED = "not_mapped"
# What a report prints beside the areas: the budget, what was booked in all, what was used
# elsewhere, and what the areas leave of the whole.
BUDGET, BOOKED, ELSEWHERE, REST = "budget", "booked", "elsewhere", "rest"
TAKEN = (CITY, NOT_MAPPED, BUDGET, BOOKED, ELSEWHERE, REST)

Key = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
Currency = Annotated[str, Field(pattern=r"^[A-Z]{3}$")]
Year = Annotated[int, Field(ge=1990, le=2100)]
Share = Annotated[float, Field(ge=0, le=1)]
Amount = Annotated[float, Field(ge=0)]
_GRADE = "How sure: H read at the responsible authority, M second-hand, L illustrative."
_SOURCE = "From whom: a name or an address once, words in each language."


class CostArea(Record):
    """An area of costs, and the accounts that belong to it."""

    key: Key = Field(description="The short code of the area, as senders write it.")
    name: Text = Field(description="What pages call it, by language.")
    accounts: tuple[str, ...] = Field(
        (), description="Its accounts; one that ends with * stands for all that begin so: 45*."
    )
    interventions: tuple[str, ...] = Field(
        (),
        description="The interventions of the register whose places are paid from it: what they "
        "cost is held against what was booked.",
    )
    is_outside: bool = Field(
        False,
        description="Whether it is another activity than labour-market measures: what is booked "
        "there counts as booked elsewhere.",
    )


class Recoding(Record):
    """Postings that belong to another area than that of their account. All that is given of
    accounts, activities, stated_area and posting must hold.
    """

    key: Key = Field(description="The name by which the trail names the rule.")
    title: Text = Field(description="What it says, by language, as it stands inside a sentence.")
    to: Key = Field(description="The area to which the postings belong.")
    accounts: tuple[str, ...] = Field((), description="Accounts on which they were booked.")
    activities: tuple[str, ...] = Field((), description="Activity codes that they bear.")
    stated_area: str = Field("", description="The area that their sender gave them.")
    posting: str = Field("", description="What stands in their number or name.")
    side: Literal["budget", "booked"] = Field("booked", description="Budget or bookings.")
    from_year: Year | None = Field(None, description="The first year of account it holds for.")
    to_year: Year | None = Field(None, description="The last one.")
    source: Text | str = Field(description=_SOURCE)
    grade: Grade = Field(description=_GRADE)
    note: str = Field("", description="What whoever uses it should know.")

    @model_validator(mode="after")
    def _names_postings(self):
        if not (self.accounts or self.activities or self.stated_area or self.posting):
            raise ValueError(
                "a rule says by what its postings are known: accounts, activities, "
                "stated_area or posting"
            )
        return self


class ReportedPart(Record):
    """An area of costs in a report, as it was printed."""

    cost_area: Key = Field(description="The area.")
    amount: float = Field(description="The amount that was printed.")
    share: Share | None = Field(None, description="The share of the whole, if printed. 0 to 1.")


class ReportedYear(Record):
    """What a report has printed of a year's accounts."""

    year: Year = Field(description="The year of account.")
    district: str = Field(CITY, description='Of which district; "all" for all together.')
    currency: Currency = Field(description="Currency (ISO 4217).")
    step: float = Field(
        gt=0, description="To what amounts were printed: 100000 where in tenths of a million."
    )
    share_step: float = Field(
        0.001, gt=0, le=0.1, description="To what shares were printed: 0.001 where in 22.7 %."
    )
    budget: float | None = Field(None, description="The budget that was printed.")
    booked: float | None = Field(None, description="What was booked in all.")
    elsewhere: float | None = Field(None, description="What is said to be used elsewhere.")
    parts: tuple[ReportedPart, ...] = Field((), description="The areas.")
    are_all_parts: bool = Field(
        False, description="Whether the areas printed are all there are, so that they add up."
    )
    source: Text | str = Field(description=_SOURCE)
    grade: Grade = Field(description=_GRADE)
    note: str = Field("", description="What whoever uses it should know.")


class ReportedPlaces(Record):
    """Between what a report says that places cost, and how many people end."""

    year: Year = Field(description="Of which year, in whose prices.")
    currency: Currency = Field(description="Currency (ISO 4217).")
    cost_per_place: tuple[Amount, Amount] = Field(
        description="The cheapest and the dearest place. Amount a year."
    )
    ended_share: tuple[Share, Share] = Field(
        description="The smallest and the largest share who ended. 0 to 1."
    )
    source: Text | str = Field(description=_SOURCE)
    grade: Grade = Field(description=_GRADE)
    note: str = Field("", description="What whoever uses it should know.")

    @model_validator(mode="after")
    def _stands_in_order(self):
        for name in ("cost_per_place", "ended_share"):
            low, high = getattr(self, name)
            if low > high or low == 0:
                raise ValueError(f"{name} is the lower and the higher limit, both above 0")
        return self


class BoughtPlace(Record):
    """What a place costs that is bought from others."""

    intervention_id: str = Field(description="The intervention of the register.")
    price_per_month: Amount = Field(description="Price of a place and month.")
    low: Amount = Field(description="The lowest price that is likely.")
    high: Amount = Field(description="The highest price that is likely.")
    currency: Currency = Field(description="Currency (ISO 4217).")
    price_year: Year = Field(description="Year in whose prices it is given.")
    source: Text | str = Field(description=_SOURCE)
    grade: Grade = Field(description=_GRADE)
    note: str = Field("", description="What whoever uses it should know.")

    @model_validator(mode="after")
    def _stands_in_order(self):
        if not self.low <= self.price_per_month <= self.high:
            raise ValueError("low, price_per_month and high stand in this order")
        return self


class AccountsFile(Record):
    """A file of params/accounts/."""

    file: str = Field(description="The file's name.")
    title: Text = Field(description="What it holds, by language.")
    areas: tuple[CostArea, ...] = Field(
        (), description="The chart of accounts, by area. Without it the senders' areas hold."
    )
    chart_source: Text | str = Field("", description=_SOURCE)
    chart_grade: Grade = Field("L", description=_GRADE)
    rules: tuple[Recoding, ...] = Field(
        (), description="Postings that belong elsewhere; the first rule that holds decides."
    )
    reported: tuple[ReportedYear, ...] = Field((), description="What reports have printed.")
    places: tuple[ReportedPlaces, ...] = Field(
        (), description="What reports say of the cost of places, and how many ended."
    )
    bought: tuple[BoughtPlace, ...] = Field((), description="What places cost that are bought.")

    @model_validator(mode="after")
    def _names_what_is_there(self):
        keys = [area.key for area in self.areas]
        accounts = [code for area in self.areas for code in area.accounts]
        for what, names in (
            ("areas", keys),
            ("accounts", accounts),
            ("interventions", [name for area in self.areas for name in area.interventions]),
            ("rules", [rule.key for rule in self.rules]),
            ("reported", [f"{one.year} {one.district}" for one in self.reported]),
            ("bought", [one.intervention_id for one in self.bought]),
        ):
            twice = sorted({name for name in names if names.count(name) > 1})
            if twice:
                raise ValueError(f"{what} stand once each; twice: {', '.join(twice)}")
        if taken := sorted(set(keys) & set(TAKEN)):
            raise ValueError(f"areas bear names that stand for something else: {', '.join(taken)}")
        named = [rule.to for rule in self.rules]
        named += [part.cost_area for one in self.reported for part in one.parts]
        unknown = [
            f"{key} ({nearest(key, keys)})" for key in dict.fromkeys(named) if key not in keys
        ]
        if unknown:
            raise ValueError(f"areas that are not declared: {', '.join(unknown)}")
        return self

    @property
    def outside(self) -> tuple[str, ...]:
        """The areas that are other activities."""
        return tuple(area.key for area in self.areas if area.is_outside)


NO_FILE = AccountsFile(file="", title={})


def accounts_of(run: Run) -> AccountsFile:
    """How a run reads its accounts; an empty file where it names none.

    Raises
    ------
    ParameterError
        If the file is faulty, or a report in it is of a district that the run does not have.
    """
    path = run.params.monitoring.accounts
    if path is None:
        return NO_FILE
    reading, known = load(run.path(path), AccountsFile), (*run.params.districts, CITY)
    unknown = [
        f"{one.district} ({nearest(one.district, known)})"
        for one in reading.reported
        if one.district not in known
    ]
    if unknown:
        raise ParameterError(
            f"{len(unknown)} report{'s are' if len(unknown) > 1 else ' is'} of a district that the "
            "run does not have.",
            where=f"{path}, reported: {', '.join(unknown)}",
            why="What a report has printed is held against the accounts of the same district.",
            fix='mend the name, or write "all" for all districts together.',
        )
    return reading
