"""The people of a simulated city: adults in slots of two, who form a couple or live apart, with
differences that the tables hold.

Person 2s and person 2s + 1 share slot s; whether they are a couple follows from the slot's key, so
any range of slots can be drawn alone. All arrays have one element per person.
"""

from dataclasses import dataclass, fields

import numpy as np

from evalkit.months import month_number
from evalkit.simulate.city.city import City
from evalkit.simulate.city.sections import TRAITS, Effects
from evalkit.simulate.population.streams import Purpose, normals, person_keys, uniforms

ORIGINS = ("native", "nordic", "eu", "other")
EDUCATIONS = ("compulsory_or_less", "upper_secondary", "post_secondary")
OBSTACLES = ("unemployed", "sick_no_benefit", "social_reasons", "language")
ADULT_AGE_YEARS = 18
_NATIVE, _NORDIC, _EU, _OTHER = range(len(ORIGINS))
_SICK, _SOCIAL, _LANGUAGE = 1, 2, 3


@dataclass(frozen=True)
class People:
    """Adults and what sets them apart. Months count from the city's first month (0); `birth_month`
    and `arrival` may be negative.

    number : position in the city; key : streams; district : position among the city's districts
    when first seen; arrival : first month in the city as an adult; traits : (n, traits) in the
    order of TRAITS; hidden : what no table holds, standard normal; hidden_key : its streams where
    it is drawn anew, the same whatever other chances people are given.
    """

    number: np.ndarray
    key: np.ndarray
    district: np.ndarray
    is_couple: np.ndarray
    is_female: np.ndarray
    birth_month: np.ndarray
    arrival: np.ndarray
    origin: np.ndarray
    years_in_country: np.ndarray
    education: np.ndarray
    obstacle: np.ndarray
    has_licence: np.ndarray
    fia: np.ndarray
    n_children: np.ndarray
    traits: np.ndarray
    hidden: np.ndarray
    hidden_key: np.ndarray

    def __len__(self) -> int:
        return len(self.number)

    def take(self, rows: np.ndarray | slice) -> "People":
        """Some of the people; with partners side by side if the rows name whole slots."""
        return People(**{field.name: getattr(self, field.name)[rows] for field in fields(self)})

    def with_keys(self, keys: np.ndarray) -> "People":
        """The same people with other chances ahead of them."""
        return People(
            **{field.name: getattr(self, field.name) for field in fields(self)} | {"key": keys}
        )

    def score(self, effects: Effects) -> np.ndarray:
        """What fixed traits add to a log rate; `log_elapsed` changes by month and is left to the
        process.
        """
        return self.traits @ weights_of(effects)


def weights_of(effects: Effects) -> np.ndarray:
    """What each fixed trait adds to a log rate: (n_traits,)."""
    weights = [0.0 if trait == "log_elapsed" else effects.get(trait, 0.0) for trait in TRAITS]
    return np.array(weights, dtype=np.float32)


def draw_people(city: City, *, seed: int, first: int, stop: int) -> People:
    """Persons `first` to `stop` - 1 of the city; both even, so that no couple is cut in two."""
    number = np.arange(first, stop, dtype=np.int64)
    key = person_keys(seed, number)
    slot_key = key.reshape(-1, 2)[:, 0].repeat(2)
    rules = city.people
    is_couple = _drawn(slot_key, 1) < rules.couple_share
    where = np.where(is_couple, _drawn(slot_key, 2), _drawn(key, 2))
    district = _by_share(where, np.array([row.weight for row in city.districts.rows])).astype(
        np.uint8
    )
    birth_month, arrival, is_immigrant = _births_and_arrivals(city, key)
    local = {
        name: np.array([getattr(row, name) for row in city.districts.rows], dtype=np.float32)[
            district
        ]
        for name in _LOCAL
    }
    shared_key = np.where(is_couple, slot_key, key)
    origin = _origin(shared_key, rules, is_immigrant, local["outside_eu_share"])
    age_at_start = np.maximum(-birth_month / 12, ADULT_AGE_YEARS)
    years = np.where(
        origin == _NATIVE, age_at_start, np.minimum(age_at_start, 24 * _drawn(key, 6) ** 1.5)
    )
    years = np.where(
        is_immigrant, np.where(arrival > 0, 0, np.minimum(-arrival / 12, age_at_start)), years
    ).astype(np.int16)
    poor_health = (_drawn(key, 7) < local["poor_health_share"]).astype(np.float32)
    fia = _fia(key, poor_health)
    education = _education(key, rules, origin)
    obstacle = _obstacle(key, rules, origin, years, poor_health)
    has_licence = _drawn(key, 8) >= local["no_licence_share"]
    n_children = np.minimum(
        (-np.log(_drawn(slot_key, 9)) * rules.children_mean * np.where(is_couple, 1.6, 0.6)).astype(
            np.uint8
        ),
        6,
    )
    is_female = np.where(is_couple, number % 2 == 1, _drawn(key, 10) < rules.female_share)
    columns = {
        "female": is_female,
        "age": (age_at_start - 40) / 10,
        "short_education": education == 0,
        "long_education": education == 2,
        "outside_eu": origin == _OTHER,
        "language_need": obstacle == _LANGUAGE,
        "sick": obstacle == _SICK,
        "social": obstacle == _SOCIAL,
        "no_licence": ~has_licence,
        "fia_health": fia[:, 0] - 3.0,
        "fia_social": fia[:, 1] - 3.0,
        "fia_work": fia[:, 2] - 3.0,
        "has_children": n_children > 0,
        "has_partner": is_couple,
        "log_elapsed": np.zeros(len(number)),
    }
    traits = np.column_stack([np.asarray(columns[trait], dtype=np.float32) for trait in TRAITS])
    hidden = rules.hidden_sd * normals(key, 40)
    return People(
        number,
        key,
        district,
        is_couple,
        is_female,
        birth_month,
        arrival,
        origin,
        years,
        education,
        obstacle,
        has_licence,
        fia,
        n_children,
        traits,
        hidden,
        key,
    )


