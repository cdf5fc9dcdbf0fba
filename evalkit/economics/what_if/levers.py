"""The levers of an intervention as a district's page shows it, read from published tables: what is
assumed, the streams of money of the table value_levers, and the published values that stand while
nothing is changed.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import polars as pl

from evalkit.disclosure.curves import by_every_month
from evalkit.economics.results.advice import Readings, readings_of
from evalkit.economics.what_if.lever_streams import PAYER_COLUMNS, LeverPayer
from evalkit.results import Result
from evalkit.tables import CITY

PAYERS: tuple[LeverPayer, ...] = tuple(PAYER_COLUMNS)
OBSERVED, TOTAL = "observed", "total"
_WITHOUT_FIGURES = "none"


@dataclass(frozen=True)
class LeverState:
    """What is assumed: the price of a start (money; None where it is not known), the share of new
    work that displaces others, the months counted, the discount rate a year, the months in which an
    effect halves after the follow-up (None where nothing is projected), the starts a year (None
    where they are withheld).

    The range of a price, a rate or a share that is uncertain follows its value in proportion;
    displacement takes at most all of the work.
    """

    price: float | None
    displaced_share: float
    horizon_months: int
    discount_rate: float
    half_life: float | None
    n_starts: float | None


class ValueOfStart(NamedTuple):
    """Money per start with its range, and how likely it is above zero."""

    estimate: float
    ci_lower: float
    ci_upper: float
    probability_positive: float


class Streams(NamedTuple):
    """As the table value_levers tells them, periods along the last axis: `rest` (payer,
    draw, period), `programme` and `displaceable` (draw, period).
    """

    rest: np.ndarray
    programme: np.ndarray
    displaceable: np.ndarray


class OfDraws(NamedTuple):
    """What each draw has once, the estimate first: (draw,) or (payer, draw)."""

    displaced_share: np.ndarray
    programme: np.ndarray
    displaced: np.ndarray
    discount_rate: np.ndarray
    half_life: np.ndarray | None


@dataclass(frozen=True, repr=False, eq=False)
class Levers(Result):
    """An intervention as a district's page shows it, ready to be valued anew.

    `state`: what the page rests on. `months`: the estimate's streams at times 0..h and the first
    projected month; `years`: those of the estimate (draw 0) and the draws by period, of which
    `ends` are the last months. `published`: the page's values by payer and part. `purse_curve`:
    what the public purse has gained by month, on a straight line between the months that are shown;
    `is_monthly`: whether all are. `n_starters`: the people behind the figures. `trial_worth`: what
    the best trial is worth, where the page says; it holds for `n_starts_of_figures`, the starts a
    year where the figures come from. `months_between_persons`: how much persons differ in the
    months of work they gain, None where that is not known. `n_independent`: draws of the effect.
    `readings`: what both readings of the effect say together of society's gain on the page. The
    draws are of the plain reading, so a change moves the page's values by what it moves them there.
    """

    state: LeverState
    followed_months: int
    months: Streams
    years: Streams
    ends: np.ndarray
    of_draws: OfDraws
    published: dict[tuple[LeverPayer, str], ValueOfStart]
    purse_curve: np.ndarray
    is_monthly: bool
    n_starters: int
    trial_worth: float | None
    n_starts_of_figures: float | None
    months_between_persons: float | None
    n_independent: int
    readings: Readings

    @property
    def table(self) -> pl.DataFrame:
        """What the page shows, one row per payer and part: `payer`, `part`, `estimate`,
        `ci_lower`, `ci_upper` (money per start), `probability_positive`.
        """
        return pl.DataFrame(
            [
                {"payer": payer, "part": part, **value._asdict()}
                for (payer, part), value in self.published.items()
            ]
        )

    @property
    def headline(self) -> str:
        """What is assumed, in a line."""
        return f"Levers at {self.state}; followed {self.followed_months} months. Published:"


def levers_of(
    tables: Mapping[str, pl.DataFrame], district: str, intervention_id: str
) -> Levers | None:
    """The levers of an intervention on a district's page, from published tables; None where the
    page has no figures of it.

    Parameters
    ----------
    tables : mapping of str to DataFrame
        The published value_levers, value_parts, value_curve, advice and offers.
    district : str
        A district, or all of them together. Where its advice rests on the figures of all, so do
        its levers.
    """
    at = {"district": district, "intervention_id": intervention_id}
    advice = _only_row(tables["advice"].filter(**at))
    if advice is None or advice["figures"] in (None, _WITHOUT_FIGURES):
        return None
    own = advice["figures"] in ("own", "pooled")
    of_figures = at | {"district": district if own else CITY}
    rows = tables["value_levers"].filter(**of_figures).drop_nulls("rest_society")
    if rows.is_empty():
        return None
    followed, horizon = advice["followed_months"], advice["horizon_months"]
    parts = tables["value_parts"].filter(**of_figures, estimand=rows["estimand"][0])
    curve = tables["value_curve"].filter(
        **of_figures, estimand=rows["estimand"][0], perspective="public_purse"
    )
    purse_curve, is_monthly = by_every_month(curve["month"], curve["estimate"])
    offer, offer_of_figures = (
        _only_row(tables["offers"].filter(**keys)) or {} for keys in (at, of_figures)
    )
    of_draws = _of_draws(rows)
    estimate, draws = rows.filter(draw=0), rows.filter(pl.col("draw") > 0)
    ends = draws["month"].unique().sort().to_numpy()
    by_month = _streams(estimate, 1)
    return Levers(
        LeverState(
            offer.get("cost"),
            float(of_draws.displaced_share[0]),
            horizon,
            float(of_draws.discount_rate[0]),
            None if of_draws.half_life is None else float(of_draws.half_life[0]),
            # 0 is 0 to 2: of a year's starts nothing can be said.
            offer.get("n_starts") or None,
        ),
        followed,
        by_month,
        _with_estimate(by_month, _streams(draws, draws["draw"].n_unique()), ends),
        ends,
        of_draws,
        {
            (payer, part): ValueOfStart(
                *parts.filter(perspective=payer, part=part).select(ValueOfStart._fields).row(0)
            )
            for payer in PAYERS
            for part in (OBSERVED, TOTAL)
        },
        purse_curve,
        is_monthly,
        int(rows["n_starters"][0]),
        advice["trial_worth"],
        offer_of_figures.get("n_starts"),
        estimate["months_between_persons"][0],
        int(parts["n_effect_draws"][0]),
        readings_of(
            *parts.filter(perspective="society", part=TOTAL)
            .select("probability_plain", "probability_second")
            .row(0)
        ),
    )


def _only_row(rows: pl.DataFrame) -> dict | None:
    return rows.row(0, named=True) if rows.height else None


def _streams(rows: pl.DataFrame, n_draws: int) -> Streams:
    ordered = rows.sort("draw", "month")

    def by_period(column: str) -> np.ndarray:
        return ordered[column].to_numpy().reshape(n_draws, -1)

    return Streams(
        np.stack([by_period(f"rest_{column}") for column in PAYER_COLUMNS.values()]),
        by_period("own_programme"),
        by_period("displaceable_months"),
    )


def _with_estimate(by_month: Streams, by_year: Streams, ends: np.ndarray) -> Streams:
    """The draws' periods with those of the estimate before them."""
    firsts = np.array([0, *(ends[:-1] + 1)])
    estimates = (np.add.reduceat(stream, firsts, axis=-1) for stream in by_month)
    return Streams(
        *(np.concatenate(pair, axis=-2) for pair in zip(estimates, by_year, strict=True))
    )


def _of_draws(rows: pl.DataFrame) -> OfDraws:
    once = rows.sort("draw", "month").unique("draw", keep="first", maintain_order=True)
    society = np.ones(once.height)
    payers = [column for column in PAYER_COLUMNS.values() if column != "society"]
    half_life = once["half_life"]
    return OfDraws(
        once["displaced_share"].to_numpy(),
        np.stack([*(once[f"programme_{column}"].to_numpy() for column in payers), society]),
        np.stack([once[f"displaced_{column}"].to_numpy() for column in PAYER_COLUMNS.values()]),
        once["discount_rate"].to_numpy(),
        None if half_life.null_count() else half_life.to_numpy(),
    )
