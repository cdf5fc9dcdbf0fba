"""Allocation: what to offer where, for whom, within budgets, places and equality limits; and what
another place or krona would give.
"""

from evalkit.allocation.city import allocate_city
from evalkit.allocation.constraints import Limits
from evalkit.allocation.marginal_return import marginal_returns
from evalkit.allocation.offers import (
    offers_from,
    settled_bookings,
    starts_per_year,
    value_per_start,
)
from evalkit.allocation.outreach import best_split, outreach_of_run, outreach_returns
from evalkit.allocation.pictures import plot
from evalkit.allocation.portfolio import allocate
from evalkit.allocation.register_offers import register_offers
from evalkit.allocation.shared_places import (
    joint_measures,
    place_exchange,
    settlement_list,
    yearly_settlement,
)
from evalkit.allocation.target_groups import by_target_group, refuse_undeclared

__all__ = [
    "Limits",
    "allocate",
    "allocate_city",
    "best_split",
    "by_target_group",
    "joint_measures",
    "marginal_returns",
    "offers_from",
    "outreach_of_run",
    "outreach_returns",
    "place_exchange",
    "plot",
    "refuse_undeclared",
    "register_offers",
    "settled_bookings",
    "settlement_list",
    "starts_per_year",
    "value_per_start",
    "yearly_settlement",
]
