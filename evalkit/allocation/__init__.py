"""Allocation: what to offer where, for whom, within budgets, places and equality limits; and what
another place or krona would give.
"""

from evalkit.allocation.city import CityAllocation, allocate_city
from evalkit.allocation.marginal_return import marginal_returns
from evalkit.allocation.offers import budgets_now, offers_from, priced, starts_per_year, worth_of
from evalkit.allocation.place_exchange import exchange_of, joint_measures, settlement_list
from evalkit.allocation.portfolio import Limits, Portfolio, allocate
from evalkit.allocation.target_groups import GroupOffers, by_target_group, refuse_undeclared

__all__ = [
    "CityAllocation",
    "GroupOffers",
    "Limits",
    "Portfolio",
    "allocate",
    "allocate_city",
    "budgets_now",
    "by_target_group",
    "exchange_of",
    "joint_measures",
    "marginal_returns",
    "offers_from",
    "priced",
    "refuse_undeclared",
    "settlement_list",
    "starts_per_year",
    "worth_of",
]
