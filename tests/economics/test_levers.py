"""Levers: what a page says when a reader changes an assumption is what the whole line says with
another price book, and with nothing changed it is what was published.
"""

import copy
from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from one_start import displacement_sensitivity, starts_of, value_results
from second_reading import with_less_work

from evalkit.disclosure.rounding import shown_probability, step_of_range
from evalkit.economics import levers_of, revalue, value_levers
from evalkit.economics.results.advice_table import advice_table
from evalkit.economics.results.own_figures import effect_sizes
from evalkit.economics.results.shown import _with_steps
from evalkit.economics.results.trial import best_trial, prior_of_draws
from evalkit.economics.what_if import lever_table
from evalkit.economics.what_if.levers import PAYERS
from evalkit.errors import EstimationError
from evalkit.line.estimands import ESTIMANDS
from evalkit.line.tables import published
from evalkit.run_rules import AdviceRules

RULES = AdviceRules()
HORIZON, FOLLOWED, PRICE = 30, 18, 4_000
N_STARTS = 120.0
# Nothing is said of how many starters a figure of its own would take.
SIZES = effect_sizes(
    *(published(name).empty() for name in ("effect_summary", "effect_readings")), []
)
# What one of 400 people does to a value, as a share of its standard error.
ONE_PERSON = 0.1
# Steps of the published value; shares of the range of the whole line, of which sixty draws know the
# ends to a tenth.
ESTIMATE_TOLERANCE, LIMIT_TOLERANCE = 1.0, 0.4
# A trial's worth moves with the mean and the spread of draws that are made.
TRIAL_TOLERANCE = 0.25
STATES = 40


@pytest.fixture
def longer_draws(many_draws):
    """As `many_draws`, followed for eighteen months: each month after the first three times."""
    months = pl.DataFrame(
        {
            "month": pl.Series([0, *np.repeat(np.arange(1, 7), 3)], dtype=pl.Int32),
            "longer": pl.Series(range(FOLLOWED + 1), dtype=pl.Int32),
        }
    )
    return (
        many_draws.join(months, on="month")
        .drop("month")
        .rename({"longer": "month"})
        .select(many_draws.columns)
        .sort(many_draws.columns[:-1])
    )


@pytest.fixture
def dear(content, make_rich):
    """The rich book with money discounted and a dear start, as a mapping."""
    content = make_rich(content)
    _set(content, "interest", 0.035)
    _set(content, "referral", PRICE)
    _price(content, "referral")["distribution"] = {
        "kind": "triangular",
        "low": 0.7 * PRICE,
        "high": 1.5 * PRICE,
    }
    return content


def _price(content, key):
    return next(price for price in content["prices"] if price["key"] == key)


def _set(content, key, value):
    """Another value, its range in proportion."""
    price = _price(content, key)
    factor = value / price["value"] if price["value"] else 1.0
    price["value"] = value
    ends = price.get("distribution")
    if ends and value:
        price["distribution"] = ends | {end: ends[end] * factor for end in ("low", "high")}
    elif ends:
        del price["distribution"]


def _status(n_starters=400, district="Harbour"):
    row = {
        "district": district,
        "intervention_id": "training",
        "protocol_hash": "abc",
        "estimand": ESTIMANDS["wait"],
        "subgroup": "all",
        "source": "raw",
        "effect_state": "estimated",
        "pooling": "alone",
        "n_starters": n_starters,
        "one_person_value": ONE_PERSON,
    }
    return pl.DataFrame([row], schema_overrides={"n_starters": pl.Int32}).with_columns(
        reason=pl.lit(None, dtype=pl.String)
    )


def _both(rows):
    """The district's rows, and the same for all districts together."""
    return pl.concat([rows, rows.with_columns(district=pl.lit("all"))])


def _levers(draws, book, *, status=None):
    both = pl.concat([draws, draws.with_columns(district=pl.lit("all", dtype=pl.Categorical))])
    return value_levers(
        both,
        book,
        seed=5,
        status=_both(_status()) if status is None else status,
        min_starters=RULES.min_starters,
        programmes=starts_of(both),
    )


