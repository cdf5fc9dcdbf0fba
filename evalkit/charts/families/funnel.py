"""The funnel: districts' shares adjusted for who lives there, by how many they are, within the
limits of chance.
"""

from statistics import NormalDist

import altair as alt
import polars as pl

from evalkit.charts.labels import title_lines
from evalkit.charts.look.frame import (
    Frame,
    Picture,
    inner_ticks,
    largest,
    nice_ticks,
    padded,
    smallest,
    titled,
)
from evalkit.charts.look.point_labels import point_labels
from evalkit.charts.look.theme import FULL_WIDTH, finish
from evalkit.charts.register import POOLED, chart, shown_rows
from evalkit.disclosure import Published
from evalkit.line.looks import FAINT, GAIN, INK, LOSS
from evalkit.words import Words

HEIGHT = 260
LEVELS = {"95": (0.95, (6, 4)), "998": (0.998, (1, 0))}
N_STEPS = 60
PERCENT = "format(datum.value, '.0%')"


@chart(
    of="funnel",
    needs=(pl.col("district") != POOLED) & (pl.col("district") == POOLED).any(),
    one_of=("intervention_id",),
    page="intervention",
)
def funnel(table: Published, words: Words, /) -> Picture:
    """Districts by number of people, with the city's share and limits of 95 and 99.8 per cent;
    those outside are named.
    """
    return _drawn(shown_rows(table), words, "chart.funnel")


@chart(
    of="access_funnel",
    needs=(pl.col("district") != POOLED) & (pl.col("district") == POOLED).any(),
    page="city",
)
def access_funnel(table: Published, words: Words, /) -> Picture:
    """Districts by the number of people who came to support, with the share of all who start an
    intervention and limits of 95 and 99.8 per cent; those outside are named.
    """
    return _drawn(shown_rows(table), words, "chart.access_funnel")


def _drawn(rows: pl.DataFrame, words: Words, texts: str) -> Picture:
    """The funnel with the texts below a key."""
    districts = rows.filter(pl.col("district") != POOLED)
    city = rows.row(by_predicate=pl.col("district") == POOLED, named=True)
    share, spread = city["adjusted"], max(city["overdispersion"] or 1.0, 1.0)
    top = nice_ticks(0, largest(districts, "n_persons"))[-1]
    lines = _limits(share, spread, smallest(districts, "n_persons") / 2, top)
    values = [
        *districts["adjusted"],
        *[line[side] for line in lines for side in ("lower", "upper")],
    ]
    span = padded(max(min(values), 0), min(max(values), 1))
    axis = {"values": nice_ticks(0, top), "title": title_lines(words.text(f"{texts}.x"))}
    frame = Frame(
        FULL_WIDTH - 40,
        HEIGHT,
        (0, top),
        span,
        axis,
        {"values": inner_ticks(*span, n_steps=5), "labelExpr": PERCENT},
    )
    centre = frame.layer([{"share": share}], "rule", y="share", color=INK, strokeWidth=1.5)
    leaders, names = _names(districts, lines, share, frame)
    picture = frame.holds(*_lines(lines, frame), centre, leaders, *_points(districts, frame), names)
    title = title_lines(words.text(f"{texts}.y"), words.text("chart.funnel.lines"))
    return finish(titled(picture, title), words.text(f"{texts}.title"))


def _limits(share: float, spread: float, smallest: float, largest: float) -> list[dict]:
    """The limits by number of people, as they are where everybody's chance is the city's share."""
    rows = []
    for name, (level, _) in LEVELS.items():
        z = NormalDist().inv_cdf((1 + level) / 2)
        for step in range(N_STEPS + 1):
            # Steps grow with the size, so that the steep end at the left is smooth.
            n = smallest + (largest - smallest) * (step / N_STEPS) ** 2
            margin = z * (spread * share * (1 - share) / max(n, 1)) ** 0.5
            rows.append(
                {
                    "level": name,
                    "n": n,
                    "lower": max(share - margin, 0),
                    "upper": min(share + margin, 1),
                }
            )
    return rows


def _lines(lines: list[dict], frame: Frame) -> list[alt.Chart]:
    return [
        frame.layer(
            [line for line in lines if line["level"] == name],
            "line",
            x="n",
            y=side,
            color=FAINT,
            strokeDash=list(dash),
            clip=True,
        )
        for name, (_, dash) in LEVELS.items()
        for side in ("lower", "upper")
    ]


def _points(districts: pl.DataFrame, frame: Frame) -> list[alt.Chart]:
    """Every district as a point; those outside the limits in another colour and shape."""
    is_outside = pl.col("verdict") != "inside"
    looks = ((~is_outside, GAIN, "circle"), (is_outside, LOSS, "diamond"))
    return [
        frame.layer(
            districts.filter(is_drawn).select("district", "n_persons", "adjusted").to_dicts(),
            "point",
            x="n_persons",
            y="adjusted",
            fill=colour,
            stroke="white",
            size=110,
            shape=shape,
            opacity=1,
        )
        for is_drawn, colour, shape in looks
    ]


def _names(
    districts: pl.DataFrame, lines: list[dict], share: float, frame: Frame
) -> tuple[alt.Chart, alt.Chart]:
    """Leaders and names of the districts outside the limits."""
    corners = [
        [(line["n"], line[side]) for line in lines if line["level"] == name]
        for name in LEVELS
        for side in ("lower", "upper")
    ]
    is_outside = pl.col("verdict") != "inside"
    point = ("n_persons", "adjusted")
    outside = [
        (name, (n, adjusted))
        for name, n, adjusted in districts.filter(is_outside).select("district", *point).iter_rows()
    ]
    inside = districts.filter(~is_outside).select(point).rows()
    return point_labels(outside, inside, [*corners, [(end, share) for end in frame.x_span]], frame)
