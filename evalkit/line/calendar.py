"""Breaks in the calendar: months from which the rules around income support are others, as a file
of a country declares them (params/calendar/).

A run names the file; a protocol names the breaks that its models allow for.
"""

from datetime import date
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, model_validator

from evalkit.errors import ParameterError, nearest
from evalkit.months import month_number, month_of_key
from evalkit.params import Run
from evalkit.records import Record, load
from evalkit.run_rules import BeforeAfter
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


def compared_breaks(run: Run) -> tuple[BeforeAfter, ...]:
    """The comparisons before and after a break that a run declares.

    Raises
    ------
    ParameterError
        If a break is not in the run's calendar, or compared twice.
    """
    declared, known = run.params.survival.before_after, break_months(run)
    keys = [one.at for one in declared]
    faults = [f"{key} ({nearest(key, known)})" for key in keys if key not in known]
    faults += [f"{key} (twice)" for key in dict.fromkeys(keys) if keys.count(key) > 1]
    if faults:
        raise ParameterError(
            f"{len(faults)} break{'s' if len(faults) > 1 else ''} cannot be compared.",
            where=f"{run.run_file.name}, survival.before_after: {', '.join(faults)}",
            why="A break is known by its month in the run's calendar, and stands on a page once.",
            fix="mend the key, or name the file that declares it in effects.calendar (as "
            "params/calendar/sweden.yaml).",
        )
    return declared


def last_month_needed(declared: BeforeAfter, begins: int, run: Run) -> int:
    """The last month that must be known for the cohort that begins in a month: until then a gap may
    still turn out to be none.
    """
    unsure = run.params.spells.max_gap_months + run.params.extract.reporting_lag_months
    return begins + declared.cohort_months + declared.follow_up_months - 2 + unsure
