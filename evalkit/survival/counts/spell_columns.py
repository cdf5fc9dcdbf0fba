"""The door of the survival room: columns of a spell table, checked once and turned into
whole-number codes.

Everything behind this door works on numpy arrays that hold no missing value, no impossible time and
no negative weight. Messages give counts and column names, never values.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from evalkit.errors import EstimationError, nearest
from evalkit.frames import Frame, Table, as_polars, schema_of
from evalkit.survival.counts.codes import dense_codes, label_codes
from evalkit.survival.counts.distinct_rows import (
    N_MISSING,
    N_UNFIT,
    WEIGHT_SQUARED,
    N,
    distinct_rows,
)
from evalkit.survival.counts.ends import refuse_causes_of_nothing, with_plain_events

_ONE_GROUP = pl.DataFrame()


@dataclass(frozen=True)
class Roles:
    """Which column plays which part, and the labels declared for the causes."""

    time: str
    event: str
    entry: str | None = None
    weight: str | None = None
    cluster: str | None = None
    by: Sequence[str] = ()
    causes: Sequence[str] | None = None
    from_state: str | None = None

    def __post_init__(self):
        if isinstance(self.by, str):
            object.__setattr__(self, "by", (self.by,))

    @property
    def columns(self) -> list[str]:
        """The columns in use, each once."""
        names = [
            *self.by,
            self.time,
            self.event,
            self.entry,
            self.from_state,
            self.weight,
            self.cluster,
        ]
        return list(dict.fromkeys(column for column in names if column is not None))


@dataclass(frozen=True)
class SpellColumns:
    """Arrays with one place per row (or per distinct row, with its number of spells in `n`).

    `cause` counts the labels in `causes`; len(causes) means censored. `state` and `entry` are None
    when every spell starts in the one state, at time 0.
    """

    groups: pl.DataFrame
    n_groups: int
    group: np.ndarray
    time: np.ndarray
    entry: np.ndarray | None
    cause: np.ndarray
    causes: tuple[str, ...]
    state: np.ndarray | None
    n: np.ndarray | None
    weight: np.ndarray | None
    weight_squared: np.ndarray | None
    cluster: np.ndarray | None
    cluster_ids: pl.Series | None


def read_spell_columns(
    spells: Frame, roles: Roles, *, are_groups_estimated: bool = True
) -> SpellColumns:
    """The columns of a spell table as checked arrays; a lazy table is first counted down to its
    distinct rows, in one pass.

    Every group must stand for somebody where each gets an estimate of its own; strata and cells of
    a regression may weigh nothing, not all of them.

    Raises
    ------
    EstimationError
        If a column is missing, holds missing values, impossible times, negative weights or an
        undeclared cause, or no spell is there.
    """
    spells = with_plain_events(as_polars(spells, roles.columns, name="spells"), roles.event)
    _check_columns(spells, roles)
    table, is_collapsed = _collect(spells, roles)
    _check_missing(table, roles, is_collapsed=is_collapsed)
    n = table[N].to_numpy() if is_collapsed else None
    if table.height == 0:
        raise _refusal(
            "There are no spells to count.",
            "the spell table",
            "A curve needs at least one spell.",
            "look at the filter before.",
        )
    time, entry = _times(table, roles, n)
    causes, cause, state = _causes_and_states(table, roles)
    group, n_groups, groups = _group_codes(table, roles.by)
    weight = _weights(table, roles, n)
    if are_groups_estimated:
        _refuse_groups_of_nobody(weight, group, groups, n_groups, roles)
    else:
        _refuse_groups_of_nobody(weight, np.zeros_like(group), _ONE_GROUP, 1, roles)
    cluster, cluster_ids = (
        (None, None) if roles.cluster is None else dense_codes(table[roles.cluster])
    )
    weight_squared = None
    if n is not None:
        weight_squared = table[WEIGHT_SQUARED].to_numpy() if roles.weight else n.astype(float)
    return SpellColumns(
        groups,
        n_groups,
        group,
        time,
        entry,
        cause,
        causes,
        state,
        n,
        weight,
        weight_squared,
        cluster,
        cluster_ids,
    )


def _check_columns(spells: Table, roles: Roles) -> None:
    schema = schema_of(spells)
    missing = [column for column in roles.columns if column not in schema]
    if missing:
        hints = "; ".join(f'"{column}": {nearest(column, schema)}' for column in missing)
        raise _refusal(
            f"{len(missing)} column(s) asked for are not in the spell table.",
            f"columns {', '.join(missing)}",
            f"Columns found: {', '.join(schema)}.",
            f"name a column that exists ({hints}).",
        )
    twice = sorted({column for column in roles.by if list(roles.by).count(column) > 1})
    if twice:
        raise _refusal(
            f"{len(twice)} column(s) tell groups or strata apart twice.",
            f"columns {', '.join(twice)}",
            "Rows are counted by each combination of these columns.",
            "name each once.",
        )
    for name in (roles.time, roles.entry, roles.weight):
        if name is not None and not schema[name].is_numeric():
            raise _refusal(
                f"A column of times or weights holds {schema[name]}, not numbers.",
                f'column "{name}"',
                "Times are months (or another unit) counted from time zero; a weight says for how "
                "many people a row stands.",
                "turn dates into months with evalkit.months, and text into numbers, then estimate.",
            )


def _collect(spells: Table, roles: Roles) -> tuple[pl.DataFrame, bool]:
    if isinstance(spells, pl.DataFrame):
        return spells, False
    if roles.cluster is not None:
        return spells.select(roles.columns).collect(engine="streaming"), False
    return distinct_rows(
        spells, [column for column in roles.columns if column != roles.weight], roles.weight
    ), True


def _check_missing(table: pl.DataFrame, roles: Roles, *, is_collapsed: bool) -> None:
    may_be_null = {roles.event} if table[roles.event].dtype != pl.Boolean else set()
    faulty = {
        column: table[column].null_count() for column in roles.columns if column not in may_be_null
    }
    if is_collapsed:
        faulty = {
            column: count and table[N].filter(table[column].is_null()).sum()
            for column, count in faulty.items()
        }
        if roles.weight:
            faulty[roles.weight] = table[N_MISSING].sum()
    faulty = {column: count for column, count in faulty.items() if count}
    if faulty:
        raise _refusal(
            f"{sum(faulty.values())} values are missing in columns that the estimate needs.",
            ", ".join(f'column "{column}": {count} rows' for column, count in faulty.items()),
            "A missing time, weight, group or person cannot be counted. Only a cause may be "
            "missing: it means censored.",
            "drop or complete those rows, and say which in the report.",
        )


def _times(
    table: pl.DataFrame, roles: Roles, n: np.ndarray | None
) -> tuple[np.ndarray, np.ndarray | None]:
    time = _number_column(table, roles.time, n)
    entry = None if roles.entry is None else _number_column(table, roles.entry, n)
    if entry is None:
        if time.min() <= 0:
            _refuse_rows(
                time <= 0,
                n,
                f'column "{roles.time}"',
                "end at time zero or before",
                "A spell lasts longer than zero months.",
            )
    else:
        _refuse_rows(
            entry < 0,
            n,
            f'column "{roles.entry}"',
            "enter before time zero",
            "Entry counts months from time zero.",
        )
        where = f'columns "{roles.entry}" and "{roles.time}"'
        _refuse_rows(
            time <= entry,
            n,
            where,
            "end at or before their entry",
            "A spell is at risk on (entry, exit], which must not be empty.",
        )
        entry = entry if entry.any() else None
    return time, entry


def _number_column(table: pl.DataFrame, name: str, n: np.ndarray | None) -> np.ndarray:
    column = table[name]
    if column.dtype.is_integer():
        return column.to_numpy().astype(np.int64, copy=False)
    numbers = column.to_numpy().astype(np.float64, copy=False)
    _refuse_rows(
        ~np.isfinite(numbers),
        n,
        f'column "{name}"',
        "are not finite numbers",
        "A time must be a number.",
    )
    return numbers


def _weights(table: pl.DataFrame, roles: Roles, n: np.ndarray | None) -> np.ndarray | None:
    if roles.weight is None:
        return None
    weight = table[roles.weight].to_numpy().astype(np.float64, copy=False)
    n_unfit = (~np.isfinite(weight) | (weight < 0)) if n is None else table[N_UNFIT].to_numpy()
    why = "A weight says for how many people a row stands; it may be zero, never negative."
    _refuse_rows(
        n_unfit > 0,
        n_unfit,
        f'column "{roles.weight}"',
        "have a weight that is negative or not a finite number",
        why,
    )
    return weight


def _refuse_groups_of_nobody(
    weight: np.ndarray | None, group: np.ndarray, groups: pl.DataFrame, n_groups: int, roles: Roles
) -> None:
    """Refuse groups whose rows all weigh nothing: a curve of nobody would stay at its start
    whatever happened.
    """
    empty = (
        0
        if weight is None or weight.min() > 0
        else int((np.bincount(group, weight, n_groups) == 0).sum())
    )
    if empty:
        raise _refusal(
            f"{empty} of {n_groups} group(s) stand for nobody: all their weights are zero.",
            f'column "{roles.weight}"'
            + (f", groups by {', '.join(groups.columns)}" if groups.width else ""),
            "A share needs people that it is a share of; rows of weight zero are nobody's.",
            "leave those groups out, or look at how the weights were made.",
        )


def _refuse_rows(is_bad: np.ndarray, n: np.ndarray | None, where: str, what: str, why: str) -> None:
    if is_bad.any():
        count = int(is_bad.sum() if n is None else n[is_bad].sum())
        raise _refusal(
            f"{count} spells {what}.",
            where,
            why,
            "correct these rows or set them aside before estimating.",
        )


def _causes_and_states(
    table: pl.DataFrame, roles: Roles
) -> tuple[tuple[str, ...], np.ndarray, np.ndarray | None]:
    event = table[roles.event]
    if event.dtype == pl.Boolean:
        return ("event",), (~event.to_numpy()).view(np.int8), None
    if event.dtype == pl.Null:
        event = event.cast(pl.String)
    if not (event.dtype == pl.String or isinstance(event.dtype, (pl.Enum, pl.Categorical))):
        raise _refusal(
            f"The column of ends holds {event.dtype}.",
            f'column "{roles.event}"',
            "An end is true/false, or the name of a cause (text; missing = censored).",
            "turn codes into names, for example with replace_strict.",
        )
    columns = [event] if roles.from_state is None else [event, table[roles.from_state]]
    causes = _labels(columns, roles)
    codes = [label_codes(column, causes) for column in columns]
    if roles.from_state is None:
        return causes, codes[0], None
    return causes, np.where(codes[0] == codes[1], len(causes), codes[0]), codes[1]


def _labels(columns: list[pl.Series], roles: Roles) -> tuple[str, ...]:
    if (
        roles.causes is None
        and roles.from_state is None
        and isinstance(columns[0].dtype, pl.Enum)
        and len(columns[0].dtype.categories)
    ):
        return tuple(columns[0].dtype.categories)
    occurring: set[Any] = set().union(
        *[column.unique().drop_nulls().cast(pl.String).to_list() for column in columns]
    )
    if roles.causes is None:
        if roles.from_state is None:
            refuse_causes_of_nothing(occurring, roles.event)
        declared = (
            columns[0].dtype.categories.to_list()
            if isinstance(columns[0].dtype, pl.Enum)
            else sorted(occurring)
        )
    else:
        declared = list(roles.causes)
    if len(set(declared)) < len(declared):
        raise _refusal(
            f"{len(declared) - len(set(declared))} label(s) are declared twice.",
            f"declared: {', '.join(declared)}",
            "Every cause or state has one curve.",
            "name each once.",
        )
    undeclared = occurring - set(declared)
    where = (
        f'column "{roles.event}"'
        if roles.from_state is None
        else f'columns "{roles.from_state}" and "{roles.event}"'
    )
    if undeclared:
        raise _refusal(
            f"{len(undeclared)} label(s) in the data are not declared.",
            where,
            f"Declared: {', '.join(declared) or 'none'}. An undeclared label may be a misspelling "
            "of one of them.",
            "correct the labels, or declare every one.",
        )
    if not declared:
        raise _refusal(
            "Every spell is censored and no cause is declared.",
            where,
            "Without a single end of any kind there is no cause to draw a curve for.",
            'declare the possible causes: causes=("work", ...); their curves are then zero.',
        )
    return tuple(declared)


def _group_codes(table: pl.DataFrame, by: Sequence[str]) -> tuple[np.ndarray, int, pl.DataFrame]:
    if not by:
        return np.zeros(table.height, dtype=np.int64), 1, _ONE_GROUP
    code, values = dense_codes(table[by[0]])
    n_groups = values.len()
    for name in by[1:]:
        level, values = dense_codes(table[name])
        # Coded anew after every column: the product of many columns' values would not fit a whole
        # number.
        code, both = dense_codes(pl.Series(code * values.len() + level))
        n_groups = both.len()
    first_row = np.empty(n_groups, dtype=np.int64)
    first_row[code[::-1]] = np.arange(len(code) - 1, -1, -1)
    return code, n_groups, table.select(by)[first_row]


def _refusal(what: str, where: str, why: str, fix: str) -> EstimationError:
    return EstimationError(what, where=where, why=why, fix=fix)
