"""What the districts of a simulated city offer: how readily, from when on, and with which
effect.
"""

import numpy as np

from evalkit.simulate.city.city import City
from evalkit.simulate.city.sections import CityIntervention, District
from evalkit.simulate.population.state import NEVER
from evalkit.simulate.population.streams import named_normal


def start_rates(city: City) -> np.ndarray:
    """(districts, interventions) monthly start rates of someone whose traits are all 0."""
    rates = [
        [
            intervention.monthly_rate * offer(intervention, district)
            for intervention in city.interventions
        ]
        for district in city.districts.rows
    ]
    return np.array(rates, dtype=np.float32)


def offer(intervention: CityIntervention, district: District) -> float:
    """How readily a district offers an intervention, relative to the city (0: not at all)."""
    if intervention.offered_in and district.name not in intervention.offered_in:
        return 0.0
    return intervention.offer_by_model.get(district.model, 1.0)


def gains_of_higher_steps(city: City) -> np.ndarray:
    """(interventions begun, interventions started) what having begun one adds to the log start
    rates of those on higher steps of the ladder.
    """
    prepares = city.next_step.starts_of_higher if city.next_step else {}
    return np.array(
        [
            [
                prepares.get(begun.intervention_id, 0.0) * (to.ladder_step > begun.ladder_step)
                for to in city.interventions
            ]
            for begun in city.interventions
        ],
        dtype=np.float32,
    )


def work_gains(city: City) -> np.ndarray:
    """(districts, interventions) gain in the log rate into work: the city's, the district model's,
    and the district's own deviation.
    """
    return np.array(
        [
            [
                intervention.gain.work
                + intervention.by_model.get(district.model, 0.0)
                + intervention.district_sd
                * named_normal(city.city, district.name, intervention.intervention_id)
                for intervention in city.interventions
            ]
            for district in city.districts.rows
        ]
    )


def offered_from(city: City) -> np.ndarray:
    """(districts, interventions) first month of a start; NEVER where it has always been there
    (start_rates say whether it is).
    """
    by_district = [
        [intervention.offered_in.get(name, NEVER) or NEVER for intervention in city.interventions]
        for name in city.district_names
    ]
    first = city.earlier_participation.first_start_month if city.earlier_participation else None
    return np.maximum(np.array(by_district), NEVER if first is None else first)
