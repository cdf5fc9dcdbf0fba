"""Published tables of monitoring: whether people come closer."""

from evalkit.line.table import Guard, Table

_RANGE = ("estimate", "ci_lower", "ci_upper")

STEPS = (
    Table(
        "ladder",
        "One row per district, step of the ladder and where those who started on it are after the "
        "declared months; answer all is everybody.",
        keys=("district", "ladder_step", "answer"),
        values=("n_persons", "share"),
        unit="persons, shares",
        guard=Guard(
            "counts",
            shares=(("share", "n_persons", "n_whole"),),
            listed=(("district",), ("ladder_step",)),
            total_over=("district", "answer"),
        ),
    ),
    Table(
        "ladder_steps",
        "One row per step of the ladder and intervention that stands on it.",
        keys=("ladder_step", "intervention_id"),
        values=("name",),
        unit="names",
        guard=Guard("estimates", needed=("name",)),
    ),
    Table(
        "ladder_by_district",
        "One row per district: the share of those who started who came closer (up, or out to work "
        "or studies), for the city's mix of people.",
        keys=("district",),
        values=(*_RANGE, "n_persons"),
        unit="share",
        guard=Guard("estimates", "n_fewest"),
        grade="M",
    ),
    Table(
        "readiness",
        "One row per district and number of criteria met at people's first follow-up: how many "
        "they are, and how many took the next step within the declared months.",
        keys=("district", "criteria_met"),
        values=("n_persons", "share", "n_next_step", "next_share"),
        unit="persons, shares",
        guard=Guard(
            "counts",
            shares=(
                ("share", "n_persons", "n_whole"),
                ("next_share", "n_next_step", "n_persons"),
            ),
            listed=(("district",), ("criteria_met",)),
            total_over=("district", "criteria_met"),
        ),
    ),
    Table(
        "readiness_test",
        "One row per measure of whether the number of criteria met tells the next step (of "
        "expected: per number of criteria), in the whole city.",
        keys=("measure", "criteria_met"),
        values=_RANGE,
        unit="share, ratio",
        guard=Guard("estimates", "n_fewest"),
        grade="M",
    ),
    Table(
        "time_to_next_step",
        "One row per district and measure: months from the first follow-up at which all criteria "
        "are met to the next step, or the share without it after the declared months.",
        keys=("district", "measure"),
        values=(*_RANGE, "n_persons"),
        unit="months, share",
        guard=Guard("estimates", "n_persons"),
    ),
)
