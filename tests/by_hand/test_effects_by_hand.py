"""Lock-in, events, later starts and the estimands worked out on paper."""

import re
from datetime import date

import numpy as np
import polars as pl
import pytest

from evalkit.effects import (
    effect_draws,
    effect_timing,
    estimate_effect,
    fit_propensity,
    trials_of_tables,
)
from evalkit.effects.answer.effect_sums import add_districts
from evalkit.effects.answer.participation import add_programmes, programme_draws
from evalkit.effects.answer.start_stop_dose import effect_by_start_month
from evalkit.effects.trials.events import EVENTS, event_months
from evalkit.effects.trials.stop_trials import stop_trials
from evalkit.effects.weighting.logit import replicate_logits, weighted_logit
from evalkit.effects.weighting.propensity import fit_censoring
from evalkit.effects.weighting.weights import weights_from_propensity
from evalkit.line.protocol import Protocol
from evalkit.months import add_months

EXACT = 1e-12
STATES = {"s": "support", "w": "work", "t": "training"}


def _protocol(**changes) -> Protocol:
    declared = {
        "protocol": "p",
        "intervention_id": "course",
        "title": {"en": "A course"},
        "question": {"en": "What does a course change?"},
        "eligibility": {"from_month": 2, "to_month": 2},
        "comparisons": ["wait"],
        "leavers_in_month_one": "stay",
        "follow_up_months": 4,
        "outcomes": ["work", "support"],
        "covariates": [],
        "refusal": {"min_starters": 1, "min_effective_sample_size": 1},
    }
    return Protocol.model_validate(declared | changes)


def _trials(lives: dict[str, str], courses: list[tuple], **changes):
    """Lives as letters a month (s, w); courses: person, intervention, first month (1 is the
    extract's first), months, planned months.
    """
    return trials_of_tables(**_tables(lives, courses), protocol=_protocol(**changes))


def stop_trials_of(lives: dict[str, str], courses: list[tuple], **changes):
    return stop_trials(**_tables(lives, courses), protocol=_protocol(**changes))


def _tables(lives: dict[str, str], courses: list[tuple]) -> dict:
    start = date(2020, 1, 1)
    intervals = [
        (who, "North", k, k + 1, STATES[letter])
        for who, life in lives.items()
        for k, letter in enumerate(life)
    ]
    spells = [
        (who, "North", add_months(start, found.start()), add_months(start, found.end()), True)
        for who, life in lives.items()
        for found in re.finditer("s+", life)
    ]
    episodes = [
        (who, what, add_months(start, at - 1), add_months(start, at - 1 + length), planned)
        for who, what, at, length, planned in courses
    ]
    return {
        "spells": pl.DataFrame(
            spells, schema=["person_id", "district", "start", "end", "is_start_known"], orient="row"
        ),
        "episodes": pl.DataFrame(
            episodes,
            schema={
                "person_id": pl.String,
                "intervention_id": pl.String,
                "start": pl.Date,
                "end": pl.Date,
                "planned_months": pl.Int32,
            },
            orient="row",
        ),
        "state_intervals": pl.DataFrame(
            intervals,
            schema=["person_id", "district", "start_month", "stop_month", "from_state"],
            orient="row",
        ),
        "person": pl.DataFrame({"person_id": list(lives)}),
        "first_month": start,
    }


def _fitted(trials) -> pl.DataFrame:
    return pl.concat([fit(trials, n_draws=1, seed=0) for fit in (fit_propensity, fit_censoring)])


def test_events_of_a_life():
    trials = _trials({"a": "sswwws", "b": "ssswws"}, [("a", "course", 2, 2, 3)], follow_up_months=5)

    reached = {
        name: event_months(trials)[place].astype(int).tolist() for place, name in enumerate(EVENTS)
    }

    # Follow-up months 1-5 are the extract's months 2-6: a lives s w w w s, b lives s s w w s.
    assert reached["worked"] == [[0, 1, 1, 1, 1], [0, 0, 1, 1, 1]]
    assert reached["sustained_work"] == [[0, 0, 0, 1, 1], [0, 0, 0, 0, 0]]
    assert reached["sustained_exit"] == [[0, 0, 0, 1, 1], [0, 0, 0, 0, 0]]
    assert reached["returned_to_support"] == [[0, 0, 0, 0, 1], [0, 0, 0, 0, 1]]
    assert reached["planned"] == [[1, 1, 1, 0, 0], [0, 0, 0, 0, 0]]


