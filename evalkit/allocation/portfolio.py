"""What to offer where: the number of starts of each intervention, for each group of each district,
that is worth most within the limits.

Worth is the mean over draws, or a mixture of the mean and the mean of the worst draws (conditional
value at risk), which spreads money over interventions whose effects are unsure in different ways.
Whoever sends a person pays the place, wherever it lies.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from evalkit.allocation.by_district import solve_by_district
from evalkit.allocation.constraints import (
    KEYS,
    OFFER_COLUMNS,
    Index,
    Limits,
    has_downside,
    program_of,
)
from evalkit.allocation.downside import solve_with_downside, worst_weights
from evalkit.allocation.pictures import plot
from evalkit.allocation.program import Program, Solution
from evalkit.errors import EstimationError, ParameterError, first_few
from evalkit.images import Sketch
from evalkit.results import Result


@dataclass(frozen=True, repr=False, eq=False)
class Portfolio(Result):
    """An allocation.

    starts : district, intervention_id, target_group, n_starts, cost, value (point estimate).
    places : district, intervention_id, places, n_used (starts in the district's places), n_own
    (starts of its people), shadow_price (what another place would give, money per start; nothing
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

    @property
    def table(self) -> pl.DataFrame:
        """The starts by offer."""
        return self.starts

    @property
    def headline(self) -> str:
        """What it is worth and costs, in a line."""
        starts = self.starts.select(pl.col("n_starts", "cost").sum()).row(0)
        return (
            f"Allocation of {starts[0]:,.0f} starts for {starts[1]:,.0f}: worth {self.value:,.0f}, "
            f"in the worst draws {self.downside:,.0f} (within {self.gap:.2g} of the optimum)"
        )

    def plot(self, **labels: Any) -> Sketch:
        """Starts by district, intervention and target group."""
        return plot(self.table, **labels)


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
        district, intervention_id, target_group, draw, value (money per start); the same draws for
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
    index = Index(offers)
    program = program_of(offers, worth, index, limits)
    if has_downside(worth, limits):
        solution = solve_with_downside(
            program, worth[:, 1:], index.starts, level=limits.downside_level, gap=gap
        )
    else:
        solution = _by_district(program, index, limits, gap) or program.solve(gap=gap)
    fixed = np.zeros(program.n_variables, dtype=bool)
    fixed[index.opened] = limits.is_whole
    shadow_prices = program.shadow_prices(solution.values, fixed)
    return _portfolio(offers, worth, index, limits, solution, shadow_prices)


def _by_district(program: Program, index: Index, limits: Limits, gap: float) -> Solution | None:
    """Large allocations whose districts share nothing but the equality floor are solved one
    district at a time.
    """
    shares = limits.is_pooled or limits.free_budget or limits.group_floors
    if shares or not index.is_large:
        return None
    return solve_by_district(
        program, index.district_of_variable, starts=index.starts, total=index.total, gap=gap
    )


def _portfolio(
    offers: pl.DataFrame,
    worth: np.ndarray,
    index: Index,
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
