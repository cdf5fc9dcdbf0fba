"""What can be posted where nobody knows what people live on: support that is paid, and programmes.

Wages, taxes and benefits are then not seen, so nothing is said of the person, the public purse or
society: what is missing is not nothing.
"""

from collections.abc import Collection, Mapping

import polars as pl

from evalkit.line.actors import SEEN_WITHOUT_LIVELIHOOD
from evalkit.line.price_book import PROGRAMME_DRIVERS, Posting, PriceBook
from evalkit.line.states import STATES

_SUPPORT = STATES.filter(state_class="support")["outcome"].unique().to_list()


def with_livelihood(draws: pl.DataFrame, without_livelihood: Collection[str]) -> pl.DataFrame:
    """The draws of the interventions whose whole value can be said."""
    if not without_livelihood:
        return draws
    return draws.filter(~pl.col("intervention_id").cast(pl.String).is_in(list(without_livelihood)))


def seen_part(book: PriceBook) -> PriceBook:
    """The book with its postings on months on support and on programmes alone; what the public
    outlay costs is left out, since the outlay is not seen.
    """
    seen = (
        posting
        for posting in book.postings
        if posting.driver in PROGRAMME_DRIVERS or _is_of_support(posting)
    )
    return book.model_copy(update={"postings": tuple(seen)})


def seen_actors(book: PriceBook) -> tuple[str, ...]:
    """The actors of whom something can be said: those of `SEEN_WITHOUT_LIVELIHOOD` who pay support
    or receive it. Of one who only pays for places the gain is not seen.
    """
    concerned = {
        actor for posting in book.postings if _is_of_support(posting) for actor, _ in posting.sides
    }
    return tuple(actor for actor in SEEN_WITHOUT_LIVELIHOOD if actor in concerned)


def seen_groups(groups: Mapping[str, tuple[str, ...]], actors: tuple[str, ...]) -> tuple[str, ...]:
    """The names of the groups of actors (perspectives, payers) all of whom are seen."""
    return tuple(name for name, members in groups.items() if set(members) <= set(actors))


def _is_of_support(posting: Posting) -> bool:
    return posting.driver == "state_months" and posting.state in _SUPPORT
