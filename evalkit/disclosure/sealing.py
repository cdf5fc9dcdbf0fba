"""Sealing, writing and reading published tables: NAME.parquet holds the rows, NAME.json what they
are and their checksum.

The pair is written whole or not at all: both files are written beside their places, the old record
is taken away, and the new record is put in place last; a table without its record does not count.
The same content gives the same bytes.
"""

import hashlib
import io
import json
import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl

from evalkit.disclosure.published import SEAL, Published
from evalkit.errors import DisclosureError, first_few
from evalkit.reads import refuse_undeclared

FORMAT = "evalkit published table, version 1"
_RECORD_FIELDS = ("name", "keys", "unit", "source", "grade", "rules", "n_suppressed", "sha256")


def publish(published: Published, run_dir: Path | str) -> Path:
    """Write a published table into a run's published/ folder; returns the Parquet file's path.

    Raises
    ------
    DisclosureError
        If the table is a part of a published table, or its rows were changed after disclosure
        control.
    """
    content = _parquet_bytes(published.data)
    if hashlib.sha256(content).hexdigest() != published.sha256:
        raise DisclosureError(
            f"The table {published.name} is not what disclosure control let through.",
            where=f"published/{published.name}.parquet",
            why="Its rows were chosen or changed afterwards, so its rules may no longer hold. "
            "Nothing was written.",
            fix="publish the whole table as protect_... returned it.",
        )
    folder = Path(run_dir) / "published"
    folder.mkdir(parents=True, exist_ok=True)
    table, record = folder / f"{published.name}.parquet", folder / f"{published.name}.json"
    new_table, new_record = (
        path.with_name(f".{path.name}.{os.getpid()}") for path in (table, record)
    )
    new_table.write_bytes(content)
    new_record.write_text(_record_text(published), encoding="utf-8")
    record.unlink(missing_ok=True)
    new_table.replace(table)
    new_record.replace(record)
    return table


def read_published(run_dir: Path | str, name: str) -> Published:
    """Read a published table back and verify that it is what was published.

    Raises
    ------
    DisclosureError
        If the table or its record is missing, is not from disclosure control, or its bytes do not
        match the record's checksum.
    BatchError
        If no unit before the running one declares to write it (`evalkit.reads`).
    """
    folder = Path(run_dir) / "published"
    table, record = folder / f"{name}.parquet", folder / f"{name}.json"
    refuse_undeclared(table)
    fields = _read_record(record, table, name)
    content = table.read_bytes()
    if hashlib.sha256(content).hexdigest() != fields["sha256"]:
        raise _not_ours(
            f"The published table {name} does not match its record.",
            where=f"{table} and {record.name}: checksum",
            why="The file was changed after disclosure control, or the two files come from "
            "different runs.",
        )
    fields |= {"keys": tuple(fields["keys"]), "rules": tuple(fields["rules"])}
    return Published(data=pl.read_parquet(io.BytesIO(content)), seal=SEAL, **fields)


def with_earlier_rows(
    published: Published, earlier: Published | None, districts: Sequence[str]
) -> Published:
    """The table with the rows of some districts as an earlier vintage had them; without any of
    them where that one had no such table.

    Raises
    ------
    DisclosureError
        If the two do not have the same columns or were not made by the same rules.
    """
    of_district = [key for key in published.keys if key.endswith("district")]
    is_held = pl.any_horizontal(
        pl.lit(False), *(pl.col(key).is_in(districts) for key in of_district)
    )
    own = published.data.filter(~is_held)
    if earlier is None:
        rows = own
    elif earlier.data.schema == published.data.schema and earlier.rules == published.rules:
        rows = pl.concat([own, earlier.data.filter(is_held)])
    else:
        raise DisclosureError(
            f"The table {published.name} is not made as it was in the earlier vintage.",
            where=f"published/{published.name}: {first_few(districts)}",
            why="Their earlier numbers stand, and rows of two kinds do not make one table.",
            fix="wait until the data of five people in each of these districts have changed.",
        )
    data = rows.sort(published.keys).select(
        pl.int_range(pl.len(), dtype=pl.Int32).alias("row_id"), *published.data.columns[1:]
    )
    return replace(
        published, data=data, sha256=hashlib.sha256(_parquet_bytes(data)).hexdigest(), seal=SEAL
    )


def as_unknown(published: Published, districts: Sequence[str]) -> Published:
    """The table with nothing in the rows of some districts: theirs are of another month, and make
    no sum with the others.
    """
    is_known = ~_is_of(published, districts)
    values = [column for column in published.data.columns[1:-1] if column not in published.keys]
    known = [pl.when(is_known).then(pl.col(column)).alias(column) for column in values]
    return replace(published, data=published.data.with_columns(known), seal=SEAL)