def test_a_plan_that_is_not_known_is_the_protocols_or_the_median():
    courses = [("a", "course", 2, 2, 3), ("b", "course", 2, 2, None), ("c", "course", 2, 1, 1)]
    lives = {"a": "sswww", "b": "sssww", "c": "sswww", "d": "sssss"}

    median, declared = (
        event_months(_trials(lives, courses, **extra))[EVENTS.index("planned")].sum(axis=1).tolist()
        for extra in ({}, {"planned_months": 4})
    )

    assert median == [3, 2, 1, 0]
    assert declared == [3, 4, 1, 0]


def test_lock_in_is_the_difference_over_the_planned_months():
    rows, events = [], []
    for month, (treated, comparison) in enumerate(
        [(0.0, 0.0), (0.0, 0.1), (0.1, 0.3), (0.5, 0.3), (0.6, 0.3)]
    ):
        for draw in (0, 1):
            rows += [
                ("all", "course", "e", draw, arm, "work", month, share)
                for arm, share in (("treated", treated), ("comparison", comparison))
            ]
            planned = {0: 0.0, 1: 1.0, 2: 0.5, 3: 0.0, 4: 0.0}[month]
            events += [
                (
                    "all",
                    "course",
                    "e",
                    draw,
                    "treated",
                    name,
                    month,
                    planned if name == "planned" else 0.5,
                )
                for name in EVENTS
            ]
            events += [
                ("all", "course", "e", draw, "comparison", name, month, 0.25) for name in EVENTS
            ]
    columns = ["district", "intervention_id", "estimand", "draw", "arm"]
    draws = pl.DataFrame(rows, schema=[*columns, "state", "month", "probability"], orient="row")
    reached = pl.DataFrame(events, schema=[*columns, "event", "month", "probability"], orient="row")

    timing = dict(
        effect_timing(draws, reached, _protocol()).select("measure", "estimate").iter_rows()
    )

    # d = -0.1, -0.2, +0.2, +0.3; everyone is planned in month 1 and half in month 2; accumulated
    # -0.1 -0.3 -0.1 +0.2.
    assert timing["planned_months"] == pytest.approx(1.5, abs=EXACT)
    assert timing["lock_in_months"] == pytest.approx(-0.1 - 0.5 * 0.2, abs=EXACT)
    assert timing["yield_months"] == pytest.approx(-0.5 * 0.2 + 0.2 + 0.3, abs=EXACT)
    assert timing["break_even_month"] == 4
    assert timing["break_even_share"] == 1
    assert timing["sustained_work"] == pytest.approx(0.25, abs=EXACT)
    # Three months in a row cannot come about in two.
    short = set(effect_timing(draws, reached, _protocol(follow_up_months=2))["measure"])
    assert {"sustained_work", "sustained_exit"} & short == set()


def test_who_has_not_started_later_stands_for_who_has():
    """Four wait at month 2; one starts in month 3. The three others count 4/3 each, and by month 4
    one of them works.
    """
    lives = {"t": "sssss", "a": "sssss", "b": "sssww", "c": "sssss", "d": "sssss"}
    courses = [("t", "course", 2, 4, None), ("a", "course", 3, 3, None)]
    trials = _trials(lives, courses, comparisons=["wait", "never"], follow_up_months=4)
    fitted = _fitted(trials)
    # The chance of starting, fitted with a constant over all months of waiting, is set to the one
    # in month 3 and to none later.
    rows = trials.waiting.rows
    assert rows.filter("started").select("person_id", "trial_month").rows() == [("a", 3), ("t", 2)]

    draws = effect_draws(
        estimate_effect(trials, district="all", propensity=fitted, n_draws=1, seed=0).sums
    )

    own = draws.filter(
        (pl.col("arm") == "comparison") & (pl.col("state") == "work") & (pl.col("draw") == 0)
    )
    is_of = {
        name: pl.col("estimand").cast(pl.String).str.ends_with(name) for name in ("wait", "never")
    }
    wait, never = (
        own.filter(is_own).sort("month")["probability"].to_list() for is_own in is_of.values()
    )
    # With a constant chance of starting p, b was at risk in months 3 and 4, c and d in 3, 4 and 5:
    # at month 5 c and d weigh 1/(1 - p) more.
    p = rows["started"].mean()
    assert wait == pytest.approx([0, 0, 0, 1 / 4, 1 / 4], abs=EXACT)
    assert never == pytest.approx([0, 0, 0, 1 / 3, 1 / (1 + 2 / (1 - p))], abs=1e-9)


