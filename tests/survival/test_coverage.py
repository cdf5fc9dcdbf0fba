"""Do 95 % limits hold the truth in 95 of 100 data sets? A hundred sets always, a thousand by `make prove`."""

import numpy as np
import polars as pl
import pytest

from evalkit.survival import aalen_johansen

N_PERSONS, MONTHS = 250, [3, 6, 12]
# Monthly chances of leaving; persons differ by a factor drawn once, so that the spells of a person vary together.
CHANCES = {"studies": 0.03, "work": 0.06}
FACTORS = (0.5, 1.5)
MONTE_CARLO = 3  # standard errors of a simulated share of data sets
FIRST_ORDER = 0.01  # limits on the log-log scale are right to first order only


def simulate(rng: np.random.Generator) -> pl.DataFrame:
    person = np.repeat(np.arange(N_PERSONS), 2)
    factor = rng.choice(FACTORS, N_PERSONS)[person]
    leaves_in = rng.geometric(sum(CHANCES.values()) * factor)
    followed = rng.integers(1, 25, len(person))
    cause = np.where(rng.random(len(person)) < CHANCES["work"] / sum(CHANCES.values()), "work", "studies")
    spells = pl.DataFrame({"person": person, "months": np.minimum(leaves_in, followed), "cause": pl.Series(cause.tolist())})
    return spells.with_columns(cause=pl.when(pl.Series(leaves_in <= followed)).then("cause"))


@pytest.mark.parametrize("n_sets", [100, pytest.param(1000, marks=[pytest.mark.prove, pytest.mark.timeout(600)])])
def test_clustered_limits_hold_the_truth_in_ninety_five_of_a_hundred_data_sets(n_sets):
    rng = np.random.default_rng(2002)
    total = sum(CHANCES.values())
    share_work = CHANCES["work"] / total
    truth = {month: share_work * np.mean([1 - (1 - total * factor) ** month for factor in FACTORS]) for month in MONTHS}
    held = dict.fromkeys(MONTHS, 0)

    for _ in range(n_sets):
        curves = aalen_johansen(simulate(rng), time="months", event="cause", cluster="person", conf_type="log-log")
        rows = curves.filter(pl.col("cause") == "work", pl.col("time").is_in(MONTHS))
        for month, lower, upper in rows.select("time", "ci_lower", "ci_upper").iter_rows():
            held[month] += lower <= truth[month] <= upper

    error = np.sqrt(0.95 * 0.05 / n_sets)
    coverage = {month: count / n_sets for month, count in held.items()}
    assert all(abs(share - 0.95) < MONTE_CARLO * error + FIRST_ORDER for share in coverage.values()), coverage
