"""The delivered tables: everything that a sender may hand over, as it stands after the contracts.

Their columns, types, keys and the meaning of a row are read off the contracts that come with
evalkit (data_contracts/TABLE.odcs.yaml), once, when somebody first asks. A column that was not
delivered is there and empty.
"""

from collections.abc import Mapping
from functools import cache
from types import MappingProxyType
from typing import Any

import polars as pl

from evalkit.line.columns import PERSON_IDS
from evalkit.line.table import Table
from evalkit.reads import listed
from evalkit.shipped import shipped

# The types of the standard, as evalkit holds them.
DTYPES = MappingProxyType(
    {
        "string": pl.String,
        "integer": pl.Int32,
        "number": pl.Float64,
        "date": pl.Date,
        "boolean": pl.Boolean,
    }
)

# The dated tables that say when support ends and what comes next: follow-up ends where the first of
# those that are delivered does. Payments always are.
FOLLOWED = ("income_support", "household_member", "participation", "livelihood")

# The workbook in which people register by hand, and the tables that its sheets hold.
REGISTRATION_BOOK = "registration"
REGISTERED = ("participation", "plan", "follow_up")


@cache
def delivered() -> Mapping[str, Table]:
    """The delivered tables by name."""
    # Imported here: most commands and all notebooks but the first never ask.
    from evalkit.records import load

    paths = listed(shipped("data_contracts"), "*.odcs.yaml")
    contracts = [load(path, dict) for path in paths]
    return MappingProxyType({table.name: table for table in map(_table_of, contracts)})


def as_delivered(tables: Mapping[str, pl.DataFrame], name: str) -> pl.DataFrame:
    """A delivered table by name; the empty table of its declaration where nobody delivered it."""
    return tables[name] if name in tables else delivered()[name].empty()


def _table_of(contract: dict[str, Any]) -> Table:
    (declared,) = contract["schema"]
    columns = declared["properties"]
    keyed = [column for column in columns if column.get("primaryKey")]
    keys = tuple(
        column["name"] for column in sorted(keyed, key=lambda column: column["primaryKeyPosition"])
    )
    custom = {entry["property"]: entry["value"] for entry in contract["customProperties"]}
    return Table(
        name=declared["name"],
        row=declared["description"],
        keys=keys,
        values=tuple(column["name"] for column in columns if column["name"] not in keys),
        is_person_level=not set(keys).isdisjoint(PERSON_IDS),
        open_columns=custom.get("takesCovariates", False),
        other_types=tuple((column["name"], DTYPES[column["logicalType"]]) for column in columns),
    )
