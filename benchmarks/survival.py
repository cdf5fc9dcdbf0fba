"""How fast the survival room is beside its peers: ratios of alternated runs, printed only where the
results are equal.

    python benchmarks/survival.py        importing, speed at 1e4 and 1e6 spells, memory, growth
    python benchmarks/survival.py opening|speed|memory|growth        one part

Needs the optional dependencies `bench` (survival 2.x, a Rust port of R survival; comprisk; both
without GPL). Every pair runs alternately, 5 times after one warm-up of each; the figure is the
median of theirs over the median of ours. Ours starts from the polars table, theirs from arrays that
are already in their form. The load of the machine is printed: ratios hold better than seconds.
"""

import os
import statistics
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl

# This file has the name of a peer: its own folder must not be searched for it.
sys.path = [
    folder for folder in sys.path if Path(folder).resolve() != Path(__file__).resolve().parent
]

from evalkit.survival import (  # noqa: E402
    aalen_johansen,
    cox,
    curve_statistic,
    kaplan_meier,
    replicate,
    state_occupation,
    tabulate_risk_set,
)
from evalkit.survival.counts.spell_columns import Roles, read_spell_columns  # noqa: E402

RUNS = 5
MONTHS, CAUSES = 120, ["pension", "sick", "studies", "work"]
STATES = ["support", "work", "studies", "sick", "pension"]
X = [f"x{number}" for number in range(10)]
EQUAL = 1e-8  # sums of a million doubles
COEFFICIENT = 1e-4  # lifelines stops its steps earlier
SPELLS = {"time": "months", "event": "cause"}
GROWTH = [10**4, 10**5, 10**6, 10**7]
PERSON_MONTHS = 100_000_000
DOOR_SECONDS, OPENING_SECONDS = 0.001, 0.2
PEAK_MB, PEAK_MB_PERSON_MONTHS, TIMES_OF_READING = 600, 4096, 3
IN_MEMORY = (
    "running",
    "causes",
    "clustered",
    "districts",
    "bootstrap",
    "multi_state",
    "cox",
    "cox_clustered",
)


@dataclass(frozen=True)
class Pair:
    """A claim: two calls that are timed, and how their results become arrays that must agree (None:
    other quantities, said in the claim).
    """

    claim: str
    target: float
    ours: Callable[[], object]
    theirs: Callable[[], object]
    as_arrays: tuple[Callable[[object], np.ndarray], Callable[[object], np.ndarray]] | None
    tolerance: float = EQUAL


def make_spells(n: int, seed: int = 1) -> pl.DataFrame:
    """Spells in months with four exits, about 1.6 per person, 120 districts, weights from 0.5 to 2
    and ten covariates of small effect.
    """
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((n, len(X)))
    leaves = rng.geometric(np.clip(0.02 * np.exp(x @ np.linspace(-0.2, 0.2, len(X))), 1e-4, 0.9))
    months = np.minimum(leaves, np.minimum(rng.integers(1, 4 * MONTHS, n), MONTHS))
    cause = pl.Series(rng.choice(CAUSES, n).tolist(), dtype=pl.Enum(CAUSES))
    table = pl.DataFrame(
        {"months": months.astype(np.int32), "cause": cause, "ended": leaves <= months}
    )
    table = table.with_columns(
        cause=pl.when("ended").then("cause"), w=pl.Series(rng.uniform(0.5, 2, n))
    )
    table = table.with_columns(
        person=pl.Series(rng.integers(0, int(n / 1.6), n)),
        district=pl.Series(rng.integers(0, 120, n)),
    )
    return table.with_columns(pl.Series(name, x[:, column]) for column, name in enumerate(X))


def make_intervals(n: int, seed: int = 2) -> pl.DataFrame:
    """About n stays of persons who begin on support and move between five states for up to 120
    months.
    """
    rng = np.random.default_rng(seed)
    n_people, stays = n // 4, 12
    length = rng.geometric(0.035, (n_people, stays))
    stop = np.minimum(np.cumsum(length, axis=1), MONTHS)
    start = np.concatenate([np.zeros((n_people, 1), dtype=stop.dtype), stop[:, :-1]], axis=1)
    state = np.zeros((n_people, stays + 1), dtype=np.int64)
    for stay in range(1, stays + 1):
        state[:, stay] = (state[:, stay - 1] + rng.integers(1, len(STATES), n_people)) % len(STATES)
    there = start < stop
    moved = np.where(stop < MONTHS, state[:, 1:], -1)
    names = pl.Enum(STATES)
    person = np.broadcast_to(np.arange(n_people)[:, None], there.shape)
    codes = pl.DataFrame(
        {
            "person": person[there],
            "start": start[there],
            "stop": stop[there],
            "now": state[:, :-1][there],
            "next": moved[there],
        }
    )
    weight = rng.uniform(0.5, 2, n_people)
    return codes.with_columns(
        weight=pl.Series(weight[codes["person"].to_numpy()]),
        from_state=pl.col("now").replace_strict(dict(enumerate(STATES)), return_dtype=names),
        to_state=pl.col("next").replace_strict(
            {-1: None} | dict(enumerate(STATES)), return_dtype=names
        ),
    )


