"""Partial pooling of districts: a district's path is shrunk towards the city's, the more so the
less precise it is.

path_d = city path + B_d (raw path - city path) + noise, with B_d = tau^2 / (tau^2 + v_d) from the
primary outcome's difference; the variance between districts, tau^2, is itself drawn for every draw.
The first two terms carry the sampling error of the district and of the city; the noise carries that
a district is not the city: with city = sum of share_j x district_j, the variance of (1 - B_d)
(effect_d - city's effect) is (1 - B_d)^2 tau^2 (1 + sum of share^2 - 2 share_d), and (1 - B_d)^2
tau^2 = B_d (1 - B_d) v_d. Shares are taken as inverse to v_d. The noise is another replicate's
deviation from the district's point estimate, scaled, so that months and states vary together as
they do. Morris (1983), JASA 78:47; Gelman et al. (2013), Bayesian Data Analysis, 3rd ed., section
5.4.
"""

import numpy as np
import polars as pl

from evalkit.draws import from_cube, to_cube
from evalkit.errors import EstimationError
from evalkit.line.states import members_of
from evalkit.tables import CITY

_PATH = ["arm", "state", "month"]
_DRAW = ["intervention_id", "protocol_hash", "estimand", "subgroup"]
_GRID = 400


def shrink(
    draws: pl.DataFrame,
    *,
    by: str = "district",
    city: str = CITY,
    primary_outcome: str,
    min_districts: int = 3,
    seed: int,
) -> pl.DataFrame:
    """District effects shrunk towards the city's (the same table, source shrunk).

    Parameters
    ----------
    draws : DataFrame
        Table `effect_draws`, source raw: the city (district "all") and the districts whose effect
        can be said; one intervention.
    primary_outcome : str
        Outcome, or aggregate, whose months decide how much a district is shrunk.
    min_districts : int
        Fewer districts say too little about how much districts differ.
    seed : int
        For the draws of the variance between districts.

    Returns
    -------
    DataFrame
        Table `effect_draws`, source shrunk: the districts only.

    Raises
    ------
    EstimationError
        If fewer than `min_districts` districts have draws, or the city has none.
    """
    districts = sorted(set(draws[by]) - {city})
    if len(districts) < min_districts or city not in draws[by]:
        raise EstimationError(
            f"{len(districts)} districts have an effect of their own; pooling needs "
            f"{min_districts} and the city's.",
            where="table effect_draws",
            why="With fewer districts the variance between them is a guess.",
            fix="report the raw effects and the city's, and say so.",
        )
    cube = to_cube(draws, [by, "draw", *_PATH], "probability")
    is_complete = np.all(cube.is_there.any(axis=(2, 3, 4)), axis=0)
    paths, city_row = cube.values[:, is_complete], cube.place(by, city)
    others = np.delete(np.arange(len(paths)), city_row)
    numbers = cube.axes["draw"].filter(pl.Series(is_complete))
    if numbers[0] != 0:
        raise EstimationError(
            "The point estimate of a district is missing.",
            where="table effect_draws, draw 0",
            why="How much a district is drawn towards the city follows from its estimate.",
            fix="leave out districts whose effect cannot be said.",
        )
    signs = np.where(cube.axes["arm"] == "treated", 1.0, -1.0)
    is_followed = (cube.axes["month"] > 0).to_numpy()
    states = cube.axes["state"].cast(pl.String).to_list()
    is_primary = np.isin(states, members_of(primary_outcome))
    gained = paths[:, :, :, is_primary][..., is_followed].sum(axis=(-2, -1)) @ signs
    rng = np.random.default_rng(seed)
    shrunk = _drawn_paths(paths[others], paths[city_row], gained[others], rng)
    axes = cube.axes | {by: cube.axes[by].gather(others.astype(np.uint32)), "draw": numbers}
    constants = {name: draws[name][0] for name in _DRAW} | {"source": "shrunk"}
    return (
        from_cube(axes, {"probability": shrunk}, constants).select(draws.columns).cast(draws.schema)
    )


