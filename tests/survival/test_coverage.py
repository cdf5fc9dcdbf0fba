"""Do 95 % limits hold the truth in 95 of 100 data sets? A hundred sets always, a thousand by `make
prove`.

The default limits are asked for within 3 Monte Carlo errors in every month with at least 10
expected ends and 10 expected at risk, for the share still there, the share that has left by each
cause, and the mean months to a horizon. Elsewhere the share is printed: limits from a handful of
ends hold the truth less often than they say, and with few clusters the jackknife is too small on
average (`differences`).
"""

import numpy as np
import polars as pl
import pytest

from evalkit.survival import aalen_johansen, kaplan_meier, restricted_mean

N_PERSONS, LAST, HORIZON = 250, 24, 12
MONTHS = np.arange(1, LAST + 1)
# Monthly chances of leaving; persons differ by a factor drawn once, so that the two spells of a
# person vary together.
CHANCES = {"studies": 0.03, "work": 0.06}
FACTORS = (0.5, 1.5)
MONTE_CARLO = 3  # standard errors of a simulated share of data sets
ENOUGH = 10


def simulate(rng: np.random.Generator) -> pl.DataFrame:
    person = np.repeat(np.arange(N_PERSONS), 2)
    factor = rng.choice(FACTORS, N_PERSONS)[person]
    leaves_in = rng.geometric(sum(CHANCES.values()) * factor)
    followed = rng.integers(1, LAST + 1, len(person))
    cause = np.where(
        rng.random(len(person)) < CHANCES["work"] / sum(CHANCES.values()), "work", "studies"
    )
    spells = pl.DataFrame(
        {
            "person": person,
            "months": np.minimum(leaves_in, followed),
            "cause": pl.Series(cause.tolist()),
        }
    )
    spells = spells.with_columns(cause=pl.when(pl.Series(leaves_in <= followed)).then("cause"))
    return spells.with_columns(ended=pl.col("cause").is_not_null())


def truth() -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """True shares by month, and the months in which they can be expected to be well covered."""
    total = sum(CHANCES.values())
    still = np.mean([(1 - total * factor) ** MONTHS for factor in FACTORS], axis=0)
    before = np.concatenate([[1.0], still[:-1]])
    followed = (LAST + 1 - MONTHS) / LAST
    ends = 2 * N_PERSONS * np.cumsum(followed * (before - still))
    shares, well = {"still": still}, {"still": ends >= ENOUGH}
    for cause, chance in CHANCES.items():
        shares[cause], well[cause] = (1 - still) * chance / total, ends * chance / total >= ENOUGH
    at_risk = 2 * N_PERSONS * followed * before
    return shares, {name: enough & (at_risk >= ENOUGH) for name, enough in well.items()}


def held(table: pl.DataFrame, share: np.ndarray) -> np.ndarray:
    """Whether the limits of every month hold the true share; a month without limits does not."""
    rows = table.filter(pl.col("time") > 0)
    within = np.zeros(LAST, dtype=bool)
    at = rows["time"].to_numpy() - 1
    lower, upper = (rows[limit].fill_null(np.nan).to_numpy() for limit in ("ci_lower", "ci_upper"))
    within[at] = (lower <= share[at]) & (share[at] <= upper)
    return within


@pytest.mark.parametrize(
    "n_sets", [100, pytest.param(1000, marks=[pytest.mark.prove, pytest.mark.timeout(600)])]
)
def test_default_limits_hold_the_truth_in_ninety_five_of_a_hundred_data_sets(n_sets):
    rng = np.random.default_rng(2002)
    shares, well = truth()
    mean = np.concatenate([[1.0], shares["still"]])[:HORIZON].sum()
    counts, mean_held = {name: np.zeros(LAST) for name in shares}, 0

    for _ in range(n_sets):
        spells = simulate(rng)
        left = aalen_johansen(
            spells, time="months", event="cause", cluster="person", causes=list(CHANCES)
        )
        still = kaplan_meier(spells, time="months", event="ended", cluster="person")
        for name in shares:
            counts[name] += held(
                still if name == "still" else left.filter(cause=name), shares[name]
            )
        lower, upper = restricted_mean(
            spells, time="months", event="ended", cluster="person", horizon=HORIZON
        )["ci_lower", "ci_upper"].row(0)
        mean_held += lower <= mean <= upper

    error = np.sqrt(0.95 * 0.05 / n_sets)
    elsewhere = {
        name: dict(
            zip(MONTHS[~well[name]].tolist(), (counts[name] / n_sets)[~well[name]], strict=True)
        )
        for name in shares
    }
    print(f"{n_sets} sets, months with fewer than {ENOUGH} ends or at risk: {elsewhere}")
    assert all(well[name].sum() > LAST / 2 for name in shares)
    off = {
        (name, month): count / n_sets
        for name in shares
        for month, count in zip(MONTHS, counts[name], strict=True)
        if well[name][month - 1]
    }
    off |= {("mean", HORIZON): mean_held / n_sets}
    assert not {key: share for key, share in off.items() if abs(share - 0.95) > MONTE_CARLO * error}
