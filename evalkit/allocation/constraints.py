"""What an allocation must keep to, and how that is written as a program: variables for the starts
of each offer, the places of each provider and the extra money of each district, and a block of rows
for each limit.
"""

from dataclasses import dataclass, field

import numpy as np
import polars as pl

from evalkit.allocation.program import Program

KEYS = ("district", "intervention_id", "target_group")
# Starts are whole: a floor that falls between two numbers is kept by the lower one.
_PART_OF_A_START = 0.999
# Beyond so many offers starts may be parts of a whole: a country's plan does not hang on them, and
# the search would take hours.
MOST_WHOLE_OFFERS = 1000
OFFER_COLUMNS = (*KEYS, "n_eligible", "places", "cost")


@dataclass(frozen=True)
class Limits:
    """What the allocation must keep to.

    budgets : money by district; `free_budget` goes where it is worth most. smallest_group : starts
    below which an intervention is not run by a provider. equality_floor : each district that can
    serve a smallest group at all serves at least this share of the mean share of the eligible
    people (0: no floor). group_floors : least share of all starts by target group. is_whole :
    whether starts are whole and an intervention runs or does not; else both may be parts of a
    whole, which is worth a little more and needs no search. is_pooled : whether districts may use
    each other's places. downside_weight, downside_level : how much the mean of the worst
    `downside_level` of the draws counts beside the mean (0: not at all).
    """

    budgets: dict[str, float]
    free_budget: float = 0.0
    smallest_group: int = 0
    equality_floor: float = 0.0
    group_floors: dict[str, float] = field(default_factory=dict)
    is_whole: bool = True
    is_pooled: bool = False
    downside_weight: float = 0.0
    downside_level: float = 0.1


class Index:
    """Where the variables stand: starts by offer, used places and open doors by provider and
    intervention, extra money by district, and all starts together."""

    def __init__(self, offers: pl.DataFrame):
        self.districts = offers["district"].unique().sort().to_list()
        self.interventions = offers["intervention_id"].unique().sort().to_list()
        self.cells = (
            offers.group_by("district", "intervention_id")
            .agg(pl.col("places").max())
            .sort("district", "intervention_id")
        )
        n_offers, n_cells = offers.height, self.cells.height
        self.starts = np.arange(n_offers)
        self.used = n_offers + np.arange(n_cells)
        self.opened = n_offers + n_cells + np.arange(n_cells)
        self.extra = n_offers + 2 * n_cells + np.arange(len(self.districts))
        self.total = n_offers + 2 * n_cells + len(self.districts)
        self.size = self.total + 1
        self.district_of_offer = _positions(offers["district"], self.districts)
        of_cell, n_districts = (
            _positions(self.cells["district"], self.districts),
            len(self.districts),
        )
        self.district_of_variable = np.concatenate(
            [self.district_of_offer, of_cell, of_cell, np.arange(n_districts), [-1]]
        )
        self.intervention_of_offer = _positions(offers["intervention_id"], self.interventions)
        self.intervention_of_cell = _positions(self.cells["intervention_id"], self.interventions)
        names = self.cells["district"] + "\0" + self.cells["intervention_id"]
        self.cell_of_offer = _positions(
            offers["district"] + "\0" + offers["intervention_id"], names.to_list()
        )

    @property
    def is_large(self) -> bool:
        """Whether there are more offers than starts are kept whole for."""
        return len(self.starts) > MOST_WHOLE_OFFERS


def _positions(column: pl.Series, names: list[str]) -> np.ndarray:
    return column.replace_strict(
        {name: i for i, name in enumerate(names)}, return_dtype=pl.Int64
    ).to_numpy()


def program_of(offers: pl.DataFrame, worth: np.ndarray, index: Index, limits: Limits) -> Program:
    """The program whose solution is the best allocation.

    Parameters
    ----------
    offers : DataFrame
        In the order of `KEYS`.
    worth : ndarray
        (offer, draw): what a start is worth, draw 0 first.
    index : Index
        Of the offers.
    limits : Limits
        What to keep to.
    """
    counts_worst = has_downside(worth, limits)
    size = index.size + counts_worst
    eligible, places = (
        offers["n_eligible"].to_numpy().astype(float),
        index.cells["places"].to_numpy().astype(float),
    )
    objective, lower, upper = np.zeros(size), np.zeros(size), np.full(size, np.inf)
    objective[index.starts] = (
        (1 - limits.downside_weight) * worth[:, 1:].mean(axis=1)
        if worth.shape[1] > 1
        else worth[:, 0]
    )
    upper[index.starts], upper[index.opened], upper[index.extra] = eligible, 1.0, limits.free_budget
    is_whole = np.zeros(size, dtype=bool)
    is_whole[index.starts] = limits.is_whole and not index.is_large
    is_whole[index.opened] = limits.is_whole and limits.smallest_group > 0
    lower[index.opened] = 0.0 if limits.smallest_group else 1.0
    program = Program(size, objective, lower, upper, is_whole)
    _add_budgets(program, offers, index, limits)
    _add_places(program, index, places, limits)
    _add_people(program, offers, index, limits)
    if counts_worst:
        program.lower[-1], program.objective[-1] = -np.inf, limits.downside_weight
    return program


def has_downside(worth: np.ndarray, limits: Limits) -> bool:
    """Whether the worst draws count; the program's last variable is then their mean."""
    return limits.downside_weight > 0 and worth.shape[1] > 1


