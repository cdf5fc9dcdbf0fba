"""Exits from joblessness in Northern Ireland, the main job's own curves, against R survival
(spells_mvad).
"""

import polars as pl
import pytest

from evalkit.survival import aalen_johansen, kaplan_meier, restricted_mean, time_lost

TOLERANCE = 1e-10  # both sides are double precision sums over some hundred terms
CAUSES = ["employment", "studies", "training"]
REGIONS = ["Belfast", "N.Eastern", "S.Eastern", "Southern", "Western"]
BLOCKS = ["all_spells", "first_spell", "first_spell_weighted"]
REGION_BLOCKS = ["first_spell_by_region", "first_spell_by_region_weighted"]
CASES = [(block, None) for block in BLOCKS] + [
    (block, region) for block in REGION_BLOCKS for region in REGIONS
]


@pytest.fixture
def case_of(joblessness_spells, first_spells, reference):
    def of(block: str, region: str | None) -> tuple[pl.DataFrame, dict, str | None]:
        spells = joblessness_spells if block == "all_spells" else first_spells
        expected = reference("spells_mvad")[block]
        if region:
            spells, expected = spells.filter(pl.col("region") == region), expected[region]
        return spells, expected, "weight" if "weighted" in block else None

    return of


def test_spells_are_those_of_the_reference(joblessness_spells):
    counts = dict(joblessness_spells["exit"].fill_null("censored").value_counts().iter_rows())

    assert counts == {"employment": 182, "studies": 168, "training": 64, "censored": 93}


@pytest.mark.parametrize(("block", "region"), CASES)
def test_share_still_jobless_has_the_error_clustered_by_person_of_r(
    block, region, case_of, deviation
):
    spells, expected, weight = case_of(block, region)
    expected = expected["km_any_exit"]

    curve = kaplan_meier(spells, time="length", event="any", cluster="person_id", weight=weight)

    curve = curve.filter(pl.col("time").is_in(expected["time"]))
    assert deviation(curve["estimate"], expected["surv"]) < TOLERANCE
    assert deviation(curve["std_error"], expected["se_surv"]) < TOLERANCE
    assert deviation(curve["ci_lower"], expected["ci95"]["log"]["lower"]) < TOLERANCE


@pytest.mark.parametrize(("block", "region"), CASES)
def test_exits_by_kind_have_the_row_errors_of_r(block, region, case_of, deviation):
    spells, expected, weight = case_of(block, region)
    expected = expected["cif"]

    curves = aalen_johansen(spells, time="length", event="exit", causes=CAUSES, weight=weight)

    for column, cause in enumerate(CAUSES, start=1):
        curve = curves.filter(pl.col("cause") == cause, pl.col("time").is_in(expected["time"]))
        assert deviation(curve["estimate"], [row[column] for row in expected["pstate"]]) < TOLERANCE
        assert deviation(curve["std_error"], [row[column] for row in expected["se_ij"]]) < TOLERANCE


@pytest.mark.parametrize(("block", "region"), CASES)
def test_months_jobless_and_lost_agree_with_r(block, region, case_of, deviation):
    spells, expected, weight = case_of(block, region)
    horizons = [block["tau"] for block in expected["cif"]["expected_time"]]

    stay = restricted_mean(
        spells,
        time="length",
        event="any",
        horizon=horizons,
        cluster="person_id",
        weight=weight,
        variance="greenwood",
    )
    lost = time_lost(
        spells, time="length", event="exit", causes=CAUSES, horizon=horizons, weight=weight
    )

    assert deviation(stay["estimate"], expected["km_any_exit"]["rmst"]["rmst"]) < TOLERANCE
    assert deviation(stay["std_error"], expected["km_any_exit"]["rmst"]["se"]) < TOLERANCE
    errors = [error for block in expected["cif"]["expected_time"] for error in block["se_ij"][1:]]
    assert deviation(lost["std_error"], errors) < TOLERANCE


def test_one_spell_a_person_has_the_same_error_by_row_and_by_person(first_spells, deviation):
    by_row = aalen_johansen(
        first_spells, time="length", event="exit", weight="weight", by=["region"]
    )

    by_person = aalen_johansen(
        first_spells,
        time="length",
        event="exit",
        weight="weight",
        by=["region"],
        cluster="person_id",
    )

    assert deviation(by_person["std_error"], by_row["std_error"]) < TOLERANCE
