import numpy as np
import polars as pl
import pytest

from evalkit.effects import effect_checks, fit_propensity
from evalkit.effects.answer.estimate import effect_status
from evalkit.effects.trust.overlap import weight_sensitivity
from evalkit.effects.trust.refusal import refusal_reason, spread_to_districts
from evalkit.effects.trust.unmodelled import Likeness
from evalkit.effects.weighting.start_now import StartNow
from evalkit.effects.weighting.strategies import weightings_of
from evalkit.line.tables import table


def _reason(trials, *, district="all"):
    weighting = StartNow.of(trials, fit_propensity(trials, n_draws=1, seed=1))
    return refusal_reason(weighting, district=district)


def _limits(arms, **limits):
    return arms.protocol(refusal={"min_starters": 1, "min_effective_sample_size": 1, **limits})


def test_each_limit_refuses_with_its_reason(arms):
    trials = arms.confounded(300, seed=1, slope=1.5)

    def refused(**limits):
        return _reason(
            type(trials)(
                trials.rows,
                trials.design,
                trials.terms,
                trials.outcomes,
                trials.states,
                _limits(arms, **limits),
            )
        )

    assert refused() is None
    assert refused(min_starters=200) == "few_starters"
    assert refused(min_effective_sample_size=300) == "few_comparable"
    assert refused(max_abs_smd=1e-9) == "unbalanced"
    assert refused(max_person_weight=1e-3) == "one_person"


@pytest.fixture
def often(arms):
    """Ten starts of five people, and of two others 25 trials each: 50 person-trials of equal weight
    in the comparison.
    """
    treated, person = np.arange(60) < 10, np.concatenate([np.arange(10) % 5, 5 + np.arange(50) % 2])

    def trials(**limits):
        return arms.of_arrays(
            np.zeros((60, 0)),
            treated,
            np.zeros((60, 2), int),
            person=person,
            protocol=_limits(arms, **limits),
        )

    return trials


def test_two_people_compared_many_times_are_two_people(often):
    trials = often(min_effective_sample_size=30)
    propensity = fit_propensity(trials, n_draws=2, seed=1)

    status = effect_status(weightings_of(trials, propensity), district="all").row(0, named=True)
    checks = {
        row["check"]: row["value"]
        for row in effect_checks(StartNow.of(trials, propensity)).iter_rows(named=True)
    }

    assert _reason(trials) == status["reason"] == "few_comparable"
    assert (status["effective_sample_size"], status["max_weight"]) == pytest.approx((2, 0.5))
    # Shown in fives, on the side of the limit on which the number lies.
    assert (checks["effective_sample_size"], checks["max_weight"]) == pytest.approx((0, 0.5))
    assert weight_sensitivity(StartNow.of(trials, propensity))["effective_sample_size"][
        0
    ] == pytest.approx(2)


def test_somebody_who_starts_twice_is_one_starter(often):
    trials = often(min_starters=6)

    weightings = weightings_of(trials, fit_propensity(trials, n_draws=2, seed=1))
    status = effect_status(weightings, district="all")

    assert (_reason(trials), status["n_starters"][0]) == ("few_starters", 5)


def test_the_people_of_the_comparison_are_counted_too(often):
    assert _reason(often(min_starters=3)) == "few_comparable"


@pytest.mark.parametrize(("limit", "reason"), [(0.49, "one_person"), (0.51, None)])
def test_all_trials_of_a_person_are_that_persons_weight(often, limit, reason):
    """Each of the two compared stands in 25 of 50 trials, of the five who start each in two."""
    assert _reason(often(min_starters=2, max_person_weight=limit)) == reason


def test_starters_without_a_counterpart_are_refused(arms):
    """Two of three starters lie above everyone compared; the logit does not separate, since one
    lies below.
    """
    x = np.array([9.0, 8.0, -1.0, *np.linspace(0, 1, 30)])
    declared = _limits(arms, max_share_outside_support=0.5)
    trials = arms.of_arrays(x, np.arange(33) < 3, np.zeros((33, 2), int), protocol=declared)

    assert _reason(trials) == "outside_support"


def test_balance_is_asked_of_the_city_and_not_of_a_district(arms):
    trials = arms.confounded(
        300,
        seed=1,
        refusal={"min_starters": 1, "min_effective_sample_size": 1, "max_abs_smd": 1e-9},
    )

    assert (_reason(trials), _reason(trials, district="North")) == ("unbalanced", None)


def test_districts_fall_with_the_citys_balance():
    rows = [
        {
            "district": "all",
            "protocol_hash": "h",
            "status": "cannot_be_said",
            "reason": "unbalanced",
        },
        {"district": "North", "protocol_hash": "h", "status": "estimated", "reason": None},
        {
            "district": "South",
            "protocol_hash": "h",
            "status": "cannot_be_said",
            "reason": "few_starters",
        },
        {"district": "North", "protocol_hash": "other", "status": "estimated", "reason": None},
    ]
    rest = {"intervention_id": "course", "estimand": "now", "subgroup": "all", "source": "raw"}
    statuses = pl.DataFrame([row | rest for row in rows], schema=table("effect_status").schema)

    spread = spread_to_districts(statuses)

    assert spread["reason"].to_list() == ["unbalanced", "unbalanced", "few_starters", None]
    assert spread["status"].to_list() == ["cannot_be_said"] * 3 + ["estimated"]


@pytest.mark.parametrize(
    ("limits", "verdict"), [({}, "passed"), ({"max_abs_smd": 1e-9}, "refused")]
)
def test_effect_checks_name_limit_and_verdict(arms, limits, verdict):
    trials = arms.confounded(2_000, seed=2, refusal={"min_starters": 10, **limits})

    checks = effect_checks(StartNow.of(trials, fit_propensity(trials, n_draws=1, seed=1)))

    by_name = {row["check"]: row for row in checks.iter_rows(named=True)}
    assert (by_name["starters"]["limit"], by_name["starters"]["verdict"]) == (10, "passed")
    assert by_name["max_abs_smd"]["verdict"] == verdict
    assert by_name["share_outside_support"]["limit"] is None


def test_what_chance_may_make_is_shown_in_the_steps_of_what_is_held_against_it(arms):
    """The exact limit follows from the number of starters."""
    trials = arms.confounded(400, seed=2)
    weighting = StartNow.of(trials, fit_propensity(trials, n_draws=1, seed=1))
    likeness = [Likeness("calendar_time", 0.31, 0.41630303, None)]

    row = effect_checks(weighting, None, likeness).filter(check="calendar_time").row(0, named=True)

    assert row["person_change"] >= 2 / trials.n_starters
    assert row["limit"] >= 0.41630303
    assert row["limit"] / row["person_change"] == pytest.approx(
        round(row["limit"] / row["person_change"])
    )


def test_checks_and_status_judge_by_the_same_arm_when_everybody_is_asked_about(arms):
    """ATE: the few who started where hardly anybody does stand for many, so their arm is the thin
    one.
    """
    trials = arms.confounded(
        400,
        seed=2,
        slope=3.0,
        estimand="ATE",
        refusal={"min_starters": 1, "min_effective_sample_size": 60},
    )
    propensity = fit_propensity(trials, n_draws=2, seed=1)

    status = effect_status(weightings_of(trials, propensity), district="all").row(0, named=True)
    check = (
        effect_checks(StartNow.of(trials, propensity))
        .filter(check="effective_sample_size")
        .row(0, named=True)
    )

    assert status["reason"] == "few_comparable"
    assert check["verdict"] == "refused"
    assert check["value"] == status["effective_sample_size"] // 5 * 5
