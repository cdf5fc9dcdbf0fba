"""The house: which room may import which, where files are opened, and how quickly the front door
opens.
"""

import ast
import re
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "evalkit"
NOTEBOOKS = PACKAGE.parent / "notebooks"
# A city's truth lies in NAME_truth/; the one other text that ends so is the name of a table beside
# it.
TRUTH_FOLDER, ASKS_FOR_TRUTH = (
    re.compile(r"(?<!^beside)_truth(/|$)"),
    re.compile(r"simulate_truth|rollout_truth|value_truth"),
)
GROUND = {
    "errors",
    "imports",
    "months",
    "reads",
    "tables",
    "vocabulary",
    "records",
    "params",
    "line",
    "ids",
    "draws",
}
SIBLINGS = {
    "intake",
    "spells",
    "survival",
    "economics",
    "allocation",
    "monitoring",
    "simulate",
    "charts",
    "report",
    "batch",
}
MAY_IMPORT = {
    **dict.fromkeys(GROUND, GROUND),
    "words": GROUND,
    "disclosure": GROUND | {"words"},
    **dict.fromkeys(SIBLINGS, GROUND | {"words", "disclosure"}),
    "effects": GROUND | {"words", "disclosure", "survival"},
    "__main__": {"cli"},
    "cli": GROUND | {"words", "disclosure", "effects"} | SIBLINGS,
}
# Files are opened here and nowhere else (besides readers of intake, report and batch; simulate
# writes an extract as a sender would).
OPENERS = {
    "tables",
    "reads",
    "records",
    "params",
    "ids",
    "disclosure",
    "intake",
    "report",
    "batch",
    "cli",
    "simulate",
}
OPENING_CALLS = {
    "open",
    "read_text",
    "read_bytes",
    "write_text",
    "write_bytes",
    "read_csv",
    "scan_csv",
    "read_parquet",
    "scan_parquet",
}
HEAVY = {
    "altair",
    "statsmodels",
    "lifelines",
    "pandas",
    "papermill",
    "scipy",
    "pyarrow",
    "vl_convert",
}


def _modules() -> list[tuple[str, Path]]:
    return [
        (path.relative_to(PACKAGE).parts[0].removesuffix(".py"), path)
        for path in sorted(PACKAGE.rglob("*.py"))
    ]


@cache
def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def _texts(path: Path) -> set[str]:
    """The texts of a module that are no docstrings, the fixed parts of f-strings among them."""
    tree = _tree(path)
    said = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    return {
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in said
    }


def _imported_rooms(tree: ast.AST) -> set[str]:
    names = {
        node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.module
    }
    names |= {
        alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.Import)
        for alias in node.names
    }
    names |= {
        f"evalkit.{alias.name}"
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module == "evalkit"
        for alias in node.names
    }
    return {name.split(".")[1] for name in names if name.startswith("evalkit.")} - {"__version__"}


def _called_names(tree: ast.AST) -> set[str]:
    calls = [node.func for node in ast.walk(tree) if isinstance(node, ast.Call)]
    return {
        call.attr if isinstance(call, ast.Attribute) else getattr(call, "id", "") for call in calls
    }


def test_a_room_imports_only_what_lies_below_it():
    too_high = {
        path.relative_to(PACKAGE).as_posix(): beyond
        for room, path in _modules()
        if (beyond := _imported_rooms(_tree(path)) - MAY_IMPORT.get(room, set()) - {room})
    }

    assert too_high == {}


def test_files_are_opened_only_at_the_doors():
    opening = {
        path.relative_to(PACKAGE).as_posix(): names
        for room, path in _modules()
        if room not in OPENERS and (names := _called_names(_tree(path)) & OPENING_CALLS)
    }

    assert opening == {}


def test_every_room_of_the_package_is_in_the_house():
    rooms = {room for room, _ in _modules()} - {"__init__", "__main__"}

    assert rooms <= set(MAY_IMPORT)


def test_no_module_names_the_folder_of_a_truth():
    named = {
        (path, text)
        for room, path in _modules()
        if room != "simulate"
        for text in _texts(path)
        if TRUTH_FOLDER.search(text)
    }

    assert named == set()


def test_only_the_known_truth_notebook_asks_for_a_truth():
    asking = [
        path.name
        for path in sorted(NOTEBOOKS.rglob("*.ipynb"))
        if ASKS_FOR_TRUTH.search(path.read_text(encoding="utf-8"))
    ]

    assert asking == ["known_truth.ipynb"]


def test_import_evalkit_loads_nothing_heavy():
    command = (
        "import sys, evalkit; print(' '.join(sorted({name.split('.')[0] for name in sys.modules})))"
    )

    loaded = set(
        subprocess.run(
            [sys.executable, "-c", command], capture_output=True, text=True, check=True
        ).stdout.split()
    )

    assert not loaded & HEAVY


@pytest.mark.parametrize(
    "room",
    [
        "tables",
        "params",
        "disclosure",
        "intake",
        "spells",
        "survival",
        "effects",
        "economics",
        "report",
        "batch",
    ],
)
def test_importing_a_room_loads_no_plotting_or_modelling_library(room):
    command = (
        f"import sys, evalkit.{room}; print(' '.join(sorted({{name.split('.')[0] for name "
        "in "
        f"sys.modules}})))"
    )

    loaded = set(
        subprocess.run(
            [sys.executable, "-c", command], capture_output=True, text=True, check=True
        ).stdout.split()
    )

    assert not loaded & {"altair", "statsmodels", "lifelines", "pandas", "papermill", "vl_convert"}


def test_importing_intake_builds_no_models_of_parameter_files():
    command = "import sys, evalkit.intake; print(' '.join(sys.modules))"

    loaded = set(
        subprocess.run(
            [sys.executable, "-c", command], capture_output=True, text=True, check=True
        ).stdout.split()
    )

    assert "evalkit.intake.admission.admit" in loaded
    assert not loaded & {"pydantic", "yaml", "jsonschema_rs"}


def test_charts_load_altair_without_building_grammars():
    command = "import sys, evalkit.charts, altair; print(' '.join(sys.modules))"

    loaded = set(
        subprocess.run(
            [sys.executable, "-c", command], capture_output=True, text=True, check=True
        ).stdout.split()
    )

    assert "altair" in loaded
    assert not loaded & {"lark", "rfc3987_syntax"}
