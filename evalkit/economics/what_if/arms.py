"""What-if: two arms of a cohort by declared monthly transition probabilities, valued by the same
ledger as an estimated effect.
"""

from pathlib import Path

import numpy as np
from pydantic import Field

from evalkit.economics.ledger.effect_paths import ARMS, EVERYBODY, EffectPath
from evalkit.economics.what_if.projection import cohort_trace
from evalkit.errors import ParameterError, first_few, nearest
from evalkit.line.states import OUTCOMES
from evalkit.records import Record, load
from evalkit.vocabulary import Grade, Text

Rates = dict[str, dict[str, float]]
ESTIMAND = "what_if"


class Phase(Record):
    """A time in which transition probabilities hold."""

    months: int | None = Field(
        None, ge=1, description="How many months it lasts; without it to the end. Months."
    )
    transitions: Rates = Field(
        description="Transition probabilities a month, by the state before and the state after;"
        " what is left stays in the state."
    )


class WhatIf(Record):
    """A cohort in two arms (params/what_if/NAME.yaml)."""

    what_if: str = Field(description="The cohort's name.")
    intervention_id: str = Field("what_if", description="The intervention that the treated start.")
    title: Text = Field(description="What pages call it, by language.")
    source: str = Field(description="From whom its numbers are.")
    grade: Grade = Field(
        description="How sure: H read at the responsible authority or in an official table, M "
        "second-hand or derived, L general knowledge or illustrative."
    )
    horizon_months: int = Field(60, ge=1, description="How long the cohort is followed. Months.")
    programme_months: float = Field(
        gt=0, description="How long the treated fill a place, on average. Months."
    )
    initial: dict[str, float] = Field(
        description="The share of people in each state at the start; they sum to one."
    )
    comparison: tuple[Phase, ...] = Field(
        description="The phases of those who do not start, one after the other."
    )
    treated: tuple[Phase, ...] = Field(
        description="The phases of those who start, one after the other."
    )

    @property
    def states(self) -> list[str]:
        """Every state that somebody is in at the start, or that a phase names."""
        states = set(self.initial)
        for phase in (*self.comparison, *self.treated):
            for start, moves in phase.transitions.items():
                states |= {start, *moves}
        return sorted(states)


def load_what_if(path: Path | str) -> WhatIf:
    """Read a cohort.

    Raises
    ------
    ParameterError
        If a field is unknown, missing or mistyped, or states, phases or probabilities do not fit;
        names the file and the place.
    """
    cohort = load(path, WhatIf)
    refuse_unfit(cohort, str(path))
    return cohort


def cohort_path(cohort: WhatIf, *, wait_months: int = 0) -> EffectPath:
    """Both arms' shares in each state by month, as an effect with a point estimate alone.

    Parameters
    ----------
    cohort : WhatIf
        The cohort.
    wait_months : int
        Months in which the treated arm waits, moving as the comparison does, before its phases
        begin; fewer than the horizon.
    """
    states = cohort.states
    initial = np.array([cohort.initial.get(state, 0.0) for state in states])
    matrices = {
        "comparison": _matrices(cohort.comparison, states, cohort.horizon_months),
        "treated": _matrices(cohort.treated, states, cohort.horizon_months),
    }
    kept = cohort.horizon_months - wait_months
    matrices["treated"] = np.concatenate(
        [matrices["comparison"][:wait_months], matrices["treated"][:kept]]
    )
    traces = [cohort_trace(initial, matrices[arm], cohort.horizon_months)[1:].T for arm in ARMS]
    keys = {
        "district": EVERYBODY,
        "intervention_id": cohort.intervention_id,
        "protocol_hash": cohort.what_if,
        "estimand": ESTIMAND,
        "subgroup": EVERYBODY,
        "source": "what_if",
    }
    months = np.arange(cohort.horizon_months) - wait_months
    in_programme = np.where(months >= 0, np.clip(cohort.programme_months - months, 0.0, 1.0), 0.0)
    nobody = np.zeros(cohort.horizon_months)
    participation = {
        driver: np.stack([nobody, treated])[None, :, None]
        for driver, treated in (
            ("programme_months", in_programme),
            ("programme_starts", (months == 0).astype(float)),
        )
    }
    return EffectPath(
        keys,
        np.array([0]),
        states,
        np.stack(traces)[None],
        n_effective=0,
        programmes=[cohort.intervention_id],
        participation=participation,
    )


def _matrices(phases: tuple[Phase, ...], states: list[str], n_months: int) -> np.ndarray:
    index = {state: i for i, state in enumerate(states)}
    months = []
    for phase in phases:
        matrix = np.eye(len(states))
        for start, moves in phase.transitions.items():
            for to, probability in moves.items():
                matrix[index[start], index[to]] += probability
                matrix[index[start], index[start]] -= probability
        months += [matrix] * (phase.months or n_months)
    return np.array(months[:n_months])


def refuse_unfit(cohort: WhatIf, file: str) -> None:
    """Raise unless a cohort can be followed; `file` is named.

    Raises
    ------
    ParameterError
        If shares or probabilities do not sum to one, phases do not follow each other, or a state is
        none that people can be in.
    """
    faults = [
        f"state {state} ({nearest(state, OUTCOMES)})"
        for state in cohort.states
        if state not in OUTCOMES
    ]
    if abs(sum(cohort.initial.values()) - 1) > 1e-9 or min(cohort.initial.values(), default=-1) < 0:
        faults.append("initial (the shares do not sum to one)")
    for arm in ("comparison", "treated"):
        phases = getattr(cohort, arm)
        if (
            not phases
            or any(phase.months is None for phase in phases[:-1])
            or phases[-1].months is not None
        ):
            faults.append(f"{arm} (every phase but the last has months, the last has none)")
        for n, phase in enumerate(phases, 1):
            for state, moves in phase.transitions.items():
                if min(moves.values(), default=0) < 0 or sum(moves.values()) > 1 + 1e-9:
                    faults.append(
                        f"{arm} phase {n}, from {state} (the probabilities come to "
                        f"{sum(moves.values()):.4g}, or one is below 0)"
                    )
    if faults:
        raise ParameterError(
            f"A what-if cohort that cannot be followed: {len(faults)} faults.",
            where=f"{file}: {first_few(faults, 4)}",
            why="Everybody is in exactly one state each month; nobody vanishes.",
            fix="mend the states, the shares, the phases or the probabilities.",
        )


def refuse_wait(wait_months: int, cohort: WhatIf, where: str) -> None:
    """Raise unless a wait ends before the cohort's horizon; `where` names the file.

    Raises
    ------
    ParameterError
        If nobody would have started by the horizon.
    """
    if wait_months >= cohort.horizon_months:
        raise ParameterError(
            f"A wait of {wait_months} months, and the cohort is followed for "
            f"{cohort.horizon_months}.",
            where=f"{where}, wait_months",
            why="Nobody would have started by the horizon, so there is nothing to compare.",
            fix="shorten the wait, or lengthen horizon_months of the cohort.",
        )
