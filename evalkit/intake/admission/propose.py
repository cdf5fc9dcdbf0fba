"""A proposed mapping file: which file holds which table, and which of its columns holds which of
ours, judged by their names and by the codes that stand in them.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from evalkit.errors import IntakeError, ParameterError, first_few
from evalkit.intake.admission.column_names import ALIKE, likeness
from evalkit.intake.admission.proposed_text import Proposal, as_text
from evalkit.intake.admission.seen import (
    Seen,
    by_words,
    knows_words,
    look_at,
    months_in_names,
)
from evalkit.intake.contracts.contract import Contract, ContractColumn
from evalkit.intake.reading.delivered import Delivered, texts_of
from evalkit.intake.reading.readers import FORMATS, read_delivered
from evalkit.line.columns import PERSON_IDS

_BY_CODES, _SURE_OF_IDS, _SHARED = 0.82, 0.86, 1.1
# Columns of ours by which tables are joined: what one file calls them, the others do.
_OF_CODES = ("district", "intervention_id")
_JOINING = (*PERSON_IDS, *_OF_CODES, "month")
# Of the codes of a column so many must have one of ours.
_LEAST_KNOWN, _YES_AND_NO = 0.6, {0, 1}


@dataclass(frozen=True)
class Proposed:
    """What was made of several files: the mapping file's text, what each table was proposed to be,
    and the names of files and sheets that fit no table.
    """

    text: str
    proposals: tuple[Proposal, ...]
    unknown: tuple[str, ...]


def propose_mapping(
    path: Path | str, contracts: Mapping[str, Contract], *, table: str | None = None
) -> str:
    """Propose a mapping file for a delivered file, as text. Somebody who knows the system reads and
    corrects it.

    Parameters
    ----------
    path : path
        The file.
    contracts : mapping
        The contracts by table.
    table : str, optional
        The table that the file holds; without it the one whose columns fit best.

    Raises
    ------
    ParameterError
        If there is no such file.
    IntakeError
        If the file is of no kind that holds a table, cannot be read, or no table fits and none was
        named.
    """
    file = _read(Path(path))
    of_table = {name: one for name, one in contracts.items() if table in (None, name)}
    proposed = propose_mappings([file], of_table)
    if not proposed.proposals:
        raise IntakeError(
            "No table was found to which this file could belong.",
            where=f"{file.path.name} (columns found: {', '.join(file.columns)})",
            why=f"None of its columns is named like those of {table or 'any contract'}.",
            fix=f"name the table yourself (--table); tables: {', '.join(contracts)}.",
        )
    return proposed.text


def propose_mappings(
    files: Sequence[Delivered],
    contracts: Mapping[str, Contract],
    sheets: Mapping[int, str] | None = None,
) -> Proposed:
    """Propose one mapping file for several delivered files, each given to the table that it fits
    best. Files with the same columns are parts of one table; of others only one can be a table, and
    the rest go where they fit next. A column that holds a key in one file holds it in the others.

    Parameters
    ----------
    files : sequence of Delivered
        The files as read; further sheets of a workbook are files of their own.
    contracts : mapping
        The contracts by table.
    sheets : mapping of str, optional
        The sheet that a file is, by its position, where it is not the first of its workbook.
    """
    parts: dict[tuple[str | None, ...], list[Delivered]] = {}
    for number, file in enumerate(files):
        key = ((sheets or {}).get(number), *sorted(file.columns))
        parts.setdefault(key, []).append(file)
    groups = [_Group.of(group, sheet=key[0]) for key, group in parts.items()]
    first = _assigned(groups, contracts, {})
    shared = _keys_of(first.values())
    last = _assigned(groups, contracts, shared) if len(groups) > 1 else first
    unknown = [
        f"{path.name}, sheet {group.sheet}" if group.sheet else path.name
        for number, group in enumerate(groups)
        if number not in last
        for path in group.paths
    ]
    proposals = tuple(last[number] for number in sorted(last))
    return Proposed(as_text(proposals), proposals, tuple(unknown))


@dataclass(frozen=True)
class _Group:
    """The parts of one table: their files, what their columns look like, months in columns, and the
    sheet.
    """

    paths: tuple[Path, ...]
    seen: Mapping[str, Seen]
    form: str | None
    sheet: str | None

    @classmethod
    def of(cls, group: Sequence[Delivered], *, sheet: str | None) -> "_Group":
        names = group[0].columns
        seen = {
            name: look_at(pl.concat([texts_of(file.cells[name]) for file in group]))
            for name in names
        }
        return cls(tuple(file.path for file in group), seen, months_in_names(names), sheet)

    @property
    def single(self) -> list[str]:
        """The columns that are no months beside each other."""
        is_month = {n: bool(self.form) and months_in_names([n] * 3) == self.form for n in self.seen}
        return [name for name in self.seen if not is_month[name]]


def _assigned(
    groups: Sequence[_Group], contracts: Mapping[str, Contract], shared: Mapping[str, str]
) -> dict[int, Proposal]:
    """Each group's table, the surest first."""
    candidates = [
        (_surety(proposal), number, proposal)
        for number, group in enumerate(groups)
        for contract in contracts.values()
        if (matches := _matches(contract, group.single, group.seen, shared))
        for proposal in [
            Proposal(group.paths, contract, matches, group.seen, group.form, group.sheet)
        ]
    ]
    taken: dict[int, Proposal] = {}
    for _, number, proposal in sorted(candidates, key=lambda one: one[0], reverse=True):
        tables = {one.contract.table for one in taken.values()}
        if number not in taken and proposal.contract.table not in tables:
            taken[number] = proposal
    return taken


