"""The house: which room may import which, what lies below what inside a room, where files are
opened, and how quickly the front door opens.
"""

import ast
import re
import subprocess
import sys
from functools import cache
from pathlib import Path

from evalkit.shipped import shipped_notebooks

PACKAGE = Path(__file__).parents[1] / "evalkit"
# A city's truth lies in NAME_truth/; the one other text that ends so is the name of a table beside
# it.
TRUTH_FOLDER, ASKS_FOR_TRUTH = (
    re.compile(r"(?<!^beside)_truth(/|$)"),
    re.compile(r"simulate_truth|rollout_truth|value_truth"),
)
GROUND = {
    "errors",
    "imports",
    "private_lists",
    "months",
    "payments",
    "reads",
    "tables",
    "vocabulary",
    "records",
    "params",
    "runs",
    "run_rules",
    "monitoring_rules",
    "line",
    "ids",
    "draws",
    "shipped",
    "sketch",
    "frames",
    "results",
    "images",
    "pictures",
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
MAY_SEE = {
    **dict.fromkeys(GROUND, GROUND),
    "words": GROUND,
    "disclosure": GROUND | {"words"},
    **dict.fromkeys(SIBLINGS, GROUND | {"words", "disclosure"}),
    "effects": GROUND | {"words", "disclosure", "survival"},
    "report": GROUND | {"words", "disclosure", "charts"},
    "monitoring": GROUND | {"words", "disclosure", "survival", "effects"},
    "project": GROUND | {"intake"},
    "public": GROUND | {"words", "disclosure", "batch", "charts", "economics", "report"},
    "__init__": set(),
    "__main__": {"cli"},
    "cli": GROUND | {"words", "disclosure", "effects", "project", "public"} | SIBLINGS,
}
# Inside a room, lowest first: rooms and modules; those on one floor do not see each other. A module
# that is on no floor is the room's door and sees them all, and none of them sees it.
FLOORS = {
    "intake": (("reading",), ("contracts",), ("checking",), ("admission",), ("letters",)),
    "survival": (
        ("results",),
        ("counts",),
        ("curves",),
        ("differences", "regression"),
        ("on_support",),
    ),
    "effects": (
        ("pictures",),
        ("trials", "rollouts"),
        ("weighting",),
        ("trust", "design"),
        ("districts",),
        ("answer",),
    ),
    "economics": (("pictures",), ("prices",), ("ledger",), ("results",), ("what_if",)),
    "monitoring": (
        ("areas",),
        (
            *("process", "steps", "access", "offer", "accounts", "programme", "registration"),
            "forecasts",
        ),
    ),
    "disclosure": (("published",), ("rounding", "sealing"), ("attack",)),
    "simulate": (("city",), ("population",), ("truth",), ("register",)),
    "charts": (("labels",), ("look",), ("register",), ("families",)),
    "report": (("parts",), ("view",), ("decision",), ("evidence",), ("method",)),
    "line": (("columns",), ("table",), ("delivered", "derived", "published"), ("tables",)),
}
# Files are opened here and nowhere else (besides readers of intake, report and batch; simulate
# writes an extract as a sender would).
OPENERS = {
    "tables",
    "private_lists",
    "reads",
    "records",
    "runs",
    "params",
    "ids",
    "disclosure",
    "intake",
    "report",
    "batch",
    "cli",
    "simulate",
    "project",
    "public",
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


def _name_of(path: Path) -> str:
    """A module by its full name, a folder by its own: evalkit.effects for effects/__init__.py."""
    parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@cache
def _imports() -> dict[str, set[str]]:
    """The modules of evalkit that each one imports, those for the types alone and those inside a
    function among them.
    """
    paths = {_name_of(path): path for _, path in _modules()}
    imports: dict[str, set[str]] = {}
    for name, path in paths.items():
        nodes = list(ast.walk(_tree(path)))
        named = {alias.name for n in nodes if isinstance(n, ast.Import) for alias in n.names}
        for node in nodes:
            if isinstance(node, ast.ImportFrom) and node.module:
                # What is imported from a folder may be a module in it.
                named |= {
                    inner if (inner := f"{node.module}.{alias.name}") in paths else node.module
                    for alias in node.names
                }
        imports[name] = (named & set(paths)) - {name, "evalkit"}
    return imports


def _room(name: str) -> str:
    return name.split(".")[1] if "." in name else "__init__"


def _room_inside(name: str) -> str:
    """The room inside a room in which a module lies; empty for the door."""
    room, _, module = name.removeprefix("evalkit.").partition(".")
    inside = module.split(".")[0]
    return inside if any(inside in floor for floor in FLOORS.get(room, ())) else ""


def _floor(name: str) -> int:
    floors = FLOORS[_room(name)]
    return next((i for i, rooms in enumerate(floors) if _room_inside(name) in rooms), len(floors))


def _circles(imports: dict[str, set[str]]) -> list[set[str]]:
    """The sets of modules that import each other, directly or round about."""
    reached = {name: set(direct) for name, direct in imports.items()}
    for middle in imports:
        for name in imports:
            if middle in reached[name]:
                reached[name] |= reached[middle]
    circles = {
        frozenset(other for other in reached[name] if name in reached[other])
        for name in imports
        if name in reached[name]
    }
    return [set(circle) for circle in circles]


def _called_names(tree: ast.AST) -> set[str]:
    calls = [node.func for node in ast.walk(tree) if isinstance(node, ast.Call)]
    return {
        call.attr if isinstance(call, ast.Attribute) else getattr(call, "id", "") for call in calls
    }


def test_a_room_imports_only_what_lies_below_it():
    too_high = {
        name: beyond
        for name, imported in _imports().items()
        if (beyond := {_room(other) for other in imported} - MAY_SEE[_room(name)] - {_room(name)})
    }

    assert too_high == {}


def test_inside_a_room_nobody_sees_what_lies_as_high_or_higher():
    too_high = {
        (name, other)
        for name, imported in _imports().items()
        for other in imported
        if _room(name) in FLOORS
        and _room(other) == _room(name)
        and _room_inside(other) != _room_inside(name)
        and _floor(other) >= _floor(name)
    }

    assert too_high == set()


def test_no_modules_import_each_other_in_a_circle():
    assert _circles(_imports()) == []


def test_files_are_opened_only_at_the_doors():
    opening = {
        path.relative_to(PACKAGE).as_posix(): names
        for room, path in _modules()
        if room not in OPENERS and (names := _called_names(_tree(path)) & OPENING_CALLS)
    }

    assert opening == {}


def test_every_room_of_the_package_is_in_the_house():
    rooms = {room for room, _ in _modules()}

    assert rooms == set(MAY_SEE)


def test_every_room_inside_a_room_has_its_floor():
    inside = {
        f"{room}/{path.name}"
        for room, _ in _modules()
        if (PACKAGE / room).is_dir()
        for path in (PACKAGE / room).iterdir()
        if (path / "__init__.py").exists()
    }

    floors = {
        f"{room}/{name}" for room, rooms in FLOORS.items() for floor in rooms for name in floor
    }
    assert inside <= floors
    assert all((PACKAGE / f"{module}.py").exists() for module in floors - inside)


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
        for path in shipped_notebooks()
        if ASKS_FOR_TRUTH.search(path.read_text(encoding="utf-8"))
    ]

    assert asking == ["09_known_truth.ipynb"]


def _loaded_by(statement: str) -> set[str]:
    """The modules that a new Python has after a statement."""
    command = f"import sys; {statement}; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", command], capture_output=True, text=True, check=True
    )
    return set(done.stdout.split())


