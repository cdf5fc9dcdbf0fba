"""The monthly process: how people move between livelihoods, who starts which intervention, and what
that changes.

Order within month t: those who were on support at the end of t - 1 may start an intervention (on
what the tables held then); then everybody may move between livelihoods, at rates that traits, time
on support, season, district, the running programme and past gains decide; then programmes end; then
households are counted as supported or not. Competing rates share one uniform number a person and
month.
"""

import numpy as np

from evalkit.months import month_number
from evalkit.simulate.assumptions import SEASON_STARTS, TRAITS, City
from evalkit.simulate.offers import offered_from, start_rates, work_gains
from evalkit.simulate.people import People
from evalkit.simulate.state import (
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
)  # fmt: skip
from evalkit.simulate.streams import Purpose, uniforms
from evalkit.simulate.worlds import level_in

_EARNS = np.isin(np.arange(len(LATENT)), (WORK, SUBSIDISED, SHELTERED))
_TO_WORK, _TO_STUDIES, _TO_BENEFIT = 0, 1, 2


class Process:
    """The rates of a city's people, computed once, and the step from one month to the next."""

    def __init__(
        self,
        city: City,
        people: People,
        *,
        hidden_selection: float = 0.0,
        switched_off: tuple[str, ...] = (),
    ):
        self.city, self.people, rules = city, people, city.process
        self.partner = np.arange(len(people)) ^ 1
        self.slot_key = people.key.reshape(-1, 2)[:, 0].repeat(2)
        self.readiness = (
            people.score(rules.to_work) + np.float32(rules.hidden_to_work) * people.hidden
        )
        self.to_studies, self.to_benefit = (
            people.score(rules.to_studies),
            people.score(rules.to_benefit),
        )
        self.selection = np.column_stack(
            [
                people.score(one.selection) + np.float32(hidden_selection) * people.hidden
                for one in city.interventions
            ]
        )
        self.elapsed_slope = np.array(
            [one.selection.get("log_elapsed", 0.0) for one in city.interventions], dtype=np.float32
        )
        self.start_rates = start_rates(city)
        self.offered_from = offered_from(city)
        self.deviation = work_gains(city)
        self.rollouts = [one for one in city.rollouts if one.action not in switched_off]
        self.calendar_offset = month_number(city.first_month) % 12
        self.state_of = np.array([LATENT.index(one.state) for one in city.interventions])
        self.lock_in = np.array(
            [one.lock_in for one in city.interventions] + [0.0], dtype=np.float32
        )
        self.dropout = np.array([one.dropout_rate for one in city.interventions], dtype=np.float32)
        earlier = city.earlier_participation
        self.fade = np.float32(2 ** (-1 / (earlier or rules).gain_half_life_months))

    def begin(self, month: int) -> State:
        """Where people are when the burn-in begins: mostly in work or on support, by how near work
        they are.
        """
        n, people = len(self.people), self.people
        first = uniforms(people.key, month - 1, Purpose.TRANSITION)
        on_support = 1 / (1 + np.exp(0.4 + 0.8 * self.readiness))
        latent = np.where(
            first < on_support, SUPPORT, np.where(first < on_support + 0.1, OTHER, WORK)
        )
        latent = np.where(people.arrival > month, ABSENT, latent).astype(np.uint8)
        none = np.full(n, NEVER, dtype=np.int16)
        return State(
            latent,
            none.copy(),
            none.copy(),
            none.copy(),
            np.zeros(n, bool),
            np.full(n, NO_PROGRAMME, np.int8),
            none.copy(),
            none.copy(),
            np.zeros((n, 3), np.float32),
            people.district.copy(),
            people.is_couple.copy(),
            np.zeros((n, len(self.city.interventions)), bool),
        )

    def step(self, state: State, month: np.ndarray | int, arm: Arm | None = None) -> Events:
        """Move everybody through one month (a number, or one month a person); writes into the state
        and returns what happened.
        """
        month = np.broadcast_to(np.asarray(month, dtype=np.int64), state.latent.shape)
        started = self.starters(state, month, arm)
        self._arrive(state, month)
        switched = self._switched(state, month, started)
        before = state.latent.copy()
        self._enter_programmes(state, month, started)
        left = self._transit(state, month)
        ended = self._end_programmes(state, month, before, left)
        self._move(state, month)
        self._pay(state, month)
        state.gain *= self.fade
        return _events(state, started, switched, ended)

    # ------------------------------------------------------------------ starts

    def eligible(self, state: State, month: np.ndarray) -> np.ndarray:
        """Rows on support at the end of the month before: only they can start."""
        begun = (state.spell_start < month) & (state.last_paid >= month - 1 - BRIDGED_GAP_MONTHS)
        return np.flatnonzero((state.latent == SUPPORT) & begun & ~self._partner_earns(state))

    def _partner_earns(self, state: State) -> np.ndarray:
        return state.is_joint & _EARNS[state.latent[self.partner]]

    def rates(self, state: State, month: np.ndarray, rows: np.ndarray) -> np.ndarray:
        """(rows, interventions) monthly start rates."""
        elapsed = self._log_elapsed(state, month, rows)
        season = self._season(month[rows])
        seasonal = np.array([one.season for one in self.city.interventions], dtype=np.float32).T[
            season
        ]
        log_rates = self.selection[rows] + elapsed[:, None] * self.elapsed_slope + seasonal
        if self.city.earlier_participation:
            log_rates += self._after_participation(state.has_begun[rows])
        if self.city.calendar:
            log_rates += level_in(month[rows], self.city.calendar.starts)[:, None]
        rates = self.start_rates[state.district[rows]] * np.exp(log_rates)
        rates[month[rows][:, None] < self.offered_from[state.district[rows]]] = 0.0
        rates[np.arange(len(self.city.interventions)) == state.programme[rows][:, None]] = 0.0
        age_years = (month[rows] - self.people.birth_month[rows]) / 12
        for item, one in enumerate(self.city.interventions):
            if one.max_age is not None:
                rates[age_years >= one.max_age, item] = 0.0
        return rates

    def _after_participation(self, has_begun: np.ndarray) -> np.ndarray:
        """What having begun before adds to the log start rates."""
        rules = self.city.earlier_participation
        again = np.float32(rules.starts_after_this if rules.may_start_again else -np.inf)
        return np.where(has_begun, again, 0) + np.where(
            has_begun.any(axis=1, keepdims=True), np.float32(rules.starts_after_any), 0
        )

    def starters(
        self, state: State, month: np.ndarray, arm: Arm | None = None
    ) -> tuple[np.ndarray, np.ndarray]:
        """Rows that start an intervention this month, and which one; the state is left as it is."""
        rows = self.eligible(state, month)
        rates = self.rates(state, month, rows)
        if arm is not None:
            rates[np.arange(rates.shape[1]) == arm.blocked[rows][:, None]] = 0.0
        drawn = uniforms(self.people.key[rows], month[rows], Purpose.START)
        chosen = _compete(rates, drawn)
        if arm is not None:
            chosen = np.where(arm.forced[rows] >= 0, arm.forced[rows], chosen)
        return rows[chosen >= 0], chosen[chosen >= 0].astype(np.int8)

    def _switched(
        self, state: State, month: np.ndarray, started: tuple[np.ndarray, np.ndarray]
    ) -> tuple[np.ndarray, ...]:
        """Rows that leave a running programme for another one, credited with what they have done of
        it.
        """
        is_running = state.programme[started[0]] != NO_PROGRAMME
        rows, to = started[0][is_running], started[1][is_running]
        is_forward = np.array([one.is_job_centre for one in self.city.interventions])[to]
        reason = np.where(
            is_forward, END_REASONS.index("job_centre"), END_REASONS.index("other_activity")
        )
        ended = rows, state.programme[rows].copy(), state.programme_start[rows].copy(), reason
        self._credit(state, month, rows)
        return ended

    def _enter_programmes(
        self, state: State, month: np.ndarray, started: tuple[np.ndarray, np.ndarray]
    ) -> None:
        rows, items = started
        spread = np.array([one.planned_spread_months for one in self.city.interventions])[items]
        usual = np.array([one.planned_months for one in self.city.interventions])[items]
        drawn = uniforms(self.people.key[rows], month[rows], Purpose.PLANNED)
        planned = np.maximum(usual + np.rint((2 * drawn - 1) * spread).astype(int), 3)
        state.programme[rows], state.programme_start[rows], state.programme_end[rows] = (
            items,
            month[rows],
            month[rows] + planned,
        )
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
            rates[:, column] *= np.exp(self._log_factor(state, month, rows, origin, to))
        if PENSION in ways:
            old = (
                month[rows] - self.people.birth_month[rows]
            ) >= 12 * self.city.process.pension_age
            rates[:, ways.index(PENSION)] = np.where(old, 1.0, rates[:, ways.index(PENSION)])
        chosen = _compete(rates, uniforms(self.people.key[rows], month[rows], Purpose.TRANSITION))
        gone = rows[chosen >= 0]
        state.latent[gone] = np.array(ways, dtype=np.uint8)[chosen[chosen >= 0]]
        state.since[gone] = month[gone]
        left[gone] = True

    def _log_factor(
        self, state: State, month: np.ndarray, rows: np.ndarray, origin: int, to: int
    ) -> np.ndarray | float:
        rules = self.city.process
        if to == SUPPORT:
            loss = (
                -rules.loss_by_readiness * self.readiness[rows]
                - rules.loss_by_gain * state.gain[rows, _TO_WORK]
            )
            return loss + self._rollout(state, month, rows, "entry_effect")
        if origin == SUPPORT and to == WORK:
            slope = rules.to_work.get("log_elapsed", 0.0)
            season = np.array(rules.season_to_work, dtype=np.float32)[self._season(month[rows])]
            duration = slope * self._log_elapsed(state, month, rows)
            lock = self.lock_in[state.programme[rows]]
            gain = state.gain[rows, _TO_WORK]
            return (
                self.readiness[rows]
                + duration
                + season
                + lock
                + gain
                + self._local(state, month, rows)
            )
        if to == WORK:
            return 0.5 * self.readiness[rows]
        if origin == SUPPORT and to == STUDIES:
            return (
                self.to_studies[rows]
                + 0.5 * self.lock_in[state.programme[rows]]
                + state.gain[rows, _TO_STUDIES]
            )
        if origin == SUPPORT and to in BENEFIT_STATES:
            return self.to_benefit[rows] + state.gain[rows, _TO_BENEFIT]
        return 0.0

    def _local(self, state: State, month: np.ndarray, rows: np.ndarray) -> np.ndarray:
        districts = self.city.districts.rows
        level = np.array([row.labour_market for row in districts], dtype=np.float32)[
            state.district[rows]
        ]
        trend = np.array([row.yearly_trend for row in districts], dtype=np.float32)[
            state.district[rows]
        ]
        local = (
            level
            + trend * np.clip(month[rows], 0, self.city.n_months) / 12
            + self._rollout(state, month, rows, "exit_effect")
        )
        return (
            local + level_in(month[rows], self.city.calendar.to_work)
            if self.city.calendar
            else local
        )

    def _rollout(
        self, state: State, month: np.ndarray, rows: np.ndarray, effect: str
    ) -> np.ndarray:
        total = np.zeros(len(rows), np.float32)
        for one in self.rollouts:
            adopted = np.array([one.adopted.get(name, 2**14) for name in self.city.district_names])
            total += np.where(
                month[rows] >= adopted[state.district[rows]], getattr(one, effect), 0.0
            ).astype(np.float32)
        return total

    def _pass_away_or_move(self, state: State, month: np.ndarray, left: np.ndarray) -> None:
        """Death at a rate that doubles every eight years of age, and moves out of the city; couples
        move together.
        """
        present = state.latent < DEAD
        present |= state.latent == OTHER
        age = (month - self.people.birth_month) / 12
        dies = (
            uniforms(self.people.key, month, Purpose.TRANSITION, 1)
            < np.exp(-9.6 + 0.085 * age) / 12
        )
        household = self._household_key(state)
        moves = (
            uniforms(household, month, Purpose.TRANSITION, 2)
            < self.city.process.rates["out"]["moved"]
        )
        for gone, to in ((present & dies, DEAD), (present & moves & ~dies, MOVED)):
            state.latent[gone], state.since[gone] = to, month[gone]
            left |= gone
        state.is_joint &= ~((state.latent == DEAD) | (state.latent[self.partner] == DEAD))

    # ------------------------------------------------------------------ ends of programmes

    def _end_programmes(
        self, state: State, month: np.ndarray, before: np.ndarray, left: np.ndarray
    ) -> tuple[np.ndarray, ...]:
        rows = np.flatnonzero(state.programme != NO_PROGRAMME)
        is_own_state = self.state_of[state.programme[rows]] != SUPPORT
        drawn = uniforms(self.people.key[rows], month[rows], Purpose.DROPOUT)
        months_in = month[rows] - state.programme_start[rows]
        may_drop = months_in >= np.where(is_own_state, self.city.process.minimum_stay_months, 1)
        drops = (drawn < self.dropout[state.programme[rows]]) & may_drop
        completes = month[rows] >= state.programme_end[rows]
        # In a state of its own only death and moving away lead out before the end; the programme's
        # end leads to work or back to support.
        out = np.isin(state.latent[rows], (DEAD, MOVED))
        exits = np.where(is_own_state, out, left[rows])
        loses_support = ~is_own_state & ~exits & self._partner_earns(state)[rows]
        over = completes | drops | exits | loses_support
        reason = self._reasons(state, rows, exits, drops, completes, loses_support)
        rows, reason, is_own_state, exits = (
            rows[over],
            reason[over],
            is_own_state[over],
            exits[over],
        )
        ended = rows, state.programme[rows].copy(), state.programme_start[rows].copy(), reason
        self._credit(state, month, rows)
        leaving = rows[is_own_state & ~exits]
        to_work = self._lands_in_work(state, month, leaving)
        state.latent[leaving], state.since[leaving] = (
            np.where(to_work, WORK, SUPPORT),
            month[leaving],
        )
        landed = np.isin(rows, leaving[to_work])
        state.programme[rows] = NO_PROGRAMME
        return (*ended[:3], np.where(landed, END_REASONS.index("work"), reason))

    def _lands_in_work(self, state: State, month: np.ndarray, rows: np.ndarray) -> np.ndarray:
        share = np.array([one.work_share_at_end for one in self.city.interventions])[
            state.programme[rows]
        ]
        odds = share / np.maximum(1 - share, 1e-6) * np.exp(0.5 * self.readiness[rows])
        return uniforms(self.people.key[rows], month[rows], Purpose.DESTINATION) < odds / (1 + odds)

    def _reasons(
        self, state: State, rows: np.ndarray, exits, drops, completes, loses_support
    ) -> np.ndarray:
        to = state.latent[rows]
        by_state = np.select(
            [to == WORK, to == STUDIES, np.isin(to, BENEFIT_STATES), np.isin(to, (DEAD, MOVED))],
            [END_REASONS.index(name) for name in ("work", "studies", "benefit", "moved_or_died")],
            END_REASONS.index("support_ended"),
        )
        named = np.select(
            [exits, loses_support, completes, drops],
            [
                by_state,
                END_REASONS.index("support_ended"),
                END_REASONS.index("completed"),
                END_REASONS.index("dropped_out"),
            ],
            END_REASONS.index("support_ended"),
        )
        return named

    def _credit(self, state: State, month: np.ndarray, rows: np.ndarray) -> None:
        """Add the programme's gains, in proportion to how much of the planned time was spent
        in it.
        """
        items = state.programme[rows]
        planned = np.maximum(state.programme_end[rows] - state.programme_start[rows], 1)
        dose = np.clip((month[rows] - state.programme_start[rows]) / planned, 0, 1).astype(
            np.float32
        )
        work = self.deviation[state.district[rows], items] + self._target_gain(rows, items)
        studies = np.array([one.gain.studies for one in self.city.interventions])[items]
        benefit = np.array([one.gain.benefit for one in self.city.interventions])[items]
        state.gain[rows] += dose[:, None] * np.column_stack([work, studies, benefit]).astype(
            np.float32
        )

    def _target_gain(self, rows: np.ndarray, items: np.ndarray) -> np.ndarray:
        column = np.array(
            [TRAITS.index(one.target) if one.target else 0 for one in self.city.interventions]
        )[items]
        gain = np.array(
            [one.target_gain if one.target else 0.0 for one in self.city.interventions]
        )[items]
        return gain * (self.people.traits[rows, column] > 0)

    # ------------------------------------------------------------------ households and payments

    def _arrive(self, state: State, month: np.ndarray) -> None:
        rows = np.flatnonzero((state.latent == ABSENT) & (self.people.arrival <= month))
        drawn = uniforms(self.people.key[rows], month[rows], Purpose.DESTINATION, 1)
        grew_up_here = self.people.years_in_country[rows] > 0
        in_need = 1 / (1 + np.exp(np.where(grew_up_here, 1.2, -1.0) + 0.8 * self.readiness[rows]))
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
        weights = np.cumsum([row.weight for row in self.city.districts.rows])
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

    def _household_key(self, state: State) -> np.ndarray:
        return np.where(state.is_joint, self.slot_key, self.people.key)

    def observed(self, state: State) -> np.ndarray:
        """The livelihood that the tables show: position in LATENT, or UNKNOWN where nothing is on
        record.
        """
        hidden = (state.latent >= OTHER) | ((state.latent == SUPPORT) & ~state.is_paid)
        return np.where(hidden, UNKNOWN, state.latent).astype(np.uint8)

    def _log_elapsed(self, state: State, month: np.ndarray, rows: np.ndarray) -> np.ndarray:
        elapsed = np.clip(
            month[rows] - state.spell_start[rows], 0, self.city.process.longest_duration_months
        )
        return np.log1p(elapsed).astype(np.float32)

    def _season(self, month: np.ndarray) -> np.ndarray:
        calendar = (month + self.calendar_offset) % 12 + 1
        return np.searchsorted(SEASON_STARTS, calendar, side="right") % len(SEASON_STARTS)


def _compete(rates: np.ndarray, drawn: np.ndarray) -> np.ndarray:
    """Which of the competing ways each row takes, -1 for none: P(one of the first j ways) = 1 -
    exp(-sum of their rates).
    """
    total = np.cumsum(rates, axis=1)
    hazard = -np.log1p(-drawn.astype(np.float64))[:, None]
    return np.where(hazard[:, 0] < total[:, -1], (hazard >= total).sum(axis=1), -1)


def _events(state: State, started, switched, ended) -> Events:
    rows, items = started
    both = [np.concatenate([first, second]) for first, second in zip(switched, ended, strict=True)]
    return Events(rows, items, state.programme_end[rows].copy(), *both)
