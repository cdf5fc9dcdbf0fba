"""The activity requirement in a quarter, as the supervisory authority asks for it from January
2027: who was assigned something, who was absent without a valid reason, and what was done about it.

The columns are those of a live portal (grade M): the authority's own form was not read.
"""

import re
from datetime import date

import polars as pl

from evalkit.errors import ParameterError
from evalkit.months import add_months
from evalkit.tables import CITY, with_city

MEASURES = ("assigned", "invalid_absence", "grounds_handed_over", "refused_or_reduced")
_NOT_STATED = "not_stated"
_QUARTER = re.compile(r"(\d{4})-?[QKqk]([1-4])")


def months_of_quarter(quarter: str) -> tuple[date, date]:
    """The first day of a quarter written as 2026-Q4 (or 2026K4), and the first day after it.

    Raises
    ------
    ParameterError
        If the text is not a year and a quarter.
    """
    match = _QUARTER.fullmatch(quarter.strip())
    if not match:
        raise ParameterError(
            "A quarter could not be read.",
            where="--quarter",
            why="Quarters are written as year and quarter, for example 2026-Q4.",
            fix="write the quarter as YYYY-Q1 to YYYY-Q4.",
        )
    first = date(int(match[1]), 3 * int(match[2]) - 2, 1)
    return first, add_months(first, 3)


def activity_quarter(
    plan: pl.DataFrame, month: pl.DataFrame, person: pl.DataFrame, *, quarter: str
) -> pl.DataFrame:
    """How many persons the activity requirement concerned in a quarter, per district and for the
    city.

    Parameters
    ----------
    plan, month, person : DataFrame
        Admitted tables activity_plan, activity_month and person.
    quarter : str
        For example 2026-Q4.

    Returns
    -------
    DataFrame
        The table activity_quarter: n_persons by obstacle (that of the last plan of the quarter) and
        measure. `assigned`: a plan began by the last day of the quarter and had not ended before
        its first. The others are of these: hours of invalid absence in a month of it; grounds to
        refuse or reduce support handed over in it; support refused or reduced by a decision of it.
        Everybody counts once in each.
    """
    first, after = months_of_quarter(quarter)
    plans = plan.filter(
        pl.col("start") < after, (pl.col("end") > first).fill_null(True)
    ).with_columns(pl.col("obstacle").fill_null(_NOT_STATED))
    absent = month.filter(
        pl.col("month").is_between(first, after, closed="left"), pl.col("invalid_absence_hours") > 0
    )
    of_person = (
        plans.sort("person_id", "start")
        .group_by("person_id", maintain_order=True)
        .agg(
            pl.last("obstacle"),
            grounds_handed_over=_falls_in("grounds_handed_over", first, after).any(),
            refused_or_reduced=(
                pl.col("decision").is_in(["refused", "reduced"])
                & _falls_in("decision_date", first, after)
            ).any(),
            assigned=pl.lit(True),
        )
        .join(person.select("person_id", "district"), on="person_id", how="inner")
        .with_columns(invalid_absence=pl.col("person_id").is_in(absent["person_id"].implode()))
    )
    rows = with_city(of_person)
    rows = pl.concat([rows, rows.with_columns(obstacle=pl.lit(CITY))])
    counted = rows.group_by("district", "obstacle").agg(
        *(pl.col(name).fill_null(False).sum().cast(pl.Int32) for name in MEASURES)
    )
    grid = (
        rows.select("district").unique().join(rows.select("obstacle").unique(), how="cross")
    ).join(counted, on=["district", "obstacle"], how="left")
    return grid.unpivot(
        on=MEASURES, index=["district", "obstacle"], variable_name="measure", value_name="n_persons"
    ).with_columns(pl.col("n_persons").fill_null(0), quarter=pl.lit(quarter_name(first)))


def quarter_name(first: date) -> str:
    """A quarter as it is written: 2026-Q4."""
    return f"{first.year}-Q{(first.month + 2) // 3}"


def _falls_in(column: str, first: date, after: date) -> pl.Expr:
    return pl.col(column).is_between(first, after, closed="left").fill_null(False)
