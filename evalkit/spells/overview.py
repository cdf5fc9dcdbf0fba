"""What is counted about spells beyond their length: long-term support, returns, loops, gaps and
faults, each as a table for publication.
"""

from collections.abc import Mapping

import polars as pl

from evalkit.line.delivered import as_delivered
from evalkit.params import RunFile
from evalkit.spells.after_support import after_support, after_support_counts
from evalkit.spells.cycling import loop_counts
from evalkit.spells.duration_classes import long_term_classes, long_term_counts
from evalkit.spells.episode_gaps import episode_gaps, gap_counts, plan_counts
from evalkit.spells.exit_sources import exit_sources
from evalkit.spells.extent import Extent
from evalkit.spells.payment_faults import payment_faults
from evalkit.spells.states import state_sources
from evalkit.spells.timeline import livelihood_collisions, timeline_faults


def spell_counts(
    tables: Mapping[str, pl.DataFrame], built: Mapping[str, pl.DataFrame], params: RunFile
) -> dict[str, pl.DataFrame]:
    """The counted tables of a run by the names under which they are published.

    Parameters
    ----------
    tables : mapping of DataFrame
        The admitted tables.
    built : mapping of DataFrame
        The tables of `build_spells`.
    params : RunFile
        The extract's months and the rules of spells.

    Returns
    -------
    dict of str to DataFrame
        long_term, after_support, exit_sources, loops, gaps_after_interventions, plans_kept,
        state_sources, timeline_faults, livelihood_collisions; see the functions that make them.
    """
    extent = Extent.of_run(params)
    support, members, livelihood, person = (
        as_delivered(tables, name)
        for name in ("income_support", "household_member", "livelihood", "person")
    )
    spells, intervals, episodes = (
        built[name] for name in ("support_spells", "state_intervals", "episodes")
    )
    last_month = extent.last_month_with_known_exits
    return {
        "long_term": long_term_counts(long_term_classes(support, members, person, extent=extent)),
        "after_support": after_support_counts(after_support(spells, intervals, extent=extent)),
        "exit_sources": exit_sources(
            spells, support, members, livelihood, tables.get("participation")
        ),
        "loops": loop_counts(intervals),
        "gaps_after_interventions": gap_counts(
            episode_gaps(episodes, spells, last_month_known=last_month)
        ),
        "plans_kept": plan_counts(episodes, data_through=extent.data_through),
        "state_sources": state_sources(
            *(support, members, livelihood, person),
            extent=extent,
            participation=tables.get("participation"),
        ),
        "timeline_faults": pl.concat(
            [
                timeline_faults(livelihood, person, extent=extent),
                payment_faults(support, members, extent=extent),
            ]
        ),
        "livelihood_collisions": livelihood_collisions(support, members, livelihood, extent=extent),
    }
