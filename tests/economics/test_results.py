import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from one_start import (
    displacement_sensitivity,
    effect_paths,
    value_by_group,
    value_effects,
    value_results,
)
from scipy.stats import qmc

from evalkit.economics import evpi, evppi, summarise_value
from evalkit.economics.ledger.cash_flow import cash_flow
from evalkit.economics.prices.price_book_file import declare_price_book
from evalkit.economics.prices.price_draws import draw_prices
from evalkit.economics.results.comparison import (
    Option,
    acceptability,
    compare_options,
    worth_of_knowing,
)
from evalkit.economics.results.net_value import value_ratios
from evalkit.economics.results.sensitivity import tornado
from evalkit.errors import EstimationError
from evalkit.line.actors import ACTOR_NAMES, PAYERS
from evalkit.line.estimands import ESTIMANDS

# A quadrature of 8192 points under a kink, and two superfluous squares in the regression.
EVPPI_TOLERANCE = 0.01

REFERENCE = json.loads(
    (Path(__file__).parents[1] / "published" / "economics_vectors" / "reference.json").read_text(
        encoding="utf-8"
    )
)


@pytest.fixture
def results(many_draws, rich_book):
    return value_results(many_draws, rich_book, seed=1, n_draws=120, horizon_months=36)


def test_value_results_report_draws_and_how_many_the_effect_has(results):
    assert results.parts["n_draws"].unique().to_list() == [120]
    assert results.parts["n_effect_draws"].unique().to_list() == [60]


def test_every_table_of_value_rests_on_the_same_joint_draws(many_draws, rich_book):
    at_follow_up = value_results(many_draws, rich_book, seed=1).parts.filter(
        pl.col("part") == "observed"
    )

    ledger = summarise_value(value_effects(many_draws, rich_book, seed=1))

    both = ledger.join(
        at_follow_up, on=["district", "intervention_id", "estimand", "perspective"], suffix="_again"
    )
    assert both["n_draws"].unique().to_list() == both["n_effect_draws"].unique().to_list() == [60]
    assert both.height == ledger.height
    for column in ("estimate", "ci_lower", "ci_upper", "probability_positive"):
        assert both[column].to_numpy() == pytest.approx(
            both[f"{column}_again"].to_numpy(), rel=1e-9, abs=1e-9
        )


@pytest.mark.parametrize("horizon", [6, 36])
def test_every_sum_is_to_the_one_horizon(many_draws, rich_book, horizon):
    found = value_results(many_draws, rich_book, seed=1, horizon_months=horizon)
    total = found.parts.filter(part="total", perspective="society").row(0, named=True)
    ledger = summarise_value(
        value_effects(many_draws, rich_book, seed=1, horizon_months=horizon)
    ).filter(perspective="society")
    displaced = displacement_sensitivity(many_draws, rich_book, seed=1, horizon_months=horizon)
    groups = value_by_group(many_draws, rich_book, seed=1, horizon_months=horizon)

    sums = {
        "ledger": ledger["estimate"][0],
        "displacement": displaced.filter(displacement="central", perspective="society")["estimate"][
            0
        ],
        "curve": found.curve.filter(perspective="society").sort("month")["estimate"][-1],
        "totals": found.totals.filter(draw=0)["net_benefit"][0],
        "groups": groups.filter(draw=0)["value"][0],
    }
    assert sums == pytest.approx(dict.fromkeys(sums, total["estimate"]), rel=1e-9)
    assert (total["horizon_months"], total["followed_months"]) == (horizon, 6)
    # The same event, told twice on a page, has one probability.
    purse = found.parts.filter(part="total", perspective="public_purse")["probability_positive"][0]
    assert found.payback.filter(perspective="public_purse")["probability_returns"][
        0
    ] == pytest.approx(purse)
    last_year = found.payback_years.filter(perspective="public_purse").sort("year")["probability"][
        -1
    ]
    assert last_year == pytest.approx(purse)


def test_an_intervention_compared_with_another_one_is_valued_but_not_compared_with_doing_nothing(
    many_draws, rich_book
):
    beside_another = many_draws.with_columns(estimand=pl.lit(ESTIMANDS["other"]))

    found = value_results(beside_another, rich_book, seed=1)

    assert found.parts.height == value_results(many_draws, rich_book, seed=1).parts.height
    assert (
        found.options.is_empty() and found.acceptability.is_empty() and found.information.is_empty()
    )
    published = found.for_publication(_status(beside_another))
    assert published["value_options"].is_empty() and not published["value_parts"].is_empty()


