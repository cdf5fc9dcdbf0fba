"""One thing at a time: how far each price, rate and the effect itself moves the value, and where it
would change sign.

All else stands at its own value and the effect at its point estimate. A switching value is where
society's sum crosses zero; between the points of a fine grid it is taken on a straight line, which
is exact for everything that enters the sum as a factor.
"""

from math import inf

import numpy as np

from evalkit.draws import percentile_limits
from evalkit.economics.ledger.cash_flow import CashFlow, cash_flow
from evalkit.economics.ledger.effect_paths import EffectPath
from evalkit.economics.ledger.programme_time import programme_keys
from evalkit.line.actors import PERSPECTIVES_WITH_MUNICIPALITY
from evalkit.line.price_book import PROGRAMME_DRIVERS, PriceBook, PriceRecord

EFFECT = "effect"
# Whose sums are told: society's first. The municipality's hangs on what equalisation takes, which
# moves society's not at all.
MOVED = ("society", "municipality", "district")
# Prices are searched for a switching value from nothing to this many times their value, shares from
# nothing to all.
_SEARCHED_TIMES = 5.0
_N_GRID = 41


def tornado(
    path: EffectPath,
    price_book: PriceBook,
    *,
    n_months: int,
    conf_level: float = 0.95,
) -> list[dict]:
    """How far each uncertain quantity moves the value to society, the municipality and the
    district, of each the widest first.

    Parameters
    ----------
    path : EffectPath
        The effect with its replicates.
    price_book : PriceBook
        Records with a range are varied over it, and those under appraisal.sensitivity over what
        stands there.
    n_months : int
        The horizon. Months.

    Returns
    -------
    list of dict
        perspective, parameter, value, low, high (in the record's unit; empty for the effect),
        value_at_low, value_at_high (money per participant), switching_value (where the sum crosses
        zero, nearest to the value; empty if nowhere searched), swing.
    """
    varied = _ranges(price_book, path)
    grids = {
        key: np.unique([*ends, *_searched(price_book.records[key])]) for key, ends in varied.items()
    }
    on_grids = _flow_on(path, price_book, grids, n_months)
    of_effect = {
        row["perspective"]: row
        for row in effect_ranges(path, price_book, n_months=n_months, conf_level=conf_level)
    }
    told = []
    for perspective in MOVED:
        actors = PERSPECTIVES_WITH_MUNICIPALITY[perspective]
        values = _by_key(on_grids.present_value(actors), grids)
        rows = [
            _row(
                key,
                price_book.records[key].value,
                varied[key],
                grids[key],
                values[key],
                is_searched=price_book.records[key].unit != "months",
            )
            for key in varied
        ]
        rows.append(of_effect[perspective])
        widest_first = sorted(rows, key=lambda row: (-row["swing"], row["parameter"]))
        told += [{"perspective": perspective, **row} for row in widest_first]
    return told


def effect_ranges(
    path: EffectPath, price_book: PriceBook, *, n_months: int, conf_level: float = 0.95
) -> list[dict]:
    """The rows of `tornado` that are about the effect itself: how far its own range moves the
    value to society, the municipality and the district, with every price at its own value.
    """
    flow = _flow_over_replicates(path, price_book, n_months)
    return [
        {"perspective": perspective}
        | _effect_row(
            flow.present_value(PERSPECTIVES_WITH_MUNICIPALITY[perspective])[path.draws > 0],
            conf_level,
        )
        for perspective in MOVED
    ]


def _ranges(book: PriceBook, path: EffectPath) -> dict[str, tuple[float, float]]:
    """What is varied, and between which ends; prices that an intervention replaces by its own are
    left out.
    """
    used = used_keys(book, path)
    drawn = {r.key: r.distribution.ends for r in book.prices if r.distribution.ends is not None}
    return {key: ends for key, ends in (drawn | book.appraisal.sensitivity).items() if key in used}


