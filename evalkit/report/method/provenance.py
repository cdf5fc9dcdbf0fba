"""Where the numbers come from, with checksums, versions, counts of the intake and the rules that
protect people.
"""

from markupsafe import Markup

from evalkit.line.states import STATE_SOURCES
from evalkit.payments import PAYMENT_FAULTS
from evalkit.records import hash_of
from evalkit.report.evidence.exit_bounds import example_list
from evalkit.report.evidence.sources import checksum, code, table_list
from evalkit.report.parts.document import Block, Brief, DataTable, Section
from evalkit.report.parts.numbers import COUNT, SHARE, Row
from evalkit.report.view import NOTHING, View, cell, number, word


def where_numbers_come_from(brief: Brief) -> Section:
    """The run's vintage, its inputs, what the intake took in, and the published tables with their
    rules.
    """
    words = brief.words
    return Section(
        name="origin",
        heading=words.text("origin.heading"),
        leads=(words.html("origin.lead"),),
        blocks=(
            Block(
                text=(
                    *_intake_text(brief),
                    *_states_text(brief),
                    *example_list(brief),
                ),
                tables=(
                    *_run_tables(brief),
                    *_INPUTS.tables(brief, list(brief.run.inputs.items())),
                    *_intake_tables(brief),
                    *_REASONS.tables(brief, brief.tables.rows("reason_codes")),
                    *_fault_tables(brief),
                    *table_list(brief, brief.tables.all()),
                ),
            ),
        ),
    )


def _intake_text(brief: Brief) -> tuple[Markup, ...]:
    """How many rows were taken in; in words alone where the intake has no total."""
    rows = brief.tables.rows("intake")
    if not rows:
        return ()
    total = brief.tables.row("intake", table="all", rule="all")
    if total is None or not total.has("n_delivered", "n_rejected"):
        is_whole = not any(row.has("n_rejected") and row["n_rejected"] for row in rows)
        return (brief.words.html("origin.intake_all" if is_whole else "origin.intake_some"),)
    counts = {name: brief.number(total, f"n_{name}", COUNT) for name in ("delivered", "rejected")}
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


def _fault_tables(brief: Brief) -> tuple[DataTable, ...]:
    """What was wrong with the delivered months, as far as anything was. Where no livelihood is
    known, that people's time has none is no fault.
    """
    livelihood = brief.tables.row("state_sources", source="livelihood")
    is_known = livelihood is None or livelihood["share"] != 0
    rows = [
        row
        for row in brief.tables.rows("timeline_faults")
        if is_known or row["fault"] in PAYMENT_FAULTS
    ]
    return _FAULTS.tables(
        brief, [row for row in rows if not row.has("n_faults") or row["n_faults"]]
    )


def _through(brief: Brief, row: Row) -> str:
    return brief.words.month(row["data_through"]) if row.has("data_through") else ""


def _n_delivered(brief: Brief, row: Row) -> Markup | str:
    return brief.number(row, "n_delivered", COUNT) if row.has("n_delivered") else NOTHING


def _table_name(brief: Brief, row: Row) -> str:
    return brief.words.text("origin.all_tables") if row["table"] == "all" else row["table"]


def _rule_name(brief: Brief, row: Row) -> str:
    return brief.words.text("origin.all_rules") if row["rule"] == "all" else row["rule"]


def _run_tables(brief: Brief) -> tuple[DataTable, ...]:
    run, words = brief.run, brief.words
    run_file = Markup("{} <code>{}</code>").format(run.run_file.name, hash_of(run.params))
    facts: list[tuple[str, Markup]] = [(words.text("origin.run_file"), run_file)]
    if run.run_id:
        facts.append((words.text("origin.run_id"), code(run.run_id)))
    facts.append((words.text("origin.seed"), code(run.params.seed)))
    # The commit is left out: it changes with every text of the project, evalkit_source only with
    # what the numbers rest on.
    facts += [
        (words.text("origin.version", name=name), code(version))
        for name, version in run.versions.items()
        if name != "git_commit"
    ]
    return _RUN.tables(brief, facts)


_INTAKE = View(
    "intake",
    "origin.intake_caption",
    "origin",
    (
        cell("intake_table", _table_name, "table"),
        cell("intake_rule", _rule_name, "rule"),
        cell("n_delivered", _n_delivered, "n_delivered"),
        number("n_rejected", or_nothing=True),
        number("n_flagged", or_nothing=True),
    ),
)
_REASONS = View(
    "reason_codes",
    "sources.reasons_caption",
    "sources",
    (
        word("source", "sources."),
        word("code_list", "sources.list_"),
        word("answer", "sources.codes_"),
        number("n_delivered"),
    ),
)
_FAULTS = View(
    "timeline_faults",
    "sources.faults_caption",
    "sources",
    (
        word("fault", "sources."),
        number("n_faults"),
        number("n_persons"),
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
        cell("checksum", lambda brief, entry: checksum(entry[1])),
    ),
)
