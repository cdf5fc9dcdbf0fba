"""The draws of an effect under the second reading, and the span of both readings.

The second reading says how many more or fewer months in the primary outcome are gained
(`evalkit.effects.trust.second_reading`), not when. What it doubts is what would have come of those
who start had they not started, so the comparison's path is moved and theirs stays as it was seen:
the log odds of being in the primary outcome move by the same amount in all months, by as much as
makes the months gained those of the second reading; the other states give or take in proportion.
So shares stay between none and all, and months in which nobody is in the outcome stay so.
"""

import numpy as np
import polars as pl

from evalkit.disclosure.rounding import RANGE_WIDTH
from evalkit.draws import from_cube, parted, to_cube, with_words
from evalkit.effects.answer.one_person import OUTCOMES_OF_VALUE, with_change
from evalkit.effects.weighting.start_now import StartNow
from evalkit.effects.weighting.strategies import strategy_of
from evalkit.line.protocol import Protocol
from evalkit.line.states import members_of
from evalkit.line.tables import published
from evalkit.tables import CITY

_EFFECT = ["district", "intervention_id", "estimand"]
_DRAW = ("district", "intervention_id", "protocol_hash", "estimand", "subgroup", "source")
_AXES = ["draw", "arm", "state", "month"]
# Beyond these log odds a share is none or all.
_MOST_LOG_ODDS, _HALVINGS = 30.0, 64


def second_draws(
    draws: pl.DataFrame, shifts: pl.DataFrame, *, primary_outcome: str
) -> pl.DataFrame:
    """Draws of an effect, moved to the second reading.

    Parameters
    ----------
    draws : DataFrame
        The table `effect_draws` of one effect in its districts, source raw.
    shifts : DataFrame
        The table `second_shifts` of its protocol. A district without a shift has that of all.
    primary_outcome : str
        The outcome, or aggregate, whose months are moved.

    Returns
    -------
    DataFrame
        The table `second_draws`, source raw; empty where there are no shifts.
    """
    if shifts.is_empty():
        return draws.clear()
    by_district = {
        district: rows.sort("draw")["shift"].to_numpy()
        for (district,), rows in shifts.partition_by("district", as_dict=True).items()
    }
    moved = [draws.clear()]
    for keys, effect in parted(draws, list(_DRAW)).items():
        cube = to_cube(effect, _AXES, "probability")
        shift = by_district.get(keys[0], by_district[CITY])[cube.axes["draw"].to_numpy()]
        is_primary = np.isin(
            cube.axes["state"].cast(pl.String).to_list(), members_of(primary_outcome)
        )
        values, arm = cube.values.copy(), cube.place("arm", "comparison")
        followed = values[:, arm][..., (cube.axes["month"] > 0).to_numpy()]
        values[:, arm, :, (cube.axes["month"] > 0).to_numpy()] = np.moveaxis(
            _moved(followed, is_primary, -shift), -1, 0
        )
        constants = dict(zip(_DRAW, keys, strict=True))
        moved.append(
            from_cube(cube.axes, {"probability": values}, constants)
            .select(draws.columns)
            .cast(dict(draws.schema))
        )
    return pl.concat(moved)


def largest_monthly_part(draws: pl.DataFrame, *, primary_outcome: str) -> pl.DataFrame:
    """Which part of a month that is gained falls to a single month of follow-up at most: _EFFECT
    and `monthly_part`, from the comparison's path of draw 0.
    """
    inside = pl.col("state").is_in(list(members_of(primary_outcome)))
    path = draws.filter(
        (pl.col("draw") == 0) & (pl.col("arm") == "comparison") & (pl.col("month") > 0)
    )
    shares = path.group_by(*_EFFECT, "month").agg(p=pl.col("probability").filter(inside).sum())
    spread = pl.col("p") * (1 - pl.col("p"))
    return with_words(shares.group_by(_EFFECT).agg(monthly_part=spread.max() / spread.sum()))


def effect_span(
    plain: pl.DataFrame, second: pl.DataFrame, past: pl.DataFrame, protocol: Protocol
) -> pl.DataFrame:
    """Months in the primary outcome gained under either reading, and the span of both.

    Parameters
    ----------
    plain, second : DataFrame
        The table `effect_summary` under either reading.
    past : DataFrame
        The table `second_past`.

    Returns
    -------
    DataFrame
        The table `effect_span`: one row for each district with an effect, and for all; without
        numbers of the second reading where the past shows nothing.
    """
    plain, second = (
        readings.filter(
            (pl.col("estimand") == protocol.primary_estimand)
            & (pl.col("outcome") == f"months_{protocol.primary_outcome}")
        ).select(
            *_EFFECT,
            **{name: "difference", f"{name}_lower": "ci_lower", f"{name}_upper": "ci_upper"},
        )
        for name, readings in (("plain", plain), ("second", second))
    )
    span = {
        "span_lower": pl.min_horizontal("plain_lower", "second_lower"),
        "span_upper": pl.max_horizontal("plain_upper", "second_upper"),
    }
    return (
        plain.join(second, on=_EFFECT, how="left", maintain_order="left")
        .join(
            past.select("district", "n_with_past", "n_past_known", "verdict"),
            on="district",
            how="left",
            maintain_order="left",
        )
        .with_columns(**span)
        .select(published("effect_span").columns)
    )


