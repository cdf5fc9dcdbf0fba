"""Bootstrap weights that do not depend on order, chunks or machine.

Draw b gives cluster i a weight made from a keyed hash of (cluster id, seed, b): a 64-bit BLAKE2b
digest of the id's text, mixed with the seed and the number of the draw by the finaliser of
SplitMix64 (Steele, Lea & Flood 2014, OOPSLA), read as a uniform number. The same person therefore
has the same weight in every table, district and process that asks for draw b.

Only weights that a cluster has by itself can do that. Multinomial counts sum to the number of
clusters, so a cluster's count would depend on who else is in the table (Poisson counts are their
limit); normal multipliers can be negative, so a risk set could be too (`bands` uses them where only
derivatives are drawn). Poisson and exponential weights have the same mean and variance as both.
"""

from collections.abc import Callable, Sequence
from hashlib import blake2b
from math import exp, factorial
from typing import Literal, get_args

import numpy as np
import polars as pl

from evalkit.errors import EstimationError
from evalkit.survival.counts.options import check_option
from evalkit.survival.counts.risk_set import RiskSet, weight_at_risk
from evalkit.survival.curves.product_integral import (
    first_moves,
    occupation,
    rates_from_counts,
    start_distribution,
)

Kind = Literal["poisson", "exponential"]
_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_FIRST_MIX, _SECOND_MIX = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)
# P(Poisson(1) <= k); beyond 17 the rest is below 2^-53, the step of the uniform numbers.
_POISSON = np.cumsum([exp(-1) / factorial(k) for k in range(18)])
_CHUNK_VALUES = 4_000_000
# A risk set below this share of the group is a rounding error of sums, not a person.
_NOBODY = 1e-12


def replicate_weights(
    cluster_ids: Sequence | pl.Series | np.ndarray,
    *,
    seed: int,
    n_draws: int,
    first_draw: int = 0,
    kind: Kind = "poisson",
) -> np.ndarray:
    """Bootstrap weights of every cluster in every draw: how often the cluster is drawn, or how
    heavily.

    Parameters
    ----------
    cluster_ids : sequence
        Ids of persons, households or districts (text or whole numbers; 7 and "7" are the same id).
        Equal ids get equal weights.
    seed : int
        Key of the whole set of draws.
    n_draws, first_draw : int
        Draws first_draw ... first_draw + n_draws - 1; any part of the draws equals that part of all
        of them.
    kind : {"poisson", "exponential"}
        Poisson(1) counts (the bootstrap of independent clusters), or exponential weights with mean
        1 (Bayesian bootstrap, Rubin 1981).

    Returns
    -------
    ndarray
        Weights, float64, shape (n_clusters, n_draws); mean 1 and variance 1.

    Raises
    ------
    EstimationError
        If an id is missing, or the kind is not known.
    """
    check_option("kind", kind, get_args(Kind))
    keys = _id_keys(cluster_ids)
    weights = np.empty((len(keys), n_draws))
    for column, draw in enumerate(range(first_draw, first_draw + n_draws)):
        uniform = _uniform(keys, seed, draw)
        weights[:, column] = (
            np.searchsorted(_POISSON, uniform, side="right")
            if kind == "poisson"
            else -np.log1p(-uniform)
        )
    return weights


