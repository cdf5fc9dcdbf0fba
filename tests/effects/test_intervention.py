from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from evalkit.effects import (
    PersonTables,
    district_effects,
    effect_summary,
    effect_timing,
    intervention_effects,
    intervention_weights,
    load_protocol,
    primary_draws,
    protocol_hash,
    status_for_publication,
    status_of_run,
    summaries,
    timings,
)
from evalkit.effects.answer.reported import reported_draws
from evalkit.line.tables import table
from evalkit.months import add_months
from evalkit.spells import Extent, build_support_spells
from evalkit.tables import CITY, conform

N_DRAWS, SEED = 30, 3
NORTH = {"a": "sstw", "b": "stww", "c": "ssww", "d": "ssss", "e": "sssw", "f": "swww"}


def _people(world, lives, districts):
    tables = world.tables(lives, districts)
    return PersonTables(
        tables["spells"],
        tables["episodes"],
        tables["state_intervals"],
        tables["person"],
        world.first_month,
    )


def _everything(people, protocol, districts, *, computed=None):
    weights = intervention_weights(people, protocol, n_draws=N_DRAWS, seed=SEED)
    parts = [
        district_effects(
            people,
            [protocol],
            propensity=weights.propensity,
            district=district,
            n_draws=N_DRAWS,
            seed=SEED,
        )
        for district in computed or districts
    ]
    sums, statuses, events, _ = (pl.concat(tables) for tables in zip(*parts, strict=True))
    return weights, intervention_effects(
        sums,
        protocol,
        district_status=statuses,
        weights_status=weights.weights_status,
        effect_people=weights.effect_people,
        seed=SEED,
        districts=districts,
        event_sums=events,
    )


@pytest.fixture
def city(world):
    """Four districts with the same lives, one of them without a single starter."""
    lives, districts = {}, {}
    for district in ("East", "North", "South", "West"):
        for name, life in NORTH.items():
            lives[district + name] = life.replace("t", "s") if district == "West" else life
            districts[district + name] = district
    return _people(world, lives, districts), ["East", "North", "South", "West"]


def test_a_district_without_starters_cannot_be_said(world, city):
    people, districts = city

    _, effects = _everything(people, world.protocol(), districts)

    west = effects.status.filter((pl.col("district") == "West") & (pl.col("source") == "raw")).row(
        0, named=True
    )
    assert (west["status"], west["reason"], west["n_starters"]) == (
        "cannot_be_said",
        "few_starters",
        0,
    )
    assert "West" not in effects.draws["district"]


def test_a_district_where_nobody_is_eligible_cannot_be_said(world):
    people = _people(world, NORTH, dict.fromkeys(NORTH, "North"))

    _, effects = _everything(people, world.protocol(), ["North", "Empty"])

    empty = effects.status.filter(
        (pl.col("district") == "Empty") & (pl.col("source") == "raw")
    ).row(0, named=True)
    assert (empty["status"], empty["reason"]) == ("cannot_be_said", "no_one_eligible")


def test_a_month_not_known_in_one_district_leaves_the_others_in_the_citys_total(world, city):
    people, districts = city
    hidden = people.state_intervals.with_columns(
        from_state=pl.when((pl.col("person_id") == "Easte") & (pl.col("from_state") == "work"))
        .then(pl.lit("unknown"))
        .otherwise("from_state")
    )

    _, effects = _everything(replace(people, state_intervals=hidden), world.protocol(), districts)

    totals = (
        effects.draws.filter((pl.col("district") == "all") & (pl.col("draw") == 0))
        .group_by("arm", "month")
        .agg(pl.col("probability").sum())
    )
    assert totals["probability"].to_list() == pytest.approx([1.0] * totals.height)


def test_districts_are_pooled_when_enough_qualify(world, city):
    people, districts = city

    _, effects = _everything(people, world.protocol(), districts)

    shrunk = (
        effects.draws.filter(pl.col("source") == "shrunk")["district"].unique().sort().to_list()
    )
    assert shrunk == ["East", "North", "South"]
    assert set(
        reported_draws(effects.draws)
        .group_by("district")
        .agg(pl.col("source").unique().first())
        .iter_rows()
    ) == {
        ("East", "shrunk"),
        ("North", "shrunk"),
        ("South", "shrunk"),
        ("all", "raw"),
    }


def test_too_few_districts_are_not_pooled_and_that_is_said(world):
    people = _people(world, NORTH, dict.fromkeys(NORTH, "North"))

    _, effects = _everything(people, world.protocol(), ["North"])

    city = status_for_publication(effects.status, n_draws=N_DRAWS).filter(
        pl.col("district") == "all"
    )
    assert city["pooling"][0] == "few_districts"
    assert effects.draws["source"].unique().to_list() == ["raw"]


