"""Rules over rows: repeated keys, overlapping periods, and rows that name something not found in
another table.

Which rows are set aside does not depend on the order of rows, nor on how they are spread over
files.
"""

from datetime import date

import polars as pl

from evalkit.intake.contracts.contract import Contract, CustomRule, Reference
from evalkit.intake.reading.delivered import FILE, LINE
from evalkit.intake.reading.record_layout import PREFIX
from evalkit.tables import in_order, same_as_before

ROW, SUPERSEDED = "_row", "superseded_by_full_year"
REJECTION = pl.Schema(
    {
        "row": pl.Int64,
        "file": pl.String,
        "line": pl.Int64,
        "column": pl.String,
        "rule": pl.String,
        "sentence": pl.String,
        "follows_from": pl.String,
    }
)
NO_REJECTIONS = pl.DataFrame(schema=REJECTION)
_DAYS = 1 << 32


def rejection(
    rows: pl.DataFrame, column: str, rule: str, sentence: str, *, follows_from: str | None = None
) -> pl.DataFrame:
    """Rejections of rows by one rule: row, file, line, column, rule and sentence, but no values.

    `follows_from` is the table whose rows were set aside where that is the only fault of these.
    """
    return rows.select(
        pl.col(ROW).alias("row"),
        pl.col(FILE).alias("file"),
        pl.col(LINE).alias("line"),
        pl.lit(column).alias("column"),
        pl.lit(rule).alias("rule"),
        pl.lit(sentence).alias("sentence"),
        pl.lit(follows_from).alias("follows_from"),
    ).cast(REJECTION)


def find_superseded(rows: pl.DataFrame, contract: Contract) -> pl.DataFrame:
    """Rejections of rows from monthly records whose whole year was sent again in December."""
    if "month" not in contract.keys:
        return NO_REJECTIONS
    records = rows.filter(pl.col(FILE).str.starts_with(PREFIX)).with_columns(
        year=pl.col("month").dt.year()
    )
    if records.is_empty():
        return NO_REJECTIONS
    months = pl.col("month").dt.month()
    whole = (
        records.group_by(FILE, "year")
        .agg(is_whole=(months == 12).any() & (months.n_unique() > 1))
        .filter("is_whole")
    )
    again = records.join(whole.select("year").unique(), on="year", how="semi").join(
        whole, on=[FILE, "year"], how="anti"
    )
    sentence = "A file of the whole year, sent for December, takes the place of this month's file."
    return rejection(again, "month", SUPERSEDED, sentence)


def find_repeated_keys(rows: pl.DataFrame, contract: Contract) -> pl.DataFrame:
    """Rejections of rows with a repeated key. Of equal rows one is kept, of rows that contradict
    each other none.

    The rows stand in the order of their keys.
    """
    keys = list(contract.keys)
    repeated = rows.filter(same_as_before(keys)).select(keys).unique()
    if repeated.is_empty():
        return NO_REJECTIONS
    content = pl.struct(contract.column_names)
    doubtful = (
        rows.join(repeated.select(keys), on=keys, how="semi", nulls_equal=True)
        .sort(FILE, LINE)
        .with_columns(
            is_equal=(content.n_unique() == 1).over(keys),
            is_first=pl.struct(keys).is_first_distinct(),
        )
    )
    column = ", ".join(keys)
    again = doubtful.filter(pl.col("is_equal") & ~pl.col("is_first"))
    contradicted = doubtful.filter(~pl.col("is_equal"))
    return pl.concat(
        [
            rejection(
                again,
                column,
                "key_not_repeated",
                "The same row stands more than once; one of them was kept.",
            ),
            rejection(
                contradicted,
                column,
                "key_not_contradicted",
                "Rows with this key contradict each other; none of them was kept.",
            ),
        ]
    )


def find_overlaps(rows: pl.DataFrame, custom: CustomRule) -> pl.DataFrame:
    """Rejections of periods that begin before an earlier period of the same group has ended.

    One running maximum over the sorted table serves all groups: a group's number, times more days
    than there are, is added to each end.
    """
    by, start, end = (
        list(custom.arguments["by"]),
        custom.arguments["start"],
        custom.arguments["end"],
    )
    ordered = in_order(rows, [*by, start])
    group = pl.struct(by).rle_id().cast(pl.Int64) * _DAYS
    latest_end = (
        (group + pl.col(end).fill_null(date.max).to_physical().cast(pl.Int64)).cum_max().shift(1)
    )
    begins = group + pl.col(start).to_physical().cast(pl.Int64)
    is_same_group = group == group.shift(1)
    overlapping = ordered.filter((is_same_group & (begins < latest_end)).fill_null(False))
    return rejection(
        overlapping, ", ".join([start, end]), custom.name, f"This rule is broken: {custom.sentence}"
    )


def orphans(unnamed: pl.DataFrame, set_aside: pl.DataFrame, link: Reference) -> pl.DataFrame:
    """Rejections by a reference: rows whose target is missing, or was itself set aside."""
    column = ", ".join(link.columns)
    missing = f"{column} is not found in the table {link.to_table}."
    rejected_there = (
        f"{column} is found in the table {link.to_table} only in rows that were set aside."
    )
    return pl.concat(
        [
            rejection(unnamed, column, link.name, missing),
            rejection(set_aside, column, link.name, rejected_there, follows_from=link.to_table),
        ]
    )