def _published(draws, book, *, horizon=HORIZON, n_starters=400, less_work=0.0):
    """What a page reads, with the whole city as a copy of the one district; under the second
    reading those who start work so much less (None: there is none).
    """
    second = None if less_work is None else with_less_work(draws, less_work)
    results = value_results(draws, book, seed=5, horizon_months=horizon, second=second)
    status = _status(n_starters)
    shown = results.for_publication(status)
    parts = shown["value_parts"].with_columns(
        pl.Series(
            name,
            shown_probability(shown["value_parts"][name].cast(pl.Float64), n_starters),
            nan_to_null=True,
        )
        for name in ("probability_positive", "probability_plain", "probability_second")
    )
    offers = pl.DataFrame(
        {
            "district": ["Harbour", "all"],
            "intervention_id": ["training"] * 2,
            "n_starts": [N_STARTS] * 2,
            "cost": [float(PRICE)] * 2,
        }
    )
    return shown | {
        "value_levers": _levers(draws, book, status=_both(status)),
        "value_parts": parts,
        "value_curve": _with_steps(shown["value_curve"]).with_columns(estimate="_shown"),
        "offers": offers,
        "advice": advice_table(
            offers,
            _both(status),
            _both(parts),
            totals=_both(results.totals),
            second=_both(results.second_totals),
            sizes=SIZES,
            rules=RULES,
            is_priced=True,
        ),
    }


@pytest.fixture
def tables(longer_draws, dear, declare):
    return _published(longer_draws, declare(dear))


@pytest.fixture
def levers(tables):
    return levers_of(tables, "Harbour", "training")


@pytest.mark.parametrize("less_work", [0.0, 0.2, 0.5, None])
@pytest.mark.parametrize("n_starters", [400, 120])
def test_revalue_is_what_was_published_when_nothing_is_changed(
    longer_draws, dear, declare, n_starters, less_work
):
    tables = _published(longer_draws, declare(dear), n_starters=n_starters, less_work=less_work)
    levers = levers_of(tables, "Harbour", "training")
    page = revalue(levers, levers.state, RULES)

    advice = tables["advice"].row(0, named=True)
    totals = tables["value_parts"].filter(part="total")
    for payer in PAYERS:
        row = totals.filter(perspective=payer).row(0, named=True)
        assert page.values[payer]._asdict() == {
            name: row[name] for name in page.values[payer]._fields
        }
    assert (
        page.return_month
        == tables["value_payback"].filter(perspective="public_purse")["return_month"][0]
    )
    assert (page.advice, page.advice_reason) == (advice["advice"], advice["advice_reason"])
    assert levers.trial_worth == advice["trial_worth"]
    assert page.value_of_year == page.values["society"].estimate * N_STARTS


def _random_state(levers, rng):
    return replace(
        levers.state,
        price=float(rng.uniform(0.1, 3) * PRICE),
        displaced_share=float(rng.choice([0.0, rng.uniform(0.05, 0.9)])),
        horizon_months=int(rng.choice([18, 24, 30, 60, 120])),
        discount_rate=float(rng.uniform(0.001, 0.1)),
        half_life=float(rng.integers(6, 121)),
    )


