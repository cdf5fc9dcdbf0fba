"""One intervention at a time: its weights, a district's part, and its effects from the parts.

The notebook of the weights sees every person and hands on coefficients and statuses only; a
district's notebook sees its own people and hands on sums; below that no row is a person.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import polars as pl

from evalkit.draws import stacked
from evalkit.effects.answer.conventions import effect_sensitivity
from evalkit.effects.answer.effect_sums import add_districts, effect_draws
from evalkit.effects.answer.estimate import (
    EffectParts,
    effect_status,
    estimate_effect,
    no_effect,
)
from evalkit.effects.answer.intervention_tables import InterventionEffects
from evalkit.effects.answer.one_person import (
    effect_people,
    with_one_person,
)
from evalkit.effects.answer.participation import add_programmes, programme_draws
from evalkit.effects.answer.second_draws import second_draws, with_one_person_of_second
from evalkit.effects.answer.start_stop_dose import (
    effect_by_dose,
    effect_by_start_month,
    effect_by_stop_month,
)
from evalkit.effects.answer.status import counted_in_districts
from evalkit.effects.answer.summary import effect_summary
from evalkit.effects.districts.pooling import shrink
from evalkit.effects.trials.next_step import refuse_unmet_steps
from evalkit.effects.trials.person_tables import PersonTables
from evalkit.effects.trials.requirements import refuse_unknown_hours
from evalkit.effects.trials.target_trial import Trials, has_eligible
from evalkit.effects.trust.balance import balance_table
from evalkit.effects.trust.refusal import refused_for_all, spread_to_districts, terms_left_out
from evalkit.effects.weighting.propensity import fit_models
from evalkit.effects.weighting.strategies import weightings_of
from evalkit.line.protocol import Protocol
from evalkit.line.protocols import protocol_hash
from evalkit.line.tables import published, table
from evalkit.results import Tables
from evalkit.tables import CITY, conform

# What a district hands on, as `EffectParts`.
_DISTRICT_TABLES = (
    "effect_sums",
    "district_status",
    "effect_event_sums",
    "effect_programme_sums",
)
_OTHER_CONVENTION = {"stay": "excluded", "excluded": "stay", "excluded_in_both": "stay"}


@dataclass(frozen=True, repr=False, eq=False)
class InterventionWeights(Tables):
    """What the weights of an intervention hand on, by the tables' names: coefficients per draw, the
    status of all districts together, and what shows whether the weights serve."""

    propensity: pl.DataFrame
    weights_status: pl.DataFrame
    balance: pl.DataFrame
    terms_left_out: pl.DataFrame
    effect_sensitivity: pl.DataFrame
    effect_moments: pl.DataFrame
    effect_people: pl.DataFrame


def intervention_weights(
    people: PersonTables, protocol: Protocol, *, n_draws: int, seed: int
) -> InterventionWeights:
    """Propensity coefficients over all districts, with what shows whether they serve.

    An intervention that no one starts, or everybody, has no coefficients; its status says so.

    Raises
    ------
    ProtocolError
        If the protocol asks for a dose in hours and none are on record, or for a next step that
        nobody takes or that is not above what is compared.
    """
    draws = {"n_draws": n_draws, "seed": seed}
    refuse_unknown_hours(people.episodes, protocol)
    refuse_unmet_steps(people.episodes, protocol)
    trials = people.trials(protocol)
    if not trials.has_both_arms:
        propensity = table("propensity").empty()
        return InterventionWeights(
            propensity,
            no_effect(trials, district=CITY).status,
            published("balance").empty(),
            terms_left_out(trials),
            published("effect_sensitivity").empty(),
            _moments(people, trials, propensity, **draws),
            table("effect_people").empty(),
        )
    propensity = conform(fit_models(trials, **draws), "propensity")
    weightings = weightings_of(trials, propensity)
    status = effect_status(weightings, district=CITY)
    other = protocol.model_copy(
        update={"leavers_in_month_one": _OTHER_CONVENTION[protocol.leavers_in_month_one]}
    )
    return InterventionWeights(
        propensity,
        refused_for_all(status, trials),
        balance_table(weightings[0]),
        terms_left_out(trials),
        effect_sensitivity(weightings, other_leavers=people.trials(other), **draws),
        _moments(people, trials, propensity, **draws),
        _people_everywhere(trials, propensity),
    )


def district_effects(
    people: PersonTables,
    protocols: Sequence[Protocol],
    *,
    propensity: pl.DataFrame,
    district: str,
    n_draws: int,
    seed: int,
) -> EffectParts:
    """A district's sums and statuses under every protocol: its people are read once for all.

    Parameters
    ----------
    propensity : DataFrame
        The coefficients of all protocols (table `propensity`).
    """
    if not protocols:
        return EffectParts(*[table(name).empty() for name in _DISTRICT_TABLES])
    parts = []
    for protocol in protocols:
        trials = _trials_of_district(people, protocol, district)
        fitted = propensity.filter(pl.col("protocol_hash") == protocol_hash(protocol))
        parts.append(
            no_effect(trials, district=district)
            if fitted.is_empty() or trials.rows.is_empty()
            else estimate_effect(
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


def intervention_effects(
    sums: pl.DataFrame,
    protocol: Protocol,
    *,
    district_status: pl.DataFrame,
    weights_status: pl.DataFrame,
    effect_people: pl.DataFrame,
    seed: int,
    districts: Sequence[str] = (),
    event_sums: pl.DataFrame | None = None,
    programme_sums: pl.DataFrame | None = None,
    second_shifts: pl.DataFrame | None = None,
    second_past: pl.DataFrame | None = None,
) -> InterventionEffects:
    """The city's path from the districts' added sums, the districts whose effect can be said, and
    these pooled where enough of them qualify.

    Parameters
    ----------
    sums, district_status, weights_status : DataFrame
        Tables `effect_sums` and `district_status` of the districts, and `weights_status` of all
        districts together. Rows of other protocols are left out.
    effect_people : DataFrame
        The table of the same name: what one person does to each number.
    districts : sequence of str, optional
        The run's districts. Those without rows are missing from the city's path too, and then from
        its number of people.
    event_sums : DataFrame, optional
        Table `effect_event_sums` (districts); without it there are no events.
    programme_sums : DataFrame, optional
        Table `effect_programme_sums` (districts); without it nothing is said of time in
        interventions.
    second_shifts, second_past : DataFrame, optional
        The tables of the same names; without them there is the plain reading alone.
    """
    events_given = table("effect_event_sums").empty() if event_sums is None else event_sums
    programmes_given = (
        table("effect_programme_sums").empty() if programme_sums is None else programme_sums
    )
    is_of_protocol = pl.col("protocol_hash") == protocol_hash(protocol)
    of_city = counted_in_districts(weights_status, district_status, districts)
    statuses = pl.concat([district_status, of_city]).filter(is_of_protocol)
    statuses = spread_to_districts(statuses)
    shifts, past = (
        table(name).empty() if given is None else given.filter(is_of_protocol)
        for name, given in (("second_shifts", second_shifts), ("second_past", second_past))
    )
    draws, second, events, programmes, pooled_statuses = [], [], [], [], []
    for estimand in protocol.estimands:
        is_of_effect = is_of_protocol & (pl.col("estimand") == estimand)
        estimated = statuses.filter(is_of_effect & (pl.col("status") == "estimated"))
        said_in = estimated["district"].to_list()
        counted = _with_city(sums.filter(is_of_effect), add_districts, said_in)
        raw = effect_draws(counted)
        reached = _with_city(events_given.filter(is_of_effect), add_districts, said_in)
        events.append(effect_draws(reached))
        taking_part = _with_city(programmes_given.filter(is_of_effect), add_programmes, said_in)
        programmes.append(
            programme_draws(taking_part, counted, state=protocol.eligibility.state_before)
        )
        qualifying = estimated.filter(pl.col("district") != CITY)
        is_pooled = len(qualifying) >= protocol.min_districts_for_pooling
        draws += _with_pooled(raw, protocol, seed=seed, is_pooled=is_pooled)
        if estimand == protocol.primary_estimand:
            moved = second_draws(raw, shifts, primary_outcome=protocol.primary_outcome)
            is_moved = is_pooled and not moved.is_empty()
            second += _with_pooled(moved, protocol, seed=seed, is_pooled=is_moved)
        if is_pooled:
            pooled_statuses.append(qualifying.with_columns(source=pl.lit("shrunk")))
        else:
            of_city = statuses.filter(is_of_effect & (pl.col("district") == CITY))
            pooled_statuses.append(_not_pooled(of_city))
    found, behind = stacked(draws), effect_people.filter(is_of_protocol)
    by_second = stacked(second)
    months, months_second = (
        effect_summary(reading.filter(pl.col("source") == "raw"), protocol)
        for reading in (found, by_second)
    )
    status = with_one_person(pl.concat([statuses, *pooled_statuses]), months, behind)
    return InterventionEffects(
        found,
        with_one_person_of_second(status, months, months_second, behind, past, protocol),
        stacked(events),
        stacked(programmes),
        behind,
        by_second,
        past,
    )


def _trials_of_district(people: PersonTables, protocol: Protocol, district: str) -> Trials:
    """A district's trials: only its own people are unrolled. Where nobody is eligible, the city's
    trials give the empty set.
    """
    residents = people.of_district(district)
    is_anyone_eligible = has_eligible(
        residents.support_spells,
        residents.episodes,
        protocol=protocol,
        first_month=people.first_month,
    )
    return (
        residents.trials(protocol)
        if is_anyone_eligible
        else people.trials(protocol).of_district(district)
    )


def _people_everywhere(trials: Trials, propensity: pl.DataFrame) -> pl.DataFrame:
    """The table `effect_people` of all districts together and of each that has both arms."""
    residents = {
        district: trials.of_district(district)
        for district in trials.rows["district"].unique().sort()
    }
    return pl.concat(
        [
            effect_people(weightings_of(asked, propensity), district=district)
            for district, asked in {CITY: trials, **residents}.items()
            if asked.has_both_arms
        ]
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


def _with_pooled(
    raw: pl.DataFrame, protocol: Protocol, *, seed: int, is_pooled: bool
) -> list[pl.DataFrame]:
    """Draws of an effect, and where they are pooled the shrunk ones."""
    if not is_pooled:
        return [raw]
    shrunk = shrink(
        raw,
        primary_outcome=protocol.primary_outcome,
        min_districts=protocol.min_districts_for_pooling,
        seed=seed,
    )
    return [raw, shrunk]


def _not_pooled(city_status: pl.DataFrame) -> pl.DataFrame:
    return city_status.with_columns(
        source=pl.lit("shrunk"), status=pl.lit("cannot_be_said"), reason=pl.lit("few_districts")
    )
