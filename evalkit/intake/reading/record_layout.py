"""The fields of the official monthly record, and how each of them looks, by which a record of
another layout is told.

The layout has changed over the years: a record whose fields stand elsewhere would give persons the
age of somebody else without a word. A field that does not look like itself in most lines that fill
it is therefore taken for another field.
"""

import re
from collections.abc import Sequence

PREFIX = "monthly_record"
SUFFIXES = (".txt", ".tsv")
FIELDS = (
    *("year", "month", "municipality", "district", "n_children", "amount"),
    *("person_1", "status_1", "refugee_1", "foreign_1", "sex_1", "age_1"),
    *("person_2", "status_2", "refugee_2", "foreign_2", "sex_2", "age_2"),
)
N_REQUIRED = 12
_ADULT = {"status": r"\w{1,2}", "refugee": r"\w", "foreign": r"\w", "sex": r"[0-9]"}
_FORMS = {
    "year": r"(?:19|20)[0-9]{2}",
    "month": r"0?[1-9]|1[0-2]",
    "municipality": r"[0-9]{4}",
    "district": r"\w{1,2}",
    "n_children": r"[0-9]{1,2}",
    "amount": r"-?[0-9]{1,7}",
    **{f"{name}_{i}": form for i in (1, 2) for name, form in _ADULT.items()},
    **{f"age_{i}": r"[0-9]{1,3}" for i in (1, 2)},
}
_NUMBER = "a person's number"
# Fewer signs than these name nobody: a code or a count stands where a person should.
_SHORT_CODE = re.compile(r"[0-9]{0,4}")
_NUMBER_PLACES = (FIELDS.index("person_1"), FIELDS.index("person_2"))
_COMPILED = {FIELDS.index(name): re.compile(form) for name, form in _FORMS.items()}
# A line or two can be wrong; the layout is another where more than half are.
_MAX_SHARE = 0.5


def holds_number(place: int) -> bool:
    """Whether a field, counted from 0, holds a person's number: applicant, co-applicant, others."""
    return place in _NUMBER_PLACES or place >= len(FIELDS)


def looks_right(place: int, text: str) -> bool:
    """Whether a filled field, counted from 0, looks as the layout has it."""
    if holds_number(place):
        return _SHORT_CODE.fullmatch(text) is None
    return _COMPILED[place].fullmatch(text) is not None


def misplaced(lines: Sequence[Sequence[str]]) -> list[str]:
    """The fields of a record's lines that do not look like themselves in most lines that fill them.

    Parameters
    ----------
    lines : sequence of sequence of str
        The fields of each line as delivered.

    Returns
    -------
    list of str
        "field 8 (status_1)" and so on, in the order of the layout; empty where it is the layout.
    """
    n_places = max((len(line) for line in lines), default=0)
    n_filled, n_wrong = [0] * n_places, [0] * n_places
    for line in lines:
        for place, field in enumerate(line):
            text = field.strip()
            if text:
                n_filled[place] += 1
                n_wrong[place] += not looks_right(place, text)
    return [
        f"field {place + 1} ({FIELDS[place] if place < len(FIELDS) else _NUMBER})"
        for place in range(n_places)
        if n_wrong[place] > _MAX_SHARE * n_filled[place]
    ]
