"""Placebo tests: effects on what lay before the start, and on what the intervention cannot change.

An intervention changes nothing before it begins. Where those who started still differ in their past
from a comparison weighted as the estimate weighs it, what is adjusted for does not explain how they
were chosen, and what does may affect what comes after the start too. The question is what remains:
the past itself is adjusted for. Leaving it out, or only measuring it up to an earlier date, warns
wherever people are chosen by their measured past, which is where the estimate is right. So a
placebo that finds nothing does not show that nothing is hidden: something lasting is known by the
past that is adjusted for, and something that arose lately by no past at all. Heckman & Hotz (1989),
JASA 84:862; Imbens & Rubin (2015), Causal Inference, chapter 21; Lipsitch et al. (2010),
Epidemiology 21:383.
"""

from statistics import NormalDist
from typing import NamedTuple

import numpy as np
import polars as pl

from evalkit.disclosure.rounding import shown_probability
from evalkit.effects.trials.target_trial import Trials
from evalkit.effects.trust.second_reading import has_past
from evalkit.effects.weighting.contrast import MARGIN, contrast
from evalkit.effects.weighting.logit import weighted_logit
from evalkit.effects.weighting.start_now import StartNow
from evalkit.effects.weighting.weights import in_errors, largest_change
from evalkit.line.tables import published
from evalkit.tables import CITY


class _Test(NamedTuple):
    """A placebo by name; NaN where nothing can be tested."""

    name: str
    difference: float
    error: float
    p_value: float
    n_starters: int
    one_person: float | None = None


def placebo_tests(weighting: StartNow) -> pl.DataFrame:
    """Differences that no effect can cause, estimated as effects are.

    earlier_months: the months in the primary outcome in the window before the present period of
    support (`second_reading.window_months`), with everything in the weights that the estimate has;
    of those person-trials whose window is on record (`Trials.past`). negative_control: the
    share in the declared outcome in the last month.

    Parameters
    ----------
    weighting : StartNow
        Of all districts together.

    Returns
    -------
    DataFrame
        district ("all"), intervention_id, test, difference, ci_lower, ci_upper (earlier_months:
        months; negative_control: shares), p_value, p_holm (over the tests of this protocol),
        verdict (passed|warning|not_testable: too few have such a past for a second reading, or all
        or none reach such an outcome), n_starters, one_person.
    """
    trials, coefficients = weighting.trials, weighting.coefficients.point
    tests = [_earlier_months(trials, coefficients)]
    control = trials.protocol.checks.negative_control
    if control is not None:
        tests.append(_negative_control(trials, control, coefficients))
    # As they are shown, so that the verdict is that of the number beside it.
    adjusted = shown_probability(
        np.array(holm([test.p_value for test in tests])), trials.n_starters
    )
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
            "p_holm": p_holm,
            "verdict": "not_testable"
            if np.isnan(test.p_value)
            else "warning"
            if p_holm <= alpha
            else "passed",
            "n_starters": test.n_starters,
            "one_person": test.one_person,
        }
        for test, p_holm in zip(tests, adjusted, strict=True)
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


def _earlier_months(trials: Trials, coefficients: np.ndarray) -> _Test:
    name = "earlier_months"
    if trials.past is None or not has_past(trials):
        return _untested(name, trials)
    is_known = np.isfinite(trials.past)
    return _tested(name, trials.keep(is_known), trials.past[is_known], start=coefficients)


def _negative_control(trials: Trials, outcome: str, coefficients: np.ndarray) -> _Test:
    reached = trials.outcomes[:, -1] == trials.states.index(outcome)
    return _tested("negative_control", trials, reached.astype(float), start=coefficients)


def _tested(name: str, trials: Trials, values: np.ndarray, *, start: np.ndarray) -> _Test:
    if not trials.has_both_arms or values.min() == values.max():
        return _untested(name, trials)
    # Fitted anew to the rows of the test, from a start near its end.
    fitted = weighted_logit(
        trials.design,
        trials.is_treated.astype(float),
        trials.rows["weight"].to_numpy(),
        start=start,
    )
    placebo = contrast(trials, values, coefficients=fitted.coefficients)
    difference, error = float(placebo.difference[0]), float(placebo.std_error[0])
    one_person = in_errors(largest_change(trials, values, placebo.weights), error)
    p_value = two_sided(difference, error)
    return _Test(name, difference, error, p_value, trials.n_starters, one_person)


def _untested(name: str, trials: Trials) -> _Test:
    return _Test(name, np.nan, np.nan, np.nan, trials.n_starters)
