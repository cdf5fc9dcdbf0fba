"""The log of a public vintage, which a person reads and signs."""

from collections.abc import Sequence
from pathlib import Path

from evalkit.public.conditions import Check
from evalkit.public.register import LOG, PublicVintage

_LOG = """# {run}, public vintage {number}: {name}

Data to {month:%Y-%m}. Made public on {released} by {released_by}. It stays public as it is; what is
wrong in it is mended in the next one.

| what was checked | by which rule | result |
|---|---|---|
{checks}

## Exceptions

{exceptions}

## Whose numbers

{stands}

Signed: ______________________________  ({released_by})    Date: ______________
"""


def write_log(vintage: PublicVintage, folder: Path, checks: Sequence[Check]) -> None:
    """Write release.md of a vintage that is being put together in a folder."""
    text = _LOG.format(
        run=vintage.run,
        number=vintage.number,
        name=vintage.name,
        month=vintage.month,
        released=vintage.released,
        released_by=vintage.released_by,
        checks="\n".join(f"| {one.condition} | {one.rule} | {one.result} |" for one in checks),
        exceptions="\n".join(
            f"* {name}: {because} ({vintage.released_by})"
            for name, because in vintage.exceptions.items()
        )
        or "None.",
        stands="\n".join(
            f"* {district}: of this vintage"
            if name == vintage.name
            else f"* {district}: those of {name}, since fewer than five people's data have changed"
            for district, name in vintage.stands.items()
        ),
    )
    (folder / LOG).write_text(text, encoding="utf-8")
