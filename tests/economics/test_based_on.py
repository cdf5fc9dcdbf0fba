"""Price books that rest on another: what is their own, and what they take over."""

import shutil
from pathlib import Path

import pytest
import yaml

from evalkit.batch.vintage import _files_within
from evalkit.economics import load_price_book
from evalkit.economics.prices.explain import explain
from evalkit.errors import ParameterError

PARAMS = Path(__file__).parents[2] / "params"
UNIT_COSTS = PARAMS / "unit_costs"


@pytest.fixture
def book(tmp_path):
    """Write a book into a folder of its own, beside a copy of the shipped parameters."""
    for folder in ("rates", "price_index", "unit_costs"):
        shutil.copytree(PARAMS / folder, tmp_path / "params" / folder)
    own = tmp_path / "params" / "own"
    own.mkdir()

    def write(name="own", **content):
        head = {"book": name, "title": {"en": "Own", "sv": "Egen"}}
        path = own / f"{name}.yaml"
        path.write_text(yaml.safe_dump(head | content), encoding="utf-8")
        return path

    return write


def test_a_book_takes_from_another_what_it_does_not_say(book):
    base = load_price_book(UNIT_COSTS / "stockholm.yaml")

    own = load_price_book(book(based_on="../unit_costs/stockholm.yaml"))

    assert (own.book, own.prices, own.postings) == ("own", base.prices, base.postings)
    assert own.appraisal == base.appraisal


def test_entries_of_the_same_name_take_the_others_place_and_new_ones_are_added(book):
    tax = {
        "key": "municipal_tax",
        "name": {"en": "Tax", "sv": "Skatt"},
        "value": 0.2,
        "unit": "share",
        "source": "the municipality's budget",
        "grade": "H",
    }
    own = load_price_book(
        book(
            based_on="../unit_costs/stockholm.yaml",
            prices=[tax, {**tax, "key": "tax_of_farsta", "value": 0.21}],
            appraisal={"sensitivity": {"discount_rate": [0.01, 0.06]}},
            districts=[{"district": "Farsta", "prices": {"municipal_tax": "tax_of_farsta"}}],
        )
    )

    base = load_price_book(UNIT_COSTS / "stockholm.yaml")
    assert [record.key for record in own.prices] == [
        *(record.key for record in base.prices),
        "tax_of_farsta",
    ]
    assert own.records["municipal_tax"].value == 0.2
    assert own.appraisal.sensitivity == {"discount_rate": (0.01, 0.06)}
    assert own.appraisal.household_split == base.appraisal.household_split
    assert own.districts[0].district == "Farsta"


def test_books_rest_on_books_that_rest_on_others(book):
    book("middle", based_on="../unit_costs/stockholm.yaml", price_year=2025)

    top = load_price_book(book("top", based_on="middle.yaml", carry_forward=[]))

    assert (top.price_year, top.carry_forward) == (2025, ())
    assert top.records["municipal_tax"].value == 0.1822


def test_books_in_a_circle_are_refused(book):
    book("first", based_on="second.yaml")
    second = book("second", based_on="first.yaml")

    with pytest.raises(ParameterError) as fault:
        load_price_book(second)

    assert fault.value.what == "Price books rest on each other in a circle."
    assert "based_on" in fault.value.where and fault.value.why and fault.value.fix
    assert {path.name for path in _files_within(second)} == {"first.yaml", "second.yaml"}


@pytest.mark.parametrize(
    ("content", "named"),
    [
        ({"based_on": "../unit_costs/stokholm.yaml"}, "stokholm.yaml"),
        ({"based_on": "../unit_costs/stockholm.yaml", "price_yaer": 2026}, "price_yaer"),
        ({"based_on": "../unit_costs/stockholm.yaml", "prices": [{"key": "wage"}]}, "prices"),
    ],
)
def test_a_faulty_book_is_refused_in_words(book, content, named):
    with pytest.raises(ParameterError) as fault:
        load_price_book(book(**content))

    assert named in fault.value.where
    assert fault.value.why and fault.value.fix


def test_all_files_that_a_book_rests_on_are_hashed_with_the_run():
    names = {path.name for path in _files_within(UNIT_COSTS / "stockholm_2026.yaml")}

    assert {"stockholm.yaml", "sweden.yaml", "sweden_equalisation.yaml"} <= names


def test_the_book_of_2026_is_in_money_and_rules_of_2026():
    book = load_price_book(UNIT_COSTS / "stockholm_2026.yaml")

    values = {record.key: record.value for record in book.prices}
    assert {record.price_year for record in book.prices if record.is_money} == {2026}
    assert values["guarantee_pension"] == 11988
    assert values["study_grant"] == pytest.approx(1030 * 4.3333)
    # 75 045 a household and year 2024 over 6.6 months, in prices of 2026.
    assert values["income_support"] == pytest.approx(75045 / 6.6 * 421.7 / 415.1)
    assert [record.key for record in book.prices if record.carried] == ["subsidy_cap"]


def test_the_book_of_the_documentation_can_be_used(tmp_path):
    for folder in ("rates", "price_index", "unit_costs"):
        shutil.copytree(PARAMS / folder, tmp_path / folder)
    blocks = (PARAMS.parent / "docs/PRICES.md").read_text(encoding="utf-8").split("```yaml\n")
    path = tmp_path / "unit_costs" / "malmo.yaml"
    path.write_text(blocks[1].split("```")[0], encoding="utf-8")

    book = load_price_book(path)

    assert (book.book, book.price_year) == ("malmo", 2026)
    assert book.records["municipal_tax"].value == 0.2124
    assert book.records["equalisation_rate"].value == 0.1970


def test_uppsala_keeps_a_tenth_of_new_tax_as_a_county_that_receives():
    (kept,) = [line for line in explain("kept_of_tax", PARAMS) if line.startswith("  0.0946")]

    assert "share; grade M" in kept