def shares(
    table: pl.DataFrame, times: np.ndarray, column: str = "cause", labels: list[str] = CAUSES
) -> np.ndarray:
    """Estimates, then errors, at the times a peer gives; one column per cause."""
    rows = table.filter(pl.col("time").is_in(times.astype(int)))
    return np.stack(
        [
            rows.filter(pl.col(column) == label)[value].fill_null(0.0).to_numpy()
            for value in ("estimate", "std_error")
            for label in labels
        ]
    )


def pairs(n: int) -> list[Pair]:
    """The claims at n spells."""
    import comprisk
    from lifelines import AalenJohansenFitter
    from survival import surv_analysis as rust

    spells = make_spells(n)
    months, weight = spells["months"].to_numpy().astype(float), spells["w"].to_numpy()
    code = spells["cause"].to_physical().cast(pl.Int64).fill_null(-1).to_numpy() + 1
    person, levels = spells["person"].to_numpy(), ["1", "2", "3", "4"]
    times = np.unique(months)

    def of_rust(result) -> np.ndarray:
        order = [list(result.states).index(level) for level in levels]
        return np.concatenate(
            [np.asarray(result.pstate)[:, order].T, np.asarray(result.std_err)[:, order].T]
        )

    def of_comprisk(result) -> np.ndarray:
        curves = [result.curves_[(None, cause)] for cause in range(1, 5)]
        return np.stack(
            [curve.cif[np.searchsorted(curve.times, times, side="right") - 1] for curve in curves]
        )

    def of_lifelines(fits) -> np.ndarray:
        return np.stack(
            [
                fit.cumulative_density_.iloc[:, 0].reindex(times, method="ffill").to_numpy()
                for fit in fits
            ]
        )

    def run_comprisk():
        return comprisk.CumulativeIncidence().fit(months, code)

    def run_lifelines():
        return [
            AalenJohansenFitter(calculate_variance=False, seed=1).fit(months, code, cause)
            for cause in range(1, 5)
        ]

    def run_rust(**options):
        return rust.survfitaj(months, code, levels, weights=weight, **options)

    def run(**columns) -> pl.DataFrame:
        return aalen_johansen(spells, **SPELLS, **columns)

    def all_shares(table: pl.DataFrame) -> np.ndarray:
        return shares(table, times)

    def estimates(table: pl.DataFrame) -> np.ndarray:
        return shares(table, times)[:4]

    large = n >= 10**6
    found = [
        Pair(
            "Aalen-Johansen, weights, errors / Rust",
            20 if large else 1,
            lambda: run(weight="w"),
            run_rust,
            (all_shares, of_rust),
        ),
        Pair(
            "Aalen-Johansen, errors of another kind / comprisk",
            5 if large else 1,
            run,
            run_comprisk,
            (estimates, of_comprisk),
        ),
        Pair(
            "Aalen-Johansen, weights, clustered / Rust",
            15 if large else 1,
            lambda: run(weight="w", cluster="person"),
            lambda: run_rust(cluster=person),
            (all_shares, of_rust),
        ),
    ]
    if not large:
        return [*found, *running_share(spells), multi_state(n)]
    risk_set = tabulate_risk_set(spells, **SPELLS, weight="w", cluster="district")
    bootstrap = Pair(
        "1000 district bootstrap replicates / lifelines' one fit of 4 causes (time only)",
        1,
        lambda: replicate(curve_statistic, risk_set, seed=1, n_draws=1000),
        run_lifelines,
        None,
    )
    without_errors = Pair(
        "Aalen-Johansen with errors / lifelines 4 fits without",
        20,
        run,
        run_lifelines,
        (estimates, of_lifelines),
    )
    return [*found, without_errors, bootstrap, regression(spells), multi_state(n)]


