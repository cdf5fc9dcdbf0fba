"""Who gains most from a place: a rule of at most two conditions, learned on some people and
evaluated on others.

A rule describes the people in whom the effect is largest, as far as the data can tell them from the
rest; where they cannot, the rule is "everyone". Its value is the effect per place if places went to
those it describes, in the mix of today's starters among them, compared with the effect per place
today. Athey & Imbens (2016), PNAS 113:7353; Athey & Wager (2021), Econometrica
89:133.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import polars as pl

from evalkit.effects.trials.target_trial import Trials
from evalkit.effects.weighting.contrast import MARGIN
from evalkit.effects.weighting.start_now import StartNow
from evalkit.effects.weighting.weights import by_cluster, folds, largest_change
from evalkit.line.tables import published
from evalkit.results import Tables
from evalkit.tables import CITY

MAX_CONDITIONS = 2
MIN_SHARE, MIN_STARTERS = 0.2, 20
CLEAR = MARGIN  # errors between the effect inside and outside before a condition is taken
N_FOLDS = 2
_MAX_THRESHOLDS = 9
_YES_OR_NO = {"at_least": "is", "below": "is_not"}


class Condition(NamedTuple):
    """A covariate at or above a threshold, or below it."""

    covariate: str
    side: str
    threshold: float

    def holds(self, features: dict[str, np.ndarray]) -> np.ndarray:
        is_above = features[self.covariate] >= self.threshold
        return is_above if self.side == "at_least" else ~is_above


@dataclass(frozen=True, repr=False, eq=False)
class Targeting(Tables):
    """A rule and its value, both empty where nobody starts, or everybody.

    targeting_rule : one row per condition (none: everyone). targeting_value : months per place of
    today's placement, of the rule, and the rule's gain.
    """

    targeting_rule: pl.DataFrame
    targeting_value: pl.DataFrame


def targeting_tables(trials: Trials, propensity: pl.DataFrame, *, seed: int) -> Targeting:
    """The rule and what it is worth (see `targeting`); empty where nobody starts, or everybody."""
    if not trials.has_both_arms:
        return Targeting(*[published(name).empty() for name in Targeting.names()])
    return targeting(StartNow.of(trials, propensity), seed=seed)


def targeting(weighting: StartNow, *, seed: int, n_folds: int = N_FOLDS) -> Targeting:
    """The rule learned from everybody, and its cross-fitted value.

    For the value every person is judged by a rule that was learned without them. Conditions are
    about the person, the months on support and shares of earlier months, not about the district.
    Effects are differences in months in the primary outcome between starters and the weighted
    comparison; weights are those of the whole city, fitted without outcomes.

    Parameters
    ----------
    weighting : StartNow
        Of all districts together.
    seed : int
        Of the folds of persons.
    n_folds : int
        Parts into which persons fall; a rule is learned on all parts but one.

    Returns
    -------
    Targeting
        targeting_rule: district ("all"), intervention_id, condition (1, 2), covariate, side
        (at_least|below; is|is_not of a covariate that is 0 or 1), threshold (the covariate's unit;
        months on support as months), n_starters. targeting_value: district, intervention_id, policy
        (today|rule|gain), estimate, ci_lower, ci_upper (months in the primary outcome per place),
        share_of_starters (0-1: of today's starters, those whom the cross-fitted rules name),
        n_starters.
    """
    trials, weights = weighting.trials, weighting.weights
    values = trials.is_in_primary.sum(axis=1).astype(float)
    features = rule_features(trials)
    fold = folds(trials.rows, seed=seed, n_folds=n_folds)
    is_chosen = np.zeros(len(values), bool)
    for number in range(n_folds):
        rule = learn_rule(trials.is_treated, values, weights, features, within=fold != number)
        is_chosen |= _named_by(rule, features, len(values)) & (fold == number)
    rule = learn_rule(
        trials.is_treated, values, weights, features, within=np.ones(len(values), bool)
    )
    return Targeting(
        _rule_table(rule, trials, features), _value_table(trials, values, weights, is_chosen)
    )


def rule_features(trials: Trials) -> dict[str, np.ndarray]:
    """What a rule may ask about, by covariate: (n_rows,)."""
    elapsed = (
        trials.rows.select(pl.coalesce("elapsed_months", pl.col("trial_month") - 1))
        .to_series()
        .to_numpy()
        .astype(float)
    )
    features = {}
    for covariate in trials.protocol.covariates:
        if covariate.kind == "elapsed":
            features[covariate.name] = elapsed
        elif covariate.kind in ("history_share", "person"):
            features[covariate.name] = trials.design[:, trials.terms.index(covariate.name)]
    return features


def learn_rule(
    is_treated: np.ndarray,
    values: np.ndarray,
    weights: np.ndarray,
    features: dict[str, np.ndarray],
    *,
    within: np.ndarray,
) -> list[Condition]:
    """At most two conditions, each with the clearest difference between the effect inside and
    outside it.

    A condition is taken if at least a fifth of the starters and at least `MIN_STARTERS` are inside
    and as many outside, and if the effect inside exceeds the one outside by `CLEAR` standard
    errors. The second condition is searched among the people of the first.
    """
    rule: list[Condition] = []
    inside, n_starters = within.copy(), int((is_treated & within).sum())
    least = max(MIN_SHARE * n_starters, MIN_STARTERS)
    while len(rule) < MAX_CONDITIONS:
        candidates = [
            (
                _clearness(is_treated, values, weights, inside & held, inside & ~held, least),
                condition,
            )
            for condition, held in _conditions(features, is_treated & inside)
        ]
        if not candidates:
            break
        clearness, condition = max(candidates, key=lambda scored: scored[0])
        if clearness < CLEAR:
            break
        rule.append(condition)
        inside &= condition.holds(features)
    return rule


def _conditions(features: dict[str, np.ndarray], starters: np.ndarray):
    """Every covariate at its values among starters (at most nine of them), both sides."""
    for name, column in features.items():
        thresholds = np.unique(column[starters])
        if len(thresholds) > _MAX_THRESHOLDS + 1:
            thresholds = np.unique(
                np.quantile(
                    column[starters], np.linspace(0, 1, _MAX_THRESHOLDS + 2), method="nearest"
                )
            )
        for threshold in thresholds[1:]:
            for side in ("at_least", "below"):
                condition = Condition(name, side, float(threshold))
                yield condition, condition.holds(features)


def _clearness(
    is_treated, values, weights, inside: np.ndarray, outside: np.ndarray, least: float
) -> float:
    """By how many standard errors the effect inside exceeds the effect outside; minus infinity if
    either side has too few starters, or nothing varies.
    """
    if min((is_treated & inside).sum(), (is_treated & outside).sum()) < least:
        return -np.inf
    effects = [_effect(is_treated, values, weights, side) for side in (inside, outside)]
    variance = effects[0][1] + effects[1][1]
    return (effects[0][0] - effects[1][0]) / np.sqrt(variance) if variance > 0 else -np.inf


def _effect(
    is_treated: np.ndarray, values: np.ndarray, weights: np.ndarray, mask: np.ndarray
) -> tuple[float, float]:
    """Weighted difference of means and its variance with the weights taken as known."""
    means = []
    for arm in (is_treated & mask, ~is_treated & mask):
        w, y = weights[arm], values[arm]
        mean = (w * y).sum() / w.sum()
        means.append((mean, ((w * (y - mean)) ** 2).sum() / w.sum() ** 2))
    return means[0][0] - means[1][0], means[0][1] + means[1][1]


def _named_by(rule: list[Condition], features: dict[str, np.ndarray], n_rows: int) -> np.ndarray:
    """Which rows a rule describes: everyone where it has no condition."""
    is_chosen = np.ones(n_rows, bool)
    for condition in rule:
        is_chosen &= condition.holds(features)
    return is_chosen


def _rule_table(
    rule: list[Condition], trials: Trials, features: dict[str, np.ndarray]
) -> pl.DataFrame:
    rows = [
        (
            CITY,
            trials.protocol.intervention_id,
            number,
            condition.covariate,
            _YES_OR_NO[condition.side]
            if set(np.unique(features[condition.covariate])) <= {0, 1}
            else condition.side,
            condition.threshold,
            trials.keep(_named_by(rule[:number], features, trials.rows.height)).n_starters,
        )
        for number, condition in enumerate(rule, start=1)
    ]
    return pl.DataFrame(rows, schema=published("targeting_rule").schema, orient="row")


def _value_table(
    trials: Trials, values: np.ndarray, weights: np.ndarray, is_chosen: np.ndarray
) -> pl.DataFrame:
    treated = trials.is_treated
    if not (is_chosen & treated).any() or not (is_chosen & ~treated).any():
        is_chosen = np.ones_like(is_chosen)
    today, rule = (
        _influence(treated, values, weights, mask) for mask in (np.ones_like(is_chosen), is_chosen)
    )
    share, n_chosen, rows = float(is_chosen[treated].mean()), trials.keep(is_chosen).n_starters, []
    changes = [
        largest_change(trials, values, weights * mask)
        for mask in (np.ones_like(is_chosen), is_chosen)
    ]
    for policy, estimate, influence, chosen_share, n, change in (
        ("today", today[0], today[1], 1.0, trials.n_starters, changes[0]),
        ("rule", rule[0], rule[1], share, n_chosen, changes[1]),
        ("gain", rule[0] - today[0], rule[1] - today[1], share, n_chosen, sum(changes)),
    ):
        error = np.sqrt((by_cluster(trials.rows, influence) ** 2).sum())
        margin = CLEAR * error
        rows.append(
            (
                CITY,
                trials.protocol.intervention_id,
                policy,
                estimate,
                estimate - margin,
                estimate + margin,
                chosen_share,
                n,
                change / error if error > 0 else None,
            )
        )
    return pl.DataFrame(rows, schema=published("targeting_value").schema, orient="row")


def _influence(
    is_treated: np.ndarray, values: np.ndarray, weights: np.ndarray, mask: np.ndarray
) -> tuple[float, np.ndarray]:
    """The effect inside the mask, and each row's influence on it."""
    effect, influence = 0.0, np.zeros(len(values))
    for arm, sign in ((is_treated & mask, 1.0), (~is_treated & mask, -1.0)):
        total = weights[arm].sum()
        mean = (weights[arm] * values[arm]).sum() / total
        effect += sign * mean
        influence[arm] = sign * weights[arm] * (values[arm] - mean) / total
    return float(effect), influence
