"""Gate 2 for the tables that a run publishes: each is declared once, and leaves only by the rule it
is declared with.

A table of a single district carries the district's file name: exit_curves-belfast; the city's own
is exit_curves-all.
"""

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

import polars as pl

from evalkit.disclosure.declared import Declared
from evalkit.disclosure.description_tables import DESCRIPTION_TABLES
from evalkit.disclosure.effects_tables import EFFECTS_TABLES
from evalkit.disclosure.group_curves import protect_group_curves
from evalkit.disclosure.protect import protect_counts, protect_curve, protect_estimates
from evalkit.disclosure.published import Published
from evalkit.disclosure.release import publish, read_published
from evalkit.disclosure.value_tables import VALUE_TABLES
from evalkit.errors import DisclosureError, nearest
from evalkit.params import Run
from evalkit.reads import may_read
from evalkit.tables import CITY, slug
from evalkit.vocabulary import SIMULATED, TABLE_LANGUAGE, in_language

DECLARED: Mapping[str, Declared] = MappingProxyType(
    {**DESCRIPTION_TABLES, **EFFECTS_TABLES, **VALUE_TABLES}
)


def release(
    table: pl.DataFrame,
    name: str,
    run: Run,
    *,
    district: str | None = None,
    grade: str | None = None,
) -> Published:
    """Pass a table through its declared rule and publish it in the run's folder.

    Parameters
    ----------
    table : DataFrame
        The declared keys and values, and the column of persons that its rule looks at.
    name : str
        A name of `DECLARED`.
    district : str, optional
        For tables of a single district: which ("all": the city).
    grade : {"H", "M", "L"}, optional
        How sure the numbers are: as sure as the least sure of what they are made from. Default: as
        declared. What is counted in an extract that the run file says is simulated has grade S
        whatever is said here.

    Raises
    ------
    DisclosureError
        If the name is not declared, or a column is missing.
    """
    declared = _declared(name)
    full_name = f"{name}-{slug(district or CITY)}" if declared.is_per_district else name
    about = {
        "name": full_name,
        "unit": declared.unit,
        "source": in_language(run.params.title, TABLE_LANGUAGE),
        "grade": SIMULATED
        if run.params.extract.is_simulated and declared.is_of_extract
        else grade or declared.grade,
        "min_count": run.params.min_count,
    }
    if declared.rule == "counts":
        published = protect_counts(
            table,
            keys=declared.keys,
            counts=declared.values,
            n_persons=declared.n_persons,
            total_over=declared.total_over,
            needed=declared.needed,
            **about,
        )
    elif declared.rule == "curve":
        *by, cause, time = declared.keys
        published = protect_curve(table, by=by, time=time, cause=cause, **about)
    elif declared.rule == "group_curves":
        *by, group, time = declared.keys
        published = protect_group_curves(
            table,
            by=by,
            group=group,
            time=time,
            values=declared.values,
            n_persons=declared.n_persons,
            **about,
        )
    else:
        published = protect_estimates(
            table,
            keys=declared.keys,
            values=declared.values,
            n_persons=declared.n_persons,
            needed=declared.needed,
            **about,
        )
    publish(published, run.run_dir)
    return published


def release_all(
    tables: Mapping[str, pl.DataFrame], run: Run, *, grade: str | None = None
) -> dict[str, Published]:
    """Several tables by their declared names (see `release`)."""
    return {name: release(table, name, run, grade=grade) for name, table in tables.items()}


def read_unit(run: Run, district: str = CITY) -> dict[str, Published]:
    """The published tables that a district's page (or, for "all", the city's) may show, by declared
    name.

    A district's own curves stand under their plain names; city-wide tables hold all districts and
    the city. Left out are tables that are not published, and those of units that the running one
    does not wait for (`evalkit.reads`).
    """
    own = {
        name: f"{name}-{slug(district)}" if declared.is_per_district else name
        for name, declared in DECLARED.items()
    }
    records = {
        name: Path(run.run_dir) / "published" / f"{full_name}.json"
        for name, full_name in own.items()
    }
    return {
        name: read_published(run.run_dir, own[name])
        for name, record in records.items()
        if may_read(record) and record.exists()
    }


def _declared(name: str) -> Declared:
    if name not in DECLARED:
        raise DisclosureError(
            f"The table {name} is not declared for publication.",
            where=f"release(name={name!r}): {nearest(name, DECLARED)}",
            why="Which rule guards a table is decided where all published tables are declared, not "
            "where it is made.",
            fix="declare it in evalkit/disclosure/*_tables.py with its keys, values and rule.",
        )
    return DECLARED[name]
