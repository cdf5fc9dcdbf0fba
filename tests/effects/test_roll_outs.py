from datetime import date

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from evalkit.effects import roll_outs
from evalkit.effects.rollouts.effect import change_by_one
from evalkit.line.tables import published
from evalkit.params import FOLLOWED, Extract

EXTRACT = Extract(folder="x", first_month="2020-01", data_through="2023-12")


def _rolled_out(action, extract=EXTRACT):
    rng = np.random.default_rng(2)
    n = 1_500
    start = rng.integers(1, 44, n)
    length = rng.integers(1, 10, n)
    months = [date(2020 + month // 12, month % 12 + 1, 1) for month in range(60)]
    spells = pl.DataFrame(
        {
            "person_id": [f"p{place}" for place in range(n)],
            "district": [f"d{place % 6}" for place in range(n)],
            "start": [months[one] for one in start],
            "end": [months[min(one + more, 48)] for one, more in zip(start, length, strict=True)],
            "exit": [
                "work" if one + more < 48 else None for one, more in zip(start, length, strict=True)
            ],
            "is_start_known": True,
        }
    )
    intervals = spells.select(
        "district", start_month=pl.lit(0), stop_month=pl.lit(48), from_state=pl.lit("studies")
    )
    columns = ("district", "action_id", "start", "kind")[: len(action[0]) if action else 3]
    actions = pl.DataFrame(
        action,
        schema=dict(zip(columns, (pl.String, pl.String, pl.Date, pl.String), strict=False)),
        orient="row",
    )
    return roll_outs(
        actions,
        support_spells=spells,
        state_intervals=intervals,
        extract=extract,
        seed=1,
        n_permutations=39,
    )


def test_roll_outs_are_estimated_on_exits_and_entries():
    found = _rolled_out(
        [
            ("d0", "plan", date(2021, 7, 1)),
            ("d1", "plan", date(2022, 1, 1)),
            ("elsewhere", "plan", date(2021, 1, 1)),
        ]
    )

    assert found.rollout_effects.select("action_id", "outcome", "n_adopted").rows() == [
        ("plan", "exit", 2),
        ("plan", "entry", 2),
    ]
    for name, table in found.tables.items():
        assert set(published(name).schema) <= set(table.columns)


@pytest.mark.parametrize(
    "action",
    [
        [],
        [(f"d{place}", "plan", date(2021, 7, 1)) for place in range(6)],
        [("d0", "plan", date(2020, 1, 1))],
    ],
)
def test_an_action_with_nothing_to_compare_is_left_out(action):
    found = _rolled_out(action)

    assert found.rollout_effects.is_empty()
    assert set(published("rollout_effects").schema) <= set(found.rollout_effects.columns)


def test_what_a_district_does_for_some_people_is_no_roll_out():
    ways = [("d0", "plan", date(2021, 7, 1), None), ("d1", "plan", date(2021, 7, 1), None)]
    others = [
        ("d0", "project", date(2021, 1, 1), "local"),
        ("d1", "all", date(2022, 1, 1), "general"),
    ]

    found = _rolled_out([*ways, *others])

    as_if_alone = _rolled_out([row[:3] for row in ways])
    assert_frame_equal(found.rollout_effects, as_if_alone.rollout_effects)


def test_where_tables_end_in_different_months_the_earliest_ends_the_panel():
    through = dict.fromkeys(FOLLOWED, "2023-12")
    extract = EXTRACT.model_validate(
        {"folder": "x", "first_month": "2020-01", "data_through": through}
    )

    as_one, by_table = (
        _rolled_out([("d0", "plan", date(2021, 7, 1))], extract=one) for one in (EXTRACT, extract)
    )

    assert_frame_equal(by_table.rollout_effects, as_one.rollout_effects)


def test_the_path_of_a_roll_out_says_what_one_person_does_to_it():
    """Of ten exits in a period, one who leaves in both of two periods moves their difference."""
    panel = pl.DataFrame(
        {"n_exits_to_work": [10.0, 40.0], "months_on_support": [200.0, 300.0], "n_entries": 0.0}
    )
    logs = np.log([10.5, 40.5])
    with_one = np.log([9.5, 41.5])

    assert change_by_one(panel, "exit") >= abs(np.diff(with_one - logs)).item()
    assert change_by_one(panel, "exit") == pytest.approx(2 / 10.5)
    assert change_by_one(panel, "entry") == pytest.approx(4)
