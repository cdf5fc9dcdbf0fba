"""What the value of a start is made of, draw by draw and period by period: the table from which a
page, or `revalue`, has it under another price, displacement, horizon, rate or half-life.

The ledger is a sum of products, so three streams suffice: what the intervention itself costs; the
months of work that displacement takes a share of, with what a month of it is worth; and all the
rest. All are worth at the start, at the run's own discount rate.

The table is public, so nothing in it may be one person's. Amounts are those of the periods between
quoted months, in steps that one person does not move them by; within a period they are spread
evenly. And no replicate of the effect is in it: the draws are normal ones around the estimate that
spread and go together as the replicates do.
"""

from collections.abc import Collection, Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import polars as pl

from evalkit.disclosure.curves import quoted_up_to
from evalkit.disclosure.paths import PATH_PERSONS
from evalkit.disclosure.rounding import share_of_error, step_above, to_step
from evalkit.economics.ledger.discounting import MONTHS_PER_YEAR
from evalkit.economics.ledger.effect_paths import EffectPath, effect_paths, n_joint_draws, recycle
from evalkit.economics.ledger.ledger import refuse_unknown_states, states_of
from evalkit.economics.ledger.programme_time import with_programmes
from evalkit.economics.ledger.seen import with_livelihood
from evalkit.economics.prices.district_prices import in_district
from evalkit.economics.prices.price_draws import draw_prices
from evalkit.economics.what_if.lever_streams import STREAMS, Span, Streams, streams_of
from evalkit.line.estimands import ESTIMANDS
from evalkit.line.price_book import PriceBook
from evalkit.line.tables import published
from evalkit.tables import CITY

# So many numbers leave for a district's page: with more interventions there are fewer draws.
_MOST_NUMBERS = 30_000
# What a draw has once that is a price, and about nobody.
_PRICES = ("displaced_share", "discount_rate", "half_life")
_SHARE_STEP = 5e-4
# An amount that is spread over months stands in so many parts of its step.
_PARTS = 100
_EQUAL = 1e-9


class _People(NamedTuple):
    """The persons behind an effect, and the most that one of them does to it, as a share of its
    standard error.
    """

    n_starters: int
    one_person: float


def value_levers(
    effect_draws: pl.DataFrame,
    price_book: PriceBook,
    *,
    seed: int,
    status: pl.DataFrame,
    min_starters: int,
    programmes: pl.DataFrame | None = None,
    n_draws: int | None = None,
    without_livelihood: Collection[str] = (),
) -> pl.DataFrame:
    """The table value_levers before gate 2.

    Parameters
    ----------
    effect_draws, price_book, seed, programmes, n_draws
        As in `value_results`.
    status : DataFrame
        The table effect_status.
    min_starters : int
        Districts with fewer have no rows: pages show them the figures of all districts together.
        Nor has anything of fewer than 50 people.
    without_livelihood : collection of str
        As in `value_effects`: these have no rows, since society's value cannot be said.

    Returns
    -------
    DataFrame
        As many draws as a page has room for. Interventions that are compared with another one are
        left out. Nothing is projected where the book has no half-life.

    Raises
    ------
    EstimationError, LedgerError
        As `value_results`.
    """
    behind = _people(status, min_starters)
    whole = with_livelihood(effect_draws, without_livelihood)
    paths = with_programmes(effect_paths(whole), programmes, price_book)
    refuse_unknown_states(states_of(paths), price_book)
    drawn = draw_prices(price_book, np.arange(max(n_joint_draws(paths, n_draws)) + 1), seed=seed)
    n_ranging, _ = n_joint_draws(paths, n_draws)
    chosen = [path for path in paths if _effect_of(path) in behind]
    n_interventions = len({path.keys["intervention_id"] for path in chosen})
    rng = np.random.default_rng(seed)
    tables = [
        _rows(
            recycle(path, n_ranging),
            *in_district(price_book, drawn, path.keys["district"]),
            people=behind[_effect_of(path)],
            most=_MOST_NUMBERS // n_interventions,
            rng=rng,
        )
        for path in chosen
    ]
    levers = pl.concat([published("value_levers").empty(), *tables])
    keys = ["intervention_id", "estimand"]
    between = levers.filter(district=CITY).unique(keys).select(*keys, "months_between_persons")
    return (
        levers.drop("months_between_persons")
        .join(between, on=keys, how="left", maintain_order="left")
        .select(levers.columns)
    )


