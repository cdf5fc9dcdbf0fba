"""The person's own part in an intervention: whether the plan holds their own view and goals, and
where on the scale they rated themselves at first.
"""

import polars as pl

from evalkit.line.tables import published

# What of a plan is the person's own, and the ends of the scale of the own rating.
_OF_PLAN = {"own_view": "has_own_view", "goals": "has_goals"}
_ENDS = {"lowest": 1, "highest": 5}
# Papers that are no plan of what is to be done.
_NO_PLANS = ("assignment", "decision")


def own_part(plan: pl.DataFrame, follow_up: pl.DataFrame) -> pl.DataFrame:
    """How many people's plans hold their own view, and goals; how many rated themselves at the
    lowest or the highest point when they were asked first, from where a fall or a rise cannot be
    seen.

    Parameters
    ----------
    plan, follow_up : DataFrame
        The delivered tables of these names.

    Returns
    -------
    DataFrame
        The published table of the same name. Each person counts once in an intervention: a plan
        holds what any of the person's plans for it does.
    """
    of_plans = [
        plan.filter(~pl.col("kind").is_in(_NO_PLANS), pl.col(column).is_not_null())
        .group_by("intervention_id", "person_id")
        .agg(measure=pl.lit(measure), is_so=(pl.col(column) == 1).any())
        for measure, column in _OF_PLAN.items()
    ]
    first = (
        follow_up.filter(pl.col("self_rating").is_not_null())
        .sort("date")
        .group_by("intervention_id", "person_id")
        .agg(pl.first("self_rating"))
    )
    of_ratings = [
        first.select(
            "intervention_id",
            "person_id",
            measure=pl.lit(measure),
            is_so=pl.col("self_rating") == point,
        )
        for measure, point in _ENDS.items()
    ]
    keys, schema = ["intervention_id", "measure"], published("own_part").schema
    counted = (
        pl.concat([*of_plans, *of_ratings])
        .group_by(keys)
        .agg(all=pl.len(), yes=pl.col("is_so").sum())
    )
    return (
        counted.unpivot(index=keys, variable_name="answer", value_name="n_persons")
        .join(counted.select(*keys, n_whole="all"), on=keys)
        .with_columns(share=pl.col("n_persons") / pl.col("n_whole"))
        .select(schema.names())
        .cast(dict(schema))
        .sort(published("own_part").keys)
    )
