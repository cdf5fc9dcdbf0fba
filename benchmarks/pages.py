"""What a district's page costs: the specification of charts beside altair's own, and the
processor's seconds for figures and text.

    python benchmarks/pages.py RUN_DIR DISTRICT    a run folder with published tables; nothing in it
    is written

Pages are written once to warm up, then 3 times into a folder of their own; their figure is the
mean. Seconds are the processor's.
"""

import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

from evalkit import charts, disclosure, params, report
from evalkit.charts.look import svg
from evalkit.charts.look.svg import specification
from evalkit.words import words_of_run

RUNS = 3


def made_charts(tables, words, district: str) -> list:
    """The charts of a district's page, caught on their way to SVG."""
    pictures = []
    svg.specification = lambda chart: pictures.append(chart) or specification(chart)
    try:
        charts.district_figures(tables, words, district=district)
    finally:
        svg.specification = specification
    return pictures


def seconds(call, *values) -> float:
    start = time.process_time()
    call(*values)
    return time.process_time() - start


def main(run_dir: str, district: str) -> None:
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
    run = params.read_run(run_dir)
    tables = disclosure.read_unit(run, district)
    made = made_charts(tables, words_of_run(run, run.params.languages[0]), district)
    ours = statistics.median(
        seconds(lambda: [specification(chart) for chart in made]) for _ in range(RUNS)
    )
    theirs = statistics.median(
        seconds(lambda: [chart.to_dict(validate=False) for chart in made]) for _ in range(RUNS)
    )
    print(
        f"{len(made)} charts: specification {ours:.3f} s, chart.to_dict {theirs:.3f} s: "
        f"{theirs / ours:.1f} times"
    )

    figures: list[float] = []

    def drawn(*values, **named):
        start = time.process_time()
        svgs = charts.district_figures(*values, **named)
        figures.append(time.process_time() - start)
        return svgs

    with tempfile.TemporaryDirectory() as folder:
        elsewhere = run.model_copy(update={"run_dir": Path(folder)})
        report.write_district_pages(elsewhere, district, tables, drawn)
        figures.clear()
        whole = [
            seconds(report.write_district_pages, elsewhere, district, tables, drawn)
            for _ in range(RUNS)
        ]
    n_pages = RUNS * len(run.params.languages)
    print(
        f"one page: {sum(whole) / n_pages:.2f} s, of which figures {sum(figures) / n_pages:.2f} s"
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
