"""The published tables that a page rests on, with their sources, checksums and rules."""

from collections.abc import Sequence

from markupsafe import Markup

from evalkit.disclosure import Published
from evalkit.line.published import PUBLISHED
from evalkit.report.parts.document import Block, Brief, DataTable, Section
from evalkit.report.view import View, cell, link_to_method
from evalkit.words import Words

_SHOWN_DIGITS = 16


def own_sources(brief: Brief) -> Section:
    """The tables that are the district's alone; those of the whole city stand with the method."""
    own = [
        table
        for table in brief.tables.all()
        if PUBLISHED[table.name.partition("-")[0]].scope == "district"
    ]
    return Section(
        "origin",
        brief.words.text("origin.heading"),
        (
            brief.words.html(
                "origin.own", district=brief.district_name, method=link_to_method(brief, "origin")
            ),
        ),
        (Block(tables=table_list(brief, own)),),
    )


def table_list(brief: Brief, tables: Sequence[Published]) -> tuple[DataTable, ...]:
    """Published tables with source, grade, rules and checksum."""
    return _TABLES.tables(brief, tables)


def rule_in_words(words: Words, rule: str) -> str:
    """A rule of disclosure control in the reader's language: "min_persons:5" as a sentence."""
    code, _, value = rule.partition(":")
    values = {"n": value, "below": str(int(value) - 1)} if value.isdigit() else {}
    columns = (
        [_column(words, column) for column in value.split(",")] if code == "total_over" else []
    )
    return words.text(f"rule.{code}", columns=words.listing(columns), **values)


def _column(words: Words, column: str) -> str:
    """A column in words; one of a researcher's own as it is called."""
    return words.text(f"column.{column}") if words.has(f"column.{column}") else column


def code(text: object) -> Markup:
    """Text as it stands in a file."""
    return Markup("<code>{}</code>").format(text)


def checksum(text: str) -> Markup:
    """The first characters of a checksum."""
    return code(text[:_SHOWN_DIGITS])


def _rules(brief: Brief, table: Published) -> str:
    return " ".join(rule_in_words(brief.words, rule) for rule in table.rules)


_TABLES = View(
    "",
    "origin.tables_caption",
    "origin",
    (
        cell("table", lambda brief, table: code(table.name)),
        cell("table_source", lambda brief, table: brief.table_note(table)),
        cell("rules", _rules),
        cell("n_suppressed", lambda brief, table: brief.words.number(table.n_suppressed)),
        cell("checksum", lambda brief, table: checksum(table.sha256)),
    ),
)