def _keys_of(proposals: Iterable[Proposal]) -> dict[str, str]:
    """By delivered column, the one of ours that joins tables which it holds in most of them."""
    held = Counter(
        (theirs, ours)
        for proposal in proposals
        for ours, theirs in proposal.matches.items()
        if ours in _JOINING
    )
    return {theirs: ours for (theirs, ours), _ in reversed(held.most_common())}


def _read(path: Path) -> Delivered:
    if not path.is_file():
        others = sorted(
            file.name for file in path.parent.glob("*") if file.suffix.lower() in FORMATS
        )
        raise ParameterError(
            "The delivered file does not exist."
            if not path.exists()
            else "A folder is named where a delivered file is needed.",
            where=str(path),
            why="The mapping is proposed from the column names of one file.",
            fix=f"check the path; files found beside it: {first_few(others, 6) or 'none'}.",
        )
    if path.suffix.lower() not in FORMATS:
        raise IntakeError(
            "This file is of no kind that holds a table.",
            where=path.name,
            why=f"Tables are read from files ending in {', '.join(FORMATS)}; what stands in "
            "others is only searched for personal numbers.",
            fix="name one of the delivered files, or save the table as CSV.",
        )
    return read_delivered(path)


def _surety(proposal: Proposal) -> tuple[bool, int, int, int, int]:
    """How surely files hold a table: named after it, columns told by their names (codes alone may
    be those of another table), required columns that are there, and columns found at all.
    """
    contract, matches = proposal.contract, proposal.matches
    terms = {column.name: column.term for column in contract.columns}
    n_by_name = sum(
        likeness(theirs, ours, terms[ours]) >= ALIKE for ours, theirs in matches.items()
    )
    n_lacking = sum(column.is_needed and column.name not in matches for column in contract.columns)
    stems = [path.stem for path in proposal.paths]
    is_named = all(s == contract.table or s.startswith(f"{contract.table}_") for s in stems)
    return is_named, n_by_name, -n_lacking, len(matches), -len(contract.columns)


def _matches(
    contract: Contract,
    names: Sequence[str],
    seen: Mapping[str, Seen],
    shared: Mapping[str, str],
) -> dict[str, str]:
    """Delivered column by our column; each delivered column is used once, the surest pairs
    first.
    """
    scores = sorted(
        (
            (
                _SHARED if shared.get(name) == column.name else _score(name, column, seen[name]),
                column.is_required,
                column.name,
                name,
            )
            for column in contract.columns
            for name in names
        ),
        reverse=True,
    )
    matches: dict[str, str] = {}
    for score, _, ours, theirs in scores:
        if score >= ALIKE and ours not in matches and theirs not in matches.values():
            matches[ours] = theirs
    if matches:
        matches |= _left_over(contract, names, matches, seen)
    return {
        column.name: matches[column.name] for column in contract.columns if column.name in matches
    }


def _score(name: str, column: ContractColumn, seen: Seen) -> float:
    """How surely a delivered column holds ours, by its name or its codes."""
    by_name = likeness(name, column.name, column.term)
    if column.name in PERSON_IDS and seen.codes and by_name < _SURE_OF_IDS:
        # "Hushållsform" is of households, and no id.
        return 0.0
    return max(by_name, _of_codes(seen, column))


def _left_over(
    contract: Contract, names: Sequence[str], matches: Mapping[str, str], seen: Mapping[str, Seen]
) -> dict[str, str]:
    """Columns of ours that nothing was named after, where those that are left can be nothing else:
    dates that are required, the earliest first; ids, codes and a text that are required; a last
    date.
    """
    found: dict[str, str] = {}
    unused = [name for name in names if name not in matches.values()]
    dates = sorted((n for n in unused if seen[n].date_format), key=lambda name: seen[name].least)
    codes = [name for name in unused if seen[name].codes and name not in dates]
    ids = [name for name in unused if seen[name].is_id]
    must = [column for column in contract.columns if column.is_required]
    may = [column for column in contract.columns if not column.is_required]
    for columns, left, takes_first in (
        ([column.name for column in must if column.kind == "date"], dates, True),
        ([column.name for column in must if column.name in PERSON_IDS], ids, False),
        ([column.name for column in must if column.name in _OF_CODES], codes, False),
        ([column.name for column in may if column.kind == "date"], dates, False),
        ([column.name for column in must if column.kind == "string"], unused, False),
    ):
        asked = [name for name in columns if name not in (*matches, *found)]
        free = [name for name in left if name not in found.values()]
        if len(asked) == 1 and free and (takes_first or len(free) == 1):
            found[asked[0]] = free[0]
    return found


def _of_codes(seen: Seen, column: ContractColumn) -> float:
    """How surely a column of codes holds one of ours, by the codes that are told by words."""
    # Yes and no could be an answer to anything.
    if not knows_words(column) or set(column.allowed) == _YES_AND_NO:
        return 0.0
    n_known = sum(by_words(code, column) for code in seen.codes)
    is_clear = n_known >= 2 and n_known >= _LEAST_KNOWN * len(seen.codes)
    return _BY_CODES if is_clear else 0.0
