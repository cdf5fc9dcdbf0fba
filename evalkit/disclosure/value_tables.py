"""Published tables of value and allocation: sums per participant, guarded by the persons who
started; prices and plans, which are no persons.
"""

from evalkit.disclosure.declared import Declared

_RANGE = ("estimate", "ci_lower", "ci_upper")
_EFFECT = ("district", "intervention_id", "estimand")

VALUE_TABLES: dict[str, Declared] = {
    "value_by_actor": Declared(
        "estimates",
        (*_EFFECT, "actor", "posting", "kind"),
        (*_RANGE, "currency"),
        "money",
        "n_starters",
    ),
    "value_displacement": Declared(
        "estimates",
        (*_EFFECT, "displacement", "perspective"),
        (*_RANGE, "probability_positive", "currency"),
        "money",
        "n_starters",
    ),
    # Value through time, in ratios and compared.
    "value_parts": Declared(
        "estimates",
        (*_EFFECT, "perspective", "part"),
        (
            *_RANGE,
            "probability_positive",
            "n_draws",
            "n_effect_draws",
            "horizon_months",
            "followed_months",
            "currency",
            "price_year",
        ),
        "money",
        "n_starters",
    ),
    "value_ratios": Declared(
        "estimates",
        (*_EFFECT, "measure"),
        (*_RANGE, "case", "probability", "currency"),
        "money, months, ratios",
        "n_starters",
    ),
    "value_curve": Declared(
        "estimates",
        (*_EFFECT, "perspective", "month"),
        (*_RANGE, "currency"),
        "money",
        "n_starters",
    ),
    "value_payback": Declared(
        "estimates",
        (*_EFFECT, "perspective"),
        (
            "deepest",
            "deepest_lower",
            "deepest_upper",
            "deepest_month",
            "return_month",
            "probability_returns",
            "horizon_months",
            "currency",
        ),
        "money, months",
        "n_starters",
    ),
    "value_payback_years": Declared(
        "estimates",
        (*_EFFECT, "perspective", "year"),
        ("probability",),
        "probability",
        "n_starters",
    ),
    "value_delay": Declared(
        "estimates",
        (*_EFFECT, "perspective"),
        (*_RANGE, "probability_positive", "currency"),
        "money",
        "n_starters",
    ),
    "value_purse": Declared(
        "estimates",
        (*_EFFECT, "actor"),
        (*_RANGE, "gain_share", "paid_now", "paid_proposed", "net_now", "net_proposed", "currency"),
        "money",
        "n_starters",
    ),
    "value_municipality": Declared(
        "estimates",
        (*_EFFECT, "measure"),
        (*_RANGE, "probability_positive", "currency"),
        "money",
        "n_starters",
    ),
    "value_tornado": Declared(
        "estimates",
        (*_EFFECT, "parameter"),
        (
            "value",
            "low",
            "high",
            "value_at_low",
            "value_at_high",
            "switching_value",
            "swing",
            "currency",
        ),
        "money; value, low, high and switching value in the price's own unit",
        "n_starters",
    ),
    "value_options": Declared(
        "estimates",
        ("district", "estimand", "option"),
        (
            "cost",
            "effect",
            "status_of_option",
            "icer",
            "probability_best",
            "is_recommended",
            "currency",
        ),
        "money, months",
        "n_starters",
    ),
    "value_acceptability": Declared(
        "estimates",
        ("district", "estimand", "threshold", "option"),
        ("probability", "is_on_frontier", "currency"),
        "probability",
        "n_starters",
    ),
    "value_information": Declared(
        "estimates", ("district", "estimand", "group"), ("value", "currency"), "money", "n_starters"
    ),
    "place_costs": Declared(
        "estimates",
        ("intervention_id", "year"),
        (
            "places",
            "utilisation_share",
            "cost_per_filled_place",
            "cost_at_full_use",
            "marginal_cost",
            "currency",
            "price_year",
        ),
        "money a place and month",
        "n_occupied",
    ),
    # Allocation: plans, not people; what a plan says of a district rests on those who have started
    # there.
    "allocation_offers": Declared(
        "estimates",
        ("district", "intervention_id", "target_group"),
        (
            "cost",
            "n_months_counted",
            "n_starts",
            "n_shared",
            "shadow_price",
            "krona_price",
            "currency",
        ),
        "starts a year, months, money",
        "n_starters",
    ),
    "allocation_exchange": Declared(
        "estimates",
        ("district", "intervention_id"),
        ("n_lent", "price", "receives", "shadow_price", "currency"),
        "starts a year, money",
        "n_starters",
    ),
    "allocation_joint": Declared(
        "estimates",
        ("intervention_id",),
        (
            "n_districts_alone",
            "n_districts_together",
            "n_starts_alone",
            "n_starts_together",
            "is_only_together",
        ),
        "districts, planned starts a year",
    ),
    "allocation_returns": Declared(
        "estimates",
        ("free_budget",),
        ("value", "downside", "added_value", "per_krona", "n_starts", "gap", "currency"),
        "money a year, planned starts",
    ),
    "allocation_plans": Declared(
        "estimates",
        ("plan",),
        ("value", "downside", "n_starts", "cost", "gap", "n_months_counted", "currency"),
        "money a year, starts, months",
    ),
    "settlement": Declared(
        "estimates",
        ("month", "payer", "receiver", "intervention_id"),
        ("n_place_months", "price", "amount", "currency"),
        "places, money",
        "n_place_months",
    ),
    "prices": Declared(
        "estimates",
        ("price",),
        (
            "value",
            "low",
            "high",
            "unit",
            "price_year",
            "currency",
            "source",
            "value_grade",
            "name_en",
            "name_sv",
        ),
        "as declared per price",
        is_of_extract=False,
    ),
}
