"""What in the payments says that a month was no month on support, or that support did not end when
a reason for its end stands there: counted beside the faults of the livelihood timeline.

recovered_in_full, recovered_in_part: months both paid and taken back, of which nothing or something
is left; only the latter are months on support. no_decision_on_support: months with payments of
other decisions alone (advances, aid against repayment, waivers, recoveries of earlier payments).
exit_before_last_payment: reasons for which support ended, in a month after which it went on (gaps
bridged); the spell goes on and the reason tells nothing. exit_without_support: reasons in a month
that is not on support itself; no spell ends in it, so that they tell no spell's exit.
"""

import polars as pl

from evalkit.payments import PAYMENT_FAULTS, paid_and_recovered, support_months
from evalkit.spells.extent import Extent
from evalkit.spells.paid_months import adults_of, paid_runs

_KEYS = ["household_id", "month"]


def payment_faults(
    income_support: pl.DataFrame, household_member: pl.DataFrame, *, extent: Extent
) -> pl.DataFrame:
    """The number of months of each kind, each adult of a household counted.

    Parameters
    ----------
    income_support, household_member : DataFrame
        Admitted tables; `decision` and `exit_reason` may be missing.
    extent : Extent
        Months outside it are not looked at.

    Returns
    -------
    DataFrame
        fault (all of PAYMENT_FAULTS), n_faults and n_person_months (months of a person), n_persons.
    """
    payments = income_support.filter(
        pl.col("month").is_between(extent.first_month, extent.data_through)
    )
    found = [
        adults_of(household_member, months).select("person_id", fault=pl.lit(fault))
        for fault, months in _months_of_decisions(payments)
    ]
    found += _misplaced_exits(payments, household_member, extent)
    nothing = pl.LazyFrame(schema={"person_id": pl.String, "fault": pl.String})
    counted = (
        pl.concat([nothing, *found])
        .group_by("fault")
        .agg(
            n_faults=pl.len().cast(pl.Int32),
            n_person_months=pl.len().cast(pl.Int64),
            n_persons=pl.col("person_id").n_unique().cast(pl.Int32),
        )
        .collect()
    )
    return (
        pl.DataFrame({"fault": PAYMENT_FAULTS})
        .join(counted, on="fault", how="left", maintain_order="left")
        .with_columns(pl.col("n_faults", "n_person_months", "n_persons").fill_null(0))
    )


def _months_of_decisions(payments: pl.DataFrame) -> list[tuple[str, pl.LazyFrame]]:
    """Months of households by what their decisions say, where the table has decisions."""
    _, recovered = paid_and_recovered(payments)
    if recovered is None:
        return []
    left = pl.col("left")
    in_full = recovered.filter(left <= 0).select(_KEYS)
    in_part = recovered.filter((left > 0) | left.is_null()).select(_KEYS)
    others = (
        payments.lazy()
        .filter(pl.col("decision").is_not_null())
        .select(_KEYS)
        .unique()
        .join(support_months(payments), on=_KEYS, how="anti")
        .join(in_full, on=_KEYS, how="anti")
    )
    return [
        ("recovered_in_full", in_full),
        ("recovered_in_part", in_part),
        ("no_decision_on_support", others),
    ]


def _misplaced_exits(
    payments: pl.DataFrame, household_member: pl.DataFrame, extent: Extent
) -> list[pl.LazyFrame]:
    """Adults' months with a reason for the end of support in which support did not end: within or
    just before a run of months on support that goes on, or outside all runs.
    """
    if "exit_reason" not in payments.columns:
        return []
    reasons = payments.lazy().filter(pl.col("exit_reason").is_not_null()).select(_KEYS).unique()
    told = adults_of(household_member, reasons).select("person_id", "month").unique()
    runs = paid_runs(payments, household_member, extent)
    met = told.join(runs, on="person_id", how="inner").filter(
        pl.col("month").is_between(pl.col("first_paid") - 1, pl.col("last_paid"))
    )
    goes_on = met.filter(pl.col("month") < pl.col("last_paid"))
    return [
        rows.select("person_id", "month").unique().select("person_id", fault=pl.lit(fault))
        for fault, rows in (
            ("exit_before_last_payment", goes_on),
            ("exit_without_support", told.join(met, on=["person_id", "month"], how="anti")),
        )
    ]
