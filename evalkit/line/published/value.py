"""Published tables of value: sums per participant, guarded by the persons who started; prices,
which are about nobody. What is exact in a guard is rounded before gate 2, since it follows from
other numbers that are shown (`economics.results.shown`).

Where nobody knows what people live on, an effect has rows of those alone whose result is seen all
the same (`line.actors.SEEN_WITHOUT_LIVELIHOOD`).
"""

from functools import partial

from evalkit.line.table import Guard, Table

_EFFECT = ("district", "intervention_id", "estimand")
_RANGE = ("estimate", "ci_lower", "ci_upper")
_guard = partial(Guard, "estimates", "n_starters", one_person="one_person")
_estimates = partial(Table, guard=_guard())
# The estimate is the plain reading's; the ends of a range that holds both have a step of their own.
_BOTH = {
    "change": "person_change",
    "changes": (("ci_lower", "range_change"), ("ci_upper", "range_change")),
}
_ranged = partial(Table, guard=_guard(**_BOTH))
# Taken from what is published, or made of it.
_OF_ADVICE = (
    *("probability_society", "probability_purse", "probability_observed", "probability_district"),
    *("district_result", "district_lower", "district_upper", "worth_of_knowing", "trial_worth"),
)
# What the what-if is made of, in each period and once for a draw.
_OF_PERIOD = (
    *("rest_district", "rest_purse", "rest_society", "own_programme", "displaceable_months"),
)
_OF_DRAW = (
    *("programme_district", "programme_purse", "displaced_share"),
    *("displaced_district", "displaced_purse", "displaced_society"),
    *("discount_rate", "half_life"),
)

