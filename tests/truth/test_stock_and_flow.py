"""A register of two years of people who come and go for ever: of whom curves since a period began
must be to be right.
"""

from datetime import date

import numpy as np
import polars as pl
import pytest

from evalkit.line.tables import table
from evalkit.months import month_number, month_of_number
from evalkit.spells import Extent, build_support_spells
from evalkit.survival import aalen_johansen, exit_curves

FIRST, LAST = date(2024, 1, 1), date(2025, 12, 1)
N_PEOPLE, N_BEFORE, N_MONTHS = 12_000, 240, 24
# Half of those who come leave easily, half hardly: those who are there on a given day are mostly
# the latter.
MONTHLY_EXITS = (0.25, 0.03)
MONTH = 9
TRUTH = float(np.mean([1 - (1 - chance) ** MONTH for chance in MONTHLY_EXITS]))
# Four standard errors of a share of some 1 200 periods.
TOLERANCE = 0.05


@pytest.fixture(scope="module")
def register() -> dict[str, pl.DataFrame]:
    """One period each, begun in any of 264 months; what the last 24 months hold of it is
    delivered.
    """
    rng = np.random.default_rng(20260901)
    start = rng.integers(-N_BEFORE, N_MONTHS, N_PEOPLE)
    months = rng.geometric(np.array(MONTHLY_EXITS)[rng.integers(0, 2, N_PEOPLE)])
    seen = pl.DataFrame(
        {
            "person": np.arange(N_PEOPLE),
            "since": start,
            "month": np.maximum(start, 0),
            "end": start + months,
        }
    )
    seen = seen.filter(pl.col("end") > 0).with_columns(
        person_id=pl.format("P{}", pl.col("person").cast(pl.String).str.zfill(5))
    )
    paid = seen.with_columns(
        month=pl.int_ranges("month", pl.min_horizontal("end", pl.lit(N_MONTHS)))
    ).explode("month")
    dates = pl.Series(
        [month_of_number(month_number(FIRST) + month) for month in range(-N_BEFORE, N_MONTHS)]
    )
    paid = paid.select(
        "person_id",
        household_id="person_id",
        month=dates.gather(paid["month"] + N_BEFORE),
        since=dates.gather(paid["since"] + N_BEFORE),
    )
    return {
        "income_support": paid.select(
            "household_id", "month", amount=pl.lit(9000.0), support_since="since"
        ),
        "household_member": paid.select("household_id", "person_id", "month", role=pl.lit("lead")),
        "livelihood": table("livelihood").empty(),
        "person": seen.select("person_id", district=pl.lit("Norr"), weight=pl.lit(1.0)),
    }


def spells_of(register, *, is_told: bool) -> pl.DataFrame:
    support = (
        register["income_support"] if is_told else register["income_support"].drop("support_since")
    )
    others = [register[name] for name in ("household_member", "livelihood", "person")]
    return build_support_spells(
        support, *others, extent=Extent(first_month=FIRST, data_through=LAST, max_gap_months=0)
    )


@pytest.mark.parametrize("is_told", [False, True])
def test_curves_since_a_period_began_are_those_of_periods_of_known_beginning(register, is_told):
    spells = spells_of(register, is_told=is_told)

    found = exit_curves(spells, horizon_months=12).filter(month=MONTH)

    assert found["estimate"].item() == pytest.approx(TRUTH, abs=TOLERANCE)
    assert found["ci_lower"].item() < TRUTH < found["ci_upper"].item()


def test_counting_running_periods_from_the_first_month_would_be_far_off(register):
    spells = spells_of(register, is_told=False)

    naive = (
        aalen_johansen(spells, time="months", event="exit").filter(time=MONTH)["estimate"].item()
    )

    assert naive < TRUTH - 2 * TOLERANCE


def test_told_beginnings_say_how_periods_go_on_that_no_extract_of_two_years_sees(register):
    curves = {
        is_told: exit_curves(spells_of(register, is_told=is_told), horizon_months=60)
        for is_told in (False, True)
    }

    long = curves[True].filter(month=48)
    assert curves[False]["month"].max() <= N_MONTHS
    assert long["estimate"].item() == pytest.approx(
        np.mean([1 - (1 - chance) ** 48 for chance in MONTHLY_EXITS]), abs=TOLERANCE
    )
