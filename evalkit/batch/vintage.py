"""The vintage of a run: which parameters, files and versions went in, as hashes; run.json holds it.

File names stand by their role ("extract/person.csv"), so that the same inputs give the same run_id
on any machine. No clock enters, and no comment in a parameter file.
"""

import hashlib
import json
import os
import platform
import re
import shutil
import subprocess
from collections.abc import Mapping
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel

import evalkit
from evalkit.batch.remembered import remembered_in
from evalkit.errors import ParameterError
from evalkit.line.based_on import BASED_ON
from evalkit.params import Run, RunFile
from evalkit.records import Loader, hash_of, load
from evalkit.tables import make_private_folder, sha256_of

KEY_PACKAGES = (
    "polars",
    "numpy",
    "scipy",
    "lifelines",
    "pyarrow",
    "altair",
    "vl-convert-python",
    "papermill",
    "ipykernel",
)
NOTEBOOKS_KEY = "notebooks"
CONTRACTS_KEY = "contracts"
# Folders of the contracts whose files a run rests on where it names them.
_WHERE_NAMED = ("mappings", "code_lists", "crosswalks")
PACKAGE_ROOT = Path(evalkit.__file__).parent
PROJECT_ROOT = PACKAGE_ROOT.parent


def prepare_run(run_file: Path | str, *, out: Path | str) -> Run:
    """A run as it would be written to FOLDER/RUN/VINTAGE/run.json: parameters checked, inputs
    hashed. Nothing is written.

    Parameters
    ----------
    run_file : path
        The run's YAML file.
    out : path
        The folder that holds the runs' folders.

    Raises
    ------
    ParameterError
        If the run file is faulty, or a file or folder that it names does not exist.
    """
    run_file = Path(run_file).resolve()
    parameters = load(run_file, RunFile)
    if not re.fullmatch(r"[A-Za-z0-9][\w.-]*", parameters.run):
        raise ParameterError(
            "The name of a run cannot be a folder name.",
            where=f'{run_file}, key "run"',
            why="A run's folder bears its name.",
            fix="use letters, digits, _, - and . only, beginning with a letter or digit.",
        )
    run = Run(run_dir=Path(out).resolve() / parameters.run, run_file=run_file, params=parameters)
    _check_named_files(run)
    inputs, remembered = _inputs(run), remembered_in(run.run_dir)
    meanings = {name: remembered.meaning(path) or "" for name, path in inputs.items()}
    run_hash = hash_of_mapping({"parameters": hash_of(parameters), **meanings})
    month = parameters.extract.follow_up_through
    return run.model_copy(
        update={
            "run_dir": run.run_dir / f"{month:%Y-%m}-{run_hash[:8]}",
            "versions": versions(),
            "inputs": {name: remembered.sha256(path) or "" for name, path in inputs.items()},
            "run_id": f"{parameters.run}-{run_hash[:12]}",
        }
    )


def input_hashes(run: Run, *, without: str) -> dict[str, str]:
    """The SHA-256 that a run's files have now, by role and name, but for those that begin so."""
    files = _inputs(run).items()
    return {name: sha256_of(path) for name, path in files if not name.startswith(without)}


def write_run(run: Run) -> Path:
    """Make the run's folder (work/ readable by its owner only) and write run.json, whole or not at
    all; returns its path. The record names no folder of this computer: where its run file lies is
    said from its own folder.
    """
    run.run_dir.mkdir(parents=True, exist_ok=True)
    make_private_folder(run.run_dir / "work")
    return write_record(run, run.run_dir)


