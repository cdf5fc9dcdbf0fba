"""The pages of a run's site, in each language: the decision page of each district and of the city,
the evidence behind them, and the method.

site/index.html chooses the language; in site/LANGUAGE/ lie the decision pages (index.html is the
city's), in evidence/ what is known of each district and of the city, in interventions/ what each
intervention does, in people/ the same for the person who may take part, in about/ the programme and
the method. A page is one file: nothing is fetched, its one script runs under its hash, and the same
tables give the same bytes. It is written beside its place and renamed, so it is whole or absent.
"""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from evalkit.disclosure import Published
from evalkit.errors import ParameterError, nearest
from evalkit.params import Run
from evalkit.report.evidence.sheet import sheet_of
from evalkit.report.kinds import (
    CITY_DECISION,
    CITY_EVIDENCE,
    DISTRICT_DECISION,
    DISTRICT_EVIDENCE,
    INTERVENTION_EVIDENCE,
    METHOD_PAGE,
    PROGRAMME_PAGE,
    Page,
)
from evalkit.report.parts.document import Brief, Section, shared_sentences_first
from evalkit.report.parts.layout import render, style
from evalkit.report.parts.numbers import PageTables
from evalkit.report.parts.place import METHOD, PEOPLE, PROGRAMME, Place
from evalkit.report.shell import (
    SITE,
    Tables,
    brief_of,
    subject_of,
    title_of,
    write_page,
    write_whole,
)
from evalkit.tables import CITY, slug
from evalkit.words import Words, words_of_run
from evalkit.words.run_words import protocols_of


def write_district_pages(
    run: Run, district: str, tables: Mapping[str, Published], draw: Callable[..., Mapping[str, str]]
) -> tuple[Path, ...]:
    """Write a district's decision page and its evidence in each of the run's languages.

    Parameters
    ----------
    run : Run
        The run; its notices, wording and vintage stand in the pages.
    district : str
        One of the run's districts.
    tables : mapping of str to Published
        Published tables: the district's own and the city's ("all"), see the table families that the
        sections read.
    draw : callable
        Draws the figures of the evidence from the tables in the words it is given:
        `charts.district_figures`.

    Returns
    -------
    tuple of Path
        Two pages for each language.

    Raises
    ------
    DisclosureError
        If a table is not `Published`, or a figure could fetch or run anything.
    ParameterError
        If the district is not one of the run's, a figure has no place in the page, or a text is
        missing.
    """
    primary = {name: protocol.primary_estimand for name, protocol in protocols_of(run).items()}
    shared = PageTables(tables, where=f"page of {district}")
    return tuple(
        page
        for words in _languages(run)
        for page in (
            write_decision_page(run, district, shared, words),
            write_district_page(
                run,
                district,
                shared,
                draw(tables, words, district=district, estimands=primary),
                words,
            ),
        )
    )


def write_intervention_pages(
    run: Run,
    intervention: str,
    tables: Mapping[str, Published],
    draw: Callable[..., Mapping[str, str]],
) -> tuple[Path, ...]:
    """Write the evidence of an intervention, for the city, and the sheet for the person, in each
    of the run's languages; as `write_district_pages`, by `charts.intervention_figures`.
    """
    shared = PageTables(tables, where=f"page of {intervention}")
    return tuple(
        page
        for words in _languages(run)
        for page in (
            write_intervention_page(
                run, intervention, shared, draw(tables, words, intervention=intervention), words
            ),
            write_sheet(run, intervention, shared, words),
        )
    )


def write_overviews(
    run: Run,
    tables: Mapping[str, Published],
    draw: Callable[..., Mapping[str, str]],
    *,
    without_report: Sequence[str] = (),
) -> tuple[Path, ...]:
    """Write the city's pages and the method in each of the run's languages, and the choice of
    language; as `write_district_pages`, by `charts.overview_figures`. `without_report` are the
    districts whose pages could not be made; the city's pages name them.
    """
    shared = PageTables(tables, where="page of the city")
    pages = tuple(
        page
        for words in _languages(run)
        for page in (
            write_decision_page(run, CITY, shared, words, without_report=without_report),
            write_overview(run, shared, draw(tables, words), words, without_report=without_report),
            write_method(run, shared, words),
        )
    )
    return (*pages, write_index(run))


def write_district_page(
    run: Run,
    district: str,
    tables: Tables,
    figures: Mapping[str, str],
    words: Words,
) -> Path:
    """Write the evidence of a district in one language: site/LANGUAGE/evidence/DISTRICT.html.

    `figures` is SVG by figure name; parameters and errors else as `write_district_pages`.
    """
    _refuse_unknown("district", district, run.params.districts)
    return _write_evidence(run, DISTRICT_EVIDENCE, tables, figures, words, district=district)


