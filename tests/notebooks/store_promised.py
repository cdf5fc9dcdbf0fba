"""Store the promised outputs of the notebooks anew: python tests/notebooks/store_promised.py

The outputs of cells tagged nbval-check-output are promises: `make test` fails when one of them
moves. This script executes every notebook against the run in build/nbval and stores the outputs of
those cells, and of no others. Run it only to accept a change that was meant, in a commit of its own
that says which numbers move, by how much and why; never to make a failing test pass.
"""

import os
from pathlib import Path

import nbformat
from nbclient import NotebookClient

from evalkit.runs import RUNS_VARIABLE
from evalkit.shipped import shipped, shipped_notebooks

RUNS = Path(__file__).parents[2] / "build" / "nbval"


def store(path: Path) -> int:
    """Execute a notebook and keep the outputs of its promised cells; returns their number."""
    executed = nbformat.read(path, as_version=4)
    client = NotebookClient(
        executed,
        timeout=300,
        kernel_name="python3",
        resources={"metadata": {"path": str(path.parent)}},
    )
    client.execute()
    kept = nbformat.read(path, as_version=4)
    n_promised = 0
    for cell, run in zip(kept.cells, executed.cells, strict=True):
        if cell.cell_type != "code":
            continue
        is_promised = "nbval-check-output" in cell.metadata.get("tags", [])
        n_promised += is_promised
        cell.outputs = run.outputs if is_promised else []
        # nbval takes a cell without a count as never run and would not compare its outputs.
        cell.execution_count = run.execution_count if is_promised else None
    nbformat.write(nbformat.from_dict(kept), path)
    return n_promised


if __name__ == "__main__":
    os.environ[RUNS_VARIABLE] = str(RUNS)
    for notebook in shipped_notebooks():
        place = notebook.relative_to(shipped("notebooks"))
        print(f"{place}: {store(notebook)} promised outputs")
