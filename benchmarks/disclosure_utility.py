"""How good what leaves a run still is: shares of cells shown, errors of counts, shares, means and
curves by size, and differences between districts, two states of gate 2 beside each other.

    python benchmarks/disclosure_utility.py BEFORE AFTER [TITLE]    two folders of linked_tables.py

Errors are what is shown less the true number, of the cells that are shown. A difference of two
districts' shares is significant where it is 1.96 of its standard errors; its sign is read off the
shares as they are shown, and lost where one of them is not. Prints Markdown.
"""

import sys
from itertools import combinations, pairwise
from pathlib import Path

import numpy as np
import polars as pl

from evalkit.line.columns import is_counted
from evalkit.line.published import PUBLISHED
from evalkit.line.table import Table
from evalkit.tables import CITY

SIZES = (3, 30, 100, 300, 1000)
CURVES = (30, 100, 500, 2000)
QUOTED = (3, 6, 9, 12, 18, 24, 30, 36)
SIGNIFICANT = 1.959964
# Tables whose shares districts are compared by: what names an answer, and the counts of part and
# whole.
COMPARED = {"exits": ("exit",), "after_support": ("measure",), "long_term": ("year", "measure")}
# Made of what is shown already.
DERIVED = ("exit_bounds", "exit_curve_bounds")
_MADE = 1e-9


def read(folder: Path, kind: str) -> dict[str, pl.DataFrame]:
    """The tables of a folder by name."""
    return {path.stem: pl.read_parquet(path) for path in sorted((folder / kind).glob("*.parquet"))}


def declared(name: str) -> Table:
    return PUBLISHED[name.split("-")[0]]


def keys_of(name: str) -> list[str]:
    return list(declared(name).keys)


def are_counted(name: str) -> bool:
    guard = declared(name).guard
    return guard is not None and guard.rule == "counts" and declared(name).name not in DERIVED


def beside(true: pl.DataFrame, shown: pl.DataFrame, name: str, column: str) -> pl.DataFrame:
    """The true value of a column and the shown one, by key; null where it is not shown."""
    keys = keys_of(name)
    other = shown.select(*keys, shown=pl.col(column).cast(pl.Float64))
    return true.select(*keys, true=pl.col(column).cast(pl.Float64)).join(
        other, on=keys, how="left", nulls_equal=True
    )


def in_classes(sizes: np.ndarray, bounds: tuple[int, ...]) -> list[tuple[str, np.ndarray]]:
    """Names of classes of size and which rows are in each."""
    edges = [*bounds, np.inf]
    return [
        (
            f"{low}-{high - 1:.0f}" if np.isfinite(high) else f"{low} and more",
            (sizes >= low) & (sizes < high),
        )
        for low, high in pairwise(edges)
    ]


def told(errors: np.ndarray, scale: float = 1, digits: int = 2) -> str:
    """Root mean square and largest of errors."""
    errors = errors[np.isfinite(errors)] * scale
    if not errors.size:
        return "none"
    rms, largest = np.sqrt(np.mean(errors**2)), np.abs(errors).max()
    return f"{rms:.{digits}f} ({largest:.{digits}f})"


def counts(true: dict, shown: dict, other: dict) -> pl.DataFrame:
    """Every number of people that both states have in their tables of counts: true and shown."""
    parts = [
        beside(table, shown[name], name, column)
        .select("true", "shown")
        .with_columns(table=pl.lit(name), column=pl.lit(column))
        for name, table in true.items()
        if are_counted(name)
        for column in declared(name).values
        if is_counted(column) and column in shown[name].columns and column in other[name].columns
    ]
    return pl.concat(parts).drop_nulls("true")


def shares(true: dict, shown: dict) -> pl.DataFrame:
    """Every share of a table of counts: true, shown, and the whole that it is of."""
    parts = []
    for name, table in true.items():
        guard = declared(name).guard
        for share, part, whole in guard.shares if guard and are_counted(name) else ():
            exact = table.with_columns((pl.col(part) / pl.col(whole)).alias(share))
            both = beside(exact, shown[name], name, share)
            both = both.join(exact.select(*keys_of(name), size=whole), on=keys_of(name))
            parts.append(both.select("true", "shown", "size").filter(pl.col("size") > 0))
    return pl.concat(parts)


