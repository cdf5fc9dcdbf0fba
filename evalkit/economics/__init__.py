"""Economics: from effects to what each actor gains or loses, in a double-entry ledger whose prices
and postings are data.
"""

from evalkit.economics.ledger.discounting import present_value
from evalkit.economics.ledger.group_value import value_by_group
from evalkit.economics.ledger.horizon import refuse_horizon
from evalkit.economics.ledger.ledger import (
    posting_ranges,
    refuse_unknown_states,
    value_effects,
)
from evalkit.economics.pictures import plot
from evalkit.economics.prices.book_of_run import price_book_of_run
from evalkit.economics.prices.conversion import convert_currency, convert_price_year
from evalkit.economics.prices.dated import DatedFile, load_dated, value_at
from evalkit.economics.prices.district_prices import refuse_unknown_districts
from evalkit.economics.prices.explain import explain
from evalkit.economics.prices.offer_prices import offer_prices
from evalkit.economics.prices.place_costs import place_prices, run_place_costs, start_costs
from evalkit.economics.prices.price_book_file import load_price_book
from evalkit.economics.results.advice_table import advice_of_run
from evalkit.economics.results.drift import drift, read_vintage
from evalkit.economics.results.information import evppi
from evalkit.economics.results.results import value_results
from evalkit.economics.results.shown import postings_of_many, with_people
from evalkit.economics.results.since_last import since_last
from evalkit.economics.results.summaries import (
    displacement_sensitivity,
    price_table,
    summarise_value,
    value_by_actor,
)
from evalkit.economics.results.uncertainty import acceptability_curve, evpi
from evalkit.economics.results.welfare import fieller_limits, incremental_table, mvpf
from evalkit.economics.what_if.arms import WhatIf, load_what_if
from evalkit.economics.what_if.lever_table import value_levers
from evalkit.economics.what_if.levers import LeverState, levers_of
from evalkit.economics.what_if.projection import cohort_totals, cohort_trace
from evalkit.economics.what_if.revaluation import Revalued, revalue
from evalkit.economics.what_if.scenario_file import Scenario
from evalkit.economics.what_if.scenarios import run_scenario, run_scenarios, what_if_value

__all__ = [
    "DatedFile",
    "LeverState",
    "Revalued",
    "Scenario",
    "WhatIf",
    "acceptability_curve",
    "advice_of_run",
    "cohort_totals",
    "cohort_trace",
    "convert_currency",
    "convert_price_year",
    "displacement_sensitivity",
    "drift",
    "evpi",
    "evppi",
    "explain",
    "fieller_limits",
    "incremental_table",
    "levers_of",
    "load_dated",
    "load_price_book",
    "load_what_if",
    "mvpf",
    "offer_prices",
    "place_prices",
    "plot",
    "posting_ranges",
    "postings_of_many",
    "present_value",
    "price_book_of_run",
    "price_table",
    "read_vintage",
    "refuse_horizon",
    "refuse_unknown_districts",
    "refuse_unknown_states",
    "revalue",
    "run_place_costs",
    "run_scenario",
    "run_scenarios",
    "since_last",
    "start_costs",
    "summarise_value",
    "value_at",
    "value_by_actor",
    "value_by_group",
    "value_effects",
    "value_levers",
    "value_results",
    "what_if_value",
    "with_people",
]
