from pathlib import Path

import numpy as np
import polars as pl
import pytest
import yaml
from one_start import starts_of, value_effects

from evalkit.economics import (
    cohort_totals,
    cohort_trace,
    drift,
    load_what_if,
    read_vintage,
    run_scenario,
    run_scenarios,
    summarise_value,
)
from evalkit.economics.results.drift import Vintage
from evalkit.economics.what_if.arms import cohort_path
from evalkit.economics.what_if.projection import transition_flows
from evalkit.economics.what_if.scenario_file import NUMBERS
from evalkit.errors import EstimationError, LedgerError, ParameterError
from evalkit.tables import write_table, write_tables

PARAMS = Path(__file__).parents[2] / "params"
EXACT = 1e-10
# What the long-term cohort's place costs, discounted to the start: 2 000 for the start, 3 200 in
# the middle of each of five months.
PLACE = 2_000 + 3_200 * sum(1.035 ** (-(month + 0.5) / 12) for month in range(5))


@pytest.fixture(scope="module")
def shipped():
    return run_scenarios(PARAMS / "scenarios")


def test_every_shipped_scenario_runs_and_moves_the_number_it_is_about(shipped):
    assert shipped["scenario"].to_list() == sorted(
        path.stem for path in (PARAMS / "scenarios").glob("*.yaml")
    )
    assert (shipped["change"].abs() > 0.1).all()
    assert shipped["grade"].unique().to_list() == ["L"]


def test_people_who_belong_elsewhere_are_a_transfer_from_the_insurance_agency_to_the_district():
    table = run_scenario(PARAMS / "scenarios" / "other_authority.yaml")
    change = dict(table.select("number", "change").rows())

    assert change["district"] > 100_000
    assert change["work_months"] == 0
    # Support becomes sickness compensation: without administration and the cost of raising the
    # money, nobody creates or uses up anything.
    assert abs(change["society"]) < 0.1 * change["district"]
    assert change["public_purse"] < 0.1 * change["district"]


def test_a_cheaper_payer_changes_nothing_for_society():
    table = run_scenario(PARAMS / "scenarios" / "coordination_association.yaml")
    rows = {row["number"]: row for row in table.iter_rows(named=True)}

    assert rows["society"]["change"] == pytest.approx(0, abs=1e-6)
    # A quarter of the places; the start's 2 000 stay.
    assert rows["pays_district"]["after"] == pytest.approx(
        2_000 + (rows["pays_district"]["before"] - 2_000) / 4
    )
    assert sum(
        row["change"] for name, row in rows.items() if name.startswith("pays_")
    ) == pytest.approx(0, abs=1e-6)


def test_the_benefit_cap_takes_its_share_of_support_and_of_nothing_else():
    table = run_scenario(PARAMS / "scenarios" / "benefit_cap_2027.yaml")
    rows = {row["number"]: row for row in table.iter_rows(named=True)}

    district = rows["district"]
    # Nothing taken is the book as it is; the district's value is linear in the share.
    assert district["at_low"] == pytest.approx(district["before"], abs=EXACT)
    assert district["after"] == pytest.approx(
        (district["at_low"] + district["at_high"]) / 2, abs=1e-6
    )
    assert district["change"] < 0 and rows["person"]["change"] > 0
    assert rows["work_months"]["change"] == 0
    assert table["rule"].unique().to_list() == ["benefit_cap from 2027-01, decided"]


def test_who_does_not_qualify_stays_on_support_in_both_arms():
    table = run_scenario(PARAMS / "scenarios" / "qualification_2027.yaml")
    rows = {row["number"]: row for row in table.iter_rows(named=True)}

    district = rows["district"]
    assert district["at_low"] == pytest.approx(district["before"], abs=EXACT)
    # A start saves more where those who do not start stay longer on support.
    assert district["before"] < district["after"] < district["at_high"]
    assert table["rule"].unique().to_list() == ["qualification from 2027-01, announced"]


def test_scenarios_without_a_rule_have_no_range():
    table = run_scenario(PARAMS / "scenarios" / "waiting.yaml")

    assert table.select("rule", "at_low", "at_high").null_count().row(0) == (table.height,) * 3


