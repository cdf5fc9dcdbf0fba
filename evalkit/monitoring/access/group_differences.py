"""Groups against everybody else in the same district: who starts an intervention within the year
more or less often than others of whom all else that is known is alike.

In the model each area has its own level and its own difference between the group and the others,
and all else about people means the same everywhere. What is told is a difference of mean
probabilities: if everybody in the area were of the group, less if nobody were.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import polars as pl

from evalkit.effects.weighting.local_logit import LocalLogit, local_logit
from evalkit.effects.weighting.logit import SEPARATED
from evalkit.line.columns import schema_of
from evalkit.line.tables import published
from evalkit.monitoring.access.arrivals import told_apart
from evalkit.monitoring.access.case_mix import design_of
from evalkit.survival.curves.curve_table import normal_quantile
from evalkit.tables import CITY

# Of whom a difference is estimated, on either side of it.
MIN_PEOPLE = 20
# Log odds: that a group starts an eighth or eight times as often is not unlikely.
_PRIOR_SD = 2.5


def access_groups(cells: pl.DataFrame, *, conf_level: float = 0.95) -> pl.DataFrame:
    """How much more often the people of each group start an intervention within the year than
    others of the same area, all else that is known about them alike.

    Parameters
    ----------
    cells : DataFrame
        As `cells_of` makes them.
    conf_level : float
        The level at which the ranges of all groups of an area hold together (Sidak), so that of 100
        areas in which nobody is passed over, somebody is said to be in 5.

    Returns
    -------
    DataFrame
        The table access_groups: district (and "all": within areas, over all of them),
        characteristic, group, more_often (share of people) with _lower and _upper, and n_fewest (of
        the group and of the others). Groups of fewer than twenty
        people in the area, and those beside fewer than twenty others, are not there. Of two groups
        each is the other's mirror, and they count as one comparison.
    """
    declared, characteristics = published("access_groups"), told_apart(cells)
    rows = _of_varying_areas(cells)
    if rows.is_empty() or not characteristics:
        return declared.empty()
    differences = pl.concat(
        table for name in characteristics for table in _of_characteristic(rows, name)
    )
    if differences.is_empty():
        return declared.empty()
    n_compared = (~pl.col("is_mirror")).sum().over("district")
    differences = differences.with_columns(n_compared=n_compared)
    z = {n: normal_quantile(conf_level ** (1 / n)) for n in differences["n_compared"].unique()}
    width = pl.col("std_error") * pl.col("n_compared").replace_strict(z, return_dtype=pl.Float64)
    table = differences.with_columns(
        more_often_lower=pl.col("more_often") - width, more_often_upper=pl.col("more_often") + width
    )
    return table.select(list(declared.schema)).cast(dict(declared.schema)).sort(declared.keys)


def _of_varying_areas(rows: pl.DataFrame) -> pl.DataFrame:
    """The cells of areas in which some start and some do not; others say nothing of groups."""
    started, people = (pl.col(name).sum().over("district") for name in ("started", "weight"))
    return rows.filter(started > 0, started < people)


@dataclass(frozen=True)
class _Cells:
    """Cells with the columns of all that is held alike.

    rows : as `cells_of` makes them, those of an area together. others : (n_rows, n_terms).
    """

    rows: pl.DataFrame
    others: np.ndarray

    @property
    def weights(self) -> np.ndarray:
        return self.rows["weight"].to_numpy()

    @property
    def first(self) -> np.ndarray:
        """The position of each area's first cell."""
        return self.rows["district"].rle_id().arg_unique().to_numpy()

    def sums(self, values: np.ndarray) -> np.ndarray:
        """Sums of values, or of their columns, by area."""
        return np.add.reduceat(values, self.first)

    def fit(self, own: np.ndarray, design: np.ndarray, **options) -> LocalLogit:
        """A logit with each area's own coefficients of some terms."""
        share = self.rows["started"].to_numpy() / self.weights
        return local_logit(own, design, share, self.weights, self.first, **options)


def _of_characteristic(rows: pl.DataFrame, name: str) -> Iterator[pl.DataFrame]:
    """The differences of all groups of a characteristic, all other characteristics alike."""
    names = [other for other in told_apart(rows) if other != name]
    cells = _Cells(rows, design_of(rows, names))
    alike = cells.fit(np.ones((rows.height, 1)), cells.others)
    groups = rows[name].unique().sort().to_list()
    if len(groups) == 2:
        first = _difference(cells, alike, name, groups[0])
        yield first
        mirrored = {"group": pl.lit(groups[1]), "more_often": -pl.col("more_often")}
        yield first.with_columns(**mirrored, is_mirror=pl.lit(True))
        return
    for group in groups:
        yield _difference(cells, alike, name, group)


