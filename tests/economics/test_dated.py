import json
from datetime import date
from itertools import pairwise
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from evalkit.economics import (
    convert_currency,
    convert_price_year,
    load_dated,
    load_price_book,
    value_at,
)
from evalkit.economics.prices.price_book_file import declare_price_book
from evalkit.errors import EvalkitError, LedgerError, ParameterError
from evalkit.line.price_book import PriceBookFile

PARAMS = Path(__file__).parents[2] / "params"
FILES = [
    *sorted((PARAMS / "rates").glob("*.yaml")),
    *sorted((PARAMS / "price_index").glob("*.yaml")),
]
SWEDEN = load_dated(FILES)
NORM_OF_ADULTS = ("single.personal", "couple.personal", "shared.1", "shared.2")
# Two multiplications and two divisions of doubles.
ROUND_TRIP = 1e-12


@pytest.fixture
def write(tmp_path):
    """Write records as a file of dated parameters and give its path."""

    def to_file(*records, name="rates.yaml"):
        content = {
            "file": "made_up",
            "title": {"en": "Made up", "sv": "Påhittad"},
            "records": list(records),
        }
        path = tmp_path / name
        path.write_text(yaml.safe_dump(content, allow_unicode=True), encoding="utf-8")
        return path

    return to_file


def record(**changes):
    values = [
        {"period": "2019-04..2019-12", "value": 10, "grade": "H"},
        {"period": "2021..2022", "value": 20, "grade": "M"},
    ]
    base = {
        "key": "cap",
        "name": {"en": "Cap", "sv": "Tak"},
        "unit": "per month",
        "currency": "SEK",
        "source": "made up",
        "values": values,
    }
    return base | changes


def test_value_at_finds_the_value_of_a_year_and_of_a_month(write):
    records = load_dated([write(record())])

    assert value_at(records, "cap", 2021).value == 20
    assert value_at(records, "cap", date(2019, 4, 1)).value == 10


@pytest.mark.parametrize(
    ("when", "what", "where"),
    [
        (2020, 'There is no value of "cap" for 2020.', "nearest: 2019-04..2019-12, 2021..2022"),
        (2030, 'There is no value of "cap" for 2030.', "nearest: 2021..2022"),
        (date(2019, 3, 1), 'There is no value of "cap" for 2019-03.', "nearest: 2019-04..2019-12"),
        (
            2019,
            'There is no value of "cap" for 2019.',
            "it changes within that time: 2019-04..2019-12",
        ),
    ],
)
def test_value_at_refuses_a_time_without_a_value_and_names_the_nearest(write, when, what, where):
    records = load_dated([write(record())])

    with pytest.raises(ParameterError) as fault:
        value_at(records, "cap", when)

    assert (fault.value.what, fault.value.where) == (what, where)
    assert (
        "nothing is carried forward" in fault.value.why
        and "add the value with its source" in fault.value.fix
    )


def test_value_at_refuses_an_unknown_key_and_names_the_nearest():
    with pytest.raises(ParameterError) as fault:
        value_at(SWEDEN, "municipal_tax.stokholm", 2023)

    assert fault.value.where == '"municipal_tax.stokholm" (did you mean "municipal_tax.stockholm"?)'


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"currency": None}, "cap (an amount without a currency)"),
        ({"unit": "share"}, "cap (no amount, yet with a currency)"),
        ({"actor": "town"}, "cap, town"),
        ({"name": {"en": "Cap", "sv": " "}}, "cap (no name, or an empty one)"),
        ({"name": {}}, "cap (no name, or an empty one)"),
        (
            {
                "values": [
                    {"period": 2019, "value": 1, "grade": "H"},
                    {"period": "2018..2020", "value": 2, "grade": "H"},
                ]
            },
            "cap (periods overlap)",
        ),
        (
            {"values": [{"period": 2019, "value": -1, "grade": "H"}]},
            "cap, 2019 (negative or not finite)",
        ),
        (
            {
                "values": [
                    {
                        "period": 2019,
                        "value": 1,
                        "grade": "H",
                        "distribution": {"kind": "uniform", "low": 2, "high": 3},
                    }
                ]
            },
            "cap, 2019 (a range that leaves out its value",
        ),
    ],
)
def test_a_faulty_record_is_refused_in_words_that_name_record_and_file(write, changes, named):
    path = write(record(**changes))

    with pytest.raises(LedgerError) as fault:
        load_dated([path])

    assert str(path) in fault.value.where and named in fault.value.where
    assert fault.value.what.startswith("Dated parameters that cannot be used:")
    assert "unit and currency" in fault.value.why and "mend the records" in fault.value.fix


