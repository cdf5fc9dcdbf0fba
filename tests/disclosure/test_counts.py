"""Counts to the nearest five, by hand and for any numbers."""

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalkit.disclosure import protect_counts
from evalkit.errors import DisclosureError

KEYS = ["district", "exit"]


def _counts(table, provenance, **options):
    options = {
        "name": "exits",
        "keys": KEYS,
        "counts": ["n_persons"],
        "n_persons": "n_persons",
        **provenance,
        **options,
    }
    return protect_counts(table, **options)


def _values(published, column="n_persons"):
    return {
        tuple(row[key] for key in published.keys): row[column] for row in published.data.to_dicts()
    }


# --- by hand


def test_every_count_is_rounded_and_none_is_withheld(exits, provenance):
    published = _counts(exits, provenance)

    assert _values(published) == {
        ("A", "still_on_support"): 5,
        ("A", "studies"): 10,
        ("A", "training"): 5,
        ("A", "work"): 20,
        ("B", "still_on_support"): 0,
        ("B", "studies"): 10,
        ("B", "training"): 10,
        ("B", "work"): 10,
    }
    assert published.n_suppressed == 0
    assert published.rules == ("rounded:5",)


def test_a_total_is_rounded_by_itself_and_its_parts_need_not_add_up(provenance):
    table = pl.DataFrame(
        {"district": ["A", "B", "C", "all"], "exit": ["work"] * 4, "n_persons": [2, 2, 2, 6]}
    )

    assert list(_values(_counts(table, provenance)).values()) == [0, 0, 0, 5]


def test_none_one_and_two_look_alike(provenance):
    table = pl.DataFrame(
        {"district": ["A", "B", "C"], "exit": ["work"] * 3, "n_persons": [0, 1, 2]}
    )

    published = _counts(table, provenance)

    assert published.data["n_persons"].to_list() == [0, 0, 0]
    assert published.data["status"].unique().to_list() == ["ok"]


def test_one_woman_in_a_district_is_not_told_from_none(provenance):
    def shown(n_women):
        n = [n_women, 40 + n_women, 300, 341]
        keys = {"district": ["A", "A", "all", "all"], "exit": ["women", "all"] * 2}
        return _counts(pl.DataFrame({**keys, "n_persons": n}), provenance).data

    assert shown(0).equals(shown(1)) and shown(1).equals(shown(2))


def test_that_everyone_did_the_same_is_not_told_from_that_two_did_not(provenance):
    def shown(n_work):
        table = pl.DataFrame(
            {"district": ["A"], "exit": ["work"], "n_persons": [n_work], "n_ended": [40]}
        ).with_columns(share=pl.col("n_persons") / pl.col("n_ended"))
        counts, shares = ["n_persons", "share"], {"share": ("n_persons", "n_ended")}
        return _counts(table, provenance, counts=counts, shares=shares).data

    assert shown(40).equals(shown(39)) and shown(39).equals(shown(38))
    assert shown(40)["share"].to_list() == [1.0]


def test_households_and_the_people_in_them_are_rounded_each(provenance):
    table = pl.DataFrame({"size": [1, 2, 5], "n_households": [46, 8, 1], "n_persons": [46, 16, 5]})

    data = _counts(table, provenance, keys=["size"], counts=["n_households", "n_persons"]).data

    assert data.drop("row_id", "status").rows() == [(1, 45, 45), (2, 10, 15), (5, 0, 5)]


@pytest.mark.parametrize(
    ("numbers", "shown"),
    [([1, 2, 3], [0, 0, 5]), ([8, 12, 13, 2], [10, 10, 15, 0]), ([3, 3, 3, 3], [5, 5, 5, 5])],
)
def test_three_or_four_answers_stand_each_for_itself(provenance, numbers, shown):
    answers = [f"answer {place}" for place in range(len(numbers))]
    table = pl.DataFrame({"district": "A", "exit": answers, "n_persons": numbers})

    assert _counts(table, provenance).data["n_persons"].to_list() == shown


def test_groups_that_overlap_say_nothing_of_who_is_in_one_alone(provenance):
    # All three parents are under 30: "parents" is a part of "under 30" and of "all".
    def shown(n_young, n_parents):
        keys = {"district": ["A"] * 3, "exit": ["under 30", "parents", "all"]}
        return _counts(
            pl.DataFrame({**keys, "n_persons": [n_young, n_parents, 46]}), provenance
        ).data["n_persons"]

    assert shown(43, 43).to_list() == shown(44, 46).to_list() == [45, 45, 45]


