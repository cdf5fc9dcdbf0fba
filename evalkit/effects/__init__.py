"""Effects: what an intervention changes, lock-in included, and when nothing can be said.

What notebooks, the command line and researchers call; everything else stands in its module.
"""

from evalkit.effects.answer.doubly_robust import doubly_robust_months
from evalkit.effects.answer.effect_estimate import EffectEstimate, estimate
from evalkit.effects.answer.effect_sums import effect_draws
from evalkit.effects.answer.estimate import estimate_effect
from evalkit.effects.answer.groups import group_tables
from evalkit.effects.answer.intervention import (
    district_effects,
    intervention_effects,
    intervention_weights,
)
from evalkit.effects.answer.intervention_tables import ranks, readings, summaries, timings
from evalkit.effects.answer.reported import primary_draws, primary_rows
from evalkit.effects.answer.status import status_for_publication, status_of_run, with_starters
from evalkit.effects.answer.summary import effect_curves, effect_summary
from evalkit.effects.answer.targeting import targeting_tables
from evalkit.effects.answer.third_opinion import third_opinion
from evalkit.effects.answer.timing import effect_timing
from evalkit.effects.design.draw import draw_lots
from evalkit.effects.design.trial_design import (
    TrialDesign,
    known_of_tables,
    lottery_design,
    steps_design,
)
from evalkit.effects.districts.district_models import ways_of_working
from evalkit.effects.districts.funnel import case_mix_funnel
from evalkit.effects.districts.pooling import shrink
from evalkit.effects.districts.standardise import standardised_draws
from evalkit.effects.pictures import plot
from evalkit.effects.rollouts.actions import roll_outs
from evalkit.effects.rollouts.effect import Adoption, rollout_effect
from evalkit.effects.rollouts.panel import rollout_panel
from evalkit.effects.trials.next_step import refuse_unmet_steps
from evalkit.effects.trials.person_months import emulate_trials
from evalkit.effects.trials.person_tables import PersonTables
from evalkit.effects.trials.python_protocol import Protocol
from evalkit.effects.trials.requirements import (
    DeliveredColumn,
    refuse_unfollowed_states,
    refuse_unknown_hours,
    refuse_unknown_interventions,
    refuse_unusable_columns,
    tables_asked_for,
    term_names,
)
from evalkit.effects.trials.target_trial import Trials, trial_months, trials_of_tables
from evalkit.effects.trust.balance import balance_table
from evalkit.effects.trust.beside_truth import beside_truth
from evalkit.effects.trust.bounds import effect_readings
from evalkit.effects.trust.checks import district_checks, effect_checks, intervention_checks
from evalkit.effects.trust.overlap import overlap_table
from evalkit.effects.trust.placebo import placebo_tests
from evalkit.effects.trust.second_reading import (
    SecondReadings,
    TwoReadings,
    second_reading,
    two_readings,
)
from evalkit.effects.trust.strength import strength
from evalkit.effects.weighting.contrast import contrast
from evalkit.effects.weighting.cross_section import LogitModel, logit, propensity_weights
from evalkit.effects.weighting.propensity import fit_models, fit_propensity
from evalkit.effects.weighting.strategies import weighting_of
from evalkit.effects.weighting.weights import effective_sample_size
from evalkit.frames import at_the_door
from evalkit.line.protocols import (
    interventions_of,
    load_protocol,
    load_protocols,
    protocol_hash,
    protocol_of,
    protocols_in,
    without_livelihood,
)

__all__ = [
    "Adoption",
    "DeliveredColumn",
    "EffectEstimate",
    "LogitModel",
    "PersonTables",
    "Protocol",
    "SecondReadings",
    "TrialDesign",
    "Trials",
    "TwoReadings",
    "balance_table",
    "beside_truth",
    "case_mix_funnel",
    "contrast",
    "district_checks",
    "district_effects",
    "doubly_robust_months",
    "draw_lots",
    "effect_checks",
    "effect_curves",
    "effect_draws",
    "effect_readings",
    "effect_summary",
    "effect_timing",
    "effective_sample_size",
    "emulate_trials",
    "estimate",
    "estimate_effect",
    "fit_models",
    "fit_propensity",
    "group_tables",
    "intervention_checks",
    "intervention_effects",
    "intervention_weights",
    "interventions_of",
    "known_of_tables",
    "load_protocol",
    "load_protocols",
    "logit",
    "lottery_design",
    "overlap_table",
    "placebo_tests",
    "plot",
    "primary_draws",
    "primary_rows",
    "propensity_weights",
    "protocol_hash",
    "protocol_of",
    "protocols_in",
    "ranks",
    "readings",
    "refuse_unfollowed_states",
    "refuse_unknown_hours",
    "refuse_unknown_interventions",
    "refuse_unmet_steps",
    "refuse_unusable_columns",
    "roll_outs",
    "rollout_effect",
    "rollout_panel",
    "second_reading",
    "shrink",
    "standardised_draws",
    "status_for_publication",
    "status_of_run",
    "steps_design",
    "strength",
    "summaries",
    "tables_asked_for",
    "targeting_tables",
    "term_names",
    "third_opinion",
    "timings",
    "trial_months",
    "trials_of_tables",
    "two_readings",
    "ways_of_working",
    "weighting_of",
    "with_starters",
    "without_livelihood",
]

globals().update(at_the_door(globals(), __all__))
