"""What is paid for programmes: the months in which people of either arm take part in any
intervention, and their starts, each at its own price.

Who leaves early frees the place; who of the comparison starts later, or takes part in something
else, fills one. Time in programmes is counted as far as the follow-up goes: it is not projected, as
most of it lies near the start.
"""

from dataclasses import replace

import numpy as np
import polars as pl

from evalkit.draws import parted, to_cubes
from evalkit.economics.ledger.effect_paths import ARMS, EffectPath
from evalkit.economics.ledger.horizon import ARM_SIGNS
from evalkit.economics.prices.price_draws import own_prices, unit_amount
from evalkit.errors import EstimationError
from evalkit.line.price_book import PROGRAMME_DRIVERS, Posting, PriceBook
from evalkit.line.tables import table
from evalkit.tables import conform

_COLUMN_OF_DRIVER = {"programme_months": "taking_part", "programme_starts": "starting"}
_KEYS = ("district", "intervention_id", "protocol_hash", "estimand", "subgroup")


def with_programmes(
    paths: list[EffectPath], programmes: pl.DataFrame | None, book: PriceBook
) -> list[EffectPath]:
    """The effects with the time that either arm spends in each intervention, where the book posts
    on it.

    Parameters
    ----------
    paths : list of EffectPath
        The effects.
    programmes : DataFrame, optional
        The table effect_programme_draws (or that of groups).
    book : PriceBook
        Its postings decide whether time in programmes is needed.

    Raises
    ------
    EstimationError
        If it is needed and an effect has none in some of its draws; names the effect.
    """
    if not any(posting.driver in PROGRAMME_DRIVERS for posting in book.postings):
        return paths
    programmes = table("effect_programme_draws").empty() if programmes is None else programmes
    conform(programmes.head(0), "effect_programme_draws")
    tables = parted(programmes, _KEYS)
    return [
        _with_participation(
            path, tables.get(tuple(path.keys[key] for key in _KEYS), programmes.clear())
        )
        for path in paths
    ]


def _with_participation(path: EffectPath, table: pl.DataFrame) -> EffectPath:
    cubes = to_cubes(
        table, ["draw", "arm", "programme", "month"], tuple(_COLUMN_OF_DRIVER.values())
    )
    taking_part = cubes["taking_part"]
    (draws, arms, names, months), is_there = taking_part.axes.values(), taking_part.is_there
    positions = np.flatnonzero(np.isin(draws.to_numpy(), path.draws))
    is_complete = (
        len(positions) == len(path.draws)
        and is_there[positions].all()
        and len(table) == is_there.sum()
    )
    if (
        not len(names)
        or not is_complete
        or tuple(arms) != ARMS
        or months.to_list() != list(range(1, path.n_months + 1))
    ):
        raise EstimationError(
            "The book is paid by time in programmes, and an effect has none or not in all its "
            "draws.",
            where=f"effect_programme_draws, {', '.join(path.keys.values())}",
            why="What an arm spends on places follows the months in which its people fill them.",
            fix="hand on effect_programme_draws of the same run beside effect_draws.",
        )
    # The path's draws in its own order.
    positions = positions[np.argsort(np.argsort(path.draws))]
    participation = {
        driver: cubes[column].values[positions] for driver, column in _COLUMN_OF_DRIVER.items()
    }
    return replace(path, programmes=names.to_list(), participation=participation)


def programme_money(
    posting: Posting, path: EffectPath, book: PriceBook, drawn: dict[str, np.ndarray], n_months: int
) -> np.ndarray:
    """What a posting on programmes comes to, treated minus comparison, by the month in which people
    take part or start: (draw, month 1..n_months).

    Parameters
    ----------
    posting : Posting
        Its driver is one of `PROGRAMME_DRIVERS`.
    path : EffectPath
        From `with_programmes`.
    drawn : dict of ndarray
        By price key (`draw_prices`).
    n_months : int
        The horizon; nothing is counted beyond the follow-up. Months.
    """
    money, counted = np.zeros((len(path.draws), n_months)), path.participation[posting.driver]
    keys = {key for term in posting.terms for key in term}
    for index, programme in enumerate(path.programmes):
        if posting.pays_for(programme):
            shares = sum(
                ARM_SIGNS[arm] * counted[:, ARMS.index(arm), index] for arm in posting.arms
            )
            unit = unit_amount(posting, own_prices(drawn, book, programme, path.draws, keys=keys))
            money[:, : path.n_months] += unit[:, None] * shares
    return money


def programme_keys(book: PriceBook, programmes: list[str], *, role: str | None = None) -> set[str]:
    """Keys of the prices that postings on programmes use, each intervention's own; of one role
    alone if it is named.
    """
    return {
        book.own_prices(programme).get(key, key)
        for posting in book.postings
        if posting.driver in PROGRAMME_DRIVERS and role in (None, posting.role)
        for programme in programmes
        if posting.pays_for(programme)
        for term in posting.terms
        for key in term
    }
