"""Between what a share of exits lies, since of some spells nobody knows how they ended: as counted,
none of these went there; at most, all of them did. Work is told by both definitions.

Made of tables after gate 2, so that a bound tells no more than the rounded numbers that it is made
of.
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
        and for any work; sustained_work, sustained_any_work: of the exits to it), exit, n_spells,
        n_at_most (if all went there of whom it is unknown), n_whole, and their shares (of n_whole).
    """
    keys = ["district", "measure"]
    ended = exits.filter(pl.col("exit") != STILL_ON_SUPPORT).select(
        "district", "n_spells", "n_whole", measure=pl.lit("ended"), name="exit"
    )
    of_all = pl.col("n_spells").filter(pl.col("answer") == "all").first().over(keys)
    lasting = (
        after.filter(pl.col("measure").is_in(list(WORK_MEASURES)))
        .select(*keys, "n_spells", n_whole=of_all, name="answer")
        .filter(pl.col("name").is_in(["yes", _UNKNOWN]))
    )
    sustained = _bounded(lasting, keys).with_columns(
        name=pl.col("measure").replace_strict(WORK_MEASURES, return_dtype=pl.String)
    )
    bounds = [_bounded(_with_any_work(ended, keys), keys), sustained]
    return _as_declared(pl.concat(bounds, how="diagonal"), "exit_bounds")


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
        The table exit_curve_bounds: district, exit (and any_work), month, n_spells (what the curve
        is of all of the people), n_at_most, n_whole, and their shares.
    """
    of_curve = (pl.col("estimate") * pl.col("n_persons")).round().cast(pl.Int32)
    counts = curves.filter(pl.col("month").is_in(list(months))).select(
        "district", "month", n_spells=of_curve, n_whole="n_persons", name="exit"
    )
    keys = ["district", "month"]
    return _as_declared(_bounded(_with_any_work(counts, keys), keys), "exit_curve_bounds")


def _with_any_work(counts: pl.DataFrame, keys: Sequence[str]) -> pl.DataFrame:
    """The counts with the one of any work: the sum of its outcomes."""
    together = (
        counts.filter(pl.col("name").is_in(_ANY_WORK))
        .group_by(keys, maintain_order=True)
        .agg(
            pl.when(pl.col("n_spells").is_not_null().all()).then(pl.col("n_spells").sum()),
            pl.col("n_whole").first(),
            name=pl.lit("any_work"),
        )
    )
    return pl.concat([counts, together.select(counts.columns).cast(dict(counts.schema))])


def _bounded(counts: pl.DataFrame, keys: Sequence[str]) -> pl.DataFrame:
    """The counts of known ways, each with what it is with the unknown one added: where no row says
    how many those are, they are none or too few to be told from none.
    """
    unknown = counts.filter(name=_UNKNOWN).select(*keys, n_unknown="n_spells", is_told=pl.lit(True))
    met = counts.filter(pl.col("name") != _UNKNOWN).join(unknown, on=list(keys), how="left")
    added = pl.when("is_told").then("n_unknown").otherwise(0)
    return met.select(*counts.columns, n_at_most=pl.col("n_spells") + added)


def _as_declared(bounds: pl.DataFrame, name: str) -> pl.DataFrame:
    schema = published(name).schema
    told = bounds.rename({"name": "exit"}).filter(
        pl.col("exit").is_in([*_EXITS, "any_work"]), pl.col("n_spells").is_not_null()
    )
    shares = {
        share: pl.when(pl.col("n_whole") > 0).then((pl.col(count) / pl.col("n_whole")).clip(0, 1))
        for share, count in (("share", "n_spells"), ("share_at_most", "n_at_most"))
    }
    return (
        told.with_columns(**shares)
        .select(list(schema))
        .cast(dict(schema))
        .sort(published(name).keys)
    )
