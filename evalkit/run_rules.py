"""What a run file asks of each station: the rules of spells, survival, effects, value, allocation
and disclosure; those of monitoring stand in `evalkit.monitoring_rules`.
"""

from datetime import date
from pathlib import Path
from typing import Annotated

from pydantic import BeforeValidator, Field, field_validator, model_validator

from evalkit.draws import MIN_DRAWS_FOR_LIMITS
from evalkit.errors import nearest
from evalkit.months import month_of_key
from evalkit.records import Record
from evalkit.vocabulary import LIKELY

Month = Annotated[date, BeforeValidator(month_of_key)]
Probability = Annotated[float, Field(ge=0, le=1)]


class SpellRules(Record):
    """How paid months become spells."""

    max_gap_months: int = Field(
        2, ge=0, le=12, description="The longest gap in payments that does not end a spell. Months."
    )
    everybody_began_at_first_month: bool = Field(
        False,
        description="Whether nobody can have been on support before the extract, as those who "
        "leave school when it begins.",
    )
    max_unknown_share: float = Field(
        0.5,
        ge=0,
        le=1,
        description="The largest share of the months off support whose state may be unknown "
        "where effects are asked for. 0 to 1.",
    )


class BeforeAfter(Record):
    """Before and after the date of a law: those who reach a duration of support from its date on
    beside those who reached it in the same calendar months the year before.
    """

    at: str = Field(description="The break, by its key in the run's calendar (effects.calendar).")
    months_on_support: int = Field(
        3, ge=1, description="The duration that people of both years have reached. Months."
    )
    cohort_months: int = Field(
        6, ge=1, description="How many months from the break on people reach it. Months."
    )
    follow_up_months: int = Field(
        6,
        ge=1,
        description="How long each is followed, the month after the duration being month 1. With "
        "cohort_months at most 13, so that those of the year before are followed to the end before "
        "the break. Months.",
    )

    @model_validator(mode="after")
    def _ends_before_the_break(self):
        if self.cohort_months + self.follow_up_months > 13:
            raise ValueError(
                "cohort_months and follow_up_months are at most 13 together: those who reached the "
                "duration the year before must be followed to the end before the break"
            )
        return self


class SurvivalRules(Record):
    """Up to which month curves are drawn, at which months they are quoted, and what they tell
    apart.
    """

    horizon_months: int = Field(
        24, ge=1, description="The last month after the start up to which curves are drawn. Months."
    )
    quoted_months: tuple[int, ...] = Field(
        (6, 12, 24),
        min_length=1,
        description="The months at which curves are quoted, none beyond horizon_months; without"
        " it those of 6, 12 and 24 that horizon and extract reach, else the last month that "
        "they reach.",
    )
    rate_periods: tuple[int, ...] = Field(
        (3, 6, 12, 24, 36),
        description="The last months of the periods over which the monthly rate of leaving is "
        "averaged, the first beginning with month 1; what lies beyond the horizon is not drawn.",
    )
    age_bands: tuple[int, ...] = Field(
        (25, 35, 50),
        min_length=1,
        description="The first ages of all age groups but the youngest. Years.",
    )
    before_after: tuple[BeforeAfter, ...] = Field(
        (), description="Breaks in law before and after which months without support are compared."
    )

    @field_validator("quoted_months", "rate_periods", "age_bands")
    @classmethod
    def _ascending(cls, values: tuple[int, ...]) -> tuple[int, ...]:
        if list(values) != sorted(set(values)) or any(value < 1 for value in values):
            raise ValueError("whole numbers above 0, each larger than the one before")
        return values

    @model_validator(mode="after")
    def _quotes_what_is_drawn(self):
        if "quoted_months" not in self.model_fields_set:
            return self.quoting_up_to(self.horizon_months)
        beyond = [str(month) for month in self.quoted_months if month > self.horizon_months]
        if beyond:
            raise ValueError(
                f"quoted_months {', '.join(beyond)} lie beyond horizon_months, which is "
                f"{self.horizon_months}"
            )
        return self

    def quoting_up_to(self, last: int) -> "SurvivalRules":
        """The rules with the quoted months that a last month reaches, or that month itself; still
        not as declared by the run file.
        """
        reached = tuple(month for month in self.quoted_months if month <= last) or (last,)
        if reached == self.quoted_months:
            return self
        rules = self.model_copy(update={"quoted_months": reached})
        rules.model_fields_set.discard("quoted_months")
        return rules


class EffectRules(Record):
    """Which protocols are estimated, from how many draws, and how each district works."""

    protocols: tuple[Path, ...] = Field(
        (),
        description="The protocols to estimate, one file for each intervention. Without any the"
        " run describes who is there and how long they stay.",
    )
    calendar: Path | None = Field(
        None,
        description="The file of breaks in law (params/calendar/): months from which rules are "
        "others. Protocols name those that they allow for, and pages tell which ones they cross.",
    )
    n_draws: int = Field(
        MIN_DRAWS_FOR_LIMITS,
        ge=10,
        description="From how many random draws the ranges of effects are made; with fewer than"
        " the default the limits that pages print are rough.",
    )
    district_models: dict[str, str] = Field(
        {},
        description="How each district works (own operation, bought, ...), in the run's own "
        "words, by district.",
    )


