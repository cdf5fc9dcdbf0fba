"""What a start is worth in each declared group of people, in the same joint draws as everybody's
value.
"""

from collections.abc import Collection

import numpy as np
import polars as pl

from evalkit.economics.ledger.cash_flow import cash_flow
from evalkit.economics.ledger.effect_paths import effect_paths, n_joint_draws, recycle
from evalkit.economics.ledger.ledger import refuse_unknown_states, states_of
from evalkit.economics.ledger.programme_time import with_programmes
from evalkit.economics.ledger.seen import with_livelihood
from evalkit.economics.prices.district_prices import in_district
from evalkit.economics.prices.price_draws import draw_prices
from evalkit.line.actors import ACTOR_NAMES
from evalkit.line.columns import schema_of
from evalkit.line.price_book import PriceBook

_GROUP_VALUES = schema_of("intervention_id", "subgroup", "draw", "value")


def value_by_group(
    group_draws: pl.DataFrame,
    price_book: PriceBook,
    *,
    seed: int,
    programmes: pl.DataFrame | None = None,
    n_draws: int | None = None,
    horizon_months: int | None = None,
    without_livelihood: Collection[str] = (),
) -> pl.DataFrame:
    """Society's value of a start in each group whose effect can be said, draw by draw.

    Parameters
    ----------
    group_draws : DataFrame
        The table group_draws: effects in groups, all districts together, one estimand for each
        intervention. A group's shrunk draws are taken where it has such.
    programmes : DataFrame, optional
        The table group_programme_draws; needed where the book posts on time in programmes.
    price_book, seed, n_draws, horizon_months
        As in `value_results`: with the same, draw b of a group meets the prices and the replicate
        of draw b of everybody.
    without_livelihood : collection of str
        As in `value_effects`: of these, society's value cannot be said.

    Returns
    -------
    DataFrame
        intervention_id, subgroup ("all": everybody), draw, value (money per participant). A group
        whose effect cannot be said has no row.
    """
    keys = ["intervention_id", "protocol_hash", "subgroup"]
    group_draws = with_livelihood(group_draws, without_livelihood)
    shrunk = group_draws.filter(pl.col("source") == "shrunk")
    chosen = pl.concat(
        [
            shrunk,
            group_draws.filter(pl.col("source") == "raw").join(
                shrunk.select(keys).unique(), on=keys, how="anti"
            ),
        ]
    )
    paths = {
        group: with_programmes(effect_paths(chosen, subgroup=group), programmes, price_book)
        for group in chosen["subgroup"].unique().sort()
    }
    every_path = [path for of_group in paths.values() for path in of_group]
    refuse_unknown_states(states_of(every_path), price_book)
    _, n_draws = n_joint_draws(every_path, n_draws)
    drawn = draw_prices(price_book, np.arange(n_draws + 1), seed=seed)
    tables = [pl.DataFrame(schema=_GROUP_VALUES)]
    for path in every_path:
        horizon = horizon_months or path.n_months
        book, own = in_district(price_book, drawn, path.keys["district"])
        flow = cash_flow(recycle(path, n_draws), book, own, n_months=horizon)
        columns = {
            "intervention_id": path.keys["intervention_id"],
            "subgroup": path.keys["subgroup"],
            "draw": np.arange(n_draws + 1),
            "value": flow.present_value(ACTOR_NAMES),
        }
        tables.append(pl.DataFrame(columns, schema=_GROUP_VALUES))
    return pl.concat(tables)
