"""The fifth and sixth answers: how sure we are, and what we cannot say."""

from markupsafe import Markup

from evalkit.report.parts.document import Block, Brief, Figure, Section
from evalkit.report.parts.figures import picture
from evalkit.report.parts.numbers import BALANCE, CHANGE_MONTHS, COUNT, Row
from evalkit.report.parts.sentences import conventions_that_differ, largest_imbalance, side_of_zero
from evalkit.report.sections.checks import check_tables, check_texts, naive_picture, refused_text
from evalkit.report.sections.effects import (
    Effect,
    effects_of,
    heading_of,
    is_pooled,
    month_of_horizon,
    reason_in_words,
)
from evalkit.report.view import View, number, with_range, word
from evalkit.tables import CITY


def how_sure(brief: Brief) -> Section:
    """Ranges, the size of the comparison, balance, other ways of counting and the unadjusted
    figure; for a refused effect its balance.
    """
    words, effects = brief.words, effects_of(brief)
    views = [(brief.about(effect.intervention_id), effect) for effect in effects]
    told = [view for view in views if view[1].scope]
    several = len(effects) > 1
    leads = (
        (words.html("sure.lead_many"),)
        if several and told
        else tuple(_lead(*view) for view in told)
    )
    general = Block(text=(words.html("sure.ranges"), words.html("sure.grades")), anchor="grades")
    shown = [view for view in views if view[1].scope or _own_or_city(*view, "balance")]
    blocks = (
        general,
        *(
            _block(*view, with_lead=several) if view[1].scope else _refused_block(*view)
            for view in shown
        ),
    )
    return Section(
        name="sure",
        heading=words.text("sure.heading"),
        leads=leads or (words.html("sure.lead_none"),),
        blocks=blocks,
    )


def what_cannot_be_said(brief: Brief) -> Section:
    """What the district's data cannot answer, what nobody measured, and what is taken for
    granted.
    """
    words, effects = brief.words, effects_of(brief)
    points = [_unsaid(brief, effect) for effect in effects if effect.verdict["reason"]]
    horizons = [Markup(month_of_horizon(brief, effect)) for effect in effects if effect.scope]
    points += [
        words.html("limits.after", month=month)
        for month in {month.striptags(): month for month in horizons}.values()
    ]
    points += [
        words.html("limits.few_districts")
        for row in brief.tables.rows("effect_status", pooling="few_districts")
    ][:1]
    points += [words.html(f"limits.{key}") for key in ("hidden", "others")]
    points.append(words.html("limits.withheld", min_count=brief.run.params.min_count))
    declared = dict.fromkeys(
        text[words.language]
        for protocol in brief.protocols.values()
        for text in protocol.assumptions
    )
    blocks = [Block(text=(words.html("limits.also"),), points=tuple(points))]
    if declared:
        blocks.append(
            Block(
                text=(words.html("limits.declared"),),
                points=tuple(Markup("{}").format(text) for text in declared),
            )
        )
    return Section(
        name="limits",
        heading=words.text("limits.heading"),
        leads=(words.html("limits.lead"),),
        blocks=tuple(blocks),
    )


def _unsaid(brief: Brief, effect: Effect) -> Markup:
    return brief.words.html(
        "limits.district",
        intervention=brief.words.text(effect.intervention_id),
        district=brief.district_name,
        reason=reason_in_words(brief, effect),
    )


def _scope_verdict(brief: Brief, effect: Effect) -> Row | None:
    return brief.tables.row("effect_status", **effect.keys)


def _lead(brief: Brief, effect: Effect) -> Markup:
    verdict = _scope_verdict(brief, effect)
    if verdict is None or not verdict.has("n_starters"):
        return brief.words.html("sure.lead_withheld")
    return brief.words.html(
        "sure.lead_pooled" if is_pooled(brief, effect) else "sure.lead",
        n_starters=brief.number(verdict, "n_starters", COUNT),
    )


