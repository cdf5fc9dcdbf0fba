"""What a protocol adjusts for, as data: covariates and calendar time, and the terms of the models
that they become.
"""

from collections.abc import Iterable
from itertools import pairwise
from typing import Annotated, Literal

from pydantic import Field, model_validator

from evalkit.records import Record

CovariateKind = Literal[
    "person", "elapsed", "season", "history_share", "district", "participation", "latest"
]
Measure = Literal["ever", "count", "months_since", "share"]
LatestTable = Literal[
    "household_member", "assessment", "follow_up", "activity_plan", "activity_month"
]
THIS, ANY = "this", "any"
CALENDAR = "calendar_time"
# Standardised differences below this are usually taken as negligible: Austin (2009), Stat. Med.
# 28:3083.
SMALL_IMBALANCE = 0.1
# Trials of fewer months than a year hold no calendar time that could be told from the season.
MIN_CALENDAR_MONTHS = 12

_NEEDED = {
    "person": ("column",),
    "elapsed": (),
    "season": ("starts",),
    "history_share": ("outcome",),
    "district": (),
    "participation": ("of", "measure"),
    "latest": ("table", "column"),
}
_ALLOWED = {"person": ("equals",), "district": ("districts",), "latest": ("equals", "life_area")}
# What a plan holds is known when it begins; how it went is written into it later.
_WRITTEN_LATER = ("status", "decision")
_OF_FORM = {"log": (), "bands": ("starts",), "spline": ("knots",)}


class Covariate(Record):
    """One covariate, measured before time zero."""

    name: str = Field(description="The covariate's name in tables.")
    kind: CovariateKind = Field(
        description="person: a column of the person table. elapsed: months on support so far, "
        "and 1 if the start is unknown. season: the calendar month of time zero, in groups. "
        "history_share: the share of the months observed before time zero spent in an outcome. "
        "district: 1 in each of the run's districts but the first. participation: earlier "
        "participation, a running one included. latest: the last value known before time zero "
        "of a column of a delivered table, and 1 if none was."
    )
    column: str | None = Field(None, description="person, latest: the column.")
    equals: str | None = Field(
        None, description="person, latest: the text that becomes 1; every other becomes 0."
    )
    outcome: str | None = Field(None, description="history_share: the outcome.")
    table: LatestTable | None = Field(
        None,
        description="latest: the delivered table. Of activity_month the hours of a month are "
        "added up over its kinds of activity, and nothing but hours can be asked for; of "
        "activity_plan what is known when the plan begins.",
    )
    life_area: str | None = Field(None, description="latest, of an assessment: the life area.")
    of: str | None = Field(
        None, description="participation: this (intervention), any, or an intervention by its id."
    )
    measure: Measure | None = Field(
        None,
        description="participation: ever (0/1), count (stays begun), months_since (log(1 + "
        "months since the last one ended), 0 while one runs, and 1 if there was none) or share "
        "(of the months observed before time zero).",
    )
    form: Literal["log", "bands", "spline"] = Field(
        "log",
        description="elapsed: log (log(1 + months)), bands (a band begins at each of the months"
        " `starts`; months before the first are what the others are compared with) or spline (a"
        " natural cubic spline, straight before the first and after the last of `knots`).",
    )
    starts: tuple[Annotated[int, Field(ge=1)], ...] = Field(
        (), description="season, and elapsed as bands: the months at which groups begin."
    )
    knots: tuple[Annotated[int, Field(ge=0)], ...] = Field(
        (), description="elapsed as a spline: its knots, in months; at least three."
    )
    districts: tuple[str, ...] = Field(
        (), description="district: filled in when the protocol is loaded."
    )
    group: str | None = Field(
        None,
        min_length=1,
        description="A name that several covariates share which say the same of people; they are "
        "left out together where it is asked how much a measured group moves the effect. Alone "
        "where null.",
    )

    @property
    def terms(self) -> tuple[str, ...]:
        """Names of its columns in the model, as a reader meets them."""
        unknown = f"{self.name}_unknown"
        if self.kind == "elapsed":
            return {
                "log": (self.name, unknown),
                "bands": (*(f"{self.name}_from_{start}" for start in self.starts), unknown),
                "spline": (*curve_terms(self.name, len(self.knots) - 1), unknown),
            }[self.form]
        return {
            "season": tuple(f"{self.name}_from_{start}" for start in sorted(self.starts)[:-1]),
            "district": tuple(f"lives_in_{district}" for district in self.districts[1:]),
            "participation": (self.name, f"{self.name}_never")
            if self.measure == "months_since"
            else (self.name,),
            "latest": (self.name, unknown),
        }.get(self.kind, (self.name,))

    @property
    def is_of_past(self) -> bool:
        """Whether it says what people lived on, or took part in, before: what the second reading of
        an effect takes as outcome and leaves out of the weights. Months on support so far are time
        zero's, and the last value of a delivered table is what was known of people then.
        """
        return self.kind in ("history_share", "participation")

    def needed(self, key: Literal["column", "outcome", "table", "of"]) -> str:
        """The value of a key that its kind cannot be without (`_has_what_its_kind_needs`)."""
        return str(getattr(self, key))

    @model_validator(mode="after")
    def _has_what_its_kind_needs(self):
        of_form = _OF_FORM[self.form] if self.kind == "elapsed" else ()
        needed = (*_NEEDED[self.kind], *of_form)
        missing = [key for key in needed if not getattr(self, key)]
        if missing:
            raise ValueError(f"a covariate of kind {self.kind} needs {', '.join(missing)}")
        allowed = {
            *needed,
            *_ALLOWED.get(self.kind, ()),
            *("name", "kind", "group"),
            *(("form",) if self.kind == "elapsed" else ()),
        }
        surplus = sorted(self.model_fields_set - allowed)
        if surplus:
            raise ValueError(f"a covariate of kind {self.kind} has no {', '.join(surplus)}")
        if self.column == "district":
            raise ValueError("the district goes in whole, as {name: district, kind: district}")
        if self.kind == "elapsed" and (
            not _increase(self.starts)
            or not _increase(self.knots)
            or (self.form == "spline" and len(self.knots) < 3)
        ):
            raise ValueError(
                "bands need starts that increase, a spline at least three knots that do"
            )
        if self.kind == "latest" and (self.table == "assessment") != (self.life_area is not None):
            raise ValueError(
                "the latest assessment is of one life_area; the other tables have none"
            )
        if self.table == "activity_plan" and self.column in _WRITTEN_LATER:
            raise ValueError(
                f"{self.column} is written into a plan after it began: before time zero it is not "
                "known"
            )
        if self.table == "activity_month" and (self.equals or self.column == "activity_type"):
            raise ValueError("of activity_month the hours of a month are asked for, without equals")
        return self


