"""Published tables of allocation: plans and places. What a plan says of a district rests on
those who have started there. What is exact in a guard is rounded before gate 2, since it follows
from other numbers that are shown (`allocation.shown`, `economics.prices.place_costs`).
"""

from functools import partial

from evalkit.line.table import Guard, Table

_PLACE = ("district", "intervention_id")
_guard = partial(Guard, "estimates", "n_starters")
_estimates = partial(Table, guard=_guard())

ALLOCATION = (
    Table(
        "place_costs",
        "One row per intervention and year: what a place costs.",
        keys=("intervention_id", "year"),
        values=(
            *("places", "utilisation_share", "cost_per_filled_place", "cost_at_full_use"),
            *("marginal_cost", "currency", "price_year"),
        ),
        unit="money a place and month",
        guard=Guard(
            "estimates",
            "n_occupied",
            exact=(
                *("places", "utilisation_share", "cost_per_filled_place", "cost_at_full_use"),
                "marginal_cost",
            ),
        ),
    ),
    Table(
        "offers",
        "One row per district and intervention of the register: how many start and at what price; "
        "places and their use are those of all districts together.",
        keys=(*_PLACE, "name"),
        values=(
            *("n_persons", "n_starts", "n_months_counted", "counted_from"),
            *(
                "counted_through",
                "mean_planned_months",
                "completed_share",
                "places",
                "utilisation_share",
                "cost",
            ),
            *("price_per_month", "currency"),
        ),
        unit="persons, starts a year, months, shares, places, money a start, money a place and "
        "month",
        guard=Guard(
            "counts",
            "n_persons",
            shares=(("completed_share", "n_kept", "n_due"),),
            spans=(("mean_planned_months", 24),),
            exact=("places", "utilisation_share", "cost", "price_per_month"),
            total_over=("district",),
        ),
        grade="M",
    ),
    _estimates(
        "allocation_offers",
        "One row per district, intervention and target group: starts as planned alone and "
        "with shared places.",
        keys=(*_PLACE, "target_group"),
        values=(
            *("cost", "n_months_counted", "n_starts", "n_shared", "shadow_price", "krona_price"),
            "currency",
        ),
        unit="starts a year, months, money",
        guard=_guard(exact=("cost", "shadow_price", "krona_price")),
        about=("For whoever divides places: the plan by district, intervention and target group."),
    ),
    _estimates(
        "allocation_exchange",
        "One row per district and intervention: places lent and what they bring.",
        keys=_PLACE,
        values=("n_lent", "price_per_start", "receives", "shadow_price", "currency"),
        unit="starts a year, money",
        guard=_guard(exact=("n_lent", "price_per_start", "receives", "shadow_price")),
        about="For whoever settles between districts: places lent and borrowed under the plan.",
    ),
    Table(
        "allocation_joint",
        "One row per intervention: who offers it alone and who together.",
        keys=("intervention_id",),
        values=(
            *("n_districts_alone", "n_districts_together", "n_starts_alone", "n_starts_together"),
            "is_only_together",
        ),
        unit="districts, planned starts a year",
        guard=Guard("estimates"),
        about=("For whoever decides on joint interventions: what only becomes possible together."),
    ),
    Table(
        "allocation_moves",
        "One row per district and intervention: starts and cost as now and as planned on the "
        "districts' own places, and what that adds.",
        keys=_PLACE,
        values=(
            *("n_starts_now", "n_starts_planned", "cost_now", "cost_planned", "added_value"),
            *("ci_lower", "ci_upper", "probability_positive", "currency"),
        ),
        unit="starts a year, money a year",
        guard=Guard(
            "counts",
            "n_starters",
            exact=("cost_now", "cost_planned"),
            total_over=("district",),
            needed=("n_starts_planned",),
        ),
        grade="L",
    ),
    Table(
        "allocation_returns",
        "One row per step of further money: what it adds.",
        keys=("free_budget",),
        values=(
            *("value", "downside", "added_value", "ci_lower", "ci_upper", "probability_positive"),
            *("per_krona", "n_starts", "gap", "currency"),
        ),
        unit="money a year, planned starts",
        guard=_guard(exact=("free_budget", "value", "downside", "per_krona", "gap")),
    ),
    Table(
        "allocation_plans",
        "One row per plan: as now, on own places, with shared places.",
        keys=("plan",),
        values=(
            *("value", "downside", "added_value", "ci_lower", "ci_upper", "probability_positive"),
            *("n_starts", "cost", "gap", "n_months_counted", "currency"),
        ),
        unit="money a year, starts, months",
        guard=_guard(exact=("value", "downside", "cost", "gap")),
    ),
    Table(
        "settlement",
        "One row per district that pays, district whose places they are and intervention: what is "
        "owed for places used in the last twelve months known. The accountant's list month by "
        "month is work/settlement_by_month.",
        keys=("home_district", "provider_district", "intervention_id"),
        values=("counted_from", "counted_through", "price_per_month", "amount", "currency"),
        unit="money",
        guard=Guard("estimates", "n_persons", exact=("price_per_month", "amount")),
    ),
)
