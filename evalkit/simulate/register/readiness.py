"""The five criteria of readiness as staff write them down at a follow-up: more of them are met by
those who are nearer to work, as far as the city declares it.
"""

import numpy as np

from evalkit.simulate.city.city import City
from evalkit.simulate.population.nearness import Nearness
from evalkit.simulate.population.people import People
from evalkit.simulate.population.streams import Purpose, uniforms

CRITERIA = (
    "manages_participation",
    "manages_travel",
    "has_no_active_abuse",
    "handles_conflict",
    "is_motivated",
)


def criteria_met(
    city: City, people: People, rows: np.ndarray, month: np.ndarray
) -> dict[str, np.ndarray]:
    """Whether each criterion is met (1, 0) by the people of some rows in some months, drawn anew
    each time.
    """
    rules, key = city.readiness, people.key[rows]
    log_odds = rules.level + rules.by_nearness * Nearness(city, people).of(rows, month)
    chance = 1 / (1 + np.exp(-log_odds))
    return {
        name: (uniforms(key, month, Purpose.READINESS, item) < chance).astype(np.int32)
        for item, name in enumerate(CRITERIA)
    }