def test_import_evalkit_loads_nothing_heavy():
    loaded = _loaded_by("import evalkit")

    assert not loaded & {"polars", "numpy", *HEAVY}


def test_importing_every_room_but_charts_loads_no_plotting_or_modelling_library():
    rooms = sorted(set(MAY_SEE) - {"__init__", "__main__", "cli", "charts", "monitoring"})

    loaded = _loaded_by("; ".join(f"import evalkit.{room}" for room in rooms))

    assert "evalkit.effects.answer.estimate" in loaded
    assert not loaded & {"altair", "statsmodels", "lifelines", "pandas", "papermill", "vl_convert"}


def test_importing_intake_builds_no_models_of_parameter_files():
    loaded = _loaded_by("import evalkit.intake")

    assert "evalkit.intake.admission.admit" in loaded
    assert not loaded & {"pydantic", "yaml", "jsonschema_rs"}


def test_importing_survival_loads_polars_and_numpy_alone():
    loaded = _loaded_by("import evalkit.survival")

    assert "evalkit.survival.regression.cox" in loaded
    assert not loaded & {*HEAVY, "pydantic", "yaml", "formulaic", "narwhals", "jupyter_client"}


def test_charts_load_altair_without_building_grammars():
    loaded = _loaded_by("import evalkit.charts, altair")

    assert "altair" in loaded
    assert not loaded & {"lark", "rfc3987_syntax"}
