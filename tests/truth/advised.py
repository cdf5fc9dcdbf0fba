"""The advice of the line on simulated Stockholms, beside what society truly gains of a start there.

A city is lived through once, and the line advises from its tables alone, in every district and in
all together: with figures of their own, pooled ones or the city's. An intervention that gains is
made one that loses by the price of its places. The truth is the same for all cities: what starting
changes for those who start, from a population of its own whose futures are simulated with and
without the start, up to the horizon, at the same prices.
"""

from collections.abc import Sequence
from functools import cache
from pathlib import Path

import numpy as np
import polars as pl
from cities import PARAMS, TRUTH_SEED, people_of
from test_simulated_value import book

from evalkit.draws import percentile_limits
from evalkit.economics import value_results
from evalkit.economics.results.advice_table import advice_table
from evalkit.effects import (
    PersonTables,
    district_effects,
    fit_models,
    intervention_effects,
    load_protocol,
    primary_draws,
    second_reading,
    status_for_publication,
)
from evalkit.effects.answer.estimate import effect_status
from evalkit.effects.answer.intervention_tables import InterventionEffects
from evalkit.effects.weighting.strategies import weightings_of
from evalkit.line.price_book import PriceBook
from evalkit.line.protocol import Protocol
from evalkit.line.tables import table
from evalkit.run_rules import AdviceRules
from evalkit.simulate import load_city, simulate_truth, value_truth
from evalkit.simulate.city.city import City
from evalkit.simulate.truth.truth import Truth
from evalkit.tables import CITY

HORIZON_MONTHS = 60
PRICE_FACTORS = (0.5, 1.0, 2.0, 4.0, 8.0)
TRUTH_PEOPLE, TRUTH_REPLICATES = 120_000, 8
KEYS = ["district", "intervention_id"]
# Advice that says whether a start gains or loses.
DECIDED = ("expand", "keep", "stop")
N_AGAIN = 4_000
_SIZES = {"intervention_id": pl.String, "size": pl.Float64, "detectable": pl.Float64}


@cache
def stockholm() -> City:
    """The simulated Stockholm, its fourteen districts."""
    return load_city("stockholm", PARAMS / "cities")


@cache
def stockholm_protocols() -> tuple[Protocol, ...]:
    """Its protocols, of the primary comparison alone, over every month that the truth is about."""
    found = []
    for path in sorted((PARAMS / "protocols").glob("stockholm_*.yaml")):
        n_months = stockholm().n_months
        protocol = load_protocol(path, n_months=n_months, districts=stockholm().district_names)
        last = n_months - protocol.follow_up_months + 1
        eligibility = protocol.eligibility.model_copy(update={"to_month": last})
        changed = {"eligibility": eligibility, "comparisons": protocol.comparisons[:1]}
        found.append(protocol.model_copy(update=changed))
    return tuple(found)


@cache
def book_at(factor: float) -> PriceBook:
    """The simulated Stockholm's prices, each at its own value, with places that cost so many times
    as much.
    """
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


def advised(
    seed: int,
    *,
    n_people: int,
    n_draws: int,
    protocols: Sequence[Protocol],
    factors: Sequence[float] = PRICE_FACTORS,
) -> pl.DataFrame:
    """The advice in one city: seed, factor, district, intervention_id, advice, figures,
    probability_society.
    """
    people = people_of(seed, n_people, city=stockholm())
    found = [
        _advised_at(people, protocol, effects, factor, n_draws)
        for protocol in protocols
        for effects in [_effects(people, protocol, seed=seed, n_draws=n_draws)]
        for factor in factors
    ]
    return pl.concat(found).with_columns(seed=pl.lit(seed))


def keep_advised(path: Path, seed: int, n_people: int, n_draws: int) -> None:
    """One city's advice as a file that is whole or absent."""
    found = advised(seed, n_people=n_people, n_draws=n_draws, protocols=stockholm_protocols())
    found.write_parquet(path.with_suffix(".part"))
    path.with_suffix(".part").rename(path)


def true_values(truth: Truth, factors: Sequence[float] = PRICE_FACTORS) -> pl.DataFrame:
    """What society gains of a start: factor, district, intervention_id, truth (money)."""
    own = (pl.col("population") == "starters") & (pl.col("district_basis") == "time_zero")
    by_factor = [
        value_truth(
            truth.curves.filter(own),
            book_at(factor).model_dump(),
            programmes=truth.programmes.filter(own),
            horizon_months=HORIZON_MONTHS,
        )
        .filter(actor="society", comparison=stockholm_protocols()[0].comparisons[0])
        .select(*KEYS, truth="value", factor=pl.lit(factor))
        for factor in factors
    ]
    return pl.concat(by_factor)


