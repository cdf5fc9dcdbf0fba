"""What is offered: one record for each intervention of the register, with the advice, and whose
figures stand in its row. Every part of a decision page reads it; none chooses figures again.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from evalkit.report.parts.document import Brief
from evalkit.report.parts.numbers import RANGE, Row
from evalkit.tables import CITY
from evalkit.vocabulary import LIKELY

_OWN = ("own", "pooled")
_EXPLANATION = re.compile(r"\s*(?:\(|, )")


@dataclass(frozen=True)
class Offered:
    """One intervention as a decision page shows it.

    Attributes
    ----------
    intervention_id, name : str
        The intervention, and what readers call it, as it stands inside a sentence.
    estimand : str
        The protocol's primary comparison; empty without a protocol.
    offer : Row
        Of the table offers: starts, places, price.
    advice : Row
        Of the table advice; its `figures` say whose figures stand in the row.
    scope : str
        The district whose figures they are: the page's own, "all", or empty where there are none.
    """

    intervention_id: str
    name: str
    estimand: str
    offer: Row
    advice: Row
    scope: str

    @property
    def is_own(self) -> bool:
        """Whether the figures are those of the page's own district (or, on the city's page, the
        city's).
        """
        return self.scope == self.offer["district"]

    @property
    def is_borrowed(self) -> bool:
        """Whether a district's row shows the figures of all districts together."""
        return bool(self.scope) and not self.is_own

    @property
    def keys(self) -> dict[str, str]:
        """The key values of its rows in the tables of effects and values."""
        return {
            "district": self.scope,
            "intervention_id": self.intervention_id,
            "estimand": self.estimand,
        }


def offered(brief: Brief) -> tuple[Offered, ...]:
    """The interventions of the register in the order of a page's rows: those with a value first,
    the most valuable to society at the top, then those with an effect alone, then the others by how
    many start.
    """
    offers = {
        row["intervention_id"]: row for row in brief.tables.rows("offers", district=brief.district)
    }
    rows = [
        _offered(brief, offers[row["intervention_id"]], row)
        for row in brief.tables.rows("advice", district=brief.district)
        if row["intervention_id"] in offers
    ]
    return tuple(sorted(_with_short_names(rows), key=lambda one: _order(brief, one)))


def valued(brief: Brief) -> tuple[Offered, ...]:
    """Those whose value for society is shown, in the same order."""
    return tuple(one for one in offered(brief) if value_of(brief, one, "society"))


def months_of(brief: Brief, one: Offered) -> Row | None:
    """What it changes: months in its outcome over the follow-up (table effect_summary); None where
    that is not shown.
    """
    outcome = brief.about(one.intervention_id).words.outcome
    return _shown(brief, "effect_summary", one, "difference", outcome=f"months_{outcome}")


def differences_of(brief: Brief, one: Offered) -> list[Row]:
    """The difference in the share in its outcome, by month (table effect_curves), the last one that
    of the end of the follow-up. Of few people no month is shown, or not each.
    """
    outcome = brief.about(one.intervention_id).words.outcome
    rows = brief.tables.rows("effect_curves", state=outcome, arm="difference", **one.keys)
    return sorted(rows, key=lambda row: row["month"])


def end_of(brief: Brief, one: Offered) -> Row | None:
    """The share in its outcome at the end of the follow-up (table effect_summary); None where that
    is not shown.
    """
    outcome = brief.about(one.intervention_id).words.outcome
    return _shown(brief, "effect_summary", one, "difference", outcome=f"{outcome}_share_at_end")


def timing_of(brief: Brief, one: Offered, measure: str) -> Row | None:
    """A measure of when the effect arises (table effect_timing)."""
    return _shown(brief, "effect_timing", one, "estimate", measure=measure)


def value_of(brief: Brief, one: Offered, perspective: str, part: str = "total") -> Row | None:
    """What a start is worth from a perspective, up to the horizon ("total"), in the months followed
    ("observed") or beyond them ("projected") (table value_parts); None where that is not shown.
    """
    return _shown(brief, "value_parts", one, "estimate", perspective=perspective, part=part)


