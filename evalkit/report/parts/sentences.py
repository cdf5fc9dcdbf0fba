"""Which sentence the data allow: small rules that look at estimates and ranges and name the text to
use.

A rule never says more than its range: where zero lies inside, the answer is "unclear". Limits are
closed: a range that touches zero holds it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import takewhile
from typing import Literal

from evalkit.line.adjustment import SMALL_IMBALANCE
from evalkit.report.parts.numbers import Row

Side = Literal["above", "below", "unclear"]
LockIn = Literal["seen", "not_seen", "unclear"]

_DECLARED, _NEVER = "declared", "never"
# The naive figure answers another question; later trials rest on fewer people.
_NOT_COMPARED = ("naive", "later_trials")


@dataclass(frozen=True)
class LockInFinding:
    """What the first months show: the verdict, the months in which the whole range is below zero,
    and the lowest month (of those, if any).
    """

    verdict: LockIn
    months: tuple[int, ...]
    lowest: Row


def side_of_zero(row: Row, lower: str = "ci_lower", upper: str = "ci_upper") -> Side:
    """On which side of zero a row's whole range lies; unclear if zero is inside or there is no
    range.
    """
    if not row.has(lower, upper):
        return "unclear"
    if row[lower] > 0:
        return "above"
    return "below" if row[upper] < 0 else "unclear"


def lock_in(differences: Sequence[Row]) -> LockInFinding | None:
    """Whether those who started are less often in work at first: looked for in the first half of
    the follow-up.

    Parameters
    ----------
    differences : sequence of Row
        Differences in the share in work by month (columns month, estimate, ci_lower, ci_upper).

    Returns
    -------
    LockInFinding or None
        "seen" where at least one early month's whole range is below zero (its months: the first
        run of such months, unbroken by another that is shown), "not_seen" where every early
        month's whole range is above zero, otherwise "unclear". None without months to look at.
    """
    followed = sorted(
        (row for row in differences if row["month"] >= 1 and row.has("estimate")),
        key=lambda row: row["month"],
    )
    early = [row for row in followed if row["month"] <= max(1, followed[-1]["month"] // 2)]
    if not early:
        return None
    lowest = min(early, key=lambda row: row["estimate"])
    is_below = [side_of_zero(row) == "below" for row in early]
    if any(is_below):
        from_first = list(zip(early, is_below, strict=True))[is_below.index(True) :]
        months = tuple(row["month"] for row, _ in takewhile(lambda told: told[1], from_first))
        return LockInFinding(
            "seen",
            months,
            min((row for row in early if row["month"] in months), key=lambda row: row["estimate"]),
        )
    all_above = all(side_of_zero(row) == "above" for row in early)
    return LockInFinding("not_seen" if all_above else "unclear", (), lowest)


def clear_leader(rows: Sequence[Row]) -> Row | None:
    """The row with the largest estimate, if its range lies wholly above the ranges of all
    others.
    """
    shown = sorted(
        (row for row in rows if row.has("estimate", "ci_lower", "ci_upper")),
        key=lambda row: -row["estimate"],
    )
    if not shown or any(row["ci_upper"] >= shown[0]["ci_lower"] for row in shown[1:]):
        return None
    return shown[0]


def are_apart(rows: Sequence[Row]) -> bool | None:
    """Whether at least two rows have ranges that do not meet; None with fewer than two ranges."""
    shown = [row for row in rows if row.has("ci_lower", "ci_upper")]
    if len(shown) < 2:
        return None
    return max(row["ci_lower"] for row in shown) > min(row["ci_upper"] for row in shown)


def largest_imbalance(rows: Sequence[Row]) -> tuple[Row, bool] | None:
    """The covariate on which the groups still differ most, and whether that is small; None without
    any.
    """
    shown = [row for row in rows if row.has("smd_before", "smd_after")]
    if not shown:
        return None
    largest = max(shown, key=lambda row: abs(row["smd_after"]))
    return largest, abs(largest["smd_after"]) < SMALL_IMBALANCE


def conventions_that_differ(rows: Sequence[Row]) -> list[str] | None:
    """The conventions under which the range lies on another side of zero than under the declared
    one; the naive figure is not among them.

    A convention of the question of never starting is compared with that question's own estimate.
    One that rests on fewer people does not count: its range is wider for that reason alone. None
    if the declared convention is missing or there is no other.
    """
    by_name = {row["convention"]: row for row in rows if row.has("difference")}
    compared_with = {
        name: _DECLARED
        for name in by_name
        if name not in (_DECLARED, *_NOT_COMPARED) and not name.startswith(_NEVER)
    }
    if _NEVER in by_name:
        compared_with |= {name: _NEVER for name in by_name if name.startswith(f"{_NEVER}_")}
    if _DECLARED not in by_name or not compared_with:
        return None
    return [
        name
        for name, other in compared_with.items()
        if side_of_zero(by_name[name]) != side_of_zero(by_name[other])
    ]
