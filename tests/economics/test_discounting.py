import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalkit.economics import present_value
from evalkit.errors import LedgerError

REFERENCE = json.loads(
    (Path(__file__).parents[1] / "published" / "economics_vectors" / "reference.json").read_text(
        encoding="utf-8"
    )
)
# The tolerance of tests/published/economics_vectors.
TOLERANCE = 1e-10
STREAMS = [(stream["annual_rate"], stream["months"]) for stream in REFERENCE["monthly_stream"]]


@pytest.mark.parametrize("case", REFERENCE["npv"])
def test_present_value_is_the_published_net_present_value(case):
    months = 12 * np.array(case["time"])

    assert present_value(case["cashflow"], case["rate"], months) == pytest.approx(
        case["npv"], rel=TOLERANCE
    )
    assert present_value(case["cashflow"], case["rate"], months + 6) == pytest.approx(
        case["npv_midyear"], rel=TOLERANCE
    )


@pytest.mark.parametrize("case", REFERENCE["monthly_stream"])
@pytest.mark.parametrize(
    ("convention", "shift"),
    [("pv_end_of_month", 0), ("pv_start_of_month", 1), ("pv_mid_month", 0.5)],
)
def test_present_value_of_a_monthly_stream_is_the_published_one(case, convention, shift):
    months = np.arange(1, case["months"] + 1) - shift

    found = present_value(np.full(len(months), case["monthly_amount"]), case["annual_rate"], months)

    assert found == pytest.approx(case[convention], rel=TOLERANCE)


@pytest.mark.parametrize("case", REFERENCE["annuity"])
def test_present_value_of_a_growing_annuity_is_the_closed_form(case):
    years = np.arange(1, case["n"] + 1)
    payments = (1 + case["growth"]) ** (years - 1)

    assert present_value(payments, case["rate"], 12 * years) == pytest.approx(
        case["immediate"], rel=TOLERANCE
    )
    assert present_value(payments, case["rate"], 12 * (years - 1)) == pytest.approx(
        case["due"], rel=TOLERANCE
    )


@pytest.mark.parametrize(("rate", "months"), STREAMS)
def test_present_value_of_a_level_stream_is_the_closed_form(rate, months):
    monthly = (1 + rate) ** (1 / 12) - 1
    closed = months if monthly == 0 else (1 - (1 + monthly) ** -months) / monthly

    assert present_value(np.ones(months), rate, np.arange(1, months + 1)) == pytest.approx(
        closed, rel=TOLERANCE
    )


@given(amounts=st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=30))
def test_present_value_at_rate_zero_is_the_plain_sum(amounts):
    assert present_value(amounts, 0.0, np.arange(len(amounts))) == pytest.approx(
        sum(amounts), rel=TOLERANCE, abs=1e-6
    )


def test_present_value_takes_a_rate_for_each_draw():
    amounts = np.array([[100.0, 200.0], [100.0, 200.0]])

    found = present_value(amounts, np.array([0.0, 0.1]), [0, 12])

    assert found == pytest.approx([300, 100 + 200 / 1.1], rel=TOLERANCE)


def test_present_value_refuses_months_that_do_not_fit():
    with pytest.raises(LedgerError) as fault:
        present_value([1, 2, 3], 0.03, [1, 2])

    assert fault.value.what == "The amounts and their months are not equally many."
    assert "(3,), months (2,)" in fault.value.where
    assert fault.value.why == "Each amount is discounted from its own month."
    assert fault.value.fix == "give one month for each amount."


@pytest.mark.parametrize("rate", [-1.0, float("nan")])
def test_present_value_refuses_a_rate_that_is_none(rate):
    with pytest.raises(LedgerError) as fault:
        present_value([1], rate, [1])

    assert fault.value.what == "A discount rate is -1 or below, or not a number."
    assert fault.value.where == "argument annual_rate"
    assert fault.value.why.startswith("Rates are shares")
    assert fault.value.fix == "write the rate as a share."
