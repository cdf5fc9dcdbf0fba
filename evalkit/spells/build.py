"""All tables of spells and states of a run, from its admitted tables."""

from collections.abc import Mapping, Sequence

import polars as pl

from evalkit.errors import EstimationError
from evalkit.line.delivered import as_delivered
from evalkit.line.protocol import Protocol
from evalkit.params import RunFile
from evalkit.spells.extent import Extent
from evalkit.spells.states import build_state_intervals
from evalkit.spells.support import build_support_spells
from evalkit.spells.treatment import build_episodes
from evalkit.tables import CITY


def build_spells(
    tables: Mapping[str, pl.DataFrame], params: RunFile, *, protocols: Sequence[Protocol] = ()
) -> dict[str, pl.DataFrame]:
    """The tables `support_spells`, `state_intervals` (at the level of outcomes) and `episodes` by
    name.

    Parameters
    ----------
    tables : mapping of DataFrame
        The admitted tables.
    params : RunFile
        The extract's months and the rules of spells.
    protocols : sequence of Protocol
        The effects that will be asked of these states.

    Raises
    ------
    EstimationError
        If a protocol asks for what people do off support and that is known of too few
        (`spells.max_unknown_share`).
    """
    extent = Extent.of_run(params)
    people = [
        as_delivered(tables, name)
        for name in ("income_support", "household_member", "livelihood", "person")
    ]
    intervals = build_state_intervals(
        *people, extent=extent, outcome_groups=True, participation=tables.get("participation")
    )
    if any(protocol.is_work_observed for protocol in protocols):
        _refuse_unknown_outcomes(intervals, params.spells.max_unknown_share)
    return {
        "support_spells": build_support_spells(
            *people, extent=extent, participation=tables.get("participation")
        ),
        "state_intervals": intervals,
        "episodes": build_episodes(
            as_delivered(tables, "participation"),
            as_delivered(tables, "intervention"),
            data_through=extent.data_through,
        ),
    }


def _refuse_unknown_outcomes(intervals: pl.DataFrame, max_unknown_share: float) -> None:
    """Refuse an extract that says of most months off support nothing of what people do: no effect
    on work can be seen in it.
    """
    months = intervals.filter(pl.col("from_state") != "support").select(
        "from_state", n=pl.col("stop_month") - pl.col("start_month")
    )
    n_months = int(months["n"].sum())
    n_unknown = int(months.filter(from_state="unknown")["n"].sum())
    if n_unknown <= max_unknown_share * n_months:
        return
    raise EstimationError(
        f"What people do off support is unknown for {100 * n_unknown / n_months:.0f} % of the "
        "months.",
        where="livelihood, income_support.exit_reason, participation.end_reason: "
        f"{n_unknown:,} of {n_months:,} "
        "person-months without support have no known state",
        why=f"At most {100 * max_unknown_share:g} % may be unknown where effects are asked for: "
        "who works cannot be told from who is merely gone.",
        fix="deliver livelihood (or exit reasons named after states) for these months, or name "
        "without_support as the protocols' primary_outcome: what can be told is then told; "
        "spells.max_unknown_share of the run file is the limit.",
    )


def of_city(table: pl.DataFrame) -> pl.DataFrame:
    """The table with every district called "all": the city as one."""
    return table.with_columns(district=pl.lit(CITY))
