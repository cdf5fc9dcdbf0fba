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

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import polars as pl

from evalkit.line.states import OUTCOME_OF
from evalkit.simulate.assumptions import City
from evalkit.simulate.lives import live
from evalkit.simulate.offers import start_rates, work_gains
from evalkit.simulate.people import People, draw_people
from evalkit.simulate.process import Process
from evalkit.simulate.state import LATENT, MOVED, NO_PROGRAMME, SUPPORT, UNKNOWN, WORK, Arm, State
from evalkit.simulate.streams import Purpose, person_keys, uniforms

HORIZON_MONTHS = 60
QUOTED_MONTHS = (24, 36, 60)
ELIGIBLE_SHARE = 0.006
_WINDOW_START, _WINDOW_LEAD = 25, 36
_ARMS = ("treated", "wait", "never")
_CHUNK_UNITS = 6_000
_KEYS = ("population", "intervention_id", "district", "district_basis")
OUTCOMES = tuple(dict.fromkeys([*(OUTCOME_OF[name] for name in LATENT[: MOVED + 1]), "unknown"]))
_CODE = np.full(UNKNOWN + 1, OUTCOMES.index("unknown"), dtype=np.uint8)
_CODE[: MOVED + 1] = [OUTCOMES.index(OUTCOME_OF[name]) for name in LATENT[: MOVED + 1]]


class Truth(NamedTuple):
    """curves (shares by arm, state and month), months (in each state to the quoted months), timing
    (lock-in, break-even), planted (log rates), programmes (shares in each intervention, and
    starting it, by arm and month)."""

    curves: pl.DataFrame
    months: pl.DataFrame
    timing: pl.DataFrame
    planted: pl.DataFrame
    programmes: pl.DataFrame


class _Futures(NamedTuple):
    """(arms, units, months): outcome codes, and the interventions that people take part in and
    start (or `NO_PROGRAMME`).
    """

    outcomes: np.ndarray
    taking_part: np.ndarray
    starting: np.ndarray


class _Group(NamedTuple):
    """Futures that are averaged together."""

    keys: tuple[str, str, str, str]
    item: int
    members: np.ndarray


@dataclass(frozen=True)
class _Units:
    """Whole slots (two rows a unit) as they stood before time zero; `focus` is the row the effect
    is about.
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

    def part(self, units: slice) -> "_Units":
        rows = slice(2 * units.start, 2 * units.stop)
        return _Units(
            self.people.take(rows),
            self.state.take(rows),
            self.focus[units] - rows.start,
            self.item[units],
            self.month[units],
            self.home[units],
            self.is_starter[units],
        )


def simulate_truth(
    city: City,
    *,
    seed: int,
    n_people: int,
    hidden_selection: float = 0.0,
    n_replicates: int = 1,
    eligible_share: float = ELIGIBLE_SHARE,
) -> Truth:
    """Curves and months with and without each intervention, for the city and its districts.

    Parameters
    ----------
    n_people : int
        The first so many people of the city. Even.
    hidden_selection : float
        As the tables were simulated.
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
    units = _collect(
        city,
        seed=seed,
        n_people=n_people,
        hidden_selection=hidden_selection,
        eligible_share=eligible_share,
    )
    observed = [
        _futures(
            city,
            units.part(slice(at, min(at + _CHUNK_UNITS, len(units)))),
            seed,
            replicate,
            hidden_selection,
        )
        for replicate in range(1, n_replicates + 1)
        for at in range(0, len(units), _CHUNK_UNITS)
    ]
    paths, taking_part, starting = (
        np.concatenate(parts, axis=1) for parts in zip(*observed, strict=True)
    )
    groups = _groups(city, units, n_replicates)
    programmes = _programmes(city, taking_part, starting, groups)
    return Truth(
        _curves(paths, groups),
        _months(paths, groups),
        _timing(city, paths, groups),
        planted_gains(city),
        programmes,
    )


