"""Ranks of districts, with how uncertain they are.

Raw effects are never ranked: the smallest districts would come first and last by chance. Ranks come
from draws of the districts' true effects given their estimates, in a normal model of the
differences between districts. The estimates are those for the city's eligible people, where enough
districts have such people (`evalkit.effects.districts.standardise`); else each is about its own
starters, and the table says so. Gelman et al. (2013), Bayesian Data Analysis, 3rd ed., section 5.4;
Goldstein & Spiegelhalter (1996), J. R. Stat. Soc. A 159:385.
"""

import numpy as np
import polars as pl

from evalkit.draws import estimate_with_range, with_words
from evalkit.effects.districts.pooling import draw_between_variance, primary_differences
from evalkit.line.columns import schema_of
from evalkit.line.protocol import Protocol
from evalkit.line.tables import published
from evalkit.tables import CITY

N_RANK_DRAWS = 4_000
# What a district's rank speaks about.
CITY_ELIGIBLE, OWN_STARTERS = "city_eligible", "own_starters"
_BASIS = ("standardised", "standardised_lower", "standardised_upper")


def district_ranks(
    draws: pl.DataFrame,
    protocol: Protocol,
    *,
    seed: int,
    conf_level: float = 0.95,
    standardised: pl.DataFrame | None = None,
) -> pl.DataFrame:
    """Months in the primary outcome by district, raw and shrunk, the chance of being best, and the
    range of ranks (1: most months gained).

    Parameters
    ----------
    draws : DataFrame
        Table `effect_draws` of one protocol and estimand, sources raw and shrunk.
    seed : int
        For the draws of ranks.
    standardised : DataFrame, optional
        The protocol's rows of the table `standardised_draws`.

    Returns
    -------
    DataFrame
        district, intervention_id, estimand, raw, shrunk, standardised (months) with _lower and
        _upper, standardised_to (whom the rank is about: city_eligible|own_starters), reliability
        (the share of a deviation from the mean that is kept, 0-1), probability_best (0-1), rank
        (median), rank_lower, rank_upper, n_districts (ranked). Where at least
        `min_districts_for_pooling` districts could be standardised, the others have no rank. Empty
        where districts were not pooled.
    """
    declared, shrunk = published("district_ranks"), draws.filter(pl.col("source") == "shrunk")
    if shrunk.is_empty():
        return declared.empty().select(declared.columns)
    districts = shrunk["district"].unique().sort().to_list()
    raw = draws.filter((pl.col("source") == "raw") & pl.col("district").is_in(districts))
    tables = [
        _months(source_draws, protocol, name, conf_level)
        for source_draws, name in ((raw, "raw"), (shrunk, "shrunk"))
    ]
    together = tables[0].join(tables[1].drop("shrunk_variance"), on="district").sort("district")
    estimates = _standardised(standardised, districts, conf_level)
    is_enough = len(estimates) >= protocol.min_districts_for_pooling
    together = together.join(
        estimates if is_enough else estimates.clear(),
        on="district",
        how="left",
        maintain_order="left",
    )
    basis = "standardised" if is_enough else "raw"
    ranks = _ranks(
        together.filter(pl.col(basis).is_not_null()), basis, seed=seed, conf_level=conf_level
    )
    return (
        together.join(ranks, on="district", how="left", maintain_order="left")
        .with_columns(
            intervention_id=pl.lit(protocol.intervention_id),
            estimand=pl.lit(shrunk["estimand"][0]),
            standardised_to=pl.when(pl.col("standardised").is_not_null())
            .then(pl.lit(CITY_ELIGIBLE))
            .otherwise(pl.lit(OWN_STARTERS)),
            n_districts=pl.lit(len(ranks), dtype=pl.Int32),
        )
        .select(declared.columns)
    )


def posterior_draws(
    estimates: np.ndarray, variances: np.ndarray, *, seed: int, n_draws: int = N_RANK_DRAWS
) -> tuple[np.ndarray, np.ndarray]:
    """Draws of the true values behind estimates with known variances: (n_draws, n), and the mean
    share of each deviation that is kept, (n,).

    Flat priors on the mean and on the standard deviation between; mean and true values drawn given
    it. Gelman et al. (2013), section 5.4.
    """
    rng = np.random.default_rng(seed)
    between = draw_between_variance(estimates, variances, size=n_draws, rng=rng)[:, None]
    total = variances + between
    mean_variance = 1 / (1 / total).sum(axis=1, keepdims=True)
    mean = mean_variance * (estimates / total).sum(axis=1, keepdims=True) + np.sqrt(
        mean_variance
    ) * rng.standard_normal((n_draws, 1))
    kept = between / total
    true = (
        mean
        + kept * (estimates - mean)
        + np.sqrt(kept * variances) * rng.standard_normal((n_draws, len(estimates)))
    )
    return true, kept.mean(axis=0)


def rank_ranges(
    estimates: np.ndarray, variances: np.ndarray, *, seed: int, conf_level: float = 0.95
) -> list[pl.Series]:
    """What ranks the true values behind estimates may have (1: the largest), from
    `posterior_draws`.

    Returns
    -------
    list of Series
        reliability, probability_best, rank (median), rank_lower, rank_upper, one value for each
        estimate.
    """
    true, reliability = posterior_draws(estimates, variances, seed=seed)
    ranks = true.shape[1] + 1 - (true.argsort(axis=1).argsort(axis=1) + 1)
    tail = (1 - conf_level) / 2
    lower, median, upper = np.quantile(
        ranks, [tail, 0.5, 1 - tail], axis=0, method="nearest"
    ).astype(float)
    columns = {
        "reliability": reliability,
        "probability_best": (ranks == 1).mean(axis=0),
        "rank": median,
        "rank_lower": lower,
        "rank_upper": upper,
    }
    return [pl.Series(name, values) for name, values in columns.items()]


def _months(draws: pl.DataFrame, protocol: Protocol, name: str, conf_level: float) -> pl.DataFrame:
    differences = primary_differences(draws, protocol.primary_outcome).filter(
        pl.col("district") != CITY
    )
    names = (name, f"{name}_lower", f"{name}_upper")
    return (
        with_words(differences)
        .group_by("district")
        .agg(
            *estimate_with_range("difference", conf_level=conf_level, names=names),
            pl.col("difference").filter(pl.col("draw") > 0).var().alias(f"{name}_variance"),
        )
    )


def _standardised(
    draws: pl.DataFrame | None, districts: list[str], conf_level: float
) -> pl.DataFrame:
    """The districts that could be standardised: their estimates with ranges and variances."""
    estimates = (
        pl.DataFrame(schema=schema_of("district", "draw", "difference")) if draws is None else draws
    )
    estimates = estimates.filter(
        pl.col("difference").is_not_null() & pl.col("district").is_in(districts)
    )
    return estimates.group_by("district").agg(
        *estimate_with_range("difference", conf_level=conf_level, names=_BASIS),
        pl.col("difference").filter(pl.col("draw") > 0).var().alias("standardised_variance"),
    )


def _ranks(estimates: pl.DataFrame, basis: str, *, seed: int, conf_level: float) -> pl.DataFrame:
    """district, reliability, probability_best, rank, rank_lower, rank_upper of the districts with
    estimates.
    """
    return estimates.select("district").with_columns(
        rank_ranges(
            estimates[basis].to_numpy(),
            estimates[f"{basis}_variance"].to_numpy(),
            seed=seed,
            conf_level=conf_level,
        )
    )
