"""Advice: the rule by hand at each band and at its edges, whose figures a row rests on, and that it
never contradicts the words for a probability.
"""

from itertools import product
from pathlib import Path
from typing import get_args

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalkit.draws import agreed_probability
from evalkit.economics.results.advice import (
    BESIDE_ANOTHER,
    NO_PRICE_BOOK,
    NOT_ASKED,
    Advice,
    AdviceReason,
    Figures,
    GainProbabilities,
    advice_from,
    readings_of,
)
from evalkit.economics.results.advice_table import advice_table
from evalkit.economics.results.comparison import Option, worth_of_knowing
from evalkit.economics.results.own_figures import effect_sizes
from evalkit.economics.results.trial import best_trial, prior_of_draws
from evalkit.errors import ParameterError
from evalkit.line.estimands import ESTIMANDS
from evalkit.line.protocols import load_protocol
from evalkit.line.tables import published, table
from evalkit.records import validate
from evalkit.run_rules import AdviceRules, ValueRules
from evalkit.vocabulary import band_of
from evalkit.words import languages, words

ROOT = Path(__file__).parents[2]
RULES = AdviceRules()
WAIT = ESTIMANDS["wait"]
TRIAL = RULES.trial_cost
# From the worst to the best; what is tried out or cannot be said lies between.
ORDER = {"stop": 0, "cannot_be_said": 1, "try_out": 1, "keep": 2, "expand": 3}
PROBABILITIES = st.floats(0, 1)
WORTH_OF_MONTH = 10_000.0
# One of 369 people moves what knowing a start's value is worth by up to 0.4 of a tenth of its
# standard error of 23 000, and 150 starts are decided.
STEP = 200_000
DRAWS = (0.0, *np.linspace(-30_000.0, 50_000.0, 81))


def advised(society, purse=1.0, observed=1.0, worth=0.0, rules=RULES):
    return advice_from(GainProbabilities(society, purse, observed), worth, rules)


@pytest.mark.parametrize(
    ("gains", "worth", "advice", "reason"),
    [
        ((0.9, 0.8, 0.8), 0.0, "expand", "gains_everywhere"),
        ((1.0, 1.0, 1.0), None, "expand", "gains_everywhere"),
        ((0.899, 1.0, 1.0), 0.0, "keep", "gains_less_surely"),
        ((0.9, 0.799, 1.0), 0.0, "keep", "purse_less_sure"),
        ((0.9, 0.8, 0.799), 0.0, "keep", "gain_is_projected"),
        ((0.8, 0.0, 0.0), TRIAL + 1, "keep", "gains_less_surely"),
        ((0.799, 1.0, 1.0), TRIAL + 1, "try_out", "worth_a_trial"),
        ((0.5, 1.0, 1.0), TRIAL, "cannot_be_said", "too_unsure"),
        ((0.5, 1.0, 1.0), None, "cannot_be_said", "too_unsure"),
        ((0.201, 0.0, 0.0), 0.0, "cannot_be_said", "too_unsure"),
        ((0.2, 1.0, 1.0), TRIAL, "stop", "loses_less_surely"),
        ((0.2, 1.0, 1.0), TRIAL + 1, "try_out", "worth_a_trial"),
        ((0.101, 1.0, 1.0), TRIAL + 1, "try_out", "worth_a_trial"),
        ((0.1, 1.0, 1.0), TRIAL + 1, "stop", "loses"),
        ((0.0, 0.0, 0.0), 0.0, "stop", "loses"),
    ],
)
def test_advice_follows_the_bands_when_probabilities_lie_on_and_beside_their_edges(
    gains, worth, advice, reason
):
    assert advice_from(GainProbabilities(*gains), worth, RULES) == (advice, reason)


@pytest.mark.parametrize(
    ("plain", "second", "worth", "advice", "reason"),
    [
        (0.97, 0.92, 0.0, "expand", "gains_everywhere"),
        (0.99, 0.85, 0.0, "keep", "gains_less_surely"),
        (0.99, None, 0.0, "keep", "past_shows_nothing"),
        (0.85, None, 0.0, "keep", "gains_less_surely"),
        (0.99, 0.02, 0.0, "cannot_be_said", "readings_differ"),
        (0.99, 0.02, 2 * TRIAL, "try_out", "readings_differ"),
        (0.7, 0.6, 0.0, "cannot_be_said", "too_unsure"),
        (0.7, 0.6, 2 * TRIAL, "try_out", "worth_a_trial"),
        (0.02, 0.09, 0.0, "stop", "loses"),
        (0.02, None, 0.0, "stop", "loses"),
    ],
)
def test_advice_needs_both_readings(plain, second, worth, advice, reason):
    society = agreed(plain, second)
    gains = GainProbabilities(society, 1.0, 1.0, readings_of(plain, second))

    assert advice_from(gains, worth, RULES) == (advice, reason)


