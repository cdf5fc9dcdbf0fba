"""A new project's folder, written whole or not at all, and never over something that is there."""

import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from evalkit.errors import EvalkitError, IntakeError, ParameterError, first_few
from evalkit.intake import admit_bare, load_contracts
from evalkit.intake.admission.delivery import Delivery
from evalkit.intake.admission.gate import refuse_personal_numbers
from evalkit.intake.admission.propose import Proposed, propose_mappings
from evalkit.intake.reading.monthly_record import is_monthly_record
from evalkit.intake.reading.readers import FORMATS, read_delivered, read_lines
from evalkit.project.commented import looks
from evalkit.project.guess import Guess, guess
from evalkit.project.own_files import (
    book_text,
    file_name,
    ignored,
    protocol_texts,
    read_me,
    run_text,
)
from evalkit.shipped import OWN_NOTEBOOKS, shipped
from evalkit.vocabulary import REPORT_LANGUAGES, Language

# The price book that a new project's own rests on.
_BASE_BOOK = "stockholm_2026.yaml"
# What a project takes over: contracts and mappings, the notebooks, and what a price book needs.
_COPIED = (
    "data_contracts",
    "notebooks",
    "params/schema",
    "params/calendar",
    "params/accounts/stockholm.yaml",
    "params/protocols/templates",
    "params/price_index",
    "params/rates",
    "params/unit_costs/stockholm.yaml",
    f"params/unit_costs/{_BASE_BOOK}",
)
# The example: a run file, what it names, and its data.
_EXAMPLE = (
    "params/northern_ireland.yaml",
    "params/protocols/training.yaml",
    "params/unit_costs/northern_ireland.yaml",
    "tests/data/northern_ireland",
)
_LEFT_OUT = shutil.ignore_patterns("__pycache__", ".ipynb_checkpoints", "*.py", OWN_NOTEBOOKS)


@dataclass(frozen=True)
class Project:
    """A project that was written: its folder, its run file, the files taken in, what was proposed
    for each table, what somebody has to look at (file, line, why), and what could not be guessed.
    """

    folder: Path
    run_file: Path
    files: tuple[Path, ...]
    proposed: Proposed | None
    protocols: tuple[Path, ...]
    looks: tuple[tuple[Path, int, str], ...]
    unsaid: tuple[str, ...]


def new_project(
    folder: Path | str,
    *,
    files: Sequence[Path | str] = (),
    language: Language = "sv",
    with_example: bool = False,
) -> Project:
    """Write a new project.

    Parameters
    ----------
    folder : path
        Its folder, which must be new or empty.
    files : sequence of path, optional
        Exports to begin with, or folders of them: they are copied into extract/, and a mapping
        file, districts, months and protocols are guessed from them.
    language : str
        The first language of the report and of the read-me file.
    with_example : bool
        Whether the example that comes with evalkit is put beside it, data included.

    Raises
    ------
    ParameterError
        If the folder holds something, a file does not exist, or there is no such language.
    IntakeError
        If a file holds a personal number or cannot be read. Nothing is written.
    """
    folder = Path(folder)
    _refuse_unfit(folder, language)
    paths = _paths_in(files)
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".evalkit-new-") as made:
        draft = Path(made) / "project"
        project = _write(draft, folder, paths, language=language, with_example=with_example)
        for path in draft.iterdir():
            folder.mkdir(exist_ok=True)
            path.replace(folder / path.name)
    return project


def _refuse_unfit(folder: Path, language: Language) -> None:
    if language not in REPORT_LANGUAGES:
        raise ParameterError(
            "A project has no read-me file in this language.",
            where=f"language {language}",
            why="Its first language is that of the report and of the read-me file.",
            fix=f"choose one of {', '.join(REPORT_LANGUAGES)}.",
        )
    held = [path.name for path in folder.iterdir()] if folder.is_dir() else []
    if folder.is_file() or [name for name in held if name != ".git"]:
        raise ParameterError(
            "The folder of a new project is not empty.",
            where=f"{folder}: {first_few(sorted(held), 6) or 'it is a file'}",
            why="Nothing that is there is overwritten.",
            fix="name a folder that does not exist yet, or an empty one.",
        )


def _paths_in(files: Sequence[Path | str]) -> tuple[Path, ...]:
    """The files themselves, and those of folders."""
    files = [Path(path) for path in files]
    missing = [str(path) for path in files if not path.exists()]
    if missing:
        raise ParameterError(
            f"{len(missing)} of the files to begin with {'do' if len(missing) > 1 else 'does'} not "
            "exist.",
            where=first_few(missing, 6),
            why="A project is begun from files that are at hand.",
            fix="check the paths.",
        )
    held = [
        path
        for given in files
        for path in (sorted(given.iterdir()) if given.is_dir() else [given])
        if not path.name.startswith(".")
    ]
    inner = [str(path) for path in held if path.is_dir()]
    if inner:
        raise ParameterError(
            "A folder of exports holds a folder.",
            where=first_few(inner, 6),
            why="Files are taken from the folder itself, and none is passed over in silence.",
            fix="name the files themselves, or each folder of files by a --from of its own.",
        )
    odd = [p.name for p in held if p.suffix.lower() not in FORMATS and not is_monthly_record(p)]
    if odd:
        raise IntakeError(
            f"{len(odd)} of the files {'are' if len(odd) > 1 else 'is'} of no kind that holds a "
            "table.",
            where=first_few(odd, 6),
            why=f"Tables are read from files ending in {', '.join(FORMATS)}, and from monthly "
            "records (monthly_record*.txt). Nothing was written.",
            fix="save the tables as CSV or as a workbook, or leave these files out.",
        )
    names = [path.name for path in held]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ParameterError(
            "Two of the files have the same name.",
            where=first_few(twice, 6),
            why="They are copied into one folder.",
            fix="rename one of them.",
        )
    return tuple(held)


