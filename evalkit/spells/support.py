"""Support spells: maximal runs of months for which support was paid, and how they ended.

A month counts as paid for the adults (not the children) of a household with a row of income support
for it, unless the amount is zero. Unpaid gaps of at most `max_gap_months` are bridged. A spell can
therefore have begun before the extract unless more than that many unpaid months stand before it,
and cannot be known to have ended unless more than that many stand after it in months that no late
payment can fill. Where the sender says since when the household has had support (`support_since`),
such a spell has its true start and is under observation from its first paid month: `entry` months
have gone by before. So follow-up ends for everybody at the last month with known exits: spells
running there are censored there. Cutting them all at the same month keeps the censoring unrelated
to how long anybody stays; months paid after it are not counted.

Gap and reporting lag add up. With the longer of the two, a payment that arrives late can still
extend or bridge a spell already counted as ended: in simulated payments of which one in five came
late by up to the lag, 1.3 % of the exits booked in the months between the two rules were undone or
moved by later deliveries with gap and lag of two months, and 9.4 % with one month each; after gap
plus lag none can be (tests/spells/test_reporting_lag.py). The price is that follow-up is shorter by
the shorter of the two.
"""

import polars as pl

from evalkit.line.states import OUTCOME_OF
from evalkit.months import month_number_expr, month_of_number_expr
from evalkit.spells.clusters import household_clusters
from evalkit.spells.extent import Extent
from evalkit.spells.paid_months import paid_runs
from evalkit.spells.reasons import registered_reasons, told_after
from evalkit.tables import conform


def build_support_spells(
    income_support: pl.DataFrame,
    household_member: pl.DataFrame,
    livelihood: pl.DataFrame,
    person: pl.DataFrame,
    *,
    extent: Extent,
    participation: pl.DataFrame | None = None,
) -> pl.DataFrame:
    """How long each person was on support, spell by spell, and which state came next.

    Parameters
    ----------
    income_support, household_member, livelihood, person : DataFrame
        Admitted tables.
    extent : Extent
        The months of the extract and the rules of spells.
    participation : DataFrame, optional
        Admitted table, whose end reasons tell where neither livelihood nor exit reason does.

    Returns
    -------
    DataFrame
        The table support_spells. `months` is the spell's length with bridged gaps; `start`, `end`
        are half-open. `exit_state` is the livelihood state in the first month after the spell, else
        what a reason registered in its last month tells (see `reasons`), and `exit` its outcome
        group; both are null where the spell is censored, and "unknown" where no state but support
        itself is known for that month.
        `is_start_known` is false for spells that may have begun before the extract, when is not
        known: their `entry` is 0 and their length a lower bound, so they stand apart from what is
        said of time on support. `entry` is what had gone by of a spell before it could be seen.
        Months. The district is the person's, fixed; without survey weights everybody weighs 1.
        `cluster_id` names who varies together (`household_clusters`). Spells that begin after the
        last month with known exits are not in the table.
    """
    runs = paid_runs(income_support, household_member, extent)
    spells = runs.filter(pl.col("first_paid") <= extent.last_known_exits).collect()
    spells = spells.with_columns(household_clusters(spells["person_id"], spells["household_id"]))
    spells = with_beginnings(spells, delivered_beginnings(income_support, extent), extent)
    told = told_after(registered_reasons(income_support, household_member, participation))
    return spells_of_runs(spells, livelihood, person, told, extent)


def delivered_beginnings(
    income_support: pl.DataFrame | pl.LazyFrame, extent: Extent
) -> pl.DataFrame:
    """The month in which support began, of households on support when the extract begins, where the
    sender delivers it.

    Parameters
    ----------
    income_support : DataFrame or LazyFrame
        Admitted table; `support_since` may be missing. Only the months in which a spell may have
        begun before the extract are looked at.
    extent : Extent
        As in `build_support_spells`.

    Returns
    -------
    DataFrame
        household_id, since (month number).
    """
    is_delivered = "support_since" in income_support.collect_schema()
    since = month_number_expr("support_since") if is_delivered else pl.lit(None, pl.Int32)
    is_early = month_number_expr("month") - extent.first <= extent.max_gap_months
    delivered = (
        income_support.lazy()
        .filter(is_early)
        .select("household_id", since=since)
        .drop_nulls("since")
        .group_by("household_id")
        .agg(pl.col("since").min())
    )
    return delivered.collect(engine="streaming")


