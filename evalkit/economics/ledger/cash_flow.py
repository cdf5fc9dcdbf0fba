"""The ledger month by month: what each actor gains or loses per participant, when; observed months
first, then what is left of the effect.

Time 0 is the start; time k >= 1 is month k, discounted from its middle. A posting that comes later
(delay_months) stands at its later time, and is counted in full even if that lies beyond the
horizon: it follows from what happened before. What lies past the follow-up: `horizon`.
"""

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from evalkit.economics.ledger.discounting import discount_factors, mid_months
from evalkit.economics.ledger.effect_paths import ARMS, EffectPath
from evalkit.economics.ledger.horizon import BOTH, months_in_states
from evalkit.economics.ledger.programme_time import programme_money
from evalkit.economics.prices.price_draws import own_prices, unit_amount
from evalkit.line.actors import ACTOR_NAMES, PERSPECTIVES_WITH_MUNICIPALITY, PUBLIC_PURSE
from evalkit.line.price_book import PROGRAMME_DRIVERS, DisplacementScenario, Posting, PriceBook

_ACTOR_INDEX = {actor: i for i, actor in enumerate(ACTOR_NAMES)}
_PURSE = [_ACTOR_INDEX[actor] for actor in PUBLIC_PURSE]
WORK = "work"


@dataclass(frozen=True)
class CashFlow:
    """One effect's ledger through time, in present values; the first draw is the point estimate.

    `worth`: (actor, draw, time 0..n), actors as in `ACTOR_NAMES`; postings that come after the
    horizon stand in its last month. `present`: the sum over time, (actor, draw), by horizon:
    `n_months`, the follow-up and a month less than the horizon. `programme_cost`: what each actor
    pays more for programmes, of every intervention, than in the comparison, (actor, draw).
    `equalised`: what income equalisation takes from the city, (draw,). `work_months`: extra months
    in unsubsidised work, (draw, month 1..n). `month_factor`: what one unit of money is worth if it
    comes a month later, (draw,).
    """

    keys: dict[str, str]
    worth: np.ndarray
    present: dict[int, np.ndarray]
    programme_cost: np.ndarray
    equalised: np.ndarray
    work_months: np.ndarray
    month_factor: np.ndarray
    n_months: int
    n_observed: int
    n_replicates: int

    @property
    def n_draws(self) -> int:
        """Draws beside the point estimate."""
        return self.worth.shape[1] - 1

    def first(self, n_draws: int) -> "CashFlow":
        """The estimate and the first draws alone."""
        taken = slice(n_draws + 1)
        return replace(
            self,
            worth=self.worth[:, taken],
            present={horizon: sums[:, taken] for horizon, sums in self.present.items()},
            programme_cost=self.programme_cost[:, taken],
            equalised=self.equalised[taken],
            work_months=self.work_months[taken],
            month_factor=self.month_factor[taken],
            n_replicates=min(n_draws, self.n_replicates),
        )

    def through_time(self, actors: tuple[str, ...]) -> np.ndarray:
        """What some actors gain together at each time: (draw, time)."""
        first, *others = (self.worth[_ACTOR_INDEX[actor]] for actor in actors)
        together = first.copy()
        for worth in others:
            together += worth
        return together

    @cached_property
    def accumulated(self) -> dict[str, np.ndarray]:
        """What each perspective, the municipality too, has gained so far at each time:
        (draw, time).
        """
        return {
            name: self.through_time(actors).cumsum(axis=1)
            for name, actors in PERSPECTIVES_WITH_MUNICIPALITY.items()
        }

    @cached_property
    def accumulated_by_actor(self) -> dict[str, np.ndarray]:
        """As `accumulated`, for each actor who gains or pays anything and is no perspective of
        their own: (draw, time).
        """
        by_actor = dict(zip(ACTOR_NAMES, self.worth, strict=True))
        return {
            actor: worth.cumsum(axis=1)
            for actor, worth in by_actor.items()
            if actor not in PERSPECTIVES_WITH_MUNICIPALITY and worth.any()
        }

    def present_value(self, actors: tuple[str, ...], *, until: int | None = None) -> np.ndarray:
        """What some actors gain together up to a horizon (the flow's own, or one of `present`):
        (draw,).
        """
        return self.present[self.n_months if until is None else until][
            [_ACTOR_INDEX[actor] for actor in actors]
        ].sum(axis=0)


