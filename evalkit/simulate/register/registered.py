"""What a municipality registers of a simulated city's people: payments, households, participation,
and in place of livelihoods the reason why a household's support ended, where somebody wrote one.
"""

import numpy as np
import polars as pl

from evalkit.months import month_number, month_number_expr
from evalkit.simulate.city.city import City
from evalkit.simulate.population.lives import Lives
from evalkit.simulate.population.streams import Purpose, uniforms

# Months without payment after which a case is closed, and its reason written down.
CLOSED_AFTER_MONTHS = 3


def registered(
    city: City, lives: Lives, tables: dict[str, pl.DataFrame], *, missing_share: float
) -> dict[str, pl.DataFrame]:
    """The tables without livelihoods, and income_support with an exit reason.

    Parameters
    ----------
    lives : Lives
        The lives that the tables were made of.
    tables : dict of DataFrame
        As `person_tables` makes them.
    missing_share : float
        The share of reasons that nobody wrote down, at random. 0 to 1.

    Returns
    -------
    dict of DataFrame
        The same tables but livelihood. `exit_reason` stands in the last month before
        CLOSED_AFTER_MONTHS or more without payment to the household: the state of its applicant in
        the month after, where that is known and the months are over before the extract is.
    """
    last_month = lives.observed.shape[1] - 1 + month_number(city.first_month)
    payments = tables["income_support"].with_columns(number=month_number_expr("month"))
    ends = payments.filter(
        (
            pl.col("number").shift(-1).over("household_id", order_by="number").fill_null(2**30)
            > pl.col("number") + CLOSED_AFTER_MONTHS
        )
        & (pl.col("number") + CLOSED_AFTER_MONTHS <= last_month)
    )
    leads = tables["household_member"].filter(role="lead")
    ended = ends.select("household_id", "month", "number").join(
        leads.select("household_id", "month", "person_id"), on=["household_id", "month"]
    )
    after = ended.with_columns(pl.col("month").dt.offset_by("1mo").alias("after")).sort("after")
    known = (
        after.join_asof(
            tables["livelihood"].sort("start"),
            left_on="after",
            right_on="start",
            by="person_id",
            check_sortedness=False,
        )
        .filter(
            pl.col("state").is_not_null(),
            (pl.col("end") > pl.col("after")).fill_null(True),
            pl.col("state") != "support",
        )
        .sort("household_id", "month")
    )
    numbers = known["person_id"].str.slice(1).cast(pl.Int64).to_numpy()
    keys = lives.people.key[np.searchsorted(lives.people.number, numbers)]
    drawn = uniforms(keys, known["number"].to_numpy(), Purpose.EXIT_REASON)
    written = known.filter(pl.Series(drawn >= missing_share)).select(
        "household_id", "month", exit_reason="state"
    )
    with_reasons = tables["income_support"].join(
        written, on=["household_id", "month"], how="left", maintain_order="left"
    )
    return {
        **{name: table for name, table in tables.items() if name != "livelihood"},
        "income_support": with_reasons,
    }
