"""Layouts of the official monthly record of income support, as files: which field stands where, how
it looks, and its codes.

A layout file (`data_contracts/record_layouts/*.yaml`) says what a line is: a household that was
paid for a month (`payments`), or what is said beside the record of a household (`households`) or of
a member of one (`persons`). The layout has changed over the years, and fields taken for others
would give persons the age of somebody else without a word: a field that does not look like itself
in most lines that fill it is therefore taken for another field.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatch
from functools import cached_property
from pathlib import Path
from typing import ClassVar, Literal

from evalkit.errors import IntakeError, ParameterError, first_few, nearest
from evalkit.reads import listed
from evalkit.shipped import shipped
from evalkit.vocabulary import Grade, Text

PREFIX = "monthly_record"
SUFFIXES = (".txt", ".tsv")
FOLDER = "record_layouts"

# What is said of a household, of a member in a month, and of a person.
OF_HOUSEHOLD = ("household_id", "household_type", "exit_reason")
OF_MEMBER = (
    *("support_obstacle", "obstacle_detail", "measures"),
    *("household_status", "refugee", "foreign_background"),
)
_OF_MONTH = ("year", "month", "municipality")
_OF_ADULT = ("person", *OF_MEMBER, "sex", "age")
_BY_KIND = {
    "payments": (
        *_OF_MONTH,
        *("district", "n_children", "amount", *OF_HOUSEHOLD),
        *(f"{name}_{i}" for i in (1, 2) for name in _OF_ADULT),
    ),
    "households": (*_OF_MONTH, "person_1", *OF_HOUSEHOLD),
    "persons": (*_OF_MONTH, "person", "role", *OF_MEMBER, "sex", "birth_year"),
}
_NEEDED = {
    "payments": ("year", "month", "municipality", "amount", "person_1"),
    "households": ("year", "month", "person_1"),
    "persons": ("year", "month", "person"),
}
_NUMBERS = ("person", "person_1", "person_2")
_NUMBER, _UNKNOWN = "a person's number", "no field of the layout"
# Fewer signs than these name nobody: a code or a count stands where a person should.
_SHORT_CODE = re.compile(r"[0-9]{0,4}")
# A line or two can be wrong; the layout is another where more than half are.
_MAX_SHARE = 0.5
_REFUSING = {"extra": "forbid"}


@dataclass(frozen=True)
class RecordField:
    """A field: its name, its position (from 1), how it looks (a regular expression; without one
    anything will do) and our code for each of the record's, where it has codes.
    """

    __pydantic_config__: ClassVar = _REFUSING

    field: str
    position: int
    form: str = ""
    codes: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class RecordLayout:
    """A layout file.

    layout, title : its name, and how it is called. source, grade, is_official : where it was read
    and how sure that is; whether the authority knows it. holds : what a line is. files : patterns
    of the names of files that have it, without suffix. n_required : fewer fields are no line.
    persons_from : the first of any number of fields with further persons' numbers. separator :
    what stands between fields.
    """

    __pydantic_config__: ClassVar = _REFUSING

    layout: str
    title: Text
    source: str
    grade: Grade
    is_official: bool
    holds: Literal["payments", "households", "persons"]
    files: tuple[str, ...]
    n_required: int
    fields: tuple[RecordField, ...]
    persons_from: int | None = None
    separator: str = "\t"

    @cached_property
    def names(self) -> frozenset[str]:
        """The names of its fields."""
        return frozenset(one.field for one in self.fields)

    @cached_property
    def _at(self) -> dict[int, tuple[RecordField, re.Pattern | None]]:
        return {
            one.position - 1: (one, re.compile(one.form) if one.form else None)
            for one in self.fields
        }

    def split(self, text: str) -> list[str]:
        """The fields of a line."""
        return text.rstrip("\r").split(self.separator)

    def has(self, name: str) -> bool:
        """Whether a field has its place in the layout, for the first adult at least."""
        return name in self.names or f"{name}_1" in self.names

    def name_at(self, place: int) -> str:
        """The field at a place, counted from 0, in words."""
        if place in self._at:
            return self._at[place][0].field
        return _NUMBER if self._is_further(place) else _UNKNOWN

    def knows(self, place: int) -> bool:
        """Whether a place, counted from 0, is a field of the layout."""
        return place in self._at or self._is_further(place)

    def holds_number(self, place: int) -> bool:
        """Whether a field, counted from 0, holds a person's number."""
        return self._is_further(place) or self.name_at(place) in _NUMBERS

    def looks_right(self, place: int, text: str) -> bool:
        """Whether a filled field, counted from 0, looks as the layout has it."""
        if self.holds_number(place):
            return _SHORT_CODE.fullmatch(text) is None
        if place in self._at:
            form = self._at[place][1]
            return form is None or form.fullmatch(text) is not None
        # What stands between known fields is not asked for; behind them nothing should stand.
        return place < max(self._at)

    def misplaced(self, lines: Sequence[Sequence[str]]) -> list[str]:
        """The fields of a record's lines that do not look like themselves in most lines that fill
        them: "field 8 (refugee_1)" and so on; empty where it is the layout.
        """
        n_places = max((len(line) for line in lines), default=0)
        n_filled, n_wrong = [0] * n_places, [0] * n_places
        for line in lines:
            for place, cell in enumerate(line):
                text = cell.strip()
                if text:
                    n_filled[place] += 1
                    n_wrong[place] += not self.looks_right(place, text)
        return [
            f"field {place + 1} ({self.name_at(place)})"
            for place in range(n_places)
            if n_wrong[place] > _MAX_SHARE * n_filled[place]
        ]

    def _is_further(self, place: int) -> bool:
        return self.persons_from is not None and place >= self.persons_from - 1


