"""What the script of the what-if reads: each intervention's draws, the page's own values, how far
its levers go, the thresholds of advice, and the words and signs of the page's language.
"""

import json
from collections.abc import Sequence
from math import floor, isfinite, log10

import polars as pl

from evalkit.disclosure.curves import by_every_month, quoted_up_to
from evalkit.report.decision.lever_block import lever_block
from evalkit.report.decision.offered import Offered, curve_of, value_of
from evalkit.report.decision.panels import origins
from evalkit.report.parts.document import Brief
from evalkit.report.parts.numbers import RANGE
from evalkit.vocabulary import BANDS, LIKELY, SURE
from evalkit.words import capitalise
from evalkit.words.language import UNLIKELY
from evalkit.words.numbers import MONEY_DIGITS, money_digits

# In the order of rows: whose value moves.
LEVER_PAYERS = ("district", "public_purse", "society")
LEVERS = ("price", "displaced", "years", "rate", "half_life", "starts")
# From where to where a lever goes, and its step; further where the page's own value lies beyond.
_LIMITS = {"displaced": (0, 100, 1), "rate": (0, 10, 0.5), "half_life": (6, 120, 1)}
_MOST_YEARS = 10
_TIMES = 3  # a price and starts go up to so many times those of the page, or somewhat more
_MONTHS_PER_YEAR = 12
_STEPS_OF_PRICE = 100
_ADVICE = ("expand", "keep", "try_out", "stop", "cannot_be_said")

Limits = tuple[float, float, float]


def lever_data(brief: Brief, ones: Sequence[Offered]) -> str:
    """JSON for the script; empty where all draws are withheld.

    Parameters
    ----------
    brief : Brief
        The page's.
    ones : sequence of Offered
        Interventions with a value.
    """
    beside, _ = origins(brief, ones, "what_if")
    records = [
        record
        for one in ones
        if (record := _record(brief, one, beside.get(one.intervention_id))) is not None
    ]
    if not records:
        return ""
    told = {
        "levers": records,
        "rules": _rules(brief),
        "written": _written(brief, ones[0].advice["currency"]),
        "words": _words(brief, _most_years(ones)),
    }
    return json.dumps(told, ensure_ascii=False, allow_nan=False, separators=(",", ":"))


