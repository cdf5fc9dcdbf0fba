"""What moves a value: `evalkit scenario` and `evalkit drift`."""

from pathlib import Path
from typing import Annotated

import typer

_SMALLEST_CHANGE = 0.05


def scenario(
    files: Annotated[
        list[Path], typer.Argument(help="Files of params/scenarios/; each is run by itself.")
    ],
) -> None:
    """Run what-if scenarios and print the numbers that each one moves, per participant."""
    from evalkit.economics import run_scenario

    for file in files:
        table = run_scenario(file)
        moved = table.filter((table["change"].abs() > _SMALLEST_CHANGE) | table["is_named"])
        money = (
            f"{table['currency'][0]} at prices of {table['price_year'][0]}, months for "
            "work_months and return_month"
        )
        typer.echo(f"{table['scenario'][0]}  (grade {table['grade'][0]}; {money})")
        if table["rule"][0]:
            typer.echo(f"  rule: {table['rule'][0]}")
        for row in moved.iter_rows(named=True):
            before, after, low, high = (
                f"{row[side]:,.1f}" if row[side] is not None else "never"
                for side in ("before", "after", "at_low", "at_high")
            )
            between = "" if (low, high) == ("never", "never") else f"  ({low} to {high})"
            typer.echo(
                f"  {'*' if row['is_named'] else ' '} {row['number']:<32}{before:>16} -> "
                f"{after:>16}{between}"
            )


def drift(
    folders: Annotated[
        list[Path],
        typer.Argument(
            help="The folders of the older and the newer run or vintage; or of one alone, which is "
            "compared with the vintage before it."
        ),
    ],
    book_before: Annotated[
        Path | None, typer.Option(help="The older run's price book, if its file has changed since.")
    ] = None,
) -> None:
    """Say why values moved between two runs or vintages: method, data and parameters, step by
    step.
    """
    from evalkit.economics import drift as steps_between
    from evalkit.economics import price_book_of_run, read_vintage
    from evalkit.line.protocols import load_protocols, without_livelihood
    from evalkit.params import read_run
    from evalkit.spells import occupied_places
    from evalkit.tables import read_table

    vintages = []
    for folder, book in zip(_two_vintages(folders), (book_before, None), strict=True):
        vintage = read_run(folder)
        value = vintage.params.value.model_copy(
            update={"price_book": book.resolve()} if book else {}
        )
        vintage = vintage.model_copy(
            update={"params": vintage.params.model_copy(update={"value": value})}
        )
        occupied = occupied_places(
            read_table(folder, "episodes"), vintage.params.extract.follow_up_through
        )
        vintages.append(
            read_vintage(
                folder,
                price_book_of_run(vintage, occupied),
                horizon_months=value.horizon_months,
                without_livelihood=without_livelihood(load_protocols(vintage)),
            )
        )
    for (district, intervention_id, perspective), rows in (
        steps_between(*vintages)
        .partition_by(
            "district", "intervention_id", "perspective", as_dict=True, maintain_order=True
        )
        .items()
    ):
        typer.echo(
            f"{district}, {intervention_id}, {perspective} ({rows['currency'][0]} per participant)"
        )
        for step, amount, total in rows.select("step", "amount", "total").iter_rows():
            moved = "" if step in ("before", "after") else f"{round(amount) + 0:+,}"
            typer.echo(f"  {step:<12}{moved:>12}{total:>14,.0f}")


def _two_vintages(folders: list[Path]) -> list[Path]:
    """The older and the newer vintage."""
    from evalkit.errors import ParameterError
    from evalkit.params import read_run

    if len(folders) > 2:
        raise typer.BadParameter("give two folders, or one that has a vintage before it")
    vintages = [read_run(folder) for folder in folders]
    if len(vintages) == 2:
        return [vintage.run_dir for vintage in vintages]
    after = vintages[0]
    before = after.run_dir.with_name(after.previous) if after.previous else None
    if before is None or not before.is_dir():
        raise ParameterError(
            "There is no vintage before this one.",
            where=f"{after.run_dir}: {after.previous or 'the first of its run'}",
            why="A run is compared with what readers saw before it; how many earlier vintages stay "
            "is said with evalkit run --keep.",
            fix="name both folders: evalkit drift OLDER NEWER.",
        )
    return [before, after.run_dir]
