"""What the page of method says of advice in simulated cities is what the record holds."""

from datetime import date
from types import SimpleNamespace

import pytest
from pydantic import ValidationError

from evalkit.report.method import advice_record as module
from evalkit.report.method.advice_record import (
    AdviceCount,
    AdviceRecord,
    advice_record,
    how_often_advice_is_right,
)
from evalkit.run_rules import AdviceRules

COUNTS = (
    ("all", "expand", 200, 190, 0.91, 0.98),
    ("own", "expand", 150, 145, 0.92, 0.99),
    ("city", "expand", 50, 45, 0.8, 0.97),
    ("all", "stop", 80, 78, 0.93, 1.0),
    ("own", "stop", 80, 78, 0.93, 1.0),
    ("all", "cannot_be_said", 120, None, None, None),
    ("own", "cannot_be_said", 120, None, None, None),
)


def made_record():
    names = ("figures", "advice", "n_given", "n_right", "right_lower", "right_upper")
    return AdviceRecord(
        city="stockholm",
        made=date(2026, 5, 1),
        version="9.8.7",
        first_seed=400,
        n_cities=20,
        n_people=12_000,
        n_draws=100,
        n_districts=14,
        n_interventions=3,
        followed_months=36,
        horizon_months=60,
        price_factors=(0.5, 8.0),
        rules=AdviceRules(),
        counts=tuple(AdviceCount(**dict(zip(names, row, strict=True))) for row in COUNTS),
    )


@pytest.fixture
def block(words, monkeypatch):
    monkeypatch.setattr(module, "advice_record", made_record)
    return how_often_advice_is_right(SimpleNamespace(words=words))


def test_sentences_give_how_often_and_how_sure(block, words):
    made, expand, stop, silent = (str(sentence) for sentence in block.text)

    assert all(text in made for text in (words.number(12_000), words.duration(60)))
    assert all(text in expand for text in ("200", words.percent(0.95, 1), words.percent(0.91, 1)))
    assert all(text in stop for text in ("80", words.percent(0.975, 1), words.percent(1.0, 1)))
    # 120 of the 400 say neither that a start gains nor that it loses; to keep was never advised.
    assert words.percent(0.3) in silent
    assert "9.8.7" in str(block.after[-1]) and "400" in str(block.after[-1])


def test_the_table_has_a_row_for_each_advice_and_whose_figures_it_rests_on(block, words):
    (table,) = block.tables

    assert [row[2] for row in table.rows] == ["200", "150", "50", "80", "80", "120", "120"]
    assert table.rows[1][3] == words.percent(145 / 150, 1)
    assert table.rows[5][3:] == (words.text("record.abstains"), "–")


def test_what_was_never_advised_has_no_share():
    keep = made_record().of("keep")

    assert (keep.n_given, keep.right_share) == (0, None)
    assert made_record().n_given("own") == 350


def test_a_misspelt_record_is_refused():
    with pytest.raises(ValidationError):
        AdviceCount(figures="own", advice="expnd", n_given=1)


def test_the_record_that_comes_with_this_version_is_read_and_told(words):
    record = advice_record()

    block = how_often_advice_is_right(SimpleNamespace(words=words))

    assert record.n_given() > 0
    assert words.number(record.of("expand").n_given) in str(block.text[1])
