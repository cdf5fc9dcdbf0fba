"""`evalkit lab`."""

import os
import sys
from pathlib import Path
from typing import Annotated

import typer


def lab(
    folder: Annotated[Path, typer.Argument(help="The project's folder, or one inside it.")] = Path(
        "."
    ),
    *,
    port: Annotated[
        int, typer.Option(min=0, help="The port; the next free one where it is in use.")
    ] = 8888,
    browser: Annotated[
        bool, typer.Option("--browser/--no-browser", help="Whether a browser is opened.")
    ] = True,
) -> None:
    """Open JupyterLab on a project, on this computer only, with the notebook that says what to read
    in which order.
    """
    from evalkit.project.lab import find_project, lab_command, lab_environment

    command = lab_command(find_project(folder), port=port, with_browser=browser)
    sys.stdout.flush()
    # JupyterLab takes this process's place: Ctrl-C reaches it alone, and it asks before it ends.
    os.execve(command[0], command, lab_environment(os.environ))
