"""Pages to be handed out as PDF, tagged and with bookmarks, each beside its page under the same
name.
"""

from collections.abc import Callable
from pathlib import Path

from evalkit.errors import ParameterError, PrintError
from evalkit.params import Run
from evalkit.report.browser import made_by
from evalkit.report.parts.place import PEOPLE
from evalkit.tables import print_of

# Chromium tags what it prints unless it is told not to.
OPTIONS = ["--no-pdf-header-footer", "--generate-pdf-document-outline", "--print-to-pdf={target}"]
PDF_BEGINS = b"%PDF-"


def printed_pages(run: Run) -> tuple[Path, ...]:
    """The pages of a run that are handed out: language by language the decision page of the city,
    those of the districts, and the sheets for the person, as far as they were written.

    Raises
    ------
    ParameterError
        If none was.
    """
    site = run.run_dir / "site"
    pages = [
        page
        for language in run.params.languages
        for page in (
            *sorted(
                (site / language).glob("*.html"), key=lambda page: (page.stem != "index", page.stem)
            ),
            *sorted((site / language / PEOPLE).glob("*.html")),
        )
    ]
    if not pages:
        raise ParameterError(
            "The run has no report.",
            where=str(site),
            why="Its pages are written by the last notebooks of a run.",
            fix="bring the run up to date: evalkit run params/NAME.yaml",
        )
    return tuple(pages)


def print_pages(
    pages: tuple[Path, ...],
    browser: Path,
    *,
    on_page: Callable[[Path, str], None] = lambda _page, _fault: None,
) -> tuple[Path, ...]:
    """Print pages, each to a PDF beside it; an earlier print there is replaced.

    A page that cannot be printed does not stop the others.

    Parameters
    ----------
    pages : tuple of Path
        The pages (.html).
    browser : Path
        Chromium or Chrome.
    on_page : callable
        Called with each page when the browser has ended, and with what it said if it failed.

    Returns
    -------
    tuple of Path
        The prints, in the order of the pages.

    Raises
    ------
    PrintError
        If some pages could not be printed; names them.
    """
    faults: dict[str, str] = {}
    for page in pages:
        fault = made_by(browser, page, print_of(page), begins=PDF_BEGINS, options=OPTIONS)
        if fault:
            faults[f"{page.parent.name}/{page.name}"] = fault
        on_page(page, fault)
    if faults:
        raise PrintError(
            f"{len(faults)} of {len(pages)} pages could not be printed.",
            where=f"{browser}: {', '.join(faults)}",
            why=f"The browser said: {next(iter(faults.values()))}. Pages that are not named were "
            "printed.",
            fix="open the page in the browser to see that both work, or name another browser: "
            "--browser PATH.",
        )
    return tuple(print_of(page) for page in pages)
