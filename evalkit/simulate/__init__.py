"""The known-truth city: tables as a city would deliver them, simulated from declared assumptions,
and the truth behind them.
"""

from evalkit.simulate.city.city import City, load_city
from evalkit.simulate.population.lives import Lives, live
from evalkit.simulate.register.city_folder import Written, write_city
from evalkit.simulate.register.person_tables import person_tables
from evalkit.simulate.truth.rollouts import rollout_truth
from evalkit.simulate.truth.truth import Truth, planted_gains, simulate_truth
from evalkit.simulate.truth.value_truth import state_month_prices, value_truth

__all__ = [
    "City",
    "Lives",
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
