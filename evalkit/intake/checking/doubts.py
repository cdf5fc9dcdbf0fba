"""Rows that are kept and doubtful because of other rows: told twice, earlier than what they belong
to, or too few places for the people in them. Which of them is wrong nobody but the sender knows.
"""

from collections.abc import Mapping

import polars as pl

from evalkit.intake.checking.checked import Checked
from evalkit.intake.checking.rules import in_words
from evalkit.intake.checking.table_rules import ROW, rejection
from evalkit.intake.contracts.contract import DOUBTS, CustomRule
from evalkit.intake.reading.delivered import FILE, LINE


def with_doubts(checked: Checked, others: Mapping[str, Checked]) -> Checked:
    """A table with the flags of its rules over several rows; those that compare with a table that
    nobody delivered are not asked.

    Parameters
    ----------
    checked : Checked
        The table, without the rows that are set aside.
    others : mapping of Checked
        All delivered tables, likewise.
    """
    rules = [rule for rule in checked.contract.rules if rule.rule in DOUBTS]
    if not rules:
        return checked
    asked = dict.fromkeys(column for rule in rules for column in rule.columns)
    rows = _accepted(checked, *asked, FILE, LINE).with_columns(pl.col(ROW).cast(pl.Int64))
    flags = [
        rejection(doubtful, ", ".join(rule.columns), rule.name, in_words(rule))
        for rule in rules
        if (doubtful := _doubtful(rows, rule, others)) is not None
    ]
    return checked.with_flags(flags)


def _doubtful(
    rows: pl.DataFrame, rule: CustomRule, others: Mapping[str, Checked]
) -> pl.DataFrame | None:
    if rule.rule == "told_once":
        return _told_again(rows, rule)
    table, columns = rule.others
    if table not in others:
        return None
    there = _accepted(others[table], *rule.arguments["by"], *columns)
    find = {
        "belongs_to": _without_partner,
        "not_before": _too_early,
        "covers_people": _too_few_places,
    }[rule.rule]
    return find(rows, rule, there, columns).sort(ROW)


def _accepted(checked: Checked, *columns: str) -> pl.DataFrame:
    """Some columns of the rows that are accepted, with their positions as _row."""
    rows = checked.rows.select(columns).with_row_index(ROW)
    return rows if checked.is_accepted.all() else rows.filter(pl.Series(checked.is_accepted))


def _told_again(rows: pl.DataFrame, rule: CustomRule) -> pl.DataFrame:
    """Rows that are the same in some columns as another one: all of them."""
    asked = rows.filter(pl.col(rule.arguments["where"]).is_in(rule.arguments["is_one_of"]))
    return asked.filter(pl.len().over(rule.arguments["columns"]) > 1)


def _without_partner(
    rows: pl.DataFrame, rule: CustomRule, there: pl.DataFrame, columns: tuple[str, ...]
) -> pl.DataFrame:
    """Rows that belong to no row of the other table."""
    return rows.join(there, on=rule.arguments["by"], how="anti")


def _too_early(
    rows: pl.DataFrame, rule: CustomRule, there: pl.DataFrame, columns: tuple[str, ...]
) -> pl.DataFrame:
    """Rows earlier than the first of what they belong to; those that belong to nothing are not."""
    by, (start,) = rule.arguments["by"], columns
    first = there.group_by(by).agg(_first=pl.col(start).min())
    return rows.join(first, on=by).filter(pl.col(rule.arguments["column"]) < pl.col("_first"))


def _too_few_places(
    rows: pl.DataFrame, rule: CustomRule, there: pl.DataFrame, columns: tuple[str, ...]
) -> pl.DataFrame:
    """Rows of a month with fewer places than people on its first day."""
    by, month, (start, end) = rule.arguments["by"], rule.arguments["month"], columns
    came = there.select(*by, pl.col(start).alias("_day"), _n=pl.lit(1))
    went = there.filter(pl.col(end).is_not_null()).select(
        *by, pl.col(end).alias("_day"), _n=pl.lit(-1)
    )
    inside = (
        pl.concat([came, went])
        .group_by(*by, "_day")
        .agg(pl.col("_n").sum())
        .sort("_day")
        .with_columns(_people=pl.col("_n").cum_sum().over(by))
    )
    return (
        rows.sort(month)
        .join_asof(inside, left_on=month, right_on="_day", by=by, check_sortedness=False)
        .filter(pl.col("_people") > pl.col(rule.arguments["column"]))
    )
