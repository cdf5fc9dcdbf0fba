"""What a unit of a run may read, and what it has read.

It may read those files of its run that the units before it, and it itself, declare to write: so no
result depends on a unit that happens to run beside it. What it has read is written down while it
runs, whatever library opened the file: keys of the run file, files and folders, the modules that
were loaded. By that the runner knows when the unit need not run again.

The runner names the place of both in the environment and loads this module into the kernel before
anything else; a notebook opened by hand has neither list, and reads whatever the run's folder
holds.
"""

import json
import os
import sys
from collections.abc import Callable, Generator, Iterable
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

from evalkit.errors import BatchError

READS_VARIABLE = "EVALKIT_READS"
# The password of a database that a URI names: read from the environment by the intake alone.
PASSWORD_VARIABLE = "EVALKIT_DATABASE_PASSWORD"
RECORD = "read.jsonl"
# Beside a key: the whole of what stands there was read, or only what kind of thing stands there.
WHOLE, KIND = "*", "?"
# What a run is told about its own making: read to be shown, and no reason to make anything anew.
_OF_THE_MAKING = frozenset({"run_dir", "run_file", "versions", "inputs"})
_OF_THE_SYSTEM = tuple(
    str(Path(folder)) + os.sep
    for folder in (
        *(sys.prefix, sys.base_prefix, "/usr", "/etc", "/proc", "/sys", "/dev"),
        *filter(None, [os.environ.get("IPYTHONDIR")]),
    )
)
_PACKAGE = str(Path(__file__).parent) + os.sep
_EVENTS = ("open", "os.listdir", "os.scandir")
Stamp = tuple[int, int, int]
Model = TypeVar("Model")


def write_reads(file: Path, *, unit: str, run_dir: Path, reads: Iterable[str]) -> None:
    """Write the list of files that a unit may read (paths inside the run folder); `READS_VARIABLE`
    names it.
    """
    content = {"unit": unit, "run_dir": str(run_dir.resolve()), "reads": sorted(reads)}
    file.write_text(json.dumps(content, ensure_ascii=False), encoding="utf-8")


def may_read(path: Path) -> bool:
    """Whether the unit that is running may read a file of its run; always true outside a run and
    for other folders. What may be read counts as read, whether it is there or not.
    """
    file = os.environ.get(READS_VARIABLE)
    if not file:
        return True
    _, run_dir, reads = _permitted(file)
    full = path.resolve()
    is_permitted = not full.is_relative_to(run_dir) or full.relative_to(run_dir).as_posix() in reads
    if is_permitted:
        note_file(full)
    return is_permitted


def refuse_undeclared(path: Path) -> None:
    """Refuse to read a file of the run that no earlier unit declares to write.

    Raises
    ------
    BatchError
        Naming the unit and the file.
    """
    if not may_read(path):
        unit, run_dir, _ = _permitted(os.environ[READS_VARIABLE])
        raise BatchError(
            "A notebook reads a file that no notebook before it declares to write.",
            where=f"{unit}: {path.resolve().relative_to(run_dir).as_posix()}",
            why="Whether the file is there, and what it holds, would depend on which units happen "
            "to be done already.",
            fix="name the notebook that writes it in metadata.evalkit.after; files of some runs "
            'only belong in its "may_write".',
        )


@cache
def _permitted(file: str) -> tuple[str, Path, frozenset[str]]:
    content = json.loads(Path(file).read_text(encoding="utf-8"))
    return content["unit"], Path(content["run_dir"]), frozenset(content["reads"])


def stamp_of(path: Path | str) -> Stamp | None:
    """A file's size, time of change and number in its file system: as long as they are the same, so
    is its content. None where there is no file.
    """
    try:
        state = os.stat(path)
    except OSError:
        return None
    return state.st_size, state.st_mtime_ns, state.st_ino


def note_file(path: Path | str) -> None:
    """Write down that a file was read, or looked for where there is none."""
    for recorder in _RECORDERS:
        recorder.file(os.path.abspath(path))


def listed(folder: Path, pattern: str) -> list[Path]:
    """The files and folders of a folder that fit a pattern, sorted; which there are is written down
    as read.
    """
    for recorder in _RECORDERS:
        recorder.add({"folder": os.path.abspath(folder), "pattern": pattern})
        recorder.is_listing = True
    try:
        return sorted(folder.glob(pattern))
    finally:
        for recorder in _RECORDERS:
            recorder.is_listing = False


