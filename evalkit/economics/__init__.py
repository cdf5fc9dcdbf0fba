"""Economics: from effects to what each actor gains or loses, in a double-entry ledger whose prices
and postings are data.
"""

from evalkit.economics.ledger.discounting import present_value
from evalkit.economics.ledger.group_value import value_by_group
from evalkit.economics.ledger.horizon import refuse_horizon
from evalkit.economics.ledger.ledger import value_effects, value_under
from evalkit.economics.ledger.ledger_checks import check_ledger
from evalkit.economics.prices.conversion import convert_currency, convert_price_year
from evalkit.economics.prices.dated import DatedFile, load_dated, value_at
from evalkit.economics.prices.explain import explain
from evalkit.economics.prices.households import (
    HouseholdParts,
    household_parts,
    with_household_parts,
)
from evalkit.economics.prices.place_costs import (
    place_costs,
    place_prices,
    price_book_of_run,
    run_place_costs,
    start_costs,
    with_place_costs,
)
from evalkit.economics.prices.price_book_file import declare_price_book, load_price_book
from evalkit.economics.results.drift import Vintage, drift, read_vintage
from evalkit.economics.results.information import evppi
from evalkit.economics.results.results import ValueResults, value_results
from evalkit.economics.results.summaries import (
    displacement_sensitivity,
    price_table,
    summarise_value,
    value_by_actor,
)
from evalkit.economics.results.uncertainty import acceptability_curve, evpi
from evalkit.economics.results.welfare import fieller_limits, incremental_table, mvpf
from evalkit.economics.what_if.arms import WhatIf, cohort_path, load_what_if
from evalkit.economics.what_if.projection import cohort_totals, cohort_trace, transition_flows
from evalkit.economics.what_if.scenarios import Scenario, run_scenario, run_scenarios, what_if_value
from evalkit.line.actors import ACTORS, PERSPECTIVES
from evalkit.line.price_book import PriceBook, PriceBookFile

__all__ = [
    "ACTORS",
    "PERSPECTIVES",
    "DatedFile",
    "HouseholdParts",
    "PriceBook",
    "PriceBookFile",
    "Scenario",
    "ValueResults",
    "Vintage",
    "WhatIf",
    "acceptability_curve",
    "check_ledger",
    "cohort_path",
    "cohort_totals",
    "cohort_trace",
    "convert_currency",
    "convert_price_year",
    "declare_price_book",
    "displacement_sensitivity",
    "drift",
    "evpi",
    "evppi",
    "explain",
    "fieller_limits",
    "household_parts",
    "incremental_table",
    "load_dated",
    "load_price_book",
    "load_what_if",
    "mvpf",
    "place_costs",
    "place_prices",
    "present_value",
    "price_book_of_run",
    "price_table",
    "read_vintage",
    "refuse_horizon",
    "run_place_costs",
    "run_scenario",
    "run_scenarios",
    "start_costs",
    "summarise_value",
    "transition_flows",
    "value_at",
    "value_by_actor",
    "value_by_group",
    "value_effects",
    "value_results",
    "value_under",
    "what_if_value",
    "with_household_parts",
    "with_place_costs",
]
