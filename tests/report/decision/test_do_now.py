"""What to do next: at most three things, by rule, and what would turn the answer."""

import re
from html import unescape

import pytest

from evalkit.report.decision.do_now import do_now
from evalkit.report.decision.offered import offered

SURE = (50_000.0, 10_000.0, 90_000.0, 0.99)
LOSS = (-30_000.0, -60_000.0, -4_000.0, 0.01)
UNCLEAR = (9_000.0, -20_000.0, 40_000.0, 0.6)


SURENESS = [(0.96, "and gives"), (0.9, "and probably gives")]


@pytest.fixture
def next_steps(run_of_two, brief_with, offered_tables):
    """What to do now, from records of interventions and further tables."""

    def write(*records, tables=(), district="Norr"):
        own = offered_tables(*records, district=district)
        brief = brief_with(run_of_two, *own, *tables, district=district)
        return do_now(brief, offered(brief))

    return write


@pytest.fixture
def moves(published):
    """The table allocation_moves of a district, from starts now and planned, cost and value."""

    def make(**by_intervention):
        rows = [
            {
                "district": "Norr",
                "intervention_id": name,
                "n_starts_now": now,
                "n_starts_planned": planned,
                "cost_now": now * 10_000.0,
                "cost_planned": planned * 10_000.0,
                "added_value": value,
                "ci_lower": value - 900_000.0,
                "ci_upper": value + 900_000.0,
                "probability_positive": probability,
                "currency": "SEK",
            }
            for name, (now, planned, value, probability) in by_intervention.items()
        ]
        return published("allocation_moves", rows)

    return make


def plain(text) -> str:
    return unescape(re.sub("<[^>]+>", "", text)).replace("\u00a0", " ")


def titles(steps) -> list[str]:
    return [plain(thing.title) for thing in steps.things]


def one(society=SURE, **more):
    return {"id": "work_training", "society": society, "cost": 30_000.0, **more}


def other(society=SURE, **more):
    return {"id": "language_practice", "society": society, "cost": 20_000.0, **more}


def unclear():
    return other(UNCLEAR, advice="cannot_be_said", reason="too_unsure")


def test_the_plan_says_from_how_many_to_how_many_at_what_cost_and_for_what_value(next_steps, moves):
    plan = moves(
        work_training=(100.0, 160.0, 4_000_000.0, 0.99),
        language_practice=(80.0, 20.0, -1_500_000.0, 0.02),
    )

    steps = next_steps(one(), unclear(), tables=[plan])

    assert titles(steps) == [
        "Expand work training.",
        "Without new money: take it from language practice.",
    ]
    assert [plain(thing.text) for thing in steps.things] == [
        "From 100 to 160 starts a year costs SEK 1.6 million instead of 1.0 and gives society a "
        "further SEK 4.0 million (3.1 to 4.9) over five years.",
        "From 80 to 20 starts a year costs SEK 200,000 instead of 800,000; for society that means "
        "−SEK 1.5 million (−2.4 to −0.6).",
    ]


@pytest.mark.parametrize("advice", ["expand", "keep"])
def test_nothing_is_taken_from_what_is_to_be_expanded_or_kept(next_steps, moves, advice):
    plan = moves(
        work_training=(100.0, 160.0, 4_000_000.0, 0.99),
        language_practice=(80.0, 20.0, -1_500_000.0, 0.02),
    )

    steps = next_steps(one(), other(advice=advice), tables=[plan])

    assert titles(steps) == ["Expand work training."]


def test_nothing_is_taken_from_where_it_buys_nothing_more(next_steps, moves):
    plan = moves(work_training=(100.0, 20.0, 400_000.0, 0.85))
    record = one(UNCLEAR, advice="cannot_be_said", reason="too_unsure")

    assert titles(next_steps(record, tables=[plan])) == []


@pytest.mark.parametrize(
    "move",
    [(100.0, 160.0, 400_000.0, 0.7), (100.0, 100.4, 400_000.0, 0.99)],
    ids=["unclear", "few"],
)
def test_a_plan_that_changes_little_or_unsurely_is_not_told(next_steps, moves, move):
    thing = next_steps(one(), tables=[moves(work_training=move)]).things[0]

    assert plain(thing.text).startswith("Each further start costs")


@pytest.mark.parametrize(("probability", "said"), SURENESS)
def test_what_a_plan_gives_is_told_as_sure_as_it_is(next_steps, moves, probability, said):
    plan = moves(work_training=(100.0, 160.0, 4_000_000.0, probability))

    assert f"{said} society a further" in plain(next_steps(one(), tables=[plan]).things[0].text)


