"""What is listed, what is shown and how finely: none of it follows from a single person."""

import numpy as np
import polars as pl
import pytest

from evalkit.disclosure import protect_counts, protect_curve, protect_estimates
from evalkit.disclosure.rounding import round_measures

MONTHS = [0, 3, 6, 9, 12]


def _plans(n_kept: int, n_left: int) -> pl.DataFrame:
    rows = [("a", "kept", n_kept), ("a", "left", n_left), ("all", "kept", n_kept + 1)]
    return pl.DataFrame(
        [*rows, ("all", "left", n_left)],
        schema={"intervention_id": pl.String, "plan": pl.String, "n_persons": pl.Int32},
        orient="row",
    )


def _listed(table: pl.DataFrame, provenance: dict, **options):
    return protect_counts(
        table,
        name="plans_kept",
        keys=["intervention_id", "plan"],
        counts=["n_persons"],
        n_persons="n_persons",
        **options,
        **provenance,
    ).data


def test_answer_that_one_or_two_people_gave_is_not_listed(provenance):
    data = _listed(_plans(40, 2), provenance, listed=[["plan"]])

    assert data["plan"].unique().to_list() == ["kept"]


def test_answer_that_three_people_gave_is_listed_everywhere(provenance):
    data = _listed(_plans(2, 3), provenance, listed=[["plan"]])

    assert data.rows() == [
        (0, "a", "kept", 0, "ok"),
        (1, "a", "left", 5, "ok"),
        (2, "all", "kept", 5, "ok"),
        (3, "all", "left", 5, "ok"),
    ]


def _curve(n_persons: int, n_left: dict[str, int]) -> pl.DataFrame:
    return pl.DataFrame(
        [
            ("A", way, month, n / n_persons * month / 12, n_persons, n_persons)
            for way, n in n_left.items()
            for month in MONTHS
        ],
        schema=["district", "exit", "month", "estimate", "n_at_risk", "n_persons"],
        orient="row",
    ).with_columns(pl.col("n_at_risk", "n_persons").cast(pl.Int32))


def _ways(curve: pl.DataFrame, provenance: dict) -> list[str]:
    published = protect_curve(
        curve,
        name="exit_curves-a",
        by=["district", "exit"],
        time="month",
        n_persons="n_persons",
        parts="exit",
        **provenance,
    )
    return published.data["exit"].unique().sort().to_list()


@pytest.mark.parametrize("n_pensions", [0, 1, 2])
def test_way_out_that_at_most_two_people_took_has_no_curve(provenance, n_pensions):
    assert _ways(_curve(40, {"work": 20, "pension": n_pensions}), provenance) == ["work"]


def test_way_out_that_three_people_took_has_a_curve(provenance):
    assert _ways(_curve(40, {"work": 20, "pension": 3}), provenance) == ["pension", "work"]


@pytest.mark.parametrize("n_persons", [1, 2])
def test_curve_of_at_most_two_people_has_no_rows(provenance, n_persons):
    assert _ways(_curve(n_persons, {"work": 1}), provenance) == []


@pytest.mark.parametrize("n_persons", [1, 2, 12, 27])
def test_median_of_fewer_than_thirty_people_is_not_shown(provenance, n_persons):
    table = pl.DataFrame({"district": ["A"], "n_persons": [n_persons], "median_months": [7.0]})

    data = protect_counts(
        table,
        name="gap_sensitivity",
        keys=["district"],
        counts=["n_persons", "median_months"],
        n_persons="n_persons",
        **provenance,
    ).data

    assert data["median_months"].to_list() == [None]


def test_mean_is_the_same_for_all_numbers_of_people_that_look_the_same(provenance):
    numbers = list(range(28, 33))
    table = pl.DataFrame(
        {"district": [str(n) for n in numbers], "n_persons": numbers, "estimate": [11.37] * 5}
    )

    data = protect_counts(
        table,
        name="exit_rates",
        keys=["district"],
        counts=["n_persons", "estimate"],
        n_persons="n_persons",
        spans={"estimate": 24},
        **provenance,
    ).data

    assert data["estimate"].to_list() == [11.0] * 5


def test_estimate_without_a_range_or_with_a_point_for_one_is_rounded_too(provenance):
    table = pl.DataFrame(
        {
            "district": ["A", "B"],
            "n_starters": [50, 50],
            "estimate": [4.19881234, 4.19881234],
            "ci_lower": [4.19881234, None],
            "ci_upper": [4.19881234, None],
        }
    )

    data = protect_estimates(
        table,
        name="effect_timing",
        keys=["district"],
        values=["estimate", "ci_lower", "ci_upper"],
        n_persons="n_starters",
        **provenance,
    ).data

    assert data["estimate"].to_list() == [4.2, 4.2]
    assert data["ci_lower"].to_list() == [4.0, None]


def test_number_that_nobody_stands_behind_has_no_step_and_is_not_shown():
    rows = pl.DataFrame({"estimate": [4.19881234, 0.0]})

    rounded = round_measures(rows, ["estimate"], n_persons=np.zeros(2), spans={})

    assert rounded["estimate"].to_list() == [None, 0.0]


def test_what_computing_leaves_of_nothing_is_shown_as_nothing():
    rows = pl.DataFrame({"estimate": [-1.5e-11], "ci_lower": [-3e-11], "ci_upper": [2e-11]})

    rounded = round_measures(rows, rows.columns, n_persons=np.array([40.0]), spans={})

    assert (rounded["estimate"].item(), rounded["ci_upper"].item()) == (0.0, 1e-6)
