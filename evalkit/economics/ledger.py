"""The double-entry ledger: from effect draws to what each actor gains or loses per participant.

Amounts are present values at time zero of the treated arm minus the comparison, in the price book's currency and price year, seen from
the actor: positive is gained, negative is lost. Month 0 is the state before time zero and carries no money; month k is discounted
from its middle. Draw 0 is the point estimate at the records' own values; draws 1..B pair replicate b of the effect with draw b of
every price, so one table carries both uncertainties.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from evalkit.economics.actors import PUBLIC_PURSE
from evalkit.economics.discounting import discount_factors, mid_months
from evalkit.economics.ledger_checks import check_ledger
from evalkit.economics.price_book import Posting, PriceBook, Scenario
from evalkit.economics.price_draws import draw_prices
from evalkit.errors import EstimationError, LedgerError, first_few
from evalkit.tables import SCHEMAS, conform

EFFECT_KEYS = SCHEMAS["effect_status"].keys
ARMS = ("comparison", "treated")
ARM_SIGNS = {"comparison": -1.0, "treated": 1.0}
# Shares of people are sums of a few hundred weights; their rounding stays far below this.
PROBABILITY_TOLERANCE = 1e-8


@dataclass(frozen=True)
class _Effect:
    """One district and intervention: the draws' numbers, the states' names, probabilities (draw, arm, state, month 1..h)."""

    keys: dict[str, str]
    draws: np.ndarray
    states: list[str]
    probabilities: np.ndarray


@dataclass(frozen=True)
class _Row:
    """One row of the ledger in all draws: a posting as one of its actors sees it."""

    posting: Posting
    actor: str
    amounts: np.ndarray


def value_effects(effect_draws: pl.DataFrame, price_book: PriceBook, *, seed: int, horizon: int | None = None) -> pl.DataFrame:
    """What the effects are worth to each actor, posting by posting, draw by draw.

    Parameters
    ----------
    effect_draws : DataFrame
        The table effect_draws: the share of each arm in each state, months 0..h; all states of an arm and month sum to one.
    price_book : PriceBook
        Prices and postings (`load_price_book`).
    seed : int
        Seed of the price draws, >= 0.
    horizon : int, optional
        The months that the run declares to be valued. Must be the follow-up of the draws: nothing observed is left out, nothing is
        projected. Without it the follow-up is taken as it is.

    Returns
    -------
    DataFrame
        The table value_draws: amount per participant, treated minus comparison, by actor, posting, kind and draw.

    Raises
    ------
    EstimationError
        If the draws are incomplete, do not sum to one, or do not end at the horizon.
    LedgerError
        If a state has no livelihood in the book, or the ledger does not balance.
    """
    return value_under(effect_draws, price_book, displacement="central", seed=seed, horizon=horizon)


def value_under(
    effect_draws: pl.DataFrame, price_book: PriceBook, *, displacement: Scenario, seed: int, horizon: int | None = None
) -> pl.DataFrame:
    """What the effects are worth if none, the expected or a high share of the new work is somebody else's.

    Parameters
    ----------
    displacement : {"zero", "central", "high"}
        Which of the book's displacement records applies; `value_effects` takes the central one. All other draws are the same, so two
        scenarios differ by displacement and what it costs alone.
    effect_draws, price_book, seed, horizon
        As in `value_effects`, with its returns and errors.
    """
    conform(effect_draws.head(0), "effect_draws")
    draws = effect_draws.cast(SCHEMAS["effect_draws"].columns)
    if draws.is_empty():
        return pl.DataFrame(schema=SCHEMAS["value_draws"].columns)
    _refuse_unknown_states(draws, price_book)
    prices = draw_prices(price_book, np.arange(draws["draw"].max() + 1), seed=seed)
    prices["displaced_share"] = prices[getattr(price_book.appraisal.displacement, displacement)]
    parts = [
        _value(_complete(keys, group, horizon), price_book, prices) for keys, group in draws.partition_by(EFFECT_KEYS, as_dict=True).items()
    ]
    value_draws = conform(pl.concat(parts), "value_draws")
    check_ledger(value_draws, price_book)
    return value_draws


def _refuse_unknown_states(draws: pl.DataFrame, price_book: PriceBook) -> None:
    undeclared = sorted(set(draws["state"].unique()) - {livelihood.state for livelihood in price_book.livelihoods})
    if undeclared:
        raise LedgerError(
            f"States of the effect without a declared livelihood: {len(undeclared)}.",
            where=f"{price_book.file}: {first_few(undeclared, 6)}",
            why="Nobody would pay for the time people spend there, and the value would be wrong without a sign of it.",
            fix="add a livelihood (and its postings) for the state; paid_by: null says that nobody in the ledger pays.",
        )


def _complete(keys: tuple[str, ...], group: pl.DataFrame, horizon: int | None) -> _Effect:
    """The group's rows as an array, refused unless every draw, arm, state and month is there once."""
    draws, states, months = (group[column].unique().sort() for column in ("draw", "state", "month"))
    shape = (len(draws), len(ARMS), len(states), len(months))
    place = f"effect_draws, {', '.join(keys)}"
    if set(group["arm"].unique()) != set(ARMS) or months.to_list() != list(range(len(months))) or len(months) < 2:
        raise _refused("The effect draws lack an arm or a month.", place, "Every draw needs both arms and the months 0 to the last.")
    codes = [np.searchsorted(draws.to_numpy(), group["draw"].to_numpy()), _codes(group["arm"], ARMS), _codes(group["state"], states)]
    cells = np.ravel_multi_index((*codes, group["month"].to_numpy()), shape)
    if not np.all(np.bincount(cells, minlength=np.prod(shape)) == 1):
        raise _refused("The effect draws are incomplete or repeated.", place, "Every draw, arm, state and month stands once.")
    if horizon is not None and horizon != len(months) - 1:
        raise _refused(
            f"The follow-up is {len(months) - 1} months, the horizon to value {horizon}.",
            place,
            "A shorter horizon hides months that were observed; a longer one needs a projection, which the ledger does not make.",
        )
    probabilities = np.empty(shape)
    probabilities.ravel()[cells] = group["probability"].to_numpy()
    if not np.all(np.abs(probabilities.sum(axis=2) - 1) <= PROBABILITY_TOLERANCE) or not np.all(probabilities >= -PROBABILITY_TOLERANCE):
        raise _refused("The shares of the states do not sum to one.", place, "People are in one state a month, in each arm and draw.")
    return _Effect(dict(zip(EFFECT_KEYS, keys, strict=True)), draws.to_numpy(), states.to_list(), probabilities[..., 1:])


