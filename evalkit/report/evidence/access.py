"""Who gets what, how soon: the share who start an intervention, beside what the people would lead
one to expect, and which groups start more rarely or more often than others like them.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from markupsafe import Markup

from evalkit.line.characteristics import CASE_MIX, NOT_KNOWN, group_order
from evalkit.report.evidence.ladder_picture import intervention_name
from evalkit.report.evidence.process import pooled_with
from evalkit.report.parts.document import Block, Brief, DataTable, Figure, Section
from evalkit.report.parts.figures import picture
from evalkit.report.parts.marks import Scale, dot, hair, scale_over, span
from evalkit.report.parts.marks import picture as marks_picture
from evalkit.report.parts.numbers import COUNT, POINTS, SHARE, Row, interval
from evalkit.report.view import (
    NOTHING,
    Cell,
    View,
    cell,
    district,
    key,
    number,
    of,
    pivoted,
    with_own_range,
)
from evalkit.tables import CITY
from evalkit.words import inside_sentence

_LIMITS = ("more_often_lower", "more_often_upper")
_DIFFERENCE = ("more_often", *_LIMITS)
# Groups that several characteristics have.
_OF_ANY = (NOT_KNOWN, "not_stated")
_EVENTS = ("start", "left_support", "out")
_STEP, _HEIGHT = 0.1, 14


def who_gets_what(brief: Brief) -> Section | None:
    """The section on who starts an intervention; none where nobody was counted."""
    area = brief.area
    whole = _counted(brief, area, "within", "all")
    if whole is None:
        return None
    groups = _groups(brief, area)
    figures = _funnel(brief) if brief.is_city else ()
    block = Block(
        text=(*_how_soon(brief, area), *_told_groups(brief, groups), _who_counts(brief, whole)),
        figures=figures,
        tables=(
            *([] if figures else _district_tables(brief)),
            *_group_tables(brief, groups),
            *_intervention_tables(brief, area),
            *_curve_tables(brief, area),
        ),
    )
    heading = brief.words.text("access.heading")
    leads = (*pooled_with(brief), _lead(brief, area, whole))
    return Section("access", heading, leads, (block,))


def _counted(
    brief: Brief, area: str, measure: str, answer: str, of_group: Row | None = None
) -> Row | None:
    """Those who came, or of them those who started; of all, or of the group of a row."""
    names = ("characteristic", "group")
    group = {name: of_group[name] if of_group else CITY for name in names}
    return brief.tables.row("access", district=area, measure=measure, answer=answer, **group)


def _months(brief: Brief) -> dict[str, str]:
    soon, within = brief.run.params.monitoring.access_months
    return {"soon": brief.words.number(soon), "months": brief.words.number(within)}


def _lead(brief: Brief, area: str, whole: Row) -> Markup:
    """The share who start, beside the expected one."""
    started = _counted(brief, area, "within", "yes")
    values = _months(brief) | {"district": brief.district_name if brief.is_city else area}
    if started is None or not started.has("n_persons"):
        return brief.words.html("access.lead_few", **values)
    beside = brief.tables.row("access_funnel", district=area)
    if beside is None or not (beside.has("observed", "expected") and started.has("share")):
        numbers = {
            "number": brief.number(whole, "n_persons", COUNT),
            "started": brief.number(started, "n_persons", COUNT),
        }
        return brief.words.html("access.lead_counts", **values, **numbers)
    values["share"] = brief.number(beside, "observed", SHARE)
    if brief.is_city:
        return brief.words.html("access.lead", verdict=_of_city(brief), **values)
    side = _side(beside)
    expected = brief.number(beside, "expected", SHARE)
    return brief.words.html(f"access.lead_{side}", expected=expected, **values)


def _side(row: Row) -> str:
    """inside the limits of chance, fewer or more."""
    if not row.has("verdict") or row["verdict"] == "inside":
        return "inside"
    return "fewer" if row["observed"] < row["expected"] else "more"


def _of_city(brief: Brief) -> Markup:
    """Which districts lie outside the limits, on either side."""
    sides: dict[str, list[str]] = {"fewer": [], "more": [], "inside": []}
    for row in _districts(brief):
        sides[_side(row)].append(row["district"])
    fewer, more = (brief.words.listing(sides[side]) for side in ("fewer", "more"))
    if fewer and more:
        return brief.words.html("access.city_both", fewer=fewer, more=more)
    if not (fewer or more):
        return brief.words.html("access.city_inside") if len(sides["inside"]) > 1 else Markup("")
    side = "fewer" if fewer else "more"
    return brief.words.html(f"access.city_{side}", districts=fewer or more)


def _districts(brief: Brief) -> list[Row]:
    rows = brief.tables.rows("access_funnel")
    shown = [row for row in rows if row["district"] != CITY and row.has("observed", "expected")]
    return sorted(shown, key=lambda row: row["district"].casefold())


def _how_soon(brief: Brief, area: str) -> tuple[Markup, ...]:
    """The share who had started soon, and by when half of those who start have done so."""
    soon, within = (_counted(brief, area, measure, "yes") for measure in ("soon", "within"))
    if soon is None or not soon.has("share") or not soon["n_persons"]:
        return ()
    values = _months(brief) | {"share": brief.number(soon, "share", SHARE)}
    if within is None or not within.has("median_months"):
        return (brief.words.html("access.soon_share", **values),)
    median = brief.number(within, "median_months", COUNT)
    return (brief.words.html("access.soon", median=median, **values),)


def _who_counts(brief: Brief, whole: Row) -> Markup:
    return brief.words.html(
        "access.who_counts",
        number=brief.number(whole, "n_persons", COUNT),
        first=brief.words.month(whole["counted_from"]),
        last=brief.words.month(whole["counted_through"]),
    )


def _groups(brief: Brief, area: str) -> list[Row]:
    """The groups' differences, characteristic by characteristic."""
    rows = [
        row for row in brief.tables.rows("access_groups", district=area) if row.has(*_DIFFERENCE)
    ]
    return sorted(
        rows, key=lambda row: (CASE_MIX.index(row["characteristic"]), group_order(row["group"]))
    )


