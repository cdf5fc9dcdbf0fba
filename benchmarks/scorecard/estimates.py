"""What evalkit says of people who were treated and others: the plain estimate, the second reading,
the trees, and whether the limits of a protocol would let it be said.

People seen once are a single trial: the weights, errors and refusals are those of a run.
"""

from dataclasses import dataclass, replace
from functools import cache

import numpy as np
import polars as pl

from benchmarks.scorecard.data import People
from evalkit.effects import Trials, contrast
from evalkit.effects.answer.boosted import boosted_difference
from evalkit.effects.trust.refusal import refusal_reason
from evalkit.effects.weighting.logit import weighted_logit
from evalkit.effects.weighting.propensity import Coefficients
from evalkit.effects.weighting.start_now import StartNow
from evalkit.line.protocol import Protocol
from evalkit.records import load
from evalkit.shipped import shipped

# Whose limits decide what is refused: a protocol that is shipped, and was not made for this page.
LIMITS_OF = "stockholm_work_training"
_FEW_VALUES = 10
_SEED = 1


@dataclass(frozen=True)
class Reading:
    """A difference, and the part of each person in it: the root of the sum of the squares is its
    standard error.
    """

    value: float
    persons: np.ndarray
    influence: np.ndarray

    @property
    def error(self) -> float:
        """The standard error, in the outcome's unit."""
        return float(np.sqrt((self.influence**2).sum()))

    def less(self, other: "Reading") -> tuple[float, float]:
        """The difference from another reading, and its error: who stands in both counts once."""
        both = np.union1d(self.persons, other.persons)
        parts = np.zeros(len(both))
        parts[np.searchsorted(both, self.persons)] += self.influence
        parts[np.searchsorted(both, other.persons)] -= other.influence
        return self.value - other.value, float(np.sqrt((parts**2).sum()))


@dataclass(frozen=True)
class Answer:
    """What evalkit says.

    second: None where nobody had the outcome before. trees: difference and error, None where not
    asked for. refused: the limit that fails, or None. effective: people of the comparison of equal
    weight.
    """

    plain: Reading
    second: Reading | None
    trees: tuple[float, float] | None
    refused: str | None
    effective: float


def experiment(people: People) -> Reading:
    """The plain difference between those who drew the offer and those who did not, with the error
    of two independent means; computed here, not by what is held against it.
    """
    rows = people.rows.sort("person")
    values, treated = rows["outcome"].to_numpy(), rows["treated"].to_numpy()
    difference, parts = 0.0, np.zeros(len(values))
    for sign, arm in ((1, treated), (-1, ~treated)):
        mean, n = values[arm].mean(), arm.sum()
        difference += sign * mean
        parts[arm] = sign * (values[arm] - mean) / np.sqrt(n * (n - 1))
    return Reading(float(difference), rows["person"].to_numpy(), parts)


def experiment_of_takers(people: People, *, taken: str) -> Reading:
    """The effect on those who took up an offer that was drawn: the difference over the share that
    did. Imbens & Angrist (1994), Econometrica 62:467.
    """
    offer = experiment(people)
    share = experiment(
        replace(people, rows=people.rows.with_columns(outcome=pl.col(taken).cast(pl.Float64)))
    )
    effect = offer.value / share.value
    parts = (offer.influence - effect * share.influence) / share.value
    return Reading(effect, offer.persons, parts)


def answer(people: People, *, with_trees: bool = True) -> Answer:
    """All that evalkit says of the effect on those who were treated."""
    trials = trials_of(people, people.covariates)
    values = people.rows["outcome"].to_numpy()
    treated, n = trials.is_treated, len(values)
    beta = weighted_logit(trials.design, treated.astype(float), np.ones(n)).coefficients
    weighting = StartNow(trials, Coefficients(np.zeros(1, int), beta[:, None], beta[:, None]))
    second = None
    if people.earlier is not None:
        rest = tuple(name for name in people.covariates if name not in people.past)
        gained = values - people.scale * people.rows[people.earlier].to_numpy()
        second = _reading(trials_of(people, rest), gained)
    return Answer(
        _reading(trials, values, coefficients=beta),
        second,
        trees(people) if with_trees else None,
        refusal_reason(weighting, district="all"),
        weighting.effective_size,
    )


def trees(people: People) -> tuple[float, float]:
    """The doubly robust estimate with boosted trees, and its error."""
    boosted = boosted_difference(
        people.rows["outcome"].to_numpy(),
        people.rows["treated"].to_numpy(),
        people.rows.select(people.covariates).to_numpy(),
        survey=np.ones(people.rows.height),
        clusters=people.rows["person"].to_numpy(),
        seed=_SEED,
    )
    return boosted.difference, boosted.std_error


def trials_of(people: People, covariates: tuple[str, ...]) -> Trials:
    """The people as one trial, with a column for each covariate, its square where it has more than
    a few values, and whether it is zero where it is the outcome's own past: the form of Dehejia &
    Wahba (1999), J. Am. Stat. Assoc. 94:1053.
    """
    columns = {"constant": np.ones(people.rows.height)}
    for name in covariates:
        values = people.rows[name].to_numpy().astype(float)
        spread = values.std()
        if spread == 0:
            continue
        columns[name] = (values - values.mean()) / spread
        if len(np.unique(values)) > _FEW_VALUES:
            columns[f"{name}_squared"] = columns[name] ** 2
        if name in people.past:
            columns[f"{name}_is_zero"] = (values == 0).astype(float)
    person = pl.col("person")
    rows = people.rows.select(
        person_id=person,
        cluster_id=person,
        arm=pl.when("treated").then(pl.lit("treated")).otherwise(pl.lit("comparison")),
        weight=pl.lit(1.0),
    )
    outcomes, protocol = np.zeros((rows.height, 1), int), _protocol()
    design = np.column_stack(list(columns.values()))
    return Trials(rows, design, tuple(columns), outcomes, protocol.outcomes, protocol)


def _reading(trials: Trials, values: np.ndarray, **asked) -> Reading:
    compared = contrast(trials, values, **asked)
    persons = trials.rows["person_id"].unique().sort().to_numpy()
    return Reading(float(compared.difference[0]), persons, compared.influence[:, 0])


@cache
def _protocol() -> Protocol:
    """A protocol of one month, the effect on those who start, with the limits of `LIMITS_OF`."""
    file = shipped("params", "protocols", f"{LIMITS_OF}.yaml")
    limits = load(file, Protocol).refusal
    return Protocol.model_validate(
        {
            "protocol": "scorecard",
            "intervention_id": "experiment",
            "title": {"en": "Experiment"},
            "question": {"en": "What did it change?"},
            "eligibility": {"from_month": 2, "to_month": 2},
            "follow_up_months": 1,
            "outcomes": ["work", "support"],
            "covariates": [],
            "refusal": limits.model_dump(),
        }
    )
