"""Bounds of shares of exits: what was counted, and with all added of whom nobody knows, by hand and
for whatever the shares are.
"""

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalkit.line.tables import published
from evalkit.spells import exit_bounds, exit_curve_bounds

EXACT = 1e-12


def exits_of(**shares):
    """A published table of exits of one district; None: the row is withheld."""
    rows = [
        {
            "district": "Norr",
            "exit": name,
            "share": share,
            "n_persons": None if share is None else round(100 * share),
        }
        for name, share in shares.items()
    ]
    schema = {name: kind for name, kind in published("exits").schema.items() if name in rows[0]}
    return pl.DataFrame(rows, schema=schema)


NOTHING = published("after_support").empty()


def bounds_of(exits):
    bounds = exit_bounds(exits, NOTHING)
    return {row[0]: row[1:] for row in bounds.select("exit", "share", "share_at_most").rows()}


def test_bounds_add_the_unknown_to_each_way_out_and_to_any_work():
    bounds = bounds_of(exits_of(work=0.3, subsidised_work=0.1, studies=0.2, unknown=0.25))

    assert bounds == {
        "any_work": pytest.approx((0.4, 0.65)),
        "studies": pytest.approx((0.2, 0.45)),
        "subsidised_work": pytest.approx((0.1, 0.35)),
        "work": pytest.approx((0.3, 0.55)),
    }


def test_where_nobody_left_unknown_the_bounds_are_the_share_itself():
    assert bounds_of(exits_of(work=0.3, still_on_support=0.7)) == {
        "any_work": pytest.approx((0.3, 0.3)),
        "work": pytest.approx((0.3, 0.3)),
    }


@pytest.mark.parametrize(
    ("withheld", "expected"),
    [
        ("unknown", {"work": (0.3, None), "subsidised_work": (0.1, None), "any_work": (0.4, None)}),
        ("subsidised_work", {"work": (0.3, 0.55)}),
    ],
)
def test_a_bound_of_which_a_part_is_withheld_is_not_there(withheld, expected):
    shares = {"work": 0.3, "subsidised_work": 0.1, "unknown": 0.25, withheld: None}

    bounds = bounds_of(exits_of(**shares))

    assert bounds == {name: pytest.approx(pair) for name, pair in expected.items()}


def test_a_bound_rests_on_the_fewest_people_that_are_added_up():
    bounds = exit_bounds(exits_of(work=0.3, subsidised_work=0.07, unknown=0.1), NOTHING)

    fewest = dict(bounds.select("exit", "n_persons").iter_rows())
    assert fewest == {"work": 10, "subsidised_work": 7, "any_work": 7}


@given(st.lists(st.integers(0, 100), min_size=4, max_size=4).filter(sum))
def test_every_share_lies_between_its_bounds_whatever_the_unknown_were(counts):
    names = ("work", "subsidised_work", "studies", "unknown")
    shares = {name: n / sum(counts) for name, n in zip(names, counts, strict=True)}

    for name, (share, at_most) in bounds_of(exits_of(**shares)).items():
        inside = ("work", "subsidised_work") if name == "any_work" else (name,)
        known = sum(shares[one] for one in inside)
        assert share == pytest.approx(known, abs=EXACT)
        for went_there in (0, 0.5, 1):
            truth = known + went_there * shares["unknown"]
            assert share - EXACT <= truth <= at_most + EXACT


def test_lasting_exits_are_bounded_by_those_whose_months_are_not_all_known():
    after = pl.DataFrame(
        [
            {
                "district": "Norr",
                "measure": "sustained_work",
                "answer": answer,
                "share": share,
                "n_persons": n,
            }
            for answer, share, n in (("all", 1.0, 40), ("yes", 0.5, 20), ("unknown", 0.25, 10))
        ]
    ).cast({"n_persons": pl.Int32})

    bounds = exit_bounds(exits_of(work=0.3, unknown=0.25), after)

    assert bounds.filter(measure="sustained_work").rows() == [
        ("Norr", "sustained_work", "work", 0.5, 0.75, 10)
    ]


def test_curves_are_bounded_at_the_months_asked_for():
    rows = [
        {"district": "Norr", "exit": name, "month": month, "estimate": estimate, "n_events": n}
        for name, curve in {
            "work": ((0.1, 10), (0.2, 12)),
            "unknown": ((0.05, 6), (0.15, 9)),
        }.items()
        for month, (estimate, n) in enumerate(curve, start=1)
    ]

    bounds = exit_curve_bounds(pl.DataFrame(rows), months=[2])

    assert bounds.rows() == [
        ("Norr", "any_work", 2, 0.2, pytest.approx(0.35), 15),
        ("Norr", "work", 2, 0.2, pytest.approx(0.35), 15),
    ]
