"""Whether the common process is kept, who gets what, and where the money went: three questions
answered from rows that exist, and lists for the people who do the work.
"""

from evalkit.monitoring.accounts import (
    accounts_of,
    accounts_reconciled,
    cost_range_per_end,
    places_paid,
)
from evalkit.monitoring.areas import in_areas
from evalkit.monitoring.offer.offered import needs_and_offer
from evalkit.monitoring.offer.outreach_costs import outreach_costs
from evalkit.monitoring.programme import programme_actions, programme_reach, programme_themes
from evalkit.monitoring.registration.completeness import completeness
from evalkit.monitoring.steps.closer import coming_closer
from evalkit.monitoring.steps.next_steps import Followed

__all__ = [
    "Followed",
    "accounts_of",
    "accounts_reconciled",
    "coming_closer",
    "completeness",
    "cost_range_per_end",
    "in_areas",
    "needs_and_offer",
    "outreach_costs",
    "places_paid",
    "programme_actions",
    "programme_reach",
    "programme_themes",
]
