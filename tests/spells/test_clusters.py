"""Who varies together: couples, households that split, and people alone."""

from datetime import date

import polars as pl

from evalkit.spells import Extent, build_support_spells
from evalkit.spells.clusters import household_clusters

YEAR = {"first_month": date(2026, 1, 1), "data_through": date(2026, 12, 1)}


def clusters_of(*pairs):
    person, household = zip(*pairs, strict=True)
    found = household_clusters(pl.Series(person), pl.Series(household, dtype=pl.String))
    return dict(zip(person, found, strict=True))


def test_who_lives_alone_keeps_the_own_id():
    assert clusters_of(("A", "H1"), ("B", "H2"), ("B", "H3")) == {"A": "A", "B": "B"}


def test_a_couple_has_the_name_of_its_first_member():
    assert clusters_of(("C", "H1"), ("B", "H1"), ("A", "H2")) == {"A": "A", "B": "B", "C": "B"}


def test_a_household_that_splits_stays_one_cluster_with_whom_its_members_live_later():
    # B and C share H1; then C moves to H2, where A lives, and B stands alone in H3.
    split = clusters_of(
        ("B", "H1"), ("C", "H1"), ("C", "H2"), ("A", "H2"), ("B", "H3"), ("D", "H4")
    )

    assert split == {"A": "A", "B": "A", "C": "A", "D": "D"}


def test_a_missing_household_links_nobody():
    assert clusters_of(("A", None), ("B", None)) == {"A": "A", "B": "B"}


def test_support_spells_of_a_couple_are_one_cluster(paid_tables):
    tables = paid_tables({"A": [3], "B": [4, 8], "C": [2]})
    moved_in = pl.col("household_id").replace({"HB": "HA"})
    shared = {
        name: tables[name].with_columns(moved_in) for name in ("income_support", "household_member")
    }
    tables |= shared

    spells = build_support_spells(
        *[tables[name] for name in ("income_support", "household_member", "livelihood", "person")],
        extent=Extent(**YEAR, max_gap_months=0),
    )

    assert spells.select("person_id", "cluster_id").rows() == [
        ("A", "A"),
        ("B", "A"),
        ("B", "A"),
        ("C", "C"),
    ]
