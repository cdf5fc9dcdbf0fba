"""The second reading of an effect: what those who started gained beyond what had set them apart
before.

The plain estimate takes it that whoever is alike in what the register holds, its past included,
would have fared alike. Its rival takes it that what set people apart before their present period of
support lasts: of the months in the primary outcome in the follow-up it takes away those of a window
before the period began, scaled to the follow-up, and it leaves what the register holds of the past
(`Covariate.is_of_past`) out of the weights. Where people are chosen by their measured past the
plain estimate is right and the second one wrong; where they are chosen by something lasting that
nobody measured it is the other way about. The two bracket the truth under the conditions of Ding &
Li (2019), Political Analysis 27:605, so what is told is the span of both. Neither sees what arose
after the window.

The period is counted from where it began, not from time zero: that everybody was on support just
before says little of anybody. Both readings are differences of weighted means with influence by
household (`evalkit.effects.weighting.contrast`), so the second costs two logits and no replicate,
and a replicate of it follows from the same household weights as one of the estimate.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, NamedTuple

import numpy as np
import polars as pl

from evalkit.effects.trials.target_trial import Trials
from evalkit.effects.weighting.contrast import MARGIN, Contrast, contrast
from evalkit.effects.weighting.logit import weighted_logit
from evalkit.effects.weighting.start_now import StartNow
from evalkit.effects.weighting.strategies import strategy_of
from evalkit.effects.weighting.weights import arm_weights, changes_by_arm
from evalkit.line.protocol import Protocol
from evalkit.line.protocols import protocol_hash
from evalkit.line.tables import table
from evalkit.results import Result, Tables
from evalkit.tables import CITY

TWO_READINGS, NOTHING = "two_readings", "past_shows_nothing"
Verdict = Literal["two_readings", "past_shows_nothing"]
_PEOPLE = ("n_starters", "n_past_known", "n_with_past")
_ESTIMATES = ("plain", "plain_error", "second", "second_error")


@dataclass(frozen=True, repr=False, eq=False)
class SecondReadings(Tables):
    """The tables of the same names: what the second reading adds, by draw, and on how much of a
    past it rests.
    """

    second_past: pl.DataFrame
    second_shifts: pl.DataFrame


@dataclass(frozen=True, repr=False, eq=False)
class TwoReadings(Result):
    """Months in the primary outcome gained under either reading, with errors in closed form.

    plain, second, shift : the estimates and second less plain; second and shift are null where the
    past shows nothing. plain_error, second_error : their standard errors. All in months.
    n_starters, n_past_known, n_with_past : people who start, of whom the whole window is on record,
    and who have a month in the primary outcome in it.
    """

    plain: float
    plain_error: float
    second: float | None
    second_error: float | None
    n_starters: int
    n_past_known: int
    n_with_past: int
    verdict: Verdict

    @property
    def shift(self) -> float | None:
        """The second reading less the plain one. Months."""
        return None if self.second is None else self.second - self.plain

    @property
    def table(self) -> pl.DataFrame:
        """One row, with the values of the table `effect_span`, both errors and n_starters. Ranges
        are of 95 per cent.
        """
        estimates = pl.DataFrame(
            {name: [getattr(self, name)] for name in _ESTIMATES},
            schema=dict.fromkeys(_ESTIMATES, pl.Float64),
        )
        limits = {
            f"{reading}_{limit}": pl.col(reading) + sign * MARGIN * pl.col(f"{reading}_error")
            for reading in ("plain", "second")
            for limit, sign in (("lower", -1), ("upper", 1))
        }
        span = {
            "span_lower": pl.min_horizontal("plain_lower", "second_lower"),
            "span_upper": pl.max_horizontal("plain_upper", "second_upper"),
        }
        counts = {name: pl.lit(getattr(self, name)) for name in (*_PEOPLE, "verdict")}
        return estimates.with_columns(**limits).with_columns(**span, **counts)

    @property
    def headline(self) -> str:
        """Both readings, in a line."""
        row = self.table.row(0, named=True)
        plain = f"plain {self.plain:+.2f} months"
        past = f"{self.n_with_past:,} of {self.n_starters:,} who start have a past in the window"
        if self.second is None:
            return f"{plain}; the past shows nothing: {past}"
        span = f"span from {row['span_lower']:+.2f} to {row['span_upper']:+.2f}"
        return f"{plain}, second {self.second:+.2f}; {span}; {past}"


class _Shift(NamedTuple):
    """What the second reading adds in some sets of rows.

    trials : the person-trials whose window is on record. point : (n_sets,) months. influence :
    (n_clusters, n_sets) each household's part. person_change : (n_sets,) see `_largest_change`.
    """

    trials: Trials
    point: np.ndarray
    influence: np.ndarray
    person_change: np.ndarray


def two_readings(trials: Trials) -> TwoReadings:
    """Both readings of the effect of starting in the trial month rather than not then, of all rows
    together and in closed form.

    Parameters
    ----------
    trials : Trials
        With both arms.
    """
    plain = contrast(trials, trials.is_in_primary.sum(axis=1))
    counts = _counts(trials, _lives_in(trials, CITY))
    estimate, error = float(plain.difference[0]), float(plain.std_error[0])
    alone = TwoReadings(estimate, error, None, None, **counts, verdict=NOTHING)
    if _verdict(trials, counts) == NOTHING:
        return alone
    shift = _shift(trials, [CITY])
    both = plain.influence[:, 0].copy()
    everybody, members = (
        group.rows["cluster_id"].unique().sort() for group in (trials, shift.trials)
    )
    both[everybody.search_sorted(members).to_numpy()] += shift.influence[:, 0]
    return replace(
        alone,
        second=estimate + float(shift.point[0]),
        second_error=float(np.sqrt((both**2).sum())),
        verdict=TWO_READINGS,
    )


def second_reading(trials: Trials, *, n_draws: int, seed: int) -> SecondReadings:
    """What the second reading adds to the months in the primary outcome that are gained, of all
    districts together and of each, by draw.

    It is measured on starting in the trial month rather than not then, and stands for what the
    second reading adds to never and to a grace period as well: these differ from it by what happens
    after the trial month alone. A district with fewer starters of a known past than an effect needs
    (`refusal.min_starters`) has that of all districts.

    Parameters
    ----------
    trials : Trials
        All districts together.
    n_draws, seed : int
        As the effect's: draw b weights households alike in both.

    Returns
    -------
    SecondReadings
        second_past: one row for each district and for all, with the verdict, which is one for all
        of them: past_shows_nothing where under `second_reading.min_share_with_past` of those who
        start have a past in the window; person_change is the most that one person changes the
        second reading by, or, where the primary comparison is not of starting now, what it adds to
        the plain one. second_shifts: draws 0 (the point) to n_draws; without rows
        where the past shows nothing.
    """
    protocol = trials.protocol
    districts = [CITY, *trials.rows["district"].unique().sort()]
    counts = {name: _counts(trials, _lives_in(trials, name)) for name in districts}
    verdict = _verdict(trials, counts[CITY])
    keys = {"protocol_hash": protocol_hash(protocol), "intervention_id": protocol.intervention_id}
    rows = [
        {"district": name, **keys, **counts[name], "verdict": verdict, "person_change": None}
        for name in districts
    ]
    if verdict == NOTHING:
        return SecondReadings(_as(rows, "second_past"), table("second_shifts").empty())
    enough, can_compare = protocol.refusal.min_starters, _is_on_record(trials) & ~trials.is_treated
    own = [
        name
        for name in districts
        if name == CITY
        or (counts[name]["n_past_known"] >= enough and can_compare[_lives_in(trials, name)].any())
    ]
    shift = _shift(trials, own)
    weights = shift.trials.cluster_weights(n_draws=n_draws, seed=seed).weights
    by_draw = shift.point[:, None] + np.column_stack(
        [np.zeros(len(own)), shift.influence.T @ (weights - 1)]
    )
    place = {name: own.index(name if name in own else CITY) for name in districts}
    for row in rows:
        row["person_change"] = float(shift.person_change[place[row["district"]]])
    shifts = pl.DataFrame(
        {
            "district": np.repeat(districts, n_draws + 1),
            "draw": np.tile(np.arange(n_draws + 1), len(districts)),
            "shift": np.concatenate([by_draw[place[name]] for name in districts]),
        }
    ).with_columns(**{name: pl.lit(value) for name, value in keys.items()})
    return SecondReadings(_as(rows, "second_past"), _as(shifts, "second_shifts"))


def has_past(trials: Trials) -> bool:
    """Whether enough of those who start have a past in the window (see `second_reading`)."""
    return _verdict(trials, _counts(trials, _lives_in(trials, CITY))) == TWO_READINGS


def terms_without_past(trials: Trials) -> list[str]:
    """The terms of the propensity without what the register holds of the past, and without the
    constant. Covariates that were handed on month by month stay: nobody has said what they are of.
    """
    of_past = {
        term
        for covariate in trials.protocol.covariates
        if covariate.is_of_past
        for term in covariate.terms
    }
    return [term for term in trials.terms[1:] if term not in of_past]


def scale_of(protocol: Protocol) -> float:
    """For how many months of the follow-up a month of the window stands."""
    return protocol.second_reading.scale_to(protocol.follow_up_months)


def _shift(trials: Trials, districts: Sequence[str]) -> _Shift:
    """Second less plain reading, both on the person-trials whose past is known."""
    known, scale = trials.keep(_is_on_record(trials)), scale_of(trials.protocol)
    follow_up = known.is_in_primary.sum(axis=1).astype(float)
    gained = follow_up - scale * _past(known)
    within = np.column_stack([_lives_in(known, district) for district in districts])
    plain = contrast(known, follow_up, within=within)
    second = contrast(known, gained, terms=terms_without_past(trials), within=within)
    of_all, readings = _weights_of_all(trials), ((second, gained), (plain, follow_up))
    largest = [_largest_change(trials, known, name, readings, of_all) for name in districts]
    # Without a person who is alone in an arm the shift could be anything.
    most = trials.protocol.follow_up_months + scale * trials.protocol.second_reading.window_months
    return _Shift(
        known,
        second.difference - plain.difference,
        second.influence - plain.influence,
        np.fmin(largest, most),
    )


def _weights_of_all(trials: Trials) -> np.ndarray | None:
    """The weights of all rows of the plain reading, where that is of starting now: (n_rows,)."""
    if strategy_of(trials.protocol, trials.protocol.comparisons[0]) is not StartNow:
        return None
    survey = trials.rows["weight"].to_numpy()
    fit = weighted_logit(trials.design, trials.is_treated.astype(float), survey)
    return arm_weights(trials, fit.coefficients)


def _largest_change(
    trials: Trials,
    known: Trials,
    district: str,
    readings: tuple[tuple[Contrast, np.ndarray], ...],
    of_all: np.ndarray | None,
) -> float:
    """The most that leaving out one person changes the second reading, or (without the weights of
    the plain one) what the second adds to it; weights stay as they are.

    readings : the second and the plain one of the rows of a known past, with their values.
    """
    inside = _lives_in(known, district)
    rows = known.keep(inside)
    second, plain = (
        np.subtract(*changes_by_arm(rows, values[inside], reading.weights[inside]))
        for reading, values in readings
    )
    change = second - plain
    if of_all is not None:
        lives = _lives_in(trials, district)
        everybody = trials.keep(lives)
        months = everybody.is_in_primary.sum(axis=1)
        of_plain = np.subtract(*changes_by_arm(everybody, months, of_all[lives]))
        people, members = (group.rows["person_id"].unique().sort() for group in (everybody, rows))
        of_plain[people.search_sorted(members).to_numpy()] += change
        change = of_plain
    return float(np.abs(change).max())


def _is_on_record(trials: Trials) -> np.ndarray:
    """Of which rows the whole window is on record: (n_rows,) bool."""
    return np.isfinite(_past(trials))


def _past(trials: Trials) -> np.ndarray:
    return np.full(len(trials.rows), np.nan) if trials.past is None else trials.past


def _lives_in(trials: Trials, district: str) -> np.ndarray:
    """Which rows are of a district, or all of them: (n_rows,) bool."""
    if district == CITY:
        return np.ones(len(trials.rows), bool)
    return (trials.rows["district"] == district).to_numpy()


def _counts(trials: Trials, lives: np.ndarray) -> dict[str, int]:
    """People who start, of whom the whole window is on record, and who have a past in it."""
    starts = lives & trials.is_treated
    on_record = starts & _is_on_record(trials)
    with_past = on_record & (_past(trials) > 0)
    return {
        name: trials.rows.filter(pl.Series(mask))["person_id"].n_unique()
        for name, mask in zip(_PEOPLE, (starts, on_record, with_past), strict=True)
    }


def _verdict(trials: Trials, counts: dict[str, int]) -> Verdict:
    """Whether enough of those who start have a past in the window, and somebody to compare with."""
    rule, n_with_past = trials.protocol.second_reading, counts["n_with_past"]
    is_enough = 0 < n_with_past >= rule.min_share_with_past * counts["n_starters"]
    is_compared = bool((_is_on_record(trials) & ~trials.is_treated).any())
    return TWO_READINGS if is_enough and is_compared else NOTHING


def _as(rows: Sequence[dict[str, Any]] | pl.DataFrame, name: str) -> pl.DataFrame:
    """Rows as a declared table."""
    schema = table(name).schema
    return pl.DataFrame(rows).select(list(schema)).cast(dict(schema))
