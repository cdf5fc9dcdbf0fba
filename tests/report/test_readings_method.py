"""The method's section on both readings: with what the run's protocols declare."""

from dataclasses import replace

import pytest

from evalkit.line.protocol_parts import SecondReading
from evalkit.report.method.readings import how_effects_are_read
from evalkit.report.shell import brief_of
from evalkit.words import protocol_card, words_of_run


@pytest.fixture
def brief(run_of_two):
    return brief_of(run_of_two, "all", {}, {}, words_of_run(run_of_two, "en"))


def text_of(section):
    shown = [
        *section.leads,
        *(one for block in section.blocks for one in block.points + block.text),
    ]
    return " ".join(one.striptags() for one in shown)


def test_the_section_has_the_windows_and_shares_that_the_protocols_declare(brief):
    first, second = brief.protocols.values()
    rule = SecondReading(window_months=24, min_share_with_past=0.3)
    other = second.model_copy(update={"second_reading": rule})
    protocols = {first.intervention_id: first, other.intervention_id: other}

    text = text_of(how_effects_are_read(replace(brief, protocols=protocols)))

    assert "of the 12 and 24 months before the present period on income support" in text
    assert "Where fewer than 20% and 30% of those who started" in text


def test_a_window_that_all_protocols_share_is_said_once(brief):
    assert "of the 12 months before" in text_of(how_effects_are_read(brief))


@pytest.mark.parametrize(
    ("scale", "said"), [(None, "less 2 for each"), (1.5, "less 1.50 for each")]
)
def test_the_protocols_card_says_how_the_past_is_counted(brief, scale, said):
    rule = SecondReading(scale=scale)
    protocol = next(iter(brief.protocols.values())).model_copy(update={"second_reading": rule})

    assert said in dict(protocol_card(protocol).iter_rows())["second reading"]
