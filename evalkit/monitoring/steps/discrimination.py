"""How well an index tells who takes the next step: of two people of whom one does, how often it is
the one with the higher index.
"""

from dataclasses import dataclass

import numpy as np
import polars as pl

from evalkit.survival.curves.curve_table import normal_quantile


@dataclass(frozen=True)
class Discrimination:
    """The share of pairs that the index puts in the right order, equal ones counted half, with its
    range; 0.5 is what chance gives.
    """

    estimate: float
    ci_lower: float
    ci_upper: float


def discrimination(
    rows: pl.DataFrame, *, index: str, outcome: str, stratum: str, cluster: str
) -> Discrimination | None:
    """The area under the curve of an index within strata.

    Parameters
    ----------
    rows : DataFrame
        One row per observation.
    index, outcome : str
        Columns: a number, and whether it came about (bool).
    stratum : str
        Column within whose values pairs are compared.
    cluster : str
        Column of the person: rows of one person vary together.

    Returns
    -------
    Discrimination or None
        None where no stratum has both outcomes. The range is that of a ratio of sums over clusters
        (Obuchowski 1997, Biometrics 53:567), within 0 and 1.
    """
    keys = [stratum, index]
    counted = rows.group_by(keys).agg(
        n_yes=pl.col(outcome).sum().cast(pl.Float64),
        n_no=(~pl.col(outcome)).sum().cast(pl.Float64),
    )
    beside = counted.sort(keys).with_columns(
        # Of the others in the stratum: how many have a lower index, half of the equal ones added.
        lower_no=(pl.col("n_no").cum_sum() - pl.col("n_no") / 2).over(stratum),
        lower_yes=(pl.col("n_yes").cum_sum() - pl.col("n_yes") / 2).over(stratum),
        all_yes=pl.col("n_yes").sum().over(stratum),
        all_no=pl.col("n_no").sum().over(stratum),
    )
    n_pairs = float((beside["n_yes"] * beside["all_no"]).sum())
    if n_pairs == 0:
        return None
    estimate = float((beside["n_yes"] * beside["lower_no"]).sum()) / n_pairs
    right = pl.when(outcome).then("lower_no").otherwise(pl.col("all_yes") - pl.col("lower_yes"))
    compared = pl.when(outcome).then("all_no").otherwise("all_yes")
    influence = (
        rows.join(beside, on=keys, how="left")
        .select(cluster, by=(right - estimate * compared) / n_pairs)
        .group_by(cluster)
        .agg(pl.col("by").sum())["by"]
        .to_numpy()
    )
    n_clusters = len(influence)
    factor = n_clusters / max(n_clusters - 1, 1)
    half = normal_quantile(0.95) * float(np.sqrt(factor * np.square(influence).sum()))
    return Discrimination(estimate, max(estimate - half, 0.0), min(estimate + half, 1.0))
