"""How complete the registration is: of the people of the last year, whose rows have each field that
an answer rests on.
"""

from collections.abc import Mapping
from datetime import date

import polars as pl

from evalkit.line.columns import schema_of
from evalkit.monitoring.areas import in_areas
from evalkit.monitoring_rules import MonitoringRules
from evalkit.months import add_months

_MONTHS = 12
_ALL = "all"
_PAPERS_WITH_GOALS = ("assignment", "implementation_plan", "work_plan")
_ABILITIES = ("physical_ability", "mental_ability", "social_ability")
_CRITERIA = (
    *("manages_participation", "manages_travel", "has_no_active_abuse"),
    *("handles_conflict", "is_motivated"),
)
_NO_OBSTACLE_STATED = ("not_stated", "unknown")
_ADULTS = ("lead", "co_applicant")


def completeness(
    tables: Mapping[str, pl.DataFrame], rules: MonitoringRules, *, through: date
) -> pl.DataFrame:
    """Of the people who did something in the last year, of how many each field is filled.

    Each person counts once for each thing, by the latest row of it: started or ended an
    intervention, had a follow-up or a plan, was on support, left it.

    Parameters
    ----------
    tables : mapping of DataFrame
        person, household_member, participation, follow_up, plan, assessment and livelihood, as
        delivered; empty where nobody delivered them.
    rules : MonitoringRules
        Which districts are pooled.
    through : date
        The last month of the year. Month.

    Returns
    -------
    DataFrame
        One row per district (and "all"), what people did (base: started, ended, followed_up,
        planned, on_support, left_support) and field, with n_persons (whose field is filled),
        n_whole (who did it). Field "all" is everybody who did it. A person stands in the district
        of `person`. Nothing of what nobody did.
    """
    first, close = add_months(through, 1 - _MONTHS), add_months(through, 1)
    bases = {
        **_started(tables, first, close),
        "followed_up": _latest(tables["follow_up"], "date", first, close).select(
            "person_id",
            attendance_share=pl.col("attendance_share").is_not_null(),
            abilities=_all_filled(_ABILITIES),
            self_rating=pl.col("self_rating").is_not_null(),
            criteria=_all_filled(_CRITERIA),
        ),
        "planned": _latest(
            tables["plan"].filter(pl.col("kind").is_in(_PAPERS_WITH_GOALS)), "date", first, close
        ).select(
            "person_id",
            goals=pl.col("has_goals").is_not_null(),
            own_view=pl.col("has_own_view").is_not_null(),
        ),
        **_supported(tables, first, through),
    }
    counted = [
        _counted(rows, base, tables["person"], rules)
        for base, rows in bases.items()
        if not rows.is_empty()
    ]
    schema = schema_of("district", "base", "field", "n_persons", "n_whole")
    return pl.concat([pl.DataFrame(schema=schema), *counted])


def _started(
    tables: Mapping[str, pl.DataFrame], first: date, close: date
) -> dict[str, pl.DataFrame]:
    """Who started and who ended an intervention, with what is known of it."""
    participation = tables["participation"]
    is_assessed = tables["assessment"].group_by("person_id").agg(assessed=pl.col("date").min())
    started = _latest(participation, "start", first, close).join(
        is_assessed, on="person_id", how="left"
    )
    fields = (
        {}
        if tables["assessment"].is_empty()
        else {"assessment": (pl.col("assessed") <= pl.col("start")).fill_null(False)}
    )
    return {
        "started": started.select(
            "person_id",
            planned_end=pl.col("planned_end").is_not_null(),
            hours_per_week=pl.col("hours_per_week").is_not_null(),
            responsible_role=pl.col("responsible_role").is_not_null(),
            **fields,
        ),
        "ended": _latest(participation, "end", first, close).select(
            "person_id", end_reason=pl.col("end_reason").is_not_null()
        ),
    }


def _supported(
    tables: Mapping[str, pl.DataFrame], first: date, through: date
) -> dict[str, pl.DataFrame]:
    """The adults on support, and those of them who had left it by the last month."""
    adults = tables["household_member"].filter(pl.col("role").is_in(_ADULTS))
    latest = _latest(adults, "month", first, add_months(through, 1))
    livelihood = tables["livelihood"].filter(
        pl.col("state") != "unknown",
        pl.col("start") <= through,
        pl.col("end").is_null() | (pl.col("end") > through),
    )
    obstacle = pl.col("support_obstacle")
    left = latest.filter(pl.col("month") < through)
    return {
        "on_support": latest.select(
            "person_id",
            support_obstacle=obstacle.is_not_null() & ~obstacle.is_in(_NO_OBSTACLE_STATED),
        ),
        "left_support": left.select(
            "person_id",
            livelihood=pl.col("person_id").is_in(livelihood["person_id"].unique().implode()),
        ),
    }


def _latest(table: pl.DataFrame, day: str, first: date, close: date) -> pl.DataFrame:
    """The latest row of each person with a day from the first to before the close."""
    within = table.filter(pl.col(day).is_between(first, close, closed="left"))
    return within.sort("person_id", day, *table.columns).unique(
        "person_id", keep="last", maintain_order=True
    )


def _all_filled(columns: tuple[str, ...]) -> pl.Expr:
    return pl.all_horizontal(pl.col(column).is_not_null() for column in columns)


def _counted(
    rows: pl.DataFrame, base: str, person: pl.DataFrame, rules: MonitoringRules
) -> pl.DataFrame:
    """The people of one base by area: how many there are, and how many have each field."""
    fields = [column for column in rows.columns if column != "person_id"]
    placed = in_areas(rows.join(person.select("person_id", "district"), on="person_id"), rules)
    return (
        placed.with_columns(pl.lit(True).alias(_ALL))
        .group_by("district")
        .agg(pl.col(_ALL, *fields).sum().cast(pl.Int32), n_whole=pl.len().cast(pl.Int32))
        .unpivot(
            [_ALL, *fields],
            index=["district", "n_whole"],
            variable_name="field",
            value_name="n_persons",
        )
        .select("district", pl.lit(base).alias("base"), "field", "n_persons", "n_whole")
    )
