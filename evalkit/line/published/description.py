"""Published tables of intake, spells and survival: read off the register."""

from evalkit.line.table import Guard, Table

_RANGE = ("estimate", "ci_lower", "ci_upper")

DESCRIPTION = (
    Table(
        "intake",
        'One row per delivered table and rule: rows that broke it; rule "all" is the whole table.',
        keys=("table", "rule"),
        values=("n_delivered", "n_accepted", "n_rejected", "data_through"),
        unit="rows, months",
        guard=Guard("estimates"),
    ),
    Table(
        "reason_codes",
        "One row per source of reasons, kind of list that says what their codes mean, and answer: "
        "rows with a reason that tells a state, another one, or stands on no list.",
        keys=("source", "code_list", "answer"),
        values=("n_delivered",),
        unit="rows",
        guard=Guard("counts", "n_persons", total_over=("answer",)),
    ),
    Table(
        "deliveries",
        "One row per table that may be delivered, and per column of a delivered one that answers a "
        'question of its own: whether it was delivered; column "all" is the whole table.',
        keys=("table", "column"),
        values=("question", "delivery", "n_accepted"),
        unit="rows",
        guard=Guard("estimates", needed=("delivery",)),
    ),
    Table(
        "people",
        "One row per district and measure: how many persons and spells there are.",
        keys=("district", "measure"),
        values=("count",),
        unit="persons, spells",
        guard=Guard("counts", "n_persons", total_over=("district",)),
    ),
    Table(
        "before_after",
        "One row per district, break in law and measure: months without support among those who "
        "had been on support equally long, from the break on and the year before, or both a year "
        "earlier.",
        keys=("district", "break_key", "measure"),
        values=("after", "before", "difference", "ci_lower", "ci_upper"),
        unit="months",
        guard=Guard("estimates", "n_fewest"),
    ),
    Table(
        "exits",
        "One row per district and way out of support.",
        keys=("district", "exit"),
        values=("n_spells", "n_persons", "share"),
        unit="spells, persons, shares",
        guard=Guard(
            "counts",
            "n_persons",
            total_over=("district", "exit"),
            overlaps=("exit",),
            listed=("exit",),
        ),
    ),
    Table(
        "exit_bounds",
        "One row per district, share of ends or of lasting exits, and way out of support: the "
        "share as counted, and at most, with all of those of whom it is unknown.",
        keys=("district", "measure", "exit"),
        values=("share", "share_at_most"),
        unit="shares",
        guard=Guard("estimates", "n_persons", needed=("share",)),
    ),
    Table(
        "exit_sources",
        "One row per source of what came after support, taken alone (all: as the run takes them "
        "together), and way out: the shares in the whole city.",
        keys=("source", "exit"),
        values=("n_spells", "share"),
        unit="spells, shares",
        guard=Guard("counts", "n_persons", total_over=("exit",), listed=("exit",)),
    ),
    Table(
        "time_on_support",
        "One row per district and horizon: mean months on support up to it.",
        keys=("district", "horizon_months"),
        values=(*_RANGE, "std_error", "n_spells", "n_persons"),
        unit="months",
        guard=Guard("estimates", "n_persons", needed=("estimate",)),
    ),
    Table(
        "group_months",
        "One row per district, characteristic, group and horizon: mean months on support up to it.",
        keys=("district", "characteristic", "group", "horizon_months"),
        values=(*_RANGE, "n_spells", "n_persons"),
        unit="months",
        guard=Guard(
            "counts",
            "n_persons",
            total_over=("district", "group"),
            listed=("characteristic", "group"),
            needed=("estimate",),
        ),
    ),
    Table(
        "long_term",
        "One row per district, year, measure of long-term support and answer.",
        keys=("district", "year", "measure", "answer"),
        values=("n_persons", "share"),
        unit="persons, shares",
        guard=Guard("counts", "n_persons", total_over=("district", "answer")),
    ),
    Table(
        "gap_sensitivity",
        "One row per district and longest gap that a spell may bridge.",
        keys=("district", "max_gap_months"),
        values=("n_spells", "n_ended", "median_months"),
        unit="spells, months",
        guard=Guard("counts", "n_persons", total_over=("district",), needed=("median_months",)),
    ),
    Table(
        "after_support",
        "One row per district, measure of what came after support and answer.",
        keys=("district", "measure", "answer"),
        values=("n_spells", "n_persons", "share"),
        unit="spells, persons, shares",
        guard=Guard("counts", "n_fewest", total_over=("district", "answer"), overlaps=("answer",)),
    ),
    Table(
        "loops",
        "One row per district, level of support and number of returns to it.",
        keys=("district", "level", "n_returns"),
        values=("n_persons", "share"),
        unit="persons, shares",
        guard=Guard("counts", "n_persons", total_over=("district", "n_returns")),
    ),
    Table(
        "gaps_after_interventions",
        "One row per intervention and what ended the months without any after it.",
        keys=("intervention_id", "ended_by"),
        values=("n_episodes", "n_persons", "share", "mean_gap_months"),
        unit="episodes, persons, shares, months",
        guard=Guard(
            "counts",
            "n_persons",
            total_over=("intervention_id", "ended_by"),
            overlaps=("intervention_id", "ended_by"),
            listed=("intervention_id",),
        ),
        about=(
            "For whoever plans the way from one intervention to the next: how long people wait, "
            "and for what."
        ),
    ),
    Table(
        "plans_kept",
        "One row per intervention and whether its planned length was kept.",
        keys=("intervention_id", "plan"),
        values=("n_episodes", "n_persons", "share", "mean_planned_months"),
        unit="episodes, persons, shares, months",
        guard=Guard(
            "counts",
            "n_persons",
            total_over=("intervention_id", "plan"),
            overlaps=("intervention_id", "plan"),
            listed=("intervention_id", "plan"),
        ),
        about="For whoever plans places: whether episodes end as planned, earlier or later.",
    ),
    Table(
        "state_sources",
        "One row per source from which the states of persons' months are taken.",
        keys=("source",),
        values=("n_person_months", "n_persons", "share"),
        unit="months, persons, shares",
        guard=Guard("counts", "n_persons", total_over=("source",), overlaps=("source",)),
    ),
    Table(
        "timeline_faults",
        "One row per kind of fault in the delivered months: of livelihood and of payments.",
        keys=("fault",),
        values=("n_faults", "n_person_months", "n_persons"),
        unit="faults, months, persons",
        guard=Guard("counts", "n_persons"),
    ),
    Table(
        "livelihood_collisions",
        "One row per pair of livelihoods delivered for the same months: which is believed, "
        "which set aside.",
        keys=("collision", "believed", "set_aside"),
        values=("n_person_months", "n_persons"),
        unit="months, persons",
        guard=Guard("counts", "n_persons", listed=("collision", "believed", "set_aside")),
        about=(
            "For the sender of the extract: which of two livelihoods of the same months is "
            "believed."
        ),
    ),
    Table(
        "exit_curves",
        "One row per way out of support and month: share of spells that have ended that way.",
        keys=("district", "exit", "month"),
        values=(*_RANGE, "n_at_risk"),
        unit="share of spells",
        guard=Guard("curve", "n_persons", parts="exit"),
        scope="district",
    ),
    Table(
        "exit_curve_bounds",
        "One row per way out of support and quoted month: the share that has left that way, and at "
        "most, with all that left nobody knows where.",
        keys=("district", "exit", "month"),
        values=("share", "share_at_most"),
        unit="share of spells",
        guard=Guard("estimates", "n_persons", needed=("share",)),
        scope="district",
    ),
    Table(
        "exit_rates",
        "One row per band of months on support: share of spells that end in a month of it.",
        keys=("district", "last_month"),
        values=("first_month", *_RANGE),
        unit="share per month",
        guard=Guard("counts", "n_persons", total_over=("last_month",), needed=("estimate",)),
        scope="district",
    ),
    Table(
        "group_curves",
        "One row per characteristic, group and month: share of spells still running.",
        keys=("district", "characteristic", "group", "month"),
        values=_RANGE,
        unit="share of spells",
        guard=Guard("curve", "n_persons"),
        scope="district",
    ),
    Table(
        "states",
        "One row per state and month of the extract: share of people in the state.",
        keys=("district", "state", "month"),
        values=_RANGE,
        unit="share of people",
        guard=Guard("curve", "n_persons", parts="state", is_every_month=True),
        scope="district",
    ),
)
