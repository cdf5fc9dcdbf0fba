"""Survival: every curve from a small table of counts, weighted, clustered, with delayed entry.

Estimators take the spells and the names of the columns that play these parts; their docstrings
speak only of what is their own.

spells : DataFrame or LazyFrame
    One row per spell. A lazy table is counted in a stream; regressions read rows in memory.
time : str
    Months from time zero to the end of observation, > 0.
event : str
    How the spell then ended: true/false, or the cause (text; null = censored).
entry : str, optional
    Months after which the row is at risk, >= 0. Without it every row is from time 0.
weight : str, optional
    People for whom the row stands, >= 0. Counts in the results are of rows.
cluster : str, optional
    Person or household whose rows vary together.
by : sequence of str
    Columns; one estimate for each combination.
causes : sequence of str, optional
    All causes there can be, in the order wanted; a cause that never occurs gets a curve of zeros,
    an undeclared one is refused. Default: the categories of an Enum column, else the causes found,
    sorted.
conf_level : float
    Level of the limits, as a share.
conf_type : {"log", "log-log", "plain"}
    Scale of the share on which its limits are symmetric. "log" keeps the lower limit above 0,
    "log-log" keeps both within 0 and 1.
variance : {"robust", "greenwood"}
    The infinitesimal jackknife by cluster (by row without clusters), or the formula of Greenwood
    and Aalen. Where it is not given: robust with weights or clusters, else Greenwood.

Results are tidy tables: by-columns first, then `estimate`, `std_error`, `ci_lower` and `ci_upper`,
null where the data do not show them (`curve_table`). Every estimator raises EstimationError for
columns that are not there, missing values, impossible times, negative weights and tables without
spells, and names how many rows and which column. What is counted when: `risk_set`.
"""

from evalkit.frames import at_the_door
from evalkit.survival.counts.risk_set import RiskSet, add_risk_sets, tabulate_risk_set
from evalkit.survival.curves.aalen_johansen import aalen_johansen
from evalkit.survival.curves.bands import simultaneous_bands
from evalkit.survival.curves.kaplan_meier import kaplan_meier
from evalkit.survival.curves.parametric import ParametricCurves, parametric_curves
from evalkit.survival.curves.quantiles import survival_quantiles
from evalkit.survival.curves.replicate import curve_statistic, replicate, replicate_weights
from evalkit.survival.curves.restricted_mean import restricted_mean, time_lost
from evalkit.survival.curves.state_occupation import state_occupation, time_in_state
from evalkit.survival.differences.beyond_follow_up import difference_beyond
from evalkit.survival.differences.curve_differences import (
    curve_difference,
    restricted_mean_difference,
)
from evalkit.survival.differences.group_tests import GroupTest, gray_test, log_rank_test
from evalkit.survival.on_support.exit_models import (
    cox_exit_terms,
    exit_hazard_terms,
    exit_hazards,
    exit_rows,
    hazard_drift,
    standardised_exits,
)
from evalkit.survival.on_support.groups_on_support import exit_rates, group_curves, group_months
from evalkit.survival.on_support.time_on_support import (
    exit_curves,
    median_months,
    months_on_support,
    state_shares,
)
from evalkit.survival.regression.accelerated import AcceleratedFit, accelerated_failure_time
from evalkit.survival.regression.cox import HazardFit, cox, fine_gray
from evalkit.survival.regression.discrete_hazard import DiscreteHazardFit, discrete_hazard
from evalkit.survival.regression.proportional_hazards import proportional_hazards_test
from evalkit.survival.regression.standardise import predicted_curves, standardised_curves
from evalkit.survival.results import plot

__all__ = [
    "AcceleratedFit",
    "DiscreteHazardFit",
    "GroupTest",
    "HazardFit",
    "ParametricCurves",
    "RiskSet",
    "aalen_johansen",
    "accelerated_failure_time",
    "add_risk_sets",
    "cox",
    "cox_exit_terms",
    "curve_difference",
    "curve_statistic",
    "difference_beyond",
    "discrete_hazard",
    "exit_curves",
    "exit_hazard_terms",
    "exit_hazards",
    "exit_rates",
    "exit_rows",
    "fine_gray",
    "gray_test",
    "group_curves",
    "group_months",
    "hazard_drift",
    "kaplan_meier",
    "log_rank_test",
    "median_months",
    "months_on_support",
    "parametric_curves",
    "plot",
    "predicted_curves",
    "proportional_hazards_test",
    "replicate",
    "replicate_weights",
    "restricted_mean",
    "restricted_mean_difference",
    "simultaneous_bands",
    "standardised_curves",
    "standardised_exits",
    "state_occupation",
    "state_shares",
    "survival_quantiles",
    "tabulate_risk_set",
    "time_in_state",
    "time_lost",
]

globals().update(at_the_door(globals(), __all__))
