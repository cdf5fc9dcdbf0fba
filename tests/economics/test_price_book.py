from pathlib import Path

import pytest
import yaml

from evalkit.economics import load_price_book
from evalkit.errors import LedgerError, ParameterError
from evalkit.line.actors import PERSPECTIVES
from evalkit.records import hash_of
from evalkit.vocabulary import in_language

UNIT_COSTS = Path(__file__).parents[2] / "params" / "unit_costs"
ADMINISTRATION = "support_administration * displaced_support_share"
NORTHERN_IRELAND, STOCKHOLM = UNIT_COSTS / "northern_ireland.yaml", UNIT_COSTS / "stockholm.yaml"


def record(content, key):
    return next(price for price in content["prices"] if price["key"] == key)


def posting(content, name):
    return next(rule for rule in content["postings"] if rule["posting"] == name)


def _price(key, **change):
    return lambda content: record(content, key).update(change)


def _posting(name, **change):
    return lambda content: posting(content, name).update(change)


def _without(key, field):
    return lambda content: record(content, key).pop(field)


def _added(kind, like, **change):
    def change_content(content):
        known = next(entry for entry in content[kind] if like in entry.values())
        content[kind].append({**known, **change})

    return change_content


def _removed(kind, name):
    return lambda content: content.update(
        {kind: [entry for entry in content[kind] if name not in entry.values()]}
    )


def _appraisal(**change):
    return lambda content: content["appraisal"].update(change)


def _range(key, kind, low, high):
    return _price(key, distribution={"kind": kind, "low": low, "high": high})