@cache
def planted_truth(n_people: int = TRUTH_PEOPLE, n_replicates: int = TRUTH_REPLICATES) -> Truth:
    """The truth of the simulated Stockholm, from a population that no city shares."""
    return simulate_truth(
        stockholm(),
        seed=TRUTH_SEED,
        n_people=n_people,
        eligible_share=0,
        n_replicates=n_replicates,
    )


def counts_of(found: pl.DataFrame, *, seed: int = 1) -> list[dict]:
    """How often each piece of advice was given and was right, from whatever figures and from
    whose; the range from drawing the cities anew.

    Parameters
    ----------
    found : DataFrame
        `advised` of several cities beside `true_values`: seed, advice, figures, truth.
    """
    whose = pl.when(pl.col("figures").is_in(["own", "pooled"])).then(pl.lit("own"))
    judged = found.with_columns(
        figures=whose.otherwise(pl.lit("city")),
        is_right=pl.when(pl.col("advice") == "stop")
        .then(pl.col("truth") <= 0)
        .otherwise(pl.col("truth") > 0),
    )
    both = pl.concat([judged.with_columns(figures=pl.lit("all")), judged])
    rng, rows = np.random.default_rng(seed), []
    cities = found["seed"].unique().sort()
    again = rng.integers(0, len(cities), (N_AGAIN, len(cities)))
    for (figures, advice), given in both.group_by("figures", "advice", maintain_order=True):
        row = {"figures": figures, "advice": advice, "n_given": given.height}
        if advice in DECIDED:
            by_city = cities.to_frame().join(
                given.group_by("seed").agg(n=pl.len(), right=pl.col("is_right").sum()),
                on="seed",
                how="left",
                maintain_order="left",
            )
            n, right = (
                by_city[name].fill_null(0).to_numpy()[again].sum(axis=1) for name in ("n", "right")
            )
            low, high = percentile_limits(right[n > 0] / n[n > 0])
            row |= {
                "n_right": int(given["is_right"].sum()),
                "right_lower": round(float(low), 4),
                "right_upper": round(float(high), 4),
            }
        rows.append(row)
    return sorted(rows, key=lambda row: (row["figures"], row["advice"]))


def _effects(
    people: PersonTables, protocol: Protocol, *, seed: int, n_draws: int
) -> InterventionEffects:
    """As the line's notebooks: one model over all districts, each district's effect, pooled."""
    trials, draws = people.trials(protocol), {"n_draws": n_draws, "seed": seed}
    fitted = fit_models(trials, **draws)
    parts = [
        district_effects(people, [protocol], propensity=fitted, district=name, **draws)
        for name in stockholm().district_names
    ]
    sums, statuses, events, programmes = (pl.concat(tables) for tables in zip(*parts, strict=True))
    second = second_reading(trials, **draws)
    return intervention_effects(
        sums,
        protocol,
        district_status=statuses,
        weights_status=effect_status(weightings_of(trials, fitted), district=CITY),
        effect_people=table("effect_people").empty(),
        seed=seed,
        event_sums=events,
        programme_sums=programmes,
        second_shifts=second.second_shifts,
        second_past=second.second_past,
    )


def _advised_at(
    people: PersonTables,
    protocol: Protocol,
    effects: InterventionEffects,
    factor: float,
    n_draws: int,
) -> pl.DataFrame:
    results = value_results(
        primary_draws([effects.draws], [protocol]),
        book_at(factor),
        seed=1,
        second=primary_draws([effects.second], [protocol]),
        programmes=effects.programmes,
        horizon_months=HORIZON_MONTHS,
    )
    status = status_for_publication(effects.status, n_draws=n_draws)
    months = protocol.eligibility.to_month - protocol.eligibility.from_month + 1
    offers = status.select(*KEYS, n_starts=pl.col("n_starters") * 12 / months)
    return advice_table(
        offers,
        status,
        results.parts,
        totals=results.totals,
        second=results.second_totals,
        sizes=pl.DataFrame(schema=_SIZES),
        rules=AdviceRules(),
        is_priced=True,
    ).select(*KEYS, "advice", "figures", "probability_society", factor=pl.lit(factor))
