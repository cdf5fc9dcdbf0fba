"""Kaplan-Meier and restricted mean against R survival (km_mgus2)."""

import polars as pl
import pytest

from evalkit.survival import kaplan_meier, restricted_mean

TOLERANCE = 1e-10  # both sides are double precision sums over some hundred terms

FROM_720 = (pl.col("exit_am") > 720, pl.max_horizontal("entry_am", pl.lit(720)))
CASES = {
    "unweighted": {},
    "weighted_model_se": {"weight": "w", "variance": "greenwood"},
    "weighted_robust_se": {"weight": "w", "cluster": "id"},
    "left_truncated_age": {"entry": "entry_am", "time": "exit_am"},
    "left_truncated_age_from720": {"entry": "entry_720", "time": "exit_am"},
    "left_truncated_weighted_robust_from720": {
        "entry": "entry_720",
        "time": "exit_am",
        "weight": "w",
        "cluster": "id",
    },
}


@pytest.fixture
def spells_of(mgus2):
    def of(case: str) -> pl.DataFrame:
        is_followed, entry = FROM_720
        return mgus2.filter(is_followed).with_columns(entry_720=entry) if "720" in case else mgus2

    return of


@pytest.mark.parametrize("case", CASES)
def test_kaplan_meier_and_its_error_agree_with_r(case, spells_of, reference, deviation):
    expected = reference("km_mgus2")[case]

    curve = kaplan_meier(spells_of(case), event="death", **{"time": "futime"} | CASES[case])

    curve = curve.filter(pl.col("time").is_in(expected["time"]))
    assert deviation(curve["estimate"], expected["surv"]) < TOLERANCE
    assert deviation(curve["std_error"], expected["se_surv"]) < TOLERANCE


@pytest.mark.parametrize("conf_type", ["log", "log-log", "plain"])
@pytest.mark.parametrize("case", CASES)
def test_kaplan_meier_limits_agree_with_r(case, conf_type, spells_of, reference, deviation):
    expected = reference("km_mgus2")[case]
    limits = expected["ci95"][conf_type.replace("-", "")]

    curve = kaplan_meier(
        spells_of(case), event="death", conf_type=conf_type, **{"time": "futime"} | CASES[case]
    )

    curve = curve.filter(pl.col("time").is_in(expected["time"]))
    assert deviation(curve["ci_lower"], limits["lower"]) < TOLERANCE
    assert deviation(curve["ci_upper"], limits["upper"]) < TOLERANCE


def test_kaplan_meier_by_sex_counts_as_r_does(mgus2, reference):
    curves = kaplan_meier(mgus2, time="futime", event="death", by=["sex"])

    for sex, block in (("F", "female"), ("M", "male")):
        expected = reference("km_mgus2")[block]
        curve = curves.filter(pl.col("sex") == sex, pl.col("time").is_in(expected["time"]))
        assert curve["n_at_risk"].to_list() == expected["n_risk"]
        assert curve["n_events"].to_list() == expected["n_event"]


@pytest.mark.parametrize(("block", "weight"), [("unweighted", None), ("weighted_model_se", "w")])
def test_restricted_mean_agrees_with_r(block, weight, mgus2, reference, deviation):
    expected = reference("km_mgus2")[block]["rmst"]

    mean = restricted_mean(
        mgus2,
        time="futime",
        event="death",
        horizon=expected["tau"],
        weight=weight,
        variance="greenwood",
    )

    assert deviation(mean["estimate"], expected["rmst"]) < TOLERANCE
    assert deviation(mean["std_error"], expected["se"]) < TOLERANCE
