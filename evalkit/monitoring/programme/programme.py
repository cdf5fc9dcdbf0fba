"""All that is published of the programme of actions, and for the page of the person."""

from collections.abc import Mapping

import polars as pl

from evalkit.monitoring.programme.actions import (
    programme_actions,
    programme_reach,
    programme_themes,
)
from evalkit.monitoring.programme.own_part import own_part
from evalkit.monitoring.programme.starters import after_start, what_it_asks
from evalkit.params import RunFile


def programme(tables: Mapping[str, pl.DataFrame], params: RunFile) -> dict[str, pl.DataFrame]:
    """What districts planned, how far it has come and whom it reached; and of each intervention
    what it asks of those who start, where they are a year and two years later, and their own part.

    Parameters
    ----------
    tables : mapping of str to DataFrame
        The delivered tables action, participation, outreach, plan and follow_up, each empty where
        nobody delivered it; episodes and state_intervals of the run.
    params : RunFile
        The run's parameters: the months of the extract, and which districts are pooled.

    Returns
    -------
    dict of str to DataFrame
        The published tables programme_actions, programme_themes, programme_reach, what_it_asks,
        after_start and own_part.
    """
    actions = programme_actions(tables["action"], params.extract)
    return {
        "programme_actions": actions,
        "programme_themes": programme_themes(actions),
        "programme_reach": programme_reach(
            actions,
            participation=tables["participation"],
            outreach=tables["outreach"],
            state_intervals=tables["state_intervals"],
            extract=params.extract,
            rules=params.monitoring,
        ),
        "what_it_asks": what_it_asks(tables["episodes"]),
        "after_start": after_start(
            tables["episodes"], tables["state_intervals"], extract=params.extract
        ),
        "own_part": own_part(tables["plan"], tables["follow_up"]),
    }
