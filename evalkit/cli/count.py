"""What a municipality counts for others: `evalkit count kolada` and `evalkit count activity`."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from evalkit.vocabulary import SENDER_LANGUAGE

if TYPE_CHECKING:
    import polars as pl

    from evalkit.disclosure import Published
    from evalkit.params import Run
    from evalkit.words import Words

_Place = Annotated[
    Path,
    typer.Argument(help="The folder of a run, or a run's YAML file (then its extract is read)."),
]
_Out = Annotated[
    Path | None, typer.Option("--out", help="A CSV file to write the counts to as well.")
]
_Exact = Annotated[
    bool,
    typer.Option(
        "--exact",
        help="Also write the numbers as they are, for an authority that is owed them, to a file "
        "among the run's person rows that only its owner can open.",
    ),
]
_Language = Annotated[str, typer.Option(help="The language of what is printed.")]


# The lines of Kolada's count, each with its part and answer.
_LINES = {
    "all": ("all", "all"),
    "result": ("result", "all"),
    **{name: ("result", name) for name in ("work", "subsidised_work", "studies")},
    **{name: ("no_result", name) for name in ("other", "unknown")},
}


def kolada(
    place: _Place,
    year: Annotated[int, typer.Option(help="The year in which participation ended.")],
    out: _Out = None,
    language: _Language = SENDER_LANGUAGE,
    *,
    exact: _Exact = False,
) -> None:
    """Count who ended in the municipality's labour-market activity in a year, and how many of them
    began to work or study, as Kolada's key figure does.
    """
    from evalkit.errors import IntakeError
    from evalkit.months import add_months
    from evalkit.spells import Extent, ended_participants, ended_participation
    from evalkit.spells.ended_participation import with_ranges

    run, tables = _tables_of(place, ("participation", "livelihood", "person"))
    if tables["participation"].is_empty():
        raise IntakeError(
            "There is no participation.",
            where=f"{place}: participation",
            why="The count is of those whose participation ended, and nobody delivered any.",
            fix="deliver participation with starts, ends and end reasons, and run again.",
        )
    extent = Extent.of_run(run.params)
    ended = ended_participants(
        tables["participation"],
        tables["livelihood"],
        tables["state_intervals"],
        tables["person"],
        year=year,
        extent=extent,
    )
    words = _words(run, language)
    if ended.is_empty():
        raise typer.BadParameter(words.text("count.nobody_ended", year=str(year)))
    counted = ended_participation(ended, year=year)
    published = _released(counted, "ended_participation", run)
    shown = with_ranges(published.data)
    lines = [words.text("count.kolada_title", year=str(year)), ""]
    by_district = {
        district: {(row["part"], row["answer"]): row for row in rows.iter_rows(named=True)}
        for (district,), rows in shown.partition_by("district", as_dict=True).items()
    }
    for district in _in_order(by_district, run):
        lines += [_name(district, words), *_of_district(by_district[district], words)]
    lines += ["", words.text("count.kolada_rule"), words.text("count.kolada_month")]
    if extent.data_through.year <= year:
        before, last = add_months(extent.data_through, -1), extent.data_through
        months = {"before": words.month(before), "last": words.month(last)}
        lines.append(words.text("count.not_followed", **months))
    lines += [words.text("count.rounded"), words.text("count.ranges")]
    exact_file = _write_exact(counted, f"ended_participation-{year}", run) if exact else None
    _tell(lines, shown, published.grade, words, out=out, exact_file=exact_file)


def activity(
    place: _Place,
    quarter: Annotated[str, typer.Option(help="The quarter, for example 2026-Q4.")],
    out: _Out = None,
    language: _Language = SENDER_LANGUAGE,
    *,
    exact: _Exact = False,
) -> None:
    """Count whom the activity requirement concerned in a quarter, by obstacle: assigned, absent
    without a valid reason, grounds handed over, support refused or reduced.
    """
    from evalkit.errors import IntakeError
    from evalkit.spells import activity_quarter

    run, tables = _tables_of(place, ("activity_plan", "activity_month", "person"))
    words = _words(run, language)
    if tables["activity_plan"].is_empty():
        raise IntakeError(
            "There are no plans under the activity requirement.",
            where=f"{place}: activity_plan",
            why="The quarter is counted from plans and from months of activities "
            "(activity_plan, activity_month), which nobody delivered.",
            fix="deliver the two tables (evalkit contract template writes forms for them), and "
            "run again.",
        )
    counted = activity_quarter(
        tables["activity_plan"], tables["activity_month"], tables["person"], quarter=quarter
    )
    if counted.is_empty():
        raise typer.BadParameter(words.text("count.nobody_assigned", quarter=quarter))
    published = _released(counted, "activity_quarter", run)
    lines = [words.text("count.activity_title", quarter=counted["quarter"][0])]
    by_district = published.data.partition_by("district", as_dict=True)
    measures = counted["measure"].unique(maintain_order=True).to_list()
    heads = [words.text(f"count.{measure}") for measure in measures]
    for district in _in_order({district for (district,) in by_district}, run):
        rows = {
            (row["obstacle"], row["measure"]): row
            for row in by_district[district,].iter_rows(named=True)
        }
        lines += ["", _line(_name(district, words), heads)]
        for obstacle in sorted({obstacle for obstacle, _ in rows}, key=lambda o: (o == "all", o)):
            cells = [words.people(rows[obstacle, measure]["n_persons"]) for measure in measures]
            lines.append(_line(f"  {_obstacle(obstacle, words)}", cells))
    lines += ["", words.text("count.activity_rule")]
    lines += [words.text("count.rounded")]
    name = f"activity_quarter-{counted['quarter'][0]}"
    exact_file = _write_exact(counted, name, run) if exact else None
    _tell(lines, published.data, published.grade, words, out=out, exact_file=exact_file)


def _tables_of(place: Path, names: Iterable[str]) -> "tuple[Run, dict[str, pl.DataFrame]]":
    """A run and its tables: those that it keeps, or made anew from its extract."""
    from evalkit.params import read_run

    if place.is_dir():
        from evalkit.tables import read_each_delivered, read_table

        run = read_run(place)
        tables = read_each_delivered(run.run_dir, names)
        return run, {**tables, "state_intervals": read_table(run.run_dir, "state_intervals")}
    from evalkit.batch.vintage import prepare_run
    from evalkit.intake import admit_run
    from evalkit.line.delivered import as_delivered
    from evalkit.spells import build_spells

    run = prepare_run(place, out=Path("runs"))
    admitted = admit_run(run).tables
    built = build_spells(admitted, run.params)
    tables = {name: as_delivered(admitted, name) for name in names}
    return run, {**tables, "state_intervals": built["state_intervals"]}


def _released(table: "pl.DataFrame", name: str, run: "Run") -> "Published":
    """A table behind gate 2; it is not laid among the run's own."""
    from evalkit.disclosure import protected

    return protected(table, name, run)


