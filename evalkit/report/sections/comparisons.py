"""Effects compared: groups, who gains most, the districts' funnel and ranks, ways of working and
roll-outs.
"""

from markupsafe import Markup

from evalkit.report.parts.document import Block, Brief, DataTable
from evalkit.report.parts.figures import picture
from evalkit.report.parts.numbers import (
    CHANGE_MONTHS,
    COUNT,
    PROBABILITY,
    SHARE,
    YEAR,
    Form,
    Row,
)
from evalkit.report.parts.sentences import side_of_zero
from evalkit.report.view import (
    NOTHING,
    Cell,
    View,
    cell,
    district,
    number,
    verdict,
    with_own_range,
    with_range,
    word,
)
from evalkit.tables import CITY


def group_tables(brief: Brief, intervention_id: str) -> tuple[DataTable, ...]:
    """Months in work by declared group, as they are and drawn towards the effect of all."""
    rows = brief.tables.rows("group_effects", intervention_id=intervention_id)
    return _GROUPS.tables(brief, rows if len(rows) > 1 else ())


def targeting_text(brief: Brief, intervention_id: str) -> tuple[Markup, ...]:
    """Who gains most, as the learned rule says it; nothing where none was looked for."""
    words = brief.words
    gain = next(
        (
            row
            for row in brief.tables.rows("targeting_value", intervention_id=intervention_id)
            if row["policy"] == "gain"
        ),
        None,
    )
    if gain is None:
        return ()
    conditions = [
        words.html(
            f"target.{row['side']}",
            covariate=words.text(row["covariate"]),
            threshold=brief.number(row, "threshold", _threshold_form(brief, row)),
        )
        for row in brief.tables.rows("targeting_rule", intervention_id=intervention_id)
        if row.has("threshold")
    ]
    if not conditions:
        return (words.html("target.none"),)
    rule = words.html(
        "target.named", conditions=Markup(f" {words.text('unit.and')} ").join(conditions)
    )
    if not gain.has("estimate", "ci_lower", "ci_upper"):
        return (rule,)
    numbers = {
        "gain": brief.number(gain, "estimate", CHANGE_MONTHS),
        "range": brief.range_of(gain, CHANGE_MONTHS),
    }
    return rule, words.html(f"target.judged_{side_of_zero(gain)}", **numbers)


def _threshold_form(brief: Brief, row: Row) -> Form:
    """Years as years, shares as per cent, other thresholds as numbers."""
    protocol = brief.protocols.get(row["intervention_id"])
    declared = protocol.covariates if protocol else ()
    covariates = [covariate for covariate in declared if covariate.name == row["covariate"]]
    if any((covariate.column or "").endswith("_year") for covariate in covariates):
        return YEAR
    if any(covariate.kind == "history_share" for covariate in covariates):
        return SHARE
    return Form("number", 0 if row["threshold"] == int(row["threshold"]) else 1)


def targeting_tables(brief: Brief, intervention_id: str) -> tuple[DataTable, ...]:
    """What a place gives as places go today, by the rule, and the difference."""
    rows = brief.tables.rows("targeting_value", intervention_id=intervention_id)
    return _TARGETING.tables(brief, rows)


def roll_out_blocks(brief: Brief) -> tuple[Block, ...]:
    """What each roll-out changed in leaving support for work and in coming onto it, or why that
    cannot be said.
    """
    words, tables = brief.words, _ROLL_OUTS.tables(brief, brief.tables.rows("rollout_effects"))
    if not tables:
        return ()
    heading, text = words.text("rollout.heading"), words.html("rollout.text")
    return (Block(heading=heading, text=(text,), tables=tables),)


def _action(brief: Brief, row: Row) -> str:
    """The action's name, where the run has a word for it."""
    name = row["action_id"]
    return brief.words.label(name) if brief.words.has(name) else name


def _rollout_change(brief: Brief, row: Row) -> Markup:
    limits = ("change_lower", "change_upper")
    if row["verdict"] != "estimated" or not row.has("change", *limits):
        return brief.words.html(f"rollout.{row['verdict'] or 'trend_before'}")
    return brief.in_brackets(row, "change", Form("signed_percent"), limits=limits)


def funnel_blocks(brief: Brief) -> tuple[Block, ...]:
    """A block for each intervention's funnel: how many districts lie outside the limits, the
    picture, the numbers.
    """
    interventions = sorted({row["intervention_id"] for row in brief.tables.rows("funnel")})
    return tuple(_funnel_block(brief, name, len(interventions)) for name in interventions)


def _funnel_block(brief: Brief, intervention_id: str, n_interventions: int) -> Block:
    words = brief.about(intervention_id).words
    rows = [
        row
        for row in brief.tables.rows("funnel", intervention_id=intervention_id)
        if row["district"] != CITY
    ]
    tables = _FUNNEL.tables(brief, rows)
    conclusion = words.html("overview.figure_funnel")
    figures = picture(brief, "funnel", conclusion, tables, of=(intervention_id,))
    is_any_outside = any(row["verdict"] != "inside" for row in rows if row.has("verdict"))
    heading = words.text("overview.funnel_of", intervention=words.text(intervention_id))
    return Block(
        heading=heading if n_interventions > 1 else "",
        text=(words.html(f"overview.funnel_{'some' if is_any_outside else 'none'}"),),
        figures=figures,
        tables=() if figures else tables,
    )