def test_an_intervention_nobody_starts_cannot_be_said(world, city):
    people, districts = city
    other = world.protocol(protocol="other", intervention_id="other")

    weights, effects = _everything(people, other, districts)

    assert set(effects.status.filter(source="raw")["reason"]) == {"no_starters"}
    assert weights.balance.is_empty() and weights.propensity.is_empty()


def test_a_districts_part_holds_every_protocol_and_each_effect_takes_its_own_rows(world, city):
    people, districts = city
    protocols = [world.protocol(), world.protocol(protocol="other", comparisons=["never"])]
    weights = [intervention_weights(people, one, n_draws=N_DRAWS, seed=SEED) for one in protocols]
    propensity = pl.concat([one.propensity for one in weights])
    draws = {"propensity": propensity, "n_draws": N_DRAWS, "seed": SEED}
    parts = [district_effects(people, protocols, district=one, **draws) for one in districts]
    sums = pl.concat([part.sums for part in parts])
    statuses = pl.concat([part.status for part in parts])

    both = [
        intervention_effects(
            sums,
            protocol,
            district_status=statuses,
            weights_status=one.weights_status,
            effect_people=one.effect_people,
            seed=SEED,
        )
        for protocol, one in zip(protocols, weights, strict=True)
    ]

    for protocol, effects in zip(protocols, both, strict=True):
        _, alone = _everything(people, protocol, districts)
        assert_frame_equal(effects.draws, alone.draws)
        assert_frame_equal(effects.status, alone.status)


def test_a_district_hands_on_empty_tables_where_no_intervention_has_weights(city):
    people, districts = city

    part = district_effects(
        people,
        [],
        propensity=table("propensity").empty(),
        district=districts[0],
        n_draws=N_DRAWS,
        seed=SEED,
    )

    assert all(rows.is_empty() for rows in part)


def test_an_intervention_that_was_not_computed_cannot_be_said_anywhere(world, city):
    people, districts = city
    failed = world.protocol(protocol="other", intervention_id="other", comparisons=["never"])
    _, effects = _everything(people, world.protocol(), districts)

    status = status_of_run(effects.status, [world.protocol(), failed], districts)

    assert_frame_equal(status.filter(intervention_id="course"), effects.status)
    missing = status.filter(intervention_id="other")
    assert missing["district"].to_list() == ["all", *districts]
    assert set(missing.select("status", "reason", "n_starters").rows()) == {
        ("cannot_be_said", "not_computed", None)
    }
    published = status_for_publication(status, n_draws=N_DRAWS)
    assert published.filter(intervention_id="other")["effect_state"].unique().to_list() == [
        "cannot_be_said"
    ]


def test_a_district_that_was_not_computed_is_missing_from_the_city_and_its_people(world, city):
    people, districts = city
    protocol = world.protocol()

    _, whole = _everything(people, protocol, districts)
    _, partly = _everything(people, protocol, districts, computed=districts[1:])
    status = status_of_run(partly.status, [protocol], districts)

    counts = [
        effects.status.filter(district=CITY, source="raw")["n_starters"].unique().to_list()
        for effects in (whole, partly)
    ]
    assert counts == [[6], [4]]
    missing = status.filter(district=districts[0])
    assert set(missing["reason"]) == {"not_computed"}
    assert partly.draws.filter(district=CITY).height == whole.draws.filter(district=CITY).height


def test_summaries_carry_the_starters_behind_every_row(world, city):
    people, districts = city
    protocol = world.protocol()

    _, effects = _everything(people, protocol, districts)
    told = summaries(effects, protocol)
    curves, months = told.effect_curves, told.effect_summary

    starters = dict(months.select("district", "n_starters").unique().iter_rows())
    assert starters == {"East": 2, "North": 2, "South": 2, "all": 6}
    # Fewer people than a path needs: what there is of it carries so many, and is withheld.
    assert curves["n_fewest"].max() < 50
    assert months["person_change"].null_count() == 0


