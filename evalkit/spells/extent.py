"""The months that an extract covers, and the rules by which its paid months become spells."""

from dataclasses import dataclass
from datetime import date

from evalkit.months import add_months, month_number
from evalkit.params import RunFile


@dataclass(frozen=True)
class Extent:
    """What decides which months are looked at, and when a spell begins and ends.

    Attributes
    ----------
    first_month, data_through : date
        First month of the extract and last month known. Months.
    max_gap_months : int
        Longest unpaid gap between paid months that does not end a spell. Months, >= 0.
    reporting_lag_months : int
        How many of the last months may still lack payments. Months, >= 0.
    everybody_began_at_first_month : bool
        Whether nobody can have been on support before the extract, so that spells running at its
        first month began then.
    """

    first_month: date
    data_through: date
    max_gap_months: int
    reporting_lag_months: int = 0
    everybody_began_at_first_month: bool = False

    @classmethod
    def of_run(cls, params: RunFile) -> "Extent":
        """The extent that a run file declares."""
        return cls(
            first_month=params.extract.first_month,
            data_through=params.extract.follow_up_through,
            max_gap_months=params.spells.max_gap_months,
            reporting_lag_months=params.extract.reporting_lag_months,
            everybody_began_at_first_month=params.spells.everybody_began_at_first_month,
        )

    @property
    def first(self) -> int:
        """Number of the first month."""
        return month_number(self.first_month)

    @property
    def last(self) -> int:
        """Number of the last month known."""
        return month_number(self.data_through)

    @property
    def n_months(self) -> int:
        """Months from the first to the last month known, both counted."""
        return self.last - self.first + 1

    @property
    def last_month_with_known_exits(self) -> date:
        """The month at which follow-up ends: the last month known less the bridged gap and the
        reporting lag (`support` says why both).
        """
        return add_months(self.data_through, -(self.max_gap_months + self.reporting_lag_months))

    @property
    def last_known_exits(self) -> int:
        """Number of the last month with known exits."""
        return month_number(self.last_month_with_known_exits)
