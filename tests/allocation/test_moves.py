"""What a plan moves and adds: by hand, draw by draw, and without what is known of few people."""

import numpy as np
import polars as pl
import pytest

from evalkit.allocation import allocate_city
from evalkit.allocation.moves import added_value, moves
from evalkit.disclosure import protect_counts
from evalkit.draws import percentile_limits, probability_above_zero
from evalkit.line.tables import published
from evalkit.run_rules import AllocationRules

KEYS = ["district", "intervention_id", "target_group"]
SAME = 1e-9  # sums in another order


@pytest.fixture
def offers():
    """Two groups in Harbour, one in Hill; coaching stays as it is."""
    rows = [
        ("Harbour", "train", "young", 10.0, 14.0, 1000.0, 40),
        ("Harbour", "train", "others", 5.0, 2.0, 1000.0, 20),
        ("Hill", "train", "others", 8.0, 4.0, 1000.0, 30),
        ("Hill", "coach", "others", 3.0, 3.0, 500.0, 12),
    ]
    columns = [*KEYS, "n_now", "n_starts", "cost", "n_starters"]
    return pl.DataFrame(rows, schema=columns, orient="row")


@pytest.fixture
def values(offers):
    rng = np.random.default_rng(4)
    worth = {"young": 9000.0, "others": 2000.0}
    rows = [
        (*key, draw, worth[key[2]] + (rng.normal(0, 1500) if draw else 0))
        for key in offers.select(KEYS).rows()
        for draw in range(41)
    ]
    return pl.DataFrame(rows, schema=[*KEYS, "draw", "value"], orient="row")


def test_moves_by_hand(offers, values):
    table = moves(offers, values)

    told = {
        (row["district"], row["intervention_id"]): (
            row["n_starts_now"],
            row["n_starts_planned"],
            row["cost_now"],
            row["cost_planned"],
            row["added_value"],
        )
        for row in table.iter_rows(named=True)
    }
    # Four more young at 9 000 and three others fewer at 2 000; four others fewer in Hill.
    assert told == {
        ("Harbour", "train"): (15.0, 16.0, 15_000.0, 16_000.0, 30_000.0),
        ("Hill", "train"): (8.0, 4.0, 8_000.0, 4_000.0, -8_000.0),
        ("Hill", "coach"): (3.0, 3.0, 1_500.0, 1_500.0, 0.0),
        ("all", "train"): (23.0, 20.0, 23_000.0, 20_000.0, 22_000.0),
        ("all", "coach"): (3.0, 3.0, 1_500.0, 1_500.0, 0.0),
    }


def test_ranges_are_those_of_the_sums_draw_by_draw(offers, values):
    row = moves(offers, values, n_independent=20).row(
        by_predicate=(pl.col("district") == "all") & (pl.col("intervention_id") == "train"),
        named=True,
    )

    moved = {tuple(o[k] for k in KEYS): o["n_starts"] - o["n_now"] for o in offers.to_dicts()}
    sums = np.zeros(41)
    for one in values.to_dicts():
        if one["intervention_id"] == "train":
            sums[one["draw"]] += moved[tuple(one[k] for k in KEYS)] * one["value"]
    low, high = percentile_limits(sums[1:], n_independent=20)
    expected = (low, high, probability_above_zero(sums[1:], n_independent=20))
    found = (row["ci_lower"], row["ci_upper"], row["probability_positive"])
    assert found == pytest.approx(expected, rel=SAME)


def test_what_does_not_move_adds_nothing_and_has_no_probability(offers, values):
    row = moves(offers, values).filter(district="Hill", intervention_id="coach")

    assert row.select("added_value", "ci_lower", "ci_upper", "probability_positive").row(0) == (
        *(0.0, 0.0, 0.0),
        None,
    )


def test_moves_without_replicates_have_no_range(offers, values):
    table = moves(offers, values.filter(draw=0))

    assert table["added_value"].null_count() == 0
    for column in ("ci_lower", "ci_upper", "probability_positive"):
        assert table[column].null_count() == table.height


