"""The trail of what was counted elsewhere than it was booked, what in the accounts contradicts
itself, and what reports have printed; and the words and forms that all of the money shares.
"""

from collections.abc import Sequence

from markupsafe import Markup

from evalkit.line.accounts import accounts_of
from evalkit.report.parts.document import Brief, DataTable
from evalkit.report.parts.numbers import MILLION, SHARE, YEAR, Form, Row, interval
from evalkit.report.view import Cell, Column, View, cell, key, number, plain
from evalkit.tables import CITY
from evalkit.vocabulary import Text, in_language
from evalkit.words import capitalise

ACCOUNT_VIEWS = ("budget", "booked", "recoded")
_THOUSANDS_FROM = 10_000
_MOST_FAULTS = 5
_PLACES_BELOW = "places_below"
_OF_AREAS = ("places_above", "share_total", "printed_otherwise", "parts_total", "elsewhere")


def area_name(brief: Brief, area: str) -> str:
    """What an area of costs is called; as the sender wrote it where nothing else is known."""
    name = f"cost_area_{area}"
    return brief.words.label(name) if brief.words.has(name) else capitalise(area.replace("_", " "))


def intervention_name(brief: Brief, name: str) -> str:
    """What an intervention is called, as it stands inside a sentence."""
    return brief.words.text(name) if brief.words.has(name) else name


def amounts_form(row: Row, rows: Sequence[Row], *columns: str) -> Form:
    """How the amounts of a row are written beside those of others: in millions where one in the
    same currency is 10 or more, else in thousands.
    """
    currency = row.get("currency") or ""
    alike = [one for one in rows if one.get("currency") == row.get("currency")]
    size = max((abs(one.get(column) or 0) for one in alike for column in columns), default=0)
    if size >= 10 * MILLION:
        return Form("millions", 1, currency)
    return Form("money", -3 if size >= _THOUSANDS_FROM else 0, currency)


def whole_amount(name: str) -> Column:
    """A column of amounts to the last krona; a dash where there is none."""
    return number(name, lambda row: Form("money", 0, row.get("currency") or ""), or_nothing=True)


def area_cell(brief: Brief, row: Row) -> Cell:
    """The area of costs that a row is about."""
    return area_name(brief, row["cost_area"])


def trail_text(brief: Brief, of_year: Sequence[Row]) -> tuple[Markup, ...]:
    """How many postings were moved by which rule, and whether anything contradicts itself."""
    key = "accounts.faults" if _faults(brief) else "accounts.no_faults"
    return (*_moved_text(brief, of_year), brief.words.html(key))


def trail_tables(brief: Brief) -> tuple[DataTable, ...]:
    """Every moved posting, every contradiction, and what reports have printed."""
    reported = brief.tables.rows("reported_accounts", district=brief.area)
    return (
        *_MOVES.tables(brief, _of_members(brief, "account_moves")),
        *_FAULTS.tables(brief, _faults(brief)),
        *_REPORTED.tables(brief, reported),
        *(_PLACES.tables(brief, brief.tables.rows("account_places")) if brief.is_city else ()),
    )


def contradictions(brief: Brief) -> tuple[Markup, ...]:
    """The contradictions in words, those of the accounts first; the others stand in the table."""
    faults = _faults(brief)
    told = [row for row in faults if row["fault"] != _PLACES_BELOW]
    points = [_fault(brief, row) for row in told[:_MOST_FAULTS]]
    below: dict[str, list[Row]] = {}
    for row in faults:
        if row["fault"] == _PLACES_BELOW:
            below.setdefault(row["item"], []).append(row)
    return (*points, *(_places_below(brief, name, rows) for name, rows in below.items()))


def _places_below(brief: Brief, name: str, rows: Sequence[Row]) -> Markup:
    """In which years more people were in an intervention than it has places."""
    years = [brief.number(row, "year", YEAR) for row in rows]
    return brief.words.html(
        "accounts.fault_places_below",
        item=capitalise(intervention_name(brief, name)),
        years=brief.words.listing_html(years),
    )


def _moved_text(brief: Brief, of_year: Sequence[Row]) -> tuple[Markup, ...]:
    """What it looks like as booked, how many postings were moved, and by which rule."""
    words = brief.words
    years = {row["year"] for row in of_year}
    moved = [row for row in _of_members(brief, "account_moves") if row["year"] in years]
    changed = [
        row
        for row in of_year
        if row["cost_area"] == CITY
        and row.has("booked", "recoded")
        and row["booked"] != row["recoded"]
    ]
    if not moved:
        return ()
    rules = dict.fromkeys(row["rule"] for row in moved)
    said = [
        words.html(
            "accounts.moved",
            rules=words.listing([_rule(brief, rule) for rule in rules]),
            number=_postings(brief, len(moved)),
        )
    ]
    said += [
        words.html(
            "accounts.as_booked",
            booked=brief.number(row, "booked", amounts_form(row, of_year, *ACCOUNT_VIEWS)),
        )
        for row in changed
    ]
    return (Markup(" ").join(said),)


def _postings(brief: Brief, number: int) -> str:
    words = brief.words
    if number == 1:
        return words.text("accounts.one_posting")
    return words.text("accounts.postings", number=words.count(number))


