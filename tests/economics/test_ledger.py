from collections import defaultdict
from contextlib import nullcontext
from math import prod
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from one_start import value_effects
from polars.testing import assert_frame_equal

from evalkit.economics import load_price_book
from evalkit.economics.ledger.ledger_checks import check_ledger, check_rows
from evalkit.economics.prices.price_book_file import declare_price_book
from evalkit.economics.prices.price_draws import draw_prices
from evalkit.errors import EstimationError, EvalkitError, LedgerError
from evalkit.line.actors import ACTORS, PERSPECTIVES
from evalkit.line.tables import table

NORTHERN_IRELAND = Path(__file__).parents[2] / "params" / "unit_costs" / "northern_ireland.yaml"
# The by-hand sums are exact binary fractions times whole numbers; only the order of adding differs.
EXACT = 1e-10

# Months 1 and 2 of the small draws, treated minus comparison, added up (eighths of a month):
#            month 1   month 2   sum
#   work     -2/8      +2/8       0/8
#   studies   0        -1/8      -1/8
#   support  -4/8      -3/8      -7/8
#   training +6/8      +2/8      +8/8   treated arm alone: 8/8
HARBOUR = {
    ("employer", "production"): 0.0,
    ("employer", "wages"): 0.0,
    ("person", "wages"): 0.0,
    ("employer", "fees"): 0.0,
    ("state", "fees"): 0.0,
    ("person", "taxes"): 0.0,
    ("city", "taxes"): 0.0,
    ("district", "benefits"): 350.0,
    ("person", "benefits"): -350.0,
    ("state", "allowances"): -300.0,
    ("person", "allowances"): 300.0,
    ("district", "places"): -200.0,
    ("district", "referrals"): -80.0,
    ("employer", "lost_production"): 0.0,
    ("displaced_others", "lost_wages"): 0.0,
    ("employer", "lost_wages"): 0.0,
    ("state", "lost_fees"): 0.0,
    ("employer", "lost_fees"): 0.0,
    # The public purse: 350 - 300 - 200 - 80 = -230, an outlay of 230, half of it again.
    ("taxpayers", "burden"): -115.0,
}

# Month 2 alone with the arms as they are: work +1/4. Of it 1/4 displaces: 1/16 month.
ONE_MONTH = {
    ("employer", "production"): 312.5,
    ("person", "wages"): 250.0,
    ("employer", "wages"): -250.0,
    ("state", "fees"): 62.5,
    ("employer", "fees"): -62.5,
    ("city", "taxes"): 125.0,
    ("person", "taxes"): -125.0,
    ("employer", "lost_production"): -78.125,
    ("displaced_others", "lost_wages"): -62.5,
    ("employer", "lost_wages"): 62.5,
    ("state", "lost_fees"): -15.625,
    ("employer", "lost_fees"): 15.625,
}


def amounts(value_draws, *, district, draw=0):
    rows = value_draws.filter((pl.col("district") == district) & (pl.col("draw") == draw))
    return {
        (actor, posting): amount
        for actor, posting, amount in rows.select("actor", "posting", "amount").iter_rows()
    }


def test_value_effects_posts_the_ledger_worked_out_by_hand(effect_draws, book):
    value_draws = value_effects(effect_draws, book, seed=1)

    assert amounts(value_draws, district="Harbour") == pytest.approx(HARBOUR, abs=EXACT)


def test_value_effects_posts_work_and_displacement_by_hand(effect_draws, book):
    second_month = effect_draws.filter(pl.col("month") != 1).with_columns(
        pl.col("month").replace(2, 1)
    )

    found = amounts(value_effects(second_month, book, seed=1), district="Harbour")

    assert {key: found[key] for key in ONE_MONTH} == pytest.approx(ONE_MONTH, abs=EXACT)


