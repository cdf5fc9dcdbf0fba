"""The plan of a run as a Snakefile, for those whose other work is held together by Snakemake.

Each rule has one unit brought up to date by evalkit, which alone decides what is current: Snakemake
knows the units by empty marker files, and never removes what a unit has left.
"""

import re
import shlex
from pathlib import Path

from evalkit.batch.plan import Unit
from evalkit.params import Run

_HEAD = '''"""The run {name}, written by `evalkit plan {run_file} --as snakemake`.

A run is held by one process at a time: the rules have a resource of which there is one.
Markers are those of the vintage {vintage}; write the file anew when data or parameters change.
"""

workflow.global_resources.setdefault({resource}, 1)


rule all:
    input:
        {closed},
'''
_RULE = """

rule {rule}:{before}
    output:
        touch({marker}),
    resources:
        {resource}=1,
    shell:
        {command}
"""


def as_snakefile(run: Run, units: tuple[Unit, ...], *, run_file: Path, out: Path) -> str:
    """A Snakefile with one rule for each unit, in the order of the plan, and one that closes the
    run: searches what leaves, and has readers see it.

    Parameters
    ----------
    run_file, out : Path
        The run file and the folder of the runs, as `evalkit run` takes them, from where Snakemake
        is started.
    """
    markers = out / run.params.run / ".snakemake" / run.run_dir.name
    resource = "evalkit_" + _identifier(run.params.run)
    command = ["evalkit", "run", str(run_file), "--out", str(out)]
    closed = _marker(markers, "closed")
    rules = [
        _rule(
            f"unit_{_identifier(unit.name)}",
            [_marker(markers, name) for name in unit.after],
            _marker(markers, unit.name),
            [*command, "--only", unit.name],
            resource,
        )
        for unit in units
    ]
    all_units = [_marker(markers, unit.name) for unit in units]
    rules.append(_rule("close", all_units, closed, command, resource))
    head = _HEAD.format(
        name=run.params.run,
        run_file=run_file,
        vintage=run.run_dir.name,
        resource=_text(resource),
        closed=closed,
    )
    return head + "".join(rules)


def _rule(rule: str, before: list[str], marker: str, command: list[str], resource: str) -> str:
    return _RULE.format(
        rule=rule,
        before="".join(
            ["\n    input:", *(f"\n        {one}," for one in before)] if before else []
        ),
        marker=marker,
        resource=resource,
        command=_text(_without_wildcards(shlex.join(command))),
    )


def _marker(folder: Path, name: str) -> str:
    return _text((folder / f"{name}.done").as_posix())


def _identifier(name: str) -> str:
    """A name of letters, digits and underscores; different names stay different."""
    return re.sub(r"[^a-zA-Z0-9]", lambda sign: f"_{ord(sign[0]):x}_", name)


def _without_wildcards(text: str) -> str:
    """Braces are Snakemake's own."""
    return text.replace("{", "{{").replace("}", "}}")


def _text(text: str) -> str:
    return repr(text)
