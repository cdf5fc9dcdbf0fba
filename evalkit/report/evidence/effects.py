"""The effects that a page tells: each intervention under its primary estimand, for the page's own
district or, on an intervention's page, for the city. Nothing is borrowed: where a district has no
figure of its own, the intervention's page has the city's.
"""

from dataclasses import dataclass, replace

from markupsafe import Markup

from evalkit.report.evidence.people import month_cell
from evalkit.report.parts.document import Brief
from evalkit.report.parts.numbers import COUNT, Row
from evalkit.report.parts.place import INTERVENTIONS, Place
from evalkit.report.parts.verdicts import band_of_months, marked
from evalkit.tables import slug

VERDICT_COLUMNS = ("difference", "ci_lower", "ci_upper", "probability_positive")
_WITHHELD = {"effect_state": "cannot_be_said", "reason": "few_people"}


@dataclass(frozen=True)
class Effect:
    """One intervention under one estimand in one place: its verdict, a row of effect_status."""

    intervention_id: str
    estimand: str
    verdict: Row

    @property
    def is_told(self) -> bool:
        """Whether the effect can be said."""
        return self.verdict["effect_state"] == "estimated"

    @property
    def keys(self) -> dict[str, str]:
        """The key values of its rows."""
        return {
            "district": self.verdict["district"],
            "intervention_id": self.intervention_id,
            "estimand": self.estimand,
        }

    @property
    def names(self) -> tuple[str, str]:
        """What figures of several effects are told apart by."""
        return self.intervention_id, self.estimand


def effects_of(brief: Brief) -> list[Effect]:
    """The effects that the page speaks of, under their primary estimand, whether they can be said
    or not.
    """
    return [
        Effect(verdict["intervention_id"], verdict["estimand"], verdict)
        for verdict in primary_verdicts(brief, brief.district)
        if brief.intervention in ("", verdict["intervention_id"])
    ]


def primary_verdicts(brief: Brief, district: str) -> list[Row]:
    """A district's verdicts under each protocol's primary estimand; of interventions without a
    protocol here, all.

    A verdict that is withheld reads as one that cannot be said, for too few people.
    """
    rows = brief.tables.rows("effect_status", district=district)
    primary = {name: protocol.primary_estimand for name, protocol in brief.protocols.items()}
    return [
        row if row["effect_state"] else replace(row, values={**row.values, **_WITHHELD})
        for row in rows
        if row["estimand"] == primary.get(row["intervention_id"], row["estimand"])
    ]


def reason_in_words(brief: Brief, effect: Effect) -> Markup:
    """Why the district's own effect cannot be said."""
    verdict, protocol = effect.verdict, brief.protocols.get(effect.intervention_id)
    values = {
        "intervention": brief.words.text(effect.intervention_id),
        "n_starters": brief.number(verdict, "n_starters", COUNT),
    }
    if protocol:
        values["min_starters"] = protocol.refusal.min_starters
    return brief.words.html(f"reason.{verdict['reason']}", **values)


def heading_of(brief: Brief, effect: Effect) -> str:
    """The heading over an effect's numbers: which intervention, where the page tells several."""
    return brief.words.label(effect.intervention_id) if are_several(brief) else ""


def are_several(brief: Brief) -> bool:
    """Whether the page speaks of several interventions, so that each is named over its numbers."""
    return len(effects_of(brief)) > 1


def link_to_intervention(brief: Brief, intervention_id: str) -> Markup:
    """An intervention's name as a link to the page with the city's figures."""
    there = brief.place.link(Place(INTERVENTIONS, slug(intervention_id)))
    return Markup('<a href="{}">{}</a>').format(there, brief.words.text(intervention_id))


def months_gained(brief: Brief, effect: Effect) -> Row | None:
    """What the effect is judged by: months in its outcome, up to the end of the follow-up."""
    return brief.tables.row(
        "effect_summary", outcome=f"months_{brief.words.outcome}", **effect.keys
    )


def difference_by_month(brief: Brief, effect: Effect) -> list[Row]:
    """The differences between the arms in the share in the outcome, month by month."""
    rows = brief.tables.rows(
        "effect_curves", state=brief.words.outcome, arm="difference", **effect.keys
    )
    return sorted(rows, key=lambda row: row["month"])


def month_of_horizon(brief: Brief, effect: Effect) -> Markup | str:
    """The last month of the follow-up."""
    curve = difference_by_month(brief.about(effect.intervention_id), effect)
    return month_cell(brief, curve[-1]) if curve else brief.words.text("change.end")


def marked_change(brief: Brief, effect: Effect, text: Markup) -> Markup:
    """A verdict on whether there are more months, with what it is about."""
    curve, months = difference_by_month(brief, effect), months_gained(brief, effect)
    if months is None:
        return text
    subject = (effect.verdict["district"], *effect.names, f"months_{brief.words.outcome}")
    return marked(
        text,
        question="changes",
        subject=subject,
        horizon=curve[-1]["month"] if curve else 0,
        band=band_of_months(months),
    )