def with_change_of_second(
    rows: pl.DataFrame, past: pl.DataFrame, protocol: Protocol, *, part: pl.Expr | None = None
) -> pl.DataFrame:
    """Rows with range_change: person_change, and in the primary comparison not below what one
    person does to either reading.

    Parameters
    ----------
    rows : DataFrame
        With district, estimand and person_change, of the plain reading.
    past : DataFrame
        The table `second_past`.
    part : Expr, optional
        The part of what one person does to the months that falls to a row, where that is of a
        single month of a path; null where it is of all.
    """
    change = past.select("district", of_second="person_change")
    own, other = pl.col("person_change"), pl.col("of_second").fill_null(0.0)
    is_now = strategy_of(protocol, protocol.comparisons[0]) is StartNow
    of_months = pl.max_horizontal(own, other) if is_now else own + other
    part = pl.lit(None, pl.Float64) if part is None else part
    raised = pl.when(part.is_null()).then(of_months).otherwise(own + other * part)
    is_primary = pl.col("estimand") == protocol.primary_estimand
    return (
        rows.join(change, on="district", how="left", maintain_order="left")
        .with_columns(range_change=pl.when(is_primary).then(raised).otherwise("person_change"))
        .drop("of_second")
    )


def with_one_person_of_second(
    status: pl.DataFrame,
    plain: pl.DataFrame,
    second: pl.DataFrame,
    people: pl.DataFrame,
    past: pl.DataFrame,
    protocol: Protocol,
) -> pl.DataFrame:
    """Statuses with one_person_value not below what one person does to months in work and on
    support by the second reading, as a share of its standard error: values that hold both readings
    are told in steps of it.

    Parameters
    ----------
    status : DataFrame
        The table `effect_status`, of the plain reading.
    plain, second : DataFrame
        The table `effect_summary` of the raw draws under either reading.
    people, past : DataFrame
        The tables `effect_people` and `second_past`.
    """
    error = (pl.col("ci_upper") - pl.col("ci_lower")) / RANGE_WIDTH
    errors = second.select(*_EFFECT, "outcome", error=error).filter(pl.col("error") > 0)
    changes = with_change(plain, people, arms=("difference",))
    raised = (
        with_change_of_second(changes, past, protocol)
        .join(errors, on=[*_EFFECT, "outcome"])
        .filter(pl.col("outcome").is_in(OUTCOMES_OF_VALUE))
        .group_by(_EFFECT)
        .agg(_raised=(pl.col("range_change") / pl.col("error")).max())
    )
    return (
        status.join(raised, on=_EFFECT, how="left", maintain_order="left")
        .with_columns(one_person_value=pl.max_horizontal("one_person_value", "_raised"))
        .drop("_raised")
    )


def _moved(shares: np.ndarray, is_primary: np.ndarray, months: np.ndarray) -> np.ndarray:
    """Shares (n_draws, n_states, n_months) with so many more months in the primary outcome, by
    draw.
    """
    inside = np.clip(shares[:, is_primary].sum(axis=1), 0.0, 1.0)
    wanted = inside.sum(axis=1) + months
    low, high = (np.full(len(shares), end) for end in (-_MOST_LOG_ODDS, _MOST_LOG_ODDS))
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        is_short = _in_odds(inside, middle).sum(axis=1) < wanted
        low, high = np.where(is_short, middle, low), np.where(is_short, high, middle)
    found = _in_odds(inside, (low + high) / 2)
    with np.errstate(divide="ignore", invalid="ignore"):
        of_inside, of_others = (
            np.where(before > 0, after / before, 1.0)[:, None]
            for after, before in ((found, inside), (1 - found, 1 - inside))
        )
    return shares * np.where(is_primary[:, None], of_inside, of_others)


def _in_odds(share: np.ndarray, log_odds: np.ndarray) -> np.ndarray:
    """Shares (n_draws, n_months) moved by so many log odds, (n_draws,)."""
    odds = np.exp(log_odds)[:, None]
    return share * odds / (1 - share + share * odds)