def used_keys(book: PriceBook, path: EffectPath) -> set[str]:
    """Keys of the prices that the central case of an effect uses: each intervention's own where it
    has some.
    """
    appraisal, substitutes = book.appraisal, book.own_prices(path.keys["intervention_id"])
    rates = {
        appraisal.discount_rate,
        appraisal.cost_of_public_funds,
        *displacement_keys(book),
        *filter(None, [appraisal.half_life]),
    }
    posted = {
        key
        for posting in book.postings
        if posting.driver not in PROGRAMME_DRIVERS
        for term in posting.terms
        for key in term
    }
    by_programme = programme_keys(book, path.programmes)
    return {substitutes.get(key, key) for key in rates | posted} | by_programme


def displacement_keys(book: PriceBook) -> tuple[str, ...]:
    """Keys of the expected displacement, for every kind of job."""
    appraisal = book.appraisal
    return (
        appraisal.displacement.central,
        *(displacement.central for displacement in appraisal.displacement_by_state.values()),
    )


def _searched(record: PriceRecord) -> np.ndarray:
    if record.unit == "months":
        return np.array([record.value])
    top = 1.0 if record.unit.startswith("share") else _SEARCHED_TIMES * max(record.value, 1.0)
    return np.unique([*np.linspace(0.0, top, _N_GRID), record.value])


def _flow_on(
    path: EffectPath, book: PriceBook, grids: dict[str, np.ndarray], n_months: int
) -> CashFlow:
    """One ledger with a draw for every point of every grid, all else at its own value."""
    counts = {key: len(grid) for key, grid in grids.items()}
    n_points = sum(counts.values())
    drawn = {record.key: np.full(n_points, record.value) for record in book.prices}
    starts = dict(zip(counts, np.cumsum([0, *counts.values()]), strict=False))
    for key, grid in grids.items():
        drawn[key][starts[key] : starts[key] + counts[key]] = grid
    many = path.taken(
        np.repeat(np.flatnonzero(path.draws == 0), n_points), n_effective=path.n_effective
    )
    return cash_flow(many, book, drawn, n_months=n_months)


def _by_key(values: np.ndarray, grids: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The draws of `_flow_on` by the key whose grid they are."""
    ends = np.cumsum([len(grid) for grid in grids.values()])
    return dict(zip(grids, np.split(values, ends[:-1]), strict=True)) if grids else {}


def _row(
    key: str,
    value: float,
    ends: tuple[float, float],
    grid: np.ndarray,
    values: np.ndarray,
    *,
    is_searched: bool,
) -> dict:
    at_low, at_high = (float(values[np.searchsorted(grid, end)]) for end in ends)
    return {
        "parameter": key,
        "value": value,
        "low": ends[0],
        "high": ends[1] if ends[1] != inf else None,
        "value_at_low": at_low,
        "value_at_high": at_high,
        "switching_value": _switch(value, grid, values) if is_searched else None,
        "swing": abs(at_high - at_low),
    }


def _switch(value: float, grid: np.ndarray, values: np.ndarray) -> float | None:
    """Where the sum changes sign, nearest to the value."""
    crossing = np.flatnonzero(np.sign(values[:-1]) * np.sign(values[1:]) < 0)
    zeros = [float(point) for point in grid[values == 0]]
    zeros += [
        float(grid[i] - values[i] * (grid[i + 1] - grid[i]) / (values[i + 1] - values[i]))
        for i in crossing
    ]
    return min(zeros, key=lambda zero: abs(zero - value), default=None)


def _flow_over_replicates(path: EffectPath, book: PriceBook, n_months: int) -> CashFlow:
    """The ledger of every draw of the effect, with every price at its own value."""
    at_values = {
        record.key: np.full(int(path.draws.max()) + 1, record.value) for record in book.prices
    }
    return cash_flow(path, book, at_values, n_months=n_months)


def _effect_row(values: np.ndarray, conf_level: float) -> dict:
    """The effect's own uncertainty: the value over its replicates."""
    low, high = percentile_limits(values, conf_level).tolist()
    empty = dict.fromkeys(("value", "low", "high", "switching_value"))
    return {
        "parameter": EFFECT,
        **empty,
        "value_at_low": low,
        "value_at_high": high,
        "swing": high - low,
    }
