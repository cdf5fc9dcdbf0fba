"""Who varies together: people who have shared a household are one cluster, in every curve, effect
and draw.
"""

import numpy as np
import polars as pl
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components


def household_clusters(person: pl.Series, household: pl.Series) -> pl.Series:
    """The cluster of each row: the smallest id among the people whom households link to the row's
    person.

    Parameters
    ----------
    person, household : Series
        Ids, one place per support spell; a missing household links nobody.

    Returns
    -------
    Series
        cluster_id of each row, of the type of `person`: a connected component of people and
        households over all rows. Who never shared a household keeps the own id. A household that
        splits stays one cluster with everybody whom its members live with later, since what they
        had in common does not end with the move; its draws are those of its first member by name.
        Links are those of the household in the first month of each spell, so a household that is
        only moved into during a spell links nobody.
    """
    people, of_person = person.unique().sort(), person.rank("dense") - 1
    known = household.is_not_null()
    of_household = household.filter(known).rank("dense") - 1
    n_nodes = people.len() + household.n_unique()
    linked = (of_person.filter(known).to_numpy(), (of_household + people.len()).to_numpy())
    links = coo_array((np.ones(len(linked[0]), dtype=bool), linked), shape=(n_nodes, n_nodes))
    component = pl.Series(connected_components(links, directed=False)[1][: people.len()])
    # People stand in the order of their ids, so the first place of a component is its smallest
    # person.
    first = pl.DataFrame({"component": component, "place": pl.int_range(people.len(), eager=True)})
    smallest = first.select(pl.col("place").min().over("component")).to_series()
    return people.gather(smallest.gather(of_person)).alias("cluster_id")