def faulty(tmp_path, **changes):
    content = yaml.safe_load((PARAMS / "scenarios" / "waiting.yaml").read_text(encoding="utf-8"))
    places = {
        "what_if": str(PARAMS / "what_if" / "long_term_support.yaml"),
        "price_book": str(PARAMS / "unit_costs" / "stockholm.yaml"),
        "calendar": str(PARAMS / "calendar" / "sweden.yaml"),
    }
    path = tmp_path / "faulty.yaml"
    path.write_text(
        yaml.safe_dump(content | places | changes, allow_unicode=True), encoding="utf-8"
    )
    return path


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"prices": {"wages": {"times": 2}}}, 'prices.wages (did you mean "wage"?)'),
        ({"prices": {"wage": {}}}, "prices.wage (one of value, times and lowered_by_given)"),
        (
            {"payers": {"programme_place": {"district": 0.5}}},
            "payers.programme_place (shares come to 0.5)",
        ),
        (
            {"prices": {"wage": {"lowered_by_given": True}}},
            "prices.wage (given is missing: say which share, with low and high)",
        ),
        (
            {"given": {"what": {"en": "part"}, "share": 0.1, "low": 0, "high": 0.2}},
            "given (no price or rate is lowered_by_given)",
        ),
        (
            {
                "given": {"what": {"en": "part"}, "share": 0.3, "low": 0, "high": 0.2},
                "prices": {"wage": {"lowered_by_given": True}},
            },
            "given (low <= share <= high, and low below high)",
        ),
        ({"rule": "benefit_caps"}, 'rule (did you mean "benefit_cap"?)'),
        (
            {"rates": [{"phase": 2, "start": "support", "to": "work"}]},
            "rates 1 (one of value and lowered_by_given)",
        ),
        (
            {
                "given": {"what": {"en": "part"}, "share": 0.1, "low": 0, "high": 0.2},
                "rates": [{"phase": 2, "start": "work", "to": "studies", "lowered_by_given": True}],
            },
            "rates 1 (nobody goes from work to studies there)",
        ),
        ({"number": "societies"}, 'number, societies (did you mean "society"?)'),
        (
            {"rates": [{"phase": 9, "start": "support", "to": "work", "value": 0.1}]},
            "rates (phase 9 of treated)",
        ),
        (
            {"rates": [{"phase": 2, "start": "suport", "to": "work", "value": 0.1}]},
            'rates (start suport: did you mean "support"?)',
        ),
    ],
)
def test_a_scenario_that_changes_what_is_not_there_is_refused(tmp_path, changes, named):
    path = faulty(tmp_path, **changes)

    with pytest.raises(ParameterError) as fault:
        run_scenario(path)

    assert fault.value.what == "A scenario changes what is not there: 1."
    assert fault.value.where == f"{path}: {named}"
    assert "would be read as an answer" in fault.value.why and fault.value.fix


def test_a_cohort_whose_probabilities_do_not_fit_is_refused(tmp_path):
    content = yaml.safe_load(
        (PARAMS / "what_if" / "long_term_support.yaml").read_text(encoding="utf-8")
    )
    content["initial"] = {"support": 0.9}
    content["treated"][1]["transitions"]["support"]["work"] = 1.2
    path = tmp_path / "cohort.yaml"
    path.write_text(yaml.safe_dump(content, allow_unicode=True), encoding="utf-8")

    with pytest.raises(ParameterError) as fault:
        load_what_if(path)

    assert fault.value.what == "A what-if cohort that cannot be followed: 2 faults."
    assert "initial (the shares do not sum to one)" in fault.value.where
    assert "treated phase 2, from support" in fault.value.where
    assert "nobody vanishes" in fault.value.why and fault.value.fix


@pytest.mark.parametrize(
    ("rate", "named"),
    [
        (
            {"phase": 2, "start": "support", "to": "wrok", "value": 0.1},
            'state wrok (did you mean "work"?)',
        ),
        (
            {"phase": 2, "start": "support", "to": "work", "value": 0.99},
            "treated phase 2, from support (the probabilities come to 1.005",
        ),
    ],
)
def test_a_changed_cohort_that_cannot_be_followed_is_refused(tmp_path, rate, named):
    path = faulty(tmp_path, rates=[rate])

    with pytest.raises(ParameterError) as fault:
        run_scenario(path)

    assert fault.value.what == "A what-if cohort that cannot be followed: 1 faults."
    assert fault.value.where.startswith(f"{path}: {named}")
    assert "nobody vanishes" in fault.value.why and fault.value.fix


def test_a_state_that_nobody_pays_for_is_refused(tmp_path):
    path = faulty(tmp_path, price_book=str(PARAMS / "unit_costs" / "northern_ireland.yaml"))

    with pytest.raises(LedgerError) as fault:
        run_scenario(path)

    assert fault.value.what == "States of the effect without a declared livelihood: 3."
    assert (
        "sheltered_work, sickness_benefit, subsidised_work" in fault.value.where
        and fault.value.why
        and fault.value.fix
    )


def test_a_wait_beyond_the_horizon_is_refused(tmp_path):
    path = faulty(tmp_path, wait_months=60)

    with pytest.raises(ParameterError) as fault:
        run_scenario(path)

    assert fault.value.what == "A wait of 60 months, and the cohort is followed for 60."
    assert fault.value.where == f"{path}, wait_months"
    assert "nothing to compare" in fault.value.why and fault.value.fix


