"""What cannot be compared, and what deliveries get wrong: each has a defined answer in words."""

from dataclasses import replace
from datetime import date

import polars as pl
import pytest

from evalkit.effects import (
    PersonTables,
    district_effects,
    intervention_effects,
    intervention_weights,
    trials_of_tables,
)
from evalkit.effects.trials.stop_trials import stop_trials
from evalkit.errors import ProtocolError
from evalkit.months import add_months

N_DRAWS, SEED = 20, 4
FIRST_MONTH = date(2020, 1, 1)


def _people(world, lives, districts=None, episodes=None) -> PersonTables:
    tables = world.tables(lives, districts)
    courses = tables["episodes"] if episodes is None else episodes
    return PersonTables(
        tables["spells"], courses, tables["state_intervals"], tables["person"], FIRST_MONTH
    )


def _episodes(*rows: tuple[str, int, int | None]) -> pl.DataFrame:
    """person, first month in the course (1 is the extract's first), first month after it."""
    dated = [
        (
            who,
            "course",
            add_months(FIRST_MONTH, at - 1),
            None if over is None else add_months(FIRST_MONTH, over - 1),
        )
        for who, at, over in rows
    ]
    return pl.DataFrame(
        dated,
        schema={
            "person_id": pl.String,
            "intervention_id": pl.String,
            "start": pl.Date,
            "end": pl.Date,
        },
        orient="row",
    )


def _arms(world, people: PersonTables, **changes) -> list[tuple]:
    trials = people.trials(world.protocol(**changes))
    return trials.rows.select("person_id", "trial_month", "arm").rows()


@pytest.mark.parametrize(
    ("lives", "reason"),
    [({"a": "ssss", "b": "sssw"}, "no_starters"), ({"a": "sttw", "b": "stww"}, "no_comparison")],
)
def test_without_both_arms_the_effect_cannot_be_said_under_any_estimand(world, lives, reason):
    protocol = world.protocol(
        comparisons=["wait", "never"],
        eligibility={"from_month": 2, "to_month": 2},
        start_months=[1],
        stop_months=[1],
    )
    people = _people(world, lives)

    weights = intervention_weights(people, protocol, n_draws=N_DRAWS, seed=SEED)
    part = district_effects(
        people,
        [protocol],
        propensity=weights.propensity,
        district="North",
        n_draws=N_DRAWS,
        seed=SEED,
    )

    assert weights.weights_status.select("estimand", "status", "reason").rows() == [
        (name, "cannot_be_said", reason) for name in protocol.estimands
    ]
    assert part.sums.is_empty() and part.events.is_empty()
    assert set(part.status["reason"]) == {reason}
    assert set(weights.effect_moments["effect_state"]) == {"cannot_be_said"}


def test_a_course_begun_before_the_spell_makes_nobody_a_starter(world):
    """It began while the person was still in work; the person may start again only when it is
    over.
    """
    people = _people(world, {"a": "wssss", "b": "wssss"}, episodes=_episodes(("a", 1, 4)))

    rows = _arms(world, people, eligibility={"from_month": 3, "to_month": 5}, follow_up_months=1)

    assert rows == [
        ("a", 5, "comparison"),
        ("b", 3, "comparison"),
        ("b", 4, "comparison"),
        ("b", 5, "comparison"),
    ]


def test_overlapping_episodes_of_the_same_course_are_one_start(world):
    people = _people(
        world,
        {"a": "ssss", "b": "ssss"},
        episodes=_episodes(("a", 2, 4), ("a", 2, 3), ("a", 3, None)),
    )

    rows = _arms(world, people)

    # The second start, in month 3, falls into a running course: no trial, and no second row in
    # month 2.
    assert rows == [("a", 2, "treated"), ("b", 2, "comparison"), ("b", 3, "comparison")]


def test_overlapping_episodes_of_the_same_course_are_one_stay_to_leave(world):
    """The first of a's episodes ends while the second goes on: nobody leaves then, and every month
    is asked about once.
    """
    lives = {"a": "stttttttssss", "b": "sttttsssssss"}
    tables = world.tables(lives) | {
        "episodes": _episodes(("a", 2, 5), ("a", 4, 9), ("b", 2, 6)).with_columns(
            planned_months=pl.lit(6)
        )
    }
    protocol = world.protocol(eligibility={"from_month": 3, "to_month": 9}, stop_months=[2])

    rows = stop_trials(**tables, protocol=protocol, first_month=FIRST_MONTH).rows.filter(
        person_id="a"
    )

    assert rows["trial_month"].to_list() == [3, 4, 5, 6, 7, 8, 9]
    assert rows["planned_months"].unique().to_list() == [8]
    assert rows.filter(pl.col("arm") == "treated")["trial_month"].to_list() == [9]


