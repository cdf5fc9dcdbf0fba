"""Whether a published number says more than its step allows: how it was made would be known from
its last digits.
"""

from collections.abc import Iterator, Sequence
from math import ceil, floor, gcd

import numpy as np
import polars as pl

from evalkit.disclosure.attack.knowledge import ENOUGH, SMALL
from evalkit.disclosure.published import Published
from evalkit.disclosure.rounding import BASE, MIN_WHOLE, is_measured, ranges_of
from evalkit.line.columns import COLUMNS, is_counted
from evalkit.line.table import Guard

_WIDTH = 2 * 1.959964
_HUNDREDTHS = ("probability", "share", "standard deviations", "ratio")
_DIGITS = 12
_NEAR = 1e-9


def too_many_digits(table: Published, guard: Guard, *, n_people: float) -> Iterator[tuple]:
    """The columns and rows of a table whose numbers have more digits than their step.

    Parameters
    ----------
    table : Published
        A table that is about persons.
    guard : Guard
        How it was let out.
    n_people : float
        The most people that any of its rows can be about. No step is finer than what one of so many
        changes.

    Yields
    ------
    tuple of (int, str, str)
        row_id, column, and why.
    """
    data = table.data
    columns = [c for c in data.columns if data.schema[c].is_numeric() and c not in table.keys]
    for column in filter(is_counted, columns):
        for row in data.filter(pl.col(column) % BASE != 0)["row_id"]:
            yield row, column, f"not a multiple of {BASE}"
    if guard.rule == "curve":
        yield from _of_curves(table, guard, n_people=n_people)
        return
    shares = {share: part for share, part, _ in guard.shares if share in columns}
    for share, part in shares.items():
        parts = data[part] if part in data.columns else [None] * data.height
        for row, value, fives in zip(data["row_id"], data[share], parts, strict=True):
            if value is not None and not _is_share(value, fives, n_people):
                yield row, share, "not a share of two rounded numbers"
    if guard.count is None:
        return
    measured = [
        c for c in columns if c not in shares and is_measured(c, data.schema[c], guard.exact)
    ]
    ranges, spans = ranges_of(measured), dict(guard.spans)
    behind = guard.count if guard.count in data.columns else None
    # A range stands with the number that it is of, in the same step.
    ends = {end for pair in ranges.values() for end in pair}
    for column in (one for one in measured if one not in ends):
        shown = data.select(
            "row_id",
            pl.lit(n_people) if behind is None else pl.col(behind).fill_null(n_people) + BASE // 2,
            column,
            *ranges.get(column, ()),
        )
        for row, number, *numbers in shown.iter_rows():
            values = [value for value in numbers if value is not None]
            most = min(number, n_people)
            finest = 1 / most if column in spans else _finest(column, values, most)
            if step_of(values) < finest * (1 - _NEAR):
                yield row, column, "more digits than one person's influence leaves"


def step_of(values: Sequence[float]) -> float:
    """The largest of 1, 2 and 5 times a power of ten of which all values are multiples."""
    if not any(values):
        return np.inf
    written = [f"{value:.{_DIGITS - 1}e}".split("e") for value in values if value]
    last = [int(power) - len(lead.rstrip("0").partition(".")[2]) for lead, power in written]
    common = gcd(*(round(value / 10.0 ** min(last)) for value in values))
    factor = 5 if common % 5 == 0 else 2 if common % 2 == 0 else 1
    return factor * 10.0 ** min(last)


def _finest(column: str, values: Sequence[float], n_people: float) -> float:
    """The finest step that a number may have: what one of all people can change it by."""
    if column.startswith("median"):
        return 1.0
    if COLUMNS[column].unit in _HUNDREDTHS and len(values) < 3:
        return 0.01
    if len(values) == 3:
        step = step_of(values)
        width = max(values[2] - values[1] - 2 * step, 0.0)
        return width / _WIDTH / np.sqrt(n_people)
    return max(map(abs, values), default=0.0) / n_people


def _is_share(value: float, part: float | None, n_people: float) -> bool:
    if abs(value * 100 - round(value * 100)) > _NEAR:
        return False
    if part is None or value in (0, 1):
        return True
    wholes = np.arange(MIN_WHOLE, max(n_people, part / value) + 2 * BASE, BASE)
    return bool((np.round(np.clip(part / wholes, 0, 1), 2) == value).any())


def _of_curves(table: Published, guard: Guard, *, n_people: float) -> Iterator[tuple]:
    """Curves whose values are no multiples of five persons among all of theirs."""
    *by, _ = (key for key in table.keys if key != guard.parts)
    values = [c for c in ("estimate", "ci_lower", "ci_upper") if c in table.data.columns]
    for curve in table.data.partition_by(by, maintain_order=True) if by else [table.data]:
        shown = np.unique(curve.select(values).drop_nulls().to_numpy())
        wholes = np.arange(MIN_WHOLE, n_people + BASE, BASE) / BASE
        for value in shown[shown > 0]:
            wholes = wholes[np.abs(value * wholes - np.round(value * wholes)) < _NEAR]
        if not len(wholes):
            yield curve["row_id"][0], "estimate", "no multiples of five people"


def few_in_a_state(paths: pl.DataFrame, sizes: pl.DataFrame) -> Iterator[tuple[int, list[int]]]:
    """Of those who started, how many were in a state in a month: their share times their number,
    where that tells a count of 1 to 4 within fewer than three values.

    Parameters
    ----------
    paths, sizes : DataFrame
        The published tables effect_curves and effect_status. Those who started have no weights. The
        path of a district that is drawn towards that of all is no share of its people.

    Yields
    ------
    tuple of (int, list of int)
        row_id of effect_curves, and the counts that it can be.
    """
    by = ["district", "intervention_id", "estimand"]
    started = paths.filter(pl.col("arm") == "treated").drop_nulls("estimate")
    own = sizes.filter(pl.col("pooling").ne_missing(pl.lit("pooled")))
    rows = started.join(own.select(*by, "n_starters"), on=by).drop_nulls("n_starters")
    columns = ["row_id", "n_starters", *("estimate", "ci_lower", "ci_upper")]
    for row, number, share, *ends in rows.select(columns).iter_rows():
        half = min(step_of([share, *(end for end in ends if end is not None)]), 1.0) / 2
        low = max((share - half) * max(number - BASE // 2, 0), 0)
        counts = range(ceil(low), floor((share + half) * (number + BASE // 2)) + 1)
        # A path does not show 1 to 4: where it could be none, it is none.
        if len(counts) < ENOUGH and all(1 <= count <= SMALL for count in counts):
            yield row, list(counts)
