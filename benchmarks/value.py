"""How fast value and allocation are: the cohort model beside heormodel with equal results, growth
with draws, a city, and allocations of all sizes.

    python benchmarks/value.py [all]              everything
    python benchmarks/value.py peer|growth|city|allocation

Needs the optional dependency `bench` (heormodel, MIT). The pair runs alternately, 5 times after one
warm-up of each; the figure is the median of theirs over the median of ours, per draw. Seconds are
the processor's, so that other work on the machine does not count; its load is printed.
"""

import os
import resource
import statistics
import subprocess
import sys
import time
import warnings
from pathlib import Path

import numpy as np
import polars as pl

# The folder of this file must not be searched for the peers' names.
sys.path = [
    folder for folder in sys.path if Path(folder).resolve() != Path(__file__).resolve().parent
]

from evalkit.allocation import Limits, allocate  # noqa: E402
from evalkit.economics import cohort_totals, cohort_trace, load_price_book, value_results  # noqa: E402
from evalkit.line.tables import table  # noqa: E402

RUNS = 5
STATES, CYCLES, ARMS = 5, 120, 4
N_PEER_DRAWS = 200  # heormodel runs draw by draw; its time per draw does not depend on their number
EQUAL = 1e-8
TARGET = 30.0
TIME_FACTOR = 0.5 + 0.8 * np.exp(-np.arange(CYCLES) / 18)
RATES = np.array(
    [
        [0, 0.03, 0.012, 0.01, 0.004],
        [0.02, 0, 0.003, 0.006, 0.002],
        [0.02, 0.02, 0, 0.004, 0.0005],
        [0.03, 0.015, 0.002, 0, 0.01],
        [0] * 5,
    ]
)
BOOK = Path(__file__).parents[1] / "params" / "unit_costs" / "stockholm.yaml"
CHUNK = 1000


def make_draws(n_draws: int, seed: int = 0) -> dict[str, np.ndarray]:
    """Transition probabilities (draw, arm, state, state), costs and effects by state, and the arms'
    own costs.
    """
    rng = np.random.default_rng(seed)
    rates = rng.gamma(20, 1 / 20, (n_draws, 1, STATES, STATES)) * RATES
    moves = np.repeat(rates, ARMS, axis=1)
    moves[..., 0, 1] *= rng.lognormal(0, 0.1, (n_draws, ARMS))
    moves += np.eye(STATES) * (1 - moves.sum(axis=-1, keepdims=True))
    values = np.stack(
        [rng.gamma(50, 20, (n_draws, STATES)), rng.beta(8, 2, (n_draws, STATES)) / 12], axis=-1
    )
    return {"moves": moves, "values": values}


def ours(draws: dict[str, np.ndarray]) -> np.ndarray:
    """(draw, arm, 2): discounted cost and effect, half-cycle corrected."""
    start, parts = np.eye(STATES)[0], []
    for first in range(0, len(draws["moves"]), CHUNK):
        moves, values = (draws[name][first : first + CHUNK] for name in ("moves", "values"))
        trace = cohort_trace(start, moves, CYCLES, time_factor=TIME_FACTOR)
        by_state = cohort_totals(trace, np.eye(STATES), annual_rate=0.03, correction="half_cycle")
        parts.append(np.einsum("das,dsk->dak", by_state, values))
    return np.concatenate(parts)


def theirs(draws: dict[str, np.ndarray], n_draws: int) -> np.ndarray:
    """The same from heormodel, draw by draw."""
    import pandas as pd
    from heormodel import models, run_psa

    def one(row, arm: str):
        k, v = int(row["k"]), int(arm[1:])
        moves = draws["moves"][k, v] - np.eye(STATES)
        matrices = np.eye(STATES) + TIME_FACTOR[:, None, None] * moves
        return models.CohortSpec(
            transition=matrices,
            state_cost=draws["values"][k, :, 0],
            state_effect=draws["values"][k, :, 1],
        )

    model = models.MarkovModel(
        states=list("abcde"),
        interventions=[f"i{v}" for v in range(ARMS)],
        transitions_and_rewards=one,
        n_cycles=CYCLES,
        cycle_length=1 / 12,
        discount_rate=0.03,
        cycle_correction="half_cycle",
    )
    frame = pd.DataFrame({"k": np.arange(n_draws)}, index=pd.RangeIndex(n_draws, name="iteration"))
    found = run_psa(model, frame, sequential=True, progress=False)
    return np.stack([_values(found, name, n_draws) for name in ("cost", "qaly")], axis=-1)