_LOCAL = ("outside_eu_share", "poor_health_share", "no_licence_share")


def _drawn(key: np.ndarray, item: int) -> np.ndarray:
    return uniforms(key, 0, Purpose.TRAIT, item)


def _by_share(where: np.ndarray, shares: np.ndarray) -> np.ndarray:
    return np.minimum(np.searchsorted(np.cumsum(shares / shares.sum()), where), len(shares) - 1)


def _births_and_arrivals(city: City, key: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Birth months, first months as an adult in the city, and who immigrated as an adult after the
    burn-in began.
    """
    rules = city.people
    span = rules.oldest_at_start - rules.youngest_at_start
    young = rules.youngest_at_start + (25 - rules.youngest_at_start) * _drawn(key, 4)
    age = np.where(
        _drawn(key, 3) < rules.young_share, young, rules.youngest_at_start + span * _drawn(key, 4)
    )
    # Everybody born in one year turns a year older in January, as birth_year has it; the month
    # spreads them within the year.
    birth_month = -(age * 12).astype(np.int32)
    of_age = birth_month + 12 * ADULT_AGE_YEARS
    arrival_share = (city.newcomers or rules).arrival_share
    is_immigrant = (_drawn(key, 11) < arrival_share) & (of_age < 0)
    window = city.n_months + city.burn_in_months
    arrival = np.where(
        is_immigrant, (_drawn(key, 12) * window).astype(np.int32) - city.burn_in_months, of_age
    )
    return birth_month.astype(np.int32), np.maximum(arrival, of_age).astype(np.int32), is_immigrant


def _origin(
    key: np.ndarray, rules, is_immigrant: np.ndarray, outside_share: np.ndarray
) -> np.ndarray:
    where = _drawn(key, 5)
    near = np.where(_drawn(key, 17) < rules.nordic_share_of_those, _NORDIC, _EU)
    is_near = where < outside_share + rules.nordic_or_eu_share * (1 - outside_share)
    settled = np.where(where < outside_share, _OTHER, np.where(is_near, near, _NATIVE))
    return np.where(is_immigrant, np.where(where < 0.85, _OTHER, near), settled).astype(np.uint8)


def _fia(key: np.ndarray, poor_health: np.ndarray) -> np.ndarray:
    """Three summary areas of the readiness-for-work assessment, 1 (far) to 5 (near): health, social
    life, work.
    """
    common = normals(key, 20)
    means = (3.3 - 1.3 * poor_health, 3.2 - 0.4 * poor_health, 3.0 - 0.3 * poor_health)
    areas = [
        np.rint(mean + 0.6 * common + 0.8 * normals(key, 21 + area))
        for area, mean in enumerate(means)
    ]
    return np.clip(np.column_stack(areas), 1, 5).astype(np.uint8)


def _education(key: np.ndarray, rules, origin: np.ndarray) -> np.ndarray:
    short = np.clip(rules.short_education_share + 0.12 * (origin == _OTHER), 0, 1)
    drawn = _drawn(key, 13)
    return np.where(
        drawn < short, 0, np.where(drawn < 1 - rules.long_education_share, 1, 2)
    ).astype(np.uint8)


def _obstacle(
    key: np.ndarray, rules, origin: np.ndarray, years: np.ndarray, poor_health: np.ndarray
) -> np.ndarray:
    drawn = _drawn(key, 14)
    needs_language = (origin != _NATIVE) & (drawn < np.clip(0.75 - 0.07 * years, 0.05, 1))
    sick = _drawn(key, 15) < rules.sick_share_if_poor_health * poor_health
    social = _drawn(key, 16) < rules.social_share
    return np.where(
        sick, _SICK, np.where(needs_language, _LANGUAGE, np.where(social, _SOCIAL, 0))
    ).astype(np.uint8)


def birth_years(people: People, city: City) -> np.ndarray:
    """Year of birth, from the birth month."""
    return ((month_number(city.first_month) + people.birth_month) // 12).astype(np.int32)
