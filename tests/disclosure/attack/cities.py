"""Made-up cities whose people are known, published as a run does it: tables of several answers with
all margins, and of yes and no, which is not published.
"""

import numpy as np
import polars as pl

from evalkit.disclosure import Published, protect_counts
from evalkit.disclosure.attack.settle import settled
from evalkit.line.published import PUBLISHED
from evalkit.tables import CITY

PROVENANCE = {"unit": "persons", "source": "made up", "grade": "H"}


def people(rng: np.random.Generator, *, n_districts: int, n_answers: int, size: float):
    """People of a city: each one's district and answer, as two arrays of numbers. Districts and
    answers are of very different size, so that many cells are small.
    """
    shares = rng.dirichlet(np.full(n_answers, 0.7), size=n_districts)
    sizes = rng.poisson(rng.gamma(2.0, size / 2, size=n_districts))
    district = np.repeat(np.arange(n_districts), sizes)
    answer = np.array([rng.choice(n_answers, p=shares[d]) for d in district], dtype=int)
    return district, answer


def answers(district: np.ndarray, answer: np.ndarray, *, n_districts: int, n_answers: int):
    """The numbers of the table `loops`, one level: districts and the city, answers and all."""
    counts = np.zeros((n_districts + 1, n_answers + 1), dtype=int)
    np.add.at(counts, (district, answer), 1)
    counts[-1] = counts[:-1].sum(axis=0)
    counts[:, -1] = counts[:, :-1].sum(axis=1)
    names = [*(f"D{d}" for d in range(n_districts)), CITY]
    said = [*map(str, range(n_answers)), CITY]
    return pl.DataFrame(
        [
            (names[d], "support", said[a], int(counts[d, a]))
            for d in range(n_districts + 1)
            for a in range(n_answers + 1)
        ],
        schema={
            "district": pl.String,
            "level": pl.String,
            "n_returns": pl.String,
            "n_persons": pl.Int32,
        },
        orient="row",
    )


def yes_no(district: np.ndarray, is_yes: np.ndarray, *, n_districts: int, with_no: bool = False):
    """The numbers of the table `long_term` in one year."""
    rows = []
    for d in [*range(n_districts), CITY]:
        there = is_yes if d == CITY else is_yes[district == d]
        name = d if d == CITY else f"D{d}"
        numbers = {"all": len(there), "yes": int(there.sum()), "no": int((~there).sum())}
        rows += [
            (name, 2026, "long_term", said, number)
            for said, number in numbers.items()
            if with_no or said != "no"
        ]
    schema = {
        "district": pl.String,
        "year": pl.Int32,
        "measure": pl.String,
        "answer": pl.String,
        "n_persons": pl.Int32,
    }
    return pl.DataFrame(rows, schema=schema, orient="row")


def published(table: pl.DataFrame, name: str, *, is_settled: bool = True) -> Published:
    """A table of persons behind gate 2."""

    def protect(rows: pl.DataFrame) -> Published:
        return protect_counts(
            rows,
            name=name,
            keys=PUBLISHED[name].keys,
            counts=["n_persons"],
            n_persons="n_persons",
            **PROVENANCE,
        )

    return settled(table, protect) if is_settled else protect(table)
