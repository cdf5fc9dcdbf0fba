"""A log-rank test of five rows, in exact fractions.

month   at risk A, B   ends A, B   expected in A   variance
1       3, 2           1, 0        3/5             1 3/5 2/5 (5-1)/(5-1) = 6/25
2       2, 2           1, 1        2 2/4 = 1       2 1/2 1/2 (4-2)/(4-1) = 1/3
3       1, 1           0, 1        1/2             1 1/2 1/2 (2-1)/(2-1) = 1/4
"""

from fractions import Fraction as F

import polars as pl
import pytest

from evalkit.errors import EstimationError
from evalkit.survival import gray_test, log_rank_test, survival_quantiles

EXACT = 1e-14  # a few operations on doubles

SPELLS = pl.DataFrame(
    {"months": [1, 2, 3, 2, 3], "ended": [True, True, False, True, True], "group": list("AAABB")}
).with_columns(cause=pl.when("ended").then(pl.lit("work")))


def test_log_rank_of_five_rows():
    result = log_rank_test(SPELLS, time="months", event="ended", group="group")

    expected, variance = F(3, 5) + 1 + F(1, 2), F(6, 25) + F(1, 3) + F(1, 4)
    assert result.statistic == pytest.approx(float((2 - expected) ** 2 / variance), abs=EXACT)
    assert result.by_group["n_events"].to_list() == [2, 2]
    assert result.by_group["n_expected"].to_list() == pytest.approx(
        [float(expected), float(4 - expected)], abs=EXACT
    )


def test_labels_of_groups_do_not_change_the_test():
    swapped = SPELLS.with_columns(pl.col("group").replace({"A": "Z"}))

    result = log_rank_test(swapped, time="months", event="ended", group="group")

    assert result.statistic == pytest.approx(
        log_rank_test(SPELLS, time="months", event="ended", group="group").statistic, abs=EXACT
    )


def test_one_group_cannot_be_compared():
    with pytest.raises(
        EstimationError, match=r"(?s)only one group.*where: column \"group\".*why: .*fix: "
    ):
        log_rank_test(
            SPELLS.filter(pl.col("group") == "A"), time="months", event="ended", group="group"
        )


def test_groups_never_at_risk_together_cannot_be_compared():
    with pytest.raises(
        EstimationError, match=r"(?s)Fewer than two groups.*where: column \"group\".*why: .*fix: "
    ):
        log_rank_test(SPELLS.with_columns(ended=False), time="months", event="ended", group="group")


def test_gray_refuses_a_cause_that_does_not_occur():
    with pytest.raises(
        EstimationError, match=r"(?s)does not occur.*where: column \"cause\".*why: .*work.*fix: "
    ):
        gray_test(SPELLS, time="months", event="cause", cause="studies", group="group")


def test_median_in_the_middle_of_a_flat_at_one_half():
    # Four rows, half gone at month 2, the next end in month 6.
    spells = pl.DataFrame({"months": [1, 2, 6, 7], "ended": [True] * 4})

    result = survival_quantiles(spells, time="months", event="ended", shares=[0.5, 0.9])

    assert result["estimate"].to_list() == [4.0, 7.0]


def test_quantile_refuses_a_share_of_one():
    with pytest.raises(
        EstimationError, match=r"(?s)between 0 and 1.*where: shares = 1.*why: .*fix: "
    ):
        survival_quantiles(SPELLS, time="months", event="ended", shares=[1])


@pytest.mark.parametrize("test", [log_rank_test, gray_test])
def test_sets_of_groups_that_share_no_stratum_are_tested_side_by_side(test):
    pairs = [SPELLS, SPELLS.with_columns(pl.col("group").replace({"A": "C", "B": "D"}))]
    both = pl.concat(
        [pair.with_columns(stratum=pl.lit(str(number))) for number, pair in enumerate(pairs)]
    )
    end = {"event": "cause", "cause": "work"} if test is gray_test else {"event": "ended"}

    result = test(both, time="months", group="group", strata="stratum", **end)

    # Two independent tests of one degree of freedom each.
    alone = test(SPELLS, time="months", group="group", **end)
    assert result.degrees_of_freedom == 2
    assert result.statistic == pytest.approx(2 * alone.statistic, abs=EXACT)