def _people(status: pl.DataFrame, min_starters: int) -> dict[tuple[str, str, str], _People]:
    """Who is behind each effect that has levers."""
    enough = status.filter(
        (pl.col("source") == "raw")
        & (pl.col("subgroup") == "all")
        & (pl.col("estimand") != ESTIMANDS["other"])
        & (pl.col("n_starters") >= PATH_PERSONS)
        & ((pl.col("district") == CITY) | (pl.col("n_starters") >= min_starters))
    )
    keys = [pl.col(key).cast(pl.String) for key in ("district", "intervention_id", "estimand")]
    return {
        (district, intervention, estimand): _People(n, one)
        for district, intervention, estimand, n, one in enough.select(
            *keys, "n_starters", _one_person(enough)
        ).iter_rows()
    }


def _one_person(status: pl.DataFrame) -> pl.Series:
    n, measured = (
        status[name].cast(pl.Float64).to_numpy() for name in ("n_starters", "one_person_value")
    )
    return pl.Series("one_person", share_of_error(n, measured), dtype=pl.Float64)


def _effect_of(path: EffectPath) -> tuple[str, str, str]:
    return path.keys["district"], path.keys["intervention_id"], path.keys["estimand"]


def _rows(
    path: EffectPath,
    book: PriceBook,
    drawn: dict[str, np.ndarray],
    *,
    people: _People,
    most: int,
    rng: np.random.Generator,
) -> pl.DataFrame:
    """An effect's rows: the estimate by month and the draws by followed year, both with the first
    projected month.
    """
    streams, followed = streams_of(path, book, drawn), path.n_months
    n_times = streams.by_time.shape[2]
    year_ends = [*range(MONTHS_PER_YEAR, followed, MONTHS_PER_YEAR), followed]
    projected = [(time, time) for time in range(followed + 1, n_times)]
    years = [*_spans(year_ends), *projected]
    quoted = [*_spans(sorted({0, *quoted_up_to(followed), *year_ends})), *projected]
    estimate, once = _estimate(streams, quoted, people.one_person)
    n_made = min(most // (len(STREAMS) * len(years) + len(once)), len(path.draws) - 1)
    centre = Streams(estimate[:, None], {name: np.array([it]) for name, it in once.items()})
    made = _made(streams, years, centre, people.one_person, n_draws=n_made, rng=rng)
    gained = streams.by_time[-1, 1:, : followed + 1].sum(axis=1)
    between = gained.std(ddof=1) * np.sqrt(people.n_starters)
    step = step_above(2 * between / people.n_starters)
    of_effect: dict[str, object] = {
        **dict(zip(("district", "intervention_id", "estimand"), _effect_of(path), strict=True)),
        "n_starters": people.n_starters,
        "months_between_persons": float(to_step(between, step)),
        "currency": book.currency,
    }
    rows = [
        *_table(centre, range(n_times), first_draw=0),
        *_table(made, [end for _, end in years], first_draw=1),
    ]
    return pl.DataFrame([of_effect | row for row in rows], schema=published("value_levers").schema)


def _spans(ends: Sequence[int]) -> list[Span]:
    """The periods that end with these times, one after the other from 0 on."""
    return [(before + 1, end) for before, end in pairwise([-1, *ends])]


def _estimate(
    streams: Streams, spans: Sequence[Span], one_person: float
) -> tuple[np.ndarray, dict[str, float]]:
    """The estimate's streams (stream, time), the sums of periods in steps that one person does not
    move them by and spread evenly within; and what it has once.
    """
    sums = streams.within(spans)
    shown, step = _shown(sums, one_person)
    lengths = np.array([last - first + 1 for first, last in spans])
    each = shown / lengths
    parted = np.where(np.isfinite(step), to_step(each, step / _PARTS), each)
    once = {
        name: float(values[0] if name in _PRICES else _shown(values, one_person)[0])
        for name, values in streams.of_draw.items()
    }
    return np.repeat(parted, lengths, axis=1), once


def _shown(draws: np.ndarray, one_person: float) -> tuple[np.ndarray, np.ndarray]:
    """The estimates, the first of the draws in the axis before the last (or the only one), in the
    steps of what one person does to them, and the steps: NaN where no draw differs, as of a price.
    """
    axis = max(draws.ndim - 2, 0)
    estimate, others = np.take(draws, 0, axis), np.delete(draws, 0, axis)
    error = others.std(axis=axis)
    # Sums of equal numbers differ in their last digits.
    error = np.where(error > _EQUAL * np.abs(estimate), error, 0.0)
    step = step_above(one_person * error)
    return np.where(np.isfinite(step), to_step(estimate, step), estimate), step


def _made(
    streams: Streams,
    spans: Sequence[Span],
    centre: Streams,
    one_person: float,
    *,
    n_draws: int,
    rng: np.random.Generator,
) -> Streams:
    """Normal draws around the estimate that is shown, which spread and go together as the
    replicates do: each is a sum of all replicates in random parts. Prices are those of some
    replicates.
    """
    sums = streams.within(spans)
    names = [name for name in streams.of_draw if name not in _PRICES]
    drawn = np.column_stack(
        [*np.moveaxis(sums, 1, 2).reshape(-1, sums.shape[1]), *(streams.of_draw[n] for n in names)]
    )
    middle = np.concatenate(
        [centre.within(spans)[:, 0].ravel(), [centre.of_draw[name][0] for name in names]]
    )
    replicates = drawn[1:] - drawn[1:].mean(axis=0)
    spread = _alike(replicates, n_draws, rng)
    step = _shown(drawn, one_person)[1]
    made = middle + np.where(np.isfinite(step), to_step(spread - spread.mean(axis=0), step), 0.0)
    n_sums = sums.shape[0] * len(spans)
    some = np.linspace(1, len(replicates), n_draws).round().astype(int)
    prices = {name: values[some] for name, values in streams.of_draw.items() if name in _PRICES}
    prices["displaced_share"] = to_step(prices["displaced_share"], _SHARE_STEP)
    return Streams(
        made[:, :n_sums].T.reshape(sums.shape[0], len(spans), n_draws).swapaxes(1, 2),
        dict(zip(names, made[:, n_sums:].T, strict=True)) | prices,
    )


def _alike(replicates: np.ndarray, n_draws: int, rng: np.random.Generator) -> np.ndarray:
    """Normal draws with the variances and covariances of the replicates (draw, column), which are
    centred; only about so where there are fewer draws than columns.
    """
    _, sizes, axes = np.linalg.svd(replicates, full_matrices=False)
    normal = rng.standard_normal((n_draws, len(sizes)))
    normal -= normal.mean(axis=0)
    if n_draws > len(sizes):
        u, _, v = np.linalg.svd(normal, full_matrices=False)
        normal = u @ v * np.sqrt(n_draws - 1)
    return normal * (sizes / np.sqrt(len(replicates) - 1)) @ axes


def _table(streams: Streams, months: Sequence[int], *, first_draw: int) -> Iterator[dict]:
    for draw in range(streams.by_time.shape[1]):
        once = {name: float(values[draw]) for name, values in streams.of_draw.items()}
        for month, amounts in zip(months, streams.by_time[:, draw].T, strict=True):
            yield {
                "draw": first_draw + draw,
                "month": month,
                **dict(zip(STREAMS, amounts.tolist(), strict=True)),
                **once,
            }
