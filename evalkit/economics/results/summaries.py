"""From value draws to the numbers of the report: by perspective, by actor and posting, under
displacement, and the prices behind them.

The estimate is draw 0: unit weights and the records' own values. The interval is the percentiles of
draws 1..B, and the probability that it pays the same percentiles read backwards (`evalkit.draws`).
All are per participant, present value, to the horizon of the value draws. Where an effect has a
second reading, ranges and probabilities are over both (`evalkit.economics.results.two_readings`).
"""

from collections.abc import Collection

import polars as pl

from evalkit.draws import estimate_with_range, share_above_zero, spanned
from evalkit.economics.ledger.effect_paths import EFFECT_KEYS
from evalkit.economics.ledger.ledger import perspective_amounts
from evalkit.economics.ledger.seen import with_livelihood
from evalkit.economics.prices.equalisation import kept_of_tax
from evalkit.economics.results.two_readings import with_width
from evalkit.errors import EstimationError
from evalkit.line.actors import PERSPECTIVES
from evalkit.line.columns import schema_of
from evalkit.line.price_book import PriceBook
from evalkit.vocabulary import TABLE_LANGUAGE, in_language

_MONEY = ("currency", "price_year")
SCENARIOS = ("zero", "central", "high")
# The readings of an effect agree in these; which draws were pooled may differ.
_EFFECT = ("district", "intervention_id", "estimand")
_POSTING = (*_EFFECT, "actor", "posting", "kind")


def summarise_value(value_draws: pl.DataFrame, *, conf_level: float = 0.95) -> pl.DataFrame:
    """What an intervention is worth per participant, from each perspective.

    Parameters
    ----------
    value_draws : DataFrame
        The table value_draws (`value_effects`).
    conf_level : float
        Between 0 and 1.

    Returns
    -------
    DataFrame
        One row per effect key and perspective (person, district, public_purse, society):
        `estimate`, `ci_lower`, `ci_upper` (money), `probability_positive` (0-1), `currency`,
        `price_year`. A perspective whose actors no posting touches is exactly zero. Limits and
        probability are null without replicates.

    Raises
    ------
    EstimationError
        If draw 0 is missing, or the confidence level is not between 0 and 1.
    """
    amounts = pl.concat(
        value_draws.group_by(*EFFECT_KEYS, "draw", *_MONEY).agg(
            pl.lit(name).alias("perspective"),
            pl.col("amount").filter(pl.col("actor").is_in(actors)).sum(),
        )
        for name, actors in PERSPECTIVES.items()
    )
    return _by_perspective(amounts, [], conf_level)


def value_by_actor(
    value_draws: pl.DataFrame, *, second: pl.DataFrame | None = None, conf_level: float = 0.95
) -> pl.DataFrame:
    """What each actor gains or loses per participant, posting by posting and in all.

    Parameters and errors as `summarise_value`.

    Parameters
    ----------
    second : DataFrame, optional
        The same of the second reading (`posting_ranges`), as far as there is one.

    Returns
    -------
    DataFrame
        One row per effect key, actor, posting and kind, and one per actor with posting and kind
        "all": `estimate`, `ci_lower`, `ci_upper` (money), `currency`, `price_year`.
    """
    by = [*EFFECT_KEYS, "actor", "posting", "kind"]
    sums = (
        value_draws.group_by(*EFFECT_KEYS, "draw", "actor", *_MONEY)
        .agg(pl.col("amount").sum())
        .with_columns(
            pl.lit("all", dtype=value_draws.schema[name]).alias(name)
            for name in ("posting", "kind")
        )
    )
    plain = (
        _over_draws(pl.concat([value_draws, sums.select(value_draws.columns)]), by, conf_level)
        .with_columns(pl.col(pl.Categorical).cast(pl.String))
        .sort(by)
        .select(*by, "estimate", "ci_lower", "ci_upper", *_MONEY)
    )
    return plain if second is None else spanned(with_width(plain), second, keys=_POSTING)