@contextmanager
def keys_alone(*keys: str) -> Generator[None]:
    """Parameter files opened meanwhile are read for these keys alone: whatever else they say may
    change.
    """
    for recorder in _RECORDERS:
        recorder.keys = keys
    try:
        yield
    finally:
        for recorder in _RECORDERS:
            recorder.keys = ()


def traced(record: Model) -> Model:
    """The same parameters; in a unit, each key that is read of them is written down."""
    for recorder in _RECORDERS:
        recorder.trace(record, "")
    return record


def load_ipython_extension(shell: Any) -> None:
    """Begin to write down what this kernel reads, to `RECORD` beside the list of what it may
    read.
    """
    file = os.environ.get(READS_VARIABLE)
    if file and not _RECORDERS:
        recorder = _Recorder(Path(file).with_name(RECORD))
        _RECORDERS.append(recorder)
        shell.events.register("post_run_cell", lambda _: recorder.modules())


class _Recorder:
    """Writes down each thing once, at the moment it is first read: a kernel may be killed at any
    time.
    """

    def __init__(self, place: Path):
        self._out = os.open(place, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        self._known: set[str] = set()
        self._places: dict[int, tuple[Any, str]] = {}
        self.keys: tuple[str, ...] = ()
        self.is_listing = False
        sys.addaudithook(self._on_event)

    def add(self, entry: dict[str, Any]) -> None:
        line = json.dumps(entry, ensure_ascii=False)
        if line not in self._known:
            self._known.add(line)
            os.write(self._out, (line + "\n").encode())

    def file(self, path: str) -> None:
        is_own = path.startswith(_PACKAGE)
        if path in self._known or (path.startswith(_OF_THE_SYSTEM) and not is_own):
            return
        entry = {"file": path, "stamp": stamp_of(path)}
        if self.keys:
            self.add(entry | {"keys": self.keys})
            return
        self._known.add(path)
        self.add(entry)

    def modules(self) -> None:
        """The modules that have been loaded: of packages the name, else the file."""
        for name, module in list(sys.modules.items()):
            path = getattr(module, "__file__", None)
            if path is None:
                continue
            is_installed = "site-packages" in path or "dist-packages" in path
            if path.startswith(_PACKAGE):
                self.file(os.path.abspath(path))
            elif is_installed:
                self.add({"package": name.split(".")[0]})
            elif not path.startswith(_OF_THE_SYSTEM):
                self.file(os.path.abspath(path))

    def trace(self, record: Any, place: str) -> None:
        kind = type(record)
        self._places[id(record)] = record, place
        if "__getattribute__" not in vars(kind):
            kind.__getattribute__ = self._reader()
        fields = object.__getattribute__(record, "__dict__")
        for name in kind.model_fields:
            content = fields[name]
            if hasattr(type(content), "model_fields"):
                self.trace(content, f"{place}{name}.")

    def _reader(self) -> Callable[[Any, str], Any]:
        """How records of a traced kind are read from now on."""
        places, add = self._places, self.add

        def read(record: Any, name: str) -> Any:
            content = object.__getattribute__(record, name)
            _, place = places.get(id(record), (None, None))
            if place is None or (not place and name in _OF_THE_MAKING):
                return content
            if name == "__dict__":
                add({"key": place + WHOLE})
            elif name in type(record).model_fields:
                add({"key": place + name + (f".{KIND}" if id(content) in places else "")})
            return content

        return read

    def _on_event(self, event: str, values: tuple[Any, ...]) -> None:
        if event not in _EVENTS or not isinstance(values[0], str | bytes | os.PathLike):
            return
        path = os.path.abspath(os.fsdecode(values[0]))
        if event != "open":
            self._folder(path)
        elif values[2] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT):
            self._known.add(path)  # what the unit has written itself is nothing that it rests on
        elif not path.endswith(".pyc"):
            self.file(path)

    def _folder(self, path: str) -> None:
        # Python lists the folders of modules when it looks for one.
        is_of_modules = path in map(os.path.abspath, sys.path) or (path + os.sep).startswith(
            (*_OF_THE_SYSTEM, _PACKAGE)
        )
        if not self.is_listing and not is_of_modules:
            self.add({"folder": path, "pattern": "*"})


# The one that writes down what this process reads, where it is a kernel of a run.
_RECORDERS: list[_Recorder] = []
