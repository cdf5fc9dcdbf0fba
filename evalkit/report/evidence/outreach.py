"""Outreach: whom it knows, reaches and brings in, how many stay, and what one who enters costs."""

from markupsafe import Markup

from evalkit.report.parts.document import Block, Brief
from evalkit.report.parts.numbers import COUNT, SHARE, YEAR, Row, money_form
from evalkit.report.view import View, cell, key, number
from evalkit.words import capitalise


def outreach_block(brief: Brief) -> tuple[Block, ...]:
    """The funnel of the last year for each group, with the years before folded away; nothing where
    outreach counted nothing and nobody started it.
    """
    area = brief.run.params.monitoring.area_of(brief.district)
    rows = brief.tables.rows("outreach_funnel", district=area)
    if not rows:
        return ()
    words = brief.words
    last = {row["target_group"]: row for row in sorted(rows, key=lambda row: row["year"])}
    text = [sentence for row in last.values() for sentence in _funnel(brief, row)]
    costs = brief.tables.rows("outreach_costs")
    text += [_cost(brief, row) for row in costs if row.has("cost")]
    return (
        Block(
            heading=words.text("outreach.heading"),
            text=(*text, words.html("outreach.how")),
            tables=_FUNNEL.tables(brief, rows),
        ),
    )


def group_name(brief: Brief, target_group: str) -> str:
    """What pages call a target group of outreach; its code where nobody has named it."""
    name = f"outreach.{target_group}"
    return brief.words.text(name) if brief.words.has(name) else target_group.replace("_", " ")


def _funnel(brief: Brief, row: Row) -> list[Markup]:
    words, told = brief.words, []
    named = {"group": capitalise(group_name(brief, row["target_group"])), "year": f"{row['year']}"}
    if row.has("n_known", "n_reached", "n_entered"):
        counts = {
            name: brief.number(row, name, COUNT) for name in ("n_known", "n_reached", "n_entered")
        }
        residents = row.has("n_residents")
        if residents:
            counts["n_residents"] = brief.number(row, "n_residents", COUNT)
        told.append(
            words.html("outreach.funnel_of" if residents else "outreach.funnel", **counts, **named)
        )
    if row.has("stayed_share"):
        share = brief.number(row, "stayed_share", SHARE)
        told.append(words.html("outreach.stayed", share=share, **named))
    return told


def _cost(brief: Brief, row: Row) -> Markup:
    has_range = row.has("low", "high")
    values = {"cost": brief.number(row, "cost", money_form(row, "cost"))}
    if has_range:
        values |= {name: brief.number(row, name, money_form(row, name)) for name in ("low", "high")}
    return brief.words.html(
        "outreach.cost_range" if has_range else "outreach.cost",
        group=group_name(brief, row["target_group"]),
        source=brief.words.text(f"outreach.cost_{row['source']}"),
        grade=row["value_grade"],
        **values,
    )


_FUNNEL = View(
    "outreach_funnel",
    "outreach.caption",
    "outreach",
    (
        cell(
            "target_group",
            lambda brief, row: capitalise(group_name(brief, row["target_group"])),
            "target_group",
        ),
        key("year", YEAR),
        number("n_residents", or_nothing=True),
        number("n_known", or_nothing=True),
        number("n_reached", or_nothing=True),
        number("n_entered", or_nothing=True),
        number("n_followed"),
        number("stayed_share", or_nothing=True),
    ),
)