def agreed(plain, second):
    row = pl.DataFrame(
        {"plain": [plain], "second": [second]}, schema_overrides={"second": pl.Float64}
    )
    return row.select(agreed_probability("plain", "second")).item()


READING = st.tuples(PROBABILITIES, PROBABILITIES, PROBABILITIES)


@given(READING, READING, st.floats(0, 2 * TRIAL))
def test_advice_by_two_readings_is_never_surer_than_by_either(plain, second, worth):
    both = [sorted((one, other, 0.5))[1] for one, other in zip(plain, second, strict=True)]
    gains = GainProbabilities(*both, readings_of(plain[0], second[0]))

    advice, reason = advice_from(gains, worth, RULES)

    each = [advised(*one, worth)[0] for one in (plain, second)]
    if advice in ("expand", "keep"):
        assert min(ORDER[one] for one in each) >= ORDER[advice]
    if advice == "stop":
        assert {"stop"} == set(each)
    assert (reason == "readings_differ") == ((plain[0] - 0.5) * (second[0] - 0.5) < 0)


def test_advice_follows_the_run_files_thresholds():
    strict = AdviceRules(expand_from=0.99, stop_up_to=0.01, trial_cost=10.0)

    assert advised(0.95, rules=strict)[0] == "keep"
    assert advised(0.05, rules=strict)[0] == "stop"
    assert advised(0.05, worth=11.0, rules=strict)[0] == "try_out"


@given(PROBABILITIES, PROBABILITIES, PROBABILITIES, PROBABILITIES, st.floats(0, 2 * TRIAL))
def test_advice_is_never_better_when_society_gains_less_surely(one, other, purse, observed, worth):
    low, high = sorted((one, other))

    assert (
        ORDER[advised(low, purse, observed, worth)[0]]
        <= ORDER[advised(high, purse, observed, worth)[0]]
    )


@given(PROBABILITIES, PROBABILITIES, PROBABILITIES, PROBABILITIES, PROBABILITIES)
def test_advice_is_never_better_when_the_purse_or_the_observed_months_gain_less_surely(
    society, one, other, first, second
):
    (low, high), (early, late) = sorted((one, other)), sorted((first, second))

    assert ORDER[advised(society, low, early)[0]] <= ORDER[advised(society, high, late)[0]]


@given(PROBABILITIES, PROBABILITIES, PROBABILITIES, st.floats(0, 2 * TRIAL))
def test_advice_never_contradicts_the_word_for_the_probability(society, purse, observed, worth):
    advice = advised(society, purse, observed, worth)[0]

    band = band_of(society)
    assert (advice in ("expand", "keep")) == (band in ("yes", "probably"))
    assert advice != "stop" or band in ("no", "probably_not")
    assert advice != "cannot_be_said" or band == "unclear"
    assert advice != "try_out" or band in ("unclear", "probably_not")


@pytest.mark.parametrize(
    ("thresholds", "shown"),
    [
        ({"expand_from": 0.1, "stop_up_to": 0.9}, "expand_from is 0.1 and stop_up_to 0.9"),
        ({"expand_from": 0.79}, "expand_from is 0.79 and stop_up_to 0.1"),
        ({"stop_up_to": 0.21}, "expand_from is 0.9 and stop_up_to 0.21"),
    ],
)
def test_thresholds_out_of_order_are_refused_in_four_lines(thresholds, shown):
    with pytest.raises(ParameterError) as refusal:
        validate({"advice": thresholds}, ValueRules, where="run.yaml")

    what, where, why, fix = str(refusal.value).splitlines()
    assert "run.yaml" in where and "advice" in where + what
    assert shown in str(refusal.value)
    assert "expand_from is 0.8 or more and stop_up_to 0.2 or less" in str(refusal.value)
    assert why.strip().startswith("why:") and fix.strip().startswith("fix:")


def test_thresholds_at_the_words_own_edges_are_allowed():
    assert AdviceRules(expand_from=0.8, stop_up_to=0.2).stop_up_to == 0.2


def make_offers(rows):
    """district, intervention, starts a year."""
    return pl.DataFrame(
        rows, schema=["district", "intervention_id", "n_starts"], orient="row"
    ).with_columns(pl.col("n_starts").cast(pl.Float64))


