"""The table of the first screen: which columns and cells stand in it, and what it does with names,
withheld rows and many interventions.
"""

import re
from html import unescape

import pytest

from evalkit.report.decision.answer import the_answer
from evalkit.report.decision.offer_table import offer_table
from evalkit.report.decision.offered import offered

SURE = (50_000.0, 10_000.0, 90_000.0, 0.99)
UNCLEAR = (9_000.0, -20_000.0, 40_000.0, 0.6)
NOTHING = (0.0, 0.0, 0.0, 0.0)
WHOLE = {
    "id": "work_training",
    "society": SURE,
    "purse": SURE,
    "district": UNCLEAR,
    "months": (2.0, 1.0, 3.0, 0.99),
    "back": (21, 0.99),
    "cost": 31_520.0,
}
GREY = {"id": "coaching", "cost": 13_310.0}


@pytest.fixture
def table_of(run_of_two, brief_with, offered_tables):
    """The table about records of interventions."""

    def write(*records, tables=(), district="Norr", language="en"):
        own = offered_tables(*records, district=district)
        brief = brief_with(run_of_two, *own, *tables, district=district, language=language)
        return offer_table(brief, offered(brief))

    return write


@pytest.fixture
def html_of(run_of_two, brief_with, offered_tables):
    """The markup of the first screen about records of interventions."""

    def write(*records, tables=(), district="Norr", language="en"):
        own = offered_tables(*records, district=district)
        return the_answer(
            brief_with(run_of_two, *own, *tables, district=district, language=language)
        ).body

    return write


def plain(text) -> str:
    return unescape(re.sub("<[^>]+>", "", text)).replace("\u00a0", " ")


def answers(html, name) -> dict[str, str]:
    """The text of each element that answers a question of readers, by intervention."""
    pattern = rf'data-answer="{name}" data-subject="([^"]+)"[^>]*>(.*?)</(?:td|th)>'
    return {subject: " ".join(plain(text).split()) for subject, text in re.findall(pattern, html)}


def test_a_whole_row_answers_every_question(html_of):
    html = html_of(WHOLE)

    assert answers(html, "offered") == {"work_training": "Work training"}
    assert answers(html, "people") == {"work_training": "40"}
    assert answers(html, "cost")["work_training"].startswith("31,500")
    assert "+2 1 to 3" in answers(html, "works")["work_training"]
    assert answers(html, "back")["work_training"].startswith("21 months")
    assert answers(html, "sure")["work_training"].startswith("Yes over 98%")
    assert answers(html, "advice")["work_training"].startswith("Expand")
    for name, number in (("district", "+9,000"), ("purse", "+50,000"), ("society", "+50,000")):
        line = re.search(rf'data-answer="pays_{name}".*?</b>', html)[0]
        assert plain(line).endswith(number)


def test_a_row_without_figures_answers_what_it_can_and_says_why_in_three_words(html_of):
    html = html_of(WHOLE, GREY)

    assert answers(html, "people")["coaching"] == "40"
    assert answers(html, "cost")["coaching"] == "13,300"
    assert answers(html, "advice")["coaching"] == "Cannot be said"
    assert re.findall(r'class="why" colspan="(\d)">([^<]*)<', html) == [
        ("4", "effect not computed")
    ]


def test_without_any_value_its_columns_are_left_out_and_the_reason_stands_by_the_advice(
    table_of, published
):
    record = {"id": "work_training", "months": (2.0, 1.0, 3.0, 0.99), "reason": "no_price_book"}
    status = published(
        "effect_status",
        [
            {
                "district": "Norr",
                "intervention_id": "work_training",
                "estimand": "start_now_rather_than_wait",
                "effect_state": "estimated",
            }
        ],
    )

    table = table_of(record, tables=[status])

    assert table.columns == ("starts", "months")
    assert [(row.reason, row.reason_span) for row in table.rows] == [("no price book", 0)]


