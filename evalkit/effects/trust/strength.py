"""How strong something unmeasured would have to be, told in the measure of what was measured.

Each group of covariates is left out of the weights in turn. The months by which the effect then
moves are what that group would hide if nobody had measured it, and something unmeasured that sets
people apart as strongly would hide as much. Groups share what they hold with each other, so each
counts for what it adds to all others. Cinelli & Hazlett (2020), J. R. Stat. Soc. B 82:39, who
bound by regression what is found here by leaving out.
"""

from collections.abc import Mapping

import numpy as np
import polars as pl

from evalkit.disclosure.rounding import RANGE_WIDTH, share_of_error, step_above, to_step
from evalkit.effects.trials.target_trial import Trials
from evalkit.effects.trials.thinned import thinned_comparison
from evalkit.effects.weighting.contrast import MARGIN, contrast
from evalkit.effects.weighting.logit import weighted_logit
from evalkit.effects.weighting.start_now import StartNow
from evalkit.effects.weighting.weights import changes_by_arm
from evalkit.line.adjustment import CALENDAR
from evalkit.line.protocol import Protocol
from evalkit.line.tables import published, table
from evalkit.tables import CITY

# Times are told in tenths at best.
_TENTH = 0.1


def groups_left_out(protocol: Protocol, terms: tuple[str, ...]) -> dict[str, tuple[str, ...]]:
    """By group of covariates, the terms of the propensity that are left out together: those of one
    covariate, or of all with the same `group`; calendar time is one, and so is each term that the
    protocol does not declare.
    """
    group_of = {
        term: covariate.group or covariate.name
        for covariate in protocol.covariates
        for term in covariate.terms
    } | dict.fromkeys(protocol.calendar_terms, CALENDAR)
    groups: dict[str, tuple[str, ...]] = {}
    for term in terms[1:]:
        name = group_of.get(term, term)
        groups[name] = (*groups.get(name, ()), term)
    return groups


def left_out(weighting: StartNow) -> pl.DataFrame:
    """What leaving out each group of covariates moves the effect by, in months in the primary
    outcome of starting in the trial month rather than not then. Of a large comparison it is
    measured on a part (`thinned_comparison`).

    Parameters
    ----------
    weighting : StartNow
        Of all districts together.

    Returns
    -------
    DataFrame
        The table `left_out`: district ("all"), intervention_id, covariate (the group), moved (the
        effect without the group less the effect, months) with moved_lower and moved_upper,
        n_starters, one_person. Empty where nothing is adjusted for.
    """
    trials = thinned_comparison(weighting.trials)
    months = trials.is_in_primary.sum(axis=1).astype(float)
    point = _refitted(trials, list(range(len(trials.terms))), weighting.coefficients.point)
    whole = contrast(trials, months, coefficients=point)
    of_whole, rows = changes_by_arm(trials, months, whole.weights), []
    for group, terms in groups_left_out(trials.protocol, trials.terms).items():
        kept = [column for column, term in enumerate(trials.terms) if term not in terms]
        without = contrast(
            trials,
            months,
            terms=[trials.terms[column] for column in kept[1:]],
            coefficients=_refitted(trials, kept, point),
        )
        moved = float((without.difference - whole.difference)[0])
        error = float(np.sqrt(((without.influence - whole.influence) ** 2).sum()))
        largest = _largest_change(of_whole, changes_by_arm(trials, months, without.weights))
        rows.append(
            {
                "district": CITY,
                "intervention_id": trials.protocol.intervention_id,
                "covariate": group,
                "moved": moved,
                "moved_lower": moved - MARGIN * error,
                "moved_upper": moved + MARGIN * error,
                "n_starters": trials.n_starters,
                # Many people, each of little weight, move a group less than one of as many as start
                # would; what is told counts those who start.
                "one_person": max(largest / error, 1 / np.sqrt(trials.n_starters))
                if error > 0
                else None,
            }
        )
    return pl.DataFrame(rows, schema=table("left_out").schema)


def strength(moved: pl.DataFrame, span: pl.DataFrame) -> pl.DataFrame:
    """How many times as strong as each measured group something unmeasured would have to be: the
    table `strength` before gate 2.

    Parameters
    ----------
    moved : DataFrame
        The table `left_out`.
    span : DataFrame
        The table `effect_span` of the same intervention.

    Returns
    -------
    DataFrame
        The rows of `left_out` with times (the months gained as a multiple of those that the group
        moves them by) and times_limit (the same of the limit of the span nearer to none; 0 where
        the span holds none). Both are null where leaving the group out moves the effect by no more
        than chance, and where there is no effect to take away. Their step is not below what one
        person changes them by.
    """
    of_city = next(span.filter(district=CITY).iter_rows(named=True), None)
    rows = [row | _times(row, of_city) for row in moved.iter_rows(named=True)]
    return pl.DataFrame(rows, schema=published("strength").schema)


def _times(row: Mapping, effect: Mapping | None) -> dict[str, float | None]:
    is_by_chance = row["moved_lower"] <= 0 <= row["moved_upper"]
    if effect is None or effect["plain"] is None or is_by_chance:
        return {"times": None, "times_limit": None}
    low, high = effect["span_lower"], effect["span_upper"]
    nearest = max(low, -high, 0.0) if low is not None and high is not None else None
    return {
        "times": _as_shown(abs(effect["plain"]), row, effect, "person_change"),
        "times_limit": None if nearest is None else _as_shown(nearest, row, effect, "range_change"),
    }


def _as_shown(months: float, row: Mapping, effect: Mapping, change_of: str) -> float:
    """Months as a multiple of those that a group moves, in steps of at least what one person
    changes it by (and the months by the column `change_of`, where that is known).
    """
    times = months / abs(row["moved"])
    change = _person_change(row, "moved", None) * times + _person_change(
        effect, "plain", effect[change_of]
    )
    step = step_above(max(change / abs(row["moved"]), _TENTH))
    return float(to_step(np.array([times]), step)[0])


def _person_change(row: Mapping, name: str, known: float | None) -> float:
    """The most that one person changes a number with a range by: as it is known, or as a share of
    its standard error.
    """
    if known is not None:
        return known
    measured = row.get("one_person")
    share = share_of_error(
        np.array([float(row["n_starters"])]), None if measured is None else np.array([measured])
    )
    return float(share[0]) * (row[f"{name}_upper"] - row[f"{name}_lower"]) / RANGE_WIDTH


def _largest_change(
    of_whole: tuple[np.ndarray, np.ndarray], of_rest: tuple[np.ndarray, np.ndarray]
) -> float:
    """The most that leaving out one person changes the difference of two effects by, from what it
    changes each arm's mean by.
    """
    changes = (of_rest[1] - of_rest[0]) - (of_whole[1] - of_whole[0])
    return float(np.abs(changes).max(initial=0.0))


def _refitted(trials: Trials, kept: list[int], point: np.ndarray) -> np.ndarray:
    """Coefficients of the propensity in some of its columns."""
    start = point[kept].copy()
    # The constant takes over the mean of what is left out, so that the fit begins near its end.
    start[0] += (trials.design @ point - trials.design[:, kept] @ start).mean()
    return weighted_logit(
        trials.design[:, kept],
        trials.is_treated.astype(float),
        trials.rows["weight"].to_numpy(),
        start=start,
    ).coefficients
