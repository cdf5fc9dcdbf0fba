"""The letters about an extract, from its folder to the workbooks."""

from pathlib import Path
from typing import TYPE_CHECKING

from evalkit.intake.admission.admit import Admission, read_extract
from evalkit.intake.letters.faults import find_faults
from evalkit.intake.letters.workbook import write_workbooks

if TYPE_CHECKING:
    from evalkit.words import Words

# Rejected rows of each rule that an admission must list, so that letters can be written of it: many
# rows may break a rule by one value.
LISTED_FOR_LETTERS = 100_000


def write_letters(
    admission: Admission,
    extract_folder: Path | str,
    contracts_folder: Path | str,
    out: Path | str,
    *,
    mapping: Path | str | None = None,
    words: "Words",
) -> list[Path]:
    """Write to each sender what is to be mended in the files that they sent: letter_SENDER.xlsx, or
    letter.xlsx where the names of the files tell no senders apart.

    Parameters
    ----------
    admission : Admission
        What intake made of the extract, with `LISTED_FOR_LETTERS` rows listed per rule.
    extract_folder, contracts_folder, mapping : path
        As they were admitted.
    out : path
        The folder to write to.
    words : Words
        The words of the senders' language.

    Returns
    -------
    list of Path
        The letters; none where nothing is to be mended.

    Raises
    ------
    IntakeError
        If the extract cannot be read, or a cell that would be shown holds a personal number.
    """
    delivery, contracts, mapping_file, _ = read_extract(extract_folder, contracts_folder, mapping)
    faults = find_faults(admission, delivery, contracts, mapping_file, words)
    return write_workbooks(
        faults,
        admission.consequences,
        out,
        contracts=contracts,
        mapping=mapping_file,
        words=words,
    )
