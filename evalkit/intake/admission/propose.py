"""A proposed mapping file: which of a file's columns holds which of ours, judged by their names
alone. No cell is looked at.
"""

from difflib import SequenceMatcher
from pathlib import Path

from evalkit.errors import IntakeError, ParameterError, first_few
from evalkit.intake.contracts.contract import Contract, plain
from evalkit.intake.reading.readers import FORMATS, read_delivered

_ALIKE = 0.8
# Names that Swedish systems give their columns, as `plain` writes them.
_ALIASES = {
    "person_id": (
        "personid",
        "lopnr",
        "löpnr",
        "löpnummer",
        "klientid",
        "personnr",
        "personnummer",
    ),
    "household_id": ("hushallsid", "hushållsid", "hushåll", "ärendeid", "arendeid", "aktnr"),
    "district": ("sdf", "sdn", "stadsdelsförvaltning", "stadsdelsnämnd", "distrikt", "kommundel"),
    "month": ("avserperiod", "period", "avsermanad", "avsermånad", "manad", "månad"),
    "month_paid": ("utbetald", "utbetalningsdatum"),
    "amount": ("sbel", "utbetaltbelopp", "summa"),
    "sex": ("kon",),
    "birth_year": ("fodelsear", "födelseår", "fodar"),
    "start": ("from", "fom", "fromdatum", "fomdatum", "startdatum"),
    "end": ("tom", "tomdatum", "slutdatum", "tilldatum"),
    "intervention_id": ("insats", "insatsid", "åtgärd", "atgard"),
    "support_obstacle": ("orsak", "försörjningshinder", "forsorjningshinder"),
    "role": ("roll",),
}
# Names that hold ours where no surer one is there: the districts of a county are municipalities.
_ELSE = {"district": ("kommun", "kommunnamn", "kommunensnamn")}
_LAST_DAYS = ("tom", "tomdatum", "tilldatum")


def propose_mapping(
    path: Path | str, contracts: dict[str, Contract], *, table: str | None = None
) -> str:
    """Propose a mapping file for a delivered file, as text. Somebody who knows the system reads and
    corrects it.

    Parameters
    ----------
    path : path
        The file.
    contracts : dict
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
    path = Path(path)
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
    names = read_delivered(path).columns
    fits = {
        name: _matches(contract, names)
        for name, contract in contracts.items()
        if table in (None, name)
    }
    best = max(
        fits,
        key=lambda name: (
            path.stem.startswith(name),
            len(fits[name]),
            -len(contracts[name].columns),
        ),
        default=None,
    )
    if best is None or not fits[best]:
        raise IntakeError(
            "No table was found to which this file could belong.",
            where=f"{path.name} (columns found: {', '.join(names)})",
            why=f"None of its columns is named like those of {table or 'any contract'}.",
            fix=f"name the table yourself (--table); tables: {', '.join(contracts)}.",
        )
    return _as_text(path, contracts[best], fits[best], names)


def _matches(contract: Contract, names: list[str]) -> dict[str, str]:
    """Delivered column by our column; each delivered column is used once, the surest pairs
    first.
    """
    scores = sorted(
        (
            (_likeness(name, column.name, column.term), column.name, name)
            for column in contract.columns
            for name in names
        ),
        reverse=True,
    )
    matches: dict[str, str] = {}
    for score, ours, theirs in scores:
        if score >= _ALIKE and ours not in matches and theirs not in matches.values():
            matches[ours] = theirs
    return {
        column.name: matches[column.name] for column in contract.columns if column.name in matches
    }


def _likeness(theirs: str, ours: str, term: str) -> float:
    delivered = plain(theirs)
    if delivered in (plain(ours), plain(term)):
        return 1.0
    if delivered in _ALIASES.get(ours, ()):
        return 0.95
    if delivered in _ELSE.get(ours, ()):
        return _ALIKE
    return max(
        SequenceMatcher(None, delivered, plain(known)).ratio() for known in (ours, term) if known
    )


def _as_text(path: Path, contract: Contract, matches: dict[str, str], names: list[str]) -> str:
    lines = [
        f"# Proposed from the column names of {path.name}: read every line, mend it, and fill in "
        "the source.",
        'source: ""',
        "tables:",
    ]
    lines += [f"  {contract.table}:", "    columns:"]
    lines += [f"      {ours}: {_quoted(theirs)}" for ours, theirs in matches.items()]
    last_days = [ours for ours, theirs in matches.items() if plain(theirs) in _LAST_DAYS]
    if last_days:
        lines += [
            f"    last_days: [{', '.join(last_days)}]  # these columns name the last day of a "
            "period; evalkit's end is the day after"
        ]
    listed = [column for column in contract.columns if column.name in matches and column.allowed]
    lines += (
        ["    # codes: delivered code -> ours; the Swedish words are understood as they are"]
        if listed
        else []
    )
    lines += [
        f"    #   {column.name}: {{ }}  # ours: {', '.join(str(value) for value in column.allowed)}"
        for column in listed
    ]
    missing = [
        column.name
        for column in contract.columns
        if column.name not in matches and not column.may_be_absent
    ]
    unused = [name for name in names if name not in matches.values()]
    lines += (
        [f"    # not found, but the contract requires: {', '.join(missing)}"] if missing else []
    )
    lines += [f"    # not used: {', '.join(unused)}"] if unused else []
    return "\n".join(lines) + "\n"


def _quoted(name: str) -> str:
    return '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'
