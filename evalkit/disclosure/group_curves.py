"""Curves of groups that add up to a curve that is published too: no month may give a small number
away by subtraction.

A curve on fewer than `min_count` persons is withheld whole, and so are those that would give it
away. All shown groups, and the withheld ones together, take their steps in the same months: those
by which each of them has gathered `min_count` events or none since the step before. Whoever
subtracts the shown groups from the total then never finds 1 to min_count - 1 events. Between time 0
and the first such month all are withheld: the value they start from would say that nobody has had
an event. Numbers at risk and of events are not published.
"""

from collections.abc import Sequence

import numpy as np
import polars as pl

from evalkit.disclosure.complement import TotalEquation, add_complements
from evalkit.disclosure.protect import MIN_COUNT, is_followed, with_start
from evalkit.disclosure.published import Published
from evalkit.disclosure.release import seal_table
from evalkit.disclosure.request_checks import check_table


def protect_group_curves(
    curves: pl.DataFrame,
    *,
    name: str,
    by: Sequence[str],
    group: str,
    time: str,
    values: Sequence[str],
    n_persons: str,
    unit: str,
    source: str,
    grade: str,
    min_count: int = MIN_COUNT,
) -> Published:
    """Withhold curves of few persons, and steps with few events of any group.

    Parameters
    ----------
    curves : DataFrame
        One row per by-columns, group and time, with the values, `n_persons`, n_at_risk and n_events
        (not weighted).
    by, group, time : str or sequence of str
        Columns of what the groups divide, of the group, and of the time.
    values : sequence of str
        Columns to publish.
    n_persons : str
        Column with the persons of the group.
    name, unit, source, grade, min_count
        As in `protect_counts`.

    Returns
    -------
    Published
        Columns: row_id, by, group, time, the values, status.

    Raises
    ------
    DisclosureError
        As `protect_counts`.
    """
    keys = [*by, group, time]
    check_table(
        curves,
        name=name,
        keys=keys,
        values=values,
        also=[n_persons, "n_at_risk", "n_events"],
        grade=grade,
        min_count=min_count,
    )
    rows = curves.sort(keys)
    merged = [
        _merged(
            curves_of_groups,
            group=group,
            time=time,
            values=values,
            n_persons=n_persons,
            min_count=min_count,
        )
        for curves_of_groups in (rows.partition_by(by, maintain_order=True) if by else [rows])
    ]
    published = pl.concat(merged) if merged else rows.with_columns(_is_withheld=pl.lit(False))
    rules = [
        f"min_persons:{min_count}",
        "complement",
        f"total_over:{group}",
        f"merged_together:{min_count}",
    ]
    return seal_table(
        published,
        published["_is_withheld"].to_numpy(),
        name=name,
        keys=keys,
        values=list(values),
        unit=unit,
        source=source,
        grade=grade,
        rules=rules,
    )


def _merged(
    rows: pl.DataFrame,
    *,
    group: str,
    time: str,
    values: Sequence[str],
    n_persons: str,
    min_count: int,
) -> pl.DataFrame:
    """The curves of one set of groups, with the values of the last common step and whether a row is
    withheld.
    """
    curves = rows.partition_by(group, maintain_order=True)
    sizes = np.array([[curve[n_persons].fill_null(0).max()] for curve in curves], dtype=float)
    is_small = np.logical_or.reduce((sizes > 0) & (sizes < min_count), axis=1)
    total = TotalEquation(tuple(range(len(curves))), None)
    is_withheld = add_complements(
        is_small, sizes=sizes, equations=[total], min_count=min_count, is_linked=False
    )
    months = rows[time].unique().sort()
    last_step = _common_steps(
        [_events_at(curve, time, months) for curve in curves], is_withheld, min_count
    )
    return pl.concat(
        [
            _held(
                curve,
                last_step[months.search_sorted(curve[time]).to_numpy()],
                time,
                values,
                min_count,
                is_withheld=is_curve_withheld,
            )
            for curve, is_curve_withheld in zip(curves, is_withheld, strict=True)
        ]
    )


def _events_at(curve: pl.DataFrame, time: str, months: pl.Series) -> np.ndarray:
    events = np.zeros(len(months))
    events[months.search_sorted(curve[time]).to_numpy()] = curve["n_events"].fill_null(0).to_numpy()
    return events


def _common_steps(events: list[np.ndarray], is_withheld: np.ndarray, min_count: int) -> np.ndarray:
    """For every month the index of the last common step: a month by which each group has gathered
    enough events or none. -1 before the first.
    """
    pairs = list(zip(events, is_withheld, strict=True))
    shown = [counts for counts, withheld in pairs if not withheld]
    hidden = [counts for counts, withheld in pairs if withheld]
    gathering = np.array([*shown, *([np.sum(hidden, axis=0)] if hidden else [])])
    steps = np.arange(gathering.shape[1])
    if not gathering.any():
        return steps
    waiting, step = np.zeros(len(gathering)), -1
    for month in range(gathering.shape[1]):
        waiting += gathering[:, month]
        is_common = ((waiting == 0) | (waiting >= min_count)).all()
        if is_common and (step >= 0 or waiting.any()):
            waiting[:], step = 0, month
        steps[month] = step
    return steps


def _held(
    curve: pl.DataFrame,
    last_step: np.ndarray,
    time: str,
    values: Sequence[str],
    min_count: int,
    *,
    is_withheld: bool,
) -> pl.DataFrame:
    """A curve with the values of its last common step. A curve that ends before a step keeps its
    last row.
    """
    at_risk, times = curve["n_at_risk"].fill_null(0).to_numpy(), curve[time].to_numpy()
    is_shown = with_start(
        is_followed(at_risk, times, min_count) & (last_step >= 0) & (not is_withheld), times
    )
    held = curve[np.clip(last_step, 0, curve.height - 1)]
    return curve.with_columns(
        *[held[column] for column in values], _is_withheld=pl.Series(~is_shown)
    )
