"""The seventh answer: where the numbers come from, with checksums, versions, counts of the intake
and the rules that protect small numbers.
"""

from markupsafe import Markup

from evalkit.disclosure import Published
from evalkit.line.states import STATE_SOURCES
from evalkit.records import hash_of
from evalkit.report.parts.document import Block, Brief, DataTable, Section
from evalkit.report.parts.numbers import COUNT, SHARE, Row

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
                    *_run_table(brief),
                    *_inputs_table(brief),
                    *_intake_table(brief),
                    _tables_table(brief),
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
    rows = brief.shelf.rows("intake")
    if not rows:
        return ()
    total = brief.shelf.row("intake", table="all", rule="all")
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
    rows = {row["source"]: row for row in brief.shelf.rows("state_sources")}
    if not set(STATE_SOURCES) <= set(rows):
        return ()
    return (
        brief.words.html(
            "origin.states",
            **{source: brief.number(rows[source], "share", SHARE) for source in STATE_SOURCES},
        ),
    )


def _intake_table(brief: Brief) -> tuple[DataTable, ...]:
    words, rows = brief.words, brief.shelf.rows("intake")
    if not rows:
        return ()
    columns = ("n_delivered", "n_accepted", "n_rejected")
    months = ("data_through",) if any(row.has("data_through") for row in rows) else ()
    body = tuple(
        (
            _table_name(brief, row),
            _rule_name(brief, row),
            *(brief.number(row, column, COUNT) for column in columns),
            *(words.month(row[column]) if row.has(column) else "" for column in months),
        )
        for row in rows
    )
    head = tuple(
        words.text(f"origin.{column}")
        for column in ("intake_table", "intake_rule", *columns, *months)
    )
    return (
        DataTable(
            caption=words.text("origin.intake_caption"),
            head=head,
            rows=body,
            note=brief.note("intake"),
        ),
    )


def _table_name(brief: Brief, row: Row) -> str:
    return brief.words.text("origin.all_tables") if row["table"] == "all" else row["table"]


def _rule_name(brief: Brief, row: Row) -> str:
    return brief.words.text("origin.all_rules") if row["rule"] == "all" else row["rule"]


def _run_table(brief: Brief) -> tuple[DataTable, ...]:
    run, words = brief.run, brief.words
    code = Markup("<code>{}</code>")
    facts = [
        (
            words.text("origin.run_file"),
            Markup("{} <code>{}</code>").format(run.run_file.name, hash_of(run.params)),
        )
    ]
    facts += [(words.text("origin.run_id"), code.format(run.run_id))] if run.run_id else []
    facts.append((words.text("origin.seed"), code.format(run.params.seed)))
    # The commit is left out: it changes with every text of the project, evalkit_source only with
    # what the numbers rest on.
    named = {name: version for name, version in run.versions.items() if name != "git_commit"}
    facts += [
        (words.text("origin.version", name=name), code.format(version))
        for name, version in named.items()
    ]
    head = (words.text("origin.item"), words.text("origin.content"))
    return (DataTable(caption=words.text("origin.run_caption"), head=head, rows=tuple(facts)),)


def _inputs_table(brief: Brief) -> tuple[DataTable, ...]:
    if not brief.run.inputs:
        return ()
    words = brief.words
    body = tuple(
        (name, Markup("<code>{}</code>").format(checksum[:_SHOWN_DIGITS]))
        for name, checksum in brief.run.inputs.items()
    )
    head = (words.text("origin.file"), words.text("origin.checksum"))
    return (DataTable(caption=words.text("origin.inputs_caption"), head=head, rows=body),)


def _tables_table(brief: Brief) -> DataTable:
    words = brief.words
    head = tuple(
        words.text(f"origin.{column}")
        for column in ("table", "table_source", "rules", "n_suppressed", "checksum")
    )
    return DataTable(
        caption=words.text("origin.tables_caption"),
        head=head,
        rows=tuple(_line(brief, table) for table in brief.shelf.tables()),
    )


def _line(brief: Brief, table: Published) -> tuple[Markup | str, ...]:
    words = brief.words
    return (
        Markup("<code>{}</code>").format(table.name),
        brief.table_note(table),
        " ".join(rule_in_words(brief, rule) for rule in table.rules),
        words.number(table.n_suppressed),
        Markup("<code>{}</code>").format(table.sha256[:_SHOWN_DIGITS]),
    )