FAULTS = [
    (_added("prices", "wage"), "Names that stand more than once: 1.", "price wage"),
    (_added("postings", "wages"), "Names that stand more than once: 1.", "posting wages"),
    (_added("livelihoods", "work"), "Names that stand more than once: 1.", "livelihood work"),
    (_price("wage", name={"en": ""}), "Names missing or empty: 1.", "price wage"),
    (
        _price("wage", unit="per moth"),
        "Prices with an unknown unit: 1.",
        'price wage (did you mean "per month"?)',
    ),
    (
        _without("wage", "currency"),
        "Prices that cannot be compared: 1.",
        "price wage (no currency)",
    ),
    (
        _without("wage", "price_year"),
        "Prices that cannot be compared: 1.",
        "price wage (no price year)",
    ),
    (
        _price("fee", currency="SEK"),
        "Prices that cannot be compared: 1.",
        "price fee (a share with a currency)",
    ),
    (
        _price("place", currency="EUR"),
        "Prices in another currency: 1.",
        "price place (EUR; the book is in SEK)",
    ),
    (
        _price("place", price_year=2012),
        "Prices of another year: 1.",
        "price place (2012; the book is in prices of 2020)",
    ),
    (_price("place", value=-200), "Prices that are negative or not finite: 1.", "price place"),
    (
        _range("place", "uniform", -1, 300),
        "Prices that are negative or not finite: 1.",
        "price place",
    ),
    (
        _price("place", value=float("nan")),
        "Prices that are negative or not finite: 1.",
        "price place",
    ),
    (_price("fee", value=31.42), "Rates above one: 1.", "price fee (share)"),
    (
        _range("place", "triangular", 210, 300),
        "Distributions that do not contain their value: 1.",
        "price place (triangular)",
    ),
    (
        _range("place", "uniform", 100, None),
        "Distributions that do not contain their value: 1.",
        "price place (uniform without both ends)",
    ),
    (
        _range("place", "fixed", 100, 300),
        "Distributions that do not contain their value: 1.",
        "price place (fixed, yet with a range)",
    ),
    (
        _posting("fees", received_by="sate"),
        "Unknown actors: 1.",
        'posting fees, sate (did you mean "state"?)',
    ),
    (
        _posting("fees", received_by="resources"),
        "Postings that do not balance: 1.",
        "posting fees (a transfer has two different actors)",
    ),
    (
        _posting("fees", received_by="employer"),
        "Postings that do not balance: 1.",
        "posting fees (a transfer has two different actors)",
    ),
    (
        _posting("places", received_by="state"),
        "Postings that do not balance: 1.",
        "posting places (a real resource has one actor, and resources on the other side)",
    ),
    (
        _posting("fees", amount="wage * fees"),
        "Unknown prices: 1.",
        'posting fees, fees (did you mean "fee"?)',
    ),
    (_posting("fees", amount="wage +"), "Unknown prices: 1.", "posting fees, nothing"),
    (
        _appraisal(discount_rate="intrest"),
        "Unknown prices: 1.",
        'appraisal discount_rate, intrest (did you mean "interest"?)',
    ),
    (
        _appraisal(discount_rate="wage"),
        "Unknown prices: 1.",
        "appraisal discount_rate, wage (a rate is needed, this is money)",
    ),
    (
        _posting("fees", amount="fee"),
        "Amounts that cannot be posted: 1.",
        "posting fees, fee (one price per month is needed)",
    ),
    (
        _posting("fees", amount="wage * place"),
        "Amounts that cannot be posted: 1.",
        "posting fees, wage * place",
    ),
    (
        _posting("fees", amount="referral"),
        "Amounts that cannot be posted: 1.",
        "posting fees, referral (one price per month is needed)",
    ),
    (_posting("fees", amount=""), "Amounts that cannot be posted: 1.", "posting fees (no amount)"),
    (
        _posting("burden", amount="wage"),
        "Amounts that cannot be posted: 1.",
        "posting burden (its amount is the outlay",
    ),
    (
        _posting("fees", state=None),
        "Postings whose driver does not fit: 1.",
        "posting fees (state_months needs a state)",
    ),
    (
        _posting("referrals", state="training"),
        "Postings whose driver does not fit: 1.",
        "posting referrals (programme_starts takes no state)",
    ),
    (
        _posting("fees", interventions=["training"]),
        "Postings whose driver does not fit: 1.",
        "posting fees (state_months is not about interventions)",
    ),
    (
        _posting("referrals", interventions=["training"], other_than=["coaching"]),
        "Postings whose driver does not fit: 1.",
        "posting referrals (either interventions or other_than)",
    ),
    (
        _posting("fees", arms=[]),
        "Postings whose driver does not fit: 1.",
        "posting fees (arms must name each arm once)",
    ),
    (
        _posting("lost_fees", arms=["treated"]),
        "Postings whose driver does not fit: 1.",
        "posting lost_fees (displaced_months compares both",
    ),
    (
        _posting("fees", state="pension"),
        "States that cannot be posted: 1.",
        "posting fees, pension (no livelihood is declared for it)",
    ),
    (
        _added("livelihoods", "work", state="job"),
        "States that cannot be posted: 1.",
        "livelihood job (known:",
    ),
    (
        _removed("postings", "benefits"),
        "Livelihoods that nobody pays: 1.",
        "livelihood support (no posting from district to person)",
    ),
    (
        _removed("postings", "lost_wages"),
        "Displacement without a loser: 1.",
        "state work (displaced_others do not lose",
    ),
    (
        _posting("burden", paid_by="state"),
        "A cost of public funds without its bearer: 1.",
        "posting burden (taxpayers must bear it",
    ),
    (
        _removed("postings", "burden"),
        "A cost of public funds without its bearer: 1.",
        "0 postings driven by net_public_outlay",
    ),
    (
        _posting("places", paid_by="taxpayers"),
        "A cost of public funds without its bearer: 1.",
        "posting places (taxpayers bear nothing but",
    ),
]


@pytest.mark.parametrize(
    ("change", "what", "record_named"), FAULTS, ids=[named for _, _, named in FAULTS]
)
def test_a_faulty_book_is_refused_in_words_that_name_record_and_file(
    content, declare, change, what, record_named
):
    change(content)

    with pytest.raises(LedgerError) as fault:
        declare(content)

    assert fault.value.what == what
    assert fault.value.where.startswith(f"small.yaml: {record_named}")
    assert fault.value.why
    assert fault.value.fix
    assert len(str(fault.value).splitlines()) == 4


def test_a_faulty_book_names_all_records_of_a_kind_at_once(content, declare):
    for key in ("wage", "benefit", "place"):
        record(content, key).pop("currency")

    with pytest.raises(LedgerError) as fault:
        declare(content)

    assert fault.value.what == "Prices that cannot be compared: 3."
    assert (
        fault.value.where
        == "small.yaml: price wage (no currency), price benefit (no currency), price place (no "
        "currency)"
    )


