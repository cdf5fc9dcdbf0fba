"""What the theme leaves out for those who do not see a page or do not use a mouse (axe-core)."""

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sphinx.application import Sphinx

# What the pages hold, and what stands there instead; none of these is a part of its replacement.
MENDED = {
    '<p class="caption" role="heading">': '<p class="caption" role="heading" aria-level="2">',
    '<aside class="sidebar-drawer">': '<aside class="sidebar-drawer" aria-label="All pages">',
    '<aside class="toc-drawer">': '<aside class="toc-drawer" aria-label="On this page">',
    '<aside class="toc-drawer no-toc">': '<aside class="toc-drawer no-toc" aria-label="No list">',
    '<div class="table-wrapper colwidths': '<div tabindex="0" class="table-wrapper colwidths',
    '<div class="table-wrapper docutils': '<div tabindex="0" class="table-wrapper docutils',
    # Whether code scrolls depends on the window and the letters that the computer has.
    "<pre><span></span>": '<pre tabindex="0"><span></span>',
}


def mend(app: "Sphinx", fault: Exception | None) -> None:
    """Name landmarks and levels, and let tables and code that scroll be reached by the keyboard."""
    if fault is None and app.builder.format == "html":
        for path in Path(app.outdir).rglob("*.html"):
            text = path.read_text(encoding="utf-8")
            mended = text
            for there, instead in MENDED.items():
                mended = mended.replace(there, instead)
            if mended != text:
                path.write_text(mended, encoding="utf-8")
