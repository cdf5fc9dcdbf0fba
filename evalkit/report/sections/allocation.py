"""What the city's money would do if it were best used, and what further money would give."""

from evalkit.report.parts.document import Block, Brief, DataTable, Section
from evalkit.report.parts.numbers import COUNT, Form, Row

_PLANS = ("now", "own_places", "shared_places")


def best_use(brief: Brief) -> Section:
    """Today's use, the best on the districts' own places and the best with shared places; then the
    value of further money.
    """
    words = brief.words
    plans = {row["plan"]: row for row in brief.shelf.rows("allocation_plans") if row.has("value")}
    found, now = [plans[name] for name in _PLANS[1:] if name in plans], plans.get("now")
    if not found or now is None:
        return Section(
            "allocation", words.text("allocation.heading"), (words.html("allocation.none"),)
        )
    best = max(found, key=lambda row: row["value"])
    worth = {
        name: brief.number(row, "value", _money(row, "value"))
        for name, row in (("best", best), ("now", now))
    }
    key = "allocation.lead" if best["value"] > now["value"] else "allocation.lead_none_better"
    lead = words.html(key, plan=words.text(f"plan.{best['plan']}"), **worth)
    reading = words.html(
        "allocation.reading", horizon=words.number(brief.run.params.value.horizon_months)
    )
    block = Block(text=(reading,), tables=(_plans_table(brief, plans), *_returns_table(brief)))
    return Section(
        "allocation",
        words.text("allocation.heading"),
        (lead,),
        (block,),
        grade=brief.grade("allocation_plans"),
    )


def _plans_table(brief: Brief, plans: dict[str, Row]) -> DataTable:
    words = brief.words
    body = tuple(
        (
            words.label(f"plan.{name}"),
            brief.number(plans[name], "value", _money(plans[name], "value")),
            brief.number(plans[name], "n_starts", COUNT),
            brief.number(plans[name], "cost", _money(plans[name], "cost")),
            brief.number(plans[name], "n_months_counted", COUNT),
        )
        for name in _PLANS
        if name in plans
    )
    head = tuple(
        words.text(f"allocation.{column}")
        for column in ("plan", "value", "starts", "cost", "months_counted")
    )
    return DataTable(
        words.text("allocation.plans_caption"),
        head,
        body,
        note=brief.note("allocation_plans"),
        is_open=True,
    )


def _returns_table(brief: Brief) -> tuple[DataTable, ...]:
    words = brief.words
    body = tuple(
        (
            brief.number(row, "free_budget", _money(row, "free_budget")),
            brief.number(row, "added_value", _money(row, "added_value")),
            brief.number(row, "per_krona", Form("number", 1)),
        )
        for row in brief.shelf.rows("allocation_returns")
        if row.has("added_value", "per_krona")
    )
    head = tuple(words.text(f"allocation.{column}") for column in ("further", "added", "per_krona"))
    return (
        (
            DataTable(
                words.text("allocation.returns_caption"),
                head,
                body,
                note=brief.note("allocation_returns"),
            ),
        )
        if body
        else ()
    )


def _money(row: Row, column: str) -> Form:
    size = abs(row[column] or 0)
    return Form(
        "money", 0 if size < 100 else -2 if size < 100_000 else -4, row.get("currency") or ""
    )