def replicate(
    statistic: Callable[[RiskSet, np.ndarray, np.ndarray], np.ndarray],
    risk_set: RiskSet,
    *,
    seed: int,
    n_draws: int,
    first_draw: int = 0,
    kind: Kind = "poisson",
) -> np.ndarray:
    """Bootstrap replicates of any statistic of a table of counts: one product of weights and
    clusters per chunk of draws.

    Parameters
    ----------
    statistic : callable
        Called as statistic(risk_set, exits, entries) with weighted counts that carry a leading axis
        of draws, (n_draws, ...) followed by the axes of `RiskSet.exits` and `RiskSet.entries`;
        returns an array whose first axis is the draws. `curve_statistic` gives the curves.
    risk_set : RiskSet
        Counts made with `cluster`: the clusters (persons, households, districts) are what is drawn.
    seed, n_draws, first_draw, kind
        As in `replicate_weights`.

    Returns
    -------
    ndarray
        The statistic of every draw, first axis n_draws.

    Raises
    ------
    EstimationError
        If the counts were made without clusters, or no draw is asked for.
    """
    if n_draws < 1:
        raise EstimationError(
            "No draw is asked for.",
            where=f"n_draws = {n_draws}",
            why="A replicate is the statistic of one draw.",
            fix="ask for at least one draw; a few hundred show a spread.",
        )
    if risk_set.cluster_ids is None:
        raise EstimationError(
            "There is nothing to draw: the counts do not know their clusters.",
            where="replicate, risk_set",
            why="The bootstrap draws whole clusters, because the rows of a cluster vary together.",
            fix="name the person, household or district: tabulate_risk_set(..., cluster=...).",
        )
    spread = risk_set.spread.T.tocsr()
    chunk = max(1, _CHUNK_VALUES // max(spread.shape))
    statistics = []
    for begin in range(first_draw, first_draw + n_draws, chunk):
        size = min(chunk, first_draw + n_draws - begin)
        weights = replicate_weights(
            risk_set.cluster_ids, seed=seed, n_draws=size, first_draw=begin, kind=kind
        )
        totals = (spread @ weights).T
        exits = totals[:, : risk_set.exits.size].reshape(size, *risk_set.exits.shape)
        entries = totals[:, risk_set.exits.size :].reshape(size, *risk_set.entries.shape).copy()
        # Rows that enter at time 0 have no cell of their own in the spread: they are those that
        # leave and did not enter later.
        entries[:, :, 0] = exits.sum(axis=(2, 4)) - entries[:, :, 1:].sum(axis=2)
        statistics.append(statistic(risk_set, exits, entries))
    return np.concatenate(statistics)


def curve_statistic(risk_set: RiskSet, exits: np.ndarray, entries: np.ndarray) -> np.ndarray:
    """State probabilities of every draw, for `replicate`; shape (n_draws, n_groups, n_times + 1,
    n_states).

    States are in the order of `StatePaths.probability`: still in the spell, then the causes; or the
    states themselves. Where a draw has nobody at risk, nothing moves; where it has nobody at all in
    a group (with several states: at its first move), the draw is NaN there.
    """
    at_risk = weight_at_risk(exits, entries)
    at_risk[at_risk < _NOBODY * np.maximum(entries.sum(axis=(2, 3)), 1.0)[:, :, None, None]] = 0.0
    rates = rates_from_counts(exits[..., :-1], at_risk)
    start, total, _ = start_distribution(at_risk, first_moves(risk_set), rates.shape[-1])
    # With one state all who ever come start in it, however late that is.
    start[(total if len(risk_set.states) > 1 else entries.sum(axis=(2, 3))) == 0] = np.nan
    return occupation(rates, start)


def _id_keys(cluster_ids: Sequence | pl.Series | np.ndarray) -> np.ndarray:
    ids = (
        cluster_ids.to_list()
        if isinstance(cluster_ids, pl.Series)
        else np.asarray(cluster_ids).tolist()
    )
    if any(cluster_id is None for cluster_id in ids):
        raise EstimationError(
            f"{sum(cluster_id is None for cluster_id in ids)} cluster ids are missing.",
            where="cluster_ids",
            why="The weight of a cluster is made from its id.",
            fix="give every row the id of its person, household or district.",
        )
    digests = b"".join(
        blake2b(str(cluster_id).encode(), digest_size=8).digest() for cluster_id in ids
    )
    return np.frombuffer(digests, dtype="<u8").astype(np.uint64)


def _uniform(keys: np.ndarray, seed: int, draw: int) -> np.ndarray:
    """Numbers in [0, 1) on a grid of 2^-53, one per key."""
    with np.errstate(over="ignore"):
        of_seed = _mixed(np.array([seed % 2**64], dtype=np.uint64))
        of_draw = _mixed(of_seed + np.uint64(draw + 1) * _GOLDEN)
        return (_mixed(keys ^ of_draw) >> np.uint64(11)) * 2.0**-53


def _mixed(numbers: np.ndarray) -> np.ndarray:
    numbers = numbers + _GOLDEN
    numbers = (numbers ^ (numbers >> np.uint64(30))) * _FIRST_MIX
    numbers = (numbers ^ (numbers >> np.uint64(27))) * _SECOND_MIX
    return numbers ^ (numbers >> np.uint64(31))
