"""Values under both readings of an effect: the plain estimate, and what it is if what set people
apart before lasts (`evalkit.effects.trust.second_reading`).

The estimate is the plain one, its range holds those of both, and a probability is what both are
sure of. Which of the two holds is not known, so an intervention is as likely the best as it is on
average of both, and their draws weigh alike in what knowing more is worth. Costs and frontiers are
told of the plain reading.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import polars as pl

from evalkit.draws import spanned
from evalkit.economics.results.comparison import Option
from evalkit.line.tables import published

_LIMITS = (
    *(("ci_lower", "ci_upper"), ("deepest_lower", "deepest_upper")),
    ("value_at_low", "value_at_high"),
)
_PROBABILITIES = ("probability_positive", "probability", "probability_returns")
_TOTALS = ["district", "intervention_id", "estimand"]


def spanned_tables(
    plain: Mapping[str, pl.DataFrame], second: Mapping[str, pl.DataFrame]
) -> dict[str, pl.DataFrame]:
    """The tables of one effect (`ValueResults`) over both readings.

    Parameters
    ----------
    plain, second : mapping of str to DataFrame
        By field, the rows under either reading; effects without a second reading have no rows in
        `second` and stay as they are.

    Returns
    -------
    dict of DataFrame
        The tables of `plain`, with `plain_width` where they have a range (`with_width`). In parts,
        `probability_plain` and `probability_second` are what either reading says, the latter null
        without a second one.
    """
    tables = {
        field: spanned(
            with_width(rows),
            second[field],
            keys=published(f"value_{field}").keys,
            limits=[pair for pair in _LIMITS if set(pair) <= set(rows.columns)],
            probabilities=_PROBABILITIES,
        )
        for field, rows in plain.items()
    }
    parts = {"probability_plain": plain["parts"], "probability_second": second["parts"]}
    for name, rows in parts.items():
        keys = published("value_parts").keys
        tables["parts"] = (
            tables["parts"]
            .drop(name)
            .join(
                rows.select(*keys, pl.col("probability_positive").alias(name)),
                on=keys,
                how="left",
                maintain_order="left",
            )
        )
    return tables | {
        "parts": tables["parts"].select(*plain["parts"].columns, "plain_width"),
        "tornado": _widest_first(tables["tornado"]),
    }


def with_width(rows: pl.DataFrame) -> pl.DataFrame:
    """A table of values with `plain_width`, how wide the range is by the plain reading, by which
    the estimate is rounded (`evalkit.economics.results.shown`); as it is where it has no range.
    """
    if not {"ci_lower", "ci_upper"} <= set(rows.columns):
        return rows
    return rows.with_columns(plain_width=pl.col("ci_upper") - pl.col("ci_lower"))


def under_second(options: Sequence[Option], second: Sequence[Option]) -> list[Option]:
    """The options as the second reading has them, where there is one, else as they are."""
    by_effect = {_effect_of(option): option for option in second}
    return [by_effect.get(_effect_of(option), option) for option in options]


def draws_of_both(options: Sequence[Option], second: Sequence[Option]) -> list[Option]:
    """The options with the draws of both readings, the plain ones first; the estimate is the plain
    one.

    Parameters
    ----------
    options, second : sequence of Option
        The same ones under either reading (`under_second`).
    """
    if all(option is other for option, other in zip(options, second, strict=True)):
        return list(options)

    def both(plain: np.ndarray, other: np.ndarray) -> np.ndarray:
        return np.concatenate([plain, other[1:]])

    return [
        replace(
            option,
            net_benefit=both(option.net_benefit, other.net_benefit),
            cost=both(option.cost, other.cost),
            effect=both(option.effect, other.effect),
            known={
                group: {
                    name: both(drawn, other.known[group][name]) for name, drawn in known.items()
                }
                for group, known in option.known.items()
            },
        )
        for option, other in zip(options, second, strict=True)
    ]


def averaged(plain: pl.DataFrame, second: pl.DataFrame, column: str) -> pl.DataFrame:
    """A table of options with a probability that is the mean of both readings'; the rest is that of
    `plain`.
    """
    keys = [key for key in ("district", "estimand", "threshold", "option") if key in plain.columns]
    other = second.select(*keys, _second=pl.col(column))
    return (
        plain.join(other, on=keys, how="left", maintain_order="left")
        .with_columns(pl.mean_horizontal(column, "_second").alias(column))
        .select(plain.columns)
    )


def readings_of_totals(totals: pl.DataFrame, second: pl.DataFrame) -> pl.DataFrame:
    """Every draw of an effect's value, of either reading with equal weight, since which of them
    holds is not known; draw 0 is left out. An effect has as many draws of both, or of one alone.

    Parameters
    ----------
    totals, second : DataFrame
        The tables value_totals and second_totals.

    Returns
    -------
    DataFrame
        As value_totals, with `reading` (plain or second).
    """
    common = (
        totals.select(*_TOTALS, "draw")
        .join(second.select(*_TOTALS, "draw"), on=[*_TOTALS, "draw"], how="semi")
        .group_by(_TOTALS)
        .agg(last=pl.col("draw").max())
    )
    both = pl.concat(
        rows.with_columns(reading=pl.lit(name))
        for name, rows in (("plain", totals), ("second", second))
    )
    return both.join(common, on=_TOTALS, how="left", maintain_order="left").filter(
        (pl.col("draw") > 0) & (pl.col("draw") <= pl.col("last").fill_null(pl.col("draw")))
    )


def _effect_of(option: Option) -> tuple[str, str, str]:
    return option.district, option.estimand, option.intervention_id


def _widest_first(tornado: pl.DataFrame) -> pl.DataFrame:
    """The rows with what the range of the effect moves, the widest first where they stand."""
    of_effect = [*_TOTALS, "perspective"]
    return (
        tornado.with_columns(swing=(pl.col("value_at_high") - pl.col("value_at_low")).abs())
        .with_columns(_place=pl.int_range(pl.len()).min().over(of_effect))
        .sort("_place", -pl.col("swing"), "parameter")
        .drop("_place")
    )
