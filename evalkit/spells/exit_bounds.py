"""Between what a share of exits lies, since of some spells nobody knows how they ended: as counted,
none of these went there; at most, all of them did. Work is told by both definitions.

Made of tables after gate 2, so that nothing can be taken from a bound that the tables withhold: a
bound of which a part is withheld is not there.
"""

from collections.abc import Sequence

import polars as pl

from evalkit.line.states import AGGREGATES, OUTCOMES, STILL_ON_SUPPORT
from evalkit.line.tables import published
from evalkit.spells.after_support import WORK_MEASURES

_UNKNOWN = "unknown"
# What people may have left for: what is known of the others is not bounded by itself.
_EXITS = tuple(name for name in OUTCOMES if name not in ("support", _UNKNOWN))
_ANY_WORK = AGGREGATES["any_work"]


def exit_bounds(exits: pl.DataFrame, after: pl.DataFrame) -> pl.DataFrame:
    """Bounds of the shares of spells that ended each way, and of those whose exit lasted.

    Parameters
    ----------
    exits, after : DataFrame
        The tables exits and after_support as they were published.

    Returns
    -------
    DataFrame
        The table exit_bounds: district, measure (ended: of all spells of known beginning, by `exit`
        and for any work; sustained_work, sustained_any_work: of the exits to it), exit, share (as
        counted), share_at_most (if all went there of whom it is unknown), n_persons (the fewest
        behind one of the numbers that are added up).
    """
    shares = exits.filter(pl.col("exit") != STILL_ON_SUPPORT).select(
        "district", "share", "n_persons", measure=pl.lit("ended"), name="exit"
    )
    ended = _bounded(_with_any_work(shares, ["district", "measure"]), ["district", "measure"])
    lasting = after.filter(
        pl.col("measure").is_in(list(WORK_MEASURES)), pl.col("answer").is_in(["yes", _UNKNOWN])
    ).select("district", "share", "n_persons", "measure", name="answer")
    sustained = _bounded(lasting, ["district", "measure"]).with_columns(
        name=pl.col("measure").replace_strict(WORK_MEASURES, return_dtype=pl.String)
    )
    return _as_declared(pl.concat([ended, sustained]), "exit_bounds")


def exit_curve_bounds(curves: pl.DataFrame, *, months: Sequence[int]) -> pl.DataFrame:
    """Bounds of the shares that have left each way by some months.

    Parameters
    ----------
    curves : DataFrame
        The table exit_curves as it was published.
    months : sequence of int
        Months since the start of a spell.

    Returns
    -------
    DataFrame
        The table exit_curve_bounds: district, exit (and any_work), month, share, share_at_most,
        n_persons (the fewest ends of spells behind one of the numbers that are added up).
    """
    by_end = pl.col("n_events").cum_sum().over("district", "exit", order_by="month")
    shares = (
        curves.with_columns(n_persons=by_end)
        .filter(pl.col("month").is_in(list(months)))
        .select("district", "month", "n_persons", share="estimate", name="exit")
    )
    keys = ["district", "month"]
    return _as_declared(_bounded(_with_any_work(shares, keys), keys), "exit_curve_bounds")


def _with_any_work(shares: pl.DataFrame, keys: Sequence[str]) -> pl.DataFrame:
    """The shares with the one of any work: the sum of its outcomes, where all that there are of
    them are shown.
    """
    together = (
        shares.filter(pl.col("name").is_in(_ANY_WORK))
        .group_by(keys, maintain_order=True)
        .agg(
            name=pl.lit("any_work"),
            share=pl.when(pl.col("share").is_not_null().all()).then(pl.col("share").sum()),
            n_persons=_fewest("n_persons"),
        )
    )
    return pl.concat([shares, together.select(shares.columns).cast(dict(shares.schema))])


def _bounded(shares: pl.DataFrame, keys: Sequence[str]) -> pl.DataFrame:
    """The shares of known ways, each with what it is with the unknown one added."""
    unknown = shares.filter(name=_UNKNOWN).select(
        *keys, unknown="share", n_unknown="n_persons", is_told=pl.lit(True)
    )
    met = shares.filter(pl.col("name") != _UNKNOWN).join(unknown, on=list(keys), how="left")
    # Where no row says so, nobody left for nobody knows where.
    added = pl.when("is_told").then("unknown").otherwise(0.0)
    return met.select(
        *shares.columns,
        share_at_most=pl.col("share") + added,
    ).with_columns(n_persons=met.select(_fewest_of("n_persons", "n_unknown")).to_series())


def _fewest(column: str) -> pl.Expr:
    """The smallest number that is not zero."""
    return pl.col(column).filter(pl.col(column) > 0).min()


def _fewest_of(*columns: str) -> pl.Expr:
    return pl.min_horizontal(pl.when(pl.col(column) > 0).then(column) for column in columns).alias(
        "n_persons"
    )


def _as_declared(bounds: pl.DataFrame, name: str) -> pl.DataFrame:
    schema = published(name).schema
    told = bounds.rename({"name": "exit"}).filter(
        pl.col("exit").is_in([*_EXITS, "any_work"]), pl.col("share").is_not_null()
    )
    return told.select(list(schema)).cast(dict(schema)).sort(published(name).keys)
