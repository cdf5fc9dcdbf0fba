"""Charts of what an intervention changes: shares by month in both arms and their difference, months
in each state.
"""

from collections.abc import Iterable

import altair as alt
import polars as pl

from evalkit.charts.families.curves import lines_with_bands
from evalkit.charts.labels import title_lines, value_label, wrapped
from evalkit.charts.look.end_labels import LINE_HEIGHT
from evalkit.charts.look.frame import (
    Frame,
    Picture,
    inner_ticks,
    label,
    largest,
    month_ticks,
    nice_ticks,
    padded,
    smallest,
    stacked,
    titled,
)
from evalkit.charts.look.ranges import RangeRow, range_chart
from evalkit.charts.look.theme import (
    PLOT_WIDTH,
    POINTS_AXIS,
    SIGNED_AXIS,
    finish,
    look_of,
    nothing_to_show,
)
from evalkit.charts.register import ONE_EFFECT, chart, pooled_note, shown_rows
from evalkit.disclosure import Published
from evalkit.line.looks import FAINT, GAIN, INK, LOSS
from evalkit.line.states import (
    AGGREGATES,
    CLOSER,
    EFFECT_OUTCOMES,
    KNOWN_FROM_PAYMENTS,
    LEAST_RECORDED,
    WITHOUT_SUPPORT,
)
from evalkit.words import Words

ARM_HEIGHT, DIFFERENCE_HEIGHT = 180, 130


@chart(
    of="effect_curves",
    needs=pl.col("arm") == "difference",
    one_of=ONE_EFFECT,
    page="effect",
)
def effect_curves(table: Published, words: Words, /, *, state: str | None = None) -> Picture:
    """The share in a state by month for those who started and those compared with, and below it the
    difference.

    The difference is filled in one colour where more, in another where fewer of those who started
    are in the state, so that a lock-in is seen as what it is: the months below zero at the
    beginning.

    `state` is the state drawn; by default the outcome that the words are about.
    """
    state = state or words.outcome
    rows = shown_rows(table).filter(pl.col("state") == state)
    if rows.is_empty():
        return nothing_to_show(table, words)
    name = words.about(state).text("in_outcome")
    arms = rows.filter(pl.col("arm") != "difference").rename({"arm": "series"})
    panels = [_difference(rows.filter(pl.col("arm") == "difference"), words, name)]
    if arms.height:
        title = title_lines(
            pooled_note(rows, words), words.text("chart.effect_curves.y", in_state=name)
        )
        panels.insert(0, titled(_arms(arms, words), title))
    return finish(
        stacked(*panels, color="independent"),
        words.text("chart.effect_curves.title", in_state=name),
    )


@chart(
    of="effect_summary",
    needs=pl.col("outcome").str.starts_with("months_"),
    one_of=ONE_EFFECT,
    page="effect",
)
def effect_months(table: Published, words: Words, /) -> Picture:
    """Months in each state up to the horizon: the difference that the intervention makes, with
    ranges. Where it is told in months without support, the states of which something is on record.
    """
    tells_work, known = words.outcome != WITHOUT_SUPPORT, _months_of(KNOWN_FROM_PAYMENTS)
    is_recorded = pl.max_horizontal("treated", "comparison") >= LEAST_RECORDED
    # Months without support are the other side of months on support.
    is_drawn = (
        pl.col("outcome") != f"months_{WITHOUT_SUPPORT}"
        if tells_work
        else pl.col("outcome").is_in(known)
        | (is_recorded & ~pl.col("outcome").is_in(_months_of(AGGREGATES)))
    )
    is_months = pl.col("outcome").str.starts_with("months_")
    rows = shown_rows(table).filter(is_months & is_drawn)
    told = (*EFFECT_OUTCOMES, *AGGREGATES)
    order = {months: index for index, months in enumerate(_months_of(told))}
    shown = sorted(rows.to_dicts(), key=lambda row: order.get(row["outcome"], len(order)))
    picture = range_chart(
        [_months_row(row, words) for row in shown],
        x_title=words.text("chart.effect_months.x"),
        axis_labels=SIGNED_AXIS,
    )
    title = "chart.effect_months.title" if tells_work else "outcome.months_on_record"
    return finish(titled(picture, pooled_note(rows, words)), words.text(title))


