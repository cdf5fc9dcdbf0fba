"""Charts of time on support by sex, age and obstacle, and of the rate of leaving by how long people
have been on support.
"""

import altair as alt
import polars as pl

from evalkit.charts.families.curves import lines_with_bands, with_gaps
from evalkit.charts.labels import title_lines
from evalkit.charts.look.frame import Picture, largest, nice_ticks, stacked, titled
from evalkit.charts.look.theme import finish
from evalkit.charts.register import chart, shown_rows
from evalkit.disclosure import Published
from evalkit.line.characteristics import CHARACTERISTICS, group_order
from evalkit.line.looks import GROUP_LOOKS
from evalkit.words import Words

LINE_HEIGHT_OF_GROUP, LEAST_HEIGHT = 40, 150


@chart(
    of="group_curves",
    needs=(pl.col("month") > 0) & pl.col("characteristic").is_in(CHARACTERISTICS),
    one_of=("district",),
    page="place",
)
def group_curves(table: Published, words: Words, /) -> Picture:
    """The share of periods still running, for each group, in straight lines between the quoted
    months; one panel for each characteristic.
    """
    rows = shown_rows(table).rename({"group": "series"})
    present = [name for name in CHARACTERISTICS if name in rows["characteristic"]]
    last = present[-1]
    panels = [
        _panel(rows.filter(pl.col("characteristic") == name), name, words, is_last=name == last)
        for name in present
    ]
    return finish(
        stacked(*panels, color="independent", fill="independent", strokeDash="independent"),
        words.text("chart.group_curves.title"),
    )


@chart(of="exit_rates", needs=pl.col("estimate").is_not_null(), one_of=("district",), page="place")
def exit_rates(table: Published, words: Words, /) -> Picture:
    """The share of those still on support who leave each month, averaged over periods of a spell,
    with ranges.
    """
    periods = shown_rows(table).drop_nulls("estimate").sort("last_month")
    values = ["estimate", "ci_lower", "ci_upper"]
    # Month k begins where k-1 ends: a period's step is drawn from the end of the month before it.
    # Periods not shown leave a gap.
    months = (
        periods.with_columns(month=pl.int_ranges(pl.col("first_month") - 1, "last_month"))
        .explode("month")
        .select("month", *values)
    )
    last = int(largest(periods, "last_month"))
    grid = pl.DataFrame({"month": range(last)}, schema={"month": months.schema["month"]})
    rows = (
        grid.join(months, on="month", how="left")
        .sort("month")
        .with_columns(pl.col("month").cast(pl.Float64))
    )
    rows = pl.concat([rows, rows.tail(1).with_columns(pl.col("month") + 1)])
    picture = lines_with_bands(
        rows.with_columns(series=pl.lit("all")),
        words,
        ticks=nice_ticks(0, largest(rows, "ci_upper", "estimate", at_least=0.01)),
        x_title=words.text("chart.exit_rates.x"),
        is_step=True,
        series={"all": (words.text("chart.exit_rates.all"), GROUP_LOOKS[0])},
    )
    title = title_lines(words.text("chart.exit_rates.y"))
    return finish(titled(picture, title), words.text("chart.exit_rates.title"))


def _panel(
    rows: pl.DataFrame, characteristic: str, words: Words, *, is_last: bool
) -> alt.LayerChart:
    groups = sorted(rows["series"].unique(), key=group_order)
    series = {
        group: (words.group(group), look) for group, look in zip(groups, GROUP_LOOKS, strict=False)
    }
    rows = with_gaps(rows.filter(pl.col("series").is_in(groups[: len(GROUP_LOOKS)])))
    if len(groups) > 2:
        # More than two bands on top of each other hide the lines; the ranges stand in the table.
        rows = rows.with_columns(
            pl.lit(None, pl.Float64).alias("ci_lower"), pl.lit(None, pl.Float64).alias("ci_upper")
        )
    x_title = words.text("chart.group_curves.x") if is_last else None
    height = max(LEAST_HEIGHT, LINE_HEIGHT_OF_GROUP * len(groups))
    panel = lines_with_bands(
        rows,
        words,
        ticks=nice_ticks(0, 1),
        x_title=x_title,
        is_step=False,
        height=height,
        series=series,
    )
    name = words.text(f"characteristic.{characteristic}")
    return titled(panel, title_lines(words.text("chart.group_curves.y", characteristic=name)))
