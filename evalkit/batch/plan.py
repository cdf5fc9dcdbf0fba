"""The plan of a run: which units there are, what each comes after, and in which order they may
start. Nothing is executed here.

One unit is one run of one notebook: "city/00_prepare", "district/02_time_on_support@belfast" or
"intervention/03_weights@job-training". A failing unit of a district or an intervention stops only
what is about that district or intervention: whoever waits for all of them goes on with those that
are well.
"""

import string
from collections import Counter
from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from graphlib import CycleError, TopologicalSorter
from itertools import chain
from pathlib import Path, PurePosixPath

from evalkit.batch.declared import DeclaredNotebook, Scope, find_notebooks
from evalkit.errors import BatchError, ParameterError, first_few, nearest
from evalkit.line.protocols import load_protocols
from evalkit.params import Run
from evalkit.tables import CITY, slug

# File names of the whole city: its tables, and the page that its site opens on.
_KEPT = ("", CITY, "index")
OUTPUT_FOLDERS = ("work", "tables", "published", "site")
# File systems take 255 bytes; what is written beside its place before it is renamed has some more
# than its own name, and a failed notebook an ending of its own.
_LONGEST_NAME = 220
# The two files of a published table, which a notebook declares without an ending.
_PUBLISHED_FILES = (".parquet", ".json")
# By scope, the file name and the names of each district or intervention; the city has neither.
Subjects = Mapping[Scope, Mapping[str | None, tuple[str, ...]]]


@dataclass(frozen=True)
class Unit:
    """One run of one notebook.

    `names` are those of the district or intervention that the unit is about, as the run file and
    the protocol have them (the city's units have none). `after` names the units that must have
    ended before, and `collects` those of them that need not have ended well (of each notebook that
    is run for districts one must). `writes` are the outputs that the unit must leave and
    `may_write` those that it may, paths inside the run folder; `reads` is what it may read: the
    outputs of all units that it builds on, however far back, and its own.
    """

    name: str
    notebook: str
    source: Path
    source_hash: str
    scope: Scope
    names: tuple[str, ...]
    after: tuple[str, ...]
    collects: frozenset[str]
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

    def cause_to_skip(self, ended_badly: Container[str]) -> str | None:
        """The unit without which this one cannot be run, if there is one: one that it builds on, or
        all districts of a notebook whose districts it collects.
        """
        needed = (name for name in self.after if name not in self.collects)
        collected = [name for name in self.after if name in self.collects and _is_of_district(name)]
        well = {notebook_of(name) for name in collected if name not in ended_badly}
        return next(
            chain(
                (name for name in needed if name in ended_badly),
                (name for name in collected if notebook_of(name) not in well),
            ),
            None,
        )

    def parameters(self, run_dir: Path) -> dict[str, str]:
        """The parameters given to the notebook."""
        return {"run_dir": str(run_dir)} | ({self.scope: self.names[0]} if self.names else {})

    def is_called(self, pattern: str) -> bool:
        """Whether a pattern means the unit: of its name or its notebook's, with * for any text, or
        what it is about, as the run file or a file name has it, alone or after an @.
        """
        notebook, at, subject = pattern.rpartition("@")
        if not at:
            is_named = (fnmatchcase(name, pattern) for name in (self.name, self.notebook))
            return any(is_named) or self._is_about(pattern)
        return fnmatchcase(self.notebook, notebook) and self._is_about(subject)

    def _is_about(self, subject: str) -> bool:
        own = {name.casefold() for name in self.names} | {self.name.partition("@")[2]} - {""}
        return any(fnmatchcase(name, subject.casefold()) for name in own)


def plan_run(run: Run) -> tuple[Unit, ...]:
    """The units of a run, each after the units it builds on; without those for which the run file
    gives nothing to do.

    Raises
    ------
    ParameterError
        If districts or interventions cannot be told apart by their file names, a name is too long
        for a file, or a notebook's
        parameters or declaration are faulty.
    ProtocolError
        If a notebook runs once per intervention and the run's protocols are faulty.
    BatchError
        If a predecessor does not exist, notebooks wait for each other in a circle, or outputs clash
        or lie outside the run folder.
    """
    declared = {
        notebook.name: notebook for notebook in find_notebooks(run.path(run.params.notebooks))
    }
    _check_predecessors(declared)
    ordered, notebooks = _in_order(declared), _needed(declared, run)
    subjects = _subjects(run, notebooks)
    units = tuple(
        unit
        for name in ordered
        if name in notebooks
        for unit in _units_of(notebooks[name], notebooks, subjects, run.params.languages)
    )
    _refuse_long_names(units)
    _check_outputs(units)
    return _with_reads(units)


def _subjects(run: Run, notebooks: Mapping[str, DeclaredNotebook]) -> Subjects:
    """What each scope's notebooks run once for; protocols are read only where a notebook asks."""
    districts = _by_slug(
        [(name,) for name in run.params.districts], "districts", where="run file, districts"
    )
    scopes = {notebook.declaration.scope for notebook in notebooks.values()}
    interventions = (
        [(protocol.intervention_id, *protocol.title.values()) for protocol in load_protocols(run)]
        if "intervention" in scopes and run.params.effects.protocols
        else []
    )
    return {
        "city": {None: ()},
        "district": districts,
        "intervention": _by_slug(
            interventions, "interventions", where="run file, effects.protocols"
        ),
    }


