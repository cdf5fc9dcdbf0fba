"""A proposed mapping file: which of a file's columns holds which of ours, judged by their names and
by the codes that stand in them, with our code for each, how dates are written, and months that
stand beside each other. Of the cells only codes that come back are shown.
"""

import re
from collections.abc import Mapping
from datetime import date
from difflib import SequenceMatcher
from pathlib import Path

from evalkit.errors import IntakeError, ParameterError, first_few
from evalkit.intake.admission.seen import (
    Seen,
    has_codes,
    look_at,
    months_in_names,
    proposed_code,
)
from evalkit.intake.contracts.contract import Contract, ContractColumn, plain
from evalkit.intake.reading.readers import FORMATS, read_delivered

_ALIKE, _ALIKE_ALIAS, _BY_CODES, _BY_WORD, _FEWEST_LETTERS = 0.8, 0.9, 0.82, 0.84, 5
# Of the codes of a column so many must have one of ours.
_LEAST_KNOWN, _YES_AND_NO = 0.6, {0, 1}
_OWN_FORMAT = "%Y-%m-%d"
# What tables are made of where months stand beside each other.
_MONTHS_OF = {
    "income_support": {"month": "month", "value": "amount"},
    "livelihood": {"month": "start", "end": "end", "value": "state"},
}
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
    "month": ("avser", "avserperiod", "period", "avsermanad", "avsermånad", "manad", "månad"),
    "month_paid": ("utbetald", "utbetalningsdatum"),
    "amount": ("sbel", "utbetaltbelopp", "summa"),
    "sex": ("kon",),
    "birth_year": ("fodelsear", "födelseår", "fodar", "födår", "ålder", "alder"),
    "start": ("from", "fom", "fromdatum", "fomdatum", "startdatum", "insatsstart", "start"),
    "end": ("tom", "tomdatum", "slutdatum", "tilldatum", "insatsslut", "slut", "sistadag"),
    "planned_end": (
        "planeradtom",
        "beräknatslut",
        "planeratslut",
        "plantom",
        "planeratslutdatum",
        "insatsplaneratslut",
    ),
    "intervention_id": ("insats", "insatsid", "åtgärd", "atgard", "aktivitet"),
    "support_obstacle": ("orsak", "försörjningshinder", "forsorjningshinder", "hinder"),
    "role": ("roll", "hushållsroll", "persontyp"),
    "n_children": ("barn", "antalbarn", "barnantal", "barn15"),
    "household_type": ("hushtyp", "hushållstyp", "familjetyp"),
    "hours_per_week": (
        "omfattning",
        "veckotimmar",
        "timmar",
        "timmarvecka",
        "timvecka",
        "omfattningtimmar",
    ),
    "end_reason": (
        "avslutsanledning",
        "avslutadpga",
        "avslutsorsak",
        "slutorsak",
        "avslutsorsakkod",
        "orsaktillavslut",
    ),
    "provider_district": ("utförare", "anordnare"),
    "responsible_role": ("handläggarroll", "ansvarig"),
    "origin": ("födelseregion", "födelseland", "ursprung", "fodelseland"),
    "referral": ("remitterad", "remitteradav", "remittent", "hänvisad", "hänvisadav"),
    "education": ("utbildning", "utbnivå"),
    "currency": ("valutakod",),
}
# Ids are named after what they are of.
_NUMBER = "(id|nr|nummer|löpnr|löpnummer|kod|nyckel|pseudonym)?"
_IDS = {
    "person_id": (
        re.compile(f"(klient|person|individ|deltagar|deltagare|brukar|brukare){_NUMBER}"),
    ),
    "household_id": (
        re.compile(f"(hushåll|hushålls|hushall|hushalls|ärende|akt|arende){_NUMBER}"),
    ),
    "intervention_id": (
        re.compile("(insats|insatsens?|åtgärds?|aktivitets?)(namn|typ|kod|id|nr)?"),
    ),
}
# Names that hold ours where no surer one is there: the districts of a county are municipalities.
_ELSE = {"district": ("kommun", "kommunnamn", "kommunensnamn")}
_LAST_DAYS = ("tom", "tomdatum", "tilldatum", "sistadag", "planeradtom")


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
    file = read_delivered(path)
    names = file.columns
    seen = {name: look_at(file.cells[name]) for name in names}
    form = months_in_names(names)
    single = [name for name in names if not (form and months_in_names([name] * 3) == form)]
    fits = {
        name: _matches(contract, single, seen)
        for name, contract in contracts.items()
        if table in (None, name)
    }
    best = max(
        fits,
        key=lambda name: (
            path.stem == name or path.stem.startswith(f"{name}_"),
            _n_by_name(contracts[name], fits[name]),
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
    return _as_text(path, contracts[best], fits[best], seen, form)


def _matches(contract: Contract, names: list[str], seen: Mapping[str, Seen]) -> dict[str, str]:
    """Delivered column by our column; each delivered column is used once, the surest pairs
    first.
    """
    scores = sorted(
        (
            (
                max(_likeness(name, column.name, column.term), _of_codes(seen[name], column)),
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
        if score >= _ALIKE and ours not in matches and theirs not in matches.values():
            matches[ours] = theirs
    matches |= _last_dates(contract, [n for n in names if n not in matches.values()], matches, seen)
    return {
        column.name: matches[column.name] for column in contract.columns if column.name in matches
    }


def _n_by_name(contract: Contract, matches: Mapping[str, str]) -> int:
    """How many columns were told by their names: codes alone may be those of another table."""
    terms = {column.name: column.term for column in contract.columns}
    return sum(_likeness(theirs, ours, terms[ours]) >= _ALIKE for ours, theirs in matches.items())


def _last_dates(
    contract: Contract, unused: list[str], matches: Mapping[str, str], seen: Mapping[str, Seen]
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


def _likeness(theirs: str, ours: str, term: str) -> float:
    delivered = plain(theirs)
    if delivered in (plain(ours), plain(term)):
        return 1.0
    if delivered in _ALIASES.get(ours, ()):
        return 0.95
    if any(pattern.fullmatch(delivered) for pattern in _IDS.get(ours, ())):
        return 0.95
    if delivered in _ELSE.get(ours, ()):
        return _ALIKE
    known = [plain(word) for word in (ours, term, *_ALIASES.get(ours, ())) if word]
    ratios = [SequenceMatcher(None, delivered, word).ratio() for word in known]
    # An alias is one name among many, so that it must be met more closely than our own.
    own = ratios[: 1 + bool(term)]
    alike = max(*own, *(ratio for ratio in ratios[len(own) :] if ratio >= _ALIKE_ALIAS), 0.0)
    # A word of the name, or its beginning, that is one of ours: "Beviljat belopp".
    words = re.findall(r"\w+", theirs.lower())
    is_named = any(
        word == one or (len(one) >= _FEWEST_LETTERS and word.startswith(one))
        for word in words
        for one in known
        if len(one) >= _FEWEST_LETTERS - 1
    )
    return max(alike, _BY_WORD if is_named else 0.0)


def _as_text(
    path: Path,
    contract: Contract,
    matches: dict[str, str],
    seen: Mapping[str, Seen],
    form: str | None,
) -> str:
    months = _months_in_columns(contract, form)
    made = () if months is None else tuple(_MONTHS_OF[contract.table].values())
    lines = [
        f"# Proposed from the column names and codes of {path.name}: read every line, mend it, and "
        "fill in the source.",
        'source: ""',
        "tables:",
    ]
    lines += [f"  {contract.table}:", "    columns:"]
    lines += [f"      {ours}: {_quoted(theirs)}" for ours, theirs in matches.items()]
    lines += [months] if months else []
    last_days = [ours for ours, theirs in matches.items() if plain(theirs) in _LAST_DAYS]
    if last_days:
        lines += [
            f"    last_days: [{', '.join(last_days)}]  # these columns name the last day of a "
            "period; evalkit's end is the day after"
        ]
    lines += _written_lines(path, contract, matches, seen)
    lines += _code_lines(contract, matches, seen)
    is_of_money = "amount" in (*matches, *made) and "currency" in contract.column_names
    if is_of_money and "currency" not in matches:
        made = (*made, "currency")
        lines.append("    constants: { currency: SEK }  # nothing in the file says so")
    missing = [
        column.name
        for column in contract.columns
        if column.name not in (*matches, *made) and not column.may_be_absent
    ]
    unused = [
        name
        for name in seen
        if name not in matches.values() and not (months and months_in_names([name] * 3) == form)
    ]
    lines += (
        [f"    # not found, but the contract requires: {', '.join(missing)}"] if missing else []
    )
    lines += [f"    # not used: {', '.join(unused)}"] if unused else []
    return "\n".join(lines) + "\n"


def _months_in_columns(contract: Contract, form: str | None) -> str | None:
    """The entry for months that stand beside each other, where the table can be made of them."""
    if form is None or contract.table not in _MONTHS_OF:
        return None
    ours = ", ".join(f"{key}: {name}" for key, name in _MONTHS_OF[contract.table].items())
    return f"    months_in_columns: {{ form: {_quoted(form)}, {ours} }}"


def _written_lines(
    path: Path, contract: Contract, matches: dict[str, str], seen: Mapping[str, Seen]
) -> list[str]:
    """How dates are written, and ages where years of birth are asked for."""
    formats = {
        column.name: form
        for column in contract.columns
        if column.name in matches
        and column.kind == "date"
        and (form := seen[matches[column.name]].date_format) not in (None, _OWN_FORMAT)
    }
    pairs = ", ".join(f"{ours}: {_quoted(str(form))}" for ours, form in formats.items())
    lines = [f"    formats: {{ {pairs} }}"] if formats else []
    if "birth_year" in matches and seen[matches["birth_year"]].is_age:
        day = date.fromtimestamp(path.stat().st_mtime)
        lines.append(f"    ages: {{ birth_year: {day} }}  # on which day were they this old?")
    return lines


def _code_lines(contract: Contract, matches: dict[str, str], seen: Mapping[str, Seen]) -> list[str]:
    """Our code for each delivered one, by column; what is understood as it stands is left out."""
    lines, remarks = [], []
    for column in contract.columns:
        if column.name not in matches or not has_codes(column):
            continue
        known = {str(value) for value in (*column.allowed, *column.labels.values())}
        codes = [
            code
            for code in seen[matches[column.name]].codes
            if code not in known and proposed_code(code, column) != code
        ]
        pairs = {code: ours for code in codes if (ours := proposed_code(code, column))}
        if pairs:
            lines.append(f"      {column.name}:")
            lines += [f"        {_quoted(code)}: {_quoted(ours)}" for code, ours in pairs.items()]
        left = [_quoted(code) for code in codes if code not in pairs]
        more = seen[matches[column.name]].n_more
        left += [f"{more} that stand there once"] if more else []
        if left:
            ours = ", ".join(str(value) for value in column.allowed)
            remarks.append(f"    # {column.name}, no code of ours for {', '.join(left)}: {ours}")
    return [*(["    codes:"] if lines else []), *lines, *remarks]


def _quoted(name: str) -> str:
    return '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'
