"""A page of a researcher's own: texts, and tables with their pictures, in one call. Gate 2 is its
door: nothing of a table stands in it that has not passed.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import floor, log10
from pathlib import Path
from typing import Any

import polars as pl
from markupsafe import Markup, escape

from evalkit import pictures
from evalkit.disclosure import Published, protect_own
from evalkit.disclosure.published import STATUSES, rule_in_words
from evalkit.errors import DisclosureError, EstimationError, ParameterError
from evalkit.frames import Frame, as_polars
from evalkit.images import LiveSketch, Sketch, name_of
from evalkit.imports import altair
from evalkit.report.parts.document import DataTable, Figure
from evalkit.report.parts.figures import place_svg
from evalkit.report.parts.layout import render, script, script_hash, style
from evalkit.report.shell import write_whole
from evalkit.results import Result
from evalkit.words import Words, capitalise
from evalkit.words import words as words_of

_KIND = "own"
_HEADING = "# "
_DIGITS, _MOST_DECIMALS = 3, 4
_HIDDEN, _NOTHING = ("row_id", "status"), "–"


Item = str | Published | Frame | Result


@dataclass(frozen=True)
class Part:
    """What stands below each other in a page: a heading, which begins a section, a text, or a table
    with its pictures.
    """

    heading: str = ""
    text: str = ""
    figures: tuple[Figure, ...] = ()
    table: DataTable | None = None


def page(
    items: Sequence[Item | tuple[str, Item]],
    *,
    out: Path | str,
    title: str = "",
    language: str = "en",
    words: Words | None = None,
    source: str = "",
) -> Path:
    """Write a small page of results of one's own, which opens without a network.

    Parameters
    ----------
    items : sequence
        From top to bottom. A text (str) is a paragraph, one that begins with "# " a heading. A
        published table (`Published`) stands with its charts. A table of one's own (polars, pandas
        or Arrow, or a result by its `table`) passes gate 2 here (`protect_own`) and stands with the
        picture of what has passed. A pair is a caption and its table.
    out : Path or str
        The HTML file.
    title : str
        The page's title; without one it is called own results.
    language : str
        Of the page's own words.
    words : Words, optional
        The words of a run (`words_of_run`), which know its interventions; `language` is then
        theirs.
    source : str
        Where the numbers of one's own tables come from.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    DisclosureError
        If a table does not say how many persons it rests on, or an item is a picture that has not
        passed gate 2.
    EstimationError
        If an item is of another kind.
    ParameterError
        If there is no item, or the file cannot be written.
    """
    words = words or words_of(language)
    if isinstance(items, str) or not isinstance(items, Sequence) or not items:
        raise ParameterError(
            "A page needs a list of what stands in it.",
            where="argument items of report.page",
            why=f"It is {type(items).__name__ if items else 'empty'}.",
            fix='give a list, for example [ "What I found", table ].',
        )
    source = source or words.text("own.source")
    parts = [
        part for place, item in enumerate(items) for part in _parts_of(item, place, words, source)
    ]
    title = title or words.text("own.title")
    html = render(
        f"{_KIND}.html.j2",
        words=words,
        kind="evidence",
        style=style("evidence"),
        script=script(_KIND),
        script_hash=script_hash(_KIND),
        title=title,
        notices=(words.text("own.notice"), words.text("page.rounded")),
        footer=words.text("own.footer"),
        sections=_sections(parts),
    )
    if Path(out).is_dir():
        raise _not_written(out, "it is a folder")
    try:
        return write_whole(Path(out), html)
    except OSError as fault:
        raise _not_written(out, fault.strerror or "the system refuses it") from None


def _not_written(out: Path | str, why: str) -> ParameterError:
    return ParameterError(
        "The page cannot be written.",
        where=str(out),
        why=f"{why[0].upper()}{why[1:]}.",
        fix='name a file in a folder of yours, for example out="found.html".',
    )


def _sections(parts: Sequence[Part]) -> list[list[Part]]:
    sections: list[list[Part]] = []
    for part in parts:
        if part.heading or not sections:
            sections.append([])
        sections[-1].append(part)
    return sections


def _parts_of(item: Any, place: int, words: Words, source: str) -> Iterator[Part]:
    caption, item = item if _is_pair(item) else ("", item)
    if isinstance(item, str):
        is_heading = item.startswith(_HEADING)
        yield Part(heading=item.removeprefix(_HEADING)) if is_heading else Part(text=item)
        return
    if isinstance(item, Sketch | LiveSketch):
        raise DisclosureError(
            "A picture that has not passed disclosure control was about to leave.",
            where=f"item {place + 1} of report.page: {item!r}",
            why="It is drawn from numbers of which nobody knows whether they may be shown.",
            fix="hand over its table: it passes gate 2 and is drawn anew from what has passed.",
        )
    if isinstance(item, Published):
        yield _with_charts(item, words)
        return
    table = item.table if isinstance(item, Result) else item
    table = as_polars(table, name=f"item {place + 1} of report.page")
    if isinstance(table, pl.LazyFrame):
        table = table.collect()
    passed = protect_own(table, name=f"table_{place + 1}", source=source)
    yield _drawn(passed, words, caption)


def _is_pair(item: Any) -> bool:
    return isinstance(item, tuple) and len(item) == 2 and isinstance(item[0], str)


def _with_charts(table: Published, words: Words) -> Part:
    """A published table with its registered charts."""
    from evalkit.charts import charts_of

    figures = [
        _figure(svg, f"{table.name}-{number}", _table_of(rows, words))
        for number, (svg, rows) in enumerate(charts_of(table, words))
    ]
    return Part(figures=tuple(figures), table=None if figures else _table_of(table, words))


def _drawn(table: Published, words: Words, caption: str) -> Part:
    """A table of one's own with the picture of its rows that have passed."""
    below = _table_of(table, words, caption)
    try:
        # Between the months that are shown nothing is known of a curve: it holds no value there.
        form = {"form": "line"} if "quoted_months" in table.rules else {}
        sketch = pictures.plot(table.data.filter(pl.col("status") == "ok").drop(_HIDDEN), **form)
    except EstimationError:  # a table without a picture stands alone
        return Part(table=below)
    # What has passed gate 2 needs no warning, and its title stands below it.
    chart = sketch.chart.copy()
    chart.title = altair().Undefined
    passed = Sketch(chart, caption or sketch.name)
    return Part(figures=(_figure(passed.svg, table.name, below, label=passed.name),))


