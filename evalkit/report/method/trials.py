"""How an intervention is tried out by lot: which way, what each settles, and what this run says of
how large a trial would be.
"""

from markupsafe import Markup

from evalkit.report.parts.document import Block, Brief, DataTable, Section
from evalkit.report.parts.numbers import COUNT, Row
from evalkit.tables import CITY

_WAYS = ("lottery", "steps")
_RULES = ("ask", "household", "kept", "counted")


def how_to_try_it_out(brief: Brief) -> Section:
    """A lottery among those who ask, a stepped start over the districts, what each settles, and the
    size of the trials that are advised.
    """
    words = brief.words
    command = Markup("<code>evalkit design runs/{} --lottery {} --places 20 --months 12</code>")
    example = next((row["intervention_id"] for row in _advised(brief)), "INTERVENTION")
    asked = command.format(brief.run.params.run, example)
    ways = [words.html(f"trial.{way}") for way in _WAYS]
    rules = [words.html(f"trial.{rule}") for rule in _RULES]
    return Section(
        "trials",
        words.text("trial.heading"),
        (words.html("trial.lead"),),
        (
            Block(points=tuple(ways), after=(words.html("trial.design", command=asked),)),
            Block(leads=(words.html("trial.rules"),), points=tuple(rules)),
            _sizes(brief),
        ),
    )


def _sizes(brief: Brief) -> Block:
    """The trials that are advised, or that none is."""
    words, rows = brief.words, _advised(brief)
    if not rows:
        return Block(text=(words.html("trial.none"),))
    heads = tuple(
        words.text(f"trial.head_{name}") for name in ("where", "intervention", "people", "months")
    )
    lines = tuple(
        (
            words.label("all") if row["district"] == CITY else row["district"],
            words.text(row["intervention_id"]),
            brief.number(row, "trial_persons", COUNT),
            brief.number(row, "trial_months", COUNT),
        )
        for row in rows
    )
    return Block(tables=(DataTable(words.text("trial.sizes"), heads, lines, is_open=True),))


def _advised(brief: Brief) -> list[Row]:
    """Where a trial is advised and was sized, all districts together first."""
    rows = [
        row
        for row in brief.tables.rows("advice")
        if row["advice"] == "try_out" and row.has("trial_persons", "trial_months")
    ]
    return sorted(rows, key=lambda row: row["district"] != CITY)
