"""Books in money of other years: what is moved, what is carried forward on request, and how a
municipality loads its own price index."""

from datetime import date
from pathlib import Path

import polars as pl
import pytest
import yaml

from evalkit.economics import load_dated, load_price_book, value_at
from evalkit.economics.prices.dated import carried_forward
from evalkit.economics.prices.explain import _dated_lines, explain
from evalkit.economics.prices.price_book_file import declare_price_book
from evalkit.economics.results.summaries import price_table
from evalkit.errors import LedgerError, ParameterError
from evalkit.vocabulary import in_language

PARAMS = Path(__file__).parents[2] / "params"
STOCKHOLM = PARAMS / "unit_costs" / "stockholm.yaml"
FILES = [*sorted((PARAMS / "rates").glob("*.yaml")), PARAMS / "price_index" / "sweden.yaml"]
SWEDEN = load_dated(FILES)
# Two multiplications and two divisions of doubles.
ROUNDING = 1e-12


def stockholm(**changes):
    content = yaml.safe_load(STOCKHOLM.read_text(encoding="utf-8")) | changes
    return declare_price_book(content, where="stockholm.yaml", folder=STOCKHOLM.parent)


@pytest.fixture
def index_file(tmp_path):
    """A file with a municipality's own index, under the key of the shipped one."""

    def write(**values):
        record = {
            "key": "price_index.cpi",
            "name": {"en": "Index", "sv": "Index"},
            "unit": "index",
            "source": "SCB, own table",
            "values": [
                {"period": int(year.strip("y")), "value": value, "grade": "H"}
                for year, value in values.items()
            ],
        }
        path = tmp_path / "own_index.yaml"
        content = {"file": "own", "title": {"en": "Own", "sv": "Egen"}, "records": [record]}
        path.write_text(yaml.safe_dump(content), encoding="utf-8")
        return path

    return write


@pytest.mark.parametrize(("year", "index"), [(2025, 418.8), (2026, 421.7)])
def test_the_stockholm_book_works_at_prices_of_later_years(year, index):
    book, of_2023 = stockholm(price_year=year), stockholm()

    moved, before = book.records["programme_place"], of_2023.records["programme_place"]
    assert {r.price_year for r in book.prices if r.is_money} == {year}
    assert moved.value == pytest.approx(3200 * index / 403.70, rel=ROUNDING)
    assert moved.distribution.ends == pytest.approx(
        [end * index / 403.70 for end in before.distribution.ends], rel=ROUNDING
    )
    assert f"price_index.cpi 403.7 → {index:g}" in moved.source["en"]


def test_rules_are_those_of_the_book_s_year_where_it_says_so():
    book = stockholm(price_year=2026)

    assert book.records["municipal_tax"].value == 0.1822
    assert book.records["sickness_benefit"].value == 13715
    assert price_table(book).filter(price="kept_of_tax")["value"].item() == pytest.approx(
        1 - 0.1698 / 0.1822
    )


def test_a_stated_range_is_moved_from_its_own_year():
    book = stockholm(price_year=2026)

    low, high = book.records["income_support"].distribution.ends
    assert (low, high) == pytest.approx((9000 * 421.7 / 403.70, 13000 * 421.7 / 403.70))


def test_a_missing_year_is_refused_and_the_key_that_carries_it_forward_is_named():
    with pytest.raises(ParameterError) as fault:
        stockholm(price_year=2026, carry_forward=[])

    assert fault.value.what == 'There is no value of "wage_subsidy.cap" for 2026.'
    assert fault.value.where == "stockholm.yaml, price subsidy_cap: nearest: 2020..2025"
    assert "unasked" in fault.value.why
    assert "carry_forward: [wage_subsidy.cap]" in fault.value.fix


def test_a_series_is_carried_forward_on_request_and_says_so():
    book = stockholm(price_year=2026, carry_forward=["wage_subsidy.cap"])

    cap = book.records["subsidy_cap"]
    assert (cap.value, cap.grade, cap.carried) == (20000, "L", ("wage_subsidy.cap 2020..2025",))
    assert "the value of 2020..2025, carried forward on request" in cap.source["en"]
    assert "värdet för 2020..2025, framfört på begäran" in cap.source["sv"]
    carried = price_table(book).filter(pl.col("carried").is_not_null())
    assert carried["price"].to_list() == ["subsidy_cap"]


def test_nothing_is_carried_forward_at_the_prices_of_2023():
    assert all(not record.carried for record in load_price_book(STOCKHOLM).prices)


def test_every_price_that_is_moved_by_a_carried_index_says_so():
    names = ["wage_subsidy.cap", "price_index.cpi"]
    series = ["municipal_tax.stockholm", "region_tax.stockholm", "employer_contribution"]
    series += ["activity_support.floor_day"]
    rates = [f"equalisation_rate.{who}.stockholm.payer" for who in ("municipality", "region")]
    names += [*series, *rates, "sickness_compensation.guarantee"]

    book = stockholm(price_year=2027, carry_forward=names)

    # Prices of 2027 in the index of 2026: the amount of 2026, and told.
    place = book.records["programme_place"]
    assert place.value == pytest.approx(3200 * 421.7 / 403.70, rel=ROUNDING)
    assert place.carried == ("price_index.cpi 2026",)
    assert "carried forward on request" in place.source["en"]
    assert all(record.carried for record in book.prices if record.is_money)


