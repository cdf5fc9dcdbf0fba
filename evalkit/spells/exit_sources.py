"""What the exits would be with one source of states alone: how much a share of exits rests on which
source is believed.
"""

import polars as pl

from evalkit.line.states import OUTCOME_OF
from evalkit.months import month_number_expr
from evalkit.spells.reasons import registered_reasons
from evalkit.spells.support import livelihood_after

TOGETHER = "together"
_UNKNOWN = "unknown"


def exit_sources(
    spells: pl.DataFrame,
    income_support: pl.DataFrame,
    household_member: pl.DataFrame,
    livelihood: pl.DataFrame,
    participation: pl.DataFrame | None = None,
) -> pl.DataFrame:
    """How the spells of known beginning ended, by the sources together and by each alone, in all
    districts together.

    Parameters
    ----------
    spells : DataFrame
        Table support_spells, made of the others.
    income_support, household_member, livelihood, participation : DataFrame
        Admitted tables.

    Returns
    -------
    DataFrame
        source (livelihood, exit_reason, end_reason, as far as they know any, and together), exit
        (outcomes; unknown: what the source does not tell), n_spells, n_whole (the ended
        spells), share (of these, 0-1).
    """
    ended = spells.filter("is_start_known", pl.col("exit").is_not_null()).select(
        "person_id", "spell_no", "exit", after=month_number_expr("end")
    )
    told = {
        "livelihood": livelihood_after(ended, livelihood).rename({"livelihood_state": "state"}),
        **_by_reasons(ended, registered_reasons(income_support, household_member, participation)),
    }
    exits = [ended.select("exit", source=pl.lit(TOGETHER))]
    exits += [
        rows.select(
            exit=pl.col("state")
            .replace_strict(OUTCOME_OF, return_dtype=pl.String)
            .fill_null(_UNKNOWN),
            source=pl.lit(source),
        )
        for source, rows in told.items()
        if rows["state"].count()
    ]
    return _counted(pl.concat(exits))


def _by_reasons(ended: pl.DataFrame, reasons: pl.DataFrame) -> dict[str, pl.DataFrame]:
    return {
        source: ended.join(
            reasons.filter(source=source).select(
                "person_id", "state", after=pl.col("last_month") + 1
            ),
            on=["person_id", "after"],
            how="left",
        )
        for source in ("exit_reason", "end_reason")
    }


def _counted(exits: pl.DataFrame) -> pl.DataFrame:
    counted = exits.group_by("source", "exit").agg(n_spells=pl.len().cast(pl.Int32))
    grid = exits.select("source").unique().join(exits.select("exit").unique(), how="cross")
    filled = grid.join(counted, on=["source", "exit"], how="left").with_columns(
        pl.col("n_spells").fill_null(0)
    )
    return (
        filled.with_columns(n_whole=pl.col("n_spells").sum().over("source"))
        .with_columns(share=pl.col("n_spells") / pl.col("n_whole"))
        .sort("source", "exit")
    )
