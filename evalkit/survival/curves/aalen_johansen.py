"""The share of spells that have ended in each way, month by month."""

from collections.abc import Sequence

import polars as pl

from evalkit.frames import Frame
from evalkit.survival.counts.risk_set import RiskSet, risk_set_of
from evalkit.survival.counts.spell_columns import Roles
from evalkit.survival.curves.curve_table import ConfType, curve_frame
from evalkit.survival.curves.product_integral import StatePaths, Variance, state_paths


def aalen_johansen(
    spells: Frame,
    *,
    time: str,
    event: str,
    entry: str | None = None,
    weight: str | None = None,
    cluster: str | None = None,
    by: Sequence[str] = (),
    causes: Sequence[str] | None = None,
    conf_level: float = 0.95,
    conf_type: ConfType = "log",
    variance: Variance = "robust",
) -> pl.DataFrame:
    """Share of spells that have ended by each cause after each month, when the causes compete.

    Returns
    -------
    DataFrame
        One row per group, cause and time: by-columns, `time`, `cause`, `estimate` and `std_error`
        (shares), `ci_lower`, `ci_upper`, `n_at_risk` (spells at risk of any cause) and `n_events`
        (spells that ended by this cause at this time), unweighted. Rows and nulls as `curve_table`
        says: every month from 0 to the last; errors and limits are null as long as the estimate is
        0 after time 0. The shares of all causes and the share still running (`kaplan_meier` of any
        end) sum to one.

    Raises
    ------
    EstimationError
        Also when every spell is censored and no cause is declared.

    References
    ----------
    Aalen & Johansen (1978), Scand. J. Stat. 5:141; Andersen et al. (1993), Statistical Models Based
    on Counting Processes, IV.4.
    """
    risk_set = risk_set_of(spells, Roles(time, event, entry, weight, cluster, by, causes))
    paths = state_paths(risk_set, variance=variance)
    return cause_curves(risk_set, paths, conf_level=conf_level, conf_type=conf_type)


def cause_curves(
    risk_set: RiskSet, paths: StatePaths, *, conf_level: float, conf_type: ConfType
) -> pl.DataFrame:
    """The table of `aalen_johansen` from paths of the causes."""
    n_causes = len(risk_set.causes)
    return curve_frame(
        risk_set,
        paths.probability[:, :, 1:],
        paths.variance[:, :, 1:],
        label=("cause", risk_set.causes),
        counts=(risk_set.n_at_risk.repeat(n_causes, axis=2), risk_set.n_exits[:, :, 0, :-1]),
        conf_level=conf_level,
        conf_type=conf_type,
    )
