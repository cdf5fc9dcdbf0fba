"""Decision pages as PDF: printed by a Chromium of the computer's own, tagged and with bookmarks.

A print lies beside its page under the same name. The browser gets a fresh profile for each page and
can reach no other computer.
"""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path

from evalkit.errors import ParameterError, PrintError
from evalkit.params import Run
from evalkit.tables import print_of

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")
# Chromium tags what it prints unless it is told not to.
FLAGS = (
    "--headless",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND",
    "--no-pdf-header-footer",
    "--generate-pdf-document-outline",
)
_TIME_LIMIT_SECONDS = 120
_PDF_BEGINS = b"%PDF-"


def decision_pages(run: Run) -> tuple[Path, ...]:
    """The decision pages of a run: language by language that of the city, then those of the
    districts, as far as they were written.

    Raises
    ------
    ParameterError
        If none was.
    """
    site = run.run_dir / "site"
    pages = [
        page
        for language in run.params.languages
        for page in sorted(
            (site / language).glob("*.html"), key=lambda page: (page.stem != "index", page.stem)
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


def find_browser(browser: Path | None = None) -> Path:
    """The browser that prints: the one named, or the first of `BROWSERS` on the search path.

    Raises
    ------
    ParameterError
        If there is none.
    """
    names = BROWSERS if browser is None else (str(browser),)
    place = next((place for name in names if (place := shutil.which(name))), None)
    if place is None:
        raise ParameterError(
            "No browser that can print was found.",
            where=f"looked for: {', '.join(names)}",
            why="Pages become PDF by Chromium or Chrome, which is not part of evalkit. Nothing was "
            "printed.",
            fix="install Chromium or name a browser: --browser PATH. Every page can also be "
            "printed by hand from any browser.",
        )
    return Path(place)


def print_pages(
    pages: tuple[Path, ...],
    browser: Path,
    *,
    on_page: Callable[[Path, str | None], None] = lambda _page, _fault: None,
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
        fault = _print_page(page, browser)
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


def _print_page(page: Path, browser: Path) -> str | None:
    """Print a page; what the browser said if it could not."""
    # Beside the page: a browser that is packed apart may write to no folder for temporary files.
    partial = print_of(page).with_suffix(".partial")
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        command = [
            str(browser),
            *FLAGS,
            *_without_sandbox(),
            f"--user-data-dir={profile}",
            f"--print-to-pdf={partial.resolve()}",
            page.resolve().as_uri(),
        ]
        try:
            done = subprocess.run(
                command,
                capture_output=True,
                text=True,
                errors="replace",
                check=False,
                timeout=_TIME_LIMIT_SECONDS,
            )
            lines = done.stderr.strip().splitlines()
            said = lines[-1] if lines else f"nothing, exit code {done.returncode}"
        except subprocess.TimeoutExpired:
            said = f"nothing for {_TIME_LIMIT_SECONDS} seconds"
    is_printed = partial.exists() and partial.read_bytes()[:5] == _PDF_BEGINS
    if is_printed:
        partial.replace(print_of(page))
        return None
    partial.unlink(missing_ok=True)
    return said


def _without_sandbox() -> tuple[str, ...]:
    """Chromium does not start for the user root unless its sandbox is off, as in a container."""
    return ("--no-sandbox",) if hasattr(os, "geteuid") and os.geteuid() == 0 else ()