def displacement_sensitivity(
    effect_draws: pl.DataFrame,
    price_book: PriceBook,
    *,
    seed: int,
    second: pl.DataFrame | None = None,
    programmes: pl.DataFrame | None = None,
    horizon_months: int | None = None,
    without_livelihood: Collection[str] = (),
    conf_level: float = 0.95,
) -> pl.DataFrame:
    """What an intervention is worth if none, the expected or a high share of the new work is
    somebody else's.

    Parameters and errors as `value_effects` and `summarise_value`; an intervention of whose people
    it is not known what they live on has no rows, since no work is seen.

    Parameters
    ----------
    second : DataFrame, optional
        The table second_draws: the effects under the second reading, as far as there is one.

    Returns
    -------
    DataFrame
        As `summarise_value`, with a first column `displacement` (zero, central, high).
    """
    plain, *other = (
        _by_perspective(
            perspective_amounts(
                with_livelihood(draws, without_livelihood),
                price_book,
                displacements=SCENARIOS,
                seed=seed,
                programmes=programmes,
                horizon_months=horizon_months,
            ),
            ["displacement"],
            conf_level,
        )
        for draws in ([effect_draws] if second is None else [effect_draws, second])
    )
    if not other:
        return plain
    return spanned(with_width(plain), other[0], keys=["displacement", *_EFFECT, "perspective"])


def price_table(price_book: PriceBook) -> pl.DataFrame:
    """The prices and rates of a book as the published table `prices`.

    Returns
    -------
    DataFrame
        One row per record, and one for what is kept of new tax (`kept_of_tax`) where the book
        knows income equalisation: `price` (its key), `value`, `low`, `high` (null when fixed),
        `unit`, `price_year`, `currency`, `source`, `value_grade`, `carried` (series carried
        forward with their periods, null if none), and the name and the source in each language
        that all records have a name in (`name_en`, `source_en` ...).
    """
    records = (*price_book.prices, *kept_of_tax(price_book))
    languages = sorted(set.intersection(*(set(record.name) for record in price_book.prices)))
    names = {
        f"{what}_{language}": pl.String() for what in ("name", "source") for language in languages
    }
    schema = schema_of(
        *("price", "value", "low", "high", "unit", "price_year", "currency", "source"),
        "value_grade",
        "carried",
    )
    rows = [
        (
            r.key,
            r.value,
            r.distribution.low,
            r.distribution.high,
            r.unit,
            r.price_year,
            r.currency,
            in_language(r.source, TABLE_LANGUAGE),
            r.grade,
            ", ".join(r.carried) or None,
            *(r.name[language] for language in languages),
            *(in_language(r.source, language) for language in languages),
        )
        for r in records
    ]
    return pl.DataFrame(rows, schema={**schema, **names}, orient="row").sort("price")


def _by_perspective(amounts: pl.DataFrame, first: list[str], conf_level: float) -> pl.DataFrame:
    """The range of each perspective's amounts, in the order of scenarios, effects and
    perspectives.
    """
    by = [*first, *EFFECT_KEYS, "perspective"]
    order = {"displacement": SCENARIOS, "perspective": list(PERSPECTIVES)}
    summary = _over_draws(amounts, by, conf_level).with_columns(
        pl.col(pl.Categorical).cast(pl.String)
    )
    in_order = [
        pl.col(name).cast(pl.Enum(order[name])) if name in order else pl.col(name) for name in by
    ]
    return summary.sort(in_order).select(
        *by, "estimate", "ci_lower", "ci_upper", "probability_positive", *_MONEY
    )


def _over_draws(amounts: pl.DataFrame, by: list[str], conf_level: float) -> pl.DataFrame:
    summary = amounts.group_by(by).agg(
        *estimate_with_range("amount", conf_level=conf_level),
        share_above_zero("amount").alias("probability_positive"),
        *(pl.col(column).first() for column in _MONEY),
    )
    if summary["estimate"].null_count():
        raise EstimationError(
            "Draw 0 is missing from the value draws.",
            where=f"value_draws: {summary['estimate'].null_count()} of {summary.height} estimates",
            why="Draw 0 is the point estimate; a mean of replicates is not put in its place.",
            fix="value effect draws that hold draw 0.",
        )
    return summary
