"""What one person does to an effect, and how many people its path rests on.

A person is in many trials, often in both arms; without a person all of these are gone. Weights are
taken as they are: no model is fitted anew.
"""

from collections.abc import Sequence
from copy import copy
from typing import NamedTuple

import numpy as np
import polars as pl

from evalkit.disclosure.paths import MOVED, OTHER, is_few, path_months, states_together
from evalkit.disclosure.rounding import RANGE_WIDTH
from evalkit.effects.answer.arm_sums import stretches
from evalkit.effects.weighting.propensity import Coefficients
from evalkit.effects.weighting.start_now import StartNow
from evalkit.effects.weighting.weights import positions_of_people
from evalkit.line.estimands import ESTIMANDS
from evalkit.line.protocol import Protocol
from evalkit.line.protocols import protocol_hash
from evalkit.line.states import AGGREGATES, ANY_SUPPORT, aggregates_of, members_of
from evalkit.line.tables import table

ARMS = ("comparison", "treated", "difference")
_EFFECT = ["district", "intervention_id", "estimand"]
_READ_AT_END = ("share_in_work", "comparison_in_work", "corrected", "none_work")
# Persons whose paths are held at once.
_BLOCK = 2_000

# What says most of a value.
OUTCOMES_OF_VALUE = ("months_work", "months_support", f"months_{ANY_SUPPORT}")


class PersonSums(NamedTuple):
    """The point estimate's weights by arm (0 the comparison), person (in the order of their ids),
    state and month of follow-up.

    sums : (2, n_persons, n_states, n_months). total : (2, n_persons, n_months), over the states.
    has_moved : (2, n_persons, n_months) bool, whether a person's state is another than in the month
    before, in any trial of the arm.
    """

    sums: np.ndarray
    total: np.ndarray
    has_moved: np.ndarray

    @property
    def n_fewest(self) -> int:
        """Distinct persons of the smaller arm, in the last month of follow-up."""
        return int((self.total[:, :, -1] > 0).sum(axis=1).min())


def effect_people(weightings: Sequence[StartNow], *, district: str) -> pl.DataFrame:
    """The people behind every number of an effect, and the most that one of them changes it by.

    Parameters
    ----------
    weightings : sequence of StartNow
        Of the comparisons of the same trials.

    Returns
    -------
    DataFrame
        The table `effect_people`: keys of the effect; arm (comparison, treated, difference), state
        (aggregates and, where states are told together, "other" among them), month (from 1);
        n_fewest (distinct persons of the smaller arm), n_in_state (persons in it; difference: of
        the arm with fewer), n_moved (persons of the arm with fewer whose state has changed since
        the last month that a path shows; null where it shows none), is_together (told as part of
        another state), share_change and months_change (the largest change of the share, and of the
        months in the state up to then, without one person).
    """
    tables = [_people_of(weighting, district) for weighting in weightings]
    return pl.concat([table("effect_people").empty(), *tables])


def with_one_person(
    status: pl.DataFrame, summary: pl.DataFrame, people: pl.DataFrame
) -> pl.DataFrame:
    """Statuses with one_person: the most that one person changes any outcome of the effect by, as a
    share of its standard error; and one_person_value, that of months in work and on support.

    The largest over the outcomes holds for each of them; that of the primary outcome alone is too
    small for every third other number. A value is a sum over all states, of which work and support
    say most: in eighteen effects of a simulated city, one person moved society's by a quarter to
    three quarters of what one moves the larger of the two by, in standard errors of each.

    Parameters
    ----------
    summary : DataFrame
        The table `effect_summary` of the raw draws.
    people : DataFrame
        The table `effect_people`.
    """
    width = pl.col("ci_upper") - pl.col("ci_lower")
    share = pl.col("person_change") / (width / RANGE_WIDTH)
    shares = (
        with_change(summary, people, arms=("difference",))
        .filter(width > 0)
        .group_by(_EFFECT)
        .agg(
            one_person=share.max(),
            one_person_value=share.filter(pl.col("outcome").is_in(OUTCOMES_OF_VALUE)).max(),
        )
    )
    return (
        status.drop("one_person", "one_person_value")
        .join(shares, on=_EFFECT, how="left", maintain_order="left")
        .select(status.columns)
    )


def with_change(
    summary: pl.DataFrame, people: pl.DataFrame, *, arms: Sequence[str] = ARMS
) -> pl.DataFrame:
    """The table `effect_summary` with person_change beside each row: the most that one person
    changes any of its numbers by. That of the share at the end is that of the whole path, so that
    both show one number.
    """
    of_state = (
        people.filter(pl.col("arm").is_in(arms))
        .group_by(*_EFFECT, "state")
        .agg(
            pl.col("share_change").max(),
            pl.col("months_change").filter(pl.col("month") == pl.col("month").max()).max(),
        )
    )
    of_outcome = pl.concat(
        [
            of_state.select(*_EFFECT, outcome=outcome, person_change=column)
            for outcome, column in (
                ("months_" + pl.col("state"), "months_change"),
                (pl.col("state") + "_share_at_end", "share_change"),
            )
        ]
    )
    return summary.join(of_outcome, on=[*_EFFECT, "outcome"], how="left", maintain_order="left")


