"""Links of pages that also lie in the repository: what has a page here is linked, the
rest is named."""

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sphinx.application import Sphinx

DOCS = Path(__file__).parents[1]
ROOT = DOCS.parent
# Files outside docs/, and the page that shows them.
SHOWN_BY = {"CHANGELOG.md": "changelog.md", "data_contracts/README.md": "reference/contracts.md"}
_LINK = re.compile(
    r"(?<!!)\[(?P<text>[^\]]+)\]\((?P<target>(?!https?:|#)[^)#]+)(?P<part>#[^)]*)?\)"
)


def follow_source(app: "Sphinx", docname: str, source: list[str]) -> None:
    """Mend the links of a page."""
    if app.env.doc2path(docname).suffix == ".md":
        page = DOCS / f"{docname}.md"
        source[0] = _mended(source[0], page, written_in=page)


def follow_included(_app: "Sphinx", path: Path, docname: str, source: list[str]) -> None:
    """Mend the links of a file that a page includes."""
    source[0] = _mended(source[0], DOCS / f"{docname}.md", written_in=(ROOT / path).resolve())


def _mended(text: str, page: Path, *, written_in: Path) -> str:
    def link(found: re.Match[str]) -> str:
        target = os.path.normpath(written_in.parent / found["target"])
        within = os.path.relpath(target, ROOT)
        shown = DOCS / SHOWN_BY[within] if within in SHOWN_BY else Path(target)
        if shown.suffix in (".md", ".rst") and shown.is_file() and shown.is_relative_to(DOCS):
            return f"[{found['text']}]({os.path.relpath(shown, page.parent)}{found['part'] or ''})"
        return f"{found['text']} (`{within}`)" if within not in found["text"] else found["text"]

    return _LINK.sub(link, text)
