from pathlib import Path

import polars as pl
import pytest
import yaml
from pydantic import ValidationError

from evalkit.effects import (
    interventions_of,
    load_protocol,
    load_protocols,
    protocol_hash,
    protocol_of,
    protocols_in,
)
from evalkit.errors import ParameterError, ProtocolError
from evalkit.line.protocol import Protocol
from evalkit.params import Run, RunFile
from evalkit.records import load
from evalkit.run_rules import DisclosureRules
from evalkit.words import languages, protocol_card, words

TRAINING = Path(__file__).parents[2] / "params" / "protocols" / "training.yaml"


def test_training_protocol_is_followed_to_its_end_in_72_months():
    protocol = load_protocol(TRAINING, n_months=72)

    assert (
        protocol.eligibility.from_month,
        protocol.eligibility.to_month,
        protocol.follow_up_months,
    ) == (4, 47, 24)


def test_load_protocol_refuses_trials_that_cannot_be_followed():
    with pytest.raises(ProtocolError) as caught:
        load_protocol(TRAINING, n_months=60)

    lines = str(caught.value).splitlines()
    assert (
        "47" in lines[0] and "eligibility.to_month" in lines[1] and "set to_month to 37" in lines[3]
    )


def _with_window(tmp_path, rule: str):
    path = tmp_path / "window.yaml"
    path.write_text(TRAINING.read_text(encoding="utf-8") + rule, encoding="utf-8")
    return path


def test_load_protocol_refuses_a_declared_window_that_no_trial_can_have(tmp_path):
    path = _with_window(tmp_path, "second_reading: {window_months: 46}\n")

    with pytest.raises(ProtocolError) as caught:
        load_protocol(path, n_months=72)

    lines = str(caught.value).splitlines()
    assert "46 months before the present period of support" in lines[0]
    assert "second_reading.window_months" in lines[1] and "month 47" in lines[2]
    assert "at most 45 months" in lines[3]


def test_load_protocol_takes_a_window_that_a_trial_can_have_and_the_default_one(tmp_path):
    path = _with_window(tmp_path, "second_reading: {window_months: 45}\n")

    assert load_protocol(path, n_months=72).second_reading.window_months == 45
    assert load_protocol(TRAINING, n_months=72).second_reading.window_months == 12


def test_load_protocol_names_an_unknown_key_and_its_neighbour(tmp_path):
    path = tmp_path / "typo.yaml"
    path.write_text(
        TRAINING.read_text(encoding="utf-8").replace("follow_up_months:", "followup_months:"),
        encoding="utf-8",
    )

    with pytest.raises(ParameterError) as caught:
        load_protocol(path, n_months=72)

    assert 'unknown key "followup_months" (did you mean "follow_up_months"?)' in str(caught.value)


def test_load_protocol_takes_the_districts_from_the_run_and_refuses_without():
    path = TRAINING.parent / "stockholm_work_training.yaml"

    protocol = load_protocol(path, n_months=120, districts=["A", "B"])
    with pytest.raises(ProtocolError) as caught:
        load_protocol(path, n_months=120)

    assert protocol.covariates[-1].terms == ("lives_in_B",)
    assert dict(protocol_card(protocol).iter_rows())["covariates"].endswith(
        "months since the last intervention (logarithm), district"
    )
    assert "covariates: district" in str(caught.value).splitlines()[1]


def with_primary(outcome, outcomes, **more):
    protocol = load(TRAINING, Protocol).model_dump(exclude_defaults=True)
    return Protocol(**(protocol | {"primary_outcome": outcome, "outcomes": outcomes} | more))


def test_a_primary_outcome_may_be_several_outcomes_together():
    observed = ["work", "studies", "support", "training"]
    any_work = with_primary("any_work", [*observed, "subsidised_work"])
    without_support = with_primary("without_support", observed, leavers_in_month_one="stay")

    assert any_work.is_work_observed
    assert not without_support.is_work_observed
    card = dict(protocol_card(without_support).iter_rows())
    assert card["primary outcome"] == (
        "share without income support, months without income support"
    )


@pytest.mark.parametrize(
    ("outcome", "outcomes", "fault"),
    [
        ("any_work", ["work", "studies", "support", "training"], "missing: subsidised_work"),
        ("without_support", ["work", "studies", "training"], "missing: support"),
        ("pension", ["pension", "support"], "one of any_work, without_support, closer; a transfer"),
    ],
)
def test_an_aggregate_needs_the_outcomes_that_it_holds(outcome, outcomes, fault):
    with pytest.raises(ValidationError, match=fault):
        with_primary(outcome, outcomes)