def running_share(spells: pl.DataFrame) -> list[Pair]:
    """Kaplan-Meier with weights, beside the table that statsmodels makes of its curve, and beside
    its bare arrays.
    """
    from statsmodels.duration.survfunc import SurvfuncRight

    months, ended, weight = (spells[name].to_numpy() for name in ("months", "ended", "w"))

    def run() -> pl.DataFrame:
        return kaplan_meier(spells, time="months", event="ended", weight="w")

    def run_statsmodels():
        return SurvfuncRight(months, ended.astype(int), freq_weights=weight)

    def ours(curve: pl.DataFrame) -> np.ndarray:
        return curve.filter(pl.col("n_events") > 0)["estimate"].to_numpy()

    return [
        Pair(
            "Kaplan-Meier, weights, errors, as a table / statsmodels",
            1,
            run,
            lambda: run_statsmodels().summary(),
            (ours, lambda table: table["Surv prob"].to_numpy()),
        ),
        Pair(
            "Kaplan-Meier as a table / the arrays of statsmodels, without limits and table",
            1,
            run,
            run_statsmodels,
            (ours, lambda fitted: np.asarray(fitted.surv_prob)),
        ),
        Pair(
            "The same without weights",
            1,
            lambda: kaplan_meier(spells, time="months", event="ended"),
            lambda: SurvfuncRight(months, ended.astype(int)),
            (ours, lambda fitted: np.asarray(fitted.surv_prob)),
        ),
    ]


def regression(spells: pl.DataFrame) -> Pair:
    """Cox regression with ten covariates."""
    from lifelines import CoxPHFitter

    table = spells.select("months", "ended", *X).to_pandas()
    return Pair(
        "Cox, 10 covariates / lifelines",
        3,
        lambda: cox(spells, time="months", event="ended", covariates=X),
        lambda: CoxPHFitter().fit(table, "months", "ended"),
        (lambda fit: fit.terms["estimate"].to_numpy(), lambda fitted: fitted.params_[X].to_numpy()),
        COEFFICIENT,
    )


def multi_state(n: int) -> Pair:
    """State occupation with recurrence, errors clustered by person."""
    from survival import surv_analysis as rust

    intervals = make_intervals(n)
    start, stop = (intervals[name].to_numpy().astype(float) for name in ("start", "stop"))
    person, weight, to = (intervals[name].to_numpy() for name in ("person", "weight", "next"))
    istate = [STATES[place] for place in intervals["now"]]
    times = np.unique(stop)

    def of_rust(result) -> np.ndarray:
        order = [list(result.states).index(state) for state in STATES]
        return np.concatenate(
            [np.asarray(result.pstate)[:, order].T, np.asarray(result.std_err)[:, order].T]
        )

    def run_rust():
        return rust.survfitaj(
            stop,
            to + 1,
            STATES,
            start=start,
            weights=weight,
            id=person,
            istate=istate,
            istate_levels=STATES,
        )

    def run() -> pl.DataFrame:
        columns = {
            "id": "person",
            "start": "start",
            "stop": "stop",
            "from_state": "from_state",
            "to_state": "to_state",
        }
        return state_occupation(intervals, **columns, weight="weight", p0="fixed")

    as_arrays = (lambda table: shares(table, times, "state", STATES), of_rust)
    return Pair(
        "State occupation, weights, clustered / Rust",
        10 if n >= 10**6 else 1,
        run,
        run_rust,
        as_arrays,
    )


def measure(pair: Pair) -> None:
    """Run both alternately and print the ratio, or why there is none."""
    ours, theirs = pair.ours(), pair.theirs()
    if pair.as_arrays:
        ours, theirs = (
            convert(result) for convert, result in zip(pair.as_arrays, (ours, theirs), strict=True)
        )
        deviation = np.abs(ours - theirs).max() if ours.shape == theirs.shape else np.inf
        if not deviation < pair.tolerance:
            print(f"  {pair.claim}: no ratio, results differ by {deviation:.2g}", flush=True)
            return
    seconds = {"ours": [], "theirs": []}
    for _ in range(RUNS):
        for name, run in (("ours", pair.ours), ("theirs", pair.theirs)):
            begin = time.perf_counter()
            run()
            seconds[name].append(time.perf_counter() - begin)
    mine, other = (statistics.median(values) for values in seconds.values())
    verdict = "met" if other / mine >= pair.target else "NOT met"
    print(
        f"  {pair.claim}: {other / mine:.1f} (target {pair.target:g}, {verdict}; {mine:.4f} s "
        f"against {other:.4f} s)",
        flush=True,
    )


