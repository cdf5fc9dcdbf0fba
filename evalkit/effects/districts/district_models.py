"""Ways of running the same intervention (own operation, bought, direct to employers), compared
between the districts that use them.

A district works in one way, and districts differ for other reasons too: each counts as one example
of its way. Districts' effects vary around the mean of their way; the variance is drawn with the
means. A way that only one district uses cannot be told from that district. Gelman et al. (2013),
Bayesian Data Analysis, 3rd ed., section 5.4, with a mean for every way.
"""

from collections.abc import Mapping

import numpy as np
import polars as pl

from evalkit.effects.districts.pooling import draw_between_variance
from evalkit.line.columns import schema_of
from evalkit.line.tables import published

MIN_DISTRICTS = 2
_N_DRAWS = 4_000
_NORMAL = 1.959963984540054


def ways_of_working(ranks: pl.DataFrame, models: Mapping[str, str], *, seed: int) -> pl.DataFrame:
    """Every intervention's effect by the way its districts work (see `effects_by_model`); empty
    where the run names no ways.

    Parameters
    ----------
    ranks : DataFrame
        From `ranks`, of all interventions.
    models : mapping of str
        `EffectRules.district_models`.
    """
    effects = (
        ranks.partition_by("intervention_id", "estimand", maintain_order=True) if models else []
    )
    by_model = [effects_by_model(effect, models, seed=seed) for effect in effects]
    return pl.concat([published("effects_by_model").empty(), *by_model])


def effects_by_model(
    ranks: pl.DataFrame, models: Mapping[str, str], *, seed: int, conf_level: float = 0.95
) -> pl.DataFrame:
    """Mean effect of the districts that work in each way, and its distance from the mean of the
    other ways.

    Parameters
    ----------
    ranks : DataFrame
        From `ranks`: the districts' effects with ranges (standardised where there are such, else
        raw), standardised_to and n_starters; one intervention and estimand.
    models : mapping of str
        The way of working by district; districts that are not named are left out.
    seed : int
        For the draws of means and of the variance between districts.

    Returns
    -------
    DataFrame
        intervention_id, estimand, model, effect (months in the primary outcome) and gap (months;
        effect minus the mean of the other ways) with _lower and _upper, standardised_to,
        n_districts, n_starters, effect_state (estimated|cannot_be_said), reason (one_district;
        few_districts: fewer than two ways have two districts each). Ranges say how precise the mean
        of a way is, not that the way caused it.
    """
    basis = "standardised" if ranks["standardised"].is_not_null().any() else "raw"
    rows = ranks.filter(pl.col(basis).is_not_null() & pl.col("district").is_in(list(models)))
    rows = rows.with_columns(model=pl.col("district").replace_strict(dict(models)))
    counted = rows.group_by("model").agg(
        pl.col("intervention_id", "estimand", "standardised_to").first(),
        pl.col("n_starters").sum(),
        # A mean of districts moves by less of its error than the district that moves most.
        pl.col("one_person").max(),
        n_districts=pl.len(),
    )
    compared = sorted(counted.filter(pl.col("n_districts") >= MIN_DISTRICTS)["model"])
    if len(compared) < MIN_DISTRICTS:
        means, reason = pl.DataFrame(schema=schema_of("model")), pl.lit("few_districts")
    else:
        means, reason = (
            _means(
                rows.filter(pl.col("model").is_in(compared)),
                basis,
                compared,
                seed=seed,
                conf_level=conf_level,
            ),
            pl.lit("one_district"),
        )
    is_compared = pl.col("model").is_in(compared) & (len(compared) >= MIN_DISTRICTS)
    table = counted.join(means, on="model", how="left").with_columns(
        effect_state=pl.when(is_compared)
        .then(pl.lit("estimated"))
        .otherwise(pl.lit("cannot_be_said")),
        reason=pl.when(~is_compared).then(reason),
    )
    schema = published("effects_by_model").schema
    missing = [
        pl.lit(None, dtype).alias(name)
        for name, dtype in schema.items()
        if name not in table.columns
    ]
    return table.with_columns(missing).select(list(schema)).cast(schema).sort("model")


def _means(
    rows: pl.DataFrame, basis: str, models: list[str], *, seed: int, conf_level: float
) -> pl.DataFrame:
    """Draws of each model's mean given the districts' estimates, as estimates and gaps with
    ranges.
    """
    estimates = rows[basis].to_numpy()
    variances = ((rows[f"{basis}_upper"] - rows[f"{basis}_lower"]).to_numpy() / (2 * _NORMAL)) ** 2
    group = (
        rows["model"]
        .replace_strict({name: number for number, name in enumerate(models)}, return_dtype=pl.Int64)
        .to_numpy()
    )
    rng = np.random.default_rng(seed)
    total = (
        variances
        + draw_between_variance(estimates, variances, size=_N_DRAWS, rng=rng, group=group)[:, None]
    )
    precision = np.stack(
        [(1 / total[:, group == number]).sum(axis=1) for number in range(len(models))], axis=1
    )
    centre = (
        np.stack(
            [
                (estimates[group == number] / total[:, group == number]).sum(axis=1)
                for number in range(len(models))
            ],
            axis=1,
        )
        / precision
    )
    drawn = centre + rng.standard_normal(centre.shape) / np.sqrt(precision)
    gaps = drawn - (drawn.sum(axis=1, keepdims=True) - drawn) / (len(models) - 1)
    tail = (1 - conf_level) / 2
    limits = [np.quantile(values, [tail, 0.5, 1 - tail], axis=0) for values in (drawn, gaps)]
    names = (("effect_lower", "effect", "effect_upper"), ("gap_lower", "gap", "gap_upper"))
    columns = {
        name: row
        for column_names, limits_of in zip(names, limits, strict=True)
        for name, row in zip(column_names, limits_of, strict=True)
    }
    return pl.DataFrame({"model": models, **columns})