def write_overview(
    run: Run,
    tables: Tables,
    figures: Mapping[str, str],
    words: Words,
    *,
    without_report: Sequence[str] = (),
) -> Path:
    """Write the evidence of the city in one language: site/LANGUAGE/evidence/all.html, as
    `write_district_page`.
    """
    return _write_evidence(
        run, CITY_EVIDENCE, tables, figures, words, without_report=without_report
    )


def write_intervention_page(
    run: Run,
    intervention: str,
    tables: Tables,
    figures: Mapping[str, str],
    words: Words,
) -> Path:
    """Write the evidence of an intervention in one language:
    site/LANGUAGE/interventions/INTERVENTION.html, as `write_district_page`.
    """
    _refuse_unknown("intervention", intervention, list(protocols_of(run)))
    return _write_evidence(
        run, INTERVENTION_EVIDENCE, tables, figures, words, intervention=intervention
    )


def write_sheet(run: Run, intervention: str, tables: Tables, words: Words) -> Path:
    """Write the page for the person who may take part, in one language:
    site/LANGUAGE/people/INTERVENTION.html, as `write_district_page`.
    """
    _refuse_unknown("intervention", intervention, list(protocols_of(run)))
    place = Place(PEOPLE, slug(intervention))
    brief = brief_of(run, CITY, tables, {}, words, intervention=intervention, place=place)
    heading = subject_of(brief)
    return write_page(
        brief,
        "people",
        title=brief.words.text("page.title", heading=heading, run=title_of(brief)),
        heading=heading,
        kind_of_page=brief.words.text("page.people_kind"),
        sheet=sheet_of(brief),
    )


def write_method(run: Run, tables: Tables, words: Words) -> Path:
    """Write the method in one language: site/LANGUAGE/about/method.html, as
    `write_district_page`.
    """
    return _write_evidence(run, METHOD_PAGE, tables, {}, words)


def write_programme(run: Run, tables: Mapping[str, Published]) -> tuple[Path, ...]:
    """Write the page about the districts' programme of actions in each of the run's languages:
    site/LANGUAGE/about/programme.html. Nothing where no actions were delivered.
    """
    shared = PageTables(tables, where="page of the programme")
    if not shared.rows("programme_actions"):
        return ()
    return tuple(
        _write_evidence(run, PROGRAMME_PAGE, shared, {}, words) for words in _languages(run)
    )


def write_index(run: Run) -> Path:
    """Write site/index.html: the choice of language, by links."""
    choices = _languages(run)
    title = " / ".join(run.params.title[words.language] for words in choices)
    html = render("index.html.j2", run=run, choices=choices, title=title, style=style("choice"))
    return write_whole(run.run_dir / SITE / "index.html", html)


def write_decision_page(
    run: Run,
    district: str,
    tables: Tables,
    words: Words,
    *,
    without_report: Sequence[str] = (),
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
    return write_page(
        brief,
        "decision",
        title=brief.words.text(
            "page.decision_title", district=brief.district_name, run=title_of(brief)
        ),
        heading=brief.words.label(CITY) if brief.is_city else district,
        parts=[part for build in builders if (part := build(brief))],
        notices=_on_missing(without_report, brief.words),
    )


def _write_evidence(
    run: Run,
    page: Page,
    tables: Tables,
    figures: Mapping[str, str],
    words: Words,
    *,
    district: str = CITY,
    intervention: str = "",
    without_report: Sequence[str] = (),
) -> Path:
    own = {METHOD_PAGE.heading: METHOD, PROGRAMME_PAGE.heading: PROGRAMME}
    name = own.get(page.heading) or slug(intervention or district)
    place = Place(page.folder, name)
    brief = brief_of(run, district, tables, figures, words, intervention=intervention, place=place)
    sections = [section for build in page.sections if (section := build(brief))]
    _refuse_unplaced(brief, sections)
    heading = brief.words.text(page.heading) if page.heading else subject_of(brief)
    return write_page(
        brief,
        "evidence",
        title=brief.words.text("page.title", heading=heading, run=title_of(brief)),
        heading=heading,
        kind_of_page=brief.words.text(page.kind),
        sections=[shared_sentences_first(section) for section in sections],
        notices=_on_missing(without_report, brief.words),
    )


def _on_missing(without_report: Sequence[str], words: Words) -> list[str]:
    """The sentence that names districts without a report, if there are any."""
    names = words.listing(list(without_report))
    return [words.text("missing.districts", districts=names)] if without_report else []


def _refuse_unknown(what: str, name: str, known: Sequence[str]) -> None:
    if name not in known:
        raise ParameterError(
            f"The run has no such {what}.",
            where=f'{what} "{name}" ({nearest(name, known)})',
            why="A page is written for each that the run file names, so that every link leads "
            "somewhere.",
            fix=f"choose one of the {what}s of the run.",
        )


def _languages(run: Run) -> tuple[Words, ...]:
    return tuple(words_of_run(run, language) for language in run.params.languages)


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
