"""What has moved since the report before, on the city's page."""

from markupsafe import Markup

from evalkit.report.decision.offered import offered
from evalkit.report.parts.document import Brief, Part
from evalkit.report.parts.layout import render
from evalkit.report.parts.numbers import PEOPLE, Form, Row
from evalkit.tables import CITY
from evalkit.words import capitalise

_MONEY = Form("signed", -2)
_FORMS = {"persons_with_support": PEOPLE, "starts": PEOPLE, "society": _MONEY}
# From top to bottom, first of all districts, then of each intervention.
_ORDER = ("persons_with_support", "society", "advice", "starts")


def since_the_last(brief: Brief) -> Part | None:
    """What differs from the report before, and what may have moved it; that there is none before,
    or that nothing has moved, is said.
    """
    words = brief.words
    if not brief.tables.family("since_last"):
        return None
    rows = brief.tables.rows("since_last")
    if not rows:
        return Part("since", "", _sentence(words.text("since.first")))
    month = words.month(rows[0]["data_through"])
    # An intervention bears the name that the register gives it.
    names = {CITY: "", **{one.intervention_id: one.name for one in offered(brief)}}
    named = [row for row in rows if row["intervention_id"] in names]
    order = list(names)
    named.sort(key=lambda row: (order.index(row["intervention_id"]), _ORDER.index(row["measure"])))
    moved = [line for row in named if (line := _line(brief, row, names[row["intervention_id"]]))]
    if not moved:
        return Part("since", "", _sentence(words.text("since.nothing", month=month)))
    causes = [words.text(f"since.cause_{cause}") for cause in rows[0]["cause"].split("_")]
    body = render(
        "decision/since_last.html.j2",
        words=words,
        causes=words.text("since.causes", causes=words.listing(causes)),
        rows=moved,
    )
    return Part("since", words.text("since.heading", month=month), body)


def _sentence(text: str) -> Markup:
    return Markup('<p class="fine">{}</p>').format(text)


def _line(brief: Brief, row: Row, name: str) -> tuple[str, Markup, Markup] | None:
    """What it is about, what it was and what it is; None where it reads the same."""
    words, measure = brief.words, row["measure"]
    then, now = (_written(brief, row, side) for side in ("before", "after"))
    if then.striptags() == now.striptags():
        return None
    return capitalise(words.text(f"since.{measure}", intervention=name)), then, now


def _written(brief: Brief, row: Row, side: str) -> Markup:
    words, form = brief.words, _FORMS.get(row["measure"])
    if form is None:
        advice = row[f"advice_{side}"]
        return Markup("–") if advice is None else words.html(f"advice.{advice}")
    return brief.number(row, side, form) if row.has(side) else Markup("–")
