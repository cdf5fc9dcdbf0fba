"""Borrowing from the future: the cash-flow curve, its deepest point, the month of return, and what
a month's delay costs.
"""

import numpy as np

from evalkit.draws import percentile_limits, probability_above_zero
from evalkit.economics.ledger.cash_flow import CashFlow
from evalkit.economics.ledger.discounting import MONTHS_PER_YEAR
from evalkit.economics.results.draw_summary import percentiles, summarise
from evalkit.line.actors import PERSPECTIVES_WITH_MUNICIPALITY

NEVER = -1


def return_months(accumulated: np.ndarray) -> np.ndarray:
    """The first time from which what has been accumulated stays at or above zero to the end;
    `NEVER` if it ends below.

    Parameters
    ----------
    accumulated : ndarray
        Accumulated amounts, shape (draw, time 0..n). An actor that is never below zero has its
        money back at time 0.

    Returns
    -------
    ndarray of int
        Shape (draw,).
    """
    is_below = accumulated < 0
    n_times = accumulated.shape[1]
    last_below = np.where(is_below.any(axis=1), n_times - 1 - is_below[:, ::-1].argmax(axis=1), -1)
    return np.where(last_below == n_times - 1, NEVER, last_below + 1)


def cash_flow_curve(flow: CashFlow, conf_level: float = 0.95) -> list[dict]:
    """What has been accumulated at each time, worth at the start, by perspective."""
    rows = []
    for perspective, accumulated in flow.accumulated.items():
        limits = percentile_limits(accumulated[1:], conf_level, n_independent=flow.n_replicates)
        rows += [
            {
                "perspective": perspective,
                "month": month,
                "estimate": estimate,
                "ci_lower": low,
                "ci_upper": high,
            }
            for month, (estimate, low, high) in enumerate(
                zip(accumulated[0].tolist(), *limits.tolist(), strict=True)
            )
        ]
    return rows


def payback(flow: CashFlow, conf_level: float = 0.95) -> list[dict]:
    """Per perspective and actor: the deepest point and its month, the month of return (empty if
    none), and the probability of a return.
    """
    rows = []
    for perspective, accumulated in (flow.accumulated | flow.accumulated_by_actor).items():
        months = return_months(accumulated)
        deepest = np.minimum(accumulated.min(axis=1), 0.0)
        low, high = percentiles(deepest[1:], conf_level, flow.n_replicates)
        rows.append(
            {
                "perspective": perspective,
                "deepest": float(deepest[0]),
                "deepest_lower": low,
                "deepest_upper": high,
                "deepest_month": int(accumulated[0].argmin()) if deepest[0] < 0 else None,
                "return_month": int(months[0]) if months[0] != NEVER else None,
                "probability_returns": _probability(accumulated, flow.n_months, flow.n_replicates),
                "horizon_months": flow.n_months,
            }
        )
    return rows


def payback_by_year(flow: CashFlow) -> list[dict]:
    """The probability that a perspective or actor has its money back for good by the end of each
    budget year since the start.
    """
    rows = []
    n_years = -(-flow.n_months // MONTHS_PER_YEAR)
    for perspective, accumulated in (flow.accumulated | flow.accumulated_by_actor).items():
        for year in range(1, n_years + 1):
            by = min(year * MONTHS_PER_YEAR, flow.n_months)
            rows.append(
                {
                    "perspective": perspective,
                    "year": year,
                    "probability": _probability(accumulated, by, flow.n_replicates),
                }
            )
    return rows


def _probability(accumulated: np.ndarray, by: int, n_independent: int) -> float | None:
    """How likely it is that what has been accumulated stays at or above zero from a time on: that
    its least from there to the end does.
    """
    return probability_above_zero(
        accumulated[1:, by:].min(axis=1), n_independent=n_independent, or_zero=True
    )


def delay_cost(flow: CashFlow) -> list[dict]:
    """What is lost by starting a month later when the horizon ends on the same date, by
    perspective.
    """
    shorter = max(flow.n_months - 1, 0)
    lost = {
        perspective: flow.present_value(actors)
        - flow.month_factor * flow.present_value(actors, until=shorter)
        for perspective, actors in PERSPECTIVES_WITH_MUNICIPALITY.items()
    }
    return [
        {"perspective": perspective, **summarise(draws, flow.n_replicates)}
        for perspective, draws in lost.items()
    ]
