"""JupyterLab on a project: on this computer only, with the whole project in its file browser, and
opened on the notebook that says what to read in which order.
"""

import os
import sys
from collections.abc import Mapping
from pathlib import Path

from evalkit.errors import ParameterError

_NOTEBOOKS = "notebooks"
_INDEX = "index.ipynb"
# What JupyterLab does unless whoever works in it has said otherwise: it asks nothing of the
# network, not even whether news may be fetched, and the pages that it exports do not either. A
# user's own settings come before these and are not written to.
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
        if (place / _NOTEBOOKS).is_dir():
            return place
    raise ParameterError(
        "This folder belongs to no project.",
        where=f"{here}: no folder {_NOTEBOOKS}/ here or upwards",
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
    first = [_NOTEBOOKS, *([_INDEX] if (project / _NOTEBOOKS / _INDEX).is_file() else [])]
    command = [sys.executable, "-m", "jupyterlab", "--ServerApp.ip=127.0.0.1"]
    command += [f"--ServerApp.port={port}", f"--ServerApp.root_dir={project}"]
    command += [f"--LabApp.default_url=/lab/tree/{'/'.join(first)}"]
    command += [] if with_browser else ["--no-browser"]
    # JupyterLab warns of servers that root opens to others; this one is for this computer alone.
    return [*command, *(["--allow-root"] if os.geteuid() == 0 else [])]


def lab_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """The environment of JupyterLab: what is set, and the defaults of evalkit beside it."""
    places = [str(_DEFAULTS), *filter(None, [environment.get(_CONFIG_VARIABLE)])]
    return {**environment, _CONFIG_VARIABLE: os.pathsep.join(places)}