def _told_groups(brief: Brief, groups: Sequence[Row]) -> tuple[Markup, ...]:
    """The groups whose range excludes none, in the order of their distance; that there is none."""
    if not groups:
        return ()
    behind = sorted(
        (row for row in groups if row["more_often_upper"] < 0), key=lambda row: row["more_often"]
    )
    ahead = sorted(
        (row for row in groups if row["more_often_lower"] > 0), key=lambda row: -row["more_often"]
    )
    if not (behind or ahead):
        return (brief.words.html("access.no_group"),)
    told = [
        brief.words.html(f"access.{side}", groups=_listed(brief, rows))
        for side, rows in (("passed_over", behind), ("ahead", ahead))
        if rows
    ]
    return (*told, brief.words.html("access.why", known=_held_alike(brief, groups)))


def _held_alike(brief: Brief, groups: Sequence[Row]) -> str:
    """What people are alike in when a group is held against others: all but its own."""
    names = dict.fromkeys(row["characteristic"] for row in groups)
    return brief.words.listing([brief.words.text(f"characteristic.{name}") for name in names])


def _listed(brief: Brief, rows: Iterable[Row]) -> Markup:
    return brief.words.listing_html(
        [
            brief.words.html(
                "access.told",
                group=inside_sentence(_group(brief, row)),
                difference=brief.number(row, "more_often", POINTS),
                range=interval(row, POINTS, brief.words, limits=_LIMITS),
            )
            for row in rows
        ]
    )


def _funnel(brief: Brief) -> tuple[Figure, ...]:
    conclusion = brief.words.html("access.funnel", **_months(brief))
    return picture(brief, "access_funnel", conclusion, _district_tables(brief))


def _district_tables(brief: Brief) -> tuple[DataTable, ...]:
    rows = _districts(brief) if brief.is_city else []
    return _DISTRICTS.tables(brief, rows, **_months(brief)) if len(rows) > 1 else ()


def _verdict(brief: Brief, row: Row) -> Cell:
    side = _side(row)
    level = "" if side == "inside" else f"_{row['verdict'].removeprefix('outside_')}"
    return brief.words.text(f"access.verdict_{side}{level}")


