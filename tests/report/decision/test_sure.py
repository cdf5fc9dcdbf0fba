"""How sure it is and what is not known: each check one way and the other."""

import re

import pytest

from evalkit.report.decision.sure import how_certain, state_of

WAIT = "start_now_rather_than_wait"
SOCIETY = (50_000.0, 10_000.0, 90_000.0, 0.99)
MONTHS = (2.0, 1.0, 3.0, 0.99)


@pytest.fixture
def part(run_of_two, brief_with, offered_tables, published):
    """The part about interventions with an effect, with tables of checks by name."""

    def make(*records, district="Norr", language="en", run=run_of_two, **tables):
        made = {table.name: table for table in offered_tables(*records, district=district)}
        made |= {name: published(name, rows) for name, rows in tables.items() if rows}
        return how_certain(brief_with(run, *made.values(), district=district, language=language))

    return make


def intervention(name="work_training", **more):
    return {"id": name, "months": MONTHS, "society": SOCIETY, **more}


def both():
    return intervention(), intervention("language_practice")


def keys(name="work_training", **more):
    return {"district": "Norr", "intervention_id": name, "estimand": WAIT, **more}


def check_of(told, title):
    """The state and the text of the line with this title."""
    [line] = [item for item in told.body.split("data-check=")[1:] if f"<b>{title}" in item]
    text = re.sub("<[^>]+>", " ", line.split(">", 1)[1])
    return line.split('"')[1], re.sub(r"\s+", " ", text.replace("\u00a0", " "))


@pytest.mark.parametrize(
    ("holding", "state"),
    [
        ([], "not_tested"),
        ([True, True], "holds"),
        ([True, False, False], "in_part"),
        ([False], "weak"),
    ],
)
def test_the_word_of_a_check_follows_for_how_many_it_holds(holding, state):
    assert state_of(holding) == state


def alike(verdict, value, name="work_training", district="all"):
    row = {"district": district, "intervention_id": name, "check": "max_abs_smd"}
    return {**row, "value": value, "limit": 0.1, "verdict": verdict}


@pytest.mark.parametrize(
    ("second", "state", "said"),
    [
        (("passed", 0.05), "holds", "Those who started resemble those they are compared with."),
        (("warning", 0.13), "in_part", "Except for language practice, those who started"),
    ],
)
def test_groups_are_alike_as_their_check_says(part, second, state, said):
    rows = [alike("passed", 0.04), alike(*second, "language_practice")]

    found = check_of(part(*both(), effect_checks=rows), "Alike groups.")

    assert found[0] == state and said in found[1]
    assert "Work training : 0.04" in found[1]


def test_a_districts_own_check_goes_before_that_of_all(part):
    own = [alike("warning", 0.2, district="Norr")]

    found = check_of(
        part(intervention(), effect_checks=[alike("passed", 0.04)], district_checks=own),
        "Alike groups.",
    )

    assert found[0] == "weak" and "0.2" in found[1] and "0.040" not in found[1]


def ways(*conventions, name="work_training"):
    return [
        {"district": "all", "intervention_id": name, "convention": convention}
        | {"difference": value, "ci_lower": value - margin, "ci_upper": value + margin}
        for convention, value, margin in conventions
    ]


def test_another_way_of_counting_holds_where_its_range_lies_on_the_same_side(part):
    declared = ("declared", 2.0, 1.0)

    same = part(
        intervention(),
        effect_sensitivity=ways(declared, ("leavers_excluded", 2.6, 1.0), ("naive", -9.0, 1.0)),
    )
    other = part(intervention(), effect_sensitivity=ways(declared, ("leavers_excluded", 0.5, 1.0)))

    assert check_of(same, "Other ways to count.")[0] == "holds"
    assert "2 to 2.6" in check_of(same, "Other ways to count.")[1]
    assert check_of(other, "Other ways to count.")[0] == "weak"


def sham(verdict, p, test="negative_control"):
    row = {"district": "all", "intervention_id": "work_training", "test": test}
    return {**row, "p_holm": p, "verdict": verdict}


@pytest.mark.parametrize(
    ("rows", "state", "said"),
    [
        (
            [sham("passed", 0.6), sham("passed", 0.3, "earlier_months")],
            "holds",
            "Work training : 30%",
        ),
        (
            [sham("warning", 0.01)],
            "weak",
            "Where no difference should be seen, one is all the same",
        ),
        ([], "not_tested", "No such test could be made."),
    ],
)
def test_sham_tests_hold_where_none_finds_anything(part, rows, state, said):
    found = check_of(part(intervention(), placebo=rows), "Where nothing should be seen.")

    assert found[0] == state and said in found[1]


def starts(n, scope="Norr", information="enough", **more):
    status = keys(n_starters=n, effect_state="estimated", **more)
    reading = keys(reading="detectable_months", estimate=1.2, information=information)
    return {"effect_status": [status], "effect_readings": [{**reading, "district": scope}]}


def test_starts_suffice_where_the_figures_are_the_districts_own(part):
    own = part(intervention(), **starts(300))
    borrowed = part(intervention(figures="city_few_starters"), **starts(12, "all"))

    assert check_of(own, "Number of starts.")[0] == "holds"
    assert "Work training : 300 ; 1.2" in check_of(own, "Number of starts.")[1]
    assert check_of(borrowed, "Number of starts.")[0] == "weak"
    assert "Work training : 10" in check_of(borrowed, "Number of starts.")[1]
    assert "1.2" not in check_of(borrowed, "Number of starts.")[1]


