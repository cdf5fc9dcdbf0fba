"""Replicate weights of clusters, drawn once for all fits and sums of one set of people."""

from typing import NamedTuple

import numpy as np
import polars as pl

from evalkit.survival.curves.replicate import replicate_weights


class ClusterWeights(NamedTuple):
    """The clusters of some rows and their replicate weights. A cluster is a household, or a person
    whose household is not known.

    position : (n_rows,) of each row's cluster. weights : (n_clusters, n_draws), the first column is
    draw 1; the same in every district, trial and machine.
    """

    position: np.ndarray
    weights: np.ndarray

    def of_draws(self, draws: np.ndarray) -> np.ndarray:
        """Weights in some draws, (n_clusters, n_draws); draw 0 takes everybody once."""
        everybody = np.column_stack(
            [np.ones(len(self.weights)), self.weights[:, draws[draws > 0] - 1]]
        )
        return everybody[:, 0 if draws[0] == 0 else 1 :]


class Replicates:
    """Weights of all clusters asked for so far, from draw 1 on; of one seed and number of draws at
    a time.
    """

    def __init__(self) -> None:
        self._draws, self._clusters, self._weights = (
            None,
            pl.Series(dtype=pl.String),
            np.empty((0, 0)),
        )

    def of_rows(self, rows: pl.DataFrame, *, n_draws: int, seed: int) -> ClusterWeights:
        """The clusters of rows with a cluster_id, and their weights."""
        clusters = rows["cluster_id"].unique().sort()
        position = clusters.search_sorted(rows["cluster_id"]).to_numpy()
        return ClusterWeights(position, self.of(clusters, n_draws=n_draws, seed=seed))

    def of(self, clusters: pl.Series, *, n_draws: int, seed: int) -> np.ndarray:
        """Weights (n_clusters, n_draws) of clusters, which must be sorted and unique. Do not write
        into the array.
        """
        if (n_draws, seed) != self._draws:
            self._draws, self._clusters, self._weights = (
                (n_draws, seed),
                clusters.clear(),
                np.empty((0, n_draws)),
            )
        missing = clusters.filter(~clusters.is_in(self._clusters.implode()))
        if len(missing):
            drawn = replicate_weights(missing, seed=seed, n_draws=n_draws, first_draw=1)
            both = pl.concat([self._clusters, missing])
            order = both.arg_sort()
            self._clusters, self._weights = (
                both.gather(order),
                np.concatenate([self._weights, drawn])[order.to_numpy()],
            )
        if len(clusters) == len(self._clusters):
            return self._weights
        return self._weights[self._clusters.search_sorted(clusters).to_numpy()]