def test_beside_valued_rows_an_effect_alone_says_why_it_has_no_value(table_of, published):
    record = {
        "id": "language_practice",
        "months": (1.0, -1.0, 3.0, 0.8),
        "reason": "compared_with_another",
    }
    status = published(
        "effect_status",
        [
            {
                "district": "Norr",
                "intervention_id": "language_practice",
                "estimand": "start_now_rather_than_wait",
                "effect_state": "estimated",
            }
        ],
    )

    row = table_of(WHOLE, record, tables=[status]).rows[1]

    assert plain(row.months) == "+1" and row.values == ()
    assert (row.reason, row.reason_span) == ("compared with another", 3)


def test_months_that_are_not_shown_beside_a_value_are_said_to_be_withheld(table_of):
    table = table_of(WHOLE, {"id": "language_practice", "society": (5.0, 1.0, 9.0, 0.99)})

    row = table.rows[1]
    assert row.values and (row.reason, row.reason_span) == ("not shown", 1)


def test_a_district_that_no_posting_concerns_has_no_line(table_of):
    table = table_of({**WHOLE, "district": NOTHING})

    assert [line.perspective for line in table.rows[0].values] == ["public_purse", "society"]


def test_a_society_of_exactly_nothing_keeps_its_line(table_of):
    table = table_of({"id": "work_training", "society": NOTHING, "advice": "cannot_be_said"})

    assert [line.perspective for line in table.rows[0].values] == ["society"]


@pytest.mark.parametrize(
    ("back", "shown", "note"),
    [
        ((21, 0.99), "21", "months"),
        ((21, 0.6), "21", "months, unsure"),
        ((0, 0.99), "never out", ""),
        ((None, 0.1), "not in five years", ""),
    ],
)
def test_the_month_of_return_says_how_sure_it_is(table_of, back, shown, note):
    row = table_of({**WHOLE, "back": back}).rows[0]

    assert (plain(row.back), row.back_note) == (shown, note)


@pytest.mark.parametrize(
    ("probability", "word", "shown"),
    [
        (0.995, "Yes", "over 98%"),
        (0.9, "Probably", "90%"),
        (0.6, "Unclear", "60%"),
        (0.1, "Probably not", "10%"),
        (0.01, "No", "under 2%"),
    ],
)
def test_how_sure_is_a_word_and_a_probability(table_of, probability, word, shown):
    row = table_of({**WHOLE, "society": (1_000.0, -1.0, 2_000.0, probability)}).rows[0]

    assert (plain(row.verdict), plain(row.probability)) == (word, shown)


def test_months_and_values_stand_on_one_scale_for_all_rows(table_of):
    table = table_of(
        WHOLE, {"id": "language_practice", "society": (5_000.0, 4_000.0, 6_000.0, 0.99)}
    )

    zeros = [re.search(r'class="zero" x1="([\d.]+)%"', row.value_picture)[1] for row in table.rows]
    assert len(set(zeros)) == 1
    assert "SEK thousand" in plain(table.heads["values"])


def test_values_have_the_same_digits_in_every_row(table_of):
    small = (412.0, 11.0, 873.0, 0.97)

    table = table_of(WHOLE, {"id": "language_practice", "society": small})

    assert [plain(row.values[-1].number) for row in table.rows] == ["+50,000", "+400"]


def test_outcomes_that_differ_are_told_row_by_row(make_run, brief_with, offered_tables):
    import yaml

    run = make_run(effects={"protocols": ["protocol.yaml", "second.yaml"]})
    protocol = yaml.safe_load(run.path("protocol.yaml").read_text(encoding="utf-8"))
    second = {**protocol, "intervention_id": "language_practice", "follow_up_months": 12}
    run.path("second.yaml").write_text(yaml.safe_dump(second), encoding="utf-8")
    records = [WHOLE, {**WHOLE, "id": "language_practice"}]
    brief = brief_with(run, *offered_tables(*records), district="Norr")

    table = offer_table(brief, offered(brief))

    assert plain(table.heads["months"]) == "More months in what the intervention is for"
    assert {row.intervention_id: row.months_unit for row in table.rows} == {
        "work_training": "in work, two years",
        "language_practice": "in work, one year",
    }


