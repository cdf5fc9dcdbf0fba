"""When the money is back: heading and lines, each rule one way and the other."""

import re

import pytest

from evalkit.report.decision.back import when_back

WAIT = "start_now_rather_than_wait"
SOCIETY = (50_000.0, 10_000.0, 90_000.0, 0.99)
SURE, LIKELY, UNCLEAR, UNLIKELY, NO = 0.99, 0.9, 0.6, 0.1, 0.01


@pytest.fixture
def part(run_of_two, brief_with, offered_tables, published):
    """The part about interventions: each an id, `back` (month and probability for the public
    purse), and more perspectives by name.
    """

    def make(*records, followed=36, horizon=60, district="Norr", language="en"):
        bare = [
            {name: one[name] for name in ("id", "society", "figures") if name in one}
            for one in records
        ]
        tables = {table.name: table for table in offered_tables(*bare, district=district)}
        tables["value_parts"] = published(
            "value_parts",
            [
                _keys(one)
                | {"perspective": "society", "part": "total", "estimate": one["society"][0]}
                | {"horizon_months": horizon, "followed_months": followed, "currency": "SEK"}
                for one in records
            ],
        )
        tables["value_payback"] = published(
            "value_payback", [row for one in records for row in _payback(one, horizon)]
        )
        tables["value_curve"] = published(
            "value_curve", [row for one in records for row in _curve(one, horizon)]
        )
        brief = brief_with(run_of_two, *tables.values(), district=district, language=language)
        return when_back(brief)

    return make


def intervention(name="work_training", back=(21, SURE), **more):
    return {"id": name, "society": SOCIETY, "back": back, **more}


def _keys(one):
    scope = "all" if one.get("figures", "own").startswith("city") else "Norr"
    estimand = "" if one["id"].startswith("intervention_") else WAIT
    return {"district": scope, "intervention_id": one["id"], "estimand": estimand}


def _payback(one, horizon):
    perspectives = {"public_purse": one["back"], **one.get("others", {})}
    return [
        _keys(one)
        | {"perspective": name, "return_month": month, "probability_returns": probability}
        | {"horizon_months": horizon, "deepest": 0.0 if month == 0 else -100.0, "currency": "SEK"}
        for name, (month, probability) in perspectives.items()
    ]


def _curve(one, horizon):
    return [
        _keys(one)
        | {"perspective": name, "month": month, "estimate": 1_000.0 * (month - 20)}
        | {"currency": "SEK"}
        for name in ("public_purse", *one.get("others", {}))
        for month in range(horizon + 1)
    ]


def heading_of(told):
    return re.sub("<[^>]+>", "", told.heading)


@pytest.mark.parametrize(
    ("first", "second", "heading"),
    [
        ((21, SURE), (30, SURE), "The public purse has its money back in 21 to 30 months"),
        ((21, SURE), (21, SURE), "The public purse has its money back in 21 months"),
        (
            (21, SURE),
            (30, LIKELY),
            "The public purse probably has its money back in 21 to 30 months",
        ),
        (
            (21, SURE),
            (50, UNCLEAR),
            "The public purse has its money back from work training, in 21 months",
        ),
        ((None, NO), (None, NO), "The public purse does not get its money back in five years"),
        (
            (None, NO),
            (None, UNLIKELY),
            "The public purse probably does not get its money back in five years",
        ),
        ((None, NO), (50, UNCLEAR), "When is the money back?"),
        ((0, SURE), (21, SURE), "When is the money back?"),
    ],
)
def test_the_heading_is_the_band_of_the_least_sure_return(part, first, second, heading):
    told = part(intervention(back=first), intervention("language_practice", back=second))

    assert heading_of(told) == heading


def test_a_verdict_says_of_whom_and_for_how_long(part):
    heading = part(intervention()).heading

    assert 'data-question="pays" data-subject="Norr/work_training/public_purse"' in heading
    assert 'data-horizon="60" data-band="yes"' in heading


def test_lines_say_when_and_how_sure(part, plain):
    others = {"district": (None, 0.3), "society": (0, 0.99)}

    told = part(intervention(others=others))

    text = plain(told)
    assert "the public purse 21 months ( over 98% )" in text
    assert "the district not in five years ( 30% )" in text
    assert "society never out of pocket" in text
    assert 'data-answer="back" data-subject="work_training"' in told.body


def test_what_is_projected_is_shaded_and_said(part, plain):
    projected, followed = plain(part(intervention())), plain(part(intervention(), followed=60))

    assert "what is shaded is projected" in projected
    assert "projected" not in followed


def test_only_a_line_that_passes_zero_has_a_mark_there(part):
    others = {"society": (None, 0.3)}

    curve = part(intervention(others=others)).body.split("<ul")[0]

    assert 'class="mark of-public_purse"' in curve and 'class="mark of-society"' not in curve


def test_a_horizon_that_is_no_whole_years_has_its_ends_in_months(part, plain):
    assert "18 months" in plain(part(intervention(), horizon=18, followed=18))


def test_of_forty_interventions_six_have_a_panel(part, plain):
    told = part(*(intervention(f"intervention_{number}") for number in range(40)))

    assert told.body.count('class="panel"') == 6
    assert "Smaller or less sure" in plain(told)


def test_there_is_no_part_without_a_value(run_of_two, brief_with, offered_tables):
    tables = offered_tables({"id": "work_training", "months": (2.0, 1.0, 3.0, 0.99)})

    assert when_back(brief_with(run_of_two, *tables, district="Norr")) is None
    assert when_back(brief_with(run_of_two, district="Norr")) is None