class Calendar(Record):
    """Calendar time in the propensity, in the model of starting later and in every outcome model:
    the months of the trials as a term.

    Trials that span fewer than twelve months have no curve of calendar time: it is left out, and
    the protocol's card says so.
    """

    form: Literal["spline", "linear", "none"] = Field(
        "spline",
        description="spline (natural cubic; its knots span the months of the model), linear, or"
        " none.",
    )
    df: int = Field(3, ge=2, le=6, description="How many terms the spline has.")
    breaks: tuple[str, ...] = Field(
        (),
        description="Months from which rules are others, by their keys in the run's calendar "
        "(effects.calendar): each is a step of its own in calendar time, whatever the form. A "
        "break outside the months of the trials is left out, and the protocol's card says so.",
    )
    break_months: tuple[int, ...] = Field(
        (), description="Their months; filled in when the protocol is loaded."
    )

    def steps(self, first: int, last: int) -> dict[str, int]:
        """The step terms of trials from one month to another, and the month at which each
        begins.
        """
        return {
            step_term(key): month
            for key, month in zip(self.breaks, self.break_months, strict=False)
            if first < month <= last
        }

    @property
    def terms(self) -> tuple[str, ...]:
        """Names of its columns in the model."""
        return {"spline": curve_terms(CALENDAR, self.df), "linear": (CALENDAR,), "none": ()}[
            self.form
        ]


class Exclusion(Record):
    """Who is left out for having taken part in an intervention."""

    of: str = Field(description="The intervention taken part in: this, any, or one by its id.")
    within_months: int | None = Field(
        None, ge=1, description="In the last so many months; without it ever. Months."
    )


def curve_terms(name: str, n_terms: int) -> tuple[str, ...]:
    """Names of a curve's columns: the straight line has the covariate's own name."""
    return (name, *(f"{name}_curve_{number}" for number in range(2, n_terms + 1)))


def step_term(key: str) -> str:
    """The name of a break's column: 1 from its month on."""
    return f"after_{key}"


def rules_out(exclusions: Iterable[Exclusion], of: str, within_months: int | None) -> bool:
    """Whether exclusions leave nobody who took part in an intervention (or in any) at all, or
    within so many months.
    """
    return any(
        exclusion.of in (of, ANY)
        and (
            exclusion.within_months is None
            or (within_months is not None and exclusion.within_months >= within_months)
        )
        for exclusion in exclusions
    )


def _increase(months: tuple[int, ...]) -> bool:
    return all(month < following for month, following in pairwise(months))
