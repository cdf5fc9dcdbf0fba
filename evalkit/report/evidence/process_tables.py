"""The tables behind the section on the common process: districts, roles, hours, abilities, the
activity requirement and the size of the private list.
"""

from collections.abc import Callable, Sequence

from evalkit.report.evidence.process_steps import (
    districts_of,
    share_of,
    steps_of,
    year_of,
)
from evalkit.report.parts.document import Brief, DataTable
from evalkit.report.parts.numbers import CHANGE_MONTHS, COUNT, SHARE, Form, Row
from evalkit.report.view import (
    NOTHING,
    Cell,
    Column,
    View,
    cell,
    district,
    number,
    word,
)
from evalkit.tables import CITY
from evalkit.words import capitalise

# What a district is held beside the others by.
_BESIDE = ("plan", "complete_plan", "decision", "follow_ups", "went_on")
_ABILITIES = ("physical_ability", "mental_ability", "social_ability", "self_rating")
_REASONS = (
    "follow_up_overdue",
    "no_plan",
    "nothing_begun",
    "before_month",
    "beyond_planned",
    "beyond_stop_month",
)


def beside(brief: Brief, steps: dict[str, dict[str, Row]]) -> tuple[DataTable, ...]:
    """On the city's page the districts, with a column for each of the main steps."""
    if not brief.is_city:
        return ()
    by_district = [{"district": name, **steps_of(brief, name)} for name in districts_of(brief)]
    shown = [step for step in _BESIDE if step in steps]
    columns = [cell(step, _share_of(step), "share") for step in shown]
    return _DISTRICTS.with_columns(*columns).tables(brief, by_district, year=year_of(brief))


def _share_of(step: str) -> Callable[[Brief, dict], Cell]:
    def write(brief: Brief, line: dict) -> Cell:
        return share_of(brief, line[step]) if step in line else NOTHING

    return write


def steps_tables(brief: Brief, steps: dict[str, dict[str, Row]]) -> tuple[DataTable, ...]:
    """The numbers of the picture."""
    return _STEPS_TABLE.tables(brief, list(steps.items()), year=year_of(brief))


def further_tables(brief: Brief) -> tuple[DataTable, ...]:
    """What folds away below: roles, hours, abilities, the quarter and the list."""
    area = {"district": brief.area}
    own = {} if brief.is_city else {"intervention_id": CITY}

    def rows(name: str, **where: str) -> list[Row]:
        """Those of enough people."""
        return [row for row in brief.tables.rows(name, **where) if row.has("n_persons")]

    quarter = rows("activity_quarter", **area)
    return (
        *_OVERDUE.tables(brief, _both(rows("follow_ups_overdue", **area), "responsible_role")),
        *_HOURS.tables(
            brief,
            sorted(rows("attended_hours", **area, **own), key=_hours_order),
            year=year_of(brief),
        ),
        *_CHANGE.tables(brief, _by(rows("ability_change", **area, **own), "intervention_id")),
        *_ENDS.tables(brief, [row for row in rows("ability_ends", **area) if _is_end(row)]),
        *_QUARTER.tables(
            brief,
            _by(quarter, "obstacle"),
            quarter=quarter[0]["quarter"] if quarter else "",
        ),
        *_WORKLIST.tables(brief, _reasons(brief)),
    )


def _both(rows: Sequence[Row], key: str) -> list[dict[str, Row]]:
    """Rows of all and of those that are meant, beside each other by a key; "all" comes last."""
    lines: dict[str, dict[str, Row]] = {}
    for row in rows:
        lines.setdefault(row[key], {})[row["answer"]] = row
    return [lines[name] for name in sorted(lines, key=lambda name: (name == CITY, name))]


def _is_end(row: Row) -> bool:
    return row["answer"] == "yes"


def _reasons(brief: Brief) -> list[Row]:
    rows = [] if brief.is_city else brief.tables.rows("worklist_size")
    return sorted(rows, key=lambda row: _REASONS.index(row["reason"]))


def _by(rows: Sequence[Row], key: str) -> list[dict[str, Row]]:
    """Rows by measure, beside each other by a key; "all" comes last."""
    lines: dict[str, dict[str, Row]] = {}
    for row in rows:
        lines.setdefault(row[key], {})[row["measure"]] = row
    return [lines[name] for name in sorted(lines, key=lambda name: (name == CITY, name))]


def _answer(name: str, answer: str, column: str, form: Form) -> Column:
    """A number of one of the rows that stand beside each other; a dash where it is of too few."""
    return cell(name, lambda brief, line: _number(brief, line.get(answer), column, form), column)


