"""Who sent a file: what its name says behind the table's, years and months aside."""

import re
from fnmatch import fnmatch
from pathlib import Path

from evalkit.intake.contracts.mapping import MappingFile
from evalkit.intake.reading.record_layout import PREFIX
from evalkit.line.delivered import REGISTRATION_BOOK

_PERIODS = re.compile(r"[0-9]+|[-_ .]+")


def sender_of(file: str, table: str, mapping: MappingFile) -> str:
    """The sender of a file: the one whose pattern in the mapping file it fits, else what stands
    behind the table in its name ("person_norr_2026.csv": norr); empty where nothing does.
    """
    for sender, patterns in mapping.senders.items():
        if any(fnmatch(file, pattern) for pattern in patterns):
            return sender
    stem = Path(file).stem
    behind = next(
        (
            stem.removeprefix(start)
            for start in (table, PREFIX, REGISTRATION_BOOK)
            if stem.startswith(start)
        ),
        "",
    )
    return "_".join(part for part in _PERIODS.split(behind) if part)