def make_status(rows):
    """district, intervention, starters, reason (None: estimated), pooling."""
    return pl.DataFrame(
        [
            {
                "district": district,
                "intervention_id": intervention,
                "estimand": WAIT,
                "effect_state": "cannot_be_said" if reason else "estimated",
                "reason": reason,
                "n_starters": n_starters,
                "pooling": pooling,
            }
            for district, intervention, n_starters, reason, pooling in rows
        ],
        schema=published("effect_status").schema,
    )


def make_parts(rows, estimand=WAIT):
    """district, intervention, probability that society gains (also the purse, also observed)."""
    return pl.DataFrame(
        [
            {
                "district": district,
                "intervention_id": intervention,
                "estimand": estimand,
                "perspective": perspective,
                "part": part,
                "estimate": 1_000.0 if perspective == "society" else -200.0,
                "ci_lower": -300.0,
                "ci_upper": 300.0,
                "probability_positive": 0.25 if perspective == "district" else probability,
                "probability_plain": probability,
                "probability_second": probability,
                "horizon_months": 60,
                "followed_months": 36,
                "currency": "SEK",
            }
            for district, intervention, probability in rows
            for perspective, part in product(
                ("district", "public_purse", "society"), ("observed", "projected", "total")
            )
        ],
        schema=published("value_parts").schema,
    )


def make_totals(*keys):
    return pl.DataFrame(
        [
            {
                "district": district,
                "intervention_id": intervention,
                "estimand": WAIT,
                "draw": draw,
                "net_benefit": value,
                "work_months": value / WORTH_OF_MONTH,
            }
            for district, intervention in keys
            for draw, value in enumerate(DRAWS)
        ],
        schema=table("value_totals").schema,
    )


EVERYWHERE = ("Harbour", "Hill", "Marsh", "all")
OFFERS = make_offers(
    [(district, "train", 10) for district in EVERYWHERE[:3]] + [("all", "train", 30)]
)
STATUS = make_status(
    [
        ("Harbour", "train", 150, None, "pooled"),
        ("Hill", "train", 99, None, "pooled"),
        ("Marsh", "train", 120, "few_comparable", None),
        ("all", "train", 369, None, None),
    ]
)
PARTS = make_parts([("Harbour", "train", 0.05), ("Hill", "train", 0.01), ("all", "train", 0.95)])
TOTALS = make_totals(*((district, "train") for district in ("Harbour", "Hill", "all")))


# The effect of all districts together, beside half of it, which could just have been found.
SIZES = pl.DataFrame({"intervention_id": ["train"], "size": [2.0], "detectable": [1.0]})


def advise(offers=OFFERS, status=STATUS, parts=PARTS, totals=TOTALS, **changed):
    given = {"rules": RULES, "is_priced": True, "sizes": SIZES, "second": totals.clear()} | changed
    return advice_table(offers, status, parts, totals=totals, **given)


def told(advice):
    columns = ["district", "advice", "advice_reason", "figures"]
    return {district: tuple(row) for district, *row in advice.select(columns).iter_rows()}


def test_a_district_has_its_own_figures_or_those_of_all_districts_by_its_starters():
    assert told(advise()) == {
        "Harbour": ("stop", "loses", "pooled"),
        "Hill": ("expand", "gains_everywhere", "city_few_starters"),
        "Marsh": ("expand", "gains_everywhere", "city_no_effect"),
        "all": ("expand", "gains_everywhere", "own"),
    }


def test_a_row_carries_the_numbers_of_the_figures_that_it_rests_on():
    rows = {row["district"]: row for row in advise().iter_rows(named=True)}

    assert rows["Harbour"]["probability_society"] == 0.05
    assert rows["Harbour"]["n_starters"] == 150
    assert rows["Hill"]["probability_society"] == 0.95
    assert rows["Hill"]["n_starters"] == 369
    assert rows["Hill"]["worth_of_knowing"] == rows["all"]["worth_of_knowing"]
    assert (rows["Hill"]["district_result"], rows["Hill"]["probability_district"]) == (-200.0, 0.25)
    assert rows["all"]["horizon_months"] == 60


def test_worth_of_knowing_is_that_of_a_start_times_starts_times_years():
    # Without knowing, the mean of -30 000 to 50 000, which is 10 000; with it the gains alone.
    values = np.array(DRAWS[1:])
    per_start = np.maximum(values, 0).mean() - 10_000

    worth = advise().filter(pl.col("district") == "all")["worth_of_knowing"].item()

    assert worth == pytest.approx(per_start * 30 * 5, abs=STEP / 2)
    assert worth % STEP == 0


