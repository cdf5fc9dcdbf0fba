"""The funnel: districts' shares adjusted for who lives there, by how many they are, within the
limits of chance.
"""

from statistics import NormalDist
from typing import TYPE_CHECKING

import polars as pl

from evalkit.charts.frame import Frame, inner_ticks, nice_ticks, padded, titled
from evalkit.charts.labels import title_lines
from evalkit.charts.point_labels import point_labels
from evalkit.charts.source import POOLED, drawn_if, shown_rows
from evalkit.charts.theme import FAINT, FULL_WIDTH, GAIN, INK, LOSS, finish
from evalkit.disclosure import Published
from evalkit.words import Words

if TYPE_CHECKING:
    import altair as alt

HEIGHT = 260
LEVELS = {"95": (0.95, (6, 4)), "998": (0.998, (1, 0))}
N_STEPS = 60
PERCENT = "format(datum.value, '.0%')"


@drawn_if(
    (pl.col("district") != POOLED) & (pl.col("district") == POOLED).any(),
    one_of=("intervention_id",),
)
def funnel(table: Published, words: Words) -> "alt.LayerChart":
    """Districts by number of people, with the city's share and limits of 95 and 99.8 per cent;
    those outside are named.

    Parameters
    ----------
    table : Published
        The table funnel: district (with "all"), n_persons, adjusted, overdispersion, verdict; one
        intervention.
    words : Words
        The reader's language.

    Raises
    ------
    DisclosureError
        If the table is not `Published`.
    ParameterError
        If it holds several interventions.
    """
    import altair as alt

    rows = shown_rows(table, "funnel")
    districts, city = (
        rows.filter(pl.col("district") != POOLED),
        rows.filter(pl.col("district") == POOLED),
    )
    share, spread = city["adjusted"].item(), max(city["overdispersion"].item() or 1.0, 1.0)
    top = nice_ticks(0, districts["n_persons"].max())[-1]
    lines = _limits(share, spread, districts["n_persons"].min() / 2, top)
    values = [
        *districts["adjusted"],
        *[line[side] for line in lines for side in ("lower", "upper")],
    ]
    span = padded(max(min(values), 0), min(max(values), 1))
    axis = {"values": nice_ticks(0, top), "title": title_lines(words.text("chart.funnel.x"))}
    frame = Frame(
        FULL_WIDTH - 40,
        HEIGHT,
        (0, top),
        span,
        axis,
        {"values": inner_ticks(*span, n_steps=5), "labelExpr": PERCENT},
    )
    centre = (
        alt.Chart(alt.Data(values=[{"share": share}]))
        .mark_rule(color=INK, strokeWidth=1.5)
        .encode(y=frame.y("share"))
    )
    leaders, names = _names(districts, lines, share, frame)
    chart = frame.holds(*_lines(lines, frame), centre, leaders, *_points(districts, frame), names)
    chart = titled(
        chart, title_lines(words.text("chart.funnel.y"), words.text("chart.funnel.lines"))
    )
    return finish(chart, words.text("chart.funnel.title"))


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


def _lines(lines: list[dict], frame: Frame) -> list["alt.Chart"]:
    import altair as alt

    layers = []
    for name, (_, dash) in LEVELS.items():
        data = alt.Chart(alt.Data(values=[line for line in lines if line["level"] == name]))
        mark = data.mark_line(color=FAINT, strokeDash=list(dash), clip=True)
        layers += [mark.encode(x=frame.x("n"), y=frame.y(side)) for side in ("lower", "upper")]
    return layers


def _points(districts: pl.DataFrame, frame: Frame) -> list["alt.Chart"]:
    """Every district as a point; those outside the limits in another colour and shape."""
    import altair as alt

    is_outside = pl.col("verdict") != "inside"
    layers = []
    for rows, colour, shape in (
        (districts.filter(~is_outside), GAIN, "circle"),
        (districts.filter(is_outside), LOSS, "diamond"),
    ):
        data = alt.Chart(
            alt.Data(values=rows.select("district", "n_persons", "adjusted").to_dicts())
        )
        point = data.mark_point(fill=colour, stroke="white", size=110, shape=shape, opacity=1)
        layers.append(point.encode(x=frame.x("n_persons"), y=frame.y("adjusted")))
    return layers


def _names(
    districts: pl.DataFrame, lines: list[dict], share: float, frame: Frame
) -> tuple["alt.Chart", "alt.Chart"]:
    """Leaders and names of the districts outside the limits."""
    corners = [
        [(line["n"], line[side]) for line in lines if line["level"] == name]
        for name in LEVELS
        for side in ("lower", "upper")
    ]
    is_outside = pl.col("verdict") != "inside"
    place = ("n_persons", "adjusted")
    named = [
        (name, (n, adjusted))
        for name, n, adjusted in districts.filter(is_outside).select("district", *place).iter_rows()
    ]
    others = districts.filter(~is_outside).select(place).rows()
    return point_labels(named, others, [*corners, [(end, share) for end in frame.x_span]], frame)
