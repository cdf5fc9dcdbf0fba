"""Interventions of whose people nobody knows what they live on after support: of them the
district's own result alone can be told, and why the rest cannot.
"""

from collections.abc import Sequence

from markupsafe import Markup

from evalkit.report.decision.offered import Offered, is_moved, months_of, payback_of, value_of
from evalkit.report.decision.valued import Sentence, amount, amount_form, names_in_sentence
from evalkit.report.parts.document import Brief
from evalkit.report.parts.numbers import COUNT, DURATION, PROBABILITY, Form, Row
from evalkit.tables import CITY


def unseen(brief: Brief, ones: Sequence[Offered]) -> tuple[Offered, ...]:
    """Those whose effect is shown, in months without support alone."""
    return tuple(
        one
        for one in ones
        if not brief.is_livelihood_known(one.intervention_id) and months_of(brief, one)
    )


def budget_of(brief: Brief, one: Offered) -> Row | None:
    """What a start gives in the district's budget, where that alone can be said; None where it is
    not shown, or no posting concerns the district.
    """
    if brief.is_livelihood_known(one.intervention_id):
        return None
    row = value_of(brief, one, "district")
    return row if row is not None and is_moved(row) else None


def told_of_unseen(brief: Brief, ones: Sequence[Offered]) -> tuple[Sentence, ...]:
    """A sentence that society's gain cannot be said, why, and what a start gives in the district's
    budget; empty where every effect is told in what people live on.
    """
    not_seen = unseen(brief, ones)
    if not not_seen:
        return ()
    names = names_in_sentence(brief, [one.name for one in not_seen])
    rest = (brief.words.html("unseen.because"), *_budgets(brief, not_seen))
    finding = brief.words.html("unseen.finding", interventions=names)
    return (Sentence(finding, Markup(" ").join(rest)),)


def _budgets(brief: Brief, ones: Sequence[Offered]) -> tuple[Markup, ...]:
    """What a start gives in the district's budget, with its range, of each intervention: the
    district's own figures, or those of all districts together where there are none.
    """
    rows = [(one, row) for one in ones if (row := budget_of(brief, one))]
    own = [(one, row) for one, row in rows if one.is_own]
    shown = own or rows
    if not shown:
        return ()
    values = [
        brief.words.html("unseen.value", value=amount(brief, row), intervention=one.name)
        for one, row in shown
    ]
    return (
        brief.words.html(
            "unseen.budget",
            population=brief.district_name if own else brief.words.text(CITY),
            horizon=brief.number(shown[0][1], "horizon_months", DURATION),
            values=names_in_sentence(brief, values),
        ),
    )


def budget_in_row(brief: Brief, one: Offered, row: Row) -> Markup:
    """The range of the district's result in the row of an intervention, when its money is back, and
    that nobody else's can be said.
    """
    form = amount_form(row)
    ends = brief.range_of(row, Form("number", form.digits)) or brief.number(row, "estimate", form)
    return brief.words.html("unseen.row", range=ends, back=_back(brief, one))


def _back(brief: Brief, one: Offered) -> Markup:
    """When the district has its money back, by the estimate, and how sure it is that it comes back;
    empty where that is not shown.
    """
    row = payback_of(brief, one, "district")
    if row is None:
        return Markup("")
    if row["return_month"] == 0:
        return brief.words.html("unseen.never_out") + " "
    values = {
        "probability": brief.number(row, "probability_returns", PROBABILITY),
        "horizon": brief.number(row, "horizon_months", DURATION),
    }
    if row["return_month"] is None:
        return brief.words.html("unseen.not_back", **values) + " "
    month = brief.number(row, "return_month", COUNT)
    return brief.words.html("unseen.back_after", month=month, **values) + " "
