"""Bands that hold whole curves."""

import numpy as np
import polars as pl
import pytest

from evalkit.errors import EstimationError
from evalkit.survival import aalen_johansen, simultaneous_bands

COLUMNS = {"time": "months", "event": "cause"}
MONTE_CARLO = 0.06  # of a multiplier from 5000 draws, about three standard errors


@pytest.fixture
def many_spells() -> pl.DataFrame:
    rng = np.random.default_rng(4)
    causes = pl.Series(rng.integers(0, 3, 800)).replace_strict(
        {0: None, 1: "studies", 2: "work"}, return_dtype=pl.String
    )
    return pl.DataFrame(
        {"months": rng.integers(1, 13, 800), "cause": causes, "person": rng.integers(0, 500, 800)}
    )


def test_band_is_wider_than_the_limits_of_each_month_and_holds_the_estimate(many_spells):
    bands = simultaneous_bands(
        many_spells, **COLUMNS, months=(2, 10), rng=np.random.default_rng(1), cluster="person"
    )

    inside = bands.filter(pl.col("time").is_between(2, 10))
    assert inside.select(
        (pl.col("band_lower") < pl.col("ci_lower")).all()
        & (pl.col("band_upper") > pl.col("ci_upper")).all()
    ).item()
    assert (
        bands.filter(~pl.col("time").is_between(2, 10))["band_lower"].null_count()
        == bands.height - inside.height
    )


def test_band_of_one_month_is_the_limit_of_that_month(many_spells):
    bands = simultaneous_bands(
        many_spells, **COLUMNS, months=(5, 5.5), rng=np.random.default_rng(1), conf_type="plain"
    )

    month = bands.filter(pl.col("time") == 5)
    ratio = (month["band_upper"] - month["estimate"]) / (month["ci_upper"] - month["estimate"])
    assert ratio.to_list() == pytest.approx([1.0, 1.0], abs=MONTE_CARLO)


def test_curves_are_those_of_aalen_johansen(spells):
    bands = simultaneous_bands(
        spells,
        **COLUMNS,
        months=(1, 4),
        rng=np.random.default_rng(1),
        by=["district"],
        conf_type="log",
    )

    curves = aalen_johansen(spells, **COLUMNS, by=["district"])
    assert bands.drop("band_lower", "band_upper").equals(curves)


def test_months_out_of_order_are_refused(spells, four_lines):
    with pytest.raises(EstimationError) as refusal:
        simultaneous_bands(spells, **COLUMNS, months=(4, 1), rng=np.random.default_rng(1))

    assert four_lines(refusal.value)[1] == "months = (4, 1)"


def test_band_begins_with_the_value_that_the_curve_already_has(many_spells):
    # Nothing happens between month 6 and the first month of the second band: both hold the same
    # values of the curve.
    quiet = many_spells.with_columns(months=pl.col("months") * 2)
    columns = {"time": "months", "event": "cause"}

    at_event, between = (
        simultaneous_bands(quiet, **columns, months=(first, 16), rng=np.random.default_rng(1))
        for first in (6, 7)
    )

    assert at_event.filter(pl.col("time") == 10).equals(between.filter(pl.col("time") == 10))
