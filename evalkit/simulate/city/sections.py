"""The sections of a city's file: districts, people, the monthly process, interventions, roll-outs,
accounts and amounts.

Rates are per month. An `effects` table gives, by trait of a person, what is added to the logarithm
of a rate; `fia_health`, `fia_social` and `fia_work` count from 3 (the middle of 1-5), `age` in
decades from 40, the others are 0 or 1.
"""

from typing import Annotated, Literal, get_args

from pydantic import Field, model_validator

from evalkit.line.states import STATES
from evalkit.records import Record
from evalkit.simulate.city.worlds import Basis
from evalkit.vocabulary import Text

SEASON_STARTS = (3, 6, 9, 12)
Trait = Literal[
    "female",
    "age",
    "short_education",
    "long_education",
    "outside_eu",
    "language_need",
    "sick",
    "social",
    "no_licence",
    "fia_health",
    "fia_social",
    "fia_work",
    "has_children",
    "has_partner",
    "log_elapsed",
]
TRAITS: tuple[str, ...] = get_args(Trait)
Effects = dict[Trait, float]
Codes = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*( [a-z][a-z0-9_]*)*$")]
Theme = Literal[
    "young_adults", "long_term_support", "outreach", "newly_arrived_low_education", "other"
]
Need = Literal[
    "observation_in_daily_work",
    "culture_and_rehabilitation",
    "communicative_swedish",
    "occupation_young_in_treatment",
    "outreach_mental_ill_health",
    "fine_motor_tasks",
    "low_threshold",
    "health_information",
    "physical_activity",
    "personal_ombud",
    "physical_disability",
]


SimulatedPaper = Literal["assignment", "decision", "work_plan", "implementation_plan"]


class District(Record):
    """A district: the table it is calibrated to, who lives there, and how it works.

    `weight` is its share of the simulated adults (relative), set so that recipients of the
    calibration year come out as in the table. `labour_market` is added to the log rate into work;
    `yearly_trend` to it each year.
    """

    name: str
    recipients: int = Field(gt=0)
    recipients_percent: float = Field(gt=0)
    weight: float = Field(gt=0)
    model: str
    outside_eu_share: float = Field(ge=0, le=1)
    poor_health_share: float = Field(ge=0, le=1)
    no_licence_share: float = Field(0.6, ge=0, le=1)
    labour_market: float = 0.0
    yearly_trend: float = 0.0


class Districts(Record):
    """The districts with the year and source of their table."""

    basis: Basis
    year: int
    rows: tuple[District, ...] = Field(min_length=2)


class PeopleRules(Record):
    """Who the adults are: shares (0-1) and ages in years at the first month.

    `nordic_or_eu_share` is that of the adults born in another Nordic or EU country, among those
    born in Sweden or there; of them, `nordic_share_of_those` were born in a Nordic one.
    """

    basis: Basis
    female_share: float
    oldest_at_start: int
    youngest_at_start: int
    young_share: float
    couple_share: float
    arrival_share: float
    nordic_or_eu_share: float
    nordic_share_of_those: float = Field(ge=0, le=1)
    short_education_share: float
    long_education_share: float
    children_mean: float
    sick_share_if_poor_health: float
    social_share: float
    hidden_sd: float = 1.0


class ProcessRules(Record):
    """Monthly rates between the states of a person's livelihood, and what moves them."""

    basis: Basis
    rates: dict[str, dict[str, float]]
    to_work: Effects
    season_to_work: tuple[float, float, float, float]
    hidden_to_work: float
    to_studies: Effects
    to_benefit: Effects
    loss_by_readiness: float
    longest_duration_months: int
    minimum_stay_months: int
    gain_half_life_months: float
    loss_by_gain: float
    move_rate: float
    split_rate: float
    missed_rate: float
    pension_age: int

    @model_validator(mode="after")
    def _has_known_states(self):
        known = {*STATES["state"].to_list(), "other", "out"}
        unknown = sorted(set(self.rates).union(*self.rates.values()) - known)
        if unknown:
            raise ValueError(f"states unknown to line/states.py: {', '.join(unknown)}")
        return self


class ReadinessRules(Record):
    """How often staff find a criterion of readiness met: its log odds are `level` for someone whose
    traits are all 0, and grow by `by_nearness` with what traits (the hidden one too) add to the log
    rate into work. With `by_nearness` 0 the criteria say nothing about anybody.
    """

    basis: Basis
    level: float
    by_nearness: float


