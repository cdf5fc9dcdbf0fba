"""Districts with prices of their own: their effects are valued at those, all others at the common
ones."""

import copy

import numpy as np
import polars as pl
import pytest
from one_start import value_effects, value_results

from evalkit.economics import refuse_unknown_districts
from evalkit.economics.prices.equalisation import kept_of_tax
from evalkit.economics.results.summaries import price_table
from evalkit.errors import LedgerError

# Sums of a handful of doubles.
EXACT = 1e-9
HILL = {"tax": "tax_of_hill", "county_rate": "county_rate_of_hill"}


@pytest.fixture
def taxed(content, declare, make_rich):
    """The rich book without ranges; Hill has a tax of 0.4 and a county rate of 0.3."""

    def book(**hill):
        made = make_rich(copy.deepcopy(content))
        for price in made["prices"]:
            price.pop("distribution", None)
        like = {price["key"]: price for price in made["prices"]}
        made["prices"] += [
            {**like["tax"], "key": "tax_of_hill", "value": hill.get("tax", 0.4)},
            {**like["county_rate"], "key": "county_rate_of_hill", "value": hill.get("rate", 0.3)},
        ]
        made["districts"] = [{"district": "Hill", "prices": HILL}]
        return declare(made)

    return book


def in_both(draws):
    """The draws of Harbour, and the same for Hill."""
    hill = pl.lit("Hill", dtype=draws.schema["district"])
    return pl.concat([draws, draws.with_columns(hill.alias("district"))])


def city_of(values, district):
    """The city's sum by posting in the estimate."""
    rows = values.filter(pl.col("actor") == "city", pl.col("draw") == 0, district=district)
    return dict(rows.select("posting", "amount").rows())


def test_a_district_s_effects_are_valued_at_its_own_prices_and_others_at_the_common_ones(
    many_draws, taxed
):
    book = taxed()

    own, common = (
        value_effects(in_both(many_draws), b, seed=1) for b in (book, taxed(tax=0.5, rate=0.4))
    )

    for posting, own_rate, rate in (("taxes", 0.4, 0.5), ("equalised", 0.3, 0.4)):
        here, there = city_of(own, "Hill")[posting], city_of(common, "Hill")[posting]
        assert here == pytest.approx(there * own_rate / rate, abs=EXACT)
        assert there != 0
        assert city_of(own, "Harbour") == city_of(common, "Harbour")


def test_results_of_a_district_follow_its_own_prices(many_draws, taxed):
    rows = value_results(in_both(many_draws), taxed(), seed=1).municipality

    by_district = {
        district: dict(part.select("measure", "estimate").rows())
        for (district,), part in rows.group_by("district")
    }
    own, common = by_district["Hill"], by_district["Harbour"]
    assert own["city_before"] == pytest.approx(common["city_before"] * 0.4 / 0.5)
    assert own["equalised"] == pytest.approx(common["equalised"] * 0.3 / 0.4)


def test_what_is_kept_is_told_for_each_district_with_rates_of_its_own(taxed):
    book = taxed()

    assert [(record.key, record.value) for record in kept_of_tax(book)] == [
        ("kept_of_tax", pytest.approx(1 - 0.4 / 0.5)),
        ("kept_of_tax.Hill", pytest.approx(1 - 0.3 / 0.4)),
    ]
    assert "kept_of_tax.Hill" in set(price_table(book)["price"])


def test_draws_of_a_district_s_own_price_are_those_of_that_price(taxed):
    from evalkit.economics.prices.district_prices import in_district

    book = taxed()
    drawn = {record.key: np.full(3, record.value) for record in book.prices}

    there, own = in_district(book, drawn, "Hill")
    elsewhere, common = in_district(book, drawn, "Harbour")

    assert own["tax"].tolist() == [0.4] * 3 and there.records["tax"].value == 0.4
    assert there.file == book.file
    assert elsewhere is book and common is drawn


def test_prices_of_a_district_that_the_run_does_not_have_are_refused(taxed):
    with pytest.raises(LedgerError) as fault:
        refuse_unknown_districts(taxed(), ["Harbour", "Hills"])

    assert fault.value.what == "Prices of districts that the run does not have: 1."
    assert 'districts: Hill (did you mean "Hills"?)' in fault.value.where
    assert fault.value.why and fault.value.fix


def test_a_district_s_price_in_another_unit_is_refused(content, declare):
    content["districts"] = [{"district": "Hill", "prices": {"wage": "fee"}}]

    with pytest.raises(LedgerError) as fault:
        declare(content)

    assert fault.value.what == "Own prices that do not fit: 1."
    assert fault.value.where == "small.yaml: district Hill, fee (share in place of per month)"
