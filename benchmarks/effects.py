"""How fast the effects room is beside a peer on the same data and question, and how it grows.

    python benchmarks/effects.py            all parts
    python benchmarks/effects.py peer       pySEQTarget, the same sequence of trials, in turn with
    ours
    python benchmarks/effects.py draws      sums of 400 draws that follow what changes, in turn with
    sums of every month formed anew
    python benchmarks/effects.py second     what the second reading adds to the effects' stations,
    and what leaving out each covariate and trees do
    python benchmarks/effects.py growth 5   10^5 people, 24 trial months, 200 refitted person
    bootstraps

Needs the optional dependencies `bench`. The peer expands the trials and fits a pooled logistic
outcome model; evalkit weights. Both answer what the risk of having found work would be if everyone
eligible started now, less if nobody did now (ATE, not starting may start later), and must agree
within twice the bootstrap error before a ratio is printed.
"""

import os
import resource
import statistics
import sys
import time
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import polars as pl

sys.path = [
    folder for folder in sys.path if Path(folder).resolve() != Path(__file__).resolve().parent
]

from evalkit.effects import (  # noqa: E402
    Trials,
    effect_curves,
    effect_draws,
    effect_summary,
    estimate_effect,
    fit_models,
    fit_propensity,
    second_reading,
    third_opinion,
    trials_of_tables,
)
from evalkit.effects.answer.second_draws import second_draws  # noqa: E402
from evalkit.effects.trust.strength import left_out  # noqa: E402
from evalkit.effects.weighting.later_starts import LaterStarts  # noqa: E402
from evalkit.effects.weighting.propensity import (  # noqa: E402
    coefficients_of,
    fit_censoring,
)
from evalkit.effects.weighting.start_now import StartNow  # noqa: E402
from evalkit.effects.weighting.weights import arm_weights  # noqa: E402
from evalkit.line.protocol import Protocol  # noqa: E402
from evalkit.months import month_of_number_expr  # noqa: E402

FIRST_MONTH, N_MONTHS, FACTOR = date(2020, 1, 1), 52, 2.0
FOLLOW_UP, TRIALS = 24, 24
PEER_PEOPLE, PEER_BOOTSTRAPS, RUNS = 2_000, (0, 20), 3
BOOTSTRAPS = 200
DRAWS = 400


def world(n_people: int, seed: int) -> pl.DataFrame:
    """Month of work and of the course's start for everyone; both hastened by x, and the course
    doubles the rate into work.
    """
    rng = np.random.default_rng(seed)
    x = rng.normal(size=n_people)
    to_work, to_course = 0.03 * np.exp(0.3 * x), 1 / (1 + np.exp(3.4 - 0.5 * x))
    exit_month, start_month = np.full(n_people, N_MONTHS), np.full(n_people, N_MONTHS)
    for month in range(1, N_MONTHS):
        rate = np.where(start_month < month, FACTOR * to_work, to_work)
        exit_month[(exit_month == N_MONTHS) & (rng.random(n_people) < rate)] = month
        start_month[
            (exit_month == N_MONTHS)
            & (start_month == N_MONTHS)
            & (rng.random(n_people) < to_course)
        ] = month
    return pl.DataFrame(
        {"person": np.arange(n_people), "x": x, "exit": exit_month, "start": start_month}
    )


def protocol(*comparisons: str) -> Protocol:
    return Protocol.model_validate(
        {
            "protocol": "benchmark",
            "intervention_id": "course",
            "title": {"en": "Benchmark"},
            "question": {"en": "What does the course change?"},
            "eligibility": {"from_month": 2, "to_month": TRIALS + 1},
            "comparisons": list(comparisons or ("wait",)),
            "follow_up_months": FOLLOW_UP + 1,
            "outcomes": ["work", "support"],
            "estimand": "ATE",
            "covariates": [{"name": "x", "kind": "person", "column": "x"}],
        }
    )


def trials_of(people: pl.DataFrame, *comparisons: str) -> Trials:
    origin, span = FIRST_MONTH.year * 12, {"start_month": pl.Int64, "stop_month": pl.Int64}
    own = people.with_columns(
        person_id=pl.col("person").cast(pl.String).str.zfill(8), district=pl.lit("all")
    )
    support = own.select(
        "person_id",
        "district",
        start_month=pl.lit(0),
        stop_month="exit",
        from_state=pl.lit("support"),
    ).cast(span)
    work = own.filter(pl.col("exit") < N_MONTHS).select(
        "person_id",
        "district",
        start_month="exit",
        stop_month=pl.lit(N_MONTHS),
        from_state=pl.lit("work"),
    )
    return trials_of_tables(
        own.select(
            "person_id",
            "district",
            start=pl.lit(FIRST_MONTH),
            end=month_of_number_expr(pl.col("exit") + origin),
            is_start_known=True,
        ),
        own.filter(pl.col("start") < N_MONTHS).select(
            "person_id",
            intervention_id=pl.lit("course"),
            start=month_of_number_expr(pl.col("start") + origin),
            end=pl.lit(None, dtype=pl.Date),
        ),
        protocol=protocol(*comparisons),
        state_intervals=pl.concat([support, work.cast(span)]),
        person=own.select("person_id", "x"),
        first_month=FIRST_MONTH,
    )


