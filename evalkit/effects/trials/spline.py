"""Natural cubic splines: curves of a few terms that are straight before the first knot and after
the last.
"""

import numpy as np


def natural_spline(x: np.ndarray, knots: np.ndarray) -> np.ndarray:
    """A natural cubic spline's columns without the constant: the straight line first, (n, n_knots -
    1).

    Parameters
    ----------
    x : ndarray (n,)
        Where the curve is taken.
    knots : ndarray (n_knots,)
        In increasing order, at least two; the curve is straight outside them.

    References
    ----------
    Harrell (2015), Regression Modeling Strategies, 2nd ed., section 2.4.5.
    """
    x, knots = np.asarray(x, dtype=float), np.asarray(knots, dtype=float)
    first, before_last, last = knots[0], knots[-2], knots[-1]
    span = last - first
    tails = [np.maximum(x - knot, 0) ** 3 for knot in (before_last, last)]
    bends = [
        np.maximum(x - knot, 0) ** 3
        - tails[0] * (last - knot) / (last - before_last)
        + tails[1] * (before_last - knot) / (last - before_last)
        for knot in knots[:-2]
    ]
    return np.column_stack([(x - first) / span, *[bend / span**3 for bend in bends]])


def calendar_columns(months: np.ndarray, *, first: int, last: int, n_terms: int) -> np.ndarray:
    """Calendar months as the terms of a curve: (n_months, n_terms).

    The knots lie at equal distances from the first month to the last, whoever is there, so that
    districts, replicates and machines have the same terms. Over those months the columns have mean
    0 and standard deviation 1 and do not repeat each other; the first is the straight line.

    Parameters
    ----------
    months : ndarray (n_months,)
        Trial months, none before `first` or after `last`.
    """
    grid = np.arange(first, last + 1)
    basis = natural_spline(grid, np.linspace(first, last, n_terms + 1))
    q, r = np.linalg.qr(np.column_stack([np.ones(len(grid)), basis]))
    columns = (q * np.sign(np.diag(r)))[:, 1:] * np.sqrt(len(grid))
    return columns[np.asarray(months) - first]
