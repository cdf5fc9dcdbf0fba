"""Support spells of a register that does not fit in memory: the same table as
`build_support_spells`, person by person in ranges of ids.

What has to be known about everybody at once is small: whether each household was paid in each
month, then whether each adult was. Both are matrices of one byte a month, filled in passes over the
files in batches; ids become the place of the id among all ids in order. Spells are then made for a
range of people at a time. Memory: households x months + people x months bytes, the ids, and one
range's tables.
"""

from collections.abc import Iterator

import numpy as np
import polars as pl

from evalkit.months import month_number_expr
from evalkit.payments import support_months
from evalkit.spells.clusters import household_clusters
from evalkit.spells.extent import Extent
from evalkit.spells.reasons import registered_reasons, told_after
from evalkit.spells.support import (
    delivered_beginnings,
    spells_of_runs,
    with_beginnings,
)

CHUNK_PERSONS = 250_000
_BATCH_ROWS = 1_000_000


def stream_support_spells(
    income_support: pl.LazyFrame,
    household_member: pl.LazyFrame,
    livelihood: pl.LazyFrame,
    person: pl.LazyFrame,
    *,
    extent: Extent,
    participation: pl.LazyFrame | None = None,
    chunk_persons: int = CHUNK_PERSONS,
) -> Iterator[pl.DataFrame]:
    """Support spells in parts: concatenated they are the table of `build_support_spells`.

    Parameters
    ----------
    income_support, household_member, livelihood, person : LazyFrame
        Admitted tables, scanned from their files; livelihood and person are read a range of ids at
        a time, which is quick where the files are in the order of person_id.
    extent, participation
        As in `build_support_spells`.
    chunk_persons : int
        People whose spells are made at a time. > 0.

    Yields
    ------
    DataFrame
        The rows of the table support_spells of the next people, in the order of person_id.
    """
    first, n_months = extent.first, extent.n_months
    is_inside = pl.col("month").is_between(extent.first_month, extent.data_through)
    payments = support_months(income_support.filter(is_inside))
    adults = household_member.filter(is_inside, pl.col("role") != "child").select(
        "household_id", "person_id", "month"
    )
    households, people = _ids(payments, "household_id"), _ids(adults, "person_id")
    is_paid = np.zeros((len(households), n_months), dtype=bool)
    for household, month in _batches(_coded(payments, first, household_id=households)):
        is_paid[household, month] = True
    coded_adults = _coded(adults, first, household_id=households, person_id=people)
    on_support = np.zeros((len(people), n_months), dtype=bool)
    for household, row, month in _batches(coded_adults):
        paid = is_paid[household, month]
        on_support[row[paid], month[paid]] = True
    runs = _runs(on_support, extent)
    runs = _with_households(runs, on_support, coded_adults, is_paid)
    runs = runs.with_columns(cluster=household_clusters(runs["row"], runs["household"]))
    del is_paid, on_support
    began = delivered_beginnings(income_support, extent)
    told = told_after(registered_reasons(income_support, household_member, participation))
    for at in range(0, len(people), chunk_persons):
        names = people[at : at + chunk_persons]
        of_chunk = runs.filter(pl.col("row").is_between(at, at + len(names) - 1))
        identified = pl.DataFrame(
            {
                "person_id": people.gather(of_chunk["row"]),
                "household_id": households.gather(of_chunk["household"]),
                "cluster_id": people.gather(of_chunk["cluster"]),
                "first_paid": of_chunk["first_paid"] + first,
                "last_paid": of_chunk["last_paid"] + first,
            }
        )
        rows = [_of_people(table, names) for table in (livelihood, person)]
        yield spells_of_runs(with_beginnings(identified, began, extent), *rows, told, extent)


def _ids(rows: pl.LazyFrame, column: str) -> pl.Series:
    """All ids of a column in order."""
    return rows.select(pl.col(column).unique()).collect(engine="streaming")[column].sort()


def _coded(rows: pl.LazyFrame, first: int, **ids: pl.Series) -> pl.LazyFrame:
    """The rows with months counted from `first` and each id column as its place among `ids`; rows
    with another id are left out.
    """
    for column, names in ids.items():
        places = pl.DataFrame(
            {column: names, f"{column}_place": np.arange(len(names), dtype=np.int32)}
        )
        rows = rows.join(places.lazy(), on=column, how="inner")
    return rows.select(
        *[f"{column}_place" for column in ids], month=month_number_expr("month") - first
    )


def _batches(rows: pl.LazyFrame) -> Iterator[tuple[np.ndarray, ...]]:
    """The columns of the rows as arrays, some rows at a time."""
    for batch in rows.collect_batches(
        chunk_size=_BATCH_ROWS, maintain_order=False, engine="streaming"
    ):
        yield tuple(batch[column].to_numpy() for column in batch.columns)


def _runs(on_support: np.ndarray, extent: Extent) -> pl.DataFrame:
    """Runs of months with gaps bridged, none beginning after the last month with known exits: row,
    first_paid, last_paid (months since the first).
    """
    chunks = []
    for at in range(0, len(on_support), CHUNK_PERSONS):
        row, month = np.nonzero(on_support[at : at + CHUNK_PERSONS])
        is_new = np.ones(len(row) + 1, dtype=bool)
        is_new[1:-1] = (np.diff(row) != 0) | (np.diff(month) > extent.max_gap_months + 1)
        starts, ends = np.flatnonzero(is_new[:-1]), np.flatnonzero(is_new[1:])
        chunks.append((row[starts] + at, month[starts], month[ends]))
    columns = (
        [np.concatenate(column).astype(np.int32) for column in zip(*chunks, strict=True)]
        if chunks
        else [np.empty(0, np.int32)] * 3
    )
    return pl.DataFrame(dict(zip(("row", "first_paid", "last_paid"), columns, strict=True))).filter(
        pl.col("first_paid") <= extent.last_known_exits - extent.first
    )


def _with_households(
    runs: pl.DataFrame, is_first: np.ndarray, adults: pl.LazyFrame, is_paid: np.ndarray
) -> pl.DataFrame:
    """The runs with the first household, by name, that was paid in their first month; `is_first` is
    written over.
    """
    is_first[:] = False
    is_first[runs["row"].to_numpy(), runs["first_paid"].to_numpy()] = True
    chunks = []
    for household, row, month in _batches(adults):
        chosen = is_first[row, month] & is_paid[household, month]
        chunks.append(
            pl.DataFrame(
                {"row": row[chosen], "first_paid": month[chosen], "household": household[chosen]}
            )
        )
    keys = ["row", "first_paid"]
    matched = pl.concat(chunks) if chunks else runs.select(*keys, household=pl.lit(0, pl.Int32))
    return runs.join(
        matched.group_by(keys).agg(pl.col("household").min()), on=keys, how="left"
    ).sort(keys)


def _of_people(table: pl.LazyFrame, names: pl.Series) -> pl.DataFrame:
    return table.filter(
        pl.col("person_id").is_between(pl.lit(names[0]), pl.lit(names[-1]))
    ).collect(engine="streaming")
