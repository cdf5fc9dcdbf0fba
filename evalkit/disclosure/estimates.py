"""Estimates: only of enough people, and to the step by which one person can move them."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

import numpy as np
import polars as pl

from evalkit.disclosure.counts import ROUNDED
from evalkit.disclosure.paths import is_too_few
from evalkit.disclosure.published import Published
from evalkit.disclosure.request_checks import check_table
from evalkit.disclosure.rounding import BASE, round_counts, round_measures
from evalkit.disclosure.sealing import seal_table

# A judgement from a trial on 51 arms of two runs (docs/DISCLOSURE.md): below it one person moves a
# mean by a standard error.
MIN_PERSONS = 20


def protect_estimates(
    table: pl.DataFrame,
    *,
    name: str,
    keys: Sequence[str],
    values: Sequence[str],
    n_persons: str | Sequence[str] | None,
    min_persons: int = MIN_PERSONS,
    one_person: str | None = None,
    change: str | None = None,
    changes: Mapping[str, str] = MappingProxyType({}),
    is_path: bool = False,
    exact: Sequence[str] = (),
    spans: Mapping[str, float] | None = None,
    needed: Sequence[str] = (),
    is_uncounted_shown: bool = False,
    **provenance: Any,
) -> Published:
    """Withhold the estimates that rest on too few persons, and round the others.

    Parameters
    ----------
    table : DataFrame
        One row per estimate.
    name : str
        The table's name; unit, source and grade follow as `provenance`, see `Published`.
    keys, values : sequence of str
        Columns that identify a row; columns to publish.
    n_persons : str or sequence of str, optional
        Column (or columns, one per arm) with the distinct persons that a row rests on; null counts
        as none. None: the table is not about persons, its record says so, and only numbers of
        people are rounded.
    min_persons : int
        The fewest persons in each arm of whom an estimate is shown. Persons.
    one_person : str, optional
        Column with the largest influence of one person, as a share of the standard error
        (`round_measures`).
    change : str, optional
        Column with the most that one person changes any number of the row by, where that is known.
    changes : mapping of str to str
        Of values that have their own: the column instead of `change`.
    is_path : bool
        Whether the rows are paths by month, which need more people (`is_too_few`).
    exact : sequence of str
        Those of `values` that stay as they are: about nobody, or rounded where they are made.
    spans : mapping
        By column: how far apart two people can be in it.
    needed : sequence of str
        As in `protect_counts`.
    is_uncounted_shown : bool
        Whether a row whose number of persons is null is about nobody, a verdict that nothing was
        computed. Its words are shown and its numbers are not.

    Returns
    -------
    Published
        Columns: row_id, keys, values, status. Rows without any of `needed`, else without any value,
        are `not_estimable`.

    Raises
    ------
    DisclosureError
        As `protect_counts`.
    """
    bases = [n_persons] if isinstance(n_persons, str) else list(n_persons or ())
    also = [*bases, *(column for column in (one_person, change) if column)]
    also += [*changes.values()]
    check_table(table, name=name, keys=keys, values=values, also=also, grade=provenance["grade"])
    rows = table.sort(keys)
    is_withheld = np.zeros(rows.height, dtype=bool)
    rules = (
        [ROUNDED, f"min_persons:{min_persons}", "one_person"]
        if bases
        else [ROUNDED, "not_about_persons"]
    )
    shown = round_counts(rows, values)
    if bases:
        fewest = rows.select(pl.min_horizontal(pl.col(bases).fill_null(0))).to_series()
        n_behind = fewest.cast(pl.Float64).to_numpy()
        is_withheld = n_behind < min_persons
        if is_path:
            is_withheld |= is_too_few(rows).to_numpy()
        shown = round_measures(
            shown,
            values,
            # As everybody knows it: a step that followed the true number would tell it.
            n_persons=np.floor(n_behind / BASE + 0.5) * BASE,
            one_person=rows[one_person].cast(pl.Float64).to_numpy() if one_person else None,
            change=rows[change].cast(pl.Float64).to_numpy() if change else None,
            changes={of: rows[own].cast(pl.Float64).to_numpy() for of, own in changes.items()},
            spans={name: np.full(rows.height, span) for name, span in (spans or {}).items()},
            exact=exact,
        )
    if is_uncounted_shown:
        is_about_nobody = pl.all_horizontal(pl.col(bases).is_null())
        is_withheld &= ~rows.select(is_about_nobody).to_series().to_numpy()
        numbers = [column for column in values if rows.schema[column].is_numeric()]
        shown = shown.with_columns(pl.when(~is_about_nobody).then(column) for column in numbers)
    return seal_table(
        shown,
        is_withheld,
        name=name,
        keys=keys,
        values=values,
        rules=rules,
        needed=needed,
        **provenance,
    )
