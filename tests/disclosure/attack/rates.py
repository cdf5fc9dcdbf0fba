"""How often an attacker succeeds against made-up cities whose people are known."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import polars as pl

from evalkit.disclosure.attack.knowledge import SMALL, knowledge_of
from evalkit.disclosure.attack.solve import ENOUGH, known_too_well
from evalkit.line.published import PUBLISHED
from tests.disclosure.attack.cities import answers, people, published, yes_no

SIZES = (10, 30, 60)
# Tables of a city: districts, answers; of yes and no in five districts.
TABLES: dict[str, tuple[int, int]] = {"5 x 4": (5, 4), "14 x 3": (14, 3), "yes or no": (5, 2)}


@dataclass(frozen=True)
class Rate:
    """How often something happened, of how many times it could have."""

    n: int
    of: int

    @property
    def share(self) -> float:
        return self.n / max(self.of, 1)

    @property
    def error(self) -> float:
        """The Monte Carlo standard error; where it never happened, as if it had once."""
        share = max(self.share, 1 / max(self.of, 1))
        return (share * (1 - share) / max(self.of, 1)) ** 0.5

    def __str__(self) -> str:
        return f"{100 * self.share:.1f} % (± {100 * self.error:.1f}; {self.n} of {self.of})"


def tables_of(kind: str, district: np.ndarray, answer: np.ndarray) -> tuple[pl.DataFrame, str]:
    """What is counted in a city of a kind, and the declared table that it stands in."""
    n_districts, n_answers = TABLES[kind]
    if kind == "yes or no":
        return yes_no(district, answer == 1, n_districts=n_districts), "long_term"
    return answers(district, answer, n_districts=n_districts, n_answers=n_answers), "loops"


def small_counts(kind: str, *, n_cities: int, seed: int, is_settled: bool) -> tuple[Rate, Rate]:
    """Of the true counts of 1 to 4: how many are known exactly, and how many within one."""
    rng = np.random.default_rng(seed)
    exact = within = n_small = 0
    for city in range(n_cities):
        n_districts, n_answers = TABLES[kind]
        size = SIZES[city % len(SIZES)]
        made = people(rng, n_districts=n_districts, n_answers=n_answers, size=size)
        table, name = tables_of(kind, *made)
        truth = dict(_numbers(table, name))
        known = knowledge_of([published(table, name, is_settled=is_settled)])
        n_small += sum(1 <= n <= SMALL for n in truth.values())
        for one in known_too_well(known):
            if one.values and 1 <= truth[known.cell(one.place)[1]] <= SMALL:
                exact += len(one.values) == 1
                within += len(one.values) < ENOUGH
    return Rate(exact, n_small), Rate(within, n_small)


def _numbers(table: pl.DataFrame, name: str) -> Iterator[tuple[tuple, int]]:
    keys = PUBLISHED[name].keys
    for row in table.iter_rows(named=True):
        yield tuple(row[key] for key in keys), row["n_persons"]


def exit_read(
    show: Callable[[pl.DataFrame, str], pl.DataFrame],
    *,
    n_trials: int,
    n_others: int,
    seed: int,
    n_releases: int = 2,
    knows_after: bool = True,
) -> Rate:
    """One person of a city leaves between the last two releases; somebody who knows that, and in
    which district she was counted, says which of four answers was hers: the one whose numbers went
    down most, in the district and in the city; of several, that of most people.

    Parameters
    ----------
    show : function
        From a table and its name to what is published of it.
    knows_after : bool
        False: the attacker has the first release alone, what anybody would guess.
    n_others : int
        Others of the same district whose answer changes, of which nothing is known.
    n_releases : int
        Releases; before each but the first, one to three others have come or gone.
    """
    rng = np.random.default_rng(seed)
    n_read = 0
    for trial in range(n_trials):
        district, answer = people(rng, n_districts=5, n_answers=4, size=SIZES[trial % len(SIZES)])
        for _ in range(n_releases - 2):
            district, answer = _moved(rng, district, answer, int(rng.integers(1, 4)))
        who = int(rng.integers(len(district)))
        before = show(*tables_of("5 x 4", district, answer))
        gone, theirs = district[who], answer[who]
        others = np.flatnonzero(district == gone)
        others = rng.permutation(others[others != who])[:n_others]
        later = answer.copy()
        later[others] = rng.integers(0, 4, len(others))
        after = show(*tables_of("5 x 4", np.delete(district, who), np.delete(later, who)))
        fell = _fall(before, after if knows_after else before, f"D{gone}")
        n_read += int(np.lexsort((_counted(before, f"D{gone}"), fell))[-1]) == theirs
    return Rate(n_read, n_trials)


def _moved(rng, district: np.ndarray, answer: np.ndarray, n: int):
    """The city after some people have gone and as many have come."""
    stay = rng.permutation(len(district))[n:]
    came = rng.choice(len(district), n)
    return (
        np.concatenate([district[stay], district[came]]),
        np.concatenate([answer[stay], rng.integers(0, 4, n)]),
    )


def _fall(before: pl.DataFrame, after: pl.DataFrame, district: str) -> np.ndarray:
    """By how much each answer's numbers went down, in the district and in the city."""
    return sum(
        (_counted(before, place) - _counted(after, place) for place in (district, "all")),
        start=np.zeros(4),
    )


def _counted(table: pl.DataFrame, place: str) -> np.ndarray:
    rows = table.filter(pl.col("district") == place, pl.col("n_returns") != "all")
    return rows.sort("n_returns")["n_persons"].to_numpy().astype(float)
