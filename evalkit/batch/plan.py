"""The plan of a run: which units there are, what each comes after, and in which order they may
start. Nothing is executed here.

One unit is one run of one notebook: "city/00_prepare", or "district/02_time_on_support@belfast".
"""

import string
from collections import Counter
from collections.abc import Container, Iterator
from dataclasses import dataclass, replace
from graphlib import CycleError, TopologicalSorter
from pathlib import Path, PurePosixPath

from evalkit.batch.declared import DeclaredNotebook, find_notebooks
from evalkit.errors import BatchError, ParameterError, first_few, nearest
from evalkit.params import Run
from evalkit.tables import slug

OUTPUT_FOLDERS = ("work", "tables", "published", "site")


@dataclass(frozen=True)
class Unit:
    """One run of one notebook.

    `after` names the units that must be done before; `writes` are the outputs that it must leave
    and `may_write` those that it may, paths inside the run folder; `reads` is what the unit may
    read: the outputs of all units that it builds on, however far back, and its own.
    """

    name: str
    notebook: str
    source: Path
    source_hash: str
    district: str | None
    after: tuple[str, ...]
    writes: tuple[str, ...]
    may_write: tuple[str, ...]
    reads: frozenset[str] = frozenset()

    @property
    def executed(self) -> str:
        """Where the executed notebook is put, inside the run folder."""
        return f"notebooks/{self.name}.ipynb"

    @property
    def outputs(self) -> tuple[str, ...]:
        """All files that the unit may leave behind, paths inside the run folder."""
        return (*self.writes, *self.may_write, self.executed)

    def parameters(self, run_dir: Path) -> dict[str, str]:
        """The parameters given to the notebook."""
        return {"run_dir": str(run_dir)} | ({"district": self.district} if self.district else {})


def plan_run(run: Run) -> tuple[Unit, ...]:
    """The units of a run, each after the units it builds on; without those for which the run file
    gives nothing to do.

    Raises
    ------
    ParameterError
        If districts cannot be told apart by their file names, or a notebook's parameters or
        declaration are faulty.
    BatchError
        If a predecessor does not exist, notebooks wait for each other in a circle, or outputs clash
        or lie outside the run folder.
    """
    districts = _districts_by_slug(run.params.districts)
    declared = {
        notebook.name: notebook for notebook in find_notebooks(run.path(run.params.notebooks))
    }
    _check_predecessors(declared)
    ordered, notebooks = _in_order(declared), _needed(declared, run)
    units = tuple(
        unit
        for name in ordered
        if name in notebooks
        for unit in _units_of(notebooks[name], notebooks, districts, run.params.languages)
    )
    _check_outputs(units)
    return _with_reads(units)


def _districts_by_slug(districts: tuple[str, ...]) -> dict[str, str]:
    counts = Counter(slug(district) for district in districts)
    clashing = [
        district
        for district in districts
        if counts[slug(district)] > 1 or slug(district) in ("", "all")
    ]
    if clashing or not districts:
        raise ParameterError(
            "The districts of a run cannot be told apart."
            if districts
            else "A run has no districts.",
            where=f"run file, districts: {first_few(clashing, 6) or 'none'}",
            why='Each district has its own files, named by its letters and digits; "all" is kept '
            "for the whole city.",
            fix="name each district once, with letters or digits that differ.",
        )
    return {slug(district): district for district in districts}


def _check_predecessors(notebooks: dict[str, DeclaredNotebook]) -> None:
    unknown = [
        f'{notebook.name} after "{name}" ({nearest(name, notebooks)})'
        for notebook in notebooks.values()
        for name in notebook.declaration.after
        if name not in notebooks
    ]
    if unknown:
        raise BatchError(
            f"{len(unknown)} notebook{'s come' if len(unknown) > 1 else ' comes'} after one that "
            "does not exist.",
            where=f"metadata.evalkit.after: {'; '.join(unknown)}",
            why="The order of the units follows from what each notebook says it comes after.",
            fix='name notebooks as "city/NAME" or "district/NAME", without the ending.',
        )


def _needed(declared: dict[str, DeclaredNotebook], run: Run) -> dict[str, DeclaredNotebook]:
    """The notebooks that have something to do; those that came after one left out come after what
    it came after.
    """
    given = {
        "protocols": bool(run.params.effects.protocols),
        "price_book": run.params.value.price_book is not None,
    }
    kept = {
        name: notebook
        for name, notebook in declared.items()
        if all(given[need] for need in notebook.declaration.needs)
    }
    after = {
        name: {"after": tuple(dict.fromkeys(_kept_before(name, declared, kept)))} for name in kept
    }
    return {
        name: replace(one, declaration=one.declaration.model_copy(update=after[name]))
        for name, one in kept.items()
    }