def test_months_without_support_ask_who_leaves_at_once():
    observed = ["work", "studies", "support", "training"]

    with pytest.raises(ValidationError, match="leavers_in_month_one has to be said"):
        with_primary("without_support", observed)


def test_load_protocols_refuses_two_protocols_of_one_intervention(tmp_path):
    run_file = TRAINING.parents[1] / "northern_ireland.yaml"
    params = load(run_file, RunFile)
    twice = params.model_copy(
        update={
            "effects": params.effects.model_copy(update={"protocols": params.effects.protocols * 2})
        }
    )

    with pytest.raises(ProtocolError) as caught:
        load_protocols(Run(run_dir=tmp_path, run_file=run_file, params=twice))

    assert "1 intervention has more than one protocol." in str(caught.value)
    assert [line.split(":")[0].strip() for line in str(caught.value).splitlines()[1:]] == [
        "where",
        "why",
        "fix",
    ]


@pytest.mark.parametrize("outcome", ["training", "support", "pension"])
def test_a_programme_a_transfer_or_support_is_never_success(world, outcome):
    with pytest.raises(ValidationError, match="never success"):
        world.protocol(primary_outcome=outcome, outcomes=["work", "support", "training", "pension"])


def test_protocol_hash_changes_with_any_word(world):
    one, other = (
        world.protocol(),
        world.protocol(question={"en": "What does starting a course change, then?"}),
    )

    assert protocol_hash(one) != protocol_hash(other)
    assert protocol_hash(one) == protocol_hash(Protocol.model_validate(one.model_dump()))


def test_protocol_card_names_question_time_zero_and_hash(world):
    card = dict(protocol_card(world.protocol()).iter_rows())

    assert card["time zero"] == "start of the trial month, the same in both arms"
    assert card["hash"] == protocol_hash(world.protocol())


@pytest.mark.parametrize(
    ("condition", "words"),
    [
        ({}, "either equals"),
        ({"equals": "female", "below": 30}, "either equals"),
        ({"below": 30, "name": "all"}, "names of their own"),
    ],
)
def test_a_subgroup_needs_one_condition_and_a_name_of_its_own(world, condition, words):
    group = {"name": "young", "title": {"en": "Young"}, "column": "age", **condition}

    with pytest.raises(ValidationError, match=words):
        world.protocol(subgroups=[group])


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"comparisons": ["wait", "other"], "other_intervention_id": "x"}, "stands alone"),
        ({"comparisons": ["other"]}, "goes with other_intervention_id"),
        ({"comparisons": []}, "at least one"),
        (
            {
                "covariates": [
                    {"name": "north", "kind": "person", "column": "district", "equals": "North"}
                ]
            },
            "kind: district",
        ),
        ({"eligibility": {"from_month": 2, "to_month": 3, "during": "course"}}, "after itself"),
        ({"outcomes": ["work", "support", "training", "work"]}, "outcomes stand once each"),
        ({"comparisons": ["wait", "wait"]}, "comparisons stand once each"),
        (
            {
                "covariates": [
                    {"name": "age", "kind": "person", "column": "age"},
                    {"name": "age", "kind": "elapsed"},
                ]
            },
            "covariates stand once",
        ),
        (
            {
                "covariates": [
                    {"name": "sick", "kind": "history_share", "outcome": "sickness_benefit"}
                ]
            },
            "one of the outcomes",
        ),
    ],
)
def test_a_protocol_whose_comparison_makes_no_sense_is_refused(world, changes, words):
    with pytest.raises(ValidationError, match=words):
        world.protocol(**changes)


def _covariate(**keys) -> dict:
    return {"covariates": [{"name": "past", **keys}]}


def _counted(*of_and_measure: tuple[str, str]) -> dict:
    return {
        "covariates": [
            {"name": f"past_{k}", "kind": "participation", "of": of, "measure": measure}
            for k, (of, measure) in enumerate(of_and_measure)
        ]
    }


