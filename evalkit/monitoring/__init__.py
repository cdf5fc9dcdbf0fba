"""Whether the common process is kept, who gets what, where the money went, and whether what was
told of months ahead came true: questions answered from rows that exist, and lists for the people
who do the work.
"""

from evalkit.monitoring.access.access_tables import access_tables
from evalkit.monitoring.accounts import (
    accounts_of,
    accounts_reconciled,
    cost_range_per_end,
    places_paid,
)
from evalkit.monitoring.areas import by_area, in_areas
from evalkit.monitoring.forecasts import (
    Earlier,
    earlier_record,
    forecast_outcomes,
    forecast_record,
    forecast_scores,
    forecasts,
    record_in,
)
from evalkit.monitoring.offer.offered import needs_and_offer
from evalkit.monitoring.offer.outreach_costs import outreach_costs
from evalkit.monitoring.process import (
    ACTIVITY_TABLES,
    PROCESS_TABLES,
    ability_change,
    ability_ends,
    attended_hours,
    common_process,
    follow_ups_overdue,
    last_quarter,
    of_enough,
    process_kept,
    worklist,
    worklist_in_words,
    worklist_size,
)
from evalkit.monitoring.programme import programme
from evalkit.monitoring.registration.completeness import completeness
from evalkit.monitoring.steps.closer import coming_closer
from evalkit.monitoring.steps.next_steps import Followed

__all__ = [
    "ACTIVITY_TABLES",
    "PROCESS_TABLES",
    "Earlier",
    "Followed",
    "ability_change",
    "ability_ends",
    "access_tables",
    "accounts_of",
    "accounts_reconciled",
    "attended_hours",
    "by_area",
    "coming_closer",
    "common_process",
    "completeness",
    "cost_range_per_end",
    "earlier_record",
    "follow_ups_overdue",
    "forecast_outcomes",
    "forecast_record",
    "forecast_scores",
    "forecasts",
    "in_areas",
    "last_quarter",
    "needs_and_offer",
    "of_enough",
    "outreach_costs",
    "places_paid",
    "process_kept",
    "programme",
    "record_in",
    "worklist",
    "worklist_in_words",
    "worklist_size",
]
