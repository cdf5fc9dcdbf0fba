"""The attack on a run, and the record of it that a release asks for: RUN/attack.json."""

import hashlib
import json
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

import polars as pl

from evalkit.disclosure.attack.digits import few_in_a_state, too_many_digits
from evalkit.disclosure.attack.knowledge import ENOUGH, SMALL, declared_name, knowledge_of
from evalkit.disclosure.attack.pages import otherwise_than_published
from evalkit.disclosure.attack.solve import known_too_well
from evalkit.disclosure.published import Published
from evalkit.disclosure.rounding import BASE
from evalkit.disclosure.sealing import as_unknown, read_published
from evalkit.errors import DisclosureError, first_few
from evalkit.line.columns import is_counted
from evalkit.line.published import PUBLISHED
from evalkit.line.published.sums import CHARACTERISTIC_KEYS

CERTIFICATE = "attack.json"
FORMAT = "evalkit attack, version 1"
# Below so many rows with large numbers, that columns add up is chance.
_ROWS_OF_SUM = 5


@dataclass(frozen=True)
class Finding:
    """Something that the attacker found.

    Attributes
    ----------
    kind : str
        small_count, contradiction, digits, answer_no, crossed, column_of_two, or page.
    cell : str
        Where: the table, its row's keys, its column.
    known : str
        What is known.
    how : str
        By what.
    """

    kind: str
    cell: str
    known: str
    how: str


@dataclass(frozen=True)
class Attack:
    """What the attacker tried and found.

    Attributes
    ----------
    vintage, run : str
        The folder's name, and the run that its tables say they are of.
    published : str
        SHA-256 over all published tables: the attack is of these and no others.
    earlier : tuple of str
        SHA-256 in the same way of each earlier vintage that was attacked with it.
    rules : tuple of str
        The rules that the tables have passed, as codes of `RULES`.
    n_tables, n_counts, n_small, n_sums, n_numbers, n_pages : int
        Tables; counts; those of them that can be 1 to 4; sums known of them; other numbers whose
        digits were looked at; pages whose numbers were held against the tables.
    seconds : float
        How long it took.
    findings : tuple of Finding
        What was found; a run with any is not released.
    """

    vintage: str
    run: str
    published: str
    earlier: tuple[str, ...]
    rules: tuple[str, ...]
    n_tables: int
    n_counts: int
    n_small: int
    n_sums: int
    n_numbers: int
    n_pages: int
    seconds: float
    findings: tuple[Finding, ...]

    @property
    def passed(self) -> bool:
        """Whether nothing was found."""
        return not self.findings


def attack(run_dir: Path | str, earlier: Sequence[Path | str] = ()) -> Attack:
    """Attack the published tables of a vintage, together with those of vintages before it.

    Parameters
    ----------
    run_dir, earlier : path, sequence of paths
        Folders with a folder published/.

    Returns
    -------
    Attack
        Nothing is written.

    Raises
    ------
    DisclosureError
        If a folder has no published tables, a table was changed after it was sealed, or an earlier
        vintage is of another run.
    """
    began = time.perf_counter()
    tables = _tables_of(Path(run_dir))
    before = [_tables_of(Path(folder)) for folder in earlier]
    run = _run_of(tables)
    for folder, published in zip(earlier, before, strict=True):
        if _run_of(published) != run:
            raise DisclosureError(
                "An earlier vintage is of another run.",
                where=f"{folder}: {_run_of(published)}, not {run}",
                why="Only what is counted of the same people tells anything about them.",
                fix="name a vintage or a release of the same run.",
            )
    known = knowledge_of(_of_one_month(run_dir, tables), list(map(_of_one_month, earlier, before)))
    findings = [
        Finding(
            "small_count" if one.values else "contradiction",
            known.names[one.place],
            _or(one.values) or "the numbers contradict what is said of them",
            "; ".join(one.sums),
        )
        for one in known_too_well(known)
    ]
    findings += [finding for table in tables for finding in _of_table(table, _n_people(tables))]
    site = Path(run_dir) / "site"
    by_name = {table.name: table for table in tables}
    findings += [
        Finding("page", f"{page}: {address}", "a number of people", why)
        for page, address, why in otherwise_than_published(site, by_name)
    ]
    if {"effect_curves", "effect_status"} <= by_name.keys():
        paths = by_name["effect_curves"]
        findings += [
            Finding(
                "small_count", _cell(paths, row, "estimate"), _or(counts), "n_starters times it"
            )
            for row, counts in few_in_a_state(paths.data, by_name["effect_status"].data)
        ]
    return Attack(
        vintage=Path(run_dir).resolve().name,
        run=run,
        published=_hash_of(tables),
        earlier=tuple(map(_hash_of, before)),
        rules=tuple(sorted({rule for table in tables for rule in table.rules})),
        n_tables=len(tables),
        n_counts=len(known.names),
        n_small=known.n_small,
        n_sums=len(known.sums),
        n_numbers=sum(
            int(table.data[column].is_not_null().sum())
            for table in tables
            for column in table.data.columns
            if table.data.schema[column].is_float()
        ),
        n_pages=len(list(site.rglob("*.html"))),
        seconds=round(time.perf_counter() - began, 1),
        findings=tuple(findings),
    )