def test_what_is_published_of_a_status_tells_none_from_few_in_no_way():
    rows = [("A", 25, "estimated", None), ("B", 0, "cannot_be_said", "no_starters")]
    rows += [("C", 2, "cannot_be_said", "few_starters"), ("all", 27, "estimated", None)]
    keys = {"intervention_id": "course", "protocol_hash": "h", "estimand": "now", "source": "raw"}
    columns = ["district", "n_starters", "status", "reason"]
    status = pl.DataFrame(rows, schema=columns, orient="row").with_columns(
        *(pl.lit(value).alias(name) for name, value in keys.items()),
        effective_sample_size=12.3,
        max_weight=0.4,
    )

    published = status_for_publication(status, n_draws=10)

    assert published["reason"].to_list() == [None, "few_starters", "few_starters", None]
    assert published["max_weight"].to_list() == [0.4, None, None, 0.4]


def test_money_is_put_on_the_primary_comparison_alone_and_timing_is_said_for_both(world, city):
    people, districts = city
    protocol = world.protocol(comparisons=["never", "wait"])

    _, effects = _everything(people, protocol, districts)
    timing = timings(effects, protocol)

    assert set(effects.draws["estimand"]) == {
        "start_now_rather_than_wait",
        "start_now_rather_than_never",
    }
    assert set(primary_draws([effects.draws], [protocol])["estimand"]) == {
        "start_now_rather_than_never"
    }
    assert set(timing["estimand"]) == set(effects.draws["estimand"])
    assert timing["n_starters"].null_count() == 0


def test_primary_draws_stand_in_one_order_whatever_that_of_the_interventions(world, city):
    people, districts = city
    protocols = [world.protocol(), world.protocol(protocol="other", intervention_id="another")]
    _, effects = _everything(people, protocols[0], districts)
    other = effects.draws.with_columns(
        intervention_id=pl.lit("another"), protocol_hash=pl.lit(protocol_hash(protocols[1]))
    )
    parts = [conform(draws, "effect_draws") for draws in (effects.draws, other)]

    one_way, other_way = (primary_draws(order, protocols) for order in (parts, parts[::-1]))

    assert_frame_equal(one_way, other_way)
    keys = one_way.select("source", "district", "intervention_id").unique(maintain_order=True)
    assert keys.head(3).rows() == [
        ("shrunk", "East", "another"),
        ("shrunk", "East", "course"),
        ("shrunk", "North", "another"),
    ]


def test_where_no_effect_can_be_said_the_tables_are_empty_and_whole():
    draws = table("effect_draws").empty()
    events = pl.DataFrame(
        schema={("event" if name == "state" else name): kind for name, kind in draws.schema.items()}
    )
    declared = load_protocol(
        Path(__file__).parents[2] / "params" / "protocols" / "training.yaml", n_months=72
    )

    assert effect_summary(draws, declared).columns[-6:-1] == [
        "treated",
        "comparison",
        "difference",
        "ci_lower",
        "ci_upper",
    ]
    assert effect_timing(draws, events, declared).is_empty()


def test_history_before_the_extract_has_a_sensitivity_the_trials_of_the_later_months(world):
    """Dropping the first third of months 2 to 7 is to declare the trials of months 4 to 7."""
    rng = np.random.default_rng(5)
    lives = {f"p{k:03d}": "s" + "".join(rng.choice(list("sssstw"), size=9)) for k in range(200)}
    people = _people(world, lives, dict.fromkeys(lives, "North"))
    earlier = [{"name": "earlier", "kind": "participation", "of": "this", "measure": "ever"}]
    asked = {"covariates": earlier, "follow_up_months": 3}
    declared, later, plain = (
        world.protocol(eligibility={"from_month": first, "to_month": 7}, **(asked | changes))
        for first, changes in ((2, {}), (4, {}), (2, {"covariates": []}))
    )

    found, expected, unasked = (
        intervention_weights(people, one, n_draws=N_DRAWS, seed=SEED).effect_sensitivity
        for one in (declared, later, plain)
    )

    columns = ["difference", "ci_lower", "ci_upper", "n_starters"]
    row = found.filter(convention="later_trials").select(columns).row(0)
    assert row == pytest.approx(
        expected.filter(convention="declared").select(columns).row(0), abs=1e-9
    )
    assert row[0] != pytest.approx(
        found.filter(convention="declared")["difference"].item(), abs=1e-3
    )
    assert "later_trials" not in unasked["convention"]


