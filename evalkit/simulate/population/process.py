"""The monthly process: how people move between livelihoods, who starts which intervention, and what
that changes.

Order within month t: those who were on support at the end of t - 1 may start an intervention (on
what the tables held then); then everybody may move between livelihoods, at rates that traits, time
on support, season, district, the running programme and past gains decide; then programmes end; then
households are counted as supported or not. Competing rates share one uniform number per person and
month.
"""

from typing import NamedTuple

import numpy as np

from evalkit.simulate.city.city import City
from evalkit.simulate.city.sections import TRAITS
from evalkit.simulate.population.offers import work_gains
from evalkit.simulate.population.people import People
from evalkit.simulate.population.rates import Rates, compete
from evalkit.simulate.population.state import (
    ABSENT,
    BENEFIT_STATES,
    BRIDGED_GAP_MONTHS,
    DEAD,
    END_REASONS,
    LATENT,
    MOVED,
    NEVER,
    NO_PROGRAMME,
    OTHER,
    PENSION,
    SHELTERED,
    STUDIES,
    SUBSIDISED,
    SUPPORT,
    TRAINING,
    UNKNOWN,
    WORK,
    Arm,
    Events,
    State,
)
from evalkit.simulate.population.streams import Purpose, uniforms

_EARNS = np.isin(np.arange(len(LATENT)), (WORK, SUBSIDISED, SHELTERED))


class Starts(NamedTuple):
    """Rows that start an intervention in a month, and which one."""

    rows: np.ndarray
    items: np.ndarray


class _Ended(NamedTuple):
    """Rows whose programme ends: which one, when it was begun, and the position of the reason."""

    rows: np.ndarray
    items: np.ndarray
    begun: np.ndarray
    reasons: np.ndarray


