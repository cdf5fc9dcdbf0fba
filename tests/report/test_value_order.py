"""What decision-makers read of value: the number, its range, its source and grade, then the
picture.
"""

import re
from html import unescape

import pytest

from evalkit.line.price_book import MONEY_UNITS, RATE_UNITS, TIME_UNITS
from evalkit.report.site import write_district_page, write_method
from evalkit.words import words_of_run


def test_the_number_its_range_source_and_grade_stand_before_the_picture(
    run, tables, figures, words
):
    value = tables["value_parts"]

    html = write_district_page(run, "Norr", tables, figures, words).read_text(encoding="utf-8")

    section = re.search(r'<section[^>]*"value"[^>]*>.*?</section>', html, flags=re.DOTALL)[0]
    numbers = [match.start() for match in re.finditer(r'data-table="value_parts"', section)]
    note = section.index(words.text("mark.table_note", source=value.source, grade=value.grade))
    # The number and the two ends of its range.
    assert len([at for at in numbers if at < note]) >= 3
    assert note < section.index("<svg")


@pytest.mark.parametrize(
    ("return_month", "probability", "band", "estimate"),
    [
        (29, 0.99, "yes", "estimate_month"),
        (0, 0.99, "yes", "estimate_at_once"),
        (None, 0.01, "no", None),
        (29, 0.46, "unclear", "estimate_month"),
        (0, 0.9, "probably", "estimate_at_once"),
        (None, 0.3, "unclear", "estimate_never"),
        (None, 0.15, "probably_not", None),
    ],
)
def test_the_money_is_said_to_come_back_as_likely_as_the_draws_have_it(
    run, tables, figures, words, make_payback, return_month, probability, band, estimate
):
    with_payback = {
        **tables,
        "value_payback": make_payback([("work_training", return_month, probability)]),
    }

    said = _leads(write_district_page(run, "Norr", with_payback, figures, words))

    verdict = words.text(
        f"value_time.lead_{band}", horizon=60, probability=words.probability(probability)
    )
    assert said == [
        " ".join(
            [
                verdict,
                *([words.text(f"value_time.{estimate}", month=return_month)] if estimate else []),
            ]
        )
    ]


@pytest.mark.parametrize(
    ("probability", "band"),
    [
        (0.96, "yes"),
        (0.95, "yes"),
        (0.9, "probably"),
        (0.5, "unclear"),
        (0.2, "probably_not"),
        (0.05, "no"),
    ],
)
def test_society_is_said_to_gain_as_likely_as_the_draws_have_it(
    run, tables, figures, words, make_parts, probability, band
):
    parts = make_parts([("work_training", (25200.0, -3600.0, 42500.0, probability))])

    said = _leads(
        write_district_page(run, "Norr", {**tables, "value_parts": parts}, figures, words),
        section="value",
    )

    amounts = {
        "estimate": words.money(25200, "SEK", -2, is_signed=True),
        "probability": words.probability(probability),
    }
    limits = words.text(
        "unit.range", low=words.money(-3600, "SEK", -2), high=words.money(42500, "SEK", -2)
    )
    assert said == [words.text(f"value_page.lead_{band}", **amounts, range=limits, horizon=60)]


@pytest.mark.parametrize(
    ("readings", "key"),
    [((0.99, 0.7), "both_readings"), ((0.7, None), "one_reading"), ((None, None), None)],
)
def test_how_sure_either_reading_is_stands_beside_the_sums(
    run, tables, figures, words, make_parts, readings, key
):
    shown = ("work_training", (25200.0, -3600.0, 42500.0, 0.7))
    parts = make_parts([shown], readings=readings)

    page = write_district_page(run, "Norr", {**tables, "value_parts": parts}, figures, words)

    html = page.read_text(encoding="utf-8")
    section = re.search(r'<section[^>]*"value"[^>]*>.*?</section>', html, flags=re.DOTALL)[0]
    plain = " ".join(unescape(re.sub(r"<[^>]+>", "", section)).split())
    plain_probability, second_probability = (
        words.probability(one) if one is not None else "" for one in readings
    )
    texts = {
        name: words.text(f"value_page.{name}", plain=plain_probability, second=second_probability)
        for name in ("both_readings", "one_reading")
    }
    said = [name for name, text in texts.items() if " ".join(text.split()) in plain]
    assert said == ([key] if key else [])


def test_of_several_interventions_those_that_cannot_be_told_are_named_apart(
    run_of_two, two_interventions, make_payback
):
    months = [("work_training", 29, 0.99), ("language_practice", 45, 0.46)]
    tables = {**two_interventions, "value_payback": make_payback(months)}

    words = words_of_run(run_of_two, "sv")
    said = _leads(write_district_page(run_of_two, "Norr", tables, {}, words))

    assert said[:2] == [
        words.text("value_time.group_yes", interventions=words.text("work_training"), horizon=60),
        words.text(
            "value_time.group_unclear", interventions=words.text("language_practice"), horizon=60
        ),
    ]


def test_the_units_of_prices_stand_in_the_readers_language(run, tables, words):
    html = write_method(run, tables, words).read_text(encoding="utf-8")

    assert f"<td>{words.text('price_unit.per_month')}, " in html
    assert all(
        words.has(f"price_unit.{unit.replace(' ', '_')}")
        for unit in (*RATE_UNITS, *MONEY_UNITS, *TIME_UNITS)
    )


def _leads(page, section="value_time"):
    section = re.search(
        rf'<section[^>]*"{section}"[^>]*>.*?</section>',
        page.read_text(encoding="utf-8"),
        flags=re.DOTALL,
    )[0]
    return [
        unescape(re.sub(r"<[^>]+>", "", lead))
        for lead in re.findall(r'<p class="lead">(.*?)</p>', section, flags=re.DOTALL)
    ]