VALUE = (
    _ranged(
        "value_by_actor",
        "One row per effect, actor, posting and kind: money per participant; of fewer than 300 "
        "people each actor's sum alone.",
        keys=(*_EFFECT, "actor", "posting", "kind"),
        values=(*_RANGE, "currency"),
        unit="money",
    ),
    _ranged(
        "value_displacement",
        "One row per effect, assumed displacement and perspective.",
        keys=(*_EFFECT, "displacement", "perspective"),
        values=(*_RANGE, "probability_positive", "currency"),
        unit="money",
    ),
    _ranged(
        "value_parts",
        "One row per effect, perspective and part: observed, projected beyond follow-up, and "
        "total. Probabilities: what both readings are sure of, and what either says.",
        keys=(*_EFFECT, "perspective", "part"),
        values=(
            *_RANGE,
            *("probability_positive", "probability_plain", "probability_second"),
            *("n_draws", "n_effect_draws", "horizon_months"),
            *("followed_months", "currency", "price_year"),
        ),
        unit="money",
    ),
    _ranged(
        "value_payers",
        "One row per effect and payer: what the person, the district, city and region, the state "
        "and others gain per participant, up to the horizon.",
        keys=(*_EFFECT, "payer"),
        values=(*_RANGE, "probability_positive", "horizon_months", "currency"),
        unit="money",
    ),
    _ranged(
        "value_ratios",
        "One row per effect and ratio: benefit to cost, marginal value of public funds, "
        "value per programme cost, cost of a month in work.",
        keys=(*_EFFECT, "measure"),
        values=(*_RANGE, "case", "probability", "currency"),
        unit="money, months, ratios",
    ),
    _ranged(
        "value_curve",
        "One row per effect, perspective and month: value per participant accumulated up to it.",
        keys=(*_EFFECT, "perspective", "month"),
        values=(*_RANGE, "currency"),
        unit="money",
    ),
    _estimates(
        "value_payback",
        "One row per effect and perspective: the deepest point and the month in which the "
        "money is back.",
        keys=(*_EFFECT, "perspective"),
        values=(
            *("deepest", "deepest_lower", "deepest_upper", "deepest_month", "return_month"),
            *("probability_returns", "horizon_months", "currency"),
        ),
        unit="money, months",
    ),
    _estimates(
        "value_payback_years",
        "One row per effect, perspective and year: how sure it is that the money is back by then.",
        keys=(*_EFFECT, "perspective", "year"),
        values=("probability",),
        unit="probability",
        about=("For a budget over several years: how sure it is that the money is back by a year."),
    ),
    _ranged(
        "value_delay",
        "One row per effect and perspective: what a start one month later would cost.",
        keys=(*_EFFECT, "perspective"),
        values=(*_RANGE, "probability_positive", "currency"),
        unit="money",
    ),
    _estimates(
        "value_purse",
        "One row per effect and public purse: what it gains and pays, now and as proposed.",
        keys=(*_EFFECT, "actor"),
        values=(
            *_RANGE,
            *("gain_share", "paid_now", "paid_proposed", "currency"),
        ),
        unit="money",
        guard=_guard(exact=(*_RANGE, "gain_share", "paid_now", "paid_proposed")),
    ),
    _ranged(
        "value_municipality",
        "One row per effect and measure of the municipality's purse, before and after income "
        "equalisation.",
        keys=(*_EFFECT, "measure"),
        values=(*_RANGE, "probability_positive", "currency"),
        unit="money",
    ),
    _estimates(
        "value_tornado",
        "One row per effect, perspective (society, municipality, district) and price: the value at "
        "its low and high end, and where the value changes sign.",
        keys=(*_EFFECT, "perspective", "parameter"),
        values=(
            *("value", "low", "high", "value_at_low", "value_at_high", "switching_value"),
            *("swing", "currency"),
        ),
        unit="money; value, low, high and switching value in the price's own unit",
        guard=_guard(
            exact=(
                *("value", "low", "high", "value_at_low", "value_at_high", "switching_value"),
                "swing",
            )
        ),
    ),
    _estimates(
        "value_levers",
        "One row per effect, draw and period, which ends with its month and begins after the row "
        "before: what the intervention costs society, the months of work that displacement takes "
        "a share of, and all the rest, worth at the start, so that the value can be had under "
        "another price, displacement, horizon, rate or half-life. Draw 0, the estimate, by month, "
        "evenly between quoted months; others, which are made to spread as the replicates do, by "
        "year, as many as a page has room for. The first month after the follow-up is projected.",
        keys=(*_EFFECT, "draw", "month"),
        values=(
            "n_starters",
            *_OF_PERIOD,
            *_OF_DRAW,
            "months_between_persons",
            "currency",
        ),
        unit="money, months, shares",
        guard=Guard(
            "estimates", "n_starters", exact=(*_OF_PERIOD, *_OF_DRAW, "months_between_persons")
        ),
    ),
    _estimates(
        "value_options",
        "One row per district, estimand and option: cost, effect and place on the frontier.",
        keys=("district", "estimand", "option"),
        values=(
            *("cost", "effect", "status_of_option", "icer", "probability_best", "is_recommended"),
            "currency",
        ),
        unit="money, months",
        guard=_guard(exact=("cost", "effect", "icer")),
    ),
    _estimates(
        "value_acceptability",
        "One row per district, estimand, option and price of a month in work: how sure it is "
        "that the option is best.",
        keys=("district", "estimand", "threshold", "option"),
        values=("probability", "is_on_frontier", "currency"),
        unit="probability",
    ),
    _estimates(
        "value_information",
        "One row per district, estimand and group of unknowns: what it is worth to know them.",
        keys=("district", "estimand", "group"),
        values=("value", "currency"),
        unit="money",
        guard=_guard(exact=("value",)),
    ),
    Table(
        "advice",
        "One row per district and intervention of the register: what is advised, why, how sure it "
        "is that society and the public purse gain, and whose figures say so.",
        keys=("district", "intervention_id"),
        values=(
            *("advice", "advice_reason", "figures"),
            *_OF_ADVICE,
            *("trial_persons", "trial_months", "own_starters_needed", "horizon_months"),
            *("followed_months", "currency"),
        ),
        unit="probabilities, money, months, persons",
        guard=Guard("estimates", "n_starters", exact=_OF_ADVICE, is_uncounted_shown=True),
        grade="L",
    ),
    Table(
        "since_last",
        "One row per intervention and measure, of all districts together: what it is, and what it "
        "was in the report before; what differs between the two.",
        keys=("intervention_id", "measure"),
        values=("before", "after", "advice_before", "advice_after", "cause", "data_through"),
        unit="persons, starts a year, money",
        guard=Guard("estimates"),
        grade="L",
    ),
    Table(
        "prices",
        "One row per price or rate of the price book, and what it carries forward from an earlier "
        "year.",
        keys=("price",),
        values=(
            *("value", "low", "high", "unit", "price_year", "currency", "source", "value_grade"),
            "carried",
        ),
        unit="as declared per price",
        guard=Guard("estimates"),
        is_of_extract=False,
        named_in=("name_", "source_"),
    ),
)
