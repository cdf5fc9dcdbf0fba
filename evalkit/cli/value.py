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
    before: Annotated[Path, typer.Argument(help="The folder of the older run.")],
    after: Annotated[Path, typer.Argument(help="The folder of the newer run.")],
    book_before: Annotated[
        Path | None, typer.Option(help="The older run's price book, if its file has changed since.")
    ] = None,
) -> None:
    """Say why values moved between two runs: method, data and parameters, step by step."""
    from evalkit.economics import drift as steps_between
    from evalkit.economics import price_book_of_run, read_vintage
    from evalkit.line.protocols import load_protocols, without_livelihood
    from evalkit.params import read_run
    from evalkit.spells import occupied_places
    from evalkit.tables import read_table

    vintages = []
    for folder, book in ((before, book_before), (after, None)):
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
