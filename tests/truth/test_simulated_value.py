"""Simulated cities whose value to each actor is known: does the line's net value per participant
miss it by more than chance?

Each city's own starters are followed twice: by the line, from the tables alone, and by the truth,
which simulates their futures with and without the intervention. Both are priced by the same book,
the truth by plain sums of its own. EVALKIT_PROVE_VALUES says how many cities are run.
"""

import os
from functools import cache

import numpy as np
import polars as pl
import pytest
from cities import PARAMS, four_districts, people_of, protocols

from evalkit.draws import with_words
from evalkit.economics import load_price_book, value_effects
from evalkit.effects import effect_draws, estimate_effect, fit_propensity
from evalkit.effects.answer.participation import programme_draws
from evalkit.effects.weighting.propensity import fit_censoring
from evalkit.line.actors import ACTOR_NAMES
from evalkit.line.price_book import Distribution
from evalkit.line.protocol import Protocol
from evalkit.simulate import simulate_truth, value_truth

N_CITIES = int(os.environ.get("EVALKIT_PROVE_VALUES", "20"))
N_PEOPLE, FIRST_SEED = 3_000, 5_000
MONTE_CARLO_ERRORS = 3
WORK = "months in work"
ROUNDING = 1e-6
_KEYS = ["intervention_id", "estimand", "actor"]


@cache
def book():
    """The simulated Stockholm's prices, each at its own value."""
    declared = load_price_book(PARAMS / "unit_costs" / "stockholm.yaml")
    return declared.model_copy(
        update={
            "prices": tuple(
                one.model_copy(update={"distribution": Distribution()}) for one in declared.prices
            )
        }
    )


def errors(
    seed: int, *, n_people: int, n_draws: int = 1, interventions: tuple[Protocol, ...]
) -> pl.DataFrame:
    """One city: seed, intervention_id, estimand, actor (also months in work), estimate, std_error,
    truth, error.
    """
    people = people_of(seed, n_people)
    found = pl.concat([estimates(people, protocol, n_draws) for protocol in interventions])
    known = simulate_truth(four_districts(), seed=seed, n_people=n_people, eligible_share=0)
    compared = found.join(truths(known, interventions[0].follow_up_months), on=_KEYS)
    return compared.with_columns(error=pl.col("estimate") - pl.col("truth"), seed=pl.lit(seed))


def estimates(people, protocol: Protocol, n_draws: int) -> pl.DataFrame:
    """What the line says of the whole city: postings and months in work, summed by actor, and how
    they vary over replicates.
    """
    trials, draws = people.trials(protocol), {"n_draws": n_draws, "seed": 0}
    fitted = pl.concat([fit(trials, **draws) for fit in (fit_propensity, fit_censoring)])
    asked = [
        estimate_effect(
            trials,
            district="all",
            propensity=fitted,
            **draws,
            comparisons=(one,),
            with_programmes=True,
        )
        for one in protocol.comparisons
    ]
    found, values = pl.concat([effect_draws(one.sums) for one in asked]), []
    for one in asked:
        programmes = programme_draws(
            one.programmes, one.sums, state=protocol.eligibility.state_before
        )
        values.append(value_effects(effect_draws(one.sums), book(), seed=1, programmes=programmes))
    in_work = found.filter((pl.col("state") == "work") & (pl.col("month") > 0))
    sign = pl.when(pl.col("arm") == "treated").then(1.0).otherwise(-1.0)
    months = in_work.with_columns(actor=pl.lit(WORK), amount=sign * pl.col("probability"))
    columns = [*_KEYS, "draw", "amount"]
    summed = (
        pl.concat([with_words(part.select(columns)) for part in (*values, months)])
        .group_by(*_KEYS, "draw")
        .agg(pl.col("amount").sum())
    )
    is_point = pl.col("draw") == 0
    return summed.group_by(_KEYS).agg(
        estimate=pl.col("amount").filter(is_point).first(),
        std_error=pl.col("amount").filter(~is_point).std(),
    )


def truths(known, horizon_months: int) -> pl.DataFrame:
    """What is true of the same starters."""
    own = (
        (pl.col("population") == "starters")
        & (pl.col("district") == "all")
        & (pl.col("district_basis") == "time_zero")
    )
    given = {
        "programmes": known.programmes.filter(own),
        "horizon_months": horizon_months,
    }
    values = value_truth(known.curves.filter(own), book().model_dump(), **given)
    months = known.months.filter(
        own & (pl.col("outcome") == "work") & (pl.col("horizon_months") == horizon_months)
    )
    both = [
        values.filter(pl.col("actor").is_in(ACTOR_NAMES)).select(
            "intervention_id", "comparison", "actor", truth="value"
        ),
        months.select("intervention_id", "comparison", actor=pl.lit(WORK), truth="difference"),
    ]
    return pl.concat(both).with_columns(estimand="start_now_rather_than_" + pl.col("comparison"))


def biases(seeds: range, *, n_people: int, interventions: tuple[Protocol, ...]) -> pl.DataFrame:
    """Mean error over cities and its Monte Carlo error, by intervention, estimand and actor."""
    found = pl.concat(
        [errors(seed, n_people=n_people, interventions=interventions) for seed in seeds]
    )
    assert found.group_by(_KEYS).len()["len"].unique().to_list() == [len(seeds)]
    return (
        found.group_by(_KEYS)
        .agg(
            truth=pl.col("truth").mean(),
            bias=pl.col("error").mean(),
            monte_carlo_error=pl.col("error").std() / np.sqrt(len(seeds)),
        )
        # Actors whose money comes and goes in the same month differ by rounding alone.
        .filter(pl.max_horizontal("monte_carlo_error", pl.col("bias").abs()) > ROUNDING)
        .sort(_KEYS)
    )


@pytest.mark.prove
@pytest.mark.timeout(3_600)
def test_the_net_value_to_each_actor_is_found_without_bias():
    found = biases(
        range(FIRST_SEED, FIRST_SEED + N_CITIES), n_people=N_PEOPLE, interventions=protocols()
    )

    with pl.Config(tbl_rows=-1, tbl_cols=-1):
        print(found)
    assert found["actor"].n_unique() >= 10
    assert found.filter(
        pl.col("bias").abs() > MONTE_CARLO_ERRORS * pl.col("monte_carlo_error")
    ).is_empty()


def test_the_net_value_of_one_small_city_is_near_the_truth():
    """A smaller twin of the proof: one intervention, one city, its own replicates."""
    coaching = tuple(one for one in protocols() if one.intervention_id == "jobbtorg_coaching")

    found = errors(FIRST_SEED, n_people=1_000, n_draws=20, interventions=coaching)

    z = found.filter(pl.col("std_error") > 0).with_columns(z=pl.col("error") / pl.col("std_error"))
    assert z.filter((pl.col("actor") == "person") & (pl.col("truth") > 0)).height == len(
        coaching[0].estimands
    )
    assert z["z"].abs().max() < 4
