"""Who is here: how many, who stays longest on support, and where they go."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from evalkit.line.characteristics import NOT_KNOWN
from evalkit.line.states import OUTCOMES, STILL_ON_SUPPORT
from evalkit.report.parts import marks
from evalkit.report.parts.document import Brief, Part
from evalkit.report.parts.layout import render
from evalkit.report.parts.marks import Scale, scale_over
from evalkit.report.parts.numbers import COUNT, DURATION, MONTHS, SHARE, YEAR, Form, Row, key_number
from evalkit.report.parts.place import Place
from evalkit.report.parts.sentences import clear_leader
from evalkit.report.parts.work_shares import work_by_both
from evalkit.tables import CITY, slug
from evalkit.words import capitalise

# Groups are told in this order: what stands in the way first.
_CHARACTERISTICS = ("obstacle", "age", "sex")
_SMALLEST_SEGMENT = 0.03  # exits that are rarer stand together as "other"
_NAMED_SEGMENT = 0.12  # a narrower segment has no room for its name
_OF_100 = Form("hundredths")
_HEIGHT = 24


@dataclass(frozen=True)
class _Fact:
    number: Markup
    text: Markup
    range: Markup | str = ""


@dataclass(frozen=True)
class _Group:
    """A row of the picture of groups."""

    row: Row
    name: str
    picture: Markup
    number: Markup
    is_first: bool
    stays_longest: bool


@dataclass(frozen=True)
class _Segment:
    """A way out in a bar of 100; the rest, "other", has no number, since no table holds it."""

    css: str
    name: str
    width: float
    number: Markup
    has_room: bool


@dataclass(frozen=True)
class _Bar:
    heading: str
    segments: tuple[_Segment, ...]


def who_stays(brief: Brief) -> Part:
    """Three facts, months on support by group, and where people go; a sentence where nothing of it
    is shown.
    """
    facts, groups, bars = _facts(brief), _group_rows(brief), _bars(brief)
    if not (facts or groups or bars):
        why = Markup("<p>{}</p>").format(brief.words.html("stays.nothing"))
        return Part("stays", brief.words.html("stays.heading_nothing"), why)
    shown = [group.row for group in groups]
    body = render(
        "decision/stays.html.j2",
        words=brief.words,
        is_city=brief.is_city,
        facts=facts,
        groups=groups,
        duration=brief.number(shown[0], "horizon_months", DURATION) if shown else "",
        axis=_axis(brief, shown),
        bars=bars,
        unnamed=_unnamed(bars),
        exits_heading=_exits_heading(brief),
        exit_bounds=_exit_bounds(brief),
        evidence=_evidence(brief),
    )
    return Part("stays", _heading(brief, shown), body)


def _heading(brief: Brief, rows: Sequence[Row]) -> Markup:
    """Which group stays longest and which leaves soonest, as far as the ranges hold them apart from
    all others.
    """
    words, longest = brief.words, clear_leader(rows)
    shortest = _clear_last(rows)
    if longest and shortest:
        return words.html(
            "stays.heading_both",
            longest=capitalise(_those(brief, longest)),
            shortest=_those(brief, shortest),
        )
    if longest:
        return words.html("stays.heading_longest", longest=capitalise(_those(brief, longest)))
    if shortest:
        return words.html("stays.heading_shortest", shortest=capitalise(_those(brief, shortest)))
    return words.html("stays.heading")


def _clear_last(rows: Sequence[Row]) -> Row | None:
    """The row with the smallest estimate, if its range lies wholly below those of all others."""
    shown = sorted(
        (row for row in rows if row.has("estimate", "ci_lower", "ci_upper")),
        key=lambda row: row["estimate"],
    )
    if len(shown) < 2 or any(row["ci_lower"] <= shown[0]["ci_upper"] for row in shown[1:]):
        return None
    return shown[0]


def _those(brief: Brief, row: Row) -> str:
    """A group as it stands in a sentence: "those under 25"."""
    words, group = brief.words, row["group"]
    if words.has(f"those.{group}"):
        return words.text(f"those.{group}")
    label = words.group(group)
    key = "those.of_age" if row["characteristic"] == "age" else "those.of_group"
    return words.text(key, group=label[:1].lower() + label[1:])


def _facts(brief: Brief) -> tuple[_Fact, ...]:
    return (*_long_term(brief), *_months(brief))


def _long_term(brief: Brief) -> tuple[_Fact, ...]:
    """How many adults were on support in the last year, and which share of them for most of it."""
    words, keys = brief.words, {"district": brief.district, "measure": "long_term_10_of_12"}
    counted = [
        row for row in brief.tables.rows("long_term", answer="all", **keys) if row.has("n_persons")
    ]
    if not counted:
        return ()
    last = max(counted, key=lambda row: row["year"])
    year = key_number(last, "year", words, form=YEAR)
    adults = _Fact(brief.number(last, "n_persons", COUNT), words.html("stays.adults", year=year))
    long_term = brief.tables.row("long_term", answer="yes", year=last["year"], **keys)
    if long_term is None or not long_term.has("share"):
        return (adults,)
    return (
        adults,
        _Fact(brief.number(long_term, "share", SHARE), words.html("stays.long_term")),
    )


def _months(brief: Brief) -> tuple[_Fact, ...]:
    row = _everyone(brief)
    if row is None:
        return ()
    unit = brief.words.text("unit.months")
    return (
        _Fact(
            brief.number(row, "estimate", MONTHS, unit=unit),
            brief.words.html(
                "stays.months", duration=brief.number(row, "horizon_months", DURATION)
            ),
            brief.range_of(row, MONTHS),
        ),
    )


def _everyone(brief: Brief) -> Row | None:
    """Months on support of everyone here, up to the horizon of the run or the longest shown."""
    rows = [
        row
        for row in brief.tables.rows("time_on_support", district=brief.district)
        if row.has("estimate", "ci_lower", "ci_upper")
    ]
    return max(rows, key=lambda row: row["horizon_months"], default=None)


def _group_rows(brief: Brief) -> tuple[_Group, ...]:
    rows = _groups_of(brief, brief.district)
    if len(rows) < 2:
        return ()
    city = {_key(row): row for row in _groups_of(brief, CITY)} if not brief.is_city else {}
    everyone, scale = _everyone(brief), _scale(rows)
    if everyone is not None and everyone["horizon_months"] != rows[0]["horizon_months"]:
        everyone = None
    longest = max(rows, key=lambda row: row["estimate"])
    return tuple(
        _Group(
            row=row,
            name=brief.words.group(row["group"]),
            picture=_group_picture(brief, row, city.get(_key(row)), everyone, scale),
            number=brief.number(row, "estimate", MONTHS),
            is_first=bool(at) and row["characteristic"] != rows[at - 1]["characteristic"],
            stays_longest=row is longest,
        )
        for at, row in enumerate(rows)
    )


def _groups_of(brief: Brief, district: str) -> list[Row]:
    """The groups that are shown at the longest horizon, the longest stay of each characteristic
    first.
    """
    shown = [
        row
        for row in brief.tables.rows("group_months", district=district)
        if row.has("estimate", "ci_lower", "ci_upper") and row["group"] != NOT_KNOWN
    ]
    horizon = max((row["horizon_months"] for row in shown), default=None)
    return sorted(
        (row for row in shown if row["horizon_months"] == horizon),
        key=lambda row: (_CHARACTERISTICS.index(row["characteristic"]), -row["estimate"]),
    )


def _key(row: Row) -> tuple[str, str, int]:
    return row["characteristic"], row["group"], row["horizon_months"]


def _scale(rows: Sequence[Row]) -> Scale:
    """From the lowest to the highest limit: dots need no zero."""
    limits = [row[limit] for row in rows for limit in ("ci_lower", "ci_upper")]
    return scale_over(limits, step=1, around=())


def _axis(brief: Brief, rows: Sequence[Row]) -> Markup:
    if not rows:
        return Markup("")
    scale = _scale(rows)
    return marks.axis_below(
        scale, [(tick, brief.words.number(tick)) for tick in scale.ticks(4) if not tick % 1]
    )


def _group_picture(
    brief: Brief, row: Row, city: Row | None, everyone: Row | None, scale: Scale
) -> Markup:
    middle = _HEIGHT / 2
    drawn = [marks.span(scale(row["ci_lower"]), scale(row["ci_upper"]), middle, "of-focus")]
    label = brief.words.html(
        "stays.group_label",
        group=brief.words.group(row["group"]),
        months=brief.in_brackets(row, "estimate", MONTHS),
    )
    if everyone is not None:
        drawn.insert(0, marks.hair(scale(everyone["estimate"]), _HEIGHT, "everyone"))
    if city is not None:
        drawn.append(marks.hair(scale(city["estimate"]), 19, "city", top=5))
        label += brief.words.html("stays.city_label", months=brief.number(city, "estimate", MONTHS))
    drawn.append(marks.dot(scale(row["estimate"]), middle, "of-focus"))
    return marks.picture(*drawn, height=_HEIGHT, label=label.striptags())


def _bars(brief: Brief) -> tuple[_Bar, ...]:
    """The district's ways out and the city's, of 100 each, in the same segments."""
    ways = {
        district: rows
        for district in dict.fromkeys((brief.district, CITY))
        if (rows := _ways_out(brief, district))
    }
    alone = _told_alone(list(ways.values()))
    headings = {CITY: brief.words.label(CITY), brief.district: capitalise(brief.district_name)}
    return tuple(
        _Bar(headings[district], _segments(brief, rows, alone)) for district, rows in ways.items()
    )


def _ways_out(brief: Brief, district: str) -> dict[str, Row]:
    """A district's ways out by name; empty where none is shown."""
    rows = {row["exit"]: row for row in brief.tables.rows("exits", district=district)}
    return rows if any(row.has("share") for row in rows.values()) else {}