def ours(people: pl.DataFrame, n_draws: int) -> np.ndarray:
    """Risk difference at the last month of follow-up: the point estimate and the draws."""
    trials = trials_of(people)
    fitted = fit_propensity(trials, n_draws=n_draws, seed=1)
    draws = effect_draws(
        estimate_effect(trials, district="all", propensity=fitted, n_draws=n_draws, seed=1).sums
    )
    last = draws.filter((pl.col("state") == "work") & (pl.col("month") == FOLLOW_UP + 1)).pivot(
        "arm", index="draw", values="probability"
    )
    return last.sort("draw").select(pl.col("treated") - pl.col("comparison")).to_series().to_numpy()


def person_months(people: pl.DataFrame) -> pl.DataFrame:
    """What the peer reads: a row per person and month on support; the outcome is work in the month
    after.
    """
    last = pl.min_horizontal(pl.col("exit") - 1, pl.lit(N_MONTHS - 2))
    rows = (
        people.with_columns(month=pl.int_ranges(1, last + 1)).explode("month").drop_nulls("month")
    )
    return rows.select(
        "person",
        "x",
        month=pl.col("month") - 1,  # the peer counts from 0
        treatment=(pl.col("start") <= pl.col("month")).cast(pl.Int8),
        eligible=((pl.col("start") >= pl.col("month")) & (pl.col("month") <= TRIALS)).cast(pl.Int8),
        outcome=(pl.col("exit") == pl.col("month") + 1).cast(pl.Int8),
    )


def theirs(rows: pl.DataFrame, n_bootstraps: int) -> float:
    from pySEQTarget import SEQopts, SEQuential

    options = SEQopts(
        km_curves=True, bootstrap_nboot=n_bootstraps, followup_max=FOLLOW_UP - 1, seed=1, ncores=1
    )
    model = SEQuential(
        rows,
        id_col="person",
        time_col="month",
        eligible_col="eligible",
        treatment_col="treatment",
        outcome_col="outcome",
        fixed_cols=["x"],
        method="ITT",
        parameters=options,
    )
    model.expand()
    if n_bootstraps:
        model.bootstrap()
    model.fit()
    model.survival()
    found = model.collect().risk_difference
    return float(found.filter(pl.col("A_x").cast(pl.String) == "1")["Risk Difference"][0])


def peer() -> None:
    people = world(PEER_PEOPLE, seed=5)
    rows, error = person_months(people), ours(people, BOOTSTRAPS)[1:].std(ddof=1)
    for n_bootstraps in PEER_BOOTSTRAPS:
        seconds = {"evalkit": [], "pySEQTarget": []}
        for _ in range(RUNS):
            begun = time.perf_counter()
            point = ours(people, max(n_bootstraps, 1))[0]
            between = time.perf_counter()
            found = theirs(rows, n_bootstraps)
            seconds["evalkit"].append(between - begun)
            seconds["pySEQTarget"].append(time.perf_counter() - between)
        print(
            f"risk difference at month {FOLLOW_UP}: evalkit {point:+.4f}, pySEQTarget "
            f"{found:+.4f}, bootstrap error {error:.4f}"
        )
        if abs(point - found) > 2 * error:
            raise SystemExit("not equal: no ratio is printed")
        medians = {name: statistics.median(own) for name, own in seconds.items()}
        print(
            f"{PEER_PEOPLE} people, {TRIALS} trial months, {n_bootstraps} bootstraps: evalkit "
            f"{medians['evalkit']:.2f} s, "
            f"pySEQTarget {medians['pySEQTarget']:.2f} s, "
            f"{medians['pySEQTarget'] / medians['evalkit']:.0f} times (target 20)",
            flush=True,
        )


def sums_by_month(
    trials: Trials, fitted: pl.DataFrame, comparison: str, n_draws: int
) -> np.ndarray:
    """Sums of weights (draw, arm, state, month 1..h) by their definition: every month's weights,
    added over the people in each state.
    """
    coefficients = coefficients_of(trials, fitted, with_censoring=True)
    person, drawn = trials.cluster_weights(n_draws=n_draws, seed=1)
    weights = (
        arm_weights(trials, coefficients.propensity)
        * np.column_stack([np.ones(len(drawn)), drawn])[person]
    )
    later = LaterStarts(trials, coefficients, "never") if comparison == "never" else None
    chances = later.chances(coefficients.censoring) if later else None
    sums = np.zeros((n_draws + 1, 2, len(trials.states), trials.outcomes.shape[1]))
    for arm, mask in enumerate((~trials.is_treated, trials.is_treated)):
        for month in range(sums.shape[-1]):
            counted = weights[mask]
            if later and arm == 0:
                counted = counted * later.followed(chances, month)
            for state in range(len(trials.states)):
                sums[:, arm, state, month] = counted[trials.outcomes[mask, month] == state].sum(
                    axis=0
                )
    return sums


