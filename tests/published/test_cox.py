"""Cox and Fine-Gray regression against R survival (cox_mgus2, spells_mvad)."""

import numpy as np
import polars as pl
import pytest

from evalkit.survival import cox, fine_gray, predicted_curves

COEFFICIENT = 1e-7  # R stops when the likelihood changes by less than 1e-9
ROBUST = 1e-6
LIKELIHOOD = 1e-9  # relative
TERMS = ["age10", "female", "hgb"]
DEATH = {"time": "futime", "event": "death", "covariates": TERMS}
CASES = {
    "efron": (DEATH, "se_model"),
    "breslow": (DEATH | {"ties": "breslow"}, "se_model"),
    "efron_weighted_robust": (DEATH | {"weight": "w", "cluster": "id"}, "se_robust"),
    "efron_robust_unweighted": (DEATH | {"variance": "robust"}, "se_robust"),
    "efron_cluster_dxyr": (DEATH | {"cluster": "dxyr"}, "se_robust"),
    "efron_strata_sex": (DEATH | {"covariates": ["age10", "hgb"], "strata": ["sex"]}, "se_model"),
    "efron_left_truncated_age": (
        DEATH | {"covariates": ["female", "hgb"], "time": "exit_am", "entry": "entry_am"},
        "se_model",
    ),
}
COMPETING = {"time": "etime", "event": "cause", "covariates": [*TERMS, "mspike"]}
FINE_GRAY = {
    "finegray_pcm": {"cause": "pcm", "ties": "efron"},
    "finegray_death": {"cause": "death", "ties": "efron"},
    "finegray_pcm_breslow": {"cause": "pcm", "ties": "breslow"},
}


@pytest.fixture
def measured(mgus2) -> pl.DataFrame:
    return mgus2.drop_nulls(["hgb", "mspike"])


def assert_fit_agrees(fit, expected: dict, errors: str, deviation) -> None:
    assert deviation(fit.terms["estimate"], expected["coef"]) < COEFFICIENT
    assert deviation(fit.terms["std_error"], expected[errors]) < (
        ROBUST if errors == "se_robust" else COEFFICIENT
    )
    assert [fit.log_likelihood_null, fit.log_likelihood] == pytest.approx(
        expected["loglik"], rel=LIKELIHOOD
    )


@pytest.mark.parametrize("case", CASES)
def test_cox_agrees_with_r(case, measured, reference, deviation):
    arguments, errors = CASES[case]

    fit = cox(measured, **arguments)

    assert_fit_agrees(fit, reference("cox_mgus2")[case], errors, deviation)


@pytest.mark.parametrize("cause", ["pcm", "death"])
def test_cause_specific_cox_agrees_with_r(cause, measured, reference, deviation):
    fit = cox(measured, **COMPETING, cause=cause)

    assert_fit_agrees(fit, reference("cox_mgus2")[f"cause_specific_{cause}"], "se_model", deviation)


@pytest.mark.parametrize("case", FINE_GRAY)
def test_fine_gray_agrees_with_the_weighted_cox_model_of_r(case, measured, reference, deviation):
    fit = fine_gray(measured, **COMPETING, **FINE_GRAY[case])

    assert_fit_agrees(fit, reference("cox_mgus2")[case], "se_robust", deviation)


def test_baseline_hazard_agrees_with_r(measured, reference):
    expected = reference("cox_mgus2")["efron_basehaz_uncentered"]

    baseline = cox(measured, **DEATH).baseline

    place = np.searchsorted(baseline["time"].to_numpy(), expected["time"], side="right") - 1
    assert baseline["cumulative_hazard"].to_numpy()[place] == pytest.approx(
        expected["cumhaz"], rel=COEFFICIENT
    )


@pytest.mark.parametrize("cause", ["employment", "studies", "training"])
def test_exits_from_joblessness_agree_with_r(cause, joblessness_spells, reference, deviation):
    fresh = joblessness_spells.filter(pl.col("start") > 0)

    fit = cox(
        fresh,
        time="length",
        event="exit",
        cause=cause,
        covariates=["prior_training", "male", "gcse5eq", "funemp"],
        strata=["region"],
        cluster="person_id",
    )

    assert_fit_agrees(
        fit,
        reference("spells_mvad")["cox_cause_specific_fresh_spells_cluster_id"][cause],
        "se_robust",
        deviation,
    )


def test_weighted_exits_to_work_agree_with_r(joblessness_spells, reference, deviation):
    regions = ["N.Eastern", "S.Eastern", "Southern", "Western"]
    fresh = joblessness_spells.filter(pl.col("start") > 0).with_columns(
        (pl.col("region") == region).alias(region) for region in regions
    )

    fit = cox(
        fresh,
        time="length",
        event="exit",
        cause="employment",
        covariates=["prior_training", "male", "gcse5eq", "funemp", *regions],
        weight="weight",
        cluster="person_id",
    )

    assert_fit_agrees(
        fit,
        reference("spells_mvad")["cox_employment_fresh_weighted_cluster_id"],
        "se_robust",
        deviation,
    )


def test_predicted_survival_agrees_with_r(measured, reference):
    expected = reference("cox_mgus2")["efron_predicted_survival"]
    profiles = pl.DataFrame(expected["newdata"])

    table = predicted_curves(cox(measured, **DEATH), profiles).filter(cause="still_running")

    for row in range(profiles.height):
        curve = table.filter(profile=row)
        place = np.searchsorted(curve["time"].to_numpy(), expected["time"], side="right") - 1
        shares, errors = (np.array(expected[name])[:, row] for name in ("surv", "se_of_cumhaz"))
        assert curve["estimate"].to_numpy()[place] == pytest.approx(shares, abs=COEFFICIENT)
        assert curve["std_error"].to_numpy()[place] == pytest.approx(
            shares * errors, abs=COEFFICIENT
        )
