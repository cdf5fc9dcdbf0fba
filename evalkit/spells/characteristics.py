"""Who a spell belongs to, as far as reports tell people apart: sex, age at the first month, origin,
education, and obstacle to self-support when first seen.
"""

from collections.abc import Sequence
from itertools import pairwise

import polars as pl

from evalkit.line.characteristics import CHARACTERISTICS, NOT_KNOWN
from evalkit.months import month_number_expr, month_of_number_expr


def spells_by_characteristic(
    spells: pl.DataFrame,
    person: pl.DataFrame,
    household_member: pl.DataFrame,
    *,
    age_bands: Sequence[int],
    characteristics: Sequence[str] = CHARACTERISTICS,
) -> pl.DataFrame:
    """Every support spell once per characteristic that the extract holds, with its group.

    Parameters
    ----------
    spells, person, household_member : DataFrame
        Tables `support_spells` and the admitted `person` and `household_member`.
    age_bands : sequence of int
        First ages of all bands but the youngest, ascending: (25, 50) makes -24, 25-49 and 50-.
        Years, counted as the year of the first month less the year of birth.
    characteristics : sequence of str
        Those that are asked for: sex, age, origin, education, obstacle.

    Returns
    -------
    DataFrame
        The columns of `spells`, characteristic and group: the sex, education or obstacle as
        delivered, the origin as "born_eu", the band of ages. Within a characteristic the groups of
        a table add up to all spells: spells without a value are the group "not_known". A
        characteristic that no spell has a value of is not there.
    """
    obstacles = household_member.select(
        "household_id", "person_id", "support_obstacle", first_seen="month"
    )
    named = [name for name in ("sex", "origin", "education") if name in person.columns]
    people = person.select("person_id", "birth_year", *named)
    seen = spells.with_columns(
        first_seen=month_of_number_expr(month_number_expr("start") + pl.col("entry"))
    )
    rows = seen.join(people, on="person_id", how="left").join(
        obstacles, on=["household_id", "person_id", "first_seen"], how="left"
    )
    groups = {
        **{name: pl.col(name) for name in named},
        # A group's word tells what it is a group of: "other" is an obstacle.
        **({"origin": pl.format("born_{}", "origin")} if "origin" in named else {}),
        "age": _age_band(pl.col("start").dt.year() - pl.col("birth_year"), age_bands),
        "obstacle": pl.col("support_obstacle"),
    }
    tables = [
        rows.select(
            *spells.columns,
            characteristic=pl.lit(name),
            group=groups[name].cast(pl.String).fill_null(NOT_KNOWN),
        )
        for name in characteristics
        if name in groups and rows.select(groups[name].is_not_null().any()).item()
    ]
    empty = spells.clear().with_columns(
        characteristic=pl.lit("", pl.String), group=pl.lit("", pl.String)
    )
    return pl.concat(tables) if tables else empty


def _age_band(age: pl.Expr, first_ages: Sequence[int]) -> pl.Expr:
    """The band of an age in figures, the same in every language: "-24", "25-34", "35-" with en
    dashes; null where the age is.
    """
    starts = sorted(first_ages)
    band = pl.when(age < starts[0]).then(pl.lit(f"–{starts[0] - 1}"))
    for low, high in pairwise(starts):
        band = band.when(age < high).then(pl.lit(f"{low}–{high - 1}"))
    return band.when(age >= starts[-1]).then(pl.lit(f"{starts[-1]}–"))
