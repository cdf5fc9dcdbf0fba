"""The states that registered reasons tell: why support ended, and why an intervention did.

A reason tells a state where its code is the name of one, as a list of codes makes it. It tells the
month after the one in which it stands, and all that come where nobody comes back from the state; it
tells nothing where the person is on support in that month, since support did not end then.
"""

import polars as pl

from evalkit.line.states import LIVELIHOOD_PRIORITY, STATES
from evalkit.months import free_from_expr, month_number_expr
from evalkit.spells.extent import Extent

_SCHEMA = {"person_id": pl.String, "last_month": pl.Int32, "state": pl.String, "source": pl.String}
_FINAL = STATES.filter(pl.col("state_class") == "out")["state"].to_list()
# Support does not end in support.
_RANKS = {
    state: rank
    for rank, state in enumerate(LIVELIHOOD_PRIORITY)
    if state not in ("support", "unknown")
}


def registered_reasons(
    income_support: pl.DataFrame | pl.LazyFrame,
    household_member: pl.DataFrame | pl.LazyFrame,
    participation: pl.DataFrame | pl.LazyFrame | None = None,
) -> pl.DataFrame:
    """The states that reasons tell, of each adult and month in which one stands.

    Parameters
    ----------
    income_support, household_member, participation : DataFrame or LazyFrame
        Admitted tables; `exit_reason` and `end_reason` may be missing.

    Returns
    -------
    DataFrame
        person_id, last_month (number of the month in which the reason stands: the last of support,
        or of the episode), state, source (exit_reason, end_reason). One row per person, month and
        source: of several reasons the state that stands first in LIVELIHOOD_PRIORITY.
    """
    found = []
    if "exit_reason" in income_support.collect_schema():
        found.append(_exit_reasons(income_support.lazy(), household_member.lazy()))
    if participation is not None and "end_reason" in participation.collect_schema():
        found.append(_end_reasons(participation.lazy()))
    if not found:
        return pl.DataFrame(schema=_SCHEMA)
    ranks = pl.col("state").replace_strict(_RANKS, return_dtype=pl.Int32)
    return (
        pl.concat(found)
        .group_by("person_id", "last_month", "source")
        .agg(pl.col("state").sort_by(ranks).first())
        .select(list(_SCHEMA))
        .collect(engine="streaming")
        .sort("person_id", "last_month", "source")
    )


def told_after(reasons: pl.DataFrame) -> pl.DataFrame:
    """The state of the month after each month in which a reason stands, as far as reasons alone
    tell it: an exit reason is believed before an end reason.

    Returns
    -------
    DataFrame
        person_id, last_month (number), state.
    """
    by_source = reasons.sort("person_id", "last_month", pl.col("source") != "exit_reason")
    return by_source.unique(["person_id", "last_month"], keep="first", maintain_order=True).drop(
        "source"
    )


def told_periods(
    reasons: pl.DataFrame, runs: pl.DataFrame, *, source: str, extent: Extent
) -> pl.DataFrame:
    """The months that the reasons of one source tell.

    Parameters
    ----------
    reasons : DataFrame
        As `registered_reasons` gives them.
    runs : DataFrame
        Runs of paid months (person_id, first_paid, last_paid), as `paid_runs` makes them.
    source : str
        exit_reason or end_reason.
    extent : Extent
        As the runs were made.

    Returns
    -------
    DataFrame
        person_id, state, start, stop (months since the first): the month after the reason's, and
        all that come where the state is final; each up to the next reason and the next payment.
    """
    n_months = extent.n_months
    start = pl.col("last_month") + 1 - extent.first
    lasting = pl.when(pl.col("state").is_in(_FINAL)).then(n_months).otherwise(start + 1)
    periods = (
        reasons.filter(source=source)
        .sort("person_id", "last_month")
        .select("person_id", "state", start=start, stop=pl.min_horizontal(lasting, n_months))
    )
    later = runs.select(
        "person_id",
        ends=pl.col("last_paid") + 1 - extent.first,
        paid_again=pl.col("first_paid") - extent.first,
    )
    # The first run that has not ended when the period begins: it has begun, or begins later.
    met = periods.sort("start").join_asof(
        later.sort("ends"),
        left_on="start",
        right_on="ends",
        by="person_id",
        strategy="forward",
        allow_exact_matches=False,
        check_sortedness=False,
    )
    ordered = met.sort("person_id", "start")
    next_start = pl.col("start").shift(-1).over("person_id")
    return ordered.select(
        "person_id",
        "state",
        "start",
        stop=pl.min_horizontal("stop", next_start, "paid_again"),
    ).filter((pl.col("start") >= 0) & (pl.col("stop") > pl.col("start")))


def _exit_reasons(payments: pl.LazyFrame, members: pl.LazyFrame) -> pl.LazyFrame:
    registered = payments.filter(pl.col("exit_reason").is_in(list(_RANKS))).select(
        "household_id", "month", state="exit_reason"
    )
    return (
        members.filter(pl.col("role") != "child")
        .join(registered, on=["household_id", "month"], how="inner")
        .select(
            "person_id",
            last_month=month_number_expr("month"),
            state="state",
            source=pl.lit("exit_reason"),
        )
    )


def _end_reasons(participation: pl.LazyFrame) -> pl.LazyFrame:
    return participation.filter(
        pl.col("end").is_not_null() & pl.col("end_reason").is_in(list(_RANKS))
    ).select(
        "person_id",
        last_month=free_from_expr("end") - 1,
        state="end_reason",
        source=pl.lit("end_reason"),
    )
