"""Postings under the area of costs that they were booked on and the one that they belong to."""

from functools import reduce

import polars as pl

from evalkit.line.accounts import NOT_MAPPED, AccountsFile, Recoding
from evalkit.line.tables import published

_ANY = "*"


def mapped_postings(account: pl.DataFrame, reading: AccountsFile) -> pl.DataFrame:
    """The postings with the area that their account belongs to, and the one that they belong to by
    the rules.

    Parameters
    ----------
    account : DataFrame
        The delivered table.
    reading : AccountsFile
        Chart of accounts and rules. Without a chart the area that the sender gave holds.

    Returns
    -------
    DataFrame
        The same rows with booked_area, recoded_area and rule (none where the posting stays). What
        neither chart nor sender places is "not_mapped".
    """
    booked = account.with_columns(booked_area=_area_of_account(account, reading))
    rule = _first_rule(reading.rules)
    to = {rule.key: rule.to for rule in reading.rules}
    recoded = pl.coalesce(
        pl.col("rule").replace_strict(to, default=None, return_dtype=pl.String), "booked_area"
    )
    return (
        booked.with_columns(rule=rule)
        .with_columns(recoded_area=recoded)
        .with_columns(rule=pl.when(pl.col("recoded_area") != pl.col("booked_area")).then("rule"))
    )


def moved_postings(postings: pl.DataFrame, reading: AccountsFile) -> pl.DataFrame:
    """The trail: every posting that a rule has moved.

    Parameters
    ----------
    postings : DataFrame
        `mapped_postings`.
    reading : AccountsFile
        The rules, for their grades.

    Returns
    -------
    DataFrame
        The table account_moves.
    """
    grades = {rule.key: rule.grade for rule in reading.rules}
    return (
        postings.filter(pl.col("rule").is_not_null())
        .with_columns(
            value_grade=pl.col("rule").replace_strict(grades, default=None, return_dtype=pl.String)
        )
        .select(list(published("account_moves").schema))
        .sort("district", "year", "posting_id")
    )


def _area_of_account(account: pl.DataFrame, reading: AccountsFile) -> pl.Expr:
    if not reading.areas:
        return pl.col("cost_area").fill_null(NOT_MAPPED)
    codes = account["account_code"].unique()
    return pl.col("account_code").replace_strict(
        {code: _area_of(code, reading) for code in codes}, return_dtype=pl.String
    )


def _area_of(code: str, reading: AccountsFile) -> str:
    """The area whose account this is; of several beginnings the longest."""
    found = [
        (len(named), area.key)
        for area in reading.areas
        for named in area.accounts
        if code == named or (named.endswith(_ANY) and code.startswith(named[:-1]))
    ]
    return max(found, default=(0, NOT_MAPPED))[1]


def _first_rule(rules: tuple[Recoding, ...]) -> pl.Expr:
    none = pl.lit(None, dtype=pl.String)
    return reduce(
        lambda otherwise, rule: pl.when(_holds(rule)).then(pl.lit(rule.key)).otherwise(otherwise),
        reversed(rules),
        none,
    )


def _holds(rule: Recoding) -> pl.Expr:
    asked = [pl.col("side") == rule.side]
    if rule.accounts:
        asked.append(_is_one_of("account_code", rule.accounts))
    if rule.activities:
        asked.append(_is_one_of("activity_code", rule.activities))
    if rule.stated_area:
        asked.append(pl.col("cost_area") == rule.stated_area)
    if rule.posting:
        asked.append(
            pl.col("posting_id").str.to_lowercase().str.contains(rule.posting.lower(), literal=True)
        )
    if rule.from_year:
        asked.append(pl.col("year") >= rule.from_year)
    if rule.to_year:
        asked.append(pl.col("year") <= rule.to_year)
    return pl.all_horizontal(asked).fill_null(False)


def _is_one_of(column: str, codes: tuple[str, ...]) -> pl.Expr:
    whole = [code for code in codes if not code.endswith(_ANY)]
    begins = [pl.col(column).str.starts_with(code[:-1]) for code in codes if code.endswith(_ANY)]
    return pl.any_horizontal(pl.col(column).is_in(whole), *begins)
