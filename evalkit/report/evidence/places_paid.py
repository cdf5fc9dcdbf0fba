"""What a place costs, for each month that it is filled and for each that ends, and whether own
places or bought ones are cheaper.
"""

from collections.abc import Callable, Sequence

from markupsafe import Markup

from evalkit.report.parts.document import Block, Brief
from evalkit.report.parts.numbers import COUNT, RANGE, SHARE, YEAR, Form, Row
from evalkit.report.view import NOTHING, Cell, Column, View, cell, key, number, with_range
from evalkit.words import capitalise

_ENDED, _SOMEWHERE = "ended", "ended_somewhere"
_UNKNOWN = ("price_unknown", "cost_unknown", "use_unknown", "not_comparable")


def places_blocks(brief: Brief) -> tuple[Block, ...]:
    """What a place costs by report and by the run's own rows, and own places against bought ones;
    nothing where neither is known.
    """
    return (*_cost_block(brief), *_make_or_buy(brief))


def _cost_block(brief: Brief) -> tuple[Block, ...]:
    costs = _last_years(brief.tables.rows("place_costs"))
    ends = [row for row in brief.tables.rows("place_ends") if row.has("estimate", *RANGE)]
    yearly = [row for row in brief.tables.rows("make_or_buy") if row.has("cost_per_place")]
    reported = brief.tables.rows("reported_places")
    if not (costs or ends or yearly or reported):
        return ()
    somewhere = [row for row in ends if row["measure"] == _SOMEWHERE]
    told = somewhere or ends
    text = (
        *_from_to(brief, "places_year", yearly, "cost_per_place", _thousands),
        *_from_to(brief, "places_month", costs, "cost_per_filled_place", _hundreds),
        *_from_to(
            brief, f"places_{told[0]['measure']}" if told else "", told, "estimate", _thousands
        ),
        *_reported_text(brief, reported),
    )
    tables = (*_COSTS.tables(brief, costs), *_ENDS.tables(brief, ends))
    return (Block(heading=brief.words.text("accounts.places_heading"), text=text, tables=tables),)


def _last_years(rows: Sequence[Row]) -> list[Row]:
    """Each intervention's last year of which a cost is shown."""
    last: dict[str, Row] = {}
    for row in rows:
        name = row["intervention_id"]
        is_later = name not in last or row["year"] > last[name]["year"]
        if row.has("cost_per_filled_place") and is_later:
            last[name] = row
    return list(last.values())


def _from_to(
    brief: Brief, key: str, rows: Sequence[Row], column: str, form: Callable[[Row], Form]
) -> tuple[Markup, ...]:
    """The cheapest and the dearest, in a sentence; nothing of fewer than two, or in amounts of
    different money.
    """
    if len(rows) < 2 or len({(row["currency"], row["price_year"]) for row in rows}) > 1:
        return ()
    ordered = sorted(rows, key=lambda row: row[column])
    shown = {"year": brief.number(rows[0], "price_year", YEAR)}
    for which, row in (("cheapest", ordered[0]), ("dearest", ordered[-1])):
        write = brief.in_brackets if column == "estimate" else brief.number
        shown[which] = write(row, column, form(row))
        shown[f"{which}_name"] = Markup("{}").format(_name(brief, row))
    return (brief.words.html(f"accounts.{key}", **shown),)


def _reported_text(brief: Brief, rows: Sequence[Row]) -> tuple[Markup, ...]:
    """What ranges alone give, and why that is of no use."""
    return tuple(
        brief.words.html(
            "accounts.places_reported",
            year=brief.number(row, "year", YEAR),
            **{
                name: brief.number(row, name, _thousands(row))
                for name in ("cost_lowest", "cost_highest", "per_end_lowest", "per_end_highest")
            },
            **{name: brief.number(row, name, SHARE) for name in ("share_lowest", "share_highest")},
        )
        for row in rows
    )


def _make_or_buy(brief: Brief) -> tuple[Block, ...]:
    rows = brief.tables.rows("make_or_buy")
    if not rows:
        return ()
    words = brief.words
    text = []
    for row in rows:
        if row["cheaper"] in _UNKNOWN or not row.has("break_even"):
            continue
        volume = brief.in_brackets(
            row, "break_even", COUNT, limits=("break_even_lower", "break_even_upper")
        )
        name = capitalise(_name(brief, row))
        text.append(words.html(f"accounts.cheaper_{row['cheaper']}", name=name, volume=volume))
    unknown = [_name(brief, row) for row in rows if row["cheaper"] in _UNKNOWN]
    if unknown:
        text.append(words.html("accounts.cheaper_unknown", names=words.listing(unknown)))
    tables = _MAKE_OR_BUY.tables(brief, rows)
    return (
        Block(heading=words.text("accounts.make_or_buy_heading"), text=tuple(text), tables=tables),
    )


def _name(brief: Brief, row: Row) -> str:
    name = row["intervention_id"]
    return brief.words.text(name) if brief.words.has(name) else name


def _hundreds(row: Row) -> Form:
    return Form("money", -2, row.get("currency") or "")


def _thousands(row: Row) -> Form:
    return Form("money", -3, row.get("currency") or "")


def _monthly(name: str) -> Column:
    return number(name, _hundreds, or_nothing=True)


def _bought(brief: Brief, row: Row) -> Cell:
    name = row["intervention_id"]
    bought = brief.tables.row("bought_places", intervention_id=name, answer="yes")
    return brief.number(bought, "share", SHARE) if bought and bought.has("share") else NOTHING


def _verdict(brief: Brief, row: Row) -> Cell:
    return brief.words.label(f"accounts.is_{row['cheaper']}")


_INTERVENTION = cell(
    "intervention", lambda brief, row: capitalise(_name(brief, row)), "intervention_id"
)
_COSTS = View(
    "place_costs",
    "accounts.places_caption",
    "accounts",
    (
        _INTERVENTION,
        key("year", YEAR),
        number("places", COUNT),
        number("utilisation_share", SHARE),
        _monthly("cost_per_filled_place"),
        _monthly("cost_at_full_use"),
        _monthly("marginal_cost"),
        key("price_year", YEAR),
    ),
)
_ENDS = View(
    "place_ends",
    "accounts.ends_caption",
    "accounts",
    (
        _INTERVENTION,
        cell(
            "ends",
            lambda brief, row: brief.words.text(f"accounts.ends_{row['measure']}"),
            "measure",
        ),
        with_range("estimate", _thousands, head="cost_per_end"),
        key("price_year", YEAR),
    ),
)
_MAKE_OR_BUY = View(
    "make_or_buy",
    "accounts.make_or_buy_caption",
    "accounts",
    (
        _INTERVENTION,
        number("places", COUNT),
        number("utilisation_share", SHARE, or_nothing=True),
        number("cost_per_place", _thousands, or_nothing=True),
        _monthly("fixed_cost"),
        _monthly("variable_cost"),
        _monthly("price_per_month"),
        number("break_even", COUNT, or_nothing=True),
        cell("cheaper", _verdict, "cheaper"),
        cell("bought_share", _bought),
    ),
)
