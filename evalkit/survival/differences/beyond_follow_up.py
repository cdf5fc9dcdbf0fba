"""How the difference between two groups goes on where nobody is followed any longer, beside what is
declared of it.

What fades here is the difference in the share that has not yet left. It is no difference in the
share in work, which people enter and leave again: parametric curves speak of exits only.
"""

import numpy as np
import polars as pl

from evalkit.errors import EstimationError
from evalkit.survival.curves.parametric import OBSERVED

DECLARED = "declared"


def difference_beyond(
    curves: pl.DataFrame,
    *,
    group: str,
    reference: object,
    from_month: int,
    half_life_months: float,
) -> pl.DataFrame:
    """How the difference between two groups goes on past a month, by family, beside a declared
    half-life.

    Parameters
    ----------
    curves : DataFrame
        `ParametricCurves.curves` by the column `group`; all end in the same month.
    reference
        The value of `group` that the others are compared with.
    from_month : int
        Last month of the follow-up.
    half_life_months : float
        Months in which a difference is declared to halve past the follow-up; may be infinite.

    Returns
    -------
    DataFrame
        One row per other group and family: group, `family`, `estimate` (difference of shares in
        `from_month`), `half_life_months` (months until half of it is left; null if more is left in
        the last month), `months_beyond` (the difference summed over the months past the follow-up),
        `last_month`. The family "declared" is the observed difference, halved as declared.

    Raises
    ------
    EstimationError
        If the reference is not among the groups, or the month is not within the curves.
    """
    differences = _differences(curves, group, reference)
    last = int(curves["time"].to_numpy().max())
    if not 0 < from_month < last:
        raise EstimationError(
            "The follow-up ends outside the curves.",
            where=f"from_month = {from_month}; last month of the curves: {last}",
            why="What lies beyond the follow-up is read from the curves past its last month.",
            fix="give parametric_curves a horizon beyond the follow-up.",
        )
    later, half_life = np.arange(1, last - from_month + 1), half_life_months
    rows = [
        (name, *_beyond(family, table["estimate"].to_numpy(), from_month, later, half_life), last)
        for (name, family), table in differences.group_by(group, "family", maintain_order=True)
        if table.height > from_month
    ]
    numbers = dict.fromkeys(("estimate", "half_life_months", "months_beyond"), pl.Float64)
    schema = {group: curves.schema[group], "family": pl.String, **numbers, "last_month": pl.Int64}
    return pl.DataFrame(rows, schema=schema, orient="row").sort(group, maintain_order=True)


def _differences(curves: pl.DataFrame, group: str, reference: object) -> pl.DataFrame:
    """family, group, time, estimate: each group less the reference, by family."""
    of_reference = curves.filter(pl.col(group) == pl.lit(reference))
    if of_reference.is_empty():
        names = ", ".join(map(str, curves[group].unique().sort()))
        raise EstimationError(
            "The reference is not among the groups.",
            where=f"{group}, reference = {reference}",
            why=f"Groups found: {names}.",
            fix="name one of the groups found.",
        )
    paired = curves.filter(pl.col(group) != pl.lit(reference)).join(
        of_reference.select("family", "time", of="estimate"), on=["family", "time"]
    )
    return paired.with_columns(estimate=pl.col("estimate") - pl.col("of"))


def _beyond(
    family: object, path: np.ndarray, from_month: int, later: np.ndarray, half_life: float
) -> tuple[object, float, float | None, float]:
    """Family, difference at the end of the follow-up, months until half of it is left, and its sum
    over the months beyond (`later`: 1, 2, ...); `path` has one place per month from 0.
    """
    start = float(path[from_month])
    if family == OBSERVED:
        return DECLARED, start, half_life, float((start * 2.0 ** (-later / half_life)).sum())
    beyond = path[from_month + later]
    is_half = np.abs(beyond) <= abs(start) / 2
    half = float(later[is_half.argmax()]) if is_half.any() else None
    return family, start, half, float(beyond.sum())
