"""The words and numbers in the charts: which keys they ask for, and how figures are written for
Swedish and English readers.

`words` is any object with `.language` ("sv" or "en") and `.text(key, **values)`. A value found in a
table (a state, an actor, a covariate) is asked for by itself; one that has no word is shown as it
stands in the table.
"""

import textwrap
from typing import Protocol

from evalkit.errors import ParameterError
from evalkit.line.actors import ACTOR_NAMES, PERSPECTIVES_WITH_MUNICIPALITY
from evalkit.line.states import OUTCOMES, STILL_ON_SUPPORT
from evalkit.vocabulary import divided

# Filled in: {low} {high} in chart.range, {state} in chart.effect_curves, {share} in
# chart.value_summary.probability, {currency} in the axes of value, {months} in
# chart.district_comparison, {low} {high} {n} {share} in chart.ranks.note.
CHART_KEYS: tuple[str, ...] = (
    "chart.pooled",
    "chart.range",
    "chart.withheld",
    "chart.nothing",
    "chart.no_number",
    "chart.exit_curves.title",
    "chart.exit_curves.y",
    "chart.exit_curves.x",
    "chart.exit_rates.title",
    "chart.exit_rates.y",
    "chart.exit_rates.x",
    "chart.exit_rates.all",
    "chart.group_curves.title",
    "chart.group_curves.y",
    "chart.group_curves.x",
    "chart.states.title",
    "chart.states.y",
    "chart.states.x",
    "chart.effect_curves.title",
    "chart.effect_curves.y",
    "chart.effect_curves.difference",
    "chart.effect_curves.more",
    "chart.effect_curves.fewer",
    "chart.effect_curves.x",
    "chart.effect_months.title",
    "chart.effect_months.x",
    "chart.balance.title",
    "chart.balance.x",
    "chart.balance.before",
    "chart.balance.after",
    "chart.balance.limit",
    "chart.overlap.title",
    "chart.overlap.x",
    "chart.overlap.treated",
    "chart.overlap.before",
    "chart.overlap.after",
    "chart.funnel.title",
    "chart.funnel.x",
    "chart.funnel.y",
    "chart.funnel.lines",
    "chart.naive.title",
    "chart.naive.x",
    "chart.ranks.title",
    "chart.ranks.x",
    "chart.ranks.no_rank",
    "chart.ranks.note",
    "chart.value_by_actor.title",
    "chart.value_by_actor.x",
    "chart.value_by_actor.pays",
    "chart.value_by_actor.gains",
    "chart.value_summary.title",
    "chart.value_summary.x",
    "chart.value_summary.probability",
    "chart.value_curve.title",
    "chart.value_curve.x",
    "chart.value_curve.y",
    "chart.value_tornado.title",
    "chart.value_tornado.x",
    "chart.value_acceptability.title",
    "chart.value_acceptability.x",
    "chart.value_acceptability.y",
    "chart.value_acceptability.none",
    "chart.district_comparison.title",
    "chart.district_comparison.x",
    "chart.district_comparison.all",
)
ARMS = ("treated", "comparison")

CHARACTERISTICS = ("sex", "age", "obstacle")
NOT_KNOWN = "not_known"
_CHARACTERISTIC_KEYS = tuple(f"characteristic.{name}" for name in CHARACTERISTICS)

# Every key that can be known beforehand; covariates, postings, districts and groups of people are
# open lists.
KEYS: tuple[str, ...] = tuple(
    dict.fromkeys(
        (
            *CHART_KEYS,
            *OUTCOMES,
            "effect",
            STILL_ON_SUPPORT,
            *ARMS,
            *PERSPECTIVES_WITH_MUNICIPALITY,
            *ACTOR_NAMES,
            *_CHARACTERISTIC_KEYS,
        )
    )
)

TITLE_LETTERS = 46

_LOCALES = {"sv": "sv_SE", "en": "en_GB"}
_NBSP, _MINUS = "\u00a0", "\u2212"


class Words(Protocol):
    """What a chart needs of a language."""

    language: str
    outcome: str  # what effects are told in

    def about(self, outcome: str) -> "Words":
        """The same words about effects on another outcome."""

    def text(self, key: str, **values: object) -> str:
        """The text of a key."""

    def group(self, group: str) -> str:
        """A group of people as a label."""

    def price(self, key: str, name: str) -> str:
        """A price's name, an intervention's own with the intervention's word."""

    def probability(self, share: float) -> str:
        """A probability from draws as per cent, as a bound near 0 and 1."""


def value_label(words: Words, value: str) -> str:
    """The reader's word for a value of a table, its first letter a capital."""
    try:
        label = words.text(value)
    except (KeyError, ParameterError):
        label = value.replace("_", " ")
    return label[:1].upper() + label[1:]


def wrapped(label: str, width: int) -> str:
    """A label on lines of about `width` letters; a longer compound is divided before its last
    part.
    """
    with_gaps = " ".join(
        divided(word, "- ") if len(word) > width else word for word in label.split()
    )
    return "\n".join(
        textwrap.wrap(with_gaps, width, break_long_words=False, break_on_hyphens=False)
    )


def title_lines(*texts: str) -> list[str]:
    """The lines of a title: each text on its own lines, no wider than a chart; empty texts are left
    out.
    """
    return [line for text in texts if text for line in wrapped(text, TITLE_LETTERS).split("\n")]


def number_text(value: float, words: Words, digits: int = 0, *, is_signed: bool = False) -> str:
    """A number as the reader's language writes it, with a real minus and, for differences, a
    plus.
    """
    from babel.numbers import format_decimal

    rounded = round(value, digits) + 0.0
    pattern = "#,##0" + ("." + "0" * digits if digits > 0 else "")
    text = format_decimal(rounded, pattern, locale=_LOCALES[words.language]).replace("-", _MINUS)
    return f"+{text}" if is_signed and rounded > 0 else text


def percent_text(share: float, words: Words) -> str:
    """A share (0-1) as whole per cent: "12 %" in Swedish, "12%" in English."""
    return number_text(100 * share, words) + (f"{_NBSP}%" if words.language == "sv" else "%")


def range_text(
    estimate: float,
    low: float | None,
    high: float | None,
    words: Words,
    digits: int,
    *,
    is_signed: bool,
) -> str:
    """An estimate with its range: "+1.2 (−0.3 to 2.7)"; the estimate alone when it has none."""
    text = number_text(estimate, words, digits, is_signed=is_signed)
    if low is None or high is None or low == high:
        return text
    low_text, high_text = (number_text(limit, words, digits) for limit in (low, high))
    return f"{text} ({words.text('chart.range', low=low_text, high=high_text)})"


def d3_locale(language: str) -> dict:
    """The number format of axes, as d3 reads it."""
    is_swedish = language == "sv"
    return {
        "decimal": "," if is_swedish else ".",
        "thousands": _NBSP if is_swedish else ",",
        "grouping": [3],
        "currency": ["", ""],
        "percent": f"{_NBSP}%" if is_swedish else "%",
        "minus": _MINUS,
    }