def _rule(*exclusions: dict, **others) -> dict:
    return {
        "eligibility": {
            "from_month": 2,
            "to_month": 3,
            "exclude_participation": list(exclusions),
            **others,
        }
    }


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        (_covariate(kind="participation", of="any"), "needs measure"),
        (_covariate(kind="latest", column="support_obstacle"), "needs table"),
        (_covariate(kind="latest", table="assessment", column="rating_share"), "of one life_area"),
        (_covariate(kind="latest", table="activity_plan", column="decision"), "not known"),
        (_covariate(kind="latest", table="activity_month", column="activity_type"), "hours"),
        (_covariate(kind="latest", table="follow_up", column="self_rating", life_area="work"), "of "
        "one life_area"),
        (_covariate(kind="elapsed", form="bands"), "needs starts"),
        (_covariate(kind="elapsed", form="bands", starts=[6, 3]), "that increase"),
        (_covariate(kind="elapsed", form="spline", knots=[1, 6]), "at least three knots"),
        (_covariate(kind="elapsed", knots=[1, 6, 12]), "has no knots"),
        (_covariate(kind="person", column="age", of="any"), "has no of"),
        ({"calendar": {"df": 1}}, "greater than or equal to 2"),
        ({**_covariate(kind="elapsed"),
          "covariates": [{"name": "calendar_time", "kind": "elapsed"}],
          "calendar": {"form": "linear"}, "eligibility": {"from_month": 2, "to_month": 20}},
         "is the calendar's"),
        (_counted(("this", "count"), ("course", "count")), "say the same twice"),
        (_counted(("any", "months_since"), ("any", "ever")), "say the same twice"),
        (_rule({"of": "this"}, {"of": "course", "within_months": 3}), "each intervention once"),
        (_rule({"of": "any", "within_months": 1}, during="step"), "intervention of `during`"),
        (_rule({"of": "step", "within_months": 3}, after="step", within_months=3), "intervention "
        "of `after`"),
        (_rule({"of": "any"}, after="step"), "intervention of `after`"),
        ({**_rule({"of": "any"}), **_covariate(kind="participation", of="this", measure="ever")},
         "covariate past counts"),
        ({**_rule({"of": "this"}),
          **_covariate(kind="participation", of="course", measure="share")},
         "covariate past counts"),
    ],
)  # fmt: skip
def test_covariates_and_exclusions_that_contradict_themselves_are_refused(world, changes, words):
    with pytest.raises(ValidationError, match=words):
        world.protocol(**changes)


def test_exclusions_that_leave_somebody_are_taken(world):
    washout = _rule({"of": "step", "within_months": 2}, after="step", within_months=6)
    counted = {
        **_rule({"of": "this"}),
        **_covariate(kind="participation", of="any", measure="count"),
    }

    rules = [world.protocol(**changes).exclusions for changes in (washout, counted)]

    assert [(one.of, one.within_months) for rule in rules for one in rule] == [
        ("step", 2),
        ("course", None),
    ]


def test_the_card_says_who_is_left_out_and_how_calendar_time_stands(world):
    rule = {
        "from_month": 2,
        "to_month": 13,
        "exclude_participation": [{"of": "this"}, {"of": "any", "within_months": 6}],
    }
    declared = world.protocol(
        eligibility=rule, calendar={"df": 4}, covariates=[{"name": "district", "kind": "district"}]
    )

    card = dict(protocol_card(declared).iter_rows())
    short = dict(protocol_card(world.protocol()).iter_rows())
    none = dict(protocol_card(world.protocol(calendar={"form": "none"})).iter_rows())

    assert (
        "not in course before, as far back as the extract goes, not in any intervention in the "
        "last 6 months" in card["eligible"]
    )
    assert card["earlier participation"].startswith(
        "known from the extract's first month on, 1 months before the first trial"
    )
    assert "earlier participation" not in short
    assert card["calendar time"].startswith("a natural spline of 4 terms over the trial months")
    assert short["calendar time"] == "left out: the trials span fewer than 12 months"
    assert none["calendar time"] == "not adjusted for, as declared"
    assert card["covariates"] == "district (left out: the run has one district)"


def test_the_card_tells_the_strategy_and_every_comparison(world):
    rule = {"from_month": 2, "to_month": 3, "after": "step", "within_months": 2}

    card = dict(
        protocol_card(
            world.protocol(
                comparisons=["wait", "never"], eligibility=rule, truncation={"propensity": 10}
            )
        ).iter_rows()
    )

    assert "step ended at most 2 months before" in card["eligible"]
    assert {"comparison: wait", "comparison: never"} < set(card)
    assert card["weights at most"] == "propensity 10"
    assert (
        card["refused"] == "fewer than 1 people who start; a comparison worth fewer than 1 people; "
        "less than 5% of those who could start in no intervention at all, from some month of the "
        "trials to their last"
    )