def payer_of(brief: Brief, one: Offered, payer: str) -> Row | None:
    """What one of the five payers gains from a start, up to the horizon (table value_payers); None
    where that is not shown.
    """
    return _shown(brief, "value_payers", one, "estimate", payer=payer)


def purse_of(brief: Brief, one: Offered, actor: str) -> Row | None:
    """What a public purse gains from a start before its price, pays of the price now and would pay
    if it were divided as the gain is (table value_purse); None where that is not shown.
    """
    return _shown(brief, "value_purse", one, "estimate", actor=actor)


def divided_purse_of(brief: Brief, one: Offered) -> Row | None:
    """The district's row of value_purse where a price that is divided as the public gain would ask
    less of it; None where society does not probably gain, so that there is no gain to divide.
    """
    society, purse = value_of(brief, one, "society"), purse_of(brief, one, "district")
    if society is None or society["probability_positive"] < LIKELY:
        return None
    if purse is None or not purse.has("paid_now", "paid_proposed", "gain_share"):
        return None
    return purse if purse["paid_proposed"] < purse["paid_now"] else None


def is_moved(row: Row) -> bool:
    """Whether a sum is anything but exactly zero: a posting concerns it."""
    return any(row[column] for column in ("estimate", *RANGE))


def curve_of(brief: Brief, one: Offered, perspective: str) -> list[Row]:
    """The value of a start accumulated by month (table value_curve); empty where not shown."""
    rows = brief.tables.rows("value_curve", perspective=perspective, **one.keys)
    return sorted((row for row in rows if row.has("estimate")), key=lambda row: row["month"])


def payback_of(brief: Brief, one: Offered, perspective: str) -> Row | None:
    """When the money is back (table value_payback). Its `return_month` is empty where it is not
    back up to the horizon.
    """
    return _shown(brief, "value_payback", one, "probability_returns", perspective=perspective)


def horizon_months(ones: Sequence[Offered]) -> int | None:
    """The one horizon of a page's values, in months; None without values."""
    horizons = {one.advice["horizon_months"] for one in ones if one.advice["horizon_months"]}
    return max(horizons, default=None)


def _offered(brief: Brief, offer: Row, advice: Row) -> Offered:
    intervention = advice["intervention_id"]
    protocol = brief.protocols.get(intervention)
    estimand = protocol.primary_estimand if protocol else ""
    return Offered(
        intervention,
        _name(brief, offer),
        estimand,
        offer,
        advice,
        _scope(brief, advice, estimand),
    )


def _name(brief: Brief, offer: Row) -> str:
    """What readers call it: the run's word for it, or else its name as it was delivered."""
    intervention = offer["intervention_id"]
    return brief.words.text(intervention) if brief.words.has(intervention) else offer["name"]


def _with_short_names(rows: Sequence[Offered]) -> list[Offered]:
    """The same, called by what stands before brackets and commas where that still tells them
    apart: a register's names hold explanations.
    """
    short = [_EXPLANATION.split(row.name, maxsplit=1)[0] or row.name for row in rows]
    return [
        replace(row, name=name if short.count(name) == 1 else row.name)
        for row, name in zip(rows, short, strict=True)
    ]


def _scope(brief: Brief, advice: Row, estimand: str) -> str:
    """Whose figures stand in the row: as the advice says; where nothing is valued, those of the
    effect alone, the district's own or else the city's.
    """
    if advice["figures"] in _OWN:
        return brief.district
    if advice["figures"] not in (None, "none"):
        return CITY
    keys = {"intervention_id": advice["intervention_id"], "estimand": estimand}
    return next(
        (
            scope
            for scope in dict.fromkeys((brief.district, CITY))
            if (row := brief.tables.row("effect_status", district=scope, **keys))
            and row["effect_state"] == "estimated"
        ),
        "",
    )


def _shown(brief: Brief, family: str, one: Offered, column: str, **keys: str) -> Row | None:
    row = brief.tables.row(family, **one.keys, **keys) if one.scope else None
    return row if row is not None and row.has(column) else None


def _order(brief: Brief, one: Offered) -> tuple:
    society = value_of(brief, one, "society")
    starts = one.offer["n_starts"]
    return (
        society is None,
        -(society["estimate"] if society else 0.0),
        not one.scope,
        -(starts if starts is not None else 0.0),
        one.name,
    )
