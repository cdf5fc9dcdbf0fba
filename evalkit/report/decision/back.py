"""When the money is back: the value of a start accumulated by month, for the district, the public
purse and society.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from markupsafe import Markup

from evalkit.report.decision.offered import Offered, curve_of, payback_of, value_of, valued
from evalkit.report.decision.panels import MOST_PANELS, linked, named, origins, others_named
from evalkit.report.parts import marks
from evalkit.report.parts.document import Brief, Part
from evalkit.report.parts.layout import render
from evalkit.report.parts.marks import Scale
from evalkit.report.parts.numbers import COUNT, DURATION, PROBABILITY, Row, gain_form
from evalkit.report.parts.verdicts import pays
from evalkit.vocabulary import Band, band_of
from evalkit.words import capitalise

# Who is told of, with the shape of their mark; society is drawn last and lies on top.
_SHAPES = {"district": "square", "public_purse": "circle", "society": "diamond"}
_PURSE = "public_purse"
_HEIGHT = 170
_THOUSANDS_FROM = 10_000


@dataclass(frozen=True)
class _Flow:
    """The accumulated value of a start from each perspective, its payback, and society's sum."""

    one: Offered
    curves: dict[str, list[Row]]
    payback: dict[str, Row]
    society: Row


@dataclass(frozen=True)
class _Return:
    """When the money is back for one perspective, as the line under a picture."""

    perspective: str
    mark: Markup
    name: str
    when: Markup
    probability: Markup


@dataclass(frozen=True)
class _Panel:
    intervention_id: str
    name: Markup
    curve: Markup
    axis: Markup
    returns: tuple[_Return, ...]
    origin: str = ""


def when_back(brief: Brief) -> Part | None:
    """The cash flow of a start in each intervention that has a value, and the month in which it
    passes zero; None without any.
    """
    flows = [flow for one in valued(brief) if (flow := _flow(brief, one))]
    if not flows:
        return None
    shown = flows[:MOST_PANELS]
    beside, whose = origins(brief, [flow.one for flow in shown], "back")
    heading = _heading(brief, shown)
    body = render(
        "decision/back.html.j2",
        title=heading.striptags(),
        lead=_lead(brief, shown),
        whose=whose,
        panels=[
            replace(panel, origin=beside.get(panel.intervention_id, ""))
            for panel in _panels(brief, shown)
        ],
        others=others_named(brief, [flow.one for flow in flows[MOST_PANELS:]]),
    )
    return Part("back", heading, body)


def _flow(brief: Brief, one: Offered) -> _Flow | None:
    society = value_of(brief, one, "society")
    curves = {name: rows for name in _SHAPES if len(rows := curve_of(brief, one, name)) > 1}
    payback = {name: row for name in _SHAPES if (row := payback_of(brief, one, name))}
    if society is None or not curves.keys() & payback.keys():
        return None
    return _Flow(one, curves, payback, society)


def _heading(brief: Brief, flows: Sequence[_Flow]) -> Markup:
    """After how many months the public purse has its money back, as far as it surely or probably
    has; or that it does not.
    """
    words = brief.words
    rows = [flow.payback[_PURSE] for flow in flows if _PURSE in flow.payback]
    back = [row for row in rows if _is_back(row)]
    told = back or [row for row in rows if _band(row) in ("no", "probably_not")]
    if not told or any(row["return_month"] == 0 for row in back):
        return words.html("repaid.heading")
    if not back and len(told) < len(flows):
        return words.html("repaid.heading")
    least = min(told, key=lambda row: abs(row["probability_returns"] - 1 / 2))
    probably = "" if _band(least) in ("yes", "no") else words.text("repaid.probably")
    if not back:
        duration = words.duration(least["horizon_months"])
        text = words.html("repaid.heading_none", probably=probably, duration=duration)
        return pays(text, least, "probability_returns")
    first = min(back, key=lambda row: row["return_month"])
    last = max(back, key=lambda row: row["return_month"])
    key = "repaid.heading_all" if len(back) == len(flows) else "repaid.heading_some"
    text = words.html(
        key if first["return_month"] < last["return_month"] else f"{key}_one",
        probably=probably,
        first=brief.number(first, "return_month", COUNT),
        last=brief.number(last, "return_month", COUNT),
        interventions=named(brief, [flow.one for flow in flows if _is_told(flow)]),
    )
    return pays(text, least, "probability_returns")


def _band(row: Row) -> Band:
    return band_of(row["probability_returns"])


def _is_back(row: Row) -> bool:
    """Whether the money is surely or probably back, in a month that is told."""
    return _band(row) in ("yes", "probably") and row["return_month"] is not None


def _is_told(flow: _Flow) -> bool:
    return _PURSE in flow.payback and _is_back(flow.payback[_PURSE])


