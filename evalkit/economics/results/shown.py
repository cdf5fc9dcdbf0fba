"""A run's value as it may be shown, where gate 2 cannot round a number by itself: what is made of
several estimates is made anew of the rounded ones, and what has no range takes the step of the
value that it moves.
"""

from collections.abc import Mapping

import numpy as np
import polars as pl

from evalkit.disclosure.paths import MONTHLY_PERSONS, PATH_PERSONS, path_months
from evalkit.disclosure.rounding import (
    BASE,
    RANGE_WIDTH,
    share_of_error,
    step_above,
    to_step,
)
from evalkit.economics.ledger.effect_paths import EVERYBODY
from evalkit.economics.results.comparison import Option, compare_options
from evalkit.economics.results.payback import NEVER, return_months
from evalkit.economics.results.sensitivity import EFFECT
from evalkit.line.estimands import ESTIMANDS

_KEYS = ["district", "intervention_id", "estimand"]
_CHOICE = ["district", "estimand"]


def rounded_for_publication(tables: Mapping[str, pl.DataFrame]) -> dict[str, pl.DataFrame]:
    """The tables of `ValueResults` with what gate 2 does not round: paths in the months that may be
    shown, and numbers that are made of others.

    Parameters
    ----------
    tables : mapping of str to DataFrame
        By field, with `n_starters` in each row.
    """
    parts = _with_steps(tables["parts"].filter(part="total"))
    curve = _curve(tables["curve"])
    own = {
        "curve": curve,
        "payback": _payback(tables["payback"], curve),
        "purse": _purse(tables["purse"], parts),
        "tornado": _tornado(tables["tornado"], parts),
        "options": _options(tables["options"], parts, tables["totals"]),
        "information": _information(tables["information"], parts),
    }
    shown = {**tables, **own}
    purse = {"purse": shown["purse"].drop("plain_width", strict=False)}
    ranged = {
        field: with_changes(rows) for field, rows in shown.items() if "plain_width" in rows.columns
    }
    return shown | ranged | purse


def with_people(rows: pl.DataFrame, status: pl.DataFrame) -> pl.DataFrame:
    """A table of values by effect with what gate 2 asks of each row.

    Parameters
    ----------
    rows : DataFrame
        district, intervention_id, estimand and values.
    status : DataFrame
        The table effect_status.

    Returns
    -------
    DataFrame
        The rows with n_starters, and one_person: the most that one person does to a value, as a
        share of its standard error; where the range holds two readings, also person_change and
        range_change: in money, to the estimate and to the ends of the range.
    """
    return with_changes(rows.join(people_of(status), on=_KEYS, how="left", maintain_order="left"))


def with_changes(rows: pl.DataFrame) -> pl.DataFrame:
    """Rows with n_starters and one_person, and what one person does to their estimates and to the
    ends of their ranges, in money, where these hold more than the plain reading (`plain_width`).
    """
    if "plain_width" not in rows.columns:
        return rows.with_columns(
            pl.lit(None, dtype=pl.Float64).alias(name) for name in ("person_change", "range_change")
        )
    people, one_person = _behind(rows)
    share = pl.Series(share_of_error(people, one_person), nan_to_null=True)
    span = pl.col("ci_upper") - pl.col("ci_lower")
    return rows.with_columns(
        person_change=share * pl.col("plain_width") / RANGE_WIDTH,
        range_change=share * span / RANGE_WIDTH,
    ).drop("plain_width")


