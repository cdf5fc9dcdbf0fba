"""All tables of spells and states of a run, from its admitted tables."""

from collections.abc import Mapping

import polars as pl

from evalkit.params import RunFile
from evalkit.spells.states import build_state_intervals
from evalkit.spells.support import build_support_spells
from evalkit.spells.treatment import build_episodes
from evalkit.tables import CITY


def build_spells(tables: Mapping[str, pl.DataFrame], params: RunFile) -> dict[str, pl.DataFrame]:
    """The tables `support_spells`, `state_intervals` (at the level of outcomes) and `episodes` by name.

    Parameters
    ----------
    tables : mapping of DataFrame
        The admitted tables.
    params : RunFile
        The extract's months and the rules of spells.
    """
    extract = params.extract
    months = {"first_month": extract.first_month, "data_through": extract.follow_up_through}
    return {
        "support_spells": build_support_spells(
            tables["income_support"],
            tables["household_member"],
            tables["livelihood"],
            tables["person"],
            max_gap_months=params.spells.max_gap_months,
            everybody_began_at_first_month=params.spells.everybody_began_at_first_month,
            reporting_lag_months=extract.reporting_lag_months,
            **months,
        ),
        "state_intervals": build_state_intervals(tables["livelihood"], tables["person"], outcome_groups=True, **months),
        "episodes": build_episodes(tables["participation"], tables["intervention"], data_through=extract.follow_up_through),
    }


def of_city(table: pl.DataFrame) -> pl.DataFrame:
    """The table with every district called "all": the city as one."""
    return table.with_columns(district=pl.lit(CITY))
