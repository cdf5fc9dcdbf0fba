"""Verdicts on a page: the words for a probability are the same everywhere, and each verdict is
marked, so that a test can read whether a page contradicts itself.
"""

from collections.abc import Sequence

from markupsafe import Markup

from evalkit.report.parts.numbers import Row
from evalkit.vocabulary import Band, band_of


def marked(
    text: Markup | str, *, question: str, subject: Sequence[str], horizon: int, band: Band
) -> Markup:
    """A verdict with what it answers: the question, about what, up to which month, and the band
    that it says.

    Two verdicts with the same question and subject on one page must say the same; a test reads all
    pages for it.
    """
    return Markup(
        '<span class="verdict" data-question="{}" data-subject="{}" data-horizon="{}" '
        'data-band="{}">{}</span>'
    ).format(question, "/".join(subject), horizon, band, text)


def band_of_months(row: Row) -> Band:
    """What a difference in months is called: of one that is none as shown nothing is sure."""
    return band_of(row["probability_positive"]) if row["difference"] else "unclear"


def pays(text: Markup | str, row: Row, column: str) -> Markup:
    """A verdict on whether money comes back to somebody: `column` is its probability in a row of
    district, intervention_id and perspective.
    """
    subject = (row["district"], row["intervention_id"], row["perspective"])
    return marked(
        text,
        question="pays",
        subject=subject,
        horizon=row["horizon_months"],
        band=band_of(row[column]),
    )
