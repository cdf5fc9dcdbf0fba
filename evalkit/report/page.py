"""The pages of a run's site, in each language: the decision page of each district and of the city,
and the evidence behind them.

site/index.html chooses the language; site/LANGUAGE/index.html and site/LANGUAGE/DISTRICT.html are
the decision pages, site/LANGUAGE/evidence/ holds what they rest on. A page is one file: nothing is
fetched, its one script runs under its hash, and the same tables give the same bytes. It is written
beside its place and renamed, so it is whole or absent.
"""

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from evalkit.disclosure import Published
from evalkit.draws import MIN_DRAWS_FOR_LIMITS
from evalkit.errors import ParameterError, nearest
from evalkit.params import Run
from evalkit.report.decision.answer import the_answer
from evalkit.report.decision.changes import what_changes
from evalkit.report.decision.matrix import where_it_pays
from evalkit.report.decision.moves import what_moves
from evalkit.report.decision.spread import how_long_and_how
from evalkit.report.decision.stays import who_stays
from evalkit.report.parts.document import Brief, Part, Section, shared_sentences_first
from evalkit.report.parts.layout import render, script, script_hash, style
from evalkit.report.parts.numbers import PageTables
from evalkit.report.parts.place import Link, Place
from evalkit.report.sections.allocation import best_use
from evalkit.report.sections.certainty import how_sure, what_cannot_be_said
from evalkit.report.sections.change import what_it_changes
from evalkit.report.sections.long_term import how_often_back
from evalkit.report.sections.overview import the_districts, what_differs
from evalkit.report.sections.people import how_long_and_where_to, who_is_here
from evalkit.report.sections.provenance import where_numbers_come_from
from evalkit.report.sections.value import costs_and_gains
from evalkit.report.sections.value_over_time import when_it_pays
from evalkit.tables import CITY, slug
from evalkit.words import Words, words_of_run
from evalkit.words.files import locale_of
from evalkit.words.run_words import protocols_of, with_names_of_run

SITE = "site"


@dataclass(frozen=True)
class Page:
    """A kind of page, with its sections from top to bottom.

    Attributes
    ----------
    folder : str
        Where in a language's folder its pages lie; empty for the decision pages.
    kind, title : str
        Keys of what it is called above its heading, and in the browser's title.
    sections : tuple of callables
        Each builds a section from the brief; None where there is nothing to say.
    heading : str
        The key of its heading; the district's own name if empty.
    """

    folder: str
    kind: str
    title: str
    sections: tuple[Callable[[Brief], Section | None], ...]
    heading: str = ""


# What a decision page has, from top to bottom.
DISTRICT_DECISION: tuple[Callable[[Brief], Part | None], ...] = (
    the_answer,
    who_stays,
    what_changes,
)
CITY_DECISION: tuple[Callable[[Brief], Part | None], ...] = (
    the_answer,
    where_it_pays,
    what_moves,
    what_changes,
    how_long_and_how,
)

DISTRICT_EVIDENCE = Page(
    "evidence",
    "page.kind",
    "page.title",
    (
        who_is_here,
        how_long_and_where_to,
        how_often_back,
        what_it_changes,
        costs_and_gains,
        when_it_pays,
        how_sure,
        what_cannot_be_said,
        where_numbers_come_from,
    ),
)
CITY_EVIDENCE = Page(
    "evidence",
    "page.overview_kind",
    "page.overview_title",
    (
        the_districts,
        what_differs,
        how_long_and_where_to,
        how_often_back,
        what_it_changes,
        costs_and_gains,
        when_it_pays,
        best_use,
        how_sure,
        what_cannot_be_said,
        where_numbers_come_from,
    ),
    heading="page.overview_heading",
)


