"""Small tables as they come to the gate, and the provenance that every one of them needs."""

import polars as pl
import pytest

PROVENANCE = {"unit": "spells", "source": "made up for this test", "grade": "L"}


@pytest.fixture
def provenance() -> dict:
    return dict(PROVENANCE)


@pytest.fixture
def exits() -> pl.DataFrame:
    """Two districts: in A three people went to training, in B nobody is still on support."""
    return pl.DataFrame(
        {
            "district": ["A"] * 4 + ["B"] * 4,
            "exit": ["work", "studies", "training", "still_on_support"] * 2,
            "n_persons": [20, 12, 3, 7, 9, 8, 9, 0],
        }
    )


@pytest.fixture
def curve() -> pl.DataFrame:
    """Fifty people of A, month by month: 2 of them left to work each month, to the tenth."""
    gone = [2 * month for month in range(11)]
    return pl.DataFrame(
        {
            "district": ["A"] * 11,
            "exit": ["work"] * 11,
            "month": list(range(11)),
            "estimate": [n / 50 for n in gone],
            "ci_lower": [max(n - 3, 0) / 50 for n in gone],
            "ci_upper": [(n + 3) / 50 for n in gone],
            "n_at_risk": [50, *(50 - n for n in gone[:-1])],
            "n_persons": [50] * 11,
        }
    )
