"""The form of the curves and their defined answers at the edges."""

import numpy as np
import polars as pl
import pytest

from evalkit.errors import EstimationError
from evalkit.survival import (
    aalen_johansen,
    kaplan_meier,
    restricted_mean,
    state_occupation,
    time_in_state,
    time_lost,
)

CLOSE = 1e-12  # a few operations on doubles between 0 and 1


def test_curve_has_every_month_from_zero_to_the_last_of_its_group(spells):
    curves = kaplan_meier(spells, time="months", event="ended", by=["district"])

    assert curves.filter(pl.col("district") == "north")["time"].to_list() == [0, 1, 2, 3, 4, 5]
    assert curves.columns == [
        "district",
        "time",
        "estimate",
        "std_error",
        "ci_lower",
        "ci_upper",
        "n_at_risk",
        "n_events",
    ]


def test_month_without_events_repeats_the_month_before(spells):
    curve = kaplan_meier(spells.filter(pl.col("months") != 4), time="months", event="ended")

    assert (
        curve.filter(pl.col("time") == 4)["estimate"].item()
        == curve.filter(pl.col("time") == 3)["estimate"].item()
    )
    assert curve.filter(pl.col("time") == 4)["n_events"].item() == 0


def test_times_that_are_not_whole_are_counted_by_their_order(spells):
    stretched = spells.with_columns(pl.col("months") * 1.5)

    curve = aalen_johansen(stretched, time="months", event="cause", cluster="person")

    in_months = aalen_johansen(spells, time="months", event="cause", cluster="person")
    assert curve["time"].to_list() == [1.5 * month for month in in_months["time"]]
    assert curve["estimate"].to_list() == in_months["estimate"].to_list()


def test_groups_are_those_estimated_alone(spells):
    both = aalen_johansen(
        spells,
        time="months",
        event="cause",
        cluster="person",
        weight="weight",
        entry="entry",
        by=["district"],
    )

    for district in ("north", "south"):
        alone = aalen_johansen(
            spells.filter(pl.col("district") == district),
            time="months",
            event="cause",
            cluster="person",
            weight="weight",
            entry="entry",
            causes=["studies", "work"],
        )
        ours = both.filter(pl.col("district") == district).drop("district").fill_null(-1.0)
        assert np.allclose(
            ours.drop("cause").to_numpy(),
            alone.drop("cause").fill_null(-1.0).to_numpy(),
            rtol=0,
            atol=CLOSE,
        )


def test_all_censored_is_a_curve_at_one_without_errors(spells):
    curve = kaplan_meier(spells.with_columns(ended=pl.lit(False)), time="months", event="ended")

    assert curve["estimate"].to_list() == [1.0] * 6
    assert curve["std_error"].to_list() == [0.0] + [None] * 5
    assert curve["ci_lower"].to_list() == [1.0] + [None] * 5


def test_one_person_has_estimates_and_no_errors(spells):
    curve = kaplan_meier(
        spells.filter(pl.col("person") == "p1"), time="months", event="ended", cluster="person"
    )

    assert curve["estimate"].to_list() == [1.0, 1.0, 0.5, 0.5]
    assert curve["std_error"].to_list() == [0.0, None, None, None]


def test_nothing_is_nan(spells):
    curves = aalen_johansen(spells, time="months", event="cause", cluster="person", by=["person"])

    assert not any(
        curves[column].is_nan().any()
        for column in ("estimate", "std_error", "ci_lower", "ci_upper")
    )


def test_weights_of_zero_leave_the_curve_of_the_others(spells):
    weighted = spells.with_columns(
        weight=pl.when(pl.col("person") == "p5").then(0.0).otherwise("weight")
    )

    curve = kaplan_meier(weighted, time="months", event="ended", weight="weight")

    without = kaplan_meier(
        weighted.filter(pl.col("person") != "p5"), time="months", event="ended", weight="weight"
    )
    assert curve["estimate"].to_list()[:5] == pytest.approx(
        without["estimate"].to_list(), abs=CLOSE
    )


@pytest.mark.parametrize("conf_type", ["log", "log-log", "plain"])
def test_limits_hold_the_estimate_and_stay_between_zero_and_one(conf_type, spells):
    curves = aalen_johansen(spells, time="months", event="cause", conf_type=conf_type).drop_nulls()

    inside = pl.col("ci_lower").is_between(0, pl.col("estimate")) & pl.col("ci_upper").is_between(
        pl.col("estimate"), 1
    )
    assert curves.select(inside.all()).item()


def test_unknown_scale_of_limits_is_refused(spells, four_lines):
    with pytest.raises(EstimationError) as refusal:
        kaplan_meier(spells, time="months", event="ended", conf_type="logit")

    assert four_lines(refusal.value)[1] == "conf_type = logit"


