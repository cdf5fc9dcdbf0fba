"""How sure an effect is, and what it cannot say."""

from markupsafe import Markup, escape

from evalkit.report.evidence.checks import check_tables, check_texts, naive_picture, refused_text
from evalkit.report.evidence.comparison_left import comparison_left_tables, run_dry_text
from evalkit.report.evidence.effects import (
    Effect,
    are_several,
    effects_of,
    heading_of,
    month_of_horizon,
)
from evalkit.report.evidence.strength import strength_tables, strength_texts, trees_text
from evalkit.report.parts.definitions import tells_work
from evalkit.report.parts.document import Block, Brief, Figure, Section
from evalkit.report.parts.figures import picture
from evalkit.report.parts.numbers import BALANCE, CHANGE_MONTHS, COUNT, SHARE, Row
from evalkit.report.parts.sentences import conventions_that_differ, largest_imbalance, side_of_zero
from evalkit.report.view import View, number, with_range, word


def how_sure(brief: Brief) -> Section | None:
    """The size of the comparison, balance, other ways of counting, checks and the unadjusted
    figure; for a refused effect its balance. None for a district without an effect of its own.
    """
    words, effects = brief.words, effects_of(brief)
    views = [(brief.about(effect.intervention_id), effect) for effect in effects]
    told = [view for view in views if view[1].is_told]
    refused = [view for view in views if not view[1].is_told and _rows(*view, "balance")]
    if not told and not refused:
        return None
    if told and are_several(brief):
        leads = (words.html("sure.lead_many"),)
    else:
        leads = tuple(_lead(*view) for view in told) or (words.html("sure.lead_none"),)
    blocks = (
        *(_block(*view, with_lead=are_several(brief)) for view in told),
        *(_refused_block(*view) for view in refused),
    )
    return Section("sure", words.text("sure.heading"), leads, blocks)


def what_cannot_be_said(brief: Brief) -> Section:
    """What the data about an intervention cannot answer, and what is taken for granted."""
    words, effects = brief.words, effects_of(brief)
    points = [
        words.html("limits.after", month=month_of_horizon(brief, effect))
        for effect in effects
        if effect.is_told
    ]
    points += [
        words.html("limits.few_districts")
        for row in brief.tables.rows(
            "effect_status", pooling="few_districts", intervention_id=brief.intervention
        )
    ][:1]
    protocol = brief.protocols.get(brief.intervention)
    declared = [text[words.language] for text in protocol.assumptions] if protocol else []
    blocks = [Block(points=tuple(points))] if points else []
    if declared:
        text, assumed = words.html("limits.declared"), tuple(map(escape, declared))
        blocks.append(Block(text=(text,), points=assumed))
    return Section(
        "limits", words.text("limits.heading"), (words.html("limits.lead"),), tuple(blocks)
    )


def _lead(brief: Brief, effect: Effect) -> Markup:
    return brief.words.html(
        "sure.lead", n_starters=brief.number(effect.verdict, "n_starters", COUNT)
    )


def _block(brief: Brief, effect: Effect, *, with_lead: bool) -> Block:
    text = (
        *_draws_text(brief, effect),
        *_balance_text(brief, effect),
        *_sensitivity_text(brief, effect),
        *_leavers_text(brief, effect),
        *_naive_text(brief, effect),
        *check_texts(brief, effect),
        *strength_texts(brief, effect),
        *trees_text(brief, effect),
    )
    sensitivity = _SENSITIVITY.tables(brief, _rows(brief, effect, "effect_sensitivity"))
    return Block(
        heading=heading_of(brief, effect),
        leads=(_lead(brief, effect),) if with_lead else (),
        text=text,
        figures=(*_figures(brief, effect), *naive_picture(brief, effect)),
        tables=(
            *sensitivity,
            *strength_tables(brief, effect),
            *check_tables(brief, effect),
            *comparison_left_tables(brief, effect),
        ),
    )


def _refused_block(brief: Brief, effect: Effect) -> Block:
    """How alike the groups are where the effect is refused, so that the reader sees why."""
    words = brief.words
    lead = words.html("sure.lead_refused", intervention=words.text(effect.intervention_id))
    return Block(
        heading=heading_of(brief, effect),
        leads=(lead,),
        text=(
            *run_dry_text(brief, effect),
            *_balance_text(brief, effect),
            *refused_text(brief, effect),
        ),
        figures=_figures(brief, effect),
        tables=(*check_tables(brief, effect), *comparison_left_tables(brief, effect)),
    )