def test_a_districts_own_trials_have_the_terms_and_values_of_the_city(world):
    """Calendar time, earlier participation and the latest value depend on no one else: coefficients
    fitted on all serve each district.
    """
    rng = np.random.default_rng(6)
    lives = {f"p{k:03d}": "".join(rng.choice(list("ssstw"), size=16)) for k in range(60)}
    districts = {name: ("North", "South")[k % 2] for k, name in enumerate(lives)}
    dates = [add_months(world.first_month, int(month)) for month in rng.integers(0, 16, len(lives))]
    rated = pl.DataFrame(
        {"person_id": list(lives), "date": dates, "self_rating": rng.integers(1, 6, len(lives))}
    )
    people = replace(
        _people(world, lives, districts),
        delivered={"follow_up": rated.with_columns(intervention_id=pl.lit("course"))},
    )
    protocol = world.protocol(
        eligibility={
            "from_month": 2,
            "to_month": 14,
            "exclude_participation": [{"of": "this", "within_months": 2}],
        },
        covariates=[
            {"name": "months", "kind": "elapsed", "form": "spline", "knots": [1, 3, 6]},
            *[
                {"name": one, "kind": "participation", "of": "any", "measure": one}
                for one in ("count", "months_since", "share")
            ],
            {"name": "rating", "kind": "latest", "table": "follow_up", "column": "self_rating"},
        ],
    )

    city = people.trials(protocol)

    assert set(protocol.calendar_terms) < set(city.terms)
    for district in ("North", "South"):
        own, part = people.of_district(district).trials(protocol), city.of_district(district)
        assert own.terms == city.terms and own.rows.equals(part.rows)
        assert np.array_equal(own.design, part.design)


def test_hours_assigned_are_those_of_the_last_month_before_time_zero_added_up(world):
    """In month 2 five and three hours; what month 3 itself holds is not known before it."""
    months = [add_months(world.first_month, month) for month in (0, 1, 1, 2)]
    hours = pl.DataFrame(
        {
            "person_id": ["a"] * 4,
            "month": months,
            "activity_type": ["language", "workplace", "language", "language"],
            "assigned_hours": [40.0, 5.0, 3.0, 60.0],
        }
    )
    people = replace(
        _people(world, {"a": "sssss", "b": "sstss"}, dict.fromkeys("ab", "North")),
        delivered={"activity_month": hours},
    )
    asked = {"name": "hours", "kind": "latest", "table": "activity_month"}
    protocol = world.protocol(
        eligibility={"from_month": 3, "to_month": 3},
        covariates=[{**asked, "column": "assigned_hours"}],
    )

    trials = people.trials(protocol)

    assert trials.terms == ("constant", "hours", "hours_unknown")
    assert trials.design.tolist() == [[1, 8, 0], [1, 0, 1]]


def test_people_who_parted_are_drawn_together_and_the_others_are_not(world):
    """a and b shared a household in month 1 alone; c never did. Their spells, as the line builds
    them, keep that in every later trial.
    """
    months = [add_months(world.first_month, k) for k in range(6)]
    shared = [("h", who, months[0]) for who in "ab"] + [
        (f"h{who}", who, month) for who in "abc" for month in months[1:]
    ]
    member = pl.DataFrame(
        [(*row, "lead") for row in shared],
        schema=["household_id", "person_id", "month", "role"],
        orient="row",
    )
    paid = member.select(
        "household_id",
        "month",
        district=pl.lit("North"),
        amount=pl.lit(1.0),
        exit_reason=pl.lit(None, dtype=pl.String),
    ).unique()
    person = pl.DataFrame(
        {"person_id": list("abc"), "district": ["North"] * 3, "weight": [1.0] * 3}
    )
    livelihood = pl.DataFrame(
        schema={"person_id": pl.String, "start": pl.Date, "end": pl.Date, "state": pl.String}
    )
    spells = build_support_spells(
        paid,
        member,
        livelihood,
        person,
        extent=Extent(first_month=months[0], data_through=months[-1], max_gap_months=0),
    )
    lives = dict.fromkeys("abc", "ssssss")
    people = replace(_people(world, lives, None), support_spells=spells)

    trials = people.trials(world.protocol())
    rows = trials.rows
    cluster, weights = trials.cluster_weights(n_draws=50, seed=SEED)

    assert rows.filter(pl.col("trial_month") > 2).select("person_id", "cluster_id").rows() == [
        ("a", "a"),
        ("b", "a"),
        ("c", "c"),
    ]
    a, b, c = (weights[cluster[rows["person_id"].index_of(who)]] for who in "abc")
    assert np.array_equal(a, b) and not np.array_equal(a, c)


def test_trials_and_districts_are_made_once(world):
    people, protocol = _people(world, NORTH, dict.fromkeys(NORTH, "North")), world.protocol()

    assert people.trials(protocol) is people.trials(protocol)
    assert people.of_district("North") is people.of_district("North")
    assert people.trials(world.protocol(comparisons=["never"])) is not people.trials(protocol)