# --- shares, means, order


def _shares(part, whole, provenance):
    table = pl.DataFrame(
        {"district": ["A"], "exit": ["work"], "n_persons": [part], "n_ended": [whole]}
    ).with_columns(share=pl.lit(0.123456))
    return (
        _counts(
            table,
            provenance,
            counts=["n_persons", "share"],
            shares={"share": ("n_persons", "n_ended")},
        )
        .data["share"]
        .item()
    )


@pytest.mark.parametrize(
    ("part", "whole", "share"),
    [
        (46, 112, 0.41),  # 45 of 110
        (1, 112, 0.0),
        (3, 28, 0.17),  # 5 of 30
        (3, 27, None),  # of 25
        (32, 30, 1.0),
        (5, None, None),
        (None, 50, None),
    ],
)
def test_a_share_is_made_of_the_numbers_that_are_shown(provenance, part, whole, share):
    assert _shares(part, whole, provenance) == share


@given(st.integers(0, 500), st.integers(0, 500))
def test_a_share_lies_between_none_and_all_in_whole_points(part, rest):
    share = _shares(part, part + rest, {"unit": "u", "source": "s", "grade": "L"})

    if share is None:
        assert part + rest < 30
    else:
        assert 0 <= share <= 1
        assert round(share * 100) / 100 == share


def test_the_whole_of_a_share_need_not_be_shown(provenance):
    table = pl.DataFrame({"district": ["A"], "exit": ["work"], "n_persons": [46], "n_ended": [112]})

    data = _counts(
        table, provenance, counts=["share"], shares={"share": ("n_persons", "n_ended")}
    ).data

    assert data.columns == ["row_id", "district", "exit", "share", "status"]


@pytest.mark.parametrize(("n", "mean"), [(27, None), (28, 7.0), (400, 7.3)])
def test_a_mean_is_shown_from_thirty_people_in_a_step_of_what_one_can_do(provenance, n, mean):
    table = pl.DataFrame(
        {"district": ["A"], "exit": ["work"], "n_persons": [n], "mean_gap_months": [7.3219]}
    )

    data = _counts(
        table, provenance, counts=["mean_gap_months"], spans={"mean_gap_months": 24}
    ).data

    assert data["mean_gap_months"].item() == mean


def test_a_mean_of_nobody_knows_how_many_is_not_shown(provenance):
    table = pl.DataFrame({"district": ["A"], "exit": ["work"], "mean_gap_months": [7.3219]})

    data = _counts(table, provenance, counts=["mean_gap_months"], n_persons=None).data

    assert data["mean_gap_months"].to_list() == [None]


def test_a_mean_goes_by_the_horizon_of_its_row(provenance):
    table = pl.DataFrame(
        {
            "district": ["A", "A"],
            "exit": ["work"] * 2,
            "horizon_months": [12, 240],
            "n_persons": [100, 100],
            "mean_gap_months": [7.3219, 7.3219],
        }
    )

    data = _counts(
        table,
        provenance,
        keys=[*KEYS, "horizon_months"],
        counts=["mean_gap_months"],
        spans={"mean_gap_months": "horizon_months"},
    ).data

    assert data["mean_gap_months"].to_list() == [7.4, 5.0]


def test_rows_stand_in_key_order_whatever_their_order_was(exits, provenance):
    assert _counts(exits.reverse(), provenance).data.equals(_counts(exits, provenance).data)


def test_a_row_without_a_value_is_not_estimable(provenance):
    table = pl.DataFrame(
        {"district": ["A"], "exit": ["work"], "n_persons": [None]},
        schema_overrides={"n_persons": pl.Int64},
    )

    assert _counts(table, provenance).data["status"].to_list() == ["not_estimable"]


def test_an_empty_table_keeps_its_columns(exits, provenance):
    data = _counts(exits.clear(), provenance).data

    assert data.height == 0
    assert data.schema == _counts(exits, provenance).data.schema


