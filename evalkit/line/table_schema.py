"""What is declared of a table."""

from dataclasses import dataclass

import polars as pl

Columns = dict[str, pl.DataType]


@dataclass(frozen=True)
class TableSchema:
    """A table's columns in order, its keys, and whether its rows are persons (or parts of a
    person's life).

    `open_columns` admits further columns after the declared ones: covariates that a mapping file
    declares.
    """

    name: str
    columns: Columns
    keys: tuple[str, ...]
    is_person_level: bool
    open_columns: bool = False
