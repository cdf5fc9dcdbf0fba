"""A table of one's own is guarded by the rule that its columns ask for."""

import polars as pl
import pytest

from evalkit.disclosure import protect_own
from evalkit.errors import DisclosureError

ABOUT = {"name": "own", "source": "made up"}


def test_estimates_that_rest_on_few_are_withheld_with_their_number():
    table = pl.DataFrame(
        {"group": ["a", "b"], "n_persons": [40, 4], "estimate": [0.5, 0.9], "verdict": ["x", "y"]}
    )

    published = protect_own(table, **ABOUT)

    assert published.keys == ("group",)
    assert published.rules == ("min_basis:5",)
    assert published.data.drop("row_id").rows() == [
        ("a", 40, 0.5, "x", "ok"),
        ("b", None, None, None, "suppressed"),
    ]


def test_of_several_numbers_of_persons_the_fewest_decide():
    table = pl.DataFrame({"a": ["x"], "estimate": [1.0], "n_persons": [50], "n_starters": [3]})

    assert protect_own(table, **ABOUT).data["status"].to_list() == ["suppressed"]


def test_counts_are_withheld_with_what_would_give_them_away():
    table = pl.DataFrame({"group": ["a", "b", "c", "all"], "n_persons": [40, 3, 30, 73]})

    published = protect_own(table, **ABOUT)

    shown = published.data.filter(status="ok")["group"].to_list()
    assert "b" not in shown and len(shown) == 2
    assert "min_persons:5" in published.rules and "complement" in published.rules


def test_a_curve_moves_only_with_five_events():
    table = pl.DataFrame(
        {
            "group": ["a"] * 4,
            "time": [0, 1, 2, 3],
            "estimate": [1.0, 0.98, 0.9, 0.8],
            "n_at_risk": [50, 50, 49, 45],
            "n_events": [0, 1, 4, 5],
        }
    )

    published = protect_own(table, **ABOUT)

    assert published.keys == ("group", "time")
    assert published.rules == ("merged_steps:5", "min_at_risk:5")
    assert published.data.filter(time=1)["estimate"].to_list() == [None]
    assert published.data.filter(time=2)["estimate"].to_list() == [0.9]


def test_a_table_without_names_gets_numbers():
    published = protect_own(pl.DataFrame({"estimate": [0.5], "n_persons": [40]}), **ABOUT)

    assert published.data.drop("row_id").rows() == [(1, 0.5, 40, "ok")]


@pytest.mark.parametrize(
    "columns",
    [
        {"term": ["age"], "estimate": [0.1]},
        {"time": [1], "estimate": [0.1], "n_at_risk": [40]},
        {"group": ["a"], "estimate": [0.1], "n_persons": [40.5]},
        {"group": ["a"], "estimate": [0.1], "n_spells": [40]},
    ],
)
def test_what_does_not_say_on_how_many_it_rests_cannot_leave(columns):
    with pytest.raises(DisclosureError) as refused:
        protect_own(pl.DataFrame(columns), **ABOUT)

    what, where, why, fix = str(refused.value).splitlines()
    assert what == "A table that does not say how many persons it rests on cannot leave."
    assert where == f"  where: columns found: {', '.join(columns)}"
    assert "fewer than five" in why
    assert "n_persons or n_starters" in fix


def test_ids_of_persons_never_leave():
    table = pl.DataFrame({"person_id": ["p1"], "estimate": [0.1], "n_persons": [40]})

    with pytest.raises(DisclosureError, match="identifiers of persons: person_id"):
        protect_own(table, **ABOUT)
