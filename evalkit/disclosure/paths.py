"""Paths of effects month by month: how many people they need, and in which months enough of them
have moved.

A path of a few people shows single lives. So there is none below 50 people in either arm; from 50
it stands at the quoted months, from 300 in every month, and only where five people of each arm have
changed their state since the last month shown. A state of one to four people goes together with
others. Why these limits: docs/DISCLOSURE.md.
"""

from collections.abc import Collection, Mapping, Sequence

import numpy as np
import polars as pl

from evalkit.disclosure.curves import quoted_up_to

PATH_PERSONS, MONTHLY_PERSONS = 50, 300
MOVED = 5
_FEW = (1, MOVED - 1)
OTHER = "other"


def path_months(n_persons: int, last: int) -> list[int]:
    """The months that a path of so many people in the smaller arm may show, the last among them."""
    return list(range(last + 1)) if n_persons >= MONTHLY_PERSONS else quoted_up_to(last, (last,))


def states_together(
    n_in_state: Mapping[str, Sequence[int] | np.ndarray], *, kept: Collection[str] = ()
) -> list[str]:
    """The states that are told together as one, since one to four people are in them in some arm
    and month shown: the smallest first, until nobody can be told apart in what is left.

    Parameters
    ----------
    n_in_state : mapping of str to sequence of int
        By state: the persons in it in each arm and month shown, in one order.
    kept : collection of str
        States that are what the effect is about: of no other kind, whatever is in them.
    """
    counts = {state: np.asarray(numbers) for state, numbers in n_in_state.items()}
    free = [state for state in counts if state not in kept]
    together = [state for state in free if is_few(counts[state])]
    left = sorted(set(free) - set(together), key=lambda state: (counts[state].sum(), state))
    while together and left and is_few(np.sum([counts[state] for state in together], axis=0)):
        together.append(left.pop(0))
    return sorted(together)


def is_too_few(rows: pl.DataFrame) -> pl.Series:
    """Whether a row of a path may not be shown: of too few people (n_fewest), in a month up to
    which too few had moved (n_moved), or of a state with one to four people in it (n_in_state).
    """
    return rows.select(
        (pl.col("n_fewest").fill_null(0) < PATH_PERSONS)
        | ((pl.col("n_moved").fill_null(0) < MOVED) & (pl.col("month") > 0))
        | pl.col("n_in_state").fill_null(1).is_between(*_FEW)
    ).to_series()


def is_few(numbers: np.ndarray) -> bool:
    """Whether any of some numbers is one to four people."""
    return bool(((numbers >= _FEW[0]) & (numbers <= _FEW[1])).any())
