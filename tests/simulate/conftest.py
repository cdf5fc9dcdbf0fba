import json
from pathlib import Path

import polars as pl
import pytest

from evalkit.simulate import live, load_city, person_tables
from evalkit.simulate.city.city import City

CITIES = Path(__file__).parents[2] / "params" / "cities"


@pytest.fixture(scope="session")
def stockholm() -> City:
    return load_city("stockholm", CITIES)


@pytest.fixture(scope="session")
def lives(stockholm):
    """Twenty thousand people: enough for shares by district, three seconds to make."""
    return live(stockholm, seed=7, first=0, stop=20_000)


@pytest.fixture(scope="session")
def tables(stockholm, lives) -> dict[str, pl.DataFrame]:
    return person_tables(stockholm, lives)


@pytest.fixture(scope="session")
def small_city(stockholm) -> City:
    """The same city over four years, for what is simulated several times."""
    return City.model_validate(
        json.loads(stockholm.model_dump_json()) | {"n_months": 66, "burn_in_months": 12}
    )
