"""The shell of a page: its brief, its header with the links, and the file."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from evalkit.disclosure import Published
from evalkit.draws import MIN_DRAWS_FOR_LIMITS
from evalkit.params import Run
from evalkit.report.parts.document import Brief
from evalkit.report.parts.layout import render, script, script_hash, style
from evalkit.report.parts.numbers import PageTables
from evalkit.report.parts.place import (
    ABOUT,
    EVIDENCE,
    INTERVENTIONS,
    METHOD,
    PEOPLE,
    PROGRAMME,
    Link,
    Place,
)
from evalkit.tables import CITY, slug
from evalkit.words import Words
from evalkit.words.files import locale_of
from evalkit.words.run_words import protocols_of, with_names_of_run

SITE = "site"
# Published tables by name, or as pages of the same tables share them.
Tables = Mapping[str, Published] | PageTables


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


def title_of(brief: Brief) -> str:
    """The run's title in the page's language."""
    return brief.run.params.title[brief.words.language]


def subject_of(brief: Brief) -> str:
    """What the page is about, as it stands alone."""
    return brief.words.label(brief.intervention or CITY) if brief.is_city else brief.district


def write_page(brief: Brief, kind: str, *, notices: Sequence[str] = (), **content: object) -> Path:
    """Render a page by its kind's template and write it at its place; returns its path. `notices`
    are those of this page alone.
    """
    run, words = brief.run, brief.words
    html = render(
        f"{kind}.html.j2",
        words=words,
        run=run,
        kind=kind,
        style=style(kind),
        script=script(kind),
        script_hash=script_hash(kind),
        notices=[*_notices(brief), *notices],
        **_links(brief),
        **content,
    )
    return write_whole(run.run_dir / SITE / words.language / brief.place.path, html)


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
    if brief.intervention:
        kinds |= {name: Place(name, slug(brief.intervention)) for name in (INTERVENTIONS, PEOPLE)}
    if brief.tables.rows("programme_actions"):
        kinds |= {"programme": Place(ABOUT, PROGRAMME)}
    kinds |= {"method": Place(ABOUT, METHOD)}
    of_its_kind = next((name for name, other in kinds.items() if other == place), "method")
    return {
        "here": beside.get(place) or words.text(f"page.to_{of_its_kind}"),
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
        folder = PEOPLE if brief.place.folder == PEOPLE else INTERVENTIONS
        return {Place(folder, slug(name)): words.label(name) for name in brief.protocols}
    folder = EVIDENCE if brief.place.folder == EVIDENCE else ""
    districts = {Place(folder, slug(name)): name for name in brief.run.params.districts}
    return {Place(folder, CITY): words.label(CITY), **districts}


def _notices(brief: Brief) -> list[str]:
    """What is to be read first: whether the data are simulated, whether there are too few draws,
    whose effects are missing from those of all districts, the run's own notices, and how numbers
    of people are rounded.
    """
    run, words = brief.run, brief.words
    effects = run.params.effects
    notices = [words.text("page.simulated")] if run.params.extract.is_simulated else []
    if effects.protocols and effects.n_draws < MIN_DRAWS_FOR_LIMITS:
        numbers = {
            "n_draws": words.number(effects.n_draws),
            "enough": words.number(MIN_DRAWS_FOR_LIMITS),
        }
        notices.append(words.text("page.few_draws", **numbers))
    if missing := _districts_not_computed(brief):
        notices.append(words.text("missing.effects", districts=words.listing(missing)))
    notices += [notice[words.language] for notice in run.params.notices]
    return [*notices, words.text("page.rounded")]


def _districts_not_computed(brief: Brief) -> list[str]:
    """The districts whose effects were not computed, of an intervention that was elsewhere."""
    rows = brief.tables.rows("effect_status", reason="not_computed")
    nowhere = {row["intervention_id"] for row in rows if row["district"] == CITY}
    missing = {row["district"] for row in rows if row["intervention_id"] not in nowhere}
    return [name for name in brief.run.params.districts if name in missing]


def write_whole(path: Path, text: str) -> Path:
    """Write a file whole or not at all; returns its path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    temporary.write_bytes(text.encode("utf-8"))
    temporary.replace(path)
    return path