def write_record(run: Run, folder: Path) -> Path:
    """Write run.json alone, into a folder that becomes the run's own if it is not yet."""
    path = folder / "run.json"
    temporary = path.with_name(f".run.json.{os.getpid()}")
    places = {"run_dir": run.run_dir.name, "run_file": _from(run.run_dir, run.run_file)}
    record = run.model_dump(mode="json") | places
    temporary.write_text(json.dumps(record, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    temporary.replace(path)
    return path


def _from(folder: Path, path: Path) -> str:
    try:
        return Path(os.path.relpath(path, folder)).as_posix()
    except ValueError:  # on another drive there is no way from one to the other
        return str(path)


def versions() -> dict[str, str]:
    """Versions of evalkit, its source, Python, the packages that make numbers, and the git commit
    where there is one.
    """
    packages = {name: metadata.version(name) for name in KEY_PACKAGES}
    source = {
        "evalkit": evalkit.__version__,
        "evalkit_source": evalkit_source_hash()[:12],
        "python": platform.python_version(),
    }
    return source | packages | _git_commit()


@cache
def evalkit_source_hash() -> str:
    """The SHA-256 over all source files of the evalkit package, as they were when first asked
    for.
    """
    paths = (
        path
        for path in PACKAGE_ROOT.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    )
    return hash_of_mapping(
        {path.relative_to(PACKAGE_ROOT).as_posix(): sha256_of(path) for path in paths}
    )


def _check_named_files(run: Run) -> None:
    missing = [
        f"{key}: {path}" for key, path in named_paths(run.params) if not run.path(path).exists()
    ]
    if missing:
        raise ParameterError(
            f"{len(missing)} file{'s or folders' if len(missing) > 1 else ' or folder'} named in a "
            "run file cannot be found.",
            where=f"{run.run_file}: {'; '.join(missing)}",
            why="Everything a run reads must be there before it starts. Nothing was run.",
            fix="mend the paths; they are written relative to the run file's folder.",
        )


def named_paths(record: BaseModel, within: str = "") -> list[tuple[str, Path]]:
    """Every path that a parameter record names, with its key ("extract.folder")."""
    paths = []
    for name in type(record).model_fields:
        content, key = getattr(record, name), f"{within}{name}"
        for value in content if isinstance(content, tuple) else (content,):
            if isinstance(value, Path):
                paths.append((key, value))
            elif isinstance(value, BaseModel):
                paths += named_paths(value, f"{key}.")
    return paths


def _inputs(run: Run) -> dict[str, Path]:
    """Every file that a run rests on by role and name, sorted by name: not what is there for
    readers alone, and no files for other runs. Notebooks are hashed with their units.
    """
    inputs = {}
    for key, relative in named_paths(run.params):
        root = run.path(relative)
        if key == NOTEBOOKS_KEY:
            continue
        base = root.parent if root.is_file() else root
        inputs |= {
            f"{key.removesuffix('.folder')}/{path.relative_to(base).as_posix()}": path
            for path in ([root] if root.is_file() else root.rglob("*"))
            if path.is_file() and (path == root or _counts(path, base, key))
        }
        inputs |= {f"{key}/named/{path.name}": path for path in _files_within(root)}
    # A server's tables cannot be hashed from here: `evalkit run --force` reads them anew.
    if run.database_file and run.database_file.is_file():
        inputs["extract/database"] = run.database_file
    return dict(sorted(inputs.items()))


def _counts(path: Path, folder: Path, key: str) -> bool:
    is_for_readers = path.name.startswith(".") or path.suffix == ".md"
    is_of_others = key == CONTRACTS_KEY and path.relative_to(folder).parts[0] in _WHERE_NAMED
    return not is_for_readers and not is_of_others


def _named_within(content: Any) -> list[Any]:
    if not isinstance(content, dict):
        return []
    tables = content.get("tables")
    lists = [
        name
        for table in (tables.values() if isinstance(tables, dict) else ())
        if isinstance(table, dict) and isinstance(table.get("code_lists"), dict)
        for name in table["code_lists"].values()
    ]
    defaults = content.get("defaults")
    return [
        *(defaults if isinstance(defaults, list) else ()),
        *lists,
        content.get("crosswalk"),
        content.get(BASED_ON),
    ]


def _files_within(path: Path, above: tuple[Path, ...] = ()) -> list[Path]:
    """The files that a file of the run names itself: dated parameters of a price book and the books
    that it rests on, crosswalk and lists of codes of a mapping. What is missing or faulty is
    refused where it is read.
    """
    if path.suffix != ".yaml" or not path.is_file() or path.resolve() in above:
        return []
    try:
        content = yaml.load(path.read_bytes(), Loader=Loader)
    except yaml.YAMLError:
        return []
    files = [
        path.parent / name
        for name in _named_within(content)
        if isinstance(name, str) and (path.parent / name).is_file()
    ]
    base = content.get(BASED_ON) if isinstance(content, dict) else None
    further = _files_within(path.parent / base, (*above, path.resolve())) if base else []
    return [*files, *further]


def _git_commit() -> dict[str, str]:
    """The commit of the project's own working copy, with '+changes' when files differ from it;
    empty outside a working copy.
    """
    if not (PROJECT_ROOT / ".git").exists() or not shutil.which("git"):
        return {}
    answers = []
    for question in (["rev-parse", "HEAD"], ["status", "--porcelain", "--untracked-files=no"]):
        answer = subprocess.run(
            ["git", "-C", str(PROJECT_ROOT), *question], capture_output=True, text=True, check=False
        )
        if answer.returncode:
            return {}
        answers.append(answer.stdout.strip())
    return {"git_commit": answers[0] + ("+changes" if answers[1] else "")}


def hash_of_mapping(mapping: Mapping[str, object]) -> str:
    """The SHA-256 of names and what they stand for, as JSON sorted by name."""
    return hashlib.sha256(json.dumps(mapping, sort_keys=True).encode()).hexdigest()
