"""A simulated city of four districts and two interventions, from its lives to the line's estimates:
what the proofs repeat many times.
"""

import hashlib
import json
import multiprocessing
from collections.abc import Callable, Mapping
from concurrent.futures import ProcessPoolExecutor, as_completed
from functools import cache
from pathlib import Path

import polars as pl

from evalkit.draws import estimate_with_range, with_words
from evalkit.effects import (
    PersonTables,
    estimate_effect,
    fit_propensity,
    intervention_effects,
    load_protocol,
    timings,
)
from evalkit.effects.answer.estimate import effect_status
from evalkit.effects.districts.pooling import primary_differences
from evalkit.effects.weighting.propensity import fit_censoring
from evalkit.effects.weighting.strategies import weightings_of
from evalkit.line.protocol import Protocol
from evalkit.line.tables import table
from evalkit.months import add_months
from evalkit.simulate import live, load_city, person_tables, simulate_truth
from evalkit.simulate.city.city import City
from evalkit.spells import Extent, build_episodes, build_state_intervals, build_support_spells

ROOT = Path(__file__).parents[2]
PARAMS = ROOT / "params"
DISTRICTS = ("Rinkeby-Kista", "Hässelby-Vällingby", "Enskede-Årsta-Vantör", "Farsta")
INTERVENTIONS = ("work_training", "jobbtorg_coaching")
TRUTH_PEOPLE, TRUTH_REPLICATES, TRUTH_SEED = 60_000, 4, 90_001
MAX_GAP_MONTHS = 2
_COLUMNS = ["district", "estimate", "ci_lower", "ci_upper", "estimand", "source"]


@cache
def four_districts() -> City:
    """Stockholm's assumptions, four of its districts with the same number of people each, two of
    its interventions, no roll-outs and nothing of how the districts work.
    """
    content = json.loads(load_city("stockholm", PARAMS / "cities").model_dump_json())
    rows = [
        row | {"weight": 1.0} for row in content["districts"]["rows"] if row["name"] in DISTRICTS
    ]
    kept = [one for one in content["interventions"] if one["intervention_id"] in INTERVENTIONS]
    content |= {
        "districts": content["districts"] | {"rows": rows},
        "interventions": kept,
        "rollouts": [],
        "accounts": None,
        "needs": {},
        "programme": None,
        "outreach": [],
        "common_process": None,
    }
    return City.model_validate(content)


@cache
def protocols() -> tuple[Protocol, ...]:
    """The protocols of the simulated Stockholm, followed over every month that the truth is
    about.
    """
    found = []
    for name in INTERVENTIONS:
        path, n_months = PARAMS / "protocols" / f"stockholm_{name}.yaml", four_districts().n_months
        protocol = load_protocol(path, n_months=n_months, districts=DISTRICTS)
        months = protocol.eligibility.model_copy(
            update={"to_month": four_districts().n_months - protocol.follow_up_months + 1}
        )
        found.append(protocol.model_copy(update={"eligibility": months}))
    return tuple(found)


def people_of(
    seed: int,
    n_people: int,
    *,
    city: City | None = None,
    delivered: Callable[[dict[str, pl.DataFrame]], dict[str, pl.DataFrame]] = dict,
) -> PersonTables:
    """The person tables of one city (that of four districts if none is given), as far as they are
    delivered, through the line's own spells.
    """
    city = city or four_districts()
    tables = delivered(person_tables(city, live(city, seed=seed, first=0, stop=n_people)))
    extent = Extent(
        first_month=city.first_month,
        data_through=add_months(city.first_month, city.n_months - 1),
        max_gap_months=MAX_GAP_MONTHS,
    )
    person = tables["person"].with_columns(weight=pl.lit(1.0))
    usual = pl.DataFrame(
        [(one.intervention_id, one.planned_months, one.ladder_step) for one in city.interventions],
        schema={
            "intervention_id": pl.String,
            "planned_months": pl.Int32,
            "ladder_step": pl.Int32,
        },
        orient="row",
    )
    register = [tables[name] for name in ("income_support", "household_member", "livelihood")]
    spells = build_support_spells(*register, person, extent=extent)
    intervals = build_state_intervals(*register, person, extent=extent, outcome_groups=True)
    episodes = build_episodes(tables["participation"], usual, data_through=extent.data_through)
    return PersonTables(spells, episodes, intervals, person, city.first_month)


def estimates(
    seed: int,
    *,
    n_people: int,
    n_draws: int,
    interventions: tuple[str, ...] = INTERVENTIONS,
) -> pl.DataFrame:
    """The line on one city: months in work gained with their range, raw and shrunk, break-even
    months, and the naive figure; one row each.
    """
    people = people_of(seed, n_people)
    return pl.concat(
        [
            _estimates(people, protocol, seed=seed, n_draws=n_draws)
            for protocol in protocols()
            if protocol.intervention_id in interventions
        ]
    )


