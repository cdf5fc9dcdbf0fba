"""Time on support as a report shows it: where people go, how long they stay, which state they are
in, with the city beside its districts.

Everything counted since a period began is of one population: the support spells whose beginning is
known (`is_start_known`). Most were seen to begin; those that began before the extract, in a month
that the sender tells, are at risk from the month in which they are first seen (`entry`). Spells
that were running when the extract began, nobody knows since when, are in none of these tables;
`people` says how many they are.
"""

from collections.abc import Sequence

import polars as pl

from evalkit.line.tables import published
from evalkit.survival.curves.aalen_johansen import aalen_johansen
from evalkit.survival.curves.quantiles import survival_quantiles
from evalkit.survival.curves.restricted_mean import restricted_mean
from evalkit.survival.curves.state_occupation import state_occupation
from evalkit.tables import with_city

_VALUES = ("estimate", "std_error", "ci_lower", "ci_upper")


def exit_curves(
    spells: pl.DataFrame, *, horizon_months: int, weight: str | None = None
) -> pl.DataFrame:
    """Share of support spells that have ended in each way, month by month; errors allow for several
    spells per household.

    Parameters
    ----------
    spells : DataFrame
        Table `support_spells`.
    horizon_months : int
        Last month of the curves.

    Returns
    -------
    DataFrame
        The table exit_curves: district, exit, month (0..horizon), estimate, ci_lower, ci_upper
        (shares), n_at_risk (spells), n_persons (of the district); without rows where no support of
        known beginning has ended.
    """
    schema, known = published("exit_curves").schema, spells.filter(pl.col("is_start_known"))
    if known["exit"].null_count() == known.height:
        return pl.DataFrame(schema=schema)
    curves = aalen_johansen(
        known,
        time="months",
        event="exit",
        entry="entry",
        weight=weight,
        cluster="cluster_id",
        by=["district"],
    )
    shown = curves.rename({"time": "month", "cause": "exit"}).filter(
        pl.col("month") <= horizon_months
    )
    sizes = known.group_by("district").agg(n_persons=pl.col("person_id").n_unique())
    return shown.join(sizes, on="district").select(list(schema)).cast(dict(schema))


def months_on_support(
    spells: pl.DataFrame, *, horizons: Sequence[int], weight: str | None = None
) -> pl.DataFrame:
    """Mean months on support up to each horizon, per district and for the city; null where a
    district is not followed that far.

    Returns
    -------
    DataFrame
        district, horizon_months, estimate, std_error, ci_lower, ci_upper (months), n_spells,
        n_persons.
    """
    return means_by(
        with_city(spells),
        ["district"],
        horizons=horizons,
        weight=weight,
    )


def means_by(
    spells: pl.DataFrame, by: Sequence[str], *, horizons: Sequence[int], weight: str | None = None
) -> pl.DataFrame:
    """Mean months on support up to each horizon for every combination of the by-columns; null where
    a group is not followed that far.

    A group all of whose spells have ended is followed for ever: what comes after is no support.

    Returns
    -------
    DataFrame
        by-columns, horizon_months, estimate, std_error, ci_lower, ci_upper (months), n_spells,
        n_persons.
    """
    by = list(by)
    spells = spells.filter(pl.col("is_start_known")).with_columns(
        ended=pl.col("exit").is_not_null()
    )
    sizes = spells.group_by(by).agg(
        n_spells=pl.len(),
        n_persons=pl.col("person_id").n_unique(),
        last=pl.col("months").max(),
        has_ended=pl.col("ended").filter(pl.col("months") == pl.col("months").max()).all(),
    )
    months = pl.Series("horizon_months", sorted(horizons), dtype=pl.Int32)
    asked = sizes.join(months.to_frame(), how="cross")
    followed = asked.filter((pl.col("horizon_months") <= pl.col("last")) | pl.col("has_ended"))
    means = [
        restricted_mean(
            of_horizon,
            time="months",
            event="ended",
            entry="entry",
            horizon=horizon,
            weight=weight,
            cluster="cluster_id",
            by=by,
        )
        for (horizon,), rows in followed.group_by("horizon_months")
        if (of_horizon := spells.join(rows.select(by), on=by, how="semi")).height
    ]
    keys = [*by, "horizon_months"]
    asked = asked.drop("last", "has_ended").sort(keys)
    if not means:
        return asked.with_columns(_nulls(_VALUES))
    estimates = pl.concat(means).with_columns(horizon_months=pl.col("horizon").cast(pl.Int32))
    return asked.join(estimates.select(*keys, *_VALUES), on=keys, how="left", maintain_order="left")


def median_months(spells: pl.DataFrame, *, by: Sequence[str]) -> pl.DataFrame:
    """Months after which half of the spells have ended, for every combination of the by-columns;
    null where fewer than half have.

    Returns
    -------
    DataFrame
        by-columns, estimate, ci_lower, ci_upper (months).
    """
    known = spells.filter(pl.col("is_start_known")).with_columns(
        has_ended=pl.col("exit").is_not_null()
    )
    if known.is_empty():
        return known.select(*by, *_nulls(("estimate", "ci_lower", "ci_upper")))
    medians = survival_quantiles(
        known, time="months", event="has_ended", entry="entry", cluster="cluster_id", by=by
    )
    return medians.drop("share")


def _nulls(names: Sequence[str]) -> list[pl.Expr]:
    return [pl.lit(None, pl.Float64).alias(name) for name in names]


def state_shares(
    intervals: pl.DataFrame, spells: pl.DataFrame, *, weight: str | None = None
) -> pl.DataFrame:
    """Share of all people in each state, month by month from the extract's first month; errors
    allow for people of the same household.

    Parameters
    ----------
    intervals : DataFrame
        Table `state_intervals`.
    spells : DataFrame
        Table `support_spells`: who varies together; people without support stand for themselves.

    Returns
    -------
    DataFrame
        district, state, month (0: the extract's first month), estimate, std_error, ci_lower,
        ci_upper (shares), n_persons (people of the district).
    """
    clusters = spells.select("person_id", "cluster_id").unique()
    clustered = intervals.join(clusters, on="person_id", how="left", maintain_order="left")
    shares = state_occupation(
        clustered.with_columns(pl.col("cluster_id").fill_null(pl.col("person_id"))),
        id="person_id",
        start="start_month",
        stop="stop_month",
        from_state="from_state",
        to_state="to_state",
        cluster="cluster_id",
        weight=weight,
        by=["district"],
    )
    last = intervals["stop_month"].max()
    sizes = intervals.group_by("district").agg(n_persons=pl.col("person_id").n_unique())
    # The share at time t is that of month t: the one that begins then.
    months = shares.rename({"time": "month"}).filter(pl.col("month") < last)
    return months.drop("n_at_risk", "n_events").join(sizes, on="district")
