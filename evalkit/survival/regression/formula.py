"""Formulas, as formulaic reads them: which columns they name, and the columns of a model that they
become.
"""

import ast
import re
from typing import Any

import polars as pl

from evalkit.errors import EstimationError, nearest

# A formula has operators or functions; anything else is the name of one column.
_FORMULA = re.compile(r"[~+*:()|^-]")
_IN_BACKTICKS = re.compile(r"`([^`]+)`")


def is_formula(covariates: str) -> bool:
    """Whether a text is a formula, and not the name of one column."""
    return bool(_FORMULA.search(covariates))


def read_formula(formula: str) -> tuple[Any, tuple[str, ...]]:
    """The right side of a formula, and the columns that it reads, sorted.

    Raises
    ------
    EstimationError
        If it cannot be read, or calls a function that is not there; names the nearest.
    """
    from formulaic import Formula, SimpleFormula
    from formulaic.errors import FormulaicError

    try:
        right = Formula.from_spec(formula.split("~")[-1])
        if not isinstance(right, SimpleFormula):
            raise ValueError("a formula of one part is needed, without |")
        names = [_names(factor) for term in right for factor in term.factors]
    except (FormulaicError, SyntaxError, ValueError) as fault:
        raise _unreadable(formula, fault) from None
    from formulaic.transforms import TRANSFORMS

    columns = {name for of_factor in names for name in of_factor[0]}
    functions = {name for of_factor in names for name in of_factor[1]}
    unknown = sorted(functions - set(TRANSFORMS))
    if unknown:
        hints = "; ".join(f'"{name}": {nearest(name, TRANSFORMS)}' for name in unknown)
        raise EstimationError(
            f"{len(unknown)} function{'s' if len(unknown) > 1 else ''} of a formula cannot be "
            "found.",
            where=f'covariates = "{formula}": {", ".join(unknown)}',
            why="bs and cr draw splines, C makes categories, I computes, poly and log bend.",
            fix=f"use one that exists ({hints}).",
        )
    return right, tuple(sorted(columns - {*TRANSFORMS} - functions))


def evaluate(specification: Any, table: pl.DataFrame, formula: str) -> tuple[Any, pl.DataFrame]:
    """The columns of a formula without its constant, as numbers, and what formulaic remembers of
    it: asked again, it makes the same columns of other people.

    Parameters
    ----------
    specification
        What `read_formula` gave, or what was remembered.

    Raises
    ------
    EstimationError
        If it cannot be computed from the table.
    """
    from formulaic.errors import FormulaicError

    try:
        matrix = specification.get_model_matrix(table, na_action="raise")
    except (
        *(FormulaicError, NameError, SyntaxError, ValueError, TypeError),
        *(KeyError, AttributeError, ArithmeticError),
    ) as fault:
        raise _unreadable(formula, fault) from None
    remembered = matrix.model_spec
    names = [str(name) for name in remembered.column_names]
    values = pl.DataFrame(matrix.__wrapped__ if hasattr(matrix, "__wrapped__") else matrix)
    values.columns = names
    return remembered, values.select(pl.exclude("Intercept").cast(pl.Float64))


def _names(factor: Any) -> tuple[set[str], set[str]]:
    """Names that a factor of a formula reads, and those that it calls."""
    expression, kind = factor.expr, factor.eval_method.value
    if kind != "python":
        return {expression} if kind == "lookup" else set(), set()
    quoted = _IN_BACKTICKS.findall(expression)
    tree = ast.parse(_IN_BACKTICKS.sub("0", expression).strip(), mode="eval")
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    called = {call.func.id for call in calls if isinstance(call.func, ast.Name)}
    named = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    return {*quoted, *named} - called, called


def _unreadable(formula: str, fault: Exception) -> EstimationError:
    return EstimationError(
        "A formula cannot be read.",
        where=f'covariates = "{formula}"',
        why=_in_a_line(fault),
        fix='write it like "age + C(sex) + age:trained"; columns with other letters stand in '
        "backticks, and splines hold within the values that they were fitted to.",
    )


def _in_a_line(fault: Exception) -> str:
    """What formulaic says, without the marks for a coloured terminal."""
    lines = re.sub(r"[\x1b⧛]\[[0-9;]*m|⧚", "", str(fault)).strip().splitlines()
    return f"formulaic: {' '.join(lines)[:200] or type(fault).__name__}"
