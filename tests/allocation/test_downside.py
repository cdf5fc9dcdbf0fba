"""The mean of the worst draws: by hand, and the allocation that weighs it against trying every
allocation.
"""

from itertools import product

import numpy as np
import polars as pl
import pytest

from evalkit.allocation import Limits, allocate
from evalkit.allocation.downside import worst_weights

WEIGHT, LEVEL, BUDGET = 0.5, 0.3, 24.0
COSTS, PLACES = (4.0, 3.0, 2.0), 5
SOLVER = 1e-4


def test_worst_weights_count_a_draw_on_the_edge_in_part():
    # Three tenths of five draws: the worst and half of the next.
    assert worst_weights(np.array([5.0, 1.0, 4.0, 2.0, 9.0]), LEVEL) == pytest.approx(
        [0, 2 / 3, 0, 1 / 3, 0]
    )


@pytest.mark.parametrize("seed", range(5))
def test_the_allocation_is_the_best_of_all_that_can_be_tried(seed):
    rng = np.random.default_rng(seed)
    worth = np.array([30.0, 20.0, 12.0])[:, None] + np.array([60.0, 25.0, 4.0])[
        :, None
    ] * rng.normal(size=(3, 9))
    keys = {"district": "Harbour", "intervention_id": ["a", "b", "c"], "target_group": "all"}
    offers = pl.DataFrame(keys).with_columns(
        n_eligible=pl.lit(99.0), places=pl.lit(float(PLACES)), cost=pl.Series(COSTS)
    )
    values = pl.concat(
        pl.DataFrame(keys).with_columns(
            draw=pl.lit(b), value=pl.Series(worth[:, b - 1] if b else worth.mean(axis=1))
        )
        for b in range(10)
    )

    found = allocate(
        offers,
        values,
        Limits({"Harbour": BUDGET}, downside_weight=WEIGHT, downside_level=LEVEL),
        gap=1e-9,
    )

    def judged(starts):
        totals = np.array(starts) @ worth
        return (1 - WEIGHT) * totals.mean() + WEIGHT * worst_weights(totals, LEVEL) @ totals

    tried = [
        starts for starts in product(range(PLACES + 1), repeat=3) if np.dot(starts, COSTS) <= BUDGET
    ]
    assert judged(found.starts.sort("intervention_id")["n_starts"].to_list()) == pytest.approx(
        max(map(judged, tried)), abs=SOLVER
    )
    assert found.gap <= SOLVER