def _lead(brief: Brief, flows: Sequence[_Flow]) -> Markup:
    society = flows[0].society
    key = "repaid.lead"
    if society["followed_months"] < society["horizon_months"]:
        key = "repaid.lead_projected"
    return brief.words.html(
        key,
        unit=brief.words.text(
            "repaid.thousands" if _in_thousands(flows) else "repaid.units",
            currency=brief.words.currency(society["currency"]),
        ),
        duration=brief.number(society, "horizon_months", DURATION),
    )


def _sizes(flows: Sequence[_Flow]) -> list[float]:
    return [row["estimate"] for flow in flows for rows in flow.curves.values() for row in rows]


def _in_thousands(flows: Sequence[_Flow]) -> bool:
    return max(abs(size) for size in _sizes(flows)) >= _THOUSANDS_FROM


def _panels(brief: Brief, flows: Sequence[_Flow]) -> tuple[_Panel, ...]:
    sizes = [*_sizes(flows), 0.0]
    ends = Scale(min(sizes), max(sizes) if max(sizes) > min(sizes) else min(sizes) + 1)
    ticks = ends.ticks(4)
    y = marks.scale_over(sizes, step=(ticks[1] - ticks[0]) / 2 if len(ticks) > 1 else 1)
    x = Scale(0, max(rows[-1]["month"] for flow in flows for rows in flow.curves.values()))
    divisor = 1000 if _in_thousands(flows) else 1
    return tuple(_panel(brief, flow, x, y, divisor) for flow in flows)


def _panel(brief: Brief, flow: _Flow, x: Scale, y: Scale, divisor: int) -> _Panel:
    return _Panel(
        intervention_id=flow.one.intervention_id,
        name=linked(brief, flow.one, is_label=True),
        curve=_curves(brief, flow, x, y, divisor),
        axis=marks.axis_below(x, _years(brief, x)),
        returns=tuple(
            _return(brief, name, row) for name, row in flow.payback.items() if name in flow.curves
        ),
    )


def _curves(brief: Brief, flow: _Flow, x: Scale, y: Scale, divisor: int) -> Markup:
    followed, last = flow.society["followed_months"], flow.society["horizon_months"]
    is_projected = followed < last
    drawn = [
        marks.level(
            round((100 - y(tick)) / 100 * _HEIGHT, 1),
            brief.words.signed(tick / divisor),
            "zero" if tick == 0 else "grid",
        )
        for tick in y.ticks(4)
    ]
    curves = [marks.shade(x(followed), x(last))] if is_projected else []
    if is_projected:
        text = brief.words.text("part.projected")
        drawn.append(marks.text_at(x(followed) + 1, _HEIGHT - 6, text, anchor="start"))
    zero = round((100 - y(0)) / 100 * _HEIGHT, 1)
    for name, rows in flow.curves.items():
        points = [(row["month"], row["estimate"]) for row in rows]
        curves.append(marks.curve(points, x, y, f"flow of-{name}"))
        month = flow.payback[name]["return_month"] if name in flow.payback else None
        if month:
            drawn.append(marks.dot(x(month), zero, f"of-{name}", _SHAPES[name]))
    return marks.plot(curves, drawn, height=_HEIGHT, label=_label(brief, flow))


def _years(brief: Brief, x: Scale) -> list[tuple[float, str]]:
    """Every year where the horizon is whole years, else its two ends in months."""
    last = int(x.high)
    if last % 12 or last <= 12:
        end = brief.words.text("panels.month", month=brief.words.number(last))
        return [(0, brief.words.number(0)), (last, end)]
    years = range(last // 12)
    end = brief.words.text("repaid.years", number=brief.words.number(last // 12))
    return [*((12 * year, brief.words.number(year)) for year in years), (last, end)]


def _label(brief: Brief, flow: _Flow) -> str:
    ends = [
        brief.words.html(
            "repaid.label",
            perspective=brief.words.text(name),
            sum=brief.number(rows[-1], "estimate", gain_form(rows[-1])),
        ).striptags()
        for name, rows in flow.curves.items()
    ]
    return f"{capitalise(flow.one.name)}: {'; '.join(ends)}"


def _return(brief: Brief, name: str, row: Row) -> _Return:
    """The month of return with how sure it is that the money is back by the horizon."""
    words, month = brief.words, row["return_month"]
    if month:
        when = words.html("repaid.after", month=brief.number(row, "return_month", COUNT))
    elif month == 0:
        when = words.html("repaid.at_once")
    else:
        when = words.html("repaid.not_back", duration=words.duration(row["horizon_months"]))
    mark = marks.picture(
        marks.dot(50, 7, f"of-{name}", _SHAPES[name]), height=14, label="", css="sign"
    )
    untouched = month == 0 and row["deepest"] == 0
    probability = "" if untouched else brief.number(row, "probability_returns", PROBABILITY)
    return _Return(name, mark, words.text(name), when, Markup(probability))
