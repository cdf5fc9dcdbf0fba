"""Several interventions of a district beside each other and beside doing nothing: dominance,
acceptability, and the worth of knowing more.

Cost is what the public purse lays out net, effect the extra months in unsubsidised work; both per
participant, to the horizon.
"""

from dataclasses import dataclass

import numpy as np
import polars as pl

from evalkit.economics.results.information import draws_needed, evppi
from evalkit.economics.results.uncertainty import acceptability_curve, evpi
from evalkit.economics.results.welfare import incremental_table
from evalkit.line.tables import published

NOTHING = "none"


@dataclass(frozen=True)
class Option:
    """An intervention of a district in all draws; the first is the point estimate.

    net_benefit : society's. cost : the public purse's, net. effect : months in work. known : what
    could be known before choosing, by group the drawn quantities by name; options share a quantity
    of the same name.
    """

    district: str
    estimand: str
    intervention_id: str
    net_benefit: np.ndarray
    cost: np.ndarray
    effect: np.ndarray
    known: dict[str, dict[str, np.ndarray]]


def compare_options(options: list[Option]) -> pl.DataFrame:
    """Which interventions are worth considering, what a further month in work costs along them, and
    which is best for society on average.

    Returns
    -------
    DataFrame
        One row per district, estimand and option ("none": doing nothing): cost, effect,
        status_of_option (frontier | dominated | extended_dominated), icer, probability_best (share
        of draws in which society's net benefit is highest), is_recommended (highest mean net
        benefit among the frontier).
    """
    tables = []
    for (district, estimand), group in _by_choice(options).items():
        costs, effects = _with_nothing(group, "cost"), _with_nothing(group, "effect")
        table = incremental_table(
            {k: v[0] for k, v in costs.items()}, {k: v[0] for k, v in effects.items()}
        )
        benefit = _with_nothing(group, "net_benefit")
        draws = np.column_stack([benefit[name][1:] for name in table["option"]])
        is_best = draws == draws.max(axis=1, keepdims=True)
        shares = (is_best / is_best.sum(axis=1, keepdims=True)).mean(axis=0)
        # A dominated option does less for more money; whatever else it brings, it is not
        # recommended.
        eligible = np.where(table["status"].to_numpy() == "frontier", draws.mean(axis=0), -np.inf)
        tables.append(
            table.rename({"status": "status_of_option"}).with_columns(
                pl.lit(district).alias("district"),
                pl.lit(estimand).alias("estimand"),
                pl.Series("probability_best", shares),
                pl.Series("is_recommended", np.arange(len(shares)) == int(np.argmax(eligible))),
            )
        )
    empty = _without_options("value_options")
    options_of_all = [table.select(empty.columns) for table in tables]
    return pl.concat([empty, *options_of_all]).sort("district", "estimand", "option")


def acceptability(options: list[Option], thresholds: np.ndarray) -> pl.DataFrame:
    """How often each option is best, for rising values of a month in work.

    Returns
    -------
    DataFrame
        One row per district, estimand, threshold and option: `probability`, `is_on_frontier`.
    """
    tables = []
    for (district, estimand), group in _by_choice(options).items():
        costs, effects = (
            {k: v[1:] for k, v in _with_nothing(group, what).items()} for what in ("cost", "effect")
        )
        curve = acceptability_curve(costs, effects, thresholds)
        tables.append(
            curve.select(
                pl.lit(district).alias("district"), pl.lit(estimand).alias("estimand"), pl.all()
            )
        )
    return pl.concat([_without_options("value_acceptability"), *tables])


def worth_of_knowing(options: list[Option]) -> pl.DataFrame:
    """Expected value of perfect information per participant: of knowing everything (group "all") or
    one group of quantities before choosing.

    Returns
    -------
    DataFrame
        One row per district, estimand and group: `value`, empty where the draws are too few for so
        many quantities.
    """
    rows = []
    for (district, estimand), group in _by_choice(options).items():
        benefit = np.column_stack(
            [draws[1:] for draws in _with_nothing(group, "net_benefit").values()]
        )
        known: dict[str, dict[str, np.ndarray]] = {}
        for option in group:
            for name, quantities in option.known.items():
                known.setdefault(name, {}).update(
                    {quantity: draws[1:] for quantity, draws in quantities.items()}
                )
        for name, quantities in known.items():
            drawn = np.column_stack([*quantities.values()])
            # Replicates of the effect that were recycled tell nothing new; what is the same in
            # every draw is known, and worth nothing to learn.
            n_distinct = len(np.unique(drawn, axis=0))
            is_enough = n_distinct == 1 or n_distinct >= draws_needed(len(quantities))
            rows.append(
                (district, estimand, name, evppi(benefit, {name: drawn}) if is_enough else None)
            )
        rows.append((district, estimand, "all", evpi(benefit)))
    schema = _without_options("value_information").schema
    return pl.DataFrame(rows, schema=schema, orient="row")


def _without_options(name: str) -> pl.DataFrame:
    """A published table of comparisons without rows, and without the money and the persons that are
    added for all rows at once.
    """
    return published(name).empty().drop("currency", "n_starters", "one_person", strict=False)


def _by_choice(options: list[Option]) -> dict[tuple[str, str], list[Option]]:
    """The options between which somebody chooses: those of a district and estimand."""
    choices: dict[tuple[str, str], list[Option]] = {}
    for option in options:
        choices.setdefault((option.district, option.estimand), []).append(option)
    return choices


def _with_nothing(group: list[Option], what: str) -> dict[str, np.ndarray]:
    """One quantity of every option, doing nothing among them."""
    by_option = {option.intervention_id: getattr(option, what) for option in group}
    return {NOTHING: np.zeros_like(next(iter(by_option.values()))), **by_option}
