"""Charts of what an intervention changes: shares by month in both arms and their difference, months
in each state.
"""

from typing import TYPE_CHECKING

import polars as pl

from evalkit.charts.curves import lines_with_bands
from evalkit.charts.end_labels import LINE_HEIGHT
from evalkit.charts.frame import (
    Frame,
    inner_ticks,
    month_ticks,
    nice_ticks,
    padded,
    stacked,
    titled,
)
from evalkit.charts.labels import title_lines, value_label, wrapped
from evalkit.charts.ranges import RangeRow, range_chart
from evalkit.charts.source import ONE_EFFECT, POOLED, drawn_if, shown_rows
from evalkit.charts.theme import (
    FAINT,
    GAIN,
    INK,
    LOSS,
    PLOT_WIDTH,
    POINTS_AXIS,
    SIGNED_AXIS,
    finish,
    look_of,
    nothing_to_show,
)
from evalkit.disclosure import Published
from evalkit.line.states import OUTCOMES
from evalkit.words import Words

if TYPE_CHECKING:
    import altair as alt

ARM_HEIGHT, DIFFERENCE_HEIGHT = 180, 130


@drawn_if(pl.col("arm") == "difference", one_of=ONE_EFFECT)
def effect_curves(
    curves: Published, words: Words, *, state: str | None = None
) -> "alt.VConcatChart":
    """The share in a state by month for those who started and those compared with, and below it the
    difference.

    The difference is filled in one colour where more, in another where fewer of those who started
    are in the state, so that a lock-in is seen as what it is: the months below zero at the
    beginning.

    Parameters
    ----------
    curves : Published
        The table effect_curves: state, arm, month, estimate, ci_lower, ci_upper; one district,
        intervention and estimand.
    words : Words
        The reader's language.
    state : str, optional
        The state drawn; the outcome that the words are about when not given.

    Raises
    ------
    DisclosureError
        If the table is not `Published`.
    ParameterError
        If it holds several districts, interventions or estimands.
    """
    state = state or words.outcome
    rows = shown_rows(curves, "effect_curves").filter(pl.col("state") == state)
    if rows.is_empty():
        return nothing_to_show(curves, words)
    name = value_label(words, state).lower()
    arms = rows.filter(pl.col("arm") != "difference").rename({"arm": "series"})
    panels = [_difference(rows.filter(pl.col("arm") == "difference"), words, name)]
    if arms.height:
        top = nice_ticks(0, max(arms["estimate"].max(), arms["ci_upper"].fill_null(0).max()))
        above = lines_with_bands(
            arms, words, ticks=top, x_title=None, is_step=False, height=ARM_HEIGHT
        )
        panels.insert(
            0,
            titled(
                above,
                title_lines(
                    _pooled_note(rows, words), words.text("chart.effect_curves.y", state=name)
                ),
            ),
        )
    return finish(
        stacked(*panels, color="independent"), words.text("chart.effect_curves.title", state=name)
    )


@drawn_if(pl.col("outcome").str.starts_with("months_"), one_of=ONE_EFFECT)
def effect_months(summary: Published, words: Words) -> "alt.LayerChart":
    """Months in each state up to the horizon: the difference that the intervention makes, with
    ranges.

    Parameters
    ----------
    summary : Published
        The table effect_summary: outcome (months_STATE), difference, ci_lower, ci_upper; one
        district, intervention and estimand.
    words : Words
        The reader's language.

    Raises
    ------
    DisclosureError, ParameterError
        As `effect_curves`.
    """
    rows = shown_rows(summary, "effect_months").filter(pl.col("outcome").str.starts_with("months_"))
    order = {f"months_{outcome}": place for place, outcome in enumerate(OUTCOMES)}
    shown = sorted(rows.to_dicts(), key=lambda row: order.get(row["outcome"], len(order)))
    chart = range_chart(
        [_months_row(row, words) for row in shown],
        x_title=words.text("chart.effect_months.x"),
        axis_labels=SIGNED_AXIS,
    )
    pooled = _pooled_note(rows, words)
    return finish(titled(chart, pooled), words.text("chart.effect_months.title"))


