"""Rules on rows: a contract compiled to polars expressions, each true where a row breaks the rule.

Rules are named after what they ask for (`state_in_list`, `end_after_start`). An empty cell breaks
only the rule that it must be filled.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import polars as pl

from evalkit.intake.checking.cells import unreadable_flag
from evalkit.intake.contracts.contract import DOUBTS, Contract, ContractColumn, CustomRule
from evalkit.intake.reading.delivered import IS_WHOLE
from evalkit.months import add_months
from evalkit.payments import RECOVERY

_KIND_IN_WORDS = {
    "string": "text",
    "integer": "a whole number",
    "number": "a number",
    "date": "a date written YYYY-MM-DD",
    "boolean": "true or false",
}
# Hours are written with decimals, whose sum is not exact.
_ROUNDING = 1e-6
_HOURS_PER_DAY = 24


@dataclass(frozen=True)
class Extent:
    """What rules compare a table with: the districts and the first month of the extract, and the
    last month known of the table (None: it holds no dates).
    """

    districts: tuple[str, ...]
    first_month: date
    data_through: date | None


@dataclass(frozen=True)
class RowRule:
    """A rule that a single row can break: name, columns, a sentence for the sender, an expression
    that is true for rows that break it, and whether they are kept and flagged.
    """

    name: str
    column: str
    sentence: str
    fails: pl.Expr
    is_flag: bool = False


def compile_row_rules(
    contract: Contract, delivered_columns: Sequence[str], extent: Extent
) -> list[RowRule]:
    """The rules of a contract that a single row can break, for the columns that were delivered."""
    rules = [
        RowRule(
            "row_is_whole",
            "",
            "The line has more or fewer cells than there are columns.",
            ~pl.col(IS_WHOLE),
        )
    ]
    for column in contract.columns:
        if column.name in delivered_columns:
            rules += _column_rules(column)
    for custom in contract.rules:
        rules += _custom_rules(custom, extent)
    # A line whose cells cannot be told apart breaks that one rule; what stands in its cells means
    # nothing.
    return rules[:1] + [
        replace(rule, fails=rule.fails.fill_null(False) & pl.col(IS_WHOLE)) for rule in rules[1:]
    ]


def failing_values(rules: Sequence[RowRule], values: pl.Series) -> pl.DataFrame:
    """Which values of a column break the rules on that column: one column of booleans per rule.

    The cells are taken for readable ones of whole lines.
    """
    (column,) = {rule.column for rule in rules}
    flags = {unreadable_flag(column): pl.lit(False), IS_WHOLE: pl.lit(True)}
    return (
        values.alias(column)
        .to_frame()
        .with_columns(**flags)
        .select(rule.fails.alias(rule.name) for rule in rules)
    )


def _column_rules(column: ContractColumn) -> list[RowRule]:
    name, value, unreadable = column.name, pl.col(column.name), pl.col(unreadable_flag(column.name))
    rules = [
        RowRule(
            f"{name}_is_{column.kind}",
            name,
            f"{name} is not {_KIND_IN_WORDS[column.kind]}.",
            unreadable,
        )
    ]
    if column.is_required:
        rules.append(
            RowRule(f"{name}_given", name, f"{name} is empty.", value.is_null() & ~unreadable)
        )
    if column.allowed:
        sentence = f"{name} is none of: {', '.join(str(allowed) for allowed in column.allowed)}."
        rules.append(RowRule(f"{name}_in_list", name, sentence, ~value.is_in(column.allowed)))
    if column.pattern:
        rules.append(
            RowRule(
                f"{name}_has_form",
                name,
                f"{name} does not have the form {column.pattern}.",
                ~value.str.contains(column.pattern),
            )
        )
    if column.limits:
        bounds = ", ".join(f"{bound} {limit:g}" for bound, limit in column.limits.items())
        fails = pl.any_horizontal(
            _outside(value, bound, limit) for bound, limit in column.limits.items()
        )
        rules.append(
            RowRule(f"{name}_in_range", name, f"{name} is outside its range ({bounds}).", fails)
        )
    return rules


def _outside(value: pl.Expr, bound: str, limit: float) -> pl.Expr:
    return {
        "minimum": value < limit,
        "maximum": value > limit,
        "exclusiveMinimum": value <= limit,
        "exclusiveMaximum": value >= limit,
    }[bound]


def _custom_rules(custom: CustomRule, extent: Extent) -> list[RowRule]:
    columns = custom.columns
    if custom.rule in ("no_personnummer", "no_overlap", *DOUBTS) or (
        custom.rule == "known_district" and not extent.districts
    ):
        return []
    first = pl.col(columns[0])
    # A rule on the last month known is asked of columns of dates, whose table has one.
    last = extent.data_through
    after_last = pl.lit(add_months(last, 1) if last else None, pl.Date)
    fails = {
        "known_district": lambda: ~first.is_in(extent.districts),
        "first_day_of_month": lambda: first.dt.day() != 1,
        "within_extract": lambda: ~first.is_between(extent.first_month, after_last, closed="left"),
        "not_after_extract": lambda: first >= after_last,
        "over_by_extract": lambda: first > after_last,
        "end_after_start": lambda: pl.col(columns[1]) <= first,
        "given_together": lambda: first.is_null() != pl.col(columns[1]).is_null(),
        "needs": lambda: first.is_not_null() & pl.col(columns[1]).is_null(),
        "not_above": lambda: first > pl.col(columns[1]),
        "sum_not_above": lambda: (
            pl.sum_horizontal(columns[:-1]) > pl.col(columns[-1]).fill_null(0) + _ROUNDING
        ),
        "given_where": lambda: (
            pl.col(columns[-1]).is_in(custom.arguments["is_one_of"]) & first.is_null()
        ),
        "nothing_where": lambda: (
            pl.col(columns[-1]).is_in(custom.arguments["is_one_of"])
            & (pl.sum_horizontal(columns[:-1]) > 0)
        ),
        "within_month": lambda: (
            pl.max_horizontal(columns[:-1])
            > _HOURS_PER_DAY * pl.col(columns[-1]).dt.month_end().dt.day().cast(pl.Int32)
        ),
        "explained_target": lambda: _is_unexplained_target(custom.arguments),
        "negative_is_recovery": lambda: (first < 0) & pl.col(columns[1]).ne_missing(RECOVERY),
    }[custom.rule]()
    # A cell that could not be read breaks the rule of its type, and is not also taken for an empty
    # one.
    is_readable = ~pl.any_horizontal(unreadable_flag(column) for column in columns)
    return [
        RowRule(
            custom.name,
            ", ".join(columns),
            in_words(custom),
            fails & is_readable,
            custom.is_flag,
        )
    ]


def in_words(custom: CustomRule) -> str:
    """What is said of a row that breaks a rule beyond the standard."""
    said = "Kept, though this rule is broken" if custom.is_flag else "This rule is broken"
    return f"{said}: {custom.sentence}"


def _is_unexplained_target(arguments: Mapping[str, Any]) -> pl.Expr:
    """Whether a target of hours is another than the ceiling, without a reason. Where it is not
    known what lowers the ceiling, only a target above what is known of it is.
    """
    target, child, part_time = (
        pl.col(arguments[name]) for name in ("target", "child", "part_time")
    )
    whole = arguments["full_time"]
    ceiling = (whole - child * arguments["child_hours"] - part_time).clip(lower_bound=0)
    most = whole - child.fill_null(0) * arguments["child_hours"] - part_time.fill_null(0)
    is_away = (target < ceiling - _ROUNDING).fill_null(False) | (
        target > most.clip(lower_bound=0) + _ROUNDING
    )
    return is_away & pl.col(arguments["reason"]).is_null()
