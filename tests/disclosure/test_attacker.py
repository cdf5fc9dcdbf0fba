"""An attacker who knows every published cell and total tries to work the withheld ones out, by
exact elimination in fractions.
"""

from fractions import Fraction

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evalkit.disclosure import protect_counts
from evalkit.line.published import PUBLISHED
from evalkit.spells import ended_participation

MIN_COUNT = 5
DISTRICTS, EXITS = ("A", "B", "C", "D"), ("work", "studies", "training", "support")

tables = st.lists(
    st.integers(0, 14), min_size=len(DISTRICTS) * len(EXITS), max_size=len(DISTRICTS) * len(EXITS)
)


def _table(numbers: list[int]) -> pl.DataFrame:
    cells = pl.DataFrame(
        {
            "district": [d for d in DISTRICTS for _ in EXITS],
            "exit": list(EXITS) * len(DISTRICTS),
            "n": numbers,
        }
    )
    city = (
        cells.group_by("exit", maintain_order=True)
        .agg(pl.col("n").sum())
        .select(pl.lit("all").alias("district"), "exit", "n")
    )
    return pl.concat([cells, city])


def _solved(equations: list[tuple[dict, Fraction]]) -> dict:
    """Reduce a linear system to echelon form and return the unknowns it fixes."""
    unknowns = sorted({unknown for coefficients, _ in equations for unknown in coefficients})
    rows = [
        [Fraction(coefficients.get(u, 0)) for u in unknowns] + [Fraction(right)]
        for coefficients, right in equations
    ]
    done = 0
    for column in range(len(unknowns)):
        pivot = next((r for r in range(done, len(rows)) if rows[r][column]), None)
        if pivot is None:
            continue
        rows[done], rows[pivot] = rows[pivot], rows[done]
        rows[done] = [entry / rows[done][column] for entry in rows[done]]
        for r in range(len(rows)):
            if r != done and rows[r][column]:
                rows[r] = [
                    a - rows[r][column] * b for a, b in zip(rows[r], rows[done], strict=True)
                ]
        done += 1
    fixed = {}
    for row in rows[:done]:
        support = [unknown for unknown, entry in zip(unknowns, row[:-1], strict=True) if entry]
        if len(support) == 1:
            fixed[support[0]] = row[-1]
    return fixed


def _margins(published: pl.DataFrame, truth: pl.DataFrame) -> list[tuple[dict, Fraction]]:
    """What is known: districts sum to the city for every exit, and each district's total over the
    exits (when it is not small itself).
    """
    shown = {(row["district"], row["exit"]): row["n"] for row in published.to_dicts()}
    equations = [([(d, e, 1) for d in DISTRICTS] + [("all", e, -1)], 0) for e in EXITS]
    for district in (*DISTRICTS, "all"):
        total = truth.filter(pl.col("district") == district)["n"].sum()
        if total >= MIN_COUNT:
            equations.append(([(district, e, 1) for e in EXITS], total))
    system = []
    for terms, right in equations:
        known = sum(sign * shown[(d, e)] for d, e, sign in terms if shown[(d, e)] is not None)
        unknown = {(d, e): sign for d, e, sign in terms if shown[(d, e)] is None}
        if unknown:
            system.append((unknown, Fraction(right - known)))
    return system


def _published(truth: pl.DataFrame, total_over: tuple[str, ...]) -> pl.DataFrame:
    provenance = {"unit": "persons", "source": "made up", "grade": "L"}
    return protect_counts(
        truth,
        name="exits",
        keys=["district", "exit"],
        counts=["n"],
        n_persons="n",
        total_over=total_over,
        **provenance,
    ).data


@pytest.mark.slow
@settings(max_examples=150)
@given(tables)
def test_attacker_finds_no_small_number_in_a_table_with_both_margins(numbers):
    truth = _table(numbers)

    found = _solved(_margins(_published(truth, ("district", "exit")), truth))

    assert not [cell for cell, value in found.items() if 0 < value < MIN_COUNT]


