"""What the city's money would do if it were best used, and what further money would give."""

from evalkit.report.parts.document import Block, Brief, Section
from evalkit.report.parts.numbers import COUNT, Form, Row
from evalkit.report.view import Column, View, number, word

_PLANS = ("now", "own_places", "shared_places")


def best_use(brief: Brief) -> Section:
    """Today's use, the best on the districts' own places and the best with shared places; then the
    value of further money.
    """
    words = brief.words
    plans = {row["plan"]: row for row in brief.tables.rows("allocation_plans") if row.has("value")}
    better, now = [plans[name] for name in _PLANS[1:] if name in plans], plans.get("now")
    if not better or now is None:
        is_seen = all(brief.is_livelihood_known(name) for name in brief.protocols)
        why = "allocation.none" if is_seen else "unseen.no_plan"
        return Section("allocation", words.text("allocation.heading"), (words.html(why),))
    best = max(better, key=lambda row: row["value"])
    worth = {
        name: brief.number(row, "value", _money(row, "value"))
        for name, row in (("best", best), ("now", now))
    }
    key = "allocation.lead" if best["value"] > now["value"] else "allocation.lead_none_better"
    lead = words.html(key, plan=words.text(f"plan.{best['plan']}"), **worth)
    reading = words.html(
        "allocation.reading", horizon=words.number(brief.run.params.value.horizon_months)
    )
    ordered = [plans[name] for name in _PLANS if name in plans]
    returns = [
        row
        for row in brief.tables.rows("allocation_returns")
        if row.has("added_value", "per_krona")
    ]
    tables = (*_VIEW_OF_PLANS.tables(brief, ordered), *_RETURNS.tables(brief, returns))
    block = Block(text=(reading,), tables=tables)
    return Section(
        "allocation",
        words.text("allocation.heading"),
        (lead,),
        (block,),
    )


def _money(row: Row, column: str) -> Form:
    size = abs(row[column] or 0)
    return Form(
        "money", 0 if size < 100 else -2 if size < 100_000 else -4, row.get("currency") or ""
    )


def _money_of(column: str) -> Column:
    return number(column, lambda row: _money(row, column))


_VIEW_OF_PLANS = View(
    "allocation_plans",
    "allocation.plans_caption",
    "allocation",
    (
        word("plan", "plan."),
        _money_of("value"),
        number("n_starts", COUNT, head="starts"),
        _money_of("cost"),
        number("n_months_counted", head="months_counted"),
    ),
    is_open=True,
)
_RETURNS = View(
    "allocation_returns",
    "allocation.returns_caption",
    "allocation",
    (
        number("free_budget", lambda row: _money(row, "free_budget"), head="further"),
        number("added_value", lambda row: _money(row, "added_value"), head="added"),
        number("per_krona", Form("number", 1)),
    ),
)