def _add_budgets(program: Program, offers: pl.DataFrame, index: Index, limits: Limits) -> None:
    n = len(index.districts)
    rows = np.concatenate([index.district_of_offer, np.arange(n)])
    columns = np.concatenate([index.starts, index.extra])
    coefficients = np.concatenate([offers["cost"].to_numpy(), -np.ones(n)])
    program.limit(
        "budget",
        rows,
        columns,
        coefficients,
        np.array([limits.budgets[district] for district in index.districts]),
    )
    program.limit(
        "free_budget",
        np.zeros(n, dtype=int),
        index.extra,
        np.ones(n),
        np.array([limits.free_budget]),
    )


def _add_places(program: Program, index: Index, places: np.ndarray, limits: Limits) -> None:
    """Starts use places: of the own district, or of all together; an open door holds at least the
    smallest group.
    """
    pool_of_offer = index.intervention_of_offer if limits.is_pooled else index.cell_of_offer
    pool_of_cell = index.intervention_of_cell if limits.is_pooled else np.arange(len(places))
    n_pools = len(index.interventions) if limits.is_pooled else len(places)
    rows, columns = (
        np.concatenate([pool_of_offer, pool_of_cell]),
        np.concatenate([index.starts, index.used]),
    )
    signs = np.concatenate([np.ones(len(index.starts)), -np.ones(len(index.used))])
    program.limit("pool", rows, columns, signs, np.zeros(n_pools))
    # Without this a door could be kept open by places that nobody fills.
    program.limit("filled", rows, columns, -signs, np.zeros(n_pools))
    cells = np.arange(len(places))
    both_rows, both_columns = (
        np.concatenate([cells, cells]),
        np.concatenate([index.used, index.opened]),
    )
    program.limit(
        "places",
        both_rows,
        both_columns,
        np.concatenate([np.ones(len(cells)), -places]),
        np.zeros(len(cells)),
    )
    if limits.smallest_group:
        smallest = np.concatenate(
            [-np.ones(len(cells)), np.full(len(cells), float(limits.smallest_group))]
        )
        program.limit("smallest_group", both_rows, both_columns, smallest, np.zeros(len(cells)))


def _add_people(program: Program, offers: pl.DataFrame, index: Index, limits: Limits) -> None:
    """A person starts one intervention; districts and groups get their share."""
    groups = (
        offers.select(pl.struct("district", "target_group").rank("dense") - 1)
        .to_series()
        .to_numpy()
        .astype(int)
    )
    of_group = (
        offers.with_columns(group=groups)
        .group_by("group")
        .agg(pl.col("n_eligible").max())
        .sort("group")
    )
    ones = np.ones(offers.height)
    program.limit(
        "people", groups, index.starts, ones, of_group["n_eligible"].to_numpy().astype(float)
    )
    if limits.equality_floor:
        _add_equality(program, offers, index, limits)
    for group, floor in sorted(limits.group_floors.items()):
        coefficients = floor - (offers["target_group"] == group).to_numpy().astype(float)
        program.limit(
            f"group {group}",
            np.zeros(offers.height, dtype=int),
            index.starts,
            coefficients,
            np.zeros(1),
        )


def _add_equality(program: Program, offers: pl.DataFrame, index: Index, limits: Limits) -> None:
    """Each district that can serve anybody serves at least the floor's share of the mean share of
    the eligible people of those districts.
    """
    can_serve = _can_serve(offers, index, limits)
    served = np.flatnonzero(can_serve[index.district_of_offer])
    people = (
        offers.unique(["district", "target_group"])
        .group_by("district")
        .agg(pl.col("n_eligible").sum())
        .sort("district")
    )
    eligible = people["n_eligible"].to_numpy() * can_serve
    rows_of = np.flatnonzero(eligible > 0)
    if not len(rows_of):
        return
    # The sum of all starts is a variable of its own, so that no row names every offer.
    n_served, n_rows = len(served), len(rows_of)
    ones, total = np.ones(n_served), np.full(n_served + 1, 0)
    columns = np.concatenate([index.starts[served], [index.total]])
    program.limit("total", total, columns, np.concatenate([ones, [-1.0]]), np.zeros(1))
    program.limit("total_again", total, columns, np.concatenate([-ones, [1.0]]), np.zeros(1))
    position = np.searchsorted(rows_of, index.district_of_offer[served])
    rows = np.concatenate([position, np.arange(n_rows)])
    columns = np.concatenate([index.starts[served], np.full(n_rows, index.total)])
    floors = limits.equality_floor * eligible[rows_of] / eligible.sum()
    program.limit(
        "equality",
        rows,
        columns,
        np.concatenate([-ones, floors]),
        np.full(n_rows, _PART_OF_A_START),
    )


def _can_serve(offers: pl.DataFrame, index: Index, limits: Limits) -> np.ndarray:
    """Whether a district's own people, money and places are enough for the smallest group: else a
    floor would stop all.
    """
    smallest = max(1, limits.smallest_group)
    budget = (
        offers["district"].replace_strict(limits.budgets, return_dtype=pl.Float64).to_numpy()
        + limits.free_budget
    )
    enough = (offers["n_eligible"].to_numpy() >= smallest) & (
        offers["cost"].to_numpy() * smallest <= budget
    )
    enough &= offers["places"].to_numpy() >= smallest
    return np.bincount(index.district_of_offer, weights=enough, minlength=len(index.districts)) > 0
