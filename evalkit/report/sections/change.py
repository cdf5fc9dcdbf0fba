"""The third answer: what the intervention changes, for the district or, where that cannot be said,
for all districts together.
"""

from collections.abc import Callable
from dataclasses import replace

from markupsafe import Markup, escape

from evalkit.report.parts.document import Block, Brief, DataTable, KeyFigure, Section
from evalkit.report.parts.numbers import (
    CHANGE_MONTHS,
    PROBABILITY,
    SHARE,
    Row,
    gain_form,
    points_form,
)
from evalkit.report.parts.sentences import lock_in
from evalkit.report.sections.comparisons import group_tables, targeting_tables, targeting_text
from evalkit.report.sections.effect_pictures import (
    effect_pictures,
    further_pictures,
    summary_tables,
)
from evalkit.report.sections.effects import (
    VERDICT_COLUMNS,
    Effect,
    difference_by_month,
    effects_of,
    heading_of,
    is_pooled,
    marked_change,
    month_of_horizon,
    months_gained,
    reason_in_words,
)
from evalkit.report.sections.people import month_cell
from evalkit.report.sections.timing import start_stop_tables, start_stop_text, timing_texts
from evalkit.report.view import NOTHING, Cell, View, cell
from evalkit.vocabulary import BANDS, band_of

_VERDICTS = (*BANDS, "unshown", "cannot")
_SUMS = ("district", "society")
_KEY_OUTCOMES = ("months_work", "months_studies", "months_support")

# An effect with the brief in words about its outcome.
Told = tuple[Brief, Effect]


def what_it_changes(brief: Brief) -> Section:
    """The share in work at the end of the follow-up, lock-in, and months in each state; several
    interventions are first compared in one table.
    """
    effects, words = effects_of(brief), brief.words
    several = len(effects) > 1
    told = [(brief.about(effect.intervention_id), effect) for effect in effects]
    leads = _grouped(told) if several else tuple(_lead(*pair) for pair in told)
    blocks = [Block(tables=_beside_each_other(brief, told))] if several else []
    if any(effect.scope for effect in effects):
        how_to_read = words.html("change.key_figures"), words.html("change.assumption")
        blocks.append(Block(text=how_to_read))
    for pair in told:
        blocks += [*_reason_block(*pair), *_effect_block(*pair)]
    heading = "overview.change_heading" if brief.is_city else "change.heading"
    return Section(
        "change",
        words.text(heading + ("_many" if several else "")),
        leads or (words.html("change.none"),),
        tuple(blocks),
        grade=brief.grade("effect_summary"),
    )


def _grouped(told: list[Told]) -> tuple[Markup, ...]:
    """One sentence for each verdict (and outcome), with the interventions that it holds for."""
    groups: dict[tuple[str, str], list[tuple[Brief, Markup]]] = {}
    for brief, effect in told:
        verdict, name = _verdict(brief, effect), escape(brief.words.text(effect.intervention_id))
        marked = marked_change(brief, effect, name) if verdict in BANDS else name
        groups.setdefault((verdict, brief.words.outcome), []).append((brief, marked))
    sentences = []
    for verdict, outcome in sorted(groups, key=lambda group: _VERDICTS.index(group[0])):
        members = groups[verdict, outcome]
        brief, names = members[0][0], [name for _, name in members]
        sentences.append(
            brief.words.html(
                f"change.group_{verdict}",
                interventions=brief.words.listing_html(names),
                district=brief.district_name,
            )
        )
    return tuple(sentences)


def _verdict(brief: Brief, effect: Effect) -> str:
    if effect.scope is None or is_pooled(brief, effect):
        return "cannot"
    months = months_gained(brief, effect)
    return (
        band_of(months["probability_positive"])
        if months and months.has(*VERDICT_COLUMNS)
        else "unshown"
    )


def _beside_each_other(brief: Brief, told: list[Told]) -> tuple[DataTable, ...]:
    """Every intervention's change in months in its outcome and its sums per participant, where they
    are the district's own.
    """
    districts = [pair for pair in told if pair[1].scope == brief.district]
    if len(districts) < 2:
        return ()
    outcomes = {about.words.outcome for about, _ in districts}
    any_outcome = replace(brief, words=brief.words.about("own_outcome"))
    return _BESIDE.tables(districts[0][0] if len(outcomes) == 1 else any_outcome, districts)


def _lead(brief: Brief, effect: Effect) -> Markup:
    words, intervention = brief.words, brief.words.text(effect.intervention_id)
    if effect.scope is None:
        key = "change.lead_cannot_all" if brief.is_city else "change.lead_cannot_either"
        return words.html(key, intervention=intervention, district=brief.district_name)
    if is_pooled(brief, effect):
        return words.html(
            "change.lead_cannot", intervention=intervention, district=brief.district_name
        )
    return _answer(brief, effect)


