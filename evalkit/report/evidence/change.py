"""What an intervention changes: the page's own figures, by intervention."""

from markupsafe import Markup, escape

from evalkit.disclosure.paths import PATH_PERSONS
from evalkit.line.states import CLOSER
from evalkit.report.evidence.effect_pictures import (
    effect_pictures,
    further_pictures,
    summary_tables,
)
from evalkit.report.evidence.effects import (
    VERDICT_COLUMNS,
    Effect,
    are_several,
    difference_by_month,
    effects_of,
    heading_of,
    link_to_intervention,
    marked_change,
    month_of_horizon,
    months_gained,
    reason_in_words,
)
from evalkit.report.evidence.people import month_cell
from evalkit.report.evidence.targeting import group_tables, targeting_tables, targeting_text
from evalkit.report.evidence.timing import start_stop_tables, start_stop_text, timing_texts
from evalkit.report.parts.definitions import definition_text, tells_work
from evalkit.report.parts.document import (
    Block,
    Brief,
    DataTable,
    Further,
    KeyFigure,
    Section,
)
from evalkit.report.parts.numbers import (
    CHANGE_MONTHS,
    PROBABILITY,
    SHARE,
    Row,
    points_form,
)
from evalkit.report.parts.sentences import lock_in
from evalkit.report.parts.verdicts import band_of_months
from evalkit.vocabulary import BANDS

_VERDICTS = (*BANDS, "unshown")
_KEY_OUTCOMES = ("months_work", "months_studies", "months_support")
_CLOSER_OUTCOMES = ("months_next_step", "months_work", "months_studies", "months_any_support")

# An effect with the brief in words about its outcome.
Told = tuple[Brief, Effect]


def what_it_changes(brief: Brief) -> Section:
    """The share in the outcome at the end of the follow-up, lock-in, and months in each state, for
    each effect that can be said; why the others cannot.
    """
    words, effects = brief.words, effects_of(brief)
    all_told = [(brief.about(effect.intervention_id), effect) for effect in effects]
    own = [pair for pair in all_told if pair[1].is_told]
    if brief.intervention:
        leads = tuple(_lead(*pair) for pair in all_told)
    else:
        leads = _grouped(own) if are_several(brief) else tuple(_answer(*pair) for pair in own)
        leads += _elsewhere(brief, effects)
    blocks = []
    if own:
        how_to_read = words.html("change.key_figures"), words.html("change.assumption")
        blocks.append(Block(text=how_to_read))
    blocks += [_effect_block(*pair) for pair in own]
    blocks += [block for pair in all_told for block in _untold_block(*pair)]
    return Section(
        "change",
        words.text("change.heading" + ("" if len(effects) == 1 else "_many")),
        leads or (words.html("change.none" if brief.protocols else "change.not_asked"),),
        tuple(blocks),
    )


def _elsewhere(brief: Brief, effects: list[Effect]) -> tuple[Markup, ...]:
    """The interventions of which a district has no figure of its own, each with a link to the
    city's.
    """
    names = [
        link_to_intervention(brief, effect.intervention_id)
        for effect in effects
        if not effect.is_told
    ]
    if not names:
        return ()
    listed = brief.words.listing_html(names)
    return (
        brief.words.html("change.elsewhere", interventions=listed, district=brief.district_name),
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
    months = months_gained(brief, effect)
    return band_of_months(months) if months and months.has(*VERDICT_COLUMNS) else "unshown"


def _lead(brief: Brief, effect: Effect) -> Markup:
    if effect.is_told:
        return _answer(brief, effect)
    return brief.words.html(
        "change.lead_cannot_all", intervention=brief.words.text(effect.intervention_id)
    )


def _answer(brief: Brief, effect: Effect) -> Markup:
    """The sentence about months in the outcome, chosen by how likely they are more, and the shares
    in it at the end.
    """
    intervention, months = brief.words.text(effect.intervention_id), months_gained(brief, effect)
    if months is None or not months.has(*VERDICT_COLUMNS):
        return brief.words.html("change.lead_unshown", intervention=intervention)
    verdict = brief.words.html(
        f"change.lead_{band_of_months(months)}",
        intervention=intervention,
        month=month_of_horizon(brief, effect),
        months=brief.number(months, "difference", CHANGE_MONTHS),
        range=brief.range_of(months, CHANGE_MONTHS),
        probability=brief.number(months, "probability_positive", PROBABILITY),
    )
    sentences = (*_end_text(brief, effect), *definition_text(brief, effect.keys))
    return Markup(" ").join([marked_change(brief, effect, verdict), *sentences])


def _end_text(brief: Brief, effect: Effect) -> tuple[Markup, ...]:
    end = _share_at_end(brief, effect)
    if end is None or not end.has("treated", "comparison"):
        return ()
    arms = {arm: brief.number(end, arm, SHARE) for arm in ("treated", "comparison")}
    return (brief.words.html("change.at_end", **arms),)


def _untold_block(brief: Brief, effect: Effect) -> tuple[Block, ...]:
    """Why an effect cannot be said; refused for the first question, it may still be told for
    another.
    """
    if effect.is_told:
        return ()
    reason = (reason_in_words(brief, effect),) if effect.verdict["reason"] else ()
    further = _further(brief, effect)
    if not reason and not further:
        return ()
    return (Block(heading=heading_of(brief, effect), text=reason, further=further),)


def _effect_block(brief: Brief, effect: Effect) -> Block:
    protocol, words = brief.protocols.get(effect.intervention_id), brief.words
    figures = effect_pictures(brief, effect, words.html("change.figure_effect"))
    is_drawn = any(figure.name.startswith("effect_months") for figure in figures)
    question = (
        (words.html("change.question", question=protocol.question[words.language]),)
        if protocol and brief.intervention
        else ()
    )
    when = brief.when(effect.intervention_id)
    read_as = (words.html("change.grace", **when),) if when else ()
    if not tells_work(brief):
        read_as += (words.html("outcome.how_on_record"),)
    if not any(row.has("estimate") for row in difference_by_month(brief, effect)):
        read_as += (words.html("change.no_path", n_persons=words.number(PATH_PERSONS)),)
    if protocol and protocol.estimand != "ATT":
        read_as += (words.html(f"change.estimand_{protocol.estimand}"),)
    return Block(
        heading=heading_of(brief, effect),
        leads=(_answer(brief, effect),) if are_several(brief) else (),
        text=(*question, *read_as),
        key_figures=_key_figures(brief, effect),
        after=(
            *_lock_in_text(brief, effect),
            *timing_texts(brief, effect),
            *_city_text(brief, effect.intervention_id),
        ),
        figures=figures,
        further=_further(brief, effect),
        tables=(
            *(() if is_drawn else summary_tables(brief, effect)),
            *_city_tables(brief, effect.intervention_id),
        ),
    )


def _further(brief: Brief, effect: Effect) -> tuple[Further, ...]:
    """Other questions about an intervention are told on its own page."""
    return further_pictures(brief, effect) if brief.intervention else ()


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
    others = _CLOSER_OUTCOMES if words.outcome == CLOSER else _KEY_OUTCOMES
    if not tells_work(brief):
        others = ("months_support",)
    for outcome in dict.fromkeys((f"months_{words.outcome}", *others)):
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
