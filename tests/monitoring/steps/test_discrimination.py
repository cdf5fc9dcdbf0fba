import numpy as np
import polars as pl
import pytest

from evalkit import survival
from evalkit.monitoring.steps.discrimination import discrimination

ASKED = {"index": "index", "outcome": "goes_on", "stratum": "stratum", "cluster": "person_id"}


def rows(index, goes_on, stratum=None, person=None) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "index": index,
            "goes_on": goes_on,
            "stratum": stratum or ["a"] * len(index),
            "person_id": person or [str(number) for number in range(len(index))],
        }
    )


def test_discrimination_by_hand_counts_equal_pairs_half():
    table = rows([3, 1, 1, 2], [True, True, False, False])

    # Of four pairs: 3 against 1 and 2 in the right order, 1 against 1 equal, 1 against 2 wrong.
    assert discrimination(table, **ASKED).estimate == pytest.approx(2.5 / 4)


def test_discrimination_compares_within_strata_alone():
    table = rows([5, 4, 1, 0], [True, False, True, False], ["a", "a", "b", "b"])

    assert discrimination(table, **ASKED).estimate == 1.0


def test_discrimination_is_harrells_concordance_of_one_month():
    rng = np.random.default_rng(3)
    index = rng.integers(0, 6, 400)
    goes_on = rng.random(400) < 0.1 + 0.1 * index
    table = rows(index.tolist(), goes_on.tolist())
    spells = table.with_columns(month=pl.when("goes_on").then(1).otherwise(2))

    fit = survival.cox(spells, time="month", event="goes_on", covariates=["index"])

    assert discrimination(table, **ASKED).estimate == pytest.approx(fit.concordance)


def test_discrimination_of_every_row_twice_has_the_range_of_the_persons():
    rng = np.random.default_rng(4)
    index = rng.integers(0, 6, 300).tolist()
    goes_on = (rng.random(300) < 0.4).tolist()
    people = [str(number) for number in range(300)]
    once, twice = (
        discrimination(rows(index * n, goes_on * n, ["a"] * 300 * n, people * n), **ASKED)
        for n in (1, 2)
    )

    assert twice.ci_upper - twice.ci_lower == pytest.approx(once.ci_upper - once.ci_lower)


def test_discrimination_is_none_without_both_outcomes_in_a_stratum():
    table = rows([1, 2], [True, False], ["a", "b"])

    assert discrimination(table, **ASKED) is None


def test_the_range_holds_the_truth_as_often_as_it_says():
    rng = np.random.default_rng(5)
    n_trials, n_held = 200, 0
    for _ in range(n_trials):
        index, goes_on = rng.integers(0, 6, 200).tolist(), (rng.random(200) < 0.3).tolist()
        found = discrimination(rows(index, goes_on), **ASKED)
        n_held += found.ci_lower <= 0.5 <= found.ci_upper

    # Of 200 trials of a range that holds in 95 of 100: fewer than 181 in one of 100.
    assert n_held >= 181