def test_starts_do_not_suffice_where_a_difference_of_weight_would_not_have_been_seen(part):
    blind = part(intervention(), **starts(300, information="too_little"))

    assert check_of(blind, "Number of starts.")[0] == "weak"


def test_numbers_of_all_districts_are_called_so(part):
    of_all = part(intervention(), placebo=[sham("passed", 0.3)])
    own = part(intervention(), placebo=[{**sham("passed", 0.3), "district": "Norr"}])

    assert (
        "large a finding, all districts together; under"
        in check_of(of_all, "Where nothing should be seen.")[1]
    )
    assert "large a finding; under" in check_of(own, "Where nothing should be seen.")[1]


def test_the_unknown_are_those_of_the_people_whose_effects_are_shown(part):
    exits = [
        {"district": district, "exit": "unknown", "share": share}
        for district, share in (("Norr", 0.1), ("all", 0.2))
    ]

    own = part(intervention(), exits=exits)
    borrowed = part(intervention(figures="city_few_starters"), exits=exits)

    assert "nobody knows how 10 ended" in check_of(own, "Unknown outcome.")[1]
    assert "nobody knows how 20 ended" in check_of(borrowed, "Unknown outcome.")[1]


def test_starters_that_are_too_few_to_show_are_marked(part):
    found = check_of(part(intervention(), **starts(3, withheld=True)), "Number of starts.")

    assert "not shown" in found[1]


def cases(worst, best):
    return [
        keys(reading=f"{name}_case_months", estimate=value)
        for name, value in (("worst", worst), ("best", best))
    ]


@pytest.mark.parametrize(
    ("worst", "state", "said"),
    [
        (0.4, "holds", "Not even at worst does the difference change sign."),
        (-1.2, "weak", "At worst it hides the effect."),
    ],
)
def test_unknown_outcomes_hide_an_effect_that_would_change_sign(part, worst, state, said):
    unknown = [{"district": "Norr", "exit": "unknown", "share": 0.17}]

    found = check_of(
        part(intervention(), effect_readings=cases(worst, 5.0), exits=unknown), "Unknown outcome."
    )

    assert found[0] == state
    assert f"Of 100 periods nobody knows how 17 ended. {said}" in found[1]


def test_a_loss_is_hidden_by_the_best_case(part):
    loss = intervention(months=(-2.0, -3.0, -1.0, 0.01))

    hidden = part(loss, effect_readings=cases(-5.0, 1.0))
    seen = part(loss, effect_readings=cases(-5.0, -0.2))

    assert check_of(hidden, "Unknown outcome.")[0] == "weak"
    assert check_of(seen, "Unknown outcome.")[0] == "holds"
    assert "nobody knows how" not in hidden.body


def test_what_is_not_valued_is_counted(part, plain, forty_interventions):
    text = plain(part(intervention(), *forty_interventions))

    assert "40 of 41 interventions are not valued. Grey means unknown, not bad." in text


def test_of_the_value_that_is_projected_the_largest_part_is_told(part, plain):
    parts = [
        keys(name, perspective="society", part=which, estimate=value, currency="SEK")
        | {"followed_months": 36, "horizon_months": 60}
        for name, which, value in (
            ("work_training", "total", 50_000.0),
            ("work_training", "projected", 10_000.0),
            ("language_practice", "total", 40_000.0),
            ("language_practice", "projected", 30_000.0),
        )
    ]

    text = plain(part(*both(), value_parts=parts))

    assert "Of SEK 40,000 for language practice, SEK 30,000 is projected, not seen." in text


def test_a_value_that_was_followed_to_the_end_has_nothing_projected(part, plain):
    parts = [
        keys(perspective="society", part=which, estimate=value, currency="SEK")
        | {"followed_months": 60, "horizon_months": 60}
        for which, value in (("total", 50_000.0), ("projected", 0.0))
    ]

    assert "projected" not in plain(part(intervention(), value_parts=parts))


def test_an_assumed_displacement_is_called_an_assumption(part, plain):
    rows = [keys(perspective="society", parameter="displacement_central", value=0.2)]

    assert "That 20 of 100 new jobs are taken" in plain(part(intervention(), value_tornado=rows))
    assert "new jobs are taken" not in plain(part(intervention()))


def test_a_run_without_prices_says_that_nothing_is_valued(part, plain):
    estimated = [keys(effect_state="estimated", n_starters=90)]

    text = plain(part({"id": "work_training", "months": MONTHS}, effect_status=estimated))

    assert "Nothing is valued in money" in text and "no reading sees" in text
    assert "have no price here" not in text


def test_where_no_effect_can_be_said_only_what_is_unknown_stands(part, plain, forty_interventions):
    told = part(*forty_interventions)

    assert told.heading == "What do we not know?"
    assert told.body.count("<h2>") == 0 and 'class="checks"' not in told.body
    assert 'data-answer="unknown"' in told.body


def test_there_is_no_part_where_nothing_is_offered(run_of_two, brief_with):
    assert how_certain(brief_with(run_of_two, district="Norr")) is None


def test_a_name_is_escaped(part, make_run):
    run = make_run(wording={"value.work_training": {"sv": "<b>x" * 50, "en": "<b>x" * 50}})

    body = part(intervention(), run=run, placebo=[sham("warning", 0.01)]).body

    assert "<b>x" not in body and "&lt;b&gt;x" in body
