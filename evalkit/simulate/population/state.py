"""Where people of a simulated city are at the end of a month, what a month brought them, and the
codes for both.

A latent livelihood is what somebody lives in or needs; what the tables show of it is
Process.observed.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np

LATENT = (
    "support",
    "work",
    "studies",
    "subsidised_work",
    "sheltered_work",
    "training",
    "sickness_benefit",
    "pension",
    "dead",
    "moved",
    "other",
    "absent",
)
(
    SUPPORT,
    WORK,
    STUDIES,
    SUBSIDISED,
    SHELTERED,
    TRAINING,
    SICKNESS,
    PENSION,
    DEAD,
    MOVED,
    OTHER,
    ABSENT,
) = range(len(LATENT))
UNKNOWN = 255
NO_PROGRAMME = -1
NEVER = -(2**14)
BRIDGED_GAP_MONTHS = 2
END_REASONS = (
    "work", "studies", "benefit", "job_centre", "other_activity", "completed", "dropped_out",
    "moved_or_died", "support_ended",
)  # fmt: skip
BENEFIT_STATES = (SICKNESS, PENSION)


@dataclass
class State:
    """Where everybody is at the end of a month; the process writes into it. Months count from the
    city's first month.

    latent : position in LATENT (need of support counts as support, whether or not the household was
    paid); since : month it was entered; spell_start, last_paid : of the running or last support
    spell; programme : position among interventions or NO_PROGRAMME; gain : (n, 3) added to log
    rates into work, studies and benefits; is_joint : the couple still shares a household; has_begun
    : (n, interventions) whether the person has ever begun each of them; months_worked : in the
    months of the tables so far.
    """

    latent: np.ndarray
    since: np.ndarray
    spell_start: np.ndarray
    last_paid: np.ndarray
    is_paid: np.ndarray
    programme: np.ndarray
    programme_start: np.ndarray
    programme_end: np.ndarray
    gain: np.ndarray
    district: np.ndarray
    is_joint: np.ndarray
    has_begun: np.ndarray
    months_worked: np.ndarray

    def take(self, rows: np.ndarray | slice) -> "State":
        """A copy of some people's state."""
        return State(
            **{field.name: getattr(self, field.name)[rows].copy() for field in fields(self)}
        )

    @staticmethod
    def joined(states: Sequence["State"]) -> "State":
        """The states of several groups of people, one after the other."""
        return State(
            **{
                field.name: np.concatenate([getattr(state, field.name) for state in states])
                for field in fields(State)
            }
        )


@dataclass(frozen=True)
class Events:
    """What a month brought: rows that started (with the intervention) and rows whose programme
    ended (which, when begun, why).
    """

    started: np.ndarray
    started_in: np.ndarray
    planned_end: np.ndarray
    ended: np.ndarray
    ended_in: np.ndarray
    ended_begun: np.ndarray
    reason: np.ndarray


@dataclass(frozen=True)
class Arm:
    """What a truth run imposes: the intervention each row must start now, or may not start
    (NO_PROGRAMME: nothing imposed).
    """

    forced: np.ndarray
    blocked: np.ndarray
