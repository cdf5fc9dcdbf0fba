"""Templates on their way into a page: markup from records, the style sheet, and the one script.

Style sheets and scripts lie beside the templates, one file for each part of a page; a page carries
them joined. The script stands in the page under its hash, which its content security policy names:
nothing else runs.
"""

import base64
import hashlib
import re
from functools import cache
from importlib.resources import files
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from evalkit.line.actors import PAYER_LOOKS
from evalkit.line.states import LOOKS
from evalkit.words import with_soft_hyphens

_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
_BREAK = re.compile(r"\s*\n\s*")


def render(name: str, **values: Any) -> Markup:
    """The markup of a template of the report, filled.

    Parameters
    ----------
    name : str
        The template: "decision/answer.html.j2".
    **values
        What it speaks of; plain text is escaped, markup stands as it is.

    Raises
    ------
    jinja2.UndefinedError
        If the template asks for a value that it was not given.
    """
    return Markup(_environment().get_template(name).render(**values))


@cache
def style(kind: str) -> Markup:
    """The style sheet of a kind of page: what all pages share, then the kind's own files (folder
    `decision`, or style/KIND.css), in the order of their names.
    """
    own = [*_names("style", f"{kind}.css"), *_names(kind, ".css")]
    sheets = [_text("style/page.css"), *(_text(name) for name in own)]
    text = _COMMENT.sub("", _colours() + "\n".join(sheets))
    return Markup(_BREAK.sub("\n", text).strip())


@cache
def script() -> Markup:
    """The script of every page: the files of the folder script, in the order of their names. Each
    is a function that calls itself, and does nothing where its part of the page is absent.
    """
    return Markup("\n".join(_text(name).strip() for name in _names("script", ".js")))


@cache
def script_hash() -> str:
    """The hash under which a content security policy lets the script run."""
    digest = hashlib.sha256(script().encode("utf-8")).digest()
    return "sha256-" + base64.b64encode(digest).decode("ascii")


def _colours() -> str:
    """The colours of payers and outcomes as custom properties, --payer-state and --exit-work, on
    light ground and on dark, and a class for the marks of each payer: of-state.
    """
    looks = {
        **{f"--payer-{name}": look for name, look in PAYER_LOOKS.items()},
        **{f"--exit-{name}": look for name, look in LOOKS.items()},
    }
    named = {name.replace("_", "-"): look for name, look in looks.items()}
    light = "".join(f"{name}:{look.colour};" for name, look in named.items())
    dark = "".join(f"{name}:{look.on_dark};" for name, look in named.items())
    marks = "".join(
        f".of-{payer}{{--c:var(--payer-{payer.replace('_', '-')})}}" for payer in PAYER_LOOKS
    )
    return (
        f":root{{{light}}}\n@media screen and (prefers-color-scheme: dark){{:root{{{dark}}}}}\n"
        f"{marks}\n"
    )


def _names(folder: str, ending: str) -> list[str]:
    place = _templates() / folder
    if not place.is_dir():
        return []
    return sorted(f"{folder}/{file.name}" for file in place.iterdir() if file.name.endswith(ending))


def _text(name: str) -> str:
    return (_templates() / name).read_text(encoding="utf-8")


def _templates():
    return files("evalkit.report") / "templates"


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("evalkit.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["with_soft_hyphens"] = with_soft_hyphens
    return environment
