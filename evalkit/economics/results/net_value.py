"""What an effect is worth: observed, projected and in all; per unit of money put in; and what a
further month in work costs.
"""

import numpy as np

from evalkit.draws import probability_above_zero
from evalkit.economics.ledger.cash_flow import CashFlow
from evalkit.economics.results.draw_summary import percentiles, summarise
from evalkit.economics.results.welfare import fieller_limits, mvpf
from evalkit.line.actors import ACTOR_NAMES, PERSPECTIVES_WITH_MUNICIPALITY, PUBLIC_PURSE

# People and firms whose gain the public money buys; taxpayers' excess burden stays outside the
# marginal value of public funds.
BENEFICIARIES = tuple(actor for actor in ACTOR_NAMES if actor not in (*PUBLIC_PURSE, "taxpayers"))


def value_parts(flow: CashFlow) -> list[dict]:
    """Net present value per participant by perspective: what was observed, what is projected, and
    both.
    """
    rows = []
    for perspective, actors in PERSPECTIVES_WITH_MUNICIPALITY.items():
        observed, total = (
            flow.present_value(actors, until=flow.n_observed),
            flow.present_value(actors),
        )
        by_part = {"observed": observed, "projected": total - observed, "total": total}
        rows += [
            {"perspective": perspective, "part": name, **summarise(draws, flow.n_replicates)}
            for name, draws in by_part.items()
        ]
    counts = {"n_draws": flow.n_draws, "n_effect_draws": flow.n_replicates}
    return [
        {**row, **counts, "horizon_months": flow.n_months, "followed_months": flow.n_observed}
        for row in rows
    ]


def value_ratios(total: CashFlow, conf_level: float = 0.95) -> list[dict]:
    """Ratios to the horizon: net value per unit of money the intervention costs, benefit-cost
    ratio, MVPF, cost per month in work.

    `case` says how to read a ratio: ratio; none (no cost to divide by); pays_for_itself or
    saves_at_a_loss (MVPF); saves (work is gained and the purse pays nothing); no_gain (no work is
    gained, so none has a cost).
    """
    cost = total.programme_cost.sum(axis=0)
    rows = [
        _share(f"net_value_per_cost_{name}", total.present_value(actors), total, conf_level)
        for name, actors in PERSPECTIVES_WITH_MUNICIPALITY.items()
        if name != "person"
    ]
    rows.append(
        _share("benefit_cost_ratio", total.present_value(ACTOR_NAMES) + cost, total, conf_level)
    )
    net_cost = -total.present_value(PUBLIC_PURSE)
    funds = mvpf(total.present_value(BENEFICIARIES), net_cost, conf_level=conf_level)
    case = {"costs": "ratio"}.get(funds.case, funds.case)
    rows.append(
        _row(
            "mvpf",
            _finite(funds.estimate),
            _finite(funds.ci_lower),
            _finite(funds.ci_upper),
            case,
            funds.probability_pays_for_itself,
        )
    )
    work = total.work_months.sum(axis=1)
    rows.append(_cost_per_month("net_public_cost_per_work_month", net_cost, work, conf_level))
    rows.append(_cost_per_month("programme_cost_per_work_month", cost, work, conf_level))
    rows.append(_ranged("work_months", work, total, conf_level))
    return rows


def _share(measure: str, gains: np.ndarray, total: CashFlow, conf_level: float) -> dict:
    """Draw by draw, since the intervention's cost is above zero wherever there is one."""
    cost = total.programme_cost.sum(axis=0)
    if not np.all(cost > 0):
        return _row(measure, None, None, None, "none", None)
    return _ranged(
        measure,
        gains / cost,
        total,
        conf_level,
        above=1.0 if measure == "benefit_cost_ratio" else 0.0,
    )


def _ranged(
    measure: str, draws: np.ndarray, total: CashFlow, conf_level: float, *, above: float = 0.0
) -> dict:
    limits = percentiles(draws[1:], conf_level, total.n_replicates)
    probability = probability_above_zero(draws[1:] - above, n_independent=total.n_replicates)
    return _row(measure, float(draws[0]) + 0.0, *limits, "ratio", probability)


def _cost_per_month(measure: str, cost: np.ndarray, months: np.ndarray, conf_level: float) -> dict:
    probability = float(np.mean((cost[1:] <= 0) & (months[1:] > 0))) if cost.size > 1 else None
    if months[0] <= 0:
        return _row(measure, None, None, None, "no_gain", probability)
    if cost[0] <= 0:
        return _row(measure, None, None, None, "saves" if cost[0] < 0 else "none", probability)
    covariance = np.cov(cost[1:], months[1:]) if cost.size > 2 else np.zeros((2, 2))
    sd_cost, sd_months = np.sqrt(np.diag(covariance))
    correlation = covariance[0, 1] / (sd_cost * sd_months) if sd_cost > 0 and sd_months > 0 else 0.0
    limits = fieller_limits(
        float(cost[0]),
        float(months[0]),
        sd_numerator=sd_cost,
        sd_denominator=sd_months,
        correlation=correlation,
        conf_level=conf_level,
    )
    return _row(
        measure,
        float(cost[0] / months[0]),
        _finite(limits.lower),
        _finite(limits.upper),
        "ratio",
        probability,
    )


def _row(
    measure: str,
    estimate: float | None,
    low: float | None,
    high: float | None,
    case: str,
    probability: float | None,
) -> dict:
    return {
        "measure": measure,
        "estimate": estimate,
        "ci_lower": low,
        "ci_upper": high,
        "case": case,
        "probability": probability,
    }


def _finite(value: float) -> float | None:
    """Infinite and undefined values leave the table empty; `case` says why a whole row is."""
    return value if np.isfinite(value) else None
