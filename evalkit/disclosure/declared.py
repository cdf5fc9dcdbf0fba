"""What a published table is declared to be: what identifies a row, what is shown, and which rule of
gate 2 guards it.
"""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Declared:
    """A published table: the rule that guards it, its keys and values, the unit, the columns that
    the rule looks at, and its usual grade.

    `needed` are the values that a row is about where it has others beside them: without any of them
    it is not estimable.

    Counts and curves are read off the register (H); effects are derived from it by a model (M).
    Only prices hold nothing of the extract.
    """

    rule: Literal["counts", "curve", "group_curves", "estimates"]
    keys: tuple[str, ...]
    values: tuple[str, ...]
    unit: str
    n_persons: str | None = None
    total_over: tuple[str, ...] = ()
    is_per_district: bool = False
    grade: str = "H"
    is_of_extract: bool = True
    needed: tuple[str, ...] = ()