def test_a_key_that_stands_in_two_files_is_refused(write):
    with pytest.raises(LedgerError, match=r"cap \(stands twice\)"):
        load_dated([write(record()), write(record(), name="again.yaml")])


def test_an_unreadable_period_is_refused(write):
    with pytest.raises(ParameterError, match="a period is written like"):
        load_dated([write(record(values=[{"period": "last year", "value": 1, "grade": "H"}]))])


def test_every_swedish_value_has_a_source():
    assert all(value.source or one.source for one in SWEDEN.values() for value in one.values)
    assert len(SWEDEN) >= 70


@pytest.mark.parametrize(("year", "single", "couple"), [(2025, 5180, 8450), (2026, 5220, 8510)])
def test_the_norm_adds_up_to_the_published_totals(year, single, couple):
    norm = {key: value_at(SWEDEN, f"national_norm.{key}", year).value for key in NORM_OF_ADULTS}

    assert norm["single.personal"] + norm["shared.1"] == single
    assert norm["couple.personal"] + norm["shared.2"] == couple


def test_the_norm_grows_by_what_was_decided():
    rose = {
        year: value_at(SWEDEN, "national_norm.single.personal", year).value
        / value_at(SWEDEN, "national_norm.single.personal", year - 1).value
        for year in (2024, 2025, 2026)
    }

    # +8.7, +2.8 and +0.7 per cent, rounded to tens of kronor.
    assert rose == pytest.approx({2024: 1.087, 2025: 1.028, 2026: 1.007}, abs=0.003)


def test_the_norm_of_a_larger_household_goes_on_by_the_person():
    seven, six, further = (
        value_at(SWEDEN, f"national_norm.shared.{n}", 2026).value for n in ("7", "6", "further")
    )

    assert seven - six == further == 190


@pytest.mark.parametrize("year", [2022, 2023, 2024, 2025, 2026])
def test_the_guarantee_level_is_its_formula(year):
    # 2.78 price base amounts over twelve months, in whole kronor.
    assert 2.78 * value_at(SWEDEN, "price_base_amount", year).value / 12 == pytest.approx(
        value_at(SWEDEN, "sickness_compensation.guarantee", year).value, abs=1
    )


@pytest.mark.parametrize("year", [2024, 2025, 2026])
def test_the_guarantee_pension_and_the_student_grant_follow_the_base_amount(year):
    base = value_at(SWEDEN, "price_base_amount", year).value

    assert value_at(SWEDEN, "guarantee_pension.single", year).value == pytest.approx(
        2.43 * base / 12, abs=1
    )
    assert value_at(SWEDEN, "study_support.grant_week", year).value == pytest.approx(
        0.0174 * base, abs=1
    )


def test_the_index_of_2024_is_near_the_mean_of_its_months():
    months = [
        value_at(SWEDEN, "price_index.cpi.month", date(2024, month, 1)).value
        for month in range(1, 12)
    ]

    # DOMAIN of the project: January to November 415.01, the year about 415.1.
    assert sum(months) / 11 == pytest.approx(415.01, abs=0.01)
    assert value_at(SWEDEN, "price_index.cpi", 2024).value == pytest.approx(415.1)


def test_the_index_of_2025_and_2026_is_derived_from_the_base_amounts():
    june = 415.86 * 59200 / 58800

    assert [value_at(SWEDEN, "price_index.cpi", year).value for year in (2025, 2026)] == (
        pytest.approx([june, june * 1.007], abs=0.2)
    )
    assert {value_at(SWEDEN, "price_index.cpi", year).grade for year in (2025, 2026)} == {"L"}


