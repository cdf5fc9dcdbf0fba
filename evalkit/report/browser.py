"""A Chromium of the computer's own, which prints pages and takes pictures of them.

It gets a fresh profile for each page and can reach no other computer.
"""

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from evalkit.errors import ParameterError

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")
FLAGS = (
    "--headless",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND",
)
_TIME_LIMIT_SECONDS = 120


def find_browser(browser: Path | None = None) -> Path:
    """The browser to use: the one named, or the first of `BROWSERS` on the search path.

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


def made_by(browser: Path, page: Path, target: Path, *, begins: bytes, options: list[str]) -> str:
    """Let the browser make a file of a page; what it said if it could not, otherwise nothing.

    Parameters
    ----------
    target : Path
        The file. It is whole or absent: the browser writes beside its place, since one that is
        packed apart may write to no folder for temporary files.
    begins : bytes
        How such a file begins.
    options : list of str
        The browser's options; in them `{target}` is where to write.
    """
    partial = target.with_stem(f"{target.stem}.partial").resolve()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        command = [str(browser), *FLAGS, *_without_sandbox(), f"--user-data-dir={profile}"]
        command += [option.replace("{target}", str(partial)) for option in options]
        fault = _said_by([*command, page.resolve().as_uri()])
    if partial.exists() and partial.read_bytes().startswith(begins):
        partial.replace(target)
        return ""
    partial.unlink(missing_ok=True)
    return fault


def _said_by(command: list[str]) -> str:
    """The last line that a browser said."""
    try:
        done = subprocess.run(
            command,
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
            timeout=_TIME_LIMIT_SECONDS,
        )
    except subprocess.TimeoutExpired:
        return f"nothing for {_TIME_LIMIT_SECONDS} seconds"
    lines = done.stderr.strip().splitlines()
    return lines[-1] if lines else f"nothing, exit code {done.returncode}"


def _without_sandbox() -> tuple[str, ...]:
    """Chromium does not start for the user root unless its sandbox is off, as in a container."""
    return ("--no-sandbox",) if hasattr(os, "geteuid") and os.geteuid() == 0 else ()
