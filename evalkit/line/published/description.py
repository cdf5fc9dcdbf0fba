"""Published tables of intake, spells and survival: read off the register."""

from evalkit.line.table import Guard, Table

_RANGE = ("estimate", "ci_lower", "ci_upper")
# Two people's months on support up to a horizon are no further apart than that.
_MONTHS = (("estimate", "horizon_months"),)

DESCRIPTION = (
    Table(
        "intake",
        "One row per delivered table and rule: rows set aside for it, or kept and flagged; rule "
        '"all" is the whole table.',
        keys=("table", "rule"),
        values=("n_delivered", "n_rejected", "n_flagged", "data_through"),
        unit="rows, months",
        guard=Guard("counts", listed=(("table", "rule"),)),
    ),
    Table(
        "reason_codes",
        "One row per source of reasons, kind of list that says what their codes mean, and answer: "
        "rows with a reason that tells a state, another one, or stands on no list.",
        keys=("source", "code_list", "answer"),
        values=("n_delivered",),
        unit="rows",
        guard=Guard("counts", listed=(("source",),), total_over=("answer",)),
    ),
    Table(
        "deliveries",
        "One row per table that may be delivered, and per column of a delivered one that answers a "
        'question of its own: whether it was delivered; column "all" is the whole table.',
        keys=("table", "column"),
        values=("question", "delivery", "n_delivered"),
        unit="rows",
        guard=Guard("estimates", needed=("delivery",)),
    ),
    Table(
        "people",
        "One row per district and measure: how many persons and spells there are.",
        keys=("district", "measure"),
        values=("count",),
        unit="persons, spells",
        guard=Guard("counts", listed=(("district",),), total_over=("district",)),
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
        values=("n_spells", "n_persons", "n_whole", "share"),
        unit="spells, persons, shares",
        guard=Guard(
            "counts",
            shares=(("share", "n_spells", "n_whole"),),
            listed=(("district",), ("exit",)),
            total_over=("district", "exit"),
            overlaps=("exit",),
        ),
    ),
    Table(
        "exit_bounds",
        "One row per district, share of ends or of lasting exits, and way out of support: the "
        "share as counted, and at most, with all of those of whom it is unknown.",
        keys=("district", "measure", "exit"),
        values=("n_whole", "share", "share_at_most"),
        unit="spells, shares",
        guard=Guard(
            "counts",
            shares=(("share", "n_spells", "n_whole"), ("share_at_most", "n_at_most", "n_whole")),
        ),
    ),
    Table(
        "exit_sources",
        "One row per source of what came after support, taken alone (all: as the run takes them "
        "together), and way out: the shares in the whole city.",
        keys=("source", "exit"),
        values=("n_spells", "n_whole", "share"),
        unit="spells, shares",
        guard=Guard(
            "counts",
            shares=(("share", "n_spells", "n_whole"),),
            listed=(("source",), ("exit",)),
            total_over=("exit",),
        ),
    ),
    Table(
        "time_on_support",
        "One row per district and horizon: mean months on support up to it.",
        keys=("district", "horizon_months"),
        values=(*_RANGE, "n_spells", "n_persons"),
        unit="months",
        guard=Guard(
            "counts", "n_persons", spans=_MONTHS, listed=(("district",),), needed=("estimate",)
        ),
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
            spans=_MONTHS,
            listed=(("district", "characteristic", "group"),),
            total_over=("district", "group"),
            needed=("estimate",),
        ),
    ),
    Table(
        "long_term",
        "One row per district, year, measure of long-term support and answer: all, and those of "
        "whom it is true.",
        keys=("district", "year", "measure", "answer"),
        values=("n_persons", "share"),
        unit="persons, shares",
        guard=Guard(
            "counts",
            shares=(("share", "n_persons", "n_whole"),),
            listed=(("district", "year", "measure"),),
            total_over=("district", "answer"),
        ),
    ),
    Table(
        "gap_sensitivity",
        "One row per district and longest gap that a spell may bridge.",
        keys=("district", "max_gap_months"),
        values=("n_spells", "n_ended", "median_months"),
        unit="spells, months",
        guard=Guard(
            "counts",
            "n_persons",
            listed=(("district", "max_gap_months"),),
            total_over=("district",),
            needed=("median_months",),
        ),
    ),
    Table(
        "after_support",
        "One row per district, measure of what came after support and answer: all, those of whom "
        "it is true, and those of whom nobody knows.",
        keys=("district", "measure", "answer"),
        values=("n_spells", "n_persons", "share"),
        unit="spells, persons, shares",
        guard=Guard(
            "counts",
            shares=(("share", "n_spells", "n_whole"),),
            listed=(("district", "measure"),),
            total_over=("district", "answer"),
            overlaps=("answer",),
        ),
    ),
    Table(
        "loops",
        "One row per district, level of support and number of returns to it.",
        keys=("district", "level", "n_returns"),
        values=("n_persons", "share"),
        unit="persons, shares",
        guard=Guard(
            "counts",
            shares=(("share", "n_persons", "n_whole"),),
            listed=(("district", "level"),),
            total_over=("district", "n_returns"),
        ),
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
            shares=(("share", "n_episodes", "n_whole"),),
            spans=(("mean_gap_months", "longest_months"),),
            total_over=("intervention_id", "ended_by"),
            overlaps=("intervention_id", "ended_by"),
            listed=(("intervention_id",),),
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
            shares=(("share", "n_episodes", "n_whole"),),
            spans=(("mean_planned_months", "longest_months"),),
            total_over=("intervention_id", "plan"),
            overlaps=("intervention_id", "plan"),
            listed=(("intervention_id",),),
        ),
    ),
    Table(
        "state_sources",
        "One row per source from which the states of persons' months are taken: the share of all "
        "months, and how many persons have one.",
        keys=("source",),
        values=("n_persons", "share"),
        unit="persons, share of months",
        guard=Guard(
            "counts",
            "n_whole",
            spans=(("share", 1.0),),
            total_over=("source",),
            overlaps=("source",),
        ),
    ),
    Table(
        "timeline_faults",
        "One row per kind of fault in the delivered months: of livelihood and of payments.",
        keys=("fault",),
        values=("n_faults", "n_persons"),
        unit="faults, persons",
        guard=Guard("counts"),
    ),
    Table(
        "livelihood_collisions",
        "One row per pair of livelihoods delivered for the same months: which is believed, "
        "which set aside.",
        keys=("collision", "believed", "set_aside"),
        values=("n_persons",),
        unit="persons",
        guard=Guard("counts", listed=(("collision", "believed", "set_aside"),)),
        about=(
            "For the sender of the extract: which of two livelihoods of the same months is "
            "believed."
        ),
    ),
    Table(
        "exit_curves",
        "One row per way out of support and month: share of spells that have ended that way.",
        keys=("district", "exit", "month"),
        values=(*_RANGE, "n_at_risk", "n_persons"),
        unit="share of spells",
        guard=Guard("curve", "n_persons", parts="exit"),
        scope="district",
    ),
    Table(
        "exit_curve_bounds",
        "One row per way out of support and quoted month: the share that has left that way, and at "
        "most, with all that left nobody knows where.",
        keys=("district", "exit", "month"),
        values=("n_whole", "share", "share_at_most"),
        unit="spells, share of spells",
        guard=Guard(
            "counts",
            shares=(("share", "n_spells", "n_whole"), ("share_at_most", "n_at_most", "n_whole")),
        ),
        scope="district",
    ),
    Table(
        "exit_rates",
        "One row per band of months on support: share of spells that end in a month of it.",
        keys=("district", "last_month"),
        values=("first_month", *_RANGE),
        unit="share per month",
        guard=Guard(
            "counts",
            "n_persons",
            spans=(("estimate", 1.0),),
            listed=(("last_month",),),
            needed=("estimate",),
        ),
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
