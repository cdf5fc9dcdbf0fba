"""What the interventions change: heading and sentences, each rule one way and the other."""

import pytest

from evalkit.report.decision.changes import what_changes

WAIT = "start_now_rather_than_wait"
MORE = (2.0, 1.0, 3.0, 0.99)
FEWER = (-2.0, -3.0, -1.0, 0.01)
UNCLEAR = (0.4, -1.0, 1.8, 0.7)
GAIN, NOTHING, FALL = (0.08, 0.02, 0.14), (0.02, -0.05, 0.09), (-0.08, -0.14, -0.02)


@pytest.fixture
def part(run_of_two, brief_with, offered_tables, published):
    """The part about interventions: each an id with `months`, `end` (the difference in the last
    month) and, if measured, `lost` months and the month `even`.
    """

    def make(*effects, district="Norr", language="en", run=run_of_two):
        tables = offered_tables(*(_record(effect) for effect in effects), district=district)
        tables += [
            published("effect_curves", [row for effect in effects for row in _curve(effect)]),
            published("effect_timing", [row for effect in effects for row in _timing(effect)]),
        ]
        return what_changes(brief_with(run, *tables, district=district, language=language))

    return make


def effect(name="work_training", *, months=MORE, end=GAIN, **more):
    return {"id": name, "months": months, "end": end, "society": (1.0, 0.0, 2.0, 0.99), **more}


def _record(effect):
    return {
        name: effect[name]
        for name in ("id", "months", "end", "society", "figures", "outcome")
        if name in effect
    }


def _keys(effect):
    scope = "all" if effect.get("figures", "own").startswith("city") else "Norr"
    estimand = "" if effect["id"].startswith("intervention_") else WAIT
    return {"district": scope, "intervention_id": effect["id"], "estimand": estimand}


def _curve(effect):
    names = ("estimate", "ci_lower", "ci_upper")
    return [
        _keys(effect)
        | {"state": effect.get("outcome", "work"), "arm": "difference", "month": month}
        | dict(zip(names, (share * month / 24 for share in effect["end"]), strict=True))
        for month in range(25)
    ]


def _timing(effect):
    rows = [("planned_months", (6.0, 5.0, 7.0))]
    rows += [("lock_in_months", effect["lost"])] if "lost" in effect else []
    rows += [("break_even_month", (effect["even"], None, None))] if "even" in effect else []
    return [
        _keys(effect) | {"measure": measure, "estimate": value, "ci_lower": low, "ci_upper": high}
        for measure, (value, low, high) in rows
    ]


@pytest.mark.parametrize(
    ("first", "second", "heading"),
    [
        (MORE, MORE, "Both give more months in work"),
        (MORE, UNCLEAR, "More months in work with work training"),
        (UNCLEAR, FEWER, "Fewer months in work with language practice"),
        (UNCLEAR, UNCLEAR, "No intervention surely gives more months in work"),
    ],
)
def test_the_heading_says_what_surely_gives_more_months(part, plain, first, second, heading):
    told = part(effect(months=first), effect("language_practice", months=second))

    assert plain(told).split(" |")[0].replace("  ", " ").strip() == heading


def test_effects_on_different_outcomes_are_told_apart(part, plain, run_towards_the_next_step):
    told = part(
        effect(months=MORE),
        effect("language_practice", months=MORE, outcome="closer"),
        run=run_towards_the_next_step,
    )

    text = plain(told)
    heading = text.split(" |")[0].replace("  ", " ").strip()
    assert "more months closer to work with language practice" in heading.lower()
    assert "more months in work with work training" in heading.lower()
    assert "Closer to work means here" in text
    assert "step 3 of the ladder or higher" in text


def test_a_named_verdict_says_what_it_is_about(part):
    heading = part(effect(months=MORE), effect("language_practice", months=UNCLEAR)).heading

    assert 'data-question="changes"' in heading and 'data-band="yes"' in heading
    assert f'data-subject="Norr/work_training/{WAIT}/months_work"' in heading