def speed() -> None:
    """Ratios at 1e4 and 1e6 spells."""
    warnings.filterwarnings("ignore")
    for n in (10**4, 10**6):
        print(
            f"{n} spells; load {os.getloadavg()[0]:.1f} on {os.cpu_count()} processors", flush=True
        )
        for pair in pairs(n):
            measure(pair)
        if n == 10**4:
            floor()
            door()


def floor() -> None:
    """What a short table costs whatever is computed: three columns out of a polars table and a
    table of seven columns made.
    """
    spells, row = make_spells(10**4), np.arange(MONTHS + 1.0)
    seconds = []
    for _ in range(20 * RUNS):
        begin = time.perf_counter()
        for name in ("months", "ended", "w"):
            spells[name].to_numpy()
        pl.DataFrame(dict.fromkeys("abcdefg", row))
        seconds.append(time.perf_counter() - begin)
    print(f"  an empty round trip through polars: {statistics.median(seconds):.5f} s")


def door() -> None:
    """What it costs to check the columns of a table and to code them, groups and persons among
    them.
    """
    spells, seconds = make_spells(10**4), []
    for _ in range(20 * RUNS):
        begin = time.perf_counter()
        read_spell_columns(spells, Roles("months", "cause", by=["district"], cluster="person"))
        seconds.append(time.perf_counter() - begin)
    verdict = "met" if statistics.median(seconds) <= DOOR_SECONDS else "NOT met"
    print(f"  the door: {statistics.median(seconds):.5f} s (at most {DOOR_SECONDS} s, {verdict})")


def opening() -> None:
    """Processor time of importing the room beyond polars and numpy, each in a process of its own,
    in turn, with bytecode compiled.
    """
    statements = {"room": "import polars, numpy, evalkit.survival", "base": "import polars, numpy"}
    seconds = {name: [] for name in statements}
    for _ in range(2 * RUNS):
        for name, statement in statements.items():
            command = f"{statement}; import time; print(time.process_time())"
            printed = subprocess.run(
                [sys.executable, "-c", command], check=True, capture_output=True, text=True
            ).stdout
            seconds[name].append(float(printed))
    room, base = (statistics.median(seconds[name]) for name in ("room", "base"))
    verdict = "met" if room - base <= OPENING_SECONDS else "NOT met"
    print(
        f"import evalkit.survival: {room - base:.2f} s of processor time beyond polars and numpy "
        f"({base:.2f} s); at most {OPENING_SECONDS} s, {verdict}"
    )


def memory() -> None:
    """Peak memory at 1e6 spells of everything non-parametric and of Cox, each in a process of its
    own.
    """
    print(
        f"memory at 1e6 spells; load {os.getloadavg()[0]:.1f}\n  what            seconds   peak MB "
        f"(target {PEAK_MB})",
        flush=True,
    )
    with tempfile.TemporaryDirectory() as folder:
        spells, intervals = Path(folder) / "spells.parquet", Path(folder) / "intervals.parquet"
        make_spells(10**6).write_parquet(spells)
        make_intervals(10**6).write_parquet(intervals)
        for task in IN_MEMORY:
            _print_peak(
                f"{task:<15}",
                _in_a_process(task, intervals if task == "multi_state" else spells),
                PEAK_MB,
            )


def _print_peak(name: str, measured: tuple[float, ...], limit: float, note: str = "") -> None:
    seconds, peak = measured[:2]
    print(
        f"  {name} {seconds:8.3f}  {peak:8.0f}  {'met' if peak <= limit else 'NOT met'}{note}",
        flush=True,
    )


def growth() -> None:
    """Seconds and peak memory of one clustered Aalen-Johansen as spells grow, and of one curve from
    person-months in Parquet.
    """
    with tempfile.TemporaryDirectory() as folder:
        print(f"growth; load {os.getloadavg()[0]:.1f}\n  rows        seconds   peak MB", flush=True)
        for n in GROWTH:
            path = Path(folder) / f"{n}.parquet"
            make_spells(n).select("months", "cause", "person", "w").write_parquet(path)
            seconds, peak, _ = _in_a_process("clustered", path)
            print(f"  {n:<11d} {seconds:8.3f}  {peak:8.0f}", flush=True)
            path.unlink()
        months = Path(folder) / "months"
        months.mkdir()
        _write_person_months(months)
        runs = [
            [_in_a_process(task, months) for task in ("person_months", "reading")]
            for _ in range(RUNS)
        ]
        (seconds, counting), (reading, decoding) = (
            [statistics.median(run[task][value] for run in runs) for value in (0, 2)]
            for task in (0, 1)
        )
        print(
            f"  {PERSON_MONTHS:<11d} {reading:8.3f}            the person-months in Parquet read "
            "once, same columns and engine",
            flush=True,
        )
        note = f"   a curve from them, as a stream (target {PEAK_MB_PERSON_MONTHS} MB)"
        _print_peak(
            f"{PERSON_MONTHS:<11d}",
            (seconds, max(counted[1] for counted, _ in runs)),
            PEAK_MB_PERSON_MONTHS,
            note,
        )
        verdict = "met" if seconds <= TIMES_OF_READING * reading else "NOT met"
        ratios = (
            f"{seconds / reading:.1f} times the time of reading (target {TIMES_OF_READING}, "
            f"{verdict})"
        )
        print(f"  {ratios}; {counting / decoding:.1f} times its processor time", flush=True)