def _by_slug(
    subjects: Sequence[tuple[str, ...]], kind: str, *, where: str
) -> dict[str | None, tuple[str, ...]]:
    """Districts or interventions, each by all its names, by their file names."""
    names = [first for first, *_ in subjects]
    counts = Counter(map(slug, names))
    clashing = [name for name in names if counts[slug(name)] > 1 or slug(name) in _KEPT]
    if clashing:
        raise ParameterError(
            f"The {kind} of a run cannot be told apart.",
            where=f"{where}: {first_few(clashing, 6)}",
            why=f"Each of the {kind} has its own files, named by its letters and digits; "
            f'"{CITY}" and "index" are kept for the whole city.',
            fix="name each once, with letters or digits that differ.",
        )
    return {slug(names[0]): names for names in subjects}


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
            fix="name notebooks by folder and name, without the ending, as in "
            '"district/02_time_on_support".',
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
        name: replace(notebook, declaration=notebook.declaration.model_copy(update=after[name]))
        for name, notebook in kept.items()
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
    notebooks: Mapping[str, DeclaredNotebook],
    subjects: Subjects,
    languages: Sequence[str],
) -> list[Unit]:
    declaration, scope = notebook.declaration, notebook.declaration.scope
    units = []
    for file_name, names in subjects[scope].items():
        before = [
            (_unit_name(name, other), scope_before)
            for name in declaration.after
            for scope_before in [notebooks[name].declaration.scope]
            # A unit waits for the same subject's unit of its own scope, and for all of another.
            for other in ([file_name] if scope_before == scope else subjects[scope_before])
        ]
        units.append(
            Unit(
                name=_unit_name(notebook.name, file_name),
                notebook=notebook.name,
                source=notebook.path,
                source_hash=notebook.source_hash,
                scope=scope,
                names=names,
                after=tuple(name for name, _ in before),
                collects=frozenset(name for name, other in before if other not in ("city", scope)),
                writes=_outputs(notebook, declaration.writes, file_name, languages),
                may_write=_outputs(notebook, declaration.may_write, file_name, languages),
            )
        )
    return units


def notebook_of(unit_name: str) -> str:
    """The notebook of a unit, by the unit's name."""
    return unit_name.split("@")[0]


def _is_of_district(unit_name: str) -> bool:
    return unit_name.startswith("district/")


def _unit_name(notebook: str, file_name: str | None) -> str:
    return f"{notebook}@{file_name}" if file_name else notebook


def _with_reads(units: tuple[Unit, ...]) -> tuple[Unit, ...]:
    reads: dict[str, frozenset[str]] = {}
    for unit in units:
        reads[unit.name] = frozenset([*unit.writes, *unit.may_write]).union(
            *(reads[name] for name in unit.after)
        )
    return tuple(replace(unit, reads=reads[unit.name]) for unit in units)


def _outputs(
    notebook: DeclaredNotebook,
    templates: Sequence[str],
    file_name: str | None,
    languages: Sequence[str],
) -> tuple[str, ...]:
    known = {"language"} | ({"slug"} if file_name else set())
    outputs = []
    for template in templates:
        fields = {field for _, field, _, _ in string.Formatter().parse(template) if field}
        path = PurePosixPath(template)
        if (
            path.is_absolute()
            or ".." in path.parts
            or path.parts[:1] not in [(folder,) for folder in OUTPUT_FOLDERS]
            or (path.parts[0] == "published" and path.suffix in _PUBLISHED_FILES)
            or not fields <= known
        ):
            raise BatchError(
                "A notebook declares an output that it cannot have.",
                where=f'{notebook.path}, metadata.evalkit: "{template}"',
                why=f"Outputs lie in {', '.join(OUTPUT_FOLDERS)} of the run folder; a published "
                "table is named once, without an ending; known in braces: "
                f"{', '.join(sorted(known))}.",
                fix='write it like "published/exit_curves-{slug}" or "work/episodes.parquet".',
            )
        endings = _PUBLISHED_FILES if path.parts[0] == "published" and not path.suffix else ("",)
        outputs += [
            template.format(slug=file_name, language=language) + ending
            for language in (languages if "language" in fields else [""])
            for ending in endings
        ]
    return tuple(dict.fromkeys(outputs))


def _refuse_long_names(units: tuple[Unit, ...]) -> None:
    long = {
        unit.names[0]
        for unit in units
        for path in (*unit.outputs, unit.name)
        if unit.names and len(PurePosixPath(path).name.encode()) > _LONGEST_NAME
    }
    if long:
        beginnings = [f"{name[:40]}..." for name in sorted(long)]
        raise ParameterError(
            f"{len(long)} name{'s are' if len(long) > 1 else ' is'} too long for a file.",
            where=f"run file, districts or protocols: {first_few(beginnings)}",
            why="Files of a district or an intervention bear its name, and a file's name may have "
            f"{_LONGEST_NAME} letters here.",
            fix="shorten the name; title and wording may say it in full.",
        )


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
            fix="give each unit its own file, with {slug} in the names of what each district or "
            "intervention writes.",
        )
