"""Faults of the livelihood timeline by name, and which source was believed where two of them
disagree.

Names as in `survcheck` of R's survival: overlap (two states at a time), gap (months without a
state, the same state on both sides), jump (months without a state, another state on the far side).
Beside them: unknown_state (periods recorded as unknown), and open_ended (months before the first or
after the last period).
"""

from collections.abc import Sequence

import polars as pl

from evalkit.line.states import LIVELIHOOD_PRIORITY
from evalkit.months import month_number_expr
from evalkit.spells.extent import Extent
from evalkit.spells.paid_months import paid_months

FAULTS = ("overlap", "gap", "jump", "unknown_state", "open_ended")


def timeline_faults(
    livelihood: pl.DataFrame, person: pl.DataFrame, *, extent: Extent
) -> pl.DataFrame:
    """The number of faults of each kind in the livelihood periods, with the months and people that
    have them.

    Parameters
    ----------
    livelihood, person : DataFrame
        Admitted tables; before admission overlaps can be counted too, which the contract sets
        aside.
    extent : Extent
        Periods are looked at inside its months.

    Returns
    -------
    DataFrame
        fault (all of FAULTS), n_faults, n_person_months, n_persons.
    """
    periods = periods_in_months(livelihood, extent).join(
        person.select("person_id"), on="person_id", how="semi"
    )
    ordered = periods.sort("person_id", "start", "stop").with_columns(
        covered=pl.col("stop").cum_max().over("person_id")
    )
    before = pl.col("covered").shift(1).over("person_id")
    # The state that reached furthest before the hole is the one on its near side.
    near = (
        pl.when(pl.col("stop") == pl.col("covered"))
        .then("state")
        .forward_fill()
        .shift(1)
        .over("person_id")
    )
    steps = ordered.with_columns(
        step=pl.col("start") - before,
        lap=pl.min_horizontal("stop", before) - pl.col("start"),
        near=near,
    )
    steps = steps.filter(pl.col("step").is_not_null())
    hole = steps.filter(pl.col("step") > 0)
    first_and_last = ordered.group_by("person_id").agg(
        from_month=pl.col("start").min(), to_month=pl.col("stop").max()
    )
    edges = person.select("person_id").join(first_and_last, on="person_id", how="left")
    open_months = extent.n_months - (pl.col("to_month") - pl.col("from_month")).fill_null(0)
    faults = [
        _named("overlap", steps.filter(pl.col("lap") > 0), "lap"),
        _named("gap", hole.filter(pl.col("near") == pl.col("state")), "step"),
        _named("jump", hole.filter(pl.col("near") != pl.col("state")), "step"),
        _named(
            "unknown_state",
            periods.filter(pl.col("state") == "unknown").with_columns(
                n=pl.col("stop") - pl.col("start")
            ),
            "n",
        ),
        _named("open_ended", edges.with_columns(n=open_months).filter(pl.col("n") > 0), "n"),
    ]
    return _counted(pl.concat(faults), ["fault"], pl.DataFrame({"fault": FAULTS}))


def livelihood_collisions(
    income_support: pl.DataFrame,
    household_member: pl.DataFrame,
    livelihood: pl.DataFrame,
    *,
    extent: Extent,
) -> pl.DataFrame:
    """Months in which the sources disagree about a person, with the state that was believed and the
    one that was set aside.

    Spells follow the payments: a paid month is a month on support whatever the livelihood register
    says. States follow the livelihood register where it knows one, and payments where it does not
    (STATE_SOURCES in line.states); where its own periods overlap, the state that stands first in
    LIVELIHOOD_PRIORITY (line.states) is believed.

    Parameters
    ----------
    income_support, household_member, livelihood : DataFrame
        Admitted tables.
    extent : Extent
        Months outside it are not looked at.

    Returns
    -------
    DataFrame
        collision (paid_and_another_state, support_without_payment, two_states), believed, set_aside
        (states, or no_payment), n_person_months, n_persons. Only what occurs has a row.
    """
    periods = periods_in_months(livelihood, extent)
    believed = without_overlaps(periods).sort("person_id", "start")
    paid = (
        paid_months(income_support, household_member)
        .select("person_id", month=pl.col("month") - extent.first)
        .collect()
    )
    within = (
        paid.filter(pl.col("month").is_between(0, extent.n_months - 1))
        .sort("person_id", "month")
        .join_asof(
            believed,
            left_on="month",
            right_on="start",
            by="person_id",
            strategy="backward",
            check_sortedness=False,
        )
        .filter(pl.col("stop") > pl.col("month"))
    )
    other = (
        within.filter(~pl.col("state").is_in(["support", "unknown"]))
        .group_by("person_id", "state")
        .agg(n=pl.len())
        .select(
            "person_id",
            "n",
            believed=pl.lit("support"),
            set_aside="state",
            collision=pl.lit("paid_and_another_state"),
        )
    )
    collisions = pl.concat([_two_states(periods), other, _unpaid(believed, within)])
    keys = ["collision", "believed", "set_aside"]
    return _counted(collisions, keys, collisions.select(keys).unique()).drop("n_faults")


