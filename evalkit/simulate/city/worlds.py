"""Worlds of a city: named sets of switches, of which most break what a comparison of starters with
others takes for granted. They are off unless a world is asked for. A city's file declares its
worlds; each switch is about one thing, and worlds can be combined.
"""

from typing import Annotated

import numpy as np
from pydantic import Field, model_validator

from evalkit.records import Record
from evalkit.vocabulary import Grade, Text


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


class World(Record):
    """A named set of switches."""

    title: Text
    earlier_participation: EarlierParticipation | None = None
    calendar: CalendarTime | None = None
    next_step: NextStep | None = None

    @model_validator(mode="after")
    def _switches_something(self):
        if not self.switches:
            raise ValueError(f"a world switches something: {' or '.join(SWITCHES)}")
        return self

    @property
    def switches(self) -> "dict[str, Switch]":
        """What is switched on, by name."""
        return switches_of(self)


Switch = EarlierParticipation | CalendarTime | NextStep
SWITCHES = ("earlier_participation", "calendar", "next_step")


def switches_of(record: Record) -> dict[str, Switch]:
    """The switches that are on in a world or a city, by name."""
    return {name: getattr(record, name) for name in SWITCHES if getattr(record, name) is not None}


def level_in(month: np.ndarray, by_month: dict[int, float]) -> np.ndarray:
    """The level of a course in each month: straight lines between the months named, level before
    and after them. float32.
    """
    months = sorted(by_month)
    return np.interp(month, months, [by_month[known] for known in months]).astype(np.float32)