def test_the_start_is_paid_when_the_wait_is_over():
    table = run_scenario(PARAMS / "scenarios" / "waiting.yaml").filter(number="pays_district")

    # Half a year later at 3.5 per cent: 2 000 for the start, then 3 200 in the middle of each of
    # five months.
    assert table["after"].item() == pytest.approx(1.035**-0.5 * PLACE)


def test_a_test_first_spares_the_places_that_would_give_nothing():
    rows = {
        row["number"]: row
        for row in run_scenario(PARAMS / "scenarios" / "work_ability_test.yaml").iter_rows(
            named=True
        )
    }

    # A place for nothing costs what it costs, and 0.3 more to raise; so does the test of 1 500.
    gain, loss, cost = rows["society"]["after"], -PLACE * 1.3, 1_500 * 1.3
    directly, tested = 0.3 * gain + 0.7 * loss, 0.3 * 0.9 * gain + 0.7 * 0.1 * loss - cost
    assert rows["value_of_testing"]["after"] == pytest.approx(tested - directly)


def test_who_waits_moves_as_the_comparison_until_the_start():
    cohort = load_what_if(PARAMS / "what_if" / "long_term_support.yaml")

    waiting = cohort_path(cohort, wait_months=6)

    assert waiting.difference()[0, :, :6] == pytest.approx(0)
    assert np.abs(waiting.difference()[0, :, 6:]).max() > 0.01


def test_numbers_are_known_to_the_schema(shipped):
    assert set(shipped["number"]) <= set(NUMBERS)


def test_the_half_cycle_is_the_trapezoid_and_simpson_is_exact_for_a_cubic():
    trace = np.column_stack([np.linspace(0, 1, 5) ** 3, 1 - np.linspace(0, 1, 5) ** 3])

    totals = {
        name: cohort_totals(trace, [1.0, 0.0], correction=name)
        for name in ("none", "half_cycle", "life_table", "simpson")
    }

    assert totals["none"] == pytest.approx(trace[1:, 0].sum())
    assert totals["half_cycle"] == pytest.approx(np.trapezoid(trace[:, 0]))
    assert totals["life_table"] == pytest.approx(totals["half_cycle"])
    # The integral of (t/4)^3 over four cycles.
    assert totals["simpson"] == pytest.approx(1.0, abs=EXACT)


def test_a_time_factor_is_the_matrix_of_each_cycle():
    rng = np.random.default_rng(4)
    base = 0.7 * np.eye(3) + 0.3 * rng.dirichlet([1, 1, 1], size=(7, 2, 3))
    factor = 0.5 + 0.8 * np.exp(-np.arange(10) / 18)
    moves = (base - np.eye(3))[:, :, None] * factor[:, None, None] + np.eye(3)

    trace = cohort_trace([1.0, 0.0, 0.0], base, 10, time_factor=factor)

    assert trace == pytest.approx(cohort_trace([1.0, 0.0, 0.0], moves, 10), abs=EXACT)


def test_a_time_factor_that_makes_probabilities_negative_is_refused():
    with pytest.raises(EstimationError) as fault:
        cohort_trace([1.0, 0.0], [[0.5, 0.5], [0.1, 0.9]], 2, time_factor=[1.0, 2.5])

    assert fault.value.what == "A time factor makes probabilities negative."
    assert "time_factor" in fault.value.where and fault.value.why and fault.value.fix


def test_transition_costs_are_the_moves_times_their_price():
    step = np.array([[0.9, 0.1], [0.2, 0.8]])
    trace = cohort_trace([1.0, 0.0], step, 2)
    price = np.array([[0.0, 50.0], [7.0, 0.0]])

    total = cohort_totals(trace, [0.0, 0.0], transitions=step, transition_values=price)

    assert transition_flows(trace, step)[1, 0, 1] == pytest.approx(0.9 * 0.1)
    assert total == pytest.approx(0.1 * 50 + 0.9 * 0.1 * 50 + 0.1 * 0.2 * 7)


def test_totals_take_actors_start_states_and_discounting_at_once():
    step = np.array([[0.9, 0.1], [0.2, 0.8]])
    trace = cohort_trace(np.eye(2), step, 24)
    values = np.array([[1.0, 0.0], [0.0, 2.0]])

    totals = cohort_totals(trace, values, annual_rate=0.05)

    by_hand = sum(trace[1, k, 1] * 2.0 * 1.05 ** (-(k - 0.5) / 12) for k in range(1, 25))
    assert totals.shape == (2, 2)
    assert totals[1, 1] == pytest.approx(by_hand)


