"""Published tables of monitoring: the actions of the programmes and whom they reached, and what the
page for the person says of those who started.
"""

from evalkit.line.table import Guard, Table

PROGRAMME: tuple[Table, ...] = (
    Table(
        "programme_actions",
        "One row per district and action of its programme: what was planned for whom, by whom, how "
        "far it has come, and the money set aside.",
        keys=("district", "action_id"),
        values=(
            *("kind", "theme", "title", "title_en", "responsible", "target_group"),
            *("interventions", "start", "end", "progress", "amount", "currency"),
        ),
        unit="money",
        # About nobody: what a board decided.
        guard=Guard("estimates", exact=("amount",), needed=("progress",)),
    ),
    Table(
        "programme_themes",
        "One row per theme (all: all of them) and progress (all: however far they have come): how "
        "many different actions there are, and the money set aside for them.",
        keys=("theme", "progress"),
        values=("n_actions", "amount", "currency"),
        unit="actions, money",
        guard=Guard("estimates", exact=("amount",), needed=("n_actions",)),
    ),
    Table(
        "programme_reach",
        "One row per area, action and measure: who began an intervention that the action uses "
        "while it ran, and who entered through the outreach that it is.",
        keys=("district", "action_id", "measure"),
        values=("n_persons",),
        unit="persons",
        guard=Guard("counts", total_over=("district",), overlaps=("district",)),
    ),
    Table(
        "what_it_asks",
        "One row per intervention: hours a week, on the mean of those who started.",
        keys=("intervention_id",),
        values=("n_persons", "estimate"),
        unit="persons, hours",
        guard=Guard(
            "counts",
            "n_persons",
            spans=(("estimate", "widest"),),
            listed=(("intervention_id",),),
            needed=("estimate",),
        ),
    ),
    Table(
        "after_start",
        "One row per intervention, outcome, months after the start and answer: all who started "
        "from support so long ago, and those who were in the outcome.",
        keys=("intervention_id", "outcome", "month", "answer"),
        values=("n_persons", "share"),
        unit="persons, shares",
        guard=Guard(
            "counts",
            shares=(("share", "n_persons", "n_whole"),),
            listed=(("intervention_id",),),
            total_over=("answer",),
        ),
    ),
    Table(
        "own_part",
        "One row per intervention, measure of the person's own part and answer: all whose plan or "
        "first follow-up says, and those of whom it is true.",
        keys=("intervention_id", "measure", "answer"),
        values=("n_persons", "share"),
        unit="persons, shares",
        guard=Guard(
            "counts",
            shares=(("share", "n_persons", "n_whole"),),
            listed=(("intervention_id",),),
            total_over=("answer",),
        ),
    ),
)
