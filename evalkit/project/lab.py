"""JupyterLab on a project: on this computer only, with the whole project in its file browser, and
opened on the notebook that says what to read in which order.
"""

import hashlib
import os
import sys
from collections.abc import Mapping
from pathlib import Path

from evalkit.errors import ParameterError
from evalkit.runs import NOTEBOOKS, is_project
from evalkit.tables import slug

_INDEX = "index.ipynb"
# What JupyterLab does unless whoever works in it has said otherwise: it asks nothing of the
# network, not even whether news may be fetched, and the pages that it exports do not either; what a
# kernel shows is encrypted on its way, so that nobody else on the computer reads it. What a
# user has set in JupyterLab itself comes before this, and none of it is written to.
_DEFAULTS = Path(__file__).parent / "jupyter"
_CONFIG_VARIABLE = "JUPYTER_CONFIG_PATH"


def find_project(folder: Path | str = ".") -> Path:
    """The project that a folder belongs to: the nearest one upwards with a folder of notebooks.

    Raises
    ------
    ParameterError
        If there is none.
    """
    here = Path(folder).resolve()
    for place in (here, *here.parents):
        if is_project(place):
            return place
    raise ParameterError(
        "This folder belongs to no project.",
        where=f"{here}: no folder {NOTEBOOKS}/ here or upwards",
        why="JupyterLab is opened on a project's notebooks.",
        fix="go to a project's folder, or write one with: evalkit new FOLDER",
    )


def lab_command(project: Path, *, port: int, with_browser: bool) -> list[str]:
    """The command that starts JupyterLab on a project, which this Python runs.

    Parameters
    ----------
    project : Path
        The project's folder, which the file browser shows.
    port : int
        The port; the next free one is taken where it is in use, and any for 0.
    with_browser : bool
        Whether a browser is opened.
    """
    first = [NOTEBOOKS, *([_INDEX] if (project / NOTEBOOKS / _INDEX).is_file() else [])]
    opened = "/".join(["/lab/workspaces", _workspace(project), "tree", *first])
    command = [sys.executable, "-m", "jupyterlab", "--ServerApp.ip=127.0.0.1"]
    command += [f"--ServerApp.port={port}", f"--ServerApp.root_dir={project}"]
    command += [f"--LabApp.default_url={opened}"]
    command += [] if with_browser else ["--no-browser"]
    # JupyterLab warns of servers that root opens to others; this one is for this computer alone.
    return [*command, *(["--allow-root"] if os.geteuid() == 0 else [])]


def _workspace(project: Path) -> str:
    """The name under which JupyterLab remembers what was open, which is each project's own."""
    path = hashlib.sha256(str(project).encode()).hexdigest()
    return f"{slug(project.name)}-{path[:8]}"


def lab_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """The environment of JupyterLab: what is set, and the defaults of evalkit beside it."""
    places = [str(_DEFAULTS), *filter(None, [environment.get(_CONFIG_VARIABLE)])]
    return {**environment, _CONFIG_VARIABLE: os.pathsep.join(places)}
