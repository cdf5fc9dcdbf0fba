from dataclasses import replace
from types import SimpleNamespace

import polars as pl
import pytest

from evalkit.disclosure import protected, read_published, read_unit, release, release_all
from evalkit.errors import DisclosureError
from evalkit.line.columns import is_counted
from evalkit.line.published import PUBLISHED
from evalkit.line.tables import published


@pytest.fixture
def run(tmp_path):
    """As much of a run as publication asks for."""
    params = SimpleNamespace(
        run="test",
        extract=SimpleNamespace(is_simulated=False),
        survival=SimpleNamespace(quoted_months=(2,)),
        disclosure=SimpleNamespace(min_persons=20),
    )
    return SimpleNamespace(run_dir=tmp_path, params=params)


def _people(**counts):
    rows = [(district, "persons", n, n) for district, n in counts.items()]
    return pl.DataFrame(rows, schema=["district", "measure", "count", "n_persons"], orient="row")


def _curve(district="North"):
    return pl.DataFrame(
        {"district": district, "exit": "work", "month": [0, 1, 2], "estimate": [0.0, 0.1, 0.2]}
    ).with_columns(
        ci_lower=pl.lit(0.0),
        ci_upper=pl.lit(0.5),
        n_at_risk=pl.lit(100),
        n_persons=pl.lit(100),
    )


def test_release_applies_the_declared_rule_and_writes_the_table(run):
    published = release(_people(North=100, South=3, West=40, all=143), "people", run)

    shown = dict(published.data.select("district", "count").iter_rows())
    assert shown == {"North": 100, "South": 5, "West": 40, "all": 145}
    assert read_published(run.run_dir, "people").sha256 == published.sha256


def test_release_names_a_districts_own_table_after_it(run):
    release(_curve(), "exit_curves", run, district="North")
    release(_curve("all"), "exit_curves", run)

    names = sorted(path.stem for path in (run.run_dir / "published").glob("*.json"))
    assert names == ["exit_curves-all", "exit_curves-north"]


def test_release_carries_the_declared_grade_unless_told_otherwise(run):
    effect = pl.DataFrame(
        {
            "district": ["all"],
            "intervention_id": ["course"],
            "covariate": ["age"],
            "smd_before": [0.1],
            "smd_after": [0.0],
            "variance_ratio_before": [1.1],
            "variance_ratio_after": [1.0],
            "n_starters": [30],
        }
    )

    assert release(effect, "balance", run).grade == "M"
    assert release(effect, "balance", run, grade="L").grade == "L"


def test_what_is_counted_in_a_simulated_extract_is_graded_so_and_prices_keep_their_own(run):
    run.params.extract.is_simulated = True
    prices = pl.DataFrame({name: [None] for name in published("prices").values}).with_columns(
        price=pl.lit("wage"), value=pl.lit(1.0)
    )

    assert release(_people(all=100), "people", run).grade == "S"
    assert release(_people(all=100), "people", run, grade="M").grade == "S"
    assert release(prices, "prices", run, grade="L").grade == "L"


def test_release_refuses_an_undeclared_table_in_four_lines(run):
    with pytest.raises(DisclosureError) as caught:
        release(_people(all=10), "peple", run)

    lines = str(caught.value).splitlines()
    assert "not declared" in lines[0] and 'did you mean "people"?' in lines[1]
    assert lines[2].strip().startswith("why:") and "evalkit/line/published/" in lines[3]


def test_read_unit_gives_a_districts_own_curves_under_their_plain_names(run):
    release(_curve(), "exit_curves", run, district="North")
    release(_people(North=100, all=100), "people", run)

    tables = read_unit(run, "North")

    assert set(tables) == {"exit_curves", "people"}
    assert tables["exit_curves"].name == "exit_curves-north"


def _is_counted_alone(declared) -> bool:
    """Whether all numbers of a table are counts of people and shares of them."""
    numbers = {name for name in declared.values if declared.schema[name].is_numeric()}
    counted = {name for name in numbers if is_counted(name, declared.schema[name])}
    return numbers == counted | {share for share, _, _ in declared.guard.shares}


def test_every_declared_table_about_people_names_the_column_its_rule_looks_at():
    # Prices and counts of rows; what has been shown before; starts alone, which are counted.
    about_things = {"deliveries", "prices", "since_last", "allocation_joint"}
    about_things |= {"ladder_steps"}  # which interventions stand on which step
    # What was budgeted, booked and printed; what places cost; what boards planned.
    about_things |= {"account_areas", "account_faults", "account_moves", "account_places"}
    about_things |= {"reported_accounts", "reported_places", "make_or_buy", "outreach_costs"}
    about_things |= {"need_answers", "programme_actions", "programme_themes"}
    about_things |= {"design_schedule"}  # places, divided by rounded numbers of people
    # Hashes; what is made of published numbers alone.
    about_things |= {"forecast_record", "forecast_scores"}

    assert {
        declared.name
        for declared in PUBLISHED.values()
        if declared.guard.rule == "estimates" and declared.guard.count is None
    } == about_things


def test_every_number_of_a_table_of_counts_is_counted_a_share_or_of_a_known_number_of_people():
    unguarded = [
        (declared.name, value)
        for declared in PUBLISHED.values()
        if declared.guard.rule == "counts" and declared.guard.count is None
        for value in declared.values
        if declared.schema[value].is_float() and not is_counted(value)
        if value not in {share for share, *_ in declared.guard.shares}
    ]

    assert unguarded == []


