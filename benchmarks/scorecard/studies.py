"""Observational studies drawn from an experiment by rejection sampling: the truth is the
experiment's own.

People are drawn anew from the experiment, with replacement; of those offered, each stays with the
chance e, of the others with 1 - e, where e depends on what is known of them. In what is left the
offer looks chosen, and the effect on those offered is that of the experiment's people weighted by
e, which the experiment tells without a model. After Keith et al. (2023), UAI, whose studies keep
everybody's covariates as they are, for the effect on all.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from benchmarks.scorecard.data import People
from benchmarks.scorecard.estimates import Answer, answer, trees
from evalkit.survival.curves.curve_table import normal_quantile

N_STUDIES, N_WITH_TREES = 200, 20
# The log odds of staying by one standard deviation of what the chosen covariates tell of the
# outcome.
_STRENGTH = 1.0
_MARGIN = normal_quantile(0.95)


@dataclass(frozen=True)
class Drawn:
    """What was said of studies whose truth is known.

    truth : the effect on those offered. naive : the mean difference of means. n_treated,
    n_comparison, effective : means over studies. n_said : studies that no limit refuses. plain,
    second, trees : mean estimate of these (None where nobody is asked). plain_held, span_held,
    trees_held : shares of them whose range of 95 per cent holds the truth. n_trees : of how many
    the trees were asked. refusals : the limits that failed.
    """

    truth: float
    naive: float
    n_treated: float
    n_comparison: float
    effective: float
    n_studies: int
    n_said: int
    plain: float | None
    plain_spread: float | None
    plain_held: float | None
    second: float | None
    span_held: float | None
    trees: float | None
    trees_held: float | None
    n_trees: int
    refusals: tuple[str, ...]

    @property
    def held(self) -> float | None:
        """The share whose span holds the truth; whose plain range, without a second reading."""
        return self.plain_held if self.span_held is None else self.span_held


def drawn_studies(
    people: People,
    *,
    chosen_by: Sequence[str],
    is_hidden: bool,
    seed: int,
    n_studies: int = N_STUDIES,
    n_with_trees: int = N_WITH_TREES,
) -> Drawn:
    """Studies in which the offer goes to those whom `chosen_by` makes likely to do well.

    Parameters
    ----------
    people : People
        An experiment.
    chosen_by : sequence of str
        Covariates on which it hangs who is offered.
    is_hidden : bool
        Whether the estimates do without these covariates.
    """
    rng = np.random.default_rng(seed)
    stays = 1 / (1 + np.exp(-_STRENGTH * _standing(people, chosen_by)))
    treated, outcome = people.rows["treated"].to_numpy(), people.rows["outcome"].to_numpy()
    truth = _mean_difference(outcome, treated, stays)
    kept = tuple(name for name in people.covariates if not (is_hidden and name in chosen_by))
    known = replace(people, covariates=kept)
    answers, sizes, naive = [], [], []
    n_left = n_with_trees
    for _ in range(n_studies):
        study = _study(known, treated, stays, rng)
        arm = study.rows["treated"].to_numpy()
        naive.append(_mean_difference(study.rows["outcome"].to_numpy(), arm, np.ones(len(arm))))
        sizes.append((arm.sum(), (~arm).sum()))
        said = answer(study, with_trees=False)
        if said.refused is None and n_left > 0:
            said, n_left = replace(said, trees=trees(study)), n_left - 1
        answers.append(said)
    n_treated, n_comparison = np.mean(sizes, axis=0)
    return _summary(truth, answers, float(np.mean(naive)), float(n_treated), float(n_comparison))


def _standing(people: People, chosen_by: Sequence[str]) -> np.ndarray:
    """What covariates tell of the outcome of those not offered, in standard deviations."""
    x = people.rows.select(chosen_by).to_numpy().astype(float)
    x = np.column_stack([np.ones(len(x)), x])
    others = ~people.rows["treated"].to_numpy()
    told = x @ np.linalg.lstsq(x[others], people.rows["outcome"].to_numpy()[others], rcond=None)[0]
    return (told - told.mean()) / told.std()


def _study(
    people: People, treated: np.ndarray, stays: np.ndarray, rng: np.random.Generator
) -> People:
    drawn = rng.integers(0, len(treated), len(treated))
    is_kept = rng.random(len(drawn)) < np.where(treated, stays, 1 - stays)[drawn]
    # Somebody drawn twice stands for two people.
    rows = people.rows[drawn[is_kept]].with_columns(person=pl.int_range(pl.len()))
    return replace(people, rows=rows)


def _mean_difference(values: np.ndarray, treated: np.ndarray, weights: np.ndarray) -> float:
    of_treated, of_others = (
        np.average(values[arm], weights=weights[arm]) for arm in (treated, ~treated)
    )
    return float(of_treated - of_others)


def _summary(
    truth: float, answers: list[Answer], naive: float, n_treated: float, n_comparison: float
) -> Drawn:
    said = [one for one in answers if one.refused is None]
    plain = [_limits(one.plain.value, one.plain.error) for one in said]
    second = [_limits(one.second.value, one.second.error) for one in said if one.second is not None]
    spans = [(min(a, b), max(c, d)) for (a, c), (b, d) in zip(plain, second or plain, strict=True)]
    boosted = [one.trees for one in said if one.trees is not None]
    values = [one.plain.value for one in said]
    return Drawn(
        truth,
        naive,
        n_treated,
        n_comparison,
        float(np.mean([one.effective for one in answers])),
        len(answers),
        len(said),
        _mean(values),
        float(np.std(values)) if values else None,
        _held(plain, truth),
        _mean([one.second.value for one in said if one.second is not None]),
        _held(spans, truth) if second else None,
        _mean([value for value, _ in boosted]),
        _held([_limits(*one) for one in boosted], truth),
        len(boosted),
        tuple(sorted({one.refused for one in answers if one.refused is not None})),
    )


def _limits(value: float, error: float) -> tuple[float, float]:
    return value - _MARGIN * error, value + _MARGIN * error


def _held(ranges: list[tuple[float, float]], truth: float) -> float | None:
    return _mean([float(lower <= truth <= upper) for lower, upper in ranges])


def _mean(values: Sequence[float]) -> float | None:
    return float(np.mean(values)) if values else None