def rank_blocks(brief: Brief) -> tuple[Block, ...]:
    """A block for each pooled effect: raw and pooled side by side, and what ranks a district may
    have.
    """
    blocks: list[Block] = []
    effects = _effects(brief, "district_ranks")
    for intervention_id, estimand in effects:
        words = brief.about(intervention_id).words
        rows = brief.tables.rows(
            "district_ranks", intervention_id=intervention_id, estimand=estimand
        )
        tables = _RANKS.tables(brief.about(intervention_id), rows)
        conclusion = words.html("overview.figure_ranks")
        of = intervention_id, estimand
        figures = picture(brief, "district_ranks", conclusion, tables, of=of)
        heading = words.text("overview.ranks_of", intervention=words.text(intervention_id))
        is_of_city = any(row["standardised_to"] == "city_eligible" for row in rows)
        whom = "city_eligible" if is_of_city else "own_starters"
        text = (words.html(f"overview.ranks_{what}") for what in ("text", whom))
        blocks.append(
            Block(
                heading=heading if len(effects) > 1 else "",
                text=_not_yet_said(blocks, *text),
                figures=figures,
                tables=() if figures else tables,
            )
        )
    return tuple(blocks)


def model_blocks(brief: Brief) -> tuple[Block, ...]:
    """A block for each effect by the way its districts work: their mean, and its distance from the
    other ways.
    """
    blocks: list[Block] = []
    for intervention_id, estimand in _effects(brief, "effects_by_model"):
        words = brief.about(intervention_id).words
        rows = brief.tables.rows(
            "effects_by_model", intervention_id=intervention_id, estimand=estimand
        )
        heading = words.text("overview.models_of", intervention=words.text(intervention_id))
        text = _not_yet_said(blocks, words.html("overview.models_text"))
        tables = _MODELS.tables(brief.about(intervention_id), rows)
        blocks.append(Block(heading=heading, text=text, tables=tables))
    return tuple(blocks)


def _effects(brief: Brief, family: str) -> list[tuple[str, str]]:
    rows = brief.tables.rows(family)
    return sorted({(row["intervention_id"], row["estimand"]) for row in rows})


def _not_yet_said(blocks: list[Block], *sentences: Markup) -> tuple[Markup, ...]:
    """How a table is to be read is said above the first of its kind."""
    return tuple(
        sentence for sentence in sentences if not any(sentence in block.text for block in blocks)
    )


def _group(brief: Brief, row: Row) -> str:
    is_all = row["subgroup"] == "all"
    return brief.words.label("change.everybody" if is_all else row["subgroup"])


def _ranks(brief: Brief, row: Row) -> Cell:
    if not row.has("rank_lower", "rank_upper"):
        return NOTHING
    low, high = (brief.number(row, name, COUNT) for name in ("rank_lower", "rank_upper"))
    return Markup("{}–{}").format(low, high)


def _best(brief: Brief, row: Row) -> Cell:
    if not row.has("rank_lower", "rank_upper"):
        return NOTHING
    return brief.number(row, "probability_best", PROBABILITY)


_GROUPS = View(
    "group_effects",
    "change.groups_caption",
    "overview",
    (
        cell("change.group", _group, "subgroup"),
        with_own_range("raw"),
        with_own_range("shrunk"),
        number("p_holm", Form("number", 3), head="change.p_holm", or_nothing=True),
    ),
)
_TARGETING = View(
    "targeting_value",
    "target.caption",
    "target",
    (word("policy", "target."), with_range(form=CHANGE_MONTHS, head="months")),
)
_ROLL_OUTS = View(
    "rollout_effects",
    "rollout.caption",
    "rollout",
    (
        cell("action", _action, "action_id"),
        word("outcome", "rollout.", head="what"),
        number("n_adopted"),
        cell("change", _rollout_change, "change", "change_lower", "change_upper", "verdict"),
    ),
)
_FUNNEL = View(
    "funnel",
    "overview.funnel_caption",
    "overview",
    (
        district(),
        number("n_persons", head="persons"),
        number("observed"),
        number("expected"),
        number("adjusted"),
        verdict(),
    ),
)
_RANKS = View(
    "district_ranks",
    "overview.ranks_caption",
    "overview",
    (
        district(),
        with_own_range("raw"),
        with_own_range("shrunk"),
        with_own_range("standardised"),
        cell("rank", _ranks, "rank_lower", "rank_upper"),
        cell("best", _best, "probability_best"),
    ),
)
_MODELS = View(
    "effects_by_model",
    "overview.models_caption",
    "overview",
    (
        word("model"),
        number("n_districts"),
        with_own_range("effect", CHANGE_MONTHS, head="model_effect"),
        with_own_range("gap"),
    ),
)
