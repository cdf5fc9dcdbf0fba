"""The tables that a run makes itself and keeps in work/: set aside, spells and states, effects,
value.

Trials are persons; from `propensity` on no row is one.
"""

from types import MappingProxyType

from evalkit.line.table import Table

_EFFECT = ("district", "intervention_id", "protocol_hash", "estimand", "subgroup")
_SUMS = ("weighted_sum", "weight_total")
_STATUS = (
    *("status", "reason", "n_starters", "n_eligible", "n_eligible_per_year"),
    *("effective_sample_size", "max_weight", "one_person", "one_person_value"),
)
_OFFERED = ("taking_part", "starting")

# What a sender calls a column may say what it is of whom: nothing that leaves names these.
UNREAD = Table(
    "unread_columns",
    "One row per delivered column that neither a contract nor the mapping file names.",
    keys=("table", "file", "column"),
    values=(),
)

_TABLES = (
    UNREAD,
    Table(
        "rejected",
        "One row per rejected row of a delivered file and rule that it breaks; one that only names "
        "a row set aside says of which table.",
        keys=("table", "file", "line", "column", "rule"),
        values=("sentence", "follows_from"),
        is_person_level=True,
    ),
    Table(
        "flagged",
        "One row per row of a delivered file that was kept and is doubtful, and rule that it "
        "breaks.",
        keys=("table", "file", "line", "column", "rule"),
        values=("sentence", "follows_from"),
        is_person_level=True,
    ),
    Table(
        "support_spells",
        "One row per spell on support of a person.",
        keys=("person_id", "spell_no"),
        values=(
            *("household_id", "cluster_id", "district", "start", "end", "entry", "months"),
            *("exit_state", "exit", "is_start_known", "weight"),
        ),
        is_person_level=True,
    ),
    Table(
        "state_intervals",
        "One row per person and run of months in the same state, numbered from the extract's "
        "first month.",
        keys=("person_id", "start_month"),
        values=("district", "stop_month", "from_state", "to_state", "weight"),
        is_person_level=True,
    ),
    Table(
        "episodes",
        "One row per episode of a person in an intervention.",
        keys=("person_id", "episode_no"),
        values=(
            *("intervention_id", "start", "end", "planned_months", "provider_district"),
            *("is_running", "hours_per_week", "ladder_step", "end_reason"),
        ),
        is_person_level=True,
    ),
    Table(
        "propensity",
        "One row per protocol, model, draw and term of the model.",
        keys=("intervention_id", "protocol_hash", "model", "draw", "term"),
        values=("coefficient", "is_converged"),
    ),
    Table(
        "effect_sums",
        "One row per effect, draw, arm, state and month: weighted people in the state.",
        keys=(*_EFFECT, "draw", "arm", "state", "month"),
        values=_SUMS,
        is_of_draws=True,
    ),
    Table(
        "effect_event_sums",
        "One row per effect, draw, arm, event and month: weighted people who have reached the "
        "event by the month. Events do not sum to one.",
        keys=(*_EFFECT, "draw", "arm", "event", "month"),
        values=_SUMS,
        is_of_draws=True,
    ),
    Table(
        "effect_programme_sums",
        "One row per effect of the primary comparison, draw, arm, intervention of the register "
        "and month: weighted people in it, and starting it. Their total weight is that of "
        "effect_sums.",
        keys=(*_EFFECT, "draw", "arm", "programme", "month"),
        values=_OFFERED,
        is_of_draws=True,
    ),
    Table(
        "effect_programme_draws",
        "One row per effect, draw, arm, intervention of the register and month from 1: share of "
        "the arm in it, and starting it.",
        keys=(*_EFFECT, "draw", "arm", "programme", "month"),
        values=_OFFERED,
        is_of_draws=True,
    ),
    Table(
        "group_programme_draws",
        "As effect_programme_draws for the declared groups, all districts together.",
        keys=(*_EFFECT, "draw", "arm", "programme", "month"),
        values=_OFFERED,
        is_of_draws=True,
    ),
    Table(
        "effect_draws",
        "One row per effect, source (raw or shrunk), draw, arm, state and month: share of the arm "
        "in the state. States sum to one.",
        keys=(*_EFFECT, "source", "draw", "arm", "state", "month"),
        values=("probability",),
        is_of_draws=True,
    ),
    Table(
        "second_shifts",
        "One row per district (and all), protocol and draw: what the second reading adds to the "
        "months in the primary outcome that are gained. None where the past shows nothing.",
        keys=("district", "protocol_hash", "draw"),
        values=("intervention_id", "shift"),
    ),
    Table(
        "second_past",
        "One row per district (and all) and protocol: of those who start, how many have a past in "
        "the window, and whether there is a second reading.",
        keys=("district", "protocol_hash"),
        values=(
            *("intervention_id", "n_starters", "n_with_past", "n_past_known", "verdict"),
            "person_change",
        ),
    ),
    Table(
        "second_draws",
        "As effect_draws under the second reading, of each protocol's primary comparison.",
        keys=(*_EFFECT, "source", "draw", "arm", "state", "month"),
        values=("probability",),
        is_of_draws=True,
    ),
    Table(
        "left_out",
        "One row per district, intervention and group of covariates: what leaving it out moves the "
        "effect by.",
        keys=("district", "intervention_id", "covariate"),
        values=("moved", "moved_lower", "moved_upper", "n_starters", "one_person"),
    ),
    Table(
        "group_draws",
        "As effect_draws for the declared groups, all districts together.",
        keys=(*_EFFECT, "source", "draw", "arm", "state", "month"),
        values=("probability",),
        is_of_draws=True,
    ),
    Table(
        "standardised_draws",
        "One row per district, protocol and draw: the effect for people mixed as the city's "
        "eligible, or a reason where the district lacks such people.",
        keys=("district", "protocol_hash", "draw"),
        values=("intervention_id", "difference", "reason"),
    ),
    Table(
        "group_counts",
        "One row per district, intervention, declared group and second group: who starts and who "
        "could start in both.",
        keys=("district", "intervention_id", "subgroup", "also_in"),
        values=("n_starters", "n_eligible", "n_eligible_per_year"),
    ),
    Table(
        "weights_status",
        "One row per effect of all districts together: whether it could be estimated, and what it "
        "rests on.",
        keys=(*_EFFECT, "source"),
        values=_STATUS,
    ),
    Table(
        "district_status",
        "One row per effect of a district: whether it could be estimated, and what it rests on.",
        keys=(*_EFFECT, "source"),
        values=_STATUS,
    ),
    Table(
        "effect_status",
        "One row per effect and source: whether it can be said, and what it rests on.",
        keys=(*_EFFECT, "source"),
        values=_STATUS,
    ),
    Table(
        "effect_people",
        "One row per effect, arm, state and month: the people in it, and the most that one person "
        "changes.",
        keys=(*_EFFECT[:4], "arm", "state", "month"),
        values=(
            *("n_fewest", "n_in_state", "n_moved", "is_together", "share_change"),
            "months_change",
        ),
    ),
    Table(
        "value_draws",
        "One row per effect, source, draw, actor, kind and posting: money per participant.",
        keys=(*_EFFECT, "source", "draw", "actor", "kind", "posting"),
        values=("amount", "currency", "price_year"),
        is_of_draws=True,
    ),
    Table(
        "settlement_by_month",
        "One row per month, district that pays, district whose places they are and intervention: "
        "what is owed for places used.",
        keys=("calendar_month", "home_district", "provider_district", "intervention_id"),
        values=("n_place_months", "price_per_month", "amount", "currency"),
    ),
    Table(
        "value_totals",
        "One row per district, intervention, estimand and draw: value per participant in total.",
        keys=("district", "intervention_id", "estimand", "draw"),
        values=("net_benefit", "net_public_cost", "work_months"),
    ),
    Table(
        "second_totals",
        "One row per district, intervention, estimand and draw: value_totals under the second "
        "reading, of effects that have one.",
        keys=("district", "intervention_id", "estimand", "draw"),
        values=("net_benefit", "net_public_cost", "work_months"),
    ),
)
DERIVED = MappingProxyType({table.name: table for table in _TABLES})
