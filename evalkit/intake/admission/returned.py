"""Letters that came back: what a sender wrote in the marked cells mends the delivered rows, each
time the extract is read. The delivered files stay as they came.

A returned letter lies in the folder of the extract as returned_NUMBER_NAME.xlsx, and the letters
are applied in the order of their numbers.
"""

import re
import shutil
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

import polars as pl

from evalkit.errors import IntakeError
from evalkit.ids import name_to_show
from evalkit.intake.admission.delivery import RETURNED, Delivery, Note, read_delivery
from evalkit.intake.admission.letter_form import Answer, read_letter
from evalkit.intake.contracts.contract import Contract
from evalkit.intake.contracts.mapping import load_mapping
from evalkit.intake.reading.database import is_database
from evalkit.intake.reading.delivered import (
    FILE,
    IS_WHOLE,
    LINE,
    NO_LINES,
    Delivered,
    shown_text,
    texts_of,
)
from evalkit.line.delivered import delivered

_DECIMAL_COMMA = re.compile("-?[0-9]+,[0-9]+")
_Place = tuple[str, str]  # table and file


@dataclass
class _Changes:
    """What is changed in one file: cells by column and line, lines that go, and values (of one or
    more columns together) that become others.
    """

    cells: dict[str, dict[int, str | None]] = field(default_factory=lambda: defaultdict(dict))
    removed: set[int] = field(default_factory=set)
    values: list[tuple[tuple[str, ...], tuple[str | None, ...], tuple[str | None, ...]]] = field(
        default_factory=list
    )


def with_returned(delivery: Delivery) -> tuple[Delivery, list[Note]]:
    """A delivery mended by the letters that came back with it, and what each of them changed.

    Raises
    ------
    IntakeError
        As `read_letter`, or if a letter does not fit the files that lie there.
    """
    notes: list[Note] = []
    for path in sorted(delivery.returned):
        delivery, changed = _mended(delivery, path, read_letter(path))
        notes.append((None, path.name, f"a letter that came back: {changed}"))
    return delivery, notes


def take_back(
    path: Path | str,
    extract: Path | str,
    contracts: Mapping[str, Contract],
    *,
    mapping: Path | str | None = None,
) -> Path:
    """Lay a returned letter beside the files of the extract that it mends; returns its new path.

    Parameters
    ----------
    path : path
        The letter as it came back.
    extract : path
        The folder of the extract.
    contracts : mapping
        The contracts by table.
    mapping : path, optional
        The mapping file of the extract.

    Raises
    ------
    IntakeError
        As `read_letter`, or if the letter does not fit the extract, was taken back already, or the
        extract is a database. Nothing is written then.
    """
    path = Path(path)
    if is_database(extract):
        raise IntakeError(
            "A letter cannot be taken back for a database.",
            where=name_to_show(path.name),
            why="A letter lies beside the files that it mends, and a database has none.",
            fix="mend the rows in the database.",
        )
    answers, folder = read_letter(path), Path(extract)
    keys = {name: table.keys for name, table in delivered().items()}
    delivery = read_delivery(folder, keys, load_mapping(mapping)).of(contracts)
    delivery, _ = with_returned(delivery)
    if any(path.read_bytes() == known.read_bytes() for known in delivery.returned):
        raise IntakeError(
            "This letter was taken back already.",
            where=name_to_show(path.name),
            why="It mends the extract each time that it is read.",
            fix="write a new letter (evalkit check --letter) for what is left.",
        )
    _mended(delivery, path, answers)
    name = path.stem.removeprefix("letter").strip("_") or "letter"
    numbers = [known.name.removeprefix(RETURNED)[:2] for known in delivery.returned]
    number = max((int(text) for text in numbers if text.isdigit()), default=0) + 1
    target = folder / f"{RETURNED}{number:02d}_{name}.xlsx"
    shutil.copyfile(path, target)
    return target


def _mended(delivery: Delivery, path: Path, answers: Sequence[Answer]) -> tuple[Delivery, str]:
    _refuse_unfit(delivery, path, answers)
    changes: dict[_Place, _Changes] = defaultdict(_Changes)
    added: dict[str, list[Answer]] = defaultdict(list)
    for answer in answers:
        _note_change(answer, changes, added)
    tables = {
        table: tuple(_changed(file, changes.get((table, file.path.name))) for file in files)
        for table, files in delivery.tables.items()
    }
    # What another row has become by being mended is missing no more.
    still_missing = {
        table: [answer for answer in rows if not _is_there(answer, tables.get(table, ()))]
        for table, rows in added.items()
    }
    for table, rows in still_missing.items():
        if rows:
            tables[table] = (*tables.get(table, ()), _added(path, rows))
    return replace(delivery, tables=tables), _in_words(changes, still_missing)


def _note_change(
    answer: Answer, changes: dict[_Place, _Changes], added: dict[str, list[Answer]]
) -> None:
    row = answer.row
    if row.kind == "row":
        change = changes[row.table, row.file]
        if answer.is_removed:
            change.removed.add(row.line)
            return
        for column, text in answer.changed.items():
            change.cells[column][row.line] = text
        return
    if not answer.changed:
        return
    if row.kind == "value":
        ((column, text),) = answer.changed.items()
        for file in row.files:
            value = ((column,), (row.given[column],), (text,))
            changes[row.table, file].values.append(value)
        return
    key = _key(answer)
    if not set(key) & set(answer.changed):
        added[row.table].append(answer)
        return
    old = tuple(row.given[name] for name in key)
    new = tuple(answer.changed.get(name, row.given[name]) for name in key)
    for named in row.named_in:
        changes[named.table, named.file].values.append((named.columns, old, new))


