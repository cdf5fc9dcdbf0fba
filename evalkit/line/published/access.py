"""Published tables of monitoring: who gets what, how soon."""

from evalkit.line.table import Guard, Table

ACCESS: tuple[Table, ...] = (
    Table(
        "access",
        "One row per district (in the city also per characteristic and group), time (soon, within "
        "the year) and answer: who came to support, and who of them started an intervention.",
        keys=("district", "characteristic", "group", "measure", "answer"),
        values=("n_persons", "share", "median_months", "counted_from", "counted_through"),
        unit="persons, shares, months",
        guard=Guard(
            "counts",
            "n_persons",
            shares=(("share", "n_persons", "n_whole"),),
            listed=(("district", "characteristic", "group"),),
            total_over=("district", "answer"),
        ),
    ),
    Table(
        "access_interventions",
        "One row per district, intervention and answer: the people who came to support, and those "
        "of them who started it within the year.",
        keys=("district", "intervention_id", "answer"),
        values=("n_persons", "share"),
        unit="persons, shares",
        guard=Guard(
            "counts",
            shares=(("share", "n_persons", "n_whole"),),
            listed=(("district",),),
            total_over=("district", "answer"),
        ),
    ),
    Table(
        "access_curves",
        "One row per district, what came first (a start, the end of support, death or a move) and "
        "month: the share of those who came to support.",
        keys=("district", "event", "month"),
        values=("estimate", "ci_lower", "ci_upper"),
        unit="share of people",
        guard=Guard("curve", "n_persons", parts="event"),
    ),
    Table(
        "access_funnel",
        "One row per district: the share of those who came to support who started an intervention "
        "within the year, observed and expected for people like them, with the limits of chance "
        "and the ranks that it may have.",
        keys=("district",),
        values=(
            *("n_persons", "observed", "expected", "adjusted", "lower_95", "upper_95"),
            *("lower_998", "upper_998", "overdispersion", "verdict"),
            *("rank", "rank_lower", "rank_upper", "n_districts"),
        ),
        unit="persons, shares, ranks",
        # Shares of people are made of fives of them (`funnel_of_sums`).
        guard=Guard("estimates", "n_persons", exact=("observed", "adjusted")),
        grade="M",
    ),
    Table(
        "access_groups",
        "One row per district, characteristic and group: how much more often (share of people) its "
        "people start an intervention within the year than others there, all else alike.",
        keys=("district", "characteristic", "group"),
        values=("more_often", "more_often_lower", "more_often_upper"),
        unit="shares",
        guard=Guard("estimates", "n_fewest"),
        grade="M",
    ),
)
