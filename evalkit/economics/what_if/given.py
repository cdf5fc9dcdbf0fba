"""What a scenario gives for a rule whose date is known and whose size is not: a share, with its
range, by which prices or transition probabilities fall.

The rule stands in a calendar file (params/calendar/) with its month, its status and its source;
nothing there says how much it takes, and no default is made up for it.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TypeVar

from pydantic import Field

from evalkit.errors import nearest
from evalkit.line.calendar import Break, BreakFile
from evalkit.records import Record, load
from evalkit.vocabulary import Text


class Given(Record):
    """A share that the text of a rule does not hold, and between which ends it is thought to be."""

    what: Text = Field(description="What it is the share of, by language.")
    share: float = Field(ge=0, le=1, description="The share. 0 to 1.")
    low: float = Field(ge=0, le=1, description="The lowest share. 0 to 1.")
    high: float = Field(ge=0, le=1, description="The highest share. 0 to 1.")


class Change(Record):
    """What prices and transition probabilities have in common when a scenario changes them."""

    lowered_by_given: bool = Field(
        False, description="Whether what the scenario gives (given.share) is taken off."
    )


AnyChange = TypeVar("AnyChange", bound=Change)


def rule_of(key: str | None, calendar: Path) -> Break | str | None:
    """The dated rule of a calendar file by its key; the nearest one in words if it is not there;
    None where no rule is named.

    Raises
    ------
    ParameterError
        If the file is missing or faulty.
    """
    if key is None:
        return None
    rules = {rule.key: rule for rule in load(calendar, BreakFile).breaks}
    return rules.get(key) or nearest(key, rules)


def rule_in_words(rule: Break) -> str:
    """A rule's key, first month and status: "benefit_cap from 2027-01, decided"."""
    return f"{rule.key} from {rule.month:%Y-%m}, {rule.status}"


def given_faults(
    given: Given | None, changes: Mapping[str, Change], rule: Break | str | None
) -> Iterator[str]:
    """What is wrong with a rule, with what is given for it, and with the changes (by name) that use
    it.
    """
    if isinstance(rule, str):
        yield f"rule ({rule})"
    using = [name for name, change in changes.items() if change.lowered_by_given]
    if given is None:
        yield from (
            f"{name} (given is missing: say which share, with low and high)" for name in using
        )
    elif not using:
        yield "given (no price or rate is lowered_by_given)"
    elif not given.low <= given.share <= given.high or given.low == given.high:
        yield "given (low <= share <= high, and low below high)"
