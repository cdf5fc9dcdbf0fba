"""The decision report: pages that a district director can read offline, in any language, with
every number traced to its table.
"""

from evalkit.report.notebook_text import in_words
from evalkit.report.page import (
    write_district_page,
    write_district_pages,
    write_index,
    write_overview,
    write_overviews,
)
from evalkit.words import Words, refuse_missing_words, words, words_of_run

__all__ = [
    "Words",
    "in_words",
    "refuse_missing_words",
    "words",
    "words_of_run",
    "write_district_page",
    "write_district_pages",
    "write_index",
    "write_overview",
    "write_overviews",
]
