"""What must hold for any spells: sums, order, labels, splits, weights, and the same answer found a
slower way.
"""

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evalkit.survival import (
    aalen_johansen,
    add_risk_sets,
    kaplan_meier,
    state_occupation,
    tabulate_risk_set,
)

ROUNDING = 1e-12  # sums of at most some hundred doubles between 0 and 1
STEP = 1e-6  # of a numerical derivative; its own error is about the step
few = settings(max_examples=20)

CAUSES = ["studies", "work"]


@st.composite
def spell_tables(draw, min_rows: int = 2) -> pl.DataFrame:
    """Up to 14 rows of up to 6 persons: entry, exit in months, cause or censored, weight."""
    rows = draw(
        st.lists(
            st.tuples(
                st.integers(0, 3),
                st.integers(1, 5),
                st.sampled_from([*CAUSES, None]),
                st.integers(1, 6),
                st.sampled_from([0.5, 1.0, 1.75, 3.0]),
            ),
            min_size=min_rows,
            max_size=14,
        )
    )
    table = pl.DataFrame(
        rows,
        schema=["entry", "length", "cause", "person", "weight"],
        orient="row",
        infer_schema_length=None,
    )
    return table.with_columns(
        pl.col("cause").cast(pl.Enum(CAUSES)),
        exit=pl.col("entry") + pl.col("length"),
        ended=pl.col("cause").is_not_null(),
    )


def curves(spells: pl.DataFrame, **changes) -> pl.DataFrame:
    arguments = {
        "time": "exit",
        "event": "cause",
        "entry": "entry",
        "weight": "weight",
        "cluster": "person",
    } | changes
    return aalen_johansen(spells, **arguments)


def same(first: pl.DataFrame, second: pl.DataFrame, *columns: str) -> bool:
    """Equal up to the rounding of sums. Errors and limits are compared as squares, since the root
    of a rounded zero is far from zero.
    """
    columns = columns or ("estimate", "std_error", "ci_lower", "ci_upper")
    ours, theirs = (
        table.select(_sum_like(column) for column in columns).fill_null(-1.0).to_numpy()
        for table in (first, second)
    )
    return ours.shape == theirs.shape and np.allclose(ours, theirs, rtol=0, atol=ROUNDING)


def _sum_like(column: str) -> pl.Expr:
    if column in ("ci_lower", "ci_upper"):
        return (pl.col(column) - pl.col("estimate")) ** 2
    return pl.col(column) ** 2 if column == "std_error" else pl.col(column)


@pytest.mark.parametrize(("error", "is_same"), [(5e-8, True), (1e-5, False)])
def test_an_error_of_rounding_alone_counts_as_none(error, is_same):
    table = pl.DataFrame(
        {"estimate": [0.5], "std_error": [0.0], "ci_lower": [0.5], "ci_upper": [0.5]}
    )
    moved = pl.DataFrame(
        {
            "estimate": [0.5],
            "std_error": [error],
            "ci_lower": [0.5 - 2 * error],
            "ci_upper": [0.5 + 2 * error],
        }
    )

    assert same(table, moved) is is_same


@few
@given(spell_tables())
def test_causes_and_still_running_sum_to_one(spells):
    running = kaplan_meier(spells, time="exit", event="ended", entry="entry", weight="weight")[
        "estimate"
    ].to_numpy()

    left = (
        curves(spells)
        .group_by("time", maintain_order=True)
        .agg(pl.col("estimate").sum())["estimate"]
        .to_numpy()
    )

    assert np.allclose(running + left, 1.0, rtol=0, atol=ROUNDING)


@few
@given(spell_tables())
def test_one_cause_is_the_complement_of_kaplan_meier(spells):
    one_cause = spells.with_columns(cause=pl.when("ended").then(pl.lit("end")))
    running = kaplan_meier(
        spells,
        time="exit",
        event="ended",
        entry="entry",
        weight="weight",
        cluster="person",
        conf_type="plain",
    )

    left = curves(one_cause, causes=["end"], conf_type="plain")

    assert same(
        left.with_columns(estimate=1 - pl.col("estimate")), running, "estimate", "std_error"
    )


@few
@given(spell_tables(), st.randoms())
def test_order_of_rows_does_not_matter(spells, random):
    order = list(range(spells.height))
    random.shuffle(order)

    assert same(curves(spells[order]), curves(spells))


@few
@given(spell_tables())
def test_names_of_causes_and_persons_do_not_matter(spells):
    renamed = spells.with_columns(
        cause=pl.col("cause").cast(pl.String).replace({"studies": "zebra", "work": "ape"}),
        person=pl.format("p-{}", 9 - pl.col("person")),
    )

    assert same(curves(renamed, causes=["zebra", "ape"]), curves(spells))


@few
@given(spell_tables())
def test_a_spell_split_in_two_rows_counts_once(spells):
    long = spells.filter(pl.col("length") > 1)
    first = long.with_columns(exit=pl.col("entry") + 1, cause=pl.lit(None, pl.Enum(CAUSES)))
    second = long.with_columns(entry=pl.col("entry") + 1)

    split = curves(pl.concat([spells.filter(pl.col("length") == 1), first, second]))

    assert same(split, curves(spells))


