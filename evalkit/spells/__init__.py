"""Spells: admitted months and periods become support spells, state intervals and intervention episodes."""

from evalkit.spells.build import build_spells, of_city
from evalkit.spells.counts import exit_counts, people_counts
from evalkit.spells.occupancy import occupied_places, shared_places
from evalkit.spells.states import build_state_intervals
from evalkit.spells.support import build_support_spells, last_month_with_known_exits
from evalkit.spells.treatment import build_episodes

__all__ = [
    "build_episodes",
    "build_spells",
    "build_state_intervals",
    "build_support_spells",
    "exit_counts",
    "last_month_with_known_exits",
    "occupied_places",
    "of_city",
    "people_counts",
    "shared_places",
]