def cash_flow(
    path: EffectPath,
    price_book: PriceBook,
    drawn: dict[str, np.ndarray],
    *,
    n_months: int | None = None,
    displacement: DisplacementScenario = "central",
) -> CashFlow:
    """One effect's ledger through time.

    Parameters
    ----------
    path : EffectPath
        The effect; its `draws` choose the draws of the prices.
    price_book : PriceBook
        The book.
    drawn : dict of ndarray
        By price key (`draw_prices`).
    n_months : int, optional
        The horizon; without it, the follow-up. Months.
    displacement : {"zero", "central", "high"}
        Which of the book's displacement records applies.

    Raises
    ------
    EstimationError
        If the horizon is shorter than the follow-up, or longer and the book declares no half-life.
    """
    n_months = n_months or path.n_months
    prices = own_prices(drawn, price_book, path.keys["intervention_id"], path.draws)
    arms = months_in_states(path, price_book, prices, n_months)
    rate, n_draws = prices[price_book.appraisal.discount_rate], len(path.draws)
    worth = np.zeros((len(ACTOR_NAMES), n_draws, n_months + 1))
    horizons = {n_months, path.n_months, max(n_months - 1, 0)}
    present = {horizon: np.zeros((len(ACTOR_NAMES), n_draws)) for horizon in horizons}
    cost, equalised = np.zeros((len(ACTOR_NAMES), n_draws)), np.zeros(n_draws)
    middles = discount_factors(rate, mid_months(n_months))
    beginnings = discount_factors(rate, np.arange(n_months))
    channels = [
        *_channels(path, price_book, prices, arms, displacement),
        *_programme_channels(path, price_book, drawn, n_months),
    ]
    for quantity, units, posting in channels:
        is_start, delay = posting.driver == "programme_starts", posting.delay_months
        discounted = quantity * (
            discount_factors(rate, [delay]) * (beginnings if is_start else middles)
        )
        for actor, unit in units.items():
            _add_through_time(
                worth[actor], discounted * unit[:, None], delay if is_start else delay + 1
            )
            for horizon, sums in present.items():
                sums[actor] += unit * discounted[:, :horizon].sum(axis=1)
        if posting.role == "programme_cost":
            for actor, unit in units.items():
                cost[actor] -= unit * discounted.sum(axis=1)
        if posting.role == "equalisation":
            equalised += units[_ACTOR_INDEX["city"]] * discounted.sum(axis=1)
    burden = _burdens(price_book, prices)
    for by_actor in (worth, *present.values()):
        _add_burden(by_actor, burden)
    work = (
        arms[BOTH][:, path.states.index(WORK)]
        if WORK in path.states
        else np.zeros((n_draws, n_months))
    )
    month_factor = discount_factors(rate, [1])[:, 0]
    return CashFlow(
        path.keys,
        worth,
        present,
        cost,
        equalised,
        work,
        month_factor,
        n_months,
        path.n_months,
        path.n_replicates,
    )


def _channels(
    path: EffectPath,
    book: PriceBook,
    prices: dict[str, np.ndarray],
    arms: dict[str, np.ndarray],
    displacement: DisplacementScenario,
):
    """What is counted in each month, what each actor gains by it, and one of the postings that are
    driven by it.
    """
    groups: dict[tuple, list[Posting]] = {}
    for posting in book.postings:
        if posting.state in path.states:
            arm = BOTH if len(posting.arms) == len(ARMS) else posting.arms[0]
            groups.setdefault(
                (posting.driver, posting.state, arm, posting.delay_months, posting.role), []
            ).append(posting)
    for (driver, state, arm, _, _), postings in groups.items():
        quantity = arms[arm][:, path.states.index(state)]
        if driver == "displaced_months":
            quantity = (
                quantity
                * prices[getattr(book.appraisal.displacement_in(state), displacement)][:, None]
            )
        yield quantity, _units(postings, prices), postings[0]


def _programme_channels(
    path: EffectPath, book: PriceBook, drawn: dict[str, np.ndarray], n_months: int
):
    """As `_channels`, for postings on programmes: money by month, every intervention at its own
    price.
    """
    for posting in book.postings:
        if posting.driver in PROGRAMME_DRIVERS:
            units = {
                _ACTOR_INDEX[actor]: np.full(len(path.draws), float(sign))
                for actor, sign in posting.sides
            }
            yield programme_money(posting, path, book, drawn, n_months), units, posting


def _units(postings: list[Posting], prices: dict[str, np.ndarray]) -> dict[int, np.ndarray]:
    """What each actor gains per unit of what drives these postings: by index of the actor,
    (draw,).
    """
    units: dict[int, np.ndarray] = {}
    for posting in postings:
        amount = unit_amount(posting, prices)
        for actor, sign in posting.sides:
            index = _ACTOR_INDEX[actor]
            units[index] = units.get(index, 0.0) + sign * amount
    return units


def _add_through_time(worth: np.ndarray, amounts: np.ndarray, first: int) -> None:
    """Add amounts (draw, k) at times first, first + 1, ...; what lies beyond the last time is put
    there.
    """
    inside = max(0, min(amounts.shape[1], worth.shape[1] - first))
    worth[:, first : first + inside] += amounts[:, :inside]
    worth[:, -1] += amounts[:, inside:].sum(axis=1)


def _burdens(book: PriceBook, prices: dict[str, np.ndarray]) -> list[tuple[int, np.ndarray]]:
    """Who bears how much per unit of net public outlay: index of the actor, (draw,)."""
    rate = prices[book.appraisal.cost_of_public_funds]
    bearing = [posting for posting in book.postings if posting.driver == "net_public_outlay"]
    return [
        (_ACTOR_INDEX[actor], sign * rate) for posting in bearing for actor, sign in posting.sides
    ]


def _add_burden(by_actor: np.ndarray, burden: list[tuple[int, np.ndarray]]) -> None:
    """The excess burden of what the public purse lays out, at the time it is laid out: (actor,
    draw) or (actor, draw, time).
    """
    outlay = -by_actor[_PURSE].sum(axis=0)
    for actor, rate in burden:
        by_actor[actor] += outlay * (rate if outlay.ndim == 1 else rate[:, None])