def slow_ledger(effect_draws, book, *, draw, prices):
    """One district's ledger without arrays: month by month, arm by arm, posting by posting."""
    rows = (
        effect_draws.filter(pl.col("draw") == draw, pl.col("month") > 0)
        .select("arm", "state", "month", "probability")
        .rows()
    )
    ledger = defaultdict(float)
    for posting in book.postings:
        # Everybody treated starts at time zero and takes part in the first month (one_start.py).
        first_month = (1 + prices[book.appraisal.discount_rate]) ** (-0.5 / 12)
        quantity = {"programme_starts": 1.0, "programme_months": first_month}.get(
            posting.driver, 0.0
        )
        for arm, state, month, probability in rows:
            if state == posting.state and arm in posting.arms:
                sign = 1 if arm == "treated" else -1
                quantity += (
                    sign
                    * probability
                    * (1 + prices[book.appraisal.discount_rate]) ** (-(month - 0.5) / 12)
                )
        if posting.driver == "displaced_months":
            quantity *= prices[book.appraisal.displacement.central]
        for term in posting.terms:
            for actor, sign in posting.sides:
                ledger[actor, posting.posting] += (
                    sign * quantity * prod(prices[key] for key in term)
                )
    outlay = -sum(
        amount for (actor, _), amount in ledger.items() if actor in PERSPECTIVES["public_purse"]
    )
    (burden,) = [posting for posting in book.postings if posting.driver == "net_public_outlay"]
    ledger["taxpayers", burden.posting] = -outlay * prices[book.appraisal.cost_of_public_funds]
    return dict(ledger)


@pytest.mark.parametrize("draw", [0, 1, 2])
def test_value_effects_with_northern_ireland_s_prices_is_the_slow_ledger(effect_draws, draw):
    book = load_price_book(NORTHERN_IRELAND)
    harbour = effect_draws.filter(pl.col("district") == "Harbour")

    found = amounts(value_effects(harbour, book, seed=4), district="Harbour", draw=draw)

    prices = {key: drawn[draw] for key, drawn in draw_prices(book, np.arange(3), seed=4).items()}
    assert found == pytest.approx(slow_ledger(harbour, book, draw=draw, prices=prices), abs=EXACT)


def test_value_effects_counts_a_posting_in_the_arms_it_names(effect_draws, book):
    # In Hill only the comparison trains: the places of the treated arm alone are none, the
    # allowances of both are negative.
    found = amounts(value_effects(effect_draws, book, seed=1), district="Hill")

    assert found["district", "places"] == 0
    assert found["person", "allowances"] == pytest.approx(-300, abs=EXACT)


def test_value_effects_gives_no_money_to_month_zero(effect_draws, book):
    was_working = pl.when(pl.col("month") == 0, pl.col("arm") == "treated").then(
        (pl.col("state") == "work").cast(pl.Float64)
    )
    other_start = effect_draws.with_columns(
        was_working.otherwise("probability").alias("probability")
    )

    assert_frame_equal(
        value_effects(other_start, book, seed=1), value_effects(effect_draws, book, seed=1)
    )


def test_value_effects_discounts_a_month_from_its_middle(effect_draws, content, declare):
    next(price for price in content["prices"] if price["key"] == "interest")["value"] = 0.21

    found = amounts(value_effects(effect_draws, declare(content), seed=1), district="Harbour")

    assert found["person", "allowances"] == pytest.approx(
        300 * (0.75 * 1.21 ** (-0.5 / 12) + 0.25 * 1.21 ** (-1.5 / 12)), abs=EXACT
    )
    assert found["district", "referrals"] == -80


def test_value_effects_writes_the_declared_table(effect_draws, book):
    value_draws = value_effects(effect_draws, book, seed=1)

    assert dict(value_draws.schema) == table("value_draws").schema
    assert value_draws["currency"].unique().to_list() == ["SEK"]
    assert value_draws["price_year"].unique().to_list() == [2020]


def test_value_effects_does_not_depend_on_the_order_of_rows(effect_draws, uncertain_book):
    shuffled = effect_draws.sample(fraction=1, shuffle=True, seed=5)

    assert_frame_equal(
        value_effects(shuffled, uncertain_book, seed=1),
        value_effects(effect_draws, uncertain_book, seed=1),
    )


def test_value_effects_does_not_depend_on_the_order_of_prices(
    effect_draws, content, declare, make_uncertain
):
    content = make_uncertain(content)
    turned = {**content, "prices": content["prices"][::-1], "postings": content["postings"][::-1]}

    found = value_effects(effect_draws, declare(turned), seed=1)

    # The public outlay is added up in another order.
    assert_frame_equal(
        found, value_effects(effect_draws, declare(content), seed=1), abs_tol=EXACT, rel_tol=EXACT
    )


def test_value_effects_draws_prices_jointly_for_all_districts(effect_draws, uncertain_book):
    value_draws = value_effects(effect_draws, uncertain_book, seed=1)

    for draw in (0, 1, 2):
        harbour, hill = (
            amounts(value_draws, district=district, draw=draw) for district in ("Harbour", "Hill")
        )
        assert harbour["person", "allowances"] == pytest.approx(
            -hill["person", "allowances"], abs=EXACT
        )


