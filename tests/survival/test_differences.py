"""Differences between groups whose persons may have spells in both."""

import numpy as np
import polars as pl
import pytest
from scipy.stats import t

from evalkit.errors import EstimationError
from evalkit.survival import (
    aalen_johansen,
    curve_difference,
    kaplan_meier,
    restricted_mean,
    restricted_mean_difference,
)

CLOSE = 1e-12  # a few operations on doubles
STEP = 1e-6  # of a numerical derivative; its own error is about the step
COLUMNS = {
    "time": "months",
    "event": "cause",
    "cluster": "person",
    "weight": "weight",
    "entry": "entry",
}
MEANS = {"time": "months", "event": "ended", "cluster": "person", "horizon": [3, 4]}
PAIR = {"group": "district", "reference": "south"}


def test_difference_is_that_of_the_curves(spells):
    table = curve_difference(spells, **COLUMNS, **PAIR)

    curves = aalen_johansen(spells, **COLUMNS, by=["district"])
    north, south = (curves.filter(pl.col("district") == name) for name in ("north", "south"))
    assert table["estimate"].to_list() == pytest.approx(
        (north["estimate"] - south["estimate"]).to_list(), abs=CLOSE
    )
    assert table.columns[:4] == ["district", "reference", "time", "cause"]


def test_error_is_the_derivative_by_the_weight_of_persons_in_both_groups(spells):
    def estimates(factor: float, person: str) -> np.ndarray:
        weight = (
            pl.when(pl.col("person") == person).then(pl.col("weight") * factor).otherwise("weight")
        )
        return curve_difference(spells.with_columns(weight), **COLUMNS, **PAIR)[
            "estimate"
        ].to_numpy()

    table = curve_difference(spells, **COLUMNS, **PAIR)

    moves = [
        (estimates(1 + STEP, one) - estimates(1 - STEP, one)) / (2 * STEP)
        for one in spells["person"].unique()
    ]
    known = table["std_error"].is_not_null().to_numpy() & (table["time"].to_numpy() > 0)
    assert known.sum() >= 4
    assert table["std_error"].to_numpy()[known] == pytest.approx(
        np.sqrt(np.sum(np.square(moves), axis=0))[known], abs=10 * STEP
    )


def test_groups_of_the_same_persons_with_the_same_spells_differ_by_nothing_for_sure(spells):
    twice = pl.concat([spells.with_columns(district=pl.lit(name)) for name in ("north", "south")])

    table = curve_difference(twice, **COLUMNS, **PAIR)

    assert table["estimate"].abs().max() == 0.0
    assert table["std_error"].max() < 1e-7  # the root of a rounding error


def test_errors_add_up_when_no_cluster_is_shared(spells):
    table = curve_difference(spells, time="months", event="ended", **PAIR)

    curves = kaplan_meier(spells, time="months", event="ended", by=["district"], variance="robust")
    north, south = (
        curves.filter(pl.col("district") == name)["std_error"].to_numpy()
        for name in ("north", "south")
    )
    known = table["std_error"].is_not_null().to_numpy()
    assert table["std_error"].to_numpy()[known] == pytest.approx(
        np.sqrt(north**2 + south**2)[known], abs=CLOSE
    )
    assert "cause" not in table.columns


def test_difference_of_restricted_means_has_the_error_of_its_derivative(spells):
    def estimates(factor: float, person: str) -> np.ndarray:
        weight = pl.when(pl.col("person") == person).then(factor).otherwise(1.0)
        return restricted_mean_difference(
            spells.with_columns(w=weight), **MEANS, weight="w", **PAIR
        )["estimate"].to_numpy()

    table = restricted_mean_difference(spells, **MEANS, **PAIR)

    means = restricted_mean(spells, **MEANS, by=["district"])["estimate"].to_list()
    assert table["estimate"].to_list() == pytest.approx(
        [means[0] - means[2], means[1] - means[3]], abs=CLOSE
    )
    moves = [
        (estimates(1 + STEP, one) - estimates(1 - STEP, one)) / (2 * STEP)
        for one in spells["person"].unique()
    ]
    assert table["std_error"].to_list() == pytest.approx(
        np.sqrt(np.sum(np.square(moves), axis=0)).tolist(), abs=10 * STEP
    )


def test_few_clusters_widen_the_limits_by_student_and_by_the_lost_degree(spells):
    plain = restricted_mean_difference(spells, **MEANS, **PAIR)

    corrected = restricted_mean_difference(spells, **MEANS, **PAIR, few_clusters="t")

    ratio = corrected["std_error"] / plain["std_error"]
    assert corrected["n_clusters"].to_list() == [5, 5]
    assert ratio.to_list() == pytest.approx([np.sqrt(5 / 4)] * 2, abs=CLOSE)
    half = corrected["ci_upper"][0] - corrected["estimate"][0]
    assert half == pytest.approx(t.ppf(0.975, 4) * corrected["std_error"][0], abs=CLOSE)


def test_times_that_are_not_whole_are_compared_up_to_the_last_of_both(spells):
    table = curve_difference(
        spells.with_columns(pl.col("months") * 1.5), time="months", event="ended", **PAIR
    )

    assert table["time"].to_list() == [0.0, 1.5, 3.0, 4.5, 6.0, 7.5]


def test_an_unknown_reference_is_refused(spells, four_lines):
    with pytest.raises(EstimationError) as refusal:
        curve_difference(spells, **COLUMNS, group="district", reference="west")

    assert four_lines(refusal.value)[1] == 'column "district": 2 group(s); reference = west'


def test_an_unknown_correction_is_refused(spells, four_lines):
    with pytest.raises(EstimationError) as refusal:
        curve_difference(spells, **COLUMNS, **PAIR, few_clusters="many")

    assert four_lines(refusal.value)[1] == "few_clusters = many"


def test_months_of_a_group_that_ends_at_once_differ_without_an_error(spells):
    at_once = spells.with_columns(
        months=pl.when(pl.col("district") == "south").then(5).otherwise("months"), ended=True
    )

    table = restricted_mean_difference(at_once, **MEANS | {"horizon": 6}, **PAIR)

    assert table["estimate"].is_finite().all()
    assert table.select("std_error", "ci_lower", "ci_upper").row(0) == (None, None, None)
