"""Economics: from effects to what each actor gains or loses, in a double-entry ledger whose prices and postings are data."""

from evalkit.economics.actors import ACTORS, PERSPECTIVES
from evalkit.economics.conversion import convert_currency, convert_price_year
from evalkit.economics.dated import DatedFile, load_dated, value_at
from evalkit.economics.discounting import present_value
from evalkit.economics.explain import explain
from evalkit.economics.information import evppi
from evalkit.economics.ledger import value_effects, value_under
from evalkit.economics.ledger_checks import check_ledger
from evalkit.economics.place_costs import place_costs, price_book_of_run, run_place_costs, start_costs, with_place_costs
from evalkit.economics.price_book import PriceBook, PriceBookFile, declare_price_book, load_price_book
from evalkit.economics.projection import cohort_trace
from evalkit.economics.results import ValueResults, value_results
from evalkit.economics.summaries import displacement_sensitivity, price_table, summarise_value, value_by_actor
from evalkit.economics.uncertainty import acceptability_curve, evpi
from evalkit.economics.welfare import fieller_limits, incremental_table, mvpf

__all__ = [
    "ACTORS",
    "PERSPECTIVES",
    "DatedFile",
    "PriceBook",
    "PriceBookFile",
    "ValueResults",
    "acceptability_curve",
    "check_ledger",
    "cohort_trace",
    "convert_currency",
    "convert_price_year",
    "declare_price_book",
    "displacement_sensitivity",
    "evpi",
    "evppi",
    "explain",
    "fieller_limits",
    "incremental_table",
    "load_dated",
    "load_price_book",
    "mvpf",
    "place_costs",
    "present_value",
    "price_book_of_run",
    "price_table",
    "run_place_costs",
    "start_costs",
    "summarise_value",
    "value_at",
    "value_by_actor",
    "value_effects",
    "value_results",
    "value_under",
    "with_place_costs",
]
