"""Gate 2: a table is published by the rule that its declaration names, and by no other.

A table of a single district carries the district's file name: exit_curves-belfast; the city's own
is exit_curves-all.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TypedDict

import polars as pl

from evalkit.disclosure.attack.settle import settled
from evalkit.disclosure.counts import protect_counts
from evalkit.disclosure.curves import protect_curve
from evalkit.disclosure.estimates import protect_estimates
from evalkit.disclosure.published import Published
from evalkit.disclosure.sealing import publish, read_published
from evalkit.errors import DisclosureError, nearest
from evalkit.line.published import PUBLISHED
from evalkit.line.table import Guard, Table
from evalkit.params import Run
from evalkit.reads import may_read
from evalkit.tables import CITY, slug
from evalkit.vocabulary import SIMULATED


class _Provenance(TypedDict):
    name: str
    unit: str
    source: str
    grade: str


def release(
    table: pl.DataFrame,
    name: str,
    run: Run,
    *,
    district: str | None = None,
    grade: str | None = None,
) -> Published:
    """Pass a table through the rule that guards it and publish it in the run's folder.

    As `protected`, which does not publish.
    """
    published = protected(table, name, run, district=district, grade=grade)
    publish(published, run.run_dir)
    return published


def protected(
    table: pl.DataFrame,
    name: str,
    run: Run,
    *,
    district: str | None = None,
    grade: str | None = None,
) -> Published:
    """Pass a table through the rule that guards it: what may be shown of a part of it, before all
    parts together are published.

    Parameters
    ----------
    table : DataFrame
        The declared keys and values, and the column of persons that its rule looks at.
    name : str
        A published table of `evalkit.line.published`.
    district : str, optional
        For tables of a single district: which ("all": the city).
    grade : {"H", "M", "L"}, optional
        How sure the numbers are: as sure as the least sure of what they are made from. Default: as
        declared. What is counted in an extract that the run file says is simulated has grade S
        whatever is said here.

    Returns
    -------
    Published
        Of the declared columns and types, whatever the rows are.

    Raises
    ------
    DisclosureError
        If the table is not declared as published or has no guard, or a column is missing or of
        another type than declared.
    """
    declared, guard = _guarded(name)
    is_simulated = run.params.extract.is_simulated and declared.is_of_extract
    provenance: _Provenance = {
        "name": _file_name(declared, district or CITY),
        "unit": declared.unit,
        "source": run.params.run,
        "grade": SIMULATED if is_simulated else grade or declared.grade,
    }
    declared = _with_names(declared, table.columns)
    return _by_rule(_as_declared(table, declared), declared, guard, provenance, run)


def release_all(
    tables: Mapping[str, pl.DataFrame], run: Run, *, grade: str | None = None
) -> dict[str, Published]:
    """Several tables by their declared names (see `release`)."""
    return {name: release(table, name, run, grade=grade) for name, table in tables.items()}


def protected_all(tables: Mapping[str, pl.DataFrame], run: Run) -> dict[str, Published]:
    """Several tables by their declared names (see `protected`)."""
    return {name: protected(table, name, run) for name, table in tables.items()}


def read_unit(run: Run, district: str = CITY) -> dict[str, Published]:
    """The published tables that a district's page (or, for "all", the city's) may show, by declared
    name.

    A district's own curves stand under their plain names; city-wide tables hold all districts and
    the city. Left out are tables that are not published, and those of units that the running one
    does not wait for (`evalkit.reads`).
    """
    file_names = {name: _file_name(declared, district) for name, declared in PUBLISHED.items()}
    records = {
        name: Path(run.run_dir) / "published" / f"{file_name}.json"
        for name, file_name in file_names.items()
    }
    return {
        name: read_published(run.run_dir, file_names[name])
        for name, record in records.items()
        if may_read(record) and record.exists()
    }


def _guarded(name: str) -> tuple[Table, Guard]:
    declared = PUBLISHED.get(name)
    if declared is None or declared.guard is None:
        raise DisclosureError(
            f"The table {name} is not declared for publication.",
            where=f"release(name={name!r}): {nearest(name, PUBLISHED)}",
            why="Which rule guards a table is decided where all published tables are declared, not "
            "where it is made.",
            fix="declare it in evalkit/line/published/ with its keys, values and guard.",
        )
    return declared, declared.guard


def _with_names(declared: Table, columns: Sequence[str]) -> Table:
    """The declaration with the table's columns of names, one for each language."""
    if not declared.named_in:
        return declared
    names = [column for column in sorted(columns) if column.startswith(declared.named_in)]
    types = tuple((name, pl.String) for name in names)
    return replace(declared, values=(*declared.values, *names), other_types=types)


def _file_name(declared: Table, district: str) -> str:
    return f"{declared.name}-{slug(district)}" if declared.scope == "district" else declared.name


def _as_declared(table: pl.DataFrame, declared: Table) -> pl.DataFrame:
    """The table with the declared types, so that an empty one and a full one have one schema."""
    schema = {name: kind for name, kind in declared.schema.items() if name in table.columns}
    faults = [
        f"{name} is {table.schema[name]}, not {kind}"
        for name, kind in schema.items()
        if not _holds(kind, table.schema[name])
    ]
    if faults:
        raise DisclosureError(
            f"The table {declared.name} does not have the types that are declared.",
            where="; ".join(faults),
            why="A reader of a published table counts on one type for each column, in every run.",
            fix="mend the table, or the column in evalkit/line/columns.py with all that use it.",
        )
    return table.with_columns(pl.col(name).cast(kind) for name, kind in schema.items())


def _holds(declared: pl.DataType, kind: pl.DataType) -> bool:
    """Whether values of a type can be written in the declared one without loss of meaning."""
    if kind == declared or kind == pl.Null:
        return True
    if declared == pl.Int32:
        return kind.is_integer()
    if declared == pl.Float64:
        return kind.is_numeric()
    return declared == pl.String and isinstance(kind, pl.Categorical | pl.Enum)


def _by_rule(
    table: pl.DataFrame,
    declared: Table,
    guard: Guard,
    provenance: _Provenance,
    run: Run,
) -> Published:
    if guard.rule == "counts":
        by_counts = partial(
            protect_counts,
            keys=declared.keys,
            counts=declared.values,
            n_persons=guard.count,
            shares={share: (part, whole) for share, part, whole in guard.shares},
            spans=dict(guard.spans),
            exact=guard.exact,
            listed=guard.listed,
            needed=guard.needed,
            **provenance,
        )
        return settled(table, by_counts) if guard.total_over else by_counts(table)
    if guard.rule == "curve":
        *by, time = declared.keys
        return protect_curve(
            table.select(*declared.columns, *declared.guard_columns),
            by=by,
            time=time,
            values=declared.values,
            n_persons=guard.persons,
            parts=guard.parts,
            is_every_month=guard.is_every_month,
            months=run.params.survival.quoted_months,
            **provenance,
        )
    return protect_estimates(
        table,
        keys=declared.keys,
        values=declared.values,
        n_persons=guard.count,
        min_persons=run.params.disclosure.min_persons,
        one_person=guard.one_person,
        change=guard.change,
        changes=dict(guard.changes),
        is_path=guard.is_path,
        exact=guard.exact,
        spans={name: span for name, span in guard.spans if not isinstance(span, str)},
        needed=guard.needed,
        is_uncounted_shown=guard.is_uncounted_shown,
        **provenance,
    )