def write_certificate(run_dir: Path | str, made: Attack) -> Path:
    """Write what was tried and found beside a vintage's published tables; returns the file."""
    file = Path(run_dir) / CERTIFICATE
    content = {"format": FORMAT, "passed": made.passed, **asdict(made)}
    file.write_text(json.dumps(content, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    return file


def read_certificate(run_dir: Path | str) -> Attack:
    """What the attack on a vintage found, if it was of the tables that are there now.

    Raises
    ------
    DisclosureError
        If there has been none, or a table has been published since.
    """
    file = Path(run_dir) / CERTIFICATE
    fix = f"evalkit attack {run_dir}"
    if not file.is_file():
        raise DisclosureError(
            "Nobody has attacked this run.",
            where=str(file),
            why="What leaves a run has been attacked: what single people did may be known from it.",
            fix=fix,
        )
    content = json.loads(file.read_text(encoding="utf-8"))
    if content.get("format") != FORMAT or content["published"] != published_hash(run_dir):
        raise DisclosureError(
            "The attack is out of date.",
            where=f"{file} and {Path(run_dir) / 'published'}",
            why="Tables were published after it, or it is of another version of evalkit.",
            fix=fix,
        )
    values: dict[str, Any] = {field.name: content[field.name] for field in fields(Attack)}
    for name in ("earlier", "rules"):
        values[name] = tuple(values[name])
    values["findings"] = tuple(Finding(**finding) for finding in content["findings"])
    return Attack(**values)


def published_hash(run_dir: Path | str) -> str:
    """SHA-256 over the published tables of a vintage, by their names and records."""
    return _hash_of(_tables_of(Path(run_dir)))


def _tables_of(run_dir: Path) -> list[Published]:
    records = sorted((run_dir / "published").glob("*.json"))
    if not records:
        raise DisclosureError(
            "There are no published tables.",
            where=str(run_dir / "published"),
            why="What a run publishes is what can be attacked.",
            fix="name the folder of a run or of one of its vintages (evalkit run makes it).",
        )
    return [read_published(run_dir, record.stem) for record in records]


def _of_one_month(run_dir: Path | str, tables: list[Published]) -> list[Published]:
    """The tables with nothing known of districts whose public numbers are of an earlier month."""
    release = Path(run_dir) / "release.json"
    held = json.loads(release.read_text(encoding="utf-8"))["held"] if release.is_file() else []
    return [as_unknown(table, held) for table in tables] if held else tables


def _run_of(tables: Iterable[Published]) -> str:
    return ", ".join(sorted({table.source for table in tables}))


def _hash_of(tables: Iterable[Published]) -> str:
    said = "\n".join(f"{table.name} {table.sha256}" for table in tables)
    return hashlib.sha256(said.encode()).hexdigest()


def _n_people(tables: Iterable[Published]) -> float:
    """The most people that anything can be about: the largest number of persons that is shown."""
    counts = [
        table.data[column].fill_null(0).cast(pl.Float64).to_numpy().max(initial=0)
        for table in tables
        for column in ("count", "n_persons")
        if column in table.data.columns
    ]
    return max([BASE, *counts])


def _or(values: Iterable[int]) -> str:
    return " or ".join(map(str, values))


def _cell(table: Published, row: int, column: str) -> str:
    keys = ", ".join(str(table.data[key][row]) for key in table.keys)
    return f"{table.name} ({keys}): {column}"


def _of_table(table: Published, n_people: float) -> Iterator[Finding]:
    declared = PUBLISHED.get(declared_name(table.name))
    if declared is None or declared.guard is None:
        return
    for row, column, why in too_many_digits(table, declared.guard, n_people=n_people):
        yield Finding("digits", _cell(table, row, column), str(table.data[column][row]), why)
    if len(crossed := [key for key in table.keys if key in CHARACTERISTIC_KEYS]) > 1:
        yield Finding("crossed", table.name, "groups of groups", f"keys {', '.join(crossed)}")
    for key in table.keys:
        if table.data.schema[key] == pl.String and (table.data[key] == "no").any():
            how = "its number is all less those who answered yes"
            yield Finding("answer_no", f"{table.name}: {key} no", "the answer no", how)
    yield from _columns_of_two(table)


def _columns_of_two(table: Published) -> Iterator[Finding]:
    """Columns that are the sum of two others in every row, as far as rounding lets one see."""
    counted = [c for c in table.data.columns if is_counted(c) and c not in table.keys]
    rows = table.data.select(pl.col(counted).cast(pl.Float64)).drop_nulls()
    for i, whole in enumerate(counted):
        for j, one in enumerate(counted):
            for other in counted[j + 1 :]:
                if counted.index(other) == i or i == j or rows.height < _ROWS_OF_SUM:
                    continue
                is_large = rows.filter((pl.col(one) > 2 * BASE) & (pl.col(other) > 2 * BASE))
                off = (rows[whole] - rows[one] - rows[other]).abs()
                if is_large.height >= _ROWS_OF_SUM and (off <= BASE).all():
                    how = f"{one} and {other} add up to it"
                    yield Finding("column_of_two", f"{table.name}: {whole}", "a sum", how)


def describe(made: Attack) -> list[str]:
    """What was tried and found, in lines to be printed."""
    lines = [
        f"{made.run}, {made.vintage}: {made.n_tables} tables, {made.n_counts} counts "
        f"({made.n_small} can be 1 to {SMALL}), {made.n_sums} sums between them, "
        f"{made.n_numbers} other numbers, {made.n_pages} pages, "
        f"earlier vintages: {len(made.earlier)}"
    ]
    for finding in made.findings:
        lines += [f"{finding.cell} is {finding.known}", f"    by: {finding.how}"]
    if made.passed:
        lines.append(
            f"nothing found: no count of 1 to {SMALL} is known within fewer than {ENOUGH} values"
        )
    else:
        cells = first_few([finding.cell for finding in made.findings], 3)
        lines.append(f"{len(made.findings)} found, not to be released: {cells}")
    return lines
