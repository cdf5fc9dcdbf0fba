"""An attacker who knows the rules, last step included, tries every city that would have led to what
is shown: by enumeration, not by the attacker of the room.
"""

from collections import defaultdict
from itertools import product

import numpy as np
import polars as pl

from evalkit.disclosure.attack.knowledge import knowledge_of
from evalkit.disclosure.attack.solve import known_too_well
from tests.disclosure.attack.cities import answers, published

MOST = 9
# A number next to the edge of what is tried has fewer cities than there are.
EDGE = 5


# Ways to publish a district: rounded and no more; with the last step; with a hole where rounding
# alone would tell somebody.
ROUNDED, SETTLED, LEFT_OUT = "rounded", "settled", "left out"


def _shown(numbers: tuple[int, ...], way: str) -> tuple:
    """What is published of a district with so many people by answer, and of all its people."""
    answer = np.repeat(np.arange(len(numbers)), numbers)
    table = answers(np.zeros_like(answer), answer, n_districts=1, n_answers=len(numbers))
    district = table.filter(pl.col("district") != "all")
    shown = published(district, "loops", is_settled=way == SETTLED)
    numbers_shown = shown.data["n_persons"].to_list()
    if way == LEFT_OUT:
        for one in known_too_well(knowledge_of([shown])):
            numbers_shown[one.place] = None
    return tuple(numbers_shown)


def _fewest_values(way: str) -> int:
    """Over all that can be shown: among how few values a count that can be 1 to 4 lies."""
    cities = defaultdict(list)
    for numbers in product(range(MOST + 1), repeat=2):
        cities[_shown(numbers, way)].append(numbers)
    return min(
        len(values)
        for shown, led_to_it in cities.items()
        if max(number or 0 for number in shown[:-1]) <= EDGE
        for values in map(set, zip(*led_to_it, strict=True))
        if values & {1, 2, 3, 4}
    )


def test_rounding_alone_tells_some_count_within_two_values():
    assert _fewest_values(ROUNDED) == 2


def test_a_hole_tells_what_stood_in_it():
    assert _fewest_values(LEFT_OUT) == 2


def test_the_next_five_leaves_three_values_to_whoever_knows_the_rules():
    assert _fewest_values(SETTLED) >= 3
