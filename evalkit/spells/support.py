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

from datetime import date

import polars as pl

from evalkit.line.states import OUTCOME_OF
from evalkit.months import add_months, month_number, month_number_expr, month_of_number_expr
from evalkit.spells.clusters import household_clusters
from evalkit.spells.paid_months import paid_runs, told_exits
from evalkit.tables import conform


def last_month_with_known_exits(
    data_through: date, *, max_gap_months: int, reporting_lag_months: int = 0
) -> date:
    """The month at which follow-up ends: data_through less the bridged gap and the reporting
    lag.
    """
    return add_months(data_through, -(max_gap_months + reporting_lag_months))


def build_support_spells(
    income_support: pl.DataFrame,
    household_member: pl.DataFrame,
    livelihood: pl.DataFrame,
    person: pl.DataFrame,
    *,
    first_month: date,
    data_through: date,
    max_gap_months: int,
    reporting_lag_months: int = 0,
    everybody_began_at_first_month: bool = False,
) -> pl.DataFrame:
    """How long each person was on support, spell by spell, and which state came next.

    Parameters
    ----------
    income_support, household_member, livelihood, person : DataFrame
        Admitted tables.
    first_month, data_through : date
        First month of the extract and last month known. Months.
    max_gap_months : int
        Longest unpaid gap that does not end a spell. Months, >= 0.
    reporting_lag_months : int
        How many of the last months may still lack payments. Months, >= 0.
    everybody_began_at_first_month : bool
        Whether nobody can have been on support before the extract, so that spells running at its
        first month began then.

    Returns
    -------
    DataFrame
        The table support_spells. `months` is the spell's length with bridged gaps; `start`, `end`
        are half-open. `exit_state` is the livelihood state in the first month after the spell, else
        what the registered exit reason tells, and `exit` its outcome group; both are null where the
        spell is censored, and "unknown" where no state but support itself is known for that month.
        `is_start_known` is false for spells that may have begun before the extract, when is not
        known: their `entry` is 0 and their length a lower bound, so they stand apart from what is
        said of time on support. `entry` is what had gone by of a spell before it could be seen.
        Months. The district is the person's, fixed; without survey weights everybody weighs 1.
        `cluster_id` names who varies together (`household_clusters`). Spells that begin after the
        last month with known exits are not in the table.
    """
    first, last = month_number(first_month), month_number(data_through)
    known = month_number(
        last_month_with_known_exits(
            data_through, max_gap_months=max_gap_months, reporting_lag_months=reporting_lag_months
        )
    )
    runs = paid_runs(
        income_support, household_member, first=first, last=last, max_gap_months=max_gap_months
    )
    spells = runs.filter(pl.col("first_paid") <= known).collect()
    spells = spells.with_columns(household_clusters(spells["person_id"], spells["household_id"]))
    told = told_beginnings(income_support, first=first, max_gap_months=max_gap_months)
    rules = {
        "max_gap_months": max_gap_months,
        "is_first_month_a_start": everybody_began_at_first_month,
    }
    spells = with_beginnings(spells, told, first=first, **rules)
    return spells_of_runs(
        spells, livelihood, person, told_exits(income_support, household_member), known=known
    )


def told_beginnings(
    income_support: pl.DataFrame | pl.LazyFrame, *, first: int, max_gap_months: int
) -> pl.DataFrame:
    """Since when the households that were on support when the extract begins have had it, where the
    sender says so.

    Parameters
    ----------
    income_support : DataFrame or LazyFrame
        Admitted table; `support_since` may be missing.
    first, max_gap_months : int
        Month number of the extract's first month; longest gap bridged. Only the months in which a
        spell may have begun before are looked at.

    Returns
    -------
    DataFrame
        household_id, since (month number).
    """
    is_delivered = "support_since" in income_support.collect_schema()
    since = month_number_expr("support_since") if is_delivered else pl.lit(None, pl.Int32)
    early = income_support.lazy().filter(month_number_expr("month") - first <= max_gap_months)
    told = (
        early.select("household_id", since=since)
        .drop_nulls("since")
        .group_by("household_id")
        .agg(pl.col("since").min())
    )
    return told.collect(engine="streaming")


def with_beginnings(
    runs: pl.DataFrame,
    told: pl.DataFrame,
    *,
    first: int,
    max_gap_months: int,
    is_first_month_a_start: bool,
) -> pl.DataFrame:
    """The runs of paid months with the month in which each began (`began`, month number) and
    whether that is known (`is_start_known`).

    Parameters
    ----------
    runs : DataFrame
        household_id, first_paid (month number), as in `spells_of_runs`.
    told : DataFrame
        As `told_beginnings` gives it.
    first, max_gap_months, is_first_month_a_start
        As in `told_beginnings` and `build_support_spells` (everybody_began_at_first_month).
    """
    may_have_begun_before = pl.col("first_paid") - first <= max_gap_months
    return (
        runs.join(told, on="household_id", how="left")
        .with_columns(
            began=pl.when(may_have_begun_before & (pl.col("since") < first))
            .then("since")
            .otherwise("first_paid"),
            is_start_known=~may_have_begun_before
            | pl.col("since").is_not_null()
            | pl.lit(is_first_month_a_start),
        )
        .drop("since")
    )


def spells_of_runs(
    runs: pl.DataFrame,
    livelihood: pl.DataFrame,
    person: pl.DataFrame,
    told: pl.DataFrame,
    *,
    known: int,
) -> pl.DataFrame:
    """The table support_spells from runs of paid months: cut at the last month with known exits,
    with the exit and the person's district.

    Parameters
    ----------
    runs : DataFrame
        person_id, household_id, cluster_id (`household_clusters`), first_paid, last_paid (month
        numbers), began and is_start_known (`with_beginnings`), gaps bridged; none begins after
        `known`.
    livelihood, person : DataFrame
        Admitted tables, at least of these people.
    told : DataFrame
        As `told_exits` gives it, at least of these people.
    known : int
        Month number of the last month with known exits.
    """
    told = told.rename({"state": "told_state"})
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


def _with_exit(spells: pl.DataFrame, livelihood: pl.DataFrame) -> pl.DataFrame:
    states = livelihood.select(
        "person_id",
        state_start=month_number_expr("start"),
        state_end=month_number_expr("end"),
        exit_state="state",
    ).sort("person_id", "state_start")
    matched = spells.sort("person_id", "after").join_asof(
        states,
        left_on="after",
        right_on="state_start",
        by="person_id",
        strategy="backward",
        check_sortedness=False,
    )
    # Support in a month without payment contradicts the payments, so the livelihood does not know
    # the state of that month.
    covers = (pl.col("state_end").is_null() | (pl.col("state_end") > pl.col("after"))) & ~pl.col(
        "exit_state"
    ).is_in(["support", "unknown"])
    state = (
        pl.when(covers.fill_null(False))
        .then("exit_state")
        .otherwise(pl.coalesce("told_state", pl.lit("unknown")))
    )
    return matched.with_columns(
        exit_state=pl.when(~pl.col("is_censored")).then(state)
    ).with_columns(exit=pl.col("exit_state").replace_strict(OUTCOME_OF, return_dtype=pl.String))
