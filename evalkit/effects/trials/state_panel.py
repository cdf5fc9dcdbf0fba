"""What people lived on month by month: their follow-up, and their past."""

import numpy as np
import polars as pl

from evalkit.effects.trials.requirements import UNKNOWN, refuse_unfollowed_states
from evalkit.errors import ProtocolError
from evalkit.line.protocol import Protocol
from evalkit.line.states import OUTCOME_OF, members_of


class StatePanel:
    """States by person and month, one byte each, of the people who enter a trial."""

    def __init__(self, intervals: pl.DataFrame, people: pl.Series, protocol: Protocol):
        known = intervals.join(
            pl.DataFrame({"person_id": people}).with_row_index("person_row"), on="person_id"
        )
        names = known["from_state"].replace(OUTCOME_OF)
        occurring = set(names.unique())
        is_partly_unknown = UNKNOWN in occurring and UNKNOWN not in protocol.outcomes
        self.states = (*protocol.outcomes, UNKNOWN) if is_partly_unknown else protocol.outcomes
        refuse_unfollowed_states(occurring, protocol)
        self.people = people
        n_months = known.select(pl.max("stop_month")).item()
        self.months = np.full((len(people), n_months), -1, dtype=np.int8)
        position = {state: code for code, state in enumerate(self.states)}
        codes = names.replace_strict(position, return_dtype=pl.Int8).to_numpy()
        lengths = (known["stop_month"] - known["start_month"]).to_numpy()
        cells = np.repeat(
            known["start_month"].to_numpy() - np.concatenate([[0], np.cumsum(lengths)[:-1]]),
            lengths,
        ) + np.arange(lengths.sum())
        self.months[np.repeat(known["person_row"].to_numpy(), lengths), cells] = np.repeat(
            codes, lengths
        )

    def rows_of(self, rows: pl.DataFrame) -> np.ndarray:
        return self.people.search_sorted(rows["person_id"]).to_numpy()

    def follow_up(self, rows: pl.DataFrame, protocol: Protocol) -> np.ndarray:
        months = (
            rows["trial_month"].to_numpy()[:, None]
            - 1
            + np.arange(protocol.follow_up_months)[None, :]
        )
        inside = months.max() < self.months.shape[1]
        outcomes = self.months[
            self.rows_of(rows)[:, None], np.minimum(months, self.months.shape[1] - 1)
        ]
        n_short = len(rows) if not inside else int((outcomes < 0).any(axis=1).sum())
        if n_short:
            raise ProtocolError(
                f"{n_short} of {len(rows)} person-trials are not followed for "
                f"{protocol.follow_up_months} months.",
                where=f"protocol {protocol.protocol}, follow_up_months; table state_intervals",
                why="A state that is not known would silently count as none of the outcomes.",
                fix="end the trial months earlier, or deliver a state (also unknown, moved, dead) "
                "for every month up to data_through.",
            )
        return outcomes

    def share_before(self, rows: pl.DataFrame, code: int) -> np.ndarray:
        """Share of the months observed before the trial month that were spent in a state."""
        months = rows["trial_month"].to_numpy()
        return self._counted(self.months == code, rows, months) / np.maximum(
            self.known_before(rows, months), 1
        )

    def known_before(self, rows: pl.DataFrame, months: np.ndarray) -> np.ndarray:
        """Months observed before a month, by row."""
        return self._counted(self.months >= 0, rows, months)

    def past_before_support(self, rows: pl.DataFrame, protocol: Protocol) -> np.ndarray:
        """Months in the primary outcome in the window of the second reading, which ends where the
        present period of support began: (n_rows,).

        NaN where the window is not on record: nobody knows when the period began, or some month of
        the window lies before the person's states, or is unknown (unless unknown is as good as the
        outcome, as where months without support are counted).
        """
        window, members = (
            protocol.second_reading.window_months,
            members_of(protocol.primary_outcome),
        )
        elapsed = rows["elapsed_months"]
        begin = rows["trial_month"].to_numpy() - elapsed.fill_null(0).to_numpy()
        is_in = np.array([state in members for state in (*self.states, "")])[self.months]
        is_lost = np.array([state == UNKNOWN for state in (*self.states, "")])[self.months]
        is_known = (self.months >= 0) & (is_in | ~is_lost)
        inside, known = (
            self._counted(cells, rows, begin) - self._counted(cells, rows, begin - window)
            for cells in (is_in, is_known)
        )
        is_whole = elapsed.is_not_null().to_numpy() & (known == window)
        return np.where(is_whole, inside, np.nan)

    def _counted(self, cells: np.ndarray, rows: pl.DataFrame, months: np.ndarray) -> np.ndarray:
        counted = np.zeros((len(self.people), cells.shape[1] + 1), dtype=np.int32)
        np.cumsum(cells, axis=1, out=counted[:, 1:])
        return counted[self.rows_of(rows), np.clip(months - 1, 0, cells.shape[1])]