def test_a_book_without_displaced_postings_is_refused(content, declare):
    content["postings"] = [
        rule for rule in content["postings"] if rule["driver"] != "displaced_months"
    ]

    with pytest.raises(LedgerError) as fault:
        declare(content)

    assert fault.value.where == "small.yaml: no posting driven by displaced_months"


def test_an_unknown_key_of_a_record_is_refused_by_name(content, declare):
    record(content, "wage")["vaule"] = 3

    with pytest.raises(ParameterError) as fault:
        declare(content)

    assert fault.value.what == "1 parameter is not as declared."
    assert (
        fault.value.where == 'small.yaml: unknown key "prices.wage.vaule" (did you mean "value"?)'
    )


def test_a_mistyped_value_of_a_posting_is_refused_by_name(content, declare):
    posting(content, "fees")["kind"] = "gift"

    with pytest.raises(ParameterError) as fault:
        declare(content)

    assert fault.value.where.startswith('small.yaml: "postings.fees.kind"')


def test_load_price_book_reads_a_file_and_names_it_in_faults(tmp_path, content):
    path = tmp_path / "small.yaml"
    record(content, "wage").pop("currency")
    path.write_text(yaml.safe_dump(content, allow_unicode=True), encoding="utf-8")

    with pytest.raises(LedgerError) as fault:
        load_price_book(path)

    assert str(path) in fault.value.where


def test_load_price_book_refuses_a_missing_file(tmp_path):
    with pytest.raises(ParameterError, match="A parameter file is missing"):
        load_price_book(tmp_path / "none.yaml")


def test_a_book_s_vintage_follows_its_content_not_its_place(tmp_path, content, book):
    path = tmp_path / "elsewhere.yaml"
    path.write_text(yaml.safe_dump(content, allow_unicode=True), encoding="utf-8")

    assert hash_of(load_price_book(path)) == hash_of(book)


def test_a_book_is_graded_by_its_weakest_record(content, declare):
    for price, grade in zip(content["prices"], "MHHHHHHHHHHH", strict=True):
        price["grade"] = grade

    assert declare(content).grade == "M"


def test_every_actor_outside_the_perspectives_of_one_counts_for_society():
    assert set(PERSPECTIVES["person"]) | set(PERSPECTIVES["district"]) | set(
        PERSPECTIVES["public_purse"]
    ) < set(PERSPECTIVES["society"])
    assert set(PERSPECTIVES["district"]) < set(PERSPECTIVES["public_purse"])


def test_the_prices_of_northern_ireland_are_declared_illustrative():
    book = load_price_book(NORTHERN_IRELAND)

    assert {price.grade for price in book.prices} == {"L"}
    assert all(
        in_language(price.source, "en").startswith(
            ("illustrative for this data set", "scenario:", "convention:")
        )
        for price in book.prices
    )
    assert "Illustrative" in book.note["en"]


def test_the_prices_of_northern_ireland_value_every_state_of_its_effects():
    book = load_price_book(NORTHERN_IRELAND)

    assert {livelihood.state for livelihood in book.livelihoods} == {
        "work",
        "studies",
        "support",
        "training",
        "unknown",
    }


def test_in_stockholm_a_job_is_counted_alike_whatever_its_kind():
    postings = load_price_book(STOCKHOLM).postings

    def states(driver, amount):
        return {
            posting.state
            for posting in postings
            if (posting.driver, posting.amount) == (driver, amount)
        }

    assert states("state_months", "travel") == {
        "work",
        "subsidised_work",
        "sheltered_work",
        "training",
        "studies",
    }
    assert (
        states("displaced_months", "travel")
        == states("displaced_months", ADMINISTRATION)
        == {"work", "subsidised_work"}
    )


@pytest.mark.parametrize(
    ("file", "support"), [(STOCKHOLM, "income_support"), (NORTHERN_IRELAND, "jobless_benefit")]
)
def test_no_book_takes_it_for_granted_that_whoever_loses_a_job_is_supported(file, support):
    book = load_price_book(file)
    terms = [
        term
        for posting in book.postings
        if posting.driver == "displaced_months"
        for term in posting.terms
        if support in term
    ]

    assert terms
    for term in terms:
        share = next(book.records[key] for key in term if key.startswith("displaced_"))
        assert share.unit == "share" and share.grade == "L" and share.note
        # From nobody to everybody: nothing that was read says more.
        assert (share.distribution.low, share.distribution.high) == (
            0.0,
            1.0,
        ) and 0 < share.value < 1
