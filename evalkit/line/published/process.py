"""Published tables of monitoring: whether the common process is kept."""

from evalkit.line.table import Guard, Table

_OF_ALL = ("district", "answer")

PROCESS: tuple[Table, ...] = (
    Table(
        "process_kept",
        "One row per district, moment of the common process and answer, of the interventions that "
        "began in the last whole year: all for which it was time, and those that had it.",
        keys=("district", "measure", "answer"),
        values=("year", "n_episodes", "share"),
        unit="episodes (follow_ups: follow-ups), shares",
        guard=Guard(
            "counts",
            shares=(("share", "n_episodes", "n_whole"),),
            total_over=_OF_ALL,
        ),
    ),
    Table(
        "follow_ups_overdue",
        "One row per district, role that is responsible and answer: people in a running "
        "intervention who have been to be followed up, and those who should have been by the last "
        "day known and were not.",
        keys=("district", "responsible_role", "answer"),
        values=("n_persons", "share"),
        unit="persons, shares",
        guard=Guard(
            "counts",
            shares=(("share", "n_persons", "n_whole"),),
            listed=(("responsible_role",),),
            total_over=(*_OF_ALL, "responsible_role"),
            overlaps=("responsible_role",),
        ),
    ),
    Table(
        "attended_hours",
        "One row per district (of all interventions), or per intervention (of all districts), and "
        "measure: the share of the hours assigned in the last whole year that were attended, or "
        "missed without a valid reason.",
        keys=("district", "intervention_id", "measure"),
        values=("year", "n_persons", "share"),
        unit="persons, shares of hours",
        guard=Guard(
            "counts",
            "n_persons",
            spans=(("share", "persons_apart"),),
            listed=(("intervention_id",),),
            total_over=("district", "intervention_id"),
            overlaps=("intervention_id",),
            needed=("share",),
        ),
    ),
    Table(
        "ability_change",
        "One row per district (of all interventions), or per intervention (of all districts), and "
        "ability: how much it has changed on a scale from 1 to 5, from the first follow-up to the "
        "latest of those who began in the last whole year.",
        keys=("district", "intervention_id", "measure"),
        values=("n_persons", "estimate", "ci_lower", "ci_upper"),
        unit="points",
        guard=Guard(
            "counts",
            "n_persons",
            spans=(("estimate", 8.0),),
            listed=(("intervention_id",),),
            total_over=("district", "intervention_id"),
            overlaps=("intervention_id",),
            needed=("estimate",),
        ),
    ),
    Table(
        "ability_ends",
        "One row per district, ability, end of the scale and answer: at the first follow-up of "
        "those who began in the last whole year, all who were rated, and those who were at the "
        "lowest or the highest point, from where a fall or a rise cannot be seen.",
        keys=("district", "measure", "end_of_scale", "answer"),
        values=("n_persons", "share"),
        unit="persons, shares",
        guard=Guard(
            "counts",
            shares=(("share", "n_persons", "n_whole"),),
            total_over=_OF_ALL,
        ),
    ),
    Table(
        "worklist_size",
        "One row per reason to be on the list of what is to be done, in the district or the area "
        "that it is shown in: how many people.",
        keys=("district", "reason"),
        values=("n_persons",),
        unit="persons",
        guard=Guard("counts"),
        scope="district",
    ),
    Table(
        "activity_quarter",
        "One row per district, quarter, obstacle and measure of the activity requirement.",
        keys=("district", "quarter", "obstacle", "measure"),
        values=("n_persons",),
        unit="persons",
        guard=Guard("counts", listed=(("obstacle",),), total_over=("obstacle", "district")),
        grade="M",
    ),
)
