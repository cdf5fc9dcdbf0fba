"""A waiting-list lottery, tried many times on the run's own register."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from scipy.stats import t as student

from evalkit.disclosure.rounding import BASE, to_step
from evalkit.effects.design.added_effect import largest_effect, moved, refuse_impossible
from evalkit.effects.design.drawn_difference import DrawnDifference, drawn_difference
from evalkit.effects.design.power import (
    ALPHA,
    STEEPEST,
    detectable,
    effects_told,
    effects_tried,
    power_table,
)
from evalkit.effects.design.waiting_list import WaitingList
from evalkit.errors import EstimationError
from evalkit.results import Tables

# Lotteries from which the first guess of the standard error is made, and of donors drawn at once.
_PILOT, _N_DONORS = 50, 50_000
Progress = Callable[[int, int], None]


@dataclass(frozen=True, repr=False, eq=False)
class Lottery(Tables):
    """power: one row per effect, see `power_table`. plan: one row, what the lottery takes and
    shows.
    """

    power: pl.DataFrame
    plan: pl.DataFrame

    @property
    def headline(self) -> str:
        """How many start and wait, and what is found, in a line."""
        row = self.plan.row(0, named=True)
        least = row["detectable_months"]
        found = "no possible effect is" if least is None else f"an effect of {least:.2f} months is"
        return (
            f"{row['n_drawn']} start and {row['n_waiting']} wait: {found} found in 80 % of such "
            "lotteries"
        )


def lottery(
    people: WaitingList,
    *,
    n_places: int,
    n_applicants: int | None = None,
    asked_months: Sequence[float] = (),
    n_replications: int = 1000,
    seed: int,
    progress: Progress | None = None,
) -> Lottery:
    """What a waiting-list lottery shows: how often it finds effects of several sizes, and which one
    it finds in 80 % of lotteries.

    In each replication households are drawn from the register's own months, with as many people as
    would stand on the list, and the first of them, up to the places, start: they come in the order
    of the draw, so that this is the lot. To those who start an effect is added (`added_effect`),
    and the difference is tested as it will be when the lottery is over (`drawn_difference`).

    Parameters
    ----------
    people : WaitingList
        From `waiting_list`.
    n_places : int
        How many start in each month. People.
    n_applicants : int, optional
        How many ask for a place in each month; when not given twice the places, or all there are.
    asked_months : sequence of float
        Effects, months gained on average; when not given, around what is detectable.
    n_replications, seed : int
        How many lotteries are tried, and the key of their chance.
    progress : callable, optional
        Is told how many replications are done, of how many.

    Returns
    -------
    Lottery
        power: with person_change, the most that one person of the register moves the power by.
        plan: n_drawn, n_waiting, n_persons (people of the register who could be asked), std_error
        (of the difference, months, where there is no effect), detectable_months (null where no
        possible effect is found so often), bias_months (how far the mean estimate lies from the
        largest effect that was added), sd_months (of the outcome), one_person (the most that one
        person of the register moves the standard error by, as a share of it).

    Raises
    ------
    EstimationError
        If no place is asked for, nobody would be left to wait, or an effect is not possible.
    """
    n_drawn, n_list = _sizes(people, n_places, n_applicants)
    chance = np.repeat(people.chance, people.size)
    most = largest_effect(people.values, chance)
    told = [float(one) for one in asked_months]
    refuse_impossible(np.array(told), most)
    rng = np.random.default_rng(seed)
    draws = _Draws(people, n_drawn, n_list, _donors(people.values, chance, rng), most)
    pilot = [draws.difference(np.zeros(1), rng).std_error[0] for _ in range(_PILOT)]
    std_error = float(np.mean(pilot))
    told = told or effects_told(std_error, most)
    effects = effects_tried(std_error, told, most)
    estimates, errors, found = (np.empty((n_replications, len(effects))) for _ in range(3))
    for one in range(n_replications):
        read = draws.difference(effects, rng)
        estimates[one], errors[one] = read.difference, read.std_error
        limit = student.ppf(1 - ALPHA / 2, read.degrees)
        found[one] = np.abs(read.difference) > limit * read.std_error
        if progress:
            progress(one + 1, n_replications)
    mean = np.average(people.values, weights=chance)
    variance = float(np.average((people.values - mean) ** 2, weights=chance))
    schema = {"detectable_months": pl.Float64}
    plan = {
        "n_drawn": n_drawn,
        "n_waiting": n_list - n_drawn,
        "n_persons": people.n_persons,
        "std_error": float(errors[:, 0].mean()),
        "detectable_months": detectable(effects, found.mean(axis=0)),
        "bias_months": float(estimates[:, -1].mean() - effects[-1]),
        "sd_months": variance**0.5,
        "one_person": people.follow_up_months**2 / (2 * variance * people.n_persons),
    }
    in_errors = pl.col("asked_months") / plan["std_error"]
    power = power_table(effects, found.astype(bool), told).with_columns(
        person_change=STEEPEST * in_errors * plan["one_person"]
    )
    return Lottery(power, pl.DataFrame([plan], schema_overrides=schema))


@dataclass(frozen=True)
class _Draws:
    """Lotteries of one size, drawn from the same people."""

    people: WaitingList
    n_drawn: int
    n_list: int
    donors: np.ndarray
    most: float

    def difference(self, effects: np.ndarray, rng: np.random.Generator) -> DrawnDifference:
        """One lottery, read under each effect."""
        people = self.people
        groups = rng.choice(len(people.size), self.n_list, p=people.chance)
        n_before = np.cumsum(people.size[groups])
        groups = groups[: 1 + np.searchsorted(n_before, self.n_list)]
        size, n_before = people.size[groups], n_before[: len(groups)] - people.size[groups]
        cluster = np.repeat(np.arange(len(groups)), size)
        row = np.arange(len(cluster)) - n_before[cluster] + people.first[groups][cluster]
        is_drawn = (n_before < self.n_drawn)[cluster]
        values = np.repeat(people.values[row][:, None], len(effects), axis=1)
        if self.most:
            own = people.values[row][is_drawn]
            values[is_drawn] = moved(own, effects / self.most, self.donors, rng)
        return drawn_difference(values, is_drawn, people.covariates[row], cluster)


def _donors(values: np.ndarray, chance: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    reaches = values > 0
    if not reaches.any():
        return np.zeros(1)
    return rng.choice(values[reaches], _N_DONORS, p=chance[reaches] / chance[reaches].sum())


def _sizes(people: WaitingList, n_places: int, n_applicants: int | None) -> tuple[int, int]:
    """How many are drawn, and how many stand on the list."""
    n_drawn = n_places * people.n_months
    # In fives, so that no error tells how many there are.
    n_known = int(to_step(people.n_eligible, BASE))
    n_list = min(2 * n_drawn, n_known) if n_applicants is None else n_applicants * people.n_months
    asked = f"{n_places} places in each of {people.n_months} months"
    if n_places < 1:
        raise EstimationError(
            "A lottery needs a place.",
            where=asked,
            why="Who starts is drawn for each month's places.",
            fix="ask for one place a month or more.",
        )
    if n_list > n_known or n_drawn >= n_list:
        raise EstimationError(
            "There are more places than people on the list.",
            where=f"{asked}: {n_drawn} starts of {n_list} who ask for one; about {n_known} people "
            "could start in these months",
            why="Lots decide only where more ask than can start, and whoever waits is the "
            "comparison.",
            fix="ask for fewer places or fewer months, or widen the protocol's eligibility.",
        )
    return n_drawn, n_list
