"""Tables of counts: every number of people to the nearest five, shares from those numbers."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import polars as pl

from evalkit.disclosure.published import Published
from evalkit.disclosure.request_checks import check_table
from evalkit.disclosure.rounding import BASE, MIN_WHOLE, nearest_five, round_counts, round_measures
from evalkit.disclosure.sealing import seal_table
from evalkit.errors import DisclosureError
from evalkit.line.columns import is_counted

ROUNDED = f"rounded:{BASE}"


def protect_counts(
    table: pl.DataFrame,
    *,
    name: str,
    keys: Sequence[str],
    counts: Sequence[str],
    n_persons: str | None,
    shares: Mapping[str, tuple[str, str]] | None = None,
    spans: Mapping[str, float | str] | None = None,
    exact: Sequence[str] = (),
    listed: Sequence[Sequence[str]] = (),
    needed: Sequence[str] = (),
    **provenance: Any,
) -> Published:
    """Round every number of people to the nearest five and compute shares from what is shown.

    Parameters
    ----------
    table : DataFrame
        One row per cell.
    name : str
        The table's name; unit, source and grade follow as `provenance`, see `Published`.
    keys, counts : sequence of str
        Columns that identify a cell; columns to publish.
    n_persons : str, optional
        Column with the persons behind a row, for means and medians that stand in it: none is shown
        of fewer than 30.
    shares : mapping
        By column: the columns of the part and of the whole that it is made of. A share is the
        rounded part of the rounded whole, in whole points, where that is 30 or more.
    spans : mapping
        By column that is a mean of what people do: how far apart two of them can be in it, a number
        or a column. It is rounded to a step that one person cannot move it by.
    exact : sequence of str
        Those of `counts` that stay as they are: about nobody, or rounded where they are made.
    listed : sequence of sequences of str
        Keys, alone or together, whose values are there only because somebody is in them. Those with
        0 to 2 people in every row are left out: that they are listed would tell that there is
        somebody.
    needed : sequence of str
        Those of `counts` that the row is about, if some are: without any of them it is
        `not_estimable`.

    Raises
    ------
    DisclosureError
        If a column is missing, a key is repeated, a count is negative, a share's part or whole is
        not there, or a column holds persons' identifiers.
    """
    shares, spans = dict(shares or {}), dict(spans or {})
    behind = [*([n_persons] if n_persons else []), *(c for pair in shares.values() for c in pair)]
    behind += [span for span in spans.values() if isinstance(span, str)]
    given = [column for column in counts if column not in shares]
    _refuse_without_whole(table, shares, name)
    check_table(table, name=name, keys=keys, values=given, also=behind, grade=provenance["grade"])
    rows = _with_people(table, keys, listed).sort(keys)
    means = [
        column
        for column in given
        if rows.schema[column].is_float() and not is_counted(column) and column not in exact
    ]
    # As everybody knows it: a step that followed the true number would tell it.
    people = rows.with_columns(_people=pl.col(n_persons).fill_null(0) if n_persons else 0)
    shown = people.select(nearest_five(pl.col("_people"))).to_series().to_numpy().astype(float)
    rounded = round_measures(
        round_counts(rows, given),
        means,
        n_persons=np.maximum(shown - BASE // 2, 0),
        spans={column: _span(rows, span) for column, span in spans.items() if column in means},
    )
    is_enough = pl.Series(shown >= MIN_WHOLE, dtype=pl.Boolean)
    data = rounded.with_columns(
        *(_share(column, part, whole) for column, (part, whole) in shares.items()),
        *(pl.when(is_enough).then(pl.col(column)).alias(column) for column in means),
    )
    return seal_table(
        data,
        np.zeros(rows.height, dtype=bool),
        name=name,
        keys=keys,
        values=counts,
        rules=[
            ROUNDED,
            *([f"shares_of:{MIN_WHOLE}"] if shares else []),
            *(["one_person"] if spans else []),
        ],
        needed=needed,
        # What could be estimated of few would tell how long they were followed.
        unmasked=data.with_columns(
            pl.when(is_enough).then(rounded[column]).otherwise(0.0).alias(column)
            for column in means
        ),
        **provenance,
    )


def _refuse_without_whole(
    table: pl.DataFrame, shares: Mapping[str, tuple[str, str]], name: str
) -> None:
    alone = [
        f"{share}: {' of '.join(pair)}"
        for share, pair in shares.items()
        if not set(pair) <= set(table.columns)
    ]
    if alone:
        raise DisclosureError(
            "A share cannot be published without the numbers that it is made of.",
            where=f"table {name}, {'; '.join(alone)} (columns found: {', '.join(table.columns)})",
            why="It is computed from its rounded part and its rounded whole, so that it tells no "
            "more than they do.",
            fix="put the columns of the part and of the whole into each row.",
        )


def _with_people(
    rows: pl.DataFrame, keys: Sequence[str], listed: Sequence[Sequence[str]]
) -> pl.DataFrame:
    """The rows without the listed keys' values that have 0 to 2 people in all rows and columns."""
    counted = [
        nearest_five(pl.col(column)).fill_null(0)
        for column in rows.columns
        if column not in keys and is_counted(column, rows.schema[column])
    ]
    if not counted:
        return rows
    are_some = pl.max_horizontal(counted) > 0
    return rows.filter(*(are_some.any().over(named) for named in listed))


def _share(column: str, part: str, whole: str) -> pl.Expr:
    of = nearest_five(pl.col(whole))
    return (
        pl.when(of >= MIN_WHOLE).then((nearest_five(pl.col(part)) / of).clip(0, 1).round(2))
    ).alias(column)


def _span(rows: pl.DataFrame, span: float | str) -> np.ndarray:
    if isinstance(span, str):
        return rows[span].cast(pl.Float64).to_numpy()
    return np.full(rows.height, float(span))
