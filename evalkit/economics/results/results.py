"""The results of a run's value beyond the ledger's sums, from one set of joint draws: replicate of
the effect x prices x displacement.
"""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from evalkit.economics.ledger.cash_flow import CashFlow, cash_flow
from evalkit.economics.ledger.effect_paths import (
    EVERYBODY,
    EffectPath,
    effect_paths,
    n_joint_draws,
    recycle,
)
from evalkit.economics.ledger.ledger import refuse_unknown_states, states_of
from evalkit.economics.ledger.programme_time import programme_keys, with_programmes
from evalkit.economics.ledger.seen import seen_part
from evalkit.economics.pictures import plot
from evalkit.economics.prices.district_prices import in_district
from evalkit.economics.prices.price_draws import draw_prices
from evalkit.economics.results.comparison import (
    Option,
    acceptability,
    compare_options,
    worth_of_knowing,
)
from evalkit.economics.results.net_value import value_parts, value_ratios
from evalkit.economics.results.payback import cash_flow_curve, delay_cost, payback, payback_by_year
from evalkit.economics.results.seen_rows import seen_rows
from evalkit.economics.results.sensitivity import (
    displacement_keys,
    effect_ranges,
    tornado,
    used_keys,
)
from evalkit.economics.results.shown import people_of, rounded_for_publication
from evalkit.economics.results.two_readings import (
    averaged,
    draws_of_both,
    spanned_tables,
    under_second,
)
from evalkit.economics.results.who_pays import municipal_gain, payer_gains, shared_purse
from evalkit.images import Sketch
from evalkit.line.actors import ACTOR_NAMES, PUBLIC_PURSE
from evalkit.line.estimands import ESTIMANDS
from evalkit.line.price_book import PriceBook
from evalkit.line.tables import published, table
from evalkit.results import Tables

_KEYS = ["district", "intervention_id", "estimand"]
# What a published row rests on.
_PERSONS = ("n_starters", "one_person", "person_change", "range_change")
_NEVER_PUBLISHED = ("totals", "second_totals")
N_THRESHOLDS = 11


@dataclass(frozen=True, repr=False, eq=False)
class ValueResults(Tables):
    """Tables by effect (district, intervention_id, estimand) and, the last three, by district over
    its interventions.

    parts: value by perspective, observed | projected | total. payers: value by payer. ratios: MVPF
    and its like. curve, payback, payback_years, delay: through time. purse, municipality: who pays
    and gains. tornado: what moves it. options, acceptability, information: interventions compared.
    totals: every draw of society's value, the public purse's net cost and the months in work;
    second_totals: as totals under the second reading, where there is one (neither is published).
    """

    parts: pl.DataFrame
    payers: pl.DataFrame
    ratios: pl.DataFrame
    curve: pl.DataFrame
    payback: pl.DataFrame
    payback_years: pl.DataFrame
    delay: pl.DataFrame
    purse: pl.DataFrame
    municipality: pl.DataFrame
    tornado: pl.DataFrame
    options: pl.DataFrame
    acceptability: pl.DataFrame
    information: pl.DataFrame
    totals: pl.DataFrame
    second_totals: pl.DataFrame

    def plot(self, **labels: Any) -> Sketch:
        """What has been gained or laid out so far, month by month."""
        return plot(self.curve, **labels)

    def for_publication(self, status: pl.DataFrame) -> dict[str, pl.DataFrame]:
        """The tables by their published names, each row with the number of starters that it rests
        on and the most that one of them does to an estimate; what gate 2 cannot round by itself is
        rounded (`evalkit.economics.results.shown`).

        A comparison of interventions rests on the intervention with the fewest starters.

        Parameters
        ----------
        status : DataFrame
            The table effect_status.
        """
        starters = people_of(status)
        fewest = (
            starters.join(self.totals.select(_KEYS).unique(), on=_KEYS, how="semi")
            .group_by("district", "estimand")
            .agg(pl.col("n_starters").min(), pl.col("one_person").max())
        )
        counted = {"totals": self.totals}
        for field, rows in self.tables.items():
            if field not in _NEVER_PUBLISHED:
                counts = starters if "intervention_id" in rows.columns else fewest
                keys = [key for key in counts.columns if key not in _PERSONS]
                counted[field] = rows.join(counts, on=keys, how="left")
        shown = rounded_for_publication(counted)
        return {f"value_{field}": rows for field, rows in shown.items() if field != "totals"}


