"""Where a row stands: its district, or the area that it is pooled into with its neighbours."""

import polars as pl

from evalkit.monitoring_rules import MonitoringRules
from evalkit.tables import with_city


def in_areas(table: pl.DataFrame, rules: MonitoringRules) -> pl.DataFrame:
    """The rows of a table once for their area and once for the city ("all").

    Parameters
    ----------
    table : DataFrame
        Any with a column district; rows without one count for the city alone.
    rules : MonitoringRules
        Which districts are pooled (`monitoring.pooled` of the run file).

    Returns
    -------
    DataFrame
        The same columns, twice as many rows. District is that of the area: areas divide the city,
        so that numbers over them add up to the city's.
    """
    return with_city(by_area(table, rules))


def by_area(table: pl.DataFrame, rules: MonitoringRules) -> pl.DataFrame:
    """The rows of a table once, under the area that their district is shown in."""
    names = {name: area for area, members in rules.pooled.items() for name in members}
    return table.with_columns(pl.col("district").replace(names))
