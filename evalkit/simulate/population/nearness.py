"""How near people are to work by their traits, the one that no table holds among them: that trait
lasts, or is drawn anew every so many months where a world has it so.
"""

import numpy as np

from evalkit.simulate.city.city import City
from evalkit.simulate.population.people import People
from evalkit.simulate.population.streams import Purpose, normals, uniforms


class Nearness:
    """What traits add to people's log rate from support into work."""

    def __init__(self, city: City, people: People):
        self.people, self.hidden_sd = people, np.float32(city.people.hidden_sd)
        self.measured = people.score(city.process.to_work)
        self.hidden_to_work = np.float32(city.process.hidden_to_work)
        self.renewed_every = city.selection.renewed_every_months if city.selection else None

    def of(self, rows: np.ndarray, month: np.ndarray) -> np.ndarray:
        """Of the people of some rows, each in a month: what adds to the log rate. float32."""
        return self.measured[rows] + self.hidden_to_work * self.hidden(rows, month)

    def hidden(self, rows: np.ndarray, month: np.ndarray) -> np.ndarray:
        """The trait that no table holds: of the people of some rows, each in a month. float32."""
        if self.renewed_every is None:
            return self.people.hidden[rows]
        key = self.people.hidden_key[rows]
        ahead = (uniforms(key, 0, Purpose.HIDDEN) * self.renewed_every).astype(np.int64)
        period = (month + ahead) // self.renewed_every
        return self.hidden_sd * normals(key, 0, Purpose.HIDDEN, month=period)
