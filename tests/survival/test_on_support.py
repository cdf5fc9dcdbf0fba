import polars as pl
import pytest

from evalkit.survival import exit_curves, months_on_support, state_shares

EXACT = 1e-12
SPELLS = pl.DataFrame(
    {
        "person_id": ["a", "b", "c", "d"],
        "cluster_id": ["a", "b", "c", "d"],
        "district": ["North", "North", "South", "South"],
        "months": [2, 4, 1, 3],
        "exit": ["work", None, "studies", "work"],
    }
)
INTERVALS = pl.DataFrame(
    {
        "person_id": ["a", "a", "b"],
        "district": "North",
        "start": [0, 2, 0],
        "stop": [2, 4, 4],
        "from_state": ["support", "work", "support"],
        "to_state": ["work", None, None],
    }
)


def test_exit_curves_of_a_district_where_nobody_had_support_have_no_rows():
    none, some = exit_curves(SPELLS.clear(), horizon_months=3), exit_curves(SPELLS, horizon_months=3)

    assert none.is_empty()
    assert none.schema == some.schema


def test_exit_curves_end_at_the_horizon_and_name_month_and_exit():
    curves = exit_curves(SPELLS, horizon_months=3)

    assert curves["month"].max() == 3
    half = curves.filter((pl.col("district") == "North") & (pl.col("exit") == "work") & (pl.col("month") == 2))
    assert half["estimate"][0] == pytest.approx(0.5, abs=EXACT)


def test_months_on_support_puts_the_city_beside_its_districts():
    months = months_on_support(SPELLS, horizons=[2])

    # North stays 2 and 2 of the first 2 months; South 1 and 2; all 7 of 8.
    estimates = dict(months.select("district", "estimate").iter_rows())
    assert estimates == {"North": pytest.approx(2.0), "South": pytest.approx(1.5), "all": pytest.approx(1.75)}


def test_months_on_support_are_null_where_a_district_is_not_followed_so_far():
    months = months_on_support(SPELLS, horizons=[4]).sort("district")

    estimates = months["estimate"].to_list()
    assert months["district"].to_list() == ["North", "South", "all"]
    assert estimates[0] is not None and estimates[1] is None and estimates[2] is not None


def test_state_shares_count_the_people_behind_each_share():
    shares = state_shares(INTERVALS, SPELLS).sort("state", "month")

    support = shares.filter(pl.col("state") == "support")
    assert support["month"].to_list() == [0, 1, 2, 3]
    assert support["n_persons"].to_list() == [2, 2, 1, 1]
    assert support["estimate"].to_list() == pytest.approx([1, 1, 0.5, 0.5], abs=EXACT)


def test_months_on_support_are_null_where_nobody_is_followed_so_far():
    months = months_on_support(SPELLS, horizons=[12])

    assert months["n_persons"].to_list() == [2, 2, 4]
    assert months.select("estimate", "std_error", "ci_lower", "ci_upper").null_count().row(0) == (3,) * 4


def test_a_couple_that_does_everything_together_knows_no_more_than_one_person():
    both = pl.concat([SPELLS, SPELLS.with_columns(person_id="partner of " + pl.col("person_id"))])
    lives = pl.concat([INTERVALS, INTERVALS.with_columns(person_id="partner of " + pl.col("person_id"))])

    curves, months, shares = (
        [table(SPELLS, INTERVALS), table(both, lives)]
        for table in (
            lambda spells, _: exit_curves(spells, horizon_months=3),
            lambda spells, _: months_on_support(spells, horizons=[2]),
            lambda spells, intervals: state_shares(intervals, spells).sort("state", "month"),
        )
    )

    for one, couple in (curves, months, shares):
        assert one["std_error"].drop_nulls().max() > 0
        assert couple["std_error"].to_list() == pytest.approx(one["std_error"].to_list(), abs=EXACT)
