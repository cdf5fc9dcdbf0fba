"""The vintages of a run: where one is made, how the next begins, and what readers see meanwhile.

A vintage is made beside the one that readers see (`latest`), which is never touched. It begins with
hard links to what that one made, so that what is current is kept; each output is written beside its
place and renamed, so a link is replaced and never written through. `latest` moves by one rename
when the new vintage is whole.
"""

import json
import os
import shutil
from collections.abc import Container
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evalkit.batch.dependencies import READS
from evalkit.batch.manifest import last_good, read_attempts, write_attempts
from evalkit.batch.outcome import OVERVIEW
from evalkit.batch.plan import Unit
from evalkit.params import Run
from evalkit.private_lists import lists_of
from evalkit.runs import (
    LATEST,
    RUN_RECORD,
    base_of,
    latest_of,
    made_again,
    parts_begun,
    time_made,
    vintages_of,
)
from evalkit.tables import make_private_folder, print_of

# Opens the latest report where a file system has no symbolic links.
_OPENER = """<!doctype html>
<meta charset="utf-8">
<meta http-equiv="refresh" content="0; url={vintage}/site/index.html">
<a href="{vintage}/site/index.html">{vintage}</a>
"""


@dataclass(frozen=True)
class Place:
    """Where a run is made, and the vintage that it begins with: itself where it was interrupted,
    another one, or none.
    """

    folder: Path
    begins_with: Path | None

    @property
    def is_same_vintage(self) -> bool:
        """Whether what it begins with was made from the same parameters and files."""
        source = self.begins_with
        return source is not None and base_of(source.name) == base_of(self.folder.name)

    def before(self, run: Run) -> Run:
        """The run in the folder that holds what it can keep."""
        folder = self.begins_with or self.folder
        return run.model_copy(update={"run_dir": folder, "previous": previous_of(self.folder)})


def place_of(run: Run) -> Place:
    """Where a run goes on: in the vintage in which it was interrupted, else in a new one that
    begins with what readers see. That one itself is never worked in.
    """
    home = run.run_dir.parent
    latest, begun = latest_of(home), vintages_of(home)
    own = [one for one in begun if base_of(one.name) == run.run_dir.name]
    if latest not in own:
        return (
            Place(own[0], own[0]) if own else Place(run.run_dir, latest or next(iter(begun), None))
        )
    # One made before the latest is there for what a page still links to.
    interrupted = [one for one in own if time_made(one.name) > time_made(latest.name)]
    if interrupted:
        return Place(interrupted[0], interrupted[0])
    return Place(home / made_again(latest.name), latest)


def begin(run: Run, place: Place, units: Container[str]) -> Run:
    """The run in its own folder, which holds what the given units left where it begins."""
    if place.begins_with not in (None, place.folder):
        _link(place.begins_with, place.folder, units)
    return run.model_copy(update={"run_dir": place.folder, "previous": previous_of(place.folder)})


def previous_of(vintage: Path) -> str:
    """The name of the vintage of other parameters or files that readers saw before; empty if there
    was none.
    """
    latest = latest_of(vintage.parent)
    if latest is None:
        return ""
    if base_of(latest.name) != base_of(vintage.name):
        return latest.name
    return record_in(latest).get("previous", "")


def record_in(vintage: Path) -> dict[str, Any]:
    """The run as a vintage's run.json has it; empty where that is damaged or gone."""
    try:
        return json.loads((vintage / RUN_RECORD).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}


def show(vintage: Path) -> None:
    """Have readers see a vintage from now on."""
    pointer = vintage.with_name(LATEST)
    temporary = vintage.with_name(f".{LATEST}.{os.getpid()}")
    temporary.unlink(missing_ok=True)
    try:
        temporary.symlink_to(vintage.name, target_is_directory=True)
    except (OSError, NotImplementedError):
        opener = _OPENER.format(vintage=vintage.name)
        vintage.with_name(f"{LATEST}.html").write_text(opener, encoding="utf-8")
        temporary.write_text(f"{vintage.name}\n", encoding="utf-8")
    if pointer.is_dir() and not pointer.is_symlink():  # copied without its links
        shutil.rmtree(pointer)
    os.replace(temporary, pointer)


def last_vintage_with(page: str, unit: Unit, vintage: Path) -> Path | None:
    """The newest other vintage with a report in which the unit made the page."""
    return next(
        (
            other
            for other in vintages_of(vintage.parent)
            if other != vintage
            and (other / OVERVIEW).is_file()
            and (other / page).is_file()
            and _ended_well(other, unit)
        ),
        None,
    )


def sweep(home: Path, *, keep: int, also: set[Path]) -> tuple[Path, ...]:
    """Remove the vintages that nobody sees any more: what was made before of the vintage that
    readers see, and of the earlier ones all but the newest `keep`; those in `also` stay.
    """
    latest, begun = latest_of(home), vintages_of(home)
    if latest is None:
        return ()
    base = base_of(latest.name)
    earlier = [one for one in begun if base_of(one.name) != base]
    again = [one for one in begun if base_of(one.name) == base and one != latest]
    removed = [one for one in (*again, *earlier[keep:], *parts_begun(home)) if one not in also]
    for one in removed:
        shutil.rmtree(one, ignore_errors=True)
    return tuple(removed)


def _ended_well(vintage: Path, unit: Unit) -> bool:
    attempts = [attempt for attempt in read_attempts(vintage) if attempt.unit == unit.name]
    return bool(attempts) and attempts[-1].status == "ok"


def _link(source: Path, target: Path, units: Container[str]) -> None:
    """Begin a vintage with what units made well in another one: links to its files, and what its
    manifest says of them; and with the private lists, which are no result and are never recorded.
    """
    shutil.rmtree(target, ignore_errors=True)
    make_private_folder(target / "work")
    attempts = last_good(read_attempts(source)).values()
    kept = [attempt for attempt in attempts if attempt.unit in units]
    files = [file.path for attempt in kept for file in attempt.outputs]
    files += sorted({f"{READS}/{name}.json" for attempt in kept for name in attempt.key.values()})
    for file in files:
        prints = [print_of(Path(file)).as_posix()] if file.endswith(".html") else []
        for path in (file, *prints):
            if (source / path).is_file():
                _link_file(source / path, target / path)
    for one in lists_of(source):
        _link_file(one.path, target / one.path.relative_to(source))
    write_attempts(target, kept)


def _link_file(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)
