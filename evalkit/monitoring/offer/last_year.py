"""The last twelve months known, who is on support, and what the codes of the register say."""

from datetime import date

import polars as pl

from evalkit.months import add_months

N_MONTHS = 12


def first_of_last_year(through: date) -> date:
    """The first of the twelve months that end with a month."""
    return add_months(through, 1 - N_MONTHS)


def in_last_year(starts: pl.DataFrame, through: date) -> pl.DataFrame:
    """The starts of the last twelve months known (column month)."""
    return starts.filter(pl.col("month").is_between(first_of_last_year(through), through))


def with_running(spells: pl.DataFrame) -> pl.DataFrame:
    """Support spells (half-open), those that nobody has left without an end: they go on beyond the
    last month with known exits.
    """
    return spells.with_columns(end=pl.when(pl.col("exit").is_not_null()).then("end"))


def codes_of(intervention: pl.DataFrame, column: str) -> pl.DataFrame:
    """The codes of interventions, one row per intervention and code: `content` or
    `target_groups`.
    """
    return (
        intervention.select("intervention_id", code=pl.col(column).str.split(" "))
        .explode("code", empty_as_null=False)
        .drop_nulls("code")
        .unique()
        .sort("intervention_id", "code")
    )
