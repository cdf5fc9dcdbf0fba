"""Why a number moved between two runs: the data, the parameters, the method, one after the other,
so that the steps come to the whole change.
"""

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from evalkit.economics.ledger.effect_paths import EFFECT_KEYS
from evalkit.economics.ledger.ledger import perspective_amounts
from evalkit.economics.ledger.seen import with_livelihood
from evalkit.economics.results.summaries import summarise_value
from evalkit.errors import EstimationError
from evalkit.line.price_book import PriceBook
from evalkit.line.tables import table
from evalkit.results import Result
from evalkit.tables import read_table

STEPS = ("before", "method", "data", "parameters", "after")


@dataclass(frozen=True, repr=False, eq=False)
class Vintage(Result):
    """A run's effects and prices, what it reported (district, intervention_id, estimand,
    perspective, estimate), the horizon to which it valued them (null: the follow-up), and the time
    of both arms in programmes (table effect_programme_draws)."""

    effect_draws: pl.DataFrame
    price_book: PriceBook
    reported: pl.DataFrame
    horizon_months: int | None = None
    programmes: pl.DataFrame | None = None

    @property
    def table(self) -> pl.DataFrame:
        """What the run reported."""
        return self.reported

    @property
    def headline(self) -> str:
        """How far the run valued and in which money, in a line."""
        book = self.price_book
        horizon = f"{self.horizon_months} months" if self.horizon_months else "the follow-up"
        return f"A run's values to {horizon}, at {book.book} ({book.currency} of {book.price_year})"


def drift(before: Vintage, after: Vintage) -> pl.DataFrame:
    """What moved each value from one run to the next.

    The older run's inputs valued by today's method to the newer run's horizon give `method`; then
    the newer data take their place (`data`), then the newer prices (`parameters`). All amounts are
    the newer book's currency and price year only if both books have the same.

    Returns
    -------
    DataFrame
        One row per district, intervention_id, estimand, perspective and step (before | method |
        data | parameters | after): amount (for before and after the value, for the others the
        change), total (the value reached). Effects that only one run can say are left out.

    Raises
    ------
    EstimationError
        If the books differ in currency or price year, or no effect is in both runs.
    """
    _refuse_other_money(before.price_book, after.price_book)
    horizon = after.horizon_months
    values = {
        "method": _values(before, before.price_book, horizon),
        "data": _values(after, before.price_book, horizon),
        "parameters": _values(after, after.price_book, horizon),
    }
    totals = before.reported.select(*_KEYS, before="estimate").join(
        after.reported.select(*_KEYS, after="estimate"), on=_KEYS
    )
    for step, amounts in values.items():
        totals = totals.join(amounts.rename({"amount": step}), on=_KEYS)
    if totals.is_empty():
        raise EstimationError(
            "The two runs have no effect in common.",
            where="drift: district, intervention_id, estimand and perspective of both runs",
            why="A change is explained for what both runs could say.",
            fix="compare runs of the same city and the same protocols.",
        )
    # What the newer run reported beyond today's method on its own inputs is method too.
    totals = totals.with_columns(rest=pl.col("after") - pl.col("parameters"))
    steps = [
        totals.select(*_KEYS, step=pl.lit("before"), amount="before", total="before"),
        totals.select(
            *_KEYS,
            step=pl.lit("method"),
            amount=pl.col("method") - pl.col("before") + pl.col("rest"),
            total=pl.col("method") + pl.col("rest"),
        ),
        totals.select(
            *_KEYS,
            step=pl.lit("data"),
            amount=pl.col("data") - pl.col("method"),
            total=pl.col("data") + pl.col("rest"),
        ),
        totals.select(
            *_KEYS,
            step=pl.lit("parameters"),
            amount=pl.col("parameters") - pl.col("data"),
            total=pl.col("parameters") + pl.col("rest"),
        ),
        totals.select(*_KEYS, step=pl.lit("after"), amount="after", total="after"),
    ]
    told = pl.concat(steps).with_columns(pl.col("step").cast(pl.Enum(STEPS)))
    money = [
        pl.lit(after.price_book.currency).alias("currency"),
        pl.lit(after.price_book.price_year, dtype=pl.Int32).alias("price_year"),
    ]
    return told.sort(*_KEYS, "step").with_columns(pl.col("step").cast(pl.String), *money)


def read_vintage(
    run_dir: Path | str,
    price_book: PriceBook,
    *,
    horizon_months: int | None = None,
    without_livelihood: Collection[str] = (),
) -> Vintage:
    """A finished run as a vintage: the effects that it valued and the value that it reported.

    Parameters
    ----------
    run_dir : Path or str
        The run's folder; its tables effect_draws, effect_programme_draws and value_draws are read.
    price_book : PriceBook
        The book as it was when the run was made: keep the file with the run, or take it from
        version control.
    horizon_months : int, optional
        The run's value.horizon_months; without it the follow-up.
    without_livelihood : collection of str
        Interventions whose value cannot be said but for the district's part: they are left out.
    """
    values = with_livelihood(read_table(run_dir, "value_draws"), without_livelihood)
    valued = _in_words(values.select(EFFECT_KEYS).unique())
    interventions = valued["intervention_id"].unique().sort()
    # Only the point estimate is compared; a city's replicates are millions of rows.
    draws, programmes = (
        pl.concat(
            [
                _in_words(table(name).empty()),
                *(_point(read_table(run_dir, name, unit=unit)) for unit in interventions),
            ]
        )
        for name in ("effect_draws", "effect_programme_draws")
    )
    effects = draws.join(valued, on=EFFECT_KEYS, how="semi")
    return Vintage(
        effects,
        price_book,
        summarise_value(values),
        horizon_months,
        programmes,
    )


def _point(draws: pl.DataFrame) -> pl.DataFrame:
    return _in_words(draws.filter(pl.col("draw") == 0))


def _in_words(rows: pl.DataFrame) -> pl.DataFrame:
    return rows.with_columns(pl.col(pl.Categorical).cast(pl.String))


def _values(data: Vintage, book: PriceBook, horizon_months: int | None) -> pl.DataFrame:
    """A vintage's effects at the prices of a book, as each perspective sees them."""
    amounts = perspective_amounts(
        _point(data.effect_draws),
        book,
        displacements=("central",),
        seed=0,
        programmes=data.programmes,
        horizon_months=horizon_months,
    )
    return amounts.select(*_KEYS, "amount")


def _refuse_other_money(before: PriceBook, after: PriceBook) -> None:
    if (before.currency, before.price_year) != (after.currency, after.price_year):
        raise EstimationError(
            "The two runs count in different money.",
            where=f"{before.file}: {before.currency} of {before.price_year}; {after.file}: "
            f"{after.currency} of {after.price_year}",
            why="A change of price year alone would look like a change of value.",
            fix="value the older run with a book in the newer one's currency and price year.",
        )


_KEYS = ["district", "intervention_id", "estimand", "perspective"]
