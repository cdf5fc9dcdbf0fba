"""How complete the registration is, on the page: which share of people have each field that the
answers rest on, and what is lost where it is missing.
"""

from collections.abc import Callable, Sequence

from markupsafe import Markup

from evalkit.report.evidence.process import pooled_with
from evalkit.report.parts.document import Block, Brief, DataTable, Section
from evalkit.report.parts.marks import Scale, bar, picture
from evalkit.report.parts.numbers import COUNT, SHARE, Row
from evalkit.report.view import NOTHING, Cell, Column, View, cell, number
from evalkit.tables import CITY

_EVERYBODY = "all"
_SHARES = Scale(0, 1)
# Fields beside each other in the table of districts; the least complete ones stand.
_MOST_COLUMNS = 6
# A share from which on a field is as good as complete.
_COMPLETE = 0.95


def how_complete(brief: Brief) -> Section | None:
    """The section about what is registered; none where the run has not counted it."""
    area = brief.area
    rows = [
        row
        for row in brief.tables.rows("completeness", district=area)
        if row["field"] != _EVERYBODY
    ]
    if not rows:
        return None
    nowhere = [row for row in rows if _is_registered_nowhere(brief, row)]
    rows = [row for row in rows if row not in nowhere]
    rows.sort(key=lambda row: (row["share"] if row.has("share") else 1, row["base"], row["field"]))
    lacking = [row for row in rows if _lowest(brief, row) < _COMPLETE]
    tables = (_by_district if brief.is_city else _LACKING.tables)(brief, lacking)
    return Section(
        "registration",
        brief.words.text("registration.heading"),
        (*pooled_with(brief), *_lead(brief, rows, area)),
        (Block(text=_nowhere(brief, nowhere), tables=(*tables, *_FIELDS.tables(brief, rows))),),
    )


def _lowest(brief: Brief, row: Row) -> float:
    """The lowest share with a field: of the district, or on the city's page of any district."""
    keys = {"base": row["base"], "field": row["field"]}
    rows = brief.tables.rows("completeness", **keys) if brief.is_city else [row]
    return min((one["share"] for one in rows if one.has("share")), default=1.0)


def _is_registered_nowhere(brief: Brief, row: Row) -> bool:
    """Whether a field is filled for nobody in the city: it was not delivered, or nobody writes
    it.
    """
    of_city = brief.tables.row("completeness", district=CITY, base=row["base"], field=row["field"])
    return of_city is not None and of_city["n_persons"] == 0


def _nowhere(brief: Brief, rows: Sequence[Row]) -> tuple[Markup, ...]:
    if not rows:
        return ()
    fields = [brief.words.text(f"registration.{row['field']}") for row in rows]
    return (brief.words.html("registration.nowhere", fields=brief.words.listing(fields)),)


def _lead(brief: Brief, rows: Sequence[Row], area: str) -> tuple[Markup, ...]:
    if not rows:
        return ()
    words, least = brief.words, rows[0]
    place = brief.district_name if brief.is_city else area
    if not least.has("share"):
        return (words.html("registration.lead_few", district=place),)
    whole = brief.tables.row("completeness", district=area, base=least["base"], field=_EVERYBODY)
    shown = {
        "district": place,
        "field": words.text(f"registration.{least['field']}"),
        "share": brief.number(least, "share", SHARE),
        "number": brief.number(whole, "n_persons", COUNT) if whole else "",
        "base": words.text(f"registration.who_{least['base']}"),
    }
    if least["share"] >= _COMPLETE:
        return (words.html("registration.lead_complete", **shown),)
    costs = words.text(f"registration.costs_{least['field']}")
    return (words.html("registration.lead", costs=costs, **shown),)


def _by_district(brief: Brief, rows: Sequence[Row]) -> tuple[DataTable, ...]:
    """The districts beside each other: the share of each of the least complete fields."""
    areas = dict.fromkeys(map(brief.run.params.monitoring.area_of, brief.run.params.districts))
    if len(areas) < 2 or not rows:
        return ()
    shown = [row["field"] for row in rows[:_MOST_COLUMNS]]
    lines = [
        (area, {row["field"]: row for row in brief.tables.rows("completeness", district=area)})
        for area in (*areas, CITY)
    ]
    columns = (
        cell(
            "overview.district",
            lambda brief, line: brief.words.text(CITY) if line[0] == CITY else line[0],
        ),
        *(_share_column(field) for field in shown),
    )
    view = View("completeness", "registration.districts", "registration", columns, is_open=True)
    return view.tables(brief, lines)


def _share_column(field: str) -> Column:
    return cell(field, lambda brief, line: _share(brief, line[1].get(field)), "share")


def _of_row(key: str) -> Callable[[Brief, Row], Cell]:
    """The words of a row, by a key with its field or base."""

    def write(brief: Brief, row: Row) -> Cell:
        return brief.words.text(key.format(field=row["field"], base=row["base"]))

    return write


def _share(brief: Brief, row: Row | None) -> Cell:
    """A share, and a bar that is as long."""
    if row is None or not row.has("share"):
        return NOTHING
    drawn = picture(
        bar(0, 100, 0, 6, "track"), bar(0, _SHARES(row["share"]), 0, 6, "bar"), height=6, label=""
    )
    return Markup("{}{}").format(brief.number(row, "share", SHARE), drawn)


_FIELD = cell("field", _of_row("registration.{field}"), "field")
_BASE = cell("base", _of_row("registration.who_{base}"), "base")
_SHARE = cell("share", _share, "share")
_LACKING = View(
    "completeness",
    "registration.lacking",
    "registration",
    (_FIELD, _BASE, _SHARE, cell("costs", _of_row("registration.costs_{field}"))),
    is_open=True,
)
_FIELDS = View(
    "completeness",
    "registration.caption",
    "registration",
    (_FIELD, _BASE, number("n_persons"), number("share", SHARE, or_nothing=True)),
)
