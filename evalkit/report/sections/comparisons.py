"""What stands beside the effects: groups, who gains most, the districts' funnel, the range of their
ranks, ways of working and roll-outs.
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
    number,
)
from evalkit.report.parts.sentences import side_of_zero
from evalkit.tables import slug

_RANK = Form()


def group_table(brief: Brief, intervention_id: str) -> tuple[DataTable, ...]:
    """Months in work by declared group, as they are and drawn towards the effect of all."""
    words, rows = brief.words, brief.shelf.rows("group_effects", intervention_id=intervention_id)
    if len(rows) < 2:
        return ()
    head = tuple(
        words.text(key)
        for key in ("change.group", "overview.raw", "overview.shrunk", "change.p_holm")
    )
    return (
        DataTable(
            caption=words.text("change.groups_caption"),
            head=head,
            rows=tuple(_group_line(brief, row) for row in rows),
            note=brief.note("group_effects"),
        ),
    )


def targeting_text(brief: Brief, intervention_id: str) -> tuple[Markup, ...]:
    """Who gains most, as the learned rule says it; nothing where none was looked for."""
    words = brief.words
    gain = next(
        (
            row
            for row in brief.shelf.rows("targeting_value", intervention_id=intervention_id)
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
        for row in brief.shelf.rows("targeting_rule", intervention_id=intervention_id)
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
    covariates = (
        [one for one in protocol.covariates if one.name == row["covariate"]] if protocol else []
    )
    if any((one.column or "").endswith("_year") for one in covariates):
        return YEAR
    if any(one.kind == "history_share" for one in covariates):
        return SHARE
    return Form("number", 0 if row["threshold"] == int(row["threshold"]) else 1)


def targeting_table(brief: Brief, intervention_id: str) -> tuple[DataTable, ...]:
    """What a place gives as places go today, by the rule, and the difference."""
    words, rows = brief.words, brief.shelf.rows("targeting_value", intervention_id=intervention_id)
    if not rows:
        return ()
    body = tuple(
        (words.label(f"target.{row['policy']}"), brief.in_brackets(row, "estimate", CHANGE_MONTHS))
        for row in rows
    )
    head = (words.text("target.policy"), words.text("target.months"))
    return (
        DataTable(
            caption=words.text("target.caption"),
            head=head,
            rows=body,
            note=brief.note("targeting_value"),
        ),
    )


def roll_out_blocks(brief: Brief) -> tuple[Block, ...]:
    """What each roll-out showed on leaving support for work and on coming onto it, or why that
    cannot be said.
    """
    words, rows = brief.words, brief.shelf.rows("rollout_effects")
    if not rows:
        return ()
    body = tuple(
        (
            _action(brief, row),
            words.label(f"rollout.{row['outcome']}"),
            brief.number(row, "n_adopted", COUNT),
            _rollout_change(brief, row),
        )
        for row in rows
    )
    head = tuple(
        words.text(f"rollout.{name}") for name in ("action", "what", "n_adopted", "change")
    )
    table = DataTable(words.text("rollout.caption"), head, body, brief.note("rollout_effects"))
    return (
        Block(
            heading=words.text("rollout.heading"),
            text=(words.html("rollout.text"),),
            tables=(table,),
        ),
    )


def _action(brief: Brief, row: Row) -> str:
    """The action's name, where the run has a word for it."""
    name = row["action_id"]
    return brief.words.label(name) if brief.words.has(name) else name


def _rollout_change(brief: Brief, row: Row) -> Markup:
    if row["verdict"] != "estimated" or not row.has("change", "change_lower", "change_upper"):
        return brief.words.html(f"rollout.{row['verdict'] or 'trend_before'}")
    limits = brief.words.html(
        "unit.range",
        low=brief.number(row, "change_lower", Form("hundredths")),
        high=brief.number(row, "change_upper", SHARE),
    )
    return Markup('{} <span class="range">({})</span>').format(
        brief.number(row, "change", Form("signed_percent")), limits
    )


def funnel_blocks(brief: Brief) -> tuple[Block, ...]:
    """A block for each intervention's funnel: how many districts lie outside the limits, the
    picture, the numbers.
    """
    blocks, found = [], _interventions(brief, "funnel")
    for intervention_id in found:
        words = brief.about(intervention_id).words
        rows = [
            row
            for row in brief.shelf.rows("funnel", intervention_id=intervention_id)
            if row["district"] != "all"
        ]
        head = (
            words.text("overview.district"),
            *(
                words.text(f"overview.{name}")
                for name in ("persons", "observed", "expected", "adjusted", "verdict")
            ),
        )
        body = tuple(_funnel_line(brief, row) for row in rows)
        table = DataTable(words.text("overview.funnel_caption"), head, body, brief.note("funnel"))
        figures = picture(
            brief, "funnel", words.html("overview.figure_funnel"), (table,), of=(intervention_id,)
        )
        is_any_outside = any(row["verdict"] != "inside" for row in rows if row.has("verdict"))
        text = words.html(f"overview.funnel_{'some' if is_any_outside else 'none'}")
        heading = (
            words.text("overview.funnel_of", intervention=words.text(intervention_id))
            if len(found) > 1
            else ""
        )
        blocks.append(
            Block(
                heading=heading, text=(text,), figures=figures, tables=() if figures else (table,)
            )
        )
    return tuple(blocks)