@pytest.mark.slow
def test_revalue_is_the_whole_line_with_another_price_book(longer_draws, dear, declare, levers):
    rng = np.random.default_rng(8)
    errors, steps, widths, months = [], [], [], []

    for _ in range(STATES):
        state, changed = _random_state(levers, rng), copy.deepcopy(dear)
        for key, value in (
            ("referral", state.price),
            ("some", state.displaced_share),
            ("interest", state.discount_rate),
            ("fading", state.half_life),
        ):
            _set(changed, key, value)
        line = value_results(
            longer_draws, declare(changed), seed=5, horizon_months=state.horizon_months
        )
        page = revalue(levers, state, RULES)
        totals = line.parts.filter(part="total")
        for payer in PAYERS:
            expected = totals.filter(perspective=payer).select(page.values[payer]._fields).row(0)
            errors.append(np.subtract(page.values[payer], expected)[:3])
            steps.append(_step(levers, payer))
            widths.append(expected[2] - expected[1])
        months.append((page.return_month, _return_month(line)))

    distances = np.abs(np.array(errors))
    estimate = (distances[:, 0] / steps).max()
    limits = distances[:, 1:] / np.array(widths)[:, None]
    print(f"estimate: {estimate} steps; limits, of the range: {limits.max()}, {np.median(limits)}")
    assert estimate < ESTIMATE_TOLERANCE
    assert limits.max() < LIMIT_TOLERANCE and np.median(limits) < LIMIT_TOLERANCE / 5
    assert np.mean([page == line for page, line in months]) > 0.5


def _step(levers, payer):
    """The step in which the page tells a payer's value."""
    shown = levers.published[payer, "total"]
    return float(step_of_range(*map(np.array, shown[1:3]), np.array(ONE_PERSON)))


def _return_month(results):
    return results.payback.filter(perspective="public_purse")["return_month"][0]


def test_a_dearer_start_costs_by_hand(levers):
    dearer = replace(levers.state, price=PRICE + 1_000.0)

    page, after = (revalue(levers, state, RULES).values for state in (levers.state, dearer))

    lost = {payer: page[payer].estimate - after[payer].estimate for payer in PAYERS}
    # Everybody treated starts once, at time zero; the district pays, and the book's cost of public
    # money is one half.
    assert lost == pytest.approx(
        {"district": 1_000, "public_purse": 1_000, "society": 1_500}, rel=0.02
    )


def test_without_displacement_it_is_the_published_scenario(longer_draws, dear, declare, levers):
    scenarios = displacement_sensitivity(
        longer_draws, declare(dear), seed=5, horizon_months=HORIZON
    ).filter(displacement="zero")

    values = revalue(levers, replace(levers.state, displaced_share=0.0), RULES).values

    for payer in PAYERS:
        expected = scenarios.filter(perspective=payer)["estimate"][0]
        assert values[payer].estimate == pytest.approx(expected, abs=_step(levers, payer))


def test_the_follow_up_alone_is_what_was_observed(levers):
    values = revalue(levers, replace(levers.state, horizon_months=FOLLOWED), RULES).values

    assert values == {payer: levers.published[payer, "observed"] for payer in PAYERS}


def test_a_followed_year_is_the_published_curve(tables, levers):
    values = revalue(levers, replace(levers.state, horizon_months=12), RULES).values

    for payer in PAYERS:
        curve = tables["value_curve"].filter(perspective=payer, month=12)
        assert values[payer].estimate == pytest.approx(
            curve["estimate"][0], abs=_step(levers, payer)
        )


def test_twice_the_starts_are_worth_twice_as_much(levers):
    twice = replace(levers.state, n_starts=2 * N_STARTS)

    page, after = (revalue(levers, state, RULES) for state in (levers.state, twice))

    assert after.values == page.values
    assert after.value_of_year == 2 * page.value_of_year


def test_the_worth_of_a_trial_is_that_of_the_whole_line(longer_draws, dear, declare, levers):
    _set(dear, "referral", 2 * PRICE)
    totals = value_results(
        longer_draws, declare(dear), seed=5, n_draws=60, horizon_months=HORIZON
    ).totals.filter(pl.col("draw").is_between(1, 60))
    gained = totals["work_months"].to_numpy()
    prior = prior_of_draws(
        totals["net_benefit"].to_numpy(), gained, city_work_months=gained, n_starters=400
    )
    line = best_trial(
        prior, starts_per_year=N_STARTS, followed_months=FOLLOWED, horizon_months=HORIZON
    )

    page = revalue(levers, replace(levers.state, price=2.0 * PRICE), RULES)

    assert page.trial_worth == pytest.approx(line.worth if line else 0.0, rel=TRIAL_TOLERANCE)


