"""What a municipality keeps of new tax: the law's formula and its lag, by hand."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest
from one_start import effect_paths

from evalkit.economics import load_dated, load_price_book, value_at
from evalkit.economics.ledger.cash_flow import cash_flow
from evalkit.economics.prices.equalisation import kept_of_tax
from evalkit.economics.results.summaries import price_table
from evalkit.errors import LedgerError

PARAMS = Path(__file__).parents[2] / "params"
COUNTIES = load_dated([PARAMS / "rates" / "sweden_equalisation.yaml"])
# Sums of a handful of doubles.
EXACT = 1e-9
# Months of follow-up: three years after the start.
N_MONTHS = 36


@pytest.fixture
def certain(content, declare, make_rich):
    """The small book without ranges: wage 1 000, own rate 0.5, county rate 0.4, no interest."""
    content = make_rich(content)
    for price in content["prices"]:
        price.pop("distribution", None)
    return declare(content)


def city_by_month(book, shares_in_work):
    """What the city gains in each month if the treated work in these shares and nobody else."""
    rows = [
        {"draw": 0, "month": month, "arm": arm, "state": state, "probability": probability}
        for month, share in enumerate([0.0, *shares_in_work])
        for arm, works in (("treated", share), ("comparison", 0.0))
        for state, probability in (("work", works), ("support", 1.0 - works))
    ]
    keys = {
        "intervention_id": "training",
        "district": "Harbour",
        "estimand": "start_now_rather_than_wait",
        "protocol_hash": "abc",
        "subgroup": "all",
        "source": "raw",
    }
    draws = pl.DataFrame(rows).with_columns(pl.lit(v).alias(k) for k, v in keys.items())
    (path,) = effect_paths(draws)
    prices = {record.key: np.array([record.value]) for record in book.prices}
    return cash_flow(path, book, prices).through_time(("city",))[0]


def test_a_one_off_krona_is_kept_first_and_costs_the_county_rate_two_years_later(certain):
    city = city_by_month(certain, [1.0] + [0.0] * (N_MONTHS - 1))

    expected = np.zeros(N_MONTHS + 1)
    expected[1], expected[25] = 1000 * 0.5, -1000 * 0.4
    assert city == pytest.approx(expected, abs=EXACT)


def test_a_lasting_gain_gives_all_tax_for_two_years_and_then_the_share_that_is_kept(certain):
    city = city_by_month(certain, [1.0] * N_MONTHS)

    kept = kept_of_tax(certain)[0].value
    assert kept == pytest.approx(1 - 0.4 / 0.5)
    assert city[1:25] == pytest.approx([1000 * 0.5] * 24, abs=EXACT)
    assert city[25:-1] == pytest.approx([1000 * 0.5 * kept] * 11, abs=EXACT)
    # What the last two years cost after the follow-up stands in its last month.
    assert city[-1] == pytest.approx(1000 * 0.5 * kept - 24 * 1000 * 0.4, abs=EXACT)


def test_the_share_kept_has_the_range_of_both_rates(content, declare, make_rich):
    content = make_rich(content)
    for price in content["prices"]:
        if price["key"] in ("tax", "county_rate"):
            low, high = price["value"] - 0.1, price["value"] + 0.1
            price["distribution"] = {"kind": "uniform", "low": low, "high": high}

    (kept,) = kept_of_tax(declare(content))

    assert kept.distribution.ends == pytest.approx((1 - 0.5 / 0.4, 1 - 0.3 / 0.6))


def test_a_book_without_income_equalisation_says_nothing_of_what_is_kept(content, declare):
    book = declare(content)

    assert kept_of_tax(book) == ()
    assert "kept_of_tax" not in set(price_table(book)["price"])


def test_stockholm_keeps_little_of_new_tax():
    book = load_price_book(PARAMS / "unit_costs" / "stockholm.yaml")

    kept = price_table(book).row(by_predicate=pl.col("price") == "kept_of_tax", named=True)

    assert kept["value"] == pytest.approx(1 - 0.1698 / 0.1774)
    assert kept["value_grade"] == "M" and "equalisation_rate / municipal_tax" in kept["source_sv"]


@pytest.mark.parametrize(("who", "gap"), [("municipality", 0.0207), ("region", 0.0052)])
def test_receivers_lose_more_than_payers_by_the_tenth_or_twentieth_of_the_mean_rate(who, gap):
    for county in ("stockholm", "uppsala"):
        receiver, payer = (
            value_at(COUNTIES, f"equalisation_rate.{who}.{county}.{side}", 2024).value
            for side in ("receiver", "payer")
        )
        assert receiver - payer == pytest.approx(gap, abs=1e-9)


def test_a_county_s_two_rates_add_up_to_the_same_everywhere():
    # 95 per cent of the municipalities' mean rate of 2003 and 90 of the regions': 29.08 together.
    counties = [key.split(".")[2] for key in COUNTIES if key.startswith("equalisation_rate.region")]

    for county in counties:
        together = sum(
            value_at(COUNTIES, f"equalisation_rate.{who}.{county}.receiver", 2024).value
            for who in ("municipality", "region")
        )
        assert together == pytest.approx(0.2908, abs=1e-9)
    assert len(set(counties)) == 20


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (
            lambda c: c["appraisal"].pop("income_equalisation"),
            "posting equalised (appraisal income_equalisation is missing)",
        ),
        (
            lambda c: c["postings"][-1].update(delay_months=12),
            "posting equalised (delay_months 12, not 24)",
        ),
        (
            lambda c: c["postings"][-1].update(amount="wage * tax"),
            "posting equalised (each product needs county_rate)",
        ),
        (
            lambda c: c["appraisal"]["income_equalisation"].update(tax="taxes"),
            'income_equalisation tax, taxes (did you mean "tax"?)',
        ),
        (
            lambda c: c["postings"].pop(),
            "income_equalisation (no posting with the role equalisation)",
        ),
    ],
)
def test_equalisation_that_does_not_follow_the_law_is_refused(
    content, declare, make_rich, change, named
):
    content = make_rich(content)
    change(content)

    with pytest.raises(LedgerError) as fault:
        declare(content)

    assert fault.value.what == "Income equalisation that does not follow the law: 1."
    assert fault.value.where == f"small.yaml: {named}"
    assert "two years later" in fault.value.why and "delay_months: 24" in fault.value.fix
