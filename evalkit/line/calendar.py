"""Breaks in the calendar: months from which the rules around income support are others, as a file
of a country declares them (params/calendar/).

A run names the file; a protocol names the breaks that its models allow for.
"""

from datetime import date
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, model_validator

from evalkit.months import month_number, month_of_key
from evalkit.params import Run
from evalkit.records import Record, load
from evalkit.vocabulary import Grade, Text


class Break(Record):
    """A month from which rules are others."""

    key: str = Field(
        pattern=r"^[a-z][a-z0-9_]*$", description="The name by which protocols name it."
    )
    month: Annotated[date, BeforeValidator(month_of_key)] = Field(
        description="The first month of the new rules: 2026-07."
    )
    title: Text = Field(description="What pages call it, by language.")
    status: Literal["in_force", "decided", "announced"] = Field(
        description="in_force, decided (to come), or announced: what was decided is not read."
    )
    source: Text | str = Field(
        description="From whom: a name or an address once, words in each language."
    )
    grade: Grade = Field(
        description="How sure: H read at the responsible authority, M second-hand, L illustrative."
    )
    note: str = Field("", description="What whoever uses it should know.")


class BreakFile(Record):
    """A file of params/calendar/."""

    file: str = Field(description="The file's name.")
    title: Text = Field(description="What it holds, by language.")
    breaks: tuple[Break, ...] = Field(description="The breaks, each under a key of its own.")

    @model_validator(mode="after")
    def _names_each_once(self):
        keys = [one.key for one in self.breaks]
        if len(set(keys)) < len(keys):
            raise ValueError("breaks stand once each, under keys of their own")
        return self


def breaks_of(run: Run) -> tuple[Break, ...]:
    """The breaks that a run knows, in the order of their months; none where it names no file.

    Raises
    ------
    ParameterError
        If the file is faulty.
    """
    path = run.params.effects.calendar
    known = load(run.path(path), BreakFile).breaks if path else ()
    return tuple(sorted(known, key=lambda one: one.month))


def break_months(run: Run) -> dict[str, int]:
    """The months of the breaks that a run knows, by key; the extract's first month is 1."""
    origin = month_number(run.params.extract.first_month) - 1
    return {one.key: month_number(one.month) - origin for one in breaks_of(run)}