_OF_ONE_EFFECT = (
    *("parts", "payers", "ratios", "curve", "payback", "payback_years", "delay", "purse"),
    *("municipality", "tornado"),
)


def value_results(
    effect_draws: pl.DataFrame,
    price_book: PriceBook,
    *,
    seed: int,
    second: pl.DataFrame | None = None,
    programmes: pl.DataFrame | None = None,
    n_draws: int | None = None,
    horizon_months: int | None = None,
    subgroup: str = EVERYBODY,
    without_livelihood: Collection[str] = (),
) -> ValueResults:
    """What the effects are worth to a horizon, through time, in ratios and against each other.

    Estimates are those of the effects; ranges and probabilities are over both readings where there
    is a second one (`evalkit.economics.results.two_readings`).

    Parameters
    ----------
    effect_draws : DataFrame
        The table effect_draws, one estimand for each intervention; effects that cannot be said are
        not in it, and have no value either.
    price_book : PriceBook
        Prices and postings.
    seed : int
        Of the price draws, >= 0. The same prices meet every effect in a draw.
    second : DataFrame, optional
        The table second_draws: the effects under the second reading, as far as there is one.
    programmes : DataFrame, optional
        As in `value_effects`.
    n_draws : int, optional
        Joint draws: as many as the effect has replicates, so that draw b is that of
        `value_effects`. With more, replicates are recycled under further prices; `n_effect_draws`
        in the tables says how many there really are, and ranges are no narrower for it. Options are
        compared (`options`, `acceptability`, `information`, `totals`) in at least a thousand draws.
    horizon_months : int, optional
        Beyond the follow-up the effect decays by the book's half-life. Without it nothing is
        projected.
    subgroup : str
        The one subgroup that is valued.
    without_livelihood : collection of str
        As in `value_effects`: these have rows of those perspectives, payers and purses alone whose
        result is seen (`seen_rows`), and are not compared with others.

    Raises
    ------
    EstimationError
        If the draws are incomplete, or the horizon is shorter than the follow-up.
    LedgerError
        If a state has no livelihood in the book.
    """
    plain, other = (
        with_programmes(effect_paths(draws, subgroup=subgroup), programmes, price_book)
        for draws in (effect_draws, table("second_draws").empty() if second is None else second)
    )
    refuse_unknown_states(states_of([*plain, *other]), price_book)
    counts = n_joint_draws(plain, n_draws)
    drawn = draw_prices(price_book, np.arange(max(counts) + 1), seed=seed)
    tables, options = _valued(plain, price_book, drawn, counts, horizon_months, without_livelihood)
    others, second_options = _valued(
        other, price_book, drawn, counts, horizon_months, without_livelihood, is_second=True
    )
    # What an intervention is worth beside another one does not stand beside doing nothing.
    compared = [option for option in options if option.estimand != ESTIMANDS["other"]]
    as_second = under_second(compared, second_options)
    thresholds, currency = _thresholds(price_book), pl.lit(price_book.currency).alias("currency")
    ranked, accepted = (
        [of(under) for under in (compared, as_second)]
        for of in (compare_options, lambda under: acceptability(under, thresholds))
    )
    return ValueResults(
        **spanned_tables(tables, others),
        options=averaged(*ranked, "probability_best").with_columns(currency),
        acceptability=averaged(*accepted, "probability").with_columns(currency),
        information=worth_of_knowing(draws_of_both(compared, as_second)).with_columns(currency),
        totals=_totals_of(options, "value_totals"),
        second_totals=_totals_of(second_options, "second_totals"),
    )


def _valued(
    paths: list[EffectPath],
    price_book: PriceBook,
    drawn: dict[str, np.ndarray],
    counts: tuple[int, int],
    horizon: int | None,
    without_livelihood: Collection[str],
    *,
    is_second: bool = False,
) -> tuple[dict[str, pl.DataFrame], list[Option]]:
    """The tables of one effect by field, of some effects under one reading, and the effects as
    options in as many draws as decide.
    """
    rows: dict[str, list[dict]] = {field: [] for field in _OF_ONE_EFFECT}
    options = []
    for path in paths:
        keys = {key: path.keys[key] for key in _KEYS}
        book, own = in_district(price_book, drawn, path.keys["district"])
        is_seen = path.keys["intervention_id"] not in without_livelihood
        posted = book if is_seen else seen_part(book)
        # The draws that make ranges are the first of those that decide.
        decisive = recycle(path, counts[1] if is_seen else counts[0])
        flow = cash_flow(decisive, posted, own, n_months=horizon or path.n_months)
        of_effect = _rows_of(flow.first(counts[0]), path, posted, is_second=is_second)
        if is_seen:
            options.append(_option(path, flow, _knowable(decisive, book, own)))
        else:
            of_effect = seen_rows(of_effect, book)
        for field, results in of_effect.items():
            rows[field] += [keys | result | _money(price_book) for result in results]
    tables = {
        field: pl.DataFrame(of_table, schema=_schema(field), strict=False)
        for field, of_table in rows.items()
    }
    return tables, options


