"""Comparing what is given up with what is gained: increments between options, and the marginal
value of public funds.

Draw convention: of an array of draws the first is the point estimate, the others are replicates.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from math import inf, nan, sqrt
from statistics import NormalDist
from typing import Literal, NamedTuple

import numpy as np
import polars as pl
from numpy.typing import ArrayLike

from evalkit.errors import EstimationError
from evalkit.line.columns import schema_of
from evalkit.results import Figures


@dataclass(frozen=True, repr=False)
class RatioLimits(Figures):
    """Limits of a ratio; when they are not bounded no ratio can be ruled out and they are
    infinite.
    """

    lower: float
    upper: float
    is_bounded: bool

    @property
    def headline(self) -> str:
        """The limits, in a line."""
        if not self.is_bounded:
            return "Limits of the ratio: none, the denominator cannot be told from zero"
        return f"Limits of the ratio: {self.lower:.4g} to {self.upper:.4g}"


@dataclass(frozen=True, repr=False)
class MarginalValue(Figures):
    """The marginal value of public funds and how sure it is.

    `case`: `costs` (a ratio per unit of net cost, negative when people lose), `pays_for_itself`
    (people gain and the public purse does not lose: infinite), `saves_at_a_loss` (neither; no
    ratio, NaN). Limits are NaN without replicates and outside the case `costs`.
    """

    estimate: float
    ci_lower: float
    ci_upper: float
    is_bounded: bool
    case: Literal["costs", "pays_for_itself", "saves_at_a_loss"]
    probability_pays_for_itself: float

    @property
    def headline(self) -> str:
        """The ratio with its range, in a line."""
        if self.case != "costs":
            case = "it pays for itself" if self.case == "pays_for_itself" else "it saves at a loss"
            return f"Marginal value of public funds: no ratio, {case}"
        limits = f"{self.ci_lower:.4g} to {self.ci_upper:.4g}" if self.is_bounded else "unbounded"
        return f"Marginal value of public funds: {self.estimate:.4g} ({limits})"


class _Option(NamedTuple):
    name: str
    cost: float
    effect: float


def incremental_table(
    costs: Mapping[str, ArrayLike], effects: Mapping[str, ArrayLike]
) -> pl.DataFrame:
    """Which options are worth considering, and what one more unit of effect costs along them.

    Parameters
    ----------
    costs, effects : mapping of str to array_like
        Per option a number or draws, of which the mean is taken; the same options in both. Effects:
        more is better.

    Returns
    -------
    DataFrame
        One row per option, cheapest first: `option`, `cost`, `effect`, `status` (frontier |
        dominated | extended_dominated), `incremental_cost`, `incremental_effect` and `icer` against
        the option before on the frontier (null elsewhere).

    Raises
    ------
    EstimationError
        If costs and effects do not name the same options.

    References
    ----------
    Briggs, Claxton & Sculpher (2006), Decision Modelling for Health Economic Evaluation, ch. 2.
    """
    _refuse_other_options(costs, effects)
    options = [_Option(name, _mean(costs[name]), _mean(effects[name])) for name in costs]
    options.sort(key=lambda option: (option.cost, -option.effect, option.name))
    undominated = _without_dominated(options)
    frontier = _without_extended(undominated)
    steps = {
        dearer: (
            dearer.cost - cheaper.cost,
            dearer.effect - cheaper.effect,
            _icer(cheaper, dearer),
        )
        for cheaper, dearer in pairwise(frontier)
    }
    rows = []
    for option in options:
        status = (
            "frontier"
            if option in frontier
            else "extended_dominated"
            if option in undominated
            else "dominated"
        )
        step = steps.get(option, (None, None, None))
        rows.append((option.name, option.cost, option.effect, status, *step))
    increments = dict.fromkeys(("incremental_cost", "incremental_effect"), pl.Float64())
    schema = {
        **schema_of("option", "cost", "effect", "status"),
        **increments,
        **schema_of("icer"),
    }
    return pl.DataFrame(rows, schema=schema, orient="row")


def mvpf(
    willingness_to_pay: ArrayLike, net_cost: ArrayLike, *, conf_level: float = 0.95
) -> MarginalValue:
    """The marginal value of public funds: what people gain per unit of net cost to the public
    purse.

    The cost of raising public funds belongs in neither: this ratio is compared with that of other
    uses of the same money.

    Parameters
    ----------
    willingness_to_pay, net_cost : array_like
        What those concerned gain, and what the public purse lays out net of what comes back, in the
        same money: a number each, or draws (the first is the point estimate).
    conf_level : float
        Between 0 and 1.

    Returns
    -------
    MarginalValue
        The ratio, Fieller limits from the replicates, the case, and the share of replicates that
        pay for themselves.

    Raises
    ------
    EstimationError
        If the two are not equally many.

    References
    ----------
    Hendren & Sprung-Keyser (2020), Quarterly Journal of Economics 135(3); Fieller (1954), J. R.
    Stat. Soc. B 16.
    """
    gains, outlays = (
        np.atleast_1d(np.asarray(willingness_to_pay, float)),
        np.atleast_1d(np.asarray(net_cost, float)),
    )
    if gains.shape != outlays.shape or gains.ndim != 1 or not gains.size:
        raise EstimationError(
            "Willingness to pay and net cost are not equally many.",
            where=f"mvpf: shapes {gains.shape} and {outlays.shape}",
            why="Each draw is one pair of gain and cost.",
            fix="take both from the same draws.",
        )
    if outlays[0] <= 0:
        case, estimate = ("pays_for_itself", inf) if gains[0] > 0 else ("saves_at_a_loss", nan)
    else:
        case, estimate = "costs", float(gains[0] / outlays[0])
    limits, share = RatioLimits(nan, nan, is_bounded=False), nan
    if gains.size > 1:
        share = float(np.mean((outlays[1:] <= 0) & (gains[1:] > 0)))
    if gains.size > 2 and case == "costs":
        limits = _limits_of_draws(gains, outlays, conf_level)
    return MarginalValue(estimate, limits.lower, limits.upper, limits.is_bounded, case, share)


def fieller_limits(
    numerator: float,
    denominator: float,
    *,
    sd_numerator: float,
    sd_denominator: float,
    correlation: float = 0.0,
    conf_level: float = 0.95,
) -> RatioLimits:
    """Limits of a ratio of two normal estimates; infinite when the denominator cannot be told from
    zero.

    Parameters
    ----------
    numerator, denominator : float
        The estimates.
    sd_numerator, sd_denominator : float
        Their standard errors, >= 0.
    correlation : float
        Between the estimates, -1 to 1.
    conf_level : float
        Between 0 and 1.

    References
    ----------
    Fieller (1954), J. R. Stat. Soc. B 16.
    """
    z_squared = NormalDist().inv_cdf((1 + conf_level) / 2) ** 2
    a = denominator**2 - z_squared * sd_denominator**2
    b = denominator * numerator - z_squared * correlation * sd_numerator * sd_denominator
    discriminant = b**2 - a * (numerator**2 - z_squared * sd_numerator**2)
    if a <= 0 or discriminant < 0:
        return RatioLimits(-inf, inf, is_bounded=False)
    return RatioLimits((b - sqrt(discriminant)) / a, (b + sqrt(discriminant)) / a, is_bounded=True)


def _mean(draws: ArrayLike) -> float:
    return float(np.asarray(draws, dtype=float).mean())


def _limits_of_draws(gains: np.ndarray, outlays: np.ndarray, conf_level: float) -> RatioLimits:
    covariance = np.cov(gains[1:], outlays[1:])
    sd_gain, sd_outlay = np.sqrt(np.diag(covariance))
    correlation = covariance[0, 1] / (sd_gain * sd_outlay) if sd_gain > 0 and sd_outlay > 0 else 0.0
    return fieller_limits(
        float(gains[0]),
        float(outlays[0]),
        sd_numerator=float(sd_gain),
        sd_denominator=float(sd_outlay),
        correlation=float(correlation),
        conf_level=conf_level,
    )


def _without_dominated(options: list[_Option]) -> list[_Option]:
    """Cheapest first: an option stays if it does more than every cheaper one."""
    kept: list[_Option] = []
    for option in options:
        if not kept or option.effect > kept[-1].effect:
            kept.append(option)
    return kept


def _without_extended(undominated: list[_Option]) -> list[_Option]:
    """The lower hull: an option goes when a mix of its neighbours does as much for less."""
    hull: list[_Option] = []
    for option in undominated:
        while len(hull) > 1 and _icer(hull[-2], hull[-1]) >= _icer(hull[-1], option):
            hull.pop()
        hull.append(option)
    return hull


def _icer(cheaper: _Option, dearer: _Option) -> float:
    return (dearer.cost - cheaper.cost) / (dearer.effect - cheaper.effect)


def _refuse_other_options(costs: Mapping, effects: Mapping) -> None:
    differing = sorted(set(costs) ^ set(effects))
    if differing or not costs:
        raise EstimationError(
            "Costs and effects do not name the same options.",
            where=f"options in one only: {', '.join(differing) or 'none; both are empty'}",
            why="An option is compared by both.",
            fix="give a cost and an effect for each option.",
        )
