"""The decision report: pages that a district director can read offline, in any language, with
every number traced to its table.
"""

from evalkit.report.design_page import trial_in_words, write_trial_page
from evalkit.report.missing import districts_without_report, write_stand_in
from evalkit.report.notebook_text import in_words
from evalkit.report.own_page import page
from evalkit.report.site import (
    write_district_pages,
    write_intervention_pages,
    write_overviews,
    write_programme,
)

__all__ = [
    "districts_without_report",
    "in_words",
    "page",
    "trial_in_words",
    "write_district_pages",
    "write_intervention_pages",
    "write_overviews",
    "write_programme",
    "write_stand_in",
    "write_trial_page",
]