def _codes(column: pl.Series, names: Sequence[str]) -> np.ndarray:
    return column.cast(pl.Enum(names)).to_physical().to_numpy().astype(np.intp)


def _refused(what: str, where: str, why: str) -> EstimationError:
    return EstimationError(what, where=where, why=why, fix="look at the station that wrote effect_draws, or at the run file's horizon.")


def _value(effect: _Effect, book: PriceBook, prices: dict[str, np.ndarray]) -> pl.DataFrame:
    prices = {key: drawn[effect.draws] for key, drawn in prices.items()}
    factors = discount_factors(prices[book.appraisal.discount_rate], mid_months(effect.probabilities.shape[-1]))
    months = np.einsum("dasm,dm->ads", effect.probabilities, factors)
    rows = [
        _Row(posting, actor, sign * amounts)
        for posting in book.postings
        if posting.driver != "net_public_outlay" and posting.state in (None, *effect.states)
        for amounts in [_quantity(posting, effect, months, prices) * _unit_amount(posting, prices)]
        for actor, sign in posting.sides
    ]
    outlay = -sum((row.amounts for row in rows if row.actor in PUBLIC_PURSE), start=np.zeros(len(effect.draws)))
    rows += [
        _Row(posting, actor, sign * outlay * prices[book.appraisal.cost_of_public_funds])
        for posting in book.postings
        if posting.driver == "net_public_outlay"
        for actor, sign in posting.sides
    ]
    return _as_table(rows, effect, book)


def _quantity(posting: Posting, effect: _Effect, months: np.ndarray, prices: dict[str, np.ndarray]) -> np.ndarray:
    """How much of its driver a posting counts, per draw: discounted months, or starts."""
    if posting.driver == "start":
        return np.ones(len(effect.draws))
    state = effect.states.index(posting.state)
    counted = sum(ARM_SIGNS[arm] * months[ARMS.index(arm), :, state] for arm in posting.arms)
    return counted * prices["displaced_share"] if posting.driver == "displaced_months" else counted


def _unit_amount(posting: Posting, prices: dict[str, np.ndarray]) -> np.ndarray:
    return sum(np.prod([prices[key] for key in term], axis=0) for term in posting.terms)


def _as_table(rows: list[_Row], effect: _Effect, book: PriceBook) -> pl.DataFrame:
    n_draws = len(effect.draws)

    def repeated(values: list[str]) -> np.ndarray:
        return np.repeat(np.array(values, dtype=object), n_draws)

    return pl.DataFrame(
        {
            "draw": np.tile(effect.draws, len(rows)),
            "actor": repeated([row.actor for row in rows]),
            "kind": repeated([row.posting.kind for row in rows]),
            "posting": repeated([row.posting.posting for row in rows]),
            "amount": np.concatenate([row.amounts for row in rows]) + 0.0,  # minus zero is zero
        },
        schema={"draw": pl.Int32, "actor": pl.String, "kind": pl.String, "posting": pl.String, "amount": pl.Float64},
    ).with_columns(
        pl.lit(book.currency).alias("currency"),
        pl.lit(book.price_year, dtype=pl.Int32).alias("price_year"),
        *(pl.lit(value, dtype=pl.String).alias(key) for key, value in effect.keys.items()),
    )
