"""Options that are words: one that is not known is refused, never taken for another."""

from collections.abc import Sequence

from evalkit.errors import EstimationError, nearest


def check_option(name: str, value: object, known: Sequence[str]) -> None:
    """Refuse a value that is none of the known ones."""
    if value not in known:
        raise EstimationError(
            f'The option "{name}" has a value that is not known.',
            where=f"{name} = {value}",
            why=f"Known: {', '.join(known)}.",
            fix=f"use one of them ({nearest(str(value), list(known))}).",
        )
