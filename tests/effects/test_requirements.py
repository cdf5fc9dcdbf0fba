"""A protocol's conditions are held against what the contracts say of the columns: a condition that
nobody can meet is no condition.
"""

import polars as pl
import pytest

from evalkit.effects import (
    DeliveredColumn,
    refuse_unknown_interventions,
    refuse_unusable_columns,
    tables_asked_for,
)
from evalkit.errors import ProtocolError

TABLES = {
    "person": {
        "sex": DeliveredColumn("string", ("female", "male")),
        "birth_year": DeliveredColumn("integer"),
        "is_parent": DeliveredColumn("boolean"),
        "moved_in": DeliveredColumn("date"),
        "target_groups": DeliveredColumn("string"),
    },
    "household_member": {
        "support_obstacle": DeliveredColumn("string", ("language", "other")),
        "month": DeliveredColumn("date"),
    },
    "follow_up": {"manages_travel": DeliveredColumn("integer", (0, 1))},
}


def _covariate(column: str, **keys) -> dict:
    return {"covariates": [{"name": "it", "kind": "person", "column": column, **keys}]}


def _latest(table: str, column: str, **keys) -> dict:
    return {
        "covariates": [{"name": "it", "kind": "latest", "table": table, "column": column, **keys}]
    }


def _group(column: str, **keys) -> dict:
    return {"subgroups": [{"name": "them", "title": {"en": "Them"}, "column": column, **keys}]}


@pytest.mark.parametrize(
    ("asked", "fault"),
    [
        (
            _covariate("sex", equals="man"),
            'covariate it: sex is never "man" (values: female, male)',
        ),
        (_covariate("sex"), "sex is a text and needs equals"),
        (_covariate("birth_year", equals="1990"), "birth_year is a number and needs no equals"),
        (_covariate("is_parent", equals="yes"), "is_parent is true or false and needs no equals"),
        (_covariate("moved_in"), "moved_in is a date"),
        (
            _latest("household_member", "support_obstacle", equals="languages"),
            'support_obstacle is never "languages"',
        ),
        (
            _latest("follow_up", "manages_travel", equals="1"),
            "manages_travel is a number and needs no equals",
        ),
        (_group("sex", equals="kvinna"), 'subgroup them: sex is never "kvinna"'),
        (_group("sex", equals=True), "sex is a text, not true or false"),
        (_group("sex", at_least=1), "sex is a text and has no at_least or below"),
        (_group("birth_year", equals="1990"), "birth_year is a number and needs at_least or below"),
        (_group("is_parent", equals="true"), "is_parent is true or false, written without quotes"),
        (
            _group("is_woman_in_weak_position", below=1),
            "is_woman_in_weak_position is true or false and has no",
        ),
        ({"survey_weight": "sex"}, "survey_weight: sex is no number"),
    ],
)
def test_a_condition_that_nobody_can_meet_is_refused_in_four_lines(world, asked, fault):
    with pytest.raises(ProtocolError) as caught:
        refuse_unusable_columns([world.protocol(**asked)], TABLES)

    lines = str(caught.value).splitlines()
    assert lines[0] == "1 column cannot be what a protocol takes it for."
    assert fault in lines[1]
    assert [line.split(":")[0].strip() for line in lines[1:]] == ["where", "why", "fix"]


@pytest.mark.parametrize(
    "asked",
    [
        _covariate("sex", equals="male"),
        _covariate("is_parent"),
        _covariate("target_groups", equals="young_adults"),
        _latest("household_member", "support_obstacle", equals="other"),
        _latest("follow_up", "manages_travel"),
        _group("is_parent", equals=True),
        _group("elapsed_months", at_least=10),
        {"survey_weight": "birth_year"},
    ],
)
def test_a_condition_that_somebody_can_meet_passes(world, asked):
    protocol = world.protocol(**asked)

    refuse_unusable_columns([protocol], TABLES)

    assert tables_asked_for([protocol]) == tuple(
        one.table for one in protocol.covariates if one.kind == "latest"
    )


def test_missing_columns_are_named_with_their_table_and_the_nearest_one(world):
    with pytest.raises(ProtocolError) as caught:
        refuse_unusable_columns(
            [world.protocol(**_latest("household_member", "suport_obstacle"))], TABLES
        )

    lines = str(caught.value).splitlines()
    assert (
        lines[0] == "1 column that a protocol asks for will not be in the household_member table."
    )
    assert 'suport_obstacle (did you mean "support_obstacle"?)' in lines[1]


def test_an_intervention_that_the_extract_does_not_have_is_refused_wherever_it_is_named(world):
    rule = {
        "from_month": 2,
        "to_month": 3,
        "after": "stepp",
        "exclude_participation": [{"of": "any", "within_months": 1}, {"of": "help"}],
    }
    counted = [
        {"name": name, "kind": "participation", "of": of, "measure": "count"}
        for name, of in (("it", "this"), ("past", "stp"))
    ]
    protocol = world.protocol(eligibility=rule, covariates=counted)
    offered = pl.DataFrame({"intervention_id": ["course", "step"]})

    with pytest.raises(ProtocolError) as caught:
        refuse_unknown_interventions([protocol], offered)

    lines = str(caught.value).splitlines()
    assert lines[0] == "Interventions that a protocol names will not be found: 3."
    assert 'after: stepp (did you mean "step"?)' in lines[1]
    assert (
        "exclude_participation: help" in lines[1]
        and 'covariate past: stp (did you mean "step"?)' in lines[1]
    )
    assert [line.split(":")[0].strip() for line in lines[1:]] == ["where", "why", "fix"]
    refuse_unknown_interventions([world.protocol()], offered)
