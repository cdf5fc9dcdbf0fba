"""What Sphinx cannot know by itself: directives that write the reference from the code, with
examples that are executed while the pages are built.
"""

from typing import TYPE_CHECKING, Any

from pages.accessible import mend
from pages.commands import Commands, ExitCodes
from pages.differences import Differences
from pages.formulas import block_formula, inline_formula
from pages.keys import Keys
from pages.links import follow_included, follow_source
from pages.rooms import Room, without_signature

if TYPE_CHECKING:
    from sphinx.application import Sphinx


def setup(app: "Sphinx") -> dict[str, Any]:
    """Register the directives, the formulas and what is said of records."""
    for name, directive in {
        "room": Room,
        "commands": Commands,
        "exit-codes": ExitCodes,
        "keys": Keys,
        "differences": Differences,
    }.items():
        app.add_directive(name, directive)
    app.add_html_math_renderer(
        "mathml", inline_renderers=(inline_formula, None), block_renderers=(block_formula, None)
    )
    app.connect("source-read", follow_source)
    app.connect("include-read", follow_included)
    app.connect("build-finished", mend)
    app.connect("autodoc-process-signature", without_signature)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
