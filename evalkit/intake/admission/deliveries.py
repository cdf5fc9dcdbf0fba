"""What was delivered of all that could be, and the question that each part of it answers."""

import polars as pl

from evalkit.intake.admission.admit import Admission
from evalkit.line.columns import PERSON_IDS
from evalkit.line.delivered import delivered
from evalkit.line.needs import ANSWERS, WHOLE_TABLE
from evalkit.line.tables import published

# As many people as are never shown as 0 to 2.
_FEWEST = 3
_STATUS = {True: "delivered", False: "not_delivered"}


def deliveries(admission: Admission) -> pl.DataFrame:
    """Every table that may be delivered, and every column that answers a question of its own.

    Returns
    -------
    DataFrame
        table, column ("all" for the whole table; columns of delivered tables alone), question
        (`evalkit.line.needs`), delivery (delivered, not_delivered: also a column that is empty but
        for one or two people, who would be told by it), n_delivered (rows of the table; empty for
        columns).
    """
    n_rows = dict(admission.receipt.filter(rule="all").select("table", "n_delivered").rows())
    rows = []
    for table in delivered():
        is_there = table in n_rows
        question = ANSWERS[table, WHOLE_TABLE]
        rows.append((table, WHOLE_TABLE, question, _STATUS[is_there], n_rows.get(table)))
        rows += [
            (table, column, of_column, _STATUS[_is_filled(admission.tables[table], column)], None)
            for (name, column), of_column in ANSWERS.items()
            if name == table and column != WHOLE_TABLE and is_there
        ]
    return pl.DataFrame(rows, schema=published("deliveries").schema, orient="row")


def _is_filled(table: pl.DataFrame, column: str) -> bool:
    filled = table.filter(pl.col(column).is_not_null())
    people = next((name for name in PERSON_IDS if name in table.columns), None)
    return filled[people].n_unique() >= _FEWEST if people else not filled.is_empty()
