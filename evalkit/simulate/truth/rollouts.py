"""What the roll-outs of a simulated city change, from simulating the same people without each."""

import numpy as np
import polars as pl

from evalkit.simulate.city.city import City
from evalkit.simulate.population.lives import Lives, live
from evalkit.simulate.population.state import LATENT, UNKNOWN, WORK


def rollout_truth(city: City, *, seed: int, n_people: int) -> pl.DataFrame:
    """Share on support and rate of leaving for work, by district and month, with each roll-out and
    without it (the same people and chances).
    """
    as_it_is = _district_months(city, live(city, seed=seed, first=0, stop=n_people))
    tables = [
        as_it_is.with_columns(action=pl.lit(rollout.action), arm=pl.lit("with"))
        for rollout in city.rollouts
    ]
    for rollout in city.rollouts:
        without = live(city, seed=seed, first=0, stop=n_people, switched_off=(rollout.action,))
        tables.append(
            _district_months(city, without).with_columns(
                action=pl.lit(rollout.action), arm=pl.lit("without")
            )
        )
    adopted = pl.DataFrame(
        [
            (rollout.action, district, rollout.adopted.get(district))
            for rollout in city.rollouts
            for district in city.district_names
        ],
        schema={"action": pl.String, "district": pl.String, "adopted_month": pl.Int64},
        orient="row",
    )
    return (
        pl.concat(tables)
        .join(adopted, on=["action", "district"])
        .sort("action", "district", "arm", "month")
    )


def _district_months(city: City, lives: Lives) -> pl.DataFrame:
    n_districts, tables = len(city.district_names), []
    for month in range(1, city.n_months):
        district = lives.district[:, month]
        is_present = (lives.observed[:, month] == UNKNOWN) | (
            lives.observed[:, month] <= LATENT.index("pension")
        )
        was_paid = lives.is_paid[:, month - 1]
        to_work = was_paid & (lives.observed[:, month] == WORK)
        counts = [
            np.bincount(district, weights=is_counted, minlength=n_districts)
            for is_counted in (is_present, lives.is_paid[:, month], was_paid, to_work)
        ]
        tables.append(
            pl.DataFrame(
                {
                    "district": city.district_names,
                    "month": month,
                    "share_on_support": counts[1] / np.maximum(counts[0], 1),
                    "rate_to_work": counts[3] / np.maximum(counts[2], 1),
                    "n_on_support": counts[1].astype(np.int64),
                }
            )
        )
    return pl.concat(tables)
