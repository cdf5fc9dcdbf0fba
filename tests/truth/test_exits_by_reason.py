"""A municipality that has payments and exit reasons alone, three in ten of them missing: months on
support are those of the full data, and what the full data says of exits lies within the bounds.
"""

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from evalkit.line.states import OUTCOME_OF
from evalkit.line.tables import published, table
from evalkit.months import parse_month
from evalkit.simulate import live, load_city, person_tables
from evalkit.spells import Extent, build_support_spells, exit_bounds, exit_counts
from evalkit.survival import months_on_support

CITIES = Path(__file__).parents[2] / "params" / "cities"
NAMES = ("income_support", "household_member", "livelihood", "person")
DECADE = Extent(
    first_month=parse_month("2012-01"),
    data_through=parse_month("2021-12"),
    max_gap_months=2,
    reporting_lag_months=1,
)
MISSING_SHARE = 0.3
EXACT = 1e-12
# Reasons are drawn once; a share of some 1 500 exits moves by this much from draw to draw.
DRAWN = 0.05


@pytest.fixture(scope="module")
def spells():
    """Support spells by the full data, and by reasons in the last months on support alone."""
    city = load_city("stockholm", CITIES)
    tables = person_tables(city, live(city, seed=11, first=0, stop=3000))
    tables["person"] = tables["person"].with_columns(weight=pl.lit(None, pl.Float64))
    full = build_support_spells(*[tables[name] for name in NAMES], extent=DECADE)
    reasons = tables | {
        "income_support": _with_reasons(tables, full),
        "livelihood": table("livelihood").empty(),
    }
    return full, build_support_spells(*[reasons[name] for name in NAMES], extent=DECADE)


def _with_reasons(tables, full):
    """Payments with the reason that the household's adult left for, where it is not missing."""
    told = full.filter(
        pl.col("exit_state").is_not_null() & (pl.col("exit_state") != "unknown")
    ).select(
        "household_id",
        month=pl.col("end").dt.offset_by("-1mo"),
        exit_reason="exit_state",
    )
    told = told.unique(["household_id", "month"], keep="first", maintain_order=True)
    is_kept = np.random.default_rng(5).random(told.height) >= MISSING_SHARE
    payments = tables["income_support"].drop("exit_reason", strict=False)
    return payments.join(told.filter(pl.Series(is_kept)), on=["household_id", "month"], how="left")


def test_months_on_support_do_not_rest_on_what_comes_after(spells):
    full, by_reasons = (months_on_support(one, horizons=[12, 24]) for one in spells)

    assert full.equals(by_reasons)


def test_exits_by_the_full_data_lie_within_the_bounds_of_those_by_reason(spells):
    full, by_reasons = map(exit_counts, spells)
    bounds = exit_bounds(by_reasons, published("after_support").empty())

    truth = full.join(bounds.filter(measure="ended"), on=["district", "exit"], suffix="_counted")
    assert truth.height > len(set(OUTCOME_OF.values())) / 2
    assert (truth["share_counted"] <= truth["share"] + EXACT).all()
    assert (truth["share"] <= truth["share_at_most"] + EXACT).all()


def test_shares_among_the_known_are_those_of_the_full_data_where_reasons_are_missing_at_random(
    spells,
):
    full, by_reasons = (_among_known(exit_counts(one)) for one in spells)

    beside = full.join(by_reasons, on="exit", suffix="_by_reasons")
    assert ((beside["share"] - beside["share_by_reasons"]).abs() < DRAWN).all()


def _among_known(counts):
    known = counts.filter(
        pl.col("district") == "all", ~pl.col("exit").is_in(["unknown", "still_on_support"])
    )
    return known.select("exit", share=pl.col("n_spells") / pl.col("n_spells").sum())