def test_level_of_limits_must_be_a_share(spells, four_lines):
    with pytest.raises(EstimationError) as refusal:
        kaplan_meier(spells, time="months", event="ended", conf_level=95)

    assert "0.95" in four_lines(refusal.value)[3]


def test_months_in_and_lost_sum_to_the_horizon(spells):
    stay = restricted_mean(spells, time="months", event="ended", horizon=[3, 4], weight="weight")
    lost = time_lost(spells, time="months", event="cause", horizon=[3, 4], weight="weight")

    total = (
        stay["estimate"]
        + lost.group_by("horizon", maintain_order=True).agg(pl.col("estimate").sum())["estimate"]
    )
    assert total.to_list() == pytest.approx([3, 4], abs=CLOSE)


def test_horizon_beyond_the_last_month_of_a_group_is_refused_and_named(spells, four_lines):
    followed = spells.filter((pl.col("district") == "south") | (pl.col("months") < 4))

    with pytest.raises(EstimationError) as refusal:
        restricted_mean(
            followed.with_columns(ended=False),
            time="months",
            event="ended",
            horizon=5,
            by=["district"],
        )

    assert four_lines(refusal.value)[1] == "horizon = 5; district = north (last month 3)"


def test_horizon_beyond_the_last_month_is_known_when_all_have_left():
    spells = pl.DataFrame({"months": [1, 2, 3], "ended": [True, True, True]})

    mean = restricted_mean(spells, time="months", event="ended", horizon=10)

    assert mean["estimate"].item() == pytest.approx(2.0, abs=CLOSE)


@pytest.mark.parametrize(
    "columns", [{}, {"weight": "weight"}, {"cluster": "person"}, {"variance": "robust"}]
)
def test_months_of_spells_that_all_end_at_once_have_no_errors(columns, spells):
    at_once = spells.with_columns(months=3, ended=True)

    mean = restricted_mean(at_once, time="months", event="ended", horizon=6, **columns)

    assert mean["estimate"].item() == pytest.approx(3, abs=CLOSE)
    assert mean.select("std_error", "ci_lower", "ci_upper").row(0) == (None, None, None)


def test_horizon_at_zero_is_refused(spells, four_lines):
    with pytest.raises(EstimationError) as refusal:
        restricted_mean(spells, time="months", event="ended", horizon=0)

    assert four_lines(refusal.value)[0].startswith("A horizon must lie after time zero")


STAYS = {
    "id": "person",
    "start": "start",
    "stop": "stop",
    "from_state": "state",
    "to_state": "next",
}


@pytest.fixture
def stays() -> pl.DataFrame:
    rows = [
        ("p1", 0, 2, "support", "work"),
        ("p1", 2, 4, "work", None),
        ("p2", 0, 3, "work", "support"),
        ("p2", 3, 4, "support", None),
    ]
    return pl.DataFrame(rows, schema=["person", "start", "stop", "state", "next"], orient="row")


def test_start_taken_as_given_has_no_error_at_time_zero(stays):
    curves = state_occupation(stays, **STAYS, p0="fixed")

    assert curves.filter(pl.col("time") == 0)["std_error"].to_list() == [0.0, 0.0]


def test_states_declared_but_never_seen_are_shares_of_zero(stays):
    curves = state_occupation(stays, **STAYS, states=["work", "support", "training"])

    assert curves.filter(pl.col("state") == "training")["estimate"].sum() == 0.0
    assert curves["state"].unique(maintain_order=True).to_list() == ["work", "support", "training"]


def test_overlapping_rows_of_a_person_are_refused(stays, four_lines):
    overlapping = pl.concat(
        [
            stays,
            stays[:1].with_columns(
                start=pl.lit(1, pl.Int64), stop=pl.lit(3, pl.Int64), next=pl.lit(None, pl.String)
            ),
        ]
    )

    with pytest.raises(EstimationError) as refusal:
        state_occupation(overlapping, **STAYS)

    assert four_lines(refusal.value)[0].startswith("2 intervals overlap")


def test_row_that_begins_in_another_state_than_moved_to_is_refused(stays, four_lines):
    jumping = stays.with_columns(next=pl.lit(None, pl.String))

    with pytest.raises(EstimationError) as refusal:
        time_in_state(jumping, **STAYS, horizon=4)

    assert "2 begin in another state" in four_lines(refusal.value)[0]


def test_lazy_intervals_give_the_same_shares(stays):
    assert state_occupation(stays.lazy(), **STAYS).equals(state_occupation(stays, **STAYS))


def test_one_by_column_may_be_named_without_a_list(spells):
    assert kaplan_meier(spells, time="months", event="ended", by="district").equals(
        kaplan_meier(spells, time="months", event="ended", by=["district"])
    )
