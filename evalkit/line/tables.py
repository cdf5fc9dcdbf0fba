"""The register of tables: delivered and derived ones, which lie in a run's work/, and published
ones, which lie in published/.

One name is both: effect_status in work/ holds every effect, source and subgroup with its `status`;
published/effect_status is what a page may show of it. `table` gives the one in work/, `published`
the other.
"""

from evalkit.errors import EvalkitError, nearest
from evalkit.line.delivered import delivered
from evalkit.line.derived import DERIVED
from evalkit.line.published import PUBLISHED
from evalkit.line.table import Table


def table(name: str) -> Table:
    """A table by name; the one in work/ where a published one has the same name.

    Raises
    ------
    EvalkitError
        If no table has the name; names the nearest.
    """
    for tables in (DERIVED, PUBLISHED):
        if name in tables:
            return tables[name]
    if name not in delivered():
        raise _unknown(name, [*delivered(), *DERIVED, *PUBLISHED], "table")
    return delivered()[name]


def published(name: str) -> Table:
    """A published table by name.

    Raises
    ------
    EvalkitError
        If no published table has the name; names the nearest.
    """
    if name not in PUBLISHED:
        raise _unknown(name, list(PUBLISHED), "published table")
    return PUBLISHED[name]


def _unknown(name: str, known: list[str], what: str) -> EvalkitError:
    return EvalkitError(
        f"There is no {what} {name}.",
        where=f"evalkit/line: {nearest(name, known)}",
        why="What a table holds is declared once; nothing else is read, written or published.",
        fix="mend the name, or declare the table: delivered ones in data_contracts/, derived ones "
        "in evalkit/line/derived.py, published ones in evalkit/line/published/.",
    )