def test_value_effects_keeps_the_values_in_draw_zero_and_draws_the_others(
    effect_draws, uncertain_book, book
):
    uncertain = value_effects(effect_draws, uncertain_book, seed=1)

    assert amounts(uncertain, district="Harbour") == pytest.approx(HARBOUR, abs=EXACT)
    drawn = [
        amounts(uncertain, district="Harbour", draw=draw)["person", "allowances"]
        for draw in (0, 1, 2)
    ]
    assert len(set(drawn)) == 3


def test_value_effects_follows_the_seed(effect_draws, uncertain_book):
    first, again, other = (
        value_effects(effect_draws, uncertain_book, seed=seed) for seed in (1, 1, 2)
    )

    assert_frame_equal(first, again)
    assert not first.equals(other)


def test_value_effects_gives_a_draw_the_same_prices_when_other_draws_are_missing(
    effect_draws, uncertain_book
):
    whole = value_effects(effect_draws, uncertain_book, seed=1)

    without_first = value_effects(effect_draws.filter(pl.col("draw") != 1), uncertain_book, seed=1)

    assert_frame_equal(without_first, whole.filter(pl.col("draw") != 1))


def test_value_effects_takes_districts_with_different_follow_up(effect_draws, book):
    shorter = effect_draws.filter((pl.col("district") == "Harbour") | (pl.col("month") < 2))

    found = amounts(value_effects(shorter, book, seed=1), district="Hill")

    assert found["person", "allowances"] == pytest.approx(-225, abs=EXACT)


def test_value_effects_gives_an_empty_table_for_no_effects(effect_draws, book):
    assert value_effects(effect_draws.clear(), book, seed=1).is_empty()


@pytest.mark.parametrize(("displacement", "share"), [("zero", 0), ("central", 0.25), ("high", 0.5)])
def test_value_effects_takes_the_scenario_s_displacement(effect_draws, book, displacement, share):
    second_month = effect_draws.filter(pl.col("month") != 1).with_columns(
        pl.col("month").replace(2, 1)
    )

    found = amounts(
        value_effects(second_month, book, displacement=displacement, seed=1), district="Harbour"
    )

    assert found["displaced_others", "lost_wages"] == pytest.approx(-250 * share, abs=EXACT)
    assert found["person", "wages"] == pytest.approx(250, abs=EXACT)


@pytest.mark.parametrize(
    ("received", "n_faults"), [([-5.0, 3.0], 0), ([-5.0, 4.0], 1), ([float("nan"), 4.0], 2)]
)
def test_rows_that_do_not_balance_are_refused(book, received, n_faults):
    paid = next(posting for posting in book.postings if posting.kind == "transfer")
    rows = [(paid, "district", np.array([5.0, -3.0])), (paid, "person", np.array(received))]

    with pytest.raises(LedgerError, match=f"in {n_faults} draws") if n_faults else nullcontext():
        check_rows(rows)


def test_value_effects_changes_displacement_alone(effect_draws, uncertain_book):
    zero, high = (
        value_effects(effect_draws, uncertain_book, displacement=scenario, seed=1)
        for scenario in ("zero", "high")
    )

    is_other = pl.col("posting").cast(pl.String).str.starts_with("lost_") | (
        pl.col("posting") == "burden"
    )
    assert_frame_equal(zero.filter(~is_other), high.filter(~is_other))


def test_value_effects_refuses_a_state_without_a_livelihood(effect_draws, book):
    unknown = effect_draws.with_columns(pl.col("state").replace("studies", "pension"))

    with pytest.raises(LedgerError) as fault:
        value_effects(unknown, book, seed=1)

    assert fault.value.what == "States of the effect without a declared livelihood: 1."
    assert fault.value.where == "small.yaml: pension"
    assert fault.value.why.startswith("Nobody would pay")
    assert fault.value.fix.startswith("add a livelihood")


MONTH_LACKS = (pl.col("month") != 1, "The effect draws lack an arm or a month.")
ARM_LACKS = (pl.col("arm") != "treated", "The effect draws lack an arm or a month.")
CELL_LACKS = (
    ~((pl.col("month") == 1) & (pl.col("state") == "work") & (pl.col("draw") == 1)),
    "The effect draws are incomplete or repeated.",
)


