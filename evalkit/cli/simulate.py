"""`evalkit simulate`."""

from pathlib import Path
from typing import Annotated

import typer


def simulate(
    out: Annotated[
        Path,
        typer.Option(
            help="The folder that the city is written to; an earlier city there is replaced."
        ),
    ],
    city: Annotated[
        str, typer.Option(help="A city of params/cities/, or the path of its YAML file.")
    ] = "stockholm",
    seed: Annotated[
        int, typer.Option(min=0, help="The seed: the same seed gives the same city.")
    ] = 1,
    people: Annotated[int, typer.Option(min=2, help="How many adults; even.")] = 30_000,
    world: Annotated[
        list[str] | None,
        typer.Option(
            help="Stress: a world with its switches on; may be given again. Every city has "
            "persistent, history, transient, broad and first_spells; others stand in its file."
        ),
    ] = None,
    strength: Annotated[
        float | None,
        typer.Option(
            help="How strongly the world's selection works, 0 to 3; 1 if nothing is given."
        ),
    ] = None,
    truth_people: Annotated[
        int, typer.Option(min=0, help="How many of the people serve the truth; 0 writes none.")
    ] = 12_000,
    missing_reasons: Annotated[
        float | None,
        typer.Option(
            min=0,
            max=1,
            help="Write only what a municipality registers: no livelihoods, exit reasons instead, "
            "of which this share is missing at random.",
        ),
    ] = None,
    price_book: Annotated[
        Path | None,
        typer.Option(
            help="The price book that values the truth, for example "
            "params/unit_costs/stockholm.yaml."
        ),
    ] = None,
) -> None:
    """Write the tables of a simulated city, and its truth to a folder beside them (OUT_truth)."""
    from evalkit.economics import load_price_book
    from evalkit.errors import ParameterError
    from evalkit.simulate import load_city, write_city

    book = load_price_book(price_book) if price_book else None
    if book and book.districts:
        raise ParameterError(
            "The truth cannot be valued with prices that are a district's own.",
            where=f"{price_book}, districts",
            why="The true value is computed with one book for all.",
            fix="leave districts out of the book that the truth is valued with.",
        )
    written = write_city(
        load_city(city, worlds=world or (), strength=strength),
        out,
        seed=seed,
        n_people=people,
        missing_reasons=missing_reasons,
        n_truth_people=truth_people,
        price_book=book.model_dump() if book else None,
    )
    lines = [f"{name:<18}{count:>12,} rows" for name, count in sorted(written.rows.items())]
    truth = f"; the truth to {written.truth}, apart" if written.truth else ""
    typer.echo("\n".join([*lines, f"written to {written.folder}{truth}"]))