@pytest.mark.parametrize(("n_cycles", "values"), [(3, [1.0, 0.0]), (4, [1.0, 0.0, 0.0])])
def test_totals_refuse_values_that_do_not_fit(n_cycles, values):
    trace = cohort_trace([1.0, 0.0], np.eye(2), n_cycles)

    with pytest.raises(EstimationError) as fault:
        cohort_totals(trace, values, correction="simpson")

    assert fault.value.what == "The values do not fit the cohort."
    assert fault.value.where.startswith("cohort_totals:") and fault.value.why and fault.value.fix


def vintage(draws, book):
    return Vintage(
        draws,
        book,
        summarise_value(value_effects(draws, book, seed=1)),
        programmes=starts_of(draws),
    )


def test_drift_splits_a_change_into_data_and_parameters(effect_draws, many_draws, content, declare):
    old = vintage(effect_draws.filter(district="Harbour"), declare(content))
    next(price for price in content["prices"] if price["key"] == "benefit")["value"] = 500
    new = vintage(many_draws, declare(content))

    steps = drift(old, new).filter(perspective="person")

    amount = dict(steps.select("step", "amount").rows())
    assert steps["step"].to_list() == ["before", "method", "data", "parameters", "after"]
    assert amount["before"] + amount["method"] + amount["data"] + amount[
        "parameters"
    ] == pytest.approx(amount["after"])
    assert amount["method"] == pytest.approx(0, abs=EXACT)
    # Benefits a hundred dearer, for the months on support that the newer data know.
    support = many_draws.filter(
        (pl.col("draw") == 0) & (pl.col("state") == "support") & (pl.col("month") > 0)
    )
    fewer = sum(
        sign * support.filter(arm=arm)["probability"].sum()
        for arm, sign in (("treated", 1), ("comparison", -1))
    )
    assert amount["parameters"] == pytest.approx(100 * fewer)


def test_a_finished_run_is_read_as_a_vintage(effect_draws, book, tmp_path):
    never = effect_draws.with_columns(pl.lit("start_now_rather_than_never").alias("estimand"))
    both, programmes = pl.concat([effect_draws, never]), starts_of(effect_draws)
    for unit in effect_draws["intervention_id"].unique():
        own = pl.col("intervention_id") == unit
        parts = {
            "effect_draws": both.filter(own),
            "effect_programme_draws": programmes.filter(own),
        }
        write_tables(tmp_path, parts, unit=unit)
    write_table(value_effects(effect_draws, book, seed=1), tmp_path, "value_draws")

    read = read_vintage(tmp_path, book)

    assert read.effect_draws["estimand"].unique().to_list() == ["start_now_rather_than_wait"]
    assert read.reported.equals(vintage(effect_draws, book).reported)
    assert (
        drift(read, read)
        .filter(pl.col("step").is_in(["method", "data", "parameters"]))["amount"]
        .abs()
        .max()
        < EXACT
    )


def test_a_vintage_leaves_out_what_the_district_s_part_alone_can_be_said_of(
    effect_draws, book, tmp_path
):
    other = effect_draws.with_columns(pl.lit("club").alias("intervention_id"))
    both = pl.concat([effect_draws, other])
    for unit in ("training", "club"):
        own = both.filter(pl.col("intervention_id") == unit)
        parts = {"effect_draws": own, "effect_programme_draws": starts_of(own)}
        write_tables(tmp_path, parts, unit=unit)
    unseen = {"without_livelihood": ("club",)}
    write_table(value_effects(both, book, seed=1, **unseen), tmp_path, "value_draws")

    read = read_vintage(tmp_path, book, **unseen)

    assert read.reported.equals(vintage(effect_draws, book).reported)
    none = read_vintage(tmp_path, book, without_livelihood=("club", "training"))
    with pytest.raises(EstimationError, match="no effect in common"):
        drift(none, read)


def test_drift_books_another_method_as_method(effect_draws, book):
    old = vintage(effect_draws, book)
    otherwise_counted = Vintage(
        effect_draws,
        book,
        old.reported.with_columns(pl.col("estimate") - 7),
        programmes=old.programmes,
    )

    steps = drift(otherwise_counted, old)

    assert steps.filter(step="method")["amount"].to_list() == pytest.approx([7.0] * 8)


def test_drift_refuses_money_of_different_years(effect_draws, content, declare):
    old = vintage(effect_draws, declare(content))
    content["price_year"] = 2021
    for price in content["prices"]:
        if "price_year" in price and price["unit"].startswith("per"):
            price["price_year"] = 2021

    with pytest.raises(EstimationError) as fault:
        drift(old, vintage(effect_draws, declare(content)))

    assert fault.value.what == "The two runs count in different money."
    assert "SEK of 2020" in fault.value.where and "SEK of 2021" in fault.value.where
    assert "price year" in fault.value.why and fault.value.fix
