import polars as pl
import pytest

from evalkit.survival import (
    aalen_johansen,
    exit_curves,
    exit_rates,
    group_curves,
    group_months,
    median_months,
    months_on_support,
    restricted_mean,
    state_shares,
    time_in_state,
)

EXACT = 1e-12
SPELLS = pl.DataFrame(
    {
        "person_id": ["a", "b", "c", "d"],
        "cluster_id": ["a", "b", "c", "d"],
        "district": ["North", "North", "South", "South"],
        "months": [2, 4, 1, 3],
        "exit": ["work", None, "studies", "work"],
        "entry": 0,
        "is_start_known": True,
    }
)
INTERVALS = pl.DataFrame(
    {
        "person_id": ["a", "a", "b"],
        "district": "North",
        "start_month": [0, 2, 0],
        "stop_month": [2, 4, 4],
        "from_state": ["support", "work", "support"],
        "to_state": ["work", None, None],
    }
)


def test_exit_curves_of_a_district_where_nobody_had_support_have_no_rows():
    none, some = (
        exit_curves(SPELLS.clear(), horizon_months=3),
        exit_curves(SPELLS, horizon_months=3),
    )

    assert none.is_empty()
    assert none.schema == some.schema


def test_exit_curves_end_at_the_horizon_and_name_month_and_exit():
    curves = exit_curves(SPELLS, horizon_months=3)

    assert curves["month"].max() == 3
    half = curves.filter(
        (pl.col("district") == "North") & (pl.col("exit") == "work") & (pl.col("month") == 2)
    )
    assert half["estimate"][0] == pytest.approx(0.5, abs=EXACT)


def test_months_on_support_puts_the_city_beside_its_districts():
    months = months_on_support(SPELLS, horizons=[2])

    # North stays 2 and 2 of the first 2 months; South 1 and 2; all 7 of 8.
    estimates = dict(months.select("district", "estimate").iter_rows())
    assert estimates == {
        "North": pytest.approx(2.0),
        "South": pytest.approx(1.5),
        "all": pytest.approx(1.75),
    }


def test_months_on_support_are_null_where_a_district_is_not_followed_so_far():
    months = months_on_support(SPELLS, horizons=[6]).sort("district")

    # North's last spell runs on at month 4, and so the city's; South's have all ended, after 1 and
    # 3 months.
    assert dict(months.select("district", "estimate").iter_rows()) == {
        "North": None,
        "South": pytest.approx(2.0),
        "all": None,
    }


def test_state_shares_count_the_people_behind_each_share():
    shares = state_shares(INTERVALS, SPELLS).sort("state", "month")

    support = shares.filter(pl.col("state") == "support")
    assert support["month"].to_list() == [0, 1, 2, 3]
    assert support["n_persons"].to_list() == [2, 2, 2, 2]
    assert support["estimate"].to_list() == pytest.approx([1, 1, 0.5, 0.5], abs=EXACT)


def test_months_on_support_are_null_where_nobody_is_followed_so_far():
    months = months_on_support(SPELLS.with_columns(exit=pl.lit(None, pl.String)), horizons=[12])

    assert months["n_persons"].to_list() == [2, 2, 4]
    assert (
        months.select("estimate", "std_error", "ci_lower", "ci_upper").null_count().row(0)
        == (3,) * 4
    )


def test_a_couple_that_does_everything_together_knows_no_more_than_one_person():
    both = pl.concat([SPELLS, SPELLS.with_columns(person_id="partner of " + pl.col("person_id"))])
    lives = pl.concat(
        [INTERVALS, INTERVALS.with_columns(person_id="partner of " + pl.col("person_id"))]
    )

    curves, months, shares = (
        [table(SPELLS, INTERVALS), table(both, lives)]
        for table in (
            lambda spells, _: exit_curves(spells, horizon_months=3),
            lambda spells, _: months_on_support(spells, horizons=[2]),
            lambda spells, intervals: state_shares(intervals, spells).sort("state", "month"),
        )
    )

    for one, couple in (curves, months, shares):
        assert (one["ci_upper"] > one["estimate"]).any()
        assert couple["ci_upper"].to_list() == pytest.approx(one["ci_upper"].to_list(), abs=EXACT)


