"""The register of a run's public vintages: runs/NAME/public/ holds a folder for each, with
published/, site/, run.json, release.json (what was released, by which rules, and the SHA-256 of
every file) and release.md, which a person reads and signs.

Nothing there is written twice. What tells later who has changed lies beside it in
runs/NAME/private/, which its owner alone can open.
"""

import errno
import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from datetime import date
from pathlib import Path
from typing import Any

from evalkit.errors import DisclosureError, first_few
from evalkit.tables import make_private_folder, sha256_of

PUBLIC, PRIVATE = "public", "private"
RECORD, LOG = "release.json", "release.md"
FORMAT = "evalkit public vintage, version 1"


@dataclass(frozen=True)
class PublicVintage:
    """A vintage that is public.

    Attributes
    ----------
    folder : Path
        Where it lies.
    run : str
        The run's name.
    number : int
        The how manieth of the run it is, from 1.
    released : date
        The day on which it became public.
    released_by : str
        Who answers for it.
    stands : mapping of str to str
        By district the public vintage whose numbers it shows: itself, or an earlier one.
    rules : mapping of str to list of str
        By published table the rules that it passed; under "run" those of the run file.
    exceptions : mapping of str to str
        By condition that did not hold, the written reason for which it was left aside.
    files : mapping of str to str
        The SHA-256 of each of its files.
    """

    folder: Path
    run: str
    number: int
    released: date
    released_by: str
    stands: Mapping[str, str]
    rules: Mapping[str, list[str]]
    exceptions: Mapping[str, str]
    files: Mapping[str, str]

    @property
    def name(self) -> str:
        """The vintage's name, which begins with the last month of its data."""
        return self.folder.name

    @property
    def held(self) -> list[str]:
        """The districts whose numbers are those of an earlier vintage."""
        return [district for district, name in self.stands.items() if name != self.name]

    @property
    def month(self) -> date:
        """The last month of its data."""
        return month_of_vintage(self.name)


def month_of_vintage(name: str) -> date:
    """The last month of a vintage's data, by its name."""
    return date.fromisoformat(f"{name[:7]}-01")


def public_vintages(home: Path) -> tuple[PublicVintage, ...]:
    """The public vintages of a run, the first one first, each as it was released.

    Raises
    ------
    DisclosureError
        If one is not as it was released, or is gone; names the files.
    """
    shas = {path.stem: path.read_text().strip() for path in (home / PRIVATE).glob("*.sha256")}
    folders = {path.parent.name: path.parent for path in (home / PUBLIC).glob(f"[!.]*/{RECORD}")}
    if gone := sorted(set(shas) - set(folders)):
        raise _changed(
            f"{len(gone)} public vintage{'s are' if len(gone) > 1 else ' is'} not in the register.",
            where=f"{home / PUBLIC}: {first_few(gone)}",
            fix="put the folder back from the copy of the day of its release; if that release was "
            f"killed before it said public, remove {PRIVATE}/{gone[0]}.sha256.",
        )
    changed = [name for name, folder in folders.items() if not _is_as_released(folder, shas)]
    if changed:
        raise _changed(
            f"The record of {len(changed)} public vintage{'s' if len(changed) > 1 else ''} is not "
            "as it was released.",
            where=", ".join(str(folders[name] / RECORD) for name in sorted(changed)),
        )
    vintages = sorted(map(_read, folders.values()), key=lambda vintage: vintage.number)
    for vintage in vintages:
        if files := files_not_as_released(vintage):
            raise _changed(
                f"{len(files)} file{'s' if len(files) > 1 else ''} of a public vintage "
                f"{'are' if len(files) > 1 else 'is'} not as released.",
                where=f"{vintage.folder}: {first_few(files)}",
            )
    return tuple(vintages)


def files_not_as_released(vintage: PublicVintage) -> list[str]:
    """Files that were changed, added or taken away since a vintage became public."""
    found = hashes_of(vintage.folder)
    return sorted(
        name
        for name in {*found, *vintage.files}
        if name != RECORD and found.get(name) != vintage.files.get(name)
    )


def hashes_of(folder: Path) -> dict[str, str]:
    """The SHA-256 of each file of a folder, by its path there."""
    return {
        path.relative_to(folder).as_posix(): sha256_of(path)
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def write_record(vintage: PublicVintage, folder: Path) -> PublicVintage:
    """Write release.json of a vintage that is put together in a folder; returns it with the hashes
    of its files.
    """
    hashes = {name: sha for name, sha in hashes_of(folder).items() if name != RECORD}
    vintage = replace(vintage, files=hashes)
    record = {"format": FORMAT, "vintage": vintage.name, "held": vintage.held, **asdict(vintage)}
    record["released"] = vintage.released.isoformat()
    del record["folder"]
    text = json.dumps(record, ensure_ascii=False, indent=2) + "\n"
    (folder / RECORD).write_text(text, encoding="utf-8")
    return vintage


def enter(vintage: PublicVintage, made_in: Path) -> None:
    """Enter a vintage that was put together beside its place: one rename makes it public."""
    if vintage.folder.exists():
        raise FileExistsError(errno.EEXIST, "public already", str(vintage.folder))
    seal = make_private_folder(vintage.folder.parents[1] / PRIVATE) / f"{vintage.name}.sha256"
    seal.write_text(sha256_of(made_in / RECORD) + "\n")
    try:
        made_in.rename(vintage.folder)
    except OSError:
        seal.unlink()
        raise


def _is_as_released(folder: Path, shas: Mapping[str, str]) -> bool:
    return hashlib.sha256((folder / RECORD).read_bytes()).hexdigest() == shas.get(folder.name)


def _read(folder: Path) -> PublicVintage:
    record: dict[str, Any] = json.loads((folder / RECORD).read_text(encoding="utf-8"))
    record |= {"folder": folder, "released": date.fromisoformat(record["released"])}
    return PublicVintage(**{field.name: record[field.name] for field in fields(PublicVintage)})


def _changed(
    what: str,
    *,
    where: str,
    fix: str = "put the folder back from the copy of the day of its release.",
) -> DisclosureError:
    return DisclosureError(
        what,
        where=where,
        why="What is public stays as it was: the next vintage is compared with it, and attacked "
        f"together with it. Nothing was released. {PRIVATE}/ beside it holds what it was.",
        fix=fix,
    )
