"""The gap rule beside its alternatives.
about.
"""

from types import SimpleNamespace

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from evalkit.months import parse_month
from evalkit.spells import gap_sensitivity, spells_by_gap

PARAMS = SimpleNamespace(
    extract=SimpleNamespace(
        first_month=parse_month("2026-01"),
        follow_up_through=parse_month("2026-12"),
        reporting_lag_months=0,
    ),
    spells=SimpleNamespace(everybody_began_at_first_month=True, max_gap_months=0),
)
PROPERTY = settings(max_examples=6)


def table_of(tables):
    spells = spells_by_gap(tables, PARAMS)
    keys = ["district", "max_gap_months"]
    return gap_sensitivity(spells, spells.group_by(keys).agg(estimate=pl.col("months").median()))


def test_gap_sensitivity_counts_spells_and_ends_under_each_rule(paid_tables):
    found = table_of(paid_tables({"A": [1, 3, 6], "B": [2, 3]}))

    city = found.filter(pl.col("district") == "all").select(
        "max_gap_months", "n_spells", "n_ended", "median_months"
    )
    assert city.rows() == [(0, 4, 4, 1.0), (1, 3, 3, 2.0), (2, 2, 2, 4.0), (3, 2, 2, 4.0)]


def test_gap_sensitivity_follows_shorter_where_longer_gaps_are_bridged(paid_tables):
    found = table_of(paid_tables({"A": [8, 9, 10]}))

    assert found.filter(pl.col("district") == "all")["n_ended"].to_list() == [1, 1, 0, 0]


def test_gap_sensitivity_counts_only_spells_of_known_beginning(paid_tables):
    unknown = SimpleNamespace(
        extract=PARAMS.extract,
        spells=SimpleNamespace(everybody_began_at_first_month=False, max_gap_months=0),
    )

    spells = spells_by_gap(paid_tables({"A": [1, 5], "B": [3]}), unknown).filter(
        pl.col("district") == "all"
    )

    # A's first month may go on from before; with gaps of two bridged B's may too, and with three
    # A's spells are one.
    assert spells.group_by("max_gap_months").len().sort("max_gap_months")["len"].to_list() == [
        2,
        2,
        1,
    ]


@PROPERTY
@given(
    paid=st.dictionaries(
        st.sampled_from("ABC"), st.lists(st.integers(1, 12), unique=True, min_size=1), min_size=1
    )
)
def test_no_gap_rule_has_more_spells_than_a_shorter_one(paid_tables, paid):
    found = table_of(paid_tables(paid)).filter(pl.col("district") == "all").sort("max_gap_months")

    assert found["n_spells"].to_list() == sorted(found["n_spells"].to_list(), reverse=True)
    assert (found["n_ended"] <= found["n_spells"]).all()
