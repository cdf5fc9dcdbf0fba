"""Which payments of income support make a month one on support: those of a decision on support, as
far as they are not taken back. The one place where this is decided.

Advances on a benefit, aid against repayment and waivers are money of another kind, and what is
taken back is no support either: a month both paid and recovered is on support where something is
left.
"""

import polars as pl

# Kinds of decision that a payment can rest on; a payment without one rests on support.
SUPPORT, RECOVERY = "support", "recovery"
# What in the payments does not make a month on support, or did not end it, by name.
PAYMENT_FAULTS = (
    "recovered_in_full",
    "recovered_in_part",
    "no_decision_on_support",
    "exit_before_last_payment",
    "exit_without_support",
)
_KEYS = ["household_id", "month"]


def support_months(income_support: pl.DataFrame | pl.LazyFrame) -> pl.LazyFrame:
    """The months on support of each household.

    Parameters
    ----------
    income_support : DataFrame or LazyFrame
        Admitted table. A row without an amount counts as paid, one with the amount zero does not;
        `decision` may be missing. What is taken back is counted by its size, whatever its sign.

    Returns
    -------
    LazyFrame
        household_id, month (first day); a month may stand more than once.
    """
    paid, recovered = paid_and_recovered(income_support)
    months = paid.select(_KEYS)
    if recovered is None:
        return months
    in_full = recovered.filter(pl.col("left") <= 0)
    return months.join(in_full, on=_KEYS, how="anti")


def paid_and_recovered(
    income_support: pl.DataFrame | pl.LazyFrame,
) -> tuple[pl.LazyFrame, pl.LazyFrame | None]:
    """The payments of support, and the months of which some was taken back.

    Returns
    -------
    tuple of LazyFrame
        The rows of support that were paid; household_id, month and what is `left` of the amount
        (null where an amount is not known), or None where the table has no decisions.
    """
    rows = income_support.lazy()
    is_paid = pl.col("amount").is_null() | (pl.col("amount") > 0)
    if not _has_decisions(income_support):
        return rows.filter(is_paid), None
    paid = rows.filter(pl.col("decision").fill_null(SUPPORT) == SUPPORT, is_paid)
    taken_back = (
        rows.filter(pl.col("decision") == RECOVERY)
        .group_by(_KEYS)
        .agg(taken_back=pl.col("amount").abs().sum())
    )
    # Where one of the amounts is not known, nobody knows what is left.
    amount = pl.when(pl.col("amount").is_not_null().all()).then(pl.col("amount").sum())
    recovered = (
        paid.join(taken_back, on=_KEYS, how="inner")
        .group_by(_KEYS)
        .agg(left=amount - pl.col("taken_back").first())
    )
    return paid, recovered


def _has_decisions(income_support: pl.DataFrame | pl.LazyFrame) -> bool:
    if isinstance(income_support, pl.DataFrame) and "decision" in income_support.columns:
        return income_support["decision"].null_count() < income_support.height
    return "decision" in income_support.collect_schema()
