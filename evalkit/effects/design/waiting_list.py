"""Who could stand on a waiting list: the register's own months in which people could have started
and did not, with what they lived on afterwards.
"""

from dataclasses import dataclass

import numpy as np
import polars as pl

from evalkit.effects.trials.target_trial import Trials
from evalkit.errors import EstimationError


@dataclass(frozen=True, eq=False)
class WaitingList:
    """People in the months in which they could have been asked, sorted by household and month.

    values : (n_rows,) months in the primary outcome within the follow-up, as it went without
    starting in that month. covariates : (n_rows, n_terms) known before it. first, size :
    (n_groups,) where the rows of each household and month begin, and how many people they are.
    chance : (n_groups,) of being asked. n_persons, n_eligible : different people among the rows,
    and with those who started. n_months : months that are looked at. follow_up_months : how long
    people are followed.
    """

    values: np.ndarray
    covariates: np.ndarray
    first: np.ndarray
    size: np.ndarray
    chance: np.ndarray
    n_persons: int
    n_eligible: int
    n_months: int
    follow_up_months: int

    @property
    def people_per_group(self) -> float:
        """People who are asked together, on average."""
        return float(self.chance @ self.size)


def waiting_list(trials: Trials, *, n_months: int) -> WaitingList:
    """The last months of a protocol's trials as a list from which lots can be drawn.

    Raises
    ------
    EstimationError
        If there are fewer months of trials than asked for, nobody waits in them, or those who are
        compared start another intervention.
    """
    rule = trials.protocol.eligibility
    if "other" in trials.protocol.comparisons:
        raise EstimationError(
            "Nobody waits where two interventions are compared.",
            where=f"protocol {trials.protocol.protocol}, comparisons: other",
            why="Lots would decide between two interventions, and the list is made of those who "
            "start neither.",
            fix="name an intervention whose protocol compares with wait.",
        )
    span = rule.to_month - rule.from_month + 1
    if n_months > span:
        raise EstimationError(
            "Lots would be drawn for more months than the register can show.",
            where=f"protocol {trials.protocol.protocol}: {n_months} months asked, trials of {span}",
            why="The months are taken from the register, each with the whole follow-up after it.",
            fix=f"ask for at most {span} months, or for more places in fewer months.",
        )
    in_window = trials.rows["trial_month"] > rule.to_month - n_months
    waits = (in_window & (trials.rows["arm"] == "comparison")).to_numpy()
    if not waits.any():
        raise EstimationError(
            "Nobody waits in the months from which lots would be drawn.",
            where=f"protocol {trials.protocol.protocol}: trial months "
            f"{rule.to_month - n_months + 1} to {rule.to_month}",
            why="The list is made of those who could start in a month and did not.",
            fix="ask for more months, or look at the protocol's eligibility.",
        )
    waiting = trials.keep(waits)
    order = waiting.rows.with_row_index("row").sort("cluster_id", "trial_month", "row")["row"]
    rows, position = waiting.rows[order], order.to_numpy()
    groups = rows.group_by("cluster_id", "trial_month", maintain_order=True).agg(
        size=pl.len(), weight=pl.col("weight").first()
    )
    size, weight = groups["size"].to_numpy().astype(int), groups["weight"].to_numpy()
    return WaitingList(
        waiting.is_in_primary.sum(axis=1)[position].astype(float),
        waiting.design[position, 1:],
        np.concatenate([[0], np.cumsum(size)[:-1]]),
        size,
        weight / weight.sum(),
        rows["person_id"].n_unique(),
        trials.rows.filter(in_window)["person_id"].n_unique(),
        n_months,
        trials.protocol.follow_up_months,
    )