class Process:
    """The step of a city's people from one month to the next; parameters as `Rates`."""

    def __init__(
        self,
        city: City,
        people: People,
        *,
        switched_off: tuple[str, ...] = (),
    ):
        self.city, self.people, interventions = city, people, city.interventions
        self.rates = Rates(city, people, switched_off=switched_off)
        self.partner = np.arange(len(people)) ^ 1
        self.slot_key = people.key.reshape(-1, 2)[:, 0].repeat(2)
        self.state_of = np.array([LATENT.index(entry.state) for entry in interventions])
        self.is_job_centre = np.array([entry.is_job_centre for entry in interventions])
        self.planned = np.array([entry.planned_months for entry in interventions])
        self.planned_spread = np.array([entry.planned_spread_months for entry in interventions])
        self.dropout = np.array([entry.dropout_rate for entry in interventions], dtype=np.float32)
        self.work_share_at_end = np.array([entry.work_share_at_end for entry in interventions])
        self.work_gain = work_gains(city)
        self.studies_gain = np.array([entry.gain.studies for entry in interventions])
        self.benefit_gain = np.array([entry.gain.benefit for entry in interventions])
        self.target = np.array(
            [TRAITS.index(entry.target) if entry.target else 0 for entry in interventions]
        )
        self.target_gain = np.array(
            [entry.target_gain if entry.target else 0.0 for entry in interventions]
        )
        half_life = (city.earlier_participation or city.process).gain_half_life_months
        self.fade = np.float32(2 ** (-1 / half_life))

    def begin(self, month: int) -> State:
        """Where people are when the burn-in begins: mostly in work or on support, by how near work
        they are.
        """
        n, people = len(self.people), self.people
        drawn = uniforms(people.key, month - 1, Purpose.TRANSITION)
        readiness = self.rates.readiness(np.full(n, month), np.arange(n))
        on_support = 1 / (1 + np.exp(0.4 + 0.8 * readiness))
        latent = np.where(
            drawn < on_support, SUPPORT, np.where(drawn < on_support + 0.1, OTHER, WORK)
        )
        latent = np.where(people.arrival > month, ABSENT, latent).astype(np.uint8)
        never = np.full(n, NEVER, dtype=np.int16)
        return State(
            latent=latent,
            since=never.copy(),
            spell_start=never.copy(),
            last_paid=never.copy(),
            is_paid=np.zeros(n, bool),
            programme=np.full(n, NO_PROGRAMME, np.int8),
            programme_start=never.copy(),
            programme_end=never.copy(),
            gain=np.zeros((n, 3), np.float32),
            district=people.district.copy(),
            is_joint=people.is_couple.copy(),
            has_begun=np.zeros((n, len(self.city.interventions)), bool),
            months_worked=np.zeros(n, np.int16),
        )

    def step(self, state: State, month: np.ndarray | int, arm: Arm | None = None) -> Events:
        """Move everybody through one month (a number, or one month per person); writes into the
        state and returns what happened.
        """
        month = np.broadcast_to(np.asarray(month, dtype=np.int64), state.latent.shape)
        starts = self.starters(state, month, arm)
        self._arrive(state, month)
        switched = self._switched(state, month, starts)
        self._enter_programmes(state, month, starts)
        left = self._transit(state, month)
        ended = self._end_programmes(state, month, left)
        self._move(state, month)
        self._pay(state, month)
        state.gain *= self.fade
        state.months_worked += (state.latent == WORK) & (month >= 0)
        both = [np.concatenate([first, then]) for first, then in zip(switched, ended, strict=True)]
        return Events(starts.rows, starts.items, state.programme_end[starts.rows].copy(), *both)

    def observed(self, state: State) -> np.ndarray:
        """The livelihood that the tables show: position in LATENT, or UNKNOWN where nothing is on
        record.
        """
        hidden = (state.latent >= OTHER) | ((state.latent == SUPPORT) & ~state.is_paid)
        return np.where(hidden, UNKNOWN, state.latent).astype(np.uint8)

    # ------------------------------------------------------------------ starts

    def eligible(self, state: State, month: np.ndarray) -> np.ndarray:
        """Rows on support at the end of the month before: only they can start."""
        begun = (state.spell_start < month) & (state.last_paid >= month - 1 - BRIDGED_GAP_MONTHS)
        return np.flatnonzero((state.latent == SUPPORT) & begun & ~self._partner_earns(state))

    def starters(self, state: State, month: np.ndarray, arm: Arm | None = None) -> Starts:
        """Who starts which intervention this month; the state is left as it is."""
        rows = self.eligible(state, month)
        rates = self.rates.of_starts(state, month, rows)
        if arm is not None:
            rates[np.arange(rates.shape[1]) == arm.blocked[rows][:, None]] = 0.0
        chosen = compete(rates, uniforms(self.people.key[rows], month[rows], Purpose.START))
        if arm is not None:
            chosen = np.where(arm.forced[rows] >= 0, arm.forced[rows], chosen)
        return Starts(rows[chosen >= 0], chosen[chosen >= 0].astype(np.int8))

    def _switched(self, state: State, month: np.ndarray, starts: Starts) -> _Ended:
        """Who leaves a running programme for another one, credited with what they have done of
        it.
        """
        is_running = state.programme[starts.rows] != NO_PROGRAMME
        rows, to = starts.rows[is_running], starts.items[is_running]
        reasons = np.where(
            self.is_job_centre[to],
            END_REASONS.index("job_centre"),
            END_REASONS.index("other_activity"),
        )
        return self._ended(state, month, rows, reasons)

    def _ended(
        self, state: State, month: np.ndarray, rows: np.ndarray, reasons: np.ndarray
    ) -> _Ended:
        items, begun = state.programme[rows].copy(), state.programme_start[rows].copy()
        self._credit(state, month, rows)
        return _Ended(rows, items, begun, reasons)

    def _enter_programmes(self, state: State, month: np.ndarray, starts: Starts) -> None:
        rows, items = starts
        drawn = uniforms(self.people.key[rows], month[rows], Purpose.PLANNED)
        deviation = np.rint((2 * drawn - 1) * self.planned_spread[items]).astype(int)
        state.programme[rows] = items
        state.programme_start[rows] = month[rows]
        state.programme_end[rows] = month[rows] + np.maximum(self.planned[items] + deviation, 3)
        state.has_begun[rows, items] = True
        entered = rows[self.state_of[items] != SUPPORT]
        state.latent[entered] = self.state_of[state.programme[entered]]
        state.since[entered] = month[entered]

    # ------------------------------------------------------------------ transitions

    def _transit(self, state: State, month: np.ndarray) -> np.ndarray:
        """Move people between livelihoods; returns whether each one changed."""
        left = np.zeros(len(month), bool)
        stayed_enough = month - state.since >= self.city.process.minimum_stay_months
        for origin in range(PENSION):
            rows = np.flatnonzero(
                (state.latent == origin) & ~left & (stayed_enough | (origin == SUPPORT))
            )
            if origin in (SUBSIDISED, SHELTERED, TRAINING) or not len(rows):
                continue
            self._leave(state, month, rows, origin, left)
        rows = np.flatnonzero((state.latent == OTHER) & ~left & stayed_enough)
        self._leave(state, month, rows, OTHER, left)
        self._pass_away_or_move(state, month, left)
        return left

    def _leave(
        self, state: State, month: np.ndarray, rows: np.ndarray, origin: int, left: np.ndarray
    ) -> None:
        rates_from = self.city.process.rates[LATENT[origin]]
        ways = [LATENT.index(to) for to in rates_from]
        rates = np.tile(np.array(list(rates_from.values()), dtype=np.float32), (len(rows), 1))
        for column, to in enumerate(ways):
            rates[:, column] *= np.exp(self.rates.log_factor(state, month, rows, origin, to))
        if PENSION in ways:
            age_months = month[rows] - self.people.birth_month[rows]
            is_old = age_months >= 12 * self.city.process.pension_age
            rates[:, ways.index(PENSION)] = np.where(is_old, 1.0, rates[:, ways.index(PENSION)])
        chosen = compete(rates, uniforms(self.people.key[rows], month[rows], Purpose.TRANSITION))
        gone = rows[chosen >= 0]
        state.latent[gone] = np.array(ways, dtype=np.uint8)[chosen[chosen >= 0]]
        state.since[gone] = month[gone]
        left[gone] = True

    def _pass_away_or_move(self, state: State, month: np.ndarray, left: np.ndarray) -> None:
        """Death at a rate that doubles every eight years of age, and moves out of the city; couples
        move together.
        """
        present = (state.latent < DEAD) | (state.latent == OTHER)
        age = (month - self.people.birth_month) / 12
        dies = (
            uniforms(self.people.key, month, Purpose.TRANSITION, 1)
            < np.exp(-9.6 + 0.085 * age) / 12
        )
        moves = (
            uniforms(self._household_key(state), month, Purpose.TRANSITION, 2)
            < self.city.process.rates["out"]["moved"]
        )
        for gone, to in ((present & dies, DEAD), (present & moves & ~dies, MOVED)):
            state.latent[gone], state.since[gone] = to, month[gone]
            left |= gone
        state.is_joint &= ~((state.latent == DEAD) | (state.latent[self.partner] == DEAD))

    # ------------------------------------------------------------------ ends of programmes

    def _end_programmes(self, state: State, month: np.ndarray, left: np.ndarray) -> _Ended:
        rows = np.flatnonzero(state.programme != NO_PROGRAMME)
        has_own_state = self.state_of[state.programme[rows]] != SUPPORT
        drawn = uniforms(self.people.key[rows], month[rows], Purpose.DROPOUT)
        months_in = month[rows] - state.programme_start[rows]
        may_drop = months_in >= np.where(has_own_state, self.city.process.minimum_stay_months, 1)
        drops = (drawn < self.dropout[state.programme[rows]]) & may_drop
        completes = month[rows] >= state.programme_end[rows]
        # In a state of its own only death and moving away lead out before the end; the programme's
        # end leads to work or back to support.
        exits = np.where(has_own_state, np.isin(state.latent[rows], (DEAD, MOVED)), left[rows])
        loses_support = ~has_own_state & ~exits & self._partner_earns(state)[rows]
        over = completes | drops | exits | loses_support
        reasons = np.select(
            [exits, loses_support, completes, drops],
            [
                _reasons_of_exit(state.latent[rows]),
                END_REASONS.index("support_ended"),
                END_REASONS.index("completed"),
                END_REASONS.index("dropped_out"),
            ],
            END_REASONS.index("support_ended"),
        )
        ended = self._ended(state, month, rows[over], reasons[over])
        leaving = rows[over & has_own_state & ~exits]
        to_work = self._lands_in_work(state, month, leaving)
        state.latent[leaving] = np.where(to_work, WORK, SUPPORT)
        state.since[leaving] = month[leaving]
        state.programme[ended.rows] = NO_PROGRAMME
        landed = np.isin(ended.rows, leaving[to_work])
        return ended._replace(reasons=np.where(landed, END_REASONS.index("work"), ended.reasons))

    def _lands_in_work(self, state: State, month: np.ndarray, rows: np.ndarray) -> np.ndarray:
        share = self.work_share_at_end[state.programme[rows]]
        odds = share / np.maximum(1 - share, 1e-6) * np.exp(0.5 * self.rates.readiness(month, rows))
        return uniforms(self.people.key[rows], month[rows], Purpose.DESTINATION) < odds / (1 + odds)

    def _credit(self, state: State, month: np.ndarray, rows: np.ndarray) -> None:
        """Add the programme's gains, in proportion to how much of the planned time was spent
        in it.
        """
        items = state.programme[rows]
        planned = np.maximum(state.programme_end[rows] - state.programme_start[rows], 1)
        dose = np.clip((month[rows] - state.programme_start[rows]) / planned, 0, 1)
        is_target = self.people.traits[rows, self.target[items]] > 0
        work = self.work_gain[state.district[rows], items] + self.target_gain[items] * is_target
        gains = np.column_stack([work, self.studies_gain[items], self.benefit_gain[items]])
        state.gain[rows] += dose.astype(np.float32)[:, None] * gains.astype(np.float32)

    # ------------------------------------------------------------------ households and payments

    def _arrive(self, state: State, month: np.ndarray) -> None:
        rows = np.flatnonzero((state.latent == ABSENT) & (self.people.arrival <= month))
        drawn = uniforms(self.people.key[rows], month[rows], Purpose.DESTINATION, 1)
        grew_up_here = self.people.years_in_country[rows] > 0
        distance = np.where(grew_up_here, 1.2, -1.0) + 0.8 * self.rates.readiness(month, rows)
        in_need = 1 / (1 + np.exp(distance))
        state.latent[rows] = np.where(
            drawn < in_need, SUPPORT, np.where(drawn < in_need + 0.25, STUDIES, WORK)
        )
        state.since[rows] = month[rows]

    def _move(self, state: State, month: np.ndarray) -> None:
        """Couples part, and households move between districts."""
        couples = np.flatnonzero(state.is_joint)
        drawn = uniforms(self.slot_key[couples], month[couples], Purpose.SPLIT)
        state.is_joint[couples[drawn < self.city.process.split_rate]] = False
        key = self._household_key(state)
        moving = np.flatnonzero(uniforms(key, month, Purpose.MOVE) < self.city.process.move_rate)
        weights = np.cumsum([district.weight for district in self.city.districts.rows])
        drawn = uniforms(key[moving], month[moving], Purpose.MOVE, 1)
        state.district[moving] = np.minimum(
            np.searchsorted(weights / weights[-1], drawn), len(weights) - 1
        )

    def _pay(self, state: State, month: np.ndarray) -> None:
        """Support is paid to households with somebody in need and nobody who earns; now and then a
        month is missed.
        """
        qualifies = (state.latent == SUPPORT) & ~self._partner_earns(state)
        may_miss = np.flatnonzero(
            qualifies & (month - state.last_paid == 1) & (month > state.spell_start + 1)
        )
        drawn = uniforms(self._household_key(state)[may_miss], month[may_miss], Purpose.MISSED)
        state.is_paid = qualifies
        state.is_paid[may_miss[drawn < self.city.process.missed_rate]] = False
        is_new = state.is_paid & (month - state.last_paid > 1 + BRIDGED_GAP_MONTHS)
        state.spell_start[is_new] = month[is_new]
        state.last_paid[state.is_paid] = month[state.is_paid]

    def _partner_earns(self, state: State) -> np.ndarray:
        return state.is_joint & _EARNS[state.latent[self.partner]]

    def _household_key(self, state: State) -> np.ndarray:
        return np.where(state.is_joint, self.slot_key, self.people.key)


def _reasons_of_exit(latent: np.ndarray) -> np.ndarray:
    """Why a programme is counted as ended, by the livelihood that people have left it for."""
    return np.select(
        [
            latent == WORK,
            latent == STUDIES,
            np.isin(latent, BENEFIT_STATES),
            np.isin(latent, (DEAD, MOVED)),
        ],
        [END_REASONS.index(name) for name in ("work", "studies", "benefit", "moved_or_died")],
        END_REASONS.index("support_ended"),
    )