@pytest.mark.parametrize(("probability", "said"), SURENESS)
def test_what_a_start_gives_is_told_as_sure_as_it_is(next_steps, probability, said):
    record = one((50_000.0, -1.0, 90_000.0, probability))

    assert f"{said} society SEK 50,000" in plain(next_steps(record).things[0].text)


def test_a_plan_that_ends_an_intervention_costs_nothing(next_steps, moves):
    plan = moves(
        work_training=(100.0, 260.0, 4_000_000.0, 0.99),
        language_practice=(160.0, 0.0, -1_500_000.0, 0.02),
    )

    less = next_steps(one(), unclear(), tables=[plan]).things[1]

    assert "costs SEK 0 million instead of 1.6;" in plain(less.text)


def test_the_plan_does_not_expand_what_is_only_to_be_kept(next_steps, moves):
    plan = moves(work_training=(100.0, 160.0, 4_000_000.0, 0.99))
    record = one(advice="keep", reason="gain_is_projected")

    assert titles(next_steps(record, tables=[plan])) == []


def test_what_the_plan_has_less_of_stands_back_where_another_is_to_be_expanded(next_steps, moves):
    plan = moves(
        work_training=(100.0, 20.0, -4_000_000.0, 0.01),
        language_practice=(80.0, 120.0, 4_000_000.0, 0.99),
    )

    steps = next_steps(one(), other(advice="expand"), tables=[plan])

    assert titles(steps) == ["Expand language practice."]


def test_all_that_is_to_be_expanded_is_told_by_the_start_where_the_plan_has_less_of_it(
    next_steps, moves
):
    plan = moves(work_training=(100.0, 20.0, -4_000_000.0, 0.01))

    [thing] = next_steps(one(), tables=[plan]).things

    assert plain(thing.title) == "Expand work training."
    assert plain(thing.text).startswith("Each further start costs")


def test_a_plan_on_thin_figures_is_not_told_beside_those_of_all(next_steps, moves):
    plan = moves(work_training=(100.0, 160.0, 4_000_000.0, 0.99))

    steps = next_steps(one(figures="city_few_starters"), tables=[plan])

    assert [plain(thing.text) for thing in steps.things] == [
        "Each further start costs SEK 30,000 and gives society SEK 50,000 (10,000 to 90,000) over "
        "five years."
    ]
    assert steps.basis == ""


def test_whose_figures_a_thing_rests_on_is_told_where_others_are_the_district_s_own(next_steps):
    steps = next_steps(one(figures="city_few_starters"), other(advice="keep"))

    assert plain(steps.basis) == "Counted on figures of all districts together."


def test_without_a_plan_what_is_to_be_expanded_is_told_by_the_start(next_steps):
    steps = next_steps(one(), other(advice="keep", reason="gains_less_surely"))

    assert titles(steps) == ["Expand work training."]
    assert steps.basis == ""


def test_what_loses_is_to_be_stopped(next_steps):
    steps = next_steps(one(), other(LOSS, advice="stop", reason="loses", starts=40.0))

    assert titles(steps) == ["Expand work training.", "Stop language practice."]
    assert plain(steps.things[1].text) == (
        "40 starts a year, each of which gives society −SEK 30,000 (−60,000 to −4,000) over five "
        "years."
    )


def test_a_trial_is_told_with_its_size_and_worth(next_steps):
    trial = {"trial_persons": 400, "trial_months": 24, "trial_worth": 1_240_000.0}
    record = one(UNCLEAR, advice="try_out", reason="worth_a_trial", **trial)

    steps = next_steps(record)

    assert titles(steps) == ["Try work training in a trial."]
    assert plain(steps.things[0].text) == (
        "Let lots decide who starts among 400 people; the answer comes after 24 months. What such "
        "a trial can teach is worth SEK 1.2 million. How: Method and sources."
    )
    assert '<a href="about/method.html#trials">' in steps.things[0].text


def test_a_trial_that_was_not_sized_is_told_by_what_certainty_is_worth(next_steps):
    record = one(UNCLEAR, advice="try_out", reason="worth_a_trial", worth_of_knowing=640_000.0)

    assert plain(next_steps(record).things[0].text) == (
        "To know for certain would be worth up to SEK 640,000. How: Method and sources."
    )


def test_funding_is_to_be_shared_where_the_district_loses_on_what_society_gains(next_steps):
    record = one(district=LOSS, paid=(20_000.0, 5_000.0), gain=3_000.0)

    thing = next_steps(record).things[-1]

    assert plain(thing.title) == "Raise shared funding."
    assert plain(thing.text) == (
        "A start in work training costs the district SEK 20,000 net, but only 30% of the public "
        "gain ends up there. Divided as the gain is, the cost would be SEK 5,000."
    )


