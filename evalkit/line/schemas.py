"""The tables of the line by name: their columns, their types, their keys."""

from evalkit.line.delivered import DELIVERED
from evalkit.line.derived import DERIVED
from evalkit.line.table_schema import TableSchema

SCHEMAS: dict[str, TableSchema] = {schema.name: schema for schema in (*DELIVERED, *DERIVED)}

__all__ = ["DELIVERED", "SCHEMAS", "TableSchema"]
