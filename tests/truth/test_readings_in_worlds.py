"""Cities of each world in which something decides who starts that a comparison may not see:
how often do the plain range, the second reading's and their span hold the truth, how often would a
harmful intervention be called a good one, and which checks warn?

The cities of the record that the page of method prints are lived through in store_worlds_record.py;
here they are held against what is asked of the span, and against the record itself.
EVALKIT_PROVE_WORLDS says how many of them are run.
"""

import os

import polars as pl
import pytest
from readings_in_worlds import (
    CELLS,
    HARM,
    KEYS,
    TRUTH,
    Cell,
    checks,
    counts_of,
    readings,
    truths,
    warned_of,
    with_truth,
)
from store_worlds_record import (
    FIRST_SEED,
    N_CHECKED,
    N_CITIES,
    N_PEOPLE,
    checks_of_cities,
    kept_folder,
    readings_of_cities,
)

from evalkit.report.method.worlds import WorldCount, worlds_record
from evalkit.run_rules import AdviceRules

N_PROVED = int(os.environ.get("EVALKIT_PROVE_WORLDS", str(N_CITIES)))
# What is asked of the span, by world and strength.
LEAST_COVERAGE = {
    Cell("nothing_hidden", 0.0): 0.93,
    Cell("persistent", 0.3): 0.93,
    Cell("persistent", 0.7): 0.90,
    Cell("history", 1.0): 0.90,
}
MOST_FALSE_EXPAND = 0.05


@pytest.fixture(scope="module")
def counted() -> dict[Cell, WorldCount]:
    """The counts of every world, printed with how often each check warned (how seldom placebos may
    is asked in test_hidden_selection.py).
    """
    cities = readings_of_cities(kept_folder(), n_cities=N_PROVED)
    checked = checks_of_cities(kept_folder(), n_cities=min(N_CHECKED, N_PROVED))
    found = counts_of(cities)
    for cell, warned in warned_of(cities, checked).items():
        print(cell, *warned, sep="\n")
    print(*found, sep="\n")
    return {Cell(one.world, one.strength): one for one in map(WorldCount.model_validate, found)}


@pytest.mark.prove
@pytest.mark.timeout(100_000)
@pytest.mark.parametrize("cell", list(LEAST_COVERAGE))
def test_the_span_holds_the_truth_as_often_as_is_asked(counted, cell):
    assert counted[cell].coverage_span >= LEAST_COVERAGE[cell]


@pytest.mark.prove
@pytest.mark.timeout(100_000)
def test_a_harmful_intervention_is_seldom_to_be_expanded_where_something_lasting_is_hidden(counted):
    strong = counted[Cell("persistent", 0.7)]

    assert strong.n_expands_span < MOST_FALSE_EXPAND * strong.n_estimates
    assert strong.n_claims_span < MOST_FALSE_EXPAND * strong.n_estimates


@pytest.mark.prove
@pytest.mark.timeout(100_000)
def test_the_span_is_blind_to_what_arose_lately(counted):
    """What the page says of it: if this fails, the page is too modest."""
    assert counted[Cell("transient", 1.0)].coverage_span < 0.9


@pytest.mark.prove
@pytest.mark.timeout(100_000)
def test_the_stored_truth_is_what_the_worlds_give():
    again = truths().join(pl.read_csv(TRUTH), on=KEYS, suffix="_stored", validate="1:1")

    assert len(again) == 2 * len(CELLS)
    assert (again["truth"] - again["truth_stored"]).abs().max() < 1e-6


def test_the_record_is_of_all_cities_of_every_world():
    record = worlds_record()

    sizes = (record.first_seed, record.n_cities, record.n_people, record.harm, record.expand_from)
    assert sizes == (FIRST_SEED, N_CITIES, N_PEOPLE, HARM, AdviceRules().expand_from)
    assert [Cell(one.world, one.strength) for one in record.worlds] == list(CELLS)
    assert record.n_cities_checked == N_CHECKED
    n_estimates = {one.n_estimates for one in record.worlds}
    assert n_estimates == {record.n_cities * record.n_interventions}


def test_every_world_has_a_truth_and_the_trait_hardly_moves_it():
    stored = pl.read_csv(TRUTH)

    assert set(stored.select("world", "strength").rows()) == {tuple(cell) for cell in CELLS}
    assert stored["truth"].is_between(0.5, 2.5).all()


