"""What each source of states would say alone of how support ended, by hand."""

from datetime import date

import polars as pl

from evalkit.line.tables import table
from evalkit.spells import Extent, build_support_spells, exit_sources

EXTENT = Extent(first_month=date(2026, 1, 1), data_through=date(2026, 12, 1), max_gap_months=0)
NAMES = ("income_support", "household_member", "livelihood")


def sources_of(tables, participation=None):
    spells = build_support_spells(
        *[tables[name] for name in (*NAMES, "person")], extent=EXTENT, participation=participation
    )
    return exit_sources(spells, *[tables[name] for name in NAMES], participation)


def counts_of(sources):
    return {
        (source, exit_): n
        for source, exit_, n in sources.select("source", "exit", "n_spells").iter_rows()
        if n
    }


def test_each_source_is_asked_alone_and_all_together(paid_tables, month):
    # A: livelihood and reason differ. B: a reason alone. C: an episode alone. D: nothing.
    tables = paid_tables({name: [2, 3] for name in "ABCD"}, [("A", 4, None, "school")])
    reasons = pl.col("household_id").replace_strict(
        {"HA": "work", "HB": "work"}, default=None, return_dtype=pl.String
    )
    tables["income_support"] = tables["income_support"].with_columns(
        exit_reason=pl.when(pl.col("month") == month(3)).then(reasons)
    )
    episodes = pl.DataFrame(
        {"person_id": "C", "start": month(2), "end": month(4), "end_reason": "subsidised_work"}
    )
    participation = pl.concat([table("participation").empty(), episodes], how="diagonal")

    sources = sources_of(tables, participation)

    assert counts_of(sources) == {
        ("livelihood", "studies"): 1,
        ("livelihood", "unknown"): 3,
        ("exit_reason", "work"): 2,
        ("exit_reason", "unknown"): 2,
        ("end_reason", "subsidised_work"): 1,
        ("end_reason", "unknown"): 3,
        ("together", "studies"): 1,
        ("together", "work"): 1,
        ("together", "subsidised_work"): 1,
        ("together", "unknown"): 1,
    }
    assert (sources.group_by("source").agg(pl.col("share").sum())["share"] == 1).all()


def test_a_source_that_knows_nothing_is_not_told(paid_tables):
    sources = sources_of(paid_tables({"A": [2, 3]}, [("A", 4, None, "work")]))

    assert set(sources["source"]) == {"livelihood", "together"}
