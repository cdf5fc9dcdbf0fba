"""Published tables of monitoring: where the money went. Money of accounts and what places cost are
about nobody; how many people ended and where they are is.
"""

from evalkit.line.table import Guard, Table

_YEAR = ("district", "year", "currency")
_NOBODY = Guard("estimates")

ACCOUNTS = (
    Table(
        "account_areas",
        "One row per district, year, currency and area of costs: budget, bookings as booked and as "
        're-coded, and what is left of the budget; area "all" is all but other activities.',
        keys=(*_YEAR, "cost_area"),
        values=("budget", "booked", "recoded", "unspent", "unspent_share"),
        unit="money a year",
        guard=_NOBODY,
        grade="H",
    ),
    Table(
        "reported_accounts",
        "One row per district, year, currency and part of a printed report: the amount, its share "
        "as printed, the whole that this share implies, and what the accounts say.",
        keys=(*_YEAR, "cost_area"),
        values=("amount", "printed_share", "implied_total", "recoded"),
        unit="money a year",
        guard=_NOBODY,
        grade="M",
    ),
    Table(
        "account_moves",
        "One row per posting that a rule has moved to another area of costs.",
        keys=("district", "year", "posting_id"),
        values=(
            *("rule", "account_code", "booked_area", "recoded_area", "amount", "currency"),
            "value_grade",
        ),
        unit="money",
        guard=_NOBODY,
        grade="M",
    ),
    Table(
        "account_faults",
        "One row per contradiction in accounts, reports and places: the posting, area or "
        "intervention, what stands there and what it is held against.",
        keys=("district", "year", "fault", "item", "other_item"),
        values=("amount", "other_amount", "low", "high", "currency"),
        unit="money, places",
        guard=_NOBODY,
        grade="M",
    ),
    Table(
        "account_places",
        "One row per year, currency and area of costs whose places are known in the same year's "
        "prices: what they cost as they were filled, between what that lies as far as it is "
        "rounded, and which share it is of what was booked.",
        keys=("year", "currency", "cost_area"),
        values=("recoded", "places_cost", "low", "high", "covered_share"),
        unit="money a year, shares",
        guard=_NOBODY,
        grade="M",
    ),
    Table(
        "reported_places",
        "One row per year and currency of a report: between what places cost, between what shares "
        "people ended, and between what an ended place costs by that.",
        keys=("year", "currency"),
        values=(
            *("cost_lowest", "cost_highest", "share_lowest", "share_highest"),
            *("per_end_lowest", "per_end_highest"),
        ),
        unit="money a place and year, shares, money an end",
        guard=_NOBODY,
        grade="M",
        is_of_extract=False,
    ),
    Table(
        "place_ends",
        "One row per intervention and kind of end: what its places cost for each end in the last "
        "twelve months known.",
        keys=("intervention_id", "measure"),
        values=(
            *("estimate", "ci_lower", "ci_upper", "counted_from", "counted_through"),
            *("currency", "price_year"),
        ),
        unit="money an end",
        guard=Guard("estimates", "n_persons", change="person_change", needed=("estimate",)),
        grade="M",
    ),
    Table(
        "make_or_buy",
        "One row per intervention with places: what own places cost a month, what a bought one "
        "costs, at how many filled places both are equal, and what a place costs a year.",
        keys=("intervention_id",),
        values=(
            *("places", "utilisation_share", "fixed_cost", "variable_cost", "price_per_month"),
            *("price_lowest", "price_highest", "break_even", "break_even_lower"),
            *("break_even_upper", "cheaper", "cost_per_place", "currency", "price_year"),
        ),
        unit="money a month, money a place and year, places",
        guard=_NOBODY,
        grade="M",
    ),
    Table(
        "bought_places",
        "One row per intervention with places and answer: all who took part in the last twelve "
        "months known, and those of them in places of others than the districts.",
        keys=("intervention_id", "answer"),
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