def test_rows_of_all_districts_together_say_so_and_what_figures_of_ones_own_take(
    table_of, published
):
    borrowed = {
        **WHOLE,
        "id": "language_practice",
        "figures": "city_few_starters",
        "own_starters_needed": 130,
    }
    status = published(
        "effect_status",
        [
            {
                "district": "Norr",
                "intervention_id": "language_practice",
                "estimand": "start_now_rather_than_wait",
                "n_starters": 25,
            }
        ],
    )

    table = table_of(WHOLE, borrowed, tables=[status])

    assert {plain(row.note) for row in table.rows if row.is_borrowed} == {
        "all districts together; 25 here"
    }
    assert [plain(note) for note in table.notes] == [
        "Hatched rows show figures of all districts together.",
        "Figures of its own take about this many starts: language practice 130.",
    ]


def test_figures_drawn_towards_those_of_others_are_said_to_be(table_of):
    assert [plain(note) for note in table_of({**WHOLE, "figures": "pooled"}).notes] == [
        "The district's own figures are drawn towards those of the other districts."
    ]


def test_a_trial_stands_below_its_advice(table_of):
    trial = {"trial_persons": 400, "trial_months": 24, "trial_worth": 1e6}
    record = {**WHOLE, "advice": "try_out", "reason": "worth_a_trial", **trial}

    assert plain(table_of(record).rows[0].reason) == "trial: 400 people for 24 months"


@pytest.mark.parametrize("language", ["sv", "en"])
def test_withheld_rows_are_marked_and_nothing_of_them_is_told(html_of, language):
    html = html_of({**WHOLE, "withheld": True}, GREY, language=language)

    cells = answers(html, "people")
    assert cells["work_training"] in ("visas inte", "not shown")
    assert "work_training" not in answers(html, "works")
    assert "pays_society" not in html


def test_names_are_escaped_and_long_ones_whole(html_of):
    name = "<b>Kurs</b> & " + "arbetsmarknadsutbildning" * 8

    html = html_of({**GREY, "name": name})

    assert "&lt;b&gt;Kurs&lt;/b&gt; &amp; " in html and "<b>Kurs" not in html
    assert plain(html).count("arbetsmarknads\u00adutbildning") >= 1


def test_delivered_names_lose_their_explanations_where_they_stay_apart(table_of):
    rows = table_of(
        {**GREY, "name": "Steget: hälsa först, för sjukskrivna"},
        {"id": "a", "name": "Kurs (kort)"},
        {"id": "b", "name": "Kurs (lång)"},
    ).rows

    assert {row.name for row in rows} == {"Steget: hälsa först", "Kurs (kort)", "Kurs (lång)"}


def test_forty_interventions_are_forty_rows(table_of, html_of):
    records = [
        {"id": f"course_{place}", "society": (1_000.0 * place, -1.0, 50_000.0, 0.9)}
        if place % 2
        else {"id": f"course_{place}"}
        for place in range(40)
    ]

    table = table_of(*records)

    assert len(table.rows) == 40
    assert [bool(row.values) for row in table.rows] == [True] * 20 + [False] * 20
    assert len(answers(html_of(*records), "advice")) == 40


def test_a_page_of_nobody_s_interventions_has_a_sentence_and_no_table(html_of):
    html = html_of()

    assert "No intervention is among the delivered data" in html and "<table" not in html


@pytest.mark.parametrize("language", ["sv", "en"])
def test_where_districts_are_municipalities_none_is_called_a_district(
    make_run, brief_with, offered_tables, language
):
    run = make_run(districts_are="municipalities")
    record = {**WHOLE, "figures": "pooled", "paid": (20_000.0, 5_000.0), "gain": 3_000.0}
    tables = offered_tables(record)

    html = the_answer(brief_with(run, *tables, district="Norr", language=language)).body

    assert "pooled" not in plain(html) and not re.search("distri[ck]t", plain(html).lower())


def test_every_number_of_the_first_screen_has_its_address(html_of):
    html = html_of({**WHOLE, "paid": (20_000.0, 5_000.0), "gain": 3_000.0, "state": SURE}, GREY)

    bare = re.sub(r'<span class="(?:number|mark)"[^>]*>[^<]*</span>', "", html)
    bare = re.sub(r"<svg.*?</svg>", "", bare, flags=re.DOTALL)
    assert re.findall(r">[^<]*\d[^<]*<", bare) == []
