"""Who is here: facts, groups and ways out, each rule one way and the other."""

import pytest

from evalkit.line.actors import PAYER_LOOKS
from evalkit.line.states import LOOKS
from evalkit.report.decision.stays import who_stays
from evalkit.report.parts.layout import contrast, style

GROUP = {"district": "Norr", "horizon_months": 24, "characteristic": "obstacle"}
LONG = {"district": "Norr", "measure": "long_term_10_of_12"}


def group(name, estimate, margin, **keys):
    limits = {"estimate": estimate, "ci_lower": estimate - margin, "ci_upper": estimate + margin}
    return {**GROUP, "group": name, **limits, **keys}


@pytest.fixture
def part(run, brief_with, published):
    """The part of a page with groups, exits (district to ways out and shares) and further rows."""

    def make(groups=(), exits=None, *, district="Norr", language="en", **others):
        ways = [
            {"district": where, "exit": way, "share": share, "withheld": share is None}
            for where, shares in (exits or {}).items()
            for way, share in shares.items()
        ]
        tables = {"group_months": list(groups), "exits": ways, **others}
        made = [published(name, rows) for name, rows in tables.items() if rows]
        return who_stays(brief_with(run, *made, district=district, language=language))

    return make


@pytest.mark.parametrize(
    ("margins", "heading"),
    [
        ((0.5, 0.5, 0.5), "Those on sick leave stay longest, the unemployed shortest"),
        ((0.5, 2.0, 3.0), "Those on sick leave stay longest"),
        ((3.0, 3.0, 0.5), "The unemployed stay shortest"),
        ((3.0, 3.0, 3.0), "How long do people stay, and where do they go?"),
    ],
)
def test_the_heading_names_groups_whose_ranges_stand_apart_from_all_others(part, margins, heading):
    sick, language, unemployed = margins
    rows = [
        group("certified_sick", 16.0, sick),
        group("language", 12.5, language),
        group("unemployed", 8.0, unemployed),
    ]

    assert part(rows).heading == heading


def test_an_age_and_a_group_without_a_word_stand_in_a_sentence(part):
    rows = [
        group("–24", 4.0, 0.5, characteristic="age"),
        group("young <b>parents</b>", 9.0, 0.5),
    ]

    heading = part(rows).heading

    assert heading == (
        "The group “young &lt;b&gt;parents&lt;/b&gt;” stay longest, those under 25 shortest"
    )


def test_a_group_of_too_few_people_has_no_row_and_is_no_finding(part, plain):
    rows = [
        group("certified_sick", 16.0, 0.5, withheld=True),
        group("language", 12.5, 2.0),
        group("unemployed", 11.0, 2.0),
    ]

    text = plain(part(rows))

    assert "Certified sick" not in text and "Language 12.5" in text
    assert text.startswith("How long do people stay")


def test_the_longest_stay_is_marked_for_whoever_asks(part):
    body = part([group("language", 12.5, 2.0), group("unemployed", 11.0, 2.0)]).body

    assert body.count("data-answer=") == 1
    assert 'data-answer="stays_longest" data-subject="language"' in body


def test_a_group_bears_the_citys_months_and_the_mean_of_everyone_here(part, plain):
    rows = [group("language", 12.5, 2.0), group("unemployed", 11.0, 2.0)]
    city = [{**row, "district": "all", "estimate": row["estimate"] - 1} for row in rows]
    everyone = {"district": "Norr", "horizon_months": 24, "estimate": 11.5}
    everyone |= {"ci_lower": 11.0, "ci_upper": 12.0}

    body = part([*rows, *city], time_on_support=[everyone]).body

    assert "all districts 11.5" in body
    assert body.count('class="city"') == body.count('class="everyone"') == 2


def test_the_facts_are_of_the_last_year_and_of_the_longest_horizon(part, plain):
    people = [
        {**LONG, "year": year, "answer": answer, "n_persons": n, "share": share}
        for year, answer, n, share in (
            (2020, "all", 400, 1.0),
            (2020, "yes", 100, 0.25),
            (2021, "all", 500, 1.0),
            (2021, "yes", 150, 0.3),
        )
    ]

    text = plain(part(long_term=people))

    assert "500 adults were on income support in 2021" in text
    assert "30% of them for at least ten months" in text
    assert "400" not in text


def test_a_share_of_too_few_people_is_left_out_of_the_facts(part, plain):
    people = [
        {**LONG, "year": 2021, "answer": "all", "n_persons": 500, "share": 1.0},
        {**LONG, "year": 2021, "answer": "yes", "withheld": True},
    ]

    text = plain(part(long_term=people))

    assert "500 adults" in text and "ten months" not in text


def test_rare_and_withheld_ways_out_stand_together_without_a_number(part, plain):
    here = {"work": 0.5, "studies": 0.25, "pension": 0.02, "out": None}

    body = part(exits={"Norr": here, "all": {**here, "out": 0.02}}).body

    assert "to-pension" not in body and "to-out" not in body
    assert body.count("to-other") == 2
    assert 'to-other"><span>other</span> </li>' in body


def test_the_exits_heading_says_the_most_common_way_and_how_many_nobody_knows(part):
    known = {"work": 0.6, "studies": 0.4}

    without = part(exits={"Norr": known})
    beside = part(exits={"Norr": {"work": 0.4, "studies": 0.3, "unknown": 0.3}})

    assert ">60</span> of 100 leave for work</h3>" in without.body
    assert "leave for work, of <span" in beside.body and ">30</span> nobody knows" in beside.body


@pytest.mark.parametrize("exits", [None, {"Norr": {"work": None, "studies": None}}])
def test_a_part_without_anything_to_show_says_why(part, exits):
    nothing = part(exits=exits)

    assert nothing.heading == "How long people stay cannot be said"
    assert "have a known beginning" in nothing.body


def test_the_city_has_one_bar_and_no_tick_of_its_own(part):
    rows = [
        group("language", 12.5, 2.0, district="all"),
        group("unemployed", 11.0, 2.0, district="all"),
    ]

    body = part(rows, {"all": {"work": 0.6, "studies": 0.4}}, district="all").body

    assert body.count('class="of-whom"') == 1 and 'class="city"' not in body


def test_letters_on_every_colour_stand_out():
    looks = (*PAYER_LOOKS.values(), *LOOKS.values())
    grounds = {colour for look in looks for colour in (look.colour, look.on_dark)}

    best = {
        ground: max(contrast(ink, ground) for ink in ("#ffffff", "#000000")) for ground in grounds
    }

    assert {ground: ratio for ground, ratio in best.items() if ratio < 4.5} == {}
    assert "--on-exit-work:#ffffff" in style("decision")


def test_contrast_is_that_of_the_guidelines():
    assert contrast("#ffffff", "#000000") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.005)
