"""Curves of people: at quoted months, as numbers of people to the nearest five over all of them.

So a curve tells no more than a table of cumulative counts would, each of them known to within two:
nothing adds up to the events of a single month. Beside the review of three methods on two runs (see
docs/DISCLOSURE.md), on curves: O'Keefe, Sparks, McAullay & Loong (2012), Confidentialising survival
analysis output in a remote data access system, J. Privacy and Confidentiality 4(1).
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import polars as pl

from evalkit.disclosure.counts import ROUNDED
from evalkit.disclosure.published import Published
from evalkit.disclosure.request_checks import check_table
from evalkit.disclosure.rounding import BASE, MIN_WHOLE, nearest_five, round_counts
from evalkit.disclosure.sealing import seal_table

QUOTED_MONTHS = (0, 3, 6, 9, 12, 18, 24, 30, 36)
# After the last of them, once a year.
_YEAR = 12
CURVE_VALUES = ("estimate", "ci_lower", "ci_upper", "n_at_risk")
_TOLERANCE = 1e-9


def protect_curve(
    curve: pl.DataFrame,
    *,
    name: str,
    by: Sequence[str],
    time: str,
    n_persons: str,
    values: Sequence[str] = CURVE_VALUES,
    parts: str | None = None,
    is_every_month: bool = False,
    months: Sequence[int] = (),
    **provenance: Any,
) -> Published:
    """Show curves at quoted months, in steps of five people.

    Parameters
    ----------
    curve : DataFrame
        One row per curve and time: estimate (a share), ci_lower and ci_upper (those that exist),
        n_at_risk (if there is one), `n_persons`.
    name : str
        The table's name; unit, source and grade follow as `provenance`, see `Published`.
    by, time : str or sequence of str
        Columns of the curve and of its time.
    n_persons : str
        Column with the persons of the curve, the same in all its rows. A curve of fewer than 30 is
        left out.
    values : sequence of str
        What is published of these, and the column of persons: those that exist.
    parts : str, optional
        That of the `by` columns whose curves divide the same people: ways out, states. Rounded,
        they add up to no more than all of them. One that never has five people is left out.
    is_every_month : bool
        Whether every month is shown, not the quoted ones alone: a share of those who are there, of
        which no change of one month can be read off.
    months : sequence of int
        Further months to show: those that a run quotes.

    Returns
    -------
    Published
        Columns: row_id, by, time, estimate, its limits (outwards to the same step; none where 0 to
        2 people have left, or are left), n_at_risk to the nearest five, status. A curve ends where
        one person would move it by more than a step.

    Raises
    ------
    DisclosureError
        As `protect_counts`.
    """
    keys = [*by, time]
    values = [column for column in values if column in curve.columns]
    check_table(
        curve, name=name, keys=keys, values=values, also=[n_persons], grade=provenance["grade"]
    )
    rows = curve.sort(keys)
    if not is_every_month:
        rows = _at_quoted_months(rows, by=by, time=time, further=months)
    whole = [column for column in by if column != parts]
    groups = rows.partition_by(whole, maintain_order=True) if whole and rows.height else [rows]
    shown = pl.concat(
        [
            _in_fives(
                group,
                parts=parts,
                time=time,
                n_persons=n_persons,
                values=values,
                is_duration=not is_every_month,
            )
            for group in groups
        ]
    )
    # That a group or a way out is listed would tell that somebody is in it, and how long a curve is
    # how long few were followed.
    shown = shown.filter(nearest_five(pl.col(n_persons)) >= MIN_WHOLE)
    if parts is not None:
        shown = shown.filter((pl.col("estimate") > 0).any().over(by))
    return seal_table(
        round_counts(shown, values),
        shown["_is_withheld"].to_numpy(),
        name=name,
        keys=keys,
        values=values,
        rules=[ROUNDED, f"curve_of:{MIN_WHOLE}", *([] if is_every_month else ["quoted_months"])],
        **provenance,
    )


def quoted_up_to(last: int, further: Sequence[int] = ()) -> list[int]:
    """The quoted months up to a last one, and the further ones of a run."""
    yearly = range(QUOTED_MONTHS[-1] + _YEAR, last + 1, _YEAR)
    return sorted(month for month in {*QUOTED_MONTHS, *yearly, *further} if month <= last)


def by_every_month(
    months: Sequence[int] | pl.Series, values: Sequence[float] | pl.Series
) -> tuple[np.ndarray, bool]:
    """A curve that is shown in some months at every month from 0 to the last of them, on a straight
    line between two; and whether it is shown in every month.
    """
    if not len(months):
        return np.zeros(0), True
    order = np.argsort(months)
    known = np.asarray(months)[order]
    every = np.arange(known[-1] + 1)
    return np.interp(every, known, np.asarray(values)[order]), len(known) == len(every)


def _at_quoted_months(
    rows: pl.DataFrame, *, by: Sequence[str], time: str, further: Sequence[int]
) -> pl.DataFrame:
    """Each curve's rows at the quoted months it reaches, with the values that it has there."""
    if not rows.height:
        return rows
    months = quoted_up_to(int(rows[time].cast(pl.Float64).to_numpy().max()), further)
    quoted = pl.DataFrame({time: months}).cast({time: rows.schema[time]})
    ends = (
        rows.group_by(by).agg(_last=pl.col(time).max(), _first=pl.col(time).min())
        if by
        else (rows.select(_last=pl.col(time).max(), _first=pl.col(time).min()))
    )
    wanted = ends.join(quoted, how="cross").filter(
        pl.col(time).is_between(pl.col("_first"), pl.col("_last"))
    )
    return (
        wanted.drop("_first", "_last")
        .sort(time)
        .join_asof(
            rows.sort(time),
            on=time,
            by=list(by) or None,
            strategy="backward",
            check_sortedness=False,
        )
        .select(rows.columns)
        .sort([*by, time])
    )


