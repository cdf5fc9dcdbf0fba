"""Cumulative incidence and time lost against R survival and etm (cif_mgus2)."""

import polars as pl
import pytest

from evalkit.survival import aalen_johansen, kaplan_meier, restricted_mean, time_lost

TOLERANCE = 1e-10  # both sides are double precision sums over some hundred terms
CAUSES = ["pcm", "death"]
CASES = {
    "all": {},
    "weighted": {"weight": "w"},
    "delayed_entry_from720": {"time": "eexit_am", "entry": "entry_720"},
    "delayed_entry_from720_weighted": {"time": "eexit_am", "entry": "entry_720", "weight": "w"},
}


@pytest.fixture
def spells_of(mgus2):
    def of(case: str) -> pl.DataFrame:
        entry = pl.max_horizontal("entry_am", pl.lit(720))
        return (
            mgus2.filter(pl.col("eexit_am") > 720).with_columns(entry_720=entry)
            if "720" in case
            else mgus2
        )

    return of


@pytest.mark.parametrize("case", CASES)
def test_aalen_johansen_and_its_jackknife_error_agree_with_r(case, spells_of, reference, deviation):
    expected = reference("cif_mgus2")[case]

    curves = aalen_johansen(
        spells_of(case), event="cause", causes=CAUSES, **{"time": "etime"} | CASES[case]
    )

    for column, cause in enumerate(CAUSES, start=1):
        curve = curves.filter(pl.col("cause") == cause, pl.col("time").is_in(expected["time"]))
        assert deviation(curve["estimate"], [row[column] for row in expected["pstate"]]) < TOLERANCE
        assert deviation(curve["std_error"], [row[column] for row in expected["se_ij"]]) < TOLERANCE


@pytest.mark.parametrize("case", CASES)
def test_event_free_share_and_its_jackknife_error_agree_with_r(
    case, spells_of, reference, deviation
):
    expected = reference("cif_mgus2")[case]
    spells = spells_of(case).with_columns(any=pl.col("cause").is_not_null())

    curve = kaplan_meier(spells, event="any", variance="robust", **{"time": "etime"} | CASES[case])

    curve = curve.filter(pl.col("time").is_in(expected["time"]))
    assert deviation(curve["estimate"], [row[0] for row in expected["pstate"]]) < TOLERANCE
    assert deviation(curve["std_error"], [row[0] for row in expected["se_ij"]]) < TOLERANCE


@pytest.mark.parametrize("case", ["all", "delayed_entry_from720"])
def test_greenwood_error_of_incidence_agrees_with_etm(case, spells_of, reference, deviation):
    expected = reference("cif_mgus2")[case]["etm"]

    curves = aalen_johansen(
        spells_of(case),
        event="cause",
        causes=CAUSES,
        variance="greenwood",
        **{"time": "etime"} | CASES[case],
    )

    for row, cause in enumerate(CAUSES):
        curve = curves.filter(pl.col("cause") == cause, pl.col("time").is_in(expected["time"]))
        assert deviation(curve["estimate"], expected["cif"][row]) < TOLERANCE
        assert deviation(curve["std_error"], expected["se_greenwood"][row]) < TOLERANCE


@pytest.mark.parametrize("case", ["all", "weighted"])
def test_time_lost_per_cause_agrees_with_r(case, mgus2, reference, deviation):
    expected = reference("cif_mgus2")[case]["expected_time"]
    horizons = [block["tau"] for block in expected]
    weight = CASES[case].get("weight")

    lost = time_lost(
        mgus2, time="etime", event="cause", causes=CAUSES, horizon=horizons, weight=weight
    )
    free = restricted_mean(
        mgus2, time="etime", event="cause", horizon=horizons, weight=weight, variance="robust"
    )

    assert (
        deviation(lost["estimate"], [mean for block in expected for mean in block["mean_time"][1:]])
        < TOLERANCE
    )
    assert (
        deviation(lost["std_error"], [error for block in expected for error in block["se_ij"][1:]])
        < TOLERANCE
    )
    assert deviation(free["estimate"], [block["mean_time"][0] for block in expected]) < TOLERANCE
    assert deviation(free["std_error"], [block["se_ij"][0] for block in expected]) < TOLERANCE


def test_incidence_at_printed_months_is_that_of_the_mgus2_study(mgus2):
    curves = aalen_johansen(mgus2, time="etime", event="cause", causes=CAUSES)

    pcm = curves.filter(pl.col("cause") == "pcm", pl.col("time").is_in([12, 60, 120, 240, 360]))[
        "estimate"
    ].round(6)
    assert pcm.to_list() == [0.009401, 0.034104, 0.063722, 0.099814, 0.134042]
