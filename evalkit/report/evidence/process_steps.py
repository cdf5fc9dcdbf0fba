"""The steps of the common process as they were published, for the section's sentences, picture and
tables.
"""

from markupsafe import Markup

from evalkit.report.parts.document import Brief
from evalkit.report.parts.numbers import SHARE, YEAR, Row
from evalkit.report.view import NOTHING
from evalkit.tables import CITY

# In the order in which the process goes; the last ones need neither plans nor follow-ups.
PAPERS = (
    "assignment",
    "work_plan",
    "implementation_plan",
    "joint_action_plan",
    "coordinated_plan",
    "plan",
    "complete_plan",
    "decision",
)
FOLLOW_UPS = ("first_follow_up", "follow_ups")
STEPS = (*PAPERS, *FOLLOW_UPS, "went_on")
ANSWERS = ("all", "yes")


def steps_of(brief: Brief, area: str) -> dict[str, dict[str, Row]]:
    """By step of the process, its rows by answer; steps that were not asked are left out."""
    steps: dict[str, dict[str, Row]] = {}
    for row in brief.tables.rows("process_kept", district=area):
        steps.setdefault(row["measure"], {})[row["answer"]] = row
    return {step: steps[step] for step in STEPS if steps.get(step, {}).keys() >= {*ANSWERS}}


def year_of(brief: Brief) -> Markup:
    """The year in which what is counted began."""
    row, *_ = brief.tables.rows("process_kept", district=brief.area)
    return brief.number(row, "year", YEAR)


def districts_of(brief: Brief) -> list[str]:
    """The districts and areas that there are steps of."""
    rows = brief.tables.rows("process_kept")
    return list(dict.fromkeys(row["district"] for row in rows if row["district"] != CITY))


def share_of(brief: Brief, rows: dict[str, Row], *, tag: str = "span") -> Markup:
    """The share of a step, or a dash where it is of too few."""
    if not rows["yes"].has("share"):
        return Markup(NOTHING)
    return brief.number(rows["yes"], "share", SHARE, tag=tag)
