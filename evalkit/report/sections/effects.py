"""The effects that a page speaks of: each intervention under its primary estimand, with the
district's own verdict and whose numbers stand below it.
"""

from dataclasses import dataclass, replace

from markupsafe import Markup

from evalkit.report.parts.document import Brief
from evalkit.report.parts.numbers import COUNT, Row
from evalkit.report.parts.verdicts import marked
from evalkit.report.sections.people import month_cell
from evalkit.tables import CITY
from evalkit.vocabulary import band_of

VERDICT_COLUMNS = ("difference", "ci_lower", "ci_upper", "probability_positive")
_WITHHELD = {"effect_state": "cannot_be_said", "reason": "few_people"}


@dataclass(frozen=True)
class Effect:
    """One intervention under one estimand as a page shows it: the district's own verdict, and whose
    numbers stand below (`scope`).
    """

    intervention_id: str
    estimand: str
    verdict: Row
    scope: str | None

    @property
    def keys(self) -> dict[str, str | None]:
        """The key values of the rows shown."""
        return {
            "district": self.scope,
            "intervention_id": self.intervention_id,
            "estimand": self.estimand,
        }

    @property
    def names(self) -> tuple[str, str]:
        """What figures of several effects are told apart by."""
        return self.intervention_id, self.estimand


def effects_of(brief: Brief) -> list[Effect]:
    """The effects that the page speaks of, under their primary estimand; each with the district's
    own numbers, else the city's, else none.
    """
    effects = []
    for verdict in primary_verdicts(brief, brief.district):
        keys = {"intervention_id": verdict["intervention_id"], "estimand": verdict["estimand"]}
        effects.append(Effect(**keys, verdict=verdict, scope=scope_of(brief, **keys)))
    return effects


def scope_of(brief: Brief, **keys: str) -> str | None:
    """Whose numbers are shown of an effect: the district's own, else those of all districts, else
    nobody's.
    """
    estimated = (
        scope
        for scope in (brief.district, CITY)
        if _is_estimated(brief.tables.row("effect_status", district=scope, **keys))
    )
    return next(estimated, None)


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
    key = f"reason.{verdict['reason']}" + ("" if verdict.has("n_starters") else "_withheld")
    values = {
        "intervention": brief.words.text(effect.intervention_id),
        "n_starters": brief.number(verdict, "n_starters", COUNT),
    }
    if protocol:
        values["min_starters"] = protocol.refusal.min_starters
    return brief.words.html(key, **values)


def heading_of(brief: Brief, effect: Effect) -> str:
    """The heading over an effect's numbers: which intervention, where there are several, and whose
    numbers, where not the district's own.
    """
    pooled = is_pooled(brief, effect)
    if len(effects_of(brief)) < 2:
        return brief.words.text("page.pooled", district=brief.district_name) if pooled else ""
    name = brief.words.label(effect.intervention_id)
    return (
        brief.words.text("page.pooled_of", intervention=name, district=brief.district_name)
        if pooled
        else name
    )


def is_pooled(brief: Brief, effect: Effect) -> bool:
    """Whether a district's page shows the city's numbers in place of its own."""
    return effect.scope == CITY and not brief.is_city


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
    subject = (effect.scope or "", *effect.names, f"months_{brief.words.outcome}")
    return marked(
        text,
        question="changes",
        subject=subject,
        horizon=curve[-1]["month"] if curve else 0,
        band=band_of(months["probability_positive"]),
    )


def _is_estimated(row: Row | None) -> bool:
    return row is not None and row["effect_state"] == "estimated"