def _write_person_months(folder: Path) -> None:
    parts = 20
    for part in range(parts):
        rng = np.random.default_rng(part)
        n = PERSON_MONTHS // parts
        month = rng.integers(1, MONTHS + 1, n).astype(np.int16)
        leaves = rng.random(n) < 0.02
        cause = pl.Series(CAUSES, dtype=pl.Enum(CAUSES)).gather(rng.integers(0, len(CAUSES), n))
        table = pl.DataFrame(
            {"before": month - np.int16(1), "month": month, "cause": cause, "leaves": leaves}
        )
        table.select("before", "month", cause=pl.when("leaves").then("cause")).write_parquet(
            folder / f"{part}.parquet"
        )


def _in_a_process(task: str, path: Path) -> tuple[float, float, float]:
    """Seconds, peak memory (MB), and seconds of processor time."""
    printed = subprocess.run(
        [sys.executable, __file__, task, str(path)], check=True, capture_output=True, text=True
    ).stdout.split()
    return tuple(map(float, printed))


def run_task(task: str, path: Path) -> None:
    """One measurement in a process of its own; prints seconds, peak memory and processor time."""
    scanned = pl.scan_parquet(path / "*.parquet" if path.is_dir() else path)
    curve, fit = {**SPELLS, "weight": "w"}, {"time": "months", "event": "ended", "covariates": X}
    columns = {
        "id": "person",
        "start": "start",
        "stop": "stop",
        "from_state": "from_state",
        "to_state": "to_state",
        "weight": "weight",
    }

    def read(*names: str) -> pl.DataFrame:
        return scanned.select(names).collect()

    runs: dict[str, Callable[[], object]] = {
        "running": lambda: kaplan_meier(
            read("months", "ended", "w"), time="months", event="ended", weight="w"
        ),
        "causes": lambda: aalen_johansen(read("months", "cause", "w"), **curve),
        "clustered": lambda: aalen_johansen(
            read("months", "cause", "w", "person"), **curve, cluster="person"
        ),
        "districts": lambda: aalen_johansen(
            read("months", "cause", "w", "person", "district"),
            **curve,
            cluster="person",
            by=["district"],
        ),
        "bootstrap": lambda: replicate(
            curve_statistic,
            tabulate_risk_set(read("months", "cause", "w", "person"), **curve, cluster="person"),
            seed=1,
            n_draws=200,
        ),
        "multi_state": lambda: state_occupation(read(*columns.values()), **columns),
        "cox": lambda: cox(read("months", "ended", *X), **fit),
        "cox_clustered": lambda: cox(
            read("months", "ended", "w", "person", *X), **fit, weight="w", cluster="person"
        ),
        "person_months": lambda: aalen_johansen(
            scanned, time="month", event="cause", entry="before"
        ),
        "reading": lambda: scanned.select(
            pl.col("before", "month").sum(), pl.col("cause").null_count()
        ).collect(engine="streaming"),
    }
    begin, processor = time.perf_counter(), time.process_time()
    runs[task]()
    seconds, processor = time.perf_counter() - begin, time.process_time() - processor
    # Not getrusage: its peak starts from that of the parent process.
    peak = next(
        line
        for line in Path("/proc/self/status").read_text().splitlines()
        if line.startswith("VmHWM")
    )
    print(seconds, int(peak.split()[1]) / 1024, processor)


if __name__ == "__main__":
    if len(sys.argv) == 3:
        run_task(sys.argv[1], Path(sys.argv[2]))
    else:
        for part in (opening, speed, memory, growth):
            if len(sys.argv) == 1 or sys.argv[1] == part.__name__:
                part()
