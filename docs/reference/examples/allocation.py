"""Examples of the room allocation, on two interventions in two made-up districts."""

# %% setup
# Two districts, a course and coaching: how many start today, how many could, and what a start costs
# and is worth.
from datetime import date

import numpy as np
import polars as pl

from evalkit import allocation
from evalkit.errors import EvalkitError
from evalkit.run_rules import AllocationRules

status = pl.DataFrame(
    [
        ("Harbour", "course", 60, 40.0),
        ("Hill", "course", 30, 20.0),
        ("all", "course", 90, 60.0),
        ("Harbour", "coaching", 50, 40.0),
        ("Hill", "coaching", 40, 30.0),
        ("all", "coaching", 90, 70.0),
    ],
    schema=["district", "intervention_id", "n_starters", "n_eligible_per_year"],
    orient="row",
).with_columns(
    status=pl.lit("estimated"),
    estimand=pl.lit("start_now_rather_than_wait"),
    subgroup=pl.lit("all"),
    source=pl.lit("raw"),
)
costs = pl.DataFrame(
    {"intervention_id": ["course", "coaching"], "cost": [40_000.0, 9_000.0], "currency": "SEK"}
)
status.head(3)

# %% starts_per_year
# How many starts a year the places allow: twenty places that are filled for five months each.
place_costs = pl.DataFrame(
    {
        "intervention_id": ["course", "coaching"],
        "year": [2026, 2026],
        "places": [20.0, 15.0],
        "cost_per_filled_place": [8_000.0, 3_000.0],
        "currency": "SEK",
        "price_year": 2026,
    }
)
lengths = pl.DataFrame({"intervention_id": ["course", "coaching"], "months_per_start": [5.0, 3.0]})
yearly = allocation.starts_per_year(place_costs, lengths)
yearly

