"""Is the common process kept: papers, follow-ups, dose, absence, abilities; the private list."""

from evalkit.monitoring.process.abilities import ability_change, ability_ends
from evalkit.monitoring.process.episodes import PROCESS_TABLES, Process, common_process
from evalkit.monitoring.process.few import of_enough
from evalkit.monitoring.process.hours import ACTIVITY_TABLES, attended_hours, last_quarter
from evalkit.monitoring.process.kept import follow_ups_overdue, process_kept
from evalkit.monitoring.process.worklist import worklist, worklist_in_words, worklist_size

__all__ = [
    "ACTIVITY_TABLES",
    "PROCESS_TABLES",
    "Process",
    "ability_change",
    "ability_ends",
    "attended_hours",
    "common_process",
    "follow_ups_overdue",
    "last_quarter",
    "of_enough",
    "process_kept",
    "worklist",
    "worklist_in_words",
    "worklist_size",
]
