"""The lives of a range of a city's people: what every month showed, and every episode in an
intervention.
"""

from dataclasses import dataclass

import numpy as np
import polars as pl

from evalkit.simulate.city.city import City
from evalkit.simulate.population.people import People, draw_people
from evalkit.simulate.population.process import Process
from evalkit.simulate.population.state import END_REASONS, Events


@dataclass(frozen=True)
class Lives:
    """People and their months from the city's first one on: arrays (n, months).

    observed : livelihood that the tables show (position in process.LATENT, or UNKNOWN); is_paid,
    is_joint, district : of the person's household that month; episodes : row, item (intervention),
    start, planned_end, end (null: still running), reason, district (at start).
    """

    people: People
    observed: np.ndarray
    is_paid: np.ndarray
    is_joint: np.ndarray
    district: np.ndarray
    episodes: pl.DataFrame


def live(
    city: City,
    *,
    seed: int,
    first: int,
    stop: int,
    switched_off: tuple[str, ...] = (),
) -> Lives:
    """Persons `first` to `stop` - 1 (both even) from the burn-in to the last month.

    Parameters
    ----------
    switched_off : tuple of str
        Roll-outs (actions) that do not happen.
    """
    people = draw_people(city, seed=seed, first=first, stop=stop)
    process = Process(city, people, switched_off=switched_off)
    state = process.begin(-city.burn_in_months)
    shape = (len(people), city.n_months)
    observed, district = np.empty(shape, np.uint8), np.empty(shape, np.uint8)
    is_paid, is_joint = np.empty(shape, bool), np.empty(shape, bool)
    starts, ends = [], []
    for month in range(-city.burn_in_months, city.n_months):
        happened = process.step(state, month)
        starts.append(_starts(happened, month, state.district))
        ends.append(_ends(happened, month))
        if month >= 0:
            observed[:, month], is_paid[:, month] = process.observed(state), state.is_paid
            is_joint[:, month], district[:, month] = state.is_joint, state.district
    return Lives(people, observed, is_paid, is_joint, district, _episodes(starts, ends))


def _starts(happened: Events, month: int, district: np.ndarray) -> dict[str, np.ndarray]:
    rows = happened.started
    return {
        "row": rows.astype(np.int64),
        "item": happened.started_in.astype(np.int64),
        "start": np.full(len(rows), month),
        "planned_end": happened.planned_end.astype(np.int64),
        "district": district[rows].astype(np.int64),
    }


def _ends(happened: Events, month: int) -> dict[str, np.ndarray]:
    # Who ends in the month of the start has taken part in that month: the episode's end is the
    # month after.
    rows, begun = happened.ended, happened.ended_begun.astype(np.int64)
    return {
        "row": rows.astype(np.int64),
        "item": happened.ended_in.astype(np.int64),
        "start": begun,
        "end": np.maximum(month, begun + 1),
        "reason": happened.reason.astype(np.int64),
    }


def _episodes(
    starts: list[dict[str, np.ndarray]], ends: list[dict[str, np.ndarray]]
) -> pl.DataFrame:
    begun, over = (
        pl.DataFrame(
            {name: np.concatenate([month[name] for month in months]) for name in months[0]}
        )
        for months in (starts, ends)
    )
    reasons = pl.col("reason").replace_strict(dict(enumerate(END_REASONS)), return_dtype=pl.String)
    return begun.join(over.with_columns(reasons), on=["row", "item", "start"], how="left").sort(
        "row", "start"
    )