def test_advice_follows_the_rule_in_every_state(levers):
    dear_enough = replace(levers.state, price=40.0 * PRICE)

    assert revalue(levers, dear_enough, RULES).advice == "stop"
    assert revalue(levers, replace(levers.state, price=0.0), RULES).advice in ("expand", "keep")


@pytest.mark.parametrize("months", [7, 17])
def test_a_horizon_within_a_followed_year_is_refused(levers, months):
    with pytest.raises(EstimationError) as fault:
        revalue(levers, replace(levers.state, horizon_months=months), RULES)

    assert fault.value.what == f"A value up to month {months} cannot be had from the levers."
    assert fault.value.where == "argument state: horizon_months; followed 18 months"
    assert "year by year" in fault.value.why and fault.value.fix


def test_nothing_is_projected_where_the_book_has_no_half_life(longer_draws, dear, declare):
    del dear["appraisal"]["half_life"]
    levers = levers_of(
        _published(longer_draws, declare(dear), horizon=FOLLOWED), "Harbour", "training"
    )

    page = revalue(levers, levers.state, RULES)

    assert levers.state.half_life is None and levers.ends.tolist() == [12, FOLLOWED]
    assert page.values["society"] == levers.published["society", "total"]
    with pytest.raises(EstimationError):
        revalue(levers, replace(levers.state, horizon_months=24), RULES)


def test_a_book_without_displacement_moves_up_from_none(longer_draws, dear, declare):
    _set(dear, "some", 0.0)
    levers = levers_of(_published(longer_draws, declare(dear)), "Harbour", "training")
    _set(dear, "some", 0.4)
    line = value_results(longer_draws, declare(dear), seed=5, horizon_months=HORIZON)

    value = revalue(levers, replace(levers.state, displaced_share=0.4), RULES).values["society"]

    expected = line.parts.filter(perspective="society", part="total")
    assert value.estimate == pytest.approx(expected["estimate"][0], abs=_step(levers, "society"))


def test_few_draws_keep_the_spread_when_there_are_many_interventions(
    longer_draws, dear, declare, monkeypatch
):
    monkeypatch.setattr(lever_table, "_MOST_NUMBERS", 15 * 23)
    tables = _published(longer_draws, declare(dear))
    levers = levers_of(tables, "Harbour", "training")

    page = revalue(levers, levers.state, RULES)

    assert tables["value_levers"]["draw"].n_unique() == 1 + 15
    assert page.values["society"] == levers.published["society", "total"]


def test_a_district_with_few_starters_has_no_levers_of_its_own(longer_draws, dear, declare):
    few = _both(_status(n_starters=RULES.min_starters - 1))

    rows = _levers(longer_draws, declare(dear), status=few)

    assert rows["district"].unique().to_list() == ["all"]
    assert rows.schema == published("value_levers").schema


def test_effects_beside_another_intervention_have_no_levers(longer_draws, dear, declare):
    beside = pl.lit(ESTIMANDS["other"])

    rows = _levers(
        longer_draws.with_columns(estimand=beside.cast(longer_draws.schema["estimand"])),
        declare(dear),
        status=_both(_status()).with_columns(estimand=beside),
    )

    assert rows.is_empty()


def test_a_row_without_figures_has_no_levers(tables):
    none = tables["advice"].with_columns(figures=pl.lit("none"))

    assert levers_of(tables | {"advice": none}, "Harbour", "training") is None


def test_amounts_are_rounded_to_a_ten_thousandth_of_the_largest_price(tables):
    rows = tables["value_levers"].filter((pl.col("draw") > 0) & (pl.col("month") <= FOLLOWED))

    amounts = rows.select("rest_society", "own_programme", "displaced_society").to_numpy()
    assert np.abs(amounts - np.round(amounts)).max() < 1e-9
