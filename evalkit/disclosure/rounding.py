"""The arithmetic of gate 2: numbers of people to the nearest five, other numbers to a step that
hides what one person does to them.

A published 0 of persons, spells or episodes stands for 0, 1 or 2, and is written so.
"""

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

import numpy as np
import polars as pl
from numpy.typing import ArrayLike

from evalkit.line.columns import COLUMNS, is_counted

BASE = 5
# The smallest rounded whole of which a share is shown, and the smallest group with a curve.
MIN_WHOLE = 30
# Persons below whom a probability is shown in twentieths.
_MANY = 100
_COARSE, _FINE = 0.05, 0.01
# Nothing that is told is finer; below it a range is what computing leaves of none.
_FINEST = 1e-6
# A range that holds in 95 cases of 100 is so many standard errors wide.
RANGE_WIDTH = 2 * 1.959964
# How far one person can be from the mean where a number has no range of its own: that of a share,
# of standard deviations, of a ratio; of all else twice the number itself.
_SPANS = {"share": 1.0, "standard deviations": 2.0, "ratio": 2.0}
_LIMITS_OF_ROW = ("ci_lower", "ci_upper")
# Numbers of two groups whose difference stands beside them.
_PAIRS = (("treated", "comparison"), ("after", "before"))
# Forms whose values are not about what people did: words, dates, horizons, numbers of districts.
_NOT_MEASURED = ("word", "name", "text", "flag", "date", "months", "count")
_OF_NOBODY = ("rank", "share per year")


def nearest_five(column: pl.Expr) -> pl.Expr:
    """Numbers of persons, spells or episodes to the nearest five; 0, 1 and 2 become 0."""
    return ((column + BASE / 2) / BASE).floor() * BASE


def step_above(size: ArrayLike) -> np.ndarray:
    """The smallest of 1, 2 and 5 times a power of ten that is not below a size; NaN where there is
    none.
    """
    size = np.asarray(size, dtype=float)
    with np.errstate(divide="ignore", invalid="ignore"):
        power = 10.0 ** np.floor(np.log10(np.where(size > 0, size, np.nan)))
        lead = size / power
    factors = np.array([1.0, 2.0, 5.0, 10.0])
    # Ten ulps of grace, so that 0.2 is not above 0.2.
    place = np.minimum(np.searchsorted(factors * (1 + 1e-12), lead), 3)
    return np.where(np.isfinite(lead), factors[place] * power, np.nan)


def to_step(values: ArrayLike, step: ArrayLike, to_whole=np.round) -> np.ndarray:
    """The values as multiples of a step; without one NaN, but for 0, of which nothing is hidden."""
    values, step = np.asarray(values, dtype=float), np.asarray(step, dtype=float)
    # Grace for what is a multiple already: 0.3 / 0.1 is not above 3.
    multiples = np.round(values / np.where(step > 0, step, np.nan), 9)
    # Steps are powers of ten times 1, 2 or 5: what is written to twelve digits is the multiple.
    stepped = np.array([float(f"{value:.12g}") for value in np.ravel(to_whole(multiples) * step)])
    return np.where(values == 0, 0.0, stepped.reshape(multiples.shape) + 0.0)


def shown_probability(probability: ArrayLike, n_persons: ArrayLike) -> np.ndarray:
    """Probabilities as they are shown and as words are chosen by: in hundredths; below 100 persons
    in twentieths, of which none and all are left out, since "under 1 per cent" would say more than
    a twentieth does.
    """
    is_fine = np.asarray(n_persons) >= _MANY
    coarse = np.clip(to_step(probability, _COARSE), _COARSE, 1 - _COARSE)
    return np.where(is_fine, to_step(probability, _FINE), coarse)


def share_of_error(n_persons: np.ndarray, one_person: np.ndarray | None = None) -> np.ndarray:
    """The largest influence of one person as a share of the standard error: as it was measured, or
    that of people of equal weight one of whom is two standard deviations from the mean.
    """
    with np.errstate(divide="ignore"):
        equal = np.where(n_persons > 0, np.minimum(1.0, 2 / np.sqrt(n_persons)), np.nan)
    return equal if one_person is None else np.where(np.isnan(one_person), equal, one_person)


