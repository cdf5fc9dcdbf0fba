"""Months on support from the next step on: an intervention higher on the ladder, or a hand-over,
that has begun since time zero.

The same rule holds in both arms, whoever takes the step. A person is on it while they take part and
`holds_months` after, so that a step that leads nowhere stops counting. Who is on it already at time
zero has not taken it since: only a step that begins later counts.
"""

import numpy as np
import polars as pl

from evalkit.effects.trials.stays import NO_END
from evalkit.errors import ProtocolError, first_few, nearest
from evalkit.line.protocol import Protocol
from evalkit.line.protocol_parts import NextStep
from evalkit.line.states import NEXT_STEP
from evalkit.months import free_from_expr, month_number_expr

# Before every month.
_NEVER = -(2**20)


def with_next_step(
    outcomes: np.ndarray,
    rows: pl.DataFrame,
    episodes: pl.DataFrame,
    *,
    protocol: Protocol,
    origin: int,
) -> np.ndarray:
    """The outcomes with months on support told apart from the next step on; the same where the
    protocol declares none.

    Parameters
    ----------
    outcomes : ndarray
        Positions in the protocol's outcomes, (n_rows, follow_up_months).
    rows : DataFrame
        person_id and trial_month of each row.
    episodes : DataFrame
        The table of that name.
    origin : int
        The number of the extract's first month (`months.month_number`).

    Raises
    ------
    ProtocolError
        If the episodes do not say on which step an intervention is, or why one ended.
    """
    if protocol.next_step is None:
        return outcomes
    _refuse_without_steps(episodes, protocol)
    people = rows["person_id"].unique().sort()
    trial_month = rows["trial_month"].to_numpy()[:, None]
    months = trial_month + np.arange(outcomes.shape[1])
    steps = step_months(episodes, protocol.next_step, origin)
    began = _month_begun(steps, people, n_months=int(months.max(initial=0)))
    since = began[people.search_sorted(rows["person_id"]).to_numpy()[:, None], months]
    is_support = outcomes == protocol.outcomes.index(protocol.eligibility.state_before)
    told_apart = np.array(protocol.outcomes.index(NEXT_STEP), outcomes.dtype)
    return np.where(is_support & (since >= trial_month), told_apart, outcomes)


def step_months(episodes: pl.DataFrame, rule: NextStep, origin: int) -> pl.DataFrame:
    """When people are on the next step: person_id, start (inclusive) and stop (exclusive) in months
    of the protocol; what touches or overlaps is one time.
    """
    begun = month_number_expr("start") - origin + 1
    free = free_from_expr("end") - origin + 1
    taken = episodes.filter(pl.col("ladder_step") >= rule.ladder_step).select(
        "person_id",
        start=begun,
        stop=pl.when(pl.col("end").is_not_null()).then(pl.max_horizontal(free, begun + 1)),
    )
    is_handed_over = pl.col("end_reason").is_in(list(rule.end_reasons))
    handed_over = episodes.filter(is_handed_over, pl.col("end").is_not_null()).select(
        "person_id", start=free, stop=free
    )
    months = pl.concat([taken, handed_over]).with_columns(
        stop=pl.coalesce(pl.col("stop") + rule.holds_months, pl.lit(NO_END))
    )
    ordered = months.sort("person_id", "start", "stop")
    is_new = pl.col("start") > pl.col("stop").cum_max().shift(1).over("person_id")
    return (
        ordered.with_columns(time=is_new.fill_null(True).cum_sum())
        .group_by("time", maintain_order=True)
        .agg(pl.first("person_id"), pl.col("start").min(), pl.col("stop").max())
        .drop("time")
    )


def refuse_unmet_steps(episodes: pl.DataFrame, protocol: Protocol) -> None:
    """Refuse a next step that nobody in the register takes, a reason for which nothing ended, and
    interventions compared that are not below the step.

    Parameters
    ----------
    episodes : DataFrame
        The table of that name, of all districts.

    Raises
    ------
    ProtocolError
        Naming what is lacking.
    """
    rule = protocol.next_step
    if rule is None:
        return
    _refuse_without_steps(episodes, protocol)
    steps = dict(episodes.select("intervention_id", "ladder_step").unique().iter_rows())
    reasons = set(episodes["end_reason"].drop_nulls())
    compared = [protocol.intervention_id, *filter(None, [protocol.other_intervention_id])]
    faults = [
        f"{name} is on {'no step' if steps[name] is None else f'step {steps[name]}'}"
        for name in compared
        if name in steps and (steps[name] is None or steps[name] >= rule.ladder_step)
    ]
    if not any((step or 0) >= rule.ladder_step for step in steps.values()):
        faults.append(f"nobody has started an intervention of step {rule.ladder_step} or higher")
    faults += [
        f"nothing ended for {reason} ({nearest(reason, sorted(reasons))})"
        for reason in rule.end_reasons
        if reason not in reasons
    ]
    if faults:
        raise ProtocolError(
            "The next step of a protocol does not lie above what is compared, or nobody takes it.",
            where=f"protocol {protocol.protocol}, next_step; {first_few(faults, 4)}",
            why="Starting would itself be the outcome, or the outcome would never come about, and "
            "the answer would not say so.",
            fix="mend next_step, or have ladder_step of the table intervention and end_reason of "
            "participation delivered.",
        )


def _refuse_without_steps(episodes: pl.DataFrame, protocol: Protocol) -> None:
    lacking = [name for name in ("ladder_step", "end_reason") if name not in episodes.columns]
    if lacking:
        raise ProtocolError(
            "The episodes do not say which of them are a next step.",
            where=f"protocol {protocol.protocol}, next_step; table episodes, missing: "
            f"{', '.join(lacking)}",
            why="A step is known by the ladder of the interventions and by why they ended.",
            fix="hand on episodes as `spells.build_episodes` makes them, or take next_step from "
            "the protocol.",
        )


def _month_begun(steps: pl.DataFrame, people: pl.Series, *, n_months: int) -> np.ndarray:
    """By person and month (from 0, which is no month of the protocol) the month in which the step
    that they are on began, far before any trial where they are on none: (n_people, n_months + 1).
    """
    known = steps.join(
        pl.DataFrame({"person_id": people}).with_row_index("person_row"), on="person_id"
    ).with_columns(
        first=pl.col("start").clip(0, n_months + 1), last=pl.col("stop").clip(0, n_months + 1)
    )
    months = known.select(
        "person_row", "start", month=pl.int_ranges("first", "last", dtype=pl.Int32)
    ).explode("month", empty_as_null=False)
    began = np.full((len(people), n_months + 1), _NEVER, dtype=np.int32)
    began[months["person_row"].to_numpy(), months["month"].to_numpy()] = months["start"].to_numpy()
    return began
