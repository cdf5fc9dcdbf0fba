"""What a table of counts gives away by its own sums is taken back before it is published: one of
its numbers is shown as the next five.

A hole or a mark would tell whoever knows the rules which numbers had stood there. This does not:
what is shown then is what other people would have led to without it, and all that those could have
been is possible.
"""

from collections.abc import Callable, Iterator

import polars as pl

from evalkit.disclosure.attack.knowledge import Knowledge, keys_of_count, knowledge_of
from evalkit.disclosure.attack.solve import Known, known_too_well, narrow_by_bounds
from evalkit.disclosure.published import Published
from evalkit.disclosure.rounding import BASE
from evalkit.line.published import PUBLISHED
from evalkit.tables import CITY

_STEPS = 50


def settled(table: pl.DataFrame, protect: Callable[[pl.DataFrame], Published]) -> Published:
    """A table behind gate 2 whose sums tell no count of 1 to 4.

    Parameters
    ----------
    table : DataFrame
        The table before gate 2.
    protect : function
        Its rule: from the table to what is published.

    Returns
    -------
    Published
        With as few numbers as can be moved to the next five; a number is never off by five, and 0
        is only shown for 0 to 2. Where no such move helps, as it is: the attack on the run says so.
    """
    published = protect(table)
    found = known_too_well(known := knowledge_of([published]))
    for _ in range(_STEPS if found else 0):
        for place in _beside(known, found):
            moved = _moved(table, known, place)
            if moved is None or narrow_by_bounds(knowledge_of([shown := protect(moved)])) >= len(
                found
            ):
                continue
            left = known_too_well(with_it := knowledge_of([shown]))
            if len(left) < len(found) and all(one.values for one in left):
                table, published, known, found = moved, shown, with_it, left
                break
        else:
            break
    return published


def _beside(known: Knowledge, found: list[Known]) -> Iterator[int]:
    """The published counts that stand in a sum with one that was found, inner ones first: those of
    the first one found before those of the next.
    """
    seen: set[int] = set()
    for one in found:
        sums = (known_sum.factors for known_sum in known.sums if one.place in known_sum.factors)
        places = {place for factors in sums for place in factors} - seen
        yield from sorted(places, key=lambda place: (CITY in known.cell(place)[1], place))
        seen |= places


def _moved(table: pl.DataFrame, known: Knowledge, place: int) -> pl.DataFrame | None:
    """The table with a count that will be shown as the five on its other side; None where it is
    shown as it is, or where none to two would be said of more.
    """
    name, keys, column = known.cell(place)
    of_count = keys_of_count(name, PUBLISHED[name].keys)
    is_it = pl.all_horizontal(
        pl.col(key).eq_missing(pl.lit(value)) for key, value in zip(of_count, keys, strict=False)
    )
    true = table.filter(is_it)[column][0]
    if true is None or true % BASE == 0:
        return None
    shown = true - true % BASE + BASE * (2 * (true % BASE) > BASE)
    other = shown + BASE if true > shown else shown - BASE
    if not other:
        return None
    return table.with_columns(pl.when(is_it).then(other).otherwise(column).alias(column))
