"""Whether a page shows a number of people otherwise than it was published."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from evalkit.disclosure.published import Published
from evalkit.line.columns import is_counted

_ADDRESSED = re.compile(
    r'data-table="(?P<table>[^"]*)" data-row="(?P<row>\d+)" data-col="(?P<col>[^"]*)"[^>]*>'
    r"(?P<text>[^<]*)<"
)
_NUMBER = re.compile(r"\d+")


def otherwise_than_published(
    site: Path, tables: Mapping[str, Published]
) -> Iterator[tuple[str, str, str]]:
    """The numbers of pages that carry an address and are not what stands there.

    Yields
    ------
    tuple of (str, str, str)
        The page, the address, and what is wrong.
    """
    for page in sorted(site.rglob("*.html")):
        for found in _ADDRESSED.finditer(page.read_text(encoding="utf-8")):
            name, column, row = found["table"], found["col"], int(found["row"])
            table = tables.get(name)
            address = f"{name}, row {row}: {column}"
            if table is None or row >= table.data.height or column not in table.data.columns:
                yield page.name, address, "nothing is published there"
            elif is_counted(column) and found["text"].strip():
                shown = "".join(_NUMBER.findall(found["text"]))
                value = table.data[column][row]
                if shown and shown != ("02" if value == 0 else str(round(value or 0))):
                    yield page.name, address, "another number stands in the page"
