"""Published tables of monitoring: needs, offer and outreach."""

from evalkit.line.table import Guard, Table

OFFER = (
    Table(
        "need_offer",
        "One row per area and need: people with the need by the last count of staff, and people "
        "who started something that answers it in the twelve months from then on, or the last ones "
        "known.",
        keys=("district", "need"),
        values=(
            *("calendar_month", "n_persons", "n_starters", "n_interventions"),
            *("counted_from", "counted_through"),
        ),
        unit="persons",
        guard=Guard("counts", total_over=("district",)),
    ),
    Table(
        "need_answers",
        "One row per need and intervention of the register that answers it.",
        keys=("need", "intervention_id"),
        values=("places", "value_grade"),
        unit="places",
        guard=Guard("estimates", exact=("places",)),
        grade="L",
    ),
    Table(
        "offer_content",
        "One row per area and content of interventions: people who started something with it in "
        "the last twelve months, and the share of women among them; beside everybody on support.",
        keys=("district", "content"),
        values=(
            *("n_persons", "women_share", "n_interventions"),
            *("counted_from", "counted_through"),
        ),
        unit="persons, shares",
        guard=Guard(
            "counts",
            shares=(("women_share", "n_women", "n_known_sex"),),
            total_over=("district",),
            overlaps=("district",),
        ),
    ),
    Table(
        "outreach_funnel",
        "One row per area, target group and year: people known, reached and entered by the counts "
        "of outreach, and the share of those who entered who stayed three months later.",
        keys=("district", "target_group", "year"),
        values=("n_residents", "n_known", "n_reached", "n_entered", "stayed_share"),
        unit="persons, shares",
        guard=Guard(
            "counts",
            shares=(("stayed_share", "n_stayed", "n_followed"),),
            total_over=("district",),
        ),
    ),
    Table(
        "outreach_leads",
        "One row per target group and intervention: of those who started outreach for the group, "
        "how many started the intervention within a year; outreach itself among them.",
        keys=("target_group", "intervention_id"),
        values=("kind", "n_persons", "share"),
        unit="persons, shares",
        guard=Guard(
            "counts",
            shares=(("share", "n_persons", "n_followed"),),
        ),
    ),
    Table(
        "allocation_outreach",
        "One row per target group, step of further money and case: what outreach adds if the money "
        "is spent on it.",
        keys=("target_group", "free_budget", "case"),
        values=(
            *("cost", "n_entering", "added_value", "ci_lower", "ci_upper"),
            *("probability_positive", "outreach_budget", "value_grade", "currency"),
        ),
        unit="money a year, persons a year",
        guard=Guard(
            "estimates",
            "n_starters",
            exact=("free_budget", "cost", "outreach_budget"),
            is_uncounted_shown=True,
        ),
        grade="L",
    ),
    Table(
        "outreach_costs",
        "One row per target group and source: what one who enters through outreach costs.",
        keys=("target_group", "source"),
        values=("cost", "low", "high", "currency", "value_grade"),
        unit="money per person who enters",
        guard=Guard("estimates", exact=("cost", "low", "high")),
    ),
)