def _told_alone(bars: Sequence[Mapping[str, Row]]) -> list[str]:
    """The ways out with a segment of their own: shown in every bar that has them, and not rare in
    all; in the order of states.
    """
    order = [*OUTCOMES, STILL_ON_SUPPORT]
    return [
        name
        for name in order
        if (rows := [bar[name] for bar in bars if name in bar])
        and all(row.has("share") for row in rows)
        and max(row["share"] for row in rows) >= _SMALLEST_SEGMENT
    ]


def _segments(brief: Brief, rows: Mapping[str, Row], alone: Sequence[str]) -> tuple[_Segment, ...]:
    """The segments of a bar, which is as long whether or not rounded shares add up to all."""
    told = [row for name in alone if (row := rows.get(name)) is not None]
    n_told = sum(row["share"] for row in told)
    is_all_told = len(told) == len(rows)
    whole = n_told if is_all_told else max(1.0, n_told)
    shown = [
        _Segment(
            css=f"to-{row['exit']}",
            name=_exit_name(brief, row["exit"]),
            width=row["share"] / whole,
            number=brief.number(row, "share", _OF_100),
            has_room=row["share"] >= _NAMED_SEGMENT,
        )
        for row in told
    ]
    rest = 1 - n_told / whole
    if rest < 1e-6:
        return tuple(shown)
    other = _Segment(
        "to-other", brief.words.text("stays.other"), rest, Markup(""), rest >= _NAMED_SEGMENT
    )
    return (*shown, other)


