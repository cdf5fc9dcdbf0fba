"""The actions of development programmes: how far each has come, and whom it reached."""

import polars as pl

from evalkit.line.tables import published
from evalkit.monitoring.areas import in_areas
from evalkit.monitoring_rules import MonitoringRules
from evalkit.months import add_months, month_number, month_number_expr
from evalkit.params import Extract

_KEYS = ("district", "action_id")
_ALL = "all"
_PROGRESS = ("planned", "running", "done", "stopped")
_WHILE_IT_RAN = (pl.col("at") >= pl.col("start")) & (pl.col("at") < pl.col("end"))


def programme_actions(action: pl.DataFrame, extract: Extract) -> pl.DataFrame:
    """The actions as they stand at the end of the data.

    Parameters
    ----------
    action : DataFrame
        The delivered table of the same name: one row per district and action.
    extract : Extract
        Its last month says how far an action has come whose sender does not say.

    Returns
    -------
    DataFrame
        The published table of the same name. Progress is planned, running, done or stopped; an
        action without a kind is a way of working.
    """
    last = extract.follow_up_through
    by_dates = (
        pl.when(pl.col("start") > last)
        .then(pl.lit("planned"))
        .when(pl.col("end") <= last)
        .then(pl.lit("done"))
        .otherwise(pl.lit("running"))
    )
    return action.with_columns(
        pl.col("kind").fill_null("way_of_working"),
        progress=pl.col("status").fill_null(by_dates),
    ).select(published("programme_actions").columns)


def programme_themes(actions: pl.DataFrame) -> pl.DataFrame:
    """How many different actions there are under each theme, and how far they have come.

    Parameters
    ----------
    actions : DataFrame
        See `programme_actions`.

    Returns
    -------
    DataFrame
        The published table of the same name, each progress of each theme that has actions, and all.
        An action that has come further in one district than in another counts once in each
        progress. Amounts are null where none is given or they are of several currencies.
    """
    every = pl.DataFrame({"progress": [*_PROGRESS, _ALL]})
    by_theme = pl.concat([actions, actions.with_columns(theme=pl.lit(_ALL))])
    rows = pl.concat([by_theme, by_theme.with_columns(progress=pl.lit(_ALL))])
    given = pl.col("amount").is_not_null().any() & pl.col("currency").drop_nulls().n_unique().eq(1)
    counted = rows.group_by("theme", "progress").agg(
        n_actions=pl.col("action_id").n_unique(),
        amount=pl.when(given).then(pl.col("amount").sum()),
        currency=pl.when(given).then(pl.col("currency").drop_nulls().first()),
    )
    schema = published("programme_themes").schema
    return (
        by_theme.select("theme")
        .unique()
        .join(every, how="cross")
        .join(counted, on=["theme", "progress"], how="left")
        .with_columns(pl.col("n_actions").fill_null(0))
        .select(schema.names())
        .cast(dict(schema))
        .sort("theme", "progress")
    )


def programme_reach(
    actions: pl.DataFrame,
    *,
    participation: pl.DataFrame,
    outreach: pl.DataFrame,
    state_intervals: pl.DataFrame,
    extract: Extract,
    rules: MonitoringRules,
) -> pl.DataFrame:
    """Whom each action reached from its first day to its last, or to the end of the data.

    Parameters
    ----------
    actions : DataFrame
        See `programme_actions`. Those that are planned have reached nobody.
    participation, outreach : DataFrame
        The delivered tables of these names.
    state_intervals : DataFrame
        Says in which district a person lived in the month of a start that bears no home district.

    Returns
    -------
    DataFrame
        The published table of the same name: started are the people who began an intervention that
        the action uses, once each in a row; entered are those whom outreach to its target group
        brought into an activity, as the sender counted them. An action without interventions, or
        whose target group no outreach is counted for, has no such row.
    """
    after = add_months(extract.follow_up_through, 1)
    ran = actions.filter(pl.col("progress") != "planned", pl.col("start") < after).select(
        *_KEYS, "target_group", "start", pl.col("interventions"), pl.col("end").fill_null(after)
    )
    uses = ran.with_columns(intervention_id=pl.col("interventions").str.split(" ")).explode(
        "intervention_id"
    )
    starts = _with_district(participation, state_intervals, extract)
    started = uses.join(starts, on=["district", "intervention_id"]).filter(_WHILE_IT_RAN)
    entered = ran.join(outreach.rename({"month": "at"}), on=["district", "target_group"]).filter(
        _WHILE_IT_RAN
    )
    has_outreach = pl.col("target_group").is_in(outreach["target_group"].unique().to_list())
    counts = {
        "started": (
            ran.filter(pl.col("interventions").is_not_null()),
            in_areas(started, rules).group_by(_KEYS).agg(pl.col("person_id").n_unique()),
        ),
        "entered": (
            ran.filter(has_outreach),
            in_areas(entered, rules).group_by(_KEYS).agg(pl.col("n_entered").sum()),
        ),
    }
    schema = published("programme_reach").schema
    return pl.concat(
        in_areas(asked, rules)
        .select(_KEYS)
        .unique()
        .join(counted.rename({counted.columns[-1]: "n_persons"}), on=_KEYS, how="left")
        .with_columns(pl.lit(measure).alias("measure"), pl.col("n_persons").fill_null(0))
        .select(schema.names())
        .cast(dict(schema))
        for measure, (asked, counted) in counts.items()
    ).sort(*_KEYS, "measure")


def _with_district(
    participation: pl.DataFrame, state_intervals: pl.DataFrame, extract: Extract
) -> pl.DataFrame:
    """Starts of interventions (at) with the person's home district as it was registered with the
    start; where it was not, the one in which the person lived in that month.
    """
    first = month_number(extract.first_month)
    starts = participation.select(
        "person_id",
        "intervention_id",
        "home_district",
        at="start",
        start_month=month_number_expr("start").cast(pl.Int32) - first,
    ).sort("start_month")
    lived = state_intervals.select("person_id", "start_month", "stop_month", "district").sort(
        "start_month"
    )
    return (
        starts.join_asof(lived, on="start_month", by="person_id", check_sortedness=False)
        .with_columns(
            pl.when(pl.col("start_month") < pl.col("stop_month")).then(pl.col("district"))
        )
        .select(
            "person_id",
            "intervention_id",
            "at",
            district=pl.coalesce("home_district", "district"),
        )
    )