def _status(draws: pl.DataFrame) -> pl.DataFrame:
    keys = ["district", "intervention_id", "estimand", "source", "subgroup"]
    return (
        draws.select(keys)
        .cast(pl.String)
        .unique()
        .with_columns(source=pl.lit("raw"), n_starters=pl.lit(40), one_person_value=pl.lit(0.3))
    )


def test_observed_and_projected_come_to_the_total(results):
    wide = results.parts.pivot("part", index="perspective", values="estimate")

    assert (wide["observed"] + wide["projected"] - wide["total"]).abs().max() < 1e-9


def test_what_the_payers_gain_comes_to_society_s_value(results):
    society = results.parts.filter(part="total", perspective="society").row(0, named=True)

    assert results.payers["payer"].to_list() == list(PAYERS)
    assert results.payers["estimate"].sum() == pytest.approx(society["estimate"], rel=1e-9)
    assert results.payers["horizon_months"].unique().to_list() == [society["horizon_months"]]


def test_a_payer_that_is_one_actor_gains_what_its_perspective_does(results):
    columns = ["estimate", "ci_lower", "ci_upper", "probability_positive"]
    for payer in ("person", "district"):
        as_perspective = results.parts.filter(part="total", perspective=payer)

        assert results.payers.filter(payer=payer).select(columns).row(0) == pytest.approx(
            as_perspective.select(columns).row(0), rel=1e-9
        )


def test_value_results_are_empty_where_no_effect_can_be_said(effect_draws, rich_book):
    found = value_results(effect_draws.clear(), rich_book, seed=1)

    assert {name: table.height for name, table in found.tables.items()} == dict.fromkeys(
        found.names(), 0
    )


def test_the_mvpf_does_not_move_with_the_cost_of_public_funds(
    many_draws, content, make_rich, declare
):
    content = make_rich(content)
    _leave_work_gain_small(content)
    (path,) = effect_paths(many_draws)
    rows = []
    for burden in (0.0, 0.9):
        next(price for price in content["prices"] if price["key"] == "burden").update(
            value=burden, distribution={"kind": "fixed"}
        )
        book = declare(content)
        rows.append(
            {
                row["measure"]: row
                for row in value_ratios(
                    cash_flow(path, book, draw_prices(book, np.arange(61), seed=1))
                )
            }
        )

    assert rows[0]["mvpf"] == rows[1]["mvpf"]
    assert rows[0]["mvpf"]["estimate"] is not None
    assert rows[0]["benefit_cost_ratio"] != rows[1]["benefit_cost_ratio"]


def _leave_work_gain_small(content):
    next(price for price in content["prices"] if price["key"] == "referral").update(
        value=3000, distribution={"kind": "triangular", "low": 2500, "high": 3600}
    )


def test_ratios_say_why_they_are_empty(many_draws, rich_book):
    arms_changed = many_draws.with_columns(
        pl.when(pl.col("arm") == "treated")
        .then(pl.lit("comparison"))
        .otherwise(pl.lit("treated"))
        .alias("arm")
    )
    (path,) = effect_paths(arms_changed)

    rows = {
        row["measure"]: row
        for row in value_ratios(
            cash_flow(path, rich_book, draw_prices(rich_book, np.arange(61), seed=1))
        )
    }

    assert rows["programme_cost_per_work_month"]["case"] == "no_gain"
    assert rows["programme_cost_per_work_month"]["estimate"] is None


def test_the_switching_value_makes_the_sum_zero(many_draws, content, make_rich, declare):
    content = make_rich(content)
    (path,) = effect_paths(many_draws)
    rows = {
        row["parameter"]: row
        for row in tornado(path, declare(content), n_months=6)
        if row["perspective"] == "society"
    }
    switch = rows["referral"]["switching_value"]

    price = next(price for price in content["prices"] if price["key"] == "referral")
    price.update(value=switch, distribution={"kind": "fixed"})
    book = declare(content)
    at_switch = cash_flow(
        path, book, {r.key: np.full(61, r.value) for r in book.prices}
    ).present_value(ACTOR_NAMES)[0]

    assert switch > 80
    assert at_switch == pytest.approx(0, abs=1e-6)