def _exit_name(brief: Brief, name: str) -> str:
    return brief.words.text("stays.still" if name == STILL_ON_SUPPORT else name)


def _unnamed(bars: Sequence[_Bar]) -> tuple[_Segment, ...]:
    """The segments whose name no bar has room for: they are named below."""
    roomy = {segment.css for bar in bars for segment in bar.segments if segment.has_room}
    return tuple(
        {
            segment.css: segment
            for bar in bars
            for segment in bar.segments
            if segment.css not in roomy
        }.values()
    )


def _exits_heading(brief: Brief) -> Markup:
    """The most common way out, and of how many nobody knows."""
    ways = _ways_out(brief, brief.district) or _ways_out(brief, CITY)
    known = [
        row
        for name, row in ways.items()
        if row.has("share") and name not in ("unknown", STILL_ON_SUPPORT)
    ]
    if not known:
        return brief.words.html("stays.exits")
    most = max(known, key=lambda row: row["share"])
    told = {
        "share": brief.number(most, "share", _OF_100),
        "exit": brief.words.text(most["exit"]),
    }
    unknown = ways.get("unknown")
    if unknown is None or not unknown.has("share") or unknown["share"] < _SMALLEST_SEGMENT:
        return brief.words.html("stays.exits_most", **told)
    return brief.words.html(
        "stays.exits_unknown", **told, unknown=brief.number(unknown, "share", _OF_100)
    )


def _exit_bounds(brief: Brief) -> Markup:
    """How many left for nobody knows where, where the heading does not say so, and the shares to
    work by both definitions with the most that they can be.
    """
    words, ways = brief.words, _ways_out(brief, brief.district)
    scope = brief.district if ways else CITY
    unknown = (ways or _ways_out(brief, CITY)).get("unknown")
    few = (
        (words.html("stays.unknown", unknown=brief.number(unknown, "share", _OF_100)),)
        if unknown is not None and unknown.has("share") and 0 < unknown["share"] < _SMALLEST_SEGMENT
        else ()
    )
    ended = brief.tables.rows("exit_bounds", district=scope, measure="ended")
    bounds = {row["exit"]: row for row in ended}
    return Markup(" ").join((*few, *work_by_both(brief, bounds, _OF_100, "stays")))


def _evidence(brief: Brief) -> str:
    return Place("", slug(brief.district)).link(Place("evidence", slug(brief.district)))
