"""How time and memory grow with the register when its payments become support spells, from a
hundred thousand payment rows up.

The register is a simulated city of 20 000 adults, copied under new ids until it has the rows asked
for, in Parquet, each copy a file in the order of months, as deliveries come. Each run has a process
of its own. Where the register fits in memory both ways are run, and their tables must be equal
before any time is reported; every copy must give the spells of the first. Beside the clock stands
processor time, which others on the machine do not lengthen. Peak memory is the process' largest
resident set.

    python benchmarks/spells.py --rows 100000 1000000 10000000 100000000 --folder /tmp
"""

import argparse
import hashlib
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import polars as pl

from evalkit.simulate import live, load_city, person_tables
from evalkit.spells import Extent, build_support_spells, stream_support_spells

ROOT = Path(__file__).parents[1]
NAMES = ("income_support", "household_member", "livelihood", "person")
EXTENT = Extent(first_month=date(2012, 1, 1), data_through=date(2021, 12, 1), max_gap_months=2)
ADULTS = 20_000
LARGEST_IN_MEMORY = 12_000_000


def make_register(folder: Path, n_rows: int) -> int:
    """Write a register of about `n_rows` payment rows; returns how many copies of the city it
    holds.
    """
    city = load_city("stockholm", ROOT / "params" / "cities")
    tables = person_tables(city, live(city, seed=1, first=0, stop=ADULTS))
    tables["person"] = tables["person"].with_columns(weight=pl.lit(None, pl.Float64))
    n_adults = ADULTS
    if n_rows < tables["income_support"].height:
        n_adults = 2 * round(ADULTS * n_rows / tables["income_support"].height / 2)
        tables = {name: _first(table, n_adults) for name, table in tables.items() if name in NAMES}
    n_copies = max(1, round(n_rows / tables["income_support"].height))
    for copy in range(n_copies):
        for name in NAMES:
            moved = _renumbered(tables[name], copy * n_adults)
            ordered = moved.sort("month") if "month" in moved.columns else moved
            ordered.write_parquet(folder / f"{name}_{copy:04d}.parquet", compression="zstd")
    return n_copies


def _ids(table: pl.DataFrame) -> list[str]:
    return [column for column in ("person_id", "household_id") if column in table.columns]


def _first(table: pl.DataFrame, n_adults: int) -> pl.DataFrame:
    return table.filter(
        pl.all_horizontal(
            pl.col(column).str.slice(1).cast(pl.Int64) < n_adults for column in _ids(table)
        )
    )


def _renumbered(table: pl.DataFrame, by: int) -> pl.DataFrame:
    number = [(column, pl.col(column).str.slice(1).cast(pl.Int64) + by) for column in _ids(table)]
    return table.with_columns(
        [
            pl.format(
                "{}{}", pl.col(column).str.slice(0, 1), new.cast(pl.String).str.zfill(9)
            ).alias(column)
            for column, new in number
        ]
    )


def spells_of(way: str, folder: Path) -> Iterator[pl.DataFrame]:
    """The spells of a register, in parts."""
    scanned = [pl.scan_parquet(folder / f"{name}_*.parquet") for name in NAMES]
    if way == "streamed":
        yield from stream_support_spells(*scanned, extent=EXTENT)
    else:
        yield build_support_spells(*[table.collect() for table in scanned], extent=EXTENT)


def run_one(way: str, folder: Path) -> None:
    """Make the spells in this process; print seconds, peak memory, and what must be equal, as
    JSON.
    """
    begun, n_spells, n_months = time.perf_counter(), 0, 0
    seen = hashlib.sha256()
    for part in spells_of(way, folder):
        n_spells, n_months = n_spells + part.height, n_months + int(part["months"].sum())
        seen.update(part.hash_rows(seed=1).to_numpy().tobytes())
    seconds = time.perf_counter() - begun
    used = resource.getrusage(resource.RUSAGE_SELF)
    about = {
        "seconds": seconds,
        "cpu_seconds": used.ru_utime + used.ru_stime,
        "peak_mb": used.ru_maxrss / 1024,
    }
    print(json.dumps({**about, "equal": [n_spells, n_months, seen.hexdigest()]}))


def measure(n_rows: int, folder: Path) -> None:
    """Make a register, run what fits, and print a line for each way."""
    with tempfile.TemporaryDirectory(dir=folder) as name:
        own = Path(name)
        made = subprocess.run(
            [sys.executable, __file__, "--make", str(n_rows), "--folder", name],
            check=True,
            capture_output=True,
            text=True,
        )
        n_copies = int(made.stdout)
        found = pl.scan_parquet(own / "income_support_*.parquet").select(pl.len()).collect().item()
        disk_mb = sum(path.stat().st_size for path in own.iterdir()) / 1e6
        ways = ("in memory", "streamed") if found <= LARGEST_IN_MEMORY else ("streamed",)
        runs = {way: _run(way, own) for way in ways}
    if len({json.dumps(run["equal"]) for run in runs.values()}) > 1:
        raise SystemExit(f"{found:,} rows: the two ways give different spells")
    n_spells, n_months, _ = runs["streamed"]["equal"]
    if n_spells % n_copies or n_months % n_copies:
        raise SystemExit(f"{found:,} rows: the copies give different spells")
    for way, run in runs.items():
        print(
            f"{found:>12,} rows {disk_mb:>8,.0f} MB on disk {n_spells:>11,} spells  {way:<10}"
            f"{run['seconds']:>9.2f} s {run['cpu_seconds']:>9.2f} s of processor "
            f"{run['peak_mb']:>8,.0f} MB peak",
            flush=True,
        )


def _run(way: str, folder: Path) -> dict:
    done = subprocess.run(
        [sys.executable, __file__, "--one", way, "--folder", str(folder)],
        check=True,
        capture_output=True,
        text=True,
    )
    return json.loads(done.stdout)


def main() -> None:
    """Read the arguments and measure."""
    options = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    options.add_argument(
        "--rows", type=int, nargs="+", default=[100_000, 1_000_000, 10_000_000], help="payment rows"
    )
    options.add_argument(
        "--folder",
        type=Path,
        default=None,
        help="where the registers are written for the time of a run",
    )
    options.add_argument("--make", type=int, help=argparse.SUPPRESS)
    options.add_argument("--one", choices=["in memory", "streamed"], help=argparse.SUPPRESS)
    asked = options.parse_args()
    if asked.make:
        print(make_register(asked.folder, asked.make))
    elif asked.one:
        run_one(asked.one, asked.folder)
    else:
        for n_rows in asked.rows:
            measure(n_rows, asked.folder)


if __name__ == "__main__":
    main()
