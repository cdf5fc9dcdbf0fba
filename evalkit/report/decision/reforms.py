"""What ways of working and reforms change, and what a place in the order of districts is worth: a
sentence for each finding.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from evalkit.report.parts.document import Brief
from evalkit.report.parts.numbers import CHANGE_MONTHS, COUNT, Form, Row

# So many findings of one kind are told; the evidence has them all.
MOST_TOLD = 3
_CHANGE = Form("signed_percent")
_CHANGE_LIMITS = ("change_lower", "change_upper")
_GAP_LIMITS = ("gap_lower", "gap_upper")


@dataclass(frozen=True)
class Finding:
    """What was found, under a few words that say of what."""

    about: str
    text: Markup


def ways_and_reforms(brief: Brief) -> tuple[Finding, ...]:
    """Reforms by what can be said of them, ways of working, and the order of the districts. Empty
    where the run has none of them.
    """
    return (*_reforms(brief), *_ways_of_working(brief), *_order(brief))


def _reforms(brief: Brief) -> list[Finding]:
    """Changes that districts took up at different times: those that surely changed something, those
    of which that is unclear, and those of which nothing can be said.
    """
    found: dict[str, list[Markup]] = {"clear": [], "unclear": [], "unsaid": []}
    for row in brief.tables.rows("rollout_effects"):
        found[_finding(row)].append(_reform(brief, row))
    return [
        _named(brief, finding, reforms=_told(brief, reforms))
        for finding, reforms in found.items()
        if reforms
    ]


def _named(brief: Brief, finding: str, **values: Markup) -> Finding:
    about = brief.words.label(f"reforms.about_{finding.partition('_')[0]}")
    return Finding(about, brief.words.html(f"reforms.{finding}", **values))


def _finding(row: Row) -> str:
    if row["verdict"] != "estimated" or not row.has("change", *_CHANGE_LIMITS):
        return "unsaid"
    low, high = (row[limit] for limit in _CHANGE_LIMITS)
    return "clear" if low > 0 or high < 0 else "unclear"


def _reform(brief: Brief, row: Row) -> Markup:
    """A reform with what it is about, and its change where there is one."""
    words, name = brief.words, row["action_id"]
    of = words.html(
        "reforms.of",
        reform=words.text(name) if words.has(name) else name,
        what=words.text(f"rollout.{row['outcome']}"),
    )
    if _finding(row) == "unsaid":
        return of
    change = brief.in_brackets(row, "change", _CHANGE, limits=_CHANGE_LIMITS)
    return words.html("reforms.by", of=of, change=change)


def _ways_of_working(brief: Brief) -> list[Finding]:
    """Which way of working with an intervention differs surely from the others; if none, the one
    that lies furthest from them.
    """
    rows = [
        row
        for row in brief.tables.rows("effects_by_model")
        if row["effect_state"] == "estimated" and row.has("gap", *_GAP_LIMITS)
    ]
    if not rows:
        return []
    clear = [row for row in rows if row["gap_lower"] > 0 or row["gap_upper"] < 0]
    if clear:
        ordered = sorted(clear, key=lambda row: -abs(row["gap"]))
        told = _told(brief, [_way(brief, row) for row in ordered])
        return [_named(brief, "ways_clear", ways=told)]
    furthest = max(rows, key=lambda row: row["gap"])
    return [_named(brief, "ways_unclear", way=_way(brief, furthest))]


def _way(brief: Brief, row: Row) -> Markup:
    words = brief.about(row["intervention_id"]).words
    gap = brief.in_brackets(row, "gap", CHANGE_MONTHS, limits=_GAP_LIMITS)
    model = row["model"]
    return words.html(
        "reforms.way",
        intervention=words.text(row["intervention_id"]),
        model=words.text(model) if words.has(model) else model,
        gap=gap,
    )


def _order(brief: Brief) -> list[Finding]:
    """Which places in the order of districts say something: those whose range leaves out at least
    half of the places.
    """
    ranked = [
        row for row in brief.tables.rows("district_ranks") if row.has("rank_lower", "rank_upper")
    ]
    if not ranked:
        return []
    telling = sorted((row for row in ranked if _width(row) <= 0.5), key=_width)
    if not telling:
        return [_named(brief, "order_none")]
    places = [_place(brief, row) for row in telling]
    return [_named(brief, "order_some", places=_told(brief, places))]


def _width(row: Row) -> float:
    """The share of all places that a district may have."""
    return (row["rank_upper"] - row["rank_lower"] + 1) / row["n_districts"]


def _place(brief: Brief, row: Row) -> Markup:
    words = brief.words
    return words.html(
        "reforms.place",
        district=row["district"],
        intervention=words.text(row["intervention_id"]),
        low=brief.number(row, "rank_lower", COUNT),
        high=brief.number(row, "rank_upper", COUNT),
        places=brief.number(row, "n_districts", COUNT),
    )


def _told(brief: Brief, findings: Sequence[Markup]) -> Markup:
    """The first findings of a kind, and that there are more of them."""
    words = brief.words
    told = list(findings[:MOST_TOLD])
    if len(findings) > MOST_TOLD:
        told.append(words.html("reforms.more"))
    return Markup(words.listing([str(one) for one in told], separator=";"))
