"""A notebook's cells, run in this process."""

import ast
from pathlib import Path
from typing import Any

import nbformat
from IPython.display import Markdown

from evalkit.batch.declared import PARAMETERS_TAG


def executed(notebook: Path, **parameters: Any) -> tuple[dict[str, Any], list[str], list[str]]:
    """The names that a notebook leaves, the sentences that it computes, and all that it shows."""
    told: list[str] = []
    shown: list[str] = []

    def display(*values: object) -> None:
        for value in values:
            bundle = getattr(value, "_repr_mimebundle_", dict)()
            html = getattr(value, "_repr_html_", str)()
            told.extend([value.data] if isinstance(value, Markdown) else [])
            shown.append(str(bundle or html or getattr(value, "data", value)))

    names: dict[str, Any] = {"display": display}
    for cell in nbformat.read(notebook, as_version=4).cells:
        if cell.cell_type != "code":
            continue
        tree = ast.parse(cell.source)
        last = tree.body.pop() if isinstance(tree.body[-1], ast.Expr) else None
        exec(compile(tree, notebook.name, "exec"), names)
        if isinstance(last, ast.Expr):
            value = eval(compile(ast.Expression(last.value), notebook.name, "eval"), names)
            display(value) if value is not None else None
        if PARAMETERS_TAG in cell.metadata.get("tags", []):
            names |= parameters
    return names, told, shown