def _kept_before(
    name: str, declared: dict[str, DeclaredNotebook], kept: Container[str]
) -> Iterator[str]:
    for earlier in declared[name].declaration.after:
        yield from [earlier] if earlier in kept else _kept_before(earlier, declared, kept)


def _in_order(notebooks: dict[str, DeclaredNotebook]) -> list[str]:
    sorter = TopologicalSorter(
        {name: notebook.declaration.after for name, notebook in notebooks.items()}
    )
    try:
        return list(sorter.static_order())
    except CycleError as fault:
        raise BatchError(
            "Notebooks wait for each other in a circle.",
            where=f"metadata.evalkit.after: {' -> '.join(reversed(fault.args[1]))}",
            why="None of them could ever start.",
            fix="take one of these predecessors away.",
        ) from None


def _units_of(
    notebook: DeclaredNotebook,
    notebooks: dict[str, DeclaredNotebook],
    districts: dict[str, str],
    languages: tuple[str, ...],
) -> list[Unit]:
    return [
        Unit(
            name=_unit_name(notebook.name, place),
            notebook=notebook.name,
            source=notebook.path,
            source_hash=notebook.source_hash,
            district=districts[place] if place else None,
            after=tuple(
                _unit_name(name, part)
                for name in notebook.declaration.after
                for part in _parts_before(place, notebooks[name].declaration.scope, districts)
            ),
            writes=_outputs(notebook, notebook.declaration.writes, place, languages),
            may_write=_outputs(notebook, notebook.declaration.may_write, place, languages),
        )
        for place in (districts if notebook.declaration.scope == "district" else [None])
    ]


def _parts_before(
    place: str | None, scope_before: str, districts: dict[str, str]
) -> list[str | None]:
    """A district waits for its own part of a district notebook, the city for all parts."""
    if scope_before == "city":
        return [None]
    return [place] if place else list(districts)


def _unit_name(notebook: str, place: str | None) -> str:
    return f"{notebook}@{place}" if place else notebook


def _with_reads(units: tuple[Unit, ...]) -> tuple[Unit, ...]:
    reads: dict[str, frozenset[str]] = {}
    for unit in units:
        reads[unit.name] = frozenset([*unit.writes, *unit.may_write]).union(
            *(reads[name] for name in unit.after)
        )
    return tuple(replace(unit, reads=reads[unit.name]) for unit in units)


def _outputs(
    notebook: DeclaredNotebook,
    templates: tuple[str, ...],
    place: str | None,
    languages: tuple[str, ...],
) -> tuple[str, ...]:
    known = {"language"} | ({"slug"} if place else set())
    outputs = []
    for template in templates:
        fields = {
            field for _, field, _, _ in string.Formatter().parse(template) if field is not None
        }
        path = PurePosixPath(template)
        if (
            path.is_absolute()
            or ".." in path.parts
            or path.parts[:1] not in [(f,) for f in OUTPUT_FOLDERS]
            or not fields <= known
        ):
            raise BatchError(
                "A notebook declares an output that it cannot have.",
                where=f'{notebook.path}, metadata.evalkit: "{template}"',
                why=f"Outputs lie in {', '.join(OUTPUT_FOLDERS)} of the run folder; known in "
                f"braces: {', '.join(sorted(known))}.",
                fix='write it like "published/exit_curves-{slug}.parquet".',
            )
        texts = {"slug": place}
        outputs += [
            template.format(**texts, language=language)
            for language in (languages if "language" in fields else [""])
        ]
    records = [
        str(PurePosixPath(path).with_suffix(".json"))
        for path in outputs
        if path.startswith("published/") and path.endswith(".parquet")
    ]
    return tuple(dict.fromkeys([*outputs, *records]))


def _check_outputs(units: tuple[Unit, ...]) -> None:
    counts = Counter(path for unit in units for path in unit.outputs)
    clashing = [path for path, n_units in counts.items() if n_units > 1]
    if clashing:
        names = {unit.notebook for unit in units if set(unit.outputs) & set(clashing)}
        raise BatchError(
            f"{len(clashing)} output{'s are' if len(clashing) > 1 else ' is'} written by more than "
            "one unit.",
            where=f"metadata.evalkit.writes of {', '.join(sorted(names))}: {first_few(clashing)}",
            why="The last unit to finish would decide what the file holds.",
            fix="give each unit its own file, with {slug} in the names of district outputs.",
        )
