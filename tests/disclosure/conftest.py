"""Small tables as they come to the gate, and the provenance that every one of them needs."""

import polars as pl
import pytest

PROVENANCE = {"unit": "spells", "source": "made up for this test", "grade": "L"}


@pytest.fixture
def provenance() -> dict:
    return dict(PROVENANCE)


@pytest.fixture
def exits() -> pl.DataFrame:
    """Two districts: in A three people went to training; B has no small number."""
    return pl.DataFrame(
        {
            "district": ["A"] * 4 + ["B"] * 4,
            "exit": ["work", "studies", "training", "still_on_support"] * 2,
            "n_persons": [20, 12, 3, 7, 9, 8, 9, 0],
        }
    )


@pytest.fixture
def curve() -> pl.DataFrame:
    """One cause, months 0-9: events 0 3 3 0 5 0 2 2 2 1."""
    return pl.DataFrame(
        {
            "district": ["A"] * 10,
            "exit": ["work"] * 10,
            "month": list(range(10)),
            "estimate": [0.0, 0.06, 0.12, 0.12, 0.24, 0.24, 0.30, 0.36, 0.42, 0.45],
            "std_error": [0.0, 0.01, 0.02, 0.02, 0.03, 0.03, 0.04, 0.05, 0.06, 0.07],
            "n_at_risk": [50, 50, 46, 42, 40, 33, 30, 20, 8, 4],
            "n_events": [0, 3, 3, 0, 5, 0, 2, 2, 2, 1],
        }
    )
