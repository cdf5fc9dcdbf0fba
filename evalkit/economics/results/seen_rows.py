"""What may stand in the results of an effect where nobody knows what people live on."""

from evalkit.economics.ledger.seen import seen_actors, seen_groups
from evalkit.line.actors import PAYERS, PERSPECTIVES_WITH_MUNICIPALITY
from evalkit.line.price_book import PriceBook

# What a purse would pay if cost were shared as the gain cannot be told from one purse's gain.
_OF_ALL_PURSES = ("gain_share", "paid_proposed", "net_proposed")


def seen_rows(rows: dict[str, list[dict]], book: PriceBook) -> dict[str, list[dict]]:
    """Of each table's rows those about somebody whose result is seen; what is made of everybody's
    results, or of months in work, has none.

    Parameters
    ----------
    rows : dict of list of dict
        By field of `ValueResults`, the rows of one effect from the part of the book that is posted
        (`seen_part`).
    book : PriceBook
        The whole book.
    """
    actors = seen_actors(book)
    perspectives = seen_groups(PERSPECTIVES_WITH_MUNICIPALITY, actors)
    seen = {
        "payer": seen_groups(PAYERS, actors),
        "actor": actors,
        "perspective": perspectives,
        "measure": [f"net_value_per_cost_{name}" for name in perspectives],
    }
    kept = {
        field: [row for row in of_table if all(row[key] in seen[key] for key in seen if key in row)]
        for field, of_table in rows.items()
    }
    purse = [row | dict.fromkeys(_OF_ALL_PURSES) for row in kept["purse"]]
    # A rate that nothing posted hangs on moves what is not seen.
    moving = [row for row in kept["tornado"] if row["swing"]]
    return kept | {"purse": purse, "tornado": moving}
