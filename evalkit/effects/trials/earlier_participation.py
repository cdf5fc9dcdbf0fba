"""Earlier participation: the stays in interventions that began before a trial, as far back as the
extract goes.
"""

import numpy as np
import polars as pl

from evalkit.effects.trials.stays import episode_months
from evalkit.line.adjustment import ANY, Covariate, Exclusion

# Months of one person stay apart from the next person's when both are one number; months before the
# extract are negative.
_MONTH_SPAN, _ORIGIN = 2**21, 2**20


class EarlierParticipation:
    """Stays in one intervention, or in any of them, looked up by person and month."""

    def __init__(self, episodes: pl.DataFrame, people: pl.Series, *, of: str, origin: int):
        self.people = people
        stays = stays_of(episodes, of, origin).join(
            pl.DataFrame({"person_id": people}).with_row_index("person_row"), on="person_id"
        )
        stays = stays.sort("person_row", "episode_start", "episode_end")
        self.person_row = stays["person_row"].to_numpy().astype(np.int64)
        self.start, end = stays["episode_start"].to_numpy(), stays["episode_end"].to_numpy()
        self.place = self.person_row * _MONTH_SPAN + _ORIGIN + self.start
        # The latest end of a person's stays up to each of them.
        self.latest_end = (
            np.maximum.accumulate(self.person_row * _MONTH_SPAN + end)
            - self.person_row * _MONTH_SPAN
        )
        self.end = end

    def count(self, rows: pl.DataFrame, months: np.ndarray) -> np.ndarray:
        """Stays that began before a month, by row."""
        before, first = self._places(rows, months)
        return before - first

    def months_since(self, rows: pl.DataFrame, months: np.ndarray) -> np.ndarray:
        """Months from the end of the last stay that began before a month up to that month, 0 while
        one runs; -1: there was none.
        """
        before, first = self._places(rows, months)
        if not len(self.place):
            return np.full(len(months), -1)
        return np.where(
            before > first, np.maximum(months - self.latest_end[np.maximum(before - 1, 0)], 0), -1
        )

    def share(self, rows: pl.DataFrame, months: np.ndarray, n_known: np.ndarray) -> np.ndarray:
        """Months of the extract before a month in which the person took part, over the months
        observed.
        """
        n_months = int(months.max(initial=1))
        steps = np.zeros((len(self.people), n_months + 1), dtype=np.int32)
        np.add.at(steps, (self.person_row, np.clip(self.start, 1, n_months + 1) - 1), 1)
        np.add.at(steps, (self.person_row, np.clip(self.end, 1, n_months + 1) - 1), -1)
        inside = np.zeros_like(steps)
        np.cumsum(steps.cumsum(axis=1)[:, :-1] > 0, axis=1, out=inside[:, 1:])
        spent = inside[self.people.search_sorted(rows["person_id"]).to_numpy(), months - 1]
        return np.minimum(spent / np.maximum(n_known, 1), 1.0)

    def _places(self, rows: pl.DataFrame, months: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        person = (
            self.people.search_sorted(rows["person_id"]).to_numpy().astype(np.int64) * _MONTH_SPAN
        )
        return np.searchsorted(self.place, person + _ORIGIN + months), np.searchsorted(
            self.place, person
        )


def participation_columns(
    covariate: Covariate, earlier: EarlierParticipation, rows: pl.DataFrame, months: np.ndarray
) -> tuple[np.ndarray, ...]:
    """The columns of a covariate that counts earlier stays or the months since them, in the order
    of its terms.
    """
    if covariate.measure == "count":
        return (earlier.count(rows, months).astype(float),)
    since = earlier.months_since(rows, months)
    if covariate.measure == "ever":
        return ((since >= 0).astype(float),)
    return np.log1p(np.maximum(since, 0)), (since < 0).astype(float)


def without_earlier(
    rows: pl.DataFrame, episodes: pl.DataFrame, exclusions: tuple[Exclusion, ...], origin: int
) -> pl.DataFrame:
    """The rows (person_id, trial_month) of people whom no exclusion leaves out."""
    for exclusion in exclusions:
        earlier = EarlierParticipation(
            episodes, rows["person_id"].unique().sort(), of=exclusion.of, origin=origin
        )
        since = earlier.months_since(rows, rows["trial_month"].to_numpy())
        last = np.inf if exclusion.within_months is None else exclusion.within_months - 1
        rows = rows.filter(pl.Series((since < 0) | (since > last), dtype=pl.Boolean))
    return rows


def stays_of(episodes: pl.DataFrame, of: str, origin: int) -> pl.DataFrame:
    """The stays in an intervention, or in each of them, as `episode_months` has them."""
    ids = episodes["intervention_id"].unique().sort().to_list() if of == ANY else [of]
    return pl.concat(
        [episode_months(episodes, intervention_id, origin) for intervention_id in ids or [of]]
    )