def _values(found, name: str, n_draws: int) -> np.ndarray:
    """A column of the outcomes, which stand by intervention and then iteration, as (draw, arm)."""
    table = found.outcomes.data.sort_index()
    return table[name].to_numpy(dtype=float).reshape(ARMS, n_draws).T


def peer() -> None:
    draws = make_draws(1000)
    few = {name: values[:N_PEER_DRAWS] for name, values in draws.items()}
    difference = float(
        np.abs(ours(few) - theirs(few, N_PEER_DRAWS)).max() / np.abs(ours(few)).max()
    )
    print(f"largest relative difference of {N_PEER_DRAWS} draws: {difference:.1e}")
    if difference > EQUAL:
        raise SystemExit("the results differ: no ratio is printed")
    times: dict[str, list[float]] = {"ours": [], "theirs": []}
    for run in range(RUNS + 1):
        for name, call, n_draws in (
            ("ours", lambda: ours(draws), 1000),
            ("theirs", lambda: theirs(few, N_PEER_DRAWS), N_PEER_DRAWS),
        ):
            start = time.process_time()
            call()
            if run:
                times[name].append((time.process_time() - start) / n_draws)
    mine, other = (statistics.median(values) for values in times.values())
    ratio = other / mine
    verdict = "met" if ratio >= TARGET else "NOT met"
    print(
        f"{1000 * mine:.3f} s and {1000 * other:.2f} s a 1000 draws: {ratio:.0f} times (target "
        f"{TARGET:.0f}: {verdict})"
    )


def time_cohorts(n_draws: int) -> float:
    """Seconds for the cohort model of all arms."""
    draws = make_draws(n_draws)
    start = time.process_time()
    ours(draws)
    return time.process_time() - start


def growth() -> None:
    for n_draws in (1000, 3000, 10_000, 30_000):
        print(
            f"{n_draws:>7} draws  {_apart(f'import value as v; print(v.time_cohorts({n_draws}))')}"
        )


def make_effects(
    n_districts: int, n_interventions: int, n_replicates: int, n_months: int = 36
) -> pl.DataFrame:
    """Effect draws of a made-up city: shares in work, studies and support, by arm and month."""
    rng = np.random.default_rng(1)
    states, parts = ("studies", "support", "work"), []
    month = np.arange(n_months + 1)
    for district in range(n_districts):
        for intervention in range(n_interventions):
            work = 0.35 * (1 - np.exp(-month / 14)) * np.ones((n_replicates + 1, 2, 1))
            work[:, 0] += rng.normal(0.04, 0.03, (n_replicates + 1, 1)) * np.minimum(month / 12, 1)
            studies = 0.05 * (month > 0) * np.ones_like(work)
            shares = np.stack([studies, 1 - work - studies, work], axis=2)
            axes = np.meshgrid(
                np.arange(n_replicates + 1), ["treated", "comparison"], states, month, indexing="ij"
            )
            parts.append(
                pl.DataFrame(
                    {
                        "district": f"district {district}",
                        "intervention_id": f"intervention {intervention}",
                        "protocol_hash": f"{intervention}",
                        "estimand": "start_now_rather_than_wait",
                        "subgroup": "all",
                        "source": "raw",
                        **{
                            name: axis.ravel()
                            for name, axis in zip(
                                ("draw", "arm", "state", "month"), axes, strict=True
                            )
                        },
                        "probability": shares.ravel(),
                    }
                )
            )
    return pl.concat(parts).cast(table("effect_draws").schema)


def make_programmes(effects: pl.DataFrame) -> pl.DataFrame:
    """Everybody treated starts the intervention and takes part for four months."""
    keys = [
        "district",
        "intervention_id",
        "protocol_hash",
        "estimand",
        "subgroup",
        "draw",
        "arm",
        "month",
    ]
    months, is_treated = (
        effects.filter(pl.col("month") > 0).select(keys).unique(maintain_order=True),
        pl.col("arm") == "treated",
    )
    schema = table("effect_programme_draws").schema
    time = {
        "taking_part": is_treated & (pl.col("month") <= 4),
        "starting": is_treated & (pl.col("month") == 1),
    }
    return (
        months.with_columns(programme="intervention_id", **time).select(list(schema)).cast(schema)
    )


