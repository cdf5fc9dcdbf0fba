"""Weighted sums by arm, state (or event) and month, which add over districts, and the shares that
follow from them.

For draw b, arm a, state s and month k a district has the sums of w_ibk 1[state of i in month k is
s] and of w_ibk over its people i. The city's shares are ratios of added sums, so districts can be
computed apart. Draw 0 is the point estimate; draws 1, 2, ... are replicates of households. What
this module returns has no rows of persons.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import polars as pl

from evalkit.draws import from_cube, parted, to_cubes
from evalkit.effects.answer.arm_sums import arm_sums, stretches
from evalkit.effects.trials.replicates import ClusterWeights
from evalkit.effects.weighting.start_now import StartNow
from evalkit.line.tables import table
from evalkit.tables import CITY

_SUM_COLUMNS = ("state", "event", "month", "weighted_sum", "weight_total")


class ArmSums(NamedTuple):
    """Sums by arm (0 the comparison, 1 those who start) and month (0 the month before time zero).

    sums : (2 arms, n_states + n_reached, 1 + n_months, n_draws), zero in month 0. totals : all
    weight, (2 arms, 1 + n_months, n_draws).
    """

    sums: np.ndarray
    totals: np.ndarray


def weighted_sums(
    weighting: StartNow,
    outcomes: np.ndarray,
    reached: np.ndarray,
    clusters: ClusterWeights,
    *,
    n_states: int,
) -> ArmSums:
    """Sums of weights by arm, state and month, for every draw at once.

    Parameters
    ----------
    weighting : StartNow
        The strategy of a comparison.
    outcomes : ndarray (n_rows, n_months)
        Position of each month's state, 0 to n_states - 1.
    reached : ndarray (n_reached, n_rows, n_months)
        Events, or other conditions, that are summed as states are: whether each holds in a month.
    """
    draws, n_months = weighting.coefficients.draws, outcomes.shape[1]
    sums = np.zeros((2, n_states + len(reached), n_months + 1, len(draws)))
    totals = np.zeros((2, n_months + 1, len(draws)))
    resampled = clusters.of_draws(draws)
    for arm, mask in enumerate(weighting.masks):
        in_arm = np.flatnonzero(mask)
        is_new = np.broadcast_to(np.arange(n_months) == 0, (len(in_arm), n_months))
        is_new = is_new | weighting.changes(arm)
        changes = stretches(outcomes[in_arm], reached[:, in_arm], is_new, n_states=n_states)

        def weigh(block, rows, months, arm=arm, in_arm=in_arm):
            members = in_arm[block]
            base = resampled[clusters.position[members]]
            base *= weighting.base(members)
            totals[arm, 0] += base.sum(axis=0)
            return weighting.by_month(base, arm, block, rows, months)

        sums[arm, :, 1:] = arm_sums(
            changes, weigh, n_rows=len(in_arm), n_months=n_months, n_draws=len(draws)
        )
    totals[:, 1:] = sums[:, :n_states, 1:].sum(axis=1)
    return ArmSums(sums, totals)


def sums_table(
    sums: np.ndarray,
    totals: np.ndarray,
    draws: np.ndarray,
    *,
    names: Sequence[str],
    keys: dict[str, str],
    column: str,
) -> pl.DataFrame:
    """Sums (2 arms, n_names, n_months, n_draws) as the table `effect_sums` or `effect_event_sums`:
    the names are its column `state` or `event`.
    """
    order = np.argsort(names)
    axes = {
        "draw": pl.Series(draws, dtype=pl.Int32),
        "arm": pl.Series(["comparison", "treated"]),
        column: pl.Series(names, dtype=pl.String).gather(order.astype(np.uint32)),
        "month": pl.Series(np.arange(sums.shape[2]), dtype=pl.Int32),
    }
    columns = {
        "weighted_sum": sums[:, order].transpose(3, 0, 1, 2),
        "weight_total": totals.transpose(2, 0, 1)[:, :, None],
    }
    schema = table(f"effect_{'event_' if column == 'event' else ''}sums").schema
    return from_cube(axes, columns, keys).select(list(schema))


def effect_draws(sums: pl.DataFrame, *, source: str = "raw") -> pl.DataFrame:
    """Shares by arm, state (or event) and month: the table `effect_draws` from `effect_sums`.

    Draws in which an arm is empty are left out.
    """
    keys = _draw_keys(sums)
    empty = sums.filter(pl.col("weight_total") <= 0).select(keys).unique()
    kept = (
        sums if empty.is_empty() else sums.join(empty, on=keys, how="anti", maintain_order="left")
    )
    shares = kept.with_columns(
        probability=pl.col("weighted_sum") / pl.col("weight_total"),
        source=pl.lit(source, dtype=pl.Categorical),
    )
    return shares.drop("weighted_sum", "weight_total")


def add_districts(sums: pl.DataFrame, *, name: str = CITY) -> pl.DataFrame:
    """The sums of several districts added up: the city's shares are their ratios.

    In a district where a state does not occur, nobody is in it; the district's weights count in the
    total all the same.
    """
    if sums.is_empty():
        return sums
    column = "event" if "event" in sums.columns else "state"
    constants = ["intervention_id", "protocol_hash", "estimand", "subgroup"]
    tables = []
    for keys, effect_sums in parted(sums, constants).items():
        counted, weight = to_cubes(
            effect_sums,
            ["district", "draw", "arm", column, "month"],
            ("weighted_sum", "weight_total"),
        ).values()
        # Districts are added in the order of their names: the same sums give the same bits.
        columns = {
            "weighted_sum": counted.values.sum(axis=0),
            "weight_total": weight.values.max(axis=3, keepdims=True).sum(axis=0),
        }
        axes = {axis: labels for axis, labels in counted.axes.items() if axis != "district"}
        tables.append(
            from_cube(axes, columns, {"district": name, **dict(zip(constants, keys, strict=True))})
        )
    return pl.concat(tables).select(sums.columns).cast(sums.schema)


def _draw_keys(sums: pl.DataFrame) -> list[str]:
    return [column for column in sums.columns if column not in ("arm", *_SUM_COLUMNS)]