@pytest.mark.parametrize(("kept", "what"), [MONTH_LACKS, ARM_LACKS, CELL_LACKS])
def test_value_effects_refuses_incomplete_draws(effect_draws, book, kept, what):
    with pytest.raises(EstimationError) as fault:
        value_effects(effect_draws.filter(kept), book, seed=1)

    assert fault.value.what == what
    assert fault.value.where.startswith("effect_draws, H")
    assert fault.value.why.startswith("Every draw")
    assert fault.value.fix.startswith("look at the station")


def test_value_effects_refuses_a_row_that_stands_in_for_another(effect_draws, book):
    doubled = effect_draws.with_columns(
        pl.when((pl.col("month") == 1) & (pl.col("state") == "work"))
        .then(pl.lit("support"))
        .otherwise("state")
        .alias("state")
    )

    with pytest.raises(EstimationError, match="incomplete or repeated"):
        value_effects(doubled, book, seed=1)


def test_value_effects_refuses_shares_that_do_not_sum_to_one(effect_draws, book):
    with pytest.raises(EstimationError) as fault:
        value_effects(effect_draws.with_columns(pl.col("probability") * 0.99), book, seed=1)

    assert fault.value.what == "The shares of the states do not sum to one."
    assert "training" in fault.value.where
    assert fault.value.why.startswith("Everybody is in one state")
    assert fault.value.fix.startswith("look at the station")


def test_value_effects_refuses_columns_that_are_missing(effect_draws, book):
    with pytest.raises(EvalkitError, match="missing: state"):
        value_effects(effect_draws.drop("state"), book, seed=1)


@pytest.mark.parametrize(
    ("horizon", "what", "why"),
    [
        (1, "The horizon is 1 months, the follow-up 2.", "A shorter horizon hides"),
        (
            3,
            "The horizon is 3 months, the follow-up 2, and nothing says how the effect fades.",
            "What lies beyond the follow-up was not",
        ),
    ],
)
def test_value_effects_refuses_a_horizon_that_hides_months_or_cannot_be_projected(
    effect_draws, book, horizon, what, why
):
    with pytest.raises(EstimationError) as fault:
        value_effects(effect_draws, book, seed=1, horizon_months=horizon)

    assert fault.value.what == what
    assert "effect of H" in fault.value.where
    assert fault.value.why.startswith(why)
    assert "value.horizon_months" in fault.value.fix


def test_value_effects_accepts_the_follow_up_as_horizon(effect_draws, book):
    assert_frame_equal(
        value_effects(effect_draws, book, seed=1, horizon_months=2),
        value_effects(effect_draws, book, seed=1),
    )


def changed(value_draws, posting, actor, amount):
    row = (pl.col("posting") == posting) & (pl.col("actor") == actor)
    return value_draws.with_columns(pl.when(row).then(amount).otherwise("amount").alias("amount"))


WORK_ROWS = (
    (
        "benefits",
        "person",
        pl.lit(1.0),
        "Transfers that do not sum to zero: 6 in 3 draws.",
        "value_draws, posting benefits",
    ),
    (
        "places",
        "district",
        pl.lit(float("nan")),
        "Amounts that are not finite: 6 in 3 draws.",
        "value_draws, posting places",
    ),
    (
        "burden",
        "taxpayers",
        -pl.col("amount"),
        "A cost of public funds without its bearer: 6 in 3 draws.",
        "value_draws, posting burden",
    ),
)


@pytest.mark.parametrize(("posting", "actor", "amount", "what", "where"), WORK_ROWS)
def test_check_ledger_names_the_invariant_and_the_posting(
    effect_draws, book, posting, actor, amount, what, where
):
    value_draws = changed(value_effects(effect_draws, book, seed=1), posting, actor, amount)

    with pytest.raises(LedgerError) as fault:
        check_ledger(value_draws, book)

    assert fault.value.what == what
    assert fault.value.where == where
    assert fault.value.why.endswith("The ledger was not handed on.")
    assert fault.value.fix.startswith("look at the price book's postings")


def test_check_ledger_refuses_displacement_without_a_loser(effect_draws, book):
    second_month = effect_draws.filter(pl.col("month") != 1).with_columns(
        pl.col("month").replace(2, 1)
    )
    value_draws = value_effects(second_month, book, seed=1).filter(
        pl.col("posting") != "lost_wages"
    )

    with pytest.raises(LedgerError) as fault:
        check_ledger(value_draws, book)

    assert fault.value.what == "Displacement without a loser: 6 in 3 draws."
    assert fault.value.where == "value_draws, state work"
    assert "displaced_others must lose" in fault.value.why
    assert fault.value.fix.startswith("look at the price book's postings")