def _ranks(brief: Brief, row: Row) -> Cell:
    if not row.has("rank_lower", "rank_upper"):
        return NOTHING
    low, high = (brief.number(row, name, COUNT) for name in ("rank_lower", "rank_upper"))
    return Markup("{}–{}").format(low, high)


def _group_tables(brief: Brief, groups: Sequence[Row]) -> tuple[DataTable, ...]:
    """Each group: in the city how many came and which share of them started; the difference in
    figures and as a picture.
    """
    scale = scale_over([row[name] for row in groups for name in _LIMITS], step=_STEP)
    lines = [
        {
            "counted": _counted(brief, CITY, "within", "all", row),
            "started": _counted(brief, CITY, "within", "yes", row),
            "difference": row,
        }
        for row in groups
    ]
    lines = [line for line in lines if line["counted"] and line["started"]]
    counted = (
        of("counted", number("n_persons"), "access.n_persons"),
        of("started", number("share"), "access.share"),
    )
    columns = (
        *(counted if brief.is_city else ()),
        of("difference", with_own_range("more_often", POINTS), "access.difference"),
        cell("access.picture", lambda brief, line: _drawn(scale, line["difference"])),
    )
    view = replace(_GROUPS.with_columns(*columns), is_open=not brief.is_city)
    return view.tables(brief, lines, **_months(brief))


def _drawn(scale: Scale, row: Row) -> Markup:
    value, low, high = (scale(row[name]) for name in _DIFFERENCE)
    middle = _HEIGHT / 2
    return marks_picture(
        hair(scale(0), _HEIGHT, "zero"),
        span(low, high, middle, "of-effect"),
        dot(value, middle, "of-effect"),
        height=_HEIGHT,
        label="",
        css="difference",
    )


def _group(brief: Brief, row: Row) -> str:
    name = brief.words.group(row["group"])
    if row["group"] not in _OF_ANY:
        return name
    characteristic = brief.words.text(f"characteristic.{row['characteristic']}")
    return brief.words.text("access.of_any", group=name, characteristic=characteristic)


def _intervention_tables(brief: Brief, area: str) -> tuple[DataTable, ...]:
    """The share who start each intervention, here and in the city."""
    rows = brief.tables.rows("access_interventions", district=area, answer="yes")
    lines = [
        {
            "here": row,
            "city": brief.tables.row(
                "access_interventions",
                district=CITY,
                intervention_id=row["intervention_id"],
                answer="yes",
            ),
        }
        for row in rows
    ]
    shown = (of("here", number("share"), text=area),) if not brief.is_city else ()
    return _INTERVENTIONS.with_columns(
        of("here", number("n_persons"), "access.observed"),
        *shown,
        of("city", number("share"), "access.city"),
    ).tables(brief, lines, **_months(brief))


def _curve_tables(brief: Brief, area: str) -> tuple[DataTable, ...]:
    rows = brief.tables.rows("access_curves", district=area)
    there = [event for event in _EVENTS if any(row["event"] == event for row in rows)]
    lines = pivoted(rows, "month", "event", there)
    columns = (
        *(of(event, key("month"), "access.month") for event in there[:1]),
        *(of(event, number("estimate", SHARE), f"access.{event}") for event in there),
    )
    view = View("access_curves", "access.curve_caption", "access", columns)
    return view.tables(brief, list(lines.values()))


_DISTRICTS = View(
    "access_funnel",
    "access.districts_caption",
    "access",
    (
        district(),
        cell("verdict", _verdict, "verdict"),
        number("observed"),
        number("expected"),
        number("adjusted"),
        cell("rank", _ranks, "rank_lower", "rank_upper"),
        number("n_persons"),
    ),
    is_sortable=True,
)
_GROUPS = View(
    "access_groups",
    "access.groups_caption",
    "access",
    (
        of(
            "difference",
            cell("group", _group, "characteristic", "group"),
            "access.group",
        ),
    ),
)
_INTERVENTIONS = View(
    "access_interventions",
    "access.interventions_caption",
    "access",
    (
        of(
            "here",
            cell(
                "intervention",
                lambda brief, row: intervention_name(brief, row["intervention_id"]),
                "intervention_id",
            ),
            "access.intervention",
        ),
    ),
)