@given(st.lists(st.none() | st.integers(0, 10_000), min_size=1, max_size=30))
def test_any_counts_are_shown_within_two_and_null_as_null(numbers):
    table = pl.DataFrame(
        {"exit": [f"{place:02}" for place in range(len(numbers))], "n_persons": numbers},
        schema_overrides={"n_persons": pl.Int32},
    )

    shown = protect_counts(
        table,
        name="t",
        keys=["exit"],
        counts=["n_persons"],
        n_persons="n_persons",
        **{"unit": "u", "source": "s", "grade": "L"},
    ).data["n_persons"]

    assert shown.dtype == pl.Int32
    for number, rounded in zip(numbers, shown, strict=True):
        if number is None:
            assert rounded is None
        else:
            assert rounded % 5 == 0 and abs(rounded - number) <= 2


# --- bad input


def test_a_share_whose_whole_is_not_there_is_refused_by_name(exits, provenance):
    table = exits.with_columns(share=pl.lit(0.4))

    with pytest.raises(DisclosureError) as refused:
        _counts(
            table,
            provenance,
            counts=["n_persons", "share"],
            shares={"share": ("n_persons", "n_ended")},
        )

    what, where, why, fix = str(refused.value).splitlines()
    assert what == "A share cannot be published without the numbers that it is made of."
    assert where.startswith("  where: table exits, share: n_persons of n_ended (columns found: ")
    assert "rounded part and its rounded whole" in why
    assert fix == "  fix:   put the columns of the part and of the whole into each row."


def test_negative_counts_are_refused_without_their_values(provenance):
    table = pl.DataFrame(
        {"district": ["A"], "exit": ["work"], "n_persons": [-37], "n_women": [-41]}
    )

    with pytest.raises(DisclosureError) as refused:
        _counts(table, provenance, counts=["n_persons", "n_women"])

    assert "numbers of people below zero in: n_persons, n_women" in str(refused.value)
    assert "37" not in str(refused.value) and "41" not in str(refused.value)


def test_counts_that_are_texts_are_refused(provenance):
    table = pl.DataFrame({"district": ["A"], "exit": ["work"], "n_persons": ["3"]})

    with pytest.raises(DisclosureError, match="numbers of people that are not numbers: n_persons"):
        _counts(table, provenance)


def test_all_faults_of_a_request_are_named_at_once(provenance):
    table = pl.DataFrame({"person_id": ["P-1", "P-1"], "n_persons": [9, 9]})

    with pytest.raises(DisclosureError) as caught:
        _counts(table, provenance, name="a/b", keys=["person_id"])

    lines = str(caught.value).splitlines()
    assert lines[0] == "The table a/b cannot be published: 3 faults."
    assert "letters, digits" in lines[1]
    assert "identifiers of persons: person_id" in lines[1] and "more than once" in lines[1]
    assert lines[2].startswith("  why:   A published table has one row per key")
    assert lines[3].startswith("  fix:   mend the table")


def test_missing_columns_are_named_beside_those_found(exits, provenance):
    with pytest.raises(
        DisclosureError,
        match=r"missing columns: n_spells \(columns found: district, exit, n_persons\)",
    ):
        _counts(exits, provenance, counts=["n_spells"])


def test_a_personnummer_is_refused_and_not_shown(provenance):
    table = pl.DataFrame({"district": ["A"], "exit": ["19811218-9876"], "n_persons": [50]})

    with pytest.raises(DisclosureError) as caught:
        _counts(table, provenance)

    assert "what looks like a personnummer in: exit" in str(caught.value)
    assert "9876" not in str(caught.value)


def test_a_mean_share_is_shown_in_whole_points_however_many_people_there_are(provenance):
    table = pl.DataFrame(
        {"district": ["A"], "exit": ["work"], "n_persons": [8000], "share": [0.7936]}
    )

    data = _counts(table, provenance, counts=["share"], spans={"share": 1.0}).data

    assert data["share"].item() == 0.79


@pytest.mark.parametrize("estimate", [5.5, None])
def test_whether_a_mean_of_few_could_be_estimated_is_not_told(provenance, estimate):
    table = pl.DataFrame(
        {"district": ["A"], "exit": ["work"], "n_persons": [12], "estimate": [estimate]},
        schema_overrides={"estimate": pl.Float64},
    )

    data = _counts(
        table,
        provenance,
        counts=["n_persons", "estimate"],
        spans={"estimate": 12},
        needed=["estimate"],
    ).data

    assert data.select("n_persons", "estimate", "status").row(0) == (10, None, "ok")
