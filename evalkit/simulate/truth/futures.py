"""Who starts or could have started an intervention, and three futures of each: start now, do not
start now, never start.

From the state of the month before, the futures run with common random numbers. Month 0 is the month
before, month 1 the month of the start. Futures run beyond the tables' last month; nothing here
reads a table.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from evalkit.line.states import OUTCOME_OF
from evalkit.simulate.city.city import City
from evalkit.simulate.population.people import People, draw_people
from evalkit.simulate.population.process import Process
from evalkit.simulate.population.state import LATENT, MOVED, NO_PROGRAMME, UNKNOWN, Arm, State
from evalkit.simulate.population.streams import Purpose, person_keys, uniforms

HORIZON_MONTHS = 60
ARMS = ("treated", "wait", "never")
OUTCOMES = tuple(dict.fromkeys([*(OUTCOME_OF[name] for name in LATENT[: MOVED + 1]), "unknown"]))
_WINDOW_START, _WINDOW_LEAD = 25, 36
_CODE = np.full(UNKNOWN + 1, OUTCOMES.index("unknown"), dtype=np.uint8)
_CODE[: MOVED + 1] = [OUTCOMES.index(OUTCOME_OF[name]) for name in LATENT[: MOVED + 1]]


class Futures(NamedTuple):
    """(arms, units, months): outcome codes (positions in OUTCOMES), and the interventions that
    people take part in and start (or `NO_PROGRAMME`).
    """

    outcomes: np.ndarray
    taking_part: np.ndarray
    starting: np.ndarray


@dataclass(frozen=True)
class Units:
    """Whole slots as they stood before time zero.

    people, state : two rows per unit, the partners side by side. focus : the row that the effect is
    about. item : the intervention. month : of the start. home : district in the person table.
    is_starter : whether the person did start; else they could have.
    """

    people: People
    state: State
    focus: np.ndarray
    item: np.ndarray
    month: np.ndarray
    home: np.ndarray
    is_starter: np.ndarray

    def __len__(self) -> int:
        return len(self.item)

    def between(self, first: int, stop: int) -> "Units":
        """Units `first` to `stop` - 1."""
        rows, units = slice(2 * first, 2 * stop), slice(first, stop)
        return Units(
            people=self.people.take(rows),
            state=self.state.take(rows),
            focus=self.focus[units] - rows.start,
            item=self.item[units],
            month=self.month[units],
            home=self.home[units],
            is_starter=self.is_starter[units],
        )


def collect_units(city: City, *, seed: int, n_people: int, eligible_share: float) -> Units:
    """Everybody who starts, and a sample of those who could, in the months that leave room for
    follow-up inside the tables; parameters as `simulate_truth`.
    """
    people = draw_people(city, seed=seed, first=0, stop=n_people)
    process = Process(city, people)
    state = process.begin(-city.burn_in_months)
    home, by_month = people.district, []
    for month in range(-city.burn_in_months, city.n_months - _WINDOW_LEAD + 1):
        if month >= _WINDOW_START:
            by_month.append(_units_of_month(process, state, month, home, eligible_share))
        process.step(state, month)
        home = state.district.copy() if month == 0 else home
    rows, items, months, homes, starters, states = zip(*by_month, strict=True)
    slots = np.concatenate([_slots(of_month) for of_month in rows])
    return Units(
        people=people.take(slots),
        state=State.joined(states),
        focus=2 * np.arange(len(slots) // 2) + np.concatenate(rows) % 2,
        item=np.concatenate(items),
        month=np.concatenate(months),
        home=np.concatenate(homes),
        is_starter=np.concatenate(starters),
    )


def _units_of_month(
    process: Process, state: State, month: int, home: np.ndarray, eligible_share: float
) -> tuple:
    clock = np.full(len(process.people), month)
    starts = process.starters(state, clock)
    eligible = process.eligible(state, clock)
    drawn = uniforms(process.people.key[eligible], clock[eligible], Purpose.START, 1)
    sampled = eligible[drawn < eligible_share]
    could, could_items = np.nonzero(_may_start(process, state, month, sampled))
    rows = np.concatenate([starts.rows, sampled[could]])
    items = np.concatenate([starts.items, could_items]).astype(np.int64)
    is_starter = np.arange(len(rows)) < len(starts.rows)
    months = np.full(len(rows), month)
    return rows, items, months, home[rows], is_starter, state.take(_slots(rows))


def _slots(rows: np.ndarray) -> np.ndarray:
    """The two rows of each row's slot, side by side."""
    return np.column_stack([rows & ~1, rows | 1]).ravel()


def _may_start(process: Process, state: State, month: int, rows: np.ndarray) -> np.ndarray:
    """(rows, interventions): offered in the district by then, not running, and young enough."""
    return process.rates.of_starts(state, np.full(len(process.people), month), rows) > 0


def live_on(city: City, units: Units, *, seed: int, replicate: int) -> Futures:
    """What becomes of the people in focus; a replicate gives everybody other chances."""
    people = units.people.with_keys(person_keys(seed, units.people.number, replicate))
    process = Process(city, people)
    month = np.repeat(units.month, 2)
    nothing = np.full(len(people), NO_PROGRAMME)
    imposed = nothing.copy()
    imposed[units.focus] = units.item
    shape = (len(ARMS), len(units), HORIZON_MONTHS)
    futures = Futures(np.empty(shape, np.uint8), np.empty(shape, np.int8), np.empty(shape, np.int8))
    for arm_no, arm in enumerate(ARMS):
        state = units.state.take(slice(None))
        for step in range(HORIZON_MONTHS):
            is_forced = arm == "treated" and step == 0
            is_blocked = arm == "never" or (arm == "wait" and step == 0)
            rule = Arm(imposed if is_forced else nothing, imposed if is_blocked else nothing)
            events = process.step(state, month + step, rule)
            futures.outcomes[arm_no, :, step] = _CODE[process.observed(state)[units.focus]]
            started = nothing.astype(np.int8)
            started[events.started] = events.started_in
            futures.starting[arm_no, :, step] = started[units.focus]
            # Who starts takes part in that month, also where it is over by the end of it.
            running = np.where(started != NO_PROGRAMME, started, state.programme)
            futures.taking_part[arm_no, :, step] = running[units.focus]
    return futures
