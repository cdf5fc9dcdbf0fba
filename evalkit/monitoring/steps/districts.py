"""Districts beside each other by how many of those who started came closer, for the same people:
each district's share if it had the whole city's mix of steps, ages, obstacles and so on.
"""

from collections.abc import Mapping
from itertools import pairwise

import numpy as np
import polars as pl

from evalkit.effects import LogitModel, logit
from evalkit.errors import EstimationError
from evalkit.line.delivered import as_delivered
from evalkit.line.tables import published
from evalkit.monitoring.areas import in_areas
from evalkit.monitoring.steps.ladder import CLOSER, places_after
from evalkit.monitoring.steps.next_steps import Followed
from evalkit.months import month_number_expr
from evalkit.survival.curves.curve_table import normal_quantile
from evalkit.tables import CITY

# Of so many who came closer and as many who did not, at least, a district is compared.
_FEWEST = 10
# Values that so few people have say nothing of their own.
_RARE = 30
_FEW, _NOT_KNOWN = "few", "not_known"
_AGES = (0, 25, 35, 45, 55, 200)


def ladder_by_district(tables: Mapping[str, pl.DataFrame], followed: Followed) -> pl.DataFrame:
    """The share who came closer (up, or out to work or studies) in each area for the city's mix of
    people, and the city's own.

    Parameters
    ----------
    tables : mapping of str to DataFrame
        participation, intervention, person and household_member as delivered, and state_intervals.
    followed : Followed
        As `places_after` reads it.

    Returns
    -------
    DataFrame
        The table ladder_by_district: per area and for the city n_persons, n_fewest (the fewer of
        those who came closer and those who did not), estimate, ci_lower, ci_upper (shares; null
        where fewer than 10 did, or did not). From a logit on the area, the step, and sex, age,
        education, origin and obstacle as far as they are delivered, averaged over everybody who
        started in the city (direct standardisation); errors by person.
    """
    everybody = in_areas(_starters(tables, followed), followed.rules)
    sizes = everybody.group_by("district").agg(
        n_persons=pl.col("person_id").n_unique().cast(pl.Int32),
        n_fewest=pl.min_horizontal(
            pl.col("person_id").filter("is_closer").n_unique(),
            pl.col("person_id").filter(~pl.col("is_closer")).n_unique(),
        ).cast(pl.Int32),
    )
    compared = sizes.filter(pl.col("n_fewest") >= _FEWEST)["district"]
    rows = everybody.filter(pl.col("district").is_in(compared.implode()))
    try:
        shares = _standardised(rows)
    except EstimationError:
        # Something parts those who came closer from the others entirely: too few people to model.
        shares = pl.DataFrame(schema=_SHARES)
    schema = published("ladder_by_district").schema
    return sizes.join(shares, on="district", how="left").select(list(schema)).sort("district")


_SHARES = {
    "district": pl.String,
    "estimate": pl.Float64,
    "ci_lower": pl.Float64,
    "ci_upper": pl.Float64,
}


def _starters(tables: Mapping[str, pl.DataFrame], followed: Followed) -> pl.DataFrame:
    """Who started, whether they came closer, and what the mix of people is made of."""
    started = places_after(tables, followed)
    people = tables["person"].select("person_id", "birth_year", "sex", "education", "origin")
    obstacles = (
        as_delivered(tables, "household_member")
        .select("person_id", "support_obstacle", seen=month_number_expr("month"))
        .drop_nulls("support_obstacle")
        .sort("seen")
    )
    age = pl.col("begins") // 12 - pl.col("birth_year")
    return (
        started.join(people, on="person_id", how="left")
        .sort("begins")
        .join_asof(
            obstacles,
            left_on="begins",
            right_on="seen",
            by="person_id",
            strategy="backward",
            check_sortedness=False,
        )
        .select(
            "person_id",
            "district",
            is_closer=pl.col("place").is_in(CLOSER),
            step=pl.col("ladder_step").cast(pl.String),
            age=pl.coalesce(
                pl.when(age.is_between(low, high - 1)).then(pl.lit(str(low)))
                for low, high in pairwise(_AGES)
            ),
            **{name: pl.col(name) for name in ("sex", "education", "origin", "support_obstacle")},
        )
        .with_columns(_merged(name) for name in _MIX)
        .sort("person_id", "step")
    )


_MIX = ("step", "age", "sex", "education", "origin", "support_obstacle")


def _merged(name: str) -> pl.Expr:
    """A characteristic with those of whom it is not known, and those whose value is rare, as values
    of their own.
    """
    known = pl.col(name).fill_null(_NOT_KNOWN)
    return pl.when(known.len().over(known) < _RARE).then(pl.lit(_FEW)).otherwise(known).alias(name)


def _standardised(rows: pl.DataFrame) -> pl.DataFrame:
    areas = rows.filter(pl.col("district") != CITY)
    mix = [name for name in _MIX if areas[name].n_unique() > 1]
    names = sorted(areas["district"].unique())
    city = _raw(rows.filter(district=CITY))
    if len(names) < 2:
        return city
    model = logit(areas, outcome="is_closer", covariates=["district", *mix], cluster="person_id")
    people = rows.filter(district=CITY).group_by(mix).agg(n=pl.len()).sort(mix)
    return pl.concat([city, *(_of_area(model, people, name) for name in names)])


def _raw(rows: pl.DataFrame) -> pl.DataFrame:
    """The city's own share, errors by person."""
    if rows.is_empty():
        return pl.DataFrame(schema=_SHARES)
    share = float(rows["is_closer"].cast(pl.Float64).sum()) / rows.height
    off = rows.group_by("person_id").agg((pl.col("is_closer") - share).sum())["is_closer"]
    error = float(np.sqrt((off.to_numpy() ** 2).sum())) / rows.height
    return _limits(CITY, share, error)


def _of_area(model: LogitModel, people: pl.DataFrame, name: str) -> pl.DataFrame:
    """The share of all the city's starters who would come closer in an area."""
    assert model.design is not None
    columns = model.design.of(people.with_columns(district=pl.lit(name)))
    matrix = np.column_stack(
        [np.ones(people.height), columns.select(model.design.names).cast(pl.Float64).to_numpy()]
    )
    weight = people["n"].to_numpy() / people["n"].sum()
    chance = 1 / (1 + np.exp(-(matrix @ model.terms["estimate"].to_numpy())))
    gradient = (weight * chance * (1 - chance)) @ matrix
    return _limits(
        name, float(weight @ chance), float(np.sqrt(gradient @ model.covariance @ gradient))
    )


def _limits(name: str, share: float, error: float) -> pl.DataFrame:
    """A share with its range, symmetric in log odds."""
    spread = normal_quantile(0.95) * error / max(share * (1 - share), 1e-9)
    centre = np.log(max(share, 1e-9) / max(1 - share, 1e-9))
    low, high = (1 / (1 + np.exp(-(centre + sign * spread))) for sign in (-1, 1))
    return pl.DataFrame([[name, share, float(low), float(high)]], schema=_SHARES, orient="row")
