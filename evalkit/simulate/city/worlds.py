"""Worlds of a city: named sets of switches, of which most break what a comparison of starters with
others takes for granted. They are off unless a world is asked for. A city's file declares its
worlds; each switch is about one thing, and worlds can be combined.
"""

from typing import Annotated

import numpy as np
from pydantic import Field, model_validator

from evalkit.records import Record
from evalkit.vocabulary import Grade, Text

# Three times what is already stress: rates beyond it would be nobody's city.
MOST_STRENGTH = 3.0


class Basis(Record):
    """Where a section's numbers come from, and how sure they are."""

    source: str
    grade: Grade


class EarlierParticipation(Record):
    """Who has taken part before starts at another rate, and what they gained lasts.

    starts_after_any: added to the log start rate of every intervention for whoever has begun any of
    them before. starts_after_this: added on top for the intervention itself. may_start_again:
    whether an intervention that somebody has begun can be started once more. gain_half_life_months:
    of the gain from having taken part, in place of the process' own. first_start_month: nothing
    starts before it (months from the first one, 0-based), so that from 1 on the tables hold
    everybody's whole history; null: as offered, and for many the history begins before the tables
    do.
    """

    basis: Basis
    starts_after_any: float = 0.0
    starts_after_this: float = 0.0
    may_start_again: bool = True
    gain_half_life_months: float = Field(gt=0)
    first_start_month: Annotated[int, Field(ge=1)] | None = None


class CalendarTime(Record):
    """The labour market and the offers move over the years.

    to_work: added to the log rate from support into work; starts: to the log start rate of every
    intervention; each by month from the first one (0-based), on straight lines between the months
    named, level before the first and after the last of them.
    """

    basis: Basis
    to_work: dict[int, float] = Field(min_length=2)
    starts: dict[int, float] = Field(min_length=2)


class NextStep(Record):
    """Whoever has begun an intervention that prepares for others goes on to them more readily.

    starts_of_higher: by intervention, added to the log start rate of every intervention on a higher
    step of the ladder for whoever has ever begun it.
    """

    basis: Basis
    starts_of_higher: dict[str, float] = Field(min_length=1)


class Selection(Record):
    """Who starts is chosen by more than the city's interventions declare: by a trait that no table
    holds, or by how much people have worked before.

    hidden, past_work: added to the log start rate of every intervention, `strength` times, by a
    standard deviation of that trait and by the share (0-1) of the months in the tables so far that
    were spent in work. renewed_every_months: the trait is drawn anew so often, at a month of each
    person's own; null: it lasts. to_studies, to_benefit: what a standard deviation of it adds to
    the log rates into studies and into sickness benefit and pension, whatever the strength.
    """

    basis: Basis
    strength: float = Field(1.0, ge=0, le=MOST_STRENGTH)
    hidden: float = 0.0
    past_work: float = 0.0
    renewed_every_months: Annotated[int, Field(ge=2)] | None = None
    to_studies: float = 0.0
    to_benefit: float = 0.0

    @model_validator(mode="after")
    def _chooses_by_something(self):
        if not (self.hidden or self.past_work):
            raise ValueError("a selection is by something: hidden or past_work")
        return self


class Newcomers(Record):
    """Most people come to the city during its years, and on to support without a past in work.

    arrival_share: in place of the people's own, the share of the adults who come from abroad.
    returns: by so much the rate from work back to support is multiplied.
    """

    basis: Basis
    arrival_share: float = Field(ge=0, le=1)
    returns: float = Field(gt=0)


class World(Record):
    """A named set of switches."""

    title: Text
    earlier_participation: EarlierParticipation | None = None
    calendar: CalendarTime | None = None
    next_step: NextStep | None = None
    selection: Selection | None = None
    newcomers: Newcomers | None = None

    @model_validator(mode="after")
    def _switches_something(self):
        if not self.switches:
            raise ValueError(f"a world switches something: {' or '.join(SWITCHES)}")
        return self

    @property
    def switches(self) -> "dict[str, Switch]":
        """What is switched on, by name."""
        return switches_of(self)


class SharedWorlds(Record):
    """Worlds that every city has."""

    worlds: dict[str, World]


Switch = EarlierParticipation | CalendarTime | NextStep | Selection | Newcomers
SWITCHES = ("earlier_participation", "calendar", "next_step", "selection", "newcomers")


def switches_of(record: Record) -> dict[str, Switch]:
    """The switches that are on in a world or a city, by name."""
    return {name: getattr(record, name) for name in SWITCHES if getattr(record, name) is not None}


def level_in(month: np.ndarray, by_month: dict[int, float]) -> np.ndarray:
    """The level of a course in each month: straight lines between the months named, level before
    and after them. float32.
    """
    months = sorted(by_month)
    return np.interp(month, months, [by_month[known] for known in months]).astype(np.float32)