def step_of_range(lower: np.ndarray, upper: np.ndarray, share: np.ndarray) -> np.ndarray:
    """The step of an estimate with a range that holds in 95 cases of 100: not below what one person
    does to it, a share of its standard error.
    """
    return step_above(share * (upper - lower) / RANGE_WIDTH)


def round_counts(rows: pl.DataFrame, columns: Sequence[str]) -> pl.DataFrame:
    """The rows with every number of people among the columns to the nearest five."""
    return rows.with_columns(
        nearest_five(pl.col(column)).cast(rows.schema[column])
        for column in columns
        if is_counted(column, rows.schema[column])
    )


def round_measures(
    rows: pl.DataFrame,
    columns: Sequence[str],
    *,
    n_persons: np.ndarray,
    one_person: np.ndarray | None = None,
    change: np.ndarray | None = None,
    changes: Mapping[str, np.ndarray] = MappingProxyType({}),
    spans: dict[str, np.ndarray],
    exact: Sequence[str] = (),
) -> pl.DataFrame:
    """The rows with every other number rounded to a step not below what one person can do to it.

    Parameters
    ----------
    rows, columns
        The table, and those of its columns that are published.
    n_persons : (n,) float
        Distinct persons behind each row.
    one_person : (n,) float, optional
        The largest influence of one person as a share of the standard error. Without it that of
        people of equal weight, one of whom is two standard deviations from the mean.
    change : (n,) float, optional
        The most that one person changes any number of a row by, where that is known: instead of
        what follows from its range.
    changes : mapping
        (n,) float by column: the same of a single column, instead of `change`.
    spans : dict
        (n,) float by column: how far apart two people can be in it, for means of what people do.
    exact : sequence of str
        Columns that stay as they are.

    Returns
    -------
    DataFrame
        Limits are rounded outwards, to the step of the number that they are of; a number without a
        range takes the step of the row's first one if it is counted in the same, else that of its
        span. A number that stands beside another and their difference is made of these two, as
        they are shown. Probabilities are shown in twentieths below 100 persons, else in hundredths.
    """
    with np.errstate(divide="ignore"):
        each = np.where(n_persons > 0, 1 / n_persons, np.nan)
    share = share_of_error(n_persons, one_person)
    measured = [name for name in columns if is_measured(name, rows.schema[name], exact)]
    limits = ranges_of(measured)
    ends = {end for pair in limits.values() for end in pair}
    first = _step_of_range(rows, next(iter(limits.values())), share) if limits else None
    main_unit = _unit_of(next(iter(limits))) if limits else None
    rounded = []
    for name in measured:
        if name in ends:
            continue
        values = _array(rows, name)
        unit = _unit_of(name)
        if name in spans:
            step = step_above(spans[name] * each)
            step = np.maximum(step, _FINE) if unit == "share" else step
        elif name.startswith("median"):
            step = np.ones(rows.height)
        elif unit == "probability":
            rounded.append(_series(name, shown_probability(values, n_persons)))
            continue
        elif name in limits:
            step = _step_of_range(rows, limits[name], share)
        elif unit in _SPANS:
            step = np.maximum(step_above(_SPANS[unit] * each), _FINE)
        elif first is not None and unit in (main_unit, ""):
            step = first
        else:
            step = step_above(np.abs(values) * 2 * each)
        if name not in spans and not name.startswith("median"):
            step = _step_of_change(changes.get(name, change), step)
        # A range that is a point, or none at all, gives no step.
        own = np.nan_to_num(step_above(np.abs(values) * 2 * each), nan=0.0)
        step = np.where(np.isfinite(step), step, own)
        step = np.where(step > 0, np.maximum(step, _FINEST), step)
        rounded.append(_series(name, to_step(values, step, _away_of(name, measured))))
        if name in limits:
            for end, outwards in zip(limits[name], (np.floor, np.ceil), strict=True):
                of_end = _step_of_change(changes.get(end), step)
                rounded.append(_series(end, to_step(_array(rows, end), of_end, outwards)))
    return _with_agreeing_pairs(rows.with_columns(rounded), limits)