def test_the_tornado_has_the_widest_first_and_holds_the_effect(many_draws, rich_book):
    (path,) = effect_paths(many_draws)

    told = tornado(path, rich_book, n_months=12)

    assert {row["perspective"] for row in told} == {"society", "municipality", "district"}
    for perspective in {row["perspective"] for row in told}:
        rows = [row for row in told if row["perspective"] == perspective]
        swings = [row["swing"] for row in rows]
        assert swings == sorted(swings, reverse=True)
        assert "effect" in [row["parameter"] for row in rows]
        assert "nobody" not in [row["parameter"] for row in rows]


def test_the_tornado_tells_of_the_district_what_moves_its_own_sum(
    many_draws, content, make_rich, declare
):
    (path,) = effect_paths(many_draws)
    book = declare(make_rich(content))

    rows = {
        row["parameter"]: row
        for row in tornado(path, book, n_months=6)
        if row["perspective"] == "district"
    }

    # A start is paid by the district, once and at once: each krona of its price is a krona less.
    price = book.records["referral"].distribution
    assert rows["referral"]["swing"] == pytest.approx(price.high - price.low)
    assert rows["burden"]["swing"] == 0  # taxpayers bear it


def linear_normal():
    """A low-discrepancy sample: what is left is the error of the regression, not of the draws."""
    vector = REFERENCE["evppi_linear_normal"][0]
    theta = qmc.MultivariateNormalQMC(
        np.zeros(3), np.diag(np.square(vector["sd"])), rng=np.random.default_rng(1)
    ).random(2**13)
    gain = vector["mu"] + theta @ vector["b"]
    return vector, theta, np.column_stack([np.zeros(len(gain)), gain])


def test_evppi_is_the_closed_form_of_a_linear_normal_model():
    vector, theta, benefit = linear_normal()

    found = [evppi(benefit, {"one": theta[:, j]}) for j in range(3)]

    assert found == pytest.approx(vector["evppi"], rel=EVPPI_TOLERANCE)
    assert evppi(benefit, {"all": theta}) == pytest.approx(vector["evpi"], rel=EVPPI_TOLERANCE)


@given(seed=st.integers(0, 100_000), n_options=st.integers(2, 4))
@settings(max_examples=25)
def test_evppi_never_falls_when_quantities_are_added_and_never_exceeds_evpi(seed, n_options):
    rng = np.random.default_rng(seed)
    known = {name: rng.normal(size=(200, 1 + i)) for i, name in enumerate("abc")}
    noise = rng.normal(size=(200, n_options)) * rng.choice([0.01, 1, 10])
    benefit = noise + sum(
        values @ rng.normal(size=(values.shape[1], n_options)) for values in known.values()
    ) ** rng.integers(1, 3)
    subsets = [["a"], ["a", "b"], ["a", "b", "c"]]

    values = [evppi(benefit, {name: known[name] for name in subset}) for subset in subsets]

    assert 0 <= values[0] <= values[1] <= values[2] <= evpi(benefit)


def test_evppi_refuses_too_few_draws():
    with pytest.raises(EstimationError) as fault:
        evppi(np.zeros((20, 2)), {"many": np.random.default_rng(1).normal(size=(20, 4))})

    assert fault.value.what == "There are 20 draws for 9 terms."
    assert (
        "argument known" in fault.value.where
        and "regressed" in fault.value.why
        and "five draws" in fault.value.fix
    )


def option(name, benefit, cost, effect, *, district="Harbour"):
    arrays = [np.full(3, float(value)) for value in (benefit, cost, effect)]
    return Option(district, "e", name, *arrays, {"effect": {name: np.arange(3.0)}})


@given(
    values=st.lists(
        st.tuples(st.integers(-50, 50), st.integers(-50, 50), st.integers(-5, 5)),
        min_size=1,
        max_size=5,
    )
)
@settings(max_examples=60)
def test_a_dominated_intervention_is_never_recommended(values):
    table = compare_options([option(f"i{n}", *value) for n, value in enumerate(values)])

    recommended = table.filter("is_recommended")
    assert recommended.height == 1
    cost, effect = recommended["cost"][0], recommended["effect"][0]
    assert table.filter(
        (pl.col("cost") <= cost)
        & (pl.col("effect") >= effect)
        & ((pl.col("cost") < cost) | (pl.col("effect") > effect))
    ).is_empty()
    assert table["probability_best"].sum() == pytest.approx(1)


