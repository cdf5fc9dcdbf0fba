"""Which district starts when in a stepped roll-out: lots decide, in groups as even as can be."""

from collections.abc import Sequence
from math import factorial, prod

import numpy as np
import polars as pl

from evalkit.effects.design.power import ALPHA
from evalkit.errors import EstimationError


def group_sizes(n_districts: int, n_steps: int) -> list[int]:
    """How many districts start at each step, the first steps taking what is left over."""
    whole, over = divmod(n_districts, n_steps)
    return [whole + (step < over) for step in range(n_steps) if whole + (step < over)]


def smallest_p(sizes: Sequence[int]) -> float:
    """The smallest p-value that a test by permutation can give: one over the ways in which the
    districts can be dealt to the steps.
    """
    return prod(map(factorial, sizes)) / factorial(sum(sizes))


def refuse_few_orders(sizes: Sequence[int]) -> None:
    """Stop where no result could be told from chance.

    Raises
    ------
    EstimationError
        If the smallest possible p-value is above 5 %; says how large it is.
    """
    least = smallest_p(sizes)
    if least > ALPHA:
        raise EstimationError(
            "A stepped roll-out over so few districts can show nothing.",
            where=f"{sum(sizes)} districts in {len(sizes)} steps: {round(1 / least)} orders in "
            f"which they could start, so that the smallest possible p-value is {least:.2f}",
            why="Whether the effect is chance is judged by all orders in which the lot could have "
            f"had the districts start; below {ALPHA:g} takes more than {round(1 / ALPHA)} of them.",
            fix="take four districts or more in steps of their own, or draw lots among people "
            "(--lottery).",
        )


def schedule(
    districts: list[str], sizes: Sequence[int], *, step_months: int, seed: int
) -> pl.DataFrame:
    """Who starts when: one row per district, those that start first on top.

    Returns
    -------
    DataFrame
        district, from_month (months from the beginning of the roll-out, which is month 1).
    """
    order = np.random.default_rng(seed).permutation(len(districts))
    step = np.repeat(np.arange(len(sizes)), sizes)
    return pl.DataFrame(
        {
            "district": [districts[place] for place in order],
            "from_month": (1 + step * step_months).astype(np.int32),
        }
    ).sort("from_month", "district")
