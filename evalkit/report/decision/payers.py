"""Who pays and who gains: the five payers of a start on one scale, and what a shared purse would
ask of each.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from operator import itemgetter

from markupsafe import Markup

from evalkit.line.actors import PAYERS
from evalkit.report.decision.offered import Offered, divided_purse_of, value_of, valued
from evalkit.report.decision.panels import MOST_PANELS, linked, origins, others_named
from evalkit.report.parts import marks
from evalkit.report.parts.document import Brief, DataTable, Part
from evalkit.report.parts.layout import render
from evalkit.report.parts.marks import Scale
from evalkit.report.parts.numbers import DURATION, RANGE, SHARE, Form, Row, gain_form, money_form
from evalkit.report.parts.verdicts import marked
from evalkit.report.view import View, cell, of, pivoted, with_range
from evalkit.vocabulary import Band, band_of
from evalkit.words import capitalise

_DISTRICT = "district"
# To the right of zero in this order: whoever the intervention is for comes first.
_ORDER = ("person", "state", "city_region", "others", _DISTRICT)
_HEIGHT, _TOP, _THICK = 58, 14, 34
_LABELLED, _ROOMY = 2.6, 8.0  # per cent of the width that a number takes, wide or narrow page
_THOUSANDS_FROM = 10_000
_TEMPLATES = 3


@dataclass(frozen=True)
class _Sums:
    """What a start in an intervention gives each payer, what it costs the district, and society's
    sum.
    """

    one: Offered
    payers: dict[str, Row]
    society: Row
    purse: Row | None

    @property
    def price(self) -> float:
        """What the district pays for a start, as a size."""
        return max(self.purse["paid_now"], 0.0) if self.purse else 0.0

    @property
    def losses(self) -> list[str]:
        """The payers who lose, the district first."""
        return [name for name in (_DISTRICT, *_ORDER[:-1]) if self.payers[name]["estimate"] < 0]

    @property
    def gains(self) -> list[str]:
        """The payers who gain, in the order of the picture."""
        return [name for name in _ORDER if self.payers[name]["estimate"] > 0]


@dataclass(frozen=True)
class _Line:
    """A row of the picture."""

    intervention_id: str
    name: Markup
    society: Markup
    bars: Markup


def who_pays(brief: Brief) -> Part | None:
    """Who pays and who gains per start, up to the horizon; None where the payers are not shown."""
    sums = [told for one in valued(brief) if (told := _sums(brief, one))]
    if not sums:
        return None
    shown = sums[:MOST_PANELS]
    scale = _scale(shown)
    unit = _unit(shown)
    beside, whose = origins(brief, [told.one for told in shown], "payers")
    heading = _heading(brief, shown)
    body = render(
        "decision/payers.html.j2",
        title=heading.striptags(),
        words=brief.words,
        lead=_lead(brief, shown, unit),
        whose=whose,
        payers=_ORDER,
        axis=_axis(brief, scale, unit),
        has_price=any(one.price for one in shown),
        lines=[_line(brief, one, scale, unit) for one in shown],
        beside=beside,
        sentences=[_sentence(brief, one, at) for at, one in enumerate(shown)],
        shared=_shared_purse(brief, shown),
        tables=_tables(brief, shown),
        others=others_named(brief, [told.one for told in sums[MOST_PANELS:]]),
    )
    return Part("payers", heading, body)


def _sums(brief: Brief, one: Offered) -> _Sums | None:
    rows = {
        row["payer"]: row
        for row in brief.tables.rows("value_payers", **one.keys)
        if row.has("estimate", "ci_lower", "ci_upper", "probability_positive")
    }
    society = value_of(brief, one, "society")
    if society is None or rows.keys() != PAYERS.keys():
        return None
    purse = brief.tables.row("value_purse", actor=_DISTRICT, **one.keys)
    has_price = purse is not None and purse.has("estimate", "paid_now")
    return _Sums(one, rows, society, purse if has_price else None)


def _heading(brief: Brief, sums: Sequence[_Sums]) -> Markup:
    """Whether the district gains too, on which interventions it loses, and that others gain while
    it does.
    """
    words = brief.words
    losing = [one for one in sums if _band(one, _DISTRICT) in ("no", "probably_not")]
    gaining = [one for one in sums if _band(one, _DISTRICT) in ("yes", "probably")]
    is_sure = all(_band(one, _DISTRICT) in ("yes", "no") for one in losing or gaining)
    if losing and is_sure and len(losing) == len(sums) and all(_winner(one) for one in sums):
        return _marked(words.html("payers.heading_loses", payer=words.label(_DISTRICT)), losing)
    if losing:
        names = [_marked(Markup("{}").format(one.one.name), [one]) for one in losing]
        return words.html(
            "payers.heading_loses_on" if is_sure else "payers.heading_may_lose_on",
            payer=words.label(_DISTRICT),
            interventions=words.listing_html(names),
        )
    if gaining and len(gaining) == len(sums):
        key = "payers.heading_gains" if is_sure else "payers.heading_may_gain"
        return _marked(_capitalised(words.html(key, payer=words.text(_DISTRICT))), gaining)
    winners = {_winner(one) for one in sums}
    if len(winners) == 1 and (winner := winners.pop()):
        is_sure = all(_band(one, winner) == "yes" for one in sums)
        key = "payers.heading_winner" if is_sure else "payers.heading_may_win"
        return words.html(key, winner=capitalise(_in_sentence(brief, winner)))
    return words.html("payers.heading")


def _band(one: _Sums, payer: str) -> Band | None:
    """How sure it is that a payer gains; None of one whom no item concerns."""
    row = one.payers[payer]
    if all(row[column] == 0 for column in ("estimate", *RANGE)):
        return None
    return band_of(row["probability_positive"])


def _marked(text: Markup, sums: Sequence[_Sums]) -> Markup:
    """A verdict on whether the district gains; of several interventions, as sure as the least."""
    least = min(sums, key=lambda one: abs(one.payers[_DISTRICT]["probability_positive"] - 1 / 2))
    keys = least.one.keys
    return marked(
        text,
        question="pays",
        subject=(keys["district"], keys["intervention_id"], _DISTRICT),
        horizon=least.payers[_DISTRICT]["horizon_months"],
        band=band_of(least.payers[_DISTRICT]["probability_positive"]),
    )


def _winner(one: _Sums) -> str:
    """Who gains most of those who gain, surely or probably; empty without any."""
    sure = [name for name in PAYERS if _band(one, name) in ("yes", "probably")]
    return max(sure, key=lambda name: one.payers[name]["estimate"], default="")


def _unit(sums: Sequence[_Sums]) -> Form:
    """How amounts are written in the picture: in thousands where they are large."""
    sizes = [abs(row["estimate"]) for one in sums for row in one.payers.values()]
    return Form("thousands" if max(sizes) >= _THOUSANDS_FROM else "number")


def _scale(sums: Sequence[_Sums]) -> Scale:
    """Out to the widest sums on both sides."""
    high = max(sum(one.payers[name]["estimate"] for name in one.gains) for one in sums)
    low = max(
        max(one.price, -min(one.payers[_DISTRICT]["estimate"], 0))
        - sum(one.payers[name]["estimate"] for name in one.losses if name != _DISTRICT)
        for one in sums
    )
    society = [one.society["estimate"] for one in sums]
    ends = Scale(min(-low, *society, 0.0), max(high, *society, 0.0) or 1.0)
    ticks = ends.ticks(7)
    step = ticks[1] - ticks[0] if len(ticks) > 1 else ends.high
    return marks.scale_over((ends.low, ends.high), step=step / 2)


def _lead(brief: Brief, sums: Sequence[_Sums], unit: Form) -> Markup:
    row = sums[0].society
    return brief.words.html(
        "payers.lead_thousands" if unit.kind == "thousands" else "payers.lead",
        duration=brief.number(row, "horizon_months", DURATION),
        currency=brief.words.currency(row["currency"]),
    )


def _axis(brief: Brief, scale: Scale, unit: Form) -> Markup:
    divisor = 1000 if unit.kind == "thousands" else 1
    labels = [(tick, brief.words.signed(tick / divisor)) for tick in scale.ticks(7)]
    return marks.axis_below(scale, labels)


def _line(brief: Brief, one: _Sums, scale: Scale, unit: Form) -> _Line:
    return _Line(
        intervention_id=one.one.intervention_id,
        name=linked(brief, one.one, is_label=True),
        society=brief.words.html(
            "payers.society", sum=brief.number(one.society, "estimate", gain_form(one.society))
        ),
        bars=_bars(brief, one, scale, unit),
    )


def _bars(brief: Brief, one: _Sums, scale: Scale, unit: Form) -> Markup:
    """Gains to the right of zero and losses to the left, after the district's price, of which the
    part that comes back is dashed; a diamond is the sum.
    """
    drawn = [
        marks.hair(scale(tick), _HEIGHT, "zero" if tick == 0 else "grid") for tick in scale.ticks(7)
    ]
    reached = 0.0
    for name in one.gains:
        value = one.payers[name]["estimate"]
        drawn.append(_bar(brief, one, name, (reached, reached + value), scale, unit))
        reached += value
    reached = 0.0
    if (own := one.payers[_DISTRICT]["estimate"]) < 0:
        drawn.append(_bar(brief, one, _DISTRICT, (own, 0.0), scale, unit))
        reached = own
    if one.price > -reached:
        drawn.append(
            marks.bar(scale(-one.price), scale(reached), _TOP, _THICK, "recovered of-district")
        )
        reached = -one.price
    for name in one.losses:
        if name != _DISTRICT:
            value = one.payers[name]["estimate"]
            drawn.append(_bar(brief, one, name, (reached + value, reached), scale, unit))
            reached += value
    drawn.append(marks.dot(scale(one.society["estimate"]), 6, "of-society", "diamond"))
    return marks.picture(*drawn, height=_HEIGHT, label=_label(brief, one))


def _bar(
    brief: Brief, one: _Sums, name: str, ends: tuple[float, float], scale: Scale, unit: Form
) -> Markup:
    low, high = (scale(end) for end in ends)
    bar = marks.bar(low, high, _TOP, _THICK, f"payer-bar of-{name}")
    if high - low < _LABELLED:
        return bar
    text = brief.number(one.payers[name], "estimate", unit, tag="tspan")
    css = f"on-bar of-{name}" + ("" if high - low >= _ROOMY else " narrow")
    return bar + marks.text_at((low + high) / 2, _TOP + 22, text, css)


def _label(brief: Brief, one: _Sums) -> str:
    rows = [(brief.words.text(name), one.payers[name]) for name in _ORDER]
    rows.append((brief.words.text("society"), one.society))
    return "; ".join(
        f"{name} {brief.number(row, 'estimate', gain_form(row)).striptags()}" for name, row in rows
    )


def _sentence(brief: Brief, one: _Sums, turn: int) -> Markup:
    """What the district lays out and gets back, and who gains most; in other words at each turn."""
    words, winner, own, purse = brief.words, _winner(one), one.payers[_DISTRICT], one.purse
    values = {
        "intervention": one.one.name,
        "net": brief.number(own, "estimate", gain_form(own)),
    }
    key = "payers.nobody"
    if winner:
        best = one.payers[winner]
        key = "payers.without_price"
        values |= {
            "winner": _in_sentence(brief, winner),
            "winner_label": capitalise(_in_sentence(brief, winner)),
            "gain": brief.number(best, "estimate", gain_form(best)),
            "gains": words.text(f"payers.gains_{_band(one, winner)}"),
        }
    if winner and purse and one.price:
        form = money_form(purse, "paid_now", "estimate")
        key = "payers.told"
        values |= {
            "paid": brief.number(purse, "paid_now", form),
            "back": brief.number(purse, "estimate", form),
        }
    told = _capitalised(words.html(f"{key}_{turn % _TEMPLATES + 1}", **values))
    return told if winner else Markup(" ").join([told, *_loss(brief, one)])


def _loss(brief: Brief, one: _Sums) -> tuple[Markup, ...]:
    """Who surely or probably loses most, where nobody gains."""
    losing = [name for name in PAYERS if _band(one, name) in ("no", "probably_not")]
    if not losing:
        return ()
    loser = min(losing, key=lambda name: one.payers[name]["estimate"])
    row = one.payers[loser]
    return (
        brief.words.html(
            f"payers.loser_{_band(one, loser)}",
            loser=capitalise(_in_sentence(brief, loser)),
            loss=brief.number(row, "estimate", gain_form(row)),
        ),
    )


def _in_sentence(brief: Brief, payer: str) -> str:
    """A payer as the one who does something."""
    key = f"payers.{payer}"
    return brief.words.text(key if brief.words.has(key) else payer)


def _capitalised(sentence: Markup) -> Markup:
    return Markup(capitalise(str(sentence)))


def _shared_purse(brief: Brief, sums: Sequence[_Sums]) -> Markup:
    """What the district would pay if each public purse paid as it gains: of the intervention where
    that differs most; empty where it would pay no less, or there is no gain to divide.
    """
    unlike = [
        (purse["paid_now"] - purse["paid_proposed"], one.one.name, purse)
        for one in sums
        if (purse := divided_purse_of(brief, one.one)) is not None
    ]
    if not unlike:
        return Markup("")
    _, name, purse = max(unlike, key=itemgetter(0))
    form = money_form(purse, "paid_now", "paid_proposed")
    return brief.words.html(
        "payers.shared",
        intervention=name,
        now=brief.number(purse, "paid_now", form),
        share=brief.number(purse, "gain_share", SHARE),
        proposed=brief.number(purse, "paid_proposed", form),
    )


def _tables(brief: Brief, sums: Sequence[_Sums]) -> tuple[DataTable, ...]:
    """The five sums of each intervention with their ranges."""
    lines = []
    for one in sums:
        [line] = pivoted(one.payers.values(), "intervention_id", "payer", tuple(PAYERS)).values()
        lines.append({**line, "name": capitalise(one.one.name)})
    return _VIEW.tables(brief, lines)


_VIEW = View(
    "value_payers",
    "payers.caption",
    "payers",
    (
        cell("intervention", lambda brief, line: line["name"]),
        *(of(payer, with_range(), f"value.{payer}") for payer in PAYERS),
    ),
)
