"""The seventh answer: where the numbers come from, with checksums, versions, counts of the intake
and the rules that protect small numbers.
"""

from markupsafe import Markup

from evalkit.disclosure import Published
from evalkit.line.states import STATE_SOURCES
from evalkit.records import hash_of
from evalkit.report.parts.document import Block, Brief, DataTable, Section
from evalkit.report.parts.numbers import COUNT, SHARE, Row
from evalkit.report.view import View, cell, number

_SHOWN_DIGITS = 16


def where_numbers_come_from(brief: Brief) -> Section:
    """The run's vintage, its inputs, what the intake took in, and the published tables with their
    rules.
    """
    words = brief.words
    min_count = brief.run.params.min_count
    return Section(
        name="origin",
        heading=words.text("origin.heading"),
        leads=(words.html("origin.lead"),),
        blocks=(
            Block(
                text=(
                    *_intake_text(brief),
                    *_states_text(brief),
                    words.html("origin.suppression", min_count=min_count),
                    words.html("mark.withheld_note", min_count=min_count),
                    words.html("mark.not_estimable_note"),
                ),
                tables=(
                    *_run_tables(brief),
                    *_INPUTS.tables(brief, list(brief.run.inputs.items())),
                    *_intake_tables(brief),
                    *_TABLES.tables(brief, brief.tables.all()),
                ),
            ),
        ),
    )


def rule_in_words(brief: Brief, rule: str) -> str:
    """A rule of disclosure control in the reader's language: "min_persons:5" as a sentence."""
    code, _, value = rule.partition(":")
    values = {"n": value, "below": str(int(value) - 1)} if value.isdigit() else {}
    columns = (
        [brief.words.text(f"column.{column}") for column in value.split(",")]
        if code == "total_over"
        else []
    )
    return brief.words.text(f"rule.{code}", columns=brief.words.listing(columns), **values)


def _intake_text(brief: Brief) -> tuple[Markup, ...]:
    """How many rows were taken in; in words alone where the intake has no total."""
    rows = brief.tables.rows("intake")
    if not rows:
        return ()
    total = brief.tables.row("intake", table="all", rule="all")
    if total is None or not total.has("n_delivered", "n_accepted", "n_rejected"):
        is_whole = all(row.has("n_rejected") and row["n_rejected"] == 0 for row in rows)
        return (brief.words.html("origin.intake_all" if is_whole else "origin.intake_some"),)
    counts = {
        name: brief.number(total, f"n_{name}", COUNT)
        for name in ("delivered", "accepted", "rejected")
    }
    return (brief.words.html("origin.intake", **counts),)


def _states_text(brief: Brief) -> tuple[Markup, ...]:
    """From which source the states of all people come, and for how much of their time none is
    known.
    """
    rows = {row["source"]: row for row in brief.tables.rows("state_sources")}
    if not set(STATE_SOURCES) <= set(rows):
        return ()
    return (
        brief.words.html(
            "origin.states",
            **{source: brief.number(rows[source], "share", SHARE) for source in STATE_SOURCES},
        ),
    )


def _intake_tables(brief: Brief) -> tuple[DataTable, ...]:
    rows = brief.tables.rows("intake")
    months = any(row.has("data_through") for row in rows)
    view = (
        _INTAKE.with_columns(cell("data_through", _through, "data_through")) if months else _INTAKE
    )
    return view.tables(brief, rows)


def _through(brief: Brief, row: Row) -> str:
    return brief.words.month(row["data_through"]) if row.has("data_through") else ""


def _table_name(brief: Brief, row: Row) -> str:
    return brief.words.text("origin.all_tables") if row["table"] == "all" else row["table"]


def _rule_name(brief: Brief, row: Row) -> str:
    return brief.words.text("origin.all_rules") if row["rule"] == "all" else row["rule"]


def _run_tables(brief: Brief) -> tuple[DataTable, ...]:
    run, words = brief.run, brief.words
    run_file = Markup("{} <code>{}</code>").format(run.run_file.name, hash_of(run.params))
    facts: list[tuple[str, Markup]] = [(words.text("origin.run_file"), run_file)]
    if run.run_id:
        facts.append((words.text("origin.run_id"), _code(run.run_id)))
    facts.append((words.text("origin.seed"), _code(run.params.seed)))
    # The commit is left out: it changes with every text of the project, evalkit_source only with
    # what the numbers rest on.
    facts += [
        (words.text("origin.version", name=name), _code(version))
        for name, version in run.versions.items()
        if name != "git_commit"
    ]
    return _RUN.tables(brief, facts)


def _code(text: object) -> Markup:
    return Markup("<code>{}</code>").format(text)


def _checksum(text: str) -> Markup:
    return _code(text[:_SHOWN_DIGITS])


def _rules(brief: Brief, table: Published) -> str:
    return " ".join(rule_in_words(brief, rule) for rule in table.rules)


_INTAKE = View(
    "intake",
    "origin.intake_caption",
    "origin",
    (
        cell("intake_table", _table_name, "table"),
        cell("intake_rule", _rule_name, "rule"),
        number("n_delivered"),
        number("n_accepted"),
        number("n_rejected"),
    ),
)
# What follows is read off the run itself, not off a published table.
_RUN = View(
    "",
    "origin.run_caption",
    "origin",
    (cell("item", lambda brief, fact: fact[0]), cell("content", lambda brief, fact: fact[1])),
)
_INPUTS = View(
    "",
    "origin.inputs_caption",
    "origin",
    (
        cell("file", lambda brief, entry: entry[0]),
        cell("checksum", lambda brief, entry: _checksum(entry[1])),
    ),
)
_TABLES = View(
    "",
    "origin.tables_caption",
    "origin",
    (
        cell("table", lambda brief, table: _code(table.name)),
        cell("table_source", lambda brief, table: brief.table_note(table)),
        cell("rules", _rules),
        cell("n_suppressed", lambda brief, table: brief.words.number(table.n_suppressed)),
        cell("checksum", lambda brief, table: _checksum(table.sha256)),
    ),
)
