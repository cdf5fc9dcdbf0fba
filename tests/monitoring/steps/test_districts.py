import numpy as np
import polars as pl
import pytest

from evalkit.monitoring.steps.districts import ladder_by_district
from tests.monitoring.steps.people import episode


def started(make, shares: dict[tuple[str, str], tuple[int, int]]) -> dict[str, pl.DataFrame]:
    """By district and sex: how many started, and how many of them work a year later."""
    people = [
        (f"{district}-{sex}-{number}", district, sex, number < n_closer)
        for (district, sex), (n, n_closer) in shares.items()
        for number in range(n)
    ]
    return make(
        person=[
            {"person_id": name, "district": district, "sex": sex}
            for name, district, sex, _ in people
        ],
        participation=[episode(name, "training", 12, 20) for name, *_ in people],
        lived=[
            (name, "work" if is_closer else "support", 20, 48) for name, _, _, is_closer in people
        ],
    )


def shares_of(tables, followed) -> dict[str, float | None]:
    return dict(ladder_by_district(tables, followed).select("district", "estimate").iter_rows())


def test_districts_that_differ_by_their_mix_alone_come_out_alike(make, followed):
    tables = started(
        make,
        {
            ("North", "female"): (200, 80),
            ("North", "male"): (50, 10),
            ("South", "female"): (50, 20),
            ("South", "male"): (200, 40),
        },
    )

    found = shares_of(tables, followed)

    # Four tenths of women and two of men everywhere, and as many of both in the city.
    assert found["North"] == pytest.approx(0.3, abs=1e-6)
    assert found["South"] == pytest.approx(0.3, abs=1e-6)
    assert found["all"] == pytest.approx(0.3)


def test_a_district_that_does_better_with_the_same_people_comes_out_better(make, followed):
    tables = started(make, {("North", "female"): (200, 100), ("South", "female"): (200, 60)})

    found = ladder_by_district(tables, followed)
    ranges = {row["district"]: row for row in found.iter_rows(named=True)}

    assert ranges["North"]["estimate"] == pytest.approx(0.5)
    assert ranges["North"]["ci_lower"] > ranges["South"]["ci_upper"]


def test_a_small_district_is_not_compared_and_the_others_are(make, followed):
    tables = started(
        make,
        {
            ("North", "female"): (100, 50),
            ("South", "female"): (100, 40),
            ("West", "female"): (12, 4),
        },
    )

    found = shares_of(tables, followed)

    assert found["West"] is None and found["North"] is not None


def test_one_district_alone_has_the_citys_share(make, followed):
    tables = started(make, {("North", "female"): (100, 50)})

    found = shares_of(tables, followed)

    assert found["all"] == pytest.approx(0.5)
    assert found["North"] is None


def test_the_citys_range_is_that_of_a_share(make, followed):
    tables = started(make, {("North", "female"): (400, 100)})

    row = ladder_by_district(tables, followed).filter(district="all").row(0, named=True)

    spread = 1.959964 * np.sqrt(1 / (0.25 * 0.75 * 400))
    assert row["ci_upper"] == pytest.approx(1 / (1 + np.exp(np.log(3) - spread)), abs=1e-4)
