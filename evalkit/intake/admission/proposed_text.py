"""The text of a proposed mapping file: columns, our code for each delivered one, how dates are
written, months that stand beside each other, and what was not found. Of the cells only codes that
come back are shown.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from evalkit.intake.admission.seen import Seen, has_codes, months_in_names, proposed_code
from evalkit.intake.contracts.code_lists import UNKNOWN
from evalkit.intake.contracts.contract import Contract

# Before what somebody has to look at.
LOOK = "LOOK: "
_OWN_FORMAT = "%Y-%m-%d"
# Columns whose codes tell what people live on afterwards.
REASONS = ("exit_reason", "end_reason")
_OF_REASONS = (
    "these tell what people live on afterwards, and were guessed from their words; a list of codes "
    "(code_lists) says it for sure"
)
# What tables are made of where months stand beside each other.
_MONTHS_OF = {
    "income_support": {"month": "month", "value": "amount"},
    "livelihood": {"month": "start", "end": "end", "value": "state"},
}
# Names of a period's last day ("t o m", "planerad tom", "sista dag").
_LAST_DAYS = re.compile(r"tom(datum)?\b|\bt\.? ?o\.? ?m\b|sista ?dag|till ?datum")


@dataclass(frozen=True)
class Proposal:
    """What the parts of one table are proposed to be: their files, the contract, the delivered
    column by ours, what each delivered column looks like, how columns name their months where these
    stand beside each other, and the sheet where it is not the first of its workbook.
    """

    paths: tuple[Path, ...]
    contract: Contract
    matches: Mapping[str, str]
    seen: Mapping[str, Seen]
    form: str | None
    sheet: str | None = None

    @property
    def months(self) -> Mapping[str, str]:
        """Our columns that are made of months beside each other; none where there are none."""
        return _MONTHS_OF.get(self.contract.table, {}) if self.form else {}

    def is_month(self, name: str) -> bool:
        """Whether a delivered column is one of the months."""
        return bool(self.months) and months_in_names([name] * 3) == self.form

    @property
    def made(self) -> tuple[str, ...]:
        """Our columns that are made of something else than one delivered column."""
        has_amounts = "amount" in (*self.matches, *self.months.values())
        is_said = "currency" in self.matches or "currency" not in self.contract.column_names
        return (*self.months.values(), *(["currency"] if has_amounts and not is_said else []))

    @property
    def missing(self) -> tuple[str, ...]:
        """Our columns that the contract requires and that were not found."""
        return tuple(
            column.name
            for column in self.contract.columns
            if column.name not in (*self.matches, *self.made) and not column.may_be_absent
        )

    @property
    def unused(self) -> tuple[str, ...]:
        """Delivered columns in which nothing of ours was found."""
        used = set(self.matches.values())
        return tuple(name for name in self.seen if name not in used and not self.is_month(name))


def as_text(proposals: Sequence[Proposal]) -> str:
    """A mapping file as text, with remarks on what is to be mended."""
    names = ", ".join(path.name for proposal in proposals for path in proposal.paths)
    lines = [
        "# Proposed from column names and codes: read every line, mend it, and say where the data "
        "come from.",
        f"source: {_quoted(names)}",
        "tables:",
        *(line for proposal in proposals for line in _lines_of(proposal)),
    ]
    return "\n".join(lines) + "\n"


def _lines_of(proposal: Proposal) -> list[str]:
    contract, matches = proposal.contract, proposal.matches
    lines = [f"  {contract.table}:"]
    stems = [path.stem for path in proposal.paths]
    if any(s != contract.table and not s.startswith(f"{contract.table}_") for s in stems):
        lines.append(f"    files: [{', '.join(_quoted(_pattern(stem)) for stem in stems)}]")
    if proposal.sheet:
        lines.append(f"    sheet: {_quoted(proposal.sheet)}")
    if proposal.missing:
        lines.append(
            f"    # {LOOK}required, and not found: {', '.join(proposal.missing)}; not used: "
            f"{', '.join(proposal.unused) or 'none'}"
        )
    lines.append("    columns:")
    lines += [f"      {ours}: {_quoted(theirs)}" for ours, theirs in matches.items()]
    if proposal.months:
        ours = ", ".join(f"{key}: {name}" for key, name in proposal.months.items())
        lines.append(f"    months_in_columns: {{ form: {_quoted(str(proposal.form))}, {ours} }}")
    last_days = [ours for ours, theirs in matches.items() if _LAST_DAYS.search(_spaced(theirs))]
    if last_days:
        lines.append(
            f"    last_days: [{', '.join(last_days)}]  # these columns name the last day of a "
            "period; evalkit's end is the day after"
        )
    lines += [*_written_lines(proposal), *_code_lines(proposal)]
    if "currency" in proposal.made:
        lines.append("    constants: { currency: SEK }  # nothing in the file says so")
    if proposal.unused and not proposal.missing:
        lines.append(f"    # not used: {', '.join(proposal.unused)}")
    return lines


def _written_lines(proposal: Proposal) -> list[str]:
    """How dates are written, and ages where years of birth are asked for."""
    matches, seen = proposal.matches, proposal.seen
    formats = {
        column.name: form
        for column in proposal.contract.columns
        if column.name in matches
        and column.kind == "date"
        and (form := seen[matches[column.name]].date_format) not in (None, _OWN_FORMAT)
    }
    pairs = ", ".join(f"{ours}: {_quoted(str(form))}" for ours, form in formats.items())
    lines = [f"    formats: {{ {pairs} }}"] if formats else []
    if "birth_year" in matches and seen[matches["birth_year"]].is_age:
        day = date.fromtimestamp(proposal.paths[0].stat().st_mtime)
        lines += [
            f"    # {LOOK}on which day were they this old? The file is of this day.",
            f"    ages: {{ birth_year: {day} }}",
        ]
    return lines


def _code_lines(proposal: Proposal) -> list[str]:
    """Our code for each delivered one, by column; what is understood as it stands is left out."""
    lines: list[str] = []
    uncounted, reasons = [], []
    for column in proposal.contract.columns:
        if column.name not in proposal.matches or not has_codes(column):
            continue
        seen = proposal.seen[proposal.matches[column.name]]
        known = {str(value) for value in (*column.allowed, *column.labels.values())}
        codes = [c for c in seen.codes if c not in known and proposed_code(c, column) != c]
        pairs = {code: ours for code in codes if (ours := proposed_code(code, column))}
        left = [_quoted(code) for code in codes if code not in pairs]
        left += [f"{seen.n_more} that stand there once"] if seen.n_more and column.allowed else []
        if pairs and column.name in REASONS:
            reasons.append(column.name)
            lines.append(f"      # {LOOK}{_OF_REASONS}")
        if left:
            uncounted += [column.name] if UNKNOWN in column.allowed else []
            ours = ", ".join(str(value) for value in column.allowed)
            lines.append(f"      # {LOOK}no code of ours for {', '.join(left)}; ours: {ours}")
        if pairs or left:
            lines.append(f"      {column.name}:{'' if pairs else ' {}'}")
            lines += [f"        {_quoted(code)}: {_quoted(ours)}" for code, ours in pairs.items()]
    lines = [*(["    codes:"] if lines else []), *lines]
    if uncounted:
        pairs_of = ", ".join(f"{name}: {UNKNOWN}" for name in uncounted)
        lines.append(f"    unknown: {{ {pairs_of} }}  # all other codes; they are counted")
    if reasons:
        grades = ", ".join(f"{name}: L" for name in reasons)
        lines.append(f"    grades: {{ {grades} }}  # as long as nobody has looked")
    return lines


def _spaced(name: str) -> str:
    """A name in lower case, with spaces where its words begin."""
    return re.sub(r"(?<=[a-zåäö])(?=[A-ZÅÄÖ])|_", " ", name).lower()


def _pattern(stem: str) -> str:
    """A name as the pattern that fits it alone."""
    return re.sub(r"([\[*?])", r"[\1]", stem)


def _quoted(name: str) -> str:
    return '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'
