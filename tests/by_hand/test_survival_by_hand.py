"""Survival estimates of a few rows, in exact fractions.

row  on (entry, exit]  ended by      month 1   month 2   month 3
a    (0, 1]            work          work
b    (0, 2]            -             at risk   censored
c    (0, 2]            work          at risk   work
d    (0, 3]            studies       at risk   at risk   studies
e    (0, 3]            -             at risk   at risk   censored
f    (1, 3]            work                    at risk   work
                       at risk       5         5         3
                       to work       1         1         1
                       to studies    0         0         1
still running after             4/5     16/25     16/75
left to work                    1/5      9/25     43/75
left to studies                   0         0     16/75
"""

from fractions import Fraction as F

import polars as pl
import pytest

from evalkit.survival import (
    aalen_johansen,
    kaplan_meier,
    restricted_mean,
    state_occupation,
    tabulate_risk_set,
    time_in_state,
    time_lost,
)

EXACT = 1e-15  # the last digit of a double

SPELLS = pl.DataFrame(
    {
        "row": list("abcdef"),
        "person": ["1", "2", "1", "3", "4", "5"],
        "entry": [0, 0, 0, 0, 0, 1],
        "exit": [1, 2, 2, 3, 3, 3],
        "cause": ["work", None, "work", "studies", None, "work"],
    }
).with_columns(ended=pl.col("cause").is_not_null())


def numbers(fractions: list[F]) -> list[float]:
    return pytest.approx([float(fraction) for fraction in fractions], abs=EXACT)


def test_risk_set_counts_who_is_there_and_who_leaves():
    risk_set = tabulate_risk_set(SPELLS, time="exit", event="cause", entry="entry")

    assert risk_set.times.tolist() == [1, 2, 3]
    assert risk_set.causes == ("studies", "work")
    assert risk_set.n_at_risk[0, :, 0].tolist() == [5, 5, 3]
    assert risk_set.n_exits[0, :, 0].tolist() == [[0, 1, 0], [0, 1, 1], [1, 1, 1]]


def test_kaplan_meier_of_six_rows():
    curve = kaplan_meier(SPELLS, time="exit", event="ended", entry="entry")

    assert curve["time"].to_list() == [0, 1, 2, 3]
    assert curve["estimate"].to_list() == numbers([F(1), F(4, 5), F(16, 25), F(16, 75)])
    assert curve["n_at_risk"].to_list() == [5, 5, 5, 3]
    assert curve["n_events"].to_list() == [0, 1, 1, 2]


def test_greenwood_error_of_six_rows():
    curve = kaplan_meier(SPELLS, time="exit", event="ended", entry="entry")

    # S(2)^2 (1 / (5 4) + 1 / (5 4))
    assert curve["std_error"][2] ** 2 == pytest.approx(float(F(16, 25) ** 2 * F(2, 20)), abs=EXACT)


def test_aalen_johansen_of_six_rows():
    curves = aalen_johansen(SPELLS, time="exit", event="cause", entry="entry")

    by_cause = {
        cause: curve["estimate"].to_list()
        for (cause,), curve in curves.partition_by("cause", as_dict=True).items()
    }
    assert by_cause["work"] == numbers([F(0), F(1, 5), F(9, 25), F(43, 75)])
    assert by_cause["studies"] == numbers([F(0), F(0), F(0), F(16, 75)])


def test_jackknife_error_of_month_one_is_that_of_a_share():
    curve = kaplan_meier(SPELLS, time="exit", event="ended", entry="entry", variance="robust")

    assert curve["std_error"][1] ** 2 == pytest.approx(float(F(4, 5) * F(1, 5) / 5), abs=EXACT)


def test_jackknife_error_adds_the_rows_of_a_person_before_squaring():
    curve = kaplan_meier(SPELLS, time="exit", event="ended", entry="entry", cluster="person")

    # Month 1: row a moves the share by -4/25, rows b, c, d, e by 1/25 each; a and c are one person.
    assert curve["std_error"][1] ** 2 == pytest.approx(
        float(F(-3, 25) ** 2 + 3 * F(1, 25) ** 2), abs=EXACT
    )


def test_restricted_mean_is_the_area_under_the_steps():
    mean = restricted_mean(SPELLS, time="exit", event="ended", entry="entry", horizon=3)

    assert mean["estimate"].to_list() == numbers([1 + F(4, 5) + F(16, 25)])


def test_months_lost_and_kept_make_up_the_horizon():
    lost = time_lost(SPELLS, time="exit", event="cause", entry="entry", horizon=3)

    assert lost["estimate"].to_list() == numbers([F(0), F(1, 5) + F(9, 25)])


# person  month 1   month 2   month 3        in support after 0, 1, 2: 3/4, 3/4 2/3 + 1/4 = 3/4, 3/4
# 2/3 = 1/2 1       support   work      work 2       support   support   work 3       support
# support   support 4       work      support   support
STAYS = pl.DataFrame(
    [
        ("1", 0, 1, "support", "work"),
        ("1", 1, 3, "work", None),
        ("2", 0, 2, "support", "work"),
        ("2", 2, 3, "work", None),
        ("3", 0, 3, "support", None),
        ("4", 0, 1, "work", "support"),
        ("4", 1, 3, "support", None),
    ],
    schema=["person", "start", "stop", "state", "next"],
    orient="row",
)
COLUMNS = {
    "id": "person",
    "start": "start",
    "stop": "stop",
    "from_state": "state",
    "to_state": "next",
}


def test_state_occupation_of_four_persons():
    curves = state_occupation(STAYS, **COLUMNS)

    support = curves.filter(pl.col("state") == "support")
    assert support["estimate"].to_list() == numbers([F(3, 4), F(3, 4), F(1, 2), F(1, 2)])
    assert support["n_at_risk"].to_list() == [3, 3, 3, 2]
    assert support["n_events"].to_list() == [0, 1, 0, 0]


def test_estimated_start_has_the_error_of_a_share():
    curves = state_occupation(STAYS, **COLUMNS, p0="estimated")

    assert curves.filter(pl.col("time") == 0)["std_error"].to_list() == pytest.approx(
        [float(F(3, 64)) ** 0.5] * 2, abs=EXACT
    )


def test_time_in_state_of_four_persons():
    times = time_in_state(STAYS, **COLUMNS, horizon=3)

    assert dict(times.select("state", "estimate").iter_rows()) == pytest.approx(
        {"support": 2.0, "work": 1.0}, abs=EXACT
    )