def _words(run: "Run", language: str) -> "Words":
    from evalkit.words import words

    return words(language, districts_are=run.params.districts_are)


def _of_district(rows: Mapping[tuple[str, str], dict], words: "Words") -> list[str]:
    """What is said of a district: who ended, results with their range, and bounds."""
    lines = [
        _line(f"  {words.text(f'count.{name}')}", [_share(rows[cell], words)])
        for name, cell in _LINES.items()
    ]
    result, unknown = rows["result", "all"], rows["no_result", "unknown"]
    if result["share"] is not None and unknown["n_persons"]:
        low, high = result["share"], min(1.0, result["share"] + unknown["share"])
        shares = {"low": words.percent(low), "high": words.percent(high)}
        lines.append(f"    {words.text('count.bounds', **shares)}")
    return lines


def _share(row: dict, words: "Words") -> str:
    if row["part"] == row["answer"] == "all" or row["share"] is None:
        return words.people(row["n_persons"])
    low, high = (words.percent(row[bound]) for bound in ("ci_lower", "ci_upper"))
    return words.text(
        "count.share",
        n=words.people(row["n_persons"]),
        share=words.percent(row["share"]),
        low=low,
        high=high,
    )


def _obstacle(obstacle: str, words: "Words") -> str:
    return words.text("count.obstacle_all") if obstacle == "all" else words.group(obstacle)


def _line(name: str, cells: Iterable[str]) -> str:
    return "".join([f"{name:<44}", *(f"{cell:>22}" for cell in cells)]).rstrip()


def _name(district: str, words: "Words") -> str:
    return words.text("all") if district == "all" else district


def _in_order(districts: Iterable[str], run: "Run") -> list[str]:
    """The run's districts as the run file has them, the city last."""
    known = set(districts)
    return [name for name in (*run.params.districts, "all") if name in known]


def _write_exact(counted: "pl.DataFrame", name: str, run: "Run") -> Path:
    """The counts before gate 2, in a file of the run's work folder that only its owner can open."""
    from evalkit.tables import make_private_folder

    folder = make_private_folder(run.run_dir / "work" / "exact")
    path = folder / f"{name}.csv"
    path.touch(mode=0o600)
    counted.sort("district").write_csv(path)
    return path


def _tell(
    lines: list[str],
    shown: "pl.DataFrame",
    grade: str,
    words: "Words",
    *,
    out: Path | None,
    exact_file: Path | None,
) -> None:
    import polars as pl

    typer.echo("\n".join(lines))
    if out is not None:
        shown.drop("row_id").with_columns(grade=pl.lit(grade)).write_csv(out)
        typer.echo(words.text("count.written", file=str(out), grade=grade))
    if exact_file is not None:
        typer.echo(words.text("count.exact", file=str(exact_file)))
