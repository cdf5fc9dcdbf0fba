import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalkit.disclosure import protect_counts, protect_curve, protect_estimates
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


def _curve(curve, provenance, **options):
    return protect_curve(
        curve,
        name="exit_curves-a",
        by=["district"],
        time="month",
        cause="exit",
        **provenance,
        **options,
    ).data


# --- counts


def test_counts_of_one_to_four_persons_are_withheld_and_zero_is_shown(exits, provenance):
    values = _values(_counts(exits, provenance))

    assert values[("A", "training")] is None
    assert values[("B", "still_on_support")] == 0


def test_counts_keep_large_numbers_unchanged(exits, provenance):
    values = _values(_counts(exits, provenance))

    assert (values[("A", "work")], values[("B", "training")]) == (20, 9)


def test_counts_withhold_the_next_smallest_of_a_total(exits, provenance):
    values = _values(_counts(exits, provenance, total_over=["exit"]))

    assert [
        exit_ for (district, exit_), value in values.items() if value is None and district == "A"
    ] == ["still_on_support", "training"]


def test_counts_withhold_a_third_when_two_small_ones_sum_to_a_small_number(provenance):
    table = pl.DataFrame(
        {"district": ["A"] * 4, "exit": ["a", "b", "c", "d"], "n_persons": [1, 2, 9, 30]}
    )

    values = _values(_counts(table, provenance, total_over=["exit"]))

    assert values == {("A", "a"): None, ("A", "b"): None, ("A", "c"): None, ("A", "d"): 30}


def test_counts_withhold_a_district_beside_a_small_one_when_the_city_is_shown(provenance):
    table = pl.DataFrame(
        {"district": ["A", "B", "C", "all"], "measure": ["starters"] * 4, "n": [3, 8, 20, 31]}
    )

    published = _counts(
        table,
        provenance,
        name="people",
        keys=["district", "measure"],
        counts=["n"],
        n_persons="n",
        total_over=["district"],
    )

    assert published.data["n"].to_list() == [None, None, 20, 31]


def test_counts_withhold_the_total_when_the_only_part_is_small(provenance):
    table = pl.DataFrame(
        {"district": ["A", "B", "all"], "measure": ["starters"] * 3, "n": [3, 0, 3]}
    )

    published = _counts(
        table,
        provenance,
        name="people",
        keys=["district", "measure"],
        counts=["n"],
        n_persons="n",
        total_over=["district"],
    )

    assert published.data["n"].to_list() == [None, 0, None]


def test_counts_withhold_the_zeros_of_a_small_district(provenance):
    # Three people live in A; that none of them came back tells of every one. In B the zero tells of
    # twenty.
    table = pl.DataFrame(
        {"district": ["A", "A", "B", "B"], "exit": ["no", "yes"] * 2, "n_persons": [3, 0, 20, 0]}
    )

    values = _values(_counts(table, provenance, total_over=["district", "exit"]))

    assert values == {("A", "no"): None, ("A", "yes"): None, ("B", "no"): None, ("B", "yes"): None}
    assert _values(_counts(table, provenance, total_over=["exit"]))[("B", "yes")] == 0


def test_counts_know_a_groups_size_from_its_total(provenance):
    # Twelve people left in three ways, four each: none of twelve may be said to have gone to work.
    table = pl.DataFrame(
        {
            "district": ["A"] * 5,
            "exit": ["a", "b", "c", "work", "all"],
            "n_persons": [4, 4, 4, 0, 12],
        }
    )

    values = _values(_counts(table, provenance, total_over=["exit"]))

    assert (values[("A", "work")], values[("A", "all")]) == (0, 12)


def test_counts_hide_the_zero_of_a_small_district_behind_a_large_number(provenance):
    # "yes" is none in A, none in B, eight in C and eight in all: A's zero needs C beside it, or it
    # would follow.
    rows = {"A": (3, 0), "B": (9, 0), "C": (9, 8), "D": (9, 9), "all": (30, 17)}
    table = pl.DataFrame(
        [
            (place, answer, n)
            for place, pair in rows.items()
            for answer, n in zip(("no", "yes"), pair, strict=True)
        ],
        schema=[*KEYS, "n_persons"],
        orient="row",
    )

    values = _values(_counts(table, provenance, total_over=["district", "exit"]))

    hidden = [place for place in "ABCD" if values[(place, "yes")] is None]
    assert "A" in hidden and sum(rows[place][1] for place in hidden) >= 5


def test_counts_withhold_a_count_that_leaves_few_of_its_total_outside(provenance):
    table = pl.DataFrame(
        {"district": ["A", "B"], "exit": ["work", "work"], "n_persons": [96, 80], "of": [98, 98]}
    )

    published = _counts(table, provenance, out_of="of")

    assert published.data["status"].to_list() == ["suppressed", "ok"]
    assert "of" not in published.data.columns