def _rule(brief: Brief, rule: str) -> str:
    return brief.words.text(f"recoding_{rule}")


def _members(brief: Brief) -> tuple[str, ...]:
    """The districts of the page's area; of the city all, and what concerns them together."""
    if brief.is_city:
        return (*brief.run.params.districts, CITY)
    area = brief.area
    return brief.run.params.monitoring.pooled.get(area, (area,))


def _of_members(brief: Brief, table: str) -> list[Row]:
    return [
        row for district in _members(brief) for row in brief.tables.rows(table, district=district)
    ]


def _faults(brief: Brief) -> list[Row]:
    return _of_members(brief, "account_faults")


def _fault(brief: Brief, row: Row) -> Markup:
    """A contradiction in a sentence, with its numbers."""
    fault = row["fault"]
    form = amounts_form(row, [row], "amount", "other_amount")
    shown = {
        name: brief.number(row, name, form) for name in ("amount", "other_amount") if row.has(name)
    }
    if row.has("low", "high"):
        shown["limits"] = interval(row, form, brief.words, limits=("low", "high"))
    return brief.words.html(
        f"accounts.fault_{fault}",
        district=brief.words.label(CITY) if row["district"] == CITY else row["district"],
        year=brief.number(row, "year", YEAR),
        item=_item(brief, row),
        other=_other(brief, row),
        **shown,
    )


def _item(brief: Brief, row: Row) -> str:
    if row["fault"] in _OF_AREAS:
        return _in_sentence(area_name(brief, row["item"]))
    is_of_places = row["fault"] in (_PLACES_BELOW, "cost_outside")
    return intervention_name(brief, row["item"]) if is_of_places else row["item"]


def _other(brief: Brief, row: Row) -> str:
    if row["fault"] == "stated_otherwise":
        return _in_sentence(area_name(brief, row["other_item"]))
    return row["other_item"]


def _in_sentence(name: str) -> str:
    return name[:1].lower() + name[1:]


def _fault_kind(brief: Brief, row: Row) -> Cell:
    return brief.words.text(f"accounts.kind_{row['fault']}")


def _place(brief: Brief, row: Row) -> Cell:
    return brief.words.label(CITY) if row["district"] == CITY else row["district"]


def _fault_amount(name: str) -> Column:
    def form(row: Row) -> Form:
        if row["fault"] == _PLACES_BELOW:
            return SHARE if name == "other_amount" else Form()
        return Form("money", 0, row.get("currency") or "")

    return number(name, form, or_nothing=True)


def _source_of_rule(brief: Brief, row: Row) -> Cell:
    rules = {rule.key: rule.source for rule in accounts_of(brief.run).rules}
    return _source(brief, rules.get(row["rule"], ""))


def _source_of_report(brief: Brief, row: Row) -> Cell:
    reports = {(one.district, one.year): one.source for one in accounts_of(brief.run).reported}
    return _source(brief, reports.get((row["district"], row["year"]), ""))


def _source(brief: Brief, source: Text | str) -> str:
    """From where something is, in the reader's language."""
    return source if isinstance(source, str) else in_language(source, brief.words.language)


_DISTRICT = cell("district", _place, "district")
_MOVES = View(
    "account_moves",
    "accounts.moves",
    "accounts",
    (
        _DISTRICT,
        key("year", YEAR),
        plain("posting_id"),
        plain("account_code"),
        cell("booked_area", lambda brief, row: area_name(brief, row["booked_area"]), "booked_area"),
        cell(
            "recoded_area",
            lambda brief, row: area_name(brief, row["recoded_area"]),
            "recoded_area",
        ),
        whole_amount("amount"),
        cell("rule", lambda brief, row: _rule(brief, row["rule"]), "rule"),
        cell("source", _source_of_rule),
        plain("value_grade"),
    ),
)
_FAULTS = View(
    "account_faults",
    "accounts.all_faults",
    "accounts",
    (
        _DISTRICT,
        key("year", YEAR),
        cell("fault", _fault_kind, "fault"),
        cell("item", _item, "item"),
        cell("other_item", _other, "other_item"),
        _fault_amount("amount"),
        _fault_amount("other_amount"),
    ),
)
_REPORTED = View(
    "reported_accounts",
    "accounts.reported",
    "accounts",
    (
        cell("cost_area", area_cell, "cost_area"),
        key("year", YEAR),
        number(
            "amount",
            lambda row: amounts_form(row, [row], "amount", "implied_total"),
            head="printed",
        ),
        number("printed_share", Form("percent", 1), or_nothing=True),
        number(
            "implied_total",
            lambda row: amounts_form(row, [row], "amount", "implied_total"),
            or_nothing=True,
        ),
        number(
            "recoded",
            lambda row: amounts_form(row, [row], "amount"),
            head="in_accounts",
            or_nothing=True,
        ),
        cell("source", _source_of_report),
    ),
)
_PLACES = View(
    "account_places",
    "accounts.account_places",
    "accounts",
    (
        cell("cost_area", area_cell, "cost_area"),
        key("year", YEAR),
        number("recoded", lambda row: amounts_form(row, [row], "recoded", "places_cost")),
        number("places_cost", lambda row: amounts_form(row, [row], "recoded", "places_cost")),
        number("covered_share", SHARE, or_nothing=True),
    ),
)
