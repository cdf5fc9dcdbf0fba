"""Effects of a roll-out by cohort of adopters and period, their mean after adoption, the trend
before it, and the errors of both.
"""

from typing import NamedTuple

import numpy as np

NEVER = 2**30


class GroupTimeEffects(NamedTuple):
    """One entry per cohort and period: cohort (its period of adoption), period, effect, weight of
    the cohort.
    """

    cohort: np.ndarray
    period: np.ndarray
    effect: np.ndarray
    weight: np.ndarray


def group_time_effects(
    values: np.ndarray, weights: np.ndarray, adopted: np.ndarray, *, until: np.ndarray | None = None
) -> GroupTimeEffects:
    """ATT(g, t) of every cohort and period, against districts that have not adopted by then, from
    the period before adoption on.

    Parameters
    ----------
    values : ndarray (n_districts, n_periods)
        Outcomes; NaN where a district is not observed.
    weights : ndarray (n_districts,)
        Of the districts.
    adopted : ndarray (n_districts,)
        Period of adoption, `NEVER` for never.
    until : ndarray (n_districts,), optional
        First period in which a district is left out.

    References
    ----------
    Callaway & Sant'Anna (2021), equation 2.9 without covariates (their not-yet-treated controls,
    universal base period).
    """
    period = np.arange(values.shape[1])
    seen = values if until is None else np.where(period >= until[:, None], np.nan, values)
    cohorts = [GroupTimeEffects(*[np.zeros(0)] * 4)]
    for cohort in np.unique(adopted[(adopted > 0) & (adopted < len(period))]):
        changes = seen - seen[:, [cohort - 1]]
        in_cohort = adopted == cohort
        is_control = adopted[:, None] > np.maximum(period, cohort)
        effect = _means(changes, weights, in_cohort[:, None]) - _means(changes, weights, is_control)
        known = (period != cohort - 1) & ~np.isnan(effect)
        n = known.sum()
        size = np.full(n, weights[in_cohort].sum())
        cohorts.append(GroupTimeEffects(np.full(n, cohort), period[known], effect[known], size))
    return GroupTimeEffects(*[np.concatenate(column) for column in zip(*cohorts, strict=True)])


def effect_after(cells: GroupTimeEffects) -> float:
    """The mean effect over cohorts and their periods from adoption on."""
    is_after = cells.period >= cells.cohort
    return (
        float(np.average(cells.effect[is_after], weights=cells.weight[is_after]))
        if is_after.any()
        else float("nan")
    )


def trend_before(cells: GroupTimeEffects) -> float:
    """The slope by period of the effects before adoption, within cohorts; each cohort's base period
    counts with its zero.
    """
    is_before = cells.period < cells.cohort - 1
    up = down = 0.0
    for cohort in np.unique(cells.cohort[is_before]):
        in_cohort = is_before & (cells.cohort == cohort)
        period = np.append(cells.period[in_cohort], cohort - 1)
        effect = np.append(cells.effect[in_cohort], 0.0)
        lead = period - period.mean()
        up += cells.weight[in_cohort][0] * (lead * effect).sum()
        down += cells.weight[in_cohort][0] * (lead**2).sum()
    return float(up / down) if down > 0 else float("nan")


class Loadings(NamedTuple):
    """How much every district's periods count, (n_districts, n_periods), in the effect and in the
    trend before adoption: either is the sum of them times the values. Zeros where there is none.
    """

    after: np.ndarray
    before: np.ndarray


def loadings(
    is_known: np.ndarray, weights: np.ndarray, adopted: np.ndarray, until: np.ndarray
) -> Loadings:
    """How `effect_after` and `trend_before` are made of the values.

    Parameters
    ----------
    is_known : ndarray (n_districts, n_periods) bool
        Where a district is observed.
    weights, adopted, until
        As in `group_time_effects`.
    """
    period = np.arange(is_known.shape[1])
    is_seen = is_known & (period < until[:, None])
    after, before = np.zeros(is_known.shape), np.zeros(is_known.shape)
    n_after = n_before = 0.0
    for cohort in np.unique(adopted[(adopted > 0) & (adopted < len(period))]):
        in_cohort = adopted == cohort
        counted = is_seen & is_seen[:, [cohort - 1]]
        adopters, control = (
            _shares(counted & mask, weights)
            for mask in (in_cohort[:, None], adopted[:, None] > np.maximum(period, cohort))
        )
        known = (adopters.sum(axis=0) > 0) & (control.sum(axis=0) > 0) & (period != cohort - 1)
        size, change = weights[in_cohort].sum(), adopters - control
        late, early = known & (period >= cohort), known & (period < cohort)
        lead = period - np.append(period[early], cohort - 1).mean()
        n_after, n_before = (
            n_after + size * late.sum(),
            n_before + size * ((lead[early] ** 2).sum() + lead[cohort - 1] ** 2),
        )
        for loading, is_counted, factor in ((after, late, size), (before, early, size * lead)):
            counting = np.where(is_counted, change * factor, 0.0)
            counting[:, cohort - 1] -= counting.sum(axis=1)
            np.add(loading, counting, out=loading)
    return Loadings(after / (n_after or 1.0), before / (n_before or 1.0))


def standard_errors(
    noise: np.ndarray, weights: np.ndarray, adopted: np.ndarray, until: np.ndarray
) -> np.ndarray:
    """(2,) standard errors of the effect and of the trend before adoption, from how much every
    district's periods count in them; NaN where there is none.
    """
    counting = loadings(~np.isnan(noise), weights, adopted, until)
    errors = np.sqrt([np.nansum(one**2 * noise) for one in counting])
    return np.where(errors > 0, errors, np.nan)


def _means(values: np.ndarray, weights: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """(n_periods,) weighted means of the districts in the mask that are observed; NaN where none
    is.
    """
    counted = np.where(mask & ~np.isnan(values), weights[:, None], 0.0)
    total = counted.sum(axis=0)
    sums = (counted * np.nan_to_num(values)).sum(axis=0)
    return np.divide(sums, total, out=np.full(len(total), np.nan), where=total > 0)


def _shares(mask: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Each district's share of the weight in the mask, by period; 0 where nobody is in it."""
    counted = np.where(mask, weights[:, None], 0.0)
    total = counted.sum(axis=0)
    return np.divide(counted, total, out=np.zeros_like(counted), where=total > 0)
