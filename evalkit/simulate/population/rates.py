"""The monthly rates of a city's people: at which they start an intervention, and at which they move
between livelihoods.

Rates follow from traits, time on support, season, district, the running programme and past gains.
What does not change from month to month is computed once.
"""

from collections.abc import Sequence

import numpy as np

from evalkit.months import month_number
from evalkit.simulate.city.city import City
from evalkit.simulate.city.sections import SEASON_STARTS
from evalkit.simulate.city.worlds import EarlierParticipation, level_in
from evalkit.simulate.population.nearness import Nearness
from evalkit.simulate.population.offers import gains_of_higher_steps, offered_from, start_rates
from evalkit.simulate.population.people import People, weights_of
from evalkit.simulate.population.state import BENEFIT_STATES, STUDIES, SUPPORT, WORK, State

# Columns of State.gain.
GAIN_TO_WORK, GAIN_TO_STUDIES, GAIN_TO_BENEFIT = 0, 1, 2
_NEVER_ADOPTED = 2**14


class Rates:
    """What moves a city's people, and how strongly.

    Parameters
    ----------
    city : City
        The assumptions.
    people : People
        Whole slots, so that partners stand side by side.
    switched_off : tuple of str
        Roll-outs (actions) that do not happen.
    """

    def __init__(
        self,
        city: City,
        people: People,
        *,
        switched_off: tuple[str, ...] = (),
    ):
        self.city, self.people = city, people
        rules, interventions = city.process, city.interventions
        self.nearness = Nearness(city, people)
        self.to_studies = people.score(rules.to_studies)
        self.to_benefit = people.score(rules.to_benefit)
        self.selection = np.column_stack(
            [people.score(intervention.selection) for intervention in interventions]
        )
        self.unequal_access = np.stack(
            [weights_of(city.unequal_access.get(name, {})) for name in city.district_names]
        )
        self.elapsed_slope = _float32(
            [intervention.selection.get("log_elapsed", 0.0) for intervention in interventions]
        )
        self.season_of_start = _float32([intervention.season for intervention in interventions]).T
        # Nobody is too old where no age is named.
        self.max_age = np.array(
            [
                np.inf if intervention.max_age is None else intervention.max_age
                for intervention in interventions
            ]
        )
        self.start_rates = start_rates(city)
        self.offered_from = offered_from(city)
        self.gains_of_higher_steps = gains_of_higher_steps(city)
        # The last place is that of people in no programme, which is -1.
        self.lock_in = _float32([*(intervention.lock_in for intervention in interventions), 0.0])
        self.season_to_work = _float32(rules.season_to_work)
        self.labour_market = _float32([district.labour_market for district in city.districts.rows])
        self.yearly_trend = _float32([district.yearly_trend for district in city.districts.rows])
        self.rollouts = [
            (rollout, self._adopted(rollout.adopted))
            for rollout in city.rollouts
            if rollout.action not in switched_off
        ]
        self.calendar_offset = month_number(city.first_month) % 12

    def _adopted(self, adopted: dict[str, int]) -> np.ndarray:
        names = self.city.district_names
        return np.array([adopted.get(name, _NEVER_ADOPTED) for name in names])

    def of_starts(self, state: State, month: np.ndarray, rows: np.ndarray) -> np.ndarray:
        """Monthly rates of starting each intervention: (rows, interventions)."""
        elapsed = self._log_elapsed(state, month, rows)
        seasonal = self.season_of_start[self._season(month[rows])]
        chosen = self.selection[rows] + self._chosen(state, month, rows)[:, None]
        log_rates = chosen + elapsed[:, None] * self.elapsed_slope + seasonal
        if self.city.earlier_participation:
            log_rates += _after_participation(
                self.city.earlier_participation, state.has_begun[rows]
            )
        if self.city.next_step:
            log_rates += state.has_begun[rows] @ self.gains_of_higher_steps
        if self.city.calendar:
            log_rates += level_in(month[rows], self.city.calendar.starts)[:, None]
        if self.city.unequal_access:
            own = self.unequal_access[state.district[rows]]
            log_rates += (self.people.traits[rows] * own).sum(axis=1)[:, None]
        rates = self.start_rates[state.district[rows]] * np.exp(log_rates)
        rates[month[rows][:, None] < self.offered_from[state.district[rows]]] = 0.0
        rates[np.arange(rates.shape[1]) == state.programme[rows][:, None]] = 0.0
        age_years = (month[rows] - self.people.birth_month[rows]) / 12
        rates[age_years[:, None] >= self.max_age] = 0.0
        return rates

    def readiness(self, month: np.ndarray, rows: np.ndarray) -> np.ndarray:
        """What traits add to the log rate from support into work."""
        return self.nearness.of(rows, month[rows])

    def log_factor(
        self, state: State, month: np.ndarray, rows: np.ndarray, origin: int, to: int
    ) -> np.ndarray | float:
        """What people's own situation adds to the log rate from one livelihood into another."""
        rules, selection = self.city.process, self.city.selection
        if to == SUPPORT:
            loss = (
                -rules.loss_by_readiness * self.readiness(month, rows)
                - rules.loss_by_gain * state.gain[rows, GAIN_TO_WORK]
            )
            if self.city.newcomers and origin == WORK:
                loss += np.float32(np.log(self.city.newcomers.returns))
            return loss + self._of_rollouts(state, month, rows, "entry_effect")
        if origin == SUPPORT and to == WORK:
            slope = rules.to_work.get("log_elapsed", 0.0)
            return (
                self.readiness(month, rows)
                + slope * self._log_elapsed(state, month, rows)
                + self.season_to_work[self._season(month[rows])]
                + self.lock_in[state.programme[rows]]
                + state.gain[rows, GAIN_TO_WORK]
                + self.of_labour_market(state, month, rows)
            )
        if to == WORK:
            return 0.5 * self.readiness(month, rows)
        if origin == SUPPORT and to == STUDIES:
            return (
                self.to_studies[rows]
                + self._hidden(selection.to_studies if selection else 0.0, month, rows)
                + 0.5 * self.lock_in[state.programme[rows]]
                + state.gain[rows, GAIN_TO_STUDIES]
            )
        if origin == SUPPORT and to in BENEFIT_STATES:
            return (
                self.to_benefit[rows]
                + self._hidden(selection.to_benefit if selection else 0.0, month, rows)
                + state.gain[rows, GAIN_TO_BENEFIT]
            )
        return 0.0

    def _chosen(self, state: State, month: np.ndarray, rows: np.ndarray) -> np.ndarray:
        """What a world's selection adds to the log rate of every start."""
        selection = self.city.selection
        if selection is None:
            return np.zeros(len(rows), np.float32)
        n_seen = month[rows] - np.maximum(self.people.arrival[rows], 0)
        worked = state.months_worked[rows] / np.maximum(n_seen, 1)
        by_past = np.float32(selection.strength * selection.past_work) * worked.astype(np.float32)
        return self._hidden(selection.strength * selection.hidden, month, rows) + by_past

    def _hidden(self, slope: float, month: np.ndarray, rows: np.ndarray) -> np.ndarray:
        """What the trait that no table holds adds to a log rate."""
        if not slope:
            return np.zeros(len(rows), np.float32)
        return np.float32(slope) * self.nearness.hidden(rows, month[rows])

    def of_labour_market(self, state: State, month: np.ndarray, rows: np.ndarray) -> np.ndarray:
        """What the district and the time add to the log rate from support into work."""
        level = self.labour_market[state.district[rows]]
        trend = self.yearly_trend[state.district[rows]]
        local = (
            level
            + trend * np.clip(month[rows], 0, self.city.n_months) / 12
            + self._of_rollouts(state, month, rows, "exit_effect")
        )
        if not self.city.calendar:
            return local
        return local + level_in(month[rows], self.city.calendar.to_work)

    def _of_rollouts(
        self, state: State, month: np.ndarray, rows: np.ndarray, effect: str
    ) -> np.ndarray:
        total = np.zeros(len(rows), np.float32)
        for rollout, adopted in self.rollouts:
            is_adopted = month[rows] >= adopted[state.district[rows]]
            total += np.where(is_adopted, getattr(rollout, effect), 0.0).astype(np.float32)
        return total

    def _log_elapsed(self, state: State, month: np.ndarray, rows: np.ndarray) -> np.ndarray:
        longest = self.city.process.longest_duration_months
        elapsed = np.clip(month[rows] - state.spell_start[rows], 0, longest)
        return np.log1p(elapsed).astype(np.float32)

    def _season(self, month: np.ndarray) -> np.ndarray:
        calendar_month = (month + self.calendar_offset) % 12 + 1
        return np.searchsorted(SEASON_STARTS, calendar_month, side="right") % len(SEASON_STARTS)


def compete(rates: np.ndarray, drawn: np.ndarray) -> np.ndarray:
    """Which of the competing ways each row takes, -1 for none: P(one of the first j ways) = 1 -
    exp(-sum of their rates).

    Parameters
    ----------
    rates : ndarray
        Per month: (rows, ways).
    drawn : ndarray
        One uniform number per row.
    """
    total = np.cumsum(rates, axis=1)
    hazard = -np.log1p(-drawn.astype(np.float64))[:, None]
    return np.where(hazard[:, 0] < total[:, -1], (hazard >= total).sum(axis=1), -1)


def _after_participation(rules: EarlierParticipation, has_begun: np.ndarray) -> np.ndarray:
    """What having begun before adds to the log start rates."""
    again = np.float32(rules.starts_after_this if rules.may_start_again else -np.inf)
    return np.where(has_begun, again, 0) + np.where(
        has_begun.any(axis=1, keepdims=True), np.float32(rules.starts_after_any), 0
    )


def _float32(values: Sequence) -> np.ndarray:
    return np.array(values, dtype=np.float32)