@pytest.mark.parametrize(
    ("key", "when", "value"),
    [
        ("activity_support.floor_day", date(2025, 9, 1), 223),
        ("activity_support.floor_day", date(2025, 10, 1), 365),
        ("establishment_allowance.day", date(2026, 8, 1), 308),
        ("establishment_allowance.day", date(2026, 9, 1), 335),
        ("employer_contribution.young", date(2026, 4, 1), 0.2081),
        ("employer_contribution.from_66", 2025, 0.1021),
        ("employer_contribution.from_67", 2026, 0.1021),
        ("wage_subsidy.cap", 2025, 20000),
        ("wage_floor.municipal", 2026, 23638),
        ("local_tax.national_mean", 2026, 0.3238),
    ],
)
def test_values_change_at_the_month_of_the_rule(key, when, value):
    assert value_at(SWEDEN, key, when).value == value


def test_the_entry_wage_is_the_middle_of_two_wage_floors():
    floors = [
        value_at(SWEDEN, "wage_floor.municipal", 2026).value,
        value_at(SWEDEN, "wage_floor.retail", date(2026, 4, 1)).value,
    ]
    wage = value_at(SWEDEN, "wage.entry", 2026)

    assert (wage.value, wage.distribution.ends) == (sum(floors) / 2, tuple(floors))


def test_the_young_people_s_contribution_is_the_pension_fee_and_half_of_the_rest():
    # 10.21 per cent in full, half of the other 21.21.
    assert value_at(SWEDEN, "employer_contribution.young", date(2026, 4, 1)).value == pytest.approx(
        0.1021 + (0.3142 - 0.1021) / 2, abs=1e-4
    )


def test_the_place_costs_of_2012_in_prices_of_2023():
    low, high = (value_at(SWEDEN, f"place_cost.{end}", 2012).value for end in ("lowest", "highest"))

    converted = convert_price_year([low, high], from_year=2012, to_year=2023, records=SWEDEN)

    # DOMAIN of the project: 25.7 to 109.2 thousand.
    assert converted.round(-2).tolist() == [25700, 109200]


@given(amount=st.floats(-1e9, 1e9), years=st.lists(st.integers(2006, 2023), min_size=1, max_size=5))
def test_price_years_turn_back_to_the_same_amount(amount, years):
    way = [2010, *years, 2010]

    back = amount
    for start, end in pairwise(way):
        back = convert_price_year(back, from_year=start, to_year=end, records=SWEDEN)

    assert back == pytest.approx(amount, rel=ROUND_TRIP * len(way))


@given(amount=st.floats(-1e9, 1e9), rate=st.floats(1e-3, 1e3))
def test_currencies_turn_back_to_the_same_amount(amount, rate):
    rates = load_dated([])
    rates = dict(rates) | {"exchange_rate.EUR.SEK": _exchange_rate(rate)}

    there = convert_currency(amount, currency="EUR", to="SEK", year=2020, records=rates)

    assert convert_currency(
        there, currency="SEK", to="EUR", year=2020, records=rates
    ) == pytest.approx(amount, rel=ROUND_TRIP)


@given(
    amount=st.floats(-1e9, 1e9),
    currency=st.sampled_from(["EUR", "GBP"]),
    years=st.tuples(st.integers(2012, 2023), st.integers(2012, 2023)),
)
def test_currency_and_price_year_turn_back_together(amount, currency, years):
    first, last = years
    abroad = convert_currency(amount, currency="SEK", to=currency, year=first, records=SWEDEN)

    home = convert_currency(abroad, currency=currency, to="SEK", year=first, records=SWEDEN)
    there = convert_price_year(home, from_year=first, to_year=last, records=SWEDEN)

    assert convert_price_year(
        there, from_year=last, to_year=first, records=SWEDEN
    ) == pytest.approx(amount, rel=4 * ROUND_TRIP)


def test_the_shipped_exchange_rates_say_that_they_are_illustrative():
    rates = [one for key, one in SWEDEN.items() if key.startswith("exchange_rate.")]

    assert rates and all(
        "not an observed rate" in one.source and {v.grade for v in one.values} == {"L"}
        for one in rates
    )


