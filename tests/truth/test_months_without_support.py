"""What a municipality has, and whether it is enough: payments, persons, participation and the
registered reasons for which support ended, of which three in ten are missing; nobody knows what
people live on after support. Is the effect on months without support found?

Twenty simulated Uppsala counties of full size, whose truth is planted. The seeds were declared
before any estimate was looked at.
"""

from datetime import date
from functools import cache
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from cities import MAX_GAP_MONTHS, PARAMS, kept_in, people_of, read_kept

from evalkit.draws import estimate_with_range, with_words
from evalkit.effects import (
    effect_draws,
    estimate_effect,
    fit_propensity,
    load_protocol,
    protocol_hash,
)
from evalkit.effects.districts.pooling import primary_differences
from evalkit.line.protocol import Protocol
from evalkit.months import month_number_expr
from evalkit.simulate import load_city, simulate_truth
from evalkit.simulate.city.city import City

SEEDS = range(7_000, 7_020)
N_DRAWS = 100
MISSING_SHARE = 0.3
MONTE_CARLO_ERRORS = 3
LEVEL = 0.95
TRUTH_PEOPLE, TRUTH_REPLICATES, TRUTH_SEED = 60_000, 6, 90_001
TRUTH = Path(__file__).parent / "months_without_support.csv"
INTERVENTION = "practice_coordination"


@cache
def county() -> City:
    """The simulated Uppsala county."""
    return load_city("uppsala_county", PARAMS / "cities")


@cache
def protocol() -> Protocol:
    """The county's own protocol, asked in months without support: without the history of work,
    which nobody knows, and against waiting alone.
    """
    declared = load_protocol(
        PARAMS / "protocols" / f"uppsala_{INTERVENTION}.yaml",
        n_months=county().n_months,
        districts=county().district_names,
    )
    covariates = tuple(one for one in declared.covariates if one.name != "past_work_share")
    changes = {
        "primary_outcome": "without_support",
        "comparisons": ("wait",),
        "covariates": covariates,
    }
    return declared.model_copy(update=changes)


def as_a_municipality_has(tables: dict[str, pl.DataFrame], seed: int) -> dict[str, pl.DataFrame]:
    """The tables without livelihoods; the last payment of each spell says for what the lead left
    support, where that is known and registered.
    """
    payments, lead = tables["income_support"], tables["household_member"].filter(role="lead")
    month = month_number_expr("month")
    pause = month.shift(-1).over("household_id") - month - 1
    last = payments.filter((pause > MAX_GAP_MONTHS) | pause.is_null())
    lived = tables["livelihood"].select("person_id", "state", since="start", until="end")
    told = (
        last.select("household_id", "month", after=pl.col("month").dt.offset_by("1mo"))
        .join(lead.select("household_id", "month", "person_id"), on=["household_id", "month"])
        .join(lived, on="person_id")
        .filter(pl.col("since") <= pl.col("after"), pl.col("state") != "support")
        .filter(pl.col("until").is_null() | (pl.col("until") > pl.col("after")))
        .select("household_id", "month", exit_reason="state")
        .sort("household_id", "month")
    )
    is_registered = np.random.default_rng(seed).random(len(told)) >= MISSING_SHARE
    reasons = told.filter(pl.Series(is_registered))
    return tables | {
        "income_support": payments.join(reasons, on=["household_id", "month"], how="left"),
        "livelihood": tables["livelihood"].clear(),
    }


def estimate(seed: int, *, n_people: int, n_draws: int) -> pl.DataFrame:
    """Months without support gained in one county, with their range, and the naive difference."""
    people = people_of(
        seed,
        n_people,
        city=county(),
        delivered=lambda tables: as_a_municipality_has(tables, seed),
    )
    trials, draws = people.trials(protocol()), {"n_draws": n_draws, "seed": seed}
    fitted = fit_propensity(trials, **draws)
    parts = estimate_effect(trials, district="all", propensity=fitted, **draws)
    months = with_words(primary_differences(effect_draws(parts.sums), "without_support"))
    spent = trials.is_in_primary.sum(axis=1)
    naive = spent[trials.is_treated].mean() - spent[~trials.is_treated].mean()
    return months.select(estimate_with_range("difference")).with_columns(
        naive=pl.lit(naive), seed=pl.lit(seed)
    )