def test_options_are_compared_within_a_district():
    table = compare_options([option("a", 5, 1, 1), option("a", -5, 1, -1, district="Hill")])

    assert table.filter("is_recommended").select("district", "option").rows() == [
        ("Harbour", "a"),
        ("Hill", "none"),
    ]


def test_acceptability_sums_to_one_at_every_threshold():
    curve = acceptability([option("a", 5, 1, 1), option("b", 5, 2, 3)], np.array([0.0, 0.4, 2.0]))

    assert curve.group_by("threshold").agg(pl.col("probability").sum())[
        "probability"
    ].to_list() == pytest.approx([1, 1, 1])
    assert curve.filter("is_on_frontier").sort("threshold")["option"].to_list() == [
        "none",
        "none",
        "b",
    ]


def test_nothing_is_worth_knowing_when_one_option_is_best_in_every_draw(results):
    options = [
        Option(
            "Harbour",
            "e",
            "a",
            np.full(60, 5.0),
            np.ones(60),
            np.ones(60),
            {"effect": {"a": np.arange(60.0)}},
        )
    ]

    assert worth_of_knowing(options)["value"].to_list() == [0, 0]


@pytest.mark.slow
def test_an_intervention_s_own_cost_is_known_as_cost_alone(many_draws, content, make_rich, declare):
    content = make_rich(content)
    for price in content["prices"]:
        price.pop("distribution", None)
    own = next(price for price in content["prices"] if price["key"] == "referral")
    content["prices"].append(
        {**own, "key": "own", "distribution": {"kind": "uniform", "low": 0, "high": 4000}}
    )
    content["interventions"] = [{"intervention_id": "training", "prices": {"referral": "own"}}]

    found = value_results(many_draws, declare(content), seed=1, n_draws=120).information

    assert found["group"].to_list() == ["effect", "programme_cost", "all"]
    assert found.filter(group="programme_cost")["value"].item() > 0


def test_many_interventions_leave_empty_what_the_draws_are_too_few_for(many_draws, rich_book):
    nine = pl.concat([many_draws.with_columns(intervention_id=pl.lit(f"i{n}")) for n in range(9)])

    found = value_results(nine, rich_book, seed=1, n_draws=120).information

    # Two states each of nine effects are 37 terms; the prices are the same for all.
    assert found.filter(pl.col("value").is_null())["group"].to_list() == ["effect"]


def test_the_estimated_value_is_unbiased_where_the_effect_is(content, make_rich):
    """400 simulated studies of 150 persons an arm: the mean of the estimated values is the value of
    the true effect, within its own error.
    """
    for price in make_rich(content)["prices"]:
        price.pop("distribution", None)
    content["postings"] = [one for one in content["postings"] if one["posting"] != "referrals"]
    book = declare_price_book(content, where="small.yaml")
    rng = np.random.default_rng(11)
    truth = np.array([[[0.05, 0.65, 0, 0.3]] * 6, [[0.05, 0.4, 0.05, 0.5]] * 6]).transpose(0, 2, 1)
    counts = np.stack(
        [
            [rng.multinomial(150, truth[arm, :, 0], size=6).T / 150 for arm in (0, 1)]
            for _ in range(400)
        ]
    )
    prices = {record.key: np.full(400, record.value) for record in book.prices}
    keys = {"district": "Harbour", "intervention_id": "training"}

    from evalkit.economics.ledger.effect_paths import EffectPath

    states = ["studies", "support", "training", "work"]
    estimated = cash_flow(
        EffectPath(keys, np.arange(400), states, counts), book, prices, n_months=24
    ).present_value(ACTOR_NAMES)
    true = cash_flow(
        EffectPath(keys, np.arange(1), states, truth[None]), book, prices, n_months=24
    ).present_value(ACTOR_NAMES)[0]

    assert abs(estimated.mean() - true) < 4 * estimated.std() / np.sqrt(len(estimated))


def test_a_discount_rate_of_zero_changes_nothing(many_draws, content, make_rich, declare):
    content = make_rich(content)
    (path,) = effect_paths(many_draws)
    book = declare(content)

    flow = cash_flow(
        path, book, {record.key: np.full(61, record.value) for record in book.prices}, n_months=24
    )

    undiscounted = flow.work_months[:, :].sum(axis=1) * 1000 * 0.5
    assert np.all(flow.month_factor == 1)
    taxes = flow.present_value(("city",)) - flow.equalised
    assert taxes == pytest.approx(undiscounted)