def time_city(n_districts: int, n_interventions: int, n_draws: int) -> float:
    """Seconds for all results of a made-up city to five years."""
    effects, book = make_effects(n_districts, n_interventions, 200), load_price_book(BOOK)
    programmes = make_programmes(effects)
    start = time.process_time()
    value_results(effects, book, seed=1, programmes=programmes, n_draws=n_draws, horizon_months=60)
    return time.process_time() - start


def city() -> None:
    for n_districts, n_interventions, n_draws in (
        (2, 8, 1000),
        (14, 8, 1000),
        (2, 8, 10_000),
        (14, 8, 10_000),
    ):
        found = _apart(
            f"import value as v; print(v.time_city({n_districts}, {n_interventions}, {n_draws}))"
        )
        print(
            f"{n_districts:>3} districts x {n_interventions} interventions x {n_draws:>6} draws, "
            f"all results  {found}"
        )


def make_offers(
    n_districts: int, n_interventions: int, n_groups: int, n_draws: int
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Offers and values of a made-up country."""
    rng = np.random.default_rng(2)
    names = [
        (f"d{d:03}", f"i{i:02}", f"g{g}")
        for d in range(n_districts)
        for i in range(n_interventions)
        for g in range(n_groups)
    ]
    n = len(names)
    cost = np.repeat(
        np.tile(rng.uniform(10, 90, n_interventions), n_districts), n_groups
    ) * rng.uniform(0.8, 1.2, n)
    places = np.repeat(rng.integers(3, 60, n_districts * n_interventions), n_groups)
    offers = pl.DataFrame(
        names, schema=["district", "intervention_id", "target_group"], orient="row"
    ).with_columns(
        n_eligible=pl.Series(rng.integers(5, 120, n)),
        places=pl.Series(places),
        cost=pl.Series(cost),
    )
    mean = rng.normal(60, 60, n)
    values = pl.concat(
        offers.select("district", "intervention_id", "target_group").with_columns(
            draw=pl.lit(draw, dtype=pl.Int32),
            value=pl.Series(mean + (rng.normal(0, 40, n) if draw else 0.0)),
        )
        for draw in range(n_draws + 1)
    )
    return offers, values


def allocation() -> None:
    for shape, n_draws, weight in (
        ((14, 8, 1), 100, 0.0),
        ((14, 8, 1), 100, 0.3),
        ((14, 8, 6), 100, 0.3),
        ((100, 12, 6), 20, 0.0),
        ((290, 20, 6), 20, 0.0),
    ):
        offers, values = make_offers(*shape, n_draws)
        budgets = dict(
            offers.group_by("district")
            .agg((pl.col("cost") * pl.col("places")).sum() * 0.25 / shape[2])
            .iter_rows()
        )
        for is_pooled in (False, True):
            limits = Limits(
                budgets,
                smallest_group=5,
                equality_floor=0.5,
                is_pooled=is_pooled,
                downside_weight=weight,
            )
            start = time.process_time()
            found = allocate(offers, values, limits, gap=1e-3)
            seconds = time.process_time() - start
            judged = f"{weight:.0%} downside over {n_draws} draws" if weight else "mean"
            kind = (
                f"{' x '.join(map(str, shape))}, {'shared' if is_pooled else 'own'} places, "
                f"{judged}"
            )
            print(f"{kind:<62} {seconds:>7.2f} s  gap {found.gap:.1e}")


def _apart(code: str) -> str:
    """Seconds and peak memory of a call in a process of its own."""
    code += "; import resource; print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)"
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=Path(__file__).parent,
        capture_output=True,
        text=True,
        check=True,
    )
    seconds, megabytes = (float(line) for line in done.stdout.split()[-2:])
    return f"{seconds:.2f} s, {megabytes:.0f} MB at most"


def main(parts: list[str]) -> None:
    warnings.filterwarnings("ignore")
    print(
        f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, resident so far "
        f"{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB"
    )
    for name, part in (
        ("peer", peer),
        ("growth", growth),
        ("city", city),
        ("allocation", allocation),
    ):
        if not parts or "all" in parts or name in parts:
            print(f"\n{name}")
            part()


if __name__ == "__main__":
    main(sys.argv[1:])
