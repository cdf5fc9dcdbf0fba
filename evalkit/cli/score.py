"""`evalkit score`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from evalkit.cli.status import JsonOption

if TYPE_CHECKING:
    import polars as pl

OldArgument = Annotated[
    Path, typer.Argument(help="The vintage whose forecasts are scored, or its run's folder.")
]
NewArgument = Annotated[
    Path, typer.Argument(help="The run or vintage whose data say what was counted.")
]


def score(old: OldArgument, new: NewArgument, *, as_json: JsonOption = False) -> None:
    """Hold the forecasts of a vintage against what a newer one has counted, by what both publish:
    how many held, beside last year and the common mean. Exit code 4 if a forecast is not as it was
    made.
    """
    from evalkit import monitoring, spells
    from evalkit.disclosure import protected
    from evalkit.params import read_run
    from evalkit.runs import find_run
    from evalkit.tables import read_each_delivered, read_tables

    told = monitoring.record_in(_with_forecasts(find_run(old)))
    run = read_run(find_run(new))
    tables = read_tables(run.run_dir, "episodes", "support_spells", "person")
    delivered = read_each_delivered(run.run_dir, ["intervention"])
    counts = spells.monthly_counts(tables | delivered, run.params)
    counted = monitoring.forecast_outcomes(counts, run.params, run.inputs, told)
    outcomes = protected(counted, "forecast_outcomes", run).data
    scores = monitoring.forecast_scores(told.forecasts, outcomes)
    if as_json:
        typer.echo(scores.write_json())
    else:
        typer.echo("\n".join(_lines(scores)))
    changed = told.record.filter(line_status="changed")
    if changed.height:
        typer.echo(f"{changed.height} lines of the record are not as they were made.", err=True)
        raise typer.Exit(4)


def _with_forecasts(folder: Path) -> Path:
    from evalkit.errors import ParameterError

    record = folder / "published" / "forecast_record.json"
    if record.is_file():
        return folder
    raise ParameterError(
        "This vintage has told nothing that could be scored.",
        where=str(record),
        why="Forecasts are scored as they were published, and none are there.",
        fix="name a vintage that has forecasts, or make it again (evalkit run): evalkit score OLD "
        "NEW.",
    )


def _lines(scores: "pl.DataFrame") -> list[str]:
    """A line for each quantity, and why forecasts were not scored."""
    if scores.is_empty():
        return ["No forecast has come due: its last month has to be known whole."]
    lines = []
    for row in scores.iter_rows(named=True):
        held = ", ".join(f"{row[f'n_held_{level}']} within {level} %" for level in (50, 80, 95))
        off = ", ".join(
            f"{text} {row[f'error_{name}']:.1%}"
            for name, text in (
                ("expected", "off by"),
                ("last_year", "last year"),
                ("city_mean", "common mean"),
            )
            if row[f"error_{name}"] is not None
        )
        lines.append(f"{row['quantity']:<18}{row['n_forecasts']:>5} scored: {held}; {off}")
    (total,) = (row for row in scores.iter_rows(named=True) if row["quantity"] == "all")
    reasons = [
        f"{total[f'n_{name}']} {name}"
        for name in ("redefined", "changed", "gone", "withheld")
        if total[f"n_{name}"]
    ]
    return [*lines, *([f"not scored: {', '.join(reasons)}"] if reasons else [])]
