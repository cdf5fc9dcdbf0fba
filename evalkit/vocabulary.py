"""Words that every room uses: how sure a value is, a text in the languages of a report, the
questions of an effect, and where long words divide.

A grade says how sure a value is: H read at the responsible authority or in an official table, M
second-hand or derived, L general knowledge or illustrative. It travels with the value into the
report. What was counted in a simulated extract has a grade of its own, S.
"""

from collections.abc import Iterable
from typing import Literal, get_args

Grade = Literal["H", "M", "L"]
SIMULATED = "S"
# The surest first; a number is as sure as the least sure of what it is made from.
GRADES = (*get_args(Grade), SIMULATED)
Language = Literal["sv", "en"]

# What a probability that something pays is called: "yes" from SURE on, "probably" from LIKELY on,
# mirrored below one half, "unclear" between.
Band = Literal["yes", "probably", "unclear", "probably_not", "no"]
BANDS: tuple[Band, ...] = get_args(Band)
SURE, LIKELY = 0.95, 0.8
Text = dict[Language, str]

# What starting an intervention is compared with, and the name of each question (its estimand). A
# protocol's first comparison is its primary one.
Comparison = Literal["wait", "never", "other"]
ESTIMANDS: dict[str, str] = {one: f"start_now_rather_than_{one}" for one in get_args(Comparison)}

# Between the names of two covariates whose product is a term.
TIMES = " × "

# Last parts of Swedish compounds that are too long for a narrow column or a label beside a plot.
_COMPOUND_TAILS = (
    "utbildning",
    "ersättning",
    "program",
    "grupp",
    "insats",
    "åtgärd",
    "förmedling",
    "kassa",
    "bistånd",
    "stöd",
    "arbete",
)


def least_sure(grades: Iterable[str], *, default: str = "") -> str:
    """The grade of what is made from things of these grades; `default` where there are none."""
    return max(grades, key=GRADES.index, default=default)


def band_of(probability: float) -> Band:
    """What a probability is called."""
    if max(probability, 1 - probability) < LIKELY:
        return "unclear"
    if probability > 1 / 2:
        return "yes" if probability >= SURE else "probably"
    return "no" if 1 - probability >= SURE else "probably_not"


def divided(word: str, hyphen: str) -> str:
    """A compound with a hyphen before its last part, if that is one of the parts known here; other
    words as they are.
    """
    place = next((word.rfind(tail) for tail in _COMPOUND_TAILS if word.rfind(tail) > 2), -1)
    return f"{word[:place]}{hyphen}{word[place:]}" if place > 0 else word
