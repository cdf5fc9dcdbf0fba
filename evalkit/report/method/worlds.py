"""How often ranges hold the truth, and how often checks warn, in simulated worlds of which some
break what every comparison assumes: the record as it is kept in `worlds.yaml`.

The record is made by tests/truth/store_worlds_record.py, never by hand.
"""

from datetime import date
from functools import cache
from pathlib import Path
from typing import Literal

from evalkit.records import Record, load

FILE = Path(__file__).with_suffix(".yaml")

WorldName = Literal["nothing_hidden", "persistent", "history", "broad", "first_spells", "transient"]


class WarnedCount(Record):
    """How often a check warned: where the plain range misses the truth (a hit), and where it holds
    it (a false alarm). Estimates for which the check could not be made are in neither.
    """

    check: str
    n_wrong: int
    n_hits: int
    n_right: int
    n_false_alarms: int

    @property
    def hit_share(self) -> float | None:
        """Of the estimates that miss the truth; None where there is none."""
        return self.n_hits / self.n_wrong if self.n_wrong else None

    @property
    def false_alarm_share(self) -> float | None:
        """Of the estimates that hold the truth; None where there is none."""
        return self.n_false_alarms / self.n_right if self.n_right else None


class WorldCount(Record):
    """The estimates of one world at one strength of its selection, counted.

    n_estimates: cities times interventions; n_nothing: of which the past showed nothing, so that
    the span is the plain range. truth, bias_plain, bias_second, width_plain, width_span: means, in
    months. n_plain, n_second, n_span: ranges that hold the truth (n_second of n_estimates -
    n_nothing). If the effect were `WorldsRecord.harm`: n_claims_plain, n_claims_span: ranges wholly
    above zero; n_expands_plain, n_expands_span: as sure of a gain as advice to expand asks, by the
    plain reading or by both. times: how many times what the strongest measured group moves it would
    take to take the gain away, the median over estimates.
    """

    world: WorldName
    strength: float
    n_estimates: int
    n_nothing: int
    truth: float
    bias_plain: float
    bias_second: float | None
    n_plain: int
    n_second: int
    n_span: int
    width_plain: float
    width_span: float
    n_claims_plain: int
    n_claims_span: int
    n_expands_plain: int
    n_expands_span: int
    times: float | None = None
    warned: tuple[WarnedCount, ...] = ()

    @property
    def coverage_plain(self) -> float:
        """The share of the plain ranges that hold the truth."""
        return self.n_plain / self.n_estimates

    @property
    def coverage_second(self) -> float | None:
        """The share of the second reading's ranges that do; None where there is none."""
        n_second = self.n_estimates - self.n_nothing
        return self.n_second / n_second if n_second else None

    @property
    def coverage_span(self) -> float:
        """The share of the spans that do."""
        return self.n_span / self.n_estimates


class WorldsRecord(Record):
    """Simulated cities of several worlds beside the truth: how they were made, and what came of it.

    n_cities: of each world, each with n_interventions estimates; n_cities_checked: of them, those
    in which checks were made too. harm: what the effect is taken to be when it is asked how often a
    harmful intervention would be called a good one, in months; expand_from: how sure of a gain
    advice to expand must be.
    """

    city: str
    made: date
    version: str
    first_seed: int
    n_cities: int
    n_cities_checked: int
    n_people: int
    n_districts: int
    n_interventions: int
    followed_months: int
    harm: float
    expand_from: float
    worlds: tuple[WorldCount, ...]


@cache
def worlds_record() -> WorldsRecord:
    """The record that comes with this version."""
    return load(FILE, WorldsRecord)
