"""Draws of an effect under the second reading, and what is told of both."""

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from evalkit.disclosure.rounding import RANGE_WIDTH
from evalkit.draws import with_words
from evalkit.effects import (
    PersonTables,
    district_effects,
    effect_curves,
    effect_summary,
    estimate,
    intervention_effects,
    intervention_weights,
    readings,
    second_reading,
    summaries,
    two_readings,
)
from evalkit.effects.answer.second_draws import second_draws
from evalkit.effects.districts.pooling import primary_differences
from evalkit.line.tables import table

EXACT = 1e-9
N_DRAWS, SEED = 40, 3
KEYS = {
    "district": "North",
    "intervention_id": "course",
    "protocol_hash": "h",
    "estimand": "start_now_rather_than_wait",
    "subgroup": "all",
    "source": "raw",
}


def _draws(paths: dict[str, dict[str, list[float]]], **keys) -> pl.DataFrame:
    """The table effect_draws of two draws with the same path: by arm and state, months 0, 1, 2."""
    rows = [
        {**KEYS, **keys, "draw": draw, "arm": arm, "state": state, "month": month, "probability": p}
        for draw in (0, 1)
        for arm, states in paths.items()
        for state, path in states.items()
        for month, p in enumerate(path)
    ]
    return (
        pl.DataFrame(rows)
        .select(list(table("effect_draws").schema))
        .cast(dict(table("effect_draws").schema))
    )


def _shifts(*shifts: float, district: str = "all") -> pl.DataFrame:
    keys = {"protocol_hash": "h", "intervention_id": "course", "district": district}
    rows = [{**keys, "draw": draw, "shift": shift} for draw, shift in enumerate(shifts)]
    return pl.DataFrame(rows)


PATHS = {
    "comparison": {
        "studies": [0.0, 0.1, 0.1],
        "support": [1.0, 0.7, 0.4],
        "work": [0.0, 0.2, 0.5],
    },
    "treated": {"studies": [0.0] * 3, "support": [1.0, 0.9, 0.3], "work": [0.0, 0.1, 0.7]},
}


def _path(draws: pl.DataFrame, draw: int, arm: str, state: str) -> list[float]:
    rows = draws.filter(draw=draw).filter(pl.col("arm") == arm, pl.col("state") == state)
    return rows.sort("month")["probability"].to_list()


def test_the_comparison_is_moved_by_the_same_log_odds_in_all_months_by_hand():
    """Work of the comparison is 0.2 and 0.5, odds 1/4 and 1. Odds times four are 1 and 4: 0.5 and
    0.8, which is 0.6 months more, so that the gain is 0.6 less.
    """
    moved = second_draws(_draws(PATHS), _shifts(-0.6, 0.0), primary_outcome="work")

    assert _path(moved, 0, "comparison", "work") == pytest.approx([0, 0.5, 0.8], abs=EXACT)
    # What is left is shared out as before: 1 to 7 in month 1, 1 to 4 in month 2.
    assert _path(moved, 0, "comparison", "studies") == pytest.approx([0, 0.0625, 0.04], abs=EXACT)
    assert _path(moved, 0, "comparison", "support") == pytest.approx([1, 0.4375, 0.16], abs=EXACT)
    for state, path in PATHS["treated"].items():
        assert _path(moved, 0, "treated", state) == path
    for state, path in PATHS["comparison"].items():
        assert _path(moved, 1, "comparison", state) == pytest.approx(path, abs=EXACT)


@pytest.mark.parametrize(("shift", "work"), [(50.0, 0.0), (-50.0, 1.0)])
def test_more_than_there_is_leaves_none_or_all(shift, work):
    moved = second_draws(_draws(PATHS), _shifts(shift, shift), primary_outcome="work")

    assert _path(moved, 0, "comparison", "work")[1:] == pytest.approx([work] * 2, abs=1e-9)
    assert moved.group_by("draw", "arm", "month").agg(pl.sum("probability"))[
        "probability"
    ].to_list() == pytest.approx([1] * 12)


def test_months_in_which_nobody_is_in_the_outcome_stay_so_and_an_aggregate_moves_as_one():
    paths = {
        arm: {"support": [1.0, 1.0, 0.4], "work": [0.0, 0.0, 0.4], "subsidised_work": [0, 0, 0.2]}
        for arm in PATHS
    }

    moved = second_draws(_draws(paths), _shifts(0.3, 0.3), primary_outcome="any_work")

    assert _path(moved, 0, "comparison", "work") == pytest.approx([0, 0, 0.2], abs=EXACT)
    assert _path(moved, 0, "comparison", "subsidised_work") == pytest.approx([0, 0, 0.1], abs=EXACT)


def test_a_district_has_its_own_shift_or_that_of_all():
    both = pl.concat([_draws(PATHS), _draws(PATHS, district="South")])
    shifts = pl.concat([_shifts(0.1, 0.1), _shifts(-0.2, -0.2, district="South")])

    moved = second_draws(both, shifts, primary_outcome="work")

    gained = primary_differences(moved, "work").filter(draw=0).sort("district")["difference"]
    assert gained.to_list() == pytest.approx([0.1 + 0.1, 0.1 - 0.2], abs=EXACT)


