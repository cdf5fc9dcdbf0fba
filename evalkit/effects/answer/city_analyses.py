"""What stands beside the effects of a run, for every protocol at once: groups, rules, funnels,
readings, ranks and roll-outs.

Groups, rules and funnels read persons and are made in a city notebook; readings and ranks come from
draws; roll-outs from counts by district.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import NamedTuple

import polars as pl

from evalkit.effects.answer.city import primary_draws
from evalkit.effects.answer.conventions import with_starters
from evalkit.effects.answer.groups import group_counts, group_effects, group_summary
from evalkit.effects.answer.targeting import Targeting, targeting
from evalkit.effects.districts.district_models import effects_by_model
from evalkit.effects.districts.funnel import case_mix_funnel
from evalkit.effects.districts.ranking import district_ranks
from evalkit.effects.districts.standardise import standardised_draws
from evalkit.effects.rollouts.effect import Adoption, rollout_effect
from evalkit.effects.rollouts.panel import rollout_panel
from evalkit.effects.trials.person_tables import PersonTables
from evalkit.effects.trials.target_trial import Trials
from evalkit.effects.trust.bounds import effect_readings
from evalkit.effects.weighting.start_now import StartNow
from evalkit.effects.weighting.strategies import strategy_of
from evalkit.line.estimands import ESTIMANDS
from evalkit.line.protocol import Protocol, protocol_hash
from evalkit.line.tables import published, table
from evalkit.months import month_number
from evalkit.params import Extract
from evalkit.tables import CITY


class CityGroups(NamedTuple):
    """group_effects as published; group_draws (table `effect_draws`, district "all"),
    group_programme_draws and group_counts for what is computed from them."""

    group_effects: pl.DataFrame
    group_draws: pl.DataFrame
    group_counts: pl.DataFrame
    group_programme_draws: pl.DataFrame

    @property
    def tables(self) -> dict[str, pl.DataFrame]:
        """The tables that stay within the run, by their names."""
        return {name: table for name, table in self._asdict().items() if name != "group_effects"}


class RollOuts(NamedTuple):
    """rollout_effects (a row a roll-out and outcome) and rollout_events (by period since
    adoption).
    """

    rollout_effects: pl.DataFrame
    rollout_events: pl.DataFrame


def city_groups(
    people: PersonTables,
    protocols: Sequence[Protocol],
    *,
    propensity: pl.DataFrame,
    n_draws: int,
    seed: int,
) -> CityGroups:
    """Effects in the declared groups, for every protocol that has coefficients (see
    `group_effects`).
    """
    parts = {name: [_EMPTY[name]] for name in CityGroups._fields}
    for protocol, trials in _fitted(people, protocols, propensity):
        found = group_effects(
            trials, people.person, propensity=propensity, n_draws=n_draws, seed=seed
        )
        parts["group_effects"].append(
            group_summary(found, protocol).select(_EMPTY["group_effects"].columns)
        )
        parts["group_draws"].append(found.draws.select(_EMPTY["group_draws"].columns))
        parts["group_counts"].append(group_counts(trials, people.person))
        parts["group_programme_draws"].append(found.programmes)
    return CityGroups(
        **{name: pl.concat(tables, how="vertical_relaxed") for name, tables in parts.items()}
    )


def city_targeting(
    people: PersonTables, protocols: Sequence[Protocol], *, propensity: pl.DataFrame, seed: int
) -> Targeting:
    """A rule for every protocol that has coefficients, and its worth (see `targeting`)."""
    found = [
        targeting(StartNow.of(trials, propensity), seed=seed)
        for _, trials in _fitted(people, protocols, propensity)
    ]
    return Targeting(
        *[
            pl.concat([_EMPTY[name], *[part[place] for part in found]], how="vertical_relaxed")
            for place, name in enumerate(("rule", "value"))
        ]
    )


def city_funnel(
    people: PersonTables, protocols: Sequence[Protocol], *, propensity: pl.DataFrame
) -> pl.DataFrame:
    """The districts' funnel for every protocol's eligible people (see `case_mix_funnel`)."""
    return pl.concat(
        [
            _EMPTY["funnel"],
            *[case_mix_funnel(trials) for _, trials in _fitted(people, protocols, propensity)],
        ]
    )


def city_standardised(
    people: PersonTables,
    protocols: Sequence[Protocol],
    *,
    propensity: pl.DataFrame,
    n_draws: int,
    seed: int,
) -> pl.DataFrame:
    """Districts' effects for people mixed as the city's eligible: the table `standardised_draws`,
    for every protocol that has coefficients.

    Protocols whose first comparison is not wait, or that have a grace period, are left out: their
    districts are ranked as they are.
    """
    found = [
        standardised_draws(trials, propensity, n_draws=n_draws, seed=seed)
        for protocol, trials in _fitted(people, protocols, propensity)
        if protocol.comparisons[0] == "wait" and strategy_of(protocol, "wait") is StartNow
    ]
    return pl.concat([table("standardised_draws").empty(), *found])


def readings(
    draws: pl.DataFrame, status: pl.DataFrame, protocols: Sequence[Protocol]
) -> pl.DataFrame:
    """Readings of each protocol's primary comparison, with the starters behind them (see
    `effect_readings`, `primary_draws`).
    """
    draws = primary_draws(draws, protocols)
    parts = [_own(draws, protocol) for protocol in protocols]
    found = [
        effect_readings(part, protocol)
        for part, protocol in zip(parts, protocols, strict=True)
        if not part.is_empty()
    ]
    return with_starters(pl.concat([_EMPTY["readings"], *found]), status)


def ranks(
    draws: pl.DataFrame,
    status: pl.DataFrame,
    protocols: Sequence[Protocol],
    *,
    seed: int,
    standardised: pl.DataFrame | None = None,
) -> pl.DataFrame:
    """The districts' ranks under each protocol's primary comparison, with the starters behind them
    (see `district_ranks`).
    """
    found = [
        district_ranks(
            _own(draws, protocol).filter(pl.col("estimand") == protocol.estimands[0]),
            protocol,
            seed=seed,
            standardised=None if standardised is None else _own(standardised, protocol),
        )
        for protocol in protocols
    ]
    return with_starters(pl.concat(found), status)


def ways_of_working(ranks: pl.DataFrame, models: Mapping[str, str], *, seed: int) -> pl.DataFrame:
    """Every intervention's effect by the way its districts work (see `effects_by_model`); empty
    where the run names no ways.

    Parameters
    ----------
    ranks : DataFrame
        From `ranks`.
    models : mapping of str
        `EffectRules.district_models`.
    """
    parts = ranks.partition_by("intervention_id", "estimand", maintain_order=True) if models else []
    return pl.concat(
        [
            published("effects_by_model").empty(),
            *[effects_by_model(own, models, seed=seed) for own in parts],
        ]
    )


def beside_truth(summary: pl.DataFrame, months: pl.DataFrame, protocol: Protocol) -> pl.DataFrame:
    """An estimate beside the truth of the city it was simulated from.

    Parameters
    ----------
    summary : DataFrame
        From `effect_summary`, district "all".
    months : DataFrame
        The truth: intervention_id, district, district_basis, population, comparison,
        horizon_months, outcome, difference, mc_std_error.

    Returns
    -------
    DataFrame
        intervention_id, estimand, outcome, truth, mc_std_error, estimate, ci_lower, ci_upper
        (months), is_covered.
    """
    city = (
        (pl.col("district") == CITY)
        & (pl.col("district_basis") == "time_zero")
        & (pl.col("population") == "starters")
    )
    own = (pl.col("intervention_id") == protocol.intervention_id) & (
        pl.col("horizon_months") == protocol.follow_up_months
    )
    truth = months.filter(city & own).select(
        outcome="months_" + pl.col("outcome"),
        estimand=pl.col("comparison").replace_strict(ESTIMANDS),
        truth="difference",
        mc_std_error="mc_std_error",
    )
    estimates = summary.select(
        "intervention_id", "estimand", "outcome", "ci_lower", "ci_upper", estimate="difference"
    )
    is_covered = pl.col("truth").is_between("ci_lower", "ci_upper")
    return (
        estimates.join(truth, on=["estimand", "outcome"])
        .with_columns(is_covered=is_covered)
        .sort("estimand", "outcome")
    )


def roll_outs(
    action: pl.DataFrame,
    *,
    support_spells: pl.DataFrame,
    state_intervals: pl.DataFrame,
    extract: Extract,
    seed: int,
    period_months: int = 6,
    n_permutations: int = 499,
) -> RollOuts:
    """Every action that districts adopted at different times, on exits to work and on entries (see
    `rollout_effect`).

    change, change_lower, change_upper say the effect as a reader meets it: by what share of itself
    the monthly rate changes.

    An action that every district adopts at once, or only in the extract's first periods, has
    nothing to be compared with and is left out. A district that adopts another action is no longer
    looked at from then on.

    Parameters
    ----------
    action : DataFrame
        The table of the same name: district, action_id, start.
    """
    first_month = extract.first_month
    n_months = month_number(extract.data_through) - month_number(first_month) + 1
    panel = rollout_panel(
        support_spells,
        state_intervals,
        first_month=first_month,
        n_months=n_months,
        period_months=period_months,
    )
    dates = _adoptions(action, panel, first_month=first_month, period_months=period_months)
    summaries, events = [_EMPTY["rollout_effects"]], [_EMPTY["rollout_events"]]
    n_persons = support_spells["person_id"].n_unique()
    for name, adopted in sorted(dates.items()):
        others = [
            (district, when)
            for other, table in dates.items()
            if other != name
            for district, when in table.items()
        ]
        until = {
            district: min(when for other, when in others if other == district)
            for district, _ in others
        }
        for outcome in ("exit", "entry"):
            found = rollout_effect(
                panel,
                Adoption(adopted, until),
                outcome=outcome,
                n_permutations=n_permutations,
                seed=seed,
            )
            columns = [
                pl.lit(name).alias("action_id"),
                pl.lit(n_persons, dtype=pl.Int32).alias("n_persons"),
            ]
            change = [
                (pl.col(name).exp() - 1).alias(new)
                for name, new in (
                    ("effect", "change"),
                    ("ci_lower", "change_lower"),
                    ("ci_upper", "change_upper"),
                )
            ]
            summaries.append(
                found.summary.with_columns(columns + change).select(
                    _EMPTY["rollout_effects"].columns
                )
            )
            events.append(
                found.by_event_time.with_columns(columns).select(_EMPTY["rollout_events"].columns)
            )
    return RollOuts(
        pl.concat(summaries, how="vertical_relaxed"), pl.concat(events, how="vertical_relaxed")
    )


def _fitted(
    people: PersonTables, protocols: Sequence[Protocol], propensity: pl.DataFrame
) -> list[tuple[Protocol, Trials]]:
    return [
        (protocol, people.trials(protocol))
        for protocol in protocols
        if protocol_hash(protocol) in propensity["protocol_hash"]
    ]


def _own(draws: pl.DataFrame, protocol: Protocol) -> pl.DataFrame:
    return draws.filter(pl.col("protocol_hash") == protocol_hash(protocol))


def _adoptions(
    action: pl.DataFrame, panel: pl.DataFrame, *, first_month: date, period_months: int
) -> dict[str, dict[str, int]]:
    """Periods of adoption by action and district, of the actions that leave somebody to compare
    with.
    """
    known, last = set(panel["district"].unique()), int(panel["period"].max())
    found: dict[str, dict[str, int]] = {}
    for district, name, start in (
        action.select("district", "action_id", "start").drop_nulls().iter_rows()
    ):
        if district in known:
            period = (month_number(start) - month_number(first_month)) // period_months
            found.setdefault(name, {})[district] = min(
                period, found.get(name, {}).get(district, period)
            )
    # The first period of the panel has no period before it to start from.
    return {
        name: table
        for name, table in found.items()
        if any(
            1 < when <= last and any(table.get(other, last + 1) > when for other in known)
            for when in table.values()
        )
    }


_KEYS = {"district": pl.String, "intervention_id": pl.String}
_EFFECT = {**_KEYS, "estimand": pl.String}
_RANGE = dict.fromkeys(("estimate", "ci_lower", "ci_upper"), pl.Float64)
# What the tables are when there is nothing to put in them.
_EMPTY = {
    name: pl.DataFrame(schema=schema)
    for name, schema in {
        "group_effects": {
            **_EFFECT,
            "subgroup": pl.String,
            **dict.fromkeys(
                (
                    "raw",
                    "raw_lower",
                    "raw_upper",
                    "shrunk",
                    "shrunk_lower",
                    "shrunk_upper",
                    "p_value",
                    "p_holm",
                ),
                pl.Float64,
            ),
            "max_abs_smd": pl.Float64,
            "effect_state": pl.String,
            "reason": pl.String,
            "n_starters": pl.Int32,
        },
        "group_draws": table("group_draws").schema,
        "group_counts": table("group_counts").schema,
        "group_programme_draws": table("group_programme_draws").schema,
        "rule": {
            **_KEYS,
            "condition": pl.Int32,
            "covariate": pl.String,
            "side": pl.String,
            "threshold": pl.Float64,
            "n_starters": pl.Int32,
        },
        "value": {
            **_KEYS,
            "policy": pl.String,
            **_RANGE,
            "share_of_starters": pl.Float64,
            "n_starters": pl.Int32,
        },
        "funnel": {
            **_KEYS,
            "n_persons": pl.Int32,
            **dict.fromkeys(
                (
                    "observed",
                    "expected",
                    "adjusted",
                    "z",
                    "lower_95",
                    "upper_95",
                    "lower_998",
                    "upper_998",
                ),
                pl.Float64,
            ),
            "overdispersion": pl.Float64,
            "verdict": pl.String,
        },
        "readings": {**_EFFECT, "reading": pl.String, **_RANGE, "information": pl.String},
        "rollout_effects": {
            "action_id": pl.String,
            "outcome": pl.String,
            **dict.fromkeys(
                ("effect", "ci_lower", "ci_upper", "p_value", "trend_before", "p_trend"), pl.Float64
            ),
            **dict.fromkeys(("change", "change_lower", "change_upper"), pl.Float64),
            "verdict": pl.String,
            "n_adopted": pl.Int32,
            "n_districts": pl.Int32,
            "n_persons": pl.Int32,
        },
        "rollout_events": {
            "action_id": pl.String,
            "outcome": pl.String,
            "event_period": pl.Int32,
            "effect": pl.Float64,
            "n_adopted": pl.Int32,
            "n_persons": pl.Int32,
        },
    }.items()
}
