"""The known-truth city: tables as a city would deliver them, simulated from declared assumptions,
and the truth behind them.
"""

from evalkit.simulate.assumptions import City, load_city
from evalkit.simulate.city_folder import Prices, Written, write_city
from evalkit.simulate.lives import Lives, live
from evalkit.simulate.register import person_tables
from evalkit.simulate.truth import Truth, planted_gains, rollout_truth, simulate_truth
from evalkit.simulate.value_truth import state_month_prices, value_truth

__all__ = [
    "City",
    "Lives",
    "Prices",
    "Truth",
    "Written",
    "live",
    "load_city",
    "person_tables",
    "planted_gains",
    "rollout_truth",
    "simulate_truth",
    "state_month_prices",
    "value_truth",
    "write_city",
]
