"""Simulated cities whose value to society is known: how often is the advice to expand, keep or stop
right, and how often does it abstain?

Each city's own starters are followed twice, as in test_simulated_value. An intervention that gains
is made one that loses by the price of its places: at each price the line advises from the tables
alone, and the truth says whether society gains. EVALKIT_PROVE_ADVICE says how many cities are run.
"""

import os
from functools import cache

import polars as pl
import pytest
from cities import four_districts, people_of, protocols
from test_simulated_value import book

from evalkit.economics import value_results
from evalkit.economics.results.advice_table import advice_table
from evalkit.effects import Protocol, effect_draws, estimate_effect, fit_propensity
from evalkit.effects.answer.participation import programme_draws
from evalkit.effects.weighting.propensity import fit_censoring
from evalkit.line.tables import published
from evalkit.params import AdviceRules
from evalkit.simulate import simulate_truth, value_truth

N_CITIES = int(os.environ.get("EVALKIT_PROVE_ADVICE", "20"))
N_PEOPLE, N_DRAWS, FIRST_SEED = 3_000, 100, 7_000
SIZES = {"intervention_id": pl.String, "size": pl.Float64, "detectable": pl.Float64}
PRICE_FACTORS = (0.5, 1.0, 2.0, 4.0, 8.0)
# The thresholds promise 0.9, 0.8 and 0.9; less the Monte Carlo error of twenty cities, whose five
# prices share one error.
MIN_RIGHT = {"expand": 0.85, "keep": 0.7, "stop": 0.85}


@cache
def book_at(factor: float):
    """The simulated Stockholm's prices, with places that cost so many times as much."""
    paid = {
        key
        for posting in book().postings
        if posting.role == "programme_cost"
        for term in posting.terms
        for key in term
    }
    own = {
        substitute
        for entry in book().interventions
        for key, substitute in entry.prices.items()
        if key in paid
    }
    prices = tuple(
        one.model_copy(update={"value": one.value * factor}) if one.key in paid | own else one
        for one in book().prices
    )
    return book().model_copy(update={"prices": prices})


def advices(
    seed: int, *, n_people: int, n_draws: int, interventions: tuple[Protocol, ...]
) -> pl.DataFrame:
    """One city: seed, intervention_id, factor, advice, probability_society, truth (what society
    gains of a start).
    """
    people = people_of(seed, n_people)
    known = simulate_truth(four_districts(), seed=seed, n_people=n_people, eligible_share=0)
    return pl.concat(
        [
            _advised(people, protocol, known, factor, effect)
            for protocol in interventions
            for effect in [_effect(people, protocol, n_draws)]
            for factor in PRICE_FACTORS
        ]
    ).with_columns(seed=pl.lit(seed))


def _effect(people, protocol: Protocol, n_draws: int):
    trials, draws = people.trials(protocol), {"n_draws": n_draws, "seed": 0}
    fitted = pl.concat([fit(trials, **draws) for fit in (fit_propensity, fit_censoring)])
    return estimate_effect(
        trials,
        district="all",
        propensity=fitted,
        **draws,
        comparisons=protocol.comparisons[:1],
        with_programmes=True,
    )


def _advised(people, protocol: Protocol, known, factor: float, effect) -> pl.DataFrame:
    place = {"district": "all", "intervention_id": protocol.intervention_id}
    n_starters = people.trials(protocol).n_starters
    programmes = programme_draws(
        effect.programmes, effect.sums, state=protocol.eligibility.state_before
    )
    results = value_results(
        effect_draws(effect.sums), book_at(factor), seed=1, programmes=programmes
    )
    status = [
        {
            **place,
            "estimand": protocol.primary_estimand,
            "effect_state": "estimated",
            "n_starters": n_starters,
        }
    ]
    n_years = (protocol.eligibility.to_month - protocol.eligibility.from_month + 1) / 12
    advice = advice_table(
        pl.DataFrame([{**place, "n_starts": n_starters / n_years}]),
        pl.DataFrame(status, schema=published("effect_status").schema),
        results.parts,
        totals=results.totals,
        sizes=pl.DataFrame(schema=SIZES),
        rules=AdviceRules(),
        is_priced=True,
    )
    return advice.select(
        "intervention_id",
        "advice",
        "probability_society",
        factor=pl.lit(factor),
        truth=pl.lit(_truth(known, protocol, factor)),
    )


def _truth(known, protocol: Protocol, factor: float) -> float:
    """What society gains of a start, of the same starters."""
    own = (
        (pl.col("population") == "starters")
        & (pl.col("district") == "all")
        & (pl.col("district_basis") == "time_zero")
        & (pl.col("intervention_id") == protocol.intervention_id)
    )
    values = value_truth(
        known.curves.filter(own),
        book_at(factor).model_dump(),
        programmes=known.programmes.filter(own),
        horizon_months=protocol.follow_up_months,
    )
    return values.filter(actor="society", comparison=protocol.comparisons[0])["value"].item()


def by_advice(found: pl.DataFrame) -> pl.DataFrame:
    """One row per advice: how often it is given, and in which share of those society gains."""
    return (
        found.group_by("advice")
        .agg(n=pl.len(), share=pl.len() / found.height, gains=(pl.col("truth") > 0).mean())
        .sort("advice")
    )


@pytest.mark.prove
@pytest.mark.timeout(3_600)
def test_advice_to_expand_keep_or_stop_is_mostly_right():
    given = {"n_people": N_PEOPLE, "n_draws": N_DRAWS, "interventions": protocols()}
    found = pl.concat([advices(seed, **given) for seed in range(FIRST_SEED, FIRST_SEED + N_CITIES)])

    counted = by_advice(found)
    with pl.Config(tbl_rows=-1, tbl_cols=-1):
        print(counted)
    gains = dict(counted.select("advice", "gains").iter_rows())
    right = {"expand": gains["expand"], "keep": gains["keep"], "stop": 1 - gains["stop"]}
    assert {advice: share for advice, share in right.items() if share < MIN_RIGHT[advice]} == {}


def test_advice_of_one_small_city_follows_the_truth_from_cheap_places_to_dear_ones():
    """A smaller twin of the proof: one intervention, one city, its own replicates."""
    coaching = tuple(one for one in protocols() if one.intervention_id == "jobbtorg_coaching")

    found = advices(FIRST_SEED, n_people=1_000, n_draws=40, interventions=coaching).sort("factor")

    assert found["truth"].is_sorted(descending=True)
    assert found["probability_society"].is_sorted(descending=True)
    assert found["advice"][0] in ("expand", "keep") and found["truth"][0] > 0
    assert found["advice"][-1] == "stop" and found["truth"][-1] < 0
