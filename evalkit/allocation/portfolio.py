"""What to offer where: the number of starts of each intervention, for each group of each district,
that is worth most within the limits.

Worth is the mean over draws, or a mixture of the mean and the mean of the worst draws (conditional
value at risk), which spreads money over interventions whose effects are unsure in different ways.
Whoever sends a person pays the place, wherever it lies.
"""

from dataclasses import dataclass, field

import numpy as np
import polars as pl

from evalkit.allocation.by_district import solve_by_district
from evalkit.allocation.downside import solve_with_downside, worst_weights
from evalkit.allocation.program import Program, Solution
from evalkit.errors import EstimationError, ParameterError, first_few

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


@dataclass(frozen=True)
class Portfolio:
    """An allocation.

    starts : district, intervention_id, target_group, n_starts, cost, value (point estimate).
    places : district, intervention_id, places, n_used (starts in the district's places), n_own
    (starts of its people), shadow_price (what another place would give, money a start; nothing
    where no place is used). budgets : district, spent, shadow_price (of a krona). A shadow price is
    in terms of what is maximised: the mean over draws, with the worst draws as far as they count.
    value, downside : of the whole, at the point estimates and the mean of the worst draws. gap :
    how far the optimum may lie above, share of the bound.
    """

    starts: pl.DataFrame
    places: pl.DataFrame
    budgets: pl.DataFrame
    value: float
    downside: float
    gap: float


def allocate(
    offers: pl.DataFrame, values: pl.DataFrame, limits: Limits, *, gap: float = 1e-4
) -> Portfolio:
    """The allocation that is worth most.

    Parameters
    ----------
    offers : DataFrame
        district, intervention_id, target_group, n_eligible (people of the group who may start in
        the period), places (starts that the district's own places allow in the period), cost (money
        a start). Rows that are not there are not offered.
    values : DataFrame
        district, intervention_id, target_group, draw, value (money a start); the same draws for
        all, draw 0 the point estimate.
    limits : Limits
        Budgets and the other limits.
    gap : float
        How far below the optimum the search may stop, as a share.

    Raises
    ------
    EstimationError
        If nothing satisfies the limits, or the draws of the offers differ.
    ParameterError
        If an offer's district has no budget, or a number is negative or outside its range.
    """
    offers = offers.select(OFFER_COLUMNS).sort(KEYS)
    _refuse_unfit(offers, limits)
    worth = _worth(offers, values)
    index = _Index(offers)
    program = _program(offers, worth, index, limits)
    if _has_downside(worth, limits):
        solution = solve_with_downside(
            program, worth[:, 1:], index.starts, level=limits.downside_level, gap=gap
        )
    else:
        solution = _by_district(program, index, limits, gap) or program.solve(gap=gap)
    fixed = np.zeros(program.n_variables, dtype=bool)
    fixed[index.opened] = limits.is_whole
    shadow_prices = program.shadow_prices(solution.values, fixed)
    return _portfolio(offers, worth, index, limits, solution, shadow_prices)


def _by_district(program: Program, index: "_Index", limits: Limits, gap: float) -> Solution | None:
    """Large allocations whose districts share nothing but the equality floor are solved one
    district at a time.
    """
    shares = limits.is_pooled or limits.free_budget or limits.group_floors
    if shares or len(index.starts) <= MOST_WHOLE_OFFERS:
        return None
    return solve_by_district(
        program, index.district_of_variable, starts=index.starts, total=index.total, gap=gap
    )


class _Index:
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


def _positions(column: pl.Series, names: list[str]) -> np.ndarray:
    return column.replace_strict(
        {name: i for i, name in enumerate(names)}, return_dtype=pl.Int64
    ).to_numpy()


def _program(offers: pl.DataFrame, worth: np.ndarray, index: _Index, limits: Limits) -> Program:
    has_downside = _has_downside(worth, limits)
    size = index.size + has_downside
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
    is_whole[index.starts] = limits.is_whole and offers.height <= MOST_WHOLE_OFFERS
    is_whole[index.opened] = limits.is_whole and limits.smallest_group > 0
    lower[index.opened] = 0.0 if limits.smallest_group else 1.0
    program = Program(size, objective, lower, upper, is_whole)
    _add_budgets(program, offers, index, limits)
    _add_places(program, index, places, limits)
    _add_people(program, offers, index, limits)
    if has_downside:
        program.lower[-1], program.objective[-1] = -np.inf, limits.downside_weight
    return program


def _has_downside(worth: np.ndarray, limits: Limits) -> bool:
    return limits.downside_weight > 0 and worth.shape[1] > 1


def _add_budgets(program: Program, offers: pl.DataFrame, index: _Index, limits: Limits) -> None:
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


def _add_places(program: Program, index: _Index, places: np.ndarray, limits: Limits) -> None:
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


