"""What the codes of reasons in an admitted extract tell: how many name a state, another reason, or
stand on no list.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import polars as pl

from evalkit.intake.contracts.code_lists import STATES_TOLD, UNKNOWN
from evalkit.intake.contracts.mapping import load_code_list, load_mapping

if TYPE_CHECKING:
    from evalkit.params import Run

# Columns of reasons, with their table.
_REASONS = (
    ("exit_reason", "income_support"),
    ("end_reason", "participation"),
)


def reason_codes(tables: Mapping[str, pl.DataFrame], run: "Run") -> pl.DataFrame:
    """The rows with a reason, by column and by what the reason tells.

    Parameters
    ----------
    tables : mapping of DataFrame
        The admitted tables.
    run : Run
        Its mapping file names the lists of codes.

    Returns
    -------
    DataFrame
        source (exit_reason, end_reason, as far as delivered), code_list (own, example, or none: the
        codes are taken as they stand), answer (all, state, other, unlisted), n_delivered (rows).
    """
    rows = [
        tables[table].select(source=pl.lit(column), answer=_answer(column)).drop_nulls("answer")
        for column, table in _REASONS
        if table in tables and column in tables[table].columns
    ]
    schema = {"source": pl.String, "answer": pl.String}
    told = pl.concat([pl.DataFrame(schema=schema), *rows])
    counted = (
        pl.concat([told, told.with_columns(answer=pl.lit("all"))])
        .group_by("source", "answer")
        .agg(n_delivered=pl.len().cast(pl.Int32))
    )
    answers = pl.DataFrame({"answer": ["all", "state", "other", "unlisted"]})
    grid = told.select("source").unique().join(answers, how="cross")
    kinds = {column: _kind_of_list(column, table, run) for column, table in _REASONS}
    return (
        grid.join(counted, on=["source", "answer"], how="left")
        .with_columns(
            pl.col("n_delivered").fill_null(0),
            code_list=pl.col("source").replace_strict(kinds, return_dtype=pl.String),
        )
        .sort("source", "answer")
    )


def _answer(column: str) -> pl.Expr:
    code = pl.col(column)
    return (
        pl.when(code.is_in(list(STATES_TOLD)))
        .then(pl.lit("state"))
        .when(code == UNKNOWN)
        .then(pl.lit("unlisted"))
        .when(code.is_not_null())
        .then(pl.lit("other"))
    )


def _kind_of_list(column: str, table: str, run: "Run") -> str:
    mapping = run.params.extract.mapping
    if mapping is None:
        return "none"
    path = run.path(mapping)
    listed = load_mapping(path).of(table).code_lists.get(column)
    if listed is None:
        return "none"
    return "example" if load_code_list(path.parent / listed).is_example else "own"
