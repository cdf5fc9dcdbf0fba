"""Charts of value: who pays and who gains, and what it comes to for the person, the district, the
public purse and society.
"""

from collections.abc import Collection

import altair as alt
import polars as pl

from evalkit.charts.labels import value_label
from evalkit.charts.look.frame import Picture, titled
from evalkit.charts.look.ranges import RangeRow, range_chart
from evalkit.charts.look.theme import SIGNED_AXIS, finish
from evalkit.charts.register import ONE_EFFECT, chart, pooled_note, shown_rows
from evalkit.disclosure import Published
from evalkit.line.actors import ACTOR_NAMES, PERSPECTIVES, SEEN_WITHOUT_LIVELIHOOD
from evalkit.line.looks import GAIN, LOSS
from evalkit.words import Words, money_digits

NET = "all"  # the posting that is an actor's sum
TOTAL = "total"  # the part that holds what was observed and what is projected


@chart(
    of="value_by_actor",
    # Who pays and who gains is no picture of those alone who are seen without livelihoods.
    needs=pl.col("estimate").is_not_null() & ~pl.col("actor").is_in(SEEN_WITHOUT_LIVELIHOOD),
    one_of=(*ONE_EFFECT, "currency"),
    page="effect",
)
def value_by_actor(table: Published, words: Words, /) -> Picture:
    """Who pays and who gains per participant, with ranges.

    Rows with posting "all" are an actor's sum and are drawn alone; without them every posting is
    drawn.
    """
    rows = shown_rows(table)
    if rows.filter(pl.col("posting") == NET).height:
        rows = rows.filter(pl.col("posting") == NET)
    shown = sorted(
        rows.to_dicts(), key=lambda row: (_order(ACTOR_NAMES, row["actor"]), row["posting"])
    )
    picture = range_chart(
        [_money_row(row, _actor_label(row, words), words) for row in shown],
        x_title=words.text("chart.value_by_actor.x", currency=rows["currency"][0]),
        axis_labels=SIGNED_AXIS,
        sides=(words.text("chart.value_by_actor.pays"), words.text("chart.value_by_actor.gains")),
    )
    return _finished(picture, rows, words, "chart.value_by_actor.title")


@chart(
    of="value_parts",
    needs=pl.col("estimate").is_not_null()
    & (pl.col("part") == TOTAL)
    & (pl.col("perspective") == "society"),
    one_of=(*ONE_EFFECT, "currency"),
    page="intervention",
)
def value_summary(table: Published, words: Words, /) -> Picture:
    """What an intervention is worth per participant from each point of view, with ranges and the
    probability that it is above zero.

    The perspectives that the report speaks of are drawn, observed and projected together.
    """
    rows = shown_rows(table).filter(
        (pl.col("part") == TOTAL) & pl.col("perspective").is_in(list(PERSPECTIVES))
    )
    shown = sorted(rows.to_dicts(), key=lambda row: _order(PERSPECTIVES, row["perspective"]))
    picture = range_chart(
        [_money_row(row, value_label(words, row["perspective"]), words) for row in shown],
        x_title=words.text(
            "chart.value_summary.x", currency=rows["currency"][0], months=rows["horizon_months"][0]
        ),
        axis_labels=SIGNED_AXIS,
    )
    return _finished(picture, rows, words, "chart.value_summary.title")


def _money_row(row: dict, label: str, words: Words) -> RangeRow:
    # An amount that no draw moves has no probability worth telling: it is what it is, most often
    # nothing.
    probability = row.get("probability_positive") if row["ci_lower"] != row["ci_upper"] else None
    note = (
        ""
        if probability is None
        else words.text("chart.value_summary.probability", share=words.probability(probability))
    )
    limits = row["estimate"], row["ci_lower"], row["ci_upper"]
    return RangeRow(
        label=label,
        value=words.estimate(*limits, money_digits(*limits), kind="signed"),
        estimate=row["estimate"],
        low=row["ci_lower"],
        high=row["ci_upper"],
        colour=GAIN if row["estimate"] >= 0 else LOSS,
        shape="circle" if row["estimate"] >= 0 else "square",
        note=note,
        is_bold="probability_positive" in row,
    )


def _actor_label(row: dict, words: Words) -> str:
    actor = value_label(words, row["actor"])
    return (
        actor if row["posting"] == NET else f"{actor}: {value_label(words, row['posting']).lower()}"
    )


def _finished(
    picture: alt.LayerChart, rows: pl.DataFrame, words: Words, key: str
) -> alt.LayerChart:
    return finish(titled(picture, pooled_note(rows, words)), words.text(key))


def _order(known: Collection[str], name: str) -> int:
    return [*known, name].index(name)
