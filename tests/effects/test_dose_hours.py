"""Starting with at least so many hours a week, against starting the same with fewer."""

from dataclasses import replace

import polars as pl
import pytest
from pydantic import ValidationError

from evalkit.effects import PersonTables, intervention_weights
from evalkit.effects.answer.estimate import primary_months
from evalkit.effects.weighting.propensity import fit_models
from evalkit.effects.weighting.strategies import weighting_of
from evalkit.errors import ProtocolError
from evalkit.line.needs import needs_of
from evalkit.words import languages, protocol_card, words

LIVES = {"a": "ssttww", "b": "ssttss", "c": "ssssss", "d": "ssttww", "e": "ssttsw"}
HOURS = {"a": 30.0, "b": 10.0, "d": None, "e": 20.0}
ASKED = {
    "comparisons": ["other"],
    "dose_hours": 20,
    "eligibility": {"from_month": 2, "to_month": 4},
    "follow_up_months": 3,
}


def _people(world, hours=HOURS) -> PersonTables:
    tables = world.tables(LIVES)
    known = pl.col("person_id").replace_strict(hours, return_dtype=pl.Float64)
    return PersonTables(
        tables["spells"],
        tables["episodes"].with_columns(hours_per_week=known),
        tables["state_intervals"],
        tables["person"],
        world.first_month,
    )


def test_a_dose_in_hours_by_hand(world):
    """In month 3 a and e start with 20 hours or more, b with fewer; nobody knows d's hours, and c
    starts nothing. In follow-up months 1 to 3 a works one month (t t w), e and b none.
    """
    protocol = world.protocol(**ASKED)

    trials = _people(world).trials(protocol)
    fitted = fit_models(trials, n_draws=2, seed=1)
    weighting = weighting_of(trials, fitted, "other")
    months = primary_months(weighting, trials.cluster_weights(n_draws=2, seed=1))

    assert trials.rows.select("person_id", "trial_month", "arm").rows() == [
        ("a", 3, "treated"),
        ("b", 3, "comparison"),
        ("e", 3, "treated"),
    ]
    assert months["difference"][0] == pytest.approx(1 / 2)


def test_who_already_takes_part_with_any_hours_does_not_start(world):
    people = _people(world)
    begun = people.episodes.filter(person_id="b").with_columns(
        start=pl.lit(world.first_month), hours_per_week=pl.lit(None, pl.Float64)
    )
    people = replace(people, episodes=pl.concat([people.episodes, begun]))

    trials = people.trials(world.protocol(**ASKED))

    assert "b" not in trials.rows["person_id"].to_list()


def test_a_dose_in_hours_that_nobody_has_on_record_is_refused(world):
    people = _people(world, dict.fromkeys(HOURS))

    with pytest.raises(ProtocolError) as caught:
        intervention_weights(people, world.protocol(**ASKED), n_draws=2, seed=1)

    lines = str(caught.value).split("\n")
    assert "for none of its starts" in lines[0]
    assert "dose_hours" in lines[1] and "hours_per_week" in lines[1]
    assert "have hours_per_week delivered" in lines[3]


@pytest.mark.parametrize(
    "changes",
    [
        {"comparisons": ["wait"]},
        {"comparisons": ["other", "wait"]},
        {"other_intervention_id": "step"},
        {"dose_hours": 0},
        {"dose_hours": None},
    ],
)
def test_a_dose_in_hours_goes_with_other_alone(world, changes):
    with pytest.raises(ValidationError):
        world.protocol(**(ASKED | changes))


@pytest.mark.parametrize("language", languages())
def test_the_card_names_the_hours_of_both_arms(world, language):
    told = words(language)

    card = dict(protocol_card(world.protocol(**ASKED), told).iter_rows())

    assert "20" in card[told.text("card.treated")]
    assert card[told.text("card.comparison_other")]


def test_a_dose_in_hours_needs_its_column_delivered(world):
    needs = needs_of([world.protocol(**ASKED)])

    assert ("participation", "hours_per_week") in {(need.table, need.column) for need in needs}
