"""The columns of a regression, made of covariates as they are asked for: numbers, categories, or a
formula.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import polars as pl

from evalkit.errors import EstimationError, first_few, nearest
from evalkit.frames import Frame, as_polars
from evalkit.survival.regression.formula import evaluate, is_formula, read_formula

_CATEGORIES = (pl.String, pl.Categorical, pl.Enum)


@dataclass(frozen=True)
class Design:
    """How covariates become columns of numbers, the same for whoever is predicted later.

    asked : the covariates as they were asked for, or the columns that a formula reads. names : the
    columns of the model. levels : of each category the levels, of which the first has no column of
    its own. formula : as it was written, if covariates were; spec : what formulaic remembers of it.
    """

    asked: tuple[str, ...]
    names: tuple[str, ...]
    levels: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    formula: str | None = None
    spec: Any = None

    def of(self, table: pl.DataFrame) -> pl.DataFrame:
        """The table with the columns of the model, each a finite number in every row.

        Raises
        ------
        EstimationError
            If a covariate is not there, missing in some rows, or of a level that the model does
            not know.
        """
        _refuse_unfit(table, self.asked, self.levels)
        if self.formula is not None:
            return table.with_columns(evaluate(self.spec, table, self.formula)[1])
        return table.with_columns(
            (pl.col(name).cast(pl.String) == level).cast(pl.Int8).alias(column)
            for name, levels in self.levels.items()
            for level, column in zip(levels[1:], _columns_of(name, levels), strict=True)
        )


def in_memory(table: Frame) -> pl.DataFrame:
    """A table of any kind as polars, its rows in memory.

    Raises
    ------
    EstimationError
        If it is lazy, or no table.
    """
    table = as_polars(table, name="spells")
    if isinstance(table, pl.LazyFrame):
        raise EstimationError(
            "A regression needs its rows in memory, and got a lazy table.",
            where="spells or people",
            why="Curves are counted from a stream; a regression reads every row several times.",
            fix="select the columns in use and collect them: spells.select(...).collect().",
        )
    return table


def design_of(table: Frame, covariates: Sequence[str] | str) -> tuple[pl.DataFrame, Design]:
    """The table with the columns of a model, and how they were made.

    Parameters
    ----------
    table : table
        The spells, as polars, pandas or Arrow.
    covariates : sequence of str, or str
        Columns of numbers, true/false or categories (text; the first level is what the others are
        compared with: alphabetical, or an Enum's own order), or a formula as formulaic reads it:
        "age + C(sex) + age:trained + bs(age, df=4)".

    Raises
    ------
    EstimationError
        If nothing is named, a column is not there, holds missing values or a single level, or the
        formula cannot be read.
    """
    table = in_memory(table)
    if isinstance(covariates, str) and covariates not in table.columns:
        if is_formula(covariates):
            return _by_formula(table, covariates)
        covariates = [covariates]
    asked = (covariates,) if isinstance(covariates, str) else tuple(covariates)
    _refuse_unfit(table, asked, {})
    levels = {name: _levels(table[name]) for name in asked if table.schema[name] in _CATEGORIES}
    _refuse_single(levels)
    names = [
        column
        for name in asked
        for column in (_columns_of(name, levels[name]) if name in levels else (name,))
    ]
    design = Design(asked, tuple(names), levels)
    return design.of(table), design


def _columns_of(name: str, levels: Sequence[str]) -> tuple[str, ...]:
    return tuple(f"{name}: {level}" for level in levels[1:])


def _levels(column: pl.Series) -> tuple[str, ...]:
    found = column.drop_nulls().unique().cast(pl.String).to_list()
    if isinstance(column.dtype, pl.Enum):
        return tuple(level for level in column.dtype.categories if level in found)
    return tuple(sorted(found))


def _refuse_single(levels: Mapping[str, tuple[str, ...]]) -> None:
    single = [name for name, found in levels.items() if len(found) < 2]
    if single:
        raise EstimationError(
            f"{len(single)} covariate{'s have' if len(single) > 1 else ' has'} one level only.",
            where=f"columns {', '.join(single)}",
            why="Where everybody is alike nothing can be compared.",
            fix="leave it out, or look at the filter before.",
        )


def _refuse_unfit(
    table: pl.DataFrame, names: Sequence[str], levels: Mapping[str, tuple[str, ...]]
) -> None:
    if not names:
        raise EstimationError(
            "No covariate is named.",
            where="covariates: none",
            why="A regression explains an outcome by at least one column.",
            fix='name columns, or write a formula: covariates="age + C(sex)".',
        )
    missing = [name for name in names if name not in table.columns]
    if missing:
        hints = "; ".join(f'"{name}": {nearest(name, table.columns)}' for name in missing)
        raise EstimationError(
            f"{len(missing)} covariate{'s name' if len(missing) > 1 else ' names'} no column.",
            where=f"columns {', '.join(missing)}",
            why=f"Columns found: {first_few(table.columns, 12)}.",
            fix=f"name a column that exists ({hints}).",
        )
    unfit = [name for name in names if not _is_whole(table[name], levels.get(name))]
    if unfit:
        raise EstimationError(
            f"{len(unfit)} covariate{'s' if len(unfit) > 1 else ''} cannot be used.",
            where="; ".join(f'column "{name}": {_fault(table[name])}' for name in unfit),
            why="A covariate is a column of numbers, true/false or categories, without missing "
            "values, and in a prediction of levels that the model knows.",
            fix="complete or drop rows with missing values; turn dates and lists into numbers.",
        )


def _is_whole(column: pl.Series, levels: tuple[str, ...] | None) -> bool:
    if column.dtype in _CATEGORIES:
        is_known = levels is None or column.cast(pl.String).is_in(list(levels)).fill_null(False)
        return not column.null_count() and (is_known is True or bool(is_known.all()))
    if column.dtype.is_numeric() or column.dtype == pl.Boolean:
        return bool(column.cast(pl.Float64).is_finite().fill_null(False).all())
    return False


def _fault(column: pl.Series) -> str:
    n_missing = column.null_count()
    if not n_missing and column.dtype.is_float():
        n_missing = int((~column.is_finite()).sum())
    if n_missing:
        return f"missing in {n_missing} rows"
    is_of_levels = column.dtype in _CATEGORIES
    return "a level that the model does not know" if is_of_levels else f"holds {column.dtype}"


def _by_formula(table: pl.DataFrame, formula: str) -> tuple[pl.DataFrame, Design]:
    right, asked = read_formula(formula)
    _refuse_unfit(table, asked, {})
    categories = [name for name in asked if table.schema[name] in _CATEGORIES]
    _refuse_single({name: _levels(table[name]) for name in categories})
    spec, values = evaluate(right, table, formula)
    design = Design(asked, tuple(values.columns), formula=formula, spec=spec)
    return table.with_columns(values), design
