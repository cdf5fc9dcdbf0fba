"""Do people come closer: where they are after they started on a step of the ladder, whether the
criteria of readiness tell the next step, and how long those who are ready wait for it.
"""

from collections.abc import Sequence

from markupsafe import Markup

from evalkit.months import add_months
from evalkit.report.evidence.ladder_picture import intervention_name, ladder_figures
from evalkit.report.evidence.process import pooled_with
from evalkit.report.parts.document import Block, Brief, DataTable, Section
from evalkit.report.parts.numbers import MONTHS, SHARE, Form, Row
from evalkit.report.view import NOTHING, Cell, View, cell, number, of, with_range, word
from evalkit.tables import CITY
from evalkit.vocabulary import index_verdict

_READY = "5"
_CRITERIA = (*"012345", "incomplete")
_RATIO = Form("number", 1)


def people_come_closer(brief: Brief) -> Section | None:
    """The section on steps other than work; none where neither a ladder nor follow-ups are
    there.
    """
    area = brief.area
    rows = brief.tables.rows("ladder", district=area)
    followed_up = brief.tables.rows("readiness", district=area)
    if not rows and not followed_up:
        return None
    block = Block(
        text=(
            *_not_told(brief, rows),
            *_index_texts(brief, area),
            *_wait_texts(brief, area),
            *_seen_elsewhere(brief),
        ),
        figures=ladder_figures(brief, rows),
        tables=(
            *_readiness_tables(brief, followed_up),
            *_BY_DISTRICT.tables(brief, _districts(brief), **_months(brief)),
            *_gap_tables(brief),
        ),
    )
    return Section(
        name="closer",
        heading=brief.words.text("closer.heading"),
        leads=(*pooled_with(brief), _lead(brief, area)),
        blocks=(block,),
    )


def _months(brief: Brief) -> dict[str, str]:
    rules, words = brief.run.params.monitoring, brief.words
    return {
        "months": words.number(rules.ladder_after_months),
        "within": words.number(rules.next_step_months),
    }


def _starts(brief: Brief) -> dict[str, str]:
    """The first and the last month in which those started who are counted on the ladder."""
    params, rules = brief.run.params, brief.run.params.monitoring
    last = add_months(params.last_month_known, -rules.ladder_after_months)
    first = max(add_months(last, 1 - rules.ladder_starts_months), params.extract.first_month)
    return {"first": brief.words.month(first), "last": brief.words.month(last)}


def _lead(brief: Brief, area: str) -> Markup:
    """The share who came closer; in a district for the city's mix of people, beside the city's."""
    own, city = (brief.tables.row("ladder_by_district", district=name) for name in (area, CITY))
    if not (own and own.has("estimate", "ci_lower", "ci_upper")):
        return brief.words.html("closer.lead_none", district=brief.district_name)
    shown = {
        "share": brief.number(own, "estimate", SHARE),
        "range": brief.range_of(own, SHARE),
        **_months(brief),
        **_starts(brief),
    }
    if brief.is_city or not (city and city.has("estimate")):
        return brief.words.html("closer.lead", **shown)
    name = brief.district_name if area == brief.district else area
    return brief.words.html(
        "closer.lead_district", city=brief.number(city, "estimate", SHARE), district=name, **shown
    )


def _not_told(brief: Brief, rows: Sequence[Row]) -> tuple[Markup, ...]:
    """What the ladder does not tell: an effect, work that is not seen, and where those are of whom
    nothing is known.
    """
    livelihood = brief.tables.row("state_sources", source="livelihood")
    if not rows:
        return ()
    no_effect = brief.words.html("closer.no_effect")
    if livelihood and livelihood.has("share") and livelihood["share"] == 0:
        return (no_effect, brief.words.html("closer.work_unseen"))
    unknown = (row["share"] for row in rows if row["answer"] == "unknown" and row.has("share"))
    return (no_effect, *((brief.words.html("closer.some_unknown"),) if any(unknown) else ()))


def _index_texts(brief: Brief, area: str) -> tuple[Markup, ...]:
    """Whether the criteria tell the next step, and how many meet all of them."""
    row = brief.tables.row("readiness_test", measure="discrimination")
    if row is None:
        return ()
    values = _months(brief)
    if row.has("estimate", "ci_lower", "ci_upper"):
        values |= {
            "share": brief.number(row, "estimate", SHARE),
            "range": brief.range_of(row, SHARE),
        }
        verdict = index_verdict(row["ci_lower"], row["ci_upper"])
        said = brief.words.html(f"closer.index_{verdict}", **values)
    else:
        said = brief.words.html("closer.index_too_few", **values)
    ready = brief.tables.row("readiness", district=area, criteria_met=_READY)
    told = (
        (brief.words.html("closer.ready", share=brief.number(ready, "share", SHARE)),)
        if ready is not None and ready.has("share")
        else ()
    )
    return (said, brief.words.html("closer.next_step"), *told)


