"""All protocols of a run at once: the city's weights, a district's part, and the city's effects
from the parts.

The city notebook sees every person and hands on coefficients and statuses only; the district
notebook sees its own people and hands on sums; below that no row is a person.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import polars as pl

from evalkit.draws import stacked
from evalkit.effects.answer.conventions import effect_sensitivity, with_starters
from evalkit.effects.answer.effect_sums import add_districts, effect_draws
from evalkit.effects.answer.estimate import (
    EffectParts,
    effect_status,
    estimate_effect,
    no_effect,
)
from evalkit.effects.answer.participation import add_programmes, programme_draws
from evalkit.effects.answer.start_stop_dose import (
    effect_by_dose,
    effect_by_start_month,
    effect_by_stop_month,
)
from evalkit.effects.answer.summary import effect_curves, effect_summary
from evalkit.effects.answer.timing import effect_timing
from evalkit.effects.districts.pooling import shrink
from evalkit.effects.trials.person_tables import PersonTables
from evalkit.effects.trials.target_trial import Trials, has_eligible
from evalkit.effects.trust.balance import balance_table
from evalkit.effects.trust.refusal import refused_if_constant, spread_to_districts, terms_left_out
from evalkit.effects.weighting.propensity import fit_models
from evalkit.effects.weighting.start_now import StartNow
from evalkit.line.protocol import Protocol, protocol_hash
from evalkit.line.tables import table
from evalkit.tables import CITY, conform

_OTHER_CONVENTION = {"stay": "excluded", "excluded": "stay"}


class CityWeights(NamedTuple):
    """What the city notebook hands on: coefficients per draw, the city's statuses, balance, what
    the models leave out, sensitivity, and when to start and to stop."""

    propensity: pl.DataFrame
    status: pl.DataFrame
    balance: pl.DataFrame
    left_out: pl.DataFrame
    sensitivity: pl.DataFrame
    moments: pl.DataFrame


class CityEffects(NamedTuple):
    """Draws (table `effect_draws`) and statuses (`effect_status`) of the city and its districts,
    raw and, where pooled, shrunk.

    events: shares that reached an event, in the shape of the draws with column event; raw only.
    programmes: the table `effect_programme_draws`.
    """

    draws: pl.DataFrame
    status: pl.DataFrame
    events: pl.DataFrame
    programmes: pl.DataFrame


def city_weights(
    people: PersonTables, protocols: Sequence[Protocol], *, n_draws: int, seed: int
) -> CityWeights:
    """Propensity coefficients of every protocol over all districts, with what shows whether they
    serve.

    An intervention that no one starts has no coefficients; its status says so.
    """
    parts = [_weights_of(people, protocol, n_draws=n_draws, seed=seed) for protocol in protocols]
    return CityWeights(*[pl.concat(tables) for tables in zip(*parts, strict=True)])


def district_effects(
    people: PersonTables,
    protocols: Sequence[Protocol],
    *,
    propensity: pl.DataFrame,
    district: str,
    n_draws: int,
    seed: int,
) -> EffectParts:
    """A district's sums and statuses for every protocol."""
    parts = []
    own_people = people.of_district(district)
    for protocol in protocols:
        # Only the district's own people are unrolled; where nobody is eligible, the city's trials
        # give the empty set.
        is_anyone_eligible = has_eligible(
            own_people.support_spells,
            own_people.episodes,
            protocol=protocol,
            first_month=people.first_month,
        )
        trials = (
            own_people.trials(protocol)
            if is_anyone_eligible
            else people.trials(protocol).of_district(district)
        )
        fitted = propensity.filter(pl.col("protocol_hash") == protocol_hash(protocol))
        if fitted.is_empty() or trials.rows.is_empty():
            parts.append(no_effect(trials, district=district, n_draws=n_draws))
        else:
            parts.append(
                estimate_effect(
                    trials,
                    district=district,
                    propensity=fitted,
                    n_draws=n_draws,
                    seed=seed,
                    with_programmes=True,
                )
            )
    sums, statuses, events, programmes = zip(*parts, strict=True)
    return EffectParts(stacked(sums), pl.concat(statuses), stacked(events), stacked(programmes))


