"""Effect draws as arrays: one subgroup, every draw complete, recycled to the number of draws wanted
and projected by decay.

Whoever hands the draws on chooses the estimand, one for each intervention (`effects.primary_draws`:
that of its protocol's first comparison); a run shows several subgroups, and the ledger values one
of them and never adds them. Month 0 is the state before time zero.
"""

from dataclasses import dataclass, field, replace

import numpy as np
import polars as pl

from evalkit.draws import parted, to_cube
from evalkit.errors import EstimationError, first_few, nearest
from evalkit.line.states import PAID_AS
from evalkit.line.tables import table
from evalkit.tables import conform

EFFECT_KEYS = table("effect_status").keys
ARMS = ("comparison", "treated")
EVERYBODY = "all"
# Shares of people are sums of a few hundred weights; their rounding stays far below this.
PROBABILITY_TOLERANCE = 1e-8
LEAST_DECISION_DRAWS = 1000


@dataclass(frozen=True)
class EffectPath:
    """One district and intervention.

    `draws`: numbers of the draws, shape (n,). `probabilities`: (draw, arm, state, month 1..h), arms
    in the order of `ARMS`. `programmes`: interventions that people of either arm take part in.
    `participation`: by driver of the price book, the shares that take part in or start each of
    them, (draw, arm, programme, month 1..h); both empty where the book does not ask.
    """

    keys: dict[str, str]
    draws: np.ndarray
    states: list[str]
    probabilities: np.ndarray
    n_effective: int | None = None
    programmes: list[str] = field(default_factory=list)
    participation: dict[str, np.ndarray] = field(default_factory=dict)

    def taken(self, positions: np.ndarray, *, n_effective: int | None) -> "EffectPath":
        """The draws at some positions, in that order, numbered anew from 0."""
        return replace(
            self,
            draws=np.arange(len(positions)),
            probabilities=self.probabilities[positions],
            n_effective=n_effective,
            participation={
                driver: shares[positions] for driver, shares in self.participation.items()
            },
        )

    @property
    def n_months(self) -> int:
        return self.probabilities.shape[-1]

    @property
    def n_replicates(self) -> int:
        """Distinct replicates beside the point estimate: the effective number of draws of the
        effect.
        """
        return int(np.sum(self.draws > 0)) if self.n_effective is None else self.n_effective

    def difference(self) -> np.ndarray:
        """Treated minus comparison: (draw, state, month)."""
        return (
            self.probabilities[:, ARMS.index("treated")]
            - self.probabilities[:, ARMS.index("comparison")]
        )


def effect_paths(effect_draws: pl.DataFrame, *, subgroup: str = EVERYBODY) -> list[EffectPath]:
    """The effects of one subgroup as arrays, refused unless every draw, arm, state and month is
    there once.

    Parameters
    ----------
    effect_draws : DataFrame
        The table effect_draws, one estimand for each intervention.
    subgroup : str
        Which rows are valued; those of other subgroups are left out.

    Raises
    ------
    EstimationError
        If an intervention has several estimands; if the table holds effects, yet none of that
        subgroup; if draws are incomplete or do not sum to one.
    """
    conform(effect_draws.head(0), "effect_draws")
    draws = effect_draws.cast(table("effect_draws").schema)
    is_chosen = draws["subgroup"] == subgroup
    chosen = draws if is_chosen.all() else draws.filter(is_chosen)
    _refuse_several_estimands(chosen)
    if chosen.is_empty() and not draws.is_empty():
        _refuse_absent(draws, subgroup)
    return [_complete(keys, group) for keys, group in parted(chosen, EFFECT_KEYS).items()]


def n_joint_draws(paths: list[EffectPath], wanted: int | None) -> tuple[int, int]:
    """How many joint draws make ranges, and how many decide between options.

    Ranges: the number wanted, else as many as the effects have replicates, so that draw b is the
    ledger's. Decisions: at least a thousand, since what it is worth to know a price needs many
    prices to each replicate.
    """
    n_draws = wanted
    if n_draws is None:
        n_draws = max((path.n_replicates for path in paths), default=0)
    return n_draws, max(n_draws, LEAST_DECISION_DRAWS)


