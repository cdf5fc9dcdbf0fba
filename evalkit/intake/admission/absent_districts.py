"""Districts that a run names and no delivered row does: mistyped, or typed in other characters."""

from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from unicodedata import normalize

from evalkit.errors import IntakeError, first_few
from evalkit.intake.checking.checked import Checked

_RULE = "known_district"
# From here on two names are taken for one that was mistyped. What else stands in a column of
# districts is not shown: it may be anything.
_MISTYPED = 0.8


def refuse_absent_districts(checked: Sequence[Checked], districts: Sequence[str]) -> None:
    """Refuse an extract in which no row names a district of the run, while some name districts that
    the run does not have. Where none does, nobody is in that district.

    Parameters
    ----------
    checked : sequence of Checked
        The tables as delivered, former districts carried over.
    districts : sequence of str
        The districts of the run.

    Raises
    ------
    IntakeError
        Naming them, each with the delivered name that is nearly the same, where there is one.
    """
    delivered = _delivered_names(checked)
    absent = [district for district in districts if district not in delivered]
    others = delivered - set(districts)
    if not districts or not absent or not others:
        return
    raise IntakeError(
        f"No delivered row names {len(absent)} of the {len(districts)} districts of the run."
        if len(absent) > 1
        else f"No delivered row names one of the {len(districts)} districts of the run.",
        where=f"run file, districts: {first_few(_in_words(name, others) for name in absent)}",
        why="The files name districts that the run does not have. Their rows would be set aside, "
        "and a district that is only written otherwise would be empty.",
        fix="write each district in the run file as the files do, or take out the one that is in "
        "none of them, or give a crosswalk.",
    )


def _delivered_names(checked: Iterable[Checked]) -> set[str]:
    return {
        name
        for table in checked
        for rule in table.contract.rules
        if rule.rule == _RULE and rule.columns[0] in table.rows.columns
        for name in table.rows[rule.columns[0]].unique().drop_nulls()
    }


def _in_words(absent: str, others: Iterable[str]) -> str:
    same = [name for name in others if normalize("NFC", name) == normalize("NFC", absent)]
    if same:
        return (
            f'"{absent}" (the files write it with other characters that look the same: a letter '
            "with its accent as one character or as two)"
        )
    near = get_close_matches(absent, sorted(others), n=1, cutoff=_MISTYPED)
    return f'"{absent}"' + (f' (did you mean "{near[0]}"?)' if near else "")
