"""The tables of the line by name: their columns, their types, their keys."""

from evalkit.schemas.delivered import DELIVERED
from evalkit.schemas.derived import DERIVED
from evalkit.schemas.table_schema import TableSchema

SCHEMAS: dict[str, TableSchema] = {schema.name: schema for schema in (*DELIVERED, *DERIVED)}

__all__ = ["DELIVERED", "SCHEMAS", "TableSchema"]