class AdviceRules(Record):
    """From which probabilities advice follows, and whose figures it rests on.

    An intervention is kept where society probably gains, as the words of the report have it
    (`evalkit.vocabulary.LIKELY`), and is at least that sure where it is expanded; it is at least as
    sure that society loses where it is stopped. So advice never contradicts those words.

    A probability is what both readings of an effect are sure of, the nearer to one half of the two
    (`evalkit.draws.agreed_probability`). Nothing is expanded by one reading alone.
    """

    expand_from: Probability = Field(
        0.9, description="Expand: the least probability that society gains up to the horizon."
    )
    expand_purse_from: Probability = Field(
        0.8,
        description="Expand: the least probability that the public purse gains up to the horizon.",
    )
    expand_observed_from: Probability = Field(
        0.8,
        description="Expand: the least probability that society gains in the observed months only.",
    )
    stop_up_to: Probability = Field(
        0.1, description="Stop: the largest probability that society gains up to the horizon."
    )
    trial_cost: float = Field(
        500_000,
        ge=0,
        description="Try out: what a trial costs, whatever its size, in the price book's money; "
        "the best trial has to be worth more than that.",
    )
    min_starters: int = Field(
        100,
        ge=1,
        description="The fewest starters with whom a district's own figures stand; with fewer, "
        "those of the whole city do.",
    )

    @model_validator(mode="after")
    def _agrees_with_the_words(self):
        if self.expand_from < LIKELY or 1 - self.stop_up_to < LIKELY:
            raise ValueError(
                f"expand_from is {self.expand_from:g} and stop_up_to {self.stop_up_to:g}; the "
                f"bands are ordered when expand_from is {LIKELY:g} or more and stop_up_to "
                f"{1 - LIKELY:.2g} or less"
            )
        return self


class ValueRules(Record):
    """Which price book values the effects, how far ahead, and from how many draws."""

    price_book: Path | None = Field(
        None, description="The price book. Without it effects are estimated and nothing is valued."
    )
    horizon_months: int = Field(
        60,
        ge=1,
        description="The months after the start to which every sum is counted. It covers every "
        "protocol's follow-up; months beyond that are projected, and need a half-life in the "
        "price book.",
    )
    n_draws: int | None = Field(
        None,
        ge=100,
        description="From how many joint draws of effect and prices; without it as many as the "
        "effect has, and a thousand where options are compared.",
    )
    advice: AdviceRules = Field(
        AdviceRules(), description="From which probabilities advice follows."
    )


class AllocationRules(Record):
    """What an allocation of places to districts keeps to."""

    budgets: dict[str, Annotated[float, Field(ge=0)]] = Field(
        {}, description="Money a year by district; without it what is spent now."
    )
    smallest_group: int = Field(
        0, ge=0, description="The starts below which an intervention is not run by a provider."
    )
    equality_floor: float = Field(
        0.0,
        ge=0,
        le=1,
        description="The least share of its eligible people that each district serves, as a "
        "share of the mean of all districts. 0 (no floor) to 1.",
    )
    target_groups: tuple[str, ...] = Field(
        (),
        description="Which of the protocols' groups of people are told apart; they exclude each"
        " other, and everybody else is among the others.",
    )
    group_floors: dict[str, Annotated[float, Field(ge=0, le=1)]] = Field(
        {}, description="The least share of all starts by target group. 0 to 1."
    )
    downside_weight: float = Field(
        0.0,
        ge=0,
        le=1,
        description="How much the bad draws count beside the mean. 0 (not at all) to 1.",
    )
    downside_level: float = Field(
        0.1, gt=0, le=1, description="The share of the worst draws that count as bad."
    )
    further_money: tuple[Annotated[float, Field(ge=0)], ...] = Field(
        (500_000, 1_000_000, 2_000_000),
        description="Which further amounts of money a year are tried, in the price book's money.",
    )
    n_draws: int = Field(
        100, ge=10, description="From how many draws of effects and prices allocations are made."
    )

    @model_validator(mode="after")
    def _floors_can_be_kept(self):
        # Whoever is in none of the groups told apart is among the others.
        known = (*self.target_groups, "others") if self.target_groups else ("all",)
        unknown = [
            f"{group} ({nearest(group, known)})"
            for group in self.group_floors
            if group not in known
        ]
        if unknown:
            raise ValueError(
                f"group_floors names groups that target_groups does not: {', '.join(unknown)}"
            )
        if sum(self.group_floors.values()) > 1 + 1e-9:
            raise ValueError(
                f"group_floors come to {sum(self.group_floors.values()):g} together; they are "
                "shares of all starts"
            )
        return self


class DisclosureRules(Record):
    """Of how many people estimates are shown. What is counted is always rounded to the nearest
    five; that cannot be chosen.
    """

    min_persons: int = Field(
        20,
        ge=15,
        description="The fewest distinct people in each arm of whom an effect is estimated and "
        "shown. Persons.",
    )
    max_person_weight: float = Field(
        0.15,
        gt=0,
        le=0.25,
        description="The largest share of an arm's weight that one person may have in all their "
        "trials. 0 to 0.25.",
    )
