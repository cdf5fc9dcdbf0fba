"""The third answer: what the intervention changes, for the district or, where that cannot be said,
for all districts together.
"""

from dataclasses import dataclass, replace

from markupsafe import Markup, escape

from evalkit.report.parts.document import (
    Block,
    Brief,
    DataTable,
    Figure,
    Further,
    KeyFigure,
    Section,
)
from evalkit.report.parts.figures import picture
from evalkit.report.parts.numbers import (
    CHANGE_MONTHS,
    COUNT,
    MONTHS,
    POINTS,
    PROBABILITY,
    SHARE,
    Form,
    Row,
    gain_form,
    points_form,
)
from evalkit.report.parts.sentences import lock_in
from evalkit.report.parts.verdicts import marked
from evalkit.report.sections.comparisons import group_table, targeting_table, targeting_text
from evalkit.report.sections.people import month_cell
from evalkit.report.sections.timing import moments_table, moments_text, timing_texts
from evalkit.tables import slug
from evalkit.vocabulary import BANDS, band_of

_VERDICTS = (*BANDS, "unshown", "cannot")
_VERDICT_COLUMNS = ("difference", "ci_lower", "ci_upper", "probability_positive")
_SUMS = ("district", "society")
_KEY_OUTCOMES = ("months_work", "months_studies", "months_support")
_TABLE_STEP_MONTHS = 3
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
    found = []
    for verdict in primary_verdicts(brief, brief.district):
        keys = {"intervention_id": verdict["intervention_id"], "estimand": verdict["estimand"]}
        found.append(Effect(**keys, verdict=verdict, scope=_scope(brief, **keys)))
    return found


def _scope(brief: Brief, **keys: str) -> str | None:
    """Whose numbers are shown of an effect: the district's own, else those of all districts, else
    nobody's.
    """
    said = [
        scope
        for scope in (brief.district, "all")
        if _is_estimated(brief.shelf.row("effect_status", district=scope, **keys))
    ]
    return said[0] if said else None


