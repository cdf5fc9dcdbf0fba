"""The share of spells that have not yet ended, month by month."""

from collections.abc import Sequence

import polars as pl

from evalkit.errors import EstimationError
from evalkit.frames import Frame
from evalkit.survival.counts.risk_set import risk_set_of
from evalkit.survival.counts.spell_columns import Roles
from evalkit.survival.curves.curve_table import ConfType, curve_frame
from evalkit.survival.curves.product_integral import Variance, state_paths, staying


def kaplan_meier(
    spells: Frame,
    *,
    time: str,
    event: str,
    entry: str | None = None,
    weight: str | None = None,
    cluster: str | None = None,
    by: Sequence[str] = (),
    conf_level: float = 0.95,
    conf_type: ConfType = "log",
    variance: Variance | None = None,
) -> pl.DataFrame:
    """Share of spells still running after each month, with its uncertainty.

    Parameters
    ----------
    event : str
        Whether the spell ended (bool).

    Returns
    -------
    DataFrame
        One row per group and time: by-columns, `time`, `estimate` and `std_error` (shares),
        `ci_lower`, `ci_upper`, `n_at_risk` and `n_events` (spells, unweighted; at time 0 those at
        risk in the first interval). Rows and nulls as `curve_table` says: every month from 0 to the
        last; errors and limits are null where the estimate is 1 or 0 after time 0. With no event
        the curve stays at 1.

    References
    ----------
    Kaplan & Meier (1958), JASA 53:457; Greenwood (1926); Lin & Wei (1989), JASA 84:1074.
    """
    risk_set = risk_set_of(spells, Roles(time, event, entry, weight, cluster, by))
    refuse_causes(risk_set.causes, event)
    kind = variance or default_variance(weight, cluster)
    if kind == "greenwood":
        share, of_share = staying(risk_set)
    else:
        paths = state_paths(risk_set, variance=kind)
        share, of_share = paths.probability[:, :, :1], paths.variance[:, :, :1]
    return curve_frame(
        risk_set,
        share,
        of_share,
        label=None,
        counts=(risk_set.n_at_risk, risk_set.n_exits[:, :, 0, :1]),
        conf_level=conf_level,
        conf_type=conf_type,
    )


def default_variance(weight: str | None, cluster: str | None) -> Variance:
    """Robust when rows stand for other numbers of people than one, or vary together; else
    Greenwood's formula.
    """
    return "greenwood" if weight is None and cluster is None else "robust"


def refuse_causes(causes: tuple[str, ...], event: str) -> None:
    """Refuse a column of several causes where one kind of event is asked for."""
    if causes != ("event",):
        raise EstimationError(
            "The column of ends holds names of causes where true or false is needed.",
            where=f'column "{event}"',
            why="This estimate knows one kind of end; which causes count as the end must be said.",
            fix=f'make a true/false column, for example pl.col("{event}").is_not_null(), or use '
            "aalen_johansen.",
        )