def test_counts_follow_persons_not_spells_when_persons_are_given(provenance):
    table = pl.DataFrame({"district": ["A"], "exit": ["work"], "n_spells": [9], "n_persons": [4]})

    published = _counts(table, provenance, counts=["n_spells"])

    assert published.data["n_spells"].to_list() == [None]
    assert published.data.columns == ["row_id", "district", "exit", "n_spells", "status"]


def test_counts_are_persons_themselves_when_no_person_column_is_named(provenance):
    table = pl.DataFrame(
        {"district": ["A", "B"], "exit": ["work"] * 2, "women": [9, 9], "men": [2, 7]}
    )

    published = _counts(table, provenance, counts=["women", "men"], n_persons=None)

    assert published.data["women"].to_list() == [None, 9]


def test_counts_say_their_rules_and_how_many_values_are_withheld(exits, provenance):
    published = _counts(
        exits.with_columns(share=pl.col("n_persons") / 42),
        provenance,
        counts=["n_persons", "share"],
        total_over=["exit"],
    )

    assert published.rules == ("min_persons:5", "small_group:5", "complement", "total_over:exit")
    assert published.n_suppressed == 4


def test_counts_stand_in_key_order_whatever_the_order_of_rows(exits, provenance):
    assert _counts(exits.reverse(), provenance).data.equals(_counts(exits, provenance).data)


def test_counts_without_a_value_are_not_estimable(provenance):
    table = pl.DataFrame(
        {"district": ["A"], "exit": ["work"], "n_persons": [None]},
        schema_overrides={"n_persons": pl.Int64},
    )

    assert _counts(table, provenance).data["status"].to_list() == ["not_estimable"]


@given(st.lists(st.integers(0, 12), min_size=1, max_size=8), st.integers(3, 8))
def test_counts_never_show_a_small_number(numbers, min_count):
    table = pl.DataFrame({"exit": [f"e{i}" for i in range(len(numbers))], "n": numbers})

    shown = protect_counts(
        table,
        name="t",
        keys=["exit"],
        counts=["n"],
        n_persons="n",
        unit="u",
        source="s",
        grade="L",
        min_count=min_count,
        total_over=["exit"],
    ).data["n"]

    assert not shown.drop_nulls().is_between(1, min_count - 1).any()


# --- curves


def test_curve_steps_wait_until_five_events_have_gathered(curve, provenance):
    published = _curve(curve, provenance)

    assert published["n_events"].to_list() == [0, None, 6, 0, 5, 0, 0, 0, 6, None]
    assert published["estimate"].to_list() == [
        0.0,
        None,
        0.12,
        0.12,
        0.24,
        0.24,
        0.24,
        0.24,
        0.42,
        None,
    ]


def test_curve_holds_the_standard_error_with_the_estimate(curve, provenance):
    assert _curve(curve, provenance)["std_error"].to_list()[:3] == [0.0, None, 0.02]


def test_curve_ends_where_fewer_than_five_are_at_risk(curve, provenance):
    assert _curve(curve, provenance)["status"].to_list() == ["ok", "suppressed"] + ["ok"] * 7 + [
        "suppressed"
    ]


def test_curve_stays_hidden_when_the_risk_set_grows_again(curve, provenance):
    grown = curve.with_columns(n_at_risk=pl.Series([50, 50, 50, 4, 40, 33, 30, 20, 8, 6]))

    assert (
        _curve(grown, provenance)["status"].to_list()
        == ["ok", "suppressed", "ok"] + ["suppressed"] * 7
    )


def test_curve_shows_risk_sets_in_steps_of_five(curve, provenance):
    shown = _curve(curve, provenance)["n_at_risk"].to_list()[:-1]

    assert shown == [50, None, 50, 42, 42, 33, 33, 20, 8]


def test_curve_is_hidden_until_its_first_full_step_when_time_zero_is_missing(curve, provenance):
    later = curve.filter(pl.col("month") > 0)

    assert _curve(later, provenance)["status"].to_list()[:3] == ["suppressed", "ok", "ok"]


def test_curve_accepts_an_unobserved_month_zero(curve, provenance):
    unobserved = curve.with_columns(n_at_risk=pl.when(pl.col("month") > 0).then("n_at_risk"))

    assert _curve(unobserved, provenance)["status"][0] == "ok"


def test_curve_groups_do_not_lend_each_other_events(curve, provenance):
    other = curve.with_columns(
        exit=pl.lit("studies"), n_events=pl.Series([0, 0, 0, 0, 0, 0, 0, 0, 4, 0])
    )

    published = _curve(pl.concat([curve, other]), provenance)

    assert published.filter(pl.col("exit") == "studies")["n_events"].sum() == 0


@pytest.mark.parametrize(
    ("n_events", "status"), [(0, "ok"), (1, "suppressed"), (4, "suppressed"), (5, "ok")]
)
def test_a_curve_never_says_that_nothing_happened_for_a_number_that_is_withheld(
    curve, provenance, n_events, status
):
    rare = curve.with_columns(
        n_at_risk=pl.lit(50), n_events=pl.Series([0, 0, 0, n_events, *[0] * 6])
    )

    published = _curve(rare, provenance)

    assert published.filter(pl.col("month") >= 3)["status"].unique().to_list() == [status]
    # What is shown before the first step is the start, which is so by definition, and only where a
    # step follows.
    before = published.filter(pl.col("month") < 3, status="ok")["month"].to_list()
    assert before == ([0, 1, 2] if n_events == 0 else [0] if status == "ok" else [])


