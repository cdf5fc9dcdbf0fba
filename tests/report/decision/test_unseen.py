"""The first screen where nobody knows what people live on after support: the district's budget with
its range, and that nothing else can be said.
"""

import re
from html import unescape

import pytest
import yaml

from evalkit.report.decision.answer_sentences import answer_in_sentences
from evalkit.report.decision.do_now import do_now
from evalkit.report.decision.matrix import where_it_pays
from evalkit.report.decision.moves import what_moves
from evalkit.report.decision.offer_table import offer_table
from evalkit.report.decision.offered import offered
from evalkit.report.decision.sure import how_certain

SURE = (50_000.0, 10_000.0, 90_000.0, 0.99)
BUDGET = (8_000.0, -2_000.0, 18_000.0, 0.9)
MONTHS = (2.0, 0.5, 3.5, 0.99)


@pytest.fixture
def brief(run_of_two, brief_with, offered_tables):
    """The brief of a page; language practice counts months without support."""
    second = run_of_two.path("second.yaml")
    protocol = yaml.safe_load(second.read_text(encoding="utf-8"))
    second.write_text(
        yaml.safe_dump(
            protocol | {"primary_outcome": "without_support", "leavers_in_month_one": "stay"}
        ),
        encoding="utf-8",
    )

    def make(*records, district="Norr", language="en"):
        tables = offered_tables(*records, district=district)
        return brief_with(run_of_two, *tables, district=district, language=language)

    return make


def unseen(**more):
    told = {"district": BUDGET, "months": MONTHS, "outcome": "without_support", "cost": 9_000.0}
    about = {"advice": "cannot_be_said", "reason": "livelihood_unknown", "figures": "own"}
    return {"id": "language_practice", **told, **about, **more}


def seen(**more):
    return {"id": "work_training", "society": SURE, **more}


def text(markup) -> str:
    return re.sub(r"\s+", " ", unescape(re.sub("<[^>]+>", "", markup)).replace("\u00a0", " "))


def sentences(brief):
    answer = answer_in_sentences(brief, offered(brief))
    return [text(sentence.finding + sentence.rest) for sentence in answer.sentences]


SAID = {
    "en": "What society gains from language practice cannot be said: what people live on "
    "afterwards is not fully seen. For Norr, a start gives in the budget of the district over five "
    "years, in support no longer paid less places: SEK 8,000 (−2,000 to 18,000) in "
    "language practice.",
    "sv": "Vad samhället vinner på språkpraktik går inte att säga: vad människor lever på efteråt "
    "syns inte fullt ut. För Norr ger en start i budgeten för distriktet på fem år, i stöd som "
    "inte längre betalas ut minus platser: 8 000 kr (−2 000 till 18 000) i språkpraktik.",
}


@pytest.mark.parametrize("language", SAID)
def test_the_answer_tells_the_district_s_budget_with_its_range(brief, language):
    assert sentences(brief(unseen(), language=language)) == [SAID[language]]


def test_what_is_seen_of_others_is_told_as_it_is_without_it(brief):
    alone, beside = sentences(brief(seen())), sentences(brief(seen(), unseen()))

    assert beside == [*alone, SAID["en"]]


def test_figures_of_all_districts_together_are_named_as_such(brief):
    (told,) = sentences(brief(unseen(figures="city_few_starters")))

    assert "For all districts, a start gives" in told


def test_no_amount_is_told_where_no_posting_concerns_the_district(brief):
    (told,) = sentences(brief(unseen(district=(0.0, 0.0, 0.0, 0.0))))

    assert told == (
        "What society gains from language practice cannot be said: what people live on afterwards "
        "is not fully seen."
    )


def test_the_row_has_the_district_s_number_and_grey_words_for_the_others(brief):
    page = brief(seen(), unseen())

    row = next(
        row
        for row in offer_table(page, offered(page)).rows
        if row.intervention_id == "language_practice"
    )

    lines = [(line.perspective, text(line.number), line.is_said) for line in row.values]
    assert lines == [
        ("district", "+8,000", True),
        ("public_purse", "not seen", False),
        ("society", "not seen", False),
    ]
    assert row.advice == "cannot_be_said" and row.verdict == row.back == ""
    assert text(row.reason) == (
        "−2,000 to 18,000 in the budget of the district: support no longer paid less places. What "
        "people live on is not fully seen."
    )


@pytest.mark.parametrize(
    ("back", "said"),
    [
        ((12, 0.97), "Money back after 12 months (97%)."),
        ((None, 0.4), "Money not back in five years by the estimate (40% that it is)."),
        ((0, 0.99), "Never out of pocket."),
    ],
)
def test_the_row_says_when_the_district_has_its_money_back(brief, back, said):
    page = brief(unseen(back=back, back_to="district"))

    (row,) = offer_table(page, offered(page)).rows

    assert f"less places. {said} What people live on" in text(row.reason)


def test_nothing_is_to_be_done_and_the_reason_is_not_that_values_are_missing(brief):
    page = brief(unseen())

    assert text(do_now(page, offered(page)).nothing) == (
        "Nothing: what society gains cannot be said, so nothing is advised."
    )


@pytest.mark.parametrize(
    ("record", "said"),
    [
        (unseen(), "Of language practice only the budget of the district can be told"),
        (
            unseen(district=(0.0, 0.0, 0.0, 0.0)),
            "so what language practice gives anybody in money cannot be said",
        ),
    ],
)
def test_what_is_not_known_says_what_is_missing(brief, plain, record, said):
    told = plain(how_certain(brief(record)))

    assert said in told
    assert "there is no effect, or there are no prices" not in told


def test_the_city_s_page_neither_compares_nor_ranks(brief, plain):
    page = brief(unseen(), district="all")

    assert "cannot be compared district by district" in plain(where_it_pays(page))
    assert "the interventions cannot be ranked" in plain(what_moves(page))
