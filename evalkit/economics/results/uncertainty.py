"""What uncertainty means for a decision: how often each option is best, and what it would be worth
to know.

Arrays of draws here are the replicates (draws 1..B), each of equal weight, without the point
estimate.
"""

from collections.abc import Mapping

import numpy as np
import polars as pl
from numpy.typing import ArrayLike

from evalkit.errors import EstimationError
from evalkit.line.columns import schema_of


def acceptability_curve(
    costs: Mapping[str, ArrayLike], effects: Mapping[str, ArrayLike], thresholds: ArrayLike
) -> pl.DataFrame:
    """How often each option is the best one, as a unit of effect is worth more and more.

    Parameters
    ----------
    costs, effects : mapping of str to array_like
        For each option one number per draw; the same options and equally many joint draws in all.
        Of effects, more is better.
    thresholds : array_like
        What one unit of effect is taken to be worth, in the money of the costs.

    Returns
    -------
    DataFrame
        One row per threshold and option: `threshold`, `option`, `probability` (share of draws in
        which it is best; draws in which several are equally good are split between them, so the
        shares sum to one), `is_on_frontier` (best on average; of equals the first).

    Raises
    ------
    EstimationError
        If options or numbers of draws differ.

    References
    ----------
    Fenwick, Claxton & Sculpher (2001), Health Economics 10(8).
    """
    options = list(costs)
    cost, effect = _joint_draws(costs, options), _joint_draws(effects, options)
    if set(effects) != set(options) or cost.shape != effect.shape:
        raise _refused(
            "Costs and effects do not name the same options or draws.",
            "acceptability_curve",
            "Each draw is one joint outcome.",
        )
    rows = []
    for threshold in np.atleast_1d(np.asarray(thresholds, dtype=float)):
        net_benefit = threshold * effect - cost
        is_best = net_benefit == net_benefit.max(axis=1, keepdims=True)
        shares = (is_best / is_best.sum(axis=1, keepdims=True)).mean(axis=0)
        best = int(np.argmax(net_benefit.mean(axis=0)))
        rows += [
            (float(threshold), option, float(shares[i]), i == best)
            for i, option in enumerate(options)
        ]
    schema = schema_of("threshold", "option", "probability", "is_on_frontier")
    return pl.DataFrame(rows, schema=schema, orient="row")


def evpi(net_benefit: ArrayLike) -> float:
    """What it would be worth to know which option is best before choosing: the expected value of
    perfect information.

    Parameters
    ----------
    net_benefit : array_like
        Money per participant; shape (draws, options). Doing nothing is an option of zeros.

    Returns
    -------
    float
        Mean over draws of the best option's net benefit, less the best mean; never below zero.
        Money per participant.

    Raises
    ------
    EstimationError
        If there is no draw or no option, or a value is not finite.

    References
    ----------
    Claxton (1999), Journal of Health Economics 18(3).
    """
    net_benefit = np.asarray(net_benefit, dtype=float)
    if net_benefit.ndim != 2 or not net_benefit.size or not np.all(np.isfinite(net_benefit)):
        raise _refused(
            "The net benefit is not a table of numbers.",
            f"evpi: shape {net_benefit.shape}",
            "It has one row per draw and one column per option.",
        )
    # The best mean is subtracted draw by draw, so that rounding cannot make the value negative.
    best_on_average = net_benefit[:, np.argmax(net_benefit.mean(axis=0))]
    return float(np.mean(net_benefit.max(axis=1) - best_on_average))


def _joint_draws(by_option: Mapping[str, ArrayLike], options: list[str]) -> np.ndarray:
    columns = [
        np.atleast_1d(np.asarray(by_option[option], dtype=float))
        for option in options
        if option in by_option
    ]
    if not columns or len({column.shape for column in columns}) > 1 or columns[0].ndim != 1:
        raise _refused(
            "The options do not have equally many draws.",
            "acceptability_curve",
            "Options are compared within a draw.",
        )
    return np.column_stack(columns)


def _refused(what: str, where: str, why: str) -> EstimationError:
    return EstimationError(
        what, where=where, why=why, fix="give for each option the same joint draws."
    )