def _key(answer: Answer) -> tuple[str, ...]:
    """The delivered columns by which others name a missing row."""
    return tuple(name for name in answer.row.columns if answer.row.given[name] is not None)


def _is_there(answer: Answer, files: Sequence[Delivered]) -> bool:
    key = _key(answer)
    return any(
        file.cells.select(
            pl.all_horizontal(
                texts_of(file.cells[name]).str.strip_chars() == answer.row.given[name]
                for name in key
            ).any()
        ).item()
        for file in files
        if set(key) <= set(file.columns)
    )


def _changed(file: Delivered, changes: _Changes | None) -> Delivered:
    if changes is None:
        return file
    touched = {*changes.cells, *(name for names, _, _ in changes.values for name in names)}
    cells = file.cells.with_columns(texts_of(file.cells[name]) for name in touched)
    written = partial(_as_written_in, file)
    for names, old, new in changes.values:
        is_meant = pl.all_horizontal(
            _stripped(name).eq_missing(pl.lit(text, pl.String))
            for name, text in zip(names, old, strict=True)
        )
        cells = cells.with_columns(
            pl.when(is_meant)
            .then(pl.lit(written(text), pl.String))
            .otherwise(pl.col(name))
            .alias(name)
            for name, text in zip(names, new, strict=True)
        )
    lines = pl.col(LINE).cast(pl.Int64)
    for name, by_line in changes.cells.items():
        new_text = lines.replace_strict(
            list(by_line),
            [written(text) for text in by_line.values()],
            default=None,
            return_dtype=pl.String,
        )
        cells = cells.with_columns(
            pl.when(lines.is_in(list(by_line))).then(new_text).otherwise(pl.col(name)).alias(name)
        )
    mended = {line for by_line in changes.cells.values() for line in by_line}
    cells = cells.with_columns(pl.col(IS_WHOLE) | lines.is_in(sorted(mended)))
    return replace(file, cells=cells.filter(~lines.is_in(sorted(changes.removed))))


def _as_written_in(file: Delivered, text: str | None) -> str | None:
    """A number with a decimal comma as a file writes it whose cells are parted by commas."""
    is_number = text is not None and _DECIMAL_COMMA.fullmatch(text)
    return text.replace(",", ".") if text and is_number and not file.has_decimal_comma else text


def _stripped(name: str) -> pl.Expr:
    text = pl.col(name).str.strip_chars()
    return pl.when(text != "").then(text)


def _added(path: Path, answers: Sequence[Answer]) -> Delivered:
    rows = [{**answer.row.given, **answer.changed, LINE: answer.row.number} for answer in answers]
    names = answers[0].row.columns
    cells = pl.DataFrame(rows, schema={**dict.fromkeys(names, pl.String), LINE: pl.Int64})
    own = cells.with_columns(pl.lit(path.name).alias(FILE), pl.lit(True).alias(IS_WHOLE))
    assumption = "rows that a letter added; lines are its numbers"
    return Delivered(path, own, NO_LINES, has_decimal_comma=True, assumption=assumption)


def _refuse_unfit(delivery: Delivery, path: Path, answers: Sequence[Answer]) -> None:
    """Refuse a letter whose rows do not stand in the extract as they did when it was written."""
    by_file: dict[_Place, list[Answer]] = defaultdict(list)
    for answer in answers:
        if answer.row.kind == "row":
            by_file[answer.row.table, answer.row.file].append(answer)
    files = {(table, file.path.name): file for table, of in delivery.tables.items() for file in of}
    unfit = []
    for place, of_file in by_file.items():
        rows = _shown_rows(files.get(place), [answer.row.line for answer in of_file])
        unfit += [
            f"sheet {answer.row.sheet}, number {answer.row.number}"
            for answer in of_file
            if not _stands(answer, rows.get(answer.row.line))
        ]
    if unfit:
        raise IntakeError(
            f"Rows of a letter do not stand in the extract as they did: {len(unfit)}.",
            where=f"{name_to_show(path.name)}: {'; '.join(unfit[:5])}",
            why="The files were delivered anew, or another letter has mended these rows, since it "
            "was written. A letter is taken back whole or not at all. Nothing was read in.",
            fix="write a new letter (evalkit check --letter), and remove this one if it lies in "
            "the folder of the extract.",
        )


def _stands(answer: Answer, now: Mapping[str, str | None] | None) -> bool:
    if now is None:
        return False
    # A line whose cells cannot be told apart is shown empty.
    if not any(answer.row.given.values()):
        return True
    return all(name in now and now[name] == text for name, text in answer.row.given.items())


def _shown_rows(file: Delivered | None, lines: Sequence[int]) -> dict[int, dict[str, str | None]]:
    if file is None:
        return {}
    rows = file.cells.filter(pl.col(LINE).cast(pl.Int64).is_in(list(lines)))
    texts = {name: [shown_text(text) for text in texts_of(rows[name])] for name in file.columns}
    return {
        line: {name: column[i] for name, column in texts.items()}
        for i, line in enumerate(rows[LINE].to_list())
    }


def _in_words(changes: Mapping[_Place, _Changes], added: Mapping[str, list[Answer]]) -> str:
    n_cells = sum(len(by_line) for one in changes.values() for by_line in one.cells.values())
    n_values = sum(len(one.values) for one in changes.values())
    n_removed = sum(len(one.removed) for one in changes.values())
    n_added = sum(map(len, added.values()))
    return (
        f"{n_cells:,} cells and {n_values:,} values changed, {n_removed:,} rows removed, "
        f"{n_added:,} rows added"
    )
