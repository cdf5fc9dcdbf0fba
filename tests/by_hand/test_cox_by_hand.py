"""A Cox model of three rows, solved on paper; what regression refuses.

row  months  ended  x      at risk at month 1: u + 1 + u, at month 2: 1 + u, with u = exp(b)
a    1       yes    1      likelihood  u / (2u + 1) * 1 / (1 + u)
b    2       yes    0      derivative  1 / (2u + 1) = u / (1 + u), so u^2 = 1/2
c    3       no     1
"""

from math import log, sqrt

import polars as pl
import pytest

from evalkit.errors import EstimationError
from evalkit.survival import cox, fine_gray

EXACT = 1e-10  # Newton steps stop below 1e-11

SPELLS = pl.DataFrame({"months": [1, 2, 3], "ended": [True, True, False], "x": [1.0, 0.0, 1.0]})
COLUMNS = {"time": "months", "event": "ended", "covariates": ["x"]}


def test_coefficient_and_baseline_of_three_rows():
    fit = cox(SPELLS, **COLUMNS)

    assert fit.terms["estimate"].item() == pytest.approx(-log(2) / 2, abs=EXACT)
    assert fit.terms["hazard_ratio"].item() == pytest.approx(sqrt(1 / 2), abs=EXACT)
    assert fit.baseline["cumulative_hazard"].to_list() == pytest.approx(
        [1 / (sqrt(2) + 1), 1 / (sqrt(2) + 1) + 1 / (1 + sqrt(1 / 2))], abs=EXACT
    )


def test_error_of_three_rows():
    fit = cox(SPELLS, **COLUMNS)

    # Information: p (1 - p) at each end, p the share of the risk weight with x = 1.
    first, second = sqrt(2) / (sqrt(2) + 1), sqrt(1 / 2) / (1 + sqrt(1 / 2))
    information = first * (1 - first) + second * (1 - second)
    assert fit.terms["std_error"].item() == pytest.approx(information**-0.5, abs=EXACT)


def test_fine_gray_without_other_causes_is_cox():
    causes = SPELLS.with_columns(cause=pl.when("ended").then(pl.lit("work")))

    fit = fine_gray(causes, time="months", event="cause", cause="work", covariates=["x"])

    assert fit.terms["estimate"].item() == pytest.approx(-log(2) / 2, abs=EXACT)


REFUSALS = {
    "unknown": (SPELLS, {"covariates": ["y"]}, r"1 covariate names no column.*where: columns y"),
    "text": (
        SPELLS.with_columns(x=pl.lit("a")),
        {},
        r"1 covariate has one level only.*where: columns x",
    ),
    "missing": (
        SPELLS.with_columns(x=pl.Series([1.0, None, 0.0])),
        {},
        r'1 covariate cannot be used.*where: column "x": missing in 1 rows',
    ),
    "none": (SPELLS, {"covariates": []}, r"No covariate is named.*where: covariates: none"),
    "constant": (
        SPELLS.with_columns(x=1.0),
        {},
        r"do not tell their effects apart.*where: terms x",
    ),
    "separating": (SPELLS[:2], {}, r"(does not settle|do not tell their effects apart).*where: "),
    "nobody": (
        SPELLS.with_columns(ended=False),
        {},
        r"Nobody left.*where: column \"ended\": 0 of 3 rows",
    ),
    "no_cause": (
        SPELLS.with_columns(ended=pl.lit("work")),
        {},
        r"not said which cause.*where: column \"ended\"",
    ),
    "wrong_cause": (
        SPELLS.with_columns(ended=pl.lit("work")),
        {"cause": "play"},
        r"does not occur.*where: column \"ended\", cause = play",
    ),
}


@pytest.mark.parametrize("case", REFUSALS)
def test_regression_refuses_in_four_lines(case):
    spells, changes, message = REFUSALS[case]

    with pytest.raises(EstimationError, match=rf"(?s){message}.*why: .*fix: "):
        cox(spells, **COLUMNS | changes)