def city_effects(
    sums: pl.DataFrame,
    statuses: pl.DataFrame,
    protocols: Sequence[Protocol],
    *,
    seed: int,
    event_sums: pl.DataFrame | None = None,
    programme_sums: pl.DataFrame | None = None,
) -> CityEffects:
    """The city's path from the districts' added sums, the districts whose effect can be said, and
    these pooled where enough of them qualify.

    Parameters
    ----------
    sums, statuses : DataFrame
        Tables `effect_sums` (districts) and `effect_status` (districts and the city).
    event_sums : DataFrame, optional
        Table `effect_event_sums` (districts); without it there are no events.
    programme_sums : DataFrame, optional
        Table `effect_programme_sums` (districts); without it nothing is said of time in
        interventions.
    """
    draws, events, added, programmes = [], [], [], []
    event_sums = table("effect_event_sums").empty() if event_sums is None else event_sums
    programme_sums = (
        table("effect_programme_sums").empty() if programme_sums is None else programme_sums
    )
    statuses = spread_to_districts(statuses)
    for protocol in protocols:
        for estimand in protocol.estimands:
            own = (pl.col("protocol_hash") == protocol_hash(protocol)) & (
                pl.col("estimand") == estimand
            )
            said = statuses.filter(own & (pl.col("status") == "estimated"))
            districts = said["district"].to_list()
            counted = _with_city(sums.filter(own), add_districts, districts)
            raw = effect_draws(counted)
            draws.append(raw)
            events.append(
                effect_draws(_with_city(event_sums.filter(own), add_districts, districts))
            )
            taking_part = _with_city(programme_sums.filter(own), add_programmes, districts)
            programmes.append(
                programme_draws(taking_part, counted, state=protocol.eligibility.state_before)
            )
            qualifying = said.filter(pl.col("district") != CITY)
            if len(qualifying) >= protocol.min_districts_for_pooling:
                draws.append(
                    shrink(
                        raw,
                        primary_outcome=protocol.primary_outcome,
                        min_districts=protocol.min_districts_for_pooling,
                        seed=seed,
                    )
                )
                added.append(qualifying.with_columns(source=pl.lit("shrunk")))
            else:
                added.append(_not_pooled(statuses.filter(own & (pl.col("district") == CITY))))
    return CityEffects(
        stacked(draws), pl.concat([statuses, *added]), stacked(events), stacked(programmes)
    )


def reported_draws(draws: pl.DataFrame) -> pl.DataFrame:
    """The draws that reports show: shrunk where a district's effect was pooled, raw otherwise."""
    keys = ["district", "protocol_hash", "estimand"]
    shrunk = draws.filter(pl.col("source") == "shrunk")
    return pl.concat(
        [
            shrunk,
            draws.filter(pl.col("source") == "raw").join(
                shrunk.select(keys).unique(), on=keys, how="anti"
            ),
        ]
    )


def primary_draws(draws: pl.DataFrame, protocols: Sequence[Protocol]) -> pl.DataFrame:
    """The reported draws of each protocol's primary comparison: what money is put on."""
    return primary_rows(reported_draws(draws), protocols)


def primary_rows(table: pl.DataFrame, protocols: Sequence[Protocol]) -> pl.DataFrame:
    """The rows of each protocol's primary comparison, of any table with protocol_hash and
    estimand.
    """
    return table.filter(
        pl.any_horizontal(
            (pl.col("protocol_hash") == protocol_hash(protocol))
            & (pl.col("estimand") == protocol.estimands[0])
            for protocol in protocols
        )
    )


def timings(effects: CityEffects, protocols: Sequence[Protocol]) -> pl.DataFrame:
    """Lock-in, break-even and lasting work of every protocol: the table `effect_timing` before gate
    2, with the starters behind it.
    """
    draws = reported_draws(effects.draws)
    own = [pl.col("protocol_hash") == protocol_hash(protocol) for protocol in protocols]
    parts = [
        effect_timing(draws.filter(mine), effects.events.filter(mine), protocol)
        for mine, protocol in zip(own, protocols, strict=True)
    ]
    return with_starters(pl.concat(parts), effects.status)


