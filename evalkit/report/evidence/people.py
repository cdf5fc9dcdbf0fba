"""The first two answers: who is here, and how long they stay and where they go."""

from markupsafe import Markup

from evalkit.line.states import OUTCOMES
from evalkit.report.evidence.before_after import before_and_after
from evalkit.report.evidence.exit_bounds import bounds_by_month, bounds_tables, example_list
from evalkit.report.evidence.groups import leaving_rates, who_stays
from evalkit.report.parts.document import Block, Brief, DataTable, Figure, KeyFigure, Section
from evalkit.report.parts.figures import picture
from evalkit.report.parts.numbers import COUNT, MONTHS, SHARE, Row, key_number
from evalkit.report.parts.sentences import clear_leader
from evalkit.report.view import (
    View,
    cell,
    key,
    limits,
    number,
    of,
    pivoted,
    with_range,
    word,
)

_MEASURES = (
    "persons",
    "persons_with_support",
    "support_spells_start_known",
    "support_spells_start_unknown",
)
_TABLE_STEP_MONTHS = 3


def who_is_here(brief: Brief) -> Section:
    """How many people and periods the district has."""
    words = brief.words
    measures = {row["measure"]: row for row in brief.tables.rows("people", district=brief.district)}
    known = [measures[measure] for measure in _MEASURES if measure in measures]
    label = words.label("people")
    tables = _PEOPLE.tables(brief, known, people_label=label, district=brief.district_name)
    return Section(
        name="who",
        heading=words.text("who.heading"),
        leads=(people_lead(brief, measures, "who.lead"),),
        blocks=(Block(text=_spells(brief, measures), tables=tables),),
    )


def people_lead(brief: Brief, measures: dict[str, Row], key: str) -> Markup:
    """The sentence with the number of people and of those on support; without rows there are 0 to 2
    of them.
    """
    if not {"persons", "persons_with_support"} <= measures.keys():
        return brief.words.html("who.lead_nobody", district=brief.district_name)
    return brief.words.html(
        key,
        persons=brief.number(measures["persons"], "count", COUNT),
        with_support=brief.number(measures["persons_with_support"], "count", COUNT),
        district=brief.district_name,
    )


def how_long_and_where_to(brief: Brief) -> Section:
    """Mean months on support, and the shares who left to work, studies and training by a quoted
    month.
    """
    return Section(
        name="stay",
        heading=brief.words.text("stay.heading"),
        leads=(_time_lead(brief),),
        blocks=(
            Block(
                text=_exits_intro(brief),
                key_figures=_exit_figures(brief),
                after=_exit_bounds(brief),
                figures=_stay_figures(brief),
                tables=_stay_tables(brief),
            ),
            *leaving_rates(brief),
            *who_stays(brief),
            *before_and_after(brief),
        ),
    )


def time_rows(brief: Brief, district: str) -> list[Row]:
    """Mean months on support in a district, shortest horizon first."""
    return sorted(
        brief.tables.rows("time_on_support", district=district),
        key=lambda row: row["horizon_months"],
    )


def month_cell(brief: Brief, row: Row) -> Markup:
    """A row's month as the header of a table's row: a key is shown even where the row's values are
    withheld.
    """
    return key_number(row, "month", brief.words)


def exits_conclusion(brief: Brief) -> Markup:
    """Which way out is the most common by the last quoted month, if the ranges allow to say so; of
    the known ones, where some went nobody knows where.
    """
    shown = [row for row in _quoted_exits(brief) if row.has("estimate")]
    exits = [row for row in shown if row["exit"] != "unknown"]
    if len(exits) < 2:
        return brief.words.html("stay.exits_plain")
    leader = clear_leader(exits)
    if leader is None:
        return brief.words.html("stay.no_leader")
    is_known = not any(row["estimate"] for row in shown if row["exit"] == "unknown")
    return brief.words.html(
        "stay.leader" if is_known else "stay.leader_of_known",
        exit=brief.words.text(leader["exit"]),
        share=brief.number(leader, "estimate", SHARE),
        month=brief.number(leader, "month", COUNT),
    )


def _spells(brief: Brief, measures: dict[str, Row]) -> tuple[Markup, ...]:
    """How many periods there are, and how many of them were running when the data begin."""
    spells, unknown = (
        measures.get(measure)
        for measure in ("support_spells_start_known", "support_spells_start_unknown")
    )
    if not (spells and unknown):
        return ()
    return (
        brief.words.html(
            "who.spells" if unknown["count"] else "who.spells_known",
            spells=brief.number(spells, "count", COUNT),
            unknown=brief.number(unknown, "count", COUNT),
        ),
    )


def _time_lead(brief: Brief) -> Markup:
    rows = [
        row
        for row in time_rows(brief, brief.district)
        if row.has("estimate", "ci_lower", "ci_upper")
    ]
    if not rows:
        return brief.words.html("stay.lead_withheld", district=brief.district_name)
    longest = rows[-1]
    return brief.words.html(
        "stay.lead",
        horizon=brief.number(longest, "horizon_months", COUNT),
        mean=brief.number(longest, "estimate", MONTHS),
        range=brief.range_of(longest, MONTHS),
    )


