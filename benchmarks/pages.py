"""What a district's pages cost: its own pictures alone beside those of the whole city drawn into
it, charts put together in place beside altair's own way, and the seconds of all its pages.

    python benchmarks/pages.py RUN_DIR DISTRICT    a run folder with published tables; nothing in it
    is written

Both ways of putting charts together must draw the same bytes. They then run alternately, 5 times
after one warm-up of each; the figure is the median of theirs over the median of ours, for building
and writing every chart of a page, without Vega. A district that shows its own figures alone is set
beside one that would also draw what stands once on the pages of the interventions; both with Vega.
Pages are written in all languages of the run into a folder of their own: once as a kernel does,
which loads Vega first, then 3 times. Seconds are the processor's; the load of the machine is
printed.
"""

import time

START = time.process_time()

import os  # noqa: E402
import statistics  # noqa: E402
import sys  # noqa: E402
import tempfile  # noqa: E402
from collections.abc import Callable, Iterator  # noqa: E402
from contextlib import contextmanager, nullcontext  # noqa: E402
from pathlib import Path  # noqa: E402
from unittest.mock import patch  # noqa: E402

from evalkit import charts, disclosure, params, report  # noqa: E402
from evalkit.charts.look import svg  # noqa: E402
from evalkit.charts.look.frame import Frame  # noqa: E402
from evalkit.words import words_of_run  # noqa: E402
from evalkit.words.run_words import protocols_of  # noqa: E402

IMPORTS = time.process_time() - START

import altair as alt  # noqa: E402
import polars as pl  # noqa: E402

RUNS, PAGES = 5, 3
OUR_LAYER = Frame.layer


def altairs_layer(frame: Frame, rows, mark: str, **look) -> alt.Chart:
    """A layer by altair's own methods and objects."""
    written = OUR_LAYER(frame, rows, mark, **look).encoding._kwds
    channels = {name: channel for name, channel in written.items() if isinstance(channel, dict)}
    style = {name: value for name, value in look.items() if name not in channels}
    given = {name: altairs_channel(name, channel) for name, channel in channels.items()}
    data = rows if isinstance(rows, pl.DataFrame) else alt.Data(values=list(rows))
    return getattr(alt.Chart(data), f"mark_{mark}")(**style).encode(**given)


def altairs_channel(name: str, channel: dict) -> alt.SchemaBase:
    kind = name[0].upper() + name[1:]
    if "value" in channel:
        return getattr(alt, f"{kind}Value")(channel["value"])
    parts = {"scale": alt.Scale, "axis": alt.Axis}
    options = {
        key: parts[key](**value) if key in parts and value else value
        for key, value in channel.items()
    }
    return getattr(alt, kind)(**options)


def altairs_holds(frame: Frame, *layers: alt.Chart) -> alt.LayerChart:
    return alt.layer(*layers).properties(width=frame.width, height=frame.height)


@contextmanager
def altairs_way() -> Iterator[None]:
    """Charts built and written as altair documents it."""
    with (
        patch.object(Frame, "layer", altairs_layer),
        patch.object(Frame, "holds", altairs_holds),
        patch.object(svg, "specification", lambda chart: chart.to_dict(validate=False)),
    ):
        yield


def seconds(call: Callable, *values) -> float:
    start = time.process_time()
    call(*values)
    return time.process_time() - start


def compare(draw: Callable[[], dict[str, str]]) -> None:
    """The two ways side by side, once their pictures are the same."""
    ours = draw()
    with altairs_way():
        theirs = draw()
    if ours != theirs:
        different = sorted(name for name in ours if ours[name] != theirs[name])
        raise SystemExit(f"not the same pictures: {', '.join(different)}")

    def written(way: Callable) -> float:
        # Without Vega: what is measured is how it is told what to draw.
        empty = '<svg viewBox="0 0 1 1"></svg>'
        with way(), patch.object(svg.vl_convert, "vegalite_to_svg", lambda *_, **__: empty):
            return seconds(draw)

    pairs = [(written(nullcontext), written(altairs_way)) for _ in range(RUNS)]
    mine, other = (statistics.median(times) for times in zip(*pairs, strict=True))
    print(
        f"{len(ours)} charts, the same bytes: built and written in {mine:.3f} s, altair's own way "
        f"{other:.3f} s: {other / mine:.1f} times"
    )


def cost(write: Callable[[], object], n_languages: int) -> None:
    """A district's pages in all languages: first in this process, then once Vega is warm."""
    in_vega: list[float] = []
    convert = svg.vl_convert.vegalite_to_svg

    def timed(*values, **named):
        start = time.process_time()
        drawn = convert(*values, **named)
        in_vega.append(time.process_time() - start)
        return drawn

    with patch.object(svg.vl_convert, "vegalite_to_svg", timed):
        for name, n_times in (("first", 1), ("then", PAGES)):
            in_vega.clear()
            whole = statistics.mean(seconds(write) for _ in range(n_times))
            print(
                f"a district in {n_languages} languages, {name}: {whole:.2f} s, of which Vega "
                f"{sum(in_vega) / n_times:.2f} s for {len(in_vega) // n_times} pictures"
            )


def alone(own: Callable[[], object], whole: Callable[[], object]) -> None:
    """A district's own pictures beside those that would repeat the city's."""
    own(), whole()
    pairs = [(seconds(own), seconds(whole)) for _ in range(PAGES)]
    mine, other = (statistics.median(times) for times in zip(*pairs, strict=True))
    print(
        f"its own pictures drawn in {mine:.2f} s, with the city's in every district {other:.2f} s: "
        f"{other / mine:.1f} times"
    )


def main(run_dir: str, district: str) -> None:
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, imports {IMPORTS:.2f} s")
    run = params.read_run(run_dir)
    tables = disclosure.read_unit(run, district)
    with tempfile.TemporaryDirectory() as folder:
        elsewhere = run.model_copy(update={"run_dir": Path(folder)})
        cost(
            lambda: report.write_district_pages(
                elsewhere, district, tables, charts.district_figures
            ),
            len(run.params.languages),
        )
    words, protocols = words_of_run(run, run.params.languages[0]), protocols_of(run)
    primary = {name: protocol.primary_estimand for name, protocol in protocols.items()}

    def own() -> dict[str, str]:
        return charts.district_figures(tables, words, district=district, estimands=primary)

    def whole() -> dict[str, str]:
        figures = charts.district_figures(tables, words, district=district)
        for name in protocols:
            figures |= charts.intervention_figures(tables, words, intervention=name)
        return figures

    alone(own, whole)
    compare(own)


if __name__ == "__main__":
    main(*sys.argv[1:])
