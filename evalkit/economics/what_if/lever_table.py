"""What the value of a start is made of, draw by draw and period by period: the table from which a
page, or `revalue`, has it under another price, displacement, horizon, rate or half-life.

The ledger is a sum of products, so three streams suffice: what the intervention itself costs; the
months of work that displacement takes a share of, with what a month of it is worth; and all the
rest. All are worth at the start, at the run's own discount rate.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from math import floor, log10
from typing import Literal, NamedTuple

import numpy as np
import polars as pl
from numpy.typing import ArrayLike

from evalkit.economics.ledger.cash_flow import WORK, CashFlow, cash_flow
from evalkit.economics.ledger.discounting import MONTHS_PER_YEAR, discount_factors, mid_months
from evalkit.economics.ledger.effect_paths import EffectPath, effect_paths, n_joint_draws, recycle
from evalkit.economics.ledger.horizon import BOTH, months_in_states
from evalkit.economics.ledger.ledger import refuse_unknown_states, states_of
from evalkit.economics.ledger.programme_time import with_programmes
from evalkit.economics.ledger.seen import with_livelihood
from evalkit.economics.prices.district_prices import in_district
from evalkit.economics.prices.price_draws import draw_prices, own_prices
from evalkit.line.actors import PERSPECTIVES
from evalkit.line.estimands import ESTIMANDS
from evalkit.line.price_book import Posting, PriceBook
from evalkit.line.tables import published
from evalkit.tables import CITY

LeverPayer = Literal["district", "public_purse", "society"]
# Whose value a reader sees move, and what each is called in the table's columns.
PAYER_COLUMNS: Mapping[LeverPayer, str] = {
    "district": "district",
    "public_purse": "purse",
    "society": "society",
}
# So many numbers leave for a district's page: with more interventions there are fewer draws.
_MOST_NUMBERS = 30_000
# Beside the amounts of each period, a draw has its share displaced and a displaced month's worth to
# each payer.
_OF_DRAW = 4
_PER_PERIOD = 5
# What is rounded to what: amounts by the book's step (`_step`), months, shares. Those of draws are
# many and differ by much more; a month that is projected stands for many; the estimate is exact.
_OF_DRAW_STEPS, _PROJECTED_STEPS, _ESTIMATE_STEPS = 2.0, 0.1, 0.01
_OF_DRAW_MONTHS, _PROJECTED_MONTHS, _ESTIMATE_MONTHS = 1e-3, 1e-4, 1e-5
_OF_DRAW_SHARE, _ESTIMATE_SHARE = 5e-4, 1e-6


@dataclass(frozen=True)
class _Streams:
    """One effect's streams at times 0..h and, where something is projected, in the first projected
    month: `rest` (payer, draw, time), `programme` and `displaceable` (draw, time); and what each
    draw has once, by column (draw,).
    """

    rest: np.ndarray
    programme: np.ndarray
    displaceable: np.ndarray
    of_draw: dict[str, np.ndarray]

    @property
    def times(self) -> range:
        return range(self.programme.shape[1])


class _Period(NamedTuple):
    """Times first..last, with amounts told in multiples of `step` and months in those of
    `month_step`.
    """

    first: int
    last: int
    step: float
    month_step: float


def value_levers(
    effect_draws: pl.DataFrame,
    price_book: PriceBook,
    *,
    seed: int,
    status: pl.DataFrame,
    min_starters: int,
    programmes: pl.DataFrame | None = None,
    n_draws: int | None = None,
    horizon_months: int | None = None,
    without_livelihood: Collection[str] = (),
) -> pl.DataFrame:
    """The table value_levers with n_starters, the persons behind a row.

    Parameters
    ----------
    effect_draws, price_book, seed, programmes, n_draws, horizon_months
        As in `value_results`, so that draw b is the same here and there.
    status : DataFrame
        The table effect_status.
    min_starters : int
        Districts with fewer have no rows: pages show them the figures of all districts together.
    without_livelihood : collection of str
        As in `value_effects`: these have no rows, since society's value cannot be said.

    Returns
    -------
    DataFrame
        Amounts are rounded: where the book's largest price has five digits, those of a draw's year
        to 20, of its projected month to 1, of the estimate to 0.1. Where there are more draws than
        a page has room for, they are every so-maniest in the order of society's value: the spread
        stays. Interventions that are compared with another one are left out. Nothing is projected
        where the book has no half-life.

    Raises
    ------
    EstimationError, LedgerError
        As `value_results`.
    """
    starters = _starters(status, min_starters)
    counts = {
        (district, intervention, estimand): n
        for district, intervention, estimand, n in starters.iter_rows()
    }
    whole = with_livelihood(effect_draws, without_livelihood)
    paths = with_programmes(effect_paths(whole), programmes, price_book)
    refuse_unknown_states(states_of(paths), price_book)
    drawn = draw_prices(price_book, np.arange(max(n_joint_draws(paths, n_draws)) + 1), seed=seed)
    n_ranging, _ = n_joint_draws(paths, n_draws)
    chosen = [path for path in paths if _effect_of(path) in counts]
    n_interventions = len({path.keys["intervention_id"] for path in chosen})
    tables = [
        _rows(recycle(path, n_ranging), price_book, drawn, horizon_months, n_interventions)
        for path in chosen
    ]
    levers = pl.concat([published("value_levers").empty().drop("n_starters"), *tables])
    counted = levers.join(starters, on=["district", "intervention_id", "estimand"], how="left")
    return _with_months_between_persons(counted, {path.n_months for path in chosen})


def _starters(status: pl.DataFrame, min_starters: int) -> pl.DataFrame:
    return status.filter(
        (pl.col("source") == "raw")
        & (pl.col("subgroup") == "all")
        & (pl.col("estimand") != ESTIMANDS["other"])
        & ((pl.col("district") == CITY) | (pl.col("n_starters") >= min_starters))
    ).select(
        *(pl.col(key).cast(pl.String) for key in ("district", "intervention_id", "estimand")),
        "n_starters",
    )


def _with_months_between_persons(levers: pl.DataFrame, followed: set[int]) -> pl.DataFrame:
    """How much persons differ in the months of work that they gain while followed: from the error
    of the effect in all districts together, which shrinks with the root of the starters.
    """
    keys = ["intervention_id", "estimand"]
    of_city = levers.filter(pl.col("draw") > 0, pl.col("month") <= max(followed, default=0))
    gained = (
        of_city.filter(district=CITY)
        .group_by(*keys, "draw", "n_starters")
        .agg(pl.col("displaceable_months").sum())
        .group_by(*keys, "n_starters")
        .agg(pl.col("displaceable_months").sort().std())
        .select(
            *keys,
            months_between_persons=pl.col("displaceable_months") * pl.col("n_starters").sqrt(),
        )
    )
    schema = published("value_levers").schema
    return (
        levers.drop("months_between_persons").join(gained, on=keys, how="left").select(list(schema))
    )


def _effect_of(path: EffectPath) -> tuple[str, str, str]:
    return path.keys["district"], path.keys["intervention_id"], path.keys["estimand"]


def _rows(
    path: EffectPath,
    book: PriceBook,
    drawn: dict[str, np.ndarray],
    horizon: int | None,
    n_interventions: int,
) -> pl.DataFrame:
    book, drawn = in_district(book, drawn, path.keys["district"])
    streams, step = _streams(path, book, drawn), _step(book)
    years = _years(path.n_months, step * _OF_DRAW_STEPS)
    projected = [
        _Period(t, t, step * _PROJECTED_STEPS, _PROJECTED_MONTHS)
        for t in streams.times
        if t > path.n_months
    ]
    estimates = [_Period(t, t, step * _ESTIMATE_STEPS, _ESTIMATE_MONTHS) for t in streams.times]
    society = cash_flow(path, book, drawn, n_months=horizon).present_value(PERSPECTIVES["society"])
    n_numbers = _PER_PERIOD * (len(years) + len(projected)) + _OF_DRAW
    taken = 1 + _spread_out(society[1:], _MOST_NUMBERS // (n_interventions * n_numbers))
    rows = [
        *(_row(streams, 0, period) for period in estimates),
        *(_row(streams, draw, period) for draw in taken for period in (*years, *projected)),
    ]
    of_effect = {"estimand": path.keys["estimand"], "currency": book.currency}
    of_effect |= {key: path.keys[key] for key in ("district", "intervention_id")}
    schema = published("value_levers").empty().drop("n_starters").schema
    return pl.DataFrame([of_effect | row for row in rows], schema=schema)


def _row(streams: _Streams, draw: int, period: _Period) -> dict:
    step, times = period.step, slice(period.first, period.last + 1)
    of_draw = {name: float(values[draw]) for name, values in streams.of_draw.items()}
    rest = streams.rest[:, draw, times].sum(axis=1)
    return {
        "draw": int(draw),
        "month": period.last,
        **{
            f"rest_{column}": _rounded(amount, step)
            for column, amount in zip(PAYER_COLUMNS.values(), rest, strict=True)
        },
        "own_programme": _rounded(streams.programme[draw, times].sum(), step),
        "displaceable_months": _rounded(streams.displaceable[draw, times].sum(), period.month_step),
        **of_draw,
    }


def _years(n_months: int, step: float) -> list[_Period]:
    """The followed months year by year, the start in the first; the last may be shorter."""
    ends = [*range(MONTHS_PER_YEAR, n_months, MONTHS_PER_YEAR), n_months]
    return [
        _Period(first, last, step, _OF_DRAW_MONTHS)
        for first, last in zip([0, *(end + 1 for end in ends)], ends, strict=False)
    ]


def _spread_out(values: np.ndarray, most: int) -> np.ndarray:
    """Positions of at most so many values, evenly over their order, so that they spread as all
    do.
    """
    if len(values) <= most:
        return np.arange(len(values))
    ranks = ((np.arange(most) + 0.5) * len(values) / most).astype(int)
    return np.sort(np.argsort(values, kind="stable")[ranks])


def _streams(path: EffectPath, book: PriceBook, drawn: dict[str, np.ndarray]) -> _Streams:
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
    of_draw = {"displaced_share": _shares(prices[appraisal.displacement.central])}
    for column, of_payer, of_loss in zip(PAYER_COLUMNS.values(), displaced, lost, strict=True):
        of_draw[f"displaced_{column}"] = _each_rounded(
            _per_unit(of_payer, months),
            of_draws=_step(book) * _OF_DRAW_STEPS,
            estimate=_step(book) * _ESTIMATE_STEPS,
        )
        if column != "society":
            of_draw[f"programme_{column}"] = _shares(_per_unit(of_loss, lost[society]))
    of_draw["discount_rate"] = prices[appraisal.discount_rate]
    if appraisal.half_life is not None:
        of_draw["half_life"] = prices[appraisal.half_life]
    return _Streams(worth(book, path, 0.0) + lost, lost[society], months, of_draw)


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


def _step(book: PriceBook) -> float:
    """What rounding goes by, a power of ten: 10 where the largest price has five digits."""
    largest = max(record.value for record in book.prices if record.is_money)
    return 10.0 ** (floor(log10(largest)) - 3)


def _shares(values: np.ndarray) -> np.ndarray:
    return _each_rounded(values, of_draws=_OF_DRAW_SHARE, estimate=_ESTIMATE_SHARE)


def _each_rounded(values: np.ndarray, *, of_draws: float, estimate: float) -> np.ndarray:
    """One value for each draw, the estimate first."""
    return np.concatenate([_rounded(values[:1], estimate), _rounded(values[1:], of_draws)])


def _rounded(values: ArrayLike, step: float) -> np.ndarray:
    return np.round(np.asarray(values, dtype=float) / step) * step + 0.0  # minus zero is zero
