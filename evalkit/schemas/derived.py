"""The tables that a run makes itself, from what was delivered: set aside, spells and states, effects, value."""

import polars as pl

from evalkit.schemas.table_schema import TableSchema

_EFFECT_KEYS = {
    "district": pl.String,
    "intervention_id": pl.String,
    "protocol_hash": pl.String,
    "estimand": pl.String,
    "subgroup": pl.String,
    "source": pl.String,
}
# Tables of draws have millions of rows with the same few words: each is kept once.
_DRAW_KEYS = dict.fromkeys(_EFFECT_KEYS, pl.Categorical)
_PROGRAMME_DRAWS = {
    **{k: v for k, v in _DRAW_KEYS.items() if k != "source"},
    "draw": pl.Int32,
    "arm": pl.Categorical,
    "programme": pl.Categorical,
    "month": pl.Int32,
    "taking_part": pl.Float64,
    "starting": pl.Float64,
}

DERIVED: tuple[TableSchema, ...] = (
    TableSchema(
        "rejected",
        {
            "table": pl.String,
            "file": pl.String,
            "line": pl.Int32,
            "column": pl.String,
            "rule": pl.String,
            "sentence": pl.String,
        },
        ("table", "file", "line", "column", "rule"),
        True,
    ),
    # Spells and states: one row a spell of a person.
    TableSchema(
        "support_spells",
        {
            "person_id": pl.String,
            "household_id": pl.String,
            "cluster_id": pl.String,
            "spell_no": pl.Int32,
            "district": pl.String,
            "start": pl.Date,
            "end": pl.Date,
            "entry": pl.Int32,
            "months": pl.Int32,
            "exit_state": pl.String,
            "exit": pl.String,
            "is_start_known": pl.Boolean,
            "weight": pl.Float64,
        },
        ("person_id", "spell_no"),
        True,
    ),
    TableSchema(
        "state_intervals",
        {
            "person_id": pl.String,
            "district": pl.String,
            "start": pl.Int32,
            "stop": pl.Int32,
            "from_state": pl.String,
            "to_state": pl.String,
            "weight": pl.Float64,
        },
        ("person_id", "start"),
        True,
    ),
    TableSchema(
        "episodes",
        {
            "person_id": pl.String,
            "episode_no": pl.Int32,
            "intervention_id": pl.String,
            "start": pl.Date,
            "end": pl.Date,
            "planned_months": pl.Int32,
            "provider_district": pl.String,
            "is_running": pl.Boolean,
        },
        ("person_id", "episode_no"),
        True,
    ),
    # Effects: the person line. Trials are persons; everything after is not.
    TableSchema(
        "propensity",
        {
            "intervention_id": pl.String,
            "protocol_hash": pl.String,
            "model": pl.String,
            "draw": pl.Int32,
            "term": pl.String,
            "coefficient": pl.Float64,
            "is_converged": pl.Boolean,
        },
        ("intervention_id", "protocol_hash", "model", "draw", "term"),
        False,
    ),
    TableSchema(
        "effect_sums",
        {
            **{k: v for k, v in _DRAW_KEYS.items() if k != "source"},
            "draw": pl.Int32,
            "arm": pl.Categorical,
            "state": pl.Categorical,
            "month": pl.Int32,
            "weighted_sum": pl.Float64,
            "weight_total": pl.Float64,
        },
        ("district", "intervention_id", "protocol_hash", "estimand", "subgroup", "draw", "arm", "state", "month"),
        False,
    ),
    # What does not sum to one over states: shares that have reached an event (evalkit.effects.events) by the month.
    TableSchema(
        "effect_event_sums",
        {
            **{k: v for k, v in _DRAW_KEYS.items() if k != "source"},
            "draw": pl.Int32,
            "arm": pl.Categorical,
            "event": pl.Categorical,
            "month": pl.Int32,
            "weighted_sum": pl.Float64,
            "weight_total": pl.Float64,
        },
        ("district", "intervention_id", "protocol_hash", "estimand", "subgroup", "draw", "arm", "event", "month"),
        False,
    ),
    # Time in every intervention of the register, of the primary comparison; the weight behind it is that of effect_sums.
    TableSchema(
        "effect_programme_sums",
        _PROGRAMME_DRAWS,
        ("district", "intervention_id", "protocol_hash", "estimand", "subgroup", "draw", "arm", "programme", "month"),
        False,
    ),
    # Shares of an arm in, and starting, every intervention by month 1..h; of districts as they are, pooled or not.
    TableSchema(
        "effect_programme_draws",
        _PROGRAMME_DRAWS,
        ("district", "intervention_id", "protocol_hash", "estimand", "subgroup", "draw", "arm", "programme", "month"),
        False,
    ),
    # The same for the declared groups, all districts together.
    TableSchema(
        "group_programme_draws",
        _PROGRAMME_DRAWS,
        ("district", "intervention_id", "protocol_hash", "estimand", "subgroup", "draw", "arm", "programme", "month"),
        False,
    ),
    TableSchema(
        "effect_draws",
        {
            **_DRAW_KEYS,
            "draw": pl.Int32,
            "arm": pl.Categorical,
            "state": pl.Categorical,
            "month": pl.Int32,
            "probability": pl.Float64,
        },
        ("district", "intervention_id", "protocol_hash", "estimand", "subgroup", "source", "draw", "arm", "state", "month"),
        False,
    ),
    # Draws of the declared groups, all districts together.
    TableSchema(
        "group_draws",
        {
            **_DRAW_KEYS,
            "draw": pl.Int32,
            "arm": pl.Categorical,
            "state": pl.Categorical,
            "month": pl.Int32,
            "probability": pl.Float64,
        },
        ("district", "intervention_id", "protocol_hash", "estimand", "subgroup", "source", "draw", "arm", "state", "month"),
        False,
    ),
    # A district's effect for people mixed as the city's eligible; a reason instead where it lacks such people.
    TableSchema(
        "standardised_draws",
        {
            "district": pl.String,
            "intervention_id": pl.String,
            "protocol_hash": pl.String,
            "draw": pl.Int32,
            "difference": pl.Float64,
            "reason": pl.String,
        },
        ("district", "protocol_hash", "draw"),
        False,
    ),
    # Who starts and could start in each declared group of a district, and in two of them together.
    TableSchema(
        "group_counts",
        {
            "district": pl.String,
            "intervention_id": pl.String,
            "subgroup": pl.String,
            "also_in": pl.String,
            "n_starters": pl.Int32,
            "n_eligible": pl.Int32,
            "n_eligible_per_year": pl.Float64,
        },
        ("district", "intervention_id", "subgroup", "also_in"),
        False,
    ),
    TableSchema(
        "effect_status",
        {
            **_EFFECT_KEYS,
            "status": pl.String,
            "reason": pl.String,
            "n_starters": pl.Int32,
            "n_eligible": pl.Int32,
            "n_eligible_per_year": pl.Float64,
            "effective_sample_size": pl.Float64,
            "max_weight": pl.Float64,
            "n_draws_without_starters": pl.Int32,
        },
        ("district", "intervention_id", "protocol_hash", "estimand", "subgroup", "source"),
        False,
    ),
    TableSchema(
        "value_draws",
        {
            **_DRAW_KEYS,
            "draw": pl.Int32,
            "actor": pl.Categorical,
            "kind": pl.Categorical,
            "posting": pl.Categorical,
            "amount": pl.Float64,
            "currency": pl.Categorical,
            "price_year": pl.Int32,
        },
        ("district", "intervention_id", "protocol_hash", "estimand", "subgroup", "source", "draw", "actor", "kind", "posting"),
        False,
    ),
    TableSchema(
        "value_totals",
        {
            "district": pl.String,
            "intervention_id": pl.String,
            "estimand": pl.String,
            "draw": pl.Int32,
            "net_benefit": pl.Float64,
            "net_public_cost": pl.Float64,
            "work_months": pl.Float64,
        },
        ("district", "intervention_id", "estimand", "draw"),
        False,
    ),
)
