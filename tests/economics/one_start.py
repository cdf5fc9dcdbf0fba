"""The valuing functions with the plainest time in programmes: everybody treated starts the
intervention and takes part in it for one month; nobody else starts anything. So a price of a start
is paid once, at time zero, and a price of a place for one month."""

from types import SimpleNamespace

import polars as pl

from evalkit import economics
from evalkit.economics.ledger import effect_paths as paths
from evalkit.economics.ledger.programme_time import with_programmes
from evalkit.line.tables import table

_KEYS = ["district", "intervention_id", "protocol_hash", "estimand", "subgroup", "draw"]
_ASKING = SimpleNamespace(postings=[SimpleNamespace(driver="programme_starts")])


def starts_of(effect_draws: pl.DataFrame) -> pl.DataFrame:
    """The table effect_programme_draws of effects whose treated take part in month 1."""
    months = effect_draws.filter(pl.col("month") > 0).select(*_KEYS, "arm", "month").unique()
    is_first = ((pl.col("arm") == "treated") & (pl.col("month") == 1)).cast(pl.Float64)
    schema = table("effect_programme_draws").schema
    return (
        months.with_columns(programme="intervention_id", taking_part=is_first, starting=is_first)
        .select(list(schema))
        .cast(schema)
    )


def effect_paths(effect_draws, **more):
    return with_programmes(
        paths.effect_paths(effect_draws, **more), starts_of(effect_draws), _ASKING
    )


def value_effects(effect_draws, book, **more):
    return economics.value_effects(effect_draws, book, programmes=starts_of(effect_draws), **more)


def value_results(effect_draws, book, **more):
    return economics.value_results(effect_draws, book, programmes=starts_of(effect_draws), **more)


def displacement_sensitivity(effect_draws, book, **more):
    return economics.displacement_sensitivity(
        effect_draws, book, programmes=starts_of(effect_draws), **more
    )


def value_by_group(group_draws, book, **more):
    return economics.value_by_group(group_draws, book, programmes=starts_of(group_draws), **more)
