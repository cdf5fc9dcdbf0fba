"""Tables as others have them, and calls as others write them: pandas, Arrow and whatever else
narwhals knows become polars at the door, and what cannot be understood is refused in four lines.
"""

import inspect
import re
from collections.abc import Callable, Mapping, Sequence
from functools import wraps
from types import FunctionType, NoneType
from typing import TYPE_CHECKING, Any, Union

import polars as pl

from evalkit.errors import EstimationError, first_few, nearest

if TYPE_CHECKING:
    from narwhals.typing import IntoDataFrame

Table = pl.DataFrame | pl.LazyFrame
Frame = Union[Table, "IntoDataFrame"]
_QUOTED = re.compile(r'"([^"]+)"')


def as_polars(table: Frame, columns: Sequence[str] = (), *, name: str = "table") -> Table:
    """A table as polars; polars stays as it is. Of others only the columns named are taken over,
    where all of them are there.

    Raises
    ------
    EstimationError
        If it is no table that narwhals knows.
    """
    if isinstance(table, pl.DataFrame | pl.LazyFrame):
        return table
    import narwhals as nw

    try:
        taken = nw.from_native(table, eager_only=True)
        if columns and set(columns) <= set(taken.columns):
            taken = taken.select(columns)
        return taken.to_polars()
    except TypeError:
        raise EstimationError(
            f"What was handed over as {name} is not a table.",
            where=f"{name}: got {_kind(table)}",
            why="Columns are named, and found by their names in a polars, pandas or Arrow table.",
            fix='put the columns into one table: polars.DataFrame({"months": ..., "ended": ...}).',
        ) from None
    except (ValueError, nw.exceptions.NarwhalsError) as fault:
        raise EstimationError(
            f"The table handed over as {name} cannot be taken over.",
            where=f"{name}: {_kind(table)}",
            # What arrow says may hold a value.
            why=" ".join(str(fault).split())[:200]
            if isinstance(fault, nw.exceptions.NarwhalsError)
            else "A column holds values of several types.",
            fix="give each column a name of its own and values of one type.",
        ) from None


def schema_of(table: Table) -> pl.Schema:
    """The columns of a table and their types."""
    return table.schema if isinstance(table, pl.DataFrame) else table.collect_schema()


def at_the_door(names: Mapping[str, Any], public: Sequence[str]) -> dict[str, Any]:
    """The functions among a room's public names as they stand at its door: the same, but a call
    that cannot be understood is refused in four lines.

    Refused are values without a name where columns are named, arguments that do not exist or are
    missing, what is no table, and columns that the table does not have. Tables of other libraries
    become polars. Signatures and docstrings stay visible.

    Parameters
    ----------
    names : mapping
        The room's names with what they stand for (`globals()`).
    public : sequence of str
        Its `__all__`.
    """
    return {name: _checked(names[name]) for name in public if inspect.isfunction(names[name])}


def _checked(function: FunctionType) -> Callable[..., Any]:
    parameters = inspect.signature(function).parameters
    kinds = {one.kind for one in parameters.values()}
    open_ended = kinds & {inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD}
    n_positional = sum(one.kind == one.POSITIONAL_OR_KEYWORD for one in parameters.values())
    order = list(parameters)
    needed = {name for name, one in parameters.items() if one.default is one.empty}
    tables = {
        name: one.annotation is not pl.DataFrame
        for name, one in parameters.items()
        if one.annotation in (pl.DataFrame, Frame)
    }

    own = {name: one.annotation for name, one in parameters.items() if _is_own(one.annotation)}

    @wraps(function)
    def checked(*args: Any, **kwargs: Any) -> Any:
        if not open_ended:
            given = {*order[: min(len(args), n_positional)], *kwargs}
            if len(args) > n_positional or given - parameters.keys() or needed - given:
                raise _refused_call(function, parameters, args, kwargs)
        args = tuple(
            _as_table(value, order[place], is_any=tables[order[place]])
            if place < len(order) and order[place] in tables
            else value
            for place, value in enumerate(args)
        )
        for name in tables.keys() & kwargs.keys():
            kwargs[name] = _as_table(kwargs[name], name, is_any=tables[name])
        for name, value in [*zip(order, args, strict=False), *kwargs.items()]:
            if name in own and not isinstance(value, own[name]):
                raise _refused_kind(name, value, own[name])
        try:
            return function(*args, **kwargs)
        except pl.exceptions.ColumnNotFoundError as fault:
            named = [*zip(order, args, strict=False), *kwargs.items()]
            raise _refused_column(fault, [value for name, value in named if name in tables]) from (
                fault
            )

    return checked