def _block(brief: Brief, effect: Effect, *, with_lead: bool) -> Block:
    is_citys = effect.scope != CITY and not brief.tables.rows("balance", district=effect.scope)
    city = (brief.words.html("sure.city"),) if is_citys and brief.tables.family("balance") else ()
    text = (
        *_draws_text(brief, effect),
        *city,
        *_balance_text(brief, effect),
        *_sensitivity_text(brief, effect),
        *_naive_text(brief, effect),
        *check_texts(brief, effect),
    )
    sensitivity = _SENSITIVITY.tables(brief, _own_or_city(brief, effect, "effect_sensitivity"))
    return Block(
        heading=heading_of(brief, effect),
        pooled=is_pooled(brief, effect),
        leads=(_lead(brief, effect),) if with_lead else (),
        text=text,
        figures=(*_figures(brief, effect), *naive_picture(brief, effect)),
        tables=(*sensitivity, *check_tables(brief, effect)),
    )


def _refused_block(brief: Brief, effect: Effect) -> Block:
    """How alike the groups are where the effect is refused, so that the reader sees why."""
    words = brief.words
    lead = words.html("sure.lead_refused", intervention=words.text(effect.intervention_id))
    city = (words.html("sure.city"),) if not brief.is_city else ()
    return Block(
        heading=words.label(effect.intervention_id) if len(effects_of(brief)) > 1 else "",
        leads=(lead,),
        text=(*city, *_balance_text(brief, effect), *refused_text(brief, effect)),
        figures=_figures(brief, effect),
        tables=check_tables(brief, effect),
    )


def _draws_text(brief: Brief, effect: Effect) -> tuple[Markup, ...]:
    """How much the comparison weighs, and how the ranges were found."""
    verdict, text = _scope_verdict(brief, effect), []
    if verdict and verdict.has("effective_sample_size"):
        text.append(
            brief.words.html(
                "sure.effective", ess=brief.number(verdict, "effective_sample_size", COUNT)
            )
        )
    if verdict and verdict.has("n_draws", "n_draws_without_starters"):
        key = "sure.draws" if verdict["n_draws_without_starters"] else "sure.draws_full"
        numbers = {
            column: brief.number(verdict, column, COUNT)
            for column in ("n_draws", "n_draws_without_starters")
        }
        text.append(
            brief.words.html(
                key, n_draws=numbers["n_draws"], n_empty=numbers["n_draws_without_starters"]
            )
        )
    return tuple(text)


def _own_or_city(brief: Brief, effect: Effect, family: str) -> list[Row]:
    """Rows of the scope shown, else of the whole city: weights are the city's."""
    name = effect.intervention_id
    rows = brief.tables.rows(family, district=effect.scope, intervention_id=name)
    return rows or brief.tables.rows(family, district=CITY, intervention_id=name)


def _balance_text(brief: Brief, effect: Effect) -> tuple[Markup, ...]:
    imbalance = largest_imbalance(_own_or_city(brief, effect, "balance"))
    if imbalance is None:
        return ()
    row, is_small = imbalance
    return (
        brief.words.html(
            f"sure.balance_{'good' if is_small else 'poor'}",
            covariate=brief.words.text(row["covariate"]),
            after=brief.number(row, "smd_after", BALANCE),
            before=brief.number(row, "smd_before", BALANCE),
        ),
    )


def _sensitivity_text(brief: Brief, effect: Effect) -> tuple[Markup, ...]:
    rows = _own_or_city(brief, effect, "effect_sensitivity")
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


def _naive_text(brief: Brief, effect: Effect) -> tuple[Markup, ...]:
    rows = {
        row["convention"]: row
        for row in _own_or_city(brief, effect, "effect_sensitivity")
        if row.has("difference")
    }
    if not {"naive", "declared"} <= rows.keys():
        return ()
    naive, declared = (
        brief.number(rows[name], "difference", CHANGE_MONTHS) for name in ("naive", "declared")
    )
    return (brief.words.html("sure.naive", naive=naive, declared=declared),)


def _figures(brief: Brief, effect: Effect) -> tuple[Figure, ...]:
    tables = _BALANCE.tables(brief, _own_or_city(brief, effect, "balance"))
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