def test_worth_of_knowing_a_lone_intervention_is_that_of_the_table_value_information():
    nothing = np.zeros(len(DRAWS))
    option = Option("all", WAIT, "train", np.array(DRAWS), nothing, nothing, {})

    (row,) = worth_of_knowing([option]).rows(named=True)

    worth = advise().filter(pl.col("district") == "all")["worth_of_knowing"].item()
    assert worth == pytest.approx(row["value"] * 30 * 5, abs=STEP / 2)


def test_knowing_is_worth_most_where_the_readings_differ():
    # Worth 40 000 by the one and minus 40 000 by the other: knowing saves half of either.
    around = np.linspace(-100.0, 100.0, 81)
    draws = pl.Series("net_benefit", [0.0, *around])
    plain, second = (
        TOTALS.filter(district="all").with_columns(draws + worth) for worth in (40_000, -40_000)
    )
    differ = PARTS.with_columns(probability_positive=0.5, probability_second=0.0)

    (row,) = (
        advise(parts=differ, totals=plain, second=second)
        .filter(district="all")
        .iter_rows(named=True)
    )

    # In steps of a tenth of 40 000, half of it, of 150 starts: 300 000, so of half a million.
    assert row["worth_of_knowing"] == pytest.approx(20_000 * 30 * 5, abs=250_000)
    assert (row["advice"], row["advice_reason"]) == ("cannot_be_said", "readings_differ")
    alone = advise(totals=plain).filter(district="all")["worth_of_knowing"].item()
    assert alone == pytest.approx(0.0, abs=1.0)


def test_no_trial_is_advised_where_the_number_of_starts_is_withheld():
    unclear = make_parts([("all", "train", 0.5)]).with_columns(followed_months=12)
    hidden = OFFERS.with_columns(n_starts=pl.lit(None, dtype=pl.Float64))
    rules = AdviceRules(trial_cost=1.0)

    assert told(advise(parts=unclear, rules=rules))["all"] == ("try_out", "worth_a_trial", "own")
    assert told(advise(parts=unclear, offers=hidden, rules=rules))["all"] == (
        "cannot_be_said",
        "too_unsure",
        "own",
    )


def test_where_nothing_is_clear_a_row_says_what_the_best_trial_is():
    unclear = make_parts([("Harbour", "train", 0.05), ("all", "train", 0.5)]).with_columns(
        followed_months=12
    )

    rows = {row["district"]: row for row in advise(parts=unclear).iter_rows(named=True)}

    prior = prior_of_draws(
        np.array(DRAWS[1:]),
        np.array(DRAWS[1:]) / WORTH_OF_MONTH,
        city_work_months=np.array(DRAWS[1:]) / WORTH_OF_MONTH,
        n_starters=369,
    )
    trial = best_trial(prior, starts_per_year=30, followed_months=12, horizon_months=60)
    columns = ("trial_persons", "trial_months", "trial_worth")
    persons, months, worth = (rows["all"][name] for name in columns)
    assert (persons, months) == trial[:2]
    # One person moves a start's value by 2 400, and what the trial is worth by up to 12 000.
    assert worth == pytest.approx(trial.worth, abs=10_000) and worth % 20_000 == 0
    assert 0 < worth < rows["all"]["worth_of_knowing"]
    # It is clear enough that society loses there.
    assert [rows["Harbour"][name] for name in columns] == [None] * 3


def test_no_trial_is_worth_anything_where_its_result_comes_after_the_horizon():
    late = make_parts([("all", "train", 0.5)]).with_columns(followed_months=60)

    (row,) = advise(parts=late).filter(district="all").iter_rows(named=True)

    assert (row["trial_persons"], row["trial_months"], row["trial_worth"]) == (None, None, 0.0)


def test_a_district_needs_as_many_starters_as_find_the_effect_of_all_districts():
    # A quarter of 369 starters find an effect twice as large as the smallest that they all find.
    needed = dict(
        advise(rules=AdviceRules(min_starters=50))
        .select("district", "own_starters_needed")
        .iter_rows()
    )
    assert needed == {"Harbour": 93, "Hill": 93, "Marsh": 93, "all": None}

    assert advise().filter(district="Hill")["own_starters_needed"].item() == 100
    assert advise(sizes=SIZES.clear())["own_starters_needed"].null_count() == 4


