"""What is said of ways of working, reforms and the order of the districts follows from ranges."""

import pytest

from evalkit.report.decision.reforms import ways_and_reforms

EFFECT = {"intervention_id": "work_training", "estimand": "start_now_rather_than_wait"}


def plain(findings) -> list[tuple[str, str]]:
    return [
        (finding.about, finding.text.striptags().replace("\u00a0", " ")) for finding in findings
    ]


def reform(low: float, high: float, *, outcome: str = "exit", verdict: str = "estimated") -> dict:
    limits = {"change": (low + high) / 2, "change_lower": low, "change_upper": high}
    return {"action_id": "<b>one door</b>", "outcome": outcome, "verdict": verdict, **limits}


def way(model: str, low: float, high: float, **others) -> dict:
    gap = {"gap": (low + high) / 2, "gap_lower": low, "gap_upper": high}
    return {**EFFECT, "model": model, "effect_state": "estimated", **gap, **others}


def place(district: str, low: float, high: float) -> dict:
    return {**EFFECT, "district": district, "rank_lower": low, "rank_upper": high, "n_districts": 8}


def test_a_reform_whose_range_leaves_out_zero_is_a_clear_change(run, published, brief_with):
    table = published("rollout_effects", [reform(0.1, 0.3)])

    findings = ways_and_reforms(brief_with(run, table))

    assert plain(findings) == [
        ("Clear change", "<b>one door</b>, share who leave for work: +20% (10 to 30%).")
    ]
    assert "<b>one" not in findings[0].text


def test_reforms_are_told_by_what_can_be_said_of_them(run, published, brief_with):
    rows = [reform(-0.1, 0.3), reform(0.1, 0.3, outcome="entry", verdict="trend_before")]

    findings = plain(ways_and_reforms(brief_with(run, published("rollout_effects", rows))))

    assert [about for about, _ in findings] == ["Unclear", "Cannot be said"]
    assert findings[0][1].endswith("+10% (−10 to 30%). The change may be chance.")
    assert "%" not in findings[1][1]


def test_a_reform_without_published_numbers_cannot_be_said(run, published, brief_with):
    table = published("rollout_effects", [{**reform(0.1, 0.3), "withheld": True}])

    assert [about for about, _ in plain(ways_and_reforms(brief_with(run, table)))] == [
        "Cannot be said"
    ]


def test_ways_of_working_that_differ_are_named_largest_first(run, published, brief_with):
    rows = [way("own", -2.0, -1.0), way("bought", 2.0, 4.0), way("mobile", -1.0, 1.5)]

    ((about, text),) = plain(ways_and_reforms(brief_with(run, published("effects_by_model", rows))))

    assert about == "Ways of working"
    assert text.index("bought in work training, +3 (2 to 4) months in work") < text.index("own")
    assert "mobile" not in text


def test_ways_of_working_that_do_not_differ_are_said_not_to(run, published, brief_with):
    rows = [way("own", -2.0, 1.0), way("bought", -1.0, 4.0)]

    ((_, text),) = plain(ways_and_reforms(brief_with(run, published("effects_by_model", rows))))

    assert text.startswith("none surely differs from the others. Highest is bought")


@pytest.mark.parametrize("change", [{"effect_state": "cannot_be_said"}, {"withheld": True}])
def test_ways_of_working_of_which_nothing_is_known_are_left_out(run, published, brief_with, change):
    table = published("effects_by_model", [way("own", -2.0, 1.0, **change)])

    assert ways_and_reforms(brief_with(run, table)) == ()


def test_an_order_in_which_every_place_is_open_says_nothing(run, published, brief_with):
    table = published("district_ranks", [place("Norr", 1, 8), place("Söder", 2, 7)])

    assert plain(ways_and_reforms(brief_with(run, table))) == [
        (
            "The order of the districts",
            "says nothing. Each place spans more than half of the list, so no list is shown.",
        )
    ]


def test_a_place_that_is_known_to_half_of_the_list_is_named(run, published, brief_with):
    table = published("district_ranks", [place("Norr", 1, 4), place("Söder", 2, 7)])

    ((_, text),) = plain(ways_and_reforms(brief_with(run, table)))

    assert "Norr in work training, place 1 to 4 of 8" in text and "Söder" not in text


def test_a_long_list_of_findings_is_cut(run, published, brief_with):
    rows = [way(f"way {number}", 1.0 + number, 4.0 + number) for number in range(9)]

    ((_, text),) = plain(ways_and_reforms(brief_with(run, published("effects_by_model", rows))))

    assert text.count("months in work") == 3 and "more in the evidence" in text


def test_nothing_is_said_without_tables(run, brief_with):
    assert ways_and_reforms(brief_with(run)) == ()
