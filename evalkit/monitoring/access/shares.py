"""Shares of those who came to support who start an intervention, as they are counted: by group, by
intervention, and month by month.
"""

import polars as pl

from evalkit.line.tables import published
from evalkit.monitoring.access.arrivals import (
    LEFT,
    OUT,
    START,
    started_within,
    told_apart,
)
from evalkit.monitoring_rules import MonitoringRules
from evalkit.months import month_number_expr
from evalkit.survival.curves.aalen_johansen import aalen_johansen
from evalkit.tables import CITY, with_city

SOON, WITHIN = "soon", "within"
# Curves are drawn as far again as the months within which a start counts.
_TIMES = 2
_GROUP = ["district", "characteristic", "group"]


def access(people: pl.DataFrame, *, rules: MonitoringRules) -> pl.DataFrame:
    """Who started an intervention, soon and within the year: by district, and in the city by group.

    Parameters
    ----------
    people : DataFrame
        As `arrivals` makes it.
    rules : MonitoringRules
        The months of soon and within (`access_months`).

    Returns
    -------
    DataFrame
        The table access: district (and "all"), in the city characteristic and group (and "all" of
        both, everywhere), measure (soon,
        within), answer (all: those who came; yes: those who started), n_persons, n_whole,
        share, median_months (by which half of those who started had; null beside all), counted_from
        and counted_through (months in which people came).
    """
    # Groups are counted in the city alone: in each district small numbers would tell each other.
    city = people.with_columns(district=pl.lit(CITY))
    by_month = pl.concat(
        [
            _by_month(with_city(people), CITY, pl.lit(CITY), rules),
            *(_by_month(city, name, pl.col(name), rules) for name in told_apart(people)),
        ]
    )
    counted = people.select("counted_from", "counted_through").head(1)
    tables = []
    for measure, months in zip((SOON, WITHIN), rules.access_months, strict=True):
        is_yes = (pl.col("month") <= months).fill_null(False)
        counts = by_month.group_by(_GROUP).agg(
            n_whole=pl.col("n").sum(), n_persons=pl.col("n").filter(is_yes).sum()
        )
        starters = by_month.filter(is_yes).sort("month").group_by(_GROUP, maintain_order=True)
        is_reached = 2 * pl.col("n").cum_sum() >= pl.col("n").sum()
        medians = starters.agg(
            median_months=pl.col("month").filter(is_reached).first().cast(pl.Float64)
        )
        yes = counts.join(medians, on=_GROUP, how="left").with_columns(answer=pl.lit("yes"))
        every = counts.with_columns(n_persons="n_whole", answer=pl.lit("all"))
        tables += [table.with_columns(measure=pl.lit(measure)) for table in (every, yes)]
    tables = [table.join(counted, how="cross") for table in tables]
    return _declared(_with_share(tables), "access")


def _by_month(
    people: pl.DataFrame, name: str, group: pl.Expr, rules: MonitoringRules
) -> pl.DataFrame:
    """How many of each district and group started in each month (null: not within the year)."""
    month = pl.when(started_within(rules.access_months[1])).then("months")
    labels = {"characteristic": pl.lit(name), "group": group}
    return (
        people.select("district", **labels, month=month)
        .group_by(*_GROUP, "month")
        .agg(n=pl.len().cast(pl.Int64))
    )


def access_interventions(
    people: pl.DataFrame,
    episodes: pl.DataFrame,
    intervention: pl.DataFrame,
    *,
    rules: MonitoringRules,
) -> pl.DataFrame:
    """Who started each intervention within the year, by district; somebody can start several.

    Parameters
    ----------
    people, rules
        As in `access`.
    episodes : DataFrame
        Table `episodes`.
    intervention : DataFrame
        The delivered register of interventions; where it is empty, those that somebody was in.

    Returns
    -------
    DataFrame
        The table access_interventions: district (and "all"), intervention_id, answer (all, yes),
        n_persons, n_whole, share.
    """
    ids = (intervention if intervention.height else episodes)["intervention_id"].unique().sort()
    first = month_number_expr("start")
    started = people.select("person_id", "start", "end", "district").join(
        episodes.select("person_id", "intervention_id", began=month_number_expr("start")),
        on="person_id",
    )
    within = pl.min_horizontal(first + rules.access_months[1] - 1, month_number_expr("end"))
    counted = (
        with_city(started.filter(pl.col("began").is_between(first, within)))
        .group_by("district", "intervention_id")
        .agg(n_persons=pl.col("person_id").n_unique())
    )
    wholes = with_city(people).group_by("district").agg(n_whole=pl.len())
    every = wholes.join(ids.to_frame(), how="cross")
    yes = every.join(counted, on=["district", "intervention_id"], how="left").with_columns(
        pl.col("n_persons").fill_null(0), answer=pl.lit("yes")
    )
    both = [yes, every.with_columns(n_persons="n_whole", answer=pl.lit("all"))]
    return _declared(_with_share(both), "access_interventions")


def access_curves(people: pl.DataFrame, *, rules: MonitoringRules) -> pl.DataFrame:
    """The share of those who came to support for whom each of the events came first, month by
    month; errors allow for people of one household.

    Parameters
    ----------
    people, rules
        As in `access`.

    Returns
    -------
    DataFrame
        The table access_curves: district (and "all"), event (start, left_support, out), month (0 to
        twice the months of within), estimate, ci_lower, ci_upper (shares), n_persons (of the
        district). Without rows where nothing has happened to anybody.
    """
    schema = published("access_curves").schema
    rows = with_city(people)
    if people["event"].null_count() == people.height:
        return pl.DataFrame(schema=schema)
    curves = aalen_johansen(
        rows,
        time="months",
        event="event",
        cluster="cluster_id",
        by=["district"],
        causes=(START, LEFT, OUT),
    )
    sizes = rows.group_by("district").agg(n_persons=pl.col("person_id").n_unique())
    shown = curves.rename({"time": "month", "cause": "event"}).filter(
        pl.col("month") <= _TIMES * rules.access_months[1]
    )
    return _declared(shown.join(sizes, on="district"), "access_curves")


def _with_share(answers: list[pl.DataFrame]) -> pl.DataFrame:
    table = pl.concat(answers, how="diagonal_relaxed")
    return table.with_columns(share=pl.col("n_persons") / pl.col("n_whole"))


def _declared(table: pl.DataFrame, name: str) -> pl.DataFrame:
    schema = published(name).schema
    return table.select(list(schema)).cast(dict(schema)).sort(published(name).keys)
