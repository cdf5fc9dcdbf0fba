"""Bounds of shares of exits: what was counted, and with all added of whom nobody knows, by hand and
for whatever the counts are.
"""

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalkit.line.tables import published
from evalkit.spells import exit_bounds, exit_curve_bounds


def exits_of(**counts):
    """A published table of exits of one district, of a hundred spells; None: not shown."""
    rows = [
        {"district": "Norr", "exit": name, "n_spells": n, "n_whole": 100}
        for name, n in counts.items()
    ]
    schema = {name: kind for name, kind in published("exits").schema.items() if name in rows[0]}
    return pl.DataFrame(rows, schema=schema)


NOTHING = published("after_support").empty()


def bounds_of(exits):
    bounds = exit_bounds(exits, NOTHING)
    return {row[0]: row[1:] for row in bounds.select("exit", "n_spells", "n_at_most").rows()}


def test_bounds_add_the_unknown_to_each_way_out_and_to_any_work():
    bounds = bounds_of(exits_of(work=30, subsidised_work=10, studies=20, unknown=25))

    assert bounds == {
        "any_work": (40, 65),
        "studies": (20, 45),
        "subsidised_work": (10, 35),
        "work": (30, 55),
    }


def test_where_nobody_left_unknown_the_bounds_are_the_count_itself():
    expected = {"any_work": (30, 30), "work": (30, 30)}

    assert bounds_of(exits_of(work=30, still_on_support=70)) == expected


@pytest.mark.parametrize(
    ("withheld", "expected"),
    [
        ("unknown", {"work": (30, None), "subsidised_work": (10, None), "any_work": (40, None)}),
        ("subsidised_work", {"work": (30, 55)}),
    ],
)
def test_a_bound_of_which_a_part_is_not_shown_is_not_there(withheld, expected):
    counts = {"work": 30, "subsidised_work": 10, "unknown": 25, withheld: None}

    assert bounds_of(exits_of(**counts)) == expected


@given(st.lists(st.integers(0, 100), min_size=4, max_size=4))
def test_every_count_lies_between_its_bounds_whatever_the_unknown_were(numbers):
    counts = dict(zip(("work", "subsidised_work", "studies", "unknown"), numbers, strict=True))

    for name, (n, at_most) in bounds_of(exits_of(**counts)).items():
        inside = ("work", "subsidised_work") if name == "any_work" else (name,)
        assert n == sum(counts[one] for one in inside)
        assert at_most == n + counts["unknown"]


def test_lasting_exits_are_bounded_by_those_whose_months_are_not_all_known():
    rows = [
        {"district": "Norr", "measure": "sustained_work", "answer": answer, "n_spells": n}
        for answer, n in (("all", 40), ("yes", 20), ("unknown", 10))
    ]
    after = pl.DataFrame(rows).cast({"n_spells": pl.Int32})

    bounds = exit_bounds(exits_of(work=30, unknown=25), after).filter(measure="sustained_work")

    columns = ["exit", "n_whole", "share", "share_at_most"]
    assert bounds.select(columns).rows() == [("work", 40, 0.5, 0.75)]


def test_curves_are_bounded_at_the_months_asked_for():
    rows = [
        {"district": "Norr", "exit": name, "month": month, "estimate": share, "n_persons": 100}
        for name, curve in {"work": (0.1, 0.2), "unknown": (0.05, 0.15)}.items()
        for month, share in enumerate(curve, start=1)
    ]
    curves = pl.DataFrame(rows).cast({"month": pl.Int32, "n_persons": pl.Int32})

    bounds = exit_curve_bounds(curves, months=[2])

    columns = ["exit", "month", "n_spells", "n_at_most", "share", "share_at_most"]
    assert bounds.select(columns).rows() == [
        ("any_work", 2, 20, 35, 0.2, 0.35),
        ("work", 2, 20, 35, 0.2, 0.35),
    ]
