"""Replicate weights of clusters, drawn once for all fits and sums of one set of people."""

import numpy as np
import polars as pl

from evalkit.survival.curves.replicate import replicate_weights


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
