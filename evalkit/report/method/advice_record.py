"""How often advice is right where the truth is known: the record of simulated cities, as it is kept
in `advice_record.yaml`, and what the page of method says of it.

The record is made by tests/truth/store_advice_record.py, never by hand.
"""

from datetime import date
from functools import cache
from pathlib import Path
from typing import Literal, get_args

from evalkit.records import Record, load
from evalkit.report.parts.document import Block, Brief, DataTable
from evalkit.run_rules import AdviceRules
from evalkit.words import Words, capitalise

FILE = Path(__file__).with_suffix(".yaml")

AdviceGiven = Literal["expand", "keep", "try_out", "stop", "cannot_be_said"]
WhoseFigures = Literal["all", "own", "city"]
# What says that a start gains or loses; the others abstain.
DECIDED: tuple[AdviceGiven, ...] = ("expand", "keep", "stop")


class AdviceCount(Record):
    """How often a piece of advice was given and was right: society gains where it is to expand or
    keep, and does not where it is to stop. Null where it says neither; the range is that of
    drawing the cities anew.
    """

    figures: WhoseFigures
    advice: AdviceGiven
    n_given: int
    n_right: int | None = None
    right_lower: float | None = None
    right_upper: float | None = None

    @property
    def right_share(self) -> float | None:
        """The share of the advice given that was right; None where none was, or it abstains."""
        return None if self.n_right is None or not self.n_given else self.n_right / self.n_given


class AdviceRecord(Record):
    """Advice in simulated cities beside the truth: how it was made, and what came of it.

    `horizon_months`: to which society's gain is summed. `price_factors`: how many times their price
    the places cost, so that what gains also loses. `followed_months`: how long effects were
    followed; what comes later was projected.
    """

    city: str
    made: date
    version: str
    first_seed: int
    n_cities: int
    n_people: int
    n_draws: int
    n_districts: int
    n_interventions: int
    followed_months: int
    horizon_months: int
    price_factors: tuple[float, ...]
    rules: AdviceRules
    counts: tuple[AdviceCount, ...]

    def of(self, advice: AdviceGiven, figures: WhoseFigures = "all") -> AdviceCount:
        """How often a piece of advice was given, from whatever figures or from some."""
        return next(
            (one for one in self.counts if (one.advice, one.figures) == (advice, figures)),
            AdviceCount(figures=figures, advice=advice, n_given=0),
        )

    def n_given(self, figures: WhoseFigures = "all") -> int:
        """How many pieces of advice there are."""
        return sum(one.n_given for one in self.counts if one.figures == figures)


@cache
def advice_record() -> AdviceRecord:
    """The record that comes with this version."""
    return load(FILE, AdviceRecord)


def how_often_advice_is_right(brief: Brief) -> Block:
    """What the record says: how often to expand, to keep and to stop is right, how often nothing is
    said, and how it was made.
    """
    record, words = advice_record(), brief.words
    told = [
        words.html(
            f"record.{advice}",
            n=words.number(record.of(advice).n_given),
            **_right(record.of(advice), words),
        )
        for advice in DECIDED
        if record.of(advice).n_given
    ]
    n_silent = sum(
        record.of(advice).n_given for advice in get_args(AdviceGiven) if advice not in DECIDED
    )
    silent = words.html("record.silent", share=words.percent(n_silent / record.n_given()))
    made = words.html(
        "record.made",
        cities=words.count(record.n_cities),
        people=words.number(record.n_people),
        horizon=words.duration(record.horizon_months),
        low=words.number(min(record.price_factors), 1),
        high=words.number(max(record.price_factors)),
    )
    version = words.html(
        "record.version",
        month=words.month(record.made),
        version=record.version,
        first=str(record.first_seed),
        last=str(record.first_seed + record.n_cities - 1),
    )
    return Block(
        heading=words.text("record.heading"),
        text=(made, *told, silent),
        tables=(_table(record, words),),
        after=(
            words.html("record.not_projected"),
            words.html("record.known_prices"),
            version,
        ),
    )


def _right(count: AdviceCount, words: Words) -> dict[str, str]:
    return {
        "share": words.percent(count.right_share or 0.0, 1),
        "low": words.percent(count.right_lower or 0.0, 1),
        "high": words.percent(count.right_upper or 0.0, 1),
    }


def _table(record: AdviceRecord, words: Words) -> DataTable:
    heads = ("advice", "whose", "given", "right", "range")
    rows = [
        (
            words.label(f"advice.{count.advice}"),
            words.label(f"record.{count.figures}"),
            words.number(count.n_given),
            *(
                (words.text("record.abstains"), "–")
                if count.right_share is None
                else (
                    words.percent(count.right_share, 1),
                    words.text("unit.range", **_limits(count, words)),
                )
            ),
        )
        for advice in get_args(AdviceGiven)
        for figures in get_args(WhoseFigures)
        if (count := record.of(advice, figures)).n_given
    ]
    return DataTable(
        caption=words.text("record.caption"),
        head=tuple(capitalise(words.text(f"record.head_{head}")) for head in heads),
        rows=tuple(rows),
    )


def _limits(count: AdviceCount, words: Words) -> dict[str, str]:
    right = _right(count, words)
    return {"low": right["low"], "high": right["high"]}