def with_beginnings(runs: pl.DataFrame, delivered: pl.DataFrame, extent: Extent) -> pl.DataFrame:
    """The runs of paid months with the month in which each began (`began`, month number) and
    whether that is known (`is_start_known`).

    Parameters
    ----------
    runs : DataFrame
        household_id, first_paid (month number), as in `spells_of_runs`.
    delivered : DataFrame
        As `delivered_beginnings` gives it.
    extent : Extent
        As in `build_support_spells`.
    """
    may_have_begun_before = pl.col("first_paid") - extent.first <= extent.max_gap_months
    return (
        runs.join(delivered, on="household_id", how="left")
        .with_columns(
            began=pl.when(may_have_begun_before & (pl.col("since") < extent.first))
            .then("since")
            .otherwise("first_paid"),
            is_start_known=~may_have_begun_before
            | pl.col("since").is_not_null()
            | pl.lit(extent.everybody_began_at_first_month),
        )
        .drop("since")
    )


def spells_of_runs(
    runs: pl.DataFrame,
    livelihood: pl.DataFrame,
    person: pl.DataFrame,
    told: pl.DataFrame,
    extent: Extent,
) -> pl.DataFrame:
    """The table support_spells from runs of paid months: cut at the last month with known exits,
    with the exit and the person's district.

    Parameters
    ----------
    runs : DataFrame
        person_id, household_id, cluster_id (`household_clusters`), first_paid, last_paid (month
        numbers), began and is_start_known (`with_beginnings`), gaps bridged; none begins after the
        last month with known exits.
    livelihood, person : DataFrame
        Admitted tables, at least of these people.
    told : DataFrame
        As `told_after` gives it, at least of these people.
    extent : Extent
        As in `build_support_spells`.
    """
    known = extent.last_known_exits
    told = told.select("person_id", last_paid="last_month", told_state="state")
    spells = runs.join(told, on=["person_id", "last_paid"], how="left").with_columns(
        is_censored=pl.col("last_paid") >= known,
        last_paid=pl.min_horizontal("last_paid", pl.lit(known, pl.Int32)),
    )
    spells = spells.with_columns(after=pl.col("last_paid") + 1)
    people = person.select("person_id", "district", weight=pl.col("weight").fill_null(1.0))
    return conform(
        _with_exit(spells, livelihood)
        .join(people, on="person_id", how="inner")
        .sort("person_id", "first_paid")
        .select(
            "person_id",
            "household_id",
            "cluster_id",
            "district",
            "exit_state",
            "exit",
            "is_start_known",
            "weight",
            spell_no=pl.int_range(1, pl.len() + 1).over("person_id"),
            start=month_of_number_expr("began"),
            end=month_of_number_expr("after"),
            entry=pl.col("first_paid") - pl.col("began"),
            months=pl.col("after") - pl.col("began"),
        ),
        "support_spells",
    )


def livelihood_after(spells: pl.DataFrame, livelihood: pl.DataFrame) -> pl.DataFrame:
    """The livelihood state in the month after each spell.

    Parameters
    ----------
    spells : DataFrame
        person_id, after (number of the first month after the spell).
    livelihood : DataFrame
        Admitted table, at least of these people.

    Returns
    -------
    DataFrame
        The spells with `livelihood_state`, null where it is not known. Support in a month without
        payment contradicts the payments, so the livelihood does not know the state of that month.
    """
    states = livelihood.select(
        "person_id",
        state_start=month_number_expr("start"),
        state_end=month_number_expr("end"),
        livelihood_state="state",
    ).sort("person_id", "state_start")
    matched = spells.sort("person_id", "after").join_asof(
        states,
        left_on="after",
        right_on="state_start",
        by="person_id",
        strategy="backward",
        check_sortedness=False,
    )
    is_covered = pl.col("state_end").is_null() | (pl.col("state_end") > pl.col("after"))
    is_known = ~pl.col("livelihood_state").is_in(["support", "unknown"])
    return matched.with_columns(
        livelihood_state=pl.when(is_covered & is_known).then("livelihood_state")
    ).drop("state_start", "state_end")


def _with_exit(spells: pl.DataFrame, livelihood: pl.DataFrame) -> pl.DataFrame:
    state = pl.coalesce("livelihood_state", "told_state", pl.lit("unknown"))
    return (
        livelihood_after(spells, livelihood)
        .with_columns(exit_state=pl.when(~pl.col("is_censored")).then(state))
        .with_columns(exit=pl.col("exit_state").replace_strict(OUTCOME_OF, return_dtype=pl.String))
    )
