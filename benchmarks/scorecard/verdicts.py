"""Verdicts by rule, the same for every row; nobody sets one.

refused: a limit of the protocol fails (`estimates.LIMITS_OF`), so nothing would be said.
compatible: the span of the readings holds the experiment's estimate, or comes as near to it as the
errors of both sides allow; of drawn studies, at least nine of ten that are said hold the truth in
their span. not: else.
"""

from typing import Literal, NamedTuple

from benchmarks.scorecard.estimates import Answer, Reading
from benchmarks.scorecard.studies import Drawn
from evalkit.survival.curves.curve_table import normal_quantile

Verdict = Literal["compatible", "not", "refused"]
LEAST_HELD = 0.9
_MARGIN = normal_quantile(0.95)
_LIMITS = {
    "few_starters": "too few are treated",
    "few_comparable": "the comparison is worth too few people",
    "one_person": "one person has too much of the weight",
    "outside_support": "too many of the treated have nobody like them",
    "unbalanced": "the weights do not make the arms alike",
}


class Judged(NamedTuple):
    """A verdict and why, in words."""

    verdict: Verdict
    why: str


def span(said: Answer) -> tuple[float, float]:
    """The range of 95 per cent that holds both readings, or the plain one's."""
    readings = [said.plain, *([said.second] if said.second is not None else [])]
    return (
        min(one.value - _MARGIN * one.error for one in readings),
        max(one.value + _MARGIN * one.error for one in readings),
    )


def judged(said: Answer, truth: Reading) -> Judged:
    """What evalkit says beside what the experiment says."""
    if said.refused is not None:
        n = f"{said.effective:,.0f} of equal weight"
        return Judged("refused", f"{_LIMITS.get(said.refused, said.refused)} ({n})")
    readings = [said.plain, *([said.second] if said.second is not None else [])]
    apart = [one.less(truth) for one in readings]
    is_within_errors = (
        min(value - _MARGIN * error for value, error in apart)
        <= 0
        <= max(value + _MARGIN * error for value, error in apart)
    )
    lower, upper = span(said)
    is_held = lower <= truth.value <= upper
    of_what = "plain range" if said.second is None else "span"
    if is_held:
        why = f"the {of_what} holds the experiment's estimate"
    else:
        why = f"the experiment's estimate lies outside the {of_what}"
        why += ", within both errors" if is_within_errors else ", beyond both errors"
    if said.plain.value * truth.value < 0:
        why += "; the plain estimate has the opposite sign"
    if said.second is None:
        why += "; nothing was known of the outcome before"
    return Judged("compatible" if is_held or is_within_errors else "not", why)


def judged_drawn(drawn: Drawn, *, is_hidden: bool) -> Judged:
    """What evalkit says of studies drawn from an experiment."""
    n_refused = drawn.n_studies - drawn.n_said
    left = f"{n_refused} of {drawn.n_studies} refused"
    held = drawn.held
    if held is None or n_refused > drawn.n_studies / 2:
        limits = "; ".join(_LIMITS.get(limit, limit) for limit in drawn.refusals)
        return Judged("refused", f"{left}: {limits}")
    of_what = "span" if drawn.span_held is not None else "plain range"
    why = f"the {of_what} holds the truth in {held:.0%} of {drawn.n_said}"
    if drawn.span_held is not None:
        why += f", the plain range in {drawn.plain_held:.0%}"
    if drawn.trees_held is not None:
        why += f", the trees' in {drawn.trees_held:.0%} of {drawn.n_trees}"
    if n_refused:
        why += f"; {left}"
    if is_hidden:
        why += "; what decided who is treated was left out"
    return Judged("compatible" if held >= LEAST_HELD else "not", why)
