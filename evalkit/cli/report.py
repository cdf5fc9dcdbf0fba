"""`evalkit report`."""

from pathlib import Path
from typing import Annotated

import typer


def report(
    run_dir: Annotated[
        Path,
        typer.Argument(
            help="The folder of a run (runs/northern_ireland) or of one of its vintages."
        ),
    ],
    *,
    pdf: Annotated[
        bool, typer.Option("--pdf", help="Print each of them to a PDF beside it.")
    ] = False,
    browser: Annotated[
        Path | None,
        typer.Option(
            help="The browser that prints; without it Chromium or Chrome as it is installed."
        ),
    ] = None,
) -> None:
    """Say where the decision pages of a run and its sheets for the person lie; print them."""
    from evalkit.params import read_run
    from evalkit.report.browser import find_browser
    from evalkit.report.pdf import print_pages, printed_pages

    pages = printed_pages(read_run(run_dir))
    if not pdf:
        typer.echo("\n".join(page.resolve().as_uri() for page in pages))
        return
    n_done = 0

    def show(page: Path, fault: str) -> None:
        nonlocal n_done
        n_done += 1
        outcome = "failed" if fault else "printed"
        name = f"{page.parent.name}/{page.stem}"
        typer.echo(f"{outcome:<8} {name}  [{n_done} of {len(pages)}]", err=True)

    prints = print_pages(pages, find_browser(browser), on_page=show)
    typer.echo("\n".join(path.resolve().as_uri() for path in prints))