def _figure(svg: str, name: str, table: DataTable, *, label: str = "") -> Figure:
    label = label or name_of(svg)
    return Figure(name, place_svg(svg, name=name, label=label), Markup(escape(label)), (table,))


def _table_of(table: Published, words: Words, caption: str = "") -> DataTable:
    """All rows, what is withheld in words, and below them source, grade and rules."""
    shown = table.data.drop(_HIDDEN)
    withheld = words.text("mark.suppressed")
    nothing = {status: withheld if status == "suppressed" else _NOTHING for status in STATUSES}
    statuses, counted = table.data["status"].to_list(), table.counted
    rows = tuple(
        tuple(
            words.people(value)
            if name in counted and value is not None
            else _cell(value, words, nothing[status])
            for name, value in row.items()
        )
        for row, status in zip(shown.iter_rows(named=True), statuses, strict=True)
    )
    notes = [
        words.text("mark.table_note", source=table.source, grade=table.grade),
        f"{words.label('origin.n_suppressed')}: {words.number(table.n_suppressed)}.",
        *(rule_in_words(rule, words) for rule in table.rules),
    ]
    heads = tuple(_head(name) for name in shown.columns)
    return DataTable(caption or _head(table.name), heads, rows, " ".join(notes), is_sortable=True)


def _head(name: str) -> str:
    return capitalise(name.replace("_", " "))


def _cell(value: Any, words: Words, nothing: str) -> str:
    if value is None:
        return nothing
    if isinstance(value, bool) or not isinstance(value, int | float):
        return str(value)
    if isinstance(value, int):
        return words.number(value)
    size = floor(log10(abs(value))) if value else 0
    return words.number(value, min(max(_DIGITS - 1 - size, 0), _MOST_DECIMALS))
