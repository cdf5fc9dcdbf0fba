"""Do groups leave at the same rate? Log-rank tests of any end, and Gray's test of one cause among
several.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from evalkit.errors import EstimationError
from evalkit.frames import Frame
from evalkit.results import Result
from evalkit.survival.counts.risk_set import RiskSet, risk_set_of
from evalkit.survival.counts.spell_columns import Roles
from evalkit.survival.curves.kaplan_meier import refuse_causes


@dataclass(frozen=True, repr=False)
class GroupTest(Result):
    """Result of a test that groups do not differ.

    Attributes
    ----------
    statistic, degrees_of_freedom, p_value : float, int, float
        Chi-square statistic, its degrees of freedom and the probability of one at least as large
        when the groups do not differ.
    by_group : DataFrame
        One row per group: the group, `n_spells`, `n_events` (observed) and `n_expected` if the
        groups did not differ (null for Gray's test). With `rho` the expected ends are weighed as in
        the test (as R's survdiff shows them), the observed ones are counted.
    """

    statistic: float
    degrees_of_freedom: int
    p_value: float
    by_group: pl.DataFrame

    @property
    def table(self) -> pl.DataFrame:
        """The groups, observed and expected."""
        return self.by_group

    @property
    def headline(self) -> str:
        """The test in a line."""
        return (
            f"Do groups differ? Chi-square {self.statistic:.2f} on {self.degrees_of_freedom} df "
            f"(p {self.p_value:.3g})"
        )


def log_rank_test(
    spells: Frame,
    *,
    time: str,
    event: str,
    group: str,
    strata: Sequence[str] = (),
    entry: str | None = None,
    rho: float = 0.0,
) -> GroupTest:
    """Test whether groups leave at the same rate, comparing observed with expected ends month by
    month. Rows count once each and are taken as independent.

    Parameters
    ----------
    group : str
        Column whose groups are compared.
    strata : sequence of str
        Columns; groups are compared within each combination only. Sets of groups that share no
        stratum are tested side by side: every set takes one degree of freedom less than it has
        groups.
    rho : float
        Weight of early against late ends, S(t-)^rho: 0 is the log-rank test, 1 the Peto-Prentice
        test.

    Returns
    -------
    GroupTest
        With the hypergeometric variance, which is exact for ties.

    Raises
    ------
    EstimationError
        Also when fewer than two groups can be compared.

    References
    ----------
    Harrington & Fleming (1982), Biometrika 69:553.
    """
    strata = [strata] if isinstance(strata, str) else list(strata)
    risk_set = risk_set_of(spells, Roles(time, event, entry, by=[*strata, group]))
    refuse_causes(risk_set.causes, event)
    names, stratum, name_rank = _layout(risk_set, group, strata)
    expected, score, covariance = (
        np.zeros(len(names)),
        np.zeros(len(names)),
        np.zeros((len(names), len(names))),
    )
    for members in _members(stratum):
        sums = _log_rank_parts(
            risk_set.n_exits[members, :, 0, 0], risk_set.n_at_risk[members, :, 0], rho
        )
        at = name_rank[members]
        expected[at] += sums[0]
        score[at] += sums[1]
        covariance[np.ix_(at, at)] += sums[2]
    return _result(risk_set, group, names, name_rank, score, covariance, expected)


def gray_test(
    spells: Frame,
    *,
    time: str,
    event: str,
    cause: str,
    group: str,
    strata: Sequence[str] = (),
    rho: float = 0.0,
) -> GroupTest:
    """Test whether groups have the same share leaving by one cause over time, while other causes
    compete. Rows count once each, from time 0, and are taken as independent.

    Parameters
    ----------
    cause : str
        The cause that is compared.
    group, strata, rho
        As in `log_rank_test`; early against late ends are weighted by (1 - F(t-))^rho.

    Returns
    -------
    GroupTest
        `n_expected` is null: the test weighs subdistribution risk sets, not counts.

    Raises
    ------
    EstimationError
        As `log_rank_test`; also when the cause does not occur.

    References
    ----------
    Gray (1988), Ann. Stat. 16:1141.
    """
    strata = [strata] if isinstance(strata, str) else list(strata)
    risk_set = risk_set_of(spells, Roles(time, event, by=[*strata, group]))
    if cause not in risk_set.causes:
        raise EstimationError(
            "The cause to be compared does not occur.",
            where=f'column "{event}", cause = {cause}',
            why=f"Causes found: {', '.join(risk_set.causes)}.",
            fix="name one of the causes found.",
        )
    names, stratum, name_rank = _layout(risk_set, group, strata)
    score, covariance = np.zeros(len(names)), np.zeros((len(names), len(names)))
    of_cause = risk_set.n_exits[:, :, 0, risk_set.causes.index(cause)]
    others = risk_set.n_exits[:, :, 0, :-1].sum(axis=2) - of_cause
    for members in _members(stratum):
        sums = _gray_parts(
            of_cause[members].T, others[members].T, risk_set.n_at_risk[members, :, 0].T, rho
        )
        at = name_rank[members]
        score[at] += sums[0]
        covariance[np.ix_(at, at)] += sums[1]
    return _result(risk_set, group, names, name_rank, score, covariance, None, cause=cause)


def _layout(
    risk_set: RiskSet, group: str, strata: Sequence[str]
) -> tuple[pl.Series, np.ndarray, np.ndarray]:
    """Names of the groups; of every group of the risk set, its stratum and the place of its
    name.
    """
    names = risk_set.groups[group].unique().sort()
    if names.len() < 2:
        raise EstimationError(
            "There is only one group, so nothing can be compared.",
            where=f'column "{group}"',
            why="A test needs at least two groups with spells.",
            fix="name a column with two or more values.",
        )
    name_rank = names.search_sorted(risk_set.groups[group]).to_numpy()
    if not strata:
        return names, np.zeros(len(name_rank), dtype=np.int64), name_rank
    stratum = (
        risk_set.groups.select(pl.struct(list(strata)).rank("dense")).to_series().to_numpy() - 1
    )
    return names, stratum, name_rank


def _members(stratum: np.ndarray) -> list[np.ndarray]:
    return [np.flatnonzero(stratum == number) for number in np.unique(stratum)]


def _log_rank_parts(
    events: np.ndarray, at_risk: np.ndarray, rho: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Weighted expected ends of every group of one stratum, observed less expected, and their
    covariance; inputs (n_groups, n_times).
    """
    d, n = events.sum(axis=0), at_risk.sum(axis=0)
    used = n > 0
    events, at_risk, d, n = events[:, used], at_risk[:, used], d[used], n[used]
    before = np.concatenate([[1.0], np.cumprod(1 - d / n)[:-1]])
    weight = before**rho
    share = at_risk / n
    spread = weight**2 * d * np.divide(n - d, n - 1, out=np.zeros(len(n)), where=n > 1)
    covariance = np.diag((share * spread).sum(axis=1)) - (share * spread) @ share.T
    return (share * d * weight).sum(axis=1), ((events - share * d) * weight).sum(axis=1), covariance


def _gray_parts(
    of_cause: np.ndarray, others: np.ndarray, at_risk: np.ndarray, rho: float
) -> tuple[np.ndarray, np.ndarray]:
    """Score and covariance of one stratum; inputs (n_times, n_groups). Letters as in Gray (1988):
    S, F by group, F0 of all groups.
    """
    n_groups = of_cause.shape[1]
    score, covariance = np.zeros(n_groups), np.zeros((n_groups, n_groups))
    c, v2, v3 = np.zeros((n_groups, n_groups)), np.zeros((n_groups, n_groups)), np.zeros(n_groups)
    S, F, F0 = np.ones(n_groups), np.zeros(n_groups), 0.0
    for d1, d2, Y in zip(of_cause, others, at_risk, strict=True):
        if d1.sum() + d2.sum() == 0:
            continue
        here = Y > 0
        ratio = np.divide(Y, S, out=np.zeros(n_groups), where=here)
        R = ratio.sum()
        S_after = np.where(here, S * (Y - d1 - d2) / np.maximum(Y, 1), S)
        F0_after = F0 + d1.sum() / R
        K = (1 - F0) ** rho
        a = K * (np.diag(ratio) - np.outer(ratio, ratio) / R)
        c += a * d1.sum() / (R * (1 - F0))
        score += K * (d1 - d1.sum() * ratio * (1 - F) / (ratio * (1 - F)).sum())
        alive = S_after > 0
        rest = np.divide(1 - F0_after, S_after, out=np.zeros(n_groups), where=alive)
        # The variance has a part from ends by the cause and one from ends by the others.
        for ends, u, move, size in (
            (
                d1.sum(),
                np.where(alive, 1 - rest, 1.0),
                a,
                _cause_variance(d1.sum(), ratio, R, S, Y),
            ),
            (d2.sum(), -rest, np.zeros_like(a), np.where(alive, _other_variance(d2, S, Y), 0.0)),
        ):
            if ends:
                step = move - u * c
                v3 += u**2 * size
                v2 += step * u * size
                covariance += (step * size) @ step.T
        F = F + np.divide(S * d1, Y, out=np.zeros(n_groups), where=here)
        S, F0 = S_after, F0_after
    covariance += (c * v3) @ c.T + c @ v2.T + v2 @ c.T
    return score, covariance


def _cause_variance(
    d1: float, ratio: np.ndarray, R: float, S: np.ndarray, Y: np.ndarray
) -> np.ndarray:
    ties = 1 - (d1 - 1) / (R * S - 1) if d1 > 1 else np.ones_like(S)
    return np.divide(ties * S * d1, R * Y, out=np.zeros_like(S), where=ratio > 0)


def _other_variance(d2: np.ndarray, S: np.ndarray, Y: np.ndarray) -> np.ndarray:
    ties = np.where(d2 > 1, 1 - (d2 - 1) / np.maximum(Y - 1, 1), 1.0)
    return np.divide(ties * S**2 * d2, Y**2.0, out=np.zeros_like(S), where=d2 > 0)


def _result(
    risk_set: RiskSet,
    group: str,
    names: pl.Series,
    place: np.ndarray,
    score: np.ndarray,
    covariance: np.ndarray,
    expected: np.ndarray | None,
    *,
    cause: str = "event",
) -> GroupTest:
    from scipy.special import chdtrc

    if (np.diag(covariance) > 0).sum() < 2:
        raise EstimationError(
            "Fewer than two groups can be compared.",
            where=f'column "{group}"',
            why="Groups are compared at times at which someone leaves while at least two of them "
            "are at risk.",
            fix="compare groups that are followed over the same months, or merge small ones.",
        )
    kept = np.flatnonzero(_has_later_partner(covariance))
    statistic = float(score[kept] @ np.linalg.solve(covariance[np.ix_(kept, kept)], score[kept]))
    events = risk_set.n_exits[..., risk_set.causes.index(cause)].sum(axis=(1, 2))
    by_group = pl.DataFrame(
        {
            group: names,
            "n_spells": np.bincount(
                place, risk_set.n_exits.sum(axis=(1, 2, 3)), names.len()
            ).astype(np.int64),
            "n_events": np.bincount(place, events, names.len()).astype(np.int64),
            "n_expected": pl.Series(
                expected if expected is not None else [None] * names.len(), dtype=pl.Float64
            ),
        }
    )
    return GroupTest(statistic, len(kept), float(chdtrc(len(kept), statistic)), by_group)


def _has_later_partner(covariance: np.ndarray) -> np.ndarray:
    """Of every group: whether one after it is compared with it, directly or by way of others. What
    the rest did follows from these.
    """
    from scipy.sparse.csgraph import connected_components

    _, component = connected_components(covariance != 0, directed=False)
    return np.array([(component[rank + 1 :] == mine).any() for rank, mine in enumerate(component)])
