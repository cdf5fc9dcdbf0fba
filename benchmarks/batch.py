"""What the runner costs: a light notebook by `evalkit run` beside papermill, a light run of all the
municipalities of Sweden, and a finished run in which nothing has changed.

    python benchmarks/batch.py [RUN_FILE OUT]      RUN_FILE has a finished run in the folder OUT

A light notebook computes next to nothing, so that its seconds are those of starting and recording
it. It is executed N times in four ways: by `evalkit run` with one unit per district, whose kernels
are forked, or with --cold started anew; by one `papermill` process each; and by papermill in a loop
in one process. All begin with bytecode that
is there (one run of each before), and alternate three times; the figures are medians, per notebook,
of wall-clock and processor seconds, the start of each process included. A finished run is started
five times. Of the large run it is said what the runner itself holds when its 20th and its last unit
have ended, and what the run takes of the disk. The load of the machine is printed: wall-clock
seconds say little beside other work.
"""

import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import nbformat

N_NOTEBOOKS, ROUNDS, FINISHED_RUNS = 6, 3, 5
N_MUNICIPALITIES, EARLY_UNIT = 290, 20
RUN_FILE = """
run: light
title: {{sv: Lätt, en: Light}}
districts: [{districts}]
seed: 1
contracts: ../contracts
notebooks: ../notebooks
extract: {{folder: ../extract, first_month: 2020-01, data_through: 2024-12}}
"""
CELLS = ('run_dir = ""\ndistrict = ""', "x = 1 + 1", "print(district, x)")
LOOP = """
import sys
import papermill
source, out, *names = sys.argv[1:]
for name in names:
    papermill.execute_notebook(
        source, f"{out}/{name}.ipynb", {"district": name}, kernel_name="python3",
        progress_bar=False, log_output=False,
    )
"""
Seconds = tuple[float, float]


def main(arguments: list[str]) -> None:
    """Print the tables."""
    print(
        f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores; Python {sys.version.split()[0]}"
    )
    with tempfile.TemporaryDirectory() as folder:
        print_light(Path(folder))
    with tempfile.TemporaryDirectory() as folder:
        print_large(Path(folder))
    if arguments:
        run_file, out = arguments
        print_finished(run_file, out)


def print_light(folder: Path) -> None:
    names = [f"d{number}" for number in range(N_NOTEBOOKS)]
    run_file, notebook = light_project(folder, names)
    ways: dict[str, Callable[[], Seconds]] = {
        "evalkit run": lambda: by_evalkit(folder, run_file),
        "evalkit run --cold": lambda: by_evalkit(folder, run_file, "--cold"),
        "papermill, a process each": lambda: by_papermill(folder, notebook, names),
        "papermill, a loop in one process": lambda: by_loop(folder, notebook, names),
    }
    for way in ways.values():
        way()
    measured: dict[str, list[Seconds]] = {name: [] for name in ways}
    for _ in range(ROUNDS):
        for name, way in ways.items():
            measured[name].append(way())
    ours = medians(measured["evalkit run"])
    print(f"\nA light notebook, {N_NOTEBOOKS} of them, seconds each (wall, processor):")
    for name, seconds in measured.items():
        wall, processor = medians(seconds)
        print(
            f"  {name:<34} {wall / N_NOTEBOOKS:6.2f} {processor / N_NOTEBOOKS:6.2f}"
            f"   x {wall / ours[0]:5.2f} {processor / ours[1]:5.2f}"
        )


