"""Effects in the form of reports: curves by arm with their difference, months in each state, and
ranges from the replicates.

The estimate is draw 0; the range holds the middle `conf_level` of the replicates.
"""

from collections.abc import Collection, Iterator, Mapping
from types import MappingProxyType

import numpy as np
import polars as pl

from evalkit.disclosure.paths import OTHER
from evalkit.draws import (
    Cube,
    estimate_with_range,
    from_cube,
    parted,
    percentile_limits,
    probability_above_zero,
    to_cube,
    with_words,
)
from evalkit.line.protocol import Protocol
from evalkit.line.states import WITHOUT_SUPPORT, aggregates_of
from evalkit.line.tables import published

_KEYS = ["district", "intervention_id", "estimand"]
_ARMS = ("comparison", "treated", "difference")


def effect_curves(
    draws: pl.DataFrame,
    *,
    together: Mapping[tuple[str, ...], Collection[str]] = MappingProxyType({}),
    conf_level: float = 0.95,
) -> pl.DataFrame:
    """Share in each state, and in each aggregate of states, by month and arm, and the difference
    treated minus comparison.

    Parameters
    ----------
    together : mapping of tuple to collection of str
        By district, intervention and estimand: the states that are told as one, "other".

    Returns
    -------
    DataFrame
        district, intervention_id, estimand, state, arm (treated|comparison|difference), month,
        estimate, ci_lower, ci_upper (shares 0-1).
    """
    declared = published("effect_curves")
    tables = [declared.empty().select(declared.columns)]
    for keys, cube in _cubes(draws):
        values, states = _with_other(
            *_with_aggregates(cube), together.get(tuple(keys.values()), ())
        )
        axes = {"arm": pl.Series(_ARMS), "state": states, "month": cube.axes["month"]}
        columns = _with_range(_with_difference(values), cube.axes["draw"], conf_level)
        tables.append(with_words(from_cube(axes, columns, keys)).select(declared.columns))
    return pl.concat(tables).fill_nan(None).sort(*_KEYS, "state", "arm", "month")


def effect_summary(
    draws: pl.DataFrame, protocol: Protocol, *, conf_level: float = 0.95
) -> pl.DataFrame:
    """Months in each state and aggregate up to the horizon and the primary outcome's share in the
    last month, by arm, with the difference's range.

    Returns
    -------
    DataFrame
        district, intervention_id, estimand, outcome (months_STATE, STATE_share_at_end), treated,
        comparison, difference, ci_lower, ci_upper, probability_positive (that the difference lies
        above zero; null without replicates).
    """
    declared = published("effect_summary")
    tables = [declared.empty().select(declared.columns)]
    for keys, cube in _cubes(draws):
        values, states = _with_aggregates(cube)
        months = values[..., (cube.axes["month"] > 0).to_numpy()].sum(axis=-1)
        is_at_end = (
            (cube.axes["month"] == protocol.follow_up_months).to_numpy(),
            (states == protocol.primary_outcome).to_numpy(),
        )
        at_end = values[:, :, is_at_end[1]][..., is_at_end[0]].reshape(*values.shape[:2], -1)
        outcomes = [
            *("months_" + states),
            *[f"{protocol.primary_outcome}_share_at_end"] * at_end.shape[2],
        ]
        by_arm, of_difference = (
            _with_difference(np.concatenate([months, at_end], axis=2)),
            _ARMS.index("difference"),
        )
        ranges = _with_range(by_arm, cube.axes["draw"], conf_level)
        limits = {name: ranges[name][of_difference] for name in ("ci_lower", "ci_upper")}
        replicates = by_arm[(cube.axes["draw"] > 0).to_numpy(), of_difference]
        probabilities = np.array(
            [probability_above_zero(column) for column in replicates.T], dtype=float
        )
        columns = (
            dict(zip(_ARMS, ranges["estimate"], strict=True))
            | limits
            | {"probability_positive": probabilities}
        )
        tables.append(
            with_words(from_cube({"outcome": pl.Series(outcomes)}, columns, keys)).select(
                declared.columns
            )
        )
    return pl.concat(tables).fill_nan(None).sort(*_KEYS, "outcome")


def _cubes(draws: pl.DataFrame) -> Iterator[tuple[dict[str, str], Cube]]:
    """Every effect's keys, and its probabilities (n_draws, 2 arms, n_states, n_months)."""
    for keys, effect in parted(draws, _KEYS).items():
        yield (
            dict(zip(_KEYS, keys, strict=True)),
            to_cube(effect, ["draw", "arm", "state", "month"], "probability"),
        )


def _with_aggregates(cube: Cube) -> tuple[np.ndarray, pl.Series]:
    """The probabilities with those of the aggregates after the states, and the names of both. An
    aggregate of which only one state was declared tells nothing new, unless it is being without
    support: that is known whatever is.
    """
    states = cube.axes["state"].cast(pl.String).to_list()
    told = {
        name: [states.index(member) for member in members]
        for name, members in aggregates_of(states).items()
        if len(members) > 1 or name == WITHOUT_SUPPORT
    }
    sums = [cube.values[:, :, places].sum(axis=2, keepdims=True) for places in told.values()]
    return np.concatenate([cube.values, *sums], axis=2), pl.Series([*states, *told])


def _with_other(
    values: np.ndarray, states: pl.Series, together: Collection[str]
) -> tuple[np.ndarray, pl.Series]:
    """With the sum of the states that are told as one after the others."""
    is_one = states.is_in(list(together)).to_numpy()
    if not is_one.any():
        return values, states
    other = values[:, :, is_one].sum(axis=2, keepdims=True)
    return np.concatenate([values, other], axis=2), pl.Series([*states, OTHER])


def _with_difference(values: np.ndarray) -> np.ndarray:
    """Arms in the order of `_ARMS`: the cube has comparison and treated."""
    comparison, treated = values[:, :1], values[:, 1:]
    return np.concatenate([comparison, treated, treated - comparison], axis=1)


def _with_range(values: np.ndarray, draws: pl.Series, conf_level: float) -> dict[str, np.ndarray]:
    """Estimate (draw 0) and limits (the other draws) along the first axis; NaN where there is no
    draw.
    """
    is_point = (draws == 0).to_numpy()
    estimate = values[is_point][0] if is_point.any() else np.full(values.shape[1:], np.nan)
    lower, upper = percentile_limits(values[~is_point], conf_level)
    return {"estimate": estimate, "ci_lower": lower, "ci_upper": upper}


def draw_range(values: pl.DataFrame, *, conf_level: float = 0.95) -> dict[str, pl.Expr]:
    """The columns difference (draw 0), ci_lower and ci_upper of a table with one difference per
    draw.
    """
    names = ("difference", "ci_lower", "ci_upper")
    limits = values.select(
        estimate_with_range("difference", conf_level=conf_level, names=names)
    ).row(0, named=True)
    return {name: pl.lit(value, dtype=pl.Float64) for name, value in limits.items()}
