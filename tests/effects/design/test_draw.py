"""Who is drawn from a list: households together, and the same by list and seed."""

import polars as pl
import pytest

from evalkit.effects import draw_lots
from evalkit.errors import EstimationError

PEOPLE = pl.DataFrame({"person_id": [f"p{number}" for number in range(10)]})
IN_PAIRS = PEOPLE.with_columns(household_id=pl.Series([f"h{number // 2}" for number in range(10)]))


def _drawn(people, n_places, seed=1):
    return set(draw_lots(people, n_places=n_places, seed=seed).filter("is_drawn")["person_id"])


def test_as_many_are_drawn_as_there_are_places():
    lots = draw_lots(PEOPLE, n_places=4, seed=1)

    assert lots["lot"].to_list() == list(range(1, 11))
    assert lots["is_drawn"].to_list() == [True] * 4 + [False] * 6


def test_a_household_starts_together_or_waits_together():
    drawn = draw_lots(IN_PAIRS, n_places=5, seed=3).join(IN_PAIRS, on="person_id")

    assert (
        drawn.group_by("household_id").agg(pl.col("is_drawn").n_unique())["is_drawn"].to_list()
        == [1] * 5
    )
    assert drawn["is_drawn"].sum() == 4


def test_who_is_drawn_does_not_hang_on_the_order_of_the_list():
    assert _drawn(PEOPLE, 4) == _drawn(PEOPLE.reverse(), 4)
    assert any(_drawn(PEOPLE, 4) != _drawn(PEOPLE, 4, seed) for seed in range(2, 6))


def test_everybody_is_drawn_about_as_often():
    """Four of ten in 400 draws: 160 times, plus or minus four standard errors."""
    counts = dict.fromkeys(PEOPLE["person_id"], 0)
    for seed in range(400):
        for person in _drawn(PEOPLE, 4, seed):
            counts[person] += 1

    assert all(abs(count - 160) < 4 * (400 * 0.4 * 0.6) ** 0.5 for count in counts.values())


def test_a_household_that_is_not_known_is_the_person():
    people = IN_PAIRS.with_columns(household_id=pl.lit(None, pl.String))

    assert _drawn(people, 4) == _drawn(PEOPLE, 4)


@pytest.mark.parametrize("n_places", [0, 10, 11])
def test_a_place_for_everybody_or_none_is_refused(n_places):
    with pytest.raises(EstimationError, match="nothing to draw") as refused:
        draw_lots(PEOPLE, n_places=n_places, seed=1)

    assert f"{n_places} places, 10 people on the list" in str(refused.value)


def test_a_list_that_names_somebody_twice_is_refused():
    with pytest.raises(EstimationError, match="cannot be drawn from") as refused:
        draw_lots(pl.concat([PEOPLE, PEOPLE[:1]]), n_places=2, seed=1)

    assert "1 of 11 rows repeat a person" in str(refused.value)
    assert "p0" not in str(refused.value)
