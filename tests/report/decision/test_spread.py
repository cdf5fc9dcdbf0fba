"""Months on support by district: what the heading says follows from the ranges."""

import pytest
from markupsafe import Markup

from evalkit.report.decision.spread import how_long_and_how, months_on_support


def stay(district: str, mean: float, margin: float = 0.4, **others) -> dict:
    limits = {"estimate": mean, "ci_lower": mean - margin, "ci_upper": mean + margin}
    return {"district": district, "horizon_months": 24, **limits, **others}


def text_of(part) -> str:
    return " ".join(Markup(str(part.body).replace("</td>", " </td>")).striptags().split())


def test_the_longest_horizon_is_the_one_that_is_shown(run, published, brief_with):
    rows = [stay("Norr", 9.0), {**stay("Norr", 4.0), "horizon_months": 12}]
    brief = brief_with(run, published("time_on_support", rows))

    assert months_on_support(brief, "Norr")["estimate"] == 9.0
    assert months_on_support(brief, "Söder") is None


@pytest.mark.parametrize(
    ("margin", "heading"),
    [
        (0.4, "How long people stay differs between districts: 8.0 to 9.0 months over two years"),
        (2.0, "How long people stay cannot be told apart between districts"),
    ],
)
def test_the_heading_says_whether_districts_differ(run, published, brief_with, margin, heading):
    rows = [stay("Norr", 9.0, margin), stay("Söder", 8.0, margin), stay("all", 8.5)]

    part = how_long_and_how(brief_with(run, published("time_on_support", rows)))

    assert text_of(part).startswith(heading)
    assert "the dotted line is all together, 8.5" in text_of(part)


def test_districts_stand_with_their_range_the_longest_first(run, published, brief_with):
    rows = [stay("Söder", 8.0), stay("Öster & Ön", 9.0)]

    part = how_long_and_how(brief_with(run, published("time_on_support", rows)))

    assert '<a href="oster-on.html">Öster &amp; Ön</a>' in part.body
    assert part.body.index("Öster") < part.body.index("Söder")
    assert "9.0 8.6 to 9.4" in text_of(part)


def test_a_district_whose_months_are_withheld_is_left_out(run, published, brief_with):
    rows = [stay("Norr", 9.0), stay("Söder", 8.0), stay("Öster & Ön", 7.0, withheld=True)]

    part = how_long_and_how(brief_with(run, published("time_on_support", rows)))

    assert "Norr" in part.body and "Öster" not in part.body


@pytest.mark.parametrize("rows", [[], [stay("Norr", 9.0)]])
def test_one_district_is_no_comparison(run, published, brief_with, rows):
    assert how_long_and_how(brief_with(run, published("time_on_support", rows))) is None
