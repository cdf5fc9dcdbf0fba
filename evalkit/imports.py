"""Importing what rests on jsonschema without the seconds that one optional part of it takes.

While it is imported, jsonschema looks for a checker of internationalised addresses
(`rfc3987_syntax`), which builds 38 grammars: nine tenths of the time of importing altair or
papermill, in every kernel. No schema here asks for such addresses, and jsonschema allows for their
absence.
"""

import importlib
import sys
from typing import Any

SLOW_GRAMMAR = "rfc3987_syntax"


def import_without_grammars(module: str) -> None:
    """Import a module as if the grammars were not installed; later imports see them again."""
    is_open = SLOW_GRAMMAR not in sys.modules
    if is_open:
        # None stands for a module that is not to be found, which its annotation does not know.
        sys.modules[SLOW_GRAMMAR] = None  # ty: ignore[invalid-assignment]
    try:
        importlib.import_module(module)
    finally:
        if is_open:
            del sys.modules[SLOW_GRAMMAR]


def altair() -> Any:
    """altair, imported when a picture is drawn."""
    import_without_grammars("jsonschema")
    return importlib.import_module("altair")
