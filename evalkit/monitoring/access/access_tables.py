"""All published tables of who gets what, how soon."""

import polars as pl

from evalkit.monitoring.access.arrivals import arrivals
from evalkit.monitoring.access.case_mix import access_funnel, cells_of
from evalkit.monitoring.access.group_differences import access_groups
from evalkit.monitoring.access.shares import access, access_curves, access_interventions
from evalkit.monitoring_rules import MonitoringRules


def access_tables(
    spells: pl.DataFrame,
    episodes: pl.DataFrame,
    intervention: pl.DataFrame,
    *,
    rules: MonitoringRules,
    seed: int,
) -> dict[str, pl.DataFrame]:
    """Who gets what, how soon: as counted, month by month, and adjusted for case mix.

    Parameters
    ----------
    spells : DataFrame
        As `spells.spells_by_characteristic` makes it, of all spells and characteristics
        (`evalkit.line.characteristics.CASE_MIX`).
    episodes, intervention : DataFrame
        Table `episodes`; the delivered register of interventions, or its empty table.
    rules : MonitoringRules
        Of the run file.
    seed : int
        For the draws of ranks.

    Returns
    -------
    dict
        The tables access, access_interventions, access_curves, access_funnel and access_groups,
        of the people that `evalkit.monitoring.access.arrivals` describes; without rows where nobody
        is in an intervention.
    """
    people = arrivals(spells, episodes, rules=rules)
    cells = cells_of(people, rules)
    return {
        "access": access(people, rules=rules),
        "access_interventions": access_interventions(people, episodes, intervention, rules=rules),
        "access_curves": access_curves(people, rules=rules),
        "access_funnel": access_funnel(cells, seed=seed),
        "access_groups": access_groups(cells),
    }
