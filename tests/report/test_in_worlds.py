"""What the page of method says of the record of simulated worlds."""

import pytest

from evalkit.report.method import in_worlds
from evalkit.report.method.worlds import WarnedCount, WorldCount, worlds_record
from evalkit.report.shell import brief_of
from evalkit.words import words_of_run


def world(name, strength=1.0, **counts):
    every = {
        **{"n_estimates": 200, "n_nothing": 0, "truth": 1.3, "bias_plain": 0.1, "bias_second": 0.2},
        **{"n_plain": 100, "n_second": 150, "n_span": 190, "width_plain": 1.5, "width_span": 3.7},
        **{"n_claims_plain": 0, "n_claims_span": 0, "n_expands_plain": 20, "n_expands_span": 4},
        "times": 2.3,
    }
    return WorldCount(world=name, strength=strength, **(every | counts))


@pytest.fixture
def block(run, monkeypatch):
    """The block of a record with some worlds."""

    def make(*worlds):
        record = worlds_record().model_copy(update={"worlds": worlds})
        monkeypatch.setattr(in_worlds, "worlds_record", lambda: record)
        return in_worlds.how_often_spans_hold(brief_of(run, "all", {}, {}, words_of_run(run, "en")))

    return make


def test_a_world_is_told_by_its_strongest_selection(block):
    told = block(world("persistent", 1.0, n_span=180), world("persistent", 0.3, n_span=200))

    [_, sentence] = told.text
    assert "lasts it is 90%, and 50% for the plain range" in sentence


def test_how_often_harm_would_be_expanded_is_told_beside_it(block):
    told = block(world("persistent", n_expands_plain=20, n_expands_span=4), world("broad"))

    assert "expanded in 2% of the estimates there, and in 10% by the plain" in told.text[1]
    assert "harm would be expanded in 2%" in told.text[-1]


@pytest.mark.parametrize(("times", "n_told"), [((2.6, 5.2), 1), ((5.2, 2.6), 0), ((None, 5.2), 0)])
def test_that_more_seems_to_be_needed_where_more_is_hidden_is_told_where_it_is_so(
    block, times, n_told
):
    ends = zip((0.3, 0.7), times, strict=True)
    told = block(*(world("persistent", strength, times=one) for strength, one in ends))

    grows = [one for one in told.text if "2.6 times at strength 0.3 and 5.2 at 0.7" in one]
    assert len(grows) == n_told


def test_what_arose_lately_is_told_with_how_far_both_readings_are_off(block):
    told = block(world("transient", bias_plain=1.03, bias_second=1.38, n_span=66, n_plain=4))

    assert "by +1.0 and +1.4 months on average" in told.text[-1]
    assert "(33%, the plain range 2%)" in told.text[-1]


def test_a_world_without_a_second_reading_has_none_in_the_table(block):
    [table] = block(world("first_spells", bias_second=None, n_nothing=200, n_second=0)).tables

    [row] = table.rows
    assert row[0] == "Something hidden that lasts, where few have worked before"
    assert row[1:] == ("1.0", "200", "50%", "–", "95%", "1.5", "3.7", "10%", "2%", "2.3")


def test_checks_stand_with_their_hits_and_false_alarms(block):
    warned = WarnedCount(check="earlier_months", n_wrong=40, n_hits=8, n_right=0, n_false_alarms=0)
    tables = block(world("persistent", warned=(warned,))).tables

    assert tables[1].rows[0][2:] == ("Months before, after weighting", "8 of 40", "–")


def test_every_world_and_check_of_the_record_has_words(run):
    for language in ("en", "sv"):
        brief = brief_of(run, "all", {}, {}, words_of_run(run, language))
        told = in_worlds.how_often_spans_hold(brief)

        assert len(told.tables[0].rows) == len(worlds_record().worlds)
