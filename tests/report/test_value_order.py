"""What decision-makers read of value: the number, its range, its source and grade, then the picture."""

import re
from html import unescape

import pytest

from evalkit.economics.option_rules import RATE_UNITS
from evalkit.economics.price_rules import MONEY_UNITS, TIME_UNITS
from evalkit.report import words_of_run, write_district_page


def test_the_number_its_range_source_and_grade_stand_before_the_picture(run, tables, figures, words):
    value = tables["value_summary"]

    html = write_district_page(run, "Norr", tables, figures, words).read_text(encoding="utf-8")

    section = re.search(r'<section[^>]*"value"[^>]*>.*?</section>', html, flags=re.DOTALL)[0]
    numbers = [match.start() for match in re.finditer(r'data-table="value_summary"', section)]
    note = section.index(words.text("mark.table_note", source=value.source, grade=value.grade))
    # The number and the two ends of its range.
    assert len([at for at in numbers if at < note]) >= 3
    assert note < section.index("<svg")


@pytest.mark.parametrize(
    ("return_month", "probability", "lead"),
    [
        (29, 0.99, "lead_returns"),
        (0, 0.99, "lead_at_once"),
        (None, 0.01, "lead_never"),
        (29, 0.46, "lead_returns_unclear"),
        (0, 0.9, "lead_at_once_unclear"),
        (None, 0.3, "lead_never_unclear"),
    ],
)
def test_the_money_is_said_to_come_back_only_where_the_draws_agree(
    run, tables, figures, words, make_payback, return_month, probability, lead
):
    with_payback = {**tables, "value_payback": make_payback([("work_training", return_month, probability)])}

    said = _leads(write_district_page(run, "Norr", with_payback, figures, words))

    month = "" if return_month is None else return_month
    assert said == [words.text(f"value_time.{lead}", month=month, probability=words.probability(probability))]


def test_of_several_interventions_those_that_cannot_be_told_are_named_apart(run_of_two, two_interventions, make_payback):
    months = [("work_training", 29, 0.99), ("language_practice", 45, 0.46)]
    tables = {**two_interventions, "value_payback": make_payback(months)}

    words = words_of_run(run_of_two, "sv")
    said = _leads(write_district_page(run_of_two, "Norr", tables, {}, words))

    assert said[:2] == [
        words.text("value_time.group_returns", interventions=words.text("work_training")),
        words.text("value_time.group_unclear", interventions=words.text("language_practice")),
    ]


def test_the_units_of_prices_stand_in_the_readers_language(run, tables, figures, words):
    html = write_district_page(run, "Norr", tables, figures, words).read_text(encoding="utf-8")

    assert f"<td>{words.text('price_unit.per_month')}, " in html
    assert all(words.has(f"price_unit.{unit.replace(' ', '_')}") for unit in (*RATE_UNITS, *MONEY_UNITS, *TIME_UNITS))


def _leads(page):
    section = re.search(r'<section[^>]*"value_time"[^>]*>.*?</section>', page.read_text(encoding="utf-8"), flags=re.DOTALL)[0]
    return [unescape(re.sub(r"<[^>]+>", "", lead)) for lead in re.findall(r'<p class="lead">(.*?)</p>', section, flags=re.DOTALL)]
