"""What is checked before any rule of disclosure control: what no published table may hold."""

import re
from collections.abc import Sequence

import polars as pl

from evalkit.disclosure.published import ADDED_COLUMNS
from evalkit.errors import DisclosureError
from evalkit.ids import rows_with_personal_numbers
from evalkit.line.columns import PERSON_IDS, is_counted
from evalkit.vocabulary import GRADES


def check_table(
    table: pl.DataFrame,
    *,
    name: str,
    keys: Sequence[str],
    values: Sequence[str],
    also: Sequence[str] = (),
    grade: str,
) -> None:
    """Refuse a table that cannot be published, and name all its faults at once.

    Parameters
    ----------
    table : DataFrame
        The table before its rules.
    name, grade : str
        Part of its provenance.
    keys, values, also : sequence of str
        Columns that identify a row; columns to publish; columns that the rules read.

    Raises
    ------
    DisclosureError
        If a column is missing or identifies persons, a key is repeated, a number of people is
        negative, or name or grade is not allowed.
    """
    faults = [
        *_faults_of_request(name, keys, values, grade),
        *_faults_of_rows(table, keys, values, also),
    ]
    if faults:
        raise DisclosureError(
            f"The table {name} cannot be published: {len(faults)} "
            f"fault{'s' if len(faults) > 1 else ''}.",
            where="; ".join(faults),
            why="A published table has one row per key, the declared columns, and no trace of "
            "single persons.",
            fix="mend the table, or the call that protects it.",
        )


def _faults_of_request(
    name: str, keys: Sequence[str], values: Sequence[str], grade: str
) -> list[str]:
    faults = []
    if not re.fullmatch(r"[\w-]+", name):
        faults.append("the name may hold letters, digits, _ and - only")
    if grade not in GRADES:
        faults.append(f"the grade is not one of {', '.join(GRADES)}")
    if reserved := [column for column in (*keys, *values) if column in ADDED_COLUMNS]:
        faults.append(f"columns that disclosure control adds itself: {', '.join(reserved)}")
    if identifying := [column for column in (*keys, *values) if column in PERSON_IDS]:
        faults.append(f"identifiers of persons: {', '.join(identifying)}")
    return faults


def _faults_of_rows(
    table: pl.DataFrame, keys: Sequence[str], values: Sequence[str], also: Sequence[str]
) -> list[str]:
    missing = [
        column for column in dict.fromkeys((*keys, *values, *also)) if column not in table.columns
    ]
    if missing:
        return [
            f"missing columns: {', '.join(missing)} (columns found: {', '.join(table.columns)})"
        ]
    faults = []
    texts = [column for column in (*keys, *values) if table[column].dtype == pl.String]
    if numbered := [
        column for column in texts if rows_with_personal_numbers(table[column].unique())
    ]:
        faults.append(f"what looks like a personnummer in: {', '.join(numbered)}")
    kinds = {column: table.schema[column] for column in (*values, *also)}
    counted = {column: kind for column, kind in kinds.items() if is_counted(column, kind)}
    if worded := [name for name, kind in counted.items() if not _is_number(kind)]:
        faults.append(f"numbers of people that are not numbers: {', '.join(worded)}")
    if negative := [name for name in counted if name not in worded and _has_negative(table[name])]:
        faults.append(f"numbers of people below zero in: {', '.join(negative)}")
    if table.select(keys).is_duplicated().any():
        faults.append(f"a key stands more than once (keys: {', '.join(keys)})")
    return faults


def _is_number(kind: pl.DataType) -> bool:
    return kind.is_numeric() or kind == pl.Null


def _has_negative(column: pl.Series) -> bool:
    return bool((column.cast(pl.Float64) < 0).any())
