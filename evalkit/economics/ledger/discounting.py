"""Present values. Rates are per year; month k covers (k-1, k], and what happens in it is discounted
from its middle, k - 1/2.
"""

import numpy as np
from numpy.typing import ArrayLike

from evalkit.errors import LedgerError

MONTHS_PER_YEAR = 12


def present_value(amounts: ArrayLike, annual_rate: ArrayLike, months: ArrayLike) -> np.ndarray:
    """What a stream of later amounts is worth today.

    Parameters
    ----------
    amounts : array_like
        Amounts in money of one price year; the last axis runs over the times.
    annual_rate : array_like
        Effective real rate per year, > -1 (0.035 is 3.5 per cent). One rate, or one for each
        leading index of `amounts`.
    months : array_like
        When each amount falls, in months from today. The ledger uses k - 1/2 for month k and 0 for
        a start.

    Returns
    -------
    ndarray
        The sum over the last axis of amount * (1 + rate) ** (-months / 12): a number per leading
        index.

    Raises
    ------
    LedgerError
        If a rate is -1 or below, or the amounts and the months are not equally many.

    References
    ----------
    HM Treasury (2022), The Green Book, annex A6.
    """
    amounts, months = np.asarray(amounts, dtype=float), np.asarray(months, dtype=float)
    if amounts.shape[-1:] != months.shape:
        raise LedgerError(
            "The amounts and their months are not equally many.",
            where=f"present_value: the last axis of amounts has shape {amounts.shape[-1:]}, months "
            f"{months.shape}",
            why="Each amount is discounted from its own month.",
            fix="give one month for each amount.",
        )
    return np.asarray((amounts * discount_factors(annual_rate, months)).sum(axis=-1))


def discount_factors(annual_rate: ArrayLike, months: ArrayLike) -> np.ndarray:
    """The worth today of one unit of money at each month; rates along the leading axes, months
    along the last.

    Raises
    ------
    LedgerError
        If a rate is -1 or below.
    """
    rate = np.asarray(annual_rate, dtype=float)
    if not np.all(rate > -1):
        raise LedgerError(
            "A discount rate is -1 or below, or not a number.",
            where="argument annual_rate",
            why="Rates are shares per year: 0.035 is 3.5 per cent.",
            fix="write the rate as a share.",
        )
    return (1 + rate[..., None]) ** (-np.asarray(months, dtype=float) / MONTHS_PER_YEAR)


def mid_months(n_months: int) -> np.ndarray:
    """The middle of months 1..n: 0.5, 1.5, ... (months from time zero)."""
    return np.arange(1, n_months + 1) - 0.5
