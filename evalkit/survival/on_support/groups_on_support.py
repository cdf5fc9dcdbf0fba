"""Time on support by group (sex, age, obstacle) and by how long people have been there."""

from collections.abc import Sequence

import polars as pl

from evalkit.line.tables import published
from evalkit.survival.curves.curve_table import normal_quantile
from evalkit.survival.curves.kaplan_meier import kaplan_meier
from evalkit.survival.on_support.time_on_support import means_by
from evalkit.tables import with_city

_GROUP = ["district", "characteristic", "group"]
# As many are told from none once numbers of people are rounded; a range rests on as many, too.
_TOLD_FROM_NONE = 3


def group_curves(
    spells: pl.DataFrame, *, horizon_months: int, weight: str | None = None
) -> pl.DataFrame:
    """Share of support spells still running, month by month, for each group of every
    characteristic; errors allow for several spells per household.

    Parameters
    ----------
    spells : DataFrame
        As `spells.spells_by_characteristic` makes it: support spells with characteristic and group;
        those of known beginning count, as in `on_support`. A characteristic of which only one group
        has three people or more in a district tells nobody apart there and is left out.
    horizon_months : int
        Last month of the curves.

    Returns
    -------
    DataFrame
        The table group_curves: district, characteristic, group, month (0..horizon), estimate,
        ci_lower, ci_upper (shares), n_persons (in the group).
    """
    schema, rows = published("group_curves").schema, _with_several_groups(spells)
    rows = rows.with_columns(ended=pl.col("exit").is_not_null())
    if rows.is_empty():
        return pl.DataFrame(schema=schema)
    curves = kaplan_meier(
        rows,
        time="months",
        event="ended",
        entry="entry",
        weight=weight,
        cluster="cluster_id",
        by=_GROUP,
        variance="robust",
    )
    sizes = rows.group_by(_GROUP).agg(n_persons=pl.col("person_id").n_unique())
    shown = curves.rename({"time": "month"}).filter(pl.col("month") <= horizon_months)
    return shown.join(sizes, on=_GROUP, how="left").select(list(schema)).cast(dict(schema))


def group_months(
    spells: pl.DataFrame, *, horizons: Sequence[int], weight: str | None = None
) -> pl.DataFrame:
    """Mean months on support up to each horizon, for each group of every characteristic, per
    district and for the city; null where a group is not followed that far.

    Parameters
    ----------
    spells, weight
        As in `group_curves`.
    horizons : sequence of int
        Months.

    Returns
    -------
    DataFrame
        district, characteristic, group, horizon_months, estimate, std_error, ci_lower, ci_upper
        (months), n_spells, n_persons.
    """
    groups = _with_several_groups(with_city(spells))
    return means_by(groups, _GROUP, horizons=horizons, weight=weight)


def exit_rates(
    spells: pl.DataFrame,
    *,
    periods: Sequence[int],
    horizon_months: int,
    conf_level: float = 0.95,
) -> pl.DataFrame:
    """How many of those still on support leave it each month, averaged over periods of a spell.

    A rate that falls from period to period does not show that support itself holds people back:
    those who leave easily leave first, and those who remain differ from those who came.

    Parameters
    ----------
    spells : DataFrame
        Table `support_spells`; those of known beginning count, as in `on_support`.
    periods : sequence of int
        Last months of the periods, ascending; the first begins with month 1. Periods that end after
        the horizon are left out.
    horizon_months : int
        Last month looked at.

    Returns
    -------
    DataFrame
        district, last_month, first_month (of the period), estimate (exits per spell and month),
        ci_lower, ci_upper (on the log scale, allowing for several spells per household; null
        without three households that left), n_events, n_months (spell-months at risk), n_spells,
        n_persons (at risk in the period).
    """
    ends = [end for end in periods if end <= horizon_months]
    known = spells.filter(pl.col("is_start_known"))
    z = normal_quantile(conf_level)
    tables = [
        _rate(known, first=first + 1, last=last)
        for first, last in zip([0, *ends], ends, strict=False)
    ]
    rates = pl.concat(tables) if tables else _rate(known.clear(), first=1, last=1)
    factor = (z * pl.col("std_error") / pl.col("estimate")).exp()
    has_range = pl.col("n_clusters") >= _TOLD_FROM_NONE
    counts = ("n_events", "n_months", "n_spells", "n_persons")
    return (
        rates.with_columns(
            ci_lower=pl.when(has_range).then(pl.col("estimate") / factor),
            ci_upper=pl.when(has_range).then(pl.col("estimate") * factor),
        )
        .select(
            "district", "last_month", "first_month", "estimate", "ci_lower", "ci_upper", *counts
        )
        .sort("district", "last_month")
    )


def _rate(spells: pl.DataFrame, *, first: int, last: int) -> pl.DataFrame:
    """Exits over months at risk in one period, with the error of a ratio of sums over
    households.
    """
    rows = spells.filter((pl.col("months") >= first) & (pl.col("entry") < last)).select(
        "district",
        "person_id",
        "cluster_id",
        at_risk=pl.col("months").clip(upper_bound=last)
        - pl.col("entry").clip(lower_bound=first - 1),
        left=pl.col("exit").is_not_null() & (pl.col("months") <= last),
    )
    clusters = rows.group_by("district", "cluster_id").agg(
        pl.col("at_risk").sum(),
        pl.col("left").sum().cast(pl.Int64),
        n_spells=pl.len().cast(pl.Int64),
        n_persons=pl.col("person_id").n_unique().cast(pl.Int64),
    )
    # In one order, so that the sums below are the same to the last bit whenever they are made.
    clusters = clusters.sort("district", "cluster_id")
    rate = pl.col("left").sum() / pl.col("at_risk").sum()
    residual = pl.col("left") - (pl.col("left").sum() / pl.col("at_risk").sum()) * pl.col("at_risk")
    return clusters.group_by("district").agg(
        last_month=pl.lit(last, pl.Int32),
        first_month=pl.lit(first, pl.Int32),
        estimate=rate,
        std_error=(residual**2).sum().sqrt() / pl.col("at_risk").sum(),
        n_events=pl.col("left").sum(),
        n_months=pl.col("at_risk").sum().cast(pl.Int64),
        n_spells=pl.col("n_spells").sum(),
        n_persons=pl.col("n_persons").sum(),
        n_clusters=(pl.col("left") > 0).sum(),
    )


def _with_several_groups(spells: pl.DataFrame) -> pl.DataFrame:
    known = spells.filter(pl.col("is_start_known"))
    is_told = pl.col("person_id").n_unique().over(_GROUP) >= _TOLD_FROM_NONE
    n_told = pl.col("group").filter("is_told").n_unique().over("district", "characteristic")
    return known.with_columns(is_told=is_told).filter(n_told > 1).drop("is_told")
