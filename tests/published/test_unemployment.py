"""Exits from unemployment with heavy ties against R survival and cmprsk (unemployment_jobless):
Ecdat's UnempDur holds the rows of those results.
"""

from pathlib import Path

import polars as pl
import pytest

from evalkit.survival import (
    aalen_johansen,
    gray_test,
    kaplan_meier,
    log_rank_test,
    restricted_mean,
    time_lost,
)

TOLERANCE = 1e-10  # both sides are double precision sums over some hundred terms
RELATIVE = 1e-8
CAUSES = ["fulltime", "parttime", "unknown"]
CASES = {"": {}, "_ui0": {"ui": 0}, "_ui1": {"ui": 1}}


@pytest.fixture(scope="module")
def unemployed() -> pl.DataFrame:
    rows = pl.read_csv(Path(__file__).parent / "unemp_dur.csv")
    names = dict(enumerate([None, *CAUSES]))
    return rows.with_columns(
        cause=pl.col("event").replace_strict(names, return_dtype=pl.String),
        any=pl.col("event") > 0,
        w=0.5 + (pl.col("id") % 4) / 3,
    )


@pytest.mark.parametrize("case", CASES)
def test_share_still_unemployed_agrees_with_r(case, unemployed, reference, deviation):
    expected = reference("unemployment_jobless")[f"km_any_exit{case}"]
    spells = unemployed.filter(**CASES[case])

    curve = kaplan_meier(spells, time="spell", event="any")
    mean = restricted_mean(spells, time="spell", event="any", horizon=expected["rmst"]["tau"])

    curve = curve.filter(pl.col("time").is_in(expected["time"]))
    assert deviation(curve["estimate"], expected["surv"]) < TOLERANCE
    assert deviation(curve["std_error"], expected["se_surv"]) < TOLERANCE
    assert deviation(curve["ci_lower"], expected["ci95"]["log"]["lower"]) < TOLERANCE
    assert deviation(mean["estimate"], expected["rmst"]["rmst"]) < TOLERANCE
    assert deviation(mean["std_error"], expected["rmst"]["se"]) < TOLERANCE


def test_weighted_share_has_the_robust_error_of_r(unemployed, reference, deviation):
    expected = reference("unemployment_jobless")["km_any_exit_weighted_robust"]

    curve = kaplan_meier(unemployed, time="spell", event="any", weight="w", cluster="id")

    curve = curve.filter(pl.col("time").is_in(expected["time"]))
    assert deviation(curve["estimate"], expected["surv"]) < TOLERANCE
    assert deviation(curve["std_error"], expected["se_surv"]) < TOLERANCE


@pytest.mark.parametrize("case", [*CASES, "_weighted"])
def test_kinds_of_job_and_their_jackknife_errors_agree_with_r(
    case, unemployed, reference, deviation
):
    expected = reference("unemployment_jobless")[f"cif{case}"]
    spells = unemployed.filter(**CASES.get(case, {}))
    weight = "w" if case == "_weighted" else None

    curves = aalen_johansen(spells, time="spell", event="cause", causes=CAUSES, weight=weight)
    lost = time_lost(
        spells,
        time="spell",
        event="cause",
        causes=CAUSES,
        weight=weight,
        horizon=[one["tau"] for one in expected["expected_time"]],
    )

    for column, cause in enumerate(CAUSES, start=1):
        curve = curves.filter(pl.col("cause") == cause, pl.col("time").is_in(expected["time"]))
        assert deviation(curve["estimate"], [row[column] for row in expected["pstate"]]) < TOLERANCE
        assert deviation(curve["std_error"], [row[column] for row in expected["se_ij"]]) < TOLERANCE
    assert (
        deviation(
            lost["estimate"],
            [mean for one in expected["expected_time"] for mean in one["mean_time"][1:]],
        )
        < TOLERANCE
    )
    assert (
        deviation(
            lost["std_error"],
            [error for one in expected["expected_time"] for error in one["se_ij"][1:]],
        )
        < TOLERANCE
    )


def test_insured_and_others_differ_as_in_r(unemployed, reference):
    expected = reference("unemployment_jobless")

    log_rank = log_rank_test(unemployed, time="spell", event="any", group="ui")
    gray = [
        gray_test(unemployed, time="spell", event="cause", cause=cause, group="ui").statistic
        for cause in CAUSES
    ]

    assert log_rank.statistic == pytest.approx(expected["logrank_any_by_ui"]["chisq"], rel=RELATIVE)
    assert gray == pytest.approx(expected["gray_by_ui"]["stat"], rel=RELATIVE)