def test_time_in_every_intervention_is_counted_in_both_arms_by_the_weights_of_the_states():
    """t starts the course at month 2 and leaves in the middle of month 4; a starts it in month 4; b
    is in a club all along, and again after a gap.
    """
    lives = {"t": "sssss", "a": "sssss", "b": "sssss"}
    courses = [
        ("t", "course", 2, 2, 4),
        ("a", "course", 4, 2, None),
        ("b", "club", 1, 3, None),
        ("b", "club", 5, 1, None),
    ]
    tables = _tables(lives, courses)
    mid_month = pl.when(pl.col("person_id") == "t").then(pl.lit(date(2020, 4, 15))).otherwise("end")
    tables["episodes"] = tables["episodes"].with_columns(end=mid_month)
    trials = trials_of_tables(**tables, protocol=_protocol(comparisons=["wait", "never"]))

    parts = estimate_effect(
        trials,
        district="North",
        propensity=_fitted(trials),
        n_draws=1,
        seed=0,
        with_programmes=True,
    )

    found = (
        programme_draws(parts.programmes, parts.sums, state="support")
        .filter(pl.col("draw") == 0)
        .sort("month")
    )
    shares = {
        (arm, programme, measure): own[measure].to_list()
        for (arm, programme), own in found.partition_by("arm", "programme", as_dict=True).items()
        for measure in ("taking_part", "starting")
    }
    # Follow-up months 1 to 4 are the extract's months 2 to 5; the two who wait weigh alike.
    assert found["estimand"].unique().to_list() == ["start_now_rather_than_wait"]
    assert shares == {
        ("treated", "course", "taking_part"): [1, 1, 1, 0],
        ("treated", "course", "starting"): [1, 0, 0, 0],
        ("treated", "club", "taking_part"): [0, 0, 0, 0],
        ("treated", "club", "starting"): [0, 0, 0, 0],
        ("comparison", "course", "taking_part"): pytest.approx([0, 0, 1 / 2, 1 / 2]),
        ("comparison", "course", "starting"): pytest.approx([0, 0, 1 / 2, 0]),
        ("comparison", "club", "taking_part"): pytest.approx([1 / 2, 1 / 2, 0, 1 / 2]),
        ("comparison", "club", "starting"): pytest.approx([0, 0, 0, 1 / 2]),
    }


def test_a_city_has_the_added_time_of_its_districts_in_interventions_that_not_all_have():
    lives = {"t": "sssss", "a": "sssss", "b": "sssss"}
    north, south = (
        _trials(lives, [("t", "course", 2, 2, 4), *more])
        for more in ([("b", "club", 2, 1, None)], [("a", "course", 3, 1, None)])
    )
    parts = [
        estimate_effect(
            trials,
            district=name,
            propensity=_fitted(trials),
            n_draws=1,
            seed=0,
            with_programmes=True,
        )
        for name, trials in (("North", north), ("South", south))
    ]

    programmes, sums = (
        pl.concat([getattr(part, field) for part in parts]) for field in ("programmes", "sums")
    )
    city = programme_draws(add_programmes(programmes), add_districts(sums), state="support").filter(
        draw=0, arm="comparison"
    )

    # Four wait in the city: one of them is in the club in month 1, another starts the course in
    # month 2.
    shares = {
        name: own.sort("month")["taking_part"].to_list()
        for (name,), own in city.partition_by("programme", as_dict=True).items()
    }
    assert shares == {
        "club": pytest.approx([1 / 4, 0, 0, 0]),
        "course": pytest.approx([0, 1 / 4, 0, 0]),
    }
    assert city["district"].unique().to_list() == ["all"]


def test_weights_are_truncated_as_declared():
    lives = {"t": "ssss", "a": "ssww", "b": "ssss"}
    plain, capped = (
        _trials(
            lives, [("t", "course", 2, 2, None)], follow_up_months=3, truncation=cap, estimand="ATE"
        )
        for cap in ({}, {"propensity": 2.0})
    )

    totals = [
        estimate_effect(one, district="all", propensity=_fitted(one), n_draws=1, seed=0)
        .sums.filter((pl.col("arm") == "treated") & (pl.col("draw") == 0))["weight_total"]
        .max()
        for one in (plain, capped)
    ]

    # One of three starts: 1/p = 3, or 2 as declared.
    assert totals == pytest.approx([3.0, 2.0])


@pytest.mark.parametrize("estimand", ["ATT", "ATE", "overlap"])
def test_with_a_constant_propensity_every_estimand_is_the_difference_of_means(estimand):
    trials = _trials(
        {"t": "swwww", "a": "ssswws", "b": "ssssss"},
        [("t", "course", 2, 2, None)],
        estimand=estimand,
    )

    draws = effect_draws(
        estimate_effect(trials, district="all", propensity=_fitted(trials), n_draws=1, seed=0).sums
    )

    last = draws.filter(
        (pl.col("month") == 4) & (pl.col("state") == "work") & (pl.col("draw") == 0)
    )
    assert dict(last.select("arm", "probability").iter_rows()) == pytest.approx(
        {"treated": 1.0, "comparison": 0.5}
    )
    assert weights_from_propensity(np.array([0.5]), np.array([True]), estimand) > 0