def _answer(brief: Brief, effect: Effect) -> Markup:
    """The sentence about months in the outcome, chosen by how likely they are more, and the shares
    in it at the end.
    """
    intervention, months = brief.words.text(effect.intervention_id), months_gained(brief, effect)
    if months is None or not months.has(*VERDICT_COLUMNS):
        return brief.words.html("change.lead_unshown", intervention=intervention)
    verdict = brief.words.html(
        f"change.lead_{band_of(months['probability_positive'])}",
        intervention=intervention,
        month=month_of_horizon(brief, effect),
        months=brief.number(months, "difference", CHANGE_MONTHS),
        range=brief.range_of(months, CHANGE_MONTHS),
        probability=brief.number(months, "probability_positive", PROBABILITY),
    )
    return Markup(" ").join([marked_change(brief, effect, verdict), *_end_text(brief, effect)])


def _end_text(brief: Brief, effect: Effect) -> tuple[Markup, ...]:
    end = _share_at_end(brief, effect)
    if end is None or not end.has("treated", "comparison"):
        return ()
    arms = {arm: brief.number(end, arm, SHARE) for arm in ("treated", "comparison")}
    return (brief.words.html("change.at_end", **arms),)


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
        return (Block(further=further),) if (further := further_pictures(brief, effect)) else ()
    pooled = is_pooled(brief, effect)
    figures = effect_pictures(brief, effect, brief.words.html("change.figure_effect"))
    is_drawn = any(figure.name.startswith("effect_months") for figure in figures)
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
            *((words.html("change.pooled_intro", district=brief.district_name),) if pooled else ()),
            *read_as,
        ),
        key_figures=_key_figures(brief, effect),
        after=(
            *_lock_in_text(brief, effect),
            *timing_texts(brief, effect),
            *_city_text(brief, effect.intervention_id),
            *question,
        ),
        figures=figures,
        further=further_pictures(brief, effect),
        tables=(
            *(() if is_drawn else summary_tables(brief, effect)),
            *_city_tables(brief, effect.intervention_id),
        ),
    )
    return (block,)


def _city_text(brief: Brief, intervention_id: str) -> tuple[Markup, ...]:
    """Months to start and stop, and who gains most: asked of all districts together."""
    if not brief.is_city:
        return ()
    return (*start_stop_text(brief, intervention_id), *targeting_text(brief, intervention_id))


def _city_tables(brief: Brief, intervention_id: str) -> tuple[DataTable, ...]:
    if not brief.is_city:
        return ()
    return (
        *start_stop_tables(brief, intervention_id),
        *group_tables(brief, intervention_id),
        *targeting_tables(brief, intervention_id),
    )


def _key_figures(brief: Brief, effect: Effect) -> tuple[KeyFigure, ...]:
    words, figures = brief.words, []
    end = _share_at_end(brief, effect)
    if end:
        label = words.text("change.points_of", outcome=words.text(end["outcome"]))
        figures.append(brief.key_figure(end, "difference", points_form(end), label))
    for outcome in dict.fromkeys((f"months_{words.outcome}", *_KEY_OUTCOMES)):
        row = brief.tables.row("effect_summary", outcome=outcome, **effect.keys)
        if row:
            label = words.text(outcome)
            figures.append(brief.key_figure(row, "difference", CHANGE_MONTHS, label))
    return tuple(figures)


def _share_at_end(brief: Brief, effect: Effect) -> Row | None:
    outcome = f"{brief.words.outcome}_share_at_end"
    return brief.tables.row("effect_summary", outcome=outcome, **effect.keys)


def _lock_in_text(brief: Brief, effect: Effect) -> tuple[Markup, ...]:
    finding = lock_in(difference_by_month(brief, effect))
    if finding is None:
        return ()
    key = f"change.lock_in_{finding.verdict}" + ("_once" if len(finding.months) == 1 else "")
    by_month = {row["month"]: row for row in difference_by_month(brief, effect)}
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


def _months_cell(_: Brief, told: Told) -> Cell:
    brief, effect = told
    months = months_gained(brief, effect)
    return brief.in_brackets(months, "difference", CHANGE_MONTHS) if months else NOTHING


def _sum_cell(perspective: str) -> Callable[[Brief, Told], Cell]:
    def write(_: Brief, told: Told) -> Cell:
        brief, effect = told
        row = brief.tables.row("value_parts", part="total", perspective=perspective, **effect.keys)
        return brief.in_brackets(row, "estimate", gain_form(row)) if row else NOTHING

    return write


_BESIDE = View(
    "value_parts",
    "change.beside_caption",
    "change",
    (
        cell("intervention", lambda brief, told: brief.words.label(told[1].intervention_id)),
        cell("months", _months_cell),
        *(cell(f"value.{name}", _sum_cell(name)) for name in _SUMS),
    ),
    is_open=True,
)
