import numpy as np
import polars as pl
import pytest

from evalkit.survival import exit_rates, group_curves, group_months, kaplan_meier, restricted_mean

EXACT = 1e-12  # the same sums in the same order


@pytest.fixture
def spells():
    """Twelve spells of nine people: women and men, everyone young."""
    lengths = [1, 2, 2, 3, 4, 4, 5, 6, 6, 7, 8, 8]
    exits = [
        "work",
        None,
        "work",
        "studies",
        "work",
        None,
        "work",
        "work",
        "unknown",
        None,
        "work",
        None,
    ]
    rows = [
        {
            "person_id": f"p{number % 9}",
            "district": "North",
            "months": length,
            "exit": exit_,
            "is_start_known": number != 3,
        }
        for number, (length, exit_) in enumerate(zip(lengths, exits, strict=True))
    ]
    return pl.DataFrame(rows).with_columns(cluster_id="person_id", entry=pl.lit(0))


@pytest.fixture
def groups(spells):
    sexes = pl.Series("group", ["female", "male"] * 6)
    return pl.concat(
        [
            spells.with_columns(sexes, characteristic=pl.lit("sex")),
            spells.with_columns(group=pl.lit("–24"), characteristic=pl.lit("age")),
        ],
        how="diagonal",
    )


def test_group_curves_are_the_curves_of_each_group_alone(spells, groups):
    women = spells[::2].with_columns(ended=pl.col("exit").is_not_null())
    alone = kaplan_meier(women, time="months", event="ended", cluster="person_id").filter(
        pl.col("time") <= 6
    )

    curves = group_curves(groups, horizon_months=6).filter(group="female")

    assert curves["month"].to_list() == alone["time"].to_list()
    for column in ("estimate", "ci_lower", "ci_upper"):
        assert (curves[column] - alone[column]).abs().max() <= EXACT
    assert curves["n_persons"].unique().to_list() == [women["person_id"].n_unique()]


def test_a_characteristic_with_one_group_is_left_out(groups):
    assert group_curves(groups, horizon_months=6)["characteristic"].unique().to_list() == ["sex"]
    assert group_months(groups, horizons=[4])["characteristic"].unique().to_list() == ["sex"]


def test_group_months_hold_the_city_beside_its_districts(groups):
    south = groups.with_columns(
        district=pl.lit("South"), person_id="s" + pl.col("person_id"), months=pl.col("months") + 1
    ).with_columns(cluster_id="person_id")
    both = pl.concat([groups, south])

    months = group_months(both, horizons=[4])

    city = both.filter(characteristic="sex", group="female").with_columns(
        ended=pl.col("exit").is_not_null()
    )
    alone = restricted_mean(
        city.filter("is_start_known"),
        time="months",
        event="ended",
        entry="entry",
        horizon=4,
        cluster="cluster_id",
    )
    found = months.filter(district="all", group="female").row(0, named=True)
    assert months["district"].unique().sort().to_list() == ["North", "South", "all"]
    assert found["estimate"] == pytest.approx(alone["estimate"].item(), abs=EXACT)
    assert (
        found["n_spells"]
        == months.filter(pl.col("district") != "all", pl.col("group") == "female")["n_spells"].sum()
    )


def test_nobody_told_apart_gives_empty_tables_with_the_same_columns(groups):
    ages = groups.filter(characteristic="age")

    assert (
        group_curves(ages, horizon_months=6).is_empty()
        and group_months(ages, horizons=[4]).is_empty()
    )
    assert (
        group_curves(ages, horizon_months=6).columns
        == group_curves(groups, horizon_months=6).columns
    )
    assert set(group_months(ages, horizons=[4]).columns) == set(
        group_months(groups, horizons=[4]).columns
    )


def test_group_months_are_null_where_a_group_is_not_followed_that_far(spells, groups):
    runs_on = (
        pl.when((pl.col("group") == "male") | (pl.col("months") < 4)).then("exit").alias("exit")
    )
    short = groups.filter((pl.col("group") != "female") | (pl.col("months") < 5)).with_columns(
        runs_on
    )
    women = short.filter(group="female")

    months = {
        (row["group"], row["horizon_months"]): row
        for row in group_months(short, horizons=[3, 7]).filter(district="North").to_dicts()
    }

    alone = restricted_mean(women, time="months", event="exit", horizon=3, cluster="person_id")[
        "estimate"
    ].item()
    assert months["female", 3]["estimate"] == pytest.approx(alone, abs=EXACT)
    # Women's last spell runs on at month 4; all of the men's end.
    assert months["female", 7]["estimate"] is None
    assert months["male", 7]["estimate"] is not None


def test_exit_rates_are_exits_over_months_at_risk(spells):
    rates = exit_rates(spells, periods=(2, 6, 12), horizon_months=6)

    # Known starts, months 1-2: 11 spells, two exits; months at risk 1 + 10 x 2 = 21.
    # Months 3-6: lengths 4 4 5 6 6 7 8 8: 2 + 2 + 3 + 4 x 5 = 27 months, exits at 4, 5, 6, 6.
    assert rates["last_month"].to_list() == [2, 6]
    assert rates["first_month"].to_list() == [1, 3]
    assert rates["n_months"].to_list() == [21, 27]
    assert rates["estimate"].to_list() == pytest.approx([2 / 21, 4 / 27], abs=EXACT)
    assert (rates["ci_lower"] < rates["estimate"]).all() and (
        rates["estimate"] < rates["ci_upper"]
    ).all()


def test_exit_rates_allow_for_several_spells_of_a_person(spells):
    twice = pl.concat([spells, spells])
    once, doubled = (exit_rates(table, periods=(6,), horizon_months=6) for table in (spells, twice))

    # The same people twice over know nothing more.
    assert doubled["ci_upper"].item() == pytest.approx(once["ci_upper"].item(), abs=EXACT)


def test_exit_rates_and_group_curves_allow_for_couples(spells, groups):
    couples, pairs = (
        pl.concat([table, table.with_columns(person_id="partner of " + pl.col("person_id"))])
        for table in (spells, groups)
    )
    alone, together = (
        exit_rates(table, periods=(6,), horizon_months=6) for table in (spells, couples)
    )
    curve_alone, curve_together = (
        group_curves(table, horizon_months=6) for table in (groups, pairs)
    )

    assert together["ci_upper"].item() == pytest.approx(alone["ci_upper"].item(), abs=EXACT)
    assert together["n_persons"].item() == 2 * alone["n_persons"].item()
    assert curve_together["ci_lower"].to_list() == pytest.approx(
        curve_alone["ci_lower"].to_list(), abs=EXACT
    )


def test_exit_rates_are_the_same_to_the_last_bit_however_rows_stand():
    # People whose months differ, so that sums in another order differ in their last digits.
    rng = np.random.default_rng(1)
    many = pl.DataFrame(
        {
            "person_id": [f"p{number}" for number in rng.integers(0, 90, 150)],
            "district": "North",
            "months": rng.integers(1, 13, 150),
            "exit": pl.Series(rng.random(150) < 0.6).replace_strict(
                {True: "work", False: None}, return_dtype=pl.String
            ),
            "is_start_known": True,
        }
    ).with_columns(cluster_id="person_id", entry=pl.lit(0))
    rates = exit_rates(many, periods=[3, 6, 12], horizon_months=12)

    shuffled = (many.sample(fraction=1, shuffle=True, seed=seed) for seed in range(10))

    assert all(
        exit_rates(rows, periods=[3, 6, 12], horizon_months=12).equals(rates) for rows in shuffled
    )
