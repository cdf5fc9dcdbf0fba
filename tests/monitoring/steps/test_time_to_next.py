import pytest

from evalkit.monitoring.steps.time_to_next import time_to_next_step
from tests.monitoring.steps.people import episode, follow_up


def test_time_runs_from_the_first_follow_up_with_all_five(make, followed):
    gone_after = {"a": 2, "b": 4, "c": 8}
    tables = make(
        participation=[
            *(
                episode(person, "training", 0, 4 + months, end_reason="job_centre")
                for person, months in gone_after.items()
            ),
            episode("waits", "training", 0),
        ],
        follow_up=[
            row
            for person in (*gone_after, "waits")
            for row in (
                follow_up(person, "training", 1, is_motivated=0),
                follow_up(person, "training", 4),
                follow_up(person, "training", 5),
            )
        ],
    )

    found = {
        row["measure"]: row
        for row in time_to_next_step(tables, followed).filter(district="all").iter_rows(named=True)
    }

    # Two of four have gone on by month 4, the next at month 8: the middle of the flat.
    assert found["median_months"]["estimate"] == 6
    assert found["without_next_step"]["estimate"] == pytest.approx(0.5)
    assert found["median_months"]["n_persons"] == 4


def test_there_is_no_median_where_fewer_than_half_have_gone_on(make, followed):
    tables = make(
        participation=[
            episode("a", "training", 0, 4, end_reason="job_centre"),
            episode("b", "training", 0),
            episode("c", "training", 0),
        ],
        follow_up=[follow_up(person, "training", 1) for person in "abc"],
    )

    found = time_to_next_step(tables, followed).filter(district="all", measure="median_months")

    assert found["estimate"].to_list() == [None]