def seal_table(
    table: pl.DataFrame,
    is_withheld: np.ndarray,
    *,
    name: str,
    keys: Sequence[str],
    values: Sequence[str],
    unit: str,
    source: str,
    grade: str,
    rules: Sequence[str],
    needed: Sequence[str] = (),
    unmasked: pl.DataFrame | None = None,
) -> Published:
    """The table with its withheld values taken out, its rows numbered in key order, sealed.

    Without any of `needed` (else of all its values) a row is `not_estimable`: counts beside an
    estimate that could not be made are not the estimate. Where single values of shown rows are
    masked, `unmasked` tells which of them could be estimated.
    """
    finite = [
        pl.when(pl.col(c).is_finite()).then(pl.col(c)) for c in values if table[c].dtype.is_float()
    ]
    estimated = (table if unmasked is None else unmasked).with_columns(finite)
    is_empty = pl.all_horizontal(pl.col(needed or values).is_null())
    rows = table.with_columns(
        *finite,
        _is_withheld=pl.Series(np.asarray(is_withheld, dtype=bool)),
        _is_empty=estimated.select(is_empty).to_series(),
    )
    status = (
        pl.when("_is_withheld")
        .then(pl.lit("suppressed"))
        .when("_is_empty")
        .then(pl.lit("not_estimable"))
        .otherwise(pl.lit("ok"))
    )
    n_suppressed = int(
        rows.filter("_is_withheld")
        .select(pl.sum_horizontal(pl.col(values).is_not_null().sum()))
        .item()
        or 0
    )
    data = (
        rows.with_columns(status.alias("status"))
        .with_columns([pl.when(~pl.col("_is_withheld")).then(pl.col(column)) for column in values])
        .sort(keys)
        .select(pl.int_range(pl.len(), dtype=pl.Int32).alias("row_id"), *keys, *values, "status")
    )
    return Published(
        data=data,
        name=name,
        keys=tuple(keys),
        unit=unit,
        source=source,
        grade=grade,
        rules=tuple(rules),
        n_suppressed=n_suppressed,
        sha256=hashlib.sha256(_parquet_bytes(data)).hexdigest(),
        seal=SEAL,
    )


def _is_of(published: Published, districts: Sequence[str]) -> pl.Expr:
    """Whether a row is about one of some districts."""
    places = [pl.col(key) for key in published.keys if key.endswith("district")]
    return pl.any_horizontal(pl.lit(False), *(place.is_in(districts) for place in places))


def _parquet_bytes(data: pl.DataFrame) -> bytes:
    buffer = io.BytesIO()
    data.rechunk().write_parquet(buffer, compression="zstd", statistics=False)
    return buffer.getvalue()


def _record_text(published: Published) -> str:
    fields = {field: getattr(published, field) for field in _RECORD_FIELDS}
    columns = {column: str(kind) for column, kind in published.data.schema.items()}
    record = {"format": FORMAT, **fields, "n_rows": published.data.height, "columns": columns}
    return json.dumps(record, ensure_ascii=False, indent=2) + "\n"


def _read_record(record: Path, table: Path, name: str) -> dict:
    if not table.exists() or not record.exists():
        found = sorted(path.stem for path in record.parent.glob("*.json"))
        raise _not_ours(
            f"The table {name} has not been published.",
            where=f"{table.name} and {record.name} in {record.parent}",
            why="A published table is a pair of files; tables found: "
            f"{first_few(found, 12) or 'none'}.",
        )
    try:
        content = json.loads(record.read_text(encoding="utf-8"))
    except (json.JSONDecodeError, UnicodeDecodeError):
        content = {}
    if (
        not isinstance(content, dict)
        or content.get("format") != FORMAT
        or any(field not in content for field in _RECORD_FIELDS)
    ):
        raise _not_ours(
            f"The record of {name} was not written by disclosure control.",
            where=str(record),
            why="Without its record nobody can say which rules the table has passed.",
        )
    if content["name"] != name:
        raise _not_ours(
            f"The record of {name} belongs to another table.",
            where=str(record),
            why="The file was renamed or copied.",
        )
    return {field: content[field] for field in _RECORD_FIELDS}


def _not_ours(what: str, *, where: str, why: str) -> DisclosureError:
    return DisclosureError(
        what,
        where=where,
        why=why,
        fix="run the notebook that publishes the table again (evalkit run).",
    )