def test_a_price_in_another_currency_is_exchanged_at_its_own_year_s_rate(content, write):
    fee = record(
        key="fee_abroad", currency="EUR", values=[{"period": 2012, "value": 100, "grade": "H"}]
    )
    content["defaults"] = [*map(str, FILES), str(write(fee))]
    content["price_year"] = 2023
    content["prices"] = [
        price | ({"price_year": 2023} if "currency" in price else {}) for price in content["prices"]
    ]
    content["prices"][0] = {
        "key": "wage",
        "unit": "per month",
        "default": {"key": "fee_abroad", "year": 2012},
    }

    wage = declare_price_book(content, where="small.yaml").records["wage"]

    assert wage.value == pytest.approx(100 * 10 * 403.70 / 314.20)
    assert (wage.currency, wage.price_year, wage.grade) == ("SEK", 2023, "L")
    assert "exchange_rate.EUR.SEK 10: illustrative" in wage.source


def test_a_price_in_another_currency_without_a_rate_is_refused(content, write):
    content["defaults"] = [
        str(
            write(
                record(
                    key="fee_abroad",
                    currency="NOK",
                    values=[{"period": 2020, "value": 1, "grade": "H"}],
                )
            )
        )
    ]
    content["prices"][0] = {
        "key": "wage",
        "unit": "per month",
        "default": {"key": "fee_abroad", "year": 2020},
    }

    with pytest.raises(ParameterError) as fault:
        declare_price_book(content, where="small.yaml")

    assert fault.value.what == "There is no exchange rate between NOK and SEK."
    assert (
        fault.value.where.startswith("small.yaml, price wage:")
        and "exchange_rate.NOK.SEK" in fault.value.where
    )


def test_a_price_that_takes_another_unit_as_it_is_is_refused(content, write):
    content["defaults"] = [
        str(
            write(
                record(
                    key="day", unit="per day", values=[{"period": 2020, "value": 223, "grade": "H"}]
                )
            )
        )
    ]
    content["prices"][0] = {
        "key": "wage",
        "unit": "per month",
        "default": {"key": "day", "year": 2020},
    }

    with pytest.raises(ParameterError) as fault:
        declare_price_book(content, where="small.yaml")

    assert fault.value.what == "A value in another unit was taken as it is."
    assert fault.value.where == "small.yaml, price wage: day is per day, the price per month"
    assert "per month" in fault.value.why and "times" in fault.value.fix


@pytest.mark.parametrize("key", ["currency", "price_year"])
def test_a_book_that_does_not_say_its_money_is_refused(content, key):
    content["prices"][0] = {
        "key": "wage",
        "unit": "per month",
        "default": {"key": "wage.entry", "year": 2026},
    }
    del content[key]

    with pytest.raises(ParameterError) as fault:
        declare_price_book(content, where="small.yaml")

    assert fault.value.what == "The book does not say in which money it counts: 1 missing."
    assert fault.value.where == f'small.yaml, "{key}"'
    assert "price year" in fault.value.why and "price_year" in fault.value.fix


def _exchange_rate(rate):
    from evalkit.economics.prices.dated import DatedRecord

    name = {"en": "Euro", "sv": "Euro"}
    values = [{"period": 2020, "value": rate, "grade": "L"}]
    return DatedRecord(
        key="exchange_rate.EUR.SEK",
        name=name,
        unit="exchange rate",
        source="made up",
        values=values,
    )


def test_a_missing_exchange_rate_is_refused():
    with pytest.raises(ParameterError) as fault:
        convert_currency(1.0, currency="NOK", to="SEK", year=2020, records=SWEDEN)

    assert fault.value.what == "There is no exchange rate between NOK and SEK."
    assert (
        "exchange_rate.NOK.SEK" in fault.value.where
        and "found: exchange_rate.EUR.SEK, exchange_rate.GBP.SEK" in fault.value.where
    )
    assert "two currencies" in fault.value.why and "add the record" in fault.value.fix


