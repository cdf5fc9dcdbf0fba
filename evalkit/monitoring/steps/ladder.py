"""Where people are a year after they started on a step of the ladder towards work: higher up, on
the same step, lower, out to work or studies, out otherwise, or on support without anything.

Each person counts once per step, with the first start on it in the years looked at.
"""

from collections.abc import Mapping

import polars as pl

from evalkit.line.states import STATES
from evalkit.line.tables import published
from evalkit.monitoring.areas import in_areas
from evalkit.monitoring.steps.next_steps import Followed, episodes_on_ladder, months_lived
from evalkit.tables import CITY

# In the order in which they are drawn: nearest to work first.
PLACES = ("self_support", "up", "same", "down", "out_otherwise", "on_support", "unknown")
CLOSER = ("self_support", "up")
_OF_CLASS = {
    outcome: state_class
    for outcome, state_class in STATES.select("outcome", "state_class").iter_rows()
}
_OTHERWISE = ("step", "programme", "transfer")


def places_after(tables: Mapping[str, pl.DataFrame], followed: Followed) -> pl.DataFrame:
    """Where those who started on a step are so many months later.

    Parameters
    ----------
    tables : mapping of str to DataFrame
        participation, intervention and person as delivered, and state_intervals.
    followed : Followed
        Of its rules `monitoring.ladder_after_months` and `monitoring.ladder_starts_months`.

    Returns
    -------
    DataFrame
        One row per person and step: person_id, ladder_step, district (where the episode began),
        begins (number of the month), place (`PLACES`): in the month that lies so many months after
        the start, work and studies go before an intervention, which goes before support; of several
        interventions the highest step counts. An intervention without a step tells no place, nor
        does a month of which nothing is known.
    """
    rules, episodes = followed.rules, episodes_on_ladder(tables)
    last_start = followed.last - rules.ladder_after_months
    started = (
        episodes.filter(
            pl.col("ladder_step").is_not_null(),
            pl.col("begins").is_between(last_start - rules.ladder_starts_months + 1, last_start),
        )
        .unique(["person_id", "ladder_step"], keep="first", maintain_order=True)
        .select("person_id", "ladder_step", "district", "begins")
        .with_columns(month=pl.col("begins") + rules.ladder_after_months)
    )
    keys, month = ["person_id", "ladder_step"], pl.col("month")
    lived = months_lived(tables["state_intervals"], followed)
    state = (
        started.join(lived, on="person_id", how="inner")
        .filter(pl.col("first") <= month, month < pl.col("stop"))
        .select(*keys, state_class=pl.col("state").replace_strict(_OF_CLASS))
        .unique(keys)
    )
    running = (
        started.join(
            episodes.select("person_id", "free_from", at="ladder_step", since="begins"),
            on="person_id",
            how="inner",
        )
        .filter(
            pl.col("since") <= month,
            (pl.col("free_from") > month).fill_null(True),
        )
        .group_by(keys)
        .agg(is_running=pl.lit(True).first(), highest=pl.col("at").max())
    )
    known = started.join(state, on=keys, how="left").join(running, on=keys, how="left")
    return known.select("person_id", "ladder_step", "district", "begins", place=_place()).sort(keys)


def ladder(tables: Mapping[str, pl.DataFrame], followed: Followed) -> pl.DataFrame:
    """How many are where after starting on each step.

    Parameters
    ----------
    tables, followed
        As `places_after`.

    Returns
    -------
    DataFrame
        The table ladder, per area and for the city: by ladder_step and answer (`PLACES`, all)
        n_persons, n_whole (who started on the step), share (of these).
    """
    rows = in_areas(places_after(tables, followed), followed.rules)
    both = pl.concat([rows.with_columns(answer="place"), rows.with_columns(answer=pl.lit(CITY))])
    of_step = ["district", "ladder_step"]
    counted = both.group_by(*of_step, "answer").agg(n_persons=pl.len().cast(pl.Int32))
    grid = (
        both.select(of_step).unique().join(pl.DataFrame({"answer": [*PLACES, CITY]}), how="cross")
    )
    n_whole = pl.col("n_persons").filter(pl.col("answer") == CITY).first().over(of_step)
    return (
        grid.join(counted, on=[*of_step, "answer"], how="left")
        .with_columns(pl.col("n_persons").fill_null(0))
        .with_columns(n_whole=n_whole, share=pl.col("n_persons") / n_whole)
        .select(list(published("ladder").schema))
        .sort(*of_step, "answer")
    )


def _place() -> pl.Expr:
    state_class, highest, step = pl.col("state_class"), pl.col("highest"), pl.col("ladder_step")
    return (
        pl.when(state_class == "out")
        .then(pl.lit("out_otherwise"))
        .when(state_class == "self_support")
        .then(pl.lit("self_support"))
        .when(highest > step)
        .then(pl.lit("up"))
        .when(highest == step)
        .then(pl.lit("same"))
        .when(highest < step)
        .then(pl.lit("down"))
        .when("is_running")
        .then(pl.lit("unknown"))
        .when(state_class == "support")
        .then(pl.lit("on_support"))
        .when(state_class.is_in(_OTHERWISE))
        .then(pl.lit("out_otherwise"))
        .otherwise(pl.lit("unknown"))
    )