def rank_blocks(brief: Brief) -> tuple[Block, ...]:
    """A block for each pooled effect: raw and pooled side by side, and what ranks a district may
    have.
    """
    blocks: list[Block] = []
    keys = sorted(
        {(row["intervention_id"], row["estimand"]) for row in brief.shelf.rows("district_ranks")}
    )
    for of in keys:
        words = brief.about(of[0]).words
        rows = brief.shelf.rows("district_ranks", intervention_id=of[0], estimand=of[1])
        head = (
            words.text("overview.district"),
            *(
                words.text(f"overview.{name}")
                for name in ("raw", "shrunk", "standardised", "rank", "best")
            ),
        )
        table = DataTable(
            words.text("overview.ranks_caption"),
            head,
            tuple(_rank_line(brief, row) for row in rows),
            brief.note("district_ranks"),
        )
        figures = picture(
            brief, "district_ranks", words.html("overview.figure_ranks"), (table,), of=of
        )
        heading = (
            words.text("overview.ranks_of", intervention=words.text(of[0])) if len(keys) > 1 else ""
        )
        whom = (
            "city_eligible"
            if any(row["standardised_to"] == "city_eligible" for row in rows)
            else "own_starters"
        )
        text = _not_yet_said(
            blocks, *(words.html(f"overview.ranks_{what}") for what in ("text", whom))
        )
        blocks.append(
            Block(heading=heading, text=text, figures=figures, tables=() if figures else (table,))
        )
    return tuple(blocks)


def model_blocks(brief: Brief) -> tuple[Block, ...]:
    """A block for each effect by the way its districts work: their mean, and its distance from the
    other ways.
    """
    blocks: list[Block] = []
    for of in sorted(
        {(row["intervention_id"], row["estimand"]) for row in brief.shelf.rows("effects_by_model")}
    ):
        words = brief.about(of[0]).words
        rows = brief.shelf.rows("effects_by_model", intervention_id=of[0], estimand=of[1])
        head = tuple(
            words.text(f"overview.{name}")
            for name in ("model", "n_districts", "model_effect", "gap")
        )
        body = tuple(
            (
                words.label(row["model"]),
                brief.number(row, "n_districts", COUNT),
                *(_with_limits(brief, row, name) for name in ("effect", "gap")),
            )
            for row in rows
        )
        table = DataTable(
            words.text("overview.models_caption"), head, body, brief.note("effects_by_model")
        )
        heading = words.text("overview.models_of", intervention=words.text(of[0]))
        blocks.append(
            Block(
                heading=heading,
                text=_not_yet_said(blocks, words.html("overview.models_text")),
                tables=(table,),
            )
        )
    return tuple(blocks)


def _not_yet_said(blocks: list[Block], *sentences: Markup) -> tuple[Markup, ...]:
    """How a table is to be read is said above the first of its kind."""
    return tuple(
        sentence for sentence in sentences if not any(sentence in block.text for block in blocks)
    )


def _interventions(brief: Brief, family: str) -> list[str]:
    return sorted({row["intervention_id"] for row in brief.shelf.rows(family)})


def _group_line(brief: Brief, row: Row) -> tuple[Markup | str, ...]:
    name = brief.words.label("change.everybody" if row["subgroup"] == "all" else row["subgroup"])
    raw, shrunk = (_with_limits(brief, row, column) for column in ("raw", "shrunk"))
    return (
        name,
        raw,
        shrunk,
        brief.number(row, "p_holm", Form("number", 3)) if row.has("p_holm") else "–",
    )


def _funnel_line(brief: Brief, row: Row) -> tuple[Markup | str, ...]:
    verdict = (
        brief.words.label(f"verdict.{row['verdict']}")
        if row.has("verdict")
        else brief.words.text("mark.suppressed")
    )
    shares = (brief.number(row, column, SHARE) for column in ("observed", "expected", "adjusted"))
    return _linked(row), brief.number(row, "n_persons", COUNT), *shares, verdict


def _rank_line(brief: Brief, row: Row) -> tuple[Markup | str, ...]:
    effects = (_with_limits(brief, row, column) for column in ("raw", "shrunk", "standardised"))
    if not row.has("rank_lower", "rank_upper"):
        return _linked(row), *effects, "–", "–"
    ranks = Markup("{}–{}").format(
        brief.number(row, "rank_lower", _RANK), brief.number(row, "rank_upper", _RANK)
    )
    return _linked(row), *effects, ranks, brief.number(row, "probability_best", PROBABILITY)


def _linked(row: Row) -> Markup:
    return Markup('<a href="{}.html">{}</a>').format(slug(row["district"]), row["district"])


def _with_limits(brief: Brief, row: Row, column: str) -> Markup | str:
    """A number of months with its limits in brackets, which stand in columns of their own names."""
    if row.status == "ok" and row.get(column) is None:
        return "–"
    shown = brief.number(row, column, CHANGE_MONTHS)
    if not row.has(f"{column}_lower", f"{column}_upper"):
        return shown
    low, high = (
        number(row, f"{column}_{side}", Form("number", 1), brief.words)
        for side in ("lower", "upper")
    )
    return Markup('{} <span class="range">({})</span>').format(
        shown, brief.words.html("unit.range", low=low, high=high)
    )