def _difference(cells: _Cells, alike: LocalLogit, characteristic: str, group: str) -> pl.DataFrame:
    """A group against everybody else, in every area of which both have enough people, and within
    areas over all of them: district, characteristic, group, more_often, std_error, n_fewest,
    is_mirror (of another row).
    """
    is_of_group = (cells.rows[characteristic] == group).to_numpy()
    n_people = cells.rows["n_persons"].to_numpy()
    n_fewest = np.minimum(*(cells.sums(n_people * side) for side in (is_of_group, ~is_of_group)))
    is_compared = n_fewest >= MIN_PEOPLE
    is_kept = np.repeat(is_compared, np.diff(np.append(cells.first, len(n_people))))
    kept = _Cells(cells.rows.filter(is_kept), cells.others[is_kept])
    x, local = is_of_group[is_kept].astype(float), alike.local[is_compared]
    estimates, counts = [], n_fewest[is_compared]
    if is_compared.any():
        estimates += _by_area(kept, x, local, alike.shared)
    if 0 < (x @ kept.rows["started"].to_numpy()) < x @ kept.weights:
        estimates.append(_of_city(kept, x, local, alike.shared))
        counts = np.append(counts, counts.sum())
    districts = [*kept.rows["district"].unique(maintain_order=True), CITY][: len(estimates)]
    columns = {
        "district": districts,
        "characteristic": [characteristic] * len(districts),
        "group": [group] * len(districts),
        "more_often": [estimate for estimate, _ in estimates],
        "std_error": [error for _, error in estimates],
        "n_fewest": counts,
        "is_mirror": [False] * len(districts),
    }
    names = ("district", "characteristic", "group", "more_often")
    others = {"std_error": pl.Float64, "n_fewest": pl.Float64, "is_mirror": pl.Boolean}
    return pl.DataFrame(columns, schema=dict(schema_of(*names)) | others)


def _by_area(
    cells: _Cells, x: np.ndarray, local: np.ndarray, shared: np.ndarray
) -> list[tuple[float, float]]:
    """Differences of mean probabilities by area and their errors (delta method)."""
    fit = cells.fit(
        np.column_stack([np.ones(len(x)), x]),
        cells.others,
        prior_sd=np.array([np.inf, _PRIOR_SD]),
        start=(np.column_stack([local, np.zeros(len(local))]), shared),
    )
    own = np.repeat(fit.local, np.diff(np.append(cells.first, len(x))), axis=0)
    base = own[:, 0] + cells.others @ fit.shared
    p0, p1 = _probability(base), _probability(base + own[:, 1])
    d0, d1 = p0 * (1 - p0), p1 * (1 - p1)
    columns = np.column_stack([p1 - p0, d1 - d0, d1, cells.others * (d1 - d0)[:, None]])
    means = cells.sums(columns * cells.weights[:, None]) / cells.sums(cells.weights)[:, None]
    of_own, of_shared = means[:, 1:3], means[:, 3:]
    variance = (
        np.einsum("gi,gij,gj->g", of_own, fit.local_cov, of_own)
        + 2 * np.einsum("gi,gij,gj->g", of_own, fit.cross_cov, of_shared)
        + np.einsum("gi,ij,gj->g", of_shared, fit.shared_cov, of_shared)
    )
    return list(zip(means[:, 0], np.sqrt(np.maximum(variance, 0)), strict=True))


def _of_city(
    cells: _Cells, x: np.ndarray, local: np.ndarray, shared: np.ndarray
) -> tuple[float, float]:
    """The difference of mean probabilities over all areas, one for all of them, and its error: that
    of the group's coefficient, since levels and other terms move both means nearly alike.
    """
    fit = cells.fit(
        np.ones((len(x), 1)),
        np.column_stack([x, cells.others]),
        start=(local, np.append(0, shared)),
    )
    own = np.repeat(fit.local[:, 0], np.diff(np.append(cells.first, len(x))))
    base = own + cells.others @ fit.shared[1:]
    p0, p1 = _probability(base), _probability(base + fit.shared[0])
    share = cells.weights / cells.weights.sum()
    return float(share @ (p1 - p0)), float(share @ (p1 * (1 - p1)) * fit.shared_cov[0, 0] ** 0.5)


def _probability(eta: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-np.clip(eta, -SEPARATED, SEPARATED)))
