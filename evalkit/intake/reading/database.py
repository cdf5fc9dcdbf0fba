"""Tables in a database, named by a URI: SQLite and PostgreSQL through connectorx, DuckDB through
its own library.

A table of the database belongs to the contract of its name. A URI may hold a password, except in a
run file, where it comes from the environment variable EVALKIT_DATABASE_PASSWORD: it is never shown,
nor is what the driver says.
"""

import os
import re
from collections.abc import Mapping, Sequence
from importlib import import_module
from pathlib import Path
from urllib.parse import quote, unquote

import polars as pl

from evalkit.errors import IntakeError
from evalkit.intake.reading.delivered import Delivered, typed_file
from evalkit.reads import PASSWORD_VARIABLE, note_file

_URI = re.compile(r"[a-z]+://")
_KINDS = {"postgres": "postgresql"}
# A DuckDB file may hold views that read any file or address; what opens one must not follow them.
_CLOSED: dict[str, str | bool | int | float | list[str]] = {
    "enable_external_access": "false",
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
    "lock_configuration": "true",
}
_NOT_PERMITTED = "PermissionException"
_NAMES = {
    "sqlite": "SELECT name FROM sqlite_master WHERE type IN ('table', 'view')",
    "postgresql": "SELECT table_name AS name FROM information_schema.tables WHERE table_schema = "
    "current_schema()",
    "duckdb": "SELECT table_name AS name FROM information_schema.tables",
}


def is_database(location: Path | str) -> bool:
    """Whether a location is the URI of a database rather than a folder."""
    return isinstance(location, str) and bool(_URI.match(location))


def read_database(uri: str, keys: Mapping[str, Sequence[str]]) -> dict[str, tuple[Delivered, ...]]:
    """Read the tables of a database that have the name of a contract, sorted by their keys.

    Parameters
    ----------
    uri : str
        sqlite:///absolute/path, duckdb:///absolute/path or postgresql://user@host/database.
    keys : mapping of str to sequence of str
        The key columns of each table that is looked for, by its name.

    Raises
    ------
    IntakeError
        If the kind of database is not known, or it cannot be opened or read.
    """
    kind, location = _kind_and_location(uri)
    uri = _with_password(uri, os.environ.get(PASSWORD_VARIABLE))
    if kind not in _NAMES:
        raise _refusal(
            kind,
            f"A database of this kind is not read; kinds that are: {', '.join(sorted(_NAMES))}.",
        )
    if kind in ("sqlite", "duckdb"):
        note_file(unquote(location.split("?")[0]))
    # The driver would try for half a minute to open a file that is not there.
    if kind == "sqlite" and not Path(unquote(location.split("?")[0])).is_file():
        raise _refusal(kind, "The database could not be opened or read (no such file).")
    names = set(_query(uri, kind, _NAMES[kind])["name"].to_list())
    return {
        table: (_read_table(uri, kind, table, columns),)
        for table, columns in keys.items()
        if table in names
    }


def _kind_and_location(uri: str) -> tuple[str, str]:
    """The kind of a database, as _NAMES has it, and what its URI says after ://."""
    kind, _, location = uri.partition("://")
    return _KINDS.get(kind, kind), location


def _with_password(uri: str, password: str | None) -> str:
    """A URI that names a user but no password, with the password; others as they are."""
    scheme, _, location = uri.partition("://")
    user, at, host = location.partition("@")
    if not password or not at or ":" in user or "/" in user:
        return uri
    return f"{scheme}://{user}:{quote(password, safe='')}@{host}"


def _read_table(uri: str, kind: str, table: str, keys: Sequence[str]) -> Delivered:
    quoted = f'"{table}"'
    columns = _query(uri, kind, f"SELECT * FROM {quoted} LIMIT 0").columns
    sorted_by = [f'"{key}"' for key in keys if key in columns]
    order = f" ORDER BY {', '.join(sorted_by)}" if sorted_by else ""
    cells = _query(uri, kind, f"SELECT * FROM {quoted}{order}")
    return typed_file(
        Path(table),
        cells,
        f"table of a database ({kind}); lines are row numbers in the order of the keys, from 1",
    )


def _query(uri: str, kind: str, query: str) -> pl.DataFrame:
    # What a driver raises differs by driver and may repeat the URI, so only its kind is named and
    # the chain is cut.
    try:
        if kind == "duckdb":
            duckdb, (_, location) = import_module("duckdb"), _kind_and_location(uri)
            with duckdb.connect(location, read_only=True, config=_CLOSED) as connection:
                return connection.sql(query).pl()
        return pl.read_database_uri(query, uri, engine="connectorx")
    except ModuleNotFoundError as fault:
        raise _refusal(
            kind,
            f"The library {fault.name} is not installed: install evalkit with its readers "
            '("evalkit[readers]").',
        ) from None
    except Exception as fault:  # noqa: BLE001 - raised again in words, without what the driver says
        if type(fault).__name__ == _NOT_PERMITTED:
            raise _refusal(
                kind,
                "A table of it is a view that reads files outside the database, which is not "
                "allowed: it could read any file of this computer.",
            ) from None
        raise _refusal(
            kind, f"The database could not be opened or read ({type(fault).__name__})."
        ) from None


def _refusal(kind: str, why: str) -> IntakeError:
    return IntakeError(
        "The tables of a database could not be read.",
        where=f"a database given by URI ({kind})",
        why=f"{why} Nothing was read in.",
        fix="check the URI, that the database is reachable, and that this user may read the "
        "tables.",
    )
