"""A project outside evalkit's own folder: contracts, notebooks, a run file and protocols in which
every key is explained, and, from exports that are at hand, a first guess at all of them.
"""

from evalkit.project.write import Project, new_project

__all__ = ["Project", "new_project"]
