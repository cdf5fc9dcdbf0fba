"""Before and after the date of a law: months without support among those who had been on support
equally long, beside those who had a year before.

Everybody meets a law on the same day, so nobody is left to compare with but the people of other
years. Those who reached the duration in the months from the date on are set beside those who
reached it in the same calendar months the year before, and followed equally long, the earlier ones
to the end before the date. The change from the year before that, when there was no such law, shows
how far years differ by themselves.
"""

from typing import NamedTuple

import polars as pl

from evalkit.line.calendar import break_months, compared_breaks, last_month_needed
from evalkit.line.tables import published
from evalkit.months import month_number, month_number_expr
from evalkit.params import Run
from evalkit.run_rules import BeforeAfter
from evalkit.tables import with_city

_YEAR = 12
_NORMAL_95 = 1.959963984540054


class _Window(NamedTuple):
    """A change between two years: its name, and the month in which the later cohort begins."""

    measure: str
    begins: int


def before_after(spells: pl.DataFrame, run: Run) -> pl.DataFrame:
    """The comparisons before and after a break that the run declares (`survival.before_after`), as
    far as the extract reaches.

    Parameters
    ----------
    spells : DataFrame
        The table support_spells; spells whose beginning is not known are left out.
    run : Run
        The run.

    Returns
    -------
    DataFrame
        district (and "all"), break_key, measure (change: from the year before the break to the year
        from it on; change_year_before: the same a year earlier), after, before (mean months without
        support in the months that follow, of the later and of the earlier cohort), difference,
        ci_lower, ci_upper (months; people who shared a household vary together), n_fewest (persons
        in the smaller cohort).

    Raises
    ------
    ParameterError
        If a break that is compared is not in the run's calendar.
    """
    origin = month_number(run.params.extract.first_month) - 1
    months, tables = break_months(run), [published("before_after").empty()]
    for declared in compared_breaks(run):
        begins = months[declared.at]
        reached = _months_without_support(spells, declared, origin=origin)
        for window in (_Window("change", begins), _Window("change_year_before", begins - _YEAR)):
            if _is_followed(declared, window.begins, run):
                tables.append(_compared(reached, declared, window))
    return pl.concat(tables)


def _is_followed(declared: BeforeAfter, begins: int, run: Run) -> bool:
    """Whether the extract holds the cohort that begins in a month, and that of the year before, to
    the end of their follow-up. Months; the extract's first is 1.
    """
    first = begins - _YEAR - declared.months_on_support
    return first >= 1 and last_month_needed(declared, begins, run) <= run.params.extract.n_months


def _months_without_support(
    spells: pl.DataFrame, declared: BeforeAfter, *, origin: int
) -> pl.DataFrame:
    """One row per spell that reached the duration: person_id, cluster_id, district, month (the
    first one after it) and without (months without support, of those that follow).
    """
    cluster = "cluster_id" if "cluster_id" in spells.columns else "person_id"
    paid = spells.select(
        "person_id",
        "district",
        "is_start_known",
        cluster_id=cluster,
        first=(month_number_expr("start") - origin).cast(pl.Int32),
        stop=(month_number_expr("end") - origin).cast(pl.Int32),
    )
    month = pl.col("first") + declared.months_on_support
    reached = (
        paid.filter(pl.col("is_start_known") & (month <= pl.col("stop")))
        .select("person_id", "district", "cluster_id", month=month)
        .with_row_index("row")
    )
    overlap = pl.min_horizontal(
        "stop", pl.col("month") + declared.follow_up_months
    ) - pl.max_horizontal("first", "month")
    on_support = (
        reached.select("row", "person_id", "month")
        .join(paid.select("person_id", "first", "stop"), on="person_id")
        .group_by("row")
        .agg(on_support=overlap.clip(lower_bound=0).sum())
    )
    return reached.join(on_support, on="row").select(
        "person_id",
        "cluster_id",
        "district",
        "month",
        without=(declared.follow_up_months - pl.col("on_support")).cast(pl.Float64),
    )


def _compared(reached: pl.DataFrame, declared: BeforeAfter, window: _Window) -> pl.DataFrame:
    """The difference between the two cohorts of each district and of the city."""
    since = pl.col("month") - window.begins
    is_after = since.is_between(0, declared.cohort_months - 1)
    is_before = (since + _YEAR).is_between(0, declared.cohort_months - 1)
    by = ["district", "is_after"]
    rows = with_city(reached.filter(is_after | is_before).with_columns(is_after=is_after))
    # What each row moves the difference of the means by; the rows of a cluster move together.
    away = (pl.col("without") - pl.col("without").mean().over(by)) / pl.len().over(by)
    moved = rows.with_columns(moves=pl.when("is_after").then(away).otherwise(-away))
    error = (
        moved.group_by("district", "cluster_id")
        .agg(pl.col("moves").sum())
        .group_by("district")
        .agg(std_error=(pl.col("moves") ** 2).sum().sqrt())
    )
    later, earlier = pl.col("is_after"), ~pl.col("is_after")
    means = rows.group_by("district").agg(
        after=pl.col("without").filter(later).mean(),
        before=pl.col("without").filter(earlier).mean(),
        n_fewest=pl.min_horizontal(
            pl.col("person_id").filter(later).n_unique(),
            pl.col("person_id").filter(earlier).n_unique(),
        ),
    )
    difference, margin = pl.col("after") - pl.col("before"), _NORMAL_95 * pl.col("std_error")
    return (
        means.join(error, on="district")
        .with_columns(
            break_key=pl.lit(declared.at),
            measure=pl.lit(window.measure),
            difference=difference,
            ci_lower=difference - margin,
            ci_upper=difference + margin,
        )
        .select(list(published("before_after").schema))
        .cast(dict(published("before_after").schema))
        .sort("district")
    )
