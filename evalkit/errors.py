"""The error family: every message says what is wrong, where, why it matters and how to mend it.

Line numbers and column names may stand in a message; cell values and ids never do.
"""

from collections.abc import Iterable
from difflib import get_close_matches


class EvalkitError(Exception):
    """A fault in words: what, where, why, fix. The base of every error that evalkit raises itself.

    Parameters
    ----------
    what : str
        One sentence; counts first.
    where : str
        File, column, lines, record or argument.
    why : str
        The rule that is broken and what was done about it.
    fix : str
        What the reader can do now.
    """

    exit_code = 2

    def __init__(self, what: str, *, where: str, why: str, fix: str):
        self.what, self.where, self.why, self.fix = what, where, why, fix
        super().__init__(f"{what}\n  where: {where}\n  why:   {why}\n  fix:   {fix}")

    def __reduce__(self):
        return _rebuild, (type(self), self.what, self.where, self.why, self.fix)


class ParameterError(EvalkitError):
    """A parameter is unknown, missing, mistyped or out of range."""


class IntakeError(EvalkitError):
    """An extract cannot be read or breaks its contract beyond what may be set aside."""

    exit_code = 3


class EstimationError(EvalkitError):
    """An estimator was asked for something that its data cannot answer."""


class ProtocolError(EvalkitError):
    """A target-trial protocol contradicts itself or its data."""


class LedgerError(EvalkitError):
    """A posting does not balance, or a price lacks what makes it comparable."""


class DisclosureError(EvalkitError):
    """Something was about to leave without passing disclosure control."""

    exit_code = 4


class BatchError(EvalkitError):
    """A run cannot be planned, resumed or finished."""


class PrintError(EvalkitError):
    """Some pages of a report could not be printed."""

    exit_code = 1


def first_few(items: Iterable[object], limit: int = 3) -> str:
    """Up to `limit` items with their number: '118, 402, 977 (first 3 of 12)'."""
    items = [str(item) for item in items]
    shown = ", ".join(items[:limit])
    return f"{shown} (first {limit} of {len(items)})" if len(items) > limit else shown


def nearest(name: str, known: Iterable[str]) -> str:
    """A hint for a mistyped name: 'did you mean "seed"?', or the names that exist."""
    known = sorted(known)
    close = get_close_matches(name, known, n=1, cutoff=0.6)
    return f'did you mean "{close[0]}"?' if close else f"known: {', '.join(known)}"


def _rebuild(kind, what, where, why, fix):
    return kind(what, where=where, why=why, fix=fix)
