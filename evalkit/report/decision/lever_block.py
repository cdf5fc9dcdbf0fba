"""The table value_levers as a page carries it: the draws of an intervention as whole numbers of as
many bits as each column needs, one after the other, in base64.

A column is told by [step, lowest, bits, count]: its numbers are (lowest + n) times the step, those
of the table. One that is the same in all draws is told by [value, 0, 0, count], one that stood
before by [its place, 0, -1, count]. The script of the page reads them in this order: for the
estimate by month, then for the draws period by period, the five streams; then what each draw has
once. What the estimate has once stands by itself.
"""

import base64
from collections.abc import Iterator

import numpy as np
import polars as pl

STREAMS = (
    *("rest_district", "rest_purse", "rest_society"),
    *("own_programme", "displaceable_months"),
)
OF_DRAW = (
    *("displaced_share", "programme_district", "programme_purse"),
    *("displaced_district", "displaced_purse", "displaced_society"),
    *("discount_rate", "half_life"),
)
_STEPS = tuple(factor * 10.0**power for power in range(3, -7, -1) for factor in (5, 2, 1))
_ROUNDING = 1e-6


def lever_block(rows: pl.DataFrame) -> dict[str, object]:
    """An intervention's draws, packed.

    Parameters
    ----------
    rows : DataFrame
        Rows of value_levers of one effect, none withheld.

    Returns
    -------
    dict
        `ends` (the last month of each period of the draws), `once` (of the estimate), `columns`,
        `block` (base64).
    """
    rows = rows.sort("draw", "month")
    estimate, draws = rows.filter(draw=0), rows.filter(pl.col("draw") > 0)
    ends = draws["month"].unique().sort().to_list()
    columns: list[list[float]] = []
    bits, places = [], {}
    for values in _columns(estimate, draws, ends):
        place = places.setdefault(values.tobytes(), len(columns))
        if place < len(columns):
            columns.append([place, 0, -1, len(values)])
            continue
        told, packed = _packed(values)
        columns.append(told)
        bits.append(packed)
    block = base64.b64encode(np.packbits(np.concatenate(bits)).tobytes()).decode("ascii")
    once = [estimate[name][0] for name in _told_once(draws)]
    return {"ends": ends, "once": once, "columns": columns, "block": block}


def _columns(estimate: pl.DataFrame, draws: pl.DataFrame, ends: list[int]) -> Iterator[np.ndarray]:
    for period in (estimate, *(draws.filter(month=end) for end in ends)):
        for name in STREAMS:
            yield period[name].to_numpy()
    once = draws.filter(month=ends[0])
    for name in _told_once(draws):
        yield once[name].to_numpy()


def _told_once(draws: pl.DataFrame) -> list[str]:
    """All but the half-life, where the book has none."""
    return [name for name in OF_DRAW if not draws[name].null_count()]


def _packed(values: np.ndarray) -> tuple[list[float], np.ndarray]:
    """What a column is told by, and its bits, the highest of each number first."""
    if (values == values[0]).all():
        return [float(values[0]), 0, 0, len(values)], np.zeros(0, dtype=np.uint8)
    step = next(step for step in _STEPS if step == _STEPS[-1] or _are_multiples(values, step))
    whole = np.round(values / step).astype(np.int64)
    lowest = int(whole.min())
    n_bits = int(whole.max() - lowest).bit_length()
    places = np.arange(n_bits - 1, -1, -1)
    bits = ((whole - lowest)[:, None] >> places & 1).astype(np.uint8)
    return [step, lowest, n_bits, len(values)], bits.ravel()


def _are_multiples(values: np.ndarray, step: float) -> bool:
    multiples = values / step
    return bool(np.abs(multiples - np.round(multiples)).max() < _ROUNDING)