def keep_estimate(path: Path, seed: int, n_people: int, n_draws: int) -> None:
    """One county's estimate as a file that is whole or absent."""
    estimate(seed, n_people=n_people, n_draws=n_draws).write_parquet(path.with_suffix(".part"))
    path.with_suffix(".part").rename(path)


def truth() -> pl.DataFrame:
    """Months without support that starting gives those who start: truth, mc_std_error."""
    found = simulate_truth(
        county(),
        seed=TRUTH_SEED,
        n_people=TRUTH_PEOPLE,
        eligible_share=0,
        n_replicates=TRUTH_REPLICATES,
    )
    return found.months.filter(
        intervention_id=INTERVENTION,
        population="starters",
        district="all",
        district_basis="time_zero",
        comparison="wait",
        outcome="support",
        horizon_months=protocol().follow_up_months,
    ).select("mc_std_error", truth=-pl.col("difference"))


@pytest.mark.prove
@pytest.mark.timeout(100_000)
def test_the_effect_on_months_without_support_is_found_in_what_a_municipality_has():
    n_people = county().full_city_adults
    declared = [county().model_dump_json(), protocol_hash(protocol()), f"{n_people} {N_DRAWS}"]
    folder = kept_in("without_support", *declared)
    paths = {(seed,): folder / f"{seed}.parquet" for seed in SEEDS}

    found = read_kept(paths, keep_estimate, n_people, N_DRAWS)

    planted, planted_error = pl.read_csv(TRUTH).select("truth", "mc_std_error").row(0)
    error = (found["estimate"] - planted).to_numpy()
    monte_carlo = np.hypot(error.std(ddof=1) / np.sqrt(len(error)), planted_error)
    covered = ((found["ci_lower"] <= planted) & (planted <= found["ci_upper"])).mean()
    of_coverage = np.sqrt(LEVEL * (1 - LEVEL) / len(error))
    print(
        f"{len(error)} counties, seeds {SEEDS.start}-{SEEDS.stop - 1}: truth {planted:+.3f}, bias "
        f"{error.mean():+.4f} (Monte Carlo error {monte_carlo:.4f}), coverage {covered:.2f} "
        f"({of_coverage:.2f}), naive {found['naive'].mean():+.2f}"
    )
    assert abs(error.mean()) < MONTE_CARLO_ERRORS * monte_carlo
    assert covered > LEVEL - MONTE_CARLO_ERRORS * of_coverage


@pytest.mark.prove
def test_the_stored_truth_of_months_without_support_is_what_the_assumptions_give():
    stored, again = pl.read_csv(TRUTH), truth()

    assert abs(again["truth"][0] - stored["truth"][0]) < 1e-6


@pytest.mark.slow
def test_months_without_support_are_found_in_a_smaller_county():
    """A smaller twin of the proof: one county of the same seeds."""
    found = estimate(SEEDS.start, n_people=3_000, n_draws=20).row(0, named=True)

    planted = pl.read_csv(TRUTH)["truth"][0]
    # A range of 95 % is four standard errors wide.
    std_error = (found["ci_upper"] - found["ci_lower"]) / 4
    assert abs(found["estimate"] - planted) < 4 * std_error


def test_what_a_municipality_has_says_only_why_support_ended(monkeypatch):
    monkeypatch.setattr("test_months_without_support.MISSING_SHARE", 0.0)
    paid = pl.DataFrame({"household_id": "H1", "month": [date(2020, m, 1) for m in (1, 2, 4, 8)]})
    lived = {"person_id": ["P1"], "state": ["work"], "start": [date(2020, 5, 1)], "end": [None]}
    tables = {
        "income_support": paid,
        "household_member": paid.with_columns(person_id=pl.lit("P1"), role=pl.lit("lead")),
        "livelihood": pl.DataFrame(lived, schema_overrides={"end": pl.Date}),
    }

    reduced = as_a_municipality_has(tables, seed=1)

    assert reduced["livelihood"].is_empty()
    # Two months without payment are bridged; three are the end of a spell.
    reasons = dict(reduced["income_support"].select("month", "exit_reason").iter_rows())
    assert reasons[date(2020, 2, 1)] is None
    assert reasons[date(2020, 4, 1)] == "work"
