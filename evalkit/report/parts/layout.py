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
# Spaces of a style sheet that divide nothing: those in a selector or a value stay.
_SPACES = re.compile(r"\s*([{};,])\s*|(?<=:)\s+(?=[^{}]*[;}])")
# Letters on a coloured ground: of these two, that which stands out more has 4.5 to 1 on any colour.
_INKS = ("#ffffff", "#000000")
_WEIGHTS = (0.2126, 0.7152, 0.0722)  # how bright the eye sees red, green and blue


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
    return Markup(_SPACES.sub(r"\1", text).strip())


@cache
def script(kind: str) -> Markup:
    """The script of a kind of page: the files of the folder script and those of the kind's own, in
    the order of their names, without indentation and comments between stars. Each is a function
    that calls itself, and does nothing where its part of the page is absent.
    """
    text = "\n".join(_text(name) for name in (*_names("script", ".js"), *_names(kind, ".js")))
    return Markup(_BREAK.sub("\n", _COMMENT.sub("", text)).strip())


@cache
def script_hash(kind: str) -> str:
    """The hash under which a content security policy lets the script of a kind of page run."""
    digest = hashlib.sha256(script(kind).encode("utf-8")).digest()
    return "sha256-" + base64.b64encode(digest).decode("ascii")


def contrast(one: str, other: str) -> float:
    """The contrast of two colours (#rrggbb), 1 to 21, as the guidelines for accessible pages
    measure it (WCAG 2.2, contrast ratio).
    """
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def _colours() -> str:
    """The colours of payers and outcomes, on light ground and on dark, as custom properties
    (--payer-state, --exit-work) with that of the letters on them (--on-payer-state). The classes
    of-state and to-work make them the colour (--c) and the letters (--on-c) of a mark.
    """
    kinds = (("of", "payer", PAYER_LOOKS), ("to", "exit", LOOKS))
    light, dark, classes = "", "", ""
    for prefix, kind, looks in kinds:
        for name, look in looks.items():
            own = f"{kind}-{name.replace('_', '-')}"
            light += _colour_and_ink(own, look.colour)
            dark += _colour_and_ink(own, look.on_dark)
            classes += f".{prefix}-{name}{{--c:var(--{own});--on-c:var(--on-{own})}}"
    return (
        f":root{{{light}}}\n@media screen and (prefers-color-scheme: dark){{:root{{{dark}}}}}\n"
        f"{classes}\n"
    )


def _colour_and_ink(name: str, colour: str) -> str:
    ink = max(_INKS, key=lambda ink: contrast(ink, colour))
    return f"--{name}:{colour};--on-{name}:{ink};"


def _luminance(colour: str) -> float:
    channels = (int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5))
    linear = (
        channel / 12.92 if channel <= 0.04045 else ((channel + 0.055) / 1.055) ** 2.4
        for channel in channels
    )
    return sum(weight * channel for weight, channel in zip(_WEIGHTS, linear, strict=True))


def _in_single_quotes(text: str) -> Markup:
    """A text as the value of an attribute in single quotes: JSON is full of the double ones."""
    return Markup(text.replace("&", "&amp;").replace("'", "&#39;").replace("<", "&lt;"))


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
    environment.filters["in_single_quotes"] = _in_single_quotes
    return environment