def test_the_other_intervention_alone_is_the_comparison():
    lives = {"t": "ssss", "a": "ssww", "b": "swww"}
    courses = [("t", "course", 2, 2, None), ("a", "other", 2, 2, None)]

    trials = _trials(
        lives, courses, comparisons=["other"], other_intervention_id="other", follow_up_months=3
    )

    assert trials.rows.select("person_id", "arm").rows() == [("a", "comparison"), ("t", "treated")]


def test_a_parallel_strategy_is_asked_of_those_in_the_other_intervention():
    lives = {"t": "ssss", "a": "ssss", "b": "ssss"}
    courses = [
        ("t", "care", 1, 3, None),
        ("a", "care", 1, 3, None),
        ("t", "course", 2, 2, None),
        ("b", "course", 2, 2, None),
    ]
    rule = {"from_month": 2, "to_month": 2, "during": "care"}

    trials = _trials(lives, courses, eligibility=rule, follow_up_months=3)

    assert trials.rows.select("person_id", "arm").rows() == [("a", "comparison"), ("t", "treated")]


def test_a_sequence_is_asked_of_those_who_have_ended_the_first_step():
    """Step one ended before month 4 for a and t, two months before that for b, and still runs for
    c.
    """
    lives = dict.fromkeys("abct", "ssssssss")
    steps = [
        ("a", "step", 1, 3, None),
        ("t", "step", 2, 2, None),
        ("b", "step", 1, 1, None),
        ("c", "step", 1, 6, None),
    ]
    rule = {"from_month": 4, "to_month": 4, "after": "step", "within_months": 2}

    trials = _trials(lives, [*steps, ("t", "course", 4, 2, None)], eligibility=rule)

    assert trials.rows.select("person_id", "arm").rows() == [("a", "comparison"), ("t", "treated")]


def test_one_newton_step_is_the_maximum_where_the_score_is_linear():
    """With a constant alone the step from the point is log odds + score / information; with
    everyone once it is the point itself.
    """
    treated = np.array([1.0, 0, 0, 0, 1, 0])
    design, person = np.ones((6, 1)), np.array([0, 0, 1, 1, 2, 2])
    point = weighted_logit(design, treated, np.ones(6)).coefficients
    weights = np.array([[1.0, 2.0], [1.0, 1.0], [1.0, 0.0]])

    found = replicate_logits(
        design, treated, np.ones(6), point=point, person=person, person_weights=weights
    )

    p = 1 / 3
    score, information = 2 * ((1 - p) - p) + 2 * (-p), (2 * 2 + 2) * p * (1 - p)
    assert found[0].tolist() == pytest.approx([point[0], point[0] + score / information], rel=1e-6)


def test_leaving_early_is_asked_of_those_who_are_in_the_intervention():
    """Planned for three months: a leaves after one and stays on support, b goes on, c leaves for
    work, d completes.
    """
    lives = {"a": "sssssss", "b": "sssssss", "c": "sswwwww", "d": "sssssss"}
    courses = [
        ("a", "course", 2, 1, 3),
        ("b", "course", 2, 5, 3),
        ("c", "course", 2, 1, 3),
        ("d", "course", 2, 3, 3),
    ]
    changes = {"eligibility": {"from_month": 3, "to_month": 5}, "follow_up_months": 3}

    stay, excluded = (
        stop_trials_of(lives, courses, leavers_in_month_one=rule, **changes)
        for rule in ("stay", "excluded")
    )

    # Months in the course before: 1 in month 3, 2 in month 4; month 5 is past everyone's plan. c
    # works in month 3.
    rows = stay.rows.select("person_id", "trial_month", "arm", "elapsed_months").rows()
    assert rows == [
        ("a", 3, "treated", 1),
        ("b", 3, "comparison", 1),
        ("b", 4, "comparison", 2),
        ("c", 3, "comparison", 1),
        ("d", 3, "comparison", 1),
        ("d", 4, "comparison", 2),
    ]
    assert set(stay.rows["person_id"]) - set(excluded.rows["person_id"]) == {"c"}


def test_moments_that_too_few_choose_cannot_be_said():
    lives = {"a": "wsssss", "b": "wsssss", "c": "wsssww"}
    trials = _trials(
        lives,
        [("a", "course", 4, 1, None)],
        eligibility={"from_month": 3, "to_month": 4},
        follow_up_months=3,
        start_months=[2, 9],
    )

    found = effect_by_start_month(trials, _fitted(trials), n_draws=1, seed=0)

    # After two months on support a starts and b and c do not; c is in work in two of the three
    # months.
    assert found.select("month", "effect_state", "reason", "n_starters").rows() == [
        (2, "estimated", None, 1),
        (9, "cannot_be_said", "no_starters", 0),
    ]
    assert found["difference"].null_count() == 1
