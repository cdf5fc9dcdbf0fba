"""Where the money went: budget, bookings, places and reported shares reconciled."""

from evalkit.line.accounts import accounts_of
from evalkit.monitoring.accounts.money import accounts_reconciled, places_paid
from evalkit.monitoring.accounts.places import cost_range_per_end

__all__ = ["accounts_of", "accounts_reconciled", "cost_range_per_end", "places_paid"]