# %% offers_from
# The offers of a year: every intervention of every district whose effect can be said.
first = date(2022, 1, 1)
months = [date(2022 + n // 12, n % 12 + 1, 1) for n in range(60)]
started = pl.DataFrame(
    [
        (district, name, month, 1)
        for district in ("Harbour", "Hill")
        for name in ("course", "coaching")
        for month in months
    ],
    schema=["district", "intervention_id", "month", "n_started"],
    orient="row",
)
counted = pl.DataFrame(
    {"intervention_id": ["course", "coaching"], "first_month": first, "last_month": months[-1]}
)
offers = allocation.offers_from(status, costs, yearly, started=started, months=counted)
offers

# %% value_per_start
# What a start is worth to society, draw by draw: the net benefit of the ledger and what a start
# costs; and by a second reading of the effects, by which a start is worth 5 000 less.
rng = np.random.default_rng(1)
worth = {"course": 30_000.0, "coaching": 20_000.0}
totals = pl.DataFrame(
    [
        (district, name, "start_now_rather_than_wait", draw, worth[name] + rng.normal(0, 8_000))
        for district in ("Harbour", "Hill")
        for name in worth
        for draw in range(101)
    ],
    schema=["district", "intervention_id", "estimand", "draw", "net_benefit"],
    orient="row",
).with_columns(net_public_cost=pl.lit(0.0), work_months=pl.lit(1.0))
second = totals.with_columns(pl.col("net_benefit") - 5_000)
values = allocation.value_per_start(totals, second)
values.filter(draw=0)

# %% by_target_group
# The offers split by the groups that a run tells apart: here the young and everybody else.
counts = pl.DataFrame(
    [
        (district, name, "young", "young", 20, 15, 15.0)
        for district in ("Harbour", "Hill")
        for name in worth
    ],
    schema=[
        *["district", "intervention_id", "subgroup", "also_in"],
        *["n_starters", "n_eligible", "n_eligible_per_year"],
    ],
    orient="row",
)
group_values = pl.DataFrame(
    [
        (name, group, draw, worth[name] + more + rng.normal(0, 8_000))
        for name in worth
        for group, more in (("all", 0), ("young", 15_000))
        for draw in range(101)
    ],
    schema=["intervention_id", "subgroup", "draw", "value"],
    orient="row",
)
grouped = allocation.by_target_group(
    offers, values, counts=counts, group_values=group_values, groups=["young"]
)
grouped.offers

# %% refuse_undeclared
try:
    allocation.refuse_undeclared(["youngest"], ["young"])
except EvalkitError as refusal:
    print(refusal)

# %% allocate, Limits
# The plan that is worth most within budgets and places.
limits = allocation.Limits(budgets={"Harbour": 500_000.0, "Hill": 400_000.0})
plan = allocation.allocate(grouped.offers, grouped.values, limits)
plan

# %% marginal_returns
# What further money is worth where it is spent best.
further = allocation.marginal_returns(
    grouped.offers, grouped.values, limits, [100_000, 200_000, 400_000]
)
further

# %% plot
allocation.plot(further)

# %% allocate_city
# A city's plan by the rules of a run file: each district by itself, and with places shared.
rules = AllocationRules.model_validate({"budgets": {"Harbour": 500_000, "Hill": 400_000}})
allocation.allocate_city(grouped.offers, grouped.values, rules)

# %% joint_measures
# Which interventions more districts can offer when places are shared.
pooled = allocation.Limits(budgets=limits.budgets, is_pooled=True)
together = allocation.allocate(grouped.offers, grouped.values, pooled)
allocation.joint_measures(plan, together)

# %% place_exchange
# What shared places mean for each district, at the internal price of a start.
prices = costs.select("intervention_id", price_per_start="cost")
allocation.place_exchange(together, prices)

# %% settled_bookings
# Bookings of interventions whose places' cost was delivered.
bookings = pl.DataFrame(
    {
        "month": [date(2026, 1, 1), date(2026, 1, 1)],
        "home_district": ["Hill", "Harbour"],
        "provider_district": ["Harbour", "Hill"],
        "intervention_id": ["course", "unpriced"],
        "n_place_months": [6, 7],
    }
)
settled = allocation.settled_bookings(bookings, place_costs)
settled

# %% settlement_list
allocation.settlement_list(
    settled,
    pl.DataFrame({"intervention_id": ["course"], "price_per_month": [8_000.0], "currency": "SEK"}),
)

# %% yearly_settlement
# A year of it, as it may be shown.
allocation.yearly_settlement(
    pl.DataFrame(
        {
            "calendar_month": [date(2025, 1, 1)],
            "home_district": ["Harbour"],
            "provider_district": ["Hill"],
            "intervention_id": ["course"],
            "n_place_months": [60],
            "price_per_month": [8_000.0],
            "amount": [480_000.0],
            "currency": ["SEK"],
        }
    ),
    pl.DataFrame(
        {
            "home_district": ["Harbour"],
            "provider_district": ["Hill"],
            "intervention_id": ["course"],
            "n_persons": [60],
        }
    ),
)

# %% register_offers
# Every intervention of the register, with or without a protocol.
allocation.register_offers(
    pl.DataFrame(
        {
            "district": ["Harbour", "all"],
            "intervention_id": ["course", "course"],
            "name": ["Course", "Course"],
            "n_persons": [40, 40],
            "n_starts": [20.0, 20.0],
            "n_months_counted": [24, 24],
            "counted_from": [date(2025, 1, 1)] * 2,
            "counted_through": [date(2026, 12, 1)] * 2,
            "mean_planned_months": [6.0, 6.0],
            "n_due": [30, 30],
            "n_kept": [15, 15],
        }
    ),
    prices=pl.DataFrame(
        {
            "intervention_id": ["course"],
            "cost": [40_000.0],
            "price_per_month": [8_000.0],
            "currency": ["SEK"],
        }
    ),
    places=place_costs.with_columns(utilisation_share=pl.lit(0.8), n_occupied=pl.lit(16)),
    min_persons=15,
)

# %% outreach_returns
# What a million would add if it were spent on outreach to young people, half of whom take the
# course: nobody knows how many would have taken it anyway.
reached = pl.DataFrame(
    {
        "target_group": ["neet"],
        "source": ["place"],
        "cost": [12_000.0],
        "currency": ["SEK"],
        "value_grade": ["M"],
    }
)
leads = pl.DataFrame(
    {
        "target_group": "neet",
        "intervention_id": ["course", "talks"],
        "kind": ["next", "outreach"],
        "n_persons": [100, 200],
        "share": [0.5, 1.0],
    }
)
worth = pl.DataFrame(
    {"intervention_id": "course", "draw": [0, 1, 2], "value": [90_000.0, 60_000.0, 120_000.0]}
)
allocation.outreach_returns(
    {"neet": 500},
    reached,
    leads,
    worth,
    costs,
    amounts=[1_000_000],
    shares={},
    behind={"course": 90},
)

# %% best_split
# Half a million for outreach adds more than the second half million does elsewhere.
spent = pl.DataFrame(
    {
        "target_group": "neet",
        "free_budget": [500_000.0, 1_000_000.0],
        "case": "declared",
        "added_value": [300_000.0, 600_000.0],
    }
)
elsewhere = pl.DataFrame(
    {"free_budget": [500_000.0, 1_000_000.0], "added_value": [900_000.0, 1_000_000.0]}
)
allocation.best_split(spent, elsewhere)

# %% outreach_of_run
# A run in which nobody counts outreach has nothing to say of it.
from evalkit import disclosure
from evalkit.batch.vintage import prepare_run
from evalkit.line.published import PUBLISHED
from evalkit.run_rules import EffectRules
from evalkit.shipped import shipped

run = prepare_run(shipped("params", "northern_ireland.yaml"), out="runs")
names = ("outreach_funnel", "outreach_costs", "outreach_leads", "offers")
known = {name: disclosure.protected(PUBLISHED[name].empty(), name, run) for name in names}
without_protocols = run.params.model_copy(update={"effects": EffectRules()})
allocation.outreach_of_run(run.model_copy(update={"params": without_protocols}), known).height
