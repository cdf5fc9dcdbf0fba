"""The double-entry ledger: from effect draws to what each actor gains or loses per participant.

Amounts are present values at time zero of the treated arm minus the comparison, in the price book's
currency and price year, seen from the actor: positive is gained, negative is lost. Month 0 is the
state before time zero and carries no money; month k is discounted from its middle. Draw 0 is the
point estimate at the records' own values; draws 1..B pair replicate b of the effect with draw b of
every price, so one table carries both uncertainties.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
import polars as pl

from evalkit.draws import CONF_LEVEL, percentile_limits
from evalkit.economics.ledger.discounting import discount_factors, mid_months
from evalkit.economics.ledger.effect_paths import (
    ARMS,
    EFFECT_KEYS,
    EVERYBODY,
    EffectPath,
    effect_paths,
)
from evalkit.economics.ledger.horizon import BOTH, months_in_states
from evalkit.economics.ledger.ledger_checks import check_ledger, check_rows
from evalkit.economics.ledger.programme_time import programme_money, with_programmes
from evalkit.economics.ledger.seen import seen_actors, seen_part
from evalkit.economics.prices.district_prices import in_district
from evalkit.economics.prices.price_draws import draw_prices, own_prices, unit_amount
from evalkit.errors import LedgerError, first_few
from evalkit.line.actors import PERSPECTIVES, PUBLIC_PURSE
from evalkit.line.columns import schema_of
from evalkit.line.price_book import PROGRAMME_DRIVERS, DisplacementScenario, Posting, PriceBook
from evalkit.line.states import PAID_AS
from evalkit.line.tables import table
from evalkit.tables import conform

_AMOUNTS = schema_of(
    "displacement", *EFFECT_KEYS, "perspective", "draw", "amount", "currency", "price_year"
)
_RANGES = schema_of(
    *("district", "intervention_id", "estimand", "actor", "posting", "kind"),
    *("ci_lower", "ci_upper"),
)


@dataclass(frozen=True)
class _Row:
    """One row of the ledger in all draws: a posting as one of its actors sees it."""

    posting: Posting
    actor: str
    amounts: np.ndarray


def value_effects(
    effect_draws: pl.DataFrame,
    price_book: PriceBook,
    *,
    seed: int,
    programmes: pl.DataFrame | None = None,
    horizon_months: int | None = None,
    subgroup: str = EVERYBODY,
    displacement: DisplacementScenario = "central",
    without_livelihood: Collection[str] = (),
) -> pl.DataFrame:
    """What the effects are worth to each actor, posting by posting, draw by draw.

    Parameters
    ----------
    effect_draws : DataFrame
        The table effect_draws, one estimand for each intervention: the share of each arm in each
        state, months 0..h; all states of an arm and month sum to one.
    price_book : PriceBook
        Prices and postings (`load_price_book`).
    seed : int
        Seed of the price draws, >= 0.
    programmes : DataFrame, optional
        The table effect_programme_draws: the time that either arm spends in every intervention;
        needed where the book posts on it.
    horizon_months : int, optional
        The months that are valued: beyond the follow-up the effect decays by the book's half-life.
        Without it nothing is projected.
    subgroup : str
        The one subgroup that is valued; rows of others are left out, never added.
    displacement : {"zero", "central", "high"}
        Which of the book's displacement records applies: none, the expected or a high share of the
        new work is somebody else's. All other draws are the same, so two scenarios differ by
        displacement and what it costs alone.
    without_livelihood : collection of str
        Interventions of whose people it is not known what they live on
        (`line.protocol.without_livelihood`): of these only support and programmes are posted, and
        only the actors whose result that tells have rows.

    Returns
    -------
    DataFrame
        The table value_draws: amount per participant, treated minus comparison, by actor, posting,
        kind and draw.

    Raises
    ------
    EstimationError
        If the draws are incomplete, do not sum to one, hold several estimands of an intervention,
        or none of the subgroup; if time in programmes is needed and not there; if the horizon is
        shorter than the follow-up, or longer and the book declares no half-life.
    LedgerError
        If a state has no livelihood in the book, or the ledger does not balance.
    """
    paths = with_programmes(effect_paths(effect_draws, subgroup=subgroup), programmes, price_book)
    prices = _prices(paths, price_book, seed)
    values = []
    for is_seen, book in ((True, price_book), (False, seen_part(price_book))):
        tables = [
            _as_table(_rows(path, book, prices, displacement, horizon_months), path, book)
            for path in paths
            if (path.keys["intervention_id"] not in without_livelihood) == is_seen
        ]
        value_draws = conform(pl.concat([table("value_draws").empty(), *tables]), "value_draws")
        check_ledger(value_draws, book)
        values.append(
            value_draws
            if is_seen
            else value_draws.filter(pl.col("actor").is_in(seen_actors(price_book)))
        )
    return pl.concat(values)


def perspective_amounts(
    effect_draws: pl.DataFrame,
    price_book: PriceBook,
    *,
    displacements: Sequence[DisplacementScenario],
    seed: int,
    programmes: pl.DataFrame | None = None,
    horizon_months: int | None = None,
) -> pl.DataFrame:
    """What each perspective gains in each draw under several displacements: the sums of
    `value_effects`, without its postings.

    Parameters
    ----------
    displacements : sequence of {"zero", "central", "high"}
        As `displacement` of `value_effects`.
    effect_draws, price_book, seed, programmes, horizon_months
        As in `value_effects`, with its errors.

    Returns
    -------
    DataFrame
        One row per displacement, effect key, perspective and draw: `amount`, `currency`,
        `price_year`.
    """
    paths = with_programmes(effect_paths(effect_draws), programmes, price_book)
    prices = _prices(paths, price_book, seed)
    tables = [pl.DataFrame(schema=_AMOUNTS)]
    for displacement, path in product(displacements, paths):
        rows = _rows(path, price_book, prices, displacement, horizon_months)
        check_rows([(row.posting, row.actor, row.amounts) for row in rows])
        for perspective, actors in PERSPECTIVES.items():
            amounts = sum(
                (row.amounts for row in rows if row.actor in actors),
                start=np.zeros(len(path.draws)),
            )
            columns = {
                "displacement": displacement,
                **path.keys,
                "perspective": perspective,
                "draw": path.draws,
                "amount": amounts,
                "currency": price_book.currency,
                "price_year": price_book.price_year,
            }
            tables.append(pl.DataFrame(columns, schema=_AMOUNTS))
    return pl.concat(tables)


def posting_ranges(
    effect_draws: pl.DataFrame,
    price_book: PriceBook,
    *,
    seed: int,
    programmes: pl.DataFrame | None = None,
    horizon_months: int | None = None,
    without_livelihood: Collection[str] = (),
    conf_level: float = CONF_LEVEL,
) -> pl.DataFrame:
    """The ranges of what each actor gains, posting by posting and in all: those of
    `value_by_actor`, without the draws of `value_effects`.

    Parameters
    ----------
    effect_draws, price_book, seed, programmes, horizon_months, without_livelihood
        As in `value_effects`, with its errors.
    conf_level : float
        Between 0 and 1.

    Returns
    -------
    DataFrame
        One row per effect, actor, posting and kind, and one per effect and actor with posting and
        kind "all": `ci_lower`, `ci_upper` (money).
    """
    paths = with_programmes(effect_paths(effect_draws), programmes, price_book)
    prices = _prices(paths, price_book, seed)
    tables = [pl.DataFrame(schema=_RANGES)]
    for path in paths:
        is_seen = path.keys["intervention_id"] not in without_livelihood
        book = price_book if is_seen else seen_part(price_book)
        rows = _rows(path, book, prices, "central", horizon_months)
        check_rows([(row.posting, row.actor, row.amounts) for row in rows])
        amounts: dict[tuple[str, str, str], np.ndarray] = {}
        for row in rows:
            if is_seen or row.actor in seen_actors(price_book):
                whole = row.actor, "all", "all"
                amounts[row.actor, row.posting.posting, row.posting.kind] = row.amounts
                amounts[whole] = amounts.get(whole, 0.0) + row.amounts
        limits = [
            percentile_limits(drawn[path.draws > 0], conf_level).tolist()
            for drawn in amounts.values()
        ]
        of_effect = [path.keys[key] for key in ("district", "intervention_id", "estimand")]
        ranges = [(*of_effect, *key, *ends) for key, ends in zip(amounts, limits, strict=True)]
        tables.append(pl.DataFrame(ranges, schema=_RANGES, orient="row"))
    return pl.concat(tables)


def _prices(paths: list[EffectPath], price_book: PriceBook, seed: int) -> dict[str, np.ndarray]:
    refuse_unknown_states(states_of(paths), price_book)
    return draw_prices(
        price_book, np.arange(max((path.draws.max() for path in paths), default=0) + 1), seed=seed
    )


def states_of(paths: Iterable[EffectPath]) -> set[str]:
    """The states in which any of the effects is told."""
    return {state for path in paths for state in path.states}


def refuse_unknown_states(states: Iterable[str], price_book: PriceBook) -> None:
    """Refuse states of an effect that have no livelihood in the book.

    Raises
    ------
    LedgerError
        Naming the book's file and the states.
    """
    declared = {livelihood.state for livelihood in price_book.livelihoods}
    undeclared = sorted({PAID_AS.get(state, state) for state in states} - declared)
    if undeclared:
        raise LedgerError(
            f"States of the effect without a declared livelihood: {len(undeclared)}.",
            where=f"{price_book.file}: {first_few(undeclared, 6)}",
            why="Nobody would pay for the time people spend there, and the value would be wrong "
            "without a sign of it.",
            fix="add a livelihood (and its postings) for the state; paid_by: null says that nobody "
            "in the ledger pays.",
        )


def _rows(
    effect: EffectPath,
    book: PriceBook,
    drawn: dict[str, np.ndarray],
    scenario: DisplacementScenario,
    horizon: int | None,
) -> list[_Row]:
    """The ledger of one effect: one row per posting and side."""
    book, drawn = in_district(book, drawn, effect.keys["district"])
    prices = own_prices(drawn, book, effect.keys["intervention_id"], effect.draws)
    rate = prices[book.appraisal.discount_rate]
    n_months = horizon or effect.n_months
    middles = discount_factors(rate, mid_months(n_months))
    months = {
        arm: np.einsum("dsm,dm->ds", shares, middles)
        for arm, shares in months_in_states(effect, book, prices, n_months).items()
    }
    rows = []
    for posting in book.postings:
        if posting.driver in PROGRAMME_DRIVERS:
            factors = (
                middles
                if posting.driver == "programme_months"
                else discount_factors(rate, np.arange(n_months))
            )
            amounts = (programme_money(posting, effect, book, drawn, n_months) * factors).sum(
                axis=1
            )
        elif posting.state is not None and posting.state in effect.states:
            state = effect.states.index(posting.state)
            in_state = {arm: by_state[:, state] for arm, by_state in months.items()}
            amounts = _amounts(posting, in_state, prices, book, scenario)
        else:
            continue
        later = (
            discount_factors(rate, [posting.delay_months])[:, 0] if posting.delay_months else 1.0
        )
        rows += [_Row(posting, actor, sign * amounts * later) for actor, sign in posting.sides]
    outlay = -sum(
        (row.amounts for row in rows if row.actor in PUBLIC_PURSE),
        start=np.zeros(len(effect.draws)),
    )
    rows += [
        _Row(posting, actor, sign * outlay * prices[book.appraisal.cost_of_public_funds])
        for posting in book.postings
        if posting.driver == "net_public_outlay"
        for actor, sign in posting.sides
    ]
    return rows


def _amounts(
    posting: Posting,
    months: dict[str, np.ndarray],
    prices: dict[str, np.ndarray],
    book: PriceBook,
    scenario: DisplacementScenario,
) -> np.ndarray:
    """What a posting on a state comes to per draw: discounted months times its unit amount."""
    arm = BOTH if len(posting.arms) == len(ARMS) else posting.arms[0]
    amounts = months[arm] * unit_amount(posting, prices)
    if posting.driver == "displaced_months":
        amounts = amounts * prices[getattr(book.appraisal.displacement_in(posting.state), scenario)]
    return amounts


def _as_table(rows: list[_Row], effect: EffectPath, book: PriceBook) -> pl.DataFrame:
    """The table value_draws of one effect, in its order: draw by draw, and within a draw by actor,
    kind and posting.
    """
    rows = sorted(rows, key=lambda row: (row.actor, row.posting.kind, row.posting.posting))
    labels = {
        "actor": [row.actor for row in rows],
        "kind": [row.posting.kind for row in rows],
        "posting": [row.posting.posting for row in rows],
    }
    row_of_draw = np.tile(np.arange(len(rows), dtype=np.uint32), len(effect.draws))
    amounts = (
        np.array([row.amounts for row in rows]).reshape(len(rows), len(effect.draws)) + 0.0
    )  # minus zero is zero
    return pl.DataFrame(
        {
            "draw": pl.Series(np.repeat(effect.draws, len(rows)), dtype=pl.Int32),
            **{
                name: pl.Series(values, dtype=pl.Categorical).gather(row_of_draw)
                for name, values in labels.items()
            },
            "amount": amounts.T.ravel(),
        }
    ).select(
        *(pl.lit(effect.keys[key], dtype=pl.Categorical).alias(key) for key in EFFECT_KEYS),
        "draw",
        "actor",
        "kind",
        "posting",
        "amount",
        pl.lit(book.currency, dtype=pl.Categorical).alias("currency"),
        pl.lit(book.price_year, dtype=pl.Int32).alias("price_year"),
    )
