"""What a unit's result rests on: what it read when it was last run (`evalkit.reads` wrote it down
while it ran), by name and hash.

What many units have in common is kept once: the names and hashes of a group lie in work/reads/,
under the hash of the group, which stands in the run's manifest.
"""

import json
import os
import platform
from collections.abc import Iterator, Mapping
from functools import cache
from importlib import metadata
from itertools import chain
from pathlib import Path, PurePosixPath
from typing import Any, Literal

from evalkit.batch.plan import Unit
from evalkit.batch.remembered import Remembered
from evalkit.batch.vintage import PACKAGE_ROOT, hash_of_mapping
from evalkit.params import Run
from evalkit.reads import KIND, WHOLE, stamp_of
from evalkit.tables import make_private_folder

Group = Literal["parameters", "files", "tables", "evalkit", "packages"]
GROUPS: tuple[Group, ...] = ("parameters", "files", "tables", "evalkit", "packages")
# Where the names and hashes of a group lie, by its own hash.
READS = "work/reads"
UNKNOWN = "what it read is not known"
_ABSENT = "absent"
_CHANGED_MEANWHILE = "changed while it was read"
# Of what a run says of itself, that on which a result can rest.
_PARAMETERS = {"params", "run_id", "previous"}
_RUN_RECORD = "run.json"
_ATTEMPTS = "work/attempts/"
# Between a folder and the pattern of the files in it that were listed, or a parameter file and its
# keys that were read.
_PART = "//"
_KEYS = "keys:"