@few
@given(spell_tables())
def test_rows_twice_at_half_weight_give_the_same_curve_and_clustered_error(spells):
    doubled = pl.concat([spells, spells]).with_columns(pl.col("weight") / 2)

    assert same(curves(doubled), curves(spells))


@few
@given(spell_tables(), st.integers(0, 14))
def test_counts_of_parts_sum_to_counts_of_the_whole(spells, cut):
    def tabulate(rows: pl.DataFrame):
        return tabulate_risk_set(
            rows,
            time="exit",
            event="cause",
            entry="entry",
            weight="weight",
            cluster="person",
            by=["length"],
        )

    whole = tabulate(spells)
    parts = [tabulate(part) for part in (spells[:cut], spells[cut:]) if part.height]

    total = parts[0] if len(parts) == 1 else add_risk_sets(*parts)

    assert total.groups.equals(whole.groups)
    assert np.array_equal(total.n_at_risk, whole.n_at_risk)
    assert np.allclose(total.exits, whole.exits, rtol=0, atol=ROUNDING)
    assert abs(total.spread - whole.spread).max() < ROUNDING


@few
@given(spell_tables())
def test_a_lazy_table_gives_the_same_curve(spells):
    arguments = {"cluster": None, "by": ["length"]}

    assert same(curves(spells.lazy(), **arguments), curves(spells, **arguments))


@few
@given(spell_tables())
def test_aalen_johansen_equals_a_loop_over_months(spells):
    expected, running = {cause: [0.0] for cause in CAUSES}, 1.0
    for month in range(1, spells["exit"].max() + 1):
        there = spells.filter(pl.col("entry") < month, pl.col("exit") >= month)
        at_risk, before = there["weight"].sum(), running
        for cause in CAUSES:
            leaving = there.filter(pl.col("exit") == month, pl.col("cause") == cause)[
                "weight"
            ].sum()
            share = before * leaving / at_risk if at_risk else 0.0
            expected[cause].append(expected[cause][-1] + share)
            running -= share

    result = curves(spells)

    for cause in CAUSES:
        assert result.filter(pl.col("cause") == cause)["estimate"].to_list() == pytest.approx(
            expected[cause], abs=ROUNDING
        )


@few
@given(spell_tables())
def test_jackknife_error_is_the_derivative_by_the_persons_weight(spells):
    def estimates(table: pl.DataFrame) -> np.ndarray:
        return curves(table)["estimate"].to_numpy()

    moves = [
        (
            estimates(
                spells.with_columns(
                    pl.when(pl.col("person") == person)
                    .then(pl.col("weight") * (1 + STEP))
                    .otherwise("weight")
                )
            )
            - estimates(
                spells.with_columns(
                    pl.when(pl.col("person") == person)
                    .then(pl.col("weight") * (1 - STEP))
                    .otherwise("weight")
                )
            )
        )
        / (2 * STEP)
        for person in spells["person"].unique()
    ]

    result = curves(spells)

    known = result["std_error"].is_not_null().to_numpy()
    slow = np.sqrt(np.sum(np.square(moves), axis=0))
    assert np.allclose(result["std_error"].to_numpy()[known], slow[known], rtol=0, atol=10 * STEP)


@st.composite
def timelines(draw) -> pl.DataFrame:
    """Up to 8 persons, each in one of three states for up to 6 months."""
    lives = draw(
        st.lists(st.lists(st.sampled_from("abc"), min_size=1, max_size=6), min_size=2, max_size=8)
    )
    rows = [
        (person, month, month + 1, life[month], life[month + 1] if month + 1 < len(life) else None)
        for person, life in enumerate(lives)
        for month in range(len(life))
    ]
    return pl.DataFrame(
        rows,
        schema=["person", "start", "stop", "state", "next"],
        orient="row",
        infer_schema_length=None,
    ).with_columns(pl.col("state", "next").cast(pl.Enum(list("abc"))))


TIMELINE = {
    "id": "person",
    "start": "start",
    "stop": "stop",
    "from_state": "state",
    "to_state": "next",
}


@few
@given(timelines())
def test_states_sum_to_one(intervals):
    totals = state_occupation(intervals, **TIMELINE).group_by("time").agg(pl.col("estimate").sum())

    assert totals["estimate"].to_list() == pytest.approx([1.0] * totals.height, abs=ROUNDING)


@few
@given(timelines())
def test_months_of_a_stay_may_be_one_row_or_many(intervals):
    begins = (pl.col("state") != pl.col("state").shift(1)).fill_null(True).over("person").cum_sum()
    stays = (
        intervals.with_columns(stay=begins.over("person"))
        .group_by("person", "stay", maintain_order=True)
        .agg(
            pl.col("start").first(),
            pl.col("stop").last(),
            pl.col("state").first(),
            pl.col("next").last(),
        )
    )

    assert same(state_occupation(stays, **TIMELINE), state_occupation(intervals, **TIMELINE))
