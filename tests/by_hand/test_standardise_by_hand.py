"""Curves that a hazard model of six spells implies, on paper.

x    chance of leaving in a month (saturated logit)    still there after 1, 2 months
0    1/4, from 4 months at risk                        3/4, 9/16
1    2/3, from 3 months at risk                        1/3, 1/9
"""

from math import exp, sqrt

import polars as pl
import pytest

from evalkit.errors import EstimationError
from evalkit.survival import cox, discrete_hazard, predicted_curves, standardised_curves

EXACT = 1e-9  # Newton steps stop below 1e-10

SPELLS = pl.DataFrame(
    {
        "months": [2, 1, 1, 1, 1, 1],
        "ended": [True, False, False, True, True, False],
        "x": [0, 0, 0, 1, 1, 1],
    }
)
SETTINGS = {"as they are": {}, "all": {"x": 1}, "none": {"x": 0}}


@pytest.fixture
def fit():
    return discrete_hazard(
        SPELLS, time="months", event="ended", covariates=["x"], band_starts=[1], link="logit"
    )


def running(table: pl.DataFrame, column: str = "estimate") -> list[float]:
    return table.filter(pl.col("cause") == "still_running")[column].to_list()


@pytest.mark.parametrize(("x", "shares"), [(0, [1, 3 / 4, 9 / 16]), (1, [1, 1 / 3, 1 / 9])])
def test_predicted_shares(x, shares, fit):
    table = predicted_curves(fit, pl.DataFrame({"x": [x]}))

    assert running(table) == pytest.approx(shares, abs=EXACT)
    assert table["cause"].unique(maintain_order=True).to_list() == ["still_running", "any"]


def test_error_of_the_first_month_is_that_of_a_share_and_of_the_second_its_derivative(fit):
    table = predicted_curves(fit, pl.DataFrame({"x": [0]}))

    of_share = sqrt(1 / 4 * 3 / 4 / 4)
    assert running(table, "std_error") == pytest.approx(
        [0, of_share, 2 * 3 / 4 * of_share], abs=EXACT
    )


def test_average_over_people_as_they_are_and_as_they_would_be(fit):
    people = pl.DataFrame({"x": [0, 1], "weight": [3.0, 1.0]})

    table = standardised_curves(fit, people, settings=SETTINGS, weight="weight")

    shares = {
        name: running(part) for (name,), part in table.group_by("setting", maintain_order=True)
    }
    assert shares["as they are"] == pytest.approx(
        [1, (3 * 3 / 4 + 1 / 3) / 4, (3 * 9 / 16 + 1 / 9) / 4], abs=EXACT
    )
    assert shares["all"] == pytest.approx([1, 1 / 3, 1 / 9], abs=EXACT)


def test_difference_of_settings_has_the_errors_of_both_shares(fit):
    table = standardised_curves(fit, SPELLS, settings=SETTINGS, reference="none").filter(
        setting="all"
    )

    assert running(table) == pytest.approx([0, 1 / 3 - 3 / 4, 1 / 9 - 9 / 16], abs=EXACT)
    assert running(table, "std_error")[1] == pytest.approx(sqrt(3 / 16 / 4 + 2 / 9 / 3), abs=EXACT)


def test_cox_curve_is_the_exponential_of_the_cumulative_hazard():
    spells = pl.DataFrame({"months": [1, 2, 3], "ended": [True, True, False], "x": [1.0, 0.0, 1.0]})
    fit = cox(spells, time="months", event="ended", covariates=["x"])

    table = predicted_curves(fit, pl.DataFrame({"x": [0.0]}))

    # The hazard ratio is r = sqrt(1/2); of those at risk the share p, then q, has x = 1 (counted r
    # times).
    r, first, second = sqrt(1 / 2), 1 / (sqrt(2) + 1), 1 / (1 + sqrt(1 / 2))
    p, q = 2 * r * first, r * second
    information = p * (1 - p) + q * (1 - q)
    shares = [exp(-first), exp(-first - second)]
    variances = [
        first**2 + (p * first) ** 2 / information,
        first**2 + second**2 + (p * first + q * second) ** 2 / information,
    ]
    assert running(table) == pytest.approx([1, *shares], abs=EXACT)
    assert running(table, "std_error") == pytest.approx(
        [0, *(share * sqrt(v) for share, v in zip(shares, variances, strict=True))], abs=EXACT
    )


REFUSALS = {
    "unknown_setting": (
        {"settings": {"all": {"y": 1}}},
        r"1 covariate\(s\) to be set are not in the model.*where: settings all",
    ),
    "no_setting": (
        {"settings": {}},
        r"The settings to be compared are not there.*where: settings none",
    ),
    "reference": (
        {"settings": SETTINGS, "reference": "half"},
        r"The settings to be compared are not there.*reference = half",
    ),
    "nobody": (
        {"settings": SETTINGS, "people": SPELLS.clear()},
        r"There is nobody to predict.*where: people or profiles: 0 rows",
    ),
    "covariate": (
        {"settings": SETTINGS, "people": SPELLS.drop("x")},
        r"1 covariate names no column.*where: columns x",
    ),
}


@pytest.mark.parametrize("case", REFUSALS)
def test_standardising_refuses_in_four_lines(case, fit):
    changes, message = REFUSALS[case]

    with pytest.raises(EstimationError, match=rf"(?s){message}.*why: .*fix: "):
        standardised_curves(fit, **{"people": SPELLS} | changes)


def test_a_stratum_without_a_baseline_is_refused():
    spells = pl.DataFrame(
        {
            "months": [1, 2, 3, 4],
            "ended": [True, True, True, False],
            "x": [1, 0, 1, 0],
            "area": ["a"] * 4,
        }
    )
    fit = cox(spells, time="months", event="ended", covariates=["x"], strata=["area"])

    with pytest.raises(
        EstimationError, match=r"(?s)1 people are in strata.*where: columns area.*why: .*fix: "
    ):
        predicted_curves(fit, pl.DataFrame({"x": [1], "area": ["b"]}))


def test_no_fit_is_refused():
    with pytest.raises(EstimationError, match=r"(?s)No fit is given.*where: fit.*why: .*fix: "):
        predicted_curves({}, SPELLS)