def with_change_of_readings(
    readings: pl.DataFrame, people: pl.DataFrame, protocol: Protocol
) -> pl.DataFrame:
    """The table `effect_readings` with person_change where a reading is a number of the table
    `effect_summary` too, so that both show it alike; null elsewhere.
    """
    outcomes = {
        **dict.fromkeys(_READ_AT_END, f"{protocol.primary_outcome}_share_at_end"),
        "none_work_months": f"months_{protocol.primary_outcome}",
    }
    outcome = pl.col("reading").replace_strict(outcomes, default=None, return_dtype=pl.String)
    return with_change(readings.with_columns(outcome=outcome), people).drop("outcome")


def states_told_together(people: pl.DataFrame) -> dict[tuple[str, ...], list[str]]:
    """By district, intervention and estimand: the states that a path tells as one."""
    states = people.filter("is_together", ~pl.col("state").is_in(list(AGGREGATES)))
    by_effect = states.group_by(_EFFECT).agg(pl.col("state").unique().sort())
    return {(row[0], row[1], row[2]): row[3] for row in by_effect.iter_rows()}


def shown_paths(curves: pl.DataFrame, people: pl.DataFrame) -> pl.DataFrame:
    """The table `effect_curves` at the months and of the states that a path may show, with the
    people behind each row, and person_change: the most that one person changes any month by, in
    either arm.
    """
    path = [*_EFFECT, "state", "arm"]
    behind = people.filter(~pl.col("is_together")).select(
        *path,
        *("month", "n_fewest", "n_in_state", "n_moved"),
        person_change=pl.col("share_change").max().over(*_EFFECT, "state"),
    )
    at_start = behind.filter(pl.col("month") == 1).with_columns(
        n_in_state="n_fewest", n_moved=pl.lit(None, pl.Int32), month=pl.lit(0, pl.Int32)
    )
    shown = pl.concat([at_start, behind.filter(pl.col("n_moved").is_not_null())])
    return curves.join(shown, on=[*path, "month"], how="inner", maintain_order="left")


def primary_share(weighting: StartNow, limits: pl.DataFrame) -> pl.DataFrame:
    """A row with ci_lower and ci_upper, and one_person: the most that one person changes months in
    the primary outcome by, as a share of the standard error.
    """
    people, members = person_sums(weighting), members_of(weighting.trials.protocol.primary_outcome)
    states = weighting.trials.states
    places = [place for place, state in enumerate(states) if state in members]
    # As in the table of months: the largest of both arms and their difference.
    change = float(_changes(people, [places])[1][:, 0, -1].max())
    error = (pl.col("ci_upper") - pl.col("ci_lower")) / RANGE_WIDTH
    return limits.with_columns(one_person=pl.when(error > 0).then(change / error))


def person_sums(weighting: StartNow) -> PersonSums:
    """The weights that the persons of the trials have in both arms, whether they stand in them or
    not.
    """
    from scipy import sparse

    trials, point = weighting.trials, copy(weighting)
    point.coefficients = Coefficients(*[part[..., :1] for part in weighting.coefficients])
    person, (n_rows, n_months) = positions_of_people(trials.rows), trials.outcomes.shape
    n_persons = int(person.max(initial=-1)) + 1
    before = trials.states.index(trials.protocol.eligibility.state_before)
    at = np.column_stack([np.full(n_rows, before, trials.outcomes.dtype), trials.outcomes])
    has_moved = (at[:, 1:] != at[:, :-1]).astype(np.int32)
    sums, moves = [], []
    for arm, mask in enumerate(point.masks):
        in_arm = np.flatnonzero(mask)
        is_new = np.broadcast_to(np.arange(n_months) == 0, (len(in_arm), n_months))
        runs = stretches(
            trials.outcomes[in_arm],
            np.zeros((0, len(in_arm), n_months), bool),
            is_new | point.changes(arm),
            n_states=len(trials.states),
        )
        weights = point.by_month(
            point.base(in_arm), arm, slice(0, len(in_arm)), runs.rows, runs.months
        )
        of_person = sparse.csr_matrix(
            (weights[:, 0], (person[in_arm][runs.rows], np.arange(len(runs.rows)))),
            shape=(n_persons, len(runs.rows)),
        )
        steps = (of_person @ runs.steps).toarray().reshape(n_persons, -1, n_months)
        by_month = steps.cumsum(axis=2)
        # What is left of a weight that has gone again is rounding.
        by_month[by_month < 1e-12 * by_month.max(initial=0)] = 0.0
        sums.append(by_month)
        in_trial = sparse.csr_matrix(
            (np.ones(len(in_arm), np.int32), (person[in_arm], np.arange(len(in_arm)))),
            shape=(n_persons, len(in_arm)),
        )
        moves.append((in_trial @ has_moved[in_arm]) > 0)
    stacked = np.stack(sums)
    total = stacked.sum(axis=2)
    return PersonSums(stacked, total, np.stack(moves) & (total > 0))


