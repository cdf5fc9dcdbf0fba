"""Spells: admitted months and periods become support spells, state intervals and intervention
episodes.
"""

from evalkit.spells.activity_quarter import activity_quarter
from evalkit.spells.after_support import after_support, after_support_counts
from evalkit.spells.before_after import before_after
from evalkit.spells.build import build_spells, of_city
from evalkit.spells.characteristics import spells_by_characteristic
from evalkit.spells.counts import exit_counts, people_counts
from evalkit.spells.cycling import count_loops, loop_counts
from evalkit.spells.duration_classes import long_term_classes, long_term_counts
from evalkit.spells.ended_participation import ended_participants, ended_participation
from evalkit.spells.episode_gaps import episode_gaps, gap_counts, plan_counts
from evalkit.spells.exit_bounds import exit_bounds, exit_curve_bounds
from evalkit.spells.exit_sources import exit_sources
from evalkit.spells.extent import Extent
from evalkit.spells.gap_sensitivity import gap_sensitivity, spells_by_gap
from evalkit.spells.monthly_counts import monthly_counts
from evalkit.spells.occupancy import (
    months_per_start,
    occupied_places,
    placed_starts,
    shared_places,
    starts_by_district,
)
from evalkit.spells.offer_counts import offer_counts
from evalkit.spells.overview import spell_counts
from evalkit.spells.states import build_state_intervals, state_sources
from evalkit.spells.streaming import stream_support_spells
from evalkit.spells.support import build_support_spells
from evalkit.spells.timeline import livelihood_collisions, timeline_faults
from evalkit.spells.treatment import build_episodes

__all__ = [
    "Extent",
    "activity_quarter",
    "after_support",
    "after_support_counts",
    "before_after",
    "build_episodes",
    "build_spells",
    "build_state_intervals",
    "build_support_spells",
    "count_loops",
    "ended_participants",
    "ended_participation",
    "episode_gaps",
    "exit_bounds",
    "exit_counts",
    "exit_curve_bounds",
    "exit_sources",
    "gap_counts",
    "gap_sensitivity",
    "livelihood_collisions",
    "long_term_classes",
    "long_term_counts",
    "loop_counts",
    "monthly_counts",
    "months_per_start",
    "occupied_places",
    "of_city",
    "offer_counts",
    "people_counts",
    "placed_starts",
    "plan_counts",
    "shared_places",
    "spell_counts",
    "spells_by_characteristic",
    "spells_by_gap",
    "starts_by_district",
    "state_sources",
    "stream_support_spells",
    "timeline_faults",
]