def write_district_page(
    run: Run,
    district: str,
    tables: Mapping[str, Published],
    figures: Mapping[str, str],
    words: Words,
) -> Path:
    """Write the evidence of a district in one language.

    Parameters
    ----------
    run : Run
        The run; its notices, wording and vintage stand in the page.
    district : str
        One of the run's districts.
    tables : mapping of str to Published
        Published tables: the district's own and the city's ("all"), see the table families that the
        sections read.
    figures : mapping of str to str
        SVG by figure name, as `charts.district_figures` makes it.
    words : Words
        The reader's language (`words` or `words_of_run`).

    Returns
    -------
    Path
        site/LANGUAGE/evidence/DISTRICT.html.

    Raises
    ------
    DisclosureError
        If a table is not `Published`, or a figure could fetch or run anything.
    ParameterError
        If the district is not one of the run's, a figure has no place in the page, or a text is
        missing.
    """
    if district not in run.params.districts:
        raise ParameterError(
            "The run has no such district.",
            where=f'district "{district}" ({nearest(district, run.params.districts)})',
            why="A page is written for each district of the run file, so that every link leads "
            "somewhere.",
            fix="choose one of the districts in the run file.",
        )
    return _write_page(brief_of(run, district, tables, figures, words), DISTRICT_EVIDENCE)


def write_district_pages(
    run: Run, district: str, tables: Mapping[str, Published], draw: Callable[..., Mapping[str, str]]
) -> tuple[Path, ...]:
    """Write a district's decision page and its evidence in each of the run's languages.

    Parameters
    ----------
    run, district, tables
        As `write_district_page`.
    draw : callable
        Draws the page's figures from the tables in the words it is given:
        `charts.district_figures`.

    Returns
    -------
    tuple of Path
        A page for each language; errors as `write_district_page`.
    """
    return tuple(
        page
        for words in _languages(run)
        for page in (
            write_decision_page(run, district, tables, words),
            write_district_page(
                run, district, tables, draw(tables, words, district=district), words
            ),
        )
    )


def write_overviews(
    run: Run, tables: Mapping[str, Published], draw: Callable[..., Mapping[str, str]]
) -> tuple[Path, ...]:
    """Write the city's pages in each of the run's languages, and the choice of language; as
    `write_district_pages`, by `charts.overview_figures`.
    """
    pages = tuple(
        page
        for words in _languages(run)
        for page in (
            write_decision_page(run, CITY, tables, words),
            write_overview(run, tables, draw(tables, words), words),
        )
    )
    return (*pages, write_index(run))


def _languages(run: Run) -> tuple[Words, ...]:
    return tuple(words_of_run(run, language) for language in run.params.languages)


def write_overview(
    run: Run, tables: Mapping[str, Published], figures: Mapping[str, str], words: Words
) -> Path:
    """Write the evidence of the city in one language: site/LANGUAGE/evidence/all.html.

    Parameters, returned value and errors as `write_district_page`; the numbers are those of
    district "all" and of every district.
    """
    return _write_page(brief_of(run, CITY, tables, figures, words), CITY_EVIDENCE)


def write_index(run: Run) -> Path:
    """Write site/index.html: the choice of language, by links."""
    choices = _languages(run)
    title = " / ".join(run.params.title[words.language] for words in choices)
    html = render("index.html.j2", run=run, choices=choices, title=title, style=style("evidence"))
    return _write_whole(run.run_dir / SITE / "index.html", html)


def brief_of(
    run: Run,
    district: str,
    tables: Mapping[str, Published],
    figures: Mapping[str, str],
    words: Words,
) -> Brief:
    """What the builders of a district's (or, for "all", the city's) page work from."""
    page = "overview" if district == CITY else f"page of {district}"
    return Brief(
        run,
        district,
        PageTables(tables, where=page),
        figures,
        with_names_of_run(words, run),
        protocols_of(run),
    )


def write_decision_page(
    run: Run, district: str, tables: Mapping[str, Published], words: Words
) -> Path:
    """Write the decision page of a district (or, for "all", of the city) in one language.

    Parameters and errors as `write_district_page`.

    Returns
    -------
    Path
        site/LANGUAGE/DISTRICT.html, or site/LANGUAGE/index.html.
    """
    brief = brief_of(run, district, tables, {}, words)
    builders = CITY_DECISION if brief.is_city else DISTRICT_DECISION
    return _write(
        brief,
        Place("", slug(district)),
        "decision",
        title=brief.words.text(
            "page.decision_title", district=brief.district_name, run=_title(brief)
        ),
        heading=brief.words.label(CITY) if brief.is_city else district,
        parts=[part for build in builders if (part := build(brief))],
    )