def _draws_text(brief: Brief, effect: Effect) -> tuple[Markup, ...]:
    """How much the comparison weighs, and how the ranges were found."""
    verdict, text = effect.verdict, []
    if verdict.has("effective_sample_size"):
        text.append(
            brief.words.html(
                "sure.effective", ess=brief.number(verdict, "effective_sample_size", COUNT)
            )
        )
    if verdict.has("n_draws"):
        text.append(brief.words.html("sure.draws", n_draws=brief.number(verdict, "n_draws", COUNT)))
    return tuple(text)


def _rows(brief: Brief, effect: Effect, family: str) -> list[Row]:
    return brief.tables.rows(
        family, district=brief.district, intervention_id=effect.intervention_id
    )


def _balance_text(brief: Brief, effect: Effect) -> tuple[Markup, ...]:
    imbalance = largest_imbalance(_rows(brief, effect, "balance"))
    if imbalance is None:
        return ()
    row, is_small = imbalance
    if not row["smd_after"]:
        return (brief.words.html("sure.balance_none"),)
    return (
        brief.words.html(
            f"sure.balance_{'good' if is_small else 'poor'}",
            covariate=brief.words.text(row["covariate"]),
            after=brief.number(row, "smd_after", BALANCE),
            before=brief.number(row, "smd_before", BALANCE),
        ),
    )


def _sensitivity_text(brief: Brief, effect: Effect) -> tuple[Markup, ...]:
    rows = _rows(brief, effect, "effect_sensitivity")
    different = conventions_that_differ(rows)
    if different is None:
        return ()
    if different:
        names = brief.words.listing(
            [brief.words.text("mark.quoted", text=brief.words.text(name)) for name in different]
        )
        return (brief.words.html("sure.sensitivity_differs", conventions=names),)
    declared = next(row for row in rows if row["convention"] == "declared")
    return (
        brief.words.html(
            "sure.sensitivity_same" + ("_unclear" if side_of_zero(declared) == "unclear" else "")
        ),
    )


def _leavers_text(brief: Brief, effect: Effect) -> tuple[Markup, ...]:
    """How the other handling of those who leave in the month of the start moves months without
    support: leaving is what is counted here, so it moves them more than months of work.
    """
    protocol = brief.protocols.get(effect.intervention_id)
    rule = protocol.leavers_in_month_one if protocol else "excluded"
    is_same = protocol and "other" in protocol.comparisons and rule != "excluded_in_both"
    if tells_work(brief) or is_same:
        return ()
    others = [
        row
        for row in _rows(brief, effect, "effect_sensitivity")
        if row["convention"] in ("leavers_stay", "leavers_excluded")
        and row.has("difference", "ci_lower", "ci_upper")
    ]
    sentences = [
        brief.words.html(
            f"outcome.{row['convention']}",
            months=brief.number(row, "difference", CHANGE_MONTHS),
            range=brief.range_of(row, CHANGE_MONTHS),
        )
        for row in others
    ]
    keys = {"state": brief.words.outcome, "arm": "treated", "month": 1}
    at_once = brief.tables.row("effect_curves", **effect.keys, **keys)
    is_counted = rule != "excluded_in_both"
    if sentences and is_counted and at_once is not None and at_once.has("estimate"):
        share = brief.number(at_once, "estimate", SHARE)
        sentences.append(brief.words.html("outcome.left_at_once", share=share))
    return tuple(sentences)


def _naive_text(brief: Brief, effect: Effect) -> tuple[Markup, ...]:
    rows = {
        row["convention"]: row
        for row in _rows(brief, effect, "effect_sensitivity")
        if row.has("difference")
    }
    if not {"naive", "declared"} <= rows.keys():
        return ()
    naive, declared = (
        brief.number(rows[name], "difference", CHANGE_MONTHS) for name in ("naive", "declared")
    )
    is_same = rows["naive"]["difference"] == rows["declared"]["difference"]
    key = "sure.naive_same" if is_same else "sure.naive"
    return (brief.words.html(key, naive=naive, declared=declared),)


def _figures(brief: Brief, effect: Effect) -> tuple[Figure, ...]:
    tables = _BALANCE.tables(brief, _rows(brief, effect, "balance"))
    title = brief.words.html("sure.figure_balance")
    return picture(brief, "balance", title, tables, of=effect.names)


_BALANCE = View(
    "balance",
    "sure.balance_caption",
    "sure",
    (word("covariate"), number("smd_before", head="before"), number("smd_after", head="after")),
)
_SENSITIVITY = View(
    "effect_sensitivity",
    "sure.sensitivity_caption",
    "sure",
    (word("convention"), with_range("difference", head="value.difference")),
)