def print_large(folder: Path) -> None:
    names = [f"d{number}" for number in range(N_MUNICIPALITIES)]
    run_file, _ = light_project(folder, names)
    out, start = folder / "runs", time.perf_counter()
    runner = subprocess.Popen(
        [sys.executable, "-m", "evalkit", "run", str(run_file), "--out", str(out)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    held, n_ended = {}, 0
    for line in runner.stderr or ():
        n_ended += line.startswith("ok")
        if line.startswith("ok") and n_ended in (EARLY_UNIT, N_MUNICIPALITIES):
            held[n_ended] = resident_bytes(runner.pid)
    runner.wait()
    seconds = time.perf_counter() - start
    early, last = held[EARLY_UNIT], held[N_MUNICIPALITIES]
    on_disk = sum(path.stat().st_size for path in out.rglob("*") if path.is_file())
    print(f"\nA light notebook for each of {N_MUNICIPALITIES} districts, all {n_ended} done:")
    print(f"  seconds {seconds:.0f}, for each {seconds / n_ended:.2f}")
    print(
        f"  the runner holds {early / 1e6:.0f} MB after {EARLY_UNIT} units, {last / 1e6:.0f} MB "
        f"after {n_ended}: x {last / early:.3f}"
    )
    print(f"  on the disk {on_disk / 1e6:.1f} MB, for each {on_disk / n_ended / 1e3:.0f} kB")


def resident_bytes(process: int) -> int:
    """The memory that a process holds, without the processes that it has started."""
    lines = Path(f"/proc/{process}/status").read_text(encoding="utf-8").splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmRSS:"))


def print_finished(run_file: str, out: str) -> None:
    command = [sys.executable, "-m", "evalkit", "run", run_file, "--out", out]
    dry = subprocess.run([*command, "--dry-run"], capture_output=True, text=True, check=True)
    if not dry.stdout.splitlines()[-1].startswith("0 of "):
        sys.exit(f"The run in {out} is not finished: {dry.stdout.splitlines()[-1]}")
    seconds_of(command)
    wall, processor = medians([seconds_of(command) for _ in range(FINISHED_RUNS)])
    print(f"\nA finished run, nothing changed: {dry.stdout.splitlines()[-1].split(' would')[0]}")
    print(f"  seconds (wall, processor) {wall:.2f} {processor:.2f}")


def light_project(folder: Path, names: list[str]) -> tuple[Path, Path]:
    """A run file with a district of each name, and the one notebook that is run for each."""
    for part in ("params", "extract", "contracts", "notebooks/district"):
        (folder / part).mkdir(parents=True)
    run_file = folder / "params" / "light.yaml"
    run_file.write_text(RUN_FILE.format(districts=", ".join(names)))
    cells = [nbformat.v4.new_code_cell(cell) for cell in CELLS]
    cells[0].metadata["tags"] = ["parameters"]
    notebook = nbformat.v4.new_notebook(cells=cells)
    notebook.metadata["evalkit"] = {"scope": "district"}
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    notebook.metadata["kernelspec"] = kernel
    place = folder / "notebooks" / "district" / "01_light.ipynb"
    nbformat.write(notebook, place)
    return run_file, place


def by_evalkit(folder: Path, run_file: Path, *options: str) -> Seconds:
    out = folder / "runs"
    shutil.rmtree(out, ignore_errors=True)
    # There is no report to show, which the runner calls not complete.
    command = [sys.executable, "-m", "evalkit", "run", str(run_file), "--out", str(out), *options]
    return seconds_of(command, is_checked=False)


def by_papermill(folder: Path, notebook: Path, names: list[str]) -> Seconds:
    each = [
        seconds_of(
            [
                *(sys.executable, "-m", "papermill", str(notebook)),
                *(str(folder / f"{name}.ipynb"), "-p", "district", name, "-k", "python3"),
                *("--no-progress-bar", "--no-log-output"),
            ]
        )
        for name in names
    ]
    return sum(wall for wall, _ in each), sum(processor for _, processor in each)


def by_loop(folder: Path, notebook: Path, names: list[str]) -> Seconds:
    return seconds_of([sys.executable, "-c", LOOP, str(notebook), str(folder), *names])


def seconds_of(command: list[str], *, is_checked: bool = True) -> Seconds:
    """Wall-clock and processor seconds of a command and of what it starts."""
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run(command, capture_output=True, check=is_checked, env=environment)
    wall, after = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    processor = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return wall, processor


def medians(seconds: list[Seconds]) -> Seconds:
    walls, processors = zip(*seconds, strict=True)
    return statistics.median(walls), statistics.median(processors)


if __name__ == "__main__":
    main(sys.argv[1:])