@pytest.mark.parametrize(
    "record",
    [
        one(district=SURE, paid=(20_000.0, 5_000.0), gain=3_000.0),
        one(district=LOSS, paid=(5_000.0, 20_000.0), gain=3_000.0),
        one(LOSS, district=LOSS, paid=(20_000.0, 5_000.0), gain=3_000.0, advice="stop"),
        one(district=(0.0, 0.0, 0.0, 0.0), paid=(20_000.0, 5_000.0), gain=3_000.0),
    ],
)
def test_funding_is_not_to_be_shared_where_the_district_would_not_gain_by_it(next_steps, record):
    assert "Raise shared funding." not in titles(next_steps(record))


def test_no_more_than_two_things_are_told_in_the_same_words(next_steps):
    third = {"id": "coaching", "society": (9_000.0, 1.0, 20_000.0, 0.99), "cost": 10_000.0}

    assert titles(next_steps(one(), other(), third)) == [
        "Expand language practice.",
        "Expand work training.",
    ]


def test_at_most_three_things_are_told(next_steps):
    records = [
        one(district=LOSS, paid=(20_000.0, 5_000.0), gain=3_000.0),
        other(LOSS, advice="stop", reason="loses"),
        {"id": "coaching", "society": UNCLEAR, "advice": "try_out", "worth_of_knowing": 6e5},
        {"id": "sewing", "society": (9_000.0, 1.0, 20_000.0, 0.99), "cost": 1.0},
    ]

    assert titles(next_steps(*records)) == [
        "Expand work training.",
        "Stop language practice.",
        "Try coaching in a trial.",
    ]


@pytest.mark.parametrize(
    ("record", "said"),
    [
        (
            one(UNCLEAR, advice="cannot_be_said", reason="too_unsure"),
            "Nothing: the figures do not speak for any change.",
        ),
        ({"id": "coaching"}, "Nothing: there are no values to act on."),
        (
            {"id": "coaching", "withheld": True},
            "Nothing: there are no values to act on.",
        ),
    ],
)
def test_that_there_is_nothing_to_do_is_told(next_steps, record, said):
    steps = next_steps(record)

    assert steps.things == () and plain(steps.nothing) == said


# ---------------------------------------------------------------- what would turn the answer


def tornado(published, **rows):
    keys = {
        "district": "Norr",
        "intervention_id": "work_training",
        "estimand": "start_now_rather_than_wait",
        "currency": "SEK",
        "swing": 10_000.0,
        "perspective": "society",
    }
    return published(
        "value_tornado",
        [keys | {"parameter": parameter} | values for parameter, values in rows.items()],
    )


RATE = {"value": 0.2, "low": 0.0, "high": 0.6}


def test_a_price_turns_the_answer_at_a_value_inside_its_own_range(next_steps, published, tables):
    table = tornado(published, discount_rate={**RATE, "switching_value": 0.5})

    steps = next_steps(one(), tables=[table, tables["prices"]])

    assert [plain(turn) for turn in steps.turns] == [
        "society's sum for work training changes sign if “discount rate” is 50% instead of 20%"
    ]


def test_the_effect_turns_the_answer_where_its_range_holds_zero(next_steps, published):
    table = tornado(published, effect={"value_at_low": -4_000.0, "value_at_high": 90_000.0})

    assert [plain(turn) for turn in next_steps(one(), tables=[table]).turns] == [
        "for work training the effect's own uncertainty is enough"
    ]


def test_nothing_turns_the_answer_outside_its_own_range(next_steps, published):
    table = tornado(
        published,
        discount_rate={**RATE, "switching_value": 0.9},
        effect={"value_at_low": 4_000.0, "value_at_high": 90_000.0},
    )

    assert [plain(turn) for turn in next_steps(one(), tables=[table]).turns] == [
        "no price or assumption alone, within its range"
    ]


def test_turning_is_not_told_where_it_was_not_computed(next_steps):
    assert next_steps(one()).turns == ()


@pytest.mark.parametrize(
    ("effect", "said"), [(600.0, "Most worth knowing more about is the effect."), (400.0, "")]
)
def test_what_holds_most_of_the_worth_of_knowing_is_told(next_steps, published, effect, said):
    worth = {"all": 1_000.0, "effect": effect, "displacement": 10.0}
    table = published(
        "value_information",
        [
            {
                "district": "Norr",
                "estimand": "start_now_rather_than_wait",
                "group": group,
                "value": value,
                "currency": "SEK",
            }
            for group, value in worth.items()
        ],
    )

    assert plain(next_steps(one(), tables=[table]).worth_knowing) == said
