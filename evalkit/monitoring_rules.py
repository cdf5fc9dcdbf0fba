"""What a run file asks of monitoring: how the common process is meant to be, what a next step is,
which files say how accounts and the offer are to be read, and which districts are too small alone.
"""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, field_validator, model_validator

from evalkit.records import Record
from evalkit.vocabulary import Grade, Text

Paper = Literal[
    "assignment",
    "implementation_plan",
    "work_plan",
    "joint_action_plan",
    "coordinated_plan",
    "decision",
]


class OutreachCost(Record):
    """What one who enters through outreach costs, with its range and source."""

    low: float = Field(gt=0, description="At least. Money per person who enters.")
    central: float = Field(gt=0, description="Probably. Money per person who enters.")
    high: float = Field(gt=0, description="At most. Money per person who enters.")
    currency: str = Field(pattern=r"^[A-Z]{3}$", description="Currency (ISO 4217).")
    source: Text | str = Field(description="From whom, and of which year.")
    grade: Grade = Field(description="How sure: H counted, M derived, L assumed.")

    @model_validator(mode="after")
    def _is_in_order(self):
        if not self.low <= self.central <= self.high:
            raise ValueError("low, central and high are not in order")
        return self


class OutreachShare(Record):
    """Of the starts that outreach leads to, how many would not have come about otherwise."""

    low: float = Field(ge=0, le=1, description="At least. 0 to 1.")
    central: float = Field(ge=0, le=1, description="Probably. 0 to 1.")
    high: float = Field(ge=0, le=1, description="At most. 0 to 1.")
    source: Text | str = Field(description="From whom, and of which year.")
    grade: Grade = Field(description="How sure: M from a study elsewhere, L assumed.")

    @model_validator(mode="after")
    def _is_in_order(self):
        if not self.low <= self.central <= self.high:
            raise ValueError("low, central and high are not in order")
        return self


class MonitoringRules(Record):
    """How the common process is meant to be, and which districts are too small to stand alone."""

    pooled: dict[str, Annotated[tuple[str, ...], Field(min_length=2)]] = Field(
        {},
        description="Districts whose process, access and money are shown together with their "
        "neighbours', since they are too small alone, by the name of the area that they make up.",
    )
    first_follow_up_months: int = Field(
        1, ge=1, le=12, description="How long after the start the first follow-up is due. Months."
    )
    next_follow_up_months: int = Field(
        3, ge=1, le=24, description="How long after each follow-up the next one is due. Months."
    )
    grace_days: int = Field(
        14, ge=0, le=27, description="How late a follow-up may be and still be in time. Days."
    )
    papers: tuple[Paper, ...] = Field(
        ("assignment", "work_plan", "implementation_plan", "decision"),
        description="Which papers everybody in an intervention is to have, as the table plan "
        "calls them.",
    )
    papers_before_days: int = Field(
        90,
        ge=0,
        description="How long before the start a paper may be dated and still belong to it. Days.",
    )
    idle_months: int = Field(
        2,
        ge=0,
        le=12,
        description="How long after the end of an intervention people on support may be in none. "
        "Months.",
    )
    watch_months: tuple[Annotated[int, Field(ge=1)], ...] = Field(
        (6, 12),
        description="Before which months in an intervention it is to be asked whether the person "
        "should stay in it.",
    )
    keep_lists_days: int = Field(
        90,
        ge=1,
        le=366,
        description="How long lists of what is to be done are kept before they are deleted. Days.",
    )
    next_step_months: int = Field(
        6,
        ge=1,
        le=36,
        description="Within how many months of a follow-up the next step (a hand-over, a higher "
        "step of the ladder, unsubsidised work) is looked for.",
    )
    handover_reasons: tuple[str, ...] = Field(
        ("job_centre",),
        description="Reasons for which an intervention ends that are a hand-over to the next step.",
    )
    ladder_after_months: int = Field(
        12,
        ge=1,
        le=60,
        description="How many months after the start people's place on the ladder is looked at.",
    )
    ladder_starts_months: int = Field(
        36,
        ge=1,
        description="Starts of how many months are counted on the ladder: the last ones that have "
        "been followed for so long.",
    )
    access_months: tuple[int, int] = Field(
        (6, 12),
        description="Within how many months of the first one on support somebody is to have "
        "started an intervention: soon, and at all. People who came later than the second of them "
        "before the data end are not counted. Months.",
    )
    access_years: int = Field(
        5,
        ge=1,
        description="Of how many years those who came to support are counted, up to the last who "
        "can be followed. Years.",
    )
    offer: Path | None = Field(
        None,
        description="The file that says what the codes of the table of interventions mean "
        "(params/offer/): work tasks, needs that are answered, whom outreach is for. Without it "
        "the one that comes with evalkit.",
    )
    outreach_costs: dict[str, OutreachCost] = Field(
        {},
        description="What one who enters an activity through outreach costs, by target group, "
        "where the municipality knows it.",
    )
    outreach_shares: dict[str, OutreachShare] = Field(
        {},
        description="Of the starts of interventions that outreach leads to, the share that would "
        "not have come about otherwise, by target group. Without it the value of outreach cannot "
        "be said, only the most that it can be.",
    )
    accounts: Path | None = Field(
        None,
        description="The file that says how the accounts are to be read: chart of accounts, "
        "postings that belong elsewhere, what reports have printed, as "
        "params/accounts/stockholm.yaml. Without it postings stand as they were sent.",
    )

    @property
    def pooled_districts(self) -> tuple[str, ...]:
        """The districts that are shown together with others."""
        return tuple(district for area in self.pooled.values() for district in area)

    @model_validator(mode="after")
    def _pools_each_district_once(self):
        members = self.pooled_districts
        twice = sorted({district for district in members if members.count(district) > 1})
        if twice:
            raise ValueError(f"pooled names districts twice: {', '.join(twice)}")
        return self

    @field_validator("access_months")
    @classmethod
    def _sooner_first(cls, months: tuple[int, int]) -> tuple[int, int]:
        if not 1 <= months[0] < months[1]:
            raise ValueError("whole numbers above 0, the second larger than the first")
        return months

    def members_of(self, district: str) -> tuple[str, ...]:
        """The districts that a district is shown together with, itself among them."""
        together = (members for members in self.pooled.values() if district in members)
        return next(together, (district,))

    @property
    def areas(self) -> dict[str, str]:
        """The area of each district that is pooled."""
        return {name: area for area, members in self.pooled.items() for name in members}

    def area_of(self, district: str) -> str:
        """The area under which a district is shown: that which it is pooled in, or itself."""
        return self.areas.get(district, district)