def _wait_texts(brief: Brief, area: str) -> tuple[Markup, ...]:
    """How long those who are ready wait for the next step."""
    median, waiting = (
        brief.tables.row("time_to_next_step", district=area, measure=measure)
        for measure in ("median_months", "without_next_step")
    )
    if waiting is None or not waiting.has("estimate"):
        return ()
    values = _months(brief) | {"share": brief.in_brackets(waiting, "estimate", SHARE)}
    if median is None or not median.has("estimate"):
        return (brief.words.html("closer.wait_open", **values),)
    return (
        brief.words.html(
            "closer.wait", median=brief.in_brackets(median, "estimate", MONTHS), **values
        ),
    )


def _seen_elsewhere(brief: Brief) -> tuple[Markup, ...]:
    """Where returns and loops are told: in a section of their own."""
    if not brief.tables.rows("loops", district=brief.district):
        return ()
    link = Markup('<a href="#back">{}</a>').format(brief.words.text("back.heading"))
    return (brief.words.html("closer.returns", link=link),)


def _readiness_tables(brief: Brief, rows: list[Row]) -> tuple[DataTable, ...]:
    by_value = {row["criteria_met"]: {"counted": row} for row in rows if row["n_persons"]}
    for row in brief.tables.rows("readiness_test", measure="expected"):
        if row["criteria_met"] in by_value:
            by_value[row["criteria_met"]]["expected"] = row
    lines = [by_value[value] for value in _CRITERIA if value in by_value]
    test = [
        row
        for measure in ("discrimination", "odds_ratio", "calibration_slope")
        for row in brief.tables.rows("readiness_test", measure=measure)
        if row.has("estimate")
    ]
    return (
        *_READINESS.tables(brief, lines, **_months(brief)),
        *_TEST.tables(brief, test, **_months(brief)),
    )


def _districts(brief: Brief) -> list[Row]:
    rows = brief.tables.rows("ladder_by_district")
    return sorted(rows, key=lambda row: (row["district"] == CITY, row["district"].casefold()))


def _gap_tables(brief: Brief) -> tuple[DataTable, ...]:
    """What followed after each intervention ended, in the whole city."""
    rows = [
        row
        for row in brief.tables.rows("gaps_after_interventions")
        if row["ended_by"] != CITY and row["intervention_id"] != CITY
    ]
    return _GAPS.tables(brief, rows)


def _criteria(brief: Brief, line: dict[str, Row]) -> Cell:
    return brief.words.text(f"closer.criteria_{line['counted']['criteria_met']}")


def _expected(brief: Brief, line: dict[str, Row]) -> Cell:
    return brief.in_brackets(line["expected"], "estimate", SHARE) if "expected" in line else NOTHING


def _test_number(brief: Brief, row: Row) -> Cell:
    form = SHARE if row["measure"] == "discrimination" else _RATIO
    return brief.in_brackets(row, "estimate", form)


def _name(brief: Brief, row: Row) -> Cell:
    return brief.words.label(CITY) if row["district"] == CITY else row["district"]


def _intervention(brief: Brief, row: Row) -> Cell:
    return intervention_name(brief, row["intervention_id"])


_READINESS = View(
    "readiness",
    "closer.readiness_caption",
    "closer",
    (
        cell("criteria", _criteria),
        of("counted", number("n_persons"), "persons"),
        of("counted", number("share"), "share_of_all"),
        of("counted", number("n_next_step"), "went_on"),
        of("counted", number("next_share"), "next_share"),
        cell("expected", _expected),
    ),
)
_TEST = View(
    "readiness_test",
    "closer.test_caption",
    "closer",
    (word("measure", "closer."), cell("value", _test_number)),
)
_BY_DISTRICT = View(
    "ladder_by_district",
    "closer.districts_caption",
    "closer",
    (
        cell("district", _name, "district"),
        number("n_persons", head="persons"),
        with_range("estimate", SHARE, head="came_closer"),
    ),
)
_GAPS = View(
    "gaps_after_interventions",
    "closer.gaps_caption",
    "closer",
    (
        cell("intervention", _intervention, "intervention_id"),
        word("ended_by", "closer.gap_", head="gap_ended_by"),
        number("n_episodes", head="episodes"),
        number("share", head="share_of_all"),
        number("mean_gap_months", MONTHS, head="gap_months", or_nothing=True),
    ),
)