def _number(brief: Brief, row: Row | None, column: str, form: Form) -> Cell:
    return brief.number(row, column, form) if row and row.has(column) else NOTHING


def _intervention(brief: Brief, row: Row) -> str:
    """The intervention whose hours they are; those of the activity requirement are of none."""
    if row["measure"] != "attended":
        return brief.words.label("process.activity_requirement")
    return _name_of(brief, row["intervention_id"])


def _name_of(brief: Brief, name: str) -> str:
    if name == CITY:
        return brief.words.label("process.all_interventions")
    return brief.words.label(name) if brief.words.has(name) else name


def _hours_order(row: Row) -> tuple[bool, bool, str]:
    """Interventions by name, all of them, then the activity requirement."""
    name = row["intervention_id"]
    return row["measure"] != "attended", name == CITY, name


def _any(line: dict[str, Row]) -> Row:
    """The row of the first ability that there is: as many people are rated in each."""
    return max(line.values(), key=lambda row: row["n_persons"] or 0)


def _changed(name: str) -> Callable[[Brief, dict[str, Row]], Cell]:
    def write(brief: Brief, line: dict[str, Row]) -> Cell:
        if name not in line or not line[name].has("estimate"):
            return NOTHING
        return brief.in_brackets(line[name], "estimate", CHANGE_MONTHS)

    return write


def _hours_in_words(brief: Brief, row: Row) -> str:
    name = "attended_hours" if row["measure"] == "attended" else row["measure"]
    return brief.words.label(f"process.{name}")


def _obstacle(brief: Brief, line: dict[str, Row]) -> str:
    name = line["assigned"]["obstacle"]
    if name == CITY:
        return capitalise(brief.words.text("count.obstacle_all"))
    return brief.words.group(name)


_STEPS_TABLE = View(
    "process_kept",
    "process.steps_caption",
    "process",
    (
        cell("measure", lambda brief, line: brief.words.label(f"process.{line[0]}"), "measure"),
        cell("n_all", lambda brief, line: _number(brief, line[1]["all"], "n_episodes", COUNT)),
        cell("n_yes", lambda brief, line: _number(brief, line[1]["yes"], "n_episodes", COUNT)),
        cell("share", lambda brief, line: _number(brief, line[1]["yes"], "share", SHARE)),
    ),
)
_DISTRICTS = View(
    "process_kept",
    "process.districts_caption",
    "process",
    (district(),),
    is_open=True,
    is_sortable=True,
)
_OVERDUE = View(
    "follow_ups_overdue",
    "process.overdue_caption",
    "process",
    (
        cell(
            "role",
            lambda brief, line: brief.words.label(f"process.{line['all']['responsible_role']}"),
            "responsible_role",
        ),
        _answer("n_running", "all", "n_persons", COUNT),
        _answer("n_overdue", "yes", "n_persons", COUNT),
        _answer("share", "yes", "share", SHARE),
    ),
)
_HOURS = View(
    "attended_hours",
    "process.hours_caption",
    "process",
    (
        cell("intervention", _intervention, "intervention_id"),
        cell("hours", _hours_in_words, "measure"),
        number("share", SHARE, or_nothing=True),
        number("n_persons", or_nothing=True),
    ),
)
_CHANGE = View(
    "ability_change",
    "process.change_caption",
    "process",
    (
        cell("intervention", lambda brief, line: _name_of(brief, _any(line)["intervention_id"])),
        *(cell(name, _changed(name), "estimate", "ci_lower", "ci_upper") for name in _ABILITIES),
        cell("n_persons", lambda brief, line: _number(brief, _any(line), "n_persons", COUNT)),
    ),
)
_ENDS = View(
    "ability_ends",
    "process.ends_caption",
    "process",
    (
        word("measure", "process.", head="ability"),
        word("end_of_scale", "process.", head="position"),
        number("n_persons", or_nothing=True),
        number("share", or_nothing=True),
    ),
)
_QUARTER = View(
    "activity_quarter",
    "process.quarter_caption",
    "process",
    (
        cell("obstacle", _obstacle, "obstacle"),
        *(
            _answer(measure, measure, "n_persons", COUNT)
            for measure in (
                "assigned",
                "invalid_absence",
                "grounds_handed_over",
                "refused_or_reduced",
            )
        ),
    ),
)
_WORKLIST = View(
    "worklist_size",
    "process.worklist_caption",
    "process",
    (word("reason", "process."), number("n_persons")),
)
