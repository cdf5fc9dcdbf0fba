"""An allocation as it may be shown, where gate 2 cannot round a number by itself: costs are those
of the starts that are shown, and what a start is worth stands in steps of what one person does to
it.
"""

from collections.abc import Mapping

import numpy as np
import polars as pl

from evalkit.allocation.constraints import KEYS
from evalkit.disclosure.rounding import nearest_five, share_of_error, step_above, to_step

_PLACE = list(KEYS[:2])
# The columns of the offers that say how many start under each plan.
_STARTS = {"now": "n_now", "own_places": "n_starts", "shared_places": "n_shared"}


def rounded_for_publication(
    tables: Mapping[str, pl.DataFrame], values: pl.DataFrame
) -> dict[str, pl.DataFrame]:
    """The tables of `CityAllocation` with what gate 2 does not round.

    Parameters
    ----------
    tables : mapping of str to DataFrame
        By name.
    values : DataFrame
        As in `allocate_city`: district, intervention_id, draw, value, and target_group where offers
        are split.
    """
    offers = _with_steps(tables["offers"], values)
    if offers.is_empty():
        return dict(tables)
    steps = {plan: _plan_step(offers, values, column) for plan, column in _STARTS.items()}
    n_starters = pl.lit(int(offers["n_starters"].sum())).alias("n_starters")
    per_krona = float(np.nanmax(offers["_krona_step"].to_numpy()))
    costs = offers.group_by("intervention_id").agg(pl.col("cost").mean())
    return {
        **tables,
        "offers": _stepped(offers, {"shadow_price": "_step", "krona_price": "_krona_step"}).select(
            tables["offers"].columns
        ),
        "moves": _moves(tables["moves"], costs),
        "exchange": _exchange(tables["exchange"], offers),
        "plans": _plans(tables["plans"], offers, steps).with_columns(n_starters),
        "returns": _in_step(tables["returns"], steps["shared_places"]).with_columns(
            n_starters,
            per_krona=pl.Series(to_step(tables["returns"]["per_krona"].to_numpy(), per_krona)),
        ),
    }


def _with_steps(offers: pl.DataFrame, values: pl.DataFrame) -> pl.DataFrame:
    """The offers with the step of what a start is worth there, and of that by its cost."""
    keys = [key for key in KEYS if key in values.columns]
    errors = values.filter(pl.col("draw") > 0).group_by(keys).agg(_error=pl.col("value").std())
    rows = offers.join(errors, on=keys, how="left", maintain_order="left")
    n, error, cost = (
        rows[column].cast(pl.Float64).to_numpy() for column in ("n_starters", "_error", "cost")
    )
    one_person = share_of_error(n) * error
    return rows.with_columns(
        _step=pl.Series(step_above(one_person)),
        _krona_step=pl.Series(step_above(one_person / cost)),
    )


def _plan_step(offers: pl.DataFrame, values: pl.DataFrame, starts: str) -> float:
    """The step of what all starts of a plan are worth."""
    keys = [key for key in KEYS if key in values.columns]
    draws = (
        values.filter(pl.col("draw") > 0)
        .join(offers.select(*KEYS, starts).group_by(keys).agg(pl.col(starts).sum()), on=keys)
        .group_by("draw")
        .agg((pl.col(starts) * pl.col("value")).sum().alias("value"))
    )
    share = share_of_error(np.array(float(offers["n_starters"].sum())))
    return float(step_above(share * draws["value"].to_numpy().std()))


def _in_step(rows: pl.DataFrame, step: float) -> pl.DataFrame:
    """Values of the whole in a step, the worst draws' downwards."""
    return rows.with_columns(
        value=pl.Series(to_step(rows["value"].to_numpy(), step)),
        downside=pl.Series(to_step(rows["downside"].to_numpy(), step, np.floor)),
    )


def _stepped(rows: pl.DataFrame, steps: Mapping[str, str]) -> pl.DataFrame:
    return rows.with_columns(
        pl.Series(name, to_step(rows[name].to_numpy(), rows[step].to_numpy()), nan_to_null=True)
        for name, step in steps.items()
    )


def _moves(moves: pl.DataFrame, costs: pl.DataFrame) -> pl.DataFrame:
    """What the starts that are shown cost."""
    return (
        moves.join(costs, on="intervention_id", how="left", maintain_order="left")
        .with_columns(
            (nearest_five(pl.col(f"n_starts_{when}")) * pl.col("cost")).alias(f"cost_{when}")
            for when in ("now", "planned")
        )
        .select(moves.columns)
    )


def _exchange(exchange: pl.DataFrame, offers: pl.DataFrame) -> pl.DataFrame:
    """Places lent to the nearest five, what is received for them, and in the largest step of the
    districts that share them what another place is worth.
    """
    steps = offers.group_by("intervention_id").agg(pl.col("_step").max())
    rows = exchange.join(steps, on="intervention_id", how="left", maintain_order="left")
    lent = nearest_five(pl.col("n_lent").abs()) * pl.col("n_lent").sign() + 0.0
    return (
        _stepped(rows, {"shadow_price": "_step"})
        .with_columns(n_lent=lent, receives=lent * pl.col("price_per_start") + 0.0)
        .select(exchange.columns)
    )


def _plans(plans: pl.DataFrame, offers: pl.DataFrame, steps: Mapping[str, float]) -> pl.DataFrame:
    rows = []
    for (plan,), row in plans.group_by("plan", maintain_order=True):
        starts = _STARTS[str(plan)]
        of_plan = offers.group_by("intervention_id").agg(
            pl.col("cost").mean(), nearest_five(pl.col(starts).sum())
        )
        cost = of_plan.select((pl.col(starts) * pl.col("cost")).sum()).item()
        rows.append(_in_step(row, steps[str(plan)]).with_columns(cost=pl.lit(cost)))
    return pl.concat(rows)
