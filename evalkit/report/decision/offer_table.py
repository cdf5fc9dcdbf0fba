"""The table of the first screen: one row for each intervention that is offered, with months and
values on scales that all rows share. A column that no row can fill is left out.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from evalkit.report.decision.offer_figures import Shown, axes, scales_of, shown
from evalkit.report.decision.offer_row import (
    Column,
    OfferRow,
    RowWriter,
    duration_text,
    follow_up,
)
from evalkit.report.decision.offered import Offered
from evalkit.report.parts.document import Brief
from evalkit.report.parts.numbers import COUNT, DURATION
from evalkit.words import money_digits


@dataclass(frozen=True)
class OfferTable:
    """The rows, the columns that are shown, their heads, the axes of months and values, and the
    lines under the table.
    """

    rows: tuple[OfferRow, ...]
    columns: tuple[Column, ...]
    heads: dict[str, Markup]
    axes: dict[str, Markup]
    notes: tuple[Markup, ...]


def offer_table(brief: Brief, ones: Sequence[Offered]) -> OfferTable:
    """The table of what is offered, in the order of `offered`."""
    rows = [shown(brief, one) for one in ones]
    columns, scales = _columns(rows), scales_of(rows)
    writer = RowWriter(
        brief,
        columns,
        scales,
        cost_digits=money_digits(*(row.one.offer["cost"] for row in rows)),
        is_one_outcome=_is_one_outcome(brief, rows),
    )
    return OfferTable(
        tuple(writer.row(row) for row in rows),
        columns,
        _heads(writer, rows),
        axes(scales, brief.words),
        tuple(_notes(brief, ones)),
    )


def _columns(rows: Sequence[Shown]) -> tuple[Column, ...]:
    is_filled: dict[Column, bool] = {
        "starts": any(row.one.offer.has("n_starts") for row in rows),
        "cost": any(row.one.offer.has("cost") for row in rows),
        "months": any(row.months is not None for row in rows),
        "values": any(row.values for row in rows),
        "back": any(row.back is not None for row in rows),
        "sure": any(row.values for row in rows),  # of the district's sum alone: why no other
    }
    return tuple(column for column, filled in is_filled.items() if filled)


def _is_one_outcome(brief: Brief, rows: Sequence[Shown]) -> bool:
    """Whether all months are counted in one outcome over one follow-up."""
    kinds = {
        (brief.about(row.one.intervention_id).words.outcome, follow_up(brief, row.one))
        for row in rows
        if row.months is not None
    }
    return len(kinds) < 2


def _heads(writer: RowWriter, rows: Sequence[Shown]) -> dict[str, Markup]:
    """The head of each column, by its name."""
    brief, words = writer.brief, writer.brief.words
    currency = words.currency(_currency(rows))
    heads = {
        name: words.html(f"offer.{name}")
        for name in ("caption", "intervention", "starts", "back", "advice")
    }
    heads["cost"] = words.html("offer.cost", currency=currency)
    heads["months"] = _months_head(writer, rows)
    first = next((row.society or row.budget for row in rows if row.values), None)
    if first is not None:
        horizon = brief.number(first, "horizon_months", DURATION)
        in_thousands = "_thousands" if writer.scales.are_thousands else ""
        heads["values"] = words.html(
            f"offer.values{in_thousands}", horizon=horizon, currency=currency
        )
        heads["sure"] = words.html("offer.sure", horizon=horizon)
    return heads


def _months_head(writer: RowWriter, rows: Sequence[Shown]) -> Markup:
    brief = writer.brief
    first = next((row.one for row in rows if row.months is not None), None)
    if first is None:
        return Markup()
    if not writer.is_one_outcome:
        return brief.words.html("offer.months_own")
    about = brief.about(first.intervention_id).words
    return about.html(
        "offer.months",
        months=about.text(f"months_{about.outcome}"),
        duration=duration_text(brief, first),
    )


def _currency(rows: Sequence[Shown]) -> str:
    priced = [row.one.offer for row in rows] + [
        value for row in rows for value in row.values.values()
    ]
    return next((row["currency"] for row in priced if row["currency"]), "")


def _notes(brief: Brief, ones: Sequence[Offered]) -> Iterable[Markup]:
    """Which rows show the figures of all districts together and how many starts figures of the
    district's own take; said in the first sentence where no row has its own.
    """
    borrowed = [one for one in ones if one.is_borrowed]
    if borrowed and any(one.is_own for one in ones):
        yield brief.words.html("offer.note_borrowed")
        needs = [
            brief.words.html(
                "offer.need",
                intervention=one.name,
                n_starters=brief.number(one.advice, "own_starters_needed", COUNT),
            )
            for one in borrowed
            if one.advice.get("own_starters_needed") is not None
        ]
        if needs:
            yield brief.words.html(
                "offer.note_needs", interventions=brief.words.listing_html(needs)
            )
    if any(one.scope and one.advice["figures"] == "pooled" for one in ones):
        yield brief.words.html("offer.note_pooled")
