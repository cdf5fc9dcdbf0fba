"""The naive figure beside the corrected one, and the districts' effects with the range of their
ranks.
"""

import polars as pl

from evalkit.charts.labels import value_label
from evalkit.charts.look.frame import Picture
from evalkit.charts.look.ranges import RangeRow, range_chart
from evalkit.charts.look.theme import SIGNED_AXIS, finish
from evalkit.charts.register import ONE_EFFECT, chart, shown_rows
from evalkit.disclosure import Published
from evalkit.line.looks import FAINT, GAIN, INK, LOSS
from evalkit.words import Words

NAIVE = {
    "share_ended": (LOSS, "square"),
    "share_in_work": (INK, "circle"),
    "comparison_in_work": (FAINT, "triangle-up"),
    "corrected": (GAIN, "diamond"),
}


@chart(
    of="effect_readings",
    figure="naive",
    needs=pl.col("reading") == "corrected",
    one_of=ONE_EFFECT,
    page="effect",
)
def naive_and_corrected(table: Published, words: Words, /) -> Picture:
    """What a district would report, and what starting changed: shares of those who started and of
    the comparison, and their difference.
    """
    rows = {row["reading"]: row for row in shown_rows(table).to_dicts()}
    shown = [_share_row(rows[name], name, words) for name in NAIVE if name in rows]
    picture = range_chart(
        shown, x_title=words.text("chart.naive.x"), axis_labels="format(datum.value, '.0%')"
    )
    return finish(picture, words.text("chart.naive.title"))


@chart(
    of="district_ranks",
    needs=pl.len() > 1,
    one_of=("intervention_id", "estimand"),
    page="intervention",
)
def district_ranks(table: Published, words: Words, /) -> Picture:
    """Districts' pooled effects in months of work with ranges, in alphabetical order, each with the
    range of its rank.
    """
    rows = shown_rows(table).to_dicts()
    shown = [
        _rank_row(row, words) for row in sorted(rows, key=lambda row: row["district"].casefold())
    ]
    return finish(
        range_chart(shown, x_title=words.text("chart.ranks.x"), axis_labels=SIGNED_AXIS),
        words.text("chart.ranks.title"),
    )


def _share_row(row: dict, name: str, words: Words) -> RangeRow:
    colour, shape = NAIVE[name]
    return RangeRow(
        label=value_label(words, name),
        value=words.estimate(row["estimate"], row["ci_lower"], row["ci_upper"], kind="percent"),
        estimate=row["estimate"],
        low=row["ci_lower"],
        high=row["ci_upper"],
        colour=colour,
        shape=shape,
        is_bold=name == "corrected",
    )


def _rank_row(row: dict, words: Words) -> RangeRow:
    return RangeRow(
        label=row["district"],
        value=words.estimate(
            row["shrunk"], row["shrunk_lower"], row["shrunk_upper"], 1, kind="signed"
        ),
        estimate=row["shrunk"],
        low=row["shrunk_lower"],
        high=row["shrunk_upper"],
        colour=GAIN,
        note=_rank_note(row, words),
    )


def _rank_note(row: dict, words: Words) -> str:
    if row["rank_lower"] is None:
        return words.text("chart.ranks.no_rank")
    low, high, n = (
        words.number(row[column]) for column in ("rank_lower", "rank_upper", "n_districts")
    )
    return words.text(
        "chart.ranks.note",
        low=low,
        high=high,
        n=n,
        share=words.probability(row["probability_best"]),
    )
