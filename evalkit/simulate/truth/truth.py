"""The truth of a simulated city: what starting an intervention changes, from simulating both arms
for the same people with the same chances.

A unit is a person who at time zero starts intervention k (population `starters`: the effect on
those who start) or could have (`eligible`: a sample of person-months on support, for interventions
that their district offers). From the state of the month before, three futures run with common
random numbers: k starts now; it does not start now (`wait`: it may later); it never starts
(`never`). Month 0 is the month before, month 1 the month of the start. Futures run beyond the
tables' last month; nothing here reads a table.

Where starts depend on earlier participation, what starting changes depends on it too: who has taken
part before starts for another time, and what the futures hold afterwards (later starts in all
three, lasting gains) follows from each future's own history. `starters` are all who start, with the
histories that they have at their time zero: what a comparison with histories among its covariates
is about. A protocol that excludes by participation is about others, so two more populations stand
beside them: `starters_new_to_this` have never begun the intervention before, and
`starters_new_to_any` nothing at all. All populations are counted over the calendar months in which
people start, and the futures of one unit live through the same months, so a moving labour market is
the same in each of them.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import polars as pl

from evalkit.simulate.city.city import City
from evalkit.simulate.population.offers import start_rates, work_gains
from evalkit.simulate.population.state import LATENT, SUPPORT, WORK
from evalkit.simulate.truth.futures import (
    ARMS,
    HORIZON_MONTHS,
    OUTCOMES,
    Futures,
    Units,
    collect_units,
    live_on,
)

QUOTED_MONTHS = (24, 36, 60)
ELIGIBLE_SHARE = 0.006
_CHUNK_UNITS = 6_000
_KEYS = ("population", "intervention_id", "district", "district_basis")


class Truth(NamedTuple):
    """curves (shares by arm, state and month), months (in each state to the quoted months), timing
    (lock-in, break-even), planted (log rates), programmes (shares in each intervention, and
    starting it, by arm and month)."""

    curves: pl.DataFrame
    months: pl.DataFrame
    timing: pl.DataFrame
    planted: pl.DataFrame
    programmes: pl.DataFrame


class _Group(NamedTuple):
    """Futures that are averaged together."""

    keys: tuple[str, str, str, str]
    item: int
    members: np.ndarray


def simulate_truth(
    city: City,
    *,
    seed: int,
    n_people: int,
    n_replicates: int = 1,
    eligible_share: float = ELIGIBLE_SHARE,
) -> Truth:
    """Curves and months with and without each intervention, for the city and its districts.

    Parameters
    ----------
    n_people : int
        The first so many people of the city. Even.
    n_replicates : int
        Futures per unit; more make the truth of small districts less noisy (`mc_std_error` says how
        noisy).
    eligible_share : float
        Share of the eligible person-months that serve the population `eligible`. 0 to 1; 0 leaves
        it out.

    Returns
    -------
    Truth
        `district` is "all" or a district; `district_basis` says whether units are counted where the
        person table has them or where they lived at time zero. `comparison` is wait or never.
        `probability` and months as in the tables' outcomes; `mc_std_error` is of the difference.
    """
    units = collect_units(
        city,
        seed=seed,
        n_people=n_people,
        eligible_share=eligible_share,
    )
    chunks = [
        live_on(
            city,
            units.between(first, min(first + _CHUNK_UNITS, len(units))),
            seed=seed,
            replicate=replicate,
        )
        for replicate in range(1, n_replicates + 1)
        for first in range(0, len(units), _CHUNK_UNITS)
    ]
    futures = Futures(*(np.concatenate(arrays, axis=1) for arrays in zip(*chunks, strict=True)))
    groups = _groups(city, units, n_replicates)
    return Truth(
        _curves(futures.outcomes, groups),
        _months(futures.outcomes, groups),
        _timing(city, futures.outcomes, groups),
        planted_gains(city),
        _programmes(city, futures, groups),
    )


def planted_gains(city: City) -> pl.DataFrame:
    """What each intervention adds to the log rate into work, by district, for people outside its
    target group; and the lock-in.
    """
    gains, rates = work_gains(city), start_rates(city)
    rows = [
        (
            intervention.intervention_id,
            district,
            bool(rates[district_no, item] > 0),
            float(gains[district_no, item]),
            intervention.target_gain,
            intervention.lock_in,
            intervention.planned_months,
        )
        for item, intervention in enumerate(city.interventions)
        for district_no, district in enumerate(city.district_names)
    ]
    columns = [
        "intervention_id",
        "district",
        "is_offered",
        "gain_log_rate",
        "target_gain_log_rate",
        "lock_in_log_rate",
        "planned_months",
    ]
    return pl.DataFrame(rows, schema=columns, orient="row")


def _groups(city: City, units: Units, n_replicates: int) -> list[_Group]:
    """Who is averaged together: keys, and the positions among all futures."""
    districts_by_basis = {
        "time_zero": units.state.district[units.focus],
        "person_table": units.home,
    }
    groups = []
    for population, is_member in _populations(city, units).items():
        for item, intervention in enumerate(city.interventions):
            of_item = is_member & (units.item == item)
            for basis, district_of in districts_by_basis.items():
                masks = {"all": of_item} | {
                    district: of_item & (district_of == district_no)
                    for district_no, district in enumerate(city.district_names)
                }
                groups += [
                    _Group(
                        (population, intervention.intervention_id, district, basis),
                        item,
                        np.flatnonzero(np.tile(mask, n_replicates)),
                    )
                    for district, mask in masks.items()
                    if mask.any()
                ]
    return groups


def _populations(city: City, units: Units) -> dict[str, np.ndarray]:
    """Whether each unit belongs to a population, by its name."""
    populations = {"starters": units.is_starter, "eligible": ~units.is_starter}
    if city.earlier_participation:
        begun = units.state.has_begun[units.focus]
        has_begun_this = begun[np.arange(len(units)), units.item]
        populations["starters_new_to_this"] = units.is_starter & ~has_begun_this
        populations["starters_new_to_any"] = units.is_starter & ~begun.any(axis=1)
    return populations


def _with_keys(groups: list[_Group], n_rows: list[int], columns: Mapping[str, Any]) -> pl.DataFrame:
    """Columns of all groups' rows, one group after the other, beside the groups' keys."""
    group_of_row = np.repeat(np.arange(len(groups)), n_rows)
    keys = {
        name: pl.Series([group.keys[column] for group in groups]).gather(group_of_row)
        for column, name in enumerate(_KEYS)
    }
    return pl.DataFrame({**keys, **columns})


def _curves(paths: np.ndarray, groups: list[_Group]) -> pl.DataFrame:
    before = np.zeros((len(ARMS), len(OUTCOMES), 1))
    before[:, OUTCOMES.index(LATENT[SUPPORT])] = 1.0
    shares = []
    for group in groups:
        outcomes = paths[:, group.members]
        after = np.stack([(outcomes == code).mean(axis=1) for code in range(len(OUTCOMES))], axis=1)
        shares.append(np.concatenate([before, after], axis=2))
    _, arm, state, month = (axis.ravel() for axis in np.indices((len(groups), *shares[0].shape)))
    columns = {
        "arm": pl.Series(ARMS).gather(arm),
        "state": pl.Series(OUTCOMES).gather(state),
        "month": month.astype(np.int32),
        "probability": np.concatenate([share.ravel() for share in shares]),
    }
    return _with_keys(groups, [share.size for share in shares], columns)


def _programmes(city: City, futures: Futures, groups: list[_Group]) -> pl.DataFrame:
    """Shares in, and starting, each intervention: by group, arm and month 1 to the horizon."""
    items = range(len(city.interventions))

    def shares(paths: np.ndarray) -> np.ndarray:
        """(groups, arms, interventions, months)."""
        return np.stack(
            [
                np.stack([(paths[:, group.members] == item).mean(axis=1) for item in items], axis=1)
                for group in groups
            ]
        )

    taking_part, starting = shares(futures.taking_part), shares(futures.starting)
    _, arm, item, month = (axis.ravel() for axis in np.indices(taking_part.shape))
    names = pl.Series([intervention.intervention_id for intervention in city.interventions])
    columns = {
        "arm": pl.Series(ARMS).gather(arm),
        "programme": names.gather(item),
        "month": (month + 1).astype(np.int32),
        "taking_part": taking_part.ravel(),
        "starting": starting.ravel(),
    }
    return _with_keys(groups, [taking_part[0].size] * len(groups), columns)


def _months(paths: np.ndarray, groups: list[_Group]) -> pl.DataFrame:
    rows, n_rows = [], []
    for group in groups:
        of_group = _months_of(paths[:, group.members])
        rows += of_group
        n_rows.append(len(of_group))
    columns = [
        "comparison",
        "horizon_months",
        "outcome",
        "treated",
        "untreated",
        "difference",
        "mc_std_error",
        "n_futures",
    ]
    return _with_keys(groups, n_rows, pl.DataFrame(rows, schema=columns, orient="row").to_dict())


def _months_of(outcomes: np.ndarray) -> list[tuple]:
    """Of one group, by horizon, outcome and comparison: months in each arm and their difference."""
    rows = []
    for horizon in QUOTED_MONTHS:
        for code, outcome in enumerate(OUTCOMES):
            spent = (outcomes[:, :, :horizon] == code).sum(axis=2)
            for arm_no, comparison in enumerate(ARMS[1:], start=1):
                difference = spent[0] - spent[arm_no].astype(float)
                error = float(difference.std() / np.sqrt(len(difference)))
                means = (float(months.mean()) for months in (spent[0], spent[arm_no], difference))
                rows.append((comparison, horizon, outcome, *means, error, len(difference)))
    return rows


def _timing(city: City, paths: np.ndarray, groups: list[_Group]) -> pl.DataFrame:
    """Months in work lost or won up to the planned end, and the first month from which the sum is
    positive (null: not within the horizon).
    """
    rows = []
    for group in groups:
        planned = city.interventions[group.item].planned_months
        in_work = (paths[:, group.members] == OUTCOMES.index(LATENT[WORK])).mean(axis=1)
        for arm_no, comparison in enumerate(ARMS[1:], start=1):
            total = np.cumsum(in_work[0] - in_work[arm_no])
            behind = np.flatnonzero(total <= 0)
            first = int(behind[-1]) + 2 if len(behind) else 1
            rows.append(
                (
                    comparison,
                    planned,
                    float(total[planned - 1]),
                    first if first <= HORIZON_MONTHS else None,
                )
            )
    schema = {
        "comparison": pl.String,
        "planned_months": pl.Int64,
        "lock_in_months": pl.Float64,
        "break_even_month": pl.Int64,
    }
    return _with_keys(
        groups,
        [len(ARMS) - 1] * len(groups),
        pl.DataFrame(rows, schema=schema, orient="row").to_dict(),
    )
