"""Placebo tests: effects on what lay before the start, and on what the intervention cannot change.

An intervention changes nothing before it begins. Where those who started already differed before
from a comparison that is alike in the other covariates, something unmeasured sets them apart, and
it may affect what comes after the start too. Heckman & Hotz
(1989), JASA 84:862; Imbens & Rubin (2015), Causal Inference, chapter 21; Lipsitch et al. (2010),
Epidemiology 21:383.
"""

from dataclasses import replace
from statistics import NormalDist
from typing import NamedTuple

import numpy as np
import polars as pl

from evalkit.disclosure.rounding import shown_probability
from evalkit.effects.trials.history import History
from evalkit.effects.trials.target_trial import Trials
from evalkit.effects.weighting.contrast import MARGIN, contrast
from evalkit.effects.weighting.logit import weighted_logit
from evalkit.effects.weighting.start_now import StartNow
from evalkit.effects.weighting.weights import largest_change
from evalkit.line.tables import published
from evalkit.tables import CITY


class _Test(NamedTuple):
    """A placebo by name; tests of one family share their p-value. NaN where nothing can be
    tested.
    """

    name: str
    family: str
    difference: float
    error: float
    p_value: float
    n_starters: int
    one_person: float | None = None


def placebo_tests(weighting: StartNow, state_intervals: pl.DataFrame) -> pl.DataFrame:
    """Differences that no effect can cause, estimated as effects are.

    earlier_NAME: each declared history share is the outcome, and the weights leave all of them out;
    they are tested together and have one p-value. placebo_start: time zero lies
    `checks.placebo_months` earlier, the history shares are measured up to then, and the outcome are
    the months in the primary outcome until the true start. negative_control: the share in the
    declared outcome in the last month.

    Parameters
    ----------
    weighting : StartNow
        Of all districts together.
    state_intervals : DataFrame
        The table of the same name.

    Returns
    -------
    DataFrame
        district ("all"), intervention_id, test, difference, ci_lower, ci_upper (shares;
        placebo_start: months), p_value, p_holm (over the families of tests of this protocol),
        verdict (passed|warning|not_testable), n_starters, one_person.
    """
    trials, coefficients = weighting.trials, weighting.coefficients.point
    tests = [
        *_earlier_history(trials, coefficients),
        _placebo_start(trials, state_intervals, coefficients),
    ]
    control = trials.protocol.checks.negative_control
    if control is not None:
        tests.append(_negative_control(trials, control, coefficients))
    families = {test.family: test.p_value for test in tests}
    # As they are shown, so that the verdict is that of the number beside it.
    together = shown_probability(np.array(holm(list(families.values()))), trials.n_starters)
    adjusted = dict(zip(families, together, strict=True))
    alpha = trials.protocol.checks.alpha
    rows = [
        {
            "district": CITY,
            "intervention_id": trials.protocol.intervention_id,
            "test": test.name,
            "difference": test.difference,
            "ci_lower": test.difference - MARGIN * test.error,
            "ci_upper": test.difference + MARGIN * test.error,
            "p_value": test.p_value,
            "p_holm": adjusted[test.family],
            "verdict": "not_testable"
            if np.isnan(test.p_value)
            else "warning"
            if adjusted[test.family] <= alpha
            else "passed",
            "n_starters": test.n_starters,
            "one_person": test.one_person,
        }
        for test in tests
    ]
    table = pl.DataFrame(rows, schema=published("placebo").schema)
    return table.with_columns(pl.col(pl.Float64).fill_nan(None))


def holm(p_values: list[float]) -> list[float]:
    """Holm's adjusted p-values: the probability that any falls below alpha by chance is alpha at
    most. NaN stays and does not count.

    References
    ----------
    Holm (1979), Scand. J. Stat. 6:65.
    """
    p = np.asarray(p_values, dtype=float)
    order = [test for test in np.argsort(p) if not np.isnan(p[test])]
    adjusted = np.full(len(p), np.nan)
    if order:
        steps = p[order] * np.arange(len(order), 0, -1)
        adjusted[order] = np.minimum(np.maximum.accumulate(steps), 1.0)
    return adjusted.tolist()


