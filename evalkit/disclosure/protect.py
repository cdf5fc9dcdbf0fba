"""The rules of gate 2: small numbers are withheld, and what would give them away by subtraction.

Conventions: a number of persons from 1 to min_count - 1 is small; zero is not, unless the group
that it is none of is small. Rows are withheld whole. Totals have the key value "all". The rules
look at one table at a time.

References
----------
Hundepool et al. (2012), Statistical Disclosure Control. Steps of survival curves: O'Keefe, Sparks,
McAullay & Loong (2012), Confidentialising survival analysis output in a remote data access system,
J. Privacy and Confidentiality 4(1).
"""

from collections.abc import Sequence

import numpy as np
import polars as pl

from evalkit.disclosure.complement import add_complements, total_equations, zeros_of_small_groups
from evalkit.disclosure.published import Published
from evalkit.disclosure.release import seal_table
from evalkit.disclosure.request_checks import check_table

MIN_COUNT = 5
# Where people live is no secret: the parts of a total over districts tell nothing more of them.
DISTRICT = "district"
CURVE_VALUES = ("estimate", "std_error", "ci_lower", "ci_upper")


def protect_counts(
    table: pl.DataFrame,
    *,
    name: str,
    keys: Sequence[str],
    counts: Sequence[str],
    n_persons: str | None,
    unit: str,
    source: str,
    grade: str,
    min_count: int = MIN_COUNT,
    total_over: Sequence[str] = (),
    out_of: str | None = None,
    needed: Sequence[str] = (),
) -> Published:
    """Withhold small counts and shares of persons, and those that would give them away.

    Parameters
    ----------
    table : DataFrame
        One row per cell.
    name, unit, source, grade : str
        Provenance, see `Published`.
    keys, counts : sequence of str
        Columns that identify a cell; columns to publish (counts, shares, their ranges).
    n_persons : str, optional
        Column with the persons behind each cell, which decides. Without it the columns of `counts`
        are numbers of persons themselves.
    min_count : int
        The smallest number of persons shown. Persons, >= 3.
    total_over : sequence of str
        Key columns over which the counts add up: to the row with key "all", or to a total taken as
        known when there is no such row.
    out_of : str, optional
        Column with the persons that the cell is a part of; a cell that leaves 1 to min_count - 1 of
        them outside is withheld.
    needed : sequence of str
        Those of `counts` that the row is about, if some are.

    Returns
    -------
    Published
        Columns: row_id, keys, counts, status. Rows without any of `needed`, else without any count,
        are `not_estimable`.

    Raises
    ------
    DisclosureError
        If a column is missing, a key is repeated, or a column holds persons' identifiers.
    """
    size_columns = [n_persons] if n_persons else list(counts)
    needed = [*size_columns, *([out_of] if out_of else [])]
    check_table(
        table, name=name, keys=keys, values=counts, also=needed, grade=grade, min_count=min_count
    )
    cells = table.sort(keys)
    sizes = cells.select(pl.col(size_columns).cast(pl.Float64).fill_null(0)).to_numpy()
    is_withheld = _has_small(sizes, min_count)
    rules = [f"min_persons:{min_count}"]
    if out_of:
        outside = cells[out_of].cast(pl.Float64).fill_null(0).to_numpy()[:, None] - sizes
        is_withheld |= _has_small(outside, min_count)
        rules.append(f"complement_of_total:{min_count}")
    if total_over:
        within_districts = total_equations(
            cells, keys=keys, total_over=[column for column in total_over if column != DISTRICT]
        )
        if within_districts:
            is_withheld |= zeros_of_small_groups(sizes, within_districts, min_count)
            rules.append(f"small_group:{min_count}")
        equations = total_equations(cells, keys=keys, total_over=total_over)
        is_withheld = add_complements(
            is_withheld,
            sizes=sizes,
            equations=equations,
            min_count=min_count,
            is_linked=len(total_over) > 1,
        )
        rules += ["complement", f"total_over:{','.join(total_over)}"]
    return seal_table(
        cells,
        is_withheld,
        name=name,
        keys=keys,
        values=counts,
        unit=unit,
        source=source,
        grade=grade,
        rules=rules,
        needed=needed,
    )


def protect_curve(
    curve: pl.DataFrame,
    *,
    name: str,
    by: Sequence[str],
    time: str,
    cause: str | None,
    unit: str,
    source: str,
    grade: str,
    min_count: int = MIN_COUNT,
) -> Published:
    """Merge the steps of a curve until each rests on enough events, and end it where few are at
    risk.

    A step with fewer than `min_count` events since the last published one keeps the last published
    values; its events count towards the next. Between time 0 and the first published step a curve
    is withheld: the value it starts from would say that nothing has happened. So a curve of 1 to
    min_count - 1 events is withheld whole; one without events is shown, and says none. `n_events`
    is the number of the merged step, 0 where the curve keeps its value. `n_at_risk` keeps its last
    published value until it has changed by `min_count`. From the first time with fewer than
    `min_count` at risk nothing is shown.

    Parameters
    ----------
    curve : DataFrame
        One row per group, cause and time: estimate, std_error, ci_lower, ci_upper (those that
        exist), n_at_risk, n_events (of persons or spells, not weighted).
    by, time, cause : str or sequence of str
        Columns of the group, the time and the cause (None: one curve per group).
    name, unit, source, grade, min_count
        As in `protect_counts`.

    Returns
    -------
    Published
        Columns: row_id, by, cause, time, the values, status.

    Raises
    ------
    DisclosureError
        As `protect_counts`.
    """
    keys = [*by, *([cause] if cause else []), time]
    series = keys[:-1]
    values = [column for column in CURVE_VALUES if column in curve.columns]
    published_values = [*values, "n_at_risk", "n_events"]
    check_table(
        curve, name=name, keys=keys, values=published_values, grade=grade, min_count=min_count
    )
    steps = curve.sort(keys)
    merged = [
        _merge_steps(group, time=time, values=values, min_count=min_count)
        for group in _each_group(steps, series)
    ]
    published = pl.concat(merged) if merged else steps.with_columns(_is_withheld=pl.lit(False))
    return seal_table(
        published,
        published["_is_withheld"].to_numpy(),
        name=name,
        keys=keys,
        values=published_values,
        unit=unit,
        source=source,
        grade=grade,
        rules=[f"merged_steps:{min_count}", f"min_at_risk:{min_count}"],
    )


