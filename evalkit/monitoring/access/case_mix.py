"""Districts against what their people would lead one to expect: who starts an intervention within
the year.

Everybody of the same area, characteristics and year is one cell, so that a country costs little
more than a city. A district is held against one model over all of them that has terms for the
people and none for the district, as its outcomes are (`evalkit.effects.districts.funnel`).
"""

import numpy as np
import polars as pl

from evalkit.effects.districts.funnel import funnel_of_sums
from evalkit.effects.districts.ranking import rank_ranges
from evalkit.effects.weighting.logit import SEPARATED, weighted_logit
from evalkit.line.tables import published
from evalkit.monitoring.access.arrivals import started_within, told_apart
from evalkit.monitoring_rules import MonitoringRules

# Fewer areas tell nothing of how areas differ.
MIN_AREAS_FOR_RANKS = 4


def access_funnel(cells: pl.DataFrame, *, seed: int) -> pl.DataFrame:
    """Each district's share who start an intervention within the year, beside that expected for its
    people, with the limits of chance and the ranks it may have.

    Parameters
    ----------
    cells : DataFrame
        As `cells_of` makes them.
    seed : int
        For the draws of ranks.

    Returns
    -------
    DataFrame
        The table access_funnel; columns and verdicts as in `effects.case_mix_funnel`; rank (median;
        1: the largest adjusted share), rank_lower, rank_upper and n_districts (ranked), null where
        there are fewer than four. Empty where nobody starts, or everybody.
    """
    schema = published("access_funnel").schema
    started = cells["started"].sum()
    if not 0 < started < cells["weight"].sum():
        return pl.DataFrame(schema=schema)
    design, weights = design_of(cells, told_apart(cells)), cells["weight"].to_numpy()
    design = np.column_stack([np.ones(len(design)), design])
    fit = weighted_logit(design, cells["started"].to_numpy() / weights, weights)
    p = 1 / (1 + np.exp(-np.clip(design @ fit.coefficients, -SEPARATED, SEPARATED)))
    districts = (
        pl.DataFrame(
            {
                "district": cells["district"],
                "n_persons": cells["n_persons"],
                "total": weights,
                "reached": cells["started"],
                "expected": weights * p,
                "variance": cells["weight_squared"].to_numpy() * p * (1 - p),
            }
        )
        .group_by("district", maintain_order=True)
        .sum()
        .sort("district")
    )
    share = float(started / weights.sum())
    ranks = _ranks(districts, share, seed=seed)
    table = funnel_of_sums(districts).join(ranks, on="district", how="left", maintain_order="left")
    return table.select(list(schema)).cast(dict(schema))


def cells_of(people: pl.DataFrame, rules: MonitoringRules) -> pl.DataFrame:
    """People of one area, year and group of every characteristic in one row.

    Parameters
    ----------
    people : DataFrame
        As `arrivals` makes it.
    rules : MonitoringRules
        Within how many months a start counts.

    Returns
    -------
    DataFrame
        district, the characteristics that tell people apart, year, n_persons, weight and
        weight_squared (sums), started (weights of those who started within the year); sorted.
    """
    keys = ["district", *told_apart(people), "year"]
    weight = pl.col("weight")
    return (
        people.group_by(keys)
        .agg(
            n_persons=pl.len().cast(pl.Float64),
            weight=weight.sum(),
            weight_squared=(weight**2).sum(),
            started=weight.filter(started_within(rules.access_months[1])).sum(),
        )
        .sort(keys)
    )


def design_of(rows: pl.DataFrame, names: list[str]) -> np.ndarray:
    """A column for every group and year but the most common: (n_rows, n_terms)."""
    columns = []
    for name in (*names, "year"):
        sizes = rows.group_by(name).agg(pl.col("n_persons").sum()).sort("n_persons", name)
        columns += [(rows[name] == level).to_numpy() for level in sizes[name][:-1].sort()]
    return np.column_stack(columns).astype(float) if columns else np.zeros((rows.height, 0))


def _ranks(districts: pl.DataFrame, share: float, *, seed: int) -> pl.DataFrame:
    """The ranks that adjusted shares may have, of districts in which somebody can be expected."""
    ranked = districts.filter(pl.col("expected") > 0, pl.col("variance") > 0)
    names = ("rank", "rank_lower", "rank_upper")
    if ranked.height < MIN_AREAS_FOR_RANKS:
        return districts.clear().select(
            "district",
            *(pl.lit(None, pl.Float64).alias(name) for name in names),
            n_districts=pl.lit(None, pl.Int32),
        )
    adjusted = (share * ranked["reached"] / ranked["expected"]).to_numpy()
    variance = (share**2 * ranked["variance"] / ranked["expected"] ** 2).to_numpy()
    ranks = ranked.select("district").with_columns(rank_ranges(adjusted, variance, seed=seed))
    return ranks.select("district", *names, n_districts=pl.lit(ranked.height, pl.Int32))
