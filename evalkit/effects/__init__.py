"""Effects: what an intervention changes, lock-in included, and when nothing can be said."""

from evalkit.effects.answer.conventions import effect_sensitivity
from evalkit.effects.answer.doubly_robust import doubly_robust_difference, doubly_robust_months
from evalkit.effects.answer.effect_sums import add_districts, effect_draws
from evalkit.effects.answer.estimate import (
    EffectParts,
    effect_status,
    estimate_effect,
    no_effect,
)
from evalkit.effects.answer.groups import (
    GroupEffects,
    GroupTables,
    group_counts,
    group_effects,
    group_masks,
    group_summary,
    group_tables,
    with_target_groups,
)
from evalkit.effects.answer.intervention import (
    InterventionEffects,
    InterventionWeights,
    district_effects,
    intervention_effects,
    intervention_weights,
    ranks,
    readings,
    summaries,
    timings,
)
from evalkit.effects.answer.reported import primary_draws, primary_rows, reported_draws
from evalkit.effects.answer.start_stop_dose import (
    effect_by_dose,
    effect_by_start_month,
    effect_by_stop_month,
)
from evalkit.effects.answer.status import status_for_publication, status_of_run, with_starters
from evalkit.effects.answer.summary import effect_curves, effect_summary
from evalkit.effects.answer.targeting import (
    Condition,
    Targeting,
    learn_rule,
    targeting,
    targeting_tables,
)
from evalkit.effects.answer.timing import break_even_month, effect_timing
from evalkit.effects.districts.district_models import effects_by_model, ways_of_working
from evalkit.effects.districts.funnel import case_mix_funnel
from evalkit.effects.districts.pooling import draw_between_variance, primary_differences, shrink
from evalkit.effects.districts.ranking import district_ranks
from evalkit.effects.districts.standardise import standardised_draws
from evalkit.effects.rollouts.actions import RollOuts, roll_outs
from evalkit.effects.rollouts.effect import Adoption, RollOut, rollout_effect
from evalkit.effects.rollouts.panel import rollout_panel
from evalkit.effects.trials.person_tables import PersonTables
from evalkit.effects.trials.requirements import (
    DeliveredColumn,
    refuse_unfollowed_states,
    refuse_unknown_interventions,
    refuse_unusable_columns,
    tables_asked_for,
    term_names,
)
from evalkit.effects.trials.stop_trials import dose_trials, stop_trials
from evalkit.effects.trials.target_trial import Trials, Waiting, emulate_trials, trial_months
from evalkit.effects.trust.balance import balance_by_period, balance_table, trial_flow
from evalkit.effects.trust.beside_truth import beside_truth
from evalkit.effects.trust.bounds import e_value, effect_readings
from evalkit.effects.trust.checks import (
    InterventionChecks,
    district_checks,
    effect_checks,
    intervention_checks,
)
from evalkit.effects.trust.overlap import overlap_table, share_outside_support, weight_sensitivity
from evalkit.effects.trust.placebo import holm, placebo_tests
from evalkit.effects.trust.protocol_card import protocol_card, protocol_cards
from evalkit.effects.trust.refusal import (
    constant_covariates,
    constant_terms,
    refusal_reason,
    terms_left_out,
)
from evalkit.effects.trust.unmodelled import unmodelled_likeness
from evalkit.effects.weighting.contrast import Contrast, contrast
from evalkit.effects.weighting.logit import LogitFit, replicate_logits, weighted_logit
from evalkit.effects.weighting.propensity import (
    fit_censoring,
    fit_models,
    fit_propensity,
    propensity_weights,
)
from evalkit.effects.weighting.strategies import weighting_of
from evalkit.effects.weighting.weights import (
    effective_people,
    effective_sample_size,
    weights_from_propensity,
)
from evalkit.line.protocol import (
    Protocol,
    Subgroup,
    Truncation,
    interventions_of,
    load_protocol,
    load_protocols,
    protocol_hash,
    protocol_of,
    protocols_in,
)

__all__ = [
    "Adoption",
    "Condition",
    "Contrast",
    "DeliveredColumn",
    "EffectParts",
    "GroupEffects",
    "GroupTables",
    "InterventionChecks",
    "InterventionEffects",
    "InterventionWeights",
    "LogitFit",
    "PersonTables",
    "Protocol",
    "RollOut",
    "RollOuts",
    "Subgroup",
    "Targeting",
    "Trials",
    "Truncation",
    "Waiting",
    "add_districts",
    "balance_by_period",
    "balance_table",
    "beside_truth",
    "break_even_month",
    "case_mix_funnel",
    "constant_covariates",
    "constant_terms",
    "contrast",
    "district_checks",
    "district_effects",
    "district_ranks",
    "dose_trials",
    "doubly_robust_difference",
    "doubly_robust_months",
    "draw_between_variance",
    "e_value",
    "effect_by_dose",
    "effect_by_start_month",
    "effect_by_stop_month",
    "effect_checks",
    "effect_curves",
    "effect_draws",
    "effect_readings",
    "effect_sensitivity",
    "effect_status",
    "effect_summary",
    "effect_timing",
    "effective_people",
    "effective_sample_size",
    "effects_by_model",
    "emulate_trials",
    "estimate_effect",
    "fit_censoring",
    "fit_models",
    "fit_propensity",
    "group_counts",
    "group_effects",
    "group_masks",
    "group_summary",
    "group_tables",
    "holm",
    "intervention_checks",
    "intervention_effects",
    "intervention_weights",
    "interventions_of",
    "learn_rule",
    "load_protocol",
    "load_protocols",
    "no_effect",
    "overlap_table",
    "placebo_tests",
    "primary_differences",
    "primary_draws",
    "primary_rows",
    "propensity_weights",
    "protocol_card",
    "protocol_cards",
    "protocol_hash",
    "protocol_of",
    "protocols_in",
    "ranks",
    "readings",
    "refusal_reason",
    "refuse_unfollowed_states",
    "refuse_unknown_interventions",
    "refuse_unusable_columns",
    "replicate_logits",
    "reported_draws",
    "roll_outs",
    "rollout_effect",
    "rollout_panel",
    "share_outside_support",
    "shrink",
    "standardised_draws",
    "status_for_publication",
    "status_of_run",
    "stop_trials",
    "summaries",
    "tables_asked_for",
    "targeting",
    "targeting_tables",
    "term_names",
    "terms_left_out",
    "timings",
    "trial_flow",
    "trial_months",
    "unmodelled_likeness",
    "ways_of_working",
    "weight_sensitivity",
    "weighted_logit",
    "weighting_of",
    "weights_from_propensity",
    "with_starters",
    "with_target_groups",
]