def test_a_source_in_words_stands_in_each_language_and_a_name_in_all():
    book = load_price_book(PARAMS / "unit_costs" / "stockholm.yaml")

    support, tax = (book.records[key].source for key in ("income_support", "municipal_tax"))
    assert "10 765 475 tkr; income_support.mean_months: socialstyrelsen.se" in support["en"]
    assert "160 630 hushåll" in support["sv"]
    assert tax == "municipal_tax.stockholm 2023: start.stockholm, kommunalskatten"


def test_the_stockholm_book_takes_its_prices_from_the_dated_records():
    book = load_price_book(PARAMS / "unit_costs" / "stockholm.yaml")

    support, tax = book.records["income_support"], book.records["municipal_tax"]
    # 67 020 a household and year 2022 over 6.6 months, in prices of 2023; both H, but derived.
    assert support.value == pytest.approx(67020 / 6.6 * 403.70 / 371.91, rel=ROUND_TRIP)
    assert (support.grade, support.price_year) == ("M", 2023)
    assert (tax.value, tax.grade, tax.currency) == (0.1774, "H", None)
    assert "price_index.cpi 371.91 → 403.7" in support.source["sv"]


def test_a_price_is_as_sure_as_the_least_sure_value_it_is_made_from():
    book = load_price_book(PARAMS / "unit_costs" / "stockholm.yaml")

    # The grant of 2024 is H; the index of 2024 is derived, the wage general knowledge.
    assert book.records["study_grant"].grade == "M"
    assert book.records["wage"].grade == "L"


def test_a_price_that_refers_to_a_missing_year_names_the_price_and_the_nearest_year(
    content, tmp_path
):
    content["defaults"] = [str(path) for path in FILES]
    content["prices"][0] = {
        "key": "wage",
        "unit": "per month",
        "default": {"key": "wage.entry", "year": 2019},
    }

    with pytest.raises(ParameterError) as fault:
        declare_price_book(content, where="small.yaml", folder=tmp_path)

    assert fault.value.where == "small.yaml, price wage: nearest: 2026"


def test_a_book_keeps_its_vintage_when_it_is_read_from_elsewhere():
    from evalkit.records import hash_of

    path = PARAMS / "unit_costs" / "stockholm.yaml"

    assert hash_of(load_price_book(path)) == hash_of(load_price_book(path.resolve()))


def test_the_schema_for_editors_knows_both_ways_to_state_a_price():
    schema = json.dumps(PriceBookFile.model_json_schema())

    assert "PriceByReference" in schema and "PriceRecord" in schema


def _split(content, **shares):
    content["prices"] += [
        {**content["prices"][1], "key": key, "value": share, "distribution": {"kind": "fixed"}}
        for key, share in shares.items()
    ]
    content["appraisal"]["household_split"] = {"person": "own", "other_household": "rest"}


@pytest.mark.parametrize(
    ("change", "what", "named"),
    [
        (
            lambda c: _split(c, own=0.6, rest=0.3),
            "A household split that does not add up: 1.",
            "household_split (the shares come to 0.9)",
        ),
        (
            lambda c: c.update(interventions=[{"intervention_id": "x", "prices": {"wage": "fee"}}]),
            "Own prices that do not fit: 1.",
            "intervention x, fee (share in place of per month)",
        ),
        (
            lambda c: c["appraisal"].update(half_life="fee"),
            "A decay that cannot be used: 1.",
            "appraisal half_life, fee",
        ),
        (
            lambda c: c["postings"][0].update(role="programme_cost"),
            "Roles that do not fit their posting: 1.",
            "posting production (a programme's cost is that of its months or starts",
        ),
        (
            lambda c: c["appraisal"].update(sensitivity={"fee": [0.3, 0.5]}),
            "Sensitivity ranges that do not fit: 1.",
            "appraisal sensitivity, fee",
        ),
    ],
)
def test_a_faulty_option_is_refused_in_words_that_name_record_and_file(
    content, declare, change, what, named
):
    change(content)

    with pytest.raises(EvalkitError) as fault:
        declare(content)

    assert fault.value.what == what
    assert fault.value.where.startswith(f"small.yaml: {named}")
    assert fault.value.why and fault.value.fix