class Dependencies:
    """What units of a run rest on, and whether it is still the same."""

    def __init__(self, run: Run, remembered: Remembered):
        self._run, self._remembered = run, remembered
        self._folders = {
            "tables": run.run_dir,
            "evalkit": PACKAGE_ROOT,
            "files": run.run_file.parent,
        }
        self._parameters = run.model_dump(mode="json", include=_PARAMETERS)
        self._compared: dict[tuple[str, str], list[str]] = {}
        self._now: dict[tuple[str, str], str] = {}

    def recorded(self, unit: Unit, record: Path) -> dict[str, str]:
        """The groups of what a unit has just read, by the hash of each; kept in work/reads/."""
        if not record.exists():
            return {}
        try:
            entries = [json.loads(line) for line in record.read_text(encoding="utf-8").splitlines()]
        except ValueError:
            return {}
        groups: dict[Group, dict[str, str]] = {group: {} for group in GROUPS}
        for group, name, content in self._contents(unit, entries):
            groups[group].setdefault(name, content)
        return {group: self._keep(contents) for group, contents in groups.items()}

    def names(self, key: Mapping[str, str], group: Group) -> frozenset[str]:
        """What a unit with this key read of a group."""
        return frozenset(self._kept(key.get(group, "")) or ())

    def changes(self, key: Mapping[str, str]) -> list[str]:
        """What is no longer as a unit with this key read it, by name."""
        changes = (self._changes(group, key.get(group, "")) for group in GROUPS)
        return list(dict.fromkeys(chain.from_iterable(changes)))

    def _changes(self, group: Group, sha256: str) -> list[str]:
        # The tables of a run change while it goes on, the rest does not.
        known = self._compared.get((group, sha256)) if group != "tables" else None
        if known is None:
            kept = self._kept(sha256)
            known = (
                [UNKNOWN]
                if kept is None
                else [
                    _in_words(group, name)
                    for name, content in kept.items()
                    if self._known_present(group, name) != content
                ]
            )
            self._compared[group, sha256] = known
        return known

    def _known_present(self, group: Group, name: str) -> str:
        if group == "tables":
            return self._present(group, name)
        if (group, name) not in self._now:
            self._now[group, name] = self._present(group, name)
        return self._now[group, name]

    def _present(self, group: Group, name: str) -> str:
        """The hash of what stands there now."""
        if group == "parameters":
            return self._parameter(name)
        if group == "packages":
            return _version(name)
        place, _, part = name.partition(_PART)
        path = self._folders[group] / place
        if part.startswith(_KEYS):
            keys = part.removeprefix(_KEYS).split(",")
            return _short(self._remembered.meaning_of_keys(path, keys))
        if part:
            paths = sorted(file.relative_to(path).as_posix() for file in path.glob(part))
            return hash_of_mapping({"names": paths})[:16]
        return _short(self._remembered.meaning(path))

    def _parameter(self, name: str) -> str:
        content: Any = self._parameters
        *steps, last = name.split(".")
        for step in [*steps, *([] if last in (WHOLE, KIND) else [last])]:
            content = content.get(step) if isinstance(content, dict) else None
        return hash_of_mapping({"is": content is not None} if last == KIND else {"is": content})[
            :12
        ]

    def _contents(
        self, unit: Unit, entries: list[dict[str, Any]]
    ) -> Iterator[tuple[Group, str, str]]:
        yield "packages", "python", _version("python")
        for entry in entries:
            if "key" in entry:
                yield "parameters", entry["key"], self._parameter(entry["key"])
            elif "package" in entry:
                for package in _distributions().get(entry["package"], ()):
                    yield "packages", package, _version(package)
            else:
                path = Path(entry.get("file") or entry["folder"])
                group, name = self._place(path)
                if "folder" in entry and group == "tables":
                    yield from self._listed(unit, name)
                elif not self._is_of_user(path) and not _is_own(unit, group, name):
                    yield group, name + _part_of(entry), self._at_reading(group, name, entry)

    def _listed(self, unit: Unit, folder: str) -> Iterator[tuple[Group, str, str]]:
        """Of a folder of the run only what the unit may read is there for it."""
        for name in unit.reads.difference(unit.outputs):
            if PurePosixPath(name).is_relative_to(folder):
                yield "tables", name, self._present("tables", name)

    def _at_reading(self, group: Group, name: str, entry: dict[str, Any]) -> str:
        """The hash of what was read; a file that was changed since has none that it could have
        again.
        """
        if "stamp" in entry:
            stamp = stamp_of(entry["file"])
            if (list(stamp) if stamp else None) != entry["stamp"]:
                return _CHANGED_MEANWHILE
        return self._present(group, name + _part_of(entry))

    def _is_of_user(self, path: Path) -> bool:
        """Whether a file is one of the settings and caches that programs keep in a user's home."""
        home = Path.home()
        if not path.is_relative_to(home) or path == home:
            return False
        first = path.relative_to(home).parts[0]
        return first.startswith(".") and not self._run.run_file.is_relative_to(home / first)

    def _place(self, path: Path) -> tuple[Group, str]:
        for group in ("tables", "evalkit"):
            if path.is_relative_to(self._folders[group]):
                return group, path.relative_to(self._folders[group]).as_posix()
        return "files", Path(os.path.relpath(path, self._folders["files"])).as_posix()

    def _keep(self, contents: dict[str, str]) -> str:
        contents = dict(sorted(contents.items()))
        sha256 = hash_of_mapping(contents)[:16]
        place = self._folder / f"{sha256}.json"
        if not place.exists():
            temporary = place.with_name(f".{place.name}.{os.getpid()}")
            make_private_folder(self._run.run_dir / "work")
            place.parent.mkdir(exist_ok=True)
            temporary.write_text(json.dumps(contents, indent=0), encoding="utf-8")
            temporary.replace(place)
        return sha256

    def _kept(self, sha256: str) -> dict[str, str] | None:
        try:
            return json.loads((self._folder / f"{sha256}.json").read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None

    @property
    def _folder(self) -> Path:
        return self._run.run_dir / READS


def _in_words(group: Group, name: str) -> str:
    return {
        "parameters": name.removeprefix("params.").removesuffix(f".{KIND}"),
        "evalkit": f"evalkit/{name}",
        "packages": f"the installed version of {name}",
    }.get(group, name)


def _part_of(entry: Mapping[str, Any]) -> str:
    if "keys" in entry:
        return _PART + _KEYS + ",".join(entry["keys"])
    return _PART + entry["pattern"] if "folder" in entry else ""


def _is_own(unit: Unit, group: Group, name: str) -> bool:
    """Whether a file of the run is the unit's own, or tells how it is run."""
    is_of_runner = name == _RUN_RECORD or name.startswith(_ATTEMPTS)
    return group == "tables" and (is_of_runner or name in unit.outputs)


def _short(sha256: str | None) -> str:
    return sha256[:16] if sha256 else _ABSENT


@cache
def _distributions() -> Mapping[str, list[str]]:
    return metadata.packages_distributions()


@cache
def _version(package: str) -> str:
    if package == "python":
        return platform.python_version()
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return _ABSENT