def test_added_value_of_everything_is_that_of_its_parts(offers, values):
    moved = offers.select(*KEYS, n_moved=pl.col("n_starts") - pl.col("n_now"))

    together = added_value(moved, values)

    parts = added_value(moved, values, ["district", "intervention_id"])
    assert together["added_value"].item() == pytest.approx(
        parts.filter(pl.col("district") != "all")["added_value"].sum()
    )


def test_starts_are_shown_of_every_district_and_their_worth_from_thirty_starters(offers, values):
    declared = published("allocation_moves")
    shown = protect_counts(
        moves(offers, values).with_columns(currency=pl.lit("SEK")),
        name="allocation_moves",
        keys=declared.keys,
        counts=declared.values,
        n_persons=declared.guard.count,
        exact=declared.guard.exact,
        unit=declared.unit,
        source="made",
        grade="L",
    ).data

    rows = {(row["district"], row["intervention_id"]): row for row in shown.iter_rows(named=True)}
    assert shown["status"].unique().to_list() == ["ok"]
    assert (rows["all", "train"]["n_starts_now"], rows["Hill", "coach"]["n_starts_now"]) == (25, 5)
    assert rows["all", "train"]["added_value"] is not None
    assert rows["Hill", "coach"]["added_value"] is None


def test_a_city_plan_adds_what_its_moves_do(offers, values):
    many = offers.drop("n_starts").with_columns(
        n_eligible=pl.lit(30.0), places=pl.lit(20.0), n_months_counted=pl.lit(60)
    )

    plan = allocate_city(many, values, AllocationRules(n_draws=10, further_money=(3000.0,)))

    of_all = plan.moves.filter(district="all")
    by_plan = {row["plan"]: row for row in plan.plans.iter_rows(named=True)}
    own, now = by_plan["own_places"], by_plan["now"]
    assert own["added_value"] == pytest.approx(of_all["added_value"].sum())
    assert own["added_value"] == pytest.approx(own["value"] - now["value"])
    assert own["ci_lower"] < own["added_value"] < own["ci_upper"]
    assert now["added_value"] is None
    assert of_all["cost_planned"].sum() == pytest.approx(own["cost"])
    further = plan.returns.row(1, named=True)
    assert further["added_value"] == pytest.approx(
        further["value"] - plan.returns["value"][0], rel=1e-6
    )
    assert further["ci_lower"] < further["added_value"] < further["ci_upper"]
    assert plan.returns["probability_positive"].to_list()[0] is None


def test_ranges_hold_both_readings_and_what_is_added_is_the_plain_one(offers, values):
    second = values.with_columns(second=pl.col("value") - 40.0)
    by = ["district", "intervention_id"]
    plain, other, both = (
        moves(offers, drawn).sort(by)
        for drawn in (values, values.with_columns(pl.col("value") - 40.0), second)
    )

    assert both["added_value"].to_list() == plain["added_value"].to_list()
    lower, upper = (
        np.array([plain[end], other[end]], dtype=float) for end in ("ci_lower", "ci_upper")
    )
    assert both["ci_lower"].to_numpy() == pytest.approx(lower.min(axis=0))
    assert both["ci_upper"].to_numpy() == pytest.approx(upper.max(axis=0))
    sure = np.array([plain["probability_positive"], other["probability_positive"]], dtype=float)
    agreed = np.median([*sure, np.full(len(plain), 0.5)], axis=0)
    moved = both["probability_positive"].is_not_null().to_numpy()
    assert both["probability_positive"].to_numpy()[moved] == pytest.approx(agreed[moved])
    moved = offers.select(*KEYS, n_moved=pl.col("n_starts") - pl.col("n_now"))
    lower = [
        added_value(moved, drawn)["ci_lower"].item()
        for drawn in (values, values.with_columns(pl.col("value") - 40.0))
    ]
    assert added_value(moved, second)["ci_lower"].to_list() == [min(lower)]
