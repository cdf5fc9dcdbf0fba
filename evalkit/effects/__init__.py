"""Effects: what an intervention changes, lock-in included, and when nothing can be said."""

from evalkit.effects.city import (
    CITY,
    CityEffects,
    CityWeights,
    PersonTables,
    city_effects,
    city_weights,
    district_effects,
    reported_draws,
    summaries,
)
from evalkit.effects.diagnostics import balance_table, effect_sensitivity, status_for_publication, trial_flow, with_starters
from evalkit.effects.estimate import EffectParts, add_districts, effect_draws, effect_status, estimate_effect, no_effect
from evalkit.effects.pooling import draw_between_variance, primary_differences, shrink
from evalkit.effects.protocol import (
    ESTIMAND,
    Protocol,
    Subgroup,
    load_protocol,
    load_protocols,
    protocol_card,
    protocol_cards,
    protocol_hash,
)
from evalkit.effects.summary import break_even_month, effect_curves, effect_summary
from evalkit.effects.target_trial import Trials, emulate_trials
from evalkit.effects.weights import (
    LogitFit,
    effective_sample_size,
    fit_propensity,
    propensity_weights,
    weighted_logit,
    weights_from_propensity,
)

__all__ = [
    "CITY",
    "ESTIMAND",
    "CityEffects",
    "CityWeights",
    "EffectParts",
    "LogitFit",
    "PersonTables",
    "Protocol",
    "Subgroup",
    "Trials",
    "add_districts",
    "balance_table",
    "break_even_month",
    "city_effects",
    "city_weights",
    "district_effects",
    "draw_between_variance",
    "effect_curves",
    "effect_draws",
    "effect_sensitivity",
    "effect_status",
    "effect_summary",
    "effective_sample_size",
    "emulate_trials",
    "estimate_effect",
    "fit_propensity",
    "load_protocol",
    "load_protocols",
    "no_effect",
    "primary_differences",
    "propensity_weights",
    "protocol_card",
    "protocol_cards",
    "protocol_hash",
    "reported_draws",
    "shrink",
    "status_for_publication",
    "summaries",
    "trial_flow",
    "weighted_logit",
    "weights_from_propensity",
    "with_starters",
]
