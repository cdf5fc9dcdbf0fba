"""Four hundred simulated cities whose truth is known: does the line find it, is its range honest,
does pooling pay?

EVALKIT_PROVE_CITIES says how many cities are run (default 400; Monte Carlo errors say what fewer
can show). Each city's rows are kept in build/prove/ until the code or the assumptions change, so
that a proof that was stopped goes on where it was.
"""

import os
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from cities import estimates, four_districts, keep_estimates, kept_in, protocols, read_kept, truths

from evalkit.effects import protocol_hash
from evalkit.line.estimands import ESTIMANDS

N_CITIES = int(os.environ.get("EVALKIT_PROVE_CITIES", "400"))
N_PEOPLE, N_DRAWS, FIRST_SEED = 3_000, 100, 1_000
MONTE_CARLO_ERRORS = 3
LEVEL = 0.95
MIN_GAIN_IN_SQUARED_ERROR = 0.25
BREAK_EVEN_MONTHS = 1
TRUTH = Path(__file__).parent / "four_districts.csv"


def _repeated(n_cities: int) -> pl.DataFrame:
    declared = [
        four_districts().model_dump_json(),
        *[protocol_hash(protocol) for protocol in protocols()],
        f"{N_PEOPLE} {N_DRAWS}",
    ]
    folder = kept_in("cities", *declared)
    paths = {
        (seed,): folder / f"{seed}.parquet" for seed in range(FIRST_SEED, FIRST_SEED + n_cities)
    }
    found = read_kept(paths, keep_estimates, N_PEOPLE, N_DRAWS)
    return found.join(pl.read_csv(TRUTH), on=["intervention_id", "district", "estimand"])


@pytest.fixture(scope="module")
def repeated() -> pl.DataFrame:
    return _repeated(N_CITIES)


@pytest.mark.prove
@pytest.mark.timeout(100_000)
@pytest.mark.parametrize("estimand", [ESTIMANDS["wait"], ESTIMANDS["never"]])
def test_the_citys_effect_is_found_without_bias_and_with_honest_ranges(repeated, estimand):
    for intervention_id, own in (
        _of(repeated, "raw", estimand)
        .filter(pl.col("district") == "all")
        .partition_by("intervention_id", as_dict=True)
        .items()
    ):
        error = (own["estimate"] - own["truth"]).to_numpy()
        monte_carlo = np.hypot(error.std(ddof=1) / np.sqrt(len(error)), own["mc_std_error"][0])
        covered = (
            own.select(
                (pl.col("ci_lower") <= pl.col("truth")) & (pl.col("truth") <= pl.col("ci_upper"))
            )
            .to_series()
            .mean()
        )
        of_coverage = np.sqrt(LEVEL * (1 - LEVEL) / len(error))
        print(
            f"{intervention_id[0]} {estimand}, {len(error)} cities, seeds "
            f"{own['seed'].min()}-{own['seed'].max()}: truth {own['truth'][0]:+.3f}, "
            f"bias {error.mean():+.4f} (Monte Carlo error {monte_carlo:.4f}), coverage "
            f"{covered:.3f} ({of_coverage:.3f})"
        )
        assert abs(error.mean()) < MONTE_CARLO_ERRORS * monte_carlo
        assert abs(covered - LEVEL) < MONTE_CARLO_ERRORS * of_coverage


@pytest.mark.prove
@pytest.mark.timeout(100_000)
def test_break_even_is_within_one_month_of_the_truth_in_the_median(repeated):
    for (intervention_id, estimand), own in (
        repeated.filter(pl.col("source") == "break_even")
        .partition_by("intervention_id", "estimand", as_dict=True)
        .items()
    ):
        # A month beyond the follow-up is later than any month within it.
        median = own["estimate"].fill_null(np.inf).median()
        print(
            f"{intervention_id} {estimand}: median break-even month {median}, truth "
            f"{own['month'][0]}"
        )
        assert abs(median - own["month"][0]) <= BREAK_EVEN_MONTHS


@pytest.mark.prove
@pytest.mark.timeout(100_000)
def test_pooling_lowers_the_squared_error_of_districts_and_keeps_its_ranges_honest(repeated):
    districts = repeated.filter(
        (pl.col("district") != "all") & pl.col("source").is_in(["raw", "shrunk"])
    )
    errors = districts.with_columns(
        squared=(pl.col("estimate") - pl.col("truth")) ** 2,
        covered=(pl.col("ci_lower") <= pl.col("truth")) & (pl.col("truth") <= pl.col("ci_upper")),
    )
    both = errors.filter(pl.len().over("seed", "intervention_id", "estimand", "district") == 2)
    for (estimand,), own in both.partition_by("estimand", as_dict=True).items():
        by_source = dict(own.group_by("source").agg(pl.col("squared").mean()).iter_rows())
        covered = dict(own.group_by("source").agg(pl.col("covered").mean()).iter_rows())
        # The districts of a city share its people's chances only through the city's path: cities
        # are what is counted.
        per_city = (
            own.filter(pl.col("source") == "shrunk")
            .group_by("seed")
            .agg(pl.col("covered").mean())["covered"]
        )
        of_coverage = per_city.std() / np.sqrt(len(per_city))
        gain = by_source["shrunk"] / by_source["raw"] - 1
        print(
            f"{estimand}: squared error raw {by_source['raw']:.3f}, shrunk "
            f"{by_source['shrunk']:.3f} ({gain:+.0%}); "
            f"coverage raw {covered['raw']:.3f}, shrunk {covered['shrunk']:.3f} (Monte Carlo error "
            f"{of_coverage:.3f})"
        )
        assert by_source["shrunk"] <= (1 - MIN_GAIN_IN_SQUARED_ERROR) * by_source["raw"]
        assert covered["shrunk"] > LEVEL - MONTE_CARLO_ERRORS * max(
            of_coverage, np.sqrt(LEVEL * (1 - LEVEL) / len(own))
        )


@pytest.mark.prove
def test_the_stored_truth_is_what_the_assumptions_give():
    stored = pl.read_csv(TRUTH)

    again = truths().join(stored, on=["intervention_id", "district", "estimand"], suffix="_stored")

    assert len(again) == len(stored)
    assert (again["truth"] - again["truth_stored"]).abs().max() < 1e-6


def test_one_simulated_city_is_found_where_the_naive_figure_is_not():
    """A smaller twin of the proof: one intervention, both comparisons, and its districts."""
    own = estimates(FIRST_SEED, n_people=1_600, n_draws=20, interventions=("jobbtorg_coaching",))
    found = own.join(pl.read_csv(TRUTH), on=["intervention_id", "district", "estimand"])
    naive = found.filter(pl.col("source") == "naive")

    # A range of 95 % is four standard errors wide.
    raw = found.filter(pl.col("source") == "raw").with_columns(
        std_error=(pl.col("ci_upper") - pl.col("ci_lower")) / 4
    )
    z = (
        (raw["estimate"] - raw["truth"]) / (raw["std_error"] ** 2 + raw["mc_std_error"] ** 2).sqrt()
    ).to_numpy()

    assert set(raw["estimand"]) == {ESTIMANDS["wait"], ESTIMANDS["never"]}
    assert np.abs(z).max() < 4
    assert naive["estimate"][0] - naive["truth"][0] > 1.5


def _of(repeated: pl.DataFrame, source: str, estimand: str) -> pl.DataFrame:
    return repeated.filter((pl.col("source") == source) & (pl.col("estimand") == estimand))
