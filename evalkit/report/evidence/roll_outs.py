"""What roll-outs of a way of working changed where districts took it up at different times."""

from markupsafe import Markup

from evalkit.report.parts.document import Block, Brief
from evalkit.report.parts.numbers import Form, Row
from evalkit.report.view import View, cell, number, word


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
