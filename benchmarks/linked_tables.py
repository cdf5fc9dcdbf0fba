"""The tables of a run that share its people, as they come to gate 2: those of the first station of
the line and of time on support in each district, made from the delivered files by the real
notebooks.

    python benchmarks/linked_tables.py dump RUN_FILE OUT    true tables, and what gate 2 shows
    python benchmarks/linked_tables.py time RUN_FILE [N_DISTRICTS]    one run of gate 2 over all of
    them for each line that is read, in seconds of the processor; with made districts up to a number

Whose gate 2: that of the evalkit that is imported (PYTHONPATH), so that two states are set beside
each other.
"""

import importlib.util
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any
from unittest.mock import patch

import polars as pl

import evalkit
from evalkit.batch.plan import plan_run
from evalkit.batch.vintage import prepare_run, write_run
from evalkit.disclosure import gate
from evalkit.tables import CITY

STATIONS = ("city/00_prepare", "district/02_time_on_support")
# A table on its way through gate 2: what the rule is called with.
Passage = tuple[Any, ...]


def passages(run_file: Path, folder: Path) -> tuple[Callable[..., Any], list[Passage]]:
    """Gate 2 and every table that it was given in the stations, in a run of its own in a folder."""
    by_rule, met = gate._by_rule, []

    def remembering(*given: Any) -> Any:
        met.append(given)
        return by_rule(*given)

    line = _line_of_tests()
    run = prepare_run(run_file, out=folder)
    write_run(run)
    with patch.object(gate, "_by_rule", remembering):
        for unit in plan_run(run):
            if unit.name.split("@")[0] in STATIONS:
                line._execute(unit, run)
    return by_rule, met


def with_districts(met: list[Passage], n_districts: int) -> list[Passage]:
    """The same passages with as many districts, made of those that there are."""
    districts = {
        name for table, *_ in met if "district" in table.columns for name in table["district"]
    } - {CITY}
    n_each = -(-n_districts // len(districts))
    grown = []
    for table, *rest in met:
        inside = set(table["district"].unique()) if "district" in table.columns else set()
        if inside <= {CITY}:
            grown.append((table, *rest))
            continue
        copies = [_renamed(table, i) for i in range(n_each)]
        if len(inside) == 1:
            grown += [(copy, *rest) for copy in copies]
        else:
            city = table.filter(pl.col("district") == CITY)
            grown.append((pl.concat([city, *copies]), *rest))
    return grown


def _renamed(table: pl.DataFrame, number: int) -> pl.DataFrame:
    named = pl.col("district") + f" {number}"
    return table.filter(pl.col("district") != CITY).with_columns(district=named)


def _line_of_tests() -> ModuleType:
    place = Path(evalkit.__file__).parents[1] / "tests" / "matrix" / "line.py"
    spec = importlib.util.spec_from_file_location("line_of_tests", place)
    if spec is None or spec.loader is None:
        raise ImportError(str(place))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _dump(by_rule: Callable[..., Any], met: list[Passage], out: Path) -> None:
    for given in met:
        table, provenance = given[0], given[3]
        for folder, data in (("true", table), ("shown", by_rule(*given).data)):
            (out / folder).mkdir(parents=True, exist_ok=True)
            data.write_parquet(out / folder / f"{provenance['name']}.parquet")


def _time(by_rule: Callable[..., Any], met: list[Passage]) -> float:
    before = time.process_time()
    for given in met:
        by_rule(*given)
    return time.process_time() - before


def main(command: str, run_file: str, *further: str) -> None:
    """Dump or time the passages of a run."""
    with tempfile.TemporaryDirectory() as folder:
        by_rule, met = passages(Path(run_file), Path(folder))
        if command == "dump":
            _dump(by_rule, met, Path(further[0]))
            return
        met = with_districts(met, int(further[0])) if further else met
        rows = sum(given[0].height for given in met)
        print(f"{len(met)} tables, {rows} rows", flush=True)
        for _ in sys.stdin:
            print(_time(by_rule, met), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