@pytest.mark.parametrize(
    ("key", "named"),
    [
        ("wage_subsidy.cup", 'wage_subsidy.cup (did you mean "wage_subsidy.cap"?)'),
        ("excess_burden", "excess_burden (it has no last period)"),
    ],
)
def test_what_cannot_be_carried_forward_is_refused(key, named):
    with pytest.raises(ParameterError) as fault:
        stockholm(carry_forward=[key])

    assert fault.value.what == "Series that cannot be carried forward: 1."
    assert fault.value.where == f"stockholm.yaml: carry_forward: {named}"
    assert fault.value.why and fault.value.fix


def test_a_carried_value_holds_after_the_last_one_and_not_before():
    records = carried_forward(SWEDEN, ["study_support.grant_week"])

    assert value_at(records, "study_support.grant_week", 2026).grade == "M"
    assert value_at(records, "study_support.grant_week", 2031).value == 1030
    with pytest.raises(ParameterError, match="nearest: 2024"):
        value_at(records, "study_support.grant_week", 2020)


def test_a_price_may_be_asked_for_in_a_month(content):
    content["defaults"] = [str(PARAMS / "rates/sweden_social_insurance.yaml")]
    content["price_year"] = 2025
    for price in content["prices"]:
        price.update({"price_year": 2025} if "currency" in price else {})
    reference = {"key": "activity_support.floor_day", "year": "price_year", "times": [21]}
    content["prices"][0] = {"key": "wage", "unit": "per month", "default": reference}

    with pytest.raises(ParameterError, match="it changes within that time"):
        declare_price_book(content, where="small.yaml")
    reference["month"] = 11
    wage = declare_price_book(content, where="small.yaml").records["wage"]

    assert (wage.value, wage.price_year) == (365 * 21, 2025)
    assert "activity_support.floor_day 2025-11" in wage.source


def test_a_month_without_its_year_is_refused(content):
    content["defaults"] = [str(PARAMS / "rates/sweden_social_insurance.yaml")]
    reference = {"key": "activity_support.floor_day", "month": 11, "times": [21]}
    content["prices"][0] = {"key": "wage", "unit": "per month", "default": reference}

    with pytest.raises(ParameterError, match="a month needs its year"):
        declare_price_book(content, where="small.yaml")


def test_a_municipality_loads_its_own_index_in_place_of_the_shipped_one(index_file):
    own = index_file(y2021=343.19, y2022=371.91, y2023=403.70, y2024=415.3, y2026=430.0)
    content = yaml.safe_load(STOCKHOLM.read_text(encoding="utf-8"))
    defaults = [str(own) if "price_index" in path else path for path in content["defaults"]]

    book = stockholm(price_year=2026, defaults=defaults)

    assert book.records["travel"].value == pytest.approx(970 * 430.0 / 403.70, rel=ROUNDING)


def test_two_indices_under_one_key_are_refused(index_file):
    content = yaml.safe_load(STOCKHOLM.read_text(encoding="utf-8"))

    with pytest.raises(LedgerError, match=r"price_index\.cpi \(stands twice\)"):
        stockholm(defaults=[*content["defaults"], str(index_file(y2023=1.0))])


def test_amounts_of_another_year_without_an_index_are_refused(content, declare):
    content["prices"][0]["price_year"] = 2019

    with pytest.raises(LedgerError) as fault:
        declare(content)

    assert fault.value.what == "Prices of another year: 1."
    assert "name a file with a price index under defaults" in fault.value.fix


def test_a_range_that_is_no_money_has_no_price_year(content):
    content["defaults"] = [str(PARAMS / "rates/sweden_labour.yaml")]
    content["prices"][1] = {
        "key": "fee",
        "unit": "share",
        "default": {"key": "employer_contribution", "year": 2020},
        "distribution": {"kind": "uniform", "low": 0.3, "high": 0.32},
        "price_year": 2020,
    }

    with pytest.raises(ParameterError) as fault:
        declare_price_book(content, where="small.yaml")

    assert fault.value.what == "A range that is no money has a price year."
    assert fault.value.where == "small.yaml, price fee: share, price_year 2020"


def test_params_explain_says_what_is_carried_forward(tmp_path):
    folder = tmp_path / "params"
    for name in ("rates", "price_index", "unit_costs"):
        (folder / name).mkdir(parents=True)
    for path in FILES:
        (folder / path.parent.name / path.name).write_bytes(path.read_bytes())
    text = STOCKHOLM.read_text(encoding="utf-8")
    later = text.replace("\nprice_year: 2023\n", "\nprice_year: 2026\n")
    (folder / "unit_costs" / "stockholm.yaml").write_text(later, encoding="utf-8")

    lines = explain("subsidy_cap", folder)

    assert "  carried forward on request (carry_forward): wage_subsidy.cap 2020..2025" in lines


@pytest.mark.parametrize("key", sorted(SWEDEN))
def test_every_dated_value_is_explained_with_its_grade_and_source(key):
    record = SWEDEN[key]

    lines = list(_dated_lines(record, PARAMS / "rates" / "some.yaml", PARAMS))
    assert lines[0].startswith(f"{key}  (") and f"  unit {record.unit}" in lines[2]
    for value, line in zip(record.values, lines[3:], strict=False):
        source = in_language(value.source or record.source, "en")
        assert line.strip().startswith(value.period) and line.endswith(f"  {value.grade}  {source}")
    assert record.source and all(value.grade in "HML" for value in record.values)
    assert set(record.name) == {"en", "sv"}
    assert value_at(SWEDEN, key, _a_time(record.values[0])) == record.values[0]


def _a_time(value):
    first, last = value.span
    return (
        None
        if last - first > 2000 and first == 0 and value.period == "any"
        else date(last // 12, last % 12 + 1, 1)
    )
