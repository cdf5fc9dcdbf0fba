import polars as pl

from evalkit.spells import exit_counts, of_city, people_counts

PERSON = pl.DataFrame(
    {"person_id": ["a", "b", "c", "d"], "district": ["North", "North", "South", "South"]}
)
SPELLS = pl.DataFrame(
    {
        "person_id": ["a", "a", "b", "c"],
        "district": ["North", "North", "North", "South"],
        "exit": ["work", None, "work", "studies"],
        "is_start_known": [False, True, True, True],
    }
)


def test_people_counts_count_people_spells_and_unknown_starts():
    counts = {
        (row[0], row[1]): row[2]
        for row in people_counts(PERSON, SPELLS).select("district", "measure", "count").iter_rows()
    }

    assert counts["North", "persons"] == 2 and counts["all", "persons"] == 4
    assert (
        counts["North", "persons_with_support"] == 2 and counts["all", "persons_with_support"] == 3
    )
    assert (
        counts["North", "support_spells_start_known"] == 2
        and counts["all", "support_spells_start_known"] == 3
    )
    assert (
        counts["North", "support_spells_start_unknown"] == 1
        and counts["South", "support_spells_start_unknown"] == 0
    )


def test_people_counts_say_that_no_spell_stands_apart():
    counts = people_counts(PERSON, SPELLS.with_columns(is_start_known=pl.lit(True)))

    assert counts.filter(measure="support_spells_start_unknown")["count"].to_list() == [0, 0, 0]


def test_exit_counts_have_a_row_for_every_exit_in_every_district():
    counts = exit_counts(SPELLS)

    south = dict(
        counts.filter(pl.col("district") == "South").select("exit", "n_spells").iter_rows()
    )
    assert south == {"work": 0, "studies": 1, "still_on_support": 0}


def test_exit_counts_leave_out_spells_of_unknown_beginning():
    north = exit_counts(SPELLS).filter(pl.col("district") == "North")

    # Of North's three spells one was running when the extract began, nobody knows since when; it
    # ended in work.
    assert dict(north.select("exit", "n_spells").iter_rows()) == {
        "work": 1,
        "studies": 0,
        "still_on_support": 1,
    }


def test_exit_shares_sum_to_one_in_every_district():
    shares = exit_counts(SPELLS).group_by("district").agg(pl.col("share").sum())["share"]

    assert shares.to_list() == [1.0, 1.0, 1.0]


def test_exit_counts_count_a_person_with_two_spells_once():
    spells = SPELLS.with_columns(exit=pl.lit("work"), is_start_known=pl.lit(True))

    north = (
        exit_counts(spells)
        .filter((pl.col("district") == "North") & (pl.col("exit") == "work"))
        .row(0, named=True)
    )

    assert (north["n_spells"], north["n_persons"]) == (3, 2)


def test_of_city_calls_every_district_all():
    assert of_city(SPELLS)["district"].unique().to_list() == ["all"]