def test_the_size_of_an_effect_that_may_be_none_is_not_known():
    path = ROOT / "params" / "protocols" / "stockholm_work_training.yaml"
    protocol = load_protocol(path, n_months=120, districts=("Harbour", "Hill"))
    key = {
        "district": "all",
        "intervention_id": "work_training",
        "estimand": protocol.primary_estimand,
    }
    summary = [
        key | {"outcome": "months_work", "difference": -2.0, "ci_lower": -3.0, "ci_upper": -1.0},
        key | {"outcome": "months_support", "difference": 9.0, "ci_lower": 8.0, "ci_upper": 9.5},
    ]
    readings = [
        key | {"reading": "detectable_months", "estimate": 1.4},
        key | {"reading": "detectable", "estimate": 0.1},
    ]
    tables = [
        pl.DataFrame(rows, schema=published(name).schema)
        for name, rows in (("effect_summary", summary), ("effect_readings", readings))
    ]

    sizes = effect_sizes(*tables, [protocol])

    assert sizes.rows() == [("work_training", 2.0, 1.4)]
    unclear = tables[0].with_columns(ci_upper=pl.lit(0.5))
    assert effect_sizes(unclear, tables[1], [protocol]).is_empty()


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        (
            {"status": STATUS.clear(), "parts": PARTS.clear(), "totals": TOTALS.clear()},
            NOT_ASKED,
        ),
        (
            {"parts": PARTS.clear(), "totals": TOTALS.clear(), "is_priced": False},
            NO_PRICE_BOOK,
        ),
        ({"parts": PARTS.with_columns(probability_positive=None)}, "few_starters"),
        (
            {
                "status": make_status([("all", "train", 8, "few_starters", None)]),
                "parts": PARTS.clear(),
            },
            "few_starters",
        ),
        (
            {
                "status": STATUS.with_columns(estimand=pl.lit(ESTIMANDS["other"])),
                "parts": make_parts([("all", "train", 0.99)], ESTIMANDS["other"]),
            },
            BESIDE_ANOTHER,
        ),
        (
            # Gate 2 kept everything back: the rows are there and hold nothing.
            {
                "status": STATUS.with_columns(effect_state=None, reason=None, n_starters=None),
                "parts": PARTS.with_columns(probability_positive=None, estimate=None),
                "offers": OFFERS.with_columns(n_starts=None),
            },
            "few_starters",
        ),
    ],
    ids=["no_protocol", "no_price_book", "no_range", "few_starters", "beside_another", "withheld"],
)
def test_nothing_is_advised_without_figures_and_the_reason_says_why(changed, reason):
    advice = advise(**changed)

    assert set(told(advice).values()) == {("cannot_be_said", reason, "none")}
    numbers = [name for name, kind in advice.schema.items() if kind.is_numeric()]
    assert advice.select(numbers).null_count().row(0) == (4,) * len(numbers)


def test_one_district_has_the_figures_of_all_where_it_has_few_starters():
    one = make_offers([("Harbour", "train", 10), ("all", "train", 10)])
    status = make_status([(place, "train", 60, None, None) for place in ("Harbour", "all")])
    parts = make_parts([(place, "train", 0.85) for place in ("Harbour", "all")])

    assert told(advise(one, status, parts)) == {
        "Harbour": ("keep", "gains_less_surely", "city_few_starters"),
        "all": ("keep", "gains_less_surely", "own"),
    }


def test_advice_has_a_row_for_every_offer_and_the_declared_columns():
    advice = advise(make_offers([*OFFERS.rows(), ("Hill", "coach", 1), ("all", "coach", 1)]))

    assert advice.schema == published("advice").schema
    assert advice.height == 6
    assert advice.filter(intervention_id="coach")["advice_reason"].unique().to_list() == [NOT_ASKED]


@pytest.mark.parametrize("language", languages())
def test_every_word_of_advice_is_there(language):
    of_effects = (
        *("few_starters", "few_comparable", "outside_support", "unbalanced"),
        *("constant_covariate", "no_starters", "no_one_eligible", "no_comparison", "run_dry"),
    )
    reasons = (*get_args(AdviceReason), NOT_ASKED, NO_PRICE_BOOK, BESIDE_ANOTHER, *of_effects)
    keys = [
        *(f"advice.{word}" for word in get_args(Advice)),
        *(f"advice_reason.{word}" for word in reasons),
        *(f"figures.{word}" for word in get_args(Figures)),
    ]

    assert all(words(language).text(key) for key in keys)


@pytest.mark.parametrize("language", languages())
def test_why_nothing_can_be_said_takes_three_words(language):
    without_figures = (
        NOT_ASKED,
        NO_PRICE_BOOK,
        BESIDE_ANOTHER,
        "few_starters",
        "few_comparable",
    )

    assert all(
        len(words(language).text(f"advice_reason.{reason}").split()) <= 3
        for reason in without_figures
    )