def test_what_is_counted_of_two_readings_by_hand():
    """The truth of coaching where nothing is hidden is t: ranges around it, beside it, above it."""
    cell, t = CELLS[0], pl.read_csv(TRUTH).filter(world=CELLS[0].world)["truth"][1]
    rows = [
        # Both hold it; of a harm, neither would be sure of a gain.
        (t, 0.1, t + 0.1, 0.1, "two_readings"),
        # The plain range lies above it, the second holds it; the plain is sure, both are not.
        (t + 1.0, 0.1, t - 0.1, 0.1, "two_readings"),
        # Neither holds it, and both would be sure of a gain.
        (t + 1.0, 0.1, t + 2.0, 0.1, "two_readings"),
        # The past shows nothing: the span is the plain range, and nothing is expanded.
        (t + 1.0, 0.1, None, None, "past_shows_nothing"),
    ]
    schema = ["plain", "plain_error", "second", "second_error", "verdict"]
    found = pl.DataFrame(rows, schema=schema, orient="row").with_columns(
        world=pl.lit(cell.world),
        strength=pl.lit(cell.strength),
        intervention_id=pl.lit("jobbtorg_coaching"),
        **{
            f"{one}_{limit}": pl.col(one) + sign * 2 * pl.col(f"{one}_error")
            for one in ("plain", "second")
            for limit, sign in (("lower", -1), ("upper", 1))
        },
    )
    found = found.with_columns(
        span_lower=pl.min_horizontal("plain_lower", "second_lower"),
        span_upper=pl.max_horizontal("plain_upper", "second_upper"),
    )

    (counted,) = counts_of(with_truth(found))

    assert (counted["n_estimates"], counted["n_nothing"]) == (4, 1)
    assert (counted["n_plain"], counted["n_second"], counted["n_span"]) == (1, 2, 2)

    assert (counted["n_claims_plain"], counted["n_claims_span"]) == (3, 2)
    assert (counted["n_expands_plain"], counted["n_expands_span"]) == (3, 1)
    assert counted["bias_plain"] == pytest.approx(0.75, abs=1e-3)


def test_what_is_counted_of_the_checks_by_hand():
    """A check is right to warn where the plain range misses the truth; the second reading warns
    where its range does not hold the plain estimate.
    """
    rows = [
        (1, True, 1.0, 0.0, 2.0),
        (2, True, 1.0, 3.0, 4.0),
        (3, False, 5.0, 0.0, 2.0),
        # The past shows nothing; and a city in which no check was made.
        (4, False, 5.0, None, None),
        (5, False, 5.0, 0.0, 2.0),
    ]
    schema = ["seed", "holds_plain", "plain", "second_lower", "second_upper"]
    where = {"world": "history", "strength": 1.0, "intervention_id": "work_training"}
    fixed = {name: pl.lit(value) for name, value in where.items()}
    found = pl.DataFrame(rows, schema=schema, orient="row").with_columns(**fixed)
    told = [(1, True), (2, False), (3, True), (4, None)]
    checked = pl.DataFrame(told, schema=["seed", "is_warned"], orient="row").with_columns(
        **fixed, check=pl.lit("earlier_months")
    )

    counted = warned_of(found, checked)[Cell("history", 1.0)]

    assert [tuple(one.values()) for one in counted] == [
        ("earlier_months", 1, 1, 2, 1),
        ("second_reading", 1, 1, 2, 1),
    ]


@pytest.mark.slow
@pytest.mark.parametrize(
    "cell", [Cell("persistent", 0.7), Cell("history", 1.0), Cell("first_spells", 0.7)]
)
def test_one_small_city_of_a_world_is_read_twice(cell):
    """A smaller twin of the proof: it holds the machinery, not how often."""
    found = with_truth(readings(cell, 3, n_people=1_600))

    assert found["intervention_id"].n_unique() == found.height == 2
    assert found["truth"].null_count() == 0
    expected = "past_shows_nothing" if cell.world == "first_spells" else "two_readings"
    assert expected in found["verdict"].to_list()
    assert (found["width_span"] >= found["width_plain"]).all()


@pytest.mark.slow
def test_one_small_city_of_a_world_is_checked():
    checked = checks(Cell("persistent", 0.7), 3, n_people=1_600)

    by_check = checked.group_by("check").len().sort("check")
    assert by_check.rows() == [("earlier_months", 2), ("negative_control", 2), ("strength", 2)]
    assert (checked.filter(check="strength")["times"].drop_nulls() > 0).all()
