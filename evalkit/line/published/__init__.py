"""The published tables, by station: what charts and pages may show once disclosure control has let
it out.
"""

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from evalkit.errors import DisclosureError
from evalkit.line.published.access import ACCESS
from evalkit.line.published.accounts import ACCOUNTS
from evalkit.line.published.allocation import ALLOCATION
from evalkit.line.published.counts import COUNTS
from evalkit.line.published.description import DESCRIPTION
from evalkit.line.published.design import DESIGN
from evalkit.line.published.effects import EFFECTS
from evalkit.line.published.forecasts import FORECASTS
from evalkit.line.published.offer import OFFER
from evalkit.line.published.process import PROCESS
from evalkit.line.published.programme import PROGRAMME
from evalkit.line.published.registration import REGISTRATION
from evalkit.line.published.steps import STEPS
from evalkit.line.published.value import VALUE
from evalkit.line.table import Table


def guarded(tables: Iterable[Table]) -> Mapping[str, Table]:
    """Published tables by name.

    Raises
    ------
    DisclosureError
        If a table has no guard, or its rows are persons; names them all.
    """
    by_name = {table.name: table for table in tables}
    unguarded = [
        table.name for table in by_name.values() if table.guard is None or table.is_person_level
    ]
    if unguarded:
        raise DisclosureError(
            f"{len(unguarded)} published table{'s have' if len(unguarded) > 1 else ' has'} no "
            "guard.",
            where=f"evalkit/line/published: {', '.join(unguarded)}",
            why="Nothing is published without a rule that says how it is rounded, and no "
            "row of a published table is a person.",
            fix="declare the guard of the table: its rule and the column with its persons.",
        )
    return MappingProxyType(by_name)


# The stations "counts" and "design" are written on request; all others by a run's notebooks.
STATIONS: Mapping[str, tuple[Table, ...]] = MappingProxyType(
    {
        "description": DESCRIPTION,
        "effects": EFFECTS,
        "value": VALUE,
        "allocation": ALLOCATION,
        "process": PROCESS,
        "steps": STEPS,
        "access": ACCESS,
        "offer": OFFER,
        "accounts": ACCOUNTS,
        "programme": PROGRAMME,
        "registration": REGISTRATION,
        "forecasts": FORECASTS,
        "counts": COUNTS,
        "design": DESIGN,
    }
)
PUBLISHED = guarded(table for tables in STATIONS.values() for table in tables)