def _add_people(program: Program, offers: pl.DataFrame, index: _Index, limits: Limits) -> None:
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


def _add_equality(program: Program, offers: pl.DataFrame, index: _Index, limits: Limits) -> None:
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


def _can_serve(offers: pl.DataFrame, index: _Index, limits: Limits) -> np.ndarray:
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


def _portfolio(
    offers: pl.DataFrame,
    worth: np.ndarray,
    index: _Index,
    limits: Limits,
    solution: Solution,
    shadow_prices: dict[str, np.ndarray],
) -> Portfolio:
    n_starts = np.round(solution.values[index.starts], 6)
    used = np.round(solution.values[index.used], 6)
    totals = n_starts @ worth
    replicates = totals[1:] if len(totals) > 1 else totals
    downside = float(worst_weights(replicates, limits.downside_level) @ replicates)
    starts = offers.select(
        *KEYS,
        pl.Series("n_starts", n_starts),
        pl.col("cost") * n_starts,
        pl.Series("value", worth[:, 0] * n_starts),
    )
    by_cell = np.bincount(index.cell_of_offer, weights=n_starts, minlength=index.cells.height)
    places = index.cells.select(
        "district",
        "intervention_id",
        "places",
        pl.Series("n_used", used if limits.is_pooled else by_cell),
        pl.Series("n_own", by_cell),
        # A further place behind a closed door does not open it.
        pl.Series(
            "shadow_price", shadow_prices["places"] * np.round(solution.values[index.opened])
        ),
    )
    spent = np.bincount(
        index.district_of_offer,
        weights=offers["cost"].to_numpy() * n_starts,
        minlength=len(index.districts),
    )
    budgets = pl.DataFrame(
        {"district": index.districts, "spent": spent, "shadow_price": shadow_prices["budget"]}
    )
    return Portfolio(starts, places, budgets, float(totals[0]), downside, solution.gap)


def _worth(offers: pl.DataFrame, values: pl.DataFrame) -> np.ndarray:
    """(offer, draw): what a start is worth, draw 0 first."""
    wide = values.pivot("draw", index=list(KEYS), values="value")
    draws = sorted((column for column in wide.columns if column not in KEYS), key=int)
    worth = (
        offers.select(KEYS)
        .join(wide, on=list(KEYS), how="left", maintain_order="left")
        .select(draws)
    )
    if not draws or draws[0] != "0" or worth.null_count().sum_horizontal().item():
        missing = (
            offers.join(values.unique(KEYS), on=list(KEYS), how="anti")
            .select(pl.concat_str(KEYS, separator=", "))
            .to_series()
        )
        raise EstimationError(
            "Offers without the same draws of their value.",
            where="allocate: "
            f"{first_few(missing, 4) or 'draw 0, or some draws of some offers, are missing'}",
            why="What cannot be said to be worth anything is not offered by calculation; draws are "
            "compared one by one.",
            fix="leave offers without a value out, and give every offer the same draws from 0.",
        )
    return worth.to_numpy()


def _refuse_unfit(offers: pl.DataFrame, limits: Limits) -> None:
    unfunded = sorted(set(offers["district"].unique()) - set(limits.budgets))
    negative = [
        name
        for name in ("n_eligible", "places", "cost")
        if (offers[name] < 0).any() or offers[name].null_count()
    ]
    negative += [
        f"budget of {district}" for district, amount in limits.budgets.items() if not amount >= 0
    ]
    shares = {
        "equality_floor": limits.equality_floor,
        "downside_weight": limits.downside_weight,
        **limits.group_floors,
    }
    outside = [name for name, share in shares.items() if not 0 <= share <= 1] + (
        ["downside_level"] if not 0 < limits.downside_level <= 1 else []
    )
    for what, names in (
        ("Districts without a budget", unfunded),
        ("Negative or missing numbers", negative),
        ("Shares that are not between 0 and 1", outside),
        (
            "Floors for groups that nothing is offered",
            sorted(set(limits.group_floors) - set(offers["target_group"])),
        ),
        (
            "Group floors that come to more than one",
            ["group_floors"] if sum(limits.group_floors.values()) > 1 + 1e-9 else [],
        ),
    ):
        if names:
            raise ParameterError(
                f"{what}: {len(names)}.",
                where=f"allocate: {first_few(names, 6)}",
                why="People, places and money are counted from zero, and every district spends "
                "from a budget.",
                fix="mend the offers or the limits; a budget may be 0.",
            )
    repeated = offers.height - offers.select(KEYS).unique().height
    if repeated:
        raise ParameterError(
            f"Offers that stand more than once: {repeated}.",
            where="allocate: argument offers",
            why="Only one could be used.",
            fix="give one row for each district, intervention and target group.",
        )
