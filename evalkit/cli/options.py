"""Arguments and options that several commands have."""

from pathlib import Path
from typing import Annotated

import typer

from evalkit.shipped import here_or_shipped

RunFileArgument = Annotated[
    Path, typer.Argument(help="The run's YAML file, for example params/northern_ireland.yaml.")
]
ContractsOption = Annotated[
    Path,
    typer.Option(
        help="The folder of the data contracts; where it is missing, those that come with evalkit.",
        callback=here_or_shipped,
    ),
]
FolderOption = Annotated[Path, typer.Option("--out", help="The folder to write to.")]
OutOption = Annotated[Path, typer.Option(help="The folder that holds the runs' folders.")]