def summaries(
    effects: CityEffects, protocols: Sequence[Protocol]
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Curves and months of every protocol: the tables `effect_curves` and `effect_summary` before
    gate 2, with the starters behind them.
    """
    draws = reported_draws(effects.draws)
    own = [
        (draws.filter(pl.col("protocol_hash") == protocol_hash(protocol)), protocol)
        for protocol in protocols
    ]
    curves = pl.concat([effect_curves(part) for part, _ in own])
    months = pl.concat([effect_summary(part, protocol) for part, protocol in own])
    return with_starters(curves, effects.status), with_starters(months, effects.status)


def _weights_of(
    people: PersonTables, protocol: Protocol, *, n_draws: int, seed: int
) -> CityWeights:
    trials = people.trials(protocol)
    if not trials.has_both_arms:
        empty = table("propensity").empty()
        unsaid = no_effect(trials, district=CITY, n_draws=n_draws).status
        moments = _moments(people, trials, empty, n_draws=n_draws, seed=seed)
        return CityWeights(
            empty, unsaid, _BALANCE.clear(), terms_left_out(trials), _SENSITIVITY.clear(), moments
        )
    propensity = conform(fit_models(trials, n_draws=n_draws, seed=seed), "propensity")
    other = protocol.model_copy(
        update={"leavers_in_month_one": _OTHER_CONVENTION[protocol.leavers_in_month_one]}
    )
    return CityWeights(
        propensity,
        refused_if_constant(
            effect_status(trials, district=CITY, propensity=propensity, n_draws=n_draws, seed=seed),
            trials,
        ),
        balance_table(StartNow.of(trials, propensity)),
        terms_left_out(trials),
        effect_sensitivity(
            trials,
            n_draws=n_draws,
            seed=seed,
            other_leavers=people.trials(other),
            propensity=propensity,
        ),
        _moments(people, trials, propensity, n_draws=n_draws, seed=seed),
    )


def _moments(
    people: PersonTables, trials: Trials, propensity: pl.DataFrame, *, n_draws: int, seed: int
) -> pl.DataFrame:
    protocol = trials.protocol
    leaving = people.stop_trials(protocol) if protocol.stop_months or protocol.dose_months else None
    return pl.concat(
        [
            effect_by_start_month(trials, propensity, n_draws=n_draws, seed=seed),
            effect_by_stop_month(leaving, protocol, n_draws=n_draws, seed=seed),
            effect_by_dose(leaving, protocol, n_draws=n_draws, seed=seed),
        ]
    )


def _with_city(
    sums: pl.DataFrame, added: Callable[[pl.DataFrame], pl.DataFrame], districts: list[str]
) -> pl.DataFrame:
    """The sums of the districts named, and if it is named the city's, which adds up all."""
    return pl.concat([sums, added(sums)]).filter(pl.col("district").is_in(districts))


def _not_pooled(city_status: pl.DataFrame) -> pl.DataFrame:
    return city_status.with_columns(
        source=pl.lit("shrunk"), status=pl.lit("cannot_be_said"), reason=pl.lit("few_districts")
    )


_BALANCE = pl.DataFrame(
    schema={
        "district": pl.String,
        "intervention_id": pl.String,
        "covariate": pl.String,
        "smd_before": pl.Float64,
        "smd_after": pl.Float64,
        "variance_ratio_before": pl.Float64,
        "variance_ratio_after": pl.Float64,
        "n_starters": pl.Int32,
    }
)
_SENSITIVITY = pl.DataFrame(
    schema={
        "district": pl.String,
        "intervention_id": pl.String,
        "convention": pl.String,
        "difference": pl.Float64,
        "ci_lower": pl.Float64,
        "ci_upper": pl.Float64,
        "n_starters": pl.Int32,
    }
)
