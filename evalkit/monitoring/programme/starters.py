"""What the page for the person says of those who started an intervention: what it asked of them,
and where they were some time later.
"""

from collections.abc import Sequence

import polars as pl

from evalkit.line.states import OUTCOME_OF, WITHOUT_SUPPORT, members_of
from evalkit.line.tables import published
from evalkit.months import month_number, month_number_expr
from evalkit.params import Extract

# A year after the start, and two.
AFTER_MONTHS = (12, 24)
_OUTCOMES = ("work", WITHOUT_SUPPORT)


def what_it_asks(episodes: pl.DataFrame) -> pl.DataFrame:
    """Hours a week that interventions take, on the mean of those who started.

    Parameters
    ----------
    episodes : DataFrame
        One row per episode: intervention_id, person_id, hours_per_week.

    Returns
    -------
    DataFrame
        The published table of the same name: one row per intervention of which hours are known;
        `widest` is how far apart two people are at most.
    """
    schema = published("what_it_asks").schema
    return (
        episodes.filter(pl.col("hours_per_week").is_not_null())
        .group_by("intervention_id")
        .agg(
            n_persons=pl.col("person_id").n_unique(),
            estimate=pl.col("hours_per_week").mean(),
            widest=pl.col("hours_per_week").max(),
        )
        .select(schema.names())
        .cast(dict(schema))
        .sort("intervention_id")
    )


def after_start(
    episodes: pl.DataFrame,
    state_intervals: pl.DataFrame,
    *,
    extract: Extract,
    months: Sequence[int] = AFTER_MONTHS,
) -> pl.DataFrame:
    """Where those who started an intervention were some months later: counted, compared with
    nobody.

    Parameters
    ----------
    episodes : DataFrame
        One row per episode: intervention_id, person_id, start. Those who were on support the month
        before count; of a person's starts of the same intervention the first.
    state_intervals : DataFrame
        The state of each person from month to month.
    months : sequence of int
        After how many months. Those who started too late to be followed so long are left out.

    Returns
    -------
    DataFrame
        The published table of the same name: answer all are those who started, yes those of them
        who were in the outcome. Work is told where anybody's is known.
    """
    last = extract.n_months - 1
    lives = state_intervals.select(
        "person_id",
        "start_month",
        "stop_month",
        outcome=pl.col("from_state").replace_strict(OUTCOME_OF, default="unknown"),
    ).sort("start_month")
    starts = (
        _then(episodes.select("intervention_id", "person_id", at=_month(extract)), lives, -1)
        .filter(pl.col("outcome") == "support")
        .group_by("intervention_id", "person_id")
        .agg(pl.col("at").min())
    )
    known = set(lives["outcome"].unique())
    asked = [name for name in _OUTCOMES if name != "work" or name in known]
    schema = published("after_start").schema
    tables = [published("after_start").empty()]
    for n_months in months:
        then = _then(starts.filter(pl.col("at") + n_months <= last), lives, n_months)
        for outcome in asked:
            counted = then.group_by("intervention_id").agg(
                all=pl.len(), yes=pl.col("outcome").is_in(members_of(outcome)).sum()
            )
            answers = counted.unpivot(
                index="intervention_id", variable_name="answer", value_name="n_persons"
            ).join(counted.select("intervention_id", n_whole="all"), on="intervention_id")
            tables.append(
                answers.with_columns(
                    outcome=pl.lit(outcome),
                    month=pl.lit(n_months),
                    share=pl.col("n_persons") / pl.col("n_whole"),
                )
                .select(schema.names())
                .cast(dict(schema))
            )
    return pl.concat(tables).sort(published("after_start").keys)


def _then(starts: pl.DataFrame, lives: pl.DataFrame, n_months: int) -> pl.DataFrame:
    """Starts (at) with the outcome so many months later; only those in which it is known whether
    there was one.
    """
    return (
        starts.with_columns(start_month=(pl.col("at") + n_months).cast(pl.Int32))
        .sort("start_month")
        .join_asof(lives, on="start_month", by="person_id", check_sortedness=False)
        .filter(pl.col("start_month") < pl.col("stop_month"))
    )


def _month(extract: Extract) -> pl.Expr:
    return month_number_expr("start").cast(pl.Int32) - month_number(extract.first_month)
