"""Bands that hold a whole curve, not each month of it apart."""

from collections.abc import Sequence

import numpy as np
import polars as pl

from evalkit.errors import EstimationError
from evalkit.frames import Frame
from evalkit.survival.counts.risk_set import RiskSet, risk_set_of
from evalkit.survival.counts.spell_columns import Roles
from evalkit.survival.curves.aalen_johansen import cause_curves
from evalkit.survival.curves.curve_table import ConfType, confidence_limits
from evalkit.survival.curves.product_integral import (
    StatePaths,
    cells_in_use,
    group_spread,
    influence_path,
    observed_rates,
    state_paths,
)


def simultaneous_bands(
    spells: Frame,
    *,
    time: str,
    event: str,
    months: tuple[float, float],
    rng: np.random.Generator,
    entry: str | None = None,
    weight: str | None = None,
    cluster: str | None = None,
    by: Sequence[str] = (),
    causes: Sequence[str] | None = None,
    conf_level: float = 0.95,
    conf_type: ConfType = "log-log",
    n_draws: int = 5000,
) -> pl.DataFrame:
    """Curves of `aalen_johansen` with a band that holds the whole true curve between two months
    with the given probability.

    Parameters
    ----------
    months : (first, last)
        The part of the curve that the band is for. Bands over months with very few events are wide.
    rng : Generator
        Source of the normal draws; the band's edges vary with it by about one percent of their
        distance at 5000 draws.
    n_draws : int
        Draws of the largest deviation.

    Returns
    -------
    DataFrame
        As `aalen_johansen` with the jackknife variance, and `band_lower`, `band_upper` (null
        outside the months asked for and where `ci_lower` is).

    Raises
    ------
    EstimationError
        Also if the first month lies after the last.

    References
    ----------
    Lin (1997), Stat. Med. 16:901 (largest deviation of the influence functions with normal
    multipliers).
    """
    first, last = months
    if not 0 <= first < last:
        raise EstimationError(
            "The months of a band must be in order.",
            where=f"months = ({first}, {last})",
            why="The band holds the curve from the first to the last of them.",
            fix="give (first, last) with first before last.",
        )
    risk_set = risk_set_of(spells, Roles(time, event, entry, weight, cluster, by, causes))
    paths = state_paths(risk_set, variance="robust")
    table = cause_curves(risk_set, paths, conf_level=conf_level, conf_type=conf_type)
    keys = [*risk_set.groups.columns, "cause"]
    multipliers = _multipliers(risk_set, paths, months, rng, conf_level, n_draws)
    table = table.join(multipliers, on=keys, how="left", maintain_order="left")
    lower, upper = confidence_limits(
        *(
            table[column].cast(pl.Float64).fill_null(np.nan).to_numpy()
            for column in ("estimate", "std_error")
        ),
        multiplier=table["multiplier"].fill_null(np.nan).to_numpy(),
        conf_type=conf_type,
    )
    bands = pl.DataFrame({"band_lower": lower, "band_upper": upper}).fill_nan(None)
    inside = pl.col("time").is_between(first, last)
    return pl.concat([table.drop("multiplier"), bands], how="horizontal").with_columns(
        pl.when(inside).then(pl.col("band_lower", "band_upper"))
    )


def _multipliers(
    risk_set: RiskSet,
    paths: StatePaths,
    months: tuple[float, float],
    rng: np.random.Generator,
    conf_level: float,
    n_draws: int,
) -> pl.DataFrame:
    """Of every group and cause: how many standard errors the largest deviation exceeds with
    probability 1 - conf_level.
    """
    rates = observed_rates(risk_set)
    # The band begins with the value that the curve has at the first month, wherever it got it.
    first, last = risk_set.times.searchsorted(months, side="right")
    wanted = range(first, last + 1)
    rows = []
    for group in range(risk_set.n_groups):
        path = influence_path(risk_set, rates, paths.probability, group, "fixed")
        kept = [derivatives.copy() for time, derivatives in enumerate(path) if time in wanted]
        across = group_spread(risk_set.spread, cells_in_use(risk_set, group))
        squared = across.T @ across
        for cause, name in enumerate(risk_set.causes):
            multiplier = np.nan
            if kept:
                derivative = np.stack([derivatives[:, cause + 1] for derivatives in kept], axis=1)
                multiplier = _largest_deviation(
                    derivative.T @ (squared @ derivative), rng, conf_level, n_draws
                )
            rows.append({"evalkit_group": group, "cause": name, "multiplier": multiplier})
    table = pl.DataFrame(
        rows, schema={"evalkit_group": pl.UInt32, "cause": pl.String, "multiplier": pl.Float64}
    )
    groups = (
        risk_set.groups.select(pl.all().gather(table["evalkit_group"]))
        if risk_set.groups.width
        else pl.DataFrame()
    )
    return (
        pl.concat([groups, table.drop("evalkit_group")], how="horizontal")
        if groups.width
        else table.drop("evalkit_group")
    )


def _largest_deviation(
    covariance: np.ndarray, rng: np.random.Generator, conf_level: float, n_draws: int
) -> float:
    error = np.sqrt(np.maximum(np.diag(covariance), 0.0))
    moving = error > 0
    if not moving.any():
        return np.nan
    correlation = covariance[np.ix_(moving, moving)] / np.outer(error[moving], error[moving])
    values, vectors = np.linalg.eigh(correlation)
    draws = (
        rng.standard_normal((n_draws, len(values))) @ (vectors * np.sqrt(np.maximum(values, 0))).T
    )
    return float(np.quantile(np.abs(draws).max(axis=1), conf_level))