def two_sided(difference: float, error: float) -> float:
    """The two-sided p-value of a difference given its standard error; NaN without an error."""
    return 2 * (1 - NormalDist().cdf(abs(difference) / error)) if error > 0 else float("nan")


def _earlier_history(trials: Trials, coefficients: np.ndarray) -> list[_Test]:
    names = [
        covariate.name
        for covariate in trials.protocol.covariates
        if covariate.kind == "history_share"
    ]
    values = trials.design[:, [trials.terms.index(name) for name in names]]
    n_starters = trials.n_starters
    if not names or not _is_testable(trials, values):
        return [
            _Test(f"earlier_{name}", "history", np.nan, np.nan, np.nan, n_starters)
            for name in names
        ]
    kept = [column for column, term in enumerate(trials.terms) if term not in names]
    start = coefficients[kept].copy()
    # The constant takes over the mean of what is left out, so that the fit begins near its end.
    start[0] += (trials.design @ coefficients - trials.design[:, kept] @ start).mean()
    without = _fitted(trials, trials.design[:, kept], start)
    history = contrast(
        trials, values, terms=[trials.terms[column] for column in kept[1:]], coefficients=without
    )
    p = _wald(history.difference, history.influence)
    return [
        _Test(
            f"earlier_{name}",
            *("history", float(difference), float(error), p, n_starters),
            largest_change(trials, values[:, column], history.weights) / float(error),
        )
        for column, (name, difference, error) in enumerate(
            zip(names, history.difference, history.std_error, strict=True)
        )
    ]


def _placebo_start(
    trials: Trials, state_intervals: pl.DataFrame, coefficients: np.ndarray
) -> _Test:
    lead = trials.protocol.checks.placebo_months
    month = trials.rows["trial_month"].to_numpy() - 1
    columns = dict(zip(trials.terms, trials.design.T, strict=True))
    for covariate in trials.protocol.covariates:
        if covariate.kind == "history_share":
            spent, known = History(trials, state_intervals, covariate.needed("outcome")).months(
                np.zeros_like(month), month - lead
            )
            columns[covariate.name] = spent / np.maximum(known, 1)
    spent, known = History(trials, state_intervals, trials.protocol.primary_outcome).months(
        month - lead, month
    )
    is_tested = known >= lead
    earlier = replace(trials, design=np.column_stack(list(columns.values()))).keep(is_tested)
    return _tested("placebo_start", earlier, spent[is_tested], start=coefficients)


def _negative_control(trials: Trials, outcome: str, coefficients: np.ndarray) -> _Test:
    reached = trials.outcomes[:, -1] == trials.states.index(outcome)
    return _tested("negative_control", trials, reached.astype(float), start=coefficients)


def _tested(name: str, trials: Trials, values: np.ndarray, *, start: np.ndarray) -> _Test:
    n_starters = trials.n_starters
    if not _is_testable(trials, values[:, None]):
        return _Test(name, name, np.nan, np.nan, np.nan, n_starters)
    placebo = contrast(trials, values, coefficients=_fitted(trials, trials.design, start))
    difference, error = float(placebo.difference[0]), float(placebo.std_error[0])
    one_person = largest_change(trials, values, placebo.weights) / error
    return _Test(
        name, name, difference, error, two_sided(difference, error), n_starters, one_person
    )


def _fitted(trials: Trials, design: np.ndarray, start: np.ndarray) -> np.ndarray:
    """Coefficients of the propensity in another design, from a start near them."""
    return weighted_logit(
        design, trials.is_treated.astype(float), trials.rows["weight"].to_numpy(), start=start
    ).coefficients


def _is_testable(trials: Trials, values: np.ndarray) -> bool:
    """Both arms have people, and every value varies."""
    return trials.has_both_arms and bool((np.ptp(values, axis=0) > 0).all())


def _wald(differences: np.ndarray, influence: np.ndarray) -> float:
    """The p-value of a Wald test of all differences together."""
    from scipy.stats import chi2

    statistic = differences @ np.linalg.pinv(influence.T @ influence, hermitian=True) @ differences
    return float(chi2.sf(statistic, len(differences)))