def protect_estimates(
    table: pl.DataFrame,
    *,
    name: str,
    keys: Sequence[str],
    values: Sequence[str],
    n_persons: str | Sequence[str] | None,
    unit: str,
    source: str,
    grade: str,
    min_count: int = MIN_COUNT,
    needed: Sequence[str] = (),
    is_uncounted_shown: bool = False,
) -> Published:
    """Withhold the estimates that rest on too few persons.

    Parameters
    ----------
    table : DataFrame
        One row per estimate.
    keys, values : sequence of str
        Columns that identify a row; columns to publish.
    n_persons : str or sequence of str, optional
        Column (or columns, one per arm) with the persons that a row rests on; null counts as none.
        None: the table is not about persons, and its record says so. The columns are published
        only if they are among `values`.
    name, unit, source, grade, min_count, needed
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
    check_table(
        table, name=name, keys=keys, values=values, also=bases, grade=grade, min_count=min_count
    )
    rows = table.sort(keys)
    is_withheld = np.zeros(rows.height, dtype=bool)
    for basis in bases:
        is_withheld |= rows[basis].fill_null(0).to_numpy() < min_count
    if is_uncounted_shown:
        is_about_nobody = pl.all_horizontal(pl.col(bases).is_null())
        is_withheld &= ~rows.select(is_about_nobody).to_series().to_numpy()
        numbers = [column for column in values if rows.schema[column].is_numeric()]
        rows = rows.with_columns(pl.when(~is_about_nobody).then(column) for column in numbers)
    rules = [f"min_basis:{min_count}"] if bases else ["not_about_persons"]
    return seal_table(
        rows,
        is_withheld,
        name=name,
        keys=keys,
        values=values,
        unit=unit,
        source=source,
        grade=grade,
        rules=rules,
        needed=needed,
    )


def _has_small(sizes: np.ndarray, min_count: int) -> np.ndarray:
    """Whether a row has a number from 1 to min_count - 1."""
    return np.logical_or.reduce((sizes > 0) & (sizes < min_count), axis=1)


def _each_group(table: pl.DataFrame, columns: Sequence[str]) -> list[pl.DataFrame]:
    return table.partition_by(columns, maintain_order=True) if columns else [table]


def _merge_steps(
    steps: pl.DataFrame, *, time: str, values: Sequence[str], min_count: int
) -> pl.DataFrame:
    """One curve, rows in time order: the values of its published steps, kept until the next one."""
    events = steps["n_events"].fill_null(0).to_numpy()
    at_risk = steps["n_at_risk"].fill_null(0).to_numpy()
    merged_events, last_row = _gathered(events, min_count)
    is_shown = with_start(
        is_followed(at_risk, steps[time].to_numpy(), min_count) & (last_row >= 0),
        steps[time].to_numpy(),
    )
    held = steps[np.maximum(last_row, 0)]
    return steps.with_columns(
        *[held[column] for column in values],
        steps["n_at_risk"][_last_change(at_risk, min_count)],
        pl.Series("n_events", merged_events).cast(steps["n_events"].dtype),
        _is_withheld=pl.Series(~is_shown),
    )


def is_followed(at_risk: np.ndarray, times: np.ndarray, min_count: int) -> np.ndarray:
    """Whether a row lies before the first time with too few at risk. At time 0 nobody has been
    observed yet, so that row is as the next one.
    """
    is_enough = at_risk >= min_count
    if times[0] == 0:
        is_enough[0] = is_enough[1] if len(is_enough) > 1 else False
    return np.logical_and.accumulate(is_enough)


def with_start(is_shown: np.ndarray, times: np.ndarray) -> np.ndarray:
    """The shown rows and the row of time 0, whose value is known by definition, wherever a later
    row is shown.
    """
    return is_shown | ((times == 0) & is_shown.any())


def _gathered(events: np.ndarray, min_count: int) -> tuple[np.ndarray, np.ndarray]:
    """Events of each published step (0 elsewhere), and for every row the row whose values are
    shown (-1 before the first step).
    """
    merged, rows = np.zeros(len(events)), np.zeros(len(events), dtype=int)
    if not events.any():
        return merged, np.arange(len(events))
    waiting, last = 0.0, -1
    for row, count in enumerate(events):
        waiting += count
        if waiting >= min_count:
            merged[row], waiting, last = waiting, 0.0, row
        elif waiting == 0 and last >= 0:
            last = row
        rows[row] = last
    return merged, rows


def _last_change(at_risk: np.ndarray, min_count: int) -> np.ndarray:
    """For every row, the row whose number at risk is shown: the last one that differed by at least
    min_count from the one before it.
    """
    rows, last = np.zeros(len(at_risk), dtype=int), 0
    for row, count in enumerate(at_risk):
        if abs(count - at_risk[last]) >= min_count:
            last = row
        rows[row] = last
    return rows
