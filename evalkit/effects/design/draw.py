"""Who is drawn: lots among the people on a given list, households together."""

import numpy as np
import polars as pl

from evalkit.errors import EstimationError


def draw_lots(people: pl.DataFrame, *, n_places: int, seed: int) -> pl.DataFrame:
    """Draw who of a list gets a place.

    Lots are drawn by household, so that nobody waits beside somebody of the same household who
    starts; a household for which there is no room is passed over.

    Parameters
    ----------
    people : DataFrame
        One row per person who asks for a place: person_id, and household_id where it is known.
    n_places : int
        How many places there are. People.
    seed : int
        Key of the lots: the same list and seed draw the same people, in whatever order they stand.

    Returns
    -------
    DataFrame
        One row per person of the list, sorted by the lot: lot (from 1, the same for a household),
        person_id, is_drawn.

    Raises
    ------
    EstimationError
        If a person stands twice on the list or has no id, or there is a place for everybody, or
        none.
    """
    ids = people["person_id"]
    n_twice, n_missing = len(ids) - ids.n_unique(), ids.null_count()
    if n_twice or n_missing:
        raise EstimationError(
            "The list cannot be drawn from.",
            where=f'column "person_id": {n_twice} of {len(ids)} rows repeat a person, '
            f"{n_missing} have none",
            why="Everybody on the list has one lot, and a chance as great as the others'.",
            fix="give one row per person who asks for a place.",
        )
    if not 0 < n_places < len(ids):
        raise EstimationError(
            "There is nothing to draw.",
            where=f"{n_places} places, {len(ids)} people on the list",
            why="Lots decide only where there are places, and more ask than can start.",
            fix="ask for at least one place and for fewer than there are people, or give all of "
            "them a place.",
        )
    household = people["household_id"] if "household_id" in people.columns else ids
    one_by_one = pl.coalesce(household.alias("household"), pl.lit("alone ") + ids)
    listed = people.select("person_id", household=one_by_one).sort("household", "person_id")
    lots = listed["household"].unique(maintain_order=True).to_frame()
    lot = np.random.default_rng(seed).permutation(len(lots)) + 1
    drawn = listed.join(lots.with_columns(lot=pl.Series(lot)), on="household").sort(
        "lot", "person_id"
    )
    left, with_place = n_places, []
    for number, size in drawn.group_by("lot", maintain_order=True).len().iter_rows():
        if size <= left:
            with_place.append(number)
            left -= size
    return drawn.select("lot", "person_id", is_drawn=pl.col("lot").is_in(with_place))