def _write(
    draft: Path,
    folder: Path,
    paths: tuple[Path, ...],
    *,
    language: Language,
    with_example: bool,
) -> Project:
    """The project in a folder beside its own, which it is moved to when it is whole."""
    name = file_name(folder.resolve().name)
    for part in _COPIED:
        _copy(part, draft)
    (draft / "extract").mkdir()
    languages = (language, *(other for other in REPORT_LANGUAGES if other != language))
    proposed = _take_in(paths, draft, name)
    guessed, unsaid = _guess(draft, name) if paths else (None, ())
    params = draft / "params"
    run_file = params / f"{name}.yaml"
    texts = protocol_texts(guessed)
    protocols = tuple(texts) if guessed and guessed.protocols else ()
    has_mapping = bool(proposed and proposed.proposals)
    own = {
        run_file: run_text(name, languages, guessed, protocols, has_mapping=has_mapping),
        params / "unit_costs" / f"{name}.yaml": book_text(name, languages, _BASE_BOOK),
        draft / "README.md": read_me(name, folder.resolve().name, languages),
        draft / ".gitignore": ignored(FORMATS),
    }
    for path, text in own.items():
        _write_text(path, text)
    written = [params / "protocols" / f"{protocol}.yaml" for protocol in texts]
    for path, text in zip(written, texts.values(), strict=True):
        _write_text(path, text)
    if with_example:
        _write_example(draft)
    read = [_mapping_of(draft, name)] if has_mapping else []
    read += [run_file, *(written if protocols else [])]
    return Project(
        folder,
        run_file.relative_to(draft),
        tuple(path.relative_to(draft) for path in sorted((draft / "extract").iterdir())),
        proposed,
        tuple(path.relative_to(draft) for path in written if protocols),
        tuple(
            (path.relative_to(draft), line, why)
            for path in read
            for line, why in looks(path.read_text(encoding="utf-8"))
        ),
        (*unsaid, *(guessed.unsaid if guessed else ())),
    )


def _copy(part: str, draft: Path) -> None:
    source, target = shipped(*part.split("/")), draft / part
    if source.is_dir():
        shutil.copytree(source, target, ignore=_LEFT_OUT)
    elif source.is_file():
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, target)


def _take_in(paths: tuple[Path, ...], draft: Path, name: str) -> Proposed | None:
    """Look at the files, copy them, and write the mapping file that is proposed for them."""
    if not paths:
        return None
    tables = [read_delivered(path) for path in paths if not is_monthly_record(path)]
    books = tuple(tables)
    searched = {
        path.name: lines
        for path in paths
        if is_monthly_record(path) and (lines := read_lines(path)) is not None
    }
    refuse_personal_numbers(
        Delivery("", {file.path.name: (file,) for file in tables}, searched, ()), "data_contracts"
    )
    for path in paths:
        shutil.copyfile(path, draft / "extract" / path.name)
    sheets: dict[int, str] = {}
    no_tables = []
    for book in books:
        for sheet in book.also_searched:
            try:
                tables.append(read_delivered(book.path, sheet=sheet))
            except IntakeError:
                # Notes, a title above a table: searched for personal numbers all the same.
                no_tables.append(f"{book.path.name}, sheet {sheet}")
            else:
                sheets[len(tables) - 1] = sheet
    proposed = propose_mappings(tables, load_contracts(draft / "data_contracts"), sheets)
    proposed = replace(proposed, unknown=(*proposed.unknown, *no_tables))
    if proposed.proposals:
        _write_text(
            _mapping_of(draft, name),
            "# yaml-language-server: $schema=../../params/schema/mapping.json\n" + proposed.text,
        )
    return proposed


def _guess(draft: Path, name: str) -> tuple[Guess | None, tuple[str, ...]]:
    """What the files say of districts, months and interventions; nothing where they cannot be
    admitted yet, and why.
    """
    mapping = _mapping_of(draft, name)
    try:
        admission = admit_bare(
            draft / "extract",
            draft / "data_contracts",
            mapping=mapping if mapping.exists() else None,
            max_rejected_share=1,
        )
    except EvalkitError as fault:
        said = str(fault).replace(f"{draft}/", "")
        return None, (
            f"districts, months and protocols, since the files cannot be read yet: {said}",
        )
    empty = [table for table in ("person", "income_support") if not admission.tables[table].height]
    if empty:
        return None, (f"no row of {', '.join(empty)} keeps its contract yet",)
    return guess(admission.tables), ()


def _write_example(draft: Path) -> None:
    for part in _EXAMPLE:
        _copy(part, draft)
    shutil.move(draft / "tests" / "data" / "northern_ireland", draft / "example")
    shutil.rmtree(draft / "tests")
    run_file = draft / "params" / "northern_ireland.yaml"
    text = run_file.read_text(encoding="utf-8")
    _write_text(run_file, text.replace("../tests/data/northern_ireland", "../example"))


def _mapping_of(draft: Path, name: str) -> Path:
    return draft / "data_contracts" / "mappings" / f"{name}.yaml"


def _write_text(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