@pytest.fixture(scope="module")
def city(world):
    """Four districts in which work before and after, and the start, go with a hidden trait."""
    rng = np.random.default_rng(1)
    lives = {}
    for district in ("East", "North", "South", "West"):
        for place in range(60):
            trait = rng.normal()
            chances = ((0.3 + 0.3 * (trait > 0), "e"), (0.2 + 0.4 * (trait > 0), "s"))
            before, after = (
                "".join(rng.choice([other, "w"], 4, p=[1 - chance, chance]))
                for chance, other in chances
            )
            starts = rng.random() < 1 / (1 + np.exp(0.5 - 0.8 * trait))
            lives[f"{district}{place:02d}"] = before + "s" + ("t" if starts else "s") + after
    tables = world.tables(lives, {person: person[:-2] for person in lives})
    return PersonTables(
        tables["spells"],
        tables["episodes"],
        tables["state_intervals"],
        tables["person"],
        world.first_month,
    )


def _found(people, protocol):
    draws = {"n_draws": N_DRAWS, "seed": SEED}
    weights = intervention_weights(people, protocol, **draws)
    parts = [
        district_effects(people, [protocol], propensity=weights.propensity, district=name, **draws)
        for name in ("East", "North", "South", "West")
    ]
    second = second_reading(people.trials(protocol), **draws)
    effects = intervention_effects(
        pl.concat([part.sums for part in parts]),
        protocol,
        district_status=pl.concat([part.status for part in parts]),
        weights_status=weights.weights_status,
        effect_people=weights.effect_people,
        seed=SEED,
        **second.tables,
    )
    return effects, second


DECLARED = {
    "eligibility": {"from_month": 6, "to_month": 6},
    "follow_up_months": 4,
    "comparisons": ["wait", "never"],
    "second_reading": {"window_months": 4},
}


def test_every_draw_of_a_district_moves_by_its_shift(world, city):
    protocol = world.protocol(**DECLARED)
    effects, second = _found(city, protocol)
    is_primary = pl.col("estimand") == protocol.primary_estimand
    plain, moved = (
        with_words(primary_differences(draws.filter(is_primary, pl.col("source") == "raw"), "work"))
        for draws in (effects.draws, effects.second)
    )

    both = moved.join(plain, on=["district", "draw"], suffix="_plain").join(
        second.second_shifts, on=["district", "draw"]
    )

    assert both.height == 5 * (N_DRAWS + 1)
    # No shift here asks for more months than there are.
    assert np.allclose(both["difference"], both["difference_plain"] + both["shift"], atol=1e-6)
    assert set(effects.second["estimand"]) == {protocol.primary_estimand}
    pooled = effects.second.filter(source="shrunk")
    assert set(pooled["district"]) == set(effects.second["district"]) - {"all"}


def test_ranges_of_the_primary_comparison_hold_both_readings_and_estimates_are_the_plain_ones(
    world, city
):
    protocol = world.protocol(**DECLARED)
    effects, _ = _found(city, protocol)
    alone = replace(effects, second=effects.second.clear())
    plain = summaries(alone, protocol).effect_summary

    told = summaries(effects, protocol)

    keys = ["district", "estimand", "outcome"]
    both = told.effect_summary.join(plain, on=keys, suffix="_plain")
    assert both.height == plain.height
    assert both["difference"].equals(both["difference_plain"])
    assert (both["ci_lower"] <= both["ci_lower_plain"]).all()
    assert (both["ci_upper"] >= both["ci_upper_plain"]).all()
    others = both.filter(pl.col("estimand") != protocol.primary_estimand)
    assert others["ci_lower"].equals(others["ci_lower_plain"])
    span = told.effect_span.join(
        told.effect_summary.filter(outcome="months_work"),
        on=["district", "estimand"],
        maintain_order="left",
    )
    assert span.height == 5
    assert span["span_lower"].to_list() == span["ci_lower"].to_list()
    assert span["span_upper"].to_list() == span["ci_upper"].to_list()
    assert span["plain"].to_list() == span["difference"].to_list()
    # A trait that leads to work leads to the start: the second reading is the lower one.
    of_all = span.filter(district="all")
    assert of_all["second"].item() < of_all["plain"].item()
    for change in ("person_change", "range_change"):
        assert span[change].equals(span[f"{change}_right"])
    assert (span["range_change"] > span["person_change"]).all()


