"""Charts of time: the share that has left by each way out, and where people are month by month."""

from collections.abc import Mapping
from functools import partial

import altair as alt
import polars as pl

from evalkit.charts.labels import title_lines, value_label, wrapped
from evalkit.charts.look.end_labels import end_labels
from evalkit.charts.look.frame import (
    Frame,
    Picture,
    colours,
    dashes,
    largest,
    month_ticks,
    nice_ticks,
    titled,
)
from evalkit.charts.look.theme import PLOT_WIDTH, finish, look_of
from evalkit.charts.register import chart, shown_rows
from evalkit.disclosure import Published
from evalkit.line.looks import Look
from evalkit.line.states import OUTCOMES, STILL_ON_SUPPORT
from evalkit.words import Words

HEIGHT = 230
LABEL_LETTERS = 15
# More lines than these cannot be told apart; the others stand in the table beside the picture.
MOST_LINES = 5
# Months of a curve that are marked, so that what lies between is seen to be drawn.
_MOST_POINTS = 20


@chart(
    of="exit_curves",
    needs=(pl.col("month") > 0) & (pl.col("exit") != STILL_ON_SUPPORT),
    one_of=("district",),
    page="place",
)
def exit_curves(table: Published, words: Words, /) -> Picture:
    """The share that has left support by each way out, with ranges; straight lines between the
    quoted months.
    """
    every = shown_rows(table).filter(pl.col("exit") != STILL_ON_SUPPORT)
    every = every.rename({"exit": "series"})
    common = most_common(every)
    rows = with_gaps(common)
    picture = lines_with_bands(
        rows,
        words,
        ticks=nice_ticks(0, largest(rows, "ci_upper", "estimate", at_least=0.05)),
        x_title=words.text("chart.exit_curves.x"),
        is_step=False,
    )
    quoted = words.text("chart.quoted")
    title = title_lines(
        words.text("chart.exit_curves.y"), _of_how_many(every, common, words), quoted
    )
    return finish(titled(picture, title), words.text("chart.exit_curves.title"))


@chart(of="states", needs=pl.col("estimate").is_not_null(), one_of=("district",), page="place")
def states(table: Published, words: Words, /) -> Picture:
    """The share of all people in each state, month by month, with ranges."""
    every = shown_rows(table).rename({"state": "series"})
    common = most_common(every)
    rows = with_gaps(common)
    picture = lines_with_bands(
        rows,
        words,
        ticks=nice_ticks(0, largest(rows, "ci_upper", "estimate", at_least=0.0)),
        x_title=words.text("chart.states.x"),
        is_step=False,
    )
    title = title_lines(words.text("chart.states.y"), _of_how_many(every, common, words))
    return finish(titled(picture, title), words.text("chart.states.title"))


def most_common(rows: pl.DataFrame) -> pl.DataFrame:
    """The rows of the series that are largest in the last month in which each is shown: as many as
    can be told apart.
    """
    last = (
        rows.filter(pl.col("estimate").is_not_null())
        .group_by("series")
        .agg(pl.col("estimate").sort_by("month").last())
    )
    largest_ones = last.sort("estimate", "series", descending=[True, False])["series"]
    return rows.filter(pl.col("series").is_in(largest_ones.head(MOST_LINES).implode()))


def _of_how_many(every: pl.DataFrame, shown: pl.DataFrame, words: Words) -> str:
    """That a picture shows the largest alone, where it leaves some out."""
    n_left_out = every["series"].n_unique() - shown["series"].n_unique()
    return words.text("chart.most_common") if n_left_out else ""


def lines_with_bands(
    rows: pl.DataFrame,
    words: Words,
    *,
    ticks: list[float],
    x_title: str | None,
    is_step: bool,
    height: int = HEIGHT,
    series: Mapping[str, tuple[str, Look]] | None = None,
) -> alt.LayerChart:
    """Lines with their ranges, each named at its end.

    Parameters
    ----------
    rows : DataFrame
        series, month, estimate, ci_lower, ci_upper (shares 0-1); a line breaks where they are null.
    words : Words
        The reader's language.
    ticks : list of float
        Of the y axis, which they span.
    x_title : str, optional
        Under the axis of months.
    is_step : bool
        Whether a value holds until the next month.
    height : int
        Of the plot. Pixels.
    series : mapping of str to (str, Look), optional
        Label and look of every series in the order of drawing; default: those of states and exits.
    """
    series = series or {
        name: (value_label(words, name), look_of(name))
        for name in sorted(rows["series"].unique(), key=_order)
    }
    looks = {name: look for name, (_, look) in series.items()}
    last = largest(rows, "month")
    frame = Frame(
        PLOT_WIDTH,
        height,
        (0, last),
        (ticks[0], ticks[-1]),
        {"values": month_ticks(int(last)), "title": x_title},
        {"values": ticks, "format": ".0%"},
    )
    data = rows.select("series", "month", "estimate", "ci_lower", "ci_upper")
    colour, shape = colours("series", looks), "step-after" if is_step else "linear"
    layer = partial(frame.layer, data, x="month", color=colour, interpolate=shape)
    band = layer("area", y="ci_lower", y2="ci_upper", opacity=0.17)
    line = layer("line", y="estimate", strokeDash=dashes("series", looks), strokeWidth=2.5)
    has_points = not is_step and rows["month"].n_unique() <= _MOST_POINTS
    points = [layer("point", y="estimate", filled=True, size=30, opacity=1)] if has_points else []
    ends = rows.drop_nulls("estimate").sort("month").group_by("series", maintain_order=True).last()
    labelled = [
        (name, wrapped(series[name][0], LABEL_LETTERS), estimate)
        for name, estimate in ends.select("series", "estimate").iter_rows()
    ]
    return frame.holds(band, line, *points, *end_labels(labelled, frame, looks))


def with_gaps(rows: pl.DataFrame) -> pl.DataFrame:
    """A row for every series and month, empty where nothing may be shown, so that lines break
    there.
    """
    values = rows.select("series", "month", "estimate", "ci_lower", "ci_upper")
    grid = rows.select("series").unique().join(rows.select("month").unique(), how="cross")
    return grid.join(values, on=["series", "month"], how="left").sort("series", "month")


def _order(name: str) -> int:
    known = ("treated", "comparison", *OUTCOMES)
    return known.index(name) if name in known else len(known)
