"""How well a regression tells who leaves first: Harrell's concordance.

Of every pair of rows of which one leaves while the other is still there, the share in which the one
that leaves has the higher hazard; equal hazards count half. A pair is compared within its stratum,
at the end of the one that leaves, if the other has entered by then; rows that leave in the same
month are not compared, and a row censored in that month was still there (as in `risk_set`, and as
R's survival does). A pair counts by the product of its weights.

References
----------
Harrell, Lee & Mark (1996), Statistics in Medicine 15:361.
"""

import numpy as np

from evalkit.survival.regression.risk_rows import RiskRows


def concordance(rows: RiskRows, score: np.ndarray) -> float | None:
    """The share of pairs in which the one that leaves first has the higher score; None without a
    pair, and for Fine-Gray, where others than those at risk are compared.

    Parameters
    ----------
    rows : RiskRows
        Rows of a regression.
    score : ndarray (n_rows,)
        Log hazard ratio of each row.
    """
    if rows.censoring is not None:
        return None
    n_times = rows.shape[1]
    _, rank = np.unique(score, return_inverse=True)
    # Later keys are still there at an end: an event's own key is even, a censored row's is the odd
    # one after it. Strata lie so far apart that no step within one leads to the next.
    n_bits = int(2 * n_times + 1).bit_length()
    stratum, time = np.divmod(rows.exit_cell, n_times)
    ends = (stratum << n_bits) + 2 * time + ~rows.is_event
    event = np.flatnonzero(rows.is_event)
    asked = ends[event], rank[event]
    pairs = _later(*asked, ends, rank, rows.weight, n_bits)
    if rows.entry_cell is not None:
        stratum, entered = np.divmod(rows.entry_cell, n_times + 1)
        # Who enters after an end is not at risk at it.
        entries = (stratum << n_bits) + np.maximum(2 * entered - 1, 0)
        pairs = pairs - _later(*asked, entries, rank, rows.weight, n_bits)
    all_pairs, lower, not_higher = pairs @ rows.weight[event]
    return float((lower + not_higher) / (2 * all_pairs)) if all_pairs > 0 else None


def _later(
    asked_key: np.ndarray,
    asked_rank: np.ndarray,
    key: np.ndarray,
    rank: np.ndarray,
    weight: np.ndarray,
    n_bits: int,
) -> np.ndarray:
    """Of every key asked for, the weight of rows of its stratum with later keys: of all, of those
    with a lower rank, and of those whose rank is not higher; shape (3, n_asked).

    A key is later if it has the one of the highest bit in which the two differ: bit by bit, rows
    are looked up among those that agree in all higher bits.
    """
    n_ranks = int(rank.max(initial=0)) + 1
    sums = np.zeros((3, len(asked_key)))
    by_rank, asked_by_rank = np.argsort(rank, kind="stable"), np.argsort(asked_rank, kind="stable")
    n_ranks = int(rank.max(initial=0)) + 1
    for bit in range(n_bits):
        ones = by_rank[(key[by_rank] >> bit & 1) == 1]
        zeros = asked_by_rank[(asked_key[asked_by_rank] >> bit & 1) == 0]
        ones, zeros = _stable(ones, key >> (bit + 1)), _stable(zeros, asked_key >> (bit + 1))
        place = (key[ones] >> (bit + 1)) * n_ranks + rank[ones]
        running = np.concatenate([[0.0], np.cumsum(weight[ones])])
        first = (asked_key[zeros] >> (bit + 1)) * n_ranks
        own = first + asked_rank[zeros]
        before = running[place.searchsorted(first)]
        for row, bound in enumerate((first + n_ranks, own, own + 1)):
            sums[row, zeros] += running[place.searchsorted(bound)] - before
    return sums


def _stable(places: np.ndarray, group: np.ndarray) -> np.ndarray:
    """Places in the order of their groups, as they were within each."""
    groups = group[places]
    small = groups.astype(np.int16) if groups.max(initial=0) < 2**15 else groups
    return places[np.argsort(small, kind="stable")]
