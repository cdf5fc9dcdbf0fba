"""A project of a few tiny notebooks in a folder of its own, run without any heavy library: what the
batch room is tested on.
"""

import io
from dataclasses import dataclass
from pathlib import Path

import nbformat
import polars as pl

from evalkit.batch.outcome import BatchResult
from evalkit.batch.plan import Unit, plan_run
from evalkit.batch.progress import Display
from evalkit.batch.run import run_batch
from evalkit.batch.session import Options
from evalkit.batch.vintage import prepare_run, write_run
from evalkit.params import Run
from evalkit.runs import vintages_of

RUN_FILE = """
run: tiny
title: {sv: Prov, en: Trial}
districts: [Belfast, N.Eastern]
seed: 1
contracts: ../contracts
notebooks: ../notebooks
extract: {folder: ../extract, first_month: 1993-07, data_through: 1999-06}
"""
PARAMETERS = {
    "city": 'run_dir = ""',
    "district": 'run_dir = ""\ndistrict = ""',
    "intervention": 'run_dir = ""\nintervention = ""',
}
PROTOCOL = """
protocol: {name}
intervention_id: {name}
title: {{sv: Prov, en: Trial}}
question: {{sv: Vad?, en: What?}}
eligibility: {{from_month: 2, to_month: 12}}
follow_up_months: 12
outcomes: [work, support]
covariates: [{{name: elapsed, kind: elapsed}}]
"""
KERNELSPEC = {"name": "another-machines-kernel", "display_name": "Elsewhere", "language": "python"}


def write_code(path: str, content: str = "'x'") -> str:
    """Code of a cell that writes a text file of the run folder; the path may hold {district} or
    {run_dir}.
    """
    return (
        "from pathlib import Path\nplace = Path(run_dir) / "
        f'f"{path}"\nplace.parent.mkdir(exist_ok=True)\nplace.write_text({content});'
    )


@dataclass(frozen=True)
class TinyProject:
    """The project's folder and what a test does with it."""

    root: Path

    @property
    def run_file(self) -> Path:
        return self.root / "params" / "tiny.yaml"

    @property
    def home(self) -> Path:
        """The folder of the run's vintages."""
        return self.root / "runs" / "tiny"

    @property
    def run_dir(self) -> Path:
        """The vintage that was made last, or that will be made."""
        return next(iter(vintages_of(self.home)), self.prepare().run_dir)

    def notebook_path(self, name: str) -> Path:
        return self.root / "notebooks" / f"{name}.ipynb"

    def add(
        self,
        name: str,
        *cells: str,
        after=(),
        writes=(),
        may_write=(),
        needs=(),
        parameters: str | None = None,
        **metadata,
    ) -> Path:
        """Write a notebook "city/NAME", "district/NAME" or "intervention/NAME" with these code
        cells after its parameters cell.
        """
        scope = name.split("/")[0]
        tagged = nbformat.v4.new_code_cell(
            PARAMETERS[scope] if parameters is None else parameters,
            metadata={"tags": ["parameters"]},
        )
        notebook = nbformat.v4.new_notebook(
            cells=[nbformat.v4.new_markdown_cell(f"# {name}"), tagged]
        )
        notebook.cells += [nbformat.v4.new_code_cell(cell) for cell in cells]
        declaration = {
            "scope": scope,
            "after": list(after),
            "writes": list(writes),
            "needs": list(needs),
            "may_write": list(may_write),
        }
        notebook.metadata = {"kernelspec": KERNELSPEC, "evalkit": declaration, **metadata}
        path = self.notebook_path(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        nbformat.write(notebook, path)
        return path

    def add_three_stations(self) -> None:
        """One notebook before the districts, one for each district, one after them; each writes a
        file.
        """
        self.add("city/00_first", write_code("work/first.txt"), writes=["work/first.txt"])
        district = write_code("published/part-{district.lower().replace('.', '-')}.txt")
        self.add(
            "district/01_part",
            district,
            after=["city/00_first"],
            writes=["published/part-{slug}.txt"],
        )
        self.add(
            "city/02_last",
            write_code("site/index.html"),
            after=["district/01_part"],
            writes=["site/index.html"],
        )

    def add_protocols(self, *interventions: str) -> None:
        """A protocol of each intervention, named by the run file."""
        files = [f"protocol_{number}.yaml" for number in range(len(interventions))]
        for file, name in zip(files, interventions, strict=True):
            (self.run_file.parent / file).write_text(PROTOCOL.format(name=name))
        with self.run_file.open("a") as run_file:
            run_file.write(f"effects: {{protocols: [{', '.join(files)}]}}\n")

    def add_person_table(self, ids: list[str]) -> None:
        """A person table in the run's private folder, as the first notebook would have left it."""
        (self.run_dir / "work").mkdir(parents=True, exist_ok=True)
        pl.DataFrame({"person_id": ids}).write_parquet(self.run_dir / "work" / "person.parquet")

    def add_unread_columns(self, names: list[str]) -> None:
        """Names of columns that were not read in, as the first notebook leaves them."""
        (self.run_dir / "work").mkdir(parents=True, exist_ok=True)
        table = pl.DataFrame({"table": "person", "file": "person.csv", "column": names})
        table.write_parquet(self.run_dir / "work" / "unread_columns.parquet")

    def write_record(self) -> None:
        """The run's record, as a run begins with it."""
        write_run(self.prepare())

    def prepare(self) -> Run:
        return prepare_run(self.run_file, out=self.root / "runs")

    def plan(self) -> tuple[Unit, ...]:
        return plan_run(self.prepare())

    def run(self, *, stand_in=None, **options) -> BatchResult:
        return run_batch(
            self.prepare(),
            self.plan(),
            Options(**{"jobs": 2, **options}),
            Display(io.StringIO()),
            stand_in=stand_in,
        )


def make_tiny_project(root: Path) -> TinyProject:
    """The project without notebooks: a run file, an extract of one file, and a folder for
    contracts.
    """
    for folder in ("params", "extract", "contracts", "notebooks"):
        (root / folder).mkdir(parents=True)
    (root / "params" / "tiny.yaml").write_text(RUN_FILE)
    (root / "extract" / "person.csv").write_text("person_id\nNI-0001\n")
    return TinyProject(root)
