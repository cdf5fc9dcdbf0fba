"""The documentation of the tables, made from their declarations: what a row is, what identifies it,
what it holds, and how it may leave a run.
"""

from collections.abc import Iterable

from evalkit.line.columns import COLUMNS, Column
from evalkit.line.delivered import delivered
from evalkit.line.derived import DERIVED
from evalkit.line.published import STATIONS
from evalkit.line.table import Guard, Table

_START = """# Tables

Written by `evalkit tables` from the declarations in `evalkit/line/` and `data_contracts/`; change
those, not this page. Every column name has one type and one unit in all derived and published
tables: they stand at the end. A published table has two columns more: `row_id`, which numbers its
rows, and `status` (`ok`, `suppressed` or `not_estimable`). In a published table a 0 of people,
periods or starts stands for 0, 1 or 2. A table with one file for each district carries the
district's name: `exit_curves-belfast`, and `exit_curves-all` for the city.
"""
_RULES = {
    "counts": "numbers of people to the nearest five",
    "curve": "in steps of five persons",
    "estimates": "of enough persons, to what one of them can change",
}


def documentation() -> str:
    """All tables and columns of the line as a Markdown page."""
    published = (
        part
        for station, tables in STATIONS.items()
        for part in (f"### {station.capitalize()}", _published_rows(tables))
    )
    parts = (
        _START.rstrip(),
        "## Delivered: what a sender hands over",
        "Their columns are documented by the contracts (`evalkit contract docs`).",
        _plain_rows(delivered().values()),
        "## Derived: what a run keeps in work/",
        "Tables whose rows are persons are never published.",
        _plain_rows(DERIVED.values()),
        "## Published: what charts, pages and readers of files may see",
        *published,
        "## Columns",
        _markdown(("column", "type", "unit", "form"), map(_column_row, _sorted_columns())),
    )
    return "\n\n".join(parts) + "\n"


def _plain_rows(tables: Iterable[Table]) -> str:
    return _markdown(
        ("table", "a row", "keys", "values", "persons"),
        (
            (
                f"`{table.name}`",
                table.row,
                _names(table.keys),
                _names(table.values),
                "yes" if table.is_person_level else "",
            )
            for table in tables
        ),
    )


def _published_rows(tables: Iterable[Table]) -> str:
    return _markdown(
        ("table", "a row", "keys", "values", "unit", "how it leaves"),
        (
            (
                f"`{table.name}`",
                " ".join(filter(None, (table.row, _scope(table), table.about))),
                _names(table.keys),
                _names((*table.values, *_further(table))),
                table.unit,
                _guard(table.guard),
            )
            for table in tables
        ),
    )


def _further(table: Table) -> tuple[str, ...]:
    return tuple(f"{beginning}LANGUAGE" for beginning in table.named_in)


def _scope(table: Table) -> str:
    return "One file for each district and the city." if table.scope == "district" else ""


def _guard(guard: Guard | None) -> str:
    if guard is None or (guard.rule == "estimates" and guard.count is None):
        return "not about persons; what is counted to the nearest five"
    return "".join(
        (
            _RULES[guard.rule],
            f" (`{guard.count}`)" if guard.count else "",
            ", every month" if guard.is_every_month else "",
            *(f"; `{share}` is `{part}` of `{whole}`" for share, part, whole in guard.shares),
            f"; totals over {_names(guard.total_over)} are known" if guard.total_over else "",
        )
    )


def _sorted_columns() -> list[Column]:
    return sorted(COLUMNS.values(), key=lambda column: column.name)


def _column_row(column: Column) -> tuple[str, ...]:
    return f"`{column.name}`", str(column.dtype), column.unit, column.form


def _names(columns: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in columns)


def _markdown(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = (head, tuple("---" for _ in head), *rows)
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)
