from fractions import Fraction

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evalkit.effects import (
    effect_curves,
    effect_draws,
    effect_summary,
    estimate_effect,
    fit_propensity,
)
from evalkit.effects.answer.effect_sums import add_districts
from evalkit.effects.answer.estimate import effect_status
from evalkit.effects.answer.timing import break_even_month, monthly_differences
from evalkit.effects.districts.pooling import primary_differences
from evalkit.effects.weighting.strategies import weightings_of
from evalkit.errors import EstimationError
from evalkit.line.states import WITHOUT_SUPPORT
from evalkit.tables import conform

EXACT = 1e-12  # sums of a few shares
SEED = 4


def _parts(trials, district="all", n_draws=20):
    propensity = fit_propensity(trials, n_draws=n_draws, seed=SEED)
    return estimate_effect(
        trials, district=district, propensity=propensity, n_draws=n_draws, seed=SEED
    )


def _point(draws, arm, state):
    chosen = draws.filter(
        (pl.col("draw") == 0) & (pl.col("arm") == arm) & (pl.col("state") == state)
    ).sort("month")
    return chosen["probability"].to_list()


LIVES = {"a": "stww", "b": "sttt", "c": "swww", "d": "ssww", "e": "ssss"}


def test_estimate_effect_by_hand(world):
    """Without covariates everyone in the comparison arm weighs the same.

    month 2:  a t   b t   | c w   d s   e s        treated 2, comparison 3
    month 3:  a w   b t   | c w   d w   e s
    """
    trials = world.trials(LIVES, eligibility={"from_month": 2, "to_month": 2})

    draws = effect_draws(_parts(trials).sums)

    assert _point(draws, "treated", "training") == pytest.approx([0, 1, 0.5], abs=EXACT)
    assert _point(draws, "treated", "work") == pytest.approx([0, 0, 0.5], abs=EXACT)
    assert _point(draws, "comparison", "work") == pytest.approx(
        [0, float(Fraction(1, 3)), float(Fraction(2, 3))], abs=EXACT
    )
    assert _point(draws, "comparison", "support") == pytest.approx(
        [1, float(Fraction(2, 3)), float(Fraction(1, 3))], abs=EXACT
    )


def test_effect_summary_counts_months_by_hand(world):
    trials = world.trials(LIVES, eligibility={"from_month": 2, "to_month": 2})

    summary = effect_summary(effect_draws(_parts(trials).sums), trials.protocol)

    work = summary.filter(pl.col("outcome") == "months_work").row(0, named=True)
    assert work["treated"] == pytest.approx(0.5, abs=EXACT)
    assert work["comparison"] == pytest.approx(1.0, abs=EXACT)
    assert work["difference"] == pytest.approx(-0.5, abs=EXACT)


def test_aggregates_are_sums_of_their_states_and_told_as_the_primary_outcome(world):
    changes = {"eligibility": {"from_month": 2, "to_month": 2}, "primary_outcome": WITHOUT_SUPPORT}
    trials = world.trials(LIVES, **changes)

    draws = effect_draws(_parts(trials).sums)
    summary = effect_summary(draws, trials.protocol)

    rows = {row["outcome"]: row for row in summary.iter_rows(named=True)}
    without, months = rows["months_without_support"], trials.protocol.follow_up_months
    assert without["treated"] == pytest.approx(months - rows["months_support"]["treated"])
    assert without["difference"] == pytest.approx(-rows["months_support"]["difference"])
    at_end = rows["without_support_share_at_end"]
    assert at_end["comparison"] == pytest.approx(float(Fraction(2, 3)))
    # Nobody is in subsidised work here: any work would be work again.
    assert "months_any_work" not in rows
    told = effect_curves(draws).filter(pl.col("arm") != "difference")
    shares = told.filter(pl.col("state") != WITHOUT_SUPPORT).group_by("arm", "month")
    assert shares.agg(pl.col("estimate").sum())["estimate"].to_list() == pytest.approx([1.0] * 6)
    assert primary_differences(draws, WITHOUT_SUPPORT)["difference"][0] == pytest.approx(
        without["difference"]
    )


def test_survey_weights_count_people_as_often_as_they_stand_for(world):
    trials = world.trials(LIVES, eligibility={"from_month": 2, "to_month": 2})
    doubled = trials.rows.with_columns(
        weight=pl.when(pl.col("person_id") == "a").then(3.0).otherwise(1.0)
    )
    weighted = type(trials)(
        doubled, trials.design, trials.terms, trials.outcomes, trials.states, trials.protocol
    )

    draws = effect_draws(_parts(weighted).sums)

    assert _point(draws, "treated", "work")[2] == pytest.approx(0.75, abs=EXACT)


