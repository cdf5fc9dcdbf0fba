"""The pages of a run's site, in each language: the decision page of each district and of the city,
the evidence behind them, and the method.

site/index.html chooses the language; in site/LANGUAGE/ lie the decision pages (index.html is the
city's), in evidence/ what is known of each district and of the city, in interventions/ what each
intervention does, in about/ the method. A page is one file: nothing is fetched, its one script runs
under its hash, and the same tables give the same bytes. It is written beside its place and renamed,
so it is whole or absent.
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
from evalkit.report.decision.back import when_back
from evalkit.report.decision.changes import what_changes
from evalkit.report.decision.matrix import where_it_pays
from evalkit.report.decision.moves import what_moves
from evalkit.report.decision.payers import who_pays
from evalkit.report.decision.spread import how_long_and_how
from evalkit.report.decision.stays import who_stays
from evalkit.report.decision.sure import how_certain
from evalkit.report.decision.what_if import what_if
from evalkit.report.evidence.allocation import best_use
from evalkit.report.evidence.certainty import how_sure, what_cannot_be_said
from evalkit.report.evidence.change import what_it_changes
from evalkit.report.evidence.comparisons import districts_beside
from evalkit.report.evidence.deliveries import what_was_delivered
from evalkit.report.evidence.districts import the_districts, what_differs
from evalkit.report.evidence.long_term import how_often_back
from evalkit.report.evidence.people import how_long_and_where_to, who_is_here
from evalkit.report.evidence.sources import own_sources
from evalkit.report.evidence.value import costs_and_gains
from evalkit.report.evidence.value_over_time import when_it_pays
from evalkit.report.method.advice import how_advice_follows
from evalkit.report.method.decisive import what_decides
from evalkit.report.method.prices import prices_behind
from evalkit.report.method.protocols import what_was_asked
from evalkit.report.method.provenance import where_numbers_come_from
from evalkit.report.method.reading import how_to_read, what_we_do_not_know
from evalkit.report.parts.document import Brief, Part, Section, shared_sentences_first
from evalkit.report.parts.layout import render, script, script_hash, style
from evalkit.report.parts.numbers import PageTables
from evalkit.report.parts.place import ABOUT, EVIDENCE, INTERVENTIONS, METHOD, Link, Place
from evalkit.tables import CITY, slug
from evalkit.words import Words, words_of_run
from evalkit.words.files import locale_of
from evalkit.words.run_words import protocols_of, with_names_of_run

SITE = "site"
# Published tables by name, or as pages of the same tables share them.
Tables = Mapping[str, Published] | PageTables


@dataclass(frozen=True)
class Page:
    """A kind of page behind the answers, with its sections from top to bottom.

    Attributes
    ----------
    folder : str
        Where in a language's folder its pages lie.
    kind : str
        The key of what it is called above its heading.
    sections : tuple of callables
        Each builds a section from the brief; None where there is nothing to say.
    heading : str
        The key of its heading; the name of its district or intervention if empty.
    """

    folder: str
    kind: str
    sections: tuple[Callable[[Brief], Section | None], ...]
    heading: str = ""


# What a decision page has, from top to bottom. When money is back stands in the rows of the answer
# too: the city's page, which has more to tell, leaves its curves to the districts.
DISTRICT_DECISION: tuple[Callable[[Brief], Part | None], ...] = (
    the_answer,
    who_stays,
    what_changes,
    who_pays,
    when_back,
    what_if,
    how_certain,
)
# The city tells when money is back in the answer's rows alone: its curves stand in the evidence
# of each intervention, and the matrix takes their place.
CITY_DECISION: tuple[Callable[[Brief], Part | None], ...] = (
    the_answer,
    where_it_pays,
    what_moves,
    what_changes,
    who_pays,
    what_if,
    how_long_and_how,
    how_certain,
)

DISTRICT_EVIDENCE = Page(
    EVIDENCE,
    "page.evidence_kind",
    (
        who_is_here,
        how_long_and_where_to,
        how_often_back,
        what_it_changes,
        costs_and_gains,
        when_it_pays,
        how_sure,
        what_was_delivered,
        own_sources,
    ),
)
CITY_EVIDENCE = Page(
    EVIDENCE,
    "page.evidence_kind",
    (
        the_districts,
        what_differs,
        how_long_and_where_to,
        how_often_back,
        best_use,
        what_was_delivered,
    ),
    heading="page.overview_heading",
)
INTERVENTION_EVIDENCE = Page(
    INTERVENTIONS,
    "page.intervention_kind",
    (
        what_it_changes,
        costs_and_gains,
        when_it_pays,
        how_sure,
        districts_beside,
        what_cannot_be_said,
    ),
)
METHOD_PAGE = Page(
    ABOUT,
    "page.method_kind",
    (
        how_advice_follows,
        how_to_read,
        what_we_do_not_know,
        what_was_asked,
        what_decides,
        prices_behind,
        where_numbers_come_from,
    ),
    heading="page.method",
)


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
    """Write the evidence of an intervention, for the city, in each of the run's languages; as
    `write_district_pages`, by `charts.intervention_figures`.
    """
    shared = PageTables(tables, where=f"page of {intervention}")
    return tuple(
        write_intervention_page(
            run, intervention, shared, draw(tables, words, intervention=intervention), words
        )
        for words in _languages(run)
    )


def write_overviews(
    run: Run, tables: Mapping[str, Published], draw: Callable[..., Mapping[str, str]]
) -> tuple[Path, ...]:
    """Write the city's pages and the method in each of the run's languages, and the choice of
    language; as `write_district_pages`, by `charts.overview_figures`.
    """
    shared = PageTables(tables, where="page of the city")
    pages = tuple(
        page
        for words in _languages(run)
        for page in (
            write_decision_page(run, CITY, shared, words),
            write_overview(run, shared, draw(tables, words), words),
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
    return _write_page(run, DISTRICT_EVIDENCE, tables, figures, words, district=district)


def write_overview(run: Run, tables: Tables, figures: Mapping[str, str], words: Words) -> Path:
    """Write the evidence of the city in one language: site/LANGUAGE/evidence/all.html, as
    `write_district_page`.
    """
    return _write_page(run, CITY_EVIDENCE, tables, figures, words)


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
    return _write_page(
        run, INTERVENTION_EVIDENCE, tables, figures, words, intervention=intervention
    )


def write_method(run: Run, tables: Tables, words: Words) -> Path:
    """Write the method in one language: site/LANGUAGE/about/method.html, as
    `write_district_page`.
    """
    return _write_page(run, METHOD_PAGE, tables, {}, words)


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


def write_index(run: Run) -> Path:
    """Write site/index.html: the choice of language, by links."""
    choices = _languages(run)
    title = " / ".join(run.params.title[words.language] for words in choices)
    html = render("index.html.j2", run=run, choices=choices, title=title, style=style("choice"))
    return _write_whole(run.run_dir / SITE / "index.html", html)


def brief_of(
    run: Run,
    district: str,
    tables: Tables,
    figures: Mapping[str, str],
    words: Words,
    *,
    intervention: str = "",
    place: Place | None = None,
) -> Brief:
    """What the builders of a page work from: a district's or (for "all") the city's, or that of an
    intervention, whose brief speaks of its outcome. `place` is the decision page's if not given.
    Pages of the same tables may share them as `PageTables`.
    """
    named = f"page of {intervention or ('the city' if district == CITY else district)}"
    brief = Brief(
        run,
        district,
        tables if isinstance(tables, PageTables) else PageTables(tables, where=named),
        figures,
        with_names_of_run(words, run),
        protocols_of(run),
        place or Place("", slug(district)),
        intervention,
    )
    return brief.about(intervention) if intervention else brief


def write_decision_page(run: Run, district: str, tables: Tables, words: Words) -> Path:
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
        "decision",
        title=brief.words.text(
            "page.decision_title", district=brief.district_name, run=_title(brief)
        ),
        heading=brief.words.label(CITY) if brief.is_city else district,
        parts=[part for build in builders if (part := build(brief))],
    )


def _write_page(
    run: Run,
    page: Page,
    tables: Tables,
    figures: Mapping[str, str],
    words: Words,
    *,
    district: str = CITY,
    intervention: str = "",
) -> Path:
    name = METHOD if page is METHOD_PAGE else slug(intervention or district)
    place = Place(page.folder, name)
    brief = brief_of(run, district, tables, figures, words, intervention=intervention, place=place)
    sections = [section for build in page.sections if (section := build(brief))]
    _refuse_unplaced(brief, sections)
    heading = brief.words.text(page.heading) if page.heading else _subject(brief)
    return _write(
        brief,
        "evidence",
        title=brief.words.text("page.title", heading=heading, run=_title(brief)),
        heading=heading,
        kind_of_page=brief.words.text(page.kind),
        sections=[shared_sentences_first(section) for section in sections],
    )


def _title(brief: Brief) -> str:
    return brief.run.params.title[brief.words.language]


def _subject(brief: Brief) -> str:
    """What the page is about, as it stands alone."""
    return brief.words.label(brief.intervention or CITY) if brief.is_city else brief.district


def _write(brief: Brief, kind: str, **content: object) -> Path:
    run, words = brief.run, brief.words
    html = render(
        f"{kind}.html.j2",
        words=words,
        run=run,
        kind=kind,
        style=style(kind),
        script=script(kind),
        script_hash=script_hash(kind),
        notices=_notices(run, words),
        **_links(brief),
        **content,
    )
    return _write_whole(run.run_dir / SITE / words.language / brief.place.path, html)


def _links(brief: Brief) -> dict[str, object]:
    """The links of a page's header: the pages beside it with the neighbours in their order, the
    other kinds of page, and the other languages.
    """
    words, place = brief.words, brief.place
    beside = _beside(brief)
    menu = [Link(name, place.link(other), other == place) for other, name in beside.items()]
    order = list(beside)
    is_among = place in beside and len(order) > 1
    here = order.index(place) if is_among else 0
    around = {"back": menu[here - 1], "on": menu[(here + 1) % len(menu)]} if is_among else {}
    own = slug(brief.district)
    kinds = {"decision": Place("", own), "evidence": Place(EVIDENCE, own)}
    kinds |= {"method": Place(ABOUT, METHOD)}
    return {
        "here": beside.get(place) or words.text("page.method"),
        "menu_of": words.text("page.menu_interventions" if brief.intervention else "page.menu"),
        "menu": menu,
        "neighbours": [(link, arrow) for arrow, link in around.items()],
        "kinds": [
            Link(words.text(f"page.to_{name}"), place.link(other), other == place)
            for name, other in kinds.items()
        ],
        "languages": [
            Link(locale_of(other).link, place.in_language(other), language=other)
            for other in brief.run.params.languages
            if other != words.language
        ],
    }


def _beside(brief: Brief) -> dict[Place, str]:
    """The pages of the menu: the other interventions or else the city and its districts, in the
    same kind of page where they have one.
    """
    words = brief.words
    if brief.intervention:
        return {Place(INTERVENTIONS, slug(name)): words.label(name) for name in brief.protocols}
    folder = EVIDENCE if brief.place.folder == EVIDENCE else ""
    districts = {Place(folder, slug(name)): name for name in brief.run.params.districts}
    return {Place(folder, CITY): words.label(CITY), **districts}


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
