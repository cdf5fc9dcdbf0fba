"""For whom an intervention does most: groups declared beforehand, and the learned rule."""

from markupsafe import Markup

from evalkit.report.parts.document import Brief, DataTable
from evalkit.report.parts.numbers import CHANGE_MONTHS, SHARE, YEAR, Form, Row
from evalkit.report.parts.sentences import side_of_zero
from evalkit.report.view import View, cell, number, with_own_range, with_range, word


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


def _group(brief: Brief, row: Row) -> str:
    is_all = row["subgroup"] == "all"
    return brief.words.label("change.everybody" if is_all else row["subgroup"])


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
