"""Published tables of decision pages, from a few columns of their rows, and the brief of a page."""

import polars as pl
import pytest

from evalkit.disclosure import Published, protect_estimates
from evalkit.line.columns import schema_of
from evalkit.line.published import PUBLISHED
from evalkit.params import Run
from evalkit.report.page import brief_of
from evalkit.report.parts.document import Brief
from evalkit.words import words_of_run


@pytest.fixture(scope="session")
def published():
    """A published table as it is declared, from the columns that its rows name; the others are
    empty. Rows with `withheld` rest on too few people.
    """

    def make(name: str, rows: list[dict]) -> Published:
        table = PUBLISHED[name]
        names = [*table.keys, *table.values]
        unknown = {column for row in rows for column in row} - {*names, "withheld"}
        assert not unknown, unknown
        data = pl.DataFrame(
            [{column: row.get(column) for column in names} for row in rows],
            schema=schema_of(*names),
        )
        n_persons = pl.Series("n_guarded", [3 if row.get("withheld") else 100 for row in rows])
        return protect_estimates(
            data.with_columns(n_persons.cast(pl.Int32)),
            name=name,
            keys=list(table.keys),
            values=list(table.values),
            n_persons="n_guarded",
            unit=table.unit,
            source="made up for this test",
            grade="L",
        )

    return make


@pytest.fixture(scope="session")
def brief_with():
    """The brief of a district's page, or of the city's, with some tables."""

    def make(run: Run, *tables: Published, district: str = "all", language: str = "en") -> Brief:
        named = {table.name: table for table in tables}
        return brief_of(run, district, named, {}, words_of_run(run, language))

    return make
