"""`evalkit status` and `evalkit verify`."""

import json
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from evalkit.batch.status import Standing

RunArgument = Annotated[
    Path,
    typer.Argument(help="The folder of a run (runs/northern_ireland) or of one of its vintages."),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Give the result as JSON.")]


def status(run_dir: RunArgument, *, as_json: JsonOption = False) -> None:
    """Say of each unit of a run whether it is done, has failed, or is no longer current and why.
    Exit code 1 if anything is not done.
    """
    from evalkit.batch.layout import place_of
    from evalkit.batch.plan import plan_run
    from evalkit.batch.status import standings
    from evalkit.batch.vintage import prepare_run
    from evalkit.params import read_run
    from evalkit.public.register import public_vintages
    from evalkit.runs import latest_of

    known = read_run(run_dir)
    run = prepare_run(known.run_file, out=known.run_dir.parents[1])
    found = standings(run, plan_run(run))
    seen, place = latest_of(run.run_dir.parent), place_of(run)
    public = [vintage.name for vintage in public_vintages(run.run_dir.parent)]
    if as_json:
        record = {
            "run": run.params.run,
            "readers_see": seen.name if seen else None,
            "public": public,
            "vintage": place.folder.name,
            "units": [
                {
                    "unit": one.unit,
                    "state": one.state,
                    "reason": one.reason,
                    "look_at": str(one.look_at) if one.look_at else None,
                }
                for one in found
            ],
        }
        typer.echo(json.dumps(record, ensure_ascii=False, indent=2))
    else:
        typer.echo("\n".join(map(_line, found)))
        typer.echo(f"{run.params.run}: {_counts(found)}")
        typer.echo(f"readers see: {seen or 'nothing yet'}")
        typer.echo(f"public: {_public_in_words(public, seen)}")
    if any(one.state != "done" for one in found):
        raise typer.Exit(1)


def verify(run_dir: RunArgument, *, as_json: JsonOption = False) -> None:
    """Hash all files that a vintage's units left, and name those that are not as recorded. Exit
    code 1 if there are any.
    """
    from evalkit.batch.verify import differences, recorded_outputs
    from evalkit.params import read_run

    vintage = read_run(run_dir).run_dir
    n_files, found = len(recorded_outputs(vintage)), differences(vintage)
    if as_json:
        record = {
            "vintage": str(vintage),
            "n_files": n_files,
            "differences": [vars(one) for one in found],
        }
        typer.echo(json.dumps(record, ensure_ascii=False, indent=2))
    else:
        for one in found:
            typer.echo(f"{one.what:<8} {one.path}  (made by {one.unit})")
        typer.echo(f"{vintage}: {n_files - len(found)} of {n_files} files are as recorded")
    if found:
        raise typer.Exit(1)


def _line(standing: "Standing") -> str:
    reason = f"  {standing.reason}" if standing.reason else ""
    look_at = f"; look at: {standing.look_at}" if standing.look_at else ""
    return f"{standing.state:<11} {standing.unit}{reason}{look_at}"


def _public_in_words(public: list[str], seen: Path | None) -> str:
    """Which vintages are public, and whether the one that readers see is among them."""
    names = ", ".join(public) or "nothing yet"
    is_waiting = bool(public) and seen is not None and seen.name not in public
    return f"{names} (not the one that readers see)" if is_waiting else names


def _counts(standings: "tuple[Standing, ...]") -> str:
    counts = Counter(one.state for one in standings)
    return f"of {len(standings)} units " + ", ".join(f"{n} {state}" for state, n in counts.items())