def test_the_path_of_the_difference_is_spanned_in_its_months_and_its_arms_stay(world, city):
    """Of so few people no path is shown: what there is, is looked at before that is decided."""
    protocol = world.protocol(**DECLARED)
    effects, _ = _found(city, protocol)
    of_primary = {"district": "all", "state": "work", "estimand": protocol.primary_estimand}
    plain, second = (
        effect_curves(draws.filter(source="raw")).filter(**of_primary)
        for draws in (effects.draws, effects.second)
    )

    told = summaries(effects, protocol).effect_curves.filter(**of_primary)

    keys = ["arm", "month"]
    both = told.join(plain, on=keys, suffix="_plain").join(second, on=keys, suffix="_second")
    assert both.height
    arms = both.filter(pl.col("arm") != "difference")
    for limit in ("ci_lower", "ci_upper"):
        assert arms[limit].to_list() == arms[f"{limit}_plain"].to_list()
    of_difference = both.filter(arm="difference")
    lowest = of_difference.select(
        pl.min_horizontal("ci_lower_plain", "ci_lower_second")
    ).to_series()
    assert of_difference["ci_lower"].to_list() == lowest.to_list()


def test_a_reading_that_is_a_number_of_the_summary_has_its_range(world, city):
    protocol = world.protocol(**DECLARED)
    effects, _ = _found(city, protocol)
    keys, limits = ["district", "estimand"], ["ci_lower", "ci_upper", "range_change"]
    summary = summaries(effects, protocol).effect_summary.filter(
        pl.col("estimand") == protocol.primary_estimand
    )

    read = readings(effects, protocol).sort("district")

    for reading, outcome in (
        ("corrected", "work_share_at_end"),
        ("none_work_months", "months_work"),
    ):
        told = read.filter(reading=reading)
        of_summary = told.select(keys).join(
            summary.filter(outcome=outcome), on=keys, maintain_order="left"
        )
        for limit in limits:
            assert told[limit].to_list() == pytest.approx(of_summary[limit].to_list(), abs=EXACT)
    alone = readings(replace(effects, second=effects.second.clear()), protocol).sort("district")
    for reading in ("detectable", "detectable_months", "bias", "best_case"):
        columns = ["estimate", "ci_lower", "ci_upper", "information"]
        assert (
            read.filter(reading=reading).select(columns).rows()
            == alone.filter(reading=reading).select(columns).rows()
        )


def test_where_the_past_shows_nothing_nothing_moves(world, city):
    protocol = world.protocol(
        **DECLARED | {"second_reading": {"window_months": 4, "min_share_with_past": 1.0}}
    )
    effects, second = _found(city, protocol)

    told = summaries(effects, protocol)

    assert second.second_shifts.is_empty() and effects.second.is_empty()
    alone = effect_summary(effects.draws.filter(source="shrunk"), protocol)
    keys = ["district", "estimand", "outcome"]
    both = told.effect_summary.join(alone, on=keys, suffix="_alone")
    assert both.height == alone.height
    for limit in ("ci_lower", "ci_upper", "probability_positive"):
        assert both[limit].equals(both[f"{limit}_alone"])
    assert set(told.effect_span["verdict"]) == {"past_shows_nothing"}
    assert told.effect_span["second"].null_count() == told.effect_span.height
    assert told.effect_span["span_lower"].equals(told.effect_span["plain_lower"])


def test_a_value_is_told_in_steps_of_what_one_person_does_to_either_reading(world, city):
    protocol = world.protocol(**DECLARED)
    effects, second = _found(city, protocol)
    of_primary = {"estimand": protocol.primary_estimand, "outcome": "months_work"}
    raw = effects.second.filter(source="raw")
    error = (pl.col("ci_upper") - pl.col("ci_lower")) / RANGE_WIDTH
    errors = effect_summary(raw, protocol).filter(**of_primary).select("district", error=error)
    status = effects.status.filter(estimand=protocol.primary_estimand, source="raw")

    told = status.join(errors, on="district").join(second.second_past, on="district")

    assert told.height == 5
    assert (told["one_person_value"] * told["error"] >= told["person_change"] - EXACT).all()


def test_an_effect_in_one_call_shows_both_readings(world, city):
    trials = city.trials(world.protocol(**DECLARED))
    closed = two_readings(trials).table.row(0, named=True)

    found = estimate(trials, n_draws=400, seed=SEED)

    row = found.span.row(0, named=True)
    # One Newton step and one linear term: both are of second order in the people.
    assert row["plain"] == pytest.approx(closed["plain"], abs=1e-6)
    assert row["second"] == pytest.approx(closed["second"], abs=1e-6)
    # A limit of 400 draws has an error of about a tenth of the standard error.
    for limit in ("span_lower", "span_upper"):
        assert row[limit] == pytest.approx(closed[limit], abs=0.4 * closed["second_error"])
    assert f"both readings: from {row['span_lower']:+.2f} to" in found.headline
    plain = found.table.filter(outcome="months_work").row(0, named=True)
    assert (plain["ci_lower"], plain["ci_upper"]) == (row["plain_lower"], row["plain_upper"])


def test_an_effect_in_one_call_says_where_the_past_shows_nothing(world, city):
    trials = city.trials(world.protocol(**DECLARED | {"second_reading": {"window_months": 5}}))

    found = estimate(trials, n_draws=10, seed=SEED)

    assert found.headline.endswith("the past shows nothing)")
    assert found.span["second"].to_list() == [None]
