"""What can be counted of a register month by month: starts of each intervention, exits to work and
people on support. Forecasts are made of these counts, and are held against them later.
"""

from collections.abc import Mapping

import numpy as np
import polars as pl

from evalkit.months import month_number_expr
from evalkit.params import RunFile
from evalkit.spells.extent import Extent
from evalkit.spells.occupancy import placed_starts
from evalkit.tables import CITY, with_city

STARTS, EXITS_TO_WORK, MONTHS_ON_SUPPORT = "starts", "exits_to_work", "months_on_support"
_KEYS = ["district", "quantity", "intervention_id"]
_MONTHS_PER_YEAR = 12


def monthly_counts(tables: Mapping[str, pl.DataFrame], params: RunFile) -> pl.DataFrame:
    """How many start each intervention, leave support for work and are on support, by month.

    Parameters
    ----------
    tables : mapping of DataFrame
        episodes, support_spells, person and intervention.
    params : RunFile
        The districts, the months of the extract and the rules of spells.

    Returns
    -------
    DataFrame
        One row per district (and "all"), quantity, intervention ("all" for exits and months on
        support) and month from the extract's first to the last with known exits: month_no (its
        number), n (starts, exits, people on support), n_persons (the people behind the last twelve
        months), n_people (people of the district in the register). Starts are those of
        `starts_by_district`.
    """
    extent = Extent.of_run(params)
    first, last = extent.first, extent.last_known_exits
    events = pl.concat(
        [_starts(tables), _exits(tables["support_spells"]), _on_support(tables, first, last)]
    ).filter(pl.col("month_no").is_between(first, last))
    everywhere = with_city(events)
    n_persons = (
        everywhere.filter(pl.col("month_no") > last - _MONTHS_PER_YEAR)
        .group_by(_KEYS)
        .agg(n_persons=pl.col("person_id").n_unique().cast(pl.Int32))
    )
    counted = everywhere.group_by(*_KEYS, "month_no").agg(n=pl.len().cast(pl.Int32))
    grid = _series(tables["intervention"], params).join(
        pl.DataFrame({"month_no": np.arange(first, last + 1, dtype=np.int32)}), how="cross"
    )
    people = with_city(tables["person"]).group_by("district").agg(n_people=pl.len().cast(pl.Int32))
    return (
        grid.join(counted, on=[*_KEYS, "month_no"], how="left")
        .join(n_persons, on=_KEYS, how="left")
        .join(people, on="district", how="left")
        .with_columns(pl.col("n", "n_persons", "n_people").fill_null(0))
        .sort(*_KEYS, "month_no")
    )


def _starts(tables: Mapping[str, pl.DataFrame]) -> pl.DataFrame:
    placed = placed_starts(*(tables[name] for name in ("episodes", "support_spells", "person")))
    return _events(placed, STARTS, month_number_expr("month"), pl.col("intervention_id"))


def _exits(spells: pl.DataFrame) -> pl.DataFrame:
    # A spell is half-open: the month of the exit is the first without support.
    to_work = spells.filter(pl.col("exit") == "work")
    return _events(to_work, EXITS_TO_WORK, month_number_expr("end"))


def _on_support(tables: Mapping[str, pl.DataFrame], first: int, last: int) -> pl.DataFrame:
    begins = month_number_expr("start").clip(lower_bound=first)
    ends = month_number_expr("end").fill_null(last + 1).clip(upper_bound=last + 1)
    months = (
        tables["support_spells"]
        .with_columns(month_no=pl.int_ranges(begins, ends))
        .explode("month_no", empty_as_null=False)
    )
    return _events(months, MONTHS_ON_SUPPORT, pl.col("month_no"))


def _events(
    rows: pl.DataFrame, quantity: str, month: pl.Expr, intervention: pl.Expr | None = None
) -> pl.DataFrame:
    return rows.select(
        "person_id",
        "district",
        quantity=pl.lit(quantity),
        intervention_id=pl.lit(CITY) if intervention is None else intervention,
        month_no=month.cast(pl.Int32),
    )


def _series(intervention: pl.DataFrame, params: RunFile) -> pl.DataFrame:
    """Every district, quantity and intervention of which something could be counted."""
    offered = intervention.select(
        quantity=pl.lit(STARTS), intervention_id="intervention_id"
    ).unique()
    others = pl.DataFrame(
        {"quantity": [EXITS_TO_WORK, MONTHS_ON_SUPPORT], "intervention_id": [CITY, CITY]}
    )
    districts = pl.DataFrame({"district": [CITY, *params.districts]})
    return districts.join(pl.concat([offered, others]), how="cross")
