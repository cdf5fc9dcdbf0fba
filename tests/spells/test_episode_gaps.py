"""The time between two interventions, and how plans were kept."""

from datetime import date

import polars as pl
import pytest

from evalkit.months import add_months
from evalkit.spells import Extent, build_support_spells, episode_gaps, gap_counts, plan_counts

FIRST = date(2026, 1, 1)
EXTENT = Extent(first_month=FIRST, data_through=date(2027, 12, 1), max_gap_months=0)
NAMES = ("income_support", "household_member", "livelihood", "person")


def month(number):
    return None if number is None else add_months(FIRST, number - 1)


def episodes_of(*rows):
    """Episodes of person A as (intervention, first month, month after the last or None)."""
    table = pl.DataFrame(
        [
            ("A", at + 1, name, month(start), month(end))
            for at, (name, start, end) in enumerate(rows)
        ],
        schema={
            "person_id": pl.String,
            "episode_no": pl.Int32,
            "intervention_id": pl.String,
            "start": pl.Date,
            "end": pl.Date,
        },
        orient="row",
    )
    return table.with_columns(
        is_running=pl.col("end").is_null(), planned_months=pl.lit(3, pl.Int32)
    )


@pytest.fixture
def gaps_of(paid_tables):
    def build(paid, *rows):
        tables = paid_tables({"A": list(paid)})
        spells = build_support_spells(*[tables[name] for name in NAMES], extent=EXTENT)
        return episode_gaps(episodes_of(*rows), spells, last_month_known=EXTENT.data_through)

    return build


def seen(gaps):
    return gaps.select("intervention_id", "months_without", "gap_months", "gap_ended_by").rows()


def test_a_gap_on_support_ends_with_the_next_intervention(gaps_of):
    gaps = gaps_of(range(1, 25), ("care", 2, 5), ("coaching", 9, None))

    assert seen(gaps) == [("care", 4, 4, "next_intervention")]


def test_a_gap_ends_when_support_ends_although_an_intervention_follows_later(gaps_of):
    gaps = gaps_of(range(1, 8), ("care", 2, 5), ("coaching", 12, None))

    assert seen(gaps) == [("care", 7, 3, "left_support")]


def test_whoever_is_off_support_at_the_end_has_no_gap(gaps_of):
    gaps = gaps_of(range(1, 5), ("care", 2, 5))

    assert seen(gaps) == [("care", None, 0, "left_support")]


def test_a_gap_that_lasts_to_the_last_month_known_is_still_waiting(gaps_of):
    gaps = gaps_of(range(1, 25), ("care", 2, 5))

    assert seen(gaps) == [("care", None, 20, "still_waiting")]


def test_an_intervention_that_runs_on_beside_leaves_no_gap_and_has_its_own(gaps_of):
    gaps = gaps_of(range(1, 25), ("care", 2, 11), ("coaching", 4, 7), ("course", 14, None))

    assert seen(gaps) == [
        ("care", 3, 3, "next_intervention"),
        ("coaching", None, 0, "another_ran_on"),
    ]


def test_the_month_of_an_end_in_mid_month_counts_as_a_month_with_the_intervention(
    gaps_of, paid_tables
):
    tables = paid_tables({"A": list(range(1, 25))})
    spells = build_support_spells(*[tables[name] for name in NAMES], extent=EXTENT)
    episodes = episodes_of(("care", 2, 5), ("coaching", 9, None)).with_columns(
        end=pl.when(pl.col("end").is_not_null()).then(pl.lit(date(2026, 5, 15)))
    )

    gaps = episode_gaps(episodes, spells, last_month_known=EXTENT.data_through)

    assert gaps["gap_months"].to_list() == [3]


def test_gap_counts_add_up_and_average_the_months(gaps_of):
    counts = gap_counts(
        gaps_of(range(1, 25), ("care", 2, 5), ("care", 9, 11), ("coaching", 12, None))
    )

    care = counts.filter(pl.col("intervention_id") == "care")
    assert dict(care.select("ended_by", "n_episodes").iter_rows()) == {
        "all": 2,
        "another_ran_on": 0,
        "left_support": 0,
        "next_intervention": 2,
        "still_waiting": 0,
    }
    assert care.filter(pl.col("ended_by") == "all")["mean_gap_months"].item() == 2.5


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        (2, 4, "ended_before"),
        (2, 5, "ended_as_planned"),
        (2, 6, "ended_later"),
        (22, None, "running_within"),
        (21, None, "running_past"),
    ],
)
def test_plans_are_kept_or_not(start, end, expected):
    plans = plan_counts(episodes_of(("care", start, end)), data_through=EXTENT.data_through)

    kept = plans.filter(pl.col("intervention_id") == "care", pl.col("n_episodes") > 0)
    assert kept["plan"].to_list() == ["all", expected]
