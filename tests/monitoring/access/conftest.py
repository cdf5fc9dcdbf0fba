"""People who came to support, made of shares by district, sex and need."""

import numpy as np
import polars as pl
import pytest


@pytest.fixture
def made_people():
    """A function that makes people of some districts: half women, more of them with a need where
    `needs` says so; they start by `chance` of (district, is a woman, has a need).
    """

    def make(chance, *, n=600, districts="ABCDEFGH", needs=lambda d: 0.4, seed=1):
        rng = np.random.default_rng(seed)
        district = np.repeat(list(districts), n)
        is_woman = rng.random(len(district)) < 0.5
        share = np.array([needs(one) for one in district])
        has_need = rng.random(len(district)) < share
        p = np.array([chance(*one) for one in zip(district, is_woman, has_need, strict=True)])
        is_start = rng.random(len(district)) < p
        return pl.DataFrame(
            {
                "person_id": [f"{number}" for number in range(len(district))],
                "cluster_id": "",
                "district": district,
                "weight": 1.0,
                "year": rng.integers(2020, 2023, len(district)),
                "sex": np.where(is_woman, "female", "male"),
                "age": "not_known",
                "origin": "not_known",
                "education": "not_known",
                "obstacle": np.where(has_need, "certified_sick", "unemployed"),
                "months": np.where(is_start, 4, 20),
                "event": np.where(is_start, "start", "left_support"),
            }
        )

    return make
