"""The published tables that a page rests on, with their sources, checksums and rules."""

from collections.abc import Sequence

from markupsafe import Markup

from evalkit.disclosure import Published
from evalkit.disclosure.published import rule_in_words
from evalkit.line.published import PUBLISHED
from evalkit.report.parts.document import Block, Brief, DataTable, Section
from evalkit.report.view import View, cell, link_to_method

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


def code(text: object) -> Markup:
    """Text as it stands in a file."""
    return Markup("<code>{}</code>").format(text)


def checksum(text: str) -> Markup:
    """The first characters of a checksum."""
    return code(text[:_SHOWN_DIGITS])


def _rules(brief: Brief, table: Published) -> str:
    return " ".join(rule_in_words(rule, brief.words) for rule in table.rules)


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
