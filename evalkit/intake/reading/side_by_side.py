"""Work done in threads: most of what intake does leaves Python, so that threads share the
processors.
"""

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any


def side_by_side(work: Callable[..., Any], *items: Iterable[Any]) -> list[Any]:
    """`map` in threads; results keep the order of the items."""
    with ThreadPoolExecutor() as pool:
        return list(pool.map(work, *items))