def load_layouts(contracts_folder: Path | str | None = None) -> tuple[RecordLayout, ...]:
    """The layouts beside the contracts (`record_layouts/*.yaml`); those that come with evalkit
    where the folder has none.

    Raises
    ------
    ParameterError
        If a layout file is faulty, or names a field that is not known or not in its place.
    """
    # Imported here: few extracts are records, and what reads a layout takes a fifth of a second to
    # import.
    from evalkit.records import load

    own = Path(contracts_folder) / FOLDER if contracts_folder else None
    folder = own if own and own.is_dir() else shipped("data_contracts", FOLDER)
    layouts = {path: load(path, RecordLayout) for path in listed(folder, "*.yaml")}
    faults = [
        f"{path.name}: {fault}" for path, layout in layouts.items() for fault in _faults_of(layout)
    ]
    if faults or not layouts:
        raise ParameterError(
            "A layout of the monthly record cannot be used.",
            where=f"{folder}: {first_few(faults, 6) or 'no *.yaml'}",
            why="Each field has one known name and one position, further persons stand behind all "
            "of them, and a line needs its month and whom it is about.",
            fix="mend the layout file; monthly_record.yaml there shows one.",
        )
    return tuple(layouts.values())


def layout_of(path: Path, texts: Sequence[str], layouts: Sequence[RecordLayout]) -> RecordLayout:
    """The layout of a record: of those for files of its name the one whose fields look like
    themselves.

    Parameters
    ----------
    path : path
        The record.
    texts : sequence of str
        Its lines, or some of them.
    layouts : sequence of RecordLayout
        Those to choose from.

    Raises
    ------
    IntakeError
        If no layout is for files of this name, no line holds the fields of one, or none or several
        fit; names the fields that do not look like themselves.
    """
    named = _named(path, layouts)
    lines = {
        one.layout: [line for text in texts if len(line := one.split(text)) >= one.n_required]
        for one in named
    }
    readable = [one for one in named if lines[one.layout]]
    if not readable:
        raise _without_lines(path, named)
    faults = [one.misplaced(lines[one.layout]) for one in readable]
    fitting = [one for one, fault in zip(readable, faults, strict=True) if not fault]
    if len(fitting) == 1:
        return fitting[0]
    if fitting:
        raise IntakeError(
            "A monthly record fits several layouts.",
            where=f"{path.name}: {', '.join(one.layout for one in fitting)}",
            why="Which field is which would be a guess. Nothing was read in.",
            fix="let the layout files name the files that are theirs (files), one pattern each.",
        )
    fault = min(faults, key=len)
    raise IntakeError(
        "A monthly record has another layout than the one that is read here.",
        where=f"{path.name}: {first_few(fault, 6)}",
        why="In most lines these fields do not hold what the layout has in their place. The "
        "layout has changed over the years, and fields taken for others would be wrong "
        "without showing it. Nothing was read in.",
        fix=f"put a file with the record's layout beside the others (data_contracts/{FOLDER}/, "
        "where monthly_record.yaml shows one), or deliver its payments and persons as tables of "
        "their own.",
    )


def _without_lines(path: Path, named: Sequence[RecordLayout]) -> IntakeError:
    least = min(named, key=lambda one: one.n_required)
    between = "tabs" if least.separator == "\t" else f'"{least.separator}"'
    return IntakeError(
        "A monthly record could not be read.",
        where=path.name,
        why=f"No line of it holds the {least.n_required} fields of the record, separated by "
        f"{between}. Nothing was read in.",
        fix="deliver the record as the authority receives it, with pseudonyms for its numbers "
        "and without column names.",
    )


def _named(path: Path, layouts: Sequence[RecordLayout]) -> tuple[RecordLayout, ...]:
    """The layouts for files of this name: those with the longest pattern that it fits."""
    lengths = {
        one.layout: max((len(p) for p in one.files if fnmatch(path.stem, p)), default=0)
        for one in layouts
    }
    longest = max(lengths.values())
    if not longest:
        raise IntakeError(
            "No layout is for files of this name.",
            where=path.name,
            why=f"Patterns known: {', '.join(p for one in layouts for p in one.files)}. "
            "Nothing was read in.",
            fix="name the file so, or its name in a layout file (files).",
        )
    return tuple(one for one in layouts if lengths[one.layout] == longest)


def _faults_of(layout: RecordLayout) -> list[str]:
    known = _BY_KIND[layout.holds]
    names = [one.field for one in layout.fields]
    positions = [one.position for one in layout.fields]
    faults = [f'no field is called "{n}" ({nearest(n, known)})' for n in names if n not in known]
    faults += [f"{name} is missing" for name in _NEEDED[layout.holds] if name not in names]
    if len(set(names)) < len(names) or len(set(positions)) < len(positions):
        faults.append("a field or a position stands twice")
    if min(positions, default=0) < 1:
        faults.append("positions are counted from 1")
    if layout.persons_from is not None and layout.persons_from <= max(positions, default=0):
        faults.append("persons_from stands before a field")
    if layout.persons_from is not None and layout.holds != "payments":
        faults.append("only a layout of payments has further persons")
    for one in layout.fields:
        try:
            re.compile(one.form)
        except re.error:
            faults.append(f"the form of {one.field} is no regular expression")
    return faults