def without_overlaps(periods: pl.DataFrame) -> pl.DataFrame:
    """Periods of which none overlaps another of the same person: each month has the state that
    LIVELIHOOD_PRIORITY puts first.

    Parameters
    ----------
    periods : DataFrame
        person_id, state, start, stop (months), as `periods_in_months` gives them.
    """
    tangled = _tangled(periods)
    if tangled.is_empty():
        return periods
    believed = _ranked_months(tangled).unique(
        ["person_id", "month"], keep="first", maintain_order=True
    )
    is_new = (pl.struct("person_id", "state") != pl.struct("person_id", "state").shift(1)) | (
        pl.col("month").diff() != 1
    )
    runs = (
        believed.with_columns(run=is_new.fill_null(True).cum_sum())
        .group_by("run")
        .agg(
            pl.first("person_id", "state"),
            start=pl.col("month").min(),
            stop=pl.col("month").max() + 1,
        )
        .drop("run")
    )
    apart = periods.join(tangled, on="person_id", how="anti")
    return pl.concat([apart, runs.select(apart.columns).cast(dict(apart.schema))])


def periods_in_months(livelihood: pl.DataFrame, extent: Extent) -> pl.DataFrame:
    """Livelihood periods as person_id, state, start, stop in months since the extract's first, cut
    at its edges; empty ones are left out.
    """
    first, n_months = extent.first, extent.n_months
    return livelihood.select(
        "person_id",
        "state",
        start=(month_number_expr("start") - first).clip(lower_bound=0),
        stop=(month_number_expr("end") - first).fill_null(n_months).clip(upper_bound=n_months),
    ).filter(pl.col("stop") > pl.col("start"))


def _tangled(periods: pl.DataFrame) -> pl.DataFrame:
    """All periods of the people of whom any two periods overlap."""
    ordered = periods.sort("person_id", "start", "stop")
    is_overlap = pl.col("start") < pl.col("stop").cum_max().shift(1).over("person_id")
    return periods.join(ordered.filter(is_overlap.fill_null(False)), on="person_id", how="semi")


def _ranked_months(periods: pl.DataFrame) -> pl.DataFrame:
    """The states of each month, once each, the one that is believed first: person_id, month,
    state.
    """
    ranks = {state: rank for rank, state in enumerate(LIVELIHOOD_PRIORITY)}
    return (
        periods.with_columns(
            month=pl.int_ranges("start", "stop"),
            rank=pl.col("state").replace_strict(ranks, return_dtype=pl.Int32),
        )
        .explode("month", keep_nulls=False, empty_as_null=False)
        .select("person_id", pl.col("month").cast(pl.Int32), "state", "rank")
        .unique()
        .sort("person_id", "month", "rank")
        .drop("rank")
    )


def _two_states(periods: pl.DataFrame) -> pl.DataFrame:
    """Months in which the livelihood register holds two states: which one is believed, which one is
    set aside.
    """
    months = _ranked_months(_tangled(periods)).group_by("person_id", "month", maintain_order=True)
    beside = months.agg(believed=pl.first("state"), set_aside=pl.col("state").slice(1))
    counted = (
        beside.explode("set_aside", keep_nulls=False, empty_as_null=False)
        .group_by("person_id", "believed", "set_aside")
        .agg(n=pl.len())
    )
    return counted.select("person_id", "n", "believed", "set_aside", collision=pl.lit("two_states"))


def _unpaid(believed: pl.DataFrame, paid_within: pl.DataFrame) -> pl.DataFrame:
    """Months on support by the livelihood register that no payment is for."""
    on_support = believed.filter(pl.col("state") == "support")
    n_months = on_support.group_by("person_id").agg(
        n_months=(pl.col("stop") - pl.col("start")).sum()
    )
    n_paid = (
        paid_within.filter(pl.col("state") == "support").group_by("person_id").agg(n_paid=pl.len())
    )
    unpaid = n_months.join(n_paid, on="person_id", how="left").with_columns(
        n=pl.col("n_months") - pl.col("n_paid").fill_null(0)
    )
    return unpaid.filter(pl.col("n") > 0).select(
        "person_id",
        pl.col("n").cast(pl.UInt32),
        believed=pl.lit("support"),
        set_aside=pl.lit("no_payment"),
        collision=pl.lit("support_without_payment"),
    )


def _named(fault: str, rows: pl.DataFrame, months: str) -> pl.DataFrame:
    return rows.select("person_id", fault=pl.lit(fault), n=pl.col(months).cast(pl.UInt32))


def _counted(rows: pl.DataFrame, keys: Sequence[str], grid: pl.DataFrame) -> pl.DataFrame:
    counted = rows.group_by(keys).agg(
        n_faults=pl.len().cast(pl.Int32),
        n_person_months=pl.col("n").sum().cast(pl.Int64),
        n_persons=pl.col("person_id").n_unique().cast(pl.Int32),
    )
    filled = grid.join(counted, on=list(keys), how="left")
    return filled.with_columns(
        pl.col("n_faults", "n_person_months", "n_persons").fill_null(0)
    ).sort(keys)
