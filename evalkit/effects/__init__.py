"""Effects: what an intervention changes, lock-in included, and when nothing can be said."""

from evalkit.effects.card import protocol_card, protocol_cards
from evalkit.effects.city import (
    CITY,
    CityEffects,
    CityWeights,
    PersonTables,
    city_effects,
    city_weights,
    district_effects,
    primary_draws,
    reported_draws,
    summaries,
    timings,
)
from evalkit.effects.diagnostics import balance_table, effect_sensitivity, status_for_publication, trial_flow, with_starters
from evalkit.effects.doubly_robust import doubly_robust_difference, doubly_robust_months
from evalkit.effects.estimate import EffectParts, add_districts, effect_draws, effect_status, estimate_effect, no_effect
from evalkit.effects.logit import LogitFit, replicate_logits, weighted_logit
from evalkit.effects.moments import start_moments, stop_moments, stop_trials
from evalkit.effects.pooling import draw_between_variance, primary_differences, shrink
from evalkit.effects.protocol import ESTIMAND, ESTIMANDS, Protocol, Subgroup, Truncation, load_protocol, load_protocols, protocol_hash
from evalkit.effects.summary import effect_curves, effect_summary
from evalkit.effects.target_trial import Trials, Waiting, emulate_trials
from evalkit.effects.timing import break_even_month, effect_timing
from evalkit.effects.weights import (
    effective_sample_size,
    fit_censoring,
    fit_propensity,
    propensity_weights,
    weights_from_propensity,
)

__all__ = [
    "CITY",
    "ESTIMAND",
    "ESTIMANDS",
    "CityEffects",
    "CityWeights",
    "EffectParts",
    "LogitFit",
    "PersonTables",
    "Protocol",
    "Subgroup",
    "Trials",
    "Truncation",
    "Waiting",
    "add_districts",
    "balance_table",
    "break_even_month",
    "city_effects",
    "city_weights",
    "district_effects",
    "doubly_robust_difference",
    "doubly_robust_months",
    "draw_between_variance",
    "effect_curves",
    "effect_draws",
    "effect_sensitivity",
    "effect_status",
    "effect_summary",
    "effect_timing",
    "effective_sample_size",
    "emulate_trials",
    "estimate_effect",
    "fit_censoring",
    "fit_propensity",
    "load_protocol",
    "load_protocols",
    "no_effect",
    "primary_differences",
    "primary_draws",
    "propensity_weights",
    "protocol_card",
    "protocol_cards",
    "protocol_hash",
    "replicate_logits",
    "reported_draws",
    "shrink",
    "start_moments",
    "status_for_publication",
    "stop_moments",
    "stop_trials",
    "summaries",
    "timings",
    "trial_flow",
    "weighted_logit",
    "weights_from_propensity",
    "with_starters",
]
