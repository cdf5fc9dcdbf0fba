"""Where the files lie that come with evalkit: contracts and mappings, notebooks, parameters and the
example.

They lie beside the package where it runs from source, and inside it where it was installed; what
one of them says of another's place holds in both.
"""

from pathlib import Path

_PACKAGE = Path(__file__).parent
# As pyproject.toml lays them into the wheel.
_INSTALLED = _PACKAGE / "files"
# What a researcher writes in notebooks/explore/: git, tests and new projects leave it alone.
OWN_NOTEBOOKS = "my_*"


def shipped(*parts: str) -> Path:
    """The path of a file or folder that comes with evalkit: shipped("params", "rates")."""
    root = _INSTALLED if _INSTALLED.is_dir() else _PACKAGE.parent
    return root.joinpath(*parts)


def shipped_notebooks(*folders: str) -> list[Path]:
    """The notebooks that come with evalkit, of these folders or of all, by name; those of whoever
    works there (my_*) are none of them.
    """
    return sorted(
        path
        for folder in folders or ("**",)
        for path in shipped("notebooks").glob(f"{folder}/*.ipynb")
        if not path.match(OWN_NOTEBOOKS) and ".ipynb_checkpoints" not in path.parts
    )


def here_or_shipped(path: Path | str) -> Path:
    """A path as it was given; where nothing is there, the one of that name that comes with
    evalkit, if there is one.
    """
    path = Path(path)
    if path.exists() or path.is_absolute():
        return path
    own = shipped(*path.parts)
    return own if own.exists() else path