@pytest.mark.parametrize("language", languages())
def test_the_card_is_told_in_every_language(world, language):
    reader = words(language)
    asked = {
        "eligibility": {
            "from_month": 2,
            "to_month": 3,
            "during": "step",
            "after": "course_before",
            "exclude_participation": [{"of": "this"}],
        },
        "grace_months": 1,
        "start_months": [3],
        "truncation": {"propensity": 2.5},
    }

    card = dict(protocol_card(world.protocol(**asked), reader).iter_rows())

    assert reader.text("card.eligible") in card and reader.text("card.treated") in card
    assert card[reader.text("card.weights")].endswith(reader.number(2.5, 1))
    assert reader.text("support") in card[reader.text("card.eligible")]
    assert card[reader.text("card.timing")] == reader.text("card.start", months="3")


def test_the_card_names_every_limit_of_refusal(world):
    limits = {
        "min_starters": 20,
        "min_effective_sample_size": 30,
        "max_abs_smd": 0.1,
        "max_share_outside_support": 0.25,
        "min_share_unassigned": 0.1,
    }

    card = dict(protocol_card(world.protocol(refusal=limits)).iter_rows())

    assert card["refused"].split("; ")[2:] == [
        "a covariate's difference above 0.1 standard deviations after weighting",
        "more than 25% of starters without a counterpart",
        "less than 10% of those who could start in no intervention at all, from some month of the "
        "trials to their last",
    ]


def test_the_protocol_of_an_intervention_is_found_and_an_unknown_one_refused_with_the_near_name(
    tmp_path,
):
    run_file = TRAINING.parents[1] / "northern_ireland.yaml"
    run = Run(run_dir=tmp_path, run_file=run_file, params=load(run_file, RunFile))

    assert protocol_of(run, "government_training") == load_protocols(run)[0]
    with pytest.raises(ProtocolError) as caught:
        protocol_of(run, "government_trainig")

    what, where, why, fix = str(caught.value).splitlines()
    assert what == "The run has no protocol of this intervention."
    assert where == (
        '  where: northern_ireland.yaml, effects.protocols: "government_trainig" (did you mean '
        '"government_training"?)'
    )
    assert why == "  why:   Without a protocol nothing says what is compared with what."
    assert fix.startswith("  fix:   name an intervention of the run's protocols")


def test_protocols_in_a_table_are_those_it_has_rows_of(tmp_path):
    run_file = TRAINING.parents[1] / "northern_ireland.yaml"
    declared = load_protocols(
        Run(run_dir=tmp_path, run_file=run_file, params=load(run_file, RunFile))
    )

    written = pl.DataFrame({"protocol_hash": [protocol_hash(declared[0])] * 2})

    assert protocols_in(written, declared) == declared
    assert protocols_in(written.clear(), declared) == ()
    assert interventions_of(declared) == ["government_training"]


@pytest.mark.parametrize(
    ("declared", "shown", "held"),
    [
        ({"min_starters": 10}, {"min_persons": 25, "max_person_weight": 0.1}, (25, 0.1)),
        ({"min_starters": 40, "max_person_weight": 0.05}, {"min_persons": 25}, (40, 0.05)),
    ],
)
def test_the_stricter_of_a_protocols_limits_and_the_runs_holds(tmp_path, declared, shown, held):
    protocol = yaml.safe_load(TRAINING.read_text("utf-8"))
    protocol["refusal"] = declared
    (tmp_path / "training.yaml").write_text(yaml.safe_dump(protocol), "utf-8")
    asked = load(TRAINING.parents[1] / "northern_ireland.yaml", RunFile)
    params = asked.model_copy(
        update={
            "effects": asked.effects.model_copy(update={"protocols": (Path("training.yaml"),)}),
            "disclosure": DisclosureRules(**shown),
        }
    )

    (found,) = load_protocols(Run(params=params, run_file=tmp_path / "run.yaml", run_dir=tmp_path))

    assert (found.refusal.min_starters, found.refusal.max_person_weight) == held
