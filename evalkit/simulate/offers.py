"""What the districts of a simulated city offer: how readily, from when on, and with which
effect.
"""

import numpy as np

from evalkit.simulate.assumptions import City, CityIntervention, District
from evalkit.simulate.state import NEVER
from evalkit.simulate.streams import named_normal


def start_rates(city: City) -> np.ndarray:
    """(districts, interventions) monthly start rates of someone whose traits are all 0."""
    rates = [
        [one.monthly_rate * offer(one, row) for one in city.interventions]
        for row in city.districts.rows
    ]
    return np.array(rates, dtype=np.float32)


def offer(intervention: CityIntervention, district: District) -> float:
    """How readily a district offers an intervention, relative to the city (0: not at all)."""
    if intervention.offered_in and district.name not in intervention.offered_in:
        return 0.0
    return intervention.offer_by_model.get(district.model, 1.0)


def work_gains(city: City) -> np.ndarray:
    """(districts, interventions) gain in the log rate into work: the city's, the district model's,
    and the district's own deviation.
    """
    return np.array(
        [
            [
                one.gain.work
                + one.by_model.get(row.model, 0.0)
                + one.district_sd * named_normal(city.city, row.name, one.intervention_id)
                for one in city.interventions
            ]
            for row in city.districts.rows
        ]
    )


def offered_from(city: City) -> np.ndarray:
    """(districts, interventions) first month of a start; NEVER where it has always been there
    (start_rates say whether it is).
    """
    never_later = [
        [one.offered_in.get(row.name, NEVER) or NEVER for one in city.interventions]
        for row in city.districts.rows
    ]
    first = city.earlier_participation.first_start_month if city.earlier_participation else None
    return np.maximum(np.array(never_later), NEVER if first is None else first)
