"""How fast it is to say who starts an intervention more or less often than people like them, for as
many municipalities as a country has, beside statsmodels.

    python benchmarks/access.py [N_MUNICIPALITIES N_PEOPLE]

First one of the models: a group against others in 30 municipalities of 3 000 people, each with its
own level and its own difference, beside a GLM of statsmodels with a column for each of both, on the
same cells. That the coefficients are equal is checked before time is taken; in turns, medians of
three of the processor's seconds. Then all tables of access for the municipalities asked for (290 of
3 000 people each), once, with the clock's seconds too.
"""

import os
import statistics
import sys
import time
from collections.abc import Callable

import numpy as np
import polars as pl
import statsmodels.api as sm

from evalkit.effects.weighting.local_logit import local_logit
from evalkit.monitoring.access.case_mix import access_funnel, cells_of, design_of
from evalkit.monitoring.access.group_differences import access_groups
from evalkit.monitoring.access.shares import access, access_curves
from evalkit.monitoring_rules import MonitoringRules

RULES = MonitoringRules()
N_FEW, N_MUNICIPALITIES, N_PEOPLE, TURNS = 30, 290, 3_000, 3
SAME = 1e-6
GROUPS = {"sex": 2, "age": 4, "origin": 4, "education": 3, "obstacle": 4}


def made_people(n_municipalities: int, n_people: int, *, seed: int = 1) -> pl.DataFrame:
    """People with five characteristics, in municipalities that differ a little."""
    rng = np.random.default_rng(seed)
    place = np.repeat(np.arange(n_municipalities), n_people)
    kinds = {name: rng.integers(0, n_groups, len(place)) for name, n_groups in GROUPS.items()}
    eta = 0.3 * kinds["sex"] - 0.2 * kinds["age"] + 0.2 * kinds["obstacle"] - 0.6
    eta += rng.normal(0, 0.2, n_municipalities)[place]
    is_start = rng.random(len(place)) < 1 / (1 + np.exp(-eta))
    return pl.DataFrame(
        {
            "person_id": np.arange(len(place)),
            "cluster_id": np.arange(len(place)),
            "district": [f"m{number:03d}" for number in place],
            "weight": 1.0,
            "year": rng.integers(2020, 2025, len(place)),
            "counted_from": None,
            "counted_through": None,
            "months": np.where(is_start, rng.integers(1, 13, len(place)), 20),
            "event": np.where(is_start, "start", "left_support"),
            **{name: [f"{name}_{kind}" for kind in values] for name, values in kinds.items()},
        },
        schema_overrides={"counted_from": pl.Date, "counted_through": pl.Date},
    )


def seconds(work: Callable[[], object]) -> float:
    """The processor's seconds of some work."""
    began = time.process_time()
    work()
    return time.process_time() - began


def beside_statsmodels() -> None:
    """Print how long one model takes by each, once both have given the same."""
    rows = cells_of(made_people(N_FEW, N_PEOPLE), RULES)
    others = design_of(rows, [name for name in GROUPS if name != "sex"])
    x = (rows["sex"] == "sex_0").to_numpy().astype(float)
    weights = rows["weight"].to_numpy()
    share = rows["started"].to_numpy() / weights
    first = rows["district"].rle_id().arg_unique().to_numpy()
    place = rows["district"].rle_id().to_numpy()
    own = np.column_stack([np.ones(len(x)), x])

    def ours():
        return local_logit(own, others, share, weights, first)

    def peer():
        dummies = np.equal.outer(place, np.arange(len(first))).astype(float)
        design = np.column_stack([dummies, dummies * x[:, None], others])
        family = sm.families.Binomial()
        return sm.GLM(share, design, family=family, freq_weights=weights).fit(tol=1e-10)

    fit, theirs = ours(), peer()
    coefficients = np.append(fit.local.T.ravel(), fit.shared)
    errors = np.sqrt([*fit.local_cov[:, 0, 0], *fit.local_cov[:, 1, 1], *np.diag(fit.shared_cov)])
    apart = max(np.abs(coefficients - theirs.params).max(), np.abs(errors - theirs.bse).max())
    if apart > SAME:
        raise SystemExit(f"the models differ by {apart:.2g}")
    taken = [(seconds(ours), seconds(peer)) for _ in range(TURNS)]
    own_time, peer_time = (statistics.median(times) for times in zip(*taken, strict=True))
    print(f"one model, {N_FEW} municipalities, {rows.height} cells: largest difference {apart:.1g}")
    print(
        f"evalkit {own_time:.2f} s, statsmodels {peer_time:.2f} s: {peer_time / own_time:.0f} to 1"
    )


def all_tables(n_municipalities: int, n_people: int) -> None:
    """Print how long all tables take."""
    people = made_people(n_municipalities, n_people)
    works: dict[str, Callable[[], object]] = {
        "access": lambda: access(people, rules=RULES),
        "access_curves": lambda: access_curves(people, rules=RULES),
        "access_funnel": lambda: access_funnel(cells_of(people, RULES), seed=1),
        "access_groups": lambda: access_groups(cells_of(people, RULES)),
    }
    began = time.perf_counter()
    taken = {name: seconds(work) for name, work in works.items()}
    clock = time.perf_counter() - began
    each = ", ".join(f"{name} {one:.1f}" for name, one in taken.items())
    print(f"{n_municipalities} municipalities of {n_people} people: {each} s of the processor")
    print(f"together {sum(taken.values()):.0f} s of the processor, {clock:.0f} s of the clock")


if __name__ == "__main__":
    print(f"load {os.getloadavg()[0]:.1f}")
    beside_statsmodels()
    all_tables(*(map(int, sys.argv[1:3]) if len(sys.argv) > 2 else (N_MUNICIPALITIES, N_PEOPLE)))