@pytest.mark.parametrize("table", PUBLISHED.values(), ids=PUBLISHED)
def test_every_share_is_made_of_people(table):
    behind = {column for _, part, whole in table.guard.shares for column in (part, whole)}

    assert all(is_counted(column) or column == "n_person_months" for column in behind)


def test_release_all_publishes_every_table_under_its_name(run):
    released = release_all({"people": _people(North=100, all=100), "intake": _intake()}, run)

    assert set(released) == {"people", "intake"}
    assert sorted(path.stem for path in (run.run_dir / "published").glob("*.json")) == [
        "intake",
        "people",
    ]


def _intake():
    return pl.DataFrame(
        {
            "table": ["person"],
            "rule": ["all"],
            "n_delivered": [9],
            "n_accepted": [9],
            "n_rejected": [0],
            "n_flagged": [0],
            "data_through": [None],
        }
    )


def test_release_all_gives_every_table_the_grade(run):
    returns = pl.DataFrame(
        {
            "free_budget": [0.0, 1.0],
            "value": [5.0, 6.0],
            "downside": [1.0, 2.0],
            "added_value": [0.0, 1.0],
            "ci_lower": [0.0, 0.5],
            "ci_upper": [0.0, 1.5],
            "probability_positive": [None, 0.9],
        }
    ).with_columns(
        per_krona=pl.lit(1.0),
        n_starts=pl.lit(3.0),
        gap=pl.lit(0.0),
        currency=pl.lit("SEK"),
        n_starters=pl.lit(400),
    )

    published = release_all({"allocation_returns": returns}, run, grade="L")

    assert published["allocation_returns"].grade == "L"
    assert read_published(run.run_dir, "allocation_returns").data["value"].to_list() == [5.0, 6.0]


def test_counts_beside_an_estimate_that_could_not_be_made_are_not_the_estimate(run):
    row = {
        "district": "North",
        "horizon_months": [12, 24],
        "estimate": [7.5, None],
        "n_spells": 40,
        "n_persons": 30,
    }
    months = pl.DataFrame(row).with_columns(
        ci_lower="estimate", ci_upper="estimate", std_error="estimate"
    )

    published = release(months, "time_on_support", run).data

    assert published.select("horizon_months", "status", "n_spells").rows() == [
        (12, "ok", 40),
        (24, "not_estimable", 40),
    ]


@pytest.mark.parametrize("kind", [pl.Int64, pl.UInt32, pl.Int32])
def test_an_empty_and_a_full_table_are_published_with_one_schema(run, kind):
    people = _people(North=100, all=100).with_columns(pl.col("count").cast(kind))

    full = release(people, "people", run).data
    empty = release(people.clear().select(pl.all().cast(pl.Null)), "people", run).data

    assert empty.schema == full.schema
    assert full.schema["count"] == pl.Int32


def test_a_column_of_another_type_than_declared_is_refused_by_name(run):
    people = _people(North=100, all=100).with_columns(count=pl.lit(100.5))

    with pytest.raises(DisclosureError) as refusal:
        release(people, "people", run)

    assert refusal.value.where == "count is Float64, not Int32"


def test_a_declared_table_that_lost_its_guard_is_not_released(run, monkeypatch):
    unguarded = {"people": replace(published("people"), guard=None)}
    monkeypatch.setattr("evalkit.disclosure.gate.PUBLISHED", unguarded)

    with pytest.raises(DisclosureError, match="not declared for publication"):
        release(_people(North=100, all=100), "people", run)


def test_prices_are_named_in_the_languages_that_the_table_has(run):
    prices = published("prices").empty().select(pl.all().cast(pl.Null))
    prices = pl.concat([prices, pl.DataFrame({"price": ["wage"]})], how="diagonal_relaxed")

    shown = release(prices.with_columns(name_no=pl.lit("lønn")), "prices", run).data

    assert shown["name_no"].to_list() == ["lønn"]
    assert "name_sv" not in shown.columns


def test_protected_shows_what_release_would_and_publishes_nothing(run):
    people = _people(North=100, South=3, West=40, all=143)

    shown = protected(people, "people", run)

    assert not (run.run_dir / "published").exists()
    assert shown.data.equals(release(people, "people", run).data)
    assert shown.sha256 == read_published(run.run_dir, "people").sha256


def _statuses(rows):
    schema = published("effect_status").schema
    return pl.DataFrame(
        [{"estimand": "start_now_rather_than_wait", **row} for row in rows], schema=schema
    )


def test_a_verdict_that_nothing_was_computed_is_shown_and_one_of_few_people_is_not(run):
    verdict = {"intervention_id": "course", "effect_state": "cannot_be_said"}
    statuses = _statuses(
        [
            {**verdict, "district": "North", "reason": "not_computed"},
            {**verdict, "district": "South", "reason": "few_starters", "n_eligible": 3},
        ]
    )

    shown = protected(statuses, "effect_status", run).data

    assert shown.select("district", "reason", "status").rows() == [
        ("North", "not_computed", "ok"),
        ("South", None, "suppressed"),
    ]


def test_elsewhere_a_row_without_a_count_is_withheld(run):
    row = {
        "district": "all",
        "intervention_id": "course",
        "covariate": "age",
        "handling": "refused",
    }
    left_out = pl.DataFrame([row], schema=published("terms_left_out").schema)

    shown = protected(left_out, "terms_left_out", run).data

    assert shown["handling"].to_list() == [None]
