"""The decision report: pages in Swedish and English that a district director can read offline, with
every number traced to its table.
"""

from evalkit.report.language import Words, words
from evalkit.report.page import (
    write_district_page,
    write_district_pages,
    write_index,
    write_overview,
    write_overviews,
)
from evalkit.report.run_texts import refuse_missing_words, words_of_run
from evalkit.report.said import in_words

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