def _in_fives(
    rows: pl.DataFrame,
    *,
    parts: str | None,
    time: str,
    n_persons: str,
    values: Sequence[str],
    is_duration: bool,
) -> pl.DataFrame:
    """The curves of one set of people as multiples of five of them, with what is withheld."""
    people = rows[n_persons].fill_null(0).to_numpy().astype(float)
    rounded = np.floor((people + BASE / 2) / BASE) * BASE
    groups_of_five = np.where(rounded > 0, rounded / BASE, np.nan)
    estimate = rows["estimate"].to_numpy().astype(float)
    fives = np.floor(estimate * groups_of_five + 0.5)
    if parts is not None:
        fives = _within_all(fives, rows[parts], rows[time], groups_of_five)
    shown = np.clip(fives / groups_of_five, 0, 1)
    columns = [pl.Series("estimate", shown, nan_to_null=True)]
    # A range would tell nobody from one or two; at time 0 of a duration nobody can have left.
    has_range = np.isnan(shown) | ((shown > 0) & (shown < 1))
    is_exact = ~has_range & is_duration & (rows[time].to_numpy() == 0)
    for limit, outwards, farther in (
        ("ci_lower", np.floor, np.minimum),
        ("ci_upper", np.ceil, np.maximum),
    ):
        if limit in values:
            ends = outwards(np.round(rows[limit].to_numpy().astype(float) * groups_of_five, 9))
            # A part that was taken down may have passed its limit.
            ends = np.where(np.isnan(fives), ends, farther(ends, fives))
            ends = np.where(has_range, np.clip(ends / groups_of_five, 0, 1), np.nan)
            ends = np.where(is_exact, shown, ends)
            columns.append(pl.Series(limit, ends, nan_to_null=True))
    is_withheld = _is_moved_by_one(rows, parts, time, people)
    return rows.with_columns(*columns, _is_withheld=pl.Series(is_withheld, dtype=pl.Boolean))


def _within_all(
    fives: np.ndarray, parts: pl.Series, time: pl.Series, most: np.ndarray
) -> np.ndarray:
    """The parts of the same people, taken down by a five where rounding up has made them more than
    all: the largest first that does not fall below what it was.
    """
    fives, names = fives.copy(), parts.to_numpy()
    before: dict[Any, float] = {}
    for month in time.unique().sort():
        rows = np.flatnonzero((time == month).to_numpy())
        rows = rows[np.isfinite(fives[rows])]
        while fives[rows].sum() > most[rows].min(initial=np.inf) + _TOLERANCE:
            can_fall = [row for row in rows if fives[row] > before.get(names[row], 0.0)]
            largest = max(can_fall or rows, key=lambda row: fives[row])
            fives[largest] -= 1
        before |= {names[row]: fives[row] for row in rows}
    return fives


def _is_moved_by_one(
    rows: pl.DataFrame, parts: str | None, time: str, people: np.ndarray
) -> np.ndarray:
    """Whether a row lies at or after the first month at which so few are at risk that one of them
    moves the curve by more than a step. At time 0 nobody has been observed yet.
    """
    if "n_at_risk" not in rows.columns:
        return np.zeros(rows.height, dtype=bool)
    estimate = rows["estimate"].to_numpy().astype(float)
    if parts is not None:
        left = rows.select(1 - pl.col("estimate").sum().over(time)).to_series().to_numpy()
    else:
        known = estimate[np.isfinite(estimate)]
        left = 1 - estimate if known.size and known[-1] > known[0] else estimate
    at_risk = rows["n_at_risk"].fill_null(0).to_numpy()
    is_few = (at_risk * BASE < left * people) & (rows[time].to_numpy() > 0)
    series = [parts] if parts is not None else []
    flagged = rows.with_columns(_few=pl.Series(is_few, dtype=pl.Boolean))
    ended = pl.col("_few").cum_max()
    return flagged.select(ended.over(series) if series else ended).to_series().to_numpy()
