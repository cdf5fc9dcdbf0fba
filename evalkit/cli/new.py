"""`evalkit new`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from evalkit.vocabulary import SENDER_LANGUAGE

if TYPE_CHECKING:
    from evalkit.project import Project


def new(
    folder: Annotated[Path, typer.Argument(help="The folder of the project: new, or empty.")],
    further: Annotated[
        list[Path] | None, typer.Argument(metavar="[FILE]...", help="Further files of --from.")
    ] = None,
    *,
    files: Annotated[
        list[Path] | None,
        typer.Option(
            "--from",
            help="Exports to begin with, or a folder of them: they are copied, and mapping file, "
            "districts, months and protocols are guessed from them.",
        ),
    ] = None,
    language: Annotated[
        str, typer.Option(help="The first language of report and read-me file: sv or en.")
    ] = SENDER_LANGUAGE,
    example: Annotated[
        bool,
        typer.Option(
            "--example", help="Put a small example beside it: real data, and its run file."
        ),
    ] = False,
) -> None:
    """Write a project: contracts, mappings, notebooks, a run file and protocols in which every key
    is explained. Nothing that is there is overwritten.
    """
    from evalkit.project import new_project

    if further and not files:
        raise typer.BadParameter("files stand behind --from")
    project = new_project(
        folder,
        files=[*(files or ()), *(further or ())],
        language=language,
        with_example=example,
    )
    typer.echo("\n".join(told(project)))


def told(project: "Project") -> list[str]:
    """What was written, what was guessed, what is to be looked at, and the next command."""
    lines = [f"written to {project.folder}"]
    if project.proposed:
        lines += ["", "guessed from names and codes, in the mapping file:"]
        for one in project.proposed.proposals:
            names = ", ".join(path.name for path in one.paths)
            lines.append(f"  {names}: {one.contract.table}, {len(one.matches)} columns")
            lines += (
                [f"    required, but not found: {', '.join(one.missing)}"] if one.missing else []
            )
            lines += [f"    not used: {', '.join(one.unused)}"] if one.unused else []
        lines += [
            f"  {name}: fits no table; it is only searched for personal numbers"
            for name in project.proposed.unknown
        ]
    if project.protocols:
        lines += ["", "interventions with enough starts, each with a protocol:"]
        lines += [f"  {path}" for path in project.protocols]
    if project.unsaid:
        lines += ["", "not known:", *(f"  {reason}" for reason in project.unsaid)]
    if project.looks:
        lines += ["", "to look at:"]
        places: dict[str, list[str]] = {}
        for file, line, why in project.looks:
            places.setdefault(why, []).append(f"{file}, line {line}")
        for why, of_one in places.items():
            lines += [*(f"  {place}" for place in of_one), f"    {why}"]
    return [*lines, "", "next:", f"  cd {project.folder}", f"  evalkit check {project.run_file}"]