def _months_of(outcomes: Iterable[str]) -> list[str]:
    return [f"months_{outcome}" for outcome in outcomes]


def _arms(rows: pl.DataFrame, words: Words) -> alt.LayerChart:
    ticks = nice_ticks(0, largest(rows, "estimate", "ci_upper", at_least=0.0))
    return lines_with_bands(
        rows, words, ticks=ticks, x_title=None, is_step=False, height=ARM_HEIGHT
    )


def _difference(rows: pl.DataFrame, words: Words, name: str) -> alt.LayerChart:
    last = int(largest(rows, "month"))
    values = ("estimate", "ci_lower", "ci_upper")
    span = padded(smallest(rows, *values, at_most=0), largest(rows, *values, at_least=0))
    x_axis = {
        "values": month_ticks(last),
        "title": words.text("chart.effect_curves.x"),
        "offset": 4,
    }
    y_axis = {"values": inner_ticks(*span, n_steps=4), "labelExpr": POINTS_AXIS}
    frame = Frame(PLOT_WIDTH, DIFFERENCE_HEIGHT, (0, last), span, x_axis, y_axis)
    data = rows.select("month", *values)
    layers = [
        frame.layer(data, "area", x="month", y="ci_lower", y2="ci_upper", opacity=0.2, color=FAINT),
        _filled(data, frame, pl.max_horizontal("estimate", 0), GAIN),
        _filled(data, frame, pl.min_horizontal("estimate", 0), LOSS),
        frame.layer([{"zero": 0}], "rule", y="zero", color=INK, strokeWidth=1.5),
        frame.layer(data, "line", x="month", y="estimate", color=INK, strokeWidth=2),
        *_side_names(frame, words, name),
    ]
    title = title_lines(words.text("chart.effect_curves.difference"))
    return titled(frame.holds(*layers), title)


def _filled(data: pl.DataFrame, frame: Frame, end: pl.Expr, colour: str) -> alt.Chart:
    """The area between zero and the difference on one side of zero."""
    side = data.select("month", shown=end, zero=0)
    return frame.layer(side, "area", x="month", y="shown", y2="zero", color=colour, opacity=0.5)


def _side_names(frame: Frame, words: Words, name: str) -> list[alt.Chart]:
    """What lies above and below zero, to the right of the plot; a side too small for its name goes
    without.
    """
    low, high = frame.y_span
    sides, room = [], 0.12 * (high - low)
    for key, edge, colour in (("more", high, GAIN), ("fewer", low, LOSS)):
        if abs(edge) > room:
            text = wrapped(words.text(f"chart.effect_curves.{key}", in_state=name), 15)
            rise = -LINE_HEIGHT * text.count("\n") / 2
            sides.append(
                frame.layer(
                    [{"y": edge / 2, "text": text}],
                    "text",
                    x=frame.width,
                    y="y",
                    text=label(),
                    dx=12,
                    dy=rise,
                    color=colour,
                )
            )
    return sides


def _months_row(row: dict, words: Words) -> RangeRow:
    state = row["outcome"].removeprefix("months_")
    is_told_apart = words.outcome == CLOSER and state == "support"
    look = look_of(state)
    label = value_label(words, "support_without_step" if is_told_apart else state)
    if words.outcome == WITHOUT_SUPPORT and state not in KNOWN_FROM_PAYMENTS:
        label = words.text("outcome.on_record", outcome=label)
    return RangeRow(
        label=label,
        value=words.estimate(row["difference"], row["ci_lower"], row["ci_upper"], 1, kind="signed"),
        estimate=row["difference"],
        low=row["ci_lower"],
        high=row["ci_upper"],
        colour=look.colour,
        shape=look.shape,
        is_bold=state == words.outcome,
    )
