"""The receipt of a pseudonymisation, to be archived: what was done, with which key, how many cells
of which columns, what stayed behind. No value and no id stands in it.
"""

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from evalkit import __version__
from evalkit.intake.admission.pseudonym_key import fingerprint
from evalkit.intake.admission.pseudonymise import CopiedFile, Pseudonymised

if TYPE_CHECKING:
    from evalkit.words import Words


def write_pseudonym_receipt(
    done: Pseudonymised,
    path: Path | str,
    *,
    key: bytes,
    made: datetime,
    words: "Words",
) -> Path:
    """Write what was done as a text; returns its path.

    Parameters
    ----------
    done : Pseudonymised
        What `pseudonymise` did.
    path : path
        The file to write; outside the folder that is handed on.
    key : bytes
        The key that was used, of which only the fingerprint is written.
    made : datetime
        When it was done.
    words : Words
        The words of the reader's language.

    Raises
    ------
    OSError
        If the file exists already or cannot be written.
    """
    lines = [
        words.text("pseudonyms.title"),
        "",
        words.text("pseudonyms.made", moment=f"{made:%Y-%m-%d %H:%M}", version=__version__),
        words.text("pseudonyms.how"),
        words.text("pseudonyms.key", fingerprint=fingerprint(key)),
        words.text("pseudonyms.nothing"),
    ]
    for file in done.files:
        lines += ["", *_of_file(file, words)]
    left_out = "; ".join(done.left_out) or words.text("pseudonyms.none")
    lines += ["", words.text("pseudonyms.left_out", files=left_out)]
    path = Path(path)
    # An archived receipt is never written over.
    with path.open("x", encoding="utf-8") as file:
        file.write("\n".join(lines) + "\n")
    return path


def _of_file(file: CopiedFile, words: "Words") -> list[str]:
    replaced = [
        words.text("pseudonyms.cells", column=column, n=words.number(n))
        for column, n in file.replaced.items()
    ]
    none = words.text("pseudonyms.none")
    lines = [
        words.text("pseudonyms.file", file=file.name, n_rows=words.number(file.n_rows)),
        words.text("pseudonyms.replaced", columns="; ".join(replaced) or none),
        words.text("pseudonyms.dropped", columns="; ".join(file.dropped) or none),
    ]
    if file.kept:
        lines.append(words.text("pseudonyms.kept", columns="; ".join(file.kept)))
    if file.n_emptied:
        lines.append(words.text("pseudonyms.emptied", n=words.number(file.n_emptied)))
    if file.n_sheets:
        lines.append(words.text("pseudonyms.sheets", n=words.number(file.n_sheets)))
    return [*lines, f"  sha256: {file.sha256}"]
