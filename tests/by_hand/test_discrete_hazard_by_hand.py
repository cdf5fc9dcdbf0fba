"""Discrete-time hazards of six spells, solved on paper; what the regression refuses.

x    months at risk     leave    chance of leaving in a month
0    2 + 1 + 1 = 4      1        1/4
1    1 + 1 + 1 = 3      2        2/3
"""

from math import log

import polars as pl
import pytest

from evalkit.errors import EstimationError
from evalkit.survival import discrete_hazard

EXACT = 1e-9  # Newton steps stop below 1e-10

SPELLS = pl.DataFrame(
    {
        "months": [2, 1, 1, 1, 1, 1],
        "ended": [True, False, False, True, True, False],
        "x": [0, 0, 0, 1, 1, 1],
        "person": [1, 2, 3, 4, 5, 6],
    }
)
COLUMNS = {"time": "months", "event": "ended", "covariates": ["x"], "band_starts": [1]}


def test_logit_is_the_log_odds_of_the_shares():
    fit = discrete_hazard(SPELLS, **COLUMNS, link="logit")

    assert fit.terms["term"].to_list() == ["months 1+", "x"]
    assert fit.terms["estimate"].to_list() == pytest.approx([-log(3), log(2) + log(3)], abs=EXACT)
    assert fit.n_months == 7


def test_error_of_the_baseline_is_that_of_a_log_odds():
    fit = discrete_hazard(SPELLS, **COLUMNS, link="logit")

    assert fit.terms["std_error"][0] ** 2 == pytest.approx(1 / (4 * (1 / 4) * (3 / 4)), abs=EXACT)


def test_cloglog_is_the_log_of_minus_log_of_staying():
    fit = discrete_hazard(SPELLS, **COLUMNS, link="cloglog")

    assert fit.terms["estimate"].to_list() == pytest.approx(
        [log(-log(3 / 4)), log(-log(1 / 3)) - log(-log(3 / 4))], abs=EXACT
    )


def test_a_split_spell_gives_the_same_fit():
    split = pl.concat(
        [SPELLS.with_columns(entry=0), SPELLS[:1].with_columns(entry=1)], how="vertical_relaxed"
    )
    split = split.with_row_index().with_columns(
        months=pl.when(pl.col("index") == 0).then(1).otherwise("months"),
        ended=pl.col("ended") & (pl.col("index") != 0),
    )

    fit = discrete_hazard(split, **COLUMNS, entry="entry", cluster="person", link="logit")

    whole = discrete_hazard(SPELLS, **COLUMNS, cluster="person", link="logit")
    assert fit.terms["estimate"].to_list() == pytest.approx(
        whole.terms["estimate"].to_list(), abs=EXACT
    )
    assert fit.terms["std_error"].to_list() == pytest.approx(
        whole.terms["std_error"].to_list(), abs=EXACT
    )


REFUSALS = {
    "fractions": (
        SPELLS.with_columns(pl.col("months") * 1.5),
        {},
        r"whole months.*where: column \"months\"",
    ),
    "late_band": (SPELLS, {"band_starts": [2]}, r"bands that begin with month 1.*band_starts = 2"),
    "nobody": (
        SPELLS.with_columns(ended=False),
        {},
        r"In 1 bands nobody leaves.*where: months 1\+: event",
    ),
    "separating": (
        SPELLS.with_columns(ended=pl.col("x") == 1),
        {},
        r"does not settle.*where: term x",
    ),
    "unknown": (SPELLS, {"covariates": ["y"]}, r"1 covariate names no column.*where: columns y"),
}


@pytest.mark.parametrize("case", REFUSALS)
def test_discrete_hazard_refuses_in_four_lines(case):
    spells, changes, message = REFUSALS[case]

    with pytest.raises(EstimationError, match=rf"(?s){message}.*why: .*fix: "):
        discrete_hazard(spells, **COLUMNS | changes, link="logit")