def _as_table(value: Any, name: str, *, is_any: bool) -> Any:
    """A table that the function can read: any kind, or polars."""
    if value is None or isinstance(value, pl.DataFrame | pl.LazyFrame):
        return value
    if is_any and hasattr(value, "columns"):
        return value
    return as_polars(value, name=name)


def _is_own(annotation: Any) -> bool:
    """Whether an annotation names classes of evalkit's own, and nothing else but None."""
    kinds = getattr(annotation, "__args__", (annotation,))
    return all(
        inspect.isclass(kind) and (kind is NoneType or kind.__module__.startswith("evalkit."))
        for kind in kinds
    ) and not hasattr(annotation, "__origin__")


def _kind(value: Any) -> str:
    return f"{type(value).__module__}.{type(value).__name__}"


def _refused_kind(name: str, value: Any, asked: Any) -> EstimationError:
    kinds = [kind.__name__ for kind in getattr(asked, "__args__", (asked,))]
    return EstimationError(
        f"What was handed over as {name} is something else.",
        where=f"{name}: got {_kind(value)}",
        why=f"It is {' or '.join(dict.fromkeys(kinds))} of evalkit, as another function gives it.",
        fix="hand over what that function gave; help(...) names it.",
    )


def _refused_call(
    function: FunctionType,
    parameters: Mapping[str, inspect.Parameter],
    args: Sequence[Any],
    kwargs: Mapping[str, Any],
) -> EstimationError:
    positional = [n for n, one in parameters.items() if one.kind == one.POSITIONAL_OR_KEYWORD]
    named = [name for name in parameters if name not in positional]
    unknown = [f'"{name}" ({nearest(name, named)})' for name in kwargs if name not in parameters]
    given = {*positional[: len(args)], *kwargs}
    missing = [
        name for name, one in parameters.items() if one.default is one.empty and name not in given
    ]
    faults = []
    if len(args) > len(positional):
        faults.append(f"{len(args) - len(positional)} more without a name than are understood")
    if unknown:
        faults.append(f"unknown: {', '.join(unknown)}")
    if missing:
        faults.append(f"missing: {', '.join(missing)}")
    required = [name for name in named if parameters[name].default is inspect.Parameter.empty]
    call = [*positional, *(f'{name}="..."' for name in required)]
    return EstimationError(
        f"{function.__name__} cannot be called like this.",
        where=f"{function.__name__}: {'; '.join(faults)}",
        why="After the table every part is named, so that none is taken for another; columns are "
        "named by their names.",
        fix=f"{function.__name__}({', '.join(call)}); help({function.__name__}) tells each part.",
    )


def _refused_column(fault: Exception, tables: Sequence[Any]) -> EstimationError:
    quoted = _QUOTED.search(str(fault))
    name = quoted[1] if quoted else str(fault).split("\n")[0]
    found = dict.fromkeys(
        column
        for table in tables
        if isinstance(table, pl.DataFrame | pl.LazyFrame)
        for column in schema_of(table)
    )
    return EstimationError(
        "A column is not there.",
        where=f'column "{name}"',
        why=f"Columns found: {first_few(found, 12) or 'none'}.",
        fix=f"name a column that exists ({nearest(name, found)}).",
    )
