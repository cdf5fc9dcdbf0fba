"""Typed values as the contract means them, where a mapping file says that they mean something else:
codes beyond the list, last days, other units, ages.
"""

import polars as pl

from evalkit.intake.contracts.contract import ContractColumn
from evalkit.intake.contracts.mapping import TableMapping

_HALF_A_YEAR = 6


def with_unknown(
    value: pl.Series, column: ContractColumn, mapping: TableMapping
) -> tuple[pl.Series, int, int]:
    """Codes that neither the contract nor, where it has no list, the mapping names, as the one for
    all others; and how many codes and rows these are.
    """
    known = column.allowed or tuple(mapping.codes.get(column.name, {}).values())
    is_other = ~value.is_in(known) & value.is_not_null()
    others = value.filter(is_other)
    return value.set(is_other, mapping.unknown[column.name]), others.n_unique(), len(others)


def as_meant(value: pl.Series, column: ContractColumn, mapping: TableMapping) -> pl.Series:
    """Typed values as the contract means them: ends after last days, sums in its unit, years of
    birth instead of ages.
    """
    if column.name in mapping.last_days:
        value = _day_after(value, mapping.formats.get(column.name))
    if column.name in mapping.units:
        value = (value * mapping.units[column.name]).cast(column.dtype)
    if column.name in mapping.ages:
        day = mapping.ages[column.name]
        # By the middle of the year half have had their birthday.
        value = (day.year - (day.month <= _HALF_A_YEAR) - value).cast(column.dtype)
    return value.alias(column.name)


def _day_after(last: pl.Series, date_format: str | None) -> pl.Series:
    """The ends of periods that are named by their last day, or by their last month where dates are
    written without a day.
    """
    if not date_format or "%d" in date_format:
        return last.dt.offset_by("1d")
    # A month stands as its first day; a cell that was written in full all the same names the last
    # day.
    is_month = last.dt.day() == 1
    return last.dt.offset_by("1mo").zip_with(is_month.fill_null(True), last.dt.offset_by("1d"))