def draws() -> None:
    trials = trials_of(world(PEER_PEOPLE, seed=5), "wait", "never")
    fitted = pl.concat(
        [fit(trials, n_draws=DRAWS, seed=1) for fit in (fit_propensity, fit_censoring)]
    )
    for comparison in trials.protocol.comparisons:
        begun = time.process_time()
        parts = estimate_effect(
            trials,
            district="all",
            propensity=fitted,
            n_draws=DRAWS,
            seed=1,
            comparisons=(comparison,),
        )
        between = time.process_time()
        expected = sums_by_month(trials, fitted, comparison, DRAWS)
        seconds = between - begun, time.process_time() - between
        states = pl.Enum(trials.states)
        rows = parts.sums.filter(pl.col("month") > 0).sort(
            "draw", "arm", pl.col("state").cast(pl.String).cast(states), "month"
        )
        if not np.allclose(rows["weighted_sum"].to_numpy(), expected.ravel(), rtol=1e-9, atol=1e-9):
            raise SystemExit("not equal: no ratio is printed")
        print(
            f"{len(trials.rows)} person-trials, {DRAWS} draws, {comparison}: {seconds[0]:.2f} s of "
            "processor with tables and status, "
            f"every month anew {seconds[1]:.2f} s, {seconds[1] / seconds[0]:.1f} times",
            flush=True,
        )


def second() -> None:
    """The stations of one intervention with the second reading and without it, in turn, then with
    each covariate left out (strength) and with trees. Everybody's
    period of support begins with the data here, so the months worked before it are drawn by lot.
    """
    trials = trials_of(world(PEER_PEOPLE, seed=5), "wait", "never")
    window = trials.protocol.second_reading.window_months
    worked = np.random.default_rng(5).integers(0, window + 1, trials.rows.height)
    trials = replace(trials, past=worked.astype(float))
    seconds = {"plain": [], "second": [], "strength": [], "trees": []}
    for _ in range(RUNS):
        begun = time.process_time()
        fitted = fit_models(trials, n_draws=DRAWS, seed=1)
        parts = estimate_effect(trials, district="all", propensity=fitted, n_draws=DRAWS, seed=1)
        plain = effect_draws(parts.sums)
        effect_summary(plain, trials.protocol)
        effect_curves(plain)
        between = time.process_time()
        shifts = second_reading(trials, n_draws=DRAWS, seed=1).second_shifts
        primary = plain.filter(pl.col("estimand") == trials.protocol.primary_estimand)
        moved = second_draws(primary, shifts, primary_outcome="work")
        if moved.is_empty():
            raise SystemExit("the past shows nothing: no ratio is printed")
        effect_summary(moved, trials.protocol)
        effect_curves(moved)
        seconds["plain"].append(between - begun)
        seconds["second"].append(time.process_time() - between)
        began = time.process_time()
        left_out(StartNow.of(trials, fitted))
        ended = time.process_time()
        third_opinion(trials, fitted, seed=1)
        seconds["strength"].append(ended - began)
        seconds["trees"].append(time.process_time() - ended)
    medians = {name: statistics.median(own) for name, own in seconds.items()}
    print(
        f"{len(trials.rows)} person-trials, {DRAWS} draws: models, sums and tables "
        f"{medians['plain']:.2f} s of processor; the second reading adds "
        f"{medians['second']:.2f} s, "
        f"{100 * medians['second'] / medians['plain']:.0f} per cent (target 10), strength "
        f"{medians['strength']:.2f} s and trees {medians['trees']:.2f} s",
        flush=True,
    )


def growth(exponents: list[int]) -> None:
    for exponent in exponents:
        people = world(10**exponent, seed=5)
        begun, used = time.perf_counter(), time.process_time()
        found = ours(people, BOOTSTRAPS)
        seconds, cpu = time.perf_counter() - begun, time.process_time() - used
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
        print(
            f"10^{exponent} people, {TRIALS} trial months, {BOOTSTRAPS} refitted bootstraps: "
            f"{seconds:.1f} s ({cpu:.1f} s of processor), "
            f"peak {memory:.1f} GB; {found[0]:+.4f} ({found[1:].std(ddof=1):.4f})",
            flush=True,
        )


if __name__ == "__main__":
    print(f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    parts = sys.argv[1:2] or ["peer", "draws", "second", "growth"]
    if "peer" in parts:
        peer()
    if "draws" in parts:
        draws()
    if "second" in parts:
        second()
    if "growth" in parts:
        growth([int(one) for one in sys.argv[2:]] or [4, 5])