def _rows_of(
    flow: CashFlow, path: EffectPath, book: PriceBook, *, is_second: bool
) -> dict[str, list[dict]]:
    """The rows of one effect by field. What moves a value is told of the estimate, so under the
    second reading only the range of the effect itself does.
    """
    moving = effect_ranges if is_second else tornado
    return {
        "parts": value_parts(flow),
        "payers": payer_gains(flow),
        "ratios": value_ratios(flow),
        "curve": cash_flow_curve(flow),
        "payback": payback(flow),
        "payback_years": payback_by_year(flow),
        "delay": delay_cost(flow),
        "purse": shared_purse(flow),
        "municipality": municipal_gain(flow),
        "tornado": moving(path, book, n_months=flow.n_months),
    }


def _option(path: EffectPath, flow: CashFlow, known: dict[str, dict[str, np.ndarray]]) -> Option:
    """An effect among those that are chosen between."""
    return Option(
        path.keys["district"],
        path.keys["estimand"],
        path.keys["intervention_id"],
        flow.present_value(ACTOR_NAMES),
        -flow.present_value(PUBLIC_PURSE),
        flow.work_months.sum(axis=1),
        known,
    )


def _knowable(
    path: EffectPath, book: PriceBook, drawn: dict[str, np.ndarray]
) -> dict[str, dict[str, np.ndarray]]:
    """What could be known of an option before choosing, by group: its effect, displacement, its
    cost, and all other prices that are drawn.
    """
    intervention = path.keys["intervention_id"]
    # Months in work and on support say nearly all that an effect is worth; every state would fit
    # the replicates' noise.
    told = [state for state in ("work", "support") if state in path.states]
    difference = path.difference()
    substitutes = book.own_prices(intervention)
    displacement = {substitutes.get(key, key) for key in displacement_keys(book)}
    costs = programme_keys(book, path.programmes, role="programme_cost")
    price_groups = {
        "displacement": displacement,
        "programme_cost": costs,
        "other_prices": used_keys(book, path) - displacement - costs,
    }
    known = {
        "effect": {
            f"{intervention}, {state}": difference[:, path.states.index(state)].sum(axis=1)
            for state in told
        }
    }
    known |= {
        name: {
            key: drawn[key][path.draws]
            for key in sorted(keys)
            if book.records[key].distribution.kind != "fixed"
        }
        for name, keys in price_groups.items()
    }
    return {name: quantities for name, quantities in known.items() if quantities}


def _totals_of(options: list[Option], name: str) -> pl.DataFrame:
    """Every draw of the options, as a declared table."""
    return pl.concat([table(name).empty(), *(_totals(option, name) for option in options)])


def _totals(option: Option, name: str) -> pl.DataFrame:
    n_draws = len(option.net_benefit)
    return pl.DataFrame(
        {
            "district": [option.district] * n_draws,
            "intervention_id": [option.intervention_id] * n_draws,
            "estimand": [option.estimand] * n_draws,
            "draw": np.arange(n_draws),
            "net_benefit": option.net_benefit,
            "net_public_cost": option.cost,
            "work_months": option.effect,
        },
        schema=table(name).schema,
    )


def _thresholds(book: PriceBook) -> np.ndarray:
    """From nothing to twice the dearest monthly price: what a month in work may be thought to be
    worth.
    """
    return np.linspace(
        0,
        2 * max(record.value for record in book.prices if record.unit == "per month"),
        N_THRESHOLDS,
    )


def _schema(field: str) -> pl.Schema:
    """Of a published table, without the persons behind a row, which are added last."""
    return published(f"value_{field}").empty().drop(_PERSONS, strict=False).schema


def _money(book: PriceBook) -> dict:
    return {"currency": book.currency, "price_year": book.price_year}
