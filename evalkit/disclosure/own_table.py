"""Gate 2 for tables that no declaration knows, a researcher's own: their columns say which of the
rules guards them.
"""

from typing import Any

import polars as pl

from evalkit.disclosure.counts import protect_counts
from evalkit.disclosure.curves import CURVE_VALUES, protect_curve
from evalkit.disclosure.estimates import protect_estimates
from evalkit.disclosure.published import Published
from evalkit.disclosure.rounding import BASE
from evalkit.errors import DisclosureError
from evalkit.line.columns import COLUMNS

# Columns of the persons that a row rests on; with several, the fewest decide.
PERSONS = ("n_persons", "n_starters")
_TIMES = ("time", "month")
_OF_CURVES = ("estimate", "n_at_risk")
_ROW, _OF_CURVE = "row", "_n_of_curve"
# A curve beyond a century counts something else than months, 202601 for one.
_LONGEST = 1200


def protect_own(table: pl.DataFrame, *, name: str, source: str, grade: str = "M") -> Published:
    """Pass a table of one's own through the rule that its columns ask for.

    Parameters
    ----------
    table : DataFrame
        A curve (`time` or `month`, `estimate`, `n_at_risk`); or estimates or counts, what names a
        row first, with the persons that each row rests on (`n_persons` or `n_starters`).
    name, source, grade : str
        Its provenance (`Published`).

    Returns
    -------
    Published
        A curve at quoted months, in steps of five of those at risk at most (`protect_curve`);
        counts, all whole numbers among them, to the nearest five, without rows of 0 to 2 people
        (`protect_counts`); estimates that rest on too few persons withheld, and others rounded
        (`protect_estimates`). What lies between 0 and 1 is taken for a share and rounded so that
        five persons move it by a step: nothing says of which numbers it is made.

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
    table = _in_plain_types(table)
    time = next((column for column in _TIMES if column in table.columns), None)
    if time is not None and set(_OF_CURVES) <= set(table.columns):
        _refuse_other_times(table[time])
        first = min(map(table.columns.index, _OF_CURVES))
        names = {*table.columns[:first]} - {time, *CURVE_VALUES}
        by = [name for name, kind in table.schema.items() if name in names and not kind.is_float()]
        most = pl.col("n_at_risk").max()
        curve = table.with_columns((most.over(by) if by else most).alias(_OF_CURVE))
        return protect_curve(curve, by=by, time=time, n_persons=_OF_CURVE, **about)
    persons = [column for column in PERSONS if column in table.columns]
    if not persons or not all(table.schema[column].is_integer() for column in persons):
        raise _not_counted(table)
    keys = _keys_of(table)
    values = [column for column in table.columns if column not in keys]
    if not keys:
        table, keys = table.with_row_index(_ROW, offset=1), [_ROW]
    if all(table.schema[column].is_integer() for column in values):
        return protect_counts(
            table, keys=keys, counts=values, n_persons=persons[0], listed=[keys], **about
        )
    spans = {column: float(BASE) for column in values if _may_be_share(table[column])}
    return protect_estimates(
        table, keys=keys, values=values, n_persons=persons, spans=spans, **about
    )


def _in_plain_types(table: pl.DataFrame) -> pl.DataFrame:
    """The table with decimals as floats; columns whose cells hold several values are refused."""
    nested = [name for name, kind in table.schema.items() if kind.is_nested() or kind == pl.Object]
    if nested:
        raise DisclosureError(
            "A table whose cells hold more than one value cannot leave.",
            where=f"columns: {', '.join(nested)}",
            why="What stands inside a cell passes no rule: it might be the people themselves.",
            fix="write one value into each cell, in rows or columns of their own.",
        )
    decimals = [name for name, kind in table.schema.items() if kind.is_decimal()]
    return table.with_columns(pl.col(decimals).cast(pl.Float64)) if decimals else table


def _refuse_other_times(times: pl.Series) -> None:
    is_number = times.dtype.is_numeric() and not times.null_count()
    if not (is_number and times.is_between(0, _LONGEST).all()):
        raise DisclosureError(
            "The time of a curve is not in months since its start.",
            where=f'column "{times.name}"',
            why="A curve is shown at quoted months: 3, 6, 9, 12 and so on, each a number from 0 "
            f"to {_LONGEST}.",
            fix="count the months since the start of the curve, and leave out rows without any.",
        )


def _keys_of(table: pl.DataFrame) -> list[str]:
    """What names a row: the columns before the first number that is measured or counted. Whole
    numbers are names only as long as those before them do not tell all rows apart.
    """
    for place, (name, kind) in enumerate(table.schema.items()):
        named = table.columns[:place]
        if kind.is_float() or name.startswith("n_"):
            return named
        if kind.is_integer() and place and not table.select(named).is_duplicated().any():
            return named
    return list(table.columns)


def _may_be_share(column: pl.Series) -> bool:
    if not column.dtype.is_float():
        return False
    declared = COLUMNS.get(column.name)
    is_probability = declared is not None and declared.unit == "probability"
    return not is_probability and bool(column.is_between(0, 1).fill_null(True).all())


def _not_counted(table: pl.DataFrame) -> DisclosureError:
    return DisclosureError(
        "A table that does not say how many persons it rests on cannot leave.",
        where=f"columns found: {', '.join(table.columns)}",
        why="Numbers are rounded to what one person can change, and not shown of a few, so each "
        "row must say on how many it rests.",
        fix=f"add a column of whole numbers {' or '.join(PERSONS)}; a curve needs "
        f"{', '.join(_OF_CURVES)}, as the estimators of evalkit.survival give them.",
    )
