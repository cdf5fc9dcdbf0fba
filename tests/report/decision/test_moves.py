"""What moves if money moves: the sentences follow from the plans, and numbers that are withheld
leave their mark.
"""

import pytest
from markupsafe import Markup

from evalkit.report.decision.moves import MOST_COLUMNS, what_moves

NBSP = "\u00a0"


def plan(name: str, value: float, **others) -> dict:
    counts = {"n_starts": 800.0, "cost": 12e6, "currency": "SEK"}
    return {"plan": name, "value": value, **counts, **others}


def move(intervention: str, now: float, planned: float, *, district: str = "all", **others) -> dict:
    return {
        "district": district,
        "intervention_id": intervention,
        "n_starts_now": now,
        "n_starts_planned": planned,
        "cost_now": 10_000 * now,
        "cost_planned": 10_000 * planned,
        "added_value": 45_000 * (planned - now),
        "ci_lower": 45_000 * (planned - now) - 900_000,
        "ci_upper": 45_000 * (planned - now) + 900_000,
        "currency": "SEK",
        **others,
    }


PLANS = (plan("now", 156e6), plan("own_places", 196e6, downside=103e6))


@pytest.fixture
def city(published, brief_with, run):
    """The brief of the city's page with plans, and what is offered with its advice."""

    def make(plans=PLANS, moves=(), returns=(), advice: str = "expand", given=run):
        names = dict.fromkeys(row["intervention_id"] for row in moves)
        offered = [{"district": "all", "intervention_id": name} for name in names]
        return brief_with(
            given,
            published("allocation_plans", list(plans)),
            published("allocation_moves", list(moves)),
            published("allocation_returns", list(returns)),
            published("offers", [{**row, "name": row["intervention_id"]} for row in offered]),
            published("advice", [{**row, "advice": advice, "figures": "own"} for row in offered]),
        )

    return make


def plain(markup) -> str:
    spaced = str(markup).replace("</td>", " </td>").replace("<br>", " ")
    return " ".join(Markup(spaced).striptags().replace(NBSP, " ").split())


@pytest.mark.parametrize(
    ("plans", "heading"),
    [
        (
            PLANS,
            "The same money can give society SEK 196 million a year instead of SEK 156 million",
        ),
        (
            (PLANS[0], plan("own_places", 196e6, cost=14e6)),
            "With the plan’s money society gets SEK 196 million a year, against SEK 156 million "
            "today",
        ),
        (
            (PLANS[0], plan("own_places", 150e6)),
            "No other division gives society more than today’s, SEK 156 million a year",
        ),
    ],
)
def test_the_heading_says_what_the_plan_gives_at_what_cost(city, plans, heading):
    assert plain(what_moves(city(plans)).heading) == heading


@pytest.mark.parametrize("plans", [(), PLANS[:1], (PLANS[0], {**PLANS[1], "withheld": True})])
def test_no_plan_is_said_with_the_reason(city, plans):
    assert plain(what_moves(city(plans)).body) == (
        "No plan has been computed: no district has an effect of its own together with a cost for "
        "each start."
    )


def test_a_plan_without_starts_is_no_advice_to_stop(city):
    part = what_moves(city((PLANS[0], plan("own_places", 0.0, n_starts=0.0, cost=0.0))))

    assert "no ground for stopping" in part.body and "SEK" not in part.body


def test_interventions_stand_with_what_moves_the_largest_first(city):
    part = what_moves(city(moves=[move("practice", 539, 475), move("coaching", 1202, 1936)]))

    text = plain(part.body)
    assert text.index("Coaching 12.0 → 19.4 1,200 → 1,935 33.0 (32.1 to 33.9)") < text.index(
        "Practice 5.4 → 4.8 540 → 475 −2.9"
    )


def test_a_cut_beside_advice_to_go_on_is_explained(city):
    moves = [move("practice", 539, 475)]

    assert "may still get less" in what_moves(city(moves=moves)).body
    assert "may still get less" not in what_moves(city(moves=moves, advice="stop")).body
    assert "may still get less" not in what_moves(city(moves=[move("practice", 5, 9)])).body


def test_an_intervention_that_nobody_starts_does_not_move(city):
    assert "Practice" not in what_moves(city(moves=[move("practice", 0, 0)])).body


def test_districts_stand_with_their_starts_and_withheld_ones_with_a_mark(city):
    moves = [
        move("practice", 539, 475),
        move("practice", 300, 270, district="Norr"),
        move("practice", 200, 190, district="Öster & Ön", withheld=True),
    ]

    text = plain(what_moves(city(moves=moves)).body).partition("District by district")[2]

    assert "Norr 300 → 270 −1.35 (−2.25 to −0.45)" in text
    assert "Öster &amp; Ön not shown" in text or "Öster & Ön not shown" in text
    assert "Söder –" in text


def test_one_district_has_no_table_of_districts(city, make_run):
    part = what_moves(city(moves=[move("practice", 539, 475)], given=make_run(districts=["Norr"])))

    assert "District by district" not in part.body and "Practice" in part.body


def test_forty_interventions_leave_those_whose_money_moves_most(city):
    moves = [move(f"course_{number:02}", 100, 100 + number) for number in range(1, 41)]

    body = what_moves(city(moves=moves)).body

    assert body.count('<td role="cell" class="picture">') == MOST_COLUMNS
    assert "Course_40" in body and "Course_34" not in body


def test_markup_in_a_name_is_escaped(city):
    assert "<i>x" not in what_moves(city(moves=[move("<i>x", 539, 475)])).body


def test_further_money_is_told_by_its_largest_step(city):
    returns = [
        {"free_budget": 5e5, "added_value": 2.2e6, "currency": "SEK"},
        {
            "free_budget": 2e6,
            "added_value": 8.84e6,
            "ci_lower": 1.6e6,
            "ci_upper": 2.2e7,
            "currency": "SEK",
        },
    ]

    assert (
        "A further SEK 2 million a year would give society SEK 8.8 million (1.6 to 22.0), with "
        "shared places."
    ) in plain(what_moves(city(returns=returns)).body)
    assert "would give society SEK 2.20 million, with" in plain(
        what_moves(city(returns=returns[:1])).body
    )


@pytest.mark.parametrize(
    ("shared", "sentence"),
    [
        (211e6, "If districts share their places it becomes SEK 211 million instead of SEK 196"),
        (196.4e6, "That districts share places gives nothing more."),
    ],
)
def test_sharing_places_gives_something_or_nothing(city, shared, sentence):
    assert sentence in plain(what_moves(city((*PLANS, plan("shared_places", shared)))).body)


def test_a_bad_outcome_is_told_where_the_plan_knows_it(city):
    text = plain(what_moves(city()).body)

    assert text == (
        "In the worst 10% of outcomes the plan gives SEK 103 million on average; expected is SEK "
        "196 million."
    )
