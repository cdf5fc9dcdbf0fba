"""What every ledger must satisfy, checked each time one is made: no money appears from nowhere."""

from collections.abc import Sequence

import numpy as np
import polars as pl

from evalkit.errors import LedgerError
from evalkit.line.actors import PUBLIC_PURSE
from evalkit.line.price_book import Posting, PriceBook
from evalkit.line.tables import table

_EFFECT_KEYS = table("effect_status").keys
# Sums of some dozens of doubles: rounding stays far below one part in 10^9 of what is summed.
RELATIVE_TOLERANCE = 1e-9


def check_ledger(value_draws: pl.DataFrame, price_book: PriceBook) -> None:
    """Check the invariants of the double-entry ledger in every draw.

    Transfers sum to zero over actors, posting by posting; the actors' sum equals the real-resource
    sum; where work displaces others, displaced_others lose when others' production is lost;
    taxpayers carry the cost of public funds of the net public outlay.

    Parameters
    ----------
    value_draws : DataFrame
        The table value_draws.
    price_book : PriceBook
        The book it was made with.

    Raises
    ------
    LedgerError
        Names the invariant, the posting or state, and in how many draws it fails.
    """
    by_draw = [*_EFFECT_KEYS, "draw"]
    _refuse(
        value_draws.filter(~pl.col("amount").is_finite()),
        "posting",
        "Amounts that are not finite",
        "An amount is a number.",
    )
    _refuse(
        _open_transfers(value_draws, by_draw),
        "posting",
        "Transfers that do not sum to zero",
        "What one pays another receives.",
    )
    _refuse(
        _open_totals(value_draws, by_draw),
        "district",
        "Actors' sums that differ from the real resources'",
        "Transfers create nothing.",
    )
    _refuse(
        _without_loser(value_draws, price_book, by_draw),
        "state",
        "Displacement without a loser",
        "When work displaces others' production, displaced_others must lose.",
    )
    _refuse(
        _without_bearer(value_draws, price_book, by_draw),
        "posting",
        "A cost of public funds without its bearer",
        "Taxpayers bear what raising the net public outlay costs.",
    )


def check_rows(rows: Sequence[tuple[Posting, str, np.ndarray]]) -> None:
    """The first invariants of `check_ledger` where no table is made: amounts are numbers, and
    actors' sum is that of the real resources.

    Parameters
    ----------
    rows : sequence
        Posting, actor and amounts by draw, of one effect.

    Raises
    ------
    LedgerError
        Says in how many draws.
    """
    if not rows:
        return
    amounts = np.array([by_draw for *_, by_draw in rows])
    is_resource = np.array([posting.kind == "real_resource" for posting, *_ in rows])
    is_open = np.abs(amounts[~is_resource].sum(axis=0)) > RELATIVE_TOLERANCE * np.abs(amounts).sum(
        axis=0
    )
    n_faults = int((is_open | ~np.isfinite(amounts).all(axis=0)).sum())
    if n_faults:
        raise LedgerError(
            f"Amounts that are not finite, or transfers that do not sum to zero, in {n_faults} "
            "draws.",
            where="the ledger of one effect",
            why="What one pays another receives. The ledger was not handed on.",
            fix="look at the price book's postings.",
        )


def _open_transfers(value_draws: pl.DataFrame, by_draw: list[str]) -> pl.DataFrame:
    sums = (
        value_draws.filter(pl.col("kind") == "transfer")
        .group_by(*by_draw, "posting")
        .agg(*_net_and_gross(pl.col("amount")))
    )
    return sums.filter(pl.col("net").abs() > RELATIVE_TOLERANCE * pl.col("gross"))


def _open_totals(value_draws: pl.DataFrame, by_draw: list[str]) -> pl.DataFrame:
    resources = pl.col("amount").filter(pl.col("kind") == "real_resource").sum()
    sums = value_draws.group_by(by_draw).agg(
        *_net_and_gross(pl.col("amount")), resources.alias("resources")
    )
    return sums.filter(
        (pl.col("net") - pl.col("resources")).abs() > RELATIVE_TOLERANCE * pl.col("gross")
    )


def _net_and_gross(amount: pl.Expr) -> tuple[pl.Expr, pl.Expr]:
    return amount.sum().alias("net"), amount.abs().sum().alias("gross")


def _without_loser(value_draws: pl.DataFrame, book: PriceBook, by_draw: list[str]) -> pl.DataFrame:
    states = {
        posting.posting: posting.state
        for posting in book.postings
        if posting.driver == "displaced_months"
    }
    displaced = value_draws.filter(pl.col("posting").is_in(list(states))).with_columns(
        pl.col("posting")
        .cast(pl.String)
        .replace_strict(states, return_dtype=pl.String)
        .alias("state")
    )
    lost = pl.col("amount").filter(pl.col("kind") == "real_resource").sum().sign()
    others = pl.col("amount").filter(pl.col("actor") == "displaced_others").sum().sign()
    return (
        displaced.group_by(*by_draw, "state")
        .agg(lost.alias("lost"), others.alias("others"))
        .filter(pl.col("lost") != pl.col("others"))
    )


def _without_bearer(value_draws: pl.DataFrame, book: PriceBook, by_draw: list[str]) -> pl.DataFrame:
    bearing = [
        posting.posting for posting in book.postings if posting.driver == "net_public_outlay"
    ]
    if not bearing:  # a part of a book that leaves the outlay's cost out
        return value_draws.clear()
    is_bearing = pl.col("posting").is_in(bearing)
    purse = (
        pl.col("amount")
        .filter(~is_bearing & pl.col("actor").is_in(PUBLIC_PURSE))
        .sum()
        .alias("purse")
    )
    burden = (
        pl.col("amount").filter(is_bearing & (pl.col("actor") == "taxpayers")).sum().alias("burden")
    )
    sums = value_draws.group_by(by_draw).agg(
        purse,
        burden,
        is_bearing.any().alias("is_borne"),
        pl.lit(", ".join(bearing)).alias("posting"),
    )
    # Taxpayers lose when the purse lays out and gain when it saves; a rate of zero costs nobody
    # anything.
    return sums.filter(~pl.col("is_borne") | (pl.col("burden") * pl.col("purse") < 0))


def _refuse(faults: pl.DataFrame, named: str, what: str, why: str) -> None:
    if faults.is_empty():
        return
    raise LedgerError(
        f"{what}: {faults.height} in {faults['draw'].n_unique()} draws.",
        where=f"value_draws, {named} {', '.join(sorted(faults[named].unique().drop_nulls())[:6])}",
        why=f"{why} The ledger was not handed on.",
        fix="look at the price book's postings; if they balance, the table was changed after the "
        "ledger was made.",
    )
