"""Rows of delivered tables about a few made-up people."""

from datetime import date

MET = {
    "manages_participation": 1,
    "manages_travel": 1,
    "has_no_active_abuse": 1,
    "handles_conflict": 1,
    "is_motivated": 1,
}


def month(number: int) -> date:
    """A month counted from January 2020 (0)."""
    return date(2020 + number // 12, number % 12 + 1, 1)


def episode(person: str, intervention: str, start: int, end: int | None = None, **more) -> dict:
    """An episode in months from January 2020 (0)."""
    return {
        "person_id": person,
        "intervention_id": intervention,
        "start": month(start),
        "end": None if end is None else month(end),
        **more,
    }


def follow_up(person: str, intervention: str, at: int, **more) -> dict:
    """A follow-up at which all five criteria are met, unless said otherwise."""
    return {
        "person_id": person,
        "intervention_id": intervention,
        "date": month(at),
        **MET,
        **more,
    }