# Eight spells of which two were running when the extract began: one nobody knows since when, one
# for the three months that the sender tells.
FLOW = pl.DataFrame(
    {
        "person_id": list("abcdefgh"),
        "cluster_id": list("abcdefgh"),
        "district": "North",
        "entry": [0, 0, 0, 0, 0, 0, 0, 3],
        "months": [1, 2, 3, 4, 5, 6, 9, 7],
        "exit": ["work", "studies", "work", None, "work", "work", None, "work"],
        "is_start_known": [True, True, True, True, True, True, False, True],
        "characteristic": "sex",
        "group": ["female", "male"] * 4,
    }
)
KNOWN = FLOW.filter("is_start_known")
TABLES = {
    "exit_curves": lambda spells: exit_curves(spells, horizon_months=6),
    "months_on_support": lambda spells: months_on_support(spells, horizons=[5]),
    "group_curves": lambda spells: group_curves(spells, horizon_months=6),
    "group_months": lambda spells: group_months(spells, horizons=[5]),
    "exit_rates": lambda spells: exit_rates(spells, periods=[3, 6], horizon_months=6),
    "median_months": lambda spells: median_months(spells, by=["district"]),
}


@pytest.mark.parametrize("name", TABLES)
def test_every_table_of_time_on_support_is_of_spells_whose_beginning_is_known(name):
    assert TABLES[name](FLOW).equals(TABLES[name](KNOWN))


@pytest.mark.parametrize("name", TABLES)
def test_no_spell_of_known_beginning_gives_an_empty_table_with_the_same_columns(name):
    nobody = TABLES[name](FLOW.with_columns(is_start_known=pl.lit(False)))

    assert nobody.is_empty()
    assert nobody.schema == TABLES[name](FLOW).schema


def test_running_spells_of_told_beginning_are_at_risk_from_the_month_in_which_they_are_seen():
    curve = exit_curves(FLOW, horizon_months=7).filter(exit="work").sort("month")

    # Seven are known; the one that has gone on for three months is first at risk in month 4.
    assert curve["n_at_risk"].to_list() == [6, 6, 5, 4, 4, 3, 2, 1]
    by_hand = (
        aalen_johansen(KNOWN, time="months", event="exit", entry="entry", cluster="person_id")
        .filter(cause="work")
        .sort("time")
    )
    assert curve["estimate"].to_list() == pytest.approx(by_hand["estimate"].to_list(), abs=EXACT)


def test_months_rates_and_groups_count_told_beginnings_from_when_they_are_seen():
    months = months_on_support(FLOW, horizons=[7]).filter(district="North")
    rates = exit_rates(FLOW, periods=[3, 7], horizon_months=7)

    by_hand = restricted_mean(
        KNOWN, time="months", event="exit", entry="entry", horizon=7, cluster="person_id"
    )
    assert months["estimate"].item() == pytest.approx(by_hand["estimate"].item(), abs=EXACT)
    # Months 1-3: lengths 1 2 3 and three of those that go on: 1 + 2 + 3 + 9. Months 4-7: 1 + 2 + 3
    # of these, and 4 of the one that comes in.
    assert rates["n_months"].to_list() == [15, 10]
    assert rates["n_spells"].to_list() == [6, 4]


def test_nobody_who_left_gives_no_curves_but_months():
    staying = FLOW.with_columns(exit=pl.lit(None, pl.String))

    assert exit_curves(staying, horizon_months=6).is_empty()
    assert months_on_support(staying, horizons=[5])["estimate"].to_list() == [5.0, 5.0]


@pytest.mark.parametrize("state", ["unknown", "support"])
def test_state_shares_of_people_who_are_all_in_one_state_are_whole(state):
    alike = INTERVALS.filter(pl.col("start_month") == 0).with_columns(
        stop_month=4, from_state=pl.lit(state), to_state=pl.lit(None, pl.String)
    )

    shares = state_shares(alike, SPELLS)

    assert shares.select("state", "month", "estimate", "n_persons").rows() == [
        (state, month, 1.0, 2) for month in range(4)
    ]
    assert shares.schema == state_shares(INTERVALS, SPELLS).schema


def test_months_in_the_one_state_that_everybody_is_in_are_all_months():
    alike = INTERVALS.filter(pl.col("start_month") == 0).with_columns(
        stop_month=4, to_state=pl.lit(None, pl.String)
    )
    columns = {
        "start": "start_month",
        "stop": "stop_month",
        "from_state": "from_state",
        "to_state": "to_state",
    }

    months = time_in_state(alike, id="person_id", horizon=3, **columns)

    assert months.select("state", "estimate").rows() == [("support", 3.0)]