def primary_differences(draws: pl.DataFrame, outcome: str) -> pl.DataFrame:
    """Months in an outcome, or an aggregate, up to the horizon, treated minus comparison: columns
    district, draw, difference (months).
    """
    sign = pl.when(pl.col("arm") == "treated").then(1.0).otherwise(-1.0)
    return (
        draws.filter(pl.col("state").is_in(members_of(outcome)) & (pl.col("month") > 0))
        .select("district", "draw", difference=sign * pl.col("probability"))
        # Sorted before they are summed: sums made side by side would differ in their last bits from
        # time to time.
        .sort("district", "draw", maintain_order=True)
        .group_by("district", "draw", maintain_order=True)
        .agg(pl.col("difference").sum())
    )


def draw_between_variance(
    estimates: np.ndarray,
    variances: np.ndarray,
    *,
    size: int,
    rng: np.random.Generator,
    group: np.ndarray | None = None,
) -> np.ndarray:
    """Draws of the variance between districts given their estimates and sampling variances, flat
    prior on its root.

    The first value is the posterior median of tau, squared: it goes with draw 0. With groups (n,),
    districts differ around the mean of their group. Gelman et al. (2013), equation 5.21.
    """
    top = 5 * max(estimates.std(ddof=1), np.sqrt(variances.mean()))
    tau = (np.arange(_GRID) + 0.5) * top / _GRID
    groups = (
        [np.ones(len(estimates), bool)]
        if group is None
        else [group == name for name in np.unique(group)]
    )
    log_density = np.add.reduce(
        [_log_density(tau, estimates[members], variances[members]) for members in groups]
    )
    share = np.cumsum(np.exp(log_density - log_density.max()))
    share /= share[-1]
    uniform = np.concatenate([[0.5], rng.random(size - 1)])
    return tau[np.minimum(np.searchsorted(share, uniform), _GRID - 1)] ** 2


def _log_density(tau: np.ndarray, estimates: np.ndarray, variances: np.ndarray) -> np.ndarray:
    """Log posterior density of tau up to a constant, the mean integrated out: (n_tau,)."""
    total = variances[None, :] + tau[:, None] ** 2
    pooled_variance = 1 / (1 / total).sum(axis=1)
    mean = pooled_variance * (estimates / total).sum(axis=1)
    return (
        0.5 * np.log(pooled_variance)
        - 0.5 * np.log(total).sum(axis=1)
        - 0.5 * ((estimates - mean[:, None]) ** 2 / total).sum(axis=1)
    )


def _pull_and_noise(tau2: np.ndarray, variance: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """B and the noise's standard deviation in units of the district's own error: (n_draws,
    n_districts).
    """
    pull = tau2[:, None] / (tau2[:, None] + variance)
    share = 1 / np.where(variance > 0, variance, np.inf if (variance > 0).any() else 1.0)
    share = share / share.sum()
    return pull, np.sqrt(pull * (1 - pull) * (1 + (share**2).sum() - 2 * share))


def _other_replicates(n_draws: int, rng: np.random.Generator) -> np.ndarray:
    """For every replicate the position of another one (draw 0 stays): a random cycle, so that none
    is paired with itself.
    """
    order = 1 + rng.permutation(n_draws - 1)
    other = np.zeros(n_draws, dtype=np.int64)
    other[order] = np.roll(order, 1)
    return other


def _drawn_paths(
    paths: np.ndarray, city: np.ndarray, gained: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """Shrunk paths (districts, draws, arms, states, months) from raw ones, the city's, and each
    district's difference in months of the primary outcome.
    """
    variance = gained[:, 1:].var(axis=1, ddof=1)
    tau2 = draw_between_variance(gained[:, 0], variance, size=gained.shape[1], rng=rng)
    pull, noise = (drawn.T[:, :, None, None, None] for drawn in _pull_and_noise(tau2, variance))
    noise[:, 0] = 0.0  # draw 0 is the point estimate
    others = np.stack([path[_other_replicates(gained.shape[1], rng)] for path in paths])
    drawn = city + pull * (paths - city) + noise * (others - paths[:, :1])
    # The noise of a rare state can lead below zero; shares then are those of the rest.
    drawn = np.maximum(drawn, 0.0)
    return drawn / drawn.sum(axis=3, keepdims=True)
