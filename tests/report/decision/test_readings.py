"""What the past shows: on a decision page the same answer, two answers or nothing; in the evidence
both readings and their span.
"""

import re
from dataclasses import replace

import pytest

from evalkit.report.decision.sure import how_certain
from evalkit.report.evidence.readings import what_the_past_shows

WAIT = "start_now_rather_than_wait"
PLAIN = (1.8, 0.9, 2.6)


@pytest.fixture
def told(run_of_two, brief_with, offered_tables, published, plain):
    """The part about some interventions with both readings of each."""

    def make(*spans, language="en", district="Norr", figures="own", sure=0.5):
        names = [span["intervention_id"] for span in spans]
        offered = offered_tables(
            *({"id": name, "months": (*PLAIN, sure), "figures": figures} for name in names),
            district=district,
        )
        status = [keys(name, effect_state="estimated", n_starters=90) for name in names]
        tables = [*offered, published("effect_status", status), published("effect_span", spans)]
        brief = brief_with(run_of_two, *tables, district=district, language=language)
        return plain(how_certain(brief))

    return make


def keys(name="work_training", **more):
    return {"district": "Norr", "intervention_id": name, "estimand": WAIT, **more}


def readings(second, plain=PLAIN, name="work_training"):
    both = {
        f"{reading}{limit}": value
        for reading, values in (("plain", plain), ("second", second))
        for limit, value in zip(("", "_lower", "_upper"), values, strict=True)
    }
    return keys(name, **both, verdict="two_readings")


def nothing(name="work_training"):
    return keys(name, plain=1.8, plain_lower=0.9, plain_upper=2.6, verdict="past_shows_nothing")


def test_readings_on_one_side_of_zero_give_the_same_answer(told):
    text = told(readings((1.5, 0.2, 2.8)))

    assert "Holds Two readings. Both readings of the past give the same answer." in text
    assert "+1.5 ( 0.2 to 2.8 ) ; +1.8 ( 0.9 to 2.6 )" in text


def test_readings_that_both_hold_zero_leave_it_open(told):
    text = told(readings((0.5, -0.4, 1.4), plain=(0.7, -0.1, 1.5)))

    assert "Holds Two readings. Neither reading of the past gives a sure answer." in text


@pytest.mark.parametrize("second", [(-0.4, -1.4, 0.6), (-1.0, -1.8, -0.2)])
def test_readings_that_part_are_told_with_what_each_supposes(told, second):
    text = told(readings(second))

    assert "Weak Two readings." in text
    assert (
        "If what set those who started work training apart before lasts, the gain is "
        f"{'−0.4' if second[0] == -0.4 else '−1.0'}" in text
    )
    assert "months in work over two years; if it is only what the register holds, +1.8" in text


@pytest.mark.parametrize(
    ("sure", "said"),
    [
        (0.7, "Weak Two readings. Both readings of the past point the same way, but only one"),
        (0.9, "Holds Two readings. Both readings of the past give the same answer."),
    ],
)
def test_a_second_reading_that_holds_zero_agrees_where_both_are_likely_enough(told, sure, said):
    assert said in told(readings((1.6, -0.2, 3.4)), sure=sure)


def test_a_past_that_shows_nothing_is_not_tested_alone_and_no_agreement_beside_others(told):
    alone = told(nothing())
    beside = told(readings((1.5, 0.2, 2.8)), nothing("language_practice"))

    said = "had been in work in the 12 months before their present period on income support"
    assert f"Not tested Two readings. Too few of those who started work training {said}" in alone
    assert "In part Two readings." in beside
    assert "the same answer on work training." in beside and said in beside


def test_where_many_part_they_are_named_in_one_sentence(told, monkeypatch):
    monkeypatch.setattr("evalkit.report.decision.readings._MOST_TOLD", 1)

    text = told(
        *(readings((-0.4, -1.4, 0.6), name=n) for n in ("work_training", "language_practice"))
    )

    assert "For language practice and work training the gain is another" in text
    assert text.count("−0.4 ( −1.4 to 0.6 ) ; +1.8") == 2


def test_readings_that_are_withheld_are_not_told(told):
    text = told(keys(withheld=True))

    assert "Not tested Two readings. What the past shows is not told." in text


def test_every_page_says_once_what_no_reading_sees(told):
    text = told(readings((1.5, 0.2, 2.8)))

    assert text.count("no reading sees") == 1


def test_swedish_tells_two_readings_too(told):
    text = told(readings((-0.4, -1.4, 0.6)), language="sv")

    assert "Två läsningar." in text and "är det bara det som registret ser, +1,8" in text


@pytest.fixture
def evidence(run_of_two, brief_with, published):
    """The section of a district's evidence, or of an intervention's, with some readings."""

    def make(*spans, district="Norr", intervention=""):
        status = [
            {name: span[name] for name in ("district", "intervention_id", "estimand")}
            | {"effect_state": "estimated", "n_starters": 90}
            for span in spans
        ]
        tables = published("effect_status", status), published("effect_span", spans)
        brief = brief_with(run_of_two, *tables, district=district)
        return what_the_past_shows(replace(brief, intervention=intervention))

    return make


def spanned(second, low, high, **more):
    return {**readings(second), "span_lower": low, "span_upper": high, **more}


def test_the_evidence_draws_both_readings_and_their_span_on_one_axis(evidence):
    section = evidence(spanned((-0.4, -1.4, 0.6), -1.4, 2.6))

    [lead], [figure] = section.leads, section.blocks[0].figures
    assert "The range that stands on the pages is −1.4 to 2.6" in lead.striptags()
    lines = [
        [
            float(end)
            for end in re.findall(r'class="range of-\w+" x1="([\d.]+)%" x2="([\d.]+)%', one)[0]
        ]
        for one in figure.svg.split('class="reading ')[1:4]
    ]
    second, plain, span = lines
    assert span == [min(second[0], plain[0]), max(second[1], plain[1])]


def test_a_past_that_shows_nothing_is_told_without_a_picture(evidence):
    section = evidence({**nothing(), "span_lower": 0.9, "span_upper": 2.6})

    [block] = section.blocks
    assert "for the past to show anything" in section.leads[0]
    assert not block.figures
    [row] = block.tables[0].rows
    assert row[1] == "nothing is shown"


def test_an_interventions_page_has_the_city_and_every_district_in_its_table(evidence):
    section = evidence(
        spanned((-0.4, -1.4, 0.6), -1.4, 2.6, district="all"),
        spanned((-0.4, -1.4, 0.6), -1.4, 2.6),
        district="all",
        intervention="work_training",
    )

    [table] = section.blocks[0].figures[0].tables
    assert [re.sub("<[^>]+>", "", row[0]) for row in table.rows] == ["All districts", "Norr"]


def test_nothing_is_said_of_the_past_where_no_reading_is_published(evidence):
    assert evidence(keys(withheld=True)) is None
