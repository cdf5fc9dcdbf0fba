"""Rows of a regression in the order of their ends, and sums over those at risk or over the times at
which a row is at risk.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

CENSORED, EVENT, KEPT = 0, 1, 2


@dataclass(frozen=True)
class RiskRows:
    """Rows of a regression in the order of their ends: covariates `x` (n_rows, n_terms) centred,
    and places in strata x times.

    `bin` is the cell of (n_strata, n_times, 3) in which a row ends, ascending: the last axis tells
    rows that are censored, leave by the event, and stay at risk after another cause (Fine-Gray).
    `entry_cell` counts cells of (n_strata, n_times + 1), None without delayed entry. `censoring` is
    G(t-) by time, None in a Cox model. `order` is the place of every row in the table of spells,
    `names` what the columns of `x` are called.
    """

    x: np.ndarray
    weight: np.ndarray
    bin: np.ndarray
    entry_cell: np.ndarray | None
    shape: tuple[int, int]
    order: np.ndarray
    censoring: np.ndarray | None
    names: tuple[str, ...]

    @cached_property
    def exit_cell(self) -> np.ndarray:
        """Cell of (n_strata, n_times) in which every row ends."""
        return self.bin // 3

    @cached_property
    def is_event(self) -> np.ndarray:
        """Whether a row leaves by the event."""
        return self.bin % 3 == EVENT


def risk_sums(
    rows: RiskRows, ends: np.ndarray, entries: np.ndarray | None
) -> tuple[np.ndarray, np.ndarray]:
    """Sums over the risk set and over the events of every stratum and time; shape (n_strata,
    n_times, n_terms + 1).
    """
    ends = ends.reshape(*rows.shape, 3, ends.shape[1])
    leave, tied = ends.sum(axis=2), ends[:, :, EVENT]
    risk = np.cumsum(leave[:, ::-1], axis=1)[:, ::-1]
    if entries is not None:
        enter = entries.reshape(rows.shape[0], rows.shape[1] + 1, -1)
        risk = risk - np.cumsum(enter[:, :0:-1], axis=1)[:, ::-1]
    if rows.censoring is not None:
        kept = ends[:, :, KEPT] * _inverse(rows.censoring)[None, :, None]
        before = np.cumsum(kept, axis=1) - kept
        risk = risk + rows.censoring[None, :, None] * before
    return risk, tied


def over_time_at_risk(
    per_time: np.ndarray,
    end: np.ndarray,
    entry_cell: np.ndarray | None,
    censoring: np.ndarray | None,
) -> np.ndarray:
    """Sum of a quantity by stratum and time, (n_strata, n_times, ...), over the times at risk of
    rows with these bins and entries; 2 axes.
    """
    n_strata, n_times = per_time.shape[:2]
    total = np.cumsum(per_time, axis=1).reshape(n_strata * n_times, -1)
    cell = end // 3
    sums = total[cell]
    if entry_cell is not None:
        padded = np.concatenate(
            [np.zeros((n_strata, 1, total.shape[1])), total.reshape(n_strata, n_times, -1)], axis=1
        )
        sums = sums - padded.reshape(-1, total.shape[1])[entry_cell]
    if censoring is not None:
        weighted = per_time * censoring.reshape((1, -1) + (1,) * (per_time.ndim - 2))
        later = (weighted.sum(axis=1, keepdims=True) - np.cumsum(weighted, axis=1)).reshape(
            n_strata * n_times, -1
        )
        inverse = _inverse(censoring)[cell % n_times]
        sums = sums + np.where(end % 3 == KEPT, inverse, 0.0)[:, None] * later[cell]
    return sums


def _inverse(values: np.ndarray) -> np.ndarray:
    return np.divide(1.0, values, out=np.zeros_like(values), where=values > 0)
