"""No sentence of a decision page is built the same way more than twice."""

import pytest

from evalkit.report.site import write_decision_page
from evalkit.words import words_of_run

SURE = (50_000.0, 10_000.0, 90_000.0, 0.99)
UNCLEAR = (9_000.0, -20_000.0, 40_000.0, 0.6)
VALUED = {
    "society": SURE,
    "purse": SURE,
    "district": UNCLEAR,
    "months": (2.0, 1.0, 3.0, 0.99),
    "back": (21, 0.99),
    "cost": 31_520.0,
    "state": SURE,
    "person": UNCLEAR,
    "paid": (9_000.0, 3_000.0),
    "gain": 5_000.0,
}


@pytest.mark.parametrize("language", ["sv", "en"])
@pytest.mark.parametrize("district", ["Norr", "all"])
@pytest.mark.parametrize("other", [VALUED, {**VALUED, "society": UNCLEAR}, {}])
def test_no_sentence_is_built_alike_more_than_twice(
    run_of_two, offered_tables, forty_interventions, skeletons, district, language, other
):
    words = words_of_run(run_of_two, language)
    interventions = ("work_training", "language_practice")
    records = [
        {"id": interventions[0], **VALUED},
        {"id": interventions[1], **other},
        *forty_interventions,
    ]
    tables = {table.name: table for table in offered_tables(*records, district=district)}

    page = write_decision_page(run_of_two, district, tables, words)

    names = [*run_of_two.params.districts, words.text("all"), *map(words.text, interventions)]
    names += [record["id"].replace("_", " ") for record in forty_interventions]
    counts = skeletons(page.read_text(encoding="utf-8"), names)
    assert len(counts) > 5
    assert {sentence: n for sentence, n in counts.items() if n > 2} == {}


def test_a_sentence_that_is_built_alike_is_found(skeletons):
    html = "".join(
        f"<p>{name} pays for society with {number} kronor.</p>"
        for name, number in (("Coaching", 100), ("Training", "2,300"), ("Coaching", 5))
    )

    assert skeletons(html, ["coaching", "training"]) == {"@ pays for society with # kronor.": 3}