def test_states_sum_to_one_in_every_draw_arm_and_month(world):
    trials = world.trials(LIVES)

    draws = effect_draws(_parts(trials).sums)

    totals = draws.group_by("draw", "arm", "month").agg(pl.col("probability").sum())["probability"]
    assert np.abs(totals.to_numpy() - 1).max() < EXACT


def test_city_is_the_sum_of_its_districts(world):
    districts = {name: "North" if name in "abc" else "South" for name in "abcdefgh"}
    lives = LIVES | {"f": "sstw", "g": "stww", "h": "sssw"}
    trials = world.trials(lives, districts=districts)
    propensity = fit_propensity(trials, n_draws=20, seed=SEED)
    own = [
        estimate_effect(
            trials.of_district(name), district=name, propensity=propensity, n_draws=20, seed=SEED
        ).sums
        for name in ("North", "South")
    ]

    added = add_districts(pl.concat(own))

    whole = estimate_effect(
        trials, district="all", propensity=propensity, n_draws=20, seed=SEED
    ).sums
    keys = ["draw", "arm", "state", "month"]
    both = added.join(whole, on=keys)
    assert len(both) == len(whole)
    assert (both["weighted_sum"] - both["weighted_sum_right"]).abs().max() < EXACT


@pytest.mark.slow
@settings(max_examples=15)
@given(order=st.permutations(list(LIVES)))
def test_row_order_does_not_matter(world, order):
    trials = world.trials({name: LIVES[name] for name in order})

    assert (
        _parts(trials).sums.sort(pl.all()).equals(_parts(world.trials(LIVES)).sums.sort(pl.all()))
    )


def test_tables_conform_to_their_schemas(world):
    parts = _parts(world.trials(LIVES))

    assert len(conform(parts.sums, "effect_sums")) == len(parts.sums)
    assert len(conform(effect_draws(parts.sums), "effect_draws")) > 0
    assert len(conform(parts.status, "effect_status")) == 1


def test_status_says_why_nothing_can_be_said(world):
    trials = world.trials(LIVES, refusal={"min_starters": 10})
    propensity = fit_propensity(trials, n_draws=20, seed=SEED)

    status = effect_status(weightings_of(trials, propensity), district="North").row(0, named=True)

    assert (status["status"], status["reason"], status["n_starters"]) == (
        "cannot_be_said",
        "few_starters",
        2,
    )


def test_replicates_without_starters_are_left_out(world):
    trials = world.trials({"a": "stww", "b": "ssww", "c": "ssss"})

    parts = _parts(trials, n_draws=40)

    assert 1 < effect_draws(parts.sums)["draw"].n_unique() < 41


def test_estimate_effect_refuses_coefficients_of_another_protocol(world):
    trials = world.trials(LIVES)
    other = fit_propensity(world.trials(LIVES, follow_up_months=1), n_draws=5, seed=SEED)

    with pytest.raises(EstimationError) as caught:
        estimate_effect(trials, district="all", propensity=other, n_draws=5, seed=SEED)

    lines = str(caught.value).splitlines()
    assert "another protocol" in lines[0] and "intervention/03_weights" in lines[3]


def test_fit_propensity_refuses_when_no_one_starts(world):
    with pytest.raises(EstimationError, match="No one starts"):
        fit_propensity(world.trials({"a": "ssss", "b": "sssw"}), n_draws=5, seed=SEED)


def test_effect_curves_hold_the_difference_of_the_arms(world):
    draws = effect_draws(_parts(world.trials(LIVES)).sums)

    curves = effect_curves(draws).pivot("arm", index=["state", "month"], values="estimate")

    gap = curves["treated"] - curves["comparison"] - curves["difference"]
    assert gap.abs().max() < EXACT


def test_break_even_month_is_the_first_from_which_the_total_stays_positive():
    differences = {1: -0.2, 2: -0.1, 3: 0.2, 4: 0.2, 5: 0.1}
    rows = [
        ("all", "course", "x", 0, arm, "work", month, probability)
        for month, gap in differences.items()
        for arm, probability in (("treated", 0.5 + gap), ("comparison", 0.5))
    ]
    draws = pl.DataFrame(
        rows,
        schema=[
            "district",
            "intervention_id",
            "estimand",
            "draw",
            "arm",
            "state",
            "month",
            "probability",
        ],
        orient="row",
    )

    # accumulated: -0.2 -0.3 -0.1 +0.1 +0.2
    months = monthly_differences(draws, "work")
    assert break_even_month(months)["month"].to_list() == [4]
    assert break_even_month(months.filter(pl.col("month") < 4))["month"].to_list() == [None]
