"""State occupation and time in state against R survival (multistate_mvad, multistate_myeloid)."""

import polars as pl
import pytest

from evalkit.survival import state_occupation, time_in_state

TOLERANCE = 1e-10  # relative to the size of the numbers: shares to 1, times in state to the horizon
MVAD = {
    "id": "person_id",
    "start": "start",
    "stop": "stop",
    "from_state": "state",
    "to_state": "next",
}
MYELOID = {
    "id": "id",
    "start": "tstart",
    "stop": "tstop",
    "from_state": "state",
    "to_state": "event",
}
CASES = ["complete", "complete_weighted", "censored", "censored_weighted"]


@pytest.fixture
def intervals_of(mvad_intervals):
    def of(case: str) -> pl.DataFrame:
        if "censored" not in case:
            return mvad_intervals
        last = 24 + (7 * pl.col("id")) % 49
        is_cut = pl.col("stop") >= last
        cut = mvad_intervals.filter(pl.col("start") < last)
        return cut.with_columns(
            stop=pl.min_horizontal("stop", last), next=pl.when(~is_cut).then("next")
        )

    return of


def assert_curves_agree(curves: pl.DataFrame, expected: dict, deviation) -> None:
    for column, state in enumerate(expected["states"]):
        curve = curves.filter(pl.col("state") == state, pl.col("time").is_in(expected["time"]))
        assert deviation(curve["estimate"], [row[column] for row in expected["pstate"]]) < TOLERANCE
        assert deviation(curve["std_error"], [row[column] for row in expected["se_ij"]]) < TOLERANCE
        assert curve["n_at_risk"].to_list() == [row[column] for row in expected["n_risk"]]


def assert_times_agree(times: pl.DataFrame, blocks: list[dict], deviation) -> None:
    for block in blocks:
        rows = times.filter(pl.col("horizon") == block["tau"])
        assert (
            deviation(
                rows["estimate"] / block["tau"],
                [mean / block["tau"] for mean in block["mean_time"]],
            )
            < TOLERANCE
        )
        assert (
            deviation(
                rows["std_error"] / block["tau"], [error / block["tau"] for error in block["se_ij"]]
            )
            < TOLERANCE
        )


@pytest.mark.parametrize("case", CASES)
def test_state_occupation_in_northern_ireland_agrees_with_r(
    case, intervals_of, reference, deviation
):
    expected = reference("multistate_mvad")[case]
    weight = "weight" if "weighted" in case else None

    curves = state_occupation(intervals_of(case), **MVAD, weight=weight, states=expected["states"])

    assert_curves_agree(curves, expected, deviation)


@pytest.mark.parametrize("case", CASES)
def test_time_in_state_in_northern_ireland_agrees_with_r(case, intervals_of, reference, deviation):
    expected = reference("multistate_mvad")[case]
    intervals, weight = intervals_of(case), "weight" if "weighted" in case else None
    # R carries the curves on beyond the last month seen (66 when censored); this room refuses such
    # a horizon.
    blocks = [
        block for block in expected["expected_time"] if block["tau"] <= intervals["stop"].max()
    ]

    times = time_in_state(
        intervals,
        **MVAD,
        weight=weight,
        states=expected["states"],
        horizon=[block["tau"] for block in blocks],
    )

    assert_times_agree(times, blocks, deviation)


def test_state_occupation_by_region_agrees_with_r(mvad_intervals, reference, deviation):
    expected = reference("multistate_mvad")["by_region_complete_weighted"]
    states = expected["Belfast"]["states"]

    curves = state_occupation(mvad_intervals, **MVAD, weight="weight", by=["region"], states=states)
    times = time_in_state(
        mvad_intervals, **MVAD, weight="weight", by=["region"], states=states, horizon=[24, 48, 72]
    )

    for region, block in expected.items():
        assert_curves_agree(curves.filter(pl.col("region") == region), block, deviation)
        assert_times_agree(
            times.filter(pl.col("region") == region), block["expected_time"], deviation
        )


def test_complete_data_give_the_observed_shares(mvad_intervals, reference, deviation):
    expected = reference("multistate_mvad")["observed_share_by_month"]

    curves = state_occupation(mvad_intervals, **MVAD, states=expected["states"])

    for column, state in enumerate(expected["states"]):
        curve = curves.filter(pl.col("state") == state, pl.col("time") < 72)
        assert (
            deviation(curve["estimate"], [row[column] for row in expected["unweighted"]])
            < TOLERANCE
        )


@pytest.mark.parametrize(
    ("block", "arm", "weight"), [("trtA", "A", None), ("trtB", "B", None), ("weighted", None, "w")]
)
def test_illness_states_in_days_agree_with_r(block, arm, weight, myeloid, reference, deviation):
    expected = reference("multistate_myeloid")[block]
    rows = myeloid.filter(pl.col("trt") == arm) if arm else myeloid

    curves = state_occupation(rows, **MYELOID, weight=weight, states=expected["states"])

    assert_curves_agree(curves, expected, deviation)


def test_time_in_illness_states_agrees_with_r(myeloid, reference, deviation):
    expected = reference("multistate_myeloid")["all"]

    times = time_in_state(myeloid, **MYELOID, states=expected["states"], horizon=[365, 730, 1461])

    assert_times_agree(times, expected["expected_time"], deviation)