@pytest.mark.parametrize(
    ("values", "asked", "said"),
    [
        ([20.0, None], {}, 'The covariate "age" is unknown for 2 of 4 person-trials.'),
        ([20.0, float("nan")], {}, 'The covariate "age" is unknown for 2 of 4 person-trials.'),
        (["young", "old"], {}, 'The covariate "age" is a text.'),
        (
            [1.0, None],
            {"covariates": [], "survey_weight": "age"},
            "The survey weight is unknown for 2 of 4 person-trials.",
        ),
        (
            [1.0, 1.0],
            {"covariates": [], "survey_weight": "wieght"},
            "The survey weight is not in the person table.",
        ),
    ],
)
def test_a_covariate_or_survey_weight_that_cannot_be_used_for_everybody_is_refused(
    world, values, asked, said
):
    tables = world.tables({"a": "ssss", "bb": "ssst"})
    person = pl.DataFrame({"person_id": ["a", "bb"], "age": values})
    protocol = world.protocol(
        **{"covariates": [{"name": "age", "kind": "person", "column": "age"}], **asked}
    )

    with pytest.raises(ProtocolError) as caught:
        trials_of_tables(
            tables["spells"],
            tables["episodes"],
            protocol=protocol,
            state_intervals=tables["state_intervals"],
            person=person,
            first_month=FIRST_MONTH,
        )

    lines = str(caught.value).splitlines()
    assert said in lines[0]
    assert [line.split(":")[0].strip() for line in lines[1:]] == ["where", "why", "fix"]


CONSTANT_LIVES = {"a": "sttw", "b": "stww", "c": "ssww", "d": "ssss", "e": "sssw", "f": "sttw"}


def _weights_and_part(world, covariates: list[dict]):
    """The city's weights and the effects of its one district, where everybody is of the same
    age.
    """
    people = _people(world, CONSTANT_LIVES)
    people = replace(people, person=people.person.with_columns(age=pl.lit(20.0)))
    rule = {"from_month": 2, "to_month": 3}
    protocol = world.protocol(
        comparisons=["wait", "never"], eligibility=rule, covariates=covariates
    )
    draws = {"n_draws": N_DRAWS, "seed": SEED}
    weights = intervention_weights(people, protocol, **draws)
    part = district_effects(
        people, [protocol], propensity=weights.propensity, district="North", **draws
    )
    return weights, intervention_effects(
        part.sums,
        protocol,
        district_status=part.status,
        weights_status=weights.weights_status,
        effect_people=weights.effect_people,
        seed=SEED,
    )


def test_a_delivered_covariate_that_never_varies_is_named_and_the_effect_cannot_be_said(world):
    weights, found = _weights_and_part(world, [{"name": "age", "kind": "person", "column": "age"}])

    assert weights.terms_left_out.select("covariate", "handling", "n_starters").rows() == [
        ("age", "refused", 3)
    ]
    assert set(found.status.filter(source="raw").select("district", "status", "reason").rows()) == {
        ("all", "cannot_be_said", "constant_covariate"),
        ("North", "cannot_be_said", "constant_covariate"),
    }
    assert found.draws.is_empty()


def test_terms_that_evalkit_counts_and_that_never_vary_are_left_out_and_named(world):
    """Nobody has been in the course before, no spell's start is unknown after month 2, and nobody
    has worked before.
    """
    covariates = [
        {"name": "earlier", "kind": "participation", "of": "this", "measure": "months_since"},
        {"name": "past_work", "kind": "history_share", "outcome": "work"},
    ]

    weights, found = _weights_and_part(world, covariates)
    plain, as_plain = _weights_and_part(world, [])

    assert weights.terms_left_out.select("covariate", "handling").rows() == [
        ("earlier", "left_out"), ("earlier_never", "left_out"), ("past_work", "left_out")
    ]  # fmt: skip
    assert plain.terms_left_out.is_empty() and weights.balance.is_empty()
    is_left_out = pl.col("term").is_in(weights.terms_left_out["covariate"].implode())
    assert weights.propensity.filter(is_left_out)["coefficient"].unique().to_list() == [0.0]
    compared = [
        one.draws.sort(pl.all().exclude("protocol_hash"))["probability"].to_list()
        for one in (found, as_plain)
    ]
    assert compared[0] == pytest.approx(compared[1], abs=1e-12) and compared[0]


def test_a_district_of_three_people_cannot_be_said_and_counts_in_the_city(world):
    lives = {
        f"n{k}": life for k, life in enumerate(["sstw", "stww", "ssww", "ssss", "sssw", "sttw"])
    } | {
        "x": "stww",
        "y": "ssss",
        "z": "sssw",
    }
    districts = {name: "Small" if name in "xyz" else "North" for name in lives}
    protocol = world.protocol(refusal={"min_starters": 2, "min_effective_sample_size": 2})
    people = _people(world, lives, districts)

    weights = intervention_weights(people, protocol, n_draws=N_DRAWS, seed=SEED)
    parts = [
        district_effects(
            people,
            [protocol],
            propensity=weights.propensity,
            district=name,
            n_draws=N_DRAWS,
            seed=SEED,
        )
        for name in ("North", "Small")
    ]
    sums, statuses = (
        pl.concat([getattr(part, name) for part in parts]) for name in ("sums", "status")
    )
    found = intervention_effects(
        sums,
        protocol,
        district_status=statuses,
        weights_status=weights.weights_status,
        effect_people=weights.effect_people,
        seed=SEED,
    )

    said = {
        row["district"]: (row["status"], row["reason"])
        for row in found.status.filter(pl.col("source") == "raw").iter_rows(named=True)
    }
    assert said["Small"] == ("cannot_be_said", "few_starters")
    assert said["all"] == ("estimated", None)
    assert set(found.draws["district"]) == {"North", "all"}
    assert weights.weights_status["n_starters"][0] == parts[0].status["n_starters"][0] + 1