@pytest.mark.parametrize(
    ("timing", "said"),
    [
        ({"lost": (-0.4, -0.6, -0.2), "even": 11.0}, "months); by month 11 that is made up for."),
        ({"lost": (-0.4, -0.6, -0.2)}, "months), and that is not made up for"),
        ({"lost": (-0.2, -0.5, 0.1)}, "A slight dip at first, possibly chance."),
        ({"lost": (-0.02, -0.3, 0.2)}, "No lock-in is seen."),
        ({}, "After two years the difference is"),
    ],
)
def test_the_sentence_begins_with_the_months_lost_while_it_lasts(part, plain, timing, said):
    assert said in plain(part(effect(**timing)))


@pytest.mark.parametrize(
    ("end", "said"),
    [
        (GAIN, "After two years the difference is +8 percentage points ( 2 to 14 )."),
        (NOTHING, "which may be nothing."),
        (FALL, "After two years fewer are in work: −8 percentage points"),
    ],
)
def test_the_sentence_ends_with_the_last_month_followed(part, plain, end, said):
    assert said in plain(part(effect(end=end)))


def test_the_same_finding_is_told_in_other_words_the_next_time(part, plain):
    text = plain(part(effect(lost=(0.0, -0.2, 0.2)),
                      effect("language_practice", lost=(0.0, -0.2, 0.2))))  # fmt: skip

    assert text.count("No lock-in is seen.") == 1
    assert text.count("No time seems to be lost while it runs.") == 1
    assert text.count("After two years the difference is") == 1


def test_curves_share_one_scale(part):
    large, small = part(
        effect(end=(0.38, 0.2, 0.4)), effect("language_practice", end=(0.02, 0.0, 0.04))
    ).body.split('class="panel"')[1:]

    assert "+40" in large and "+40" in small


def test_a_borrowed_figure_is_called_that_of_all_districts(part, plain):
    own = plain(part(effect()))
    beside = plain(part(effect(), effect("language_practice", figures="city_few_starters")))
    only = plain(part(effect(figures="city_few_starters")))

    assert "all districts" not in own
    assert "Language practice all districts together" in beside
    assert only.count("all districts") == 1
    assert "The figures are those of all districts together." in only


def test_the_months_gained_answer_for_their_intervention(part):
    body = part(effect()).body

    assert '<p class="big" data-answer="works" data-subject="work_training">' in body
    assert 'href="interventions/work-training.html"' in body


def test_there_is_no_part_where_no_effect_can_be_said(run_of_two, brief_with, offered_tables,
                                                      forty_interventions):  # fmt: skip
    tables = offered_tables(*forty_interventions)

    assert what_changes(brief_with(run_of_two, *tables, district="Norr")) is None
    assert what_changes(brief_with(run_of_two, district="Norr")) is None


def test_an_effect_of_too_few_people_has_no_panel(part):
    assert part(effect(months=(None, None, None, None))) is None


def test_of_forty_interventions_six_have_a_panel_and_the_others_are_named(part, plain):
    told = part(*(effect(f"intervention_{number}") for number in range(40)))

    text = plain(told)
    assert told.body.count('class="panel"') == 6
    assert told.body.count('href="interventions/intervention-') == 40
    assert text.count("After two years the difference is") == 2
    assert text.startswith("All 40 give more months in work")


def test_a_name_is_escaped_in_heading_panel_and_picture(part, make_run):
    name = {"sv": "<i>x</i>" * 25, "en": "<i>x</i>" * 25}
    run = make_run(wording={"value.work_training": name})

    told = part(effect(), run=run)

    assert "<i>" not in told.heading + told.body
    assert (told.heading + told.body).count("&lt;i&gt;x") >= 3


def test_an_effect_without_a_path_keeps_its_months_and_how_it_ends(
    run_of_two, brief_with, offered_tables, published, plain
):
    few = effect(end=GAIN)
    withheld = [row | {"estimate": None, "ci_lower": None, "ci_upper": None} for row in _curve(few)]
    tables = offered_tables(_record(few), district="Norr")
    tables += [published("effect_curves", withheld), published("effect_timing", _timing(few))]

    told = what_changes(brief_with(run_of_two, *tables, district="Norr"))

    assert "<svg" not in told.body
    assert "+2 months in two years" in plain(told)
    assert "After two years the difference is +8 percentage points" in plain(told)


def test_a_difference_of_none_as_shown_is_no_finding(part, plain):
    told = part(effect(months=(0.0, 0.0, 2.0, 0.98)))

    assert plain(told).startswith("No intervention surely gives more months in work")
