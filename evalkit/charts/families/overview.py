"""Charts of all districts beside each other, in alphabetical order: to see how sure the numbers
are, not to rank.
"""

import polars as pl

from evalkit.charts.labels import value_label
from evalkit.charts.look.frame import Picture
from evalkit.charts.look.ranges import RangeRow, range_chart
from evalkit.charts.look.theme import finish
from evalkit.charts.register import POOLED, chart, shown_rows
from evalkit.disclosure import Published
from evalkit.line.looks import GAIN, INK
from evalkit.words import Words


@chart(of="time_on_support", needs=pl.col("estimate").is_not_null(), page="city")
def district_comparison(
    table: Published, words: Words, /, *, horizon_months: int | None = None
) -> Picture:
    """Mean months on support by district, with ranges, and a line at the mean of all districts.

    `horizon_months` says up to which month; by default the longest in the table.
    """
    rows = shown_rows(table)
    horizon = rows["horizon_months"].max() if horizon_months is None else horizon_months
    rows = rows.filter(pl.col("horizon_months") == horizon, pl.col("estimate").is_not_null())
    together = rows.filter(pl.col("district") == POOLED)
    districts = sorted(
        rows.filter(pl.col("district") != POOLED).to_dicts(),
        key=lambda row: row["district"].casefold(),
    )
    picture = range_chart(
        [_row(row, words) for row in [*together.to_dicts(), *districts]],
        x_title=words.text("chart.district_comparison.x", months=horizon),
        axis_labels="format(datum.value, ',.1~f')",
        reference=together["estimate"][0] if together.height else None,
    )
    return finish(picture, words.text("chart.district_comparison.title", months=horizon))


def _row(row: dict, words: Words) -> RangeRow:
    is_all = row["district"] == POOLED
    return RangeRow(
        label=value_label(words, "chart.district_comparison.all") if is_all else row["district"],
        value=words.estimate(row["estimate"], row["ci_lower"], row["ci_upper"], 1),
        estimate=row["estimate"],
        low=row["ci_lower"],
        high=row["ci_upper"],
        colour=INK if is_all else GAIN,
        shape="diamond" if is_all else "circle",
        is_bold=is_all,
    )