def moved_since(people: PersonSums, months: Sequence[int]) -> dict[int, int]:
    """By month that a path may show: the persons of the arm with fewer whose state has changed
    since the last month up to which at least five had.
    """
    moved, since, last = {}, np.zeros(people.has_moved.shape[:2], bool), 0
    for month in months:
        if month == 0:
            continue
        since |= people.has_moved[:, :, last:month].any(axis=2)
        last = month
        moved[month] = int(since.sum(axis=1).min())
        if moved[month] >= MOVED:
            since[:] = False
    return moved


def _people_of(weighting: StartNow, district: str) -> pl.DataFrame:
    trials, people = weighting.trials, person_sums(weighting)
    n_months = people.total.shape[2]
    moved = moved_since(people, path_months(people.n_fewest, n_months))
    shown = [month for month, n_moved in moved.items() if n_moved >= MOVED]
    n_in = {
        state: (people.sums[:, :, [place]] > 0).any(axis=2).sum(axis=1)
        for place, state in enumerate(trials.states)
    }
    at_shown = [month - 1 for month in shown]
    kept = {trials.protocol.eligibility.state_before, *members_of(trials.protocol.primary_outcome)}
    together = states_together(
        {state: numbers[:, at_shown].ravel() for state, numbers in n_in.items()}, kept=kept
    )
    groups = {state: (state,) for state in trials.states} | aggregates_of(trials.states)
    groups |= {OTHER: tuple(together)} if together else {}
    places = [[trials.states.index(state) for state in members] for members in groups.values()]
    n_in_group = np.stack(
        [(people.sums[:, :, of_group] > 0).any(axis=2).sum(axis=1) for of_group in places]
    )
    share_change, months_change = _changes(people, places)
    is_together = [
        name in together
        or (
            name in AGGREGATES
            and _is_told_apart(members, together, trials.states, n_in_group[at][:, at_shown])
        )
        for at, (name, members) in enumerate(groups.items())
    ]
    shape = (len(ARMS), len(groups), n_months)
    smaller = np.where((n_in_group > 0).all(axis=1), n_in_group.min(axis=1), n_in_group.max(axis=1))
    n_by_arm = np.stack([n_in_group[:, 0], n_in_group[:, 1], smaller])
    arm, group, month = (axis.ravel() for axis in np.indices(shape))
    return (
        pl.DataFrame(
            {
                "arm": np.array(ARMS)[arm],
                "state": np.array(list(groups))[group],
                "month": month + 1,
                "n_in_state": n_by_arm.ravel(),
                "is_together": np.array(is_together)[group],
                "share_change": share_change.ravel(),
                "months_change": months_change.ravel(),
            }
        )
        .with_columns(
            pl.lit(district).alias("district"),
            pl.lit(trials.protocol.intervention_id).alias("intervention_id"),
            pl.lit(protocol_hash(trials.protocol)).alias("protocol_hash"),
            pl.lit(ESTIMANDS[weighting.comparison]).alias("estimand"),
            n_fewest=people.n_fewest,
            n_moved=pl.col("month").replace_strict(moved, default=None, return_dtype=pl.Int32),
        )
        .select(list(table("effect_people").schema))
        .cast(dict(table("effect_people").schema))
    )


def _is_told_apart(
    members: Sequence[str], together: Sequence[str], states: Sequence[str], n_in: np.ndarray
) -> bool:
    """Whether an aggregate would tell a state apart that is told together with others, beside its
    other members; or is of few people itself. One of all states but one tells nothing that the one
    does not.
    """
    is_split = 0 < len(set(members) & set(together)) < len(members)
    return is_few(n_in) or (is_split and len(members) < len(states) - 1)


def _changes(people: PersonSums, places: Sequence[Sequence[int]]) -> tuple[np.ndarray, np.ndarray]:
    """The largest changes without one person of shares and of months up to each month: (3 arms,
    n_groups, n_months) each.
    """
    n_persons = people.total.shape[1]
    totals = people.total.sum(axis=1)[:, None, None]
    all_sums = people.sums.sum(axis=1)
    of_groups = np.stack([all_sums[:, of_group].sum(axis=1) for of_group in places], axis=1)
    shape = (len(ARMS), len(places), people.total.shape[2])
    largest = np.zeros((2, *shape))
    for begin in range(0, n_persons, _BLOCK):
        block = slice(begin, begin + _BLOCK)
        own = np.stack([people.sums[:, block, of_group].sum(axis=2) for of_group in places], axis=2)
        with np.errstate(divide="ignore", invalid="ignore"):
            without = (of_groups[:, None] - own) / (totals - people.total[:, block, None])
            change = without - of_groups[:, None] / totals
        # Where nobody else is left in the arm, one person is everything.
        change = np.nan_to_num(change, nan=1.0, posinf=1.0, neginf=1.0)
        by_arm = np.stack([change[0], change[1], change[1] - change[0]])
        for at, changes in enumerate((by_arm, by_arm.cumsum(axis=3))):
            largest[at] = np.maximum(largest[at], np.abs(changes).max(axis=1, initial=0))
    return largest[0], largest[1]