def test_curve_of_a_tiny_group_is_hidden_from_the_start(curve, provenance):
    tiny = curve.with_columns(n_at_risk=pl.lit(4))

    assert set(_curve(tiny, provenance)["status"]) == {"suppressed"}


@given(st.lists(st.integers(0, 7), min_size=1, max_size=30))
def test_curve_published_steps_rest_on_enough_events(events):
    n = sum(events) + 10
    table = pl.DataFrame(
        {
            "month": range(len(events) + 1),
            "estimate": pl.Series([0, *events]).cum_sum() / n,
            "n_at_risk": n - pl.Series([0, 0, *events[:-1]]).cum_sum(),
            "n_events": [0, *events],
        }
    )

    shown = protect_curve(
        table, name="c", by=[], time="month", cause=None, unit="share", source="s", grade="L"
    ).data

    told = shown.drop_nulls("estimate")
    jumps = (told["estimate"].diff().drop_nulls() * n).round(6)
    assert jumps.filter(jumps > 0).min() is None or jumps.filter(jumps > 0).min() >= 5
    assert jumps.to_list() == pytest.approx(told["n_events"].to_list()[1:])
    assert not any(
        so_far > 0 and value == 0
        for so_far, value in zip(table["n_events"].cum_sum(), shown["estimate"], strict=True)
    )


# --- estimates


def test_estimates_on_few_persons_are_withheld(provenance):
    table = pl.DataFrame({"district": ["A", "B"], "estimate": [3.0, 4.0], "n": [4, 5]})

    published = protect_estimates(
        table, name="e", keys=["district"], values=["estimate"], n_persons="n", **provenance
    )

    assert published.data["estimate"].to_list() == [None, 4.0]
    assert published.rules == ("min_basis:5",)


def test_estimates_need_enough_persons_in_every_arm(provenance):
    table = pl.DataFrame(
        {"district": ["A", "B"], "estimate": [3.0, 4.0], "treated": [3, 9], "comparison": [90, 90]}
    )

    published = protect_estimates(
        table,
        name="e",
        keys=["district"],
        values=["estimate"],
        n_persons=["treated", "comparison"],
        **provenance,
    )

    assert published.data["status"].to_list() == ["suppressed", "ok"]


def test_estimates_not_about_persons_say_so(provenance):
    table = pl.DataFrame({"price": ["p1"], "value": [2.0]})

    published = protect_estimates(
        table, name="prices", keys=["price"], values=["value"], n_persons=None, **provenance
    )

    assert published.rules == ("not_about_persons",)
    assert published.n_suppressed == 0


def test_estimates_that_are_not_numbers_are_not_estimable(provenance):
    table = pl.DataFrame(
        {"district": ["A", "B"], "estimate": [float("nan"), float("inf")], "n": [50, 50]}
    )

    published = protect_estimates(
        table, name="e", keys=["district"], values=["estimate"], n_persons="n", **provenance
    )

    assert published.data["status"].to_list() == ["not_estimable"] * 2


def test_estimates_with_an_unknown_basis_are_withheld(provenance):
    table = pl.DataFrame(
        {"district": ["A"], "estimate": [1.0], "n": [None]}, schema_overrides={"n": pl.Int64}
    )

    published = protect_estimates(
        table, name="e", keys=["district"], values=["estimate"], n_persons="n", **provenance
    )

    assert published.data["status"].to_list() == ["suppressed"]


def test_an_uncounted_verdict_shows_its_words_and_no_number(provenance):
    table = pl.DataFrame(
        [("A", "not_computed", 3, None), ("B", "estimated", 40, 40), ("C", "few", 4, 4)],
        schema={"district": pl.String, "verdict": pl.String, "starters": pl.Int32, "n": pl.Int32},
        orient="row",
    )

    published = protect_estimates(
        table,
        name="e",
        keys=["district"],
        values=["verdict", "starters"],
        n_persons="n",
        is_uncounted_shown=True,
        **provenance,
    )

    assert published.data.drop("row_id").rows() == [
        ("A", "not_computed", None, "ok"),
        ("B", "estimated", 40, "ok"),
        ("C", None, None, "suppressed"),
    ]


def test_all_faults_of_a_request_are_named_at_once(provenance):
    table = pl.DataFrame({"person_id": ["P-1", "P-1"], "n": [9, 9]})

    with pytest.raises(DisclosureError) as caught:
        protect_estimates(
            table,
            name="a/b",
            keys=["person_id"],
            values=["n"],
            n_persons=None,
            min_count=2,
            **provenance,
        )

    lines = str(caught.value).splitlines()
    assert lines[0] == "The table a/b cannot be published: 4 faults."
    assert "letters, digits" in lines[1] and "min_count is below 3" in lines[1]
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
