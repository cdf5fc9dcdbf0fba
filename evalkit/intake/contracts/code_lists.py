"""Lists of codes: what a municipality's own codes mean, as a file that it fills and a mapping file
names, so that codes of an authority or a system are never guessed at.
"""

import re
from dataclasses import dataclass, field
from typing import Any, ClassVar

from evalkit.errors import nearest
from evalkit.line.states import STATES
from evalkit.vocabulary import Grade

UNKNOWN, _OTHER = "unknown", "other"
_SHORT = re.compile("[a-z][a-z0-9_]*")
_REFUSING: dict[str, Any] = {"extra": "forbid"}
# The states that a code may tell: support does not end in support.
STATES_TOLD = tuple(state for state in STATES["state"] if state not in ("support", UNKNOWN))


@dataclass(frozen=True)
class ListedCode:
    """A code of a list and what it means."""

    __pydantic_config__: ClassVar = _REFUSING

    code: str = field(metadata={"description": "The code as it is delivered."})
    title: str = field(metadata={"description": "What it means, in Swedish."})
    grade: Grade = field(metadata={"description": "How sure that is: H, M or L."})
    state: str | None = field(
        metadata={
            "description": "The state in the month after, as evalkit names it (work, studies, "
            "pension, moved, ...); without one the code tells no state."
        },
        default=None,
    )
    short: str | None = field(
        metadata={
            "description": "A short code of our own for one that tells no state; without it, other."
        },
        default=None,
    )
    source: str = field(
        metadata={"description": "Where it was read, where that is not the list's own source."},
        default="",
    )

    def __post_init__(self):
        if self.state is not None and self.state not in STATES_TOLD:
            near = nearest(self.state, STATES_TOLD)
            raise ValueError(f'code "{self.code}" names the state {self.state} ({near})')
        if self.state is not None and self.short is not None:
            raise ValueError(f'code "{self.code}" has a state, and a short code beside it')
        if self.short is not None and not _SHORT.fullmatch(self.short):
            raise ValueError(f"a short code is written as {_SHORT.pattern}")
        if self.short in STATES_TOLD or self.short == UNKNOWN:
            raise ValueError(f'code "{self.code}": {self.short} would be taken for a state')

    @property
    def ours(self) -> str:
        """Our code for it: the name of the state that it tells, or another."""
        return self.state or self.short or _OTHER


@dataclass(frozen=True)
class CodeList:
    """A list of codes of one column."""

    __pydantic_config__: ClassVar = _REFUSING

    source: str = field(metadata={"description": "Where the codes come from."})
    codes: tuple[ListedCode, ...] = field(metadata={"description": "The codes."})
    is_example: bool = field(
        metadata={
            "description": "Whether the list is an example alone, of no system: the receipt and "
            "the page then say so."
        },
        default=False,
    )

    def __post_init__(self):
        named = [listed.code for listed in self.codes]
        twice = sorted({code for code in named if named.count(code) > 1})
        if twice:
            raise ValueError(f"codes that stand twice: {', '.join(twice)}")

    @property
    def by_code(self) -> dict[str, str]:
        """Our code for each delivered one."""
        return {listed.code: listed.ours for listed in self.codes}

    @property
    def grade(self) -> Grade:
        """How sure the least sure of its codes is."""
        return max((listed.grade for listed in self.codes), key="HML".index, default="L")