def _difference(rows: pl.DataFrame, words: Words, name: str) -> "alt.LayerChart":
    import altair as alt

    last = int(rows["month"].max())
    values = [
        v
        for column in ("estimate", "ci_lower", "ci_upper")
        for v in rows[column].drop_nulls().to_list()
    ]
    span = padded(min(0, *values), max(0, *values))
    x_axis = {
        "values": month_ticks(last),
        "title": words.text("chart.effect_curves.x"),
        "offset": 4,
    }
    y_axis = {"values": inner_ticks(*span, n_steps=4), "labelExpr": POINTS_AXIS}
    frame = Frame(PLOT_WIDTH, DIFFERENCE_HEIGHT, (0, last), span, x_axis, y_axis)
    data, x = alt.Chart(rows.select("month", "estimate", "ci_lower", "ci_upper")), frame.x("month")
    band = data.mark_area(opacity=0.2, color=FAINT).encode(
        x=x, y=frame.y("ci_lower"), y2=alt.Y2("ci_upper")
    )
    fills = [
        _filled(data, limit, colour).encode(x=x, y=frame.y("shown"), y2=alt.Y2Datum(0))
        for limit, colour in (("max", GAIN), ("min", LOSS))
    ]
    zero = (
        alt.Chart(alt.Data(values=[{"zero": 0}]))
        .mark_rule(color=INK, strokeWidth=1.5)
        .encode(y=frame.y("zero"))
    )
    line = data.mark_line(color=INK, strokeWidth=2).encode(x=x, y=frame.y("estimate"))
    chart = frame.holds(band, *fills, zero, line, *_side_names(frame, words, name))
    return titled(chart, title_lines(words.text("chart.effect_curves.difference", state=name)))


def _filled(data: "alt.Chart", limit: str, colour: str) -> "alt.Chart":
    """The area between zero and the difference on one side of zero."""
    return data.transform_calculate(shown=f"{limit}(datum.estimate, 0)").mark_area(
        color=colour, opacity=0.5
    )


def _side_names(frame: Frame, words: Words, name: str) -> list["alt.Chart"]:
    """What lies above and below zero, to the right of the plot; a side too small for its name goes
    without.
    """
    import altair as alt

    sides, room = [], 0.12 * (frame.y_span[1] - frame.y_span[0])
    for key, edge, colour in (("more", frame.y_span[1], GAIN), ("fewer", frame.y_span[0], LOSS)):
        text = wrapped(words.text(f"chart.effect_curves.{key}", state=name), 15)
        data = alt.Chart(alt.Data(values=[{"y": edge / 2, "text": text}]))
        if abs(edge) > room:
            mark = data.mark_text(dx=12, dy=-LINE_HEIGHT * text.count("\n") / 2, color=colour)
            sides.append(
                mark.encode(x=alt.XValue(frame.width), y=frame.y("y"), text=alt.Text("text:N"))
            )
    return sides


def _months_row(row: dict, words: Words) -> RangeRow:
    state = row["outcome"].removeprefix("months_")
    look = look_of(state)
    return RangeRow(
        label=value_label(words, state),
        value=words.estimate(row["difference"], row["ci_lower"], row["ci_upper"], 1, kind="signed"),
        estimate=row["difference"],
        low=row["ci_lower"],
        high=row["ci_upper"],
        colour=look.colour,
        shape=look.shape,
        is_bold=state == words.outcome,
    )


def _pooled_note(rows: pl.DataFrame, words: Words) -> str:
    """Said above every effect that is the whole city's and not the district's own."""
    is_pooled = "district" in rows.columns and rows["district"].to_list()[:1] == [POOLED]
    return value_label(words, "chart.pooled") if is_pooled else ""
