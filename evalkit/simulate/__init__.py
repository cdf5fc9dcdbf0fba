"""The known-truth city: tables as a city would deliver them, simulated from declared assumptions,
and the truth behind them.
"""

from evalkit.simulate.city.city import load_city
from evalkit.simulate.population.lives import live
from evalkit.simulate.register.city_folder import is_simulated, write_city
from evalkit.simulate.register.person_tables import person_tables
from evalkit.simulate.truth.rollouts import rollout_truth
from evalkit.simulate.truth.truth import planted_gains, simulate_truth
from evalkit.simulate.truth.value_truth import value_truth

__all__ = [
    "is_simulated",
    "live",
    "load_city",
    "person_tables",
    "planted_gains",
    "rollout_truth",
    "simulate_truth",
    "value_truth",
    "write_city",
]