def test_check_ledger_refuses_a_burden_that_nobody_bears(effect_draws, book):
    value_draws = value_effects(effect_draws, book, seed=1).filter(pl.col("posting") != "burden")

    with pytest.raises(LedgerError, match="A cost of public funds without its bearer"):
        check_ledger(value_draws, book)


# Hypothesis may reuse these fixtures: they are read, never changed.
PROPERTY = settings(max_examples=25)
actors = st.sampled_from(
    [actor for actor in ACTORS["actor"] if actor not in ("displaced_others", "taxpayers")]
)


@st.composite
def changes(draw):
    """Any prices, and any postings between any actors added."""
    prices = {
        **{
            key: draw(st.integers(1, 5000))
            for key in ("wage", "benefit", "allowance", "place", "referral")
        },
        **{
            key: draw(st.integers(0, 100)) / 100
            for key in ("fee", "tax", "some", "burden", "interest")
        },
    }
    pairs = draw(
        st.lists(st.tuples(actors, actors).filter(lambda pair: pair[0] != pair[1]), max_size=4)
    )
    postings = [
        {
            "posting": f"added_{i}",
            "name": {"en": "added", "sv": "tillagd"},
            "driver": "state_months",
            "state": draw(st.sampled_from(["work", "studies", "support", "training"])),
            "paid_by": paid_by,
            "received_by": received_by,
            "kind": "transfer",
            "amount": draw(st.sampled_from(["wage", "benefit * tax", "place + wage * fee"])),
        }
        for i, (paid_by, received_by) in enumerate(pairs)
    ]
    return prices, postings


def changed_book(content, prices, postings=()):
    records = [
        {**record, "value": prices.get(record["key"], record["value"])}
        for record in content["prices"]
    ]
    return declare_price_book(
        {**content, "prices": records, "postings": [*content["postings"], *postings]},
        where="any.yaml",
    )


@PROPERTY
@given(change=changes())
def test_transfers_cancel_and_resources_are_society_s_value_under_any_book(
    effect_draws, content, change
):
    value_draws = value_effects(effect_draws, changed_book(content, *change), seed=1)

    for _, rows in value_draws.group_by("district", "draw"):
        is_transfer = (rows["kind"] == "transfer").to_numpy()
        values = rows["amount"].to_numpy()
        tolerance = EXACT * max(1, np.abs(values).sum())
        assert abs(values[is_transfer].sum()) <= tolerance
        assert abs(values.sum() - values[~is_transfer].sum()) <= tolerance


@PROPERTY
@given(change=changes(), factor=st.sampled_from([0.5, 3, 1000]))
def test_amounts_scale_with_all_prices(effect_draws, content, change, factor):
    prices, postings = change
    dearer = {
        record["key"]: record["value"] * factor
        for record in content["prices"]
        if "currency" in record
    }
    dearer |= {key: value * factor if key in dearer else value for key, value in prices.items()}

    found = value_effects(effect_draws, changed_book(content, dearer, postings), seed=1)

    expected = value_effects(
        effect_draws, changed_book(content, prices, postings), seed=1
    ).with_columns(pl.col("amount") * factor)
    assert_frame_equal(found, expected, rel_tol=EXACT, abs_tol=EXACT * 1000)


@PROPERTY
@given(change=changes())
def test_discount_rate_zero_is_the_plain_sum(effect_draws, content, change):
    prices, postings = change[0] | {"interest": 0.0}, change[1]

    found = amounts(
        value_effects(effect_draws, changed_book(content, prices, postings), seed=1),
        district="Harbour",
    )

    months = effect_draws.filter(
        (pl.col("district") == "Harbour") & (pl.col("draw") == 0) & (pl.col("month") > 0)
    )
    plain = {
        (state, arm): sum(share for share in group["probability"].to_list())
        for (state, arm), group in months.group_by("state", "arm")
    }
    training = plain["training", "treated"] - plain["training", "comparison"]
    assert found["person", "allowances"] == pytest.approx(prices["allowance"] * training, rel=EXACT)


def test_another_currency_changes_the_label_alone(effect_draws, content, declare, book):
    for record in content["prices"]:
        record.update({"currency": "EUR"} if "currency" in record else {})
    in_euro = value_effects(effect_draws, declare({**content, "currency": "EUR"}), seed=1)

    assert in_euro["currency"].unique().to_list() == ["EUR"]
    assert_frame_equal(
        in_euro.drop("currency"), value_effects(effect_draws, book, seed=1).drop("currency")
    )
