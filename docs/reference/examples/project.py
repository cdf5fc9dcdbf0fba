"""Examples of the room project: a project of one's own, outside this folder."""

# %% setup
from pathlib import Path

from evalkit.project import new_project

# %% new_project, Project
# What `evalkit new` writes: contracts, notebooks, a run file and protocols in which every key is
# explained.
project = new_project(Path("city"), language="en")
project.run_file.name, len(project.files)
