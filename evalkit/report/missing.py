"""What a run could not make: which districts have no report, whose effects are not in the city's,
and the page that stands in for one that is missing, so that every link leads somewhere.
"""

from pathlib import Path, PurePosixPath

from markupsafe import Markup

from evalkit.params import Run
from evalkit.reads import may_read
from evalkit.report.parts.document import Block, Brief, Section
from evalkit.report.parts.place import INTERVENTIONS, PEOPLE, Place
from evalkit.report.shell import SITE, brief_of, subject_of, title_of, write_page
from evalkit.tables import CITY, slug
from evalkit.words import words_of_run
from evalkit.words.run_words import protocols_of


def districts_without_report(run: Run) -> tuple[str, ...]:
    """The run's districts whose decision page was not made, because their computation failed."""
    folder = run.run_dir / SITE / run.params.languages[0]
    pages = {name: folder / f"{slug(name)}.html" for name in run.params.districts}
    return tuple(name for name, page in pages.items() if not (may_read(page) and page.exists()))


def write_stand_in(run: Run, page: str, *, last_report: str = "") -> Path:
    """Write what stands in for a page of the site that could not be made.

    Parameters
    ----------
    page : str
        The page inside the run's folder: "site/sv/belfast.html".
    last_report : str, optional
        The address of the same page in the newest earlier vintage that has it, from the folder that
        `page` lies in.
    """
    _, language, *folder, file = PurePosixPath(page).parts
    place = Place("/".join(folder), PurePosixPath(file).stem)
    words = words_of_run(run, language)
    is_of_intervention = place.folder in (INTERVENTIONS, PEOPLE)
    known = protocols_of(run) if is_of_intervention else run.params.districts
    name = next(name for name in known if slug(name) == place.name)
    about = {"intervention": name} if is_of_intervention else {}
    brief = brief_of(run, CITY if about else name, {}, {}, words, place=place, **about)
    section = Section(
        name="missing",
        heading=words.text("missing.heading"),
        leads=(words.html("missing.lead", subject=subject_of(brief)),),
        blocks=(Block(text=(_last_report(brief, last_report),)),),
    )
    return write_page(
        brief,
        "evidence",
        title=words.text("page.title", heading=subject_of(brief), run=title_of(brief)),
        heading=subject_of(brief),
        kind_of_page=words.text("missing.kind"),
        sections=[section],
    )


def _last_report(brief: Brief, address: str) -> Markup:
    words = brief.words
    if not address:
        return words.html("missing.no_earlier")
    link = Markup('<a href="{}">{}</a>').format(address, words.text("missing.earlier_page"))
    return words.html("missing.earlier", link=link)
