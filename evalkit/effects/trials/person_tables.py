"""The people whose trials are emulated: their tables, and the trials of each protocol made once."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

import polars as pl

from evalkit.effects.trials.replicates import Replicates
from evalkit.effects.trials.stop_trials import stop_trials
from evalkit.effects.trials.target_trial import Trials, trials_of_tables
from evalkit.line.protocol import Protocol
from evalkit.line.protocols import protocol_hash
from evalkit.results import Result


@dataclass(frozen=True, eq=False, repr=False)
class PersonTables(Result):
    """The person-level tables from which trials are emulated; `delivered`: by name, those of
    covariates of kind latest.

    Trials and districts are made once and kept: a notebook asks for the same ones many times.
    """

    support_spells: pl.DataFrame
    episodes: pl.DataFrame
    state_intervals: pl.DataFrame
    person: pl.DataFrame
    first_month: date
    delivered: Mapping[str, pl.DataFrame] = field(default_factory=dict)
    _trials: dict[str, Trials] = field(default_factory=dict, init=False, repr=False)
    _districts: dict[str, "PersonTables"] = field(default_factory=dict, init=False, repr=False)
    _replicates: Replicates = field(default_factory=Replicates, init=False, repr=False)

    @property
    def table(self) -> pl.DataFrame:
        """One row per table: `table`, `n_rows`, `n_persons`."""
        given = {
            "support_spells": self.support_spells,
            "episodes": self.episodes,
            "state_intervals": self.state_intervals,
            "person": self.person,
            **self.delivered,
        }
        rows = [
            (name, table.height, table["person_id"].n_unique()) for name, table in given.items()
        ]
        return pl.DataFrame(rows, schema=["table", "n_rows", "n_persons"], orient="row")

    @property
    def headline(self) -> str:
        """Whose tables these are, in a line."""
        n_persons = self.person["person_id"].n_unique()
        return f"Tables of {n_persons:,} people from {self.first_month:%Y-%m} on"

    def of_district(self, district: str) -> "PersonTables":
        """The people with support spells in one district: all who can be eligible there."""
        if district not in self._districts:
            self._districts[district] = self._living_in(district)
        return self._districts[district]

    def _living_in(self, district: str) -> "PersonTables":
        spells = self.support_spells.filter(pl.col("district") == district)
        ids = spells.select("person_id").unique()
        others = [
            table.join(ids, on="person_id", how="semi")
            for table in (self.episodes, self.state_intervals, self.person)
        ]
        delivered = {
            name: table.join(ids, on="person_id", how="semi")
            for name, table in self.delivered.items()
        }
        return PersonTables(spells, *others, self.first_month, delivered)

    def trials(self, protocol: Protocol) -> Trials:
        """The trials of a protocol."""
        key = protocol_hash(protocol)
        if key not in self._trials:
            trials = trials_of_tables(
                self.support_spells, self.episodes, protocol=protocol, **self._others()
            )
            self._trials[key] = replace(trials, replicates=self._replicates)
        return self._trials[key]

    def stop_trials(self, protocol: Protocol) -> Trials | None:
        """The trials of leaving a protocol's intervention, among those in it."""
        trials = stop_trials(
            self.support_spells, self.episodes, protocol=protocol, **self._others()
        )
        return trials and replace(trials, replicates=self._replicates)

    def _others(self) -> dict[str, Any]:
        others = {"state_intervals": self.state_intervals, "person": self.person}
        return {**others, "first_month": self.first_month, "delivered": self.delivered}