def _write_page(brief: Brief, page: Page) -> Path:
    words = brief.words
    sections = [section for build in page.sections if (section := build(brief))]
    _refuse_unplaced(brief, sections)
    return _write(
        brief,
        Place(page.folder, slug(brief.district)),
        "evidence",
        title=words.text(page.title, district=brief.district_name, run=_title(brief)),
        heading=words.text(page.heading) if page.heading else brief.district,
        kind_of_page=words.text(page.kind),
        sections=[shared_sentences_first(section) for section in sections],
    )


def _title(brief: Brief) -> str:
    return brief.run.params.title[brief.words.language]


def _write(brief: Brief, place: Place, kind: str, **content: object) -> Path:
    run, words = brief.run, brief.words
    html = render(
        f"{kind}.html.j2",
        words=words,
        run=run,
        kind=kind,
        style=style(kind),
        script=script(),
        script_hash=script_hash(),
        notices=_notices(run, words),
        **_links(brief, place),
        **content,
    )
    return _write_whole(run.run_dir / SITE / words.language / place.path, html)


def _links(brief: Brief, place: Place) -> dict[str, object]:
    """The links of a page's header: the same kind of page of every district and of the city, the
    neighbours in that order, the other kinds of page, and the other languages.
    """
    words, districts = brief.words, brief.run.params.districts
    names = {CITY: words.label(CITY), **{district: district for district in districts}}
    order = list(names)
    here = order.index(brief.district)
    menu = [
        Link(names[one], place.link(Place(place.folder, slug(one))), one == brief.district)
        for one in order
    ]
    around = {"back": order[here - 1], "on": order[(here + 1) % len(order)]}
    return {
        "here": names[brief.district],
        "menu": menu,
        "neighbours": [(menu[order.index(one)], arrow) for arrow, one in around.items()],
        "kinds": [
            Link(words.text(f"page.to_{folder or 'decision'}"), place.link(other), other == place)
            for folder in ("", "evidence")
            if (other := Place(folder, slug(brief.district)))
        ],
        "languages": [
            Link(locale_of(other).link, place.in_language(other), language=other)
            for other in brief.run.params.languages
            if other != words.language
        ],
    }


def _notices(run: Run, words: Words) -> list[str]:
    """What is to be read first: whether the data are simulated, whether there are too few draws,
    and the run's own notices.
    """
    effects = run.params.effects
    notices = [words.text("page.simulated")] if run.params.extract.is_simulated else []
    if effects.protocols and effects.n_draws < MIN_DRAWS_FOR_LIMITS:
        numbers = {
            "n_draws": words.number(effects.n_draws),
            "enough": words.number(MIN_DRAWS_FOR_LIMITS),
        }
        notices.append(words.text("page.few_draws", **numbers))
    return [*notices, *(notice[words.language] for notice in run.params.notices)]


def _refuse_unplaced(brief: Brief, sections: Sequence[Section]) -> None:
    placed = {
        figure.name
        for section in sections
        for block in section.blocks
        for figure in block.all_figures
    }
    unplaced = sorted(set(brief.figures) - placed)
    if unplaced:
        raise ParameterError(
            f"{len(unplaced)} figure{'s have' if len(unplaced) > 1 else ' has'} no place in the "
            "page.",
            where=f"figures: {', '.join(unplaced)}; placed: {', '.join(sorted(placed)) or 'none'}",
            why="A picture that was drawn but not shown would be missed by nobody.",
            fix="hand on the tables that the figure was drawn from, or leave the figure out.",
        )


def _write_whole(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    temporary.write_bytes(text.encode("utf-8"))
    temporary.replace(path)
    return path