def planted_gains(city: City) -> pl.DataFrame:
    """What each intervention adds to the log rate into work, by district, for who is not of its
    target group; and the lock-in.
    """
    gains, rates = work_gains(city), start_rates(city)
    rows = [
        (
            one.intervention_id,
            row.name,
            bool(rates[place, item] > 0),
            float(gains[place, item]),
            one.target_gain,
            one.lock_in,
            one.planned_months,
        )
        for item, one in enumerate(city.interventions)
        for place, row in enumerate(city.districts.rows)
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


def rollout_truth(city: City, *, seed: int, n_people: int) -> pl.DataFrame:
    """Share on support and rate of leaving for work, by district and month, with each roll-out and
    without it (the same people and chances).
    """
    tables = [
        _district_months(city, live(city, seed=seed, first=0, stop=n_people)).with_columns(
            action=pl.lit(None, pl.String), arm=pl.lit("with")
        )
    ]
    for one in city.rollouts:
        without = live(city, seed=seed, first=0, stop=n_people, switched_off=(one.action,))
        tables.append(
            _district_months(city, without).with_columns(
                action=pl.lit(one.action), arm=pl.lit("without")
            )
        )
    with_all = pl.concat(
        [tables[0].with_columns(action=pl.lit(one.action)) for one in city.rollouts]
    )
    adopted = pl.DataFrame(
        [
            (one.action, name, one.adopted.get(name))
            for one in city.rollouts
            for name in city.district_names
        ],
        schema={"action": pl.String, "district": pl.String, "adopted_month": pl.Int64},
        orient="row",
    )
    return (
        pl.concat([with_all, *tables[1:]])
        .join(adopted, on=["action", "district"])
        .sort("action", "district", "arm", "month")
    )


def _collect(
    city: City, *, seed: int, n_people: int, hidden_selection: float, eligible_share: float
) -> _Units:
    """Everybody who starts, and a sample of those who could, in the months that leave room for
    follow-up inside the tables.
    """
    people = draw_people(city, seed=seed, first=0, stop=n_people)
    process = Process(city, people, hidden_selection=hidden_selection)
    state = process.begin(-city.burn_in_months)
    home, found = people.district, []
    for month in range(-city.burn_in_months, city.n_months - _WINDOW_LEAD + 1):
        if month >= _WINDOW_START:
            found.append(_units_of_month(process, state, month, home, eligible_share))
        process.step(state, month)
        home = state.district.copy() if month == 0 else home
    rows, items, months, homes, starters, states = zip(*found, strict=True)
    both = np.concatenate([np.column_stack([part & ~1, part | 1]).ravel() for part in rows])
    focus = 2 * np.arange(len(both) // 2) + np.concatenate(rows) % 2
    joined = State(
        **{
            name: np.concatenate([getattr(part, name) for part in states])
            for name in vars(states[0])
        }
    )
    return _Units(
        people.take(both),
        joined,
        focus,
        *[np.concatenate(parts) for parts in (items, months, homes, starters)],
    )


def _units_of_month(
    process: Process, state: State, month: int, home: np.ndarray, eligible_share: float
) -> tuple:
    clock = np.full(len(process.people), month)
    rows, items = process.starters(state, clock)
    could = process.eligible(state, clock)
    could = could[
        uniforms(process.people.key[could], clock[could], Purpose.START, 1) < eligible_share
    ]
    other_rows, other_items = np.nonzero(_may_start(process, state, month, could))
    rows, items = (
        np.concatenate([rows, could[other_rows]]),
        np.concatenate([items, other_items]).astype(np.int64),
    )
    is_starter = np.arange(len(rows)) < len(rows) - len(other_rows)
    slots = np.column_stack([rows & ~1, rows | 1]).ravel()
    return rows, items, np.full(len(rows), month), home[rows], is_starter, state.take(slots)


def _may_start(process: Process, state: State, month: int, rows: np.ndarray) -> np.ndarray:
    """(rows, interventions): offered in the district by then, not running, and young enough."""
    return process.rates(state, np.full(len(process.people), month), rows) > 0


def _futures(
    city: City, units: _Units, seed: int, replicate: int, hidden_selection: float
) -> _Futures:
    """What becomes of the people in focus."""
    people = units.people.with_keys(person_keys(seed, units.people.number, replicate))
    process = Process(city, people, hidden_selection=hidden_selection)
    month, imposed = np.repeat(units.month, 2), np.full(len(people), NO_PROGRAMME)
    imposed[units.focus] = units.item
    nothing = np.full(len(people), NO_PROGRAMME)
    shape = (len(_ARMS), len(units), HORIZON_MONTHS)
    found = _Futures(np.empty(shape, np.uint8), np.empty(shape, np.int8), np.empty(shape, np.int8))
    for place, arm in enumerate(_ARMS):
        state = units.state.take(slice(None))
        for step in range(HORIZON_MONTHS):
            is_blocked = arm == "never" or (arm == "wait" and step == 0)
            now = Arm(
                imposed if arm == "treated" and step == 0 else nothing,
                imposed if is_blocked else nothing,
            )
            happened = process.step(state, month + step, now)
            found.outcomes[place, :, step] = _CODE[process.observed(state)[units.focus]]
            started = nothing.astype(np.int8)
            started[happened.started] = happened.started_in
            found.starting[place, :, step] = started[units.focus]
            # Who starts takes part in that month, also where it is over by the end of it.
            running = np.where(started != NO_PROGRAMME, started, state.programme)
            found.taking_part[place, :, step] = running[units.focus]
    return found


def _groups(city: City, units: _Units, n_replicates: int) -> list[_Group]:
    """Who is averaged together: keys, and the positions among all futures."""
    at_zero, populations = (
        units.state.district[units.focus],
        {"starters": units.is_starter, "eligible": ~units.is_starter},
    )
    if city.earlier_participation:
        begun = units.state.has_begun[units.focus]
        populations["starters_new_to_this"] = (
            units.is_starter & ~begun[np.arange(len(units)), units.item]
        )
        populations["starters_new_to_any"] = units.is_starter & ~begun.any(axis=1)
    groups = []
    for population, chosen in populations.items():
        for item, one in enumerate(city.interventions):
            own = chosen & (units.item == item)
            for basis, place_of in (("time_zero", at_zero), ("person_table", units.home)):
                named = [("all", own)] + [
                    (name, own & (place_of == place))
                    for place, name in enumerate(city.district_names)
                ]
                groups += [
                    _Group(
                        (population, one.intervention_id, district, basis),
                        item,
                        np.flatnonzero(np.tile(mask, n_replicates)),
                    )
                    for district, mask in named
                    if mask.any()
                ]
    return groups


def _with_keys(groups: list[_Group], n_rows: list[int], columns: dict[str, object]) -> pl.DataFrame:
    place = np.repeat(np.arange(len(groups)), n_rows)
    keys = {
        name: pl.Series([group.keys[column] for group in groups]).gather(place)
        for column, name in enumerate(_KEYS)
    }
    return pl.DataFrame(keys | columns)


def _curves(paths: np.ndarray, groups: list[_Group]) -> pl.DataFrame:
    before = np.zeros((len(_ARMS), len(OUTCOMES), 1))
    before[:, OUTCOMES.index(LATENT[SUPPORT])] = 1.0
    shares = []
    for group in groups:
        own = paths[:, group.members]
        after = np.stack([(own == code).mean(axis=1) for code in range(len(OUTCOMES))], axis=1)
        shares.append(np.concatenate([before, after], axis=2))
    _, arm, state, month = (axis.ravel() for axis in np.indices((len(groups), *shares[0].shape)))
    columns = {
        "arm": pl.Series(_ARMS).gather(arm),
        "state": pl.Series(OUTCOMES).gather(state),
        "month": month.astype(np.int32),
        "probability": np.concatenate([share.ravel() for share in shares]),
    }
    return _with_keys(groups, [share.size for share in shares], columns)


def _programmes(
    city: City, taking_part: np.ndarray, starting: np.ndarray, groups: list[_Group]
) -> pl.DataFrame:
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

    both = {"taking_part": shares(taking_part), "starting": shares(starting)}
    _, arm, item, month = (axis.ravel() for axis in np.indices(both["taking_part"].shape))
    columns = {
        "arm": pl.Series(_ARMS).gather(arm),
        "programme": pl.Series([one.intervention_id for one in city.interventions]).gather(item),
        "month": (month + 1).astype(np.int32),
        **{name: values.ravel() for name, values in both.items()},
    }
    return _with_keys(groups, [both["taking_part"][0].size] * len(groups), columns)


def _months(paths: np.ndarray, groups: list[_Group]) -> pl.DataFrame:
    rows, n_rows = [], []
    for group in groups:
        own = _months_of(paths[:, group.members])
        rows += own
        n_rows.append(len(own))
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


def _months_of(own: np.ndarray) -> list[tuple]:
    rows = []
    for horizon in QUOTED_MONTHS:
        for code, outcome in enumerate(OUTCOMES):
            spent = (own[:, :, :horizon] == code).sum(axis=2)
            for place, comparison in enumerate(_ARMS[1:], start=1):
                difference = spent[0] - spent[place].astype(float)
                error = float(difference.std() / np.sqrt(len(difference)))
                means = float(spent[0].mean()), float(spent[place].mean()), float(difference.mean())
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
        for place, comparison in enumerate(_ARMS[1:], start=1):
            total = np.cumsum(in_work[0] - in_work[place])
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
        [len(_ARMS) - 1] * len(groups),
        pl.DataFrame(rows, schema=schema, orient="row").to_dict(),
    )


def _district_months(city: City, lives) -> pl.DataFrame:
    n_districts, tables = len(city.district_names), []
    for month in range(1, city.n_months):
        place = lives.district[:, month]
        is_present = (lives.observed[:, month] == UNKNOWN) | (
            lives.observed[:, month] <= LATENT.index("pension")
        )
        was_paid = lives.is_paid[:, month - 1]
        to_work = was_paid & (lives.observed[:, month] == WORK)
        counts = [
            np.bincount(place, weights=what, minlength=n_districts)
            for what in (is_present, lives.is_paid[:, month], was_paid, to_work)
        ]
        tables.append(
            pl.DataFrame(
                {
                    "district": city.district_names,
                    "month": month,
                    "share_on_support": counts[1] / np.maximum(counts[0], 1),
                    "rate_to_work": counts[3] / np.maximum(counts[2], 1),
                    "n_on_support": counts[1].astype(np.int64),
                }
            )
        )
    return pl.concat(tables)
