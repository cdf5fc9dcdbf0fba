"""Gate 2 for tables that no declaration knows, a researcher's own: their columns say which of the
rules guards them.
"""

from typing import Any

import polars as pl

from evalkit.disclosure.counts import protect_counts
from evalkit.disclosure.curves import protect_curve
from evalkit.disclosure.estimates import protect_estimates
from evalkit.disclosure.published import Published
from evalkit.errors import DisclosureError

# Columns of the persons that a row rests on; with several, the fewest decide.
PERSONS = ("n_persons", "n_starters")
_TIMES = ("time", "month")
_OF_CURVES = ("estimate", "n_at_risk", "n_events")
_ROW = "row"


def protect_own(table: pl.DataFrame, *, name: str, source: str, grade: str = "M") -> Published:
    """Pass a table of one's own through the rule that its columns ask for.

    Parameters
    ----------
    table : DataFrame
        A curve (`time` or `month`, `estimate`, `n_at_risk`, `n_events`); or estimates or counts,
        what names a row first, with the persons that each row rests on (`n_persons` or
        `n_starters`).
    name, source, grade : str
        Its provenance (`Published`).

    Returns
    -------
    Published
        A curve's steps merged and its end cut (`protect_curve`); estimates that rest on too few
        persons withheld (`protect_estimates`); counts withheld with what would give them away,
        whatever columns they add up over (`protect_counts`).

    Raises
    ------
    DisclosureError
        If nothing says how many persons a row rests on, or the table holds what no published table
        may hold.
    """
    about: dict[str, Any] = {
        "name": name,
        "unit": "as named per column",
        "source": source,
        "grade": grade,
    }
    time = next((column for column in _TIMES if column in table.columns), None)
    if time is not None and set(_OF_CURVES) <= set(table.columns):
        first = min(map(table.columns.index, _OF_CURVES))
        by = [column for column in table.columns[:first] if column != time]
        return protect_curve(table, by=by, time=time, cause=None, **about)
    persons = [column for column in PERSONS if column in table.columns]
    if not persons or not all(table.schema[column].is_integer() for column in persons):
        raise _not_counted(table)
    keys = _keys_of(table)
    values = [column for column in table.columns if column not in keys]
    if not keys:
        table, keys = table.with_row_index(_ROW, offset=1), [_ROW]
    if all(table.schema[column].is_integer() for column in values):
        return protect_counts(
            table, keys=keys, counts=values, n_persons=persons[0], total_over=keys, **about
        )
    return protect_estimates(table, keys=keys, values=values, n_persons=persons, **about)


def _keys_of(table: pl.DataFrame) -> list[str]:
    """What names a row: the columns before the first number that is measured or counted."""
    for place, (name, kind) in enumerate(table.schema.items()):
        if kind.is_float() or name.startswith("n_"):
            return table.columns[:place]
    return list(table.columns)


def _not_counted(table: pl.DataFrame) -> DisclosureError:
    return DisclosureError(
        "A table that does not say how many persons it rests on cannot leave.",
        where=f"columns found: {', '.join(table.columns)}",
        why="Numbers that rest on fewer than five persons are withheld, so each row must say on "
        "how many it rests.",
        fix=f"add a column of whole numbers {' or '.join(PERSONS)}; a curve needs "
        f"{', '.join(_OF_CURVES)}, as the estimators of evalkit.survival give them.",
    )
