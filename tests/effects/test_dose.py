import polars as pl
import pytest

from evalkit.effects.answer.start_stop_dose import effect_by_dose
from evalkit.effects.trials.stop_trials import dose_trials, stop_trials
from evalkit.words import protocol_card

EXACT = 1e-9  # the logit stops when its step is negligible
LIVES = {"a": "sttsss", "b": "stttww", "c": "sttttw", "d": "stssss"}


def _leaving(world, lives, planned=None, **changes):
    tables = world.tables(lives)
    tables["episodes"] = tables["episodes"].with_columns(
        planned_months=pl.lit(planned, dtype=pl.Int32)
    )
    protocol = world.protocol(
        follow_up_months=3, eligibility={"from_month": 2, "to_month": 4}, **changes
    )
    return protocol, stop_trials(**tables, protocol=protocol, first_month=world.first_month)


def test_a_dose_by_hand(world):
    """Three months: a leaves after two months, d after one; b and c take part for three and four.

    Of seven person-months before the dose two end by leaving, so who goes on from month 3 to 4
    counts 7/5 from then on. In the follow-up's second and third month (1, then 7/5 + 2) of 7/5 +
    7/5 + 2 are in work; a and d never are.
    """
    protocol, leaving = _leaving(world, LIVES, dose_months=[3])

    own = dose_trials(leaving, 3)
    found = effect_by_dose(leaving, protocol, n_draws=2, seed=1).row(0, named=True)

    columns = own.rows.select("person_id", "trial_month", "arm", "next_start")
    assert columns.filter(pl.col("arm") == "treated").rows() == [
        ("a", 4, "treated", None),
        ("d", 3, "treated", None),
    ]
    assert columns.filter(person_id="a", trial_month=3)["next_start"].to_list() == [2]
    assert len(own.rows) == len(own.waiting.rows) == 7
    assert found["difference"] == pytest.approx(4.4 / 4.8, abs=EXACT)
    assert (found["decision"], found["month"], found["n_starters"], found["intervention_id"]) == (
        "dose",
        3,
        2,
        "course",
    )


def test_leaving_at_the_dose_or_later_is_going_on(world):
    _, leaving = _leaving(world, {"a": "stttss", "b": "stssss"}, dose_months=[3])

    assert dose_trials(leaving, 3).rows.filter(person_id="a")["next_start"].to_list() == [
        None,
        None,
    ]


def test_a_dose_longer_than_any_plan_cannot_be_said(world):
    protocol, leaving = _leaving(world, LIVES, planned=3, dose_months=[2, 12])

    found = effect_by_dose(leaving, protocol, n_draws=2, seed=1)

    assert found.select("month", "effect_state", "reason").rows()[1] == (
        12,
        "cannot_be_said",
        "no_starters",
    )


def test_a_dose_that_nobody_could_be_asked_about_cannot_be_said(world):
    protocol = world.protocol(dose_months=[3])

    found = effect_by_dose(None, protocol, n_draws=2, seed=1)

    assert found["reason"].to_list() == ["no_starters"]
    assert dict(protocol_card(protocol).iter_rows())["start, stop and dose"] == "dose 3"