def _quoted_exits(brief: Brief) -> list[Row]:
    """Each exit's row at the last quoted month that any of them reaches, the largest first; rows
    that are withheld stand last.
    """
    rows = brief.tables.rows("exit_curves", district=brief.district)
    shown = [row["month"] for row in rows if row.has("estimate")]
    last = max(
        brief.run.params.survival.quoted_months, default=brief.run.params.survival.horizon_months
    )
    month = max((m for m in shown if m <= last), default=None)
    return sorted(
        (row for row in rows if row["month"] == month), key=lambda row: -(row["estimate"] or 0)
    )


def _exits_intro(brief: Brief) -> tuple[Markup, ...]:
    """By when the shares are told."""
    exits = _quoted_exits(brief)
    return (brief.words.html("stay.exits", month=month_cell(brief, exits[0])),) if exits else ()


def _exit_figures(brief: Brief) -> tuple[KeyFigure, ...]:
    shown = [row for row in _quoted_exits(brief) if row.has("estimate")]
    return tuple(
        brief.key_figure(row, "estimate", SHARE, _where_to(brief, row["exit"]))
        for row in sorted(shown, key=lambda row: row["exit"] == "unknown")
    )


def _where_to(brief: Brief, name: str) -> str:
    if name == "unknown":
        return brief.words.text("exits.nobody_knows")
    return brief.words.text("stay.to", exit=brief.words.text(name))


def _exit_bounds(brief: Brief) -> tuple[Markup, ...]:
    exits = _quoted_exits(brief)
    if not exits:
        return ()
    return (*bounds_by_month(brief, exits[0]["month"]), *example_list(brief))


def _stay_figures(brief: Brief) -> tuple[Figure, ...]:
    first_month = brief.words.month(brief.run.params.extract.first_month)
    states = brief.tables.rows("states", district=brief.district)
    curves = _curve_tables(brief, _EXIT_CURVES, "exit")
    occupied = _curve_tables(brief, _STATES, "state", first_month=first_month)
    return (
        *picture(brief, "exit_curves", exits_conclusion(brief), curves),
        *picture(brief, "states", _states_conclusion(brief, states), occupied),
    )


def _states_conclusion(brief: Brief, states: list[Row]) -> Markup:
    last = max((row["month"] for row in states), default=0)
    at_end = {row["state"]: row for row in states if row["month"] == last and row.has("estimate")}
    if not {"work", "support"} <= at_end.keys():
        return brief.words.html("stay.states_plain")
    return brief.words.html(
        "stay.states",
        work=brief.number(at_end["work"], "estimate", SHARE),
        support_share=brief.number(at_end["support"], "estimate", SHARE),
    )


def _curve_tables(brief: Brief, view: View, column: str, **values: str) -> tuple[DataTable, ...]:
    """A curve's values, one column for each exit or state; of one that is shown in every month, in
    every third of them.
    """
    rows = brief.tables.rows(view.of, district=brief.district)
    names = sorted({row[column] for row in rows}, key=_order)
    last = max((row["month"] for row in rows), default=0)
    lines = pivoted(rows, "month", column, names)
    step = table_step(last) if len(lines) > last else 1
    months = [month for month in lines if month % step == 0 or month == last]
    heads = [of(name, key("month"), "month") for name in names[:1]]
    columns = [of(name, with_range(), f"value.{name}") for name in names]
    return view.with_columns(*heads, *columns).tables(
        brief, [lines[month] for month in months], **values
    )


def _order(outcome: str) -> int:
    """Where an outcome stands among the others: as in the table of states, everything else after
    them.
    """
    return OUTCOMES.index(outcome) if outcome in OUTCOMES else len(OUTCOMES)


def table_step(last_month: int) -> int:
    """Every third month of a short curve, every sixth of a long one: a table that can be read."""
    return _TABLE_STEP_MONTHS if last_month <= 36 else 2 * _TABLE_STEP_MONTHS


def _stay_tables(brief: Brief) -> tuple[DataTable, ...]:
    exits = brief.tables.rows("exits", district=brief.district)
    return (
        *_TIME.tables(brief, time_rows(brief, brief.district)),
        *_EXITS.tables(brief, sorted(exits, key=lambda row: _order(row["exit"]))),
        *bounds_tables(brief),
    )


def _horizon(brief: Brief, row: Row) -> Markup:
    return brief.words.html(
        "stay.horizon_months", horizon=key_number(row, "horizon_months", brief.words)
    )


_PEOPLE = View("people", "who.table", "who", (word("measure"), number("count")))
_TIME = View(
    "time_on_support",
    "stay.time_caption",
    "stay",
    (cell("horizon", _horizon, "horizon_months"), number("estimate", head="mean"), limits()),
)
_EXITS = View(
    "exits",
    "stay.exits_caption",
    "stay",
    (word("exit"), number("n_spells"), number("n_persons"), number("share")),
)
_EXIT_CURVES = View("exit_curves", "stay.curve_caption", "stay", ())
_STATES = View("states", "stay.states_caption", "stay", ())