def recycle(path: EffectPath, n_draws: int) -> EffectPath:
    """The path with draws 0..n_draws: its B replicates are used again in turn, replicate b in draws
    b, b + B, b + 2B, ...

    Prices are drawn anew for every draw, so that a recycled replicate meets other prices; what it
    says of the effect is not more than the B replicates know, and results report B beside the
    number of draws.
    """
    order = np.argsort(path.draws)
    replicates = order[path.draws[order] > 0]
    point = order[path.draws[order] == 0]
    if not len(point) or not len(replicates):
        raise _refused(
            "An effect lacks its point estimate or its replicates.",
            _where(path.keys),
            "Draw 0 is the estimate, the others its range.",
        )
    taken = np.concatenate([point, replicates[np.arange(n_draws) % len(replicates)]])
    n_effective = min(n_draws, len(replicates))
    return path.taken(taken, n_effective=n_effective)


def decay(n_observed: int, n_months: int, half_life: np.ndarray) -> np.ndarray:
    """What is left of the last observed difference in each later month: (draw, n_months -
    n_observed).

    d(t) = d(h) 2^-((t - h) / half_life). A half-life that is infinite keeps the difference.
    """
    later = np.arange(1, n_months - n_observed + 1)
    return 2.0 ** (-later / np.asarray(half_life, dtype=float)[:, None])


def _complete(keys: tuple[str, ...], group: pl.DataFrame) -> EffectPath:
    by_name = dict(zip(EFFECT_KEYS, keys, strict=True))
    where = _where(by_name)
    cube = to_cube(group, ["draw", "arm", "state", "month"], "probability")
    draws, arms, states, months = cube.axes.values()
    if tuple(arms) != ARMS or months.to_list() != list(range(len(months))) or len(months) < 2:
        raise _refused(
            "The effect draws lack an arm or a month.",
            where,
            "Every draw needs both arms and the months 0 to the last.",
        )
    if len(group) != cube.is_there.size or not cube.is_there.all():
        raise _refused(
            "The effect draws are incomplete or repeated.",
            where,
            "Every draw, arm, state and month stands once.",
        )
    probabilities = cube.values
    if not np.all(np.abs(probabilities.sum(axis=2) - 1) <= PROBABILITY_TOLERANCE) or not np.all(
        probabilities >= -PROBABILITY_TOLERANCE
    ):
        raise _refused(
            "The shares of the states do not sum to one.",
            where,
            "Everybody is in one state in each month, arm and draw.",
        )
    states, probabilities = _as_paid(states.to_list(), probabilities[..., 1:])
    return EffectPath(by_name, draws.to_numpy(), states, probabilities)


def _as_paid(states: list[str], probabilities: np.ndarray) -> tuple[list[str], np.ndarray]:
    """Months on the next step as the months on support that they are: what they are called changes
    no money.
    """
    told_apart = [state for state in states if state in PAID_AS]
    if not told_apart:
        return states, probabilities
    paid = probabilities.copy()
    for state in told_apart:
        paid[:, :, states.index(PAID_AS[state])] += paid[:, :, states.index(state)]
    kept = [place for place, state in enumerate(states) if state not in PAID_AS]
    return [states[place] for place in kept], paid[:, :, kept]


def _where(keys: dict[str, str]) -> str:
    return f"effect_draws, {', '.join(keys.values())}"


def _refuse_several_estimands(draws: pl.DataFrame) -> None:
    """An intervention's value under two estimands answers two questions; nothing here may choose
    between them or add them.
    """
    estimands = draws.group_by("intervention_id").agg(pl.col("estimand").unique().sort())
    several = estimands.filter(pl.col("estimand").list.len() > 1).sort("intervention_id")
    if not several.is_empty():
        names = [f"{name} ({', '.join(of_name)})" for name, of_name in several.iter_rows()]
        raise EstimationError(
            f"Interventions with effects of several estimands: {len(names)}.",
            where=f"effect_draws: {first_few(names, 4)}",
            why="Money is put on one question for each intervention; the answers to two questions "
            "are neither added nor chosen between.",
            fix="hand on the draws of each protocol's primary comparison (effects.primary_draws).",
        )


def _refuse_absent(draws: pl.DataFrame, subgroup: str) -> None:
    raise EstimationError(
        "There is no effect of the subgroup to be valued.",
        where=f"effect_draws: {subgroup} ({nearest(subgroup, sorted(draws['subgroup'].unique()))})",
        why="A value holds for one group of people; other groups are not put in its place.",
        fix="name a subgroup that was estimated.",
    )


def _refused(what: str, where: str, why: str) -> EstimationError:
    return EstimationError(
        what,
        where=where,
        why=why,
        fix="look at the station that wrote effect_draws, or at the run file's horizon.",
    )
