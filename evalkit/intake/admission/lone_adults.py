"""Households without a list of their members: each is one adult, the person of the same id."""

from collections.abc import Collection, Mapping
from dataclasses import replace

import polars as pl

from evalkit.intake.contracts.contract import Contract, Reference
from evalkit.line.delivered import delivered
from evalkit.line.needs import HOUSEHOLDS

IS_PERSON = "household_is_person"
NOTE = "was not delivered: each household is taken as one adult, the person of the same id"


def with_lone_adults(
    contracts: Mapping[str, Contract], tables: Collection[str]
) -> dict[str, Contract]:
    """The contracts under which a household without members is a person: where no members were
    delivered, references to them become references to persons.
    """
    if HOUSEHOLDS in tables or HOUSEHOLDS not in contracts:
        return dict(contracts)
    return {
        table: replace(contract, references=tuple(map(_to_person, contract.references)))
        for table, contract in contracts.items()
    }


def lone_adults(income_support: pl.DataFrame) -> pl.DataFrame:
    """The table household_member of households that are one adult each, in the order of its keys.

    Parameters
    ----------
    income_support : DataFrame
        The admitted table, in the order of its keys.
    """
    known = {
        "household_id": pl.col("household_id"),
        "person_id": pl.col("household_id"),
        "month": pl.col("month"),
        "role": pl.lit("lead"),
    }
    keys = ["household_id", "month"]
    is_by_decision = income_support["decision"].count() > 0
    # A month with payments of several decisions is one month of the household.
    months = income_support.unique(keys, maintain_order=True) if is_by_decision else income_support
    return months.select(
        known.get(name, pl.lit(None)).cast(kind).alias(name)
        for name, kind in delivered()[HOUSEHOLDS].schema.items()
    )


def _to_person(link: Reference) -> Reference:
    if link.to_table != HOUSEHOLDS:
        return link
    return Reference(IS_PERSON, ("household_id",), "person", ("person_id",))