def _behind(rows: pl.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """The people of each row as they are shown, and what one of them does to it."""
    n, one_person = (
        rows[column].cast(pl.Float64).to_numpy() for column in ("n_starters", "one_person")
    )
    return np.floor(n / BASE + 0.5) * BASE, one_person


def people_of(status: pl.DataFrame) -> pl.DataFrame:
    """By effect of everybody: n_starters and one_person."""
    is_valued = (pl.col("source") == "raw") & (pl.col("subgroup") == EVERYBODY)
    return status.filter(is_valued).select(*_KEYS, "n_starters", one_person="one_person_value")


def postings_of_many(actors: pl.DataFrame) -> pl.DataFrame:
    """What each actor gains, posting by posting where there are 300 people or more, else in all.

    Many postings are the same months at different prices: each is rounded, but together they would
    tell the months more finely than any of them.

    Parameters
    ----------
    actors : DataFrame
        `value_by_actor`, with its people (`with_people`).

    Returns
    -------
    DataFrame
        Its rows that may be shown.
    """
    return actors.filter(
        (pl.col("posting") == "all") | (pl.col("n_starters").fill_null(0) >= MONTHLY_PERSONS)
    )


def _with_steps(rows: pl.DataFrame) -> pl.DataFrame:
    """The rows with the estimate and its limits as gate 2 shows them, their steps, and what one
    person does to the limits.
    """
    estimate, lower, upper = (
        rows[column].cast(pl.Float64).to_numpy() for column in ("estimate", "ci_lower", "ci_upper")
    )
    people, one_person = _behind(rows)
    share = share_of_error(people, one_person)
    width = rows["plain_width"].to_numpy() if "plain_width" in rows.columns else upper - lower
    own = np.nan_to_num(step_above(np.abs(estimate) * 2 / people))
    step, range_step = (
        np.where(np.isfinite(step), step, own)
        for step in (step_above(share * wide / RANGE_WIDTH) for wide in (width, upper - lower))
    )
    columns = {
        "_one_person": share * (upper - lower) / RANGE_WIDTH,
        "_step": step,
        "_range_step": range_step,
        "_shown": to_step(estimate, step),
        "_lower": to_step(lower, range_step, np.floor),
        "_upper": to_step(upper, range_step, np.ceil),
        "_people": people,
    }
    return rows.with_columns(
        pl.Series(name, values, dtype=pl.Float64, nan_to_null=True)
        for name, values in columns.items()
    )


def _curve(curve: pl.DataFrame) -> pl.DataFrame:
    """The months that so many people may show; below that of a path the last alone."""
    is_shown = [
        row["month"] in _months(row["n_starters"], row["last"])
        for row in curve.select("month", "n_starters", last=pl.col("month").max().over(_KEYS)).rows(
            named=True
        )
    ]
    return curve.filter(pl.Series(is_shown, dtype=pl.Boolean))


def _months(n_persons: int | None, last: int) -> list[int]:
    if n_persons is None or n_persons < PATH_PERSONS:
        return [last]
    return sorted({*path_months(n_persons, last), last})


def _payback(payback: pl.DataFrame, curve: pl.DataFrame) -> pl.DataFrame:
    """Months by which money is back, as the curve that is shown has it; of actors, who have none,
    and of the deepest point, the month that is shown next. Where it is deepest is told of as many
    people as a path needs.
    """
    keys = [*_KEYS, "perspective"]
    shown = _with_steps(curve).select(*keys, "month", "_shown").partition_by(keys, as_dict=True)
    rows = []
    for row in payback.iter_rows(named=True):
        path = shown.get(tuple(row[key] for key in keys))
        has_path = (row["n_starters"] or 0) >= PATH_PERSONS
        rows.append(
            row
            | {
                "return_month": _first_of(row, "return_month")
                if path is None or row["return_month"] == 0
                else _back_for_good(path),
                "deepest_month": _first_of(row, "deepest_month") if has_path else None,
            }
        )
    return pl.DataFrame(rows, schema=payback.schema)


def _back_for_good(path: pl.DataFrame) -> int | None:
    """The first month from which a curve stays at or above zero."""
    months, values = path.sort("month").select("month", "_shown").get_columns()
    first = int(return_months(values.to_numpy()[None])[0])
    return None if first == NEVER else int(months[first])


def _first_of(row: dict, column: str) -> int | None:
    month = row[column]
    if not month:
        return month
    return next(m for m in _months(row["n_starters"], row["horizon_months"]) if m >= month)


def _purse(purse: pl.DataFrame, parts: pl.DataFrame) -> pl.DataFrame:
    """What purses gain and pay, and their shares of both, from what is shown. The district's gain
    is what is left to it and what it pays, so that the three agree.
    """
    district = parts.filter(perspective="district").select(
        *_KEYS, _left="_shown", _left_lower="_lower", _left_upper="_upper"
    )
    paid = _multiple(pl.col("paid_now"), _nice(2 * pl.col("paid_now").abs() / pl.col("_people")))
    rows = (
        _with_steps(purse)
        .with_columns(paid_now=paid)
        .join(district, on=_KEYS, how="left", maintain_order="left")
        .with_columns(
            pl.when(pl.col("actor") == "district", pl.col(f"_left{end}").is_not_null())
            .then(pl.col(f"_left{end}") + pl.col("paid_now"))
            .otherwise(pl.col(end or "_shown"))
            .alias(column)
            for column, end in (("estimate", ""), ("ci_lower", "_lower"), ("ci_upper", "_upper"))
        )
    )
    gains = pl.col("estimate").clip(0)
    share = pl.when(gains.sum().over(_KEYS) > 0).then(gains / gains.sum().over(_KEYS)).round(2)
    price = pl.col("paid_now").sum().over(_KEYS)
    step = _nice(2 * price / pl.col("_people"))
    has_share = pl.col("gain_share").is_not_null()
    has_proposal = pl.col("paid_proposed").is_not_null()
    return rows.with_columns(
        gain_share=pl.when(has_share).then(share),
        paid_proposed=pl.when(has_proposal).then(_multiple(share * price, step)),
    ).select(purse.columns)


def _tornado(tornado: pl.DataFrame, parts: pl.DataFrame) -> pl.DataFrame:
    """Ends in the step of the value that they are ends of, those of the effect in the step of the
    value's range; and where it changes sign, as far as they tell: not of a price that does not move
    it by a step.
    """
    keys = [*_KEYS, "perspective"]
    ends = ["value_at_low", "value_at_high"]
    slope = (pl.col(ends[1]) - pl.col(ends[0])) / (pl.col("high") - pl.col("low"))
    switch_step = _nice(pl.col("_step") / slope.abs())
    is_range = pl.col("parameter") == EFFECT
    step_of_end = pl.when(is_range).then("_range_step").otherwise("_step")
    steps = parts.select(*keys, "_step", "_range_step")
    shown = tornado.join(steps, on=keys, how="left").with_columns(
        *(_multiple(pl.col(end), step_of_end).alias(end) for end in ends),
        switching_value=_multiple(pl.col("switching_value"), switch_step),
    )
    is_within = pl.col("switching_value").is_between("low", "high", closed="none")
    has_both_signs = pl.col(ends[0]) * pl.col(ends[1]) < 0
    swing = (pl.col(ends[1]) - pl.col(ends[0])).abs()
    is_told = is_within.eq(has_both_signs) & (swing > 0)
    return shown.with_columns(
        swing=swing, switching_value=pl.when(is_told).then("switching_value")
    ).select(tornado.columns)


def _options(options: pl.DataFrame, parts: pl.DataFrame, totals: pl.DataFrame) -> pl.DataFrame:
    """Options beside each other by the costs and effects that are shown."""
    costs = {
        tuple(row[key] for key in _KEYS): row
        for row in parts.filter(perspective="public_purse").iter_rows(named=True)
    }
    shown = []
    for key, draws in totals.filter(pl.col("estimand") != ESTIMANDS["other"]).group_by(_KEYS):
        benefit, cost, effect = (
            draws.sort("draw")[column].to_numpy().copy()
            for column in ("net_benefit", "net_public_cost", "work_months")
        )
        row = costs[key]
        share = share_of_error(np.array(row["n_starters"]), np.array(row["one_person"], float))
        cost[0] = -row["_shown"]
        effect[0] = to_step(effect[0], step_above(share * effect[1:].std(ddof=1)))
        shown.append(Option(key[0], key[2], key[1], benefit, cost, effect, {}))
    # How likely each is the best stays as it is, over both readings.
    compared = compare_options(shown).drop("probability_best")
    others = options.drop(set(compared.columns) - {*_CHOICE, "option"})
    return compared.join(others, on=[*_CHOICE, "option"]).select(options.columns)


def _information(information: pl.DataFrame, parts: pl.DataFrame) -> pl.DataFrame:
    """What knowing is worth, in the largest step of the values that are chosen between: it follows
    a value as far as that may be on the other side of nothing.
    """
    p = pl.col("probability_positive")
    follows = pl.col("_one_person") * pl.min_horizontal(p, 1 - p)
    steps = (
        parts.filter(perspective="society")
        .group_by(_CHOICE)
        .agg(_follows=follows.max())
        .with_columns(_step=_nice(pl.col("_follows")))
    )
    return (
        information.join(steps, on=_CHOICE, how="left")
        .with_columns(value=_multiple(pl.col("value"), pl.col("_step")))
        .select(information.columns)
    )


def _nice(size: pl.Expr) -> pl.Expr:
    return size.map_batches(
        lambda sizes: pl.Series(step_above(sizes.cast(pl.Float64).to_numpy()), nan_to_null=True),
        return_dtype=pl.Float64,
    )


def _multiple(value: pl.Expr, step: pl.Expr) -> pl.Expr:
    """As `to_step`."""
    return pl.struct(value=value, step=step).map_batches(
        lambda rows: pl.Series(
            to_step(*(rows.struct.field(name).to_numpy() for name in ("value", "step"))),
            nan_to_null=True,
        ),
        return_dtype=pl.Float64,
    )
