"""The kernel of the survival room: spells counted down to a small table of who was at risk and who
left, when and how.

Conventions, for every estimator of the room:

* Time runs from a spell's time zero. With months, month k is the interval (k-1, k]; a spell of
  length L ends at time L.
* A row is at risk on (entry, exit]: one that enters at time e is first at risk in month e+1, one
  that ends at time L is still at risk in month L. Without an entry column every row enters at time
  0.
* Order inside a month: events first, then starts of interventions (a start at time s splits a spell
  into rows that end and begin at s), then censorings. A row that ends without an event at L has
  therefore survived month L.
* Times need not be months: only their order is used for counting, their distances only for areas
  under curves. The distinct times (ends, and entries when there are any) are the rows of the table.
* A weight says for how many people a row stands. Counts are kept unweighted and weighted, side by
  side.
* A cluster (person, household) is a set of rows that vary together; without one every row varies
  alone. `spread` holds the weighted rows of every cluster by cell, so that the variance of any
  smooth function of the table with derivative u by cell is |spread u|^2 (infinitesimal jackknife;
  Lin & Wei 1989, JASA 84:1074).
* Tables of parts sum to the table of the whole (`add_risk_sets`).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from evalkit.errors import EstimationError
from evalkit.frames import Frame
from evalkit.images import Sketch
from evalkit.results import Result
from evalkit.sketch import curves
from evalkit.survival.counts.codes import distinct_times, stable_order
from evalkit.survival.counts.spell_columns import (
    Roles,
    SpellColumns,
    read_spell_columns,
)

if TYPE_CHECKING:
    from scipy import sparse

# Cells of months that stand empty are counted too, where there are not more than these.
_CELLS_PER_ROW, _FEW_CELLS = 4, 50_000


@dataclass(frozen=True, repr=False)
class RiskSet(Result):
    """Counts by group, time, state left and cause.

    Attributes
    ----------
    groups : DataFrame
        One row per group, the by-columns; no column when there is one group.
    times : ndarray
        Distinct times, ascending; shape (n_times,). Whole numbers when the spells' times are.
    states : tuple of str
        States a row can be in; ("",) when spells have one.
    causes : tuple of str
        Ways to leave; with several states, the states themselves.
    n_exits, exits : ndarray
        Rows that end, unweighted and weighted; shape (n_groups, n_times, n_states, n_causes + 1).
        The last cause is censoring.
    n_entries, entries : ndarray
        Rows that enter, by the number of `times` not after their entry; shape (n_groups, n_times +
        1, n_states).
    make_spread : callable
        Makes `spread`, a csc_array of clusters x cells; the cells are those of `exits`, then those
        of `entries`, each flattened in C order.
    cluster_ids : Series or None
        Ids of the rows of `spread`, when clusters were named.
    row_squares : ndarray or None
        Sum of squared weights of the rows of every cell of `exits`, where every row varies alone
        and enters at time 0.
    """

    groups: pl.DataFrame
    times: np.ndarray
    states: tuple[str, ...]
    causes: tuple[str, ...]
    n_exits: np.ndarray
    exits: np.ndarray
    n_entries: np.ndarray
    entries: np.ndarray
    make_spread: Callable[[], "sparse.csc_array"]
    cluster_ids: pl.Series | None
    row_squares: np.ndarray | None = None

    @property
    def table(self) -> pl.DataFrame:
        """One row per group, time and state: by-columns, `time`, `state` (where there are several),
        `n_at_risk`, and how many leave by each cause or are censored (`n_CAUSE`, `n_censored`).
        """
        n_groups, n_times, n_states, _ = self.n_exits.shape
        cells = (
            self.groups.with_columns(_group=pl.int_range(pl.len()))
            if self.groups.width
            else (pl.DataFrame({"_group": range(n_groups)}))
        )
        cells = cells.join(pl.DataFrame({"time": self.times}), how="cross")
        cells = cells.join(pl.DataFrame({"state": list(self.states)}), how="cross")
        exits = self.n_exits.reshape(n_groups * n_times * n_states, -1)
        counts = {
            f"n_{cause}": exits[:, place].astype(np.int64)
            for place, cause in enumerate((*self.causes, "censored"))
        }
        table = cells.with_columns(
            n_at_risk=pl.Series(self.n_at_risk.ravel().astype(np.int64)),
            **{name: pl.Series(values) for name, values in counts.items()},
        )
        return table.drop("_group", *(["state"] if n_states == 1 else []))

    @property
    def headline(self) -> str:
        """How much is counted, in a line."""
        n_spells, n_ends = self.n_exits.sum(), self.n_exits[..., :-1].sum()
        return (
            f"Counts of {n_spells:,.0f} spells, of which {n_ends:,.0f} end, in {self.n_groups} "
            f"groups at {len(self.times)} times"
        )

    def plot(self, **labels: Any) -> Sketch:
        """How many are at risk over time."""
        names = [*self.groups.columns, *(["state"] if len(self.states) > 1 else [])]
        return curves(self.table, x="time", y="n_at_risk", lines=names, **labels)

    @cached_property
    def spread(self) -> "sparse.csc_array":
        """Clusters x cells, made when first asked for."""
        return self.make_spread()

    @property
    def n_groups(self) -> int:
        """How many groups there are."""
        return self.n_exits.shape[0]

    @cached_property
    def n_at_risk(self) -> np.ndarray:
        """Rows at risk at each time, unweighted; shape (n_groups, n_times, n_states)."""
        return weight_at_risk(self.n_exits, self.n_entries)

    @cached_property
    def at_risk(self) -> np.ndarray:
        """Weight at risk at each time; shape (n_groups, n_times, n_states). Exactly zero where
        nobody is.
        """
        return np.maximum(weight_at_risk(self.exits, self.entries), 0.0) * (self.n_at_risk > 0)

    def group_name(self, group: int) -> str:
        """The by-values of a group, for messages: 'district = Belfast'."""
        return (
            ", ".join(
                f"{name} = {value}" for name, value in self.groups.row(group, named=True).items()
            )
            if self.groups.width
            else "all"
        )


def tabulate_risk_set(
    spells: Frame,
    *,
    time: str,
    event: str,
    entry: str | None = None,
    from_state: str | None = None,
    weight: str | None = None,
    cluster: str | None = None,
    by: Sequence[str] = (),
    causes: Sequence[str] | None = None,
) -> RiskSet:
    """Count spells by group, time, state and cause, in one pass.

    Parameters
    ----------
    from_state : str, optional
        Column: the state during the row; `event` then names the next state.

    Returns
    -------
    RiskSet
        The conventions are those at the top of this module.
    """
    return risk_set_of(spells, Roles(time, event, entry, weight, cluster, by, causes, from_state))


def risk_set_of(spells: Frame, roles: Roles) -> RiskSet:
    """The counts of a spell table, as `tabulate_risk_set` makes them."""
    return count_risk_set(read_spell_columns(spells, roles))


def count_risk_set(columns: SpellColumns) -> RiskSet:
    """The counts of checked columns, as `tabulate_risk_set` makes them."""
    n_slots = _slots(columns)
    if n_slots:
        # Whole months are counted where they stand; those in which nobody ends are left out below.
        times, exit_rank, entry_rank = np.arange(n_slots), columns.time, np.zeros(1, dtype=np.int64)
    else:
        times, exit_rank, entry_rank = distinct_times(columns.time, columns.entry)
    states = ("",) if columns.state is None else columns.causes
    state = columns.state
    exit_shape = (columns.n_groups, len(times), len(states), len(columns.causes) + 1)
    exit_cell = _cell(
        _cell(_of_group(columns, exit_rank, len(times)), state, len(states)),
        columns.cause,
        exit_shape[3],
    )
    n_exits, exits = _counts(columns, exit_cell, exit_shape)
    squares = exits if columns.cluster is not None else _squares(columns, exit_cell, exits)
    if n_slots:
        times = np.flatnonzero(n_exits.sum(axis=(0, 2, 3)))
        n_exits, exits, squares = (
            counts.take(times, axis=1) for counts in (n_exits, exits, squares)
        )
    entry_shape = (columns.n_groups, len(times) + 1, len(states))
    if columns.entry is None:
        # Everybody is there from time 0: whoever leaves, whenever that is.
        n_entries, entries = np.zeros(entry_shape, dtype=np.int64), np.zeros(entry_shape)
        n_entries[:, 0], entries[:, 0] = n_exits.sum(axis=(1, 3)), exits.sum(axis=(1, 3))
        late_cell = None
    else:
        entry_cell = _cell(_of_group(columns, entry_rank, len(times) + 1), state, len(states))
        n_entries, entries = _counts(columns, entry_cell, entry_shape)
        # Entries at time 0 never leave the risk set before the first time, so only later ones need
        # a cell in the spread.
        late_cell = np.where(entry_rank > 0, entry_cell + exits.size, -1)
    n_cells, row_squares = exits.size + entries.size, None
    if columns.cluster is not None:
        weight = np.ones(len(exit_cell)) if columns.weight is None else columns.weight
        make_spread = partial(
            _spread, columns.cluster, exit_cell, late_cell, weight, n_cells=n_cells
        )
    elif late_cell is None:
        row_squares = squares
        make_spread = partial(_spread_of_squares, row_squares, n_cells)
    else:
        make_spread = partial(_spread_of_rows, columns, exit_cell, late_cell, n_cells)
    return RiskSet(
        columns.groups,
        times,
        states,
        columns.causes,
        n_exits,
        exits,
        n_entries,
        entries,
        make_spread,
        columns.cluster_ids,
        row_squares,
    )


def weight_at_risk(exits: np.ndarray, entries: np.ndarray) -> np.ndarray:
    """What is at risk at each time: arrays as in `RiskSet`, with any leading axes; shape (...,
    n_times, n_states).
    """
    # Summed from the last time backwards: the small risk sets at the end are then exact to the last
    # digit.
    leave_later = exits.sum(axis=-1)[..., ::-1, :].cumsum(axis=-2)[..., ::-1, :]
    enter_later = entries[..., :0:-1, :].cumsum(axis=-2)[..., ::-1, :]
    return leave_later - enter_later


def add_risk_sets(first: RiskSet, second: RiskSet) -> RiskSet:
    """The table of two parts together: what counting their rows in one go would give.

    Rows of the same cluster in both parts vary together. States and causes of both parts must be
    declared alike.

    Raises
    ------
    EstimationError
        If the parts have other by-columns, states or causes, or only one names clusters.
    """
    from scipy import sparse

    same = (
        first.causes == second.causes
        and first.states == second.states
        and first.groups.schema == second.groups.schema
    )
    if not same or (first.cluster_ids is None) != (second.cluster_ids is None):
        raise EstimationError(
            "Two tables of counts cannot be added.",
            where=f"causes {', '.join(first.causes)} | {', '.join(second.causes)}",
            why="Tables add up cell by cell: by-columns, states, causes and the use of clusters "
            "must be the same in both.",
            fix="tabulate both parts with the same arguments and declare all causes.",
        )
    times = np.union1d(first.times, second.times)
    groups = (
        pl.concat([first.groups, second.groups]).unique().sort(first.groups.columns)
        if first.groups.width
        else first.groups
    )
    cluster_ids = None
    if first.cluster_ids is not None and second.cluster_ids is not None:
        cluster_ids = pl.concat([first.cluster_ids, second.cluster_ids]).unique().sort()
    ours, theirs = (_aligned(side, times, groups, cluster_ids) for side in (first, second))
    n_exits, exits, n_entries, entries = (ours[axis] + theirs[axis] for axis in range(4))
    spreads = [ours[4], theirs[4]]
    spread = sparse.vstack(spreads) if cluster_ids is None else spreads[0] + spreads[1]
    return RiskSet(
        groups,
        times,
        first.states,
        first.causes,
        n_exits,
        exits,
        n_entries,
        entries,
        partial(sparse.csc_array, spread),
        cluster_ids,
    )


def _slots(columns: SpellColumns) -> int:
    """How many whole months spells are counted in as they stand, where that takes little more room
    than the months that occur; else 0.
    """
    if columns.entry is not None or columns.cluster is not None or columns.time.dtype.kind != "i":
        return 0
    n_slots = int(columns.time.max()) + 1
    n_states = 1 if columns.state is None else len(columns.causes)
    n_cells = columns.n_groups * n_slots * n_states * (len(columns.causes) + 1)
    return n_slots if n_cells <= _CELLS_PER_ROW * len(columns.time) + _FEW_CELLS else 0


def _of_group(columns: SpellColumns, rank: np.ndarray, n_ranks: int) -> np.ndarray:
    return rank if columns.n_groups == 1 else columns.group * n_ranks + rank


def _cell(cell: np.ndarray, code: np.ndarray | None, n_codes: int) -> np.ndarray:
    """One axis more: the cell of a code within a cell."""
    return cell if code is None else cell * n_codes + code


def _counts(
    columns: SpellColumns, cell: np.ndarray, shape: tuple[int, ...]
) -> tuple[np.ndarray, np.ndarray]:
    """Rows by cell, unweighted and weighted."""
    size = int(np.prod(shape))
    counts = (
        np.bincount(cell, minlength=size)
        if columns.n is None
        else np.rint(np.bincount(cell, columns.n, size)).astype(np.int64)
    )
    weighted = (
        counts.astype(float) if columns.weight is None else np.bincount(cell, columns.weight, size)
    )
    return counts.reshape(shape), weighted.reshape(shape)


def _squares(columns: SpellColumns, cell: np.ndarray, exits: np.ndarray) -> np.ndarray:
    """Sum of squared weights by cell; without weights it is the number of rows."""
    if columns.weight is None:
        return exits
    return _squares_by(columns, cell, exits.size).reshape(exits.shape)


def _squares_by(columns: SpellColumns, cell: np.ndarray, n_cells: int) -> np.ndarray:
    if columns.weight_squared is not None:
        return np.bincount(cell, columns.weight_squared, n_cells)
    if columns.weight is not None:
        return np.bincount(cell, columns.weight * columns.weight, n_cells)
    return np.bincount(cell, minlength=n_cells).astype(float)


def _spread_of_rows(
    columns: SpellColumns, exit_cell: np.ndarray, late_cell: np.ndarray, n_cells: int
) -> "sparse.csc_array":
    """Every row a cluster of its own: rows that share entry and exit collapse to one with the root
    of their summed squared weights.
    """
    n_late = late_cell.max() + 2
    pair, pair_of_row = np.unique(exit_cell * n_late + late_cell + 1, return_inverse=True)
    exits, entries = np.divmod(pair, n_late)
    return _spread(
        np.arange(len(pair)),
        exits,
        entries - 1,
        np.sqrt(_squares_by(columns, pair_of_row, len(pair))),
        n_cells=n_cells,
    )


def _spread_of_squares(row_squares: np.ndarray, n_cells: int) -> "sparse.csc_array":
    """The same where nobody enters late: rows that share an exit are one."""
    exits = np.flatnonzero(row_squares)
    return _spread(
        np.arange(len(exits)), exits, None, np.sqrt(row_squares.ravel()[exits]), n_cells=n_cells
    )


def _spread(
    row: np.ndarray,
    exit_cell: np.ndarray,
    late_cell: np.ndarray | None,
    weight: np.ndarray,
    *,
    n_cells: int,
) -> "sparse.csc_array":
    from scipy import sparse

    if late_cell is not None and (late_cell >= 0).any():
        late = np.flatnonzero(late_cell >= 0)
        row, weight = np.concatenate([row, row[late]]), np.concatenate([weight, weight[late]])
        exit_cell = np.concatenate([exit_cell, late_cell[late]])
    n_rows = int(row.max()) + 1 if len(row) else 1
    # Several rows of a cluster in one cell stay apart: all uses are linear or bilinear, and summing
    # them would cost a sort.
    order = stable_order(exit_cell)
    begin = np.concatenate([[0], np.cumsum(np.bincount(exit_cell, minlength=n_cells))])
    return sparse.csc_array((weight[order], row[order], begin), shape=(n_rows, n_cells))


def _aligned(
    part: RiskSet, times: np.ndarray, groups: pl.DataFrame, cluster_ids: pl.Series | None
) -> tuple:
    """A part's counts and spread on the times, groups and clusters of the whole."""
    from scipy import sparse

    time_rank = np.searchsorted(times, part.times)
    entry_rank = np.concatenate([[0], time_rank + 1])
    group = np.zeros(1, dtype=np.int64)
    if groups.width:
        numbered = part.groups.join(
            groups.with_row_index("place"), on=groups.columns, how="left", maintain_order="left"
        )
        group = numbered["place"].to_numpy()
    n_groups = groups.height if groups.width else 1
    exit_shape = (n_groups, len(times), *part.exits.shape[2:])
    entry_shape = (n_groups, len(times) + 1, *part.entries.shape[2:])
    exit_at, entry_at = np.ix_(group, time_rank), np.ix_(group, entry_rank)
    moved = []
    for counts, shape, at in (
        (part.n_exits, exit_shape, exit_at),
        (part.exits, exit_shape, exit_at),
        (part.n_entries, entry_shape, entry_at),
        (part.entries, entry_shape, entry_at),
    ):
        whole = np.zeros(shape, dtype=counts.dtype)
        whole[at] = counts
        moved.append(whole)
    exit_cells = np.arange(np.prod(exit_shape)).reshape(exit_shape)[exit_at].ravel()
    entry_cells = np.arange(np.prod(entry_shape)).reshape(entry_shape)[entry_at].ravel() + np.prod(
        exit_shape
    )
    cells = np.concatenate([exit_cells, entry_cells])
    old = part.spread.tocoo()
    row, n_rows = old.row, part.spread.shape[0]
    if cluster_ids is not None:
        cluster_rank = np.asarray(cluster_ids.search_sorted(part.cluster_ids))
        row, n_rows = cluster_rank[old.row], cluster_ids.len()
    spread = sparse.coo_array(
        (old.data, (row, cells[old.col])),
        shape=(n_rows, np.prod(exit_shape) + np.prod(entry_shape)),
    )
    return (*moved, spread.tocsc())
