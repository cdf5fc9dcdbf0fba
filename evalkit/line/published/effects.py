"""Published tables of effects: derived by a model, guarded by the persons who started."""

from functools import partial

from evalkit.line.table import Guard, Table

_EFFECT = ("district", "intervention_id", "estimand")
_PLACE = ("district", "intervention_id")
_RANGE = ("estimate", "ci_lower", "ci_upper")
_LIMITS = ("difference", "ci_lower", "ci_upper")
# One person may change the second reading by more than the plain one, and ranges of both with it.
_BOTH = (("ci_lower", "range_change"), ("ci_upper", "range_change"))
_OF_SECOND = ("second", "second_lower", "second_upper", "span_lower", "span_upper")
_estimates = partial(Table, guard=Guard("estimates", "n_starters"), grade="M")
_checks = partial(
    Table,
    guard=Guard("estimates", "n_starters", change="person_change", exact=("limit",)),
    grade="M",
)
_effects = partial(
    Table, guard=Guard("estimates", "n_starters", one_person="one_person"), grade="M"
)

EFFECTS = (
    _estimates(
        "balance",
        "One row per district, intervention and covariate: how alike the arms are before and "
        "after weighting.",
        keys=(*_PLACE, "covariate"),
        values=("smd_before", "smd_after", "variance_ratio_before", "variance_ratio_after"),
        unit="standard deviations, ratios",
    ),
    _estimates(
        "terms_left_out",
        "One row per district, intervention and term that never varies: left out, or refused.",
        keys=(*_PLACE, "covariate"),
        values=("handling",),
        unit="as named",
        about="For the reviewer of a protocol: which declared terms the data could not hold.",
    ),
    _effects(
        "effect_sensitivity",
        "One row per district, intervention and convention: the effect if it is handled otherwise.",
        keys=(*_PLACE, "convention"),
        values=_LIMITS,
        unit="months",
    ),
    _checks(
        "effect_checks",
        "One row per district, intervention and check, for all districts together.",
        keys=(*_PLACE, "check"),
        values=("value", "limit", "verdict", "term"),
        unit="as named per check",
    ),
    _checks(
        "district_checks",
        "One row per intervention and check of a single district.",
        keys=(*_PLACE, "check"),
        values=("value", "limit", "verdict", "term"),
        unit="as named per check",
        scope="district",
    ),
    Table(
        "comparison_left",
        "One row per district, intervention and month of trials: of those who could start in it or "
        "in the two months that follow, the share that is in no intervention, and what it is worth "
        "as a comparison.",
        keys=(*_PLACE, "calendar_month"),
        values=("share_unassigned", "effective_sample_size", "verdict"),
        unit="share of people, persons",
        guard=Guard(
            "counts", "n_eligible", shares=(("share_unassigned", "n_unassigned", "n_eligible"),)
        ),
        grade="M",
    ),
    Table(
        "trial_flow",
        "One row per district, intervention and quarter of trials: who could start and who did.",
        keys=(*_PLACE, "from_month", "to_month"),
        values=("n_eligible", "n_starters"),
        unit="persons",
        guard=Guard("counts", "n_eligible", total_over=("from_month",)),
        about="For the reviewer of a protocol: how many people the trials of a quarter rest on.",
    ),
    _estimates(
        "balance_by_period",
        "One row per district, intervention, period of trials and covariate.",
        keys=(*_PLACE, "from_month", "to_month", "covariate"),
        values=("smd_before", "smd_after"),
        unit="standard deviations",
        about=(
            "For the reviewer of a protocol: whether the arms are alike in every period, not only "
            "on the whole."
        ),
    ),
    Table(
        "overlap",
        "One row per district, intervention and bin of the propensity: shares of the arms in it.",
        keys=(*_PLACE, "bin"),
        values=(
            *("propensity_from", "propensity_to", "share_treated", "share_comparison"),
            "share_comparison_weighted",
        ),
        unit="probability, shares",
        # The edges of the bins are the model's.
        guard=Guard("estimates", "n_fewest", exact=("propensity_from", "propensity_to")),
        grade="M",
    ),
    _effects(
        "weight_sensitivity",
        "One row per district, intervention and cut of the largest weights.",
        keys=(*_PLACE, "cut"),
        values=(
            *_LIMITS,
            *("effective_sample_size", "max_weight", "top_1_percent_share", "max_abs_smd"),
        ),
        unit="months, persons, shares, standard deviations",
        about="For the reviewer of a protocol: how much a few large weights decide.",
    ),
    _effects(
        "placebo",
        "One row per district, intervention and test of an effect that must be zero.",
        keys=(*_PLACE, "test"),
        values=(*_LIMITS, "p_value", "p_holm", "verdict"),
        unit="shares, months, probabilities",
    ),
    Table(
        "effect_readings",
        "One row per effect and reading: naive, bounds, what is detectable. The range of the "
        "corrected one holds both readings of the effect, as in effect_summary.",
        keys=(*_EFFECT, "reading"),
        values=(*_RANGE, "information"),
        unit="shares, months, ratios",
        guard=Guard(
            *("estimates", "n_starters"),
            one_person="one_person",
            change="person_change",
            changes=_BOTH,
        ),
        grade="M",
    ),
    Table(
        "effect_status",
        "One row per effect: whether it could be estimated, what it rests on, how it was pooled.",
        keys=_EFFECT,
        values=(
            *("effect_state", "reason", "n_starters", "n_eligible", "effective_sample_size"),
            *("max_weight", "n_draws", "pooling", "n_districts_pooled"),
        ),
        unit="persons, shares, draws",
        guard=Guard("estimates", "n_eligible", is_uncounted_shown=True),
        grade="M",
    ),
    Table(
        "effect_curves",
        "One row per effect, state (small ones together: other), arm and month shown: share in it. "
        "Ranges of the difference of a primary comparison hold both readings.",
        keys=(*_EFFECT, "state", "arm", "month"),
        values=_RANGE,
        unit="share of people",
        guard=Guard(
            *("estimates", "n_fewest"), change="person_change", changes=_BOTH, is_path=True
        ),
        grade="M",
    ),
    Table(
        "effect_summary",
        "One row per effect and outcome up to the horizon. Ranges and probabilities of a primary "
        "comparison hold both readings, the numbers are the plain one's.",
        keys=(*_EFFECT, "outcome"),
        values=("treated", "comparison", *_LIMITS, "probability_positive"),
        unit="months, shares",
        guard=Guard("estimates", "n_starters", change="person_change", changes=_BOTH),
        grade="M",
    ),
    Table(
        "effect_span",
        "One row per effect of a primary comparison: months in the primary outcome gained under "
        "either reading, and the span of both.",
        keys=_EFFECT,
        values=(
            *("plain", "plain_lower", "plain_upper", "second", "second_lower", "second_upper"),
            *("span_lower", "span_upper", "n_with_past", "n_past_known", "verdict"),
        ),
        unit="months, persons",
        guard=Guard(
            *("estimates", "n_starters"),
            change="person_change",
            changes=tuple((column, "range_change") for column in _OF_SECOND),
        ),
        grade="M",
    ),
    Table(
        "strength",
        "One row per district, intervention and group of covariates: what leaving it out moves the "
        "months gained by (starting now rather than waiting), and how many times as strong "
        "something unmeasured would have to be to take the gain away, or to bring the nearer limit "
        "of its range to none.",
        keys=(*_PLACE, "covariate"),
        values=("moved", "moved_lower", "moved_upper", "times", "times_limit"),
        unit="months, times",
        # How many times is rounded where it is made (`strength`).
        guard=Guard(
            "estimates", "n_starters", one_person="one_person", exact=("times", "times_limit")
        ),
        grade="M",
    ),
    _effects(
        "trees",
        "One row per district and intervention: the months gained (starting now rather than "
        "waiting) with boosted trees in place of the formulas, and whether the estimate agrees.",
        keys=_PLACE,
        values=(*_LIMITS, "verdict", "reason"),
        unit="months",
    ),
    _effects(
        "group_effects",
        "One row per effect and declared group: the group's own estimate and the shrunk one, by "
        "the plain reading.",
        keys=(*_EFFECT, "subgroup"),
        values=(
            *("raw", "raw_lower", "raw_upper", "shrunk", "shrunk_lower", "shrunk_upper"),
            *("p_value", "p_holm", "max_abs_smd", "effect_state", "reason"),
        ),
        unit="months, probabilities, standard deviations",
    ),
    _estimates(
        "targeting_rule",
        "One row per condition of the rule that says who gains most.",
        keys=(*_PLACE, "condition"),
        values=("covariate", "side", "threshold"),
        unit="as the covariate",
    ),
    _effects(
        "targeting_value",
        "One row per way of choosing who starts (as today, by the rule) and their difference: gain "
        "per place.",
        keys=(*_PLACE, "policy"),
        values=(*_RANGE, "share_of_starters"),
        unit="months per place, share",
    ),
    _effects(
        "district_ranks",
        "One row per effect and district: raw, shrunk and standardised, and its rank, by the plain "
        "reading.",
        keys=_EFFECT,
        values=(
            *("raw", "raw_lower", "raw_upper", "shrunk", "shrunk_lower", "shrunk_upper"),
            *("standardised", "standardised_lower", "standardised_upper", "standardised_to"),
            *("reliability", "probability_best", "rank", "rank_lower", "rank_upper"),
            "n_districts",
        ),
        unit="months, probabilities, ranks",
    ),
    _effects(
        "effects_by_model",
        "One row per intervention, estimand and model of delivery of the districts.",
        keys=("intervention_id", "estimand", "model"),
        values=(
            *("effect", "effect_lower", "effect_upper", "gap", "gap_lower", "gap_upper"),
            *("standardised_to", "n_districts", "effect_state", "reason"),
        ),
        unit="months",
    ),
    Table(
        "funnel",
        "One row per district and intervention: share of the eligible in the primary outcome, "
        "observed and expected for people like them, with the limits of chance.",
        keys=_PLACE,
        values=(
            *("n_persons", "observed", "expected", "adjusted", "lower_95", "upper_95"),
            *("lower_998", "upper_998", "overdispersion", "verdict"),
        ),
        unit="persons, shares",
        # Shares of people are made of fives of them (`case_mix_funnel`).
        guard=Guard("estimates", "n_persons", exact=("observed", "adjusted")),
        grade="M",
    ),
    _effects(
        "effect_timing",
        "One row per effect and measure of time: lock-in, break-even, yield, return to support, by "
        "the plain reading.",
        keys=(*_EFFECT, "measure"),
        values=("treated", "comparison", *_RANGE),
        unit="months, shares",
    ),
    _effects(
        "effect_moments",
        "One row per intervention, decision (start, stop, dose) and month in which it is taken, by "
        "the plain reading.",
        keys=(*_PLACE, "decision", "month"),
        values=(*_LIMITS, "effect_state", "reason"),
        unit="months",
    ),
    Table(
        "rollout_effects",
        "One row per action of the districts and outcome: the effect of its roll-out.",
        keys=("action_id", "outcome"),
        values=(
            *("effect", "ci_lower", "ci_upper", "p_value", "trend_before", "p_trend", "change"),
            *("change_lower", "change_upper", "verdict", "n_adopted", "n_districts"),
        ),
        unit="logarithm of a monthly rate; change as a share of the rate",
        guard=Guard("estimates", "n_persons"),
        grade="M",
    ),
    Table(
        "rollout_events",
        "One row per action of the districts, outcome and period since its roll-out.",
        keys=("action_id", "outcome", "event_period"),
        values=("effect", "n_adopted"),
        unit="logarithm of a monthly rate",
        guard=Guard("estimates", "n_persons", change="person_change"),
        grade="M",
        about="For the reviewer of a roll-out: the path before and after it, period by period.",
    ),
)
