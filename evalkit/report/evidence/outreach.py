"""Outreach: whom it knows, reaches and brings in, how many stay, and what one who enters costs."""

from collections.abc import Sequence

from markupsafe import Markup

from evalkit.report.parts.document import Block, Brief
from evalkit.report.parts.numbers import (
    COUNT,
    SHARE,
    YEAR,
    Form,
    Row,
    gain_form,
    key_number,
    money_form,
)
from evalkit.report.view import NOTHING, View, cell, key, number, with_range
from evalkit.tables import CITY
from evalkit.words import capitalise


def outreach_block(brief: Brief) -> tuple[Block, ...]:
    """The funnel of the last year for each group, with the years before folded away; nothing where
    outreach counted nothing and nobody started it.
    """
    area = brief.area
    rows = brief.tables.rows("outreach_funnel", district=area)
    if not rows:
        return ()
    words = brief.words
    told = [row for row in rows if row.has("n_known") or row.has("stayed_share")]
    last = {row["target_group"]: row for row in sorted(told, key=lambda row: row["year"])}
    costs = [row for row in brief.tables.rows("outreach_costs") if row.has("cost")]
    text = [_of_group(brief, row, costs) for row in last.values()]
    leads = brief.tables.rows("outreach_leads", kind="next") if brief.is_city else []
    further = further_money(brief)
    return (
        Block(
            heading=words.text("outreach.heading"),
            text=(*text, words.html("outreach.how")),
            tables=(*_FUNNEL.tables(brief, told), *_LEADS.tables(brief, leads)),
        ),
        *(
            (
                Block(
                    heading=words.text("outreach.further_heading"),
                    text=further,
                    tables=_FURTHER.tables(brief, _told(brief)),
                ),
            )
            if further
            else ()
        ),
    )


def _of_group(brief: Brief, row: Row, costs: Sequence[Row]) -> Markup:
    """The funnel of a group's last year, who stayed, and what one who enters costs."""
    own = [cost for cost in costs if cost["target_group"] in (row["target_group"], CITY)]
    return Markup(" ").join([*_funnel(brief, row), *(_cost(brief, cost) for cost in own)])


def further_money(brief: Brief) -> tuple[Markup, ...]:
    """On the city's page: what the largest step of further money gives if it is spent on the
    interventions that are worth most, and if it is spent on outreach, or why that cannot be said
    and what it would take.
    """
    words, rows = brief.words, _told(brief)
    largest = max((row["free_budget"] for row in rows), default=None)
    told = []
    for row in brief.tables.rows("allocation_returns", free_budget=largest) if rows else []:
        if row.has("added_value"):
            told.append(
                words.html(
                    "outreach.further_best",
                    amount=brief.number(row, "free_budget", money_form(row, "free_budget")),
                    added=brief.in_brackets(row, "added_value", gain_form(row, *_ADDED)),
                )
            )
    for row in rows:
        if row["free_budget"] == largest:
            told.append(_of_outreach(brief, row))
    return tuple(told)


def _of_outreach(brief: Brief, row: Row) -> Markup:
    group = group_name(brief, row["target_group"])
    amount = key_number(row, "free_budget", brief.words, form=money_form(row, "free_budget"))
    if not row.has("added_value"):
        return brief.words.html("outreach.further_unknown", amount=amount, group=group)
    told = brief.words.html(
        f"outreach.further_{row['case']}",
        amount=amount,
        group=group,
        n_entering=brief.number(row, "n_entering", COUNT),
        added=brief.in_brackets(row, "added_value", gain_form(row, *_ADDED)),
    )
    # Of the rounded number: well below what the money would pay for.
    if row["cost"] * row["n_entering"] < _SPENT * row["free_budget"]:
        told += Markup(" ") + brief.words.html("outreach.further_capped")
    if not row.has("outreach_budget"):
        return told
    key = "outreach.split" if row["outreach_budget"] else "outreach.split_none"
    split = brief.number(row, "outreach_budget", money_form(row, "free_budget"))
    return Markup(" ").join([told, brief.words.html(key, split=split, amount=amount)])


def _told(brief: Brief) -> list[Row]:
    """What further money for outreach gives, on the page of the city alone."""
    return brief.tables.rows("allocation_outreach") if brief.is_city else []


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
    if row["source"] == "action":
        return brief.words.html("outreach.cost_action_alone", **values)
    return brief.words.html(
        "outreach.cost_range" if has_range else "outreach.cost",
        source=brief.words.text(f"outreach.cost_{row['source']}"),
        grade=row["value_grade"],
        **values,
    )


def _group(brief: Brief, row: Row) -> str:
    return capitalise(group_name(brief, row["target_group"]))


def _intervention(brief: Brief, row: Row) -> str:
    name = row["intervention_id"]
    return brief.words.label(name) if brief.words.has(name) else name


_SPENT = 0.75
_ADDED = ("added_value", "ci_lower", "ci_upper")
_LEADS = View(
    "outreach_leads",
    "outreach.leads_caption",
    "outreach",
    (
        cell("target_group", _group, "target_group"),
        cell("intervention", _intervention, "intervention_id"),
        number("n_persons", head="started"),
        number("share", or_nothing=True),
    ),
)
_FURTHER = View(
    "allocation_outreach",
    "outreach.further_caption",
    "outreach",
    (
        cell("target_group", _group, "target_group"),
        key("free_budget", Form("number"), head="further"),
        cell(
            "case",
            lambda brief, row: brief.words.text(f"outreach.case_{row['case']}"),
            "case",
        ),
        number("cost", lambda row: money_form(row, "cost"), head="cost_of_one", or_nothing=True),
        number("n_entering", or_nothing=True),
        with_range(
            "added_value", lambda row: gain_form(row, *_ADDED), head="added", or_nothing=True
        ),
        cell("grade", lambda brief, row: row["value_grade"] or NOTHING, "value_grade"),
    ),
)
_FUNNEL = View(
    "outreach_funnel",
    "outreach.caption",
    "outreach",
    (
        cell("target_group", _group, "target_group"),
        key("year", YEAR),
        number("n_residents", or_nothing=True),
        number("n_known", or_nothing=True),
        number("n_reached", or_nothing=True),
        number("n_entered", or_nothing=True),
        number("stayed_share", or_nothing=True),
    ),
)
