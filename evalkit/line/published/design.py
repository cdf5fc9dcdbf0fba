"""What a planned trial would show: written by `evalkit design`, not by a run."""

from evalkit.line.table import Guard, Table

_TRIAL = ("intervention_id", "trial")

DESIGN = (
    Table(
        "design_power",
        "One row per trial and effect, no effect first: in how many of a hundred such trials it is "
        "found.",
        keys=(*_TRIAL, "asked_months"),
        values=("power",),
        unit="months, shares of trials",
        guard=Guard("estimates", "n_eligible", change="person_change"),
        grade="M",
    ),
    Table(
        "design_plan",
        "One row per trial and measure: what it takes and what it shows.",
        keys=(*_TRIAL, "measure"),
        values=("value",),
        unit="persons, months, money, as named per measure",
        # Declared, published or rounded where they are made (`evalkit.effects.design`).
        guard=Guard("estimates", "n_eligible", exact=("value",)),
        grade="M",
    ),
    Table(
        "design_schedule",
        "One row per trial and district: from which month on it takes part, and how many places it "
        "has in a month.",
        keys=(*_TRIAL, "district"),
        values=("from_month", "places"),
        unit="months, places",
        # Places are divided by numbers of people that are rounded before.
        guard=Guard("estimates", None, exact=("places",)),
        grade="M",
    ),
)
