"""A proposed mapping file: which file holds which table, and which of its columns holds which of
ours, judged by their names and by the codes that stand in them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from evalkit.errors import IntakeError, ParameterError, first_few
from evalkit.intake.admission.column_names import ALIKE, likeness
from evalkit.intake.admission.proposed_text import Proposal, as_text
from evalkit.intake.admission.seen import Seen, look_at, months_in_names, proposed_code
from evalkit.intake.contracts.contract import Contract, ContractColumn
from evalkit.intake.reading.delivered import Delivered, texts_of
from evalkit.intake.reading.readers import FORMATS, read_delivered

_BY_CODES = 0.82
# Of the codes of a column so many must have one of ours.
_LEAST_KNOWN, _YES_AND_NO = 0.6, {0, 1}


@dataclass(frozen=True)
class Proposed:
    """What was made of several files: the mapping file's text, what each table was proposed to be,
    and the files that fit no table.
    """

    text: str
    proposals: tuple[Proposal, ...]
    unknown: tuple[Path, ...]


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


def propose_mappings(files: Sequence[Delivered], contracts: Mapping[str, Contract]) -> Proposed:
    """Propose one mapping file for several delivered files, each given to the table that it fits
    best. Files with the same columns are parts of one table; of others only one can be a table, and
    the rest go where they fit next.
    """
    parts: dict[tuple[str, ...], list[Delivered]] = {}
    for file in files:
        parts.setdefault(tuple(sorted(file.columns)), []).append(file)
    candidates = [
        (_surety(proposal), position, proposal)
        for position, group in enumerate(parts.values())
        for proposal in _proposals(group, contracts)
    ]
    taken: dict[int, Proposal] = {}
    tables: set[str] = set()
    for _, position, proposal in sorted(candidates, key=lambda one: one[0], reverse=True):
        if position not in taken and proposal.contract.table not in tables:
            taken[position] = proposal
            tables.add(proposal.contract.table)
    unknown = [
        file.path
        for position, group in enumerate(parts.values())
        if position not in taken
        for file in group
    ]
    proposals = tuple(taken[position] for position in sorted(taken))
    return Proposed(as_text(proposals), proposals, tuple(unknown))


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


def _proposals(group: Sequence[Delivered], contracts: Mapping[str, Contract]) -> list[Proposal]:
    """What the parts of one table could be: one proposal for each table that fits at all."""
    names = group[0].columns
    seen = {
        name: look_at(pl.concat([texts_of(file.cells[name]) for file in group])) for name in names
    }
    form = months_in_names(names)
    single = [name for name in names if not (form and months_in_names([name] * 3) == form)]
    paths = tuple(file.path for file in group)
    fits = {name: _matches(contract, single, seen) for name, contract in contracts.items()}
    return [
        Proposal(paths, contracts[name], matches, seen, form)
        for name, matches in fits.items()
        if matches
    ]


def _surety(proposal: Proposal) -> tuple[bool, int, int, int, int]:
    """How surely files hold a table: named after it, columns told by their names (codes alone may
    be those of another table), required columns that are there, and columns found at all.
    """
    contract, matches = proposal.contract, proposal.matches
    terms = {column.name: column.term for column in contract.columns}
    n_by_name = sum(
        likeness(theirs, ours, terms[ours]) >= ALIKE for ours, theirs in matches.items()
    )
    n_lacking = sum(
        column.is_required and not column.may_be_absent and column.name not in matches
        for column in contract.columns
    )
    stems = [path.stem for path in proposal.paths]
    is_named = all(s == contract.table or s.startswith(f"{contract.table}_") for s in stems)
    return is_named, n_by_name, -n_lacking, len(matches), -len(contract.columns)


def _matches(contract: Contract, names: Sequence[str], seen: Mapping[str, Seen]) -> dict[str, str]:
    """Delivered column by our column; each delivered column is used once, the surest pairs
    first.
    """
    scores = sorted(
        (
            (
                max(likeness(name, column.name, column.term), _of_codes(seen[name], column)),
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
    matches |= _last_dates(contract, [n for n in names if n not in matches.values()], matches, seen)
    return {
        column.name: matches[column.name] for column in contract.columns if column.name in matches
    }


def _last_dates(
    contract: Contract, unused: Sequence[str], matches: Mapping[str, str], seen: Mapping[str, Seen]
) -> dict[str, str]:
    """The one date that is still asked for, where one column of dates is left."""
    asked = [
        column.name
        for column in contract.columns
        if column.kind == "date" and column.is_required and column.name not in matches
    ]
    left = [name for name in unused if seen[name].date_format]
    return {asked[0]: left[0]} if len(asked) == len(left) == 1 and matches else {}


def _of_codes(seen: Seen, column: ContractColumn) -> float:
    """How surely a column of codes holds one of ours, by the codes that have one of ours."""
    # Yes and no could be an answer to anything.
    if not column.allowed or set(column.allowed) == _YES_AND_NO:
        return 0.0
    n_known = sum(proposed_code(code, column) is not None for code in seen.codes)
    is_clear = n_known >= 2 and n_known >= _LEAST_KNOWN * len(seen.codes)
    return _BY_CODES if is_clear else 0.0