class CommonProcess(Record):
    """How far the common process is kept: the share of episodes with each paper, of plans that say
    all that they should, and of due follow-ups that are made.

    `kept_by_district` names the districts that keep it less: there all shares are multiplied by it.
    """

    basis: Basis
    paper_shares: dict[SimulatedPaper, Annotated[float, Field(ge=0, le=1)]]
    complete_share: float = Field(ge=0, le=1)
    follow_up_share: float = Field(ge=0, le=1)
    kept_by_district: dict[str, Annotated[float, Field(ge=0, le=1)]] = Field(default_factory=dict)


class Gains(Record):
    """What a completed programme adds to the log rates, at its end; it fades with the process'
    half-life.
    """

    work: float = 0.0
    studies: float = 0.0
    benefit: float = 0.0


class CityIntervention(Record):
    """An intervention: its content, who is chosen for it, how long it lasts and what it changes.

    `state` is where participants live meanwhile: support, or a state of its own. `lock_in` is added
    to the log rate into work during it. `by_model` adds to the gain in work where the district
    works that way; `district_sd` is the spread of districts' own deviations. `target` names a trait
    whose bearers gain `target_gain` more. `offered_in` names districts with the month of the first
    start (0 = always); empty: everywhere. `provider` is null where the district itself runs it;
    going on to a job centre (`is_job_centre`) counts as ended in the districts' raw figures.
    `places` are those of the whole city; `monthly_rate` is the start rate of someone whose traits
    are all 0. `content` and `target_groups` are short codes with a space between them, as in the
    table.
    """

    intervention_id: str
    name: Text
    kind: str
    ladder_step: int = Field(ge=1, le=9)
    content: Codes
    target_groups: Codes
    state: Literal["support", "training", "subsidised_work", "sheltered_work"] = "support"
    provider: str | None = None
    is_job_centre: bool = False
    planned_months: int = Field(ge=3)
    planned_spread_months: int = Field(0, ge=0)
    dropout_rate: float
    work_share_at_end: float = 0.0
    hours_per_week: int
    places: int
    monthly_rate: float
    season: tuple[float, float, float, float] = (0.0, 0.0, 0.0, 0.0)
    selection: Effects = Field(default_factory=dict)
    max_age: int | None = None
    lock_in: float = 0.0
    gain: Gains
    target: Trait | None = None
    target_gain: float = 0.0
    by_model: dict[str, float] = Field(default_factory=dict)
    district_sd: float = 0.0
    offered_in: dict[str, int] = Field(default_factory=dict)
    offer_by_model: dict[str, float] = Field(default_factory=dict)
    cost_per_place_tkr: float = Field(ge=20, le=85)
    basis: Basis


class RollOut(Record):
    """A change of a district's way of working: month of adoption (from the first month, 0-based) by
    district; unlisted never adopt.
    """

    action: str
    name: Text
    theme: Theme
    adopted: dict[str, int]
    exit_effect: float
    entry_effect: float = 0.0
    has_pre_trend: bool
    basis: Basis


class Residents(Record):
    """Who lives in every district: shares of all residents by age group (0-1, together 1), and of
    women in each.
    """

    basis: Basis
    age_groups: dict[str, float]
    female_share: float = Field(ge=0, le=1)

    @model_validator(mode="after")
    def _are_all(self):
        if abs(sum(self.age_groups.values()) - 1) > 1e-9:
            raise ValueError("the shares of the age groups do not add up to 1")
        return self


class OutreachWork(Record):
    """Outreach whose steps are planted and whose people are in no other table.

    `known_share` is that of the residents of the age groups and sex who become known in a month;
    `started` gives the first month (0-based) by district, others have no such outreach.
    """

    target_group: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    sex: Literal["female", "male"]
    age_groups: tuple[str, ...] = Field(min_length=1)
    known_share: float = Field(gt=0, le=1)
    reached_of_known: float = Field(ge=0, le=1)
    entered_of_reached: float = Field(ge=0, le=1)
    started: dict[str, int]
    basis: Basis


class Posting(Record):
    """A line of the year's accounts, for the whole city. Million SEK."""

    posting: str
    cost_area: str
    account: str
    budget_msek: float
    booked_msek: float
    note: str = ""


class Accounts(Record):
    """The accounts of one year; `misbooked` districts book holiday jobs on the activity where the
    young people worked, and districts that are `entered_twice` enter the bookings of a posting
    twice, under another number.
    """

    basis: Basis
    year: int
    postings: tuple[Posting, ...]
    misbooked: tuple[str, ...] = ()
    entered_twice: dict[str, str] = Field(default_factory=dict)


class SupportAmounts(Record):
    """What a month of support amounts to. SEK a month in the price year."""

    basis: Basis
    single: float
    couple: float
    child: float
    housing: float
    own_income_share: float
    yearly_growth: float
    price_year: int
    currency: str