def _step_of_change(change: np.ndarray | None, step: np.ndarray) -> np.ndarray:
    """The step not below what one person changes, where that is known."""
    return step if change is None else np.where(np.isfinite(change), step_above(change), step)


def _with_agreeing_pairs(rows: pl.DataFrame, limits: Mapping[str, object]) -> pl.DataFrame:
    """The rows with the first number of a pair made of the second and their difference, as they are
    shown: what a reader subtracts is what stands there. Both are moved alike where one would fall
    below zero, or a share rise above one.
    """
    pair = next((pair for pair in _PAIRS if set(pair) <= set(rows.columns)), None)
    gap = next((name for name in ("difference", "estimate") if name in limits), None)
    if pair is None or gap is None:
        return rows
    first, second = pair
    total = pl.col(second) + pl.col(gap)
    is_share = (pl.col(first) <= 1) & (pl.col(second) <= 1)
    above = pl.when(is_share).then((total - 1).clip(0)).otherwise(0.0)
    moved = (-total).clip(0) - above
    is_whole = pl.all_horizontal(pl.col(first, second, gap).is_not_null())
    return rows.with_columns(
        pl.when(is_whole).then((total + moved).round(10)).otherwise(first).alias(first),
        pl.when(is_whole).then((pl.col(second) + moved).round(10)).otherwise(second).alias(second),
    )


def _away_of(name: str, measured: Sequence[str]) -> Callable:
    """How a number is rounded: the ends of a range of no single number (of two readings) outwards,
    every other to the nearest step.
    """
    of, _, end = name.rpartition("_")
    other = {"lower": f"{of}_upper", "upper": f"{of}_lower"}.get(end)
    if other not in measured or of in measured:
        return np.round
    return np.floor if end == "lower" else np.ceil


def is_measured(name: str, kind: pl.DataType, exact: Sequence[str]) -> bool:
    """Whether a column holds numbers of what people do, which are rounded to a step."""
    column = COLUMNS.get(name)
    if name in exact or not kind.is_float() or is_counted(name):
        return False
    # A number that nobody has declared may be about people.
    return column is None or (column.form not in _NOT_MEASURED and column.unit not in _OF_NOBODY)


def _unit_of(name: str) -> str:
    return COLUMNS[name].unit if name in COLUMNS else ""


def ranges_of(measured: Sequence[str]) -> dict[str, tuple[str, str]]:
    """By number that has a range: the columns of the range. A range is of one number."""
    limits: dict[str, tuple[str, str]] = {}
    for name in measured:
        pair = _limits_of(name, measured)
        if pair is not None and pair not in limits.values():
            limits[name] = pair
    return limits


def _limits_of(name: str, measured: Sequence[str]) -> tuple[str, str] | None:
    """The columns of the range of a number: its own, or the row's for the first that has none."""
    own = (f"{name}_lower", f"{name}_upper")
    if set(own) <= set(measured):
        return own
    if name in ("estimate", "difference", "effect", "added_value") and set(_LIMITS_OF_ROW) <= set(
        measured
    ):
        return _LIMITS_OF_ROW
    return None


def _step_of_range(rows: pl.DataFrame, limits: tuple[str, str], share: np.ndarray) -> np.ndarray:
    return step_of_range(*(_array(rows, name) for name in limits), share)


def _array(rows: pl.DataFrame, name: str) -> np.ndarray:
    return rows[name].cast(pl.Float64).to_numpy().astype(float)


def _series(name: str, values: np.ndarray) -> pl.Series:
    return pl.Series(name, values, dtype=pl.Float64, nan_to_null=True)
