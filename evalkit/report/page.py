"""The pages of a run's site: one per district and language, an overview per language, and the
choice of language.

site/index.html, site/LANGUAGE/index.html and site/LANGUAGE/DISTRICT.html. A page is one file: no
script, nothing fetched, the same bytes for the same tables. It is written beside its place and
renamed, so it is whole or absent.
"""

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined, Template
from markupsafe import Markup

from evalkit.disclosure import Published
from evalkit.draws import MIN_DRAWS_FOR_LIMITS
from evalkit.errors import ParameterError, nearest
from evalkit.params import Run
from evalkit.report.parts.document import Brief, Section, shared_sentences_first
from evalkit.report.parts.numbers import PageTables
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
from evalkit.words import Words, with_soft_hyphens, words_of_run
from evalkit.words.files import locale_of
from evalkit.words.run_words import protocols_of, with_names_of_run

SITE = "site"


@dataclass(frozen=True)
class Page:
    """A kind of page, with its sections from top to bottom.

    Attributes
    ----------
    kind, title : str
        Keys of what it is called above its heading, and in the browser's title.
    sections : tuple of callables
        Each builds a section from the brief; None where there is nothing to say.
    name, heading : str
        File name and key of the heading; the district's own if empty.
    """

    kind: str
    title: str
    sections: tuple[Callable[[Brief], Section | None], ...]
    name: str = ""
    heading: str = ""


DISTRICT_PAGE = Page(
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
CITY_PAGE = Page(
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
    name="index",
    heading="page.overview_heading",
)


def write_district_page(
    run: Run,
    district: str,
    tables: Mapping[str, Published],
    figures: Mapping[str, str],
    words: Words,
) -> Path:
    """Write a district's page in one language.

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
        site/LANGUAGE/DISTRICT.html.

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
    return _write_page(brief_of(run, district, tables, figures, words), DISTRICT_PAGE)


def write_district_pages(
    run: Run, district: str, tables: Mapping[str, Published], draw: Callable[..., Mapping[str, str]]
) -> tuple[Path, ...]:
    """Write a district's page in each of the run's languages.

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
        write_district_page(run, district, tables, draw(tables, words, district=district), words)
        for words in _languages(run)
    )


def write_overviews(
    run: Run, tables: Mapping[str, Published], draw: Callable[..., Mapping[str, str]]
) -> tuple[Path, ...]:
    """Write the city's page in each of the run's languages, and the choice of language; as
    `write_district_pages`, by `charts.overview_figures`.
    """
    pages = tuple(
        write_overview(run, tables, draw(tables, words), words) for words in _languages(run)
    )
    return (*pages, write_index(run))


def _languages(run: Run) -> tuple[Words, ...]:
    return tuple(words_of_run(run, language) for language in run.params.languages)


def write_overview(
    run: Run, tables: Mapping[str, Published], figures: Mapping[str, str], words: Words
) -> Path:
    """Write the city's page in one language: site/LANGUAGE/index.html.

    Parameters, returned value and errors as `write_district_page`; the numbers are those of
    district "all" and of every district.
    """
    return _write_page(brief_of(run, CITY, tables, figures, words), CITY_PAGE)


def write_index(run: Run) -> Path:
    """Write site/index.html: the choice of language, by links."""
    choices = _languages(run)
    title = " / ".join(run.params.title[words.language] for words in choices)
    html = _template("index.html.j2").render(run=run, choices=choices, title=title)
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


def _write_page(brief: Brief, page: Page) -> Path:
    run, words = brief.run, brief.words
    sections = [section for build in page.sections if (section := build(brief))]
    _refuse_unplaced(brief, sections)
    name = page.name or slug(brief.district)
    city = run.params.title[words.language]
    html = _template("page.html.j2").render(
        words=words,
        run=run,
        name=name,
        title=words.text(page.title, district=brief.district_name, run=city),
        heading=words.text(page.heading) if page.heading else brief.district,
        kind=words.text(page.kind),
        notices=_notices(run, words),
        sections=[shared_sentences_first(section) for section in sections],
        pages=[(district, slug(district)) for district in run.params.districts],
        others=[
            (language, locale_of(language).link)
            for language in run.params.languages
            if language != words.language
        ],
    )
    return _write_whole(run.run_dir / SITE / words.language / f"{name}.html", html)


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


@cache
def _template(name: str) -> Template:
    environment = Environment(
        loader=PackageLoader("evalkit.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["with_soft_hyphens"] = with_soft_hyphens
    style = Markup(environment.get_template("style.css").render())
    return environment.get_template(name, globals={"style": style})