def primary_verdicts(brief: Brief, district: str) -> list[Row]:
    """A district's verdicts under each protocol's primary estimand; of interventions without a
    protocol here, all.

    A verdict that is withheld reads as one that cannot be said, for too few people.
    """
    rows = brief.shelf.rows("effect_status", district=district)
    primary = {name: protocol.primary_estimand for name, protocol in brief.protocols.items()}
    chosen = [
        row
        for row in rows
        if row["estimand"] == primary.get(row["intervention_id"], row["estimand"])
    ]
    return [
        row if row["effect_state"] else replace(row, values={**row.values, **_WITHHELD})
        for row in chosen
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


def what_it_changes(brief: Brief, *, heading: str = "change.heading") -> Section:
    """The share in work at the end of the follow-up, lock-in, and months in each state; several
    interventions first beside each other.
    """
    effects, words = effects_of(brief), brief.words
    several = len(effects) > 1
    views = [(brief.about(effect.intervention_id), effect) for effect in effects]
    leads = _grouped(views) if several else tuple(_lead(*view) for view in views)
    blocks = tuple(
        block for view in views for block in (*_reason_block(*view), *_effect_block(*view))
    )
    said = (
        (Block(text=(words.html("change.key_figures"), words.html("change.assumption"))),)
        if any(e.scope for e in effects)
        else ()
    )
    beside = (Block(tables=_beside_each_other(brief, views)),) if several else ()
    return Section(
        "change",
        words.text(heading + ("_many" if several else "")),
        leads or (words.html("change.none"),),
        (*beside, *said, *blocks),
        grade=brief.grade("effect_summary"),
    )


def heading_of(brief: Brief, effect: Effect) -> str:
    """The heading over an effect's numbers: which intervention, where there are several, and whose
    numbers, where not the district's own.
    """
    pooled = is_pooled(brief, effect)
    if len(effects_of(brief)) < 2:
        return brief.words.text("page.pooled", district=brief.place) if pooled else ""
    name = brief.words.label(effect.intervention_id)
    return (
        brief.words.text("page.pooled_of", intervention=name, district=brief.place)
        if pooled
        else name
    )


def is_pooled(brief: Brief, effect: Effect) -> bool:
    """Whether a district's page shows the city's numbers in place of its own."""
    return effect.scope == "all" and brief.district != "all"


def _is_estimated(row: Row | None) -> bool:
    return row is not None and row["effect_state"] == "estimated"


def _grouped(views: list[tuple[Brief, Effect]]) -> tuple[Markup, ...]:
    """One sentence for each verdict (and outcome), with the interventions that it holds for."""
    held: dict[tuple[str, str], list[tuple[Brief, Markup]]] = {}
    for brief, effect in views:
        verdict, name = _verdict(brief, effect), escape(brief.words.text(effect.intervention_id))
        named = _marked(brief, effect, name) if verdict in BANDS else name
        held.setdefault((verdict, brief.words.outcome), []).append((brief, named))
    sentences = []
    for (verdict, _), named in sorted(held.items(), key=lambda one: _VERDICTS.index(one[0][0])):
        (brief, _), names = named[0], [name for _, name in named]
        sentences.append(
            brief.words.html(
                f"change.group_{verdict}",
                interventions=brief.words.listing_html(names),
                district=brief.place,
            )
        )
    return tuple(sentences)


def _verdict(brief: Brief, effect: Effect) -> str:
    if effect.scope is None or is_pooled(brief, effect):
        return "cannot"
    months = _months(brief, effect)
    return (
        band_of(months["probability_positive"])
        if months and months.has(*_VERDICT_COLUMNS)
        else "unshown"
    )


def _months(brief: Brief, effect: Effect) -> Row | None:
    """What the effect is judged by: months in its outcome, up to the end of the follow-up."""
    return brief.shelf.row("effect_summary", outcome=f"months_{brief.words.outcome}", **effect.keys)


def _marked(brief: Brief, effect: Effect, text: Markup) -> Markup:
    """A verdict on whether there are more months, with what it is about."""
    curve, months = _differences(brief, effect), _months(brief, effect)
    subject = (effect.scope or "", *effect.names, f"months_{brief.words.outcome}")
    return marked(
        text,
        question="changes",
        subject=subject,
        horizon=curve[-1]["month"] if curve else 0,
        band=band_of(months["probability_positive"]),
    )


def _beside_each_other(brief: Brief, views: list[tuple[Brief, Effect]]) -> tuple[DataTable, ...]:
    """Every intervention's change in months in its outcome and its sums per participant, where they
    are the district's own.
    """
    own = [(view, effect) for view, effect in views if effect.scope == brief.district]
    words = (
        own[0][0].words
        if len({view.words.outcome for view, _ in own}) == 1
        else brief.words.about("own_outcome")
    )
    body = tuple(
        (words.label(effect.intervention_id), *_line_of(view, effect)) for view, effect in own
    )
    head = (
        words.text("change.intervention"),
        words.label("change.months"),
        *(words.label(name) for name in _SUMS),
    )
    table = DataTable(
        words.text("change.beside_caption"),
        head,
        body,
        note=brief.note("value_parts"),
        is_open=True,
    )
    return (table,) if len(body) > 1 else ()


def _line_of(brief: Brief, effect: Effect) -> tuple[Markup | str, ...]:
    months = _months(brief, effect)
    sums = [
        brief.shelf.row("value_parts", part="total", perspective=name, **effect.keys)
        for name in _SUMS
    ]
    return (
        brief.in_brackets(months, "difference", CHANGE_MONTHS) if months else "–",
        *(brief.in_brackets(row, "estimate", gain_form(row)) if row else "–" for row in sums),
    )


def _lead(brief: Brief, effect: Effect) -> Markup:
    words, intervention = brief.words, brief.words.text(effect.intervention_id)
    if effect.scope is None:
        key = "change.lead_cannot_all" if brief.district == "all" else "change.lead_cannot_either"
        return words.html(key, intervention=intervention, district=brief.place)
    if is_pooled(brief, effect):
        return words.html("change.lead_cannot", intervention=intervention, district=brief.place)
    return _answer(brief, effect)


def _answer(brief: Brief, effect: Effect) -> Markup:
    """The sentence about months in the outcome, chosen by how likely they are more, and the shares
    in it at the end.
    """
    intervention, months = brief.words.text(effect.intervention_id), _months(brief, effect)
    if months is None or not months.has(*_VERDICT_COLUMNS):
        return brief.words.html("change.lead_unshown", intervention=intervention)
    verdict = brief.words.html(
        f"change.lead_{band_of(months['probability_positive'])}",
        intervention=intervention,
        month=month_of_horizon(brief, effect),
        months=brief.number(months, "difference", CHANGE_MONTHS),
        range=brief.range_of(months, CHANGE_MONTHS),
        probability=brief.number(months, "probability_positive", PROBABILITY),
    )
    return Markup(" ").join([_marked(brief, effect, verdict), *_end_text(brief, effect)])


def _end_text(brief: Brief, effect: Effect) -> tuple[Markup, ...]:
    end = brief.shelf.row(
        "effect_summary", outcome=f"{brief.words.outcome}_share_at_end", **effect.keys
    )
    if end is None or not end.has("treated", "comparison"):
        return ()
    return (
        brief.words.html(
            "change.at_end",
            **{arm: brief.number(end, arm, SHARE) for arm in ("treated", "comparison")},
        ),
    )


def month_of_horizon(brief: Brief, effect: Effect) -> Markup | str:
    """The last month of the follow-up."""
    curve = _differences(brief.about(effect.intervention_id), effect)
    return month_cell(brief, curve[-1]) if curve else brief.words.text("change.end")


def _differences(brief: Brief, effect: Effect) -> list[Row]:
    rows = brief.shelf.rows(
        "effect_curves", state=brief.words.outcome, arm="difference", **effect.keys
    )
    return sorted(rows, key=lambda row: row["month"])


def _reason_block(brief: Brief, effect: Effect) -> tuple[Block, ...]:
    if not effect.verdict["reason"]:
        return ()
    several = len(effects_of(brief)) > 1
    heading = brief.words.label(effect.intervention_id) if several else ""
    return (
        Block(
            heading=heading,
            leads=(_lead(brief, effect),) if several else (),
            text=(reason_in_words(brief, effect),),
        ),
    )


def _effect_block(brief: Brief, effect: Effect) -> tuple[Block, ...]:
    protocol, words = brief.protocols.get(effect.intervention_id), brief.words
    if effect.scope is None:
        # Refused for the first question, an effect may still be told for another.
        return (Block(further=further),) if (further := _further(brief, effect)) else ()
    pooled = is_pooled(brief, effect)
    figures = _figures(brief, effect)
    is_drawn = any(figure.name.startswith("effect_months") for figure in figures)
    # Months to start, groups and rules are asked of all districts together.
    is_city = brief.district == "all"
    asked = tuple(
        one
        for make in (moments_table, group_table, targeting_table)
        for one in make(brief, effect.intervention_id)
    )
    advice = (
        *moments_text(brief, effect.intervention_id),
        *targeting_text(brief, effect.intervention_id),
    )
    question = (
        (words.html("change.question", question=protocol.question[words.language]),)
        if protocol
        else ()
    )
    when = brief.when(effect.intervention_id)
    read_as = (words.html("change.grace", **when),) if when else ()
    if protocol and protocol.estimand != "ATT":
        read_as += (words.html(f"change.estimand_{protocol.estimand}"),)
    block = Block(
        heading=heading_of(brief, effect),
        pooled=pooled,
        leads=(_answer(brief, effect),) if pooled or len(effects_of(brief)) > 1 else (),
        text=(
            *((words.html("change.pooled_intro", district=brief.place),) if pooled else ()),
            *read_as,
        ),
        key_figures=_key_figures(brief, effect),
        after=(
            *_lock_in_text(brief, effect),
            *timing_texts(brief, effect.keys),
            *(advice if is_city else ()),
            *question,
        ),
        figures=figures,
        further=_further(brief, effect),
        tables=(*(() if is_drawn else _summary_table(brief, effect)), *(asked if is_city else ())),
    )
    return (block,)


def _key_figures(brief: Brief, effect: Effect) -> tuple[KeyFigure, ...]:
    words, shelf = brief.words, brief.shelf
    end = shelf.row("effect_summary", outcome=f"{brief.words.outcome}_share_at_end", **effect.keys)
    figures = (
        [
            brief.key_figure(
                end,
                "difference",
                points_form(end),
                words.text("change.points_of", outcome=words.text(end["outcome"])),
            )
        ]
        if end
        else []
    )
    for outcome in dict.fromkeys((f"months_{words.outcome}", *_KEY_OUTCOMES)):
        row = shelf.row("effect_summary", outcome=outcome, **effect.keys)
        figures += (
            [brief.key_figure(row, "difference", CHANGE_MONTHS, words.text(outcome))] if row else []
        )
    return tuple(figures)


def _lock_in_text(brief: Brief, effect: Effect) -> tuple[Markup, ...]:
    finding = lock_in(_differences(brief, effect))
    if finding is None:
        return ()
    key = f"change.lock_in_{finding.verdict}" + ("_once" if len(finding.months) == 1 else "")
    by_month = {row["month"]: row for row in _differences(brief, effect)}
    edges = [
        month_cell(brief, by_month[month]) for month in (finding.months[:1] + finding.months[-1:])
    ]
    return (
        brief.words.html(
            key,
            first=edges[0] if edges else "",
            last=edges[-1] if edges else "",
            month=month_cell(brief, finding.lowest),
            difference=brief.number(finding.lowest, "estimate", points_form(finding.lowest)),
            range=brief.range_of(finding.lowest, points_form(finding.lowest)),
        ),
    )


def _figures(brief: Brief, effect: Effect) -> tuple[Figure, ...]:
    return _pictures(brief, effect, brief.words.html("change.figure_effect"))


def _further(brief: Brief, effect: Effect) -> tuple[Further, ...]:
    """The same pictures under the intervention's other estimands."""
    named = [
        (other, brief.words.text(other.estimand, **brief.when(other.intervention_id)))
        for other in _other_questions(brief, effect)
    ]
    return tuple(
        Further(
            summary=brief.words.text(
                "change.further_pooled" if is_pooled(brief, other) else "change.further",
                question=question,
            ),
            figures=_pictures(
                brief, other, brief.words.html("change.figure_other", question=question)
            ),
        )
        for other, question in named
    )


def _pictures(brief: Brief, effect: Effect, conclusion: Markup) -> tuple[Figure, ...]:
    curves = picture(
        brief, "effect_curves", conclusion, _curve_tables(brief, effect), of=effect.names
    )
    return (*curves, *_months_figure(brief, effect))


def _months_figure(brief: Brief, effect: Effect) -> tuple[Figure, ...]:
    months = _months(brief, effect)
    is_said = months is not None and months.has(*_VERDICT_COLUMNS)
    said = brief.words.html(
        f"change.figure_months_{band_of(months['probability_positive']) if is_said else 'unclear'}"
    )
    conclusion = _marked(brief, effect, said) if is_said else said
    return picture(
        brief, "effect_months", conclusion, _summary_table(brief, effect), of=effect.names
    )


def _other_questions(brief: Brief, effect: Effect) -> list[Effect]:
    """The same intervention under its other estimands, where the charts drew them."""
    rows = brief.shelf.rows(
        "effect_status", district=brief.district, intervention_id=effect.intervention_id
    )
    keys = [
        {"intervention_id": effect.intervention_id, "estimand": row["estimand"]}
        for row in rows
        if row["estimand"] != effect.estimand
    ]
    others = [replace(effect, **own, scope=_scope(brief, **own)) for own in keys]
    return [
        other for other in others if f"effect_curves-{slug('-'.join(other.names))}" in brief.figures
    ]


def _curve_tables(brief: Brief, effect: Effect) -> tuple[DataTable, ...]:
    """The share in the outcome by arm and their difference at every third month."""
    words = brief.words
    rows = {
        (row["month"], row["arm"]): row
        for row in brief.shelf.rows("effect_curves", state=brief.words.outcome, **effect.keys)
    }
    months = sorted({month for month, _ in rows})
    arms = (("treated", SHARE), ("comparison", SHARE), ("difference", POINTS))
    shown = [
        m
        for m in months
        if (m % _TABLE_STEP_MONTHS == 0 or m in (1, months[-1]))
        and all((m, arm) in rows for arm, _ in arms)
    ]
    if not shown:
        return ()
    body = tuple(
        (
            month_cell(brief, rows[month, "difference"]),
            *(brief.in_brackets(rows[month, arm], "estimate", form) for arm, form in arms),
        )
        for month in shown
    )
    head = (
        words.text("stay.month"),
        words.label("treated"),
        words.label("comparison"),
        words.text("change.difference_points"),
    )
    return (
        DataTable(
            caption=words.text("change.curve_caption"),
            head=head,
            rows=body,
            note=brief.note("effect_curves"),
        ),
    )


def _summary_table(brief: Brief, effect: Effect) -> tuple[DataTable, ...]:
    words, rows = brief.words, brief.shelf.rows("effect_summary", **effect.keys)
    if not rows:
        return ()
    body = tuple(
        _summary_line(brief, row)
        for row in sorted(rows, key=lambda row: _outcome_order(row, words.outcome))
    )
    head = (
        words.text("change.outcome"),
        *(words.label(arm) for arm in ("treated", "comparison", "difference")),
    )
    return (
        DataTable(
            caption=words.text("change.summary_caption"),
            head=head,
            rows=body,
            note=brief.note("effect_summary"),
        ),
    )


def _summary_line(brief: Brief, row: Row) -> tuple[Markup | str, ...]:
    is_share = row["outcome"].endswith("_share_at_end")
    level: Form = SHARE if is_share else MONTHS
    unit = f", {brief.words.text('unit.points')}" if is_share else ""
    difference = brief.in_brackets(row, "difference", POINTS if is_share else CHANGE_MONTHS)
    return (
        brief.words.label(row["outcome"]),
        brief.number(row, "treated", level),
        brief.number(row, "comparison", level),
        difference + unit,
    )


def _outcome_order(row: Row, primary: str) -> tuple[bool, bool, str]:
    """The primary outcome first, then months by name."""
    return (
        not row["outcome"].endswith("_share_at_end"),
        row["outcome"] != f"months_{primary}",
        row["outcome"],
    )