def curves(true: dict, shown: dict) -> pl.DataFrame:
    """Exit curves at quoted months: true, shown, and the persons of the curve."""
    parts = [
        beside(table, shown[name], name, "estimate")
        .join(table.select(*keys_of(name), size="n_persons"), on=keys_of(name))
        .filter(pl.col("month").is_in(QUOTED))
        for name, table in true.items()
        if name.startswith("exit_curves-") and name in shown
    ]
    return pl.concat(parts).select("true", "shown", "size")


def means(true: dict, shown: dict) -> pl.DataFrame:
    """Mean months on support: true, shown, and the persons behind them."""
    name = "time_on_support"
    both = beside(true[name], shown[name], name, "estimate")
    return both.join(true[name].select(*keys_of(name), size="n_persons"), on=keys_of(name))


def differences(true: dict, shown: dict) -> dict[str, int | str]:
    """Of significant differences of two districts' shares: how many, reversed, told as equal (with
    the largest of these), and not told.
    """
    found = dict.fromkeys(("significant", "reversed", "equal", "not told"), 0)
    largest = 0.0
    for name, answers in COMPARED.items():
        guard = declared(name).guard
        ((share, part, whole), *_) = guard.shares if guard else ()
        exact = true[name].with_columns((pl.col(part) / pl.col(whole)).alias(share))
        both = beside(exact, shown[name], name, share).join(
            exact.select(*keys_of(name), size=whole), on=keys_of(name)
        )
        both = both.filter((pl.col("district") != CITY) & (pl.col("size") > 0))
        if "answer" in both.columns:
            both = both.filter(pl.col("answer") == "yes")
        for _, rows in both.group_by(answers):
            for one, other in combinations(rows.iter_rows(named=True), 2):
                error = np.sqrt(
                    sum(row["true"] * (1 - row["true"]) / row["size"] for row in (one, other))
                )
                gap = one["true"] - other["true"]
                if error == 0 or abs(gap) < SIGNIFICANT * error:
                    continue
                found["significant"] += 1
                if one["shown"] is None or other["shown"] is None:
                    found["not told"] += 1
                elif abs(one["shown"] - other["shown"]) < _MADE:
                    found["equal"] += 1
                    largest = max(largest, abs(gap))
                elif (one["shown"] > other["shown"]) != (gap > 0):
                    found["reversed"] += 1
    said = f"{found['equal']} (largest {100 * largest:.1f} points)" if largest else "0"
    return found | {"equal": said}


def rows_of(true: dict, shown: dict, other: dict) -> list[tuple[str, str]]:
    """What is told of one state, by name."""
    numbers = counts(true, shown, other)
    error = (numbers["shown"] - numbers["true"]).to_numpy()
    is_shown = numbers["shown"].is_not_null().to_numpy()
    told_rows = [
        ("numbers of people", f"{numbers.height}"),
        ("... shown", f"{100 * is_shown.mean():.1f} %"),
        ("... of at most 4", f"{100 * is_shown[numbers['true'].to_numpy() < 5].mean():.1f} %"),
    ]
    for size, inside in in_classes(numbers["true"].to_numpy(), SIZES):
        told_rows.append((f"error of a count of {size}: rms (largest)", told(error[inside])))
    for what, table, bounds in (
        ("a share of a whole of {} people, points", shares(true, shown), SIZES[1:]),
        ("an exit curve of {} people, points", curves(true, shown), CURVES),
        ("mean months of {} people", means(true, shown), CURVES),
    ):
        error = (table["shown"] - table["true"]).to_numpy().astype(float)
        scale = 100 if "points" in what else 1
        for size, inside in in_classes(table["size"].to_numpy(), bounds):
            if inside.any():
                share = f"{100 * np.isfinite(error[inside]).mean():.0f} % shown"
                told_rows.append(
                    ("error of " + what.format(size), f"{told(error[inside], scale)}; {share}")
                )
    for name, number in differences(true, shown).items():
        told_rows.append((f"differences of two districts, {name}", str(number)))
    return told_rows


def main(before: str, after: str, title: str = "") -> None:
    """Print both states beside each other."""
    true = read(Path(after), "true")
    first, second = (read(Path(folder), "shown") for folder in (before, after))
    states = rows_of(true, first, second), rows_of(true, second, first)
    print(f"| {title} | before | now |\n|---|---|---|")
    for (name, was), (_, now) in zip(*states, strict=True):
        print(f"| {name} | {was} | {now} |")


if __name__ == "__main__":
    main(*sys.argv[1:])
