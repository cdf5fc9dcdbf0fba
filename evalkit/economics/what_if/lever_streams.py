"""What the value of a start is made of through time, draw by draw: what the intervention itself
costs, the months of work that displacement takes a share of, with what a month of it is worth, and
all the rest.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from evalkit.economics.ledger.cash_flow import WORK, CashFlow, cash_flow
from evalkit.economics.ledger.discounting import discount_factors, mid_months
from evalkit.economics.ledger.effect_paths import EffectPath
from evalkit.economics.ledger.horizon import BOTH, months_in_states
from evalkit.economics.prices.price_draws import own_prices
from evalkit.line.actors import PERSPECTIVES
from evalkit.line.price_book import Posting, PriceBook

LeverPayer = Literal["district", "public_purse", "society"]
# Whose value a reader sees move, and what each is called in the table's columns.
PAYER_COLUMNS: Mapping[LeverPayer, str] = {
    "district": "district",
    "public_purse": "purse",
    "society": "society",
}
# What there is in each period, in the order in which a page's script reads it.
STREAMS = (
    *("rest_district", "rest_purse", "rest_society"),
    *("own_programme", "displaceable_months"),
)
# The first and the last time of a period.
Span = tuple[int, int]


@dataclass(frozen=True)
class Streams:
    """One effect's streams at times 0..h and, where something is projected, in the first projected
    month: `by_time` (stream, draw, time), in the order of `STREAMS`; and what each draw has once,
    by column (draw,).
    """

    by_time: np.ndarray
    of_draw: dict[str, np.ndarray]

    def within(self, spans: Sequence[Span]) -> np.ndarray:
        """What they come to in each period: (stream, draw, period)."""
        sums = [self.by_time[..., first : last + 1].sum(axis=-1) for first, last in spans]
        return np.stack(sums, axis=-1)


def streams_of(path: EffectPath, book: PriceBook, drawn: dict[str, np.ndarray]) -> Streams:
    """An effect's streams, worth at the start at each draw's own discount rate."""
    appraisal = book.appraisal
    n_months = path.n_months + (appraisal.half_life is not None)
    key = _own_key(book, path, appraisal.displacement.central)
    prices = own_prices(drawn, book, path.keys["intervention_id"], path.draws)

    def worth(part: PriceBook, of: EffectPath, share: float) -> np.ndarray:
        at_share = drawn | {key: np.full_like(drawn[key], share)}
        return _through_time(cash_flow(of, part, at_share, n_months=n_months))

    displacing = [posting for posting in book.postings if _is_displacing(posting, book, path, key)]
    programme = [posting for posting in book.postings if posting.role == "programme_cost"]
    displaced = worth(_only(book, displacing), path, 1.0)
    lost = -worth(_only(book, programme), _own_programme(path), 0.0)
    society = list(PAYER_COLUMNS).index("society")
    months = _displaceable(path, book, prices, n_months, displacing)
    of_draw = {"displaced_share": prices[appraisal.displacement.central]}
    for column, of_payer, of_loss in zip(PAYER_COLUMNS.values(), displaced, lost, strict=True):
        of_draw[f"displaced_{column}"] = _per_unit(of_payer, months)
        if column != "society":
            of_draw[f"programme_{column}"] = _per_unit(of_loss, lost[society])
    of_draw["discount_rate"] = prices[appraisal.discount_rate]
    if appraisal.half_life is not None:
        of_draw["half_life"] = prices[appraisal.half_life]
    rest = worth(book, path, 0.0) + lost
    return Streams(np.stack([*rest, lost[society], months]), of_draw)


def _through_time(flow: CashFlow) -> np.ndarray:
    """What each payer gains at times 0..h and in the projected month: (payer, draw, time). What is
    paid after the follow-up for what was observed stands in its last month.
    """
    worth = np.stack([flow.through_time(PERSPECTIVES[payer]) for payer in PAYER_COLUMNS])
    if flow.n_months > flow.n_observed:
        observed, total = (
            np.stack([flow.present_value(PERSPECTIVES[payer], until=n) for payer in PAYER_COLUMNS])
            for n in (flow.n_observed, flow.n_months)
        )
        worth[..., -1] = total - observed
        worth[..., -2] += observed - worth[..., :-1].sum(axis=2)
    return worth


def _displaceable(
    path: EffectPath,
    book: PriceBook,
    prices: dict[str, np.ndarray],
    n_months: int,
    displacing: list[Posting],
) -> np.ndarray:
    """Months gained in the states whose work displaces (in work, where the book has none),
    discounted, at times 0..n: (draw, time).
    """
    displacing_states = {posting.state for posting in displacing} or {WORK}
    states = [state for state in path.states if state in displacing_states]
    difference = months_in_states(path, book, prices, n_months)[BOTH]
    gained = difference[:, [path.states.index(state) for state in states]].sum(axis=1)
    factors = discount_factors(prices[book.appraisal.discount_rate], mid_months(n_months))
    return np.pad(gained * factors, [(0, 0), (1, 0)])


def _per_unit(amounts: np.ndarray, units: np.ndarray) -> np.ndarray:
    """Amounts per unit, both through time, by least squares in each draw: exact where they are
    proportional; 0 where there are no units.
    """
    squares = (units**2).sum(axis=1)
    return (amounts * units).sum(axis=1) / np.where(squares > 0, squares, 1.0)


def _is_displacing(posting: Posting, book: PriceBook, path: EffectPath, key: str) -> bool:
    """Whether a posting follows the displacement that a reader changes: that of ordinary work."""
    return (
        posting.driver == "displaced_months"
        and _own_key(book, path, book.appraisal.displacement_in(posting.state).central) == key
    )


def _own_key(book: PriceBook, path: EffectPath, key: str) -> str:
    return book.own_prices(path.keys["intervention_id"]).get(key, key)


def _only(book: PriceBook, postings: list[Posting]) -> PriceBook:
    """The book with some postings and what the public outlay in them costs."""
    burden = [posting for posting in book.postings if posting.driver == "net_public_outlay"]
    return book.model_copy(update={"postings": (*postings, *burden)})


def _own_programme(path: EffectPath) -> EffectPath:
    """The effect with time in its own intervention alone."""
    own = [i for i, name in enumerate(path.programmes) if name == path.keys["intervention_id"]]
    return replace(
        path,
        programmes=[path.programmes[i] for i in own],
        participation={driver: shares[:, :, own] for driver, shares in path.participation.items()},
    )