def _record(brief: Brief, one: Offered, beside: str | None) -> dict[str, object] | None:
    """What the script needs of an intervention; None where its draws are withheld."""
    rows = [
        table.data.filter(**one.keys).drop_nulls("rest_society")
        for table in brief.tables.family("value_levers")
    ]
    draws = pl.concat(rows) if rows else pl.DataFrame()
    total = value_of(brief, one, "society")
    if draws.is_empty() or total is None:
        return None
    estimate, advice = draws.filter(draw=0), one.advice
    once = estimate.row(0, named=True)
    share, rate = once["displaced_share"], once["discount_rate"]
    state = {
        "price": one.offer["cost"],
        "displaced_share": share,
        "horizon_months": advice["horizon_months"],
        "discount_rate": rate,
        "half_life": _finite(once["half_life"]),
        # 0 is 0 to 2: of a year's starts nothing can be said.
        "n_starts": one.offer["n_starts"] or None,
    }
    figures = brief.tables.row("offers", district=one.scope, intervention_id=one.intervention_id)
    name = capitalise(one.name)
    rows = curve_of(brief, one, "public_purse")
    curve, is_monthly = by_every_month(
        [row["month"] for row in rows], [row["estimate"] for row in rows]
    )
    return {
        "id": one.intervention_id,
        "name": f"{name}, {beside}" if beside else name,
        "state": state,
        "limits": {
            "price": _price_limits(state["price"], estimate),
            "displaced": _displaced_limits(share, estimate),
            "years": _years(
                advice["horizon_months"],
                advice["followed_months"],
                is_projected=once["half_life"] is not None,
            ),
            "rate": _held("rate", 100 * rate),
            "half_life": _held("half_life", state["half_life"]) if state["half_life"] else None,
            "starts": (1, _round_up(_TIMES * starts), 1) if (starts := state["n_starts"]) else None,
        },
        "followed": advice["followed_months"],
        "published": [
            [_published(brief, one, payer, part) for part in ("observed", "total")]
            for payer in LEVER_PAYERS
        ],
        "curve": [round(value, 2) for value in curve.tolist()],
        "shown": None
        if is_monthly
        else quoted_up_to(
            _MONTHS_PER_YEAR * max(_MOST_YEARS, advice["horizon_months"] // _MONTHS_PER_YEAR)
        ),
        "people": once["n_starters"],
        "trial": advice["trial_worth"],
        "starts": figures["n_starts"] if figures else None,
        "between_persons": once["months_between_persons"],
        "independent": total["n_effect_draws"],
        # Expanding needs both readings of the effect.
        "both": total["probability_second"] is not None,
        **lever_block(draws),
    }


def _finite(months: float | None) -> float | None:
    """An effect that stays has no half-life that a reader could change."""
    return months if months is not None and isfinite(months) else None


def _published(brief: Brief, one: Offered, payer: str, part: str) -> list[float | None]:
    row = value_of(brief, one, payer, part)
    columns = ("estimate", *RANGE, "probability_positive")
    return [row[column] if row else None for column in columns]


def _price_limits(price: float | None, estimate: pl.DataFrame) -> Limits | None:
    """None where the price is not known, or nobody pays it."""
    if not price or not (estimate["own_programme"] != 0).any():
        return None
    highest = _round_up(_TIMES * price)
    return 0, highest, highest / _STEPS_OF_PRICE


def _displaced_limits(share: float, estimate: pl.DataFrame) -> Limits | None:
    """None where displacement costs nobody anything."""
    worth = estimate.select("displaced_district", "displaced_purse", "displaced_society")
    return _held("displaced", 100 * share) if worth.to_numpy().any() else None


def _held(lever: str, value: float) -> Limits:
    """A lever's own limits, or as far as the page's value."""
    low, high, step = _LIMITS[lever]
    return min(low, value), max(high, value), step


def _years(horizon: int, followed: int, *, is_projected: bool) -> Limits | None:
    """Whole years from the page's horizon down to the first followed, and up where what follows is
    projected; followed months that make no whole year cannot be cut.
    """
    is_whole = horizon % _MONTHS_PER_YEAR == 0
    first = (
        _MONTHS_PER_YEAR
        if is_whole
        else horizon - (horizon - followed) // _MONTHS_PER_YEAR * _MONTHS_PER_YEAR
    )
    last = max(_MOST_YEARS * _MONTHS_PER_YEAR, horizon) if is_projected else horizon
    last = horizon + (last - horizon) // _MONTHS_PER_YEAR * _MONTHS_PER_YEAR
    if first == last:
        return None
    return first / _MONTHS_PER_YEAR, last / _MONTHS_PER_YEAR, 1


def _most_years(ones: Sequence[Offered]) -> int:
    """How far the longest horizon goes."""
    horizons = [one.advice["horizon_months"] // _MONTHS_PER_YEAR for one in ones]
    return max(_MOST_YEARS, *horizons)


def _round_up(value: float) -> float:
    """The next of 1, 2, 5, 10, 20, ... times a power of ten."""
    power = 10.0 ** floor(log10(value))
    return next(factor * power for factor in (1, 2, 5, 10) if factor * power >= value)


def _rules(brief: Brief) -> dict[str, float]:
    rules = brief.run.params.value.advice
    return {
        "expand": rules.expand_from,
        "purse": rules.expand_purse_from,
        "observed": rules.expand_observed_from,
        "stop": rules.stop_up_to,
        "trial": rules.trial_cost,
        "sure": SURE,
        "likely": LIKELY,
    }


def _written(brief: Brief, currency: str) -> dict[str, object]:
    """How numbers are written: signs, what amounts are rounded to below a size, patterns."""
    words = brief.words
    signs = words.d3_locale()
    largest, _ = MONEY_DIGITS[-1]
    return {
        "signs": [signs["decimal"], signs["thousands"], signs["minus"]],
        "rounding": [
            *([below, 10**-digits] for below, digits in MONEY_DIGITS),
            [None, 10 ** -money_digits(largest)],
        ],
        "money": words.money(1, currency).replace("1", "{number}"),
        "percent": words.percent(0.01).replace("1", "{number}"),
        "bounds": [UNLIKELY, words.probability(0.0), words.probability(1.0)],
        "range": words.text("unit.range", low="{low}", high="{high}"),
    }


def _words(brief: Brief, years: int) -> dict[str, object]:
    words = brief.words
    spoken = {
        name: f"{{{name}}}" for name in ("intervention", "value", "band", "probability", "advice")
    }
    return {
        "bands": {band: words.text(f"what_if.{band}", horizon="{horizon}") for band in BANDS},
        "advice": {advice: words.label(f"advice.{advice}") for advice in _ADVICE},
        "likely": words.text("what_if.likely", band="{band}", probability="{probability}"),
        "returns": words.text("what_if.returns", duration="{duration}"),
        "at_once": words.text("what_if.returns_at_once"),
        "never": words.text("what_if.no_return", duration="{duration}"),
        "year": words.text("what_if.year", starts="{starts}", amount="{amount}"),
        "spoken": words.text("what_if.spoken", advice_head=words.text("what_if.advice"), **spoken),
        "years": [words.duration(_MONTHS_PER_YEAR * number) for number in range(years + 1)],
        "month": words.duration(1),
        "months": words.text("duration.months", number="{number}"),
    }