def keep_estimates(path: Path, seed: int, n_people: int, n_draws: int) -> None:
    """One city's estimates as a file that is whole or absent: what the processes of a proof do."""
    estimates(seed, n_people=n_people, n_draws=n_draws).write_parquet(path.with_suffix(".part"))
    path.with_suffix(".part").rename(path)


def _estimates(
    people: PersonTables, protocol: Protocol, *, seed: int, n_draws: int
) -> pl.DataFrame:
    trials, draws = people.trials(protocol), {"n_draws": n_draws, "seed": seed}
    fitted = pl.concat([fit(trials, **draws) for fit in (fit_propensity, fit_censoring)])
    parts = [
        estimate_effect(trials.of_district(one), district=one, propensity=fitted, **draws)
        for one in DISTRICTS
    ]
    sums, statuses, events, _ = (pl.concat(tables) for tables in zip(*parts, strict=True))
    city = effect_status(weightings_of(trials, fitted), district="all")
    found = intervention_effects(
        sums,
        protocol,
        district_status=statuses,
        weights_status=city,
        effect_people=table("effect_people").empty(),
        seed=seed,
        event_sums=events,
    )
    ranged = [
        _ranged(part, protocol).with_columns(source=pl.lit(source), estimand=pl.lit(estimand))
        for (source, estimand), part in found.draws.partition_by(
            "source", "estimand", as_dict=True
        ).items()
    ]
    is_break_even = (pl.col("district") == "all") & (pl.col("measure") == "break_even_month")
    broken = (
        timings(found, protocol)
        .filter(is_break_even)
        .select(*_COLUMNS[:4], "estimand", source=pl.lit("break_even"))
    )
    work = (trials.outcomes == trials.states.index(protocol.primary_outcome)).sum(axis=1)
    naive = work[trials.is_treated].mean() - work[~trials.is_treated].mean()
    ranged.append(
        ranged[0][:1].with_columns(
            district=pl.lit("all"), estimate=pl.lit(naive), source=pl.lit("naive")
        )
    )
    rows = pl.concat([*[table.select(_COLUMNS) for table in ranged], broken.select(_COLUMNS)])
    return rows.with_columns(seed=pl.lit(seed), intervention_id=pl.lit(protocol.intervention_id))


def truths(n_people: int = TRUTH_PEOPLE, seed: int = TRUTH_SEED) -> pl.DataFrame:
    """Months in work gained by those who start, and the break-even month: intervention_id,
    district, estimand, truth, mc_std_error, month.
    """
    found = simulate_truth(
        four_districts(),
        seed=seed,
        n_people=n_people,
        eligible_share=0,
        n_replicates=TRUTH_REPLICATES,
    )
    own = (pl.col("population") == "starters") & (pl.col("district_basis") == "time_zero")
    months = found.months.filter(
        own
        & (pl.col("outcome") == "work")
        & (pl.col("horizon_months") == protocols()[0].follow_up_months)
    )
    keys = ["intervention_id", "district", "comparison"]
    joined = months.select(*keys, "mc_std_error", truth="difference").join(
        found.timing.filter(own).select(*keys, month="break_even_month"), on=keys
    )
    return joined.with_columns(estimand="start_now_rather_than_" + pl.col("comparison")).drop(
        "comparison"
    )


def _ranged(part: pl.DataFrame, protocol: Protocol) -> pl.DataFrame:
    return (
        with_words(primary_differences(part, protocol.primary_outcome))
        .group_by("district")
        .agg(estimate_with_range("difference"))
    )


def kept_in(name: str, *declared: str) -> Path:
    """The folder in which a proof keeps what it has done: another one when the code of the line or
    what is declared changes.
    """
    code = [path.read_bytes() for path in sorted((ROOT / "evalkit").glob("*.py"))]
    rooms = ("effects", "simulate", "spells", "survival")
    code += [
        path.read_bytes()
        for room in rooms
        for path in sorted((ROOT / "evalkit" / room).rglob("*.py"))
    ]
    vintage = hashlib.sha256(b"".join([*code, *[one.encode() for one in declared]])).hexdigest()[
        :12
    ]
    folder = ROOT / "build" / "prove" / f"{name}-{vintage}"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def read_kept(paths: Mapping[tuple, Path], task: Callable[..., None], *sizes: int) -> pl.DataFrame:
    """The rows of every path; those that are missing are made by `task(path, *key, *sizes)` in
    processes beside each other.
    """
    missing = [key for key, path in paths.items() if not path.exists()]
    # A process that has run polars must not fork.
    with ProcessPoolExecutor(mp_context=multiprocessing.get_context("spawn")) as pool:
        waiting = [pool.submit(task, paths[key], *key, *sizes) for key in missing]
        for n_done, done in enumerate(as_completed(waiting), start=len(paths) - len(missing) + 1):
            done.result()
            print(f"{n_done} of {len(paths)} cities", flush=True)
    return pl.concat([pl.read_parquet(path) for path in paths.values()])