@pytest.mark.slow
@settings(max_examples=150)
@given(tables, st.lists(st.integers(0, 4), min_size=len(EXITS), max_size=len(EXITS)))
def test_attacker_finds_nothing_of_a_district_where_every_number_is_small(numbers, small):
    truth = _table([*small, *numbers[len(EXITS) :]])
    published = _published(truth, ("district", "exit"))
    hidden = published.filter(pl.col("n").is_null())

    found = _solved(_margins(published, truth))

    assert sum(small) == 0 or not [cell for cell in found if cell[0] == "A"]
    for exit_ in EXITS if sum(small) else ():
        here = truth.join(hidden, on=["district", "exit"], how="semi").filter(
            pl.col("exit") == exit_
        )
        # Numbers of persons are never below zero: where all that is hidden comes to none, every one
        # of them is found to be none.
        if here.filter(pl.col("district") == "all").is_empty():
            assert here["n"].sum() >= MIN_COUNT


@settings(max_examples=100)
@given(tables)
def test_attacker_finds_no_small_sum_of_withheld_cells_in_a_district(numbers):
    truth = _table(numbers)

    published = _published(truth, ("exit",))

    totals = truth.group_by("district").agg(pl.col("n").sum().alias("total"))
    shown = published.group_by("district").agg(pl.col("n").sum())
    remainder = (
        totals.join(shown, on="district")
        .filter(pl.col("total") >= MIN_COUNT)
        .select(pl.col("total") - pl.col("n"))["total"]
    )
    assert not remainder.is_between(1, MIN_COUNT - 1).any()


def test_attacker_succeeds_without_the_complement_rule():
    # The control: without complements the same attack must work, or it would prove nothing.
    truth = _table([20, 12, 3, 7, 9, 8, 9, 9, 10, 11, 12, 13, 9, 9, 9, 9])

    found = _solved(_margins(_published(truth, ()), truth))

    assert found == {("A", "training"): 3}


ANSWERS = {
    "result": ("work", "subsidised_work", "studies"),
    "no_result": ("other", "unknown"),
}
LEAVES = [(part, answer) for part, answers in ANSWERS.items() for answer in answers]


@pytest.mark.slow
@settings(max_examples=150)
@given(st.lists(st.integers(0, 14), min_size=3 * len(LEAVES), max_size=3 * len(LEAVES)))
def test_attacker_finds_no_small_number_where_parts_have_parts(numbers):
    ended = pl.DataFrame(
        [
            (f"{i}-{j}", DISTRICTS[i // len(LEAVES)], LEAVES[i % len(LEAVES)][1])
            for i, n in enumerate(numbers)
            for j in range(n)
        ],
        schema=dict.fromkeys(("person_id", "district", "answer"), pl.String),
        orient="row",
    )
    guard = PUBLISHED["ended_participation"].guard
    published = protect_counts(
        ended_participation(ended, year=2026),
        name="ended_participation",
        keys=["district", "year", "part", "answer"],
        counts=["n_persons"],
        n_persons="n_persons",
        total_over=guard.total_over,
        unit="persons",
        source="made up",
        grade="L",
    ).data
    shown = {(r["district"], r["part"], r["answer"]): r["n_persons"] for r in published.to_dicts()}
    places = sorted({district for district, *_ in shown})
    cells = {cell[1:] for cell in shown}
    margins = [
        *([*((d, p, a) for a in ANSWERS[p]), (d, p, "all")] for d in places for p in ANSWERS),
        *([*((d, p, "all") for p in ANSWERS), (d, "all", "all")] for d in places),
        *([*((d, *c) for d in places if d != "all"), ("all", *c)] for c in cells if places),
    ]
    system = []
    for *parts, total in margins:
        terms = [*((cell, 1) for cell in parts), (total, -1)]
        known = sum(sign * shown[cell] for cell, sign in terms if shown[cell] is not None)
        unknown = {cell: sign for cell, sign in terms if shown[cell] is None}
        system += [(unknown, Fraction(-known))] if unknown else []

    found = _solved(system)

    assert not [cell for cell, value in found.items() if 0 < value < MIN_COUNT]
