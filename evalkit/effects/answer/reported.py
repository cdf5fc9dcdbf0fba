"""Which draws are reported, and on which of them money is put."""

from collections.abc import Iterable, Sequence

import polars as pl

from evalkit.line.protocol import Protocol
from evalkit.line.protocols import protocol_hash
from evalkit.line.tables import table


def reported_draws(draws: pl.DataFrame) -> pl.DataFrame:
    """The draws that reports show: shrunk where a district's effect was pooled, raw otherwise."""
    keys = ["district", "protocol_hash", "estimand"]
    shrunk = draws.filter(pl.col("source") == "shrunk")
    return pl.concat(
        [
            shrunk,
            draws.filter(pl.col("source") == "raw").join(
                shrunk.select(keys).unique(), on=keys, how="anti"
            ),
        ]
    )


def primary_draws(parts: Iterable[pl.DataFrame], protocols: Sequence[Protocol]) -> pl.DataFrame:
    """The reported draws of each protocol's primary comparison: what money is put on.

    Parameters
    ----------
    parts : iterable of DataFrame
        The table `effect_draws` by intervention; only one part is held in memory at a time.

    Returns
    -------
    DataFrame
        The table `effect_draws`: pooled districts first, then the others, by name.
    """
    primary = [primary_rows(reported_draws(draws), protocols) for draws in parts]
    draws = pl.concat(primary) if primary else table("effect_draws").empty()
    # Sums are formed in one order, whatever that of the protocols in the run file is.
    return draws.sort(pl.col("source") == "raw", "district", "intervention_id", maintain_order=True)


def primary_rows(rows: pl.DataFrame, protocols: Sequence[Protocol]) -> pl.DataFrame:
    """The rows of each protocol's primary comparison, of any table with protocol_hash and
    estimand.
    """
    return rows.filter(
        pl.any_horizontal(
            (pl.col("protocol_hash") == protocol_hash(protocol))
            & (pl.col("estimand") == protocol.primary_estimand)
            for protocol in protocols
        )
    )
